//! What does not count: how many, by whom, and those that the scanned files themselves let pass by name.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::Report;
use super::super::places::asker;
use super::super::text::clip;
use super::layout::{count, wrap};
use super::{LONGEST_TEXT, WIDTH};
use crate::finding::{Finding, Notice, NoticeKind, Suppressed, SuppressionKind};

/// Findings, or notices of one kind, that are named.
const MOST_NAMED: usize = 10;

/// The lines of the summary; empty if there is nothing to say.
pub(super) fn render(report: &Report, out: &mut String) {
    if let Some(text) = sentence(report) {
        let _ = writeln!(out, "{}", wrap(&text, WIDTH));
        named(report, out);
    }
    notices(report, out);
}

/// How many do not count, and by whom; `None` if all do.
pub(in crate::report) fn sentence(report: &Report) -> Option<String> {
    let suppressed = &report.suppressions.suppressed;
    (!suppressed.is_empty()).then(|| {
        let mut sources: BTreeMap<(SuppressionKind, &str), (usize, bool)> = BTreeMap::new();
        for by in suppressed.iter().flat_map(|one| one.reasons()).map(|(by, _)| by) {
            let (number, of_tree) = sources.entry((by.kind, &by.source)).or_default();
            *number += 1;
            *of_tree |= by.of_scanned_tree && by.kind != SuppressionKind::Inline;
        }
        let source = |((kind, source), (number, of_tree)): (&(SuppressionKind, &str), &(usize, bool))| {
            let source = report.redactor.show_path(source.as_bytes());
            let what = match kind {
                SuppressionKind::Inline => format!("comments {source}"),
                SuppressionKind::Baseline => format!("the baseline {source}"),
                SuppressionKind::IgnoreFile | SuppressionKind::Imported => source,
            };
            format!("{number} by {what}{}", if *of_tree { " of the scanned tree" } else { "" })
        };
        let sources: Vec<String> = sources.iter().map(source).collect();
        let whole = suppressed.iter().filter(|one| one.is_whole).count();
        let parts = match suppressed.len() - whole {
            0 => String::new(),
            1 => ", and 1 at some of its places only".to_owned(),
            parts => format!(", and {parts} at some of their places only"),
        };
        format!("{} suppressed{parts}: {}.", count(whole as u64, "finding"), sources.join(", "))
    })
}

/// Those that a comment or an entry lets pass. A baseline may have thousands.
fn named(report: &Report, out: &mut String) {
    let is_named = |one: &&Suppressed| {
        let by_name = |kind| matches!(kind, SuppressionKind::Inline | SuppressionKind::IgnoreFile);
        one.by.iter().any(|by| by_name(by.kind))
    };
    let all: Vec<&Suppressed> = report.suppressions.suppressed.iter().filter(is_named).collect();
    for one in all.iter().take(MOST_NAMED) {
        let (finding, first) = (&one.finding, &one.finding.occurrences[0]);
        let by = &one.by[0];
        let reason = by.reason.as_ref().map_or_else(String::new, |reason| {
            format!(": {}", clip(&report.redactor.show(reason.as_bytes()), LONGEST_TEXT))
        });
        let until = by
            .until
            .as_ref()
            .map_or_else(String::new, |until| format!(" until {}", report.redactor.show(until.as_bytes())));
        let text = format!(
            "{} at {}:{} ({}{until}{reason})",
            report.rule(finding).id,
            report.redactor.show_path(&first.path),
            first.location.start.line,
            asker(report, by),
        );
        let _ = writeln!(out, "    - {}", wrap(&text, WIDTH - 6).replace('\n', "\n      "));
    }
    if all.len() > MOST_NAMED {
        let _ = writeln!(out, "    + {} more", all.len() - MOST_NAMED);
    }
}

fn notices(report: &Report, out: &mut String) {
    let mut kinds: BTreeMap<NoticeKind, Vec<&Notice>> = BTreeMap::new();
    report.suppressions.notices.iter().for_each(|notice| kinds.entry(notice.kind).or_default().push(notice));
    for (kind, list) in kinds {
        let title = match kind {
            NoticeKind::Expired => "Expired, so that findings are back:",
            NoticeKind::Malformed => "Cannot be read, and hides nothing:",
            NoticeKind::Ambiguous => "Does not say which secret it means, and hides none:",
            NoticeKind::NotHonoured => "Not obeyed:",
            NoticeKind::Unused => "Of no use any more:",
            NoticeKind::Live => "Hides what is live:",
        };
        let _ = writeln!(out, "{title}");
        for notice in list.iter().take(MOST_NAMED) {
            let text = format!(
                "{}: {}",
                report.redactor.show_path(notice.place.as_bytes()),
                clip(&report.redactor.show(notice.detail.as_bytes()), 3 * LONGEST_TEXT)
            );
            let _ = writeln!(out, "    - {}", wrap(&text, WIDTH - 6).replace('\n', "\n      "));
        }
        if list.len() > MOST_NAMED {
            let _ = writeln!(out, "    + {} more", list.len() - MOST_NAMED);
        }
    }
}

/// What is said with a finding some of whose places do not count.
pub(super) fn elsewhere(report: &Report, finding: &Finding) -> String {
    let part = report.suppressions.suppressed.iter().find(|one| one.is_part_of(finding));
    let Some(part) = part else { return String::new() };
    let by: Vec<String> = part.reasons().iter().map(|(by, _)| asker(report, by)).collect();
    format!("{} more by {}", count(part.by.len() as u64, "place"), clip(&by.join(", "), LONGEST_TEXT))
}
