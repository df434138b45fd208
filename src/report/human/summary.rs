//! What closes the report: what was scanned, what was found, and what was not read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::super::text::clip;
use super::super::{Report, Stats, policy, verified};
use super::layout::{count, duration, size, wrap};
use super::{LONGEST_TEXT, WIDTH, suppressed};
use crate::detect::DropReason;
use crate::finding::{Gap, GapKind};

/// Targets that are named.
const MOST_TARGETS: usize = 3;
/// Gaps of one kind that are named.
const MOST_GAPS: usize = 10;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::BrightRed.on_default().bold();

/// The summary, ending in a line break.
pub(super) fn render(report: &Report, colour: bool) -> String {
    let paint = |style: Style, text: &str| {
        if colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    };
    let mut out = format!("{}\n", wrap(&scanned(report), WIDTH));
    let Stats { commits, blobs, files, .. } = report.stats;
    if report.scope.is_some() && commits + blobs + files == 0 && report.is_complete() {
        let _ = writeln!(out, "Nothing was in scope, so that nothing was scanned.");
    }
    let style = if report.findings.is_empty() && report.is_complete() { GOOD } else { BAD };
    let _ = writeln!(out, "{}", paint(style, &found(report)));
    if let Some(text) = verified::summary(report) {
        let is_live = report.findings.iter().any(crate::finding::Finding::is_live);
        let text = wrap(&text, WIDTH);
        let _ = writeln!(out, "{}", if is_live { paint(BAD, &text) } else { text });
    }
    suppressed::render(report, &mut out);
    if report.below_threshold > 0 {
        let number = count(report.below_threshold as u64, "");
        let text = format!(
            "{number} more below the confidence threshold ({}): see them with --confidence low.",
            report.threshold
        );
        let _ = writeln!(out, "{}", wrap(&text, WIDTH));
    }
    if report.rules.left_out() > 0 {
        let number = count(report.rules.left_out() as u64, "rule");
        let text = format!("{number} of less confidence did not run: --confidence low runs them.");
        let _ = writeln!(out, "{}", wrap(&text, WIDTH));
    }
    if report.unreachable > 0 {
        let number = count(report.unreachable as u64, "");
        let text = format!("{number} more only in objects that no ref reaches: see them with --unreachable.");
        let _ = writeln!(out, "{}", wrap(&text, WIDTH));
    }
    if report.exposure_left_out {
        let text = "Since when, until when and in which refs each finding can be met is left out: the history holds \
                    too many unlike sets of findings.";
        let _ = writeln!(out, "{}", wrap(text, WIDTH));
    }
    for line in skipped(report) {
        let _ = writeln!(out, "{}", wrap(&line, WIDTH));
    }
    for line in policy::lines(report) {
        let _ = writeln!(out, "{}", wrap(&line.text, WIDTH));
    }
    if !report.is_complete() {
        out.push('\n');
        let places = count(report.gaps.len() as u64, "place");
        let _ = writeln!(out, "{}: {places} in scope could not be scanned.", paint(BAD, "INCOMPLETE"));
        gaps(report, &mut out);
        let text = format!(
            "What was not read may hold secrets. The exit code says so: {} ({} with --allow-incomplete).",
            report.exit_code(false),
            report.exit_code(true)
        );
        let _ = writeln!(out, "{}", wrap(&text, WIDTH));
    }
    out
}

fn scanned(report: &Report) -> String {
    let stats = &report.stats;
    let mut targets: Vec<String> = report
        .targets
        .iter()
        .take(MOST_TARGETS)
        .map(|target| report.redactor.show_path(target.as_bytes()))
        .collect();
    if report.targets.len() > MOST_TARGETS {
        targets.push(format!("{} more", report.targets.len() - MOST_TARGETS));
    }
    let numbers =
        [(stats.refs, "ref"), (stats.commits, "commit"), (stats.blobs, "blob"), (stats.files, "file")];
    let parts =
        numbers.into_iter().filter(|(number, _)| *number > 0).map(|(number, noun)| count(number, noun));
    let parts: Vec<String> = parts.chain([size(stats.bytes)]).collect();
    let scope = report.scope.as_ref().map(|scope| format!(" ({})", report.redactor.show(scope.as_bytes())));
    // A saved run does not say how long it took.
    let took = (!report.elapsed.is_zero()).then(|| format!(" in {}", duration(report.elapsed)));
    format!(
        "Scanned {}{}: {}{}.",
        targets.join(", "),
        scope.unwrap_or_default(),
        parts.join(", "),
        took.unwrap_or_default()
    )
}

