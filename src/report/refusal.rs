//! What a server tells who pushes: short lines without colour, since each is shown behind `remote: `. Every line begins
//! with our name, so that none begins with text of the repository.

use std::fmt::Write as _;

use super::Report;
use super::text::{clip, one_line, visible};
use crate::finding::{Finding, Occurrence};

/// Findings of one ref that are told.
const MOST_FINDINGS: usize = 20;
/// Places of one finding that are told.
const MOST_PLACES: usize = 3;
/// Gaps that are told.
const MOST_GAPS: usize = 5;
/// Characters of a name, a subject or a detail.
const LONGEST: usize = 100;

/// What was found in what a ref brings.
pub fn render(report: &Report, name: &str) -> String {
    let mut out = String::new();
    let name = clip(&visible(name.as_bytes()), LONGEST);
    let found = match report.findings.len() {
        0 => "no secret".into(),
        1 => "1 secret".into(),
        count => format!("{count} secrets"),
    };
    let _ = writeln!(out, "muzzle: {name}: {found} in what it brings");
    for finding in report.findings.iter().take(MOST_FINDINGS) {
        told(report, finding, &mut out);
    }
    if report.findings.len() > MOST_FINDINGS {
        let _ = writeln!(out, "muzzle:   + {} more secrets", report.findings.len() - MOST_FINDINGS);
    }
    if !report.is_complete() {
        let _ = writeln!(out, "muzzle: {name}: INCOMPLETE, not all of it could be scanned:");
        for gap in report.gaps.iter().take(MOST_GAPS) {
            let place = clip(&report.redactor.show_path(gap.place.as_bytes()), LONGEST);
            let detail = clip(&report.redactor.show(gap.detail.as_bytes()), LONGEST);
            let _ = writeln!(out, "muzzle:   {}: {place}: {detail}", gap.kind.as_str());
        }
        if report.gaps.len() > MOST_GAPS {
            let _ = writeln!(out, "muzzle:   + {} more", report.gaps.len() - MOST_GAPS);
        }
    }
    out
}

fn told(report: &Report, finding: &Finding, out: &mut String) {
    let rule = report.rule(finding);
    let (name, severity) = (one_line(&rule.name), finding.severity);
    let _ = writeln!(out, "muzzle:   {name} ({severity}): {}", finding.secret.masked());
    for occurrence in finding.occurrences.iter().take(MOST_PLACES) {
        let _ = writeln!(out, "muzzle:     in {}", place(report, occurrence));
    }
    if finding.occurrences.len() > MOST_PLACES {
        let _ = writeln!(out, "muzzle:     + {} more places", finding.occurrences.len() - MOST_PLACES);
    }
    let _ = writeln!(out, "muzzle:     rule {}, {}", visible(rule.id.as_bytes()), finding.fingerprint);
    let _ = writeln!(out, "muzzle:     to do: {}", one_line(&rule.remediation));
}

fn place(report: &Report, occurrence: &Occurrence) -> String {
    let show = |bytes: &[u8]| clip(&report.redactor.show(bytes), LONGEST);
    let path = clip(&report.redactor.show_path(&occurrence.path), 2 * LONGEST);
    let mut text = format!("{path}:{}", occurrence.location.start.line);
    if let Some(commit) = occurrence.provenance.commit() {
        let id: String = commit.id.to_string().chars().take(12).collect();
        let _ = write!(text, ", commit {id} by {}: {}", show(&commit.author.name), show(&commit.subject));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::finding::GapKind;
    use crate::report::text::is_steering;

    #[test]
    fn lines_are_ours_and_harmless() {
        let report = fixture::odd_report();
        let text = render(&report, "refs/heads/\u{1b}[31m\n::error::x");
        assert!(text.lines().count() > 10);
        for line in text.lines() {
            assert!(line.starts_with("muzzle: ") && !line.chars().any(is_steering), "{line:?}");
        }
    }

    #[test]
    fn it_says_what_where_and_what_to_do() {
        let rules = fixture::rules();
        let secret = fixture::secret(1);
        let places = vec![fixture::occurrence(&secret, b"src/a.py", 12, fixture::commit(1, 1_700_000_000))];
        let finding = fixture::finding(&rules, "fixture-token", &secret, places);
        let report = fixture::report(vec![finding], vec![fixture::gap(GapKind::MissingObject, 1)]);
        let text = render(&report, "refs/heads/main");
        assert!(text.starts_with("muzzle: refs/heads/main: 1 secret in what it brings\n"), "{text}");
        for part in [
            "(critical): fxt_********\n",
            "in src/a.py:12, commit 010101010101 by Eve",
            "rule fixture-token, v1:",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(text.contains("to do: ") && text.contains("INCOMPLETE") && text.contains("missing-object"));
    }
}
