//! What every report says about the policy of its scan: what it hid, what it would have hidden, and what was weakened.

use serde::Serialize;

use super::Report;
use super::human::{count, suppressed};
use super::text::clip;
use crate::policy::Tally;

/// Lines of one kind that are told; the rest is counted. JSON has all.
const MOST: usize = 20;
/// Characters of what an entry is called, and of a sentence.
const LONGEST_NAME: usize = 80;
const LONGEST_SENTENCE: usize = 400;

/// Something that people must know.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// A stable name.
    pub(super) id: &'static str,
    /// As SARIF calls it.
    pub(super) level: &'static str,
    /// Fit to be shown.
    pub(super) text: String,
}

/// An entry that hid something, or would have.
#[derive(Debug, Serialize)]
pub(super) struct AllowedJson<'a> {
    by: &'a str,
    name: String,
    place: String,
    findings: usize,
    high_confidence: usize,
    places: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct PolicyJson<'a> {
    file: Option<String>,
    revision: Option<String>,
    tree: Option<TreeJson<'a>>,
    fail_on: String,
    exit_code: u8,
    failing: usize,
    would_have_hidden: usize,
    not_honoured: Vec<AllowedJson<'a>>,
    entries_not_honoured: usize,
    weakened: Vec<String>,
    notices: Vec<String>,
}

#[derive(Debug, Serialize)]
struct TreeJson<'a> {
    file: String,
    honoured: bool,
    why_not: Option<&'a str>,
}

impl<'a> AllowedJson<'a> {
    /// Those that hid something, or would have hidden it.
    pub(super) fn all(report: &'a Report, honoured: bool) -> Vec<Self> {
        busy(report, honoured).map(|tally| AllowedJson::new(report, tally)).collect()
    }

    fn new(report: &Report, tally: &'a Tally) -> Self {
        AllowedJson {
            by: &tally.kind,
            name: named(report, &tally.name),
            place: report.redactor.show_path(tally.place.as_bytes()),
            findings: tally.findings,
            high_confidence: tally.high,
            places: tally.places,
        }
    }
}

impl<'a> PolicyJson<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let policy = &report.policy;
        let show = |text: &String| said(report, text);
        PolicyJson {
            file: policy.file.as_ref().map(|file| report.redactor.show_path(file.as_bytes())),
            revision: policy.revision.as_ref().map(show),
            tree: policy.tree.as_ref().map(|tree| TreeJson {
                file: report.redactor.show_path(tree.file.as_bytes()),
                honoured: tree.why_not.is_none(),
                why_not: tree.why_not.as_deref(),
            }),
            fail_on: policy.fail_on.to_string(),
            exit_code: policy.exit_code,
            failing: failing(report),
            would_have_hidden: policy.hidden(false),
            not_honoured: AllowedJson::all(report, false),
            entries_not_honoured: policy.not_honoured,
            weakened: policy.weakened.iter().map(show).collect(),
            notices: policy.notices.iter().map(show).collect(),
        }
    }
}

/// The scanned tree chose the name, and its length.
fn named(report: &Report, name: &str) -> String {
    clip(&report.redactor.show(name.as_bytes()), LONGEST_NAME)
}

/// The same for a sentence.
fn said(report: &Report, text: &str) -> String {
    clip(&report.redactor.show(text.as_bytes()), LONGEST_SENTENCE)
}

fn failing(report: &Report) -> usize {
    report.findings.iter().filter(|finding| report.policy.fails(finding)).count()
}

fn busy(report: &Report, honoured: bool) -> impl Iterator<Item = &Tally> {
    report.policy.tallies.iter().filter(move |tally| tally.honoured == honoured && tally.places > 0)
}

/// What does not count, and what was not obeyed: one sentence each, for pages that people read.
pub(super) fn sentences(report: &Report) -> Vec<String> {
    suppressed::sentence(report).into_iter().chain(lines(report).into_iter().map(|line| line.text)).collect()
}

