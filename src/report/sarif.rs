//! SARIF 2.1.0, as GitHub code scanning and the official validator take it.
//!
//! One run. One result per finding and path, since a place is what a code-scanning alert is about; the other places
//! at the same path are its related locations. The same report gives the same bytes.
//!
//! Secrets are masked even if the user asked for them elsewhere: a SARIF file is made to be uploaded.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use serde_json::ser::PrettyFormatter;
use serde_sarif::sarif as model;

use super::{Report, json, policy};
use crate::finding::{Confidence, Gap, GapKind, Notice, NoticeKind, Severity};

mod details;
mod more;
mod parts;
mod results;
mod rules;
mod suppressed;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
const INFORMATION: &str = "https://docs.rs/muzzle";
/// GitHub refuses a file with more results in one run.
const MOST_RESULTS: usize = 25_000;
const MOST_NOTIFICATIONS: usize = 1000;
/// Of them, about suppressions.
const MOST_NOTICES: usize = 100;

/// What GitHub takes at most, compressed: 10 MB.
const MOST_COMPRESSED: usize = 10_000_000;

/// What of a report a file is about. GitHub closes an alert that a later upload of the same category lacks, so that
/// each has a category of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Everything, with one result for each finding and file.
    All,
    /// What a checkout has, with one result for each finding and file of it.
    Head,
    /// What is in the history alone, with one result for each finding.
    History,
}

impl Part {
    /// The id of the category; what runs it may add its own.
    fn category(self) -> &'static str {
        match self {
            Part::All => "muzzle/",
            Part::Head => "muzzle/head/",
            Part::History => "muzzle/history/",
        }
    }
}

/// The whole report, or as much of it as GitHub takes: the most severe results first.
pub fn render(report: &Report, part: Part) -> Vec<u8> {
    let mut most = MOST_RESULTS;
    loop {
        let bytes = render_at_most(report, part, most);
        let compressed = compressed_size(&bytes);
        if compressed <= MOST_COMPRESSED || most <= 2 {
            return bytes;
        }
        // A little less than what should fit, since what is left may compress less well.
        let fitting = most.min(results::count(report, part)) * MOST_COMPRESSED / compressed;
        most = (fitting * 9 / 10).max(2);
    }
}

