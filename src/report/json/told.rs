//! What many findings have in common, made fit to be shown once.

use bstr::{BStr, ByteSlice as _};
use hashbrown::HashMap;
use serde::Serialize;

use super::date;
use crate::finding::{CommitInfo, ObjectName};
use crate::report::refs::RefNames;
use crate::report::{Report, uri};

/// Names of refs, commits and paths.
pub(super) struct Told<'a> {
    pub(super) names: RefNames<'a>,
    pub(super) commits: HashMap<ObjectName, CommitJson>,
    pub(super) paths: HashMap<&'a BStr, PathJson>,
}

/// A path as text and as a relative reference.
pub(super) struct PathJson {
    pub(super) shown: String,
    pub(super) uri: String,
}

impl<'a> Told<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let (mut commits, mut paths) = (HashMap::new(), HashMap::new());
        let mut tell = |info: &CommitInfo| {
            commits.entry(info.id).or_insert_with(|| CommitJson::new(report, info));
        };
        for finding in report.all_findings() {
            let exposure = finding.exposure.as_ref();
            let last = exposure.and_then(|exposure| exposure.last_seen.as_ref());
            let removed = exposure.and_then(|exposure| exposure.removed_in.as_ref());
            finding.first_seen.iter().chain(last).chain(removed).for_each(|info| tell(info));
            for occurrence in &finding.occurrences {
                occurrence.provenance.commit().into_iter().for_each(|info| tell(info));
                let path = occurrence.path.as_bstr();
                paths.entry(path).or_insert_with(|| PathJson {
                    shown: report.redactor.show_path(path),
                    uri: uri::of(report, path),
                });
            }
        }
        Told { names: RefNames::new(report), commits, paths }
    }
}

#[derive(Serialize)]
pub(super) struct CommitJson {
    id: String,
    author: String,
    email: String,
    date: Option<String>,
    /// Where no calendar has the date.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<i64>,
    subject: String,
}

impl CommitJson {
    fn new(report: &Report, info: &CommitInfo) -> Self {
        CommitJson {
            id: info.id.to_string(),
            author: report.redactor.show(&info.author.name),
            email: report.redactor.show(&info.author.email),
            seconds: date(info.time).is_none().then_some(info.time),
            date: date(info.time),
            subject: report.redactor.show(&info.subject),
        }
    }
}
