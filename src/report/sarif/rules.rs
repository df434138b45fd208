//! Rules → reporting descriptors, with all that GitHub shows beside an alert.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::json;
use serde_sarif::sarif as model;

use super::super::Report;
use super::super::about::{given, links, opens, remediation, title};
use super::super::text::clip;
use super::level;
use crate::finding::{Confidence, RuleIndex, Severity};
use crate::rules::Rule;

/// GitHub's limits, in characters and entries.
const LONGEST_DESCRIPTION: usize = 1024;
const LONGEST_NAME: usize = 255;
const MOST_TAGS: usize = 10;

/// The rules that have results, in the order of their first one.
#[derive(Debug, Default)]
pub(super) struct Used {
    order: Vec<RuleIndex>,
    known: BTreeMap<RuleIndex, usize>,
}

impl Used {
    /// The index of a rule in the run; it is taken up if it is new.
    pub(super) fn index(&mut self, rule: RuleIndex) -> i64 {
        let next = self.order.len();
        let index = *self.known.entry(rule).or_insert(next);
        if index == next {
            self.order.push(rule);
        }
        i64::try_from(index).unwrap_or(i64::MAX)
    }

    pub(super) fn descriptors(&self, report: &Report) -> Vec<model::ReportingDescriptor> {
        self.order.iter().map(|index| descriptor(report.rules.get(*index))).collect()
    }
}

fn descriptor(rule: &Rule) -> model::ReportingDescriptor {
    let name = title(rule);
    let opens = opens(rule);
    let links: Vec<&str> = links(rule).collect();
    let mut descriptor = model::ReportingDescriptor::builder()
        .id(rule.id.as_str())
        .name(clip(&pascal_case(&rule.id), LONGEST_NAME))
        .short_description(message(clip(&name, LONGEST_DESCRIPTION)))
        .full_description(message(clip(&opens, LONGEST_DESCRIPTION)))
        .help(help(&opens, &remediation(rule), &links))
        .default_configuration(
            model::ReportingConfiguration::builder()
                .level(json!(level(rule.severity, rule.confidence)))
                .build(),
        )
        .properties(properties(rule))
        .build();
    descriptor.help_uri = links.first().map(ToString::to_string);
    descriptor
}

fn message(text: String) -> model::MultiformatMessageString {
    model::MultiformatMessageString::builder().text(text).build()
}

fn help(opens: &str, remediation: &str, links: &[&str]) -> model::MultiformatMessageString {
    let mut text = format!("What it opens: {opens}\n\nWhat to do now: {remediation}\n");
    let mut markdown =
        format!("**What it opens:** {}\n\n**What to do now:** {}\n", markdown(opens), markdown(remediation));
    if !links.is_empty() {
        text.push_str("\nReferences:\n");
        markdown.push_str("\n**References:**\n\n");
    }
    for link in links {
        let _ = writeln!(text, "- {link}");
        let _ = writeln!(markdown, "- <{link}>");
    }
    model::MultiformatMessageString::builder().text(text).markdown(markdown).build()
}

/// Leaves `code` and *emphasis* to the author of a rule, but neither links, images nor HTML.
fn markdown(text: &str) -> String {
    text.replace('[', "\\[").replace('<', "&lt;")
}

fn properties(rule: &Rule) -> model::PropertyBag {
    let mut seen = BTreeSet::from(["security".to_owned()]);
    let mut tags = vec!["security".to_owned()];
    let words = rule.tags.iter().chain([&rule.provider]).filter_map(|tag| given(tag));
    tags.extend(words.filter(|tag| seen.insert(tag.clone())).take(MOST_TAGS - 1));
    let more = [("precision", precision(rule.confidence)), ("security-severity", score(rule.severity))];
    model::PropertyBag::builder()
        .tags(tags)
        .additional_properties(more.map(|(name, value)| (name.to_owned(), json!(value))))
        .build()
}

fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    }
}

/// In GitHub's ranges: over 9 critical, from 7 high, from 4 medium.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    }
}

/// `github-pat-classic` → `GithubPatClassic`. SARIF wants an identifier that differs from the id in more than case.
fn pascal_case(id: &str) -> String {
    let word = |word: &str| {
        let mut characters = word.chars();
        characters
            .next()
            .map_or_else(String::new, |c| c.to_ascii_uppercase().to_string() + characters.as_str())
    };
    let name: String = id.split('-').map(word).collect();
    if name.eq_ignore_ascii_case(id) { name + "Secret" } else { name }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture;
    use super::*;

    fn described(id: &str) -> serde_json::Value {
        let rules = fixture::rules();
        serde_json::to_value(descriptor(rules.by_id(id).unwrap())).unwrap()
    }

    #[test]
    fn a_rule_says_what_github_shows() {
        let rule = described("fixture-token");
        assert_eq!(rule["name"], "FixtureToken");
        assert_eq!(rule["helpUri"], "https://fixture.example/docs?a=b#c");
        assert_eq!(rule["defaultConfiguration"]["level"], "error");
        assert_eq!(
            rule["properties"],
            json!({ "tags": ["security", "vcs", "token", "fixture"], "precision": "high", "security-severity": "9.5" })
        );
        let markdown = rule["help"]["markdown"].as_str().unwrap();
        assert!(markdown.contains("&lt;b>account"), "{markdown}");
        assert!(markdown.ends_with("- <https://fixture.example/docs?a=b#c>\n"), "{markdown}");
    }

    #[test]
    fn missing_texts_are_replaced() {
        let rule = described("jwt");
        assert_eq!(rule["name"], "JwtSecret");
        assert_eq!(rule["fullDescription"]["text"], "JWT");
        assert!(rule["help"]["text"].as_str().unwrap().contains("Revoke it where it was issued"));
        assert_eq!(rule.get("helpUri"), None);
    }
}
