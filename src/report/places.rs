//! Where a finding is, file by file: what is about places (alerts, tests) has one entry for each.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::{Report, json, uri};
use crate::finding::{CommitInfo, Finding, Occurrence, Provenance, Suppression};

/// A file with its URI, and the occurrences in it, the best one first.
pub(super) type File<'a> = (String, Vec<&'a Occurrence>);

/// Occurrences by URI, in the order of their first one. Paths that differ in nothing but a secret are one.
pub(super) fn by_file<'a>(report: &Report, finding: &'a Finding) -> Vec<File<'a>> {
    let mut files: Vec<File<'_>> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for occurrence in &finding.occurrences {
        let uri = uri::of(report, &occurrence.path);
        let next = files.len();
        let at = *known.entry(uri.clone()).or_insert(next);
        if at == next {
            files.push((uri, Vec::new()));
        }
        files[at].1.push(occurrence);
    }
    // What people open is the file as it is now; of what is gone, its last version.
    let rank = |occurrence: &Occurrence| match &occurrence.provenance {
        _ if occurrence.in_head => (0, Reverse(0)),
        Provenance::Worktree | Provenance::Stdin => (1, Reverse(0)),
        Provenance::Staged => (2, Reverse(0)),
        Provenance::Commit(info) => (3, Reverse(info.time)),
        Provenance::Ref => (4, Reverse(0)),
        Provenance::Local => (5, Reverse(0)),
        Provenance::Unreachable => (6, Reverse(0)),
    };
    for (_, occurrences) in &mut files {
        occurrences.sort_by_key(|occurrence| rank(occurrence));
    }
    files
}

/// Whether a checkout has these lines: those of other places are of files that were, or that were different.
pub(super) fn is_present(occurrence: &Occurrence) -> bool {
    use Provenance::{Staged, Stdin, Worktree};
    occurrence.in_head || matches!(occurrence.provenance, Worktree | Staged | Stdin)
}

/// Where one would meet it, to follow "it is".
pub(super) fn whereabouts(occurrence: &Occurrence) -> &'static str {
    match &occurrence.provenance {
        _ if occurrence.in_head => "in HEAD",
        Provenance::Worktree => "in the working tree",
        Provenance::Staged => "staged",
        Provenance::Stdin => "in standard input",
        Provenance::Commit(_) if occurrence.is_metadata() => {
            "in a commit itself: in its message or its headers"
        }
        Provenance::Commit(_) => "not in this file of HEAD, but still in the history",
        Provenance::Ref if occurrence.is_metadata() => "in a tag or in the name of a ref",
        Provenance::Ref => "in an object that a ref names without a commit",
        Provenance::Unreachable => "in an object that no ref reaches",
        Provenance::Local => "in the git directory, which no clone carries",
    }
}

/// A place in a word or two that are all our own.
pub(super) fn source(occurrence: &Occurrence) -> String {
    match &occurrence.provenance {
        Provenance::Worktree => "working tree".into(),
        Provenance::Staged => "staged".into(),
        Provenance::Stdin => "standard input".into(),
        Provenance::Commit(info) => format!("commit {}", commit_and_date(info)),
        Provenance::Ref if occurrence.is_metadata() => "tag or name of a ref".into(),
        Provenance::Ref => "object of a ref".into(),
        Provenance::Unreachable => "unreachable object".into(),
        Provenance::Local => "git directory".into(),
    }
}

/// Who asks for an occurrence to be let pass: the file and the line, or the marker.
pub(super) fn asker(report: &Report, by: &Suppression) -> String {
    let source = report.redactor.show_path(by.source.as_bytes());
    if by.line == 0 { source } else { format!("{source}:{}", by.line) }
}

/// The short id and the day.
pub(super) fn commit_and_date(info: &CommitInfo) -> String {
    let mut id = info.id.to_string();
    id.truncate(12);
    match json::date(info.time) {
        Some(date) => format!("{id} of {}", date.split('T').next().unwrap_or_default()),
        None => id,
    }
}
