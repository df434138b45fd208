//! What does not count, and why.

use std::sync::Arc;

use serde::Serialize;

use super::super::Report;
use super::super::places::asker;
use super::{FindingJson, Told};
use crate::finding::{Notice, Suppressed, Suppression};

/// A finding with those of its occurrences that do not count.
#[derive(Serialize)]
pub(super) struct SuppressedJson<'a> {
    #[serde(flatten)]
    finding: FindingJson<'a>,
    /// Whether none of its occurrences counts.
    whole: bool,
    suppressions: Vec<SuppressionJson>,
    /// For each occurrence, which of them it is.
    by: Vec<usize>,
}

#[derive(Serialize)]
struct SuppressionJson {
    kind: &'static str,
    source: String,
    line: Option<usize>,
    of_scanned_tree: bool,
    reason: Option<String>,
    who: Option<String>,
    when: Option<String>,
    until: Option<String>,
    occurrences: usize,
}

/// Something to know about a suppression.
#[derive(Serialize)]
pub(super) struct NoticeJson {
    kind: &'static str,
    place: String,
    detail: String,
}

pub(super) fn suppressed<'a>(report: &'a Report, told: &'a Told<'a>) -> Vec<SuppressedJson<'a>> {
    report.suppressions.suppressed.iter().map(|one| SuppressedJson::new(report, one, told)).collect()
}

pub(super) fn notices(report: &Report) -> Vec<NoticeJson> {
    let notice = |notice: &Notice| NoticeJson {
        kind: notice.kind.as_str(),
        place: report.redactor.show_path(notice.place.as_bytes()),
        detail: report.redactor.show(notice.detail.as_bytes()),
    };
    report.suppressions.notices.iter().map(notice).collect()
}

impl<'a> SuppressedJson<'a> {
    fn new(report: &'a Report, one: &'a Suppressed, told: &'a Told<'a>) -> Self {
        let reasons = one.reasons();
        let place = |by: &Arc<Suppression>| reasons.iter().position(|(known, _)| *known == &**by);
        let by = one.by.iter().filter_map(place).collect();
        let reason = |(by, occurrences)| SuppressionJson::new(report, by, occurrences);
        SuppressedJson {
            finding: FindingJson::new(report, &one.finding, told),
            whole: one.is_whole,
            suppressions: reasons.into_iter().map(reason).collect(),
            by,
        }
    }
}

impl SuppressionJson {
    fn new(report: &Report, by: &Suppression, occurrences: usize) -> Self {
        let show = |text: &Option<String>| text.as_ref().map(|text| report.redactor.show(text.as_bytes()));
        SuppressionJson {
            kind: by.kind.as_str(),
            source: asker(report, by),
            line: Some(by.line).filter(|line| *line > 0),
            of_scanned_tree: by.of_scanned_tree,
            reason: show(&by.reason),
            who: show(&by.who),
            when: show(&by.when),
            until: show(&by.until),
            occurrences,
        }
    }
}
