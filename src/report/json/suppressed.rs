//! What does not count, and why.

use serde::Serialize;

use super::super::Report;
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
}

#[derive(Serialize)]
struct SuppressionJson {
    kind: &'static str,
    source: String,
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
        let reason = |(by, occurrences)| SuppressionJson::new(report, by, occurrences);
        SuppressedJson {
            finding: FindingJson::new(report, &one.finding, told),
            whole: one.is_whole,
            suppressions: reasons.into_iter().map(reason).collect(),
        }
    }
}

impl SuppressionJson {
    fn new(report: &Report, by: &Suppression, occurrences: usize) -> Self {
        let show = |text: &Option<String>| text.as_ref().map(|text| report.redactor.show(text.as_bytes()));
        SuppressionJson {
            kind: by.kind.as_str(),
            source: report.redactor.show_path(by.place().as_bytes()),
            of_scanned_tree: by.of_scanned_tree,
            reason: show(&by.reason),
            who: show(&by.who),
            when: by.when.clone(),
            until: by.until.clone(),
            occurrences,
        }
    }
}
