//! Findings → results: one per finding and path.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use serde_sarif::sarif as model;
use sha2::{Digest as _, Sha256};

use super::super::about::{remediation, title};
use super::super::places::{by_file, commit_and_date, source, whereabouts};
use super::super::refs::RefNames;
use super::super::{Report, facts, json};
use super::rules::Used;
use super::{level, plain};
use crate::finding::{Finding, Occurrence, Verdict};
use crate::location::Location;

/// Locations of one result, the primary one included: as many as GitHub shows.
const MOST_LOCATIONS: usize = 100;
/// Related locations that the message links to: GitHub shows no others.
const MOST_LINKS: usize = 5;
/// Refs that are named: each result of a finding has them, and what takes SARIF limits its size.
const MOST_REFS: usize = 20;

/// The first `most` results, most severe first, and how many are left out.
pub(super) fn all(report: &Report, rules: &mut Used, most: usize) -> (Vec<model::Result>, usize) {
    let mut results = Vec::new();
    let mut left_out = 0;
    let names = RefNames::new(report);
    for finding in &report.findings {
        let files = by_file(report, finding);
        let exposure = exposure(finding, &names);
        for (uri, occurrences) in &files {
            if results.len() < most {
                let others = elsewhere(occurrences);
                let place =
                    Place { exposure: &exposure, uri, occurrences, others, other_files: files.len() - 1 };
                results.push(place.result(report, finding, rules.index(finding.rule)));
            } else {
                left_out += 1;
            }
        }
    }
    (results, left_out)
}

/// The occurrences apart from the first one's lines: the same lines in another version of a file say nothing new.
fn elsewhere<'a>(occurrences: &[&'a Occurrence]) -> Vec<&'a Occurrence> {
    let mut seen = HashSet::new();
    let new = |occurrence: &&&Occurrence| seen.insert((occurrence.location.start, occurrence.location.end));
    occurrences.iter().filter(new).skip(1).copied().collect()
}

/// Where a result is: the occurrences of one finding at one path, the best one first.
struct Place<'a> {
    exposure: &'a [(&'static str, Value)],
    uri: &'a str,
    occurrences: &'a [&'a Occurrence],
    others: Vec<&'a Occurrence>,
    other_files: usize,
}