/// For people and for SARIF, the same sentences.
pub(super) fn lines(report: &Report) -> Vec<Line> {
    let policy = &report.policy;
    let show = |text: &str| said(report, text);
    let mut lines = Vec::new();
    let mut tell = |id, level, text: String| lines.push(Line { id, level, text });
    if busy(report, true).next().is_some() {
        tell("policy-hid", "note", hid(report));
    }
    if let Some(tree) = &policy.tree
        && let Some(why) = &tree.why_not
    {
        let file = report.redactor.show_path(tree.file.as_bytes());
        let hidden = policy.hidden(false);
        if policy.not_honoured > 0 && (hidden > 0 || policy.revision.is_none()) {
            let findings = count(hidden as u64, "finding");
            let by = listed(report, false);
            let by = if by.is_empty() { by } else { format!(" ({by})") };
            let advice = match policy.revision {
                Some(_) => "",
                None => "; --config-from REF takes policy from a revision that was reviewed",
            };
            let text = format!(
                "{file} of the scanned tree would have hidden {findings}{by}: not honoured, because {why}{advice}."
            );
            let level = if hidden > 0 { "warning" } else { "note" };
            tell("policy-not-honoured", level, text);
        }
    }
    if let Some(revision) = &policy.revision
        && !policy.weakened.is_empty()
    {
        let what: Vec<String> = policy.weakened.iter().map(|text| show(text)).collect();
        let text = format!(
            "The scanned tree's configuration is weaker than that of {}: {}.",
            show(revision),
            what.join(", ")
        );
        tell("policy-weakened", "warning", text);
    }
    for notice in policy.notices.iter().take(MOST) {
        tell("policy-notice", "note", show(notice));
    }
    let failing = failing(report);
    if failing < report.findings.len() {
        let text = format!(
            "{} of {} are a reason to fail (fail on: {}).",
            failing,
            count(report.findings.len() as u64, "finding"),
            policy.fail_on
        );
        tell("policy-fail-on", "note", text);
    }
    lines
}

/// "Allowlists hid 3 findings: 2 by `x` in muzzle.toml:12, …"
fn hid(report: &Report) -> String {
    let hidden = report.policy.hidden(true);
    let high: usize = busy(report, true).map(|tally| tally.high).sum();
    let sure = if high > 0 { format!(" ({high} of confidence high)") } else { String::new() };
    format!("The configuration hid {}{sure}: {}.", count(hidden as u64, "finding"), listed(report, true))
}

fn listed(report: &Report, honoured: bool) -> String {
    let one = |tally: &Tally| {
        let what = match tally.findings {
            0 => count(tally.places as u64, "place"),
            findings => findings.to_string(),
        };
        let name = named(report, &tally.name);
        let place = report.redactor.show_path(tally.place.as_bytes());
        format!("{what} by {} `{name}` in {place}", tally.kind)
    };
    let mut parts: Vec<String> = busy(report, honoured).take(MOST).map(one).collect();
    let more = busy(report, honoured).skip(MOST).count();
    if more > 0 {
        parts.push(format!("and {more} entries more"));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::policy::{FailOn, TreeOutcome};

    fn tally(name: &str, honoured: bool, findings: usize, places: usize) -> Tally {
        let place = "muzzle.toml:12".to_owned();
        Tally {
            kind: "allowlist".into(),
            name: name.into(),
            place,
            honoured,
            findings,
            high: findings / 2,
            places,
        }
    }

    #[test]
    fn nothing_is_said_where_nothing_was_hidden() {
        let mut report = fixture::report(Vec::new(), Vec::new());
        assert_eq!(lines(&report), []);
        report.policy.tallies = vec![tally("idle", true, 0, 0)];
        assert_eq!(lines(&report), []);
    }

    #[test]
    fn what_was_hidden_or_would_be_is_said_by_entry() {
        let mut report = fixture::odd_report();
        report.policy.tallies = vec![
            tally("a\u{1b}[31m", true, 2, 3),
            tally("b", true, 0, 1),
            tally(&"n".repeat(5000), false, 12, 40),
        ];
        report.policy.tree =
            Some(TreeOutcome { file: "muzzle.toml".into(), why_not: Some("CI is set".into()) });
        report.policy.not_honoured = 1;
        report.policy.revision = Some("main".into());
        report.policy.weakened = vec!["2 rules disabled (a, b)".into()];
        report.policy.fail_on = FailOn::parse("severity=critical").unwrap();
        let lines = lines(&report);
        let ids: Vec<&str> = lines.iter().map(|line| line.id).collect();
        assert_eq!(ids, ["policy-hid", "policy-not-honoured", "policy-weakened", "policy-fail-on"]);
        assert_eq!(
            lines[0].text,
            "The configuration hid 2 findings (1 of confidence high): 2 by allowlist `a\\u{1b}[31m` in muzzle.toml:12, \
             1 place by allowlist `b` in muzzle.toml:12."
        );
        assert!(
            lines[1].text.starts_with("muzzle.toml of the scanned tree would have hidden 12 findings (12 by")
        );
        assert!(lines[1].text.ends_with("not honoured, because CI is set.") && lines[1].text.len() < 300);
        assert!(lines[2].text.ends_with("weaker than that of main: 2 rules disabled (a, b)."));
        assert_eq!(lines[3].text, "14 of 15 findings are a reason to fail (fail on: severity=critical).");
        assert_eq!(AllowedJson::all(&report, true).len(), 2);
        assert_eq!(PolicyJson::new(&report).would_have_hidden, 12);
    }
}
