//! What every report says about the policy of its scan: what it hid, what it would have hidden, and what was weakened.

use serde::Serialize;

use super::Report;
use super::human::count;
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
pub(super) struct AllowedJson {
    by: &'static str,
    name: String,
    place: String,
    findings: usize,
    high_confidence: usize,
    places: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct PolicyJson {
    file: Option<String>,
    revision: Option<String>,
    tree: Option<TreeJson>,
    fail_on: String,
    failing: usize,
    would_have_hidden: usize,
    not_honoured: Vec<AllowedJson>,
    weakened: Vec<String>,
    notices: Vec<String>,
}

#[derive(Debug, Serialize)]
struct TreeJson {
    file: String,
    honoured: bool,
    why_not: Option<&'static str>,
}

impl AllowedJson {
    /// Those that hid something, or would have hidden it.
    pub(super) fn all(report: &Report, honoured: bool) -> Vec<Self> {
        busy(report, honoured).map(|tally| AllowedJson::new(report, tally)).collect()
    }

    fn new(report: &Report, tally: &Tally) -> Self {
        AllowedJson {
            by: tally.kind,
            name: named(report, &tally.name),
            place: report.redactor.show_path(tally.place.as_bytes()),
            findings: tally.findings,
            high_confidence: tally.high,
            places: tally.places,
        }
    }
}

impl PolicyJson {
    pub(super) fn new(report: &Report) -> Self {
        let policy = &report.policy;
        let show = |text: &String| said(report, text);
        PolicyJson {
            file: policy.file.as_ref().map(|file| report.redactor.show_path(file.as_bytes())),
            revision: policy.revision.as_ref().map(show),
            tree: policy.tree.as_ref().map(|tree| TreeJson {
                file: report.redactor.show_path(tree.file.as_bytes()),
                honoured: tree.why_not.is_none(),
                why_not: tree.why_not,
            }),
            fail_on: policy.fail_on.to_string(),
            failing: failing(report),
            would_have_hidden: policy.hidden(false),
            not_honoured: AllowedJson::all(report, false),
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
        && let Some(why) = tree.why_not
    {
        let file = report.redactor.show_path(tree.file.as_bytes());
        let entries = policy.tallies.iter().any(|tally| !tally.honoured);
        if entries {
            let findings = count(policy.hidden(false) as u64, "finding");
            let by = listed(report, false);
            let by = if by.is_empty() { by } else { format!(" ({by})") };
            let advice = match policy.revision {
                Some(_) => "",
                None => "; --config-from REF takes policy from a revision that was reviewed",
            };
            let text = format!(
                "{file} of the scanned tree would have hidden {findings}{by}: not honoured, because {why}{advice}."
            );
            let level = if policy.hidden(false) > 0 { "warning" } else { "note" };
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