impl Place<'_> {
    fn result(&self, report: &Report, finding: &Finding, rule_index: i64) -> model::Result {
        let rule = report.rule(finding);
        let mut result = model::Result::builder()
            .rule_id(rule.id.as_str())
            .rule_index(rule_index)
            .level(level(finding.severity, finding.confidence))
            .message(model::Message::builder().text(self.message(report, finding)).build())
            .locations(vec![self.location(&self.occurrences[0].location)])
            .partial_fingerprints(BTreeMap::from([("muzzle/v1".to_owned(), self.fingerprint(finding))]))
            .properties(self.properties(report, finding))
            .build();
        let related = self.related();
        result.related_locations = (!related.is_empty()).then_some(related);
        result
    }

    /// Short sentences, of which the first is the title. Nothing in them is the repository's own text.
    fn message(&self, report: &Report, finding: &Finding) -> String {
        let rule = report.rule(finding);
        let name = title(rule);
        let mut text = format!(
            "{}. The secret {} is {}.",
            plain(name.trim_end_matches('.')),
            plain(&finding.secret.masked()),
            whereabouts(self.occurrences[0])
        );
        if let Some(first) = &finding.first_seen {
            let _ = write!(text, " It was first committed in {}.", commit_and_date(first));
        }
        if let Verdict::Failed(why) = &finding.verdict {
            let _ = write!(text, " It may be no real one: {}.", plain(why));
        }
        let links = self.others.iter().zip(1..).take(MOST_LINKS);
        let links: Vec<String> =
            links.map(|(occurrence, id)| format!("[{}]({id})", label(occurrence))).collect();
        if !links.is_empty() {
            let _ = write!(text, " Also in this file: {}", links.join(", "));
            match self.others.len() - links.len() {
                0 => text.push('.'),
                more => _ = write!(text, ", and {more} more."),
            }
        }
        match self.other_files {
            0 => {}
            1 => text.push_str(" Another file holds it, too."),
            more => _ = write!(text, " {more} other files hold it, too."),
        }
        let _ = write!(text, " {}", plain(&remediation(rule)));
        text
    }

    fn related(&self) -> Vec<model::Location> {
        let others = self.others.iter().zip(1..).take(MOST_LOCATIONS - 1);
        others
            .map(|(occurrence, id)| {
                let mut location = self.location(&occurrence.location);
                location.id = Some(id);
                location.message = Some(model::Message::builder().text(label(occurrence)).build());
                location
            })
            .collect()
    }

    fn location(&self, location: &Location) -> model::Location {
        let artifact = model::ArtifactLocation::builder().uri(self.uri).build();
        let physical =
            model::PhysicalLocation::builder().artifact_location(artifact).region(region(location));
        model::Location::builder().physical_location(physical.build()).build()
    }

    /// The finding's own, and the file: two results of one finding are two alerts.
    fn fingerprint(&self, finding: &Finding) -> String {
        let mut text = format!("{}:", finding.fingerprint);
        for byte in &Sha256::digest(self.uri)[..8] {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    fn properties(&self, report: &Report, finding: &Finding) -> model::PropertyBag {
        let primary = self.occurrences[0];
        let facts = facts::of(report, finding).into_iter();
        let identity: Map<String, Value> = facts.map(|(name, value)| (name, value.into())).collect();
        let mut properties = BTreeMap::from([
            ("check", json!(json::check(&finding.verdict).0)),
            ("confidence", json!(finding.confidence)),
            ("fingerprint", json!(finding.fingerprint.as_str())),
            ("identity", json!(identity)),
            ("inHead", json!(self.occurrences.iter().any(|occurrence| occurrence.in_head))),
            ("secret", json!(finding.secret.masked())),
            ("severity", json!(finding.severity)),
            ("source", json!(primary.provenance.as_str())),
        ]);
        if let Some(half) = &finding.companion {
            let place = format!("{}:{}", report.redactor.show_path(&half.path), half.location.start.line);
            let rule = &report.rules.get(half.rule).id;
            properties
                .insert("companion", json!({"rule": rule, "secret": half.secret.masked(), "place": place}));
        }
        let commit =
            self.occurrences.iter().find_map(|o| o.provenance.commit()).map(|info| info.id.to_string());
        if let Some(commit) = commit {
            properties.insert("commit", json!(commit));
        }
        if let Some(date) = finding.first_seen.as_ref().and_then(|info| json::date(info.time)) {
            properties.insert("firstSeen", json!(date));
        }
        properties.extend(self.exposure.iter().cloned());
        let properties = properties.into_iter().map(|(name, value)| (name.to_owned(), value));
        model::PropertyBag::builder().additional_properties(properties.collect::<BTreeMap<_, _>>()).build()
    }
}

/// What is known of where in the history it can be met.
fn exposure<'a>(finding: &'a Finding, names: &RefNames<'a>) -> Vec<(&'static str, Value)> {
    let Some(exposure) = &finding.exposure else { return Vec::new() };
    let refs = json!(names.of(&exposure.refs, MOST_REFS));
    let mut properties = vec![("refs", refs), ("refsTotal", json!(exposure.refs.total()))];
    if let Some(date) = exposure.last_seen.as_ref().and_then(|info| json::date(info.time)) {
        properties.push(("lastSeen", json!(date)));
    }
    if let Some(removed) = &exposure.removed_in {
        properties.push(("removedIn", json!(removed.id.to_string())));
    }
    if let Some(days) = finding.days_exposed {
        properties.push(("daysExposed", json!(days)));
    }
    properties
}

/// A place in words that are all our own.
fn label(occurrence: &Occurrence) -> String {
    format!("line {}, {}", occurrence.location.start.line, source(occurrence))
}