/// As large as `bytes` are after the uploading action compressed them; not worked out where it does not matter.
fn compressed_size(bytes: &[u8]) -> usize {
    if bytes.len() <= MOST_COMPRESSED {
        return bytes.len();
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.map_or(bytes.len(), |compressed| compressed.len())
}

fn render_at_most(report: &Report, part: Part, most: usize) -> Vec<u8> {
    let mut rules = rules::Used::default();
    let results::Chosen { mut results, left_out, suppressed_left_out, .. } =
        results::choose(report, &mut rules, part, most);
    let mut descriptors = rules.descriptors(report);
    if let Some(left_out) = &left_out {
        results.push(more::result(left_out, descriptors.len()));
        descriptors.push(more::descriptor());
    }
    let driver = model::ToolComponent::builder()
        .name("muzzle")
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .information_uri(INFORMATION)
        .rules(descriptors)
        .build();
    let left_out = left_out.map_or(0, |left_out| left_out.count);
    let invocation = model::Invocation::builder()
        .execution_successful(report.is_complete())
        .tool_execution_notifications(notifications(report, left_out, suppressed_left_out))
        .build();
    let run = model::Run::builder()
        .tool(model::Tool::builder().driver(driver).build())
        .invocations(vec![invocation])
        .automation_details(model::RunAutomationDetails::builder().id(part.category()).build())
        .column_kind(json!(model::ResultColumnKind::UnicodeCodePoints))
        .results(results)
        .build();
    let log =
        model::Sarif::builder().schema(SCHEMA).version(json!(model::Version::V2_1_0)).runs(vec![run]).build();
    json::write(&log, PrettyFormatter::new())
}

/// How a finding of this severity and confidence is shown.
pub(super) fn level(severity: Severity, confidence: Confidence) -> model::ResultLevel {
    match (severity, confidence) {
        (Severity::Low, _) => model::ResultLevel::Note,
        (Severity::Medium, _) | (_, Confidence::Low) => model::ResultLevel::Warning,
        (Severity::High | Severity::Critical, _) => model::ResultLevel::Error,
    }
}

/// Text for a message: SARIF reads `[…](…)` as a link, and viewers may read the rest as Markdown or HTML.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '[' | ']' | '<' | '`') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// One per gap: whoever reads results must learn what was not read.
fn notifications(
    report: &Report,
    results_left_out: usize,
    suppressed_left_out: usize,
) -> Vec<model::Notification> {
    let mut notifications = Vec::new();
    if results_left_out > 0 {
        let text =
            format!("{results_left_out} more results, none more severe than those above, are left out.");
        notifications.push(notification("results-left-out", "warning", text));
    }
    if suppressed_left_out > 0 {
        let text = format!("{suppressed_left_out} more results that do not count are left out.");
        notifications.push(notification("suppressed-left-out", "note", text));
    }
    if report.exposure_left_out {
        let text = "When findings were removed and which refs lead to them is left out: the history holds too many \
                    unlike sets of findings.";
        notifications.push(notification("exposure-left-out", "note", text.into()));
    }
    for Notice { kind, place, detail } in report.suppressions.notices.iter().take(MOST_NOTICES) {
        let show = |text: &str| plain(&report.redactor.show(text.as_bytes()));
        let level = if *kind == NoticeKind::Unused { "note" } else { "warning" };
        let place = plain(&report.redactor.show_path(place.as_bytes()));
        let text = format!("{place}: {}", show(detail));
        notifications.push(notification(&format!("suppression-{}", kind.as_str()), level, text));
    }
    for line in policy::lines(report) {
        notifications.push(notification(line.id, line.level, plain(&line.text)));
    }
    let room = MOST_NOTIFICATIONS - notifications.len();
    let named = if report.gaps.len() > room { room - 1 } else { report.gaps.len() };
    for Gap { kind, place, detail } in &report.gaps[..named] {
        let show = |text: &str| plain(&report.redactor.show(text.as_bytes()));
        let level = match kind {
            GapKind::Shallow | GapKind::TooLarge => "warning",
            _ => "error",
        };
        let place = plain(&report.redactor.show_path(place.as_bytes()));
        notifications.push(notification(kind.as_str(), level, format!("{place}: {}", show(detail))));
    }
    if report.gaps.len() > named {
        let text = format!("{} more places could not be scanned.", report.gaps.len() - named);
        notifications.push(notification("more-gaps", "error", text));
    }
    notifications
}

fn notification(id: &str, level: &str, text: String) -> model::Notification {
    model::Notification::builder()
        .descriptor(model::ReportingDescriptorReference::builder().id(id).build())
        .level(json!(level))
        .message(model::Message::builder().text(text).build())
        .build()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use serde_json::Value;

    use super::super::fixture;
    use super::*;
    use crate::finding::Provenance;
    use crate::report::text::is_steering;

    fn rendered(report: &Report) -> Value {
        serde_json::from_slice(&render(report, Part::All)).unwrap()
    }

    #[test]
    fn a_clean_report_has_results_and_rules_though_empty() {
        let document = rendered(&fixture::report(Vec::new(), Vec::new()));
        assert_eq!(document["version"], "2.1.0");
        let run = &document["runs"][0];
        assert_eq!(run["results"], json!([]));
        assert_eq!(run["tool"]["driver"]["rules"], json!([]));
        assert_eq!(run["invocations"][0]["executionSuccessful"], true);
        assert_eq!(run["columnKind"], "unicodeCodePoints");
    }

    #[test]
    fn nothing_shows_a_secret_or_steers_even_if_secrets_may_be_shown() {
        let mut report = fixture::odd_report();
        report.show_secrets = true;
        let text = String::from_utf8(render(&report, Part::All)).unwrap();
        for finding in &report.findings {
            #[expect(clippy::disallowed_methods, reason = "to look for it in the output")]
            let secret = String::from_utf8_lossy(finding.secret.expose());
            assert!(!text.contains(&*secret) && !text.contains(&secret[6..]));
        }
        assert!(text.chars().all(|c| c == '\n' || !is_steering(c)));
        assert_eq!(text.as_bytes(), render(&report, Part::All), "the same every time");
    }

    #[test]
    fn gaps_are_notifications_and_make_the_run_unsuccessful() {
        let gaps = (0..1500).map(|number| fixture::gap(GapKind::CorruptObject, number)).collect();
        let document = rendered(&fixture::report(Vec::new(), gaps));
        let invocation = &document["runs"][0]["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false);
        let notifications = invocation["toolExecutionNotifications"].as_array().unwrap();
        assert_eq!(notifications.len(), 1000);
        assert_eq!(notifications[0]["descriptor"]["id"], "corrupt-object");
        assert_eq!(
            notifications[0]["message"]["text"],
            r"dir/\\n::error::0\\u{1b}\[31m: \[no\](https://evil.example) way"
        );
        assert_eq!(notifications[999]["message"]["text"], "501 more places could not be scanned.");
    }

    #[test]
    fn what_was_left_out_is_a_note_and_no_failure() {
        let mut report = fixture::report(Vec::new(), Vec::new());
        report.exposure_left_out = true;
        let invocation = &rendered(&report)["runs"][0]["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], true);
        let notification = &invocation["toolExecutionNotifications"][0];
        assert_eq!(notification["descriptor"]["id"], "exposure-left-out");
        assert_eq!(notification["level"], "note");
    }

    #[test]
    fn levels_follow_severity_and_confidence() {
        use model::ResultLevel::{Error, Note, Warning};
        assert_eq!(level(Severity::Critical, Confidence::Medium), Error);
        assert_eq!(level(Severity::Critical, Confidence::Low), Warning);
        assert_eq!(level(Severity::Medium, Confidence::High), Warning);
        assert_eq!(level(Severity::Low, Confidence::Low), Note);
    }

    #[test]
    fn too_many_results_are_cut_and_counted() {
        let rules = fixture::rules();
        let secret = fixture::secret(1);
        let path = |n: usize| format!("file-{n}").into_bytes();
        let places =
            (0..MOST_RESULTS + 3).map(|n| fixture::occurrence(&secret, &path(n), 1, Provenance::Worktree));
        let finding = fixture::finding(&rules, "fixture-token", &secret, places.collect());
        let document = rendered(&fixture::report(vec![finding], Vec::new()));
        let run = &document["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), MOST_RESULTS);
        let last = results.last().unwrap();
        assert_eq!(last["ruleId"], "muzzle-results-left-out");
        let at = usize::try_from(last["ruleIndex"].as_u64().unwrap()).unwrap();
        let rule = &run["tool"]["driver"]["rules"][at];
        assert_eq!(rule["id"], last["ruleId"]);
        assert_eq!(last["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "file-24999");
        let text = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
        assert_eq!(text, "4 more results, none more severe than those above, are left out.");
    }

    #[test]
    fn thirty_thousand_findings_are_taken() {
        let report = fixture::many(30_000);
        for part in [Part::All, Part::Head, Part::History] {
            let bytes = render(&report, part);
            assert!(compressed_size(&bytes) <= MOST_COMPRESSED);
            let document: Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(document["runs"].as_array().unwrap().len(), 1);
            let run = &document["runs"][0];
            assert_eq!(run["automationDetails"]["id"], part.category());
            let results = run["results"].as_array().unwrap();
            let expected = if part == Part::Head { 10_000 } else { 20_000.max(results.len()) };
            assert_eq!(results.len(), expected);
            assert!(results.len() <= MOST_RESULTS);
            let rank = |result: &Value| match result["level"].as_str().unwrap() {
                _ if result["ruleId"] == "muzzle-results-left-out" => 9,
                "error" => 0,
                "warning" => 1,
                _ => 2,
            };
            assert!(results.iter().map(rank).is_sorted(), "most severe first");
            let tags = |rule: &Value| rule["properties"]["tags"].as_array().unwrap().len();
            assert!(run["tool"]["driver"]["rules"].as_array().unwrap().iter().all(|rule| tags(rule) <= 20));
        }
    }

    #[test]
    fn what_compresses_badly_is_cut_until_it_is_taken() {
        let rules = fixture::rules();
        let mut noise = 0u64;
        let mut findings = Vec::new();
        for number in 0..3000u64 {
            // Nothing in such a name comes twice.
            let mut name = String::new();
            for _ in 0..500 {
                noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(number | 1);
                let _ = write!(name, "{:016x}", noise ^ noise >> 29);
            }
            let secret = fixture::secret(1);
            let place = fixture::occurrence(&secret, name.as_bytes(), 1, Provenance::Worktree);
            findings.push(fixture::finding(&rules, "fixture-token", &secret, vec![place]));
        }
        let bytes = render(&fixture::report(findings, Vec::new()), Part::All);
        assert!(compressed_size(&bytes) <= MOST_COMPRESSED);
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        let results = document["runs"][0]["results"].as_array().unwrap();
        assert!((1000..3000).contains(&results.len()), "{}", results.len());
        assert_eq!(results.last().unwrap()["ruleId"], "muzzle-results-left-out");
    }

    /// For `.ci/check-sarif`: writes the reports of these tests to `MUZZLE_SARIF_DIR`.
    #[test]
    fn writes_samples_where_asked() {
        let Some(directory) = std::env::var_os("MUZZLE_SARIF_DIR").map(std::path::PathBuf::from) else {
            return;
        };
        let clean = fixture::report(Vec::new(), Vec::new());
        let many = fixture::many(30_000);
        for (name, report) in [("odd", fixture::odd_report()), ("clean", clean), ("many", many)] {
            for (suffix, part) in [("", Part::All), ("-head", Part::Head), ("-history", Part::History)] {
                std::fs::write(directory.join(format!("{name}{suffix}.sarif")), render(&report, part))
                    .unwrap();
            }
        }
    }
}
