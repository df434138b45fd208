//! `junit`: a failed test for each finding and file, a skipped one for what does not count, an error for each gap; XML 1.0.

use std::fmt::Write as _;

use super::about::{opens, remediation, title};
use super::markup::escape;
use super::places::{File, asker, by_file, commit_and_date, whereabouts};
use super::text::clip;
use super::{Report, facts, json, verified};
use crate::finding::{Finding, Gap, Suppression};

/// Gaps that are named one by one.
const MOST_GAPS: usize = 1000;
/// Characters of the reasons why a finding does not count.
const LONGEST_REASON: usize = 500;

/// The whole report.
pub fn render(report: &Report) -> Vec<u8> {
    let mut cases = String::new();
    let mut failures = 0;
    for finding in &report.findings {
        for file in by_file(report, finding) {
            failed(report, finding, &file, &mut cases);
            failures += 1;
        }
    }
    let errors = gaps(report, &mut cases);
    let skipped = suppressed(report, &mut cases);
    let mut passed = 0;
    // Several readers take a suite without tests for one that did not run.
    if failures == 0 && errors == 0 && skipped == 0 {
        passed = 1;
        cases.push_str("    <testcase classname=\"muzzle\" name=\"no secret in what was in scope\"/>\n");
    }
    let numbers = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"",
        failures + errors + skipped + passed
    );
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"muzzle\" {numbers}>");
    let _ = writeln!(out, "  <testsuite name=\"muzzle\" {numbers} skipped=\"{skipped}\">");
    out.push_str(&cases);
    out.push_str("  </testsuite>\n</testsuites>\n");
    out.into_bytes()
}

fn failed(report: &Report, finding: &Finding, (_, occurrences): &File<'_>, out: &mut String) {
    let rule = report.rule(finding);
    let best = occurrences[0];
    let path = report.redactor.show_path(&best.path);
    let line = best.location.start.line;
    let name = title(rule);
    let message =
        format!("{name}: the secret {} at {path}:{line} is {}.", finding.secret.masked(), whereabouts(best));
    let mut text = String::new();
    let mut tell = |label: &str, value: String| _ = writeln!(text, "{label}: {value}");
    tell("severity", format!("{} (confidence {})", finding.severity, finding.confidence));
    let (check, why) = json::check(&finding.verdict);
    if let Some(why) = why {
        tell("check", format!("{check}: {why}"));
    }
    tell("line", format!("{line}: {}", report.redactor.show_excerpt(&best.excerpt, false).0));
    tell("opens", opens(rule));
    for (name, value) in facts::of(report, finding) {
        tell(&name, value);
    }
    if let Some(told) = verified::of(report, finding) {
        tell("verified", told.sentence());
        told.identity.iter().for_each(|(name, value)| tell(&format!("verified {name}"), value.clone()));
        told.risk.into_iter().for_each(|risk| tell("risk", risk));
    }
    if let Some(first) = &finding.first_seen {
        let author = report.redactor.show(&first.author.name);
        tell("first seen", format!("{} by {author}", commit_and_date(first)));
    }
    if let Some(days) = finding.days_exposed {
        tell("days exposed", days.to_string());
    }
    if finding.occurrences.len() > 1 {
        tell("places", finding.occurrences.len().to_string());
    }
    tell("what to do", remediation(rule));
    tell("fingerprint", finding.fingerprint.to_string());
    let _ = writeln!(
        out,
        "    <testcase classname=\"muzzle.{}\" name=\"{}\" file=\"{}\" line=\"{line}\">\n      <failure \
         type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
        escape(&rule.id),
        escape(&format!("{name} in {path} ({})", finding.fingerprint)),
        escape(&path),
        finding.severity,
        escape(&message),
        escape(&text)
    );
}

/// What does not count: how many there are.
fn suppressed(report: &Report, out: &mut String) -> usize {
    let whole = || report.suppressions.suppressed.iter().filter(|one| one.is_whole);
    for one in whole() {
        let (finding, best) = (&one.finding, &one.finding.occurrences[0]);
        let rule = report.rule(finding);
        let path = report.redactor.show_path(&best.path);
        let reason = |by: &Suppression| match &by.reason {
            Some(reason) => format!("{}: {}", asker(report, by), report.redactor.show(reason.as_bytes())),
            None => asker(report, by),
        };
        let reasons: Vec<String> = one.reasons().iter().map(|(by, _)| reason(by)).collect();
        let _ = writeln!(
            out,
            "    <testcase classname=\"muzzle.{}\" name=\"{}\" file=\"{}\" line=\"{}\">\n      <skipped \
             message=\"{}\"/>\n    </testcase>",
            escape(&rule.id),
            escape(&format!("{} in {path} ({})", title(rule), finding.fingerprint)),
            escape(&path),
            best.location.start.line,
            escape(&format!("suppressed by {}", clip(&reasons.join(", "), LONGEST_REASON)))
        );
    }
    whole().count()
}

/// How many errors there are.
fn gaps(report: &Report, out: &mut String) -> usize {
    let mut error = |name: &str, kind: &str, text: &str| {
        let _ = writeln!(
            out,
            "    <testcase classname=\"muzzle.scope\" name=\"{}\">\n      <error type=\"{kind}\" message=\"{}\"/>\n    \
             </testcase>",
            escape(name),
            escape(text)
        );
    };
    for Gap { kind, place, detail } in report.gaps.iter().take(MOST_GAPS) {
        let place = report.redactor.show_path(place.as_bytes());
        let detail = report.redactor.show(detail.as_bytes());
        error(&format!("read {place}"), kind.as_str(), &format!("not scanned: {detail}"));
    }
    if report.gaps.len() > MOST_GAPS {
        let text = format!("{} more places could not be scanned", report.gaps.len() - MOST_GAPS);
        error("read all the rest", "more-gaps", &text);
    }
    report.gaps.len().min(MOST_GAPS + 1)
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::finding::GapKind;

    fn rendered(report: &Report) -> String {
        String::from_utf8(render(report)).unwrap()
    }

    #[test]
    fn numbers_agree_with_what_follows() {
        let report = fixture::odd_report();
        let text = rendered(&report);
        assert!(
            text.contains("<testsuites name=\"muzzle\" tests=\"31\" failures=\"29\" errors=\"2\">"),
            "{text}"
        );
        assert_eq!(text.matches("<failure ").count(), 29);
        assert_eq!(text.matches("<error ").count(), 2);
        assert!(text.contains("back\\slash[x](y)&lt;z&gt;"), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
        assert!(text.lines().all(|line| !line.trim_start().starts_with("::")), "{text}");
    }

    #[test]
    fn a_clean_scan_is_a_test_that_passed() {
        let text = rendered(&fixture::report(Vec::new(), Vec::new()));
        assert!(text.contains("tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\""), "{text}");
        assert_eq!(text.matches("<testcase ").count(), 1);
    }

    #[test]
    fn too_many_gaps_are_counted() {
        let gaps = (0..1500).map(|number| fixture::gap(GapKind::CorruptObject, number)).collect();
        let text = rendered(&fixture::report(Vec::new(), gaps));
        assert!(text.contains("tests=\"1001\" failures=\"0\" errors=\"1001\""));
        assert!(text.contains("500 more places could not be scanned"));
    }
}