fn region(location: &Location) -> model::Region {
    // Readers take 32-bit signed numbers.
    let number = |n: u32| i64::from(n).clamp(1, i64::from(i32::MAX));
    let (start, end) = (location.start, location.end.max(location.start));
    model::Region::builder()
        .start_line(number(start.line))
        .start_column(number(start.column))
        .end_line(number(end.line))
        .end_column(number(end.column))
        .build()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture;
    use super::*;
    use crate::finding::Provenance;

    fn results(report: &Report) -> Vec<Value> {
        let results = all(report, &mut Used::default(), usize::MAX).0;
        results.into_iter().map(|result| serde_json::to_value(result).unwrap()).collect()
    }

    /// One secret in two files; in one of them at many lines and times.
    fn spread() -> Report {
        let rules = fixture::rules();
        let secret = fixture::secret(1);
        let mut places = vec![
            fixture::occurrence(&secret, b"other", 1, fixture::commit(1, 1_500_000_000)),
            fixture::occurrence(&secret, b"file", 2, fixture::commit(2, 1_600_000_000)),
            fixture::occurrence(&secret, b"file", 3, fixture::commit(3, 1_700_000_000)),
        ];
        places.extend(
            (0..150).map(|line| fixture::occurrence(&secret, b"file", 10 + line, Provenance::Unreachable)),
        );
        fixture::report(vec![fixture::finding(&rules, "fixture-token", &secret, places)], Vec::new())
    }

    #[test]
    fn one_result_per_file_at_its_latest_version() {
        let results = results(&spread());
        assert_eq!(results.len(), 2);
        let [other, file] = &results[..] else { unreachable!() };
        assert_eq!(file["locations"].as_array().unwrap().len(), 1);
        let physical = &file["locations"][0]["physicalLocation"];
        assert_eq!(physical["artifactLocation"], json!({ "uri": "file" }));
        assert_eq!(
            physical["region"],
            json!({ "startLine": 3, "startColumn": 10, "endLine": 3, "endColumn": 40 })
        );
        assert_eq!(file["relatedLocations"].as_array().unwrap().len(), MOST_LOCATIONS - 1);
        assert_eq!(other.get("relatedLocations"), None);
        assert_eq!(file["properties"]["commit"], "03".repeat(20));
        assert_eq!(file["properties"]["firstSeen"], "2017-07-14T02:40:00Z");
        assert_eq!(file["properties"]["secret"], "fxt_********");
        assert_ne!(file["partialFingerprints"], other["partialFingerprints"]);
        assert_eq!(file["properties"]["fingerprint"], other["properties"]["fingerprint"]);
    }

    #[test]
    fn exposure_is_told_of_each_result() {
        let mut report = spread();
        let names: Vec<String> = (10..40).map(|i| format!("refs/tags/v{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        report.findings[0].exposure = Some(fixture::exposure(4, Some(5), &names));
        report.findings[0].days_exposed = Some(7);
        for result in results(&report) {
            let properties = &result["properties"];
            assert_eq!(properties["lastSeen"], "2023-11-14T22:13:20Z");
            assert_eq!(properties["removedIn"], "05".repeat(20));
            assert_eq!(properties["daysExposed"], 7);
            assert_eq!(properties["refs"], json!(names[..MOST_REFS]));
            assert_eq!(properties["refsTotal"], 30);
        }
        report.findings[0].exposure = None;
        assert_eq!(results(&report)[0]["properties"].get("refs"), None);
    }

    #[test]
    fn the_same_lines_in_another_version_are_no_other_place() {
        let mut report = spread();
        let same = fixture::occurrence(&fixture::secret(1), b"other", 1, Provenance::Worktree);
        report.findings[0].occurrences.push(same);
        let other = &results(&report)[0];
        assert_eq!(other["properties"]["source"], "worktree");
        assert_eq!(other["properties"]["commit"], "01".repeat(20));
        assert_eq!(other.get("relatedLocations"), None);
    }

    #[test]
    fn head_is_preferred_to_later_commits() {
        let mut report = spread();
        report.findings[0].occurrences[1].in_head = true;
        let file = &results(&report)[1];
        assert_eq!(file["locations"][0]["physicalLocation"]["region"]["startLine"], 2);
        assert_eq!(file["properties"]["inHead"], true);
        assert!(file["message"]["text"].as_str().unwrap().contains("is in HEAD."));
    }

    #[test]
    fn a_message_is_short_sentences_of_our_own() {
        let mut report = spread();
        report.findings[0].verdict = Verdict::Failed("the sum is `wrong`".into());
        assert_eq!(
            results(&report)[1]["message"]["text"],
            "Fixture \\[token\\](https://evil.example). The secret fxt_******** is not in this file of HEAD, but still \
             in the history. It was first committed in 010101010101 of 2017-07-14. It may be no real one: the sum is \
             \\`wrong\\`. Also in this file: [line 2, commit 020202020202 of 2020-09-13](1), [line 10, unreachable \
             object](2), [line 11, unreachable object](3), [line 12, unreachable object](4), [line 13, unreachable \
             object](5), and 146 more. Another file holds it, too. Revoke it under Settings > Tokens, then replace it \
             wherever it is used, which may be more places than one."
        );
    }

    #[test]
    fn results_are_in_the_order_of_the_findings_and_refer_to_their_rules() {
        let report = fixture::odd_report();
        let mut rules = Used::default();
        let results: Vec<Value> =
            all(&report, &mut rules, 5).0.into_iter().map(|r| serde_json::to_value(r).unwrap()).collect();
        assert_eq!(results.len(), 5);
        assert!(results.iter().all(|result| result["ruleIndex"] == 0 && result["ruleId"] == "fixture-token"));
        assert_eq!(rules.descriptors(&report).len(), 1);
        let (results, left_out) = all(&report, &mut rules, usize::MAX);
        assert_eq!((results.last().unwrap().rule_index, left_out), (Some(1), 0));
        assert_eq!(rules.descriptors(&report).len(), 2);
    }
}