/// What was met and not reported, and why.
fn skipped(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    let mut reasons: BTreeMap<DropReason, u64> = BTreeMap::new();
    report.dropped.iter().for_each(|((_, reason), number)| *reasons.entry(*reason).or_default() += number);
    let total: u64 = reasons.values().sum();
    if total > 0 {
        let reasons: Vec<String> =
            reasons.iter().map(|(reason, number)| format!("{number} {reason}")).collect();
        lines.push(format!("{} dropped: {}.", count(total, "candidate"), reasons.join(", ")));
    }
    let special = report.stats.special_files_skipped;
    if special > 0 {
        lines.push(format!("{} passed over: pipes, sockets or devices.", count(special, "special file")));
    }
    let larger = report.stats.larger_skipped;
    if larger > 0 {
        let text = "in which nothing is reported, as the limit on sizes says";
        lines.push(format!("{} passed over, {text}.", count(larger, "larger file")));
    }
    let missing = report.stats.lfs_missing;
    if missing > 0 {
        let text = "named, not here, and so not scanned: `git lfs fetch --all` brings them";
        lines.push(format!("{} {text}.", count(missing, "Git LFS object")));
    }
    let replaced = report.stats.replaced;
    if replaced > 0 {
        lines.push(format!("{} by `git replace` not followed.", count(replaced, "replacement")));
    }
    lines
}

/// `3 findings: 1 critical, 2 medium.`
pub(in crate::report) fn found(report: &Report) -> String {
    if report.findings.is_empty() {
        return if report.is_complete() { "No findings." } else { "No findings in what could be read." }
            .into();
    }
    let severities: Vec<String> =
        report.by_severity().iter().map(|(severity, number)| format!("{number} {severity}")).collect();
    format!("{}: {}.", count(report.findings.len() as u64, "finding"), severities.join(", "))
}

/// By kind, the first ones by name.
fn gaps(report: &Report, out: &mut String) {
    let mut kinds: BTreeMap<GapKind, Vec<&Gap>> = BTreeMap::new();
    for gap in &report.gaps {
        kinds.entry(gap.kind).or_default().push(gap);
    }
    for (kind, gaps) in kinds {
        let _ = writeln!(out, "  {} ({}):", kind.as_str(), gaps.len());
        for gap in gaps.iter().take(MOST_GAPS) {
            let show = |text: &str| report.redactor.show(text.as_bytes());
            let text = format!(
                "{}: {}",
                report.redactor.show_path(gap.place.as_bytes()),
                clip(&show(&gap.detail), 2 * LONGEST_TEXT)
            );
            let _ = writeln!(out, "    - {}", wrap(&text, WIDTH - 6).replace('\n', "\n      "));
        }
        if gaps.len() > MOST_GAPS {
            let _ = writeln!(out, "    + {} more", gaps.len() - MOST_GAPS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture;
    use super::*;
    use crate::finding::Confidence;

    #[test]
    fn a_clean_report_says_what_was_scanned() {
        let report = fixture::report(Vec::new(), Vec::new());
        assert_eq!(
            render(&report, false),
            "Scanned repository: 3 refs, 1,234 commits, 56,789 blobs, 42 files, 5.0 GiB in\n1.23 s.\nNo findings.\n"
        );
    }

    #[test]
    fn what_was_too_much_is_said() {
        let mut report = fixture::report(Vec::new(), Vec::new());
        report.exposure_left_out = true;
        let text = render(&report, false);
        assert!(text.contains("is left out:") && !text.contains("INCOMPLETE"), "{text}");
    }

    #[test]
    fn what_is_not_reported_is_counted() {
        let mut report = fixture::report(Vec::new(), Vec::new());
        report.threshold = Confidence::High;
        report.below_threshold = 1234;
        report.unreachable = 1;
        let text = render(&report, false);
        assert!(text.contains(
            "\n1,234 more below the confidence threshold (high): see them with --confidence\nlow.\n"
        ));
        assert!(
            text.contains("\n1 more only in objects that no ref reaches: see them with --unreachable.\n")
        );
    }

    #[test]
    fn gaps_are_grouped_and_say_that_the_scan_is_incomplete() {
        let mut gaps: Vec<Gap> = (0..12).map(|number| fixture::gap(GapKind::CorruptObject, number)).collect();
        gaps.insert(0, fixture::gap(GapKind::UnreadableFile, 99));
        let text = render(&fixture::report(Vec::new(), gaps), false);
        let (_, text) = text.split_once("No findings in what could be read.\n\n").unwrap();
        let corrupt =
            |n: usize| format!("    - dir/\\n::error::{n}\\u{{1b}}[31m: [no](https://evil.example) way\n");
        let expected = format!(
            "INCOMPLETE: 13 places in scope could not be scanned.\n  unreadable-file (1):\n{}  corrupt-object (12):\n{}    \
             + 2 more\nWhat was not read may hold secrets. The exit code says so: 3 (0 with\n--allow-incomplete).\n",
            corrupt(99),
            (0..10).map(corrupt).collect::<String>()
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn findings_are_counted_by_severity() {
        let text = render(&fixture::odd_report(), true);
        assert!(text.contains("15 findings: 14 critical, 1 medium."), "{text}");
        assert!(text.contains("The exit code says so: 4 (1 with"), "{text}");
        assert!(text.contains("\u{1b}[1m\u{1b}[91mINCOMPLETE\u{1b}[0m: 2 places"), "{text:?}");
    }
}
