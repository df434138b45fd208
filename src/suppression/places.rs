//! Entries that name a path and a line → the secret that they mean.
//!
//! A line holds what it holds by chance: where more than one secret stands there, now or in another version of the file,
//! an entry means none of them.

use bstr::{BStr, BString, ByteSlice as _};
use hashbrown::{HashMap, HashSet};

use super::Context;
use crate::finding::{Finding, ObjectName};
use crate::secret::Secret;

/// A place as other scanners name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NamedPlace {
    /// In hex; `None` means any.
    pub(super) commit: Option<String>,
    pub(super) path: BString,
    pub(super) line: u32,
}

/// Where findings stand: finding and occurrence by path and line.
pub(super) struct Places<'a> {
    findings: &'a [Finding],
    at: HashMap<(&'a BStr, u32), Vec<(usize, usize)>>,
}

/// What an entry means.
pub(super) enum Meaning {
    Nothing,
    /// Findings, all of one secret or of as many as there are entries.
    These(Vec<(usize, usize)>),
    /// So many secrets.
    Several(usize),
}

impl<'a> Places<'a> {
    pub(super) fn new(context: &Context<'a>, wanted: &HashSet<&BStr>) -> Self {
        let mut at: HashMap<(&BStr, u32), Vec<(usize, usize)>> = HashMap::new();
        for (number, finding) in context.findings.iter().enumerate() {
            for (place, occurrence) in finding.occurrences.iter().enumerate() {
                let path = occurrence.path.as_bstr();
                if wanted.contains(path) {
                    at.entry((path, occurrence.location.start.line)).or_default().push((number, place));
                }
            }
        }
        Places { findings: context.findings, at }
    }

    /// What stands at a place that `entries` different entries name, if its value is `fitting`.
    pub(super) fn meaning(
        &self,
        place: &NamedPlace,
        entries: usize,
        fitting: impl Fn(&Secret) -> bool,
    ) -> Meaning {
        let stands = self.at.get(&(place.path.as_bstr(), place.line)).map_or(&[][..], Vec::as_slice);
        let is_meant = |(finding, occurrence): &&(usize, usize)| {
            let finding = &self.findings[*finding];
            let commit = finding.occurrences[*occurrence].provenance.commit();
            let is_of_commit = place
                .commit
                .as_ref()
                .is_none_or(|id| commit.is_some_and(|commit| commit.id.to_string().eq_ignore_ascii_case(id)));
            is_of_commit && fitting(&finding.secret)
        };
        let meant: Vec<(usize, usize)> = stands.iter().filter(is_meant).copied().collect();
        if meant.is_empty() {
            return Meaning::Nothing;
        }
        match self.secrets(&meant) {
            several if several > entries.max(1) => Meaning::Several(several),
            _ => Meaning::These(meant),
        }
    }

    /// How many different secrets these are: equal ones, and parts of one another, are one.
    fn secrets(&self, stands: &[(usize, usize)]) -> usize {
        let mut different: Vec<(usize, usize)> = Vec::new();
        for stand in stands {
            let (finding, occurrence) = self.of(*stand);
            let is_known = different.iter().any(|known| {
                let (other, place) = self.of(*known);
                let (a, b) = (occurrence.location.span, place.location.span);
                let is_same_file = occurrence.path == place.path && occurrence.blob == place.blob;
                other.secret == finding.secret || (is_same_file && a.start < b.end && b.start < a.end)
            });
            if !is_known {
                different.push(*stand);
            }
        }
        different.len()
    }

    fn of(&self, (finding, occurrence): (usize, usize)) -> (&Finding, &crate::finding::Occurrence) {
        let finding = &self.findings[finding];
        (finding, &finding.occurrences[occurrence])
    }
}

/// The occurrences of one finding that go with those at these places: the same file in other versions, and under the
/// names that it had or got while it was the same blob.
pub(super) fn same_file(finding: &Finding, begin: &[usize]) -> Vec<usize> {
    let occurrences = &finding.occurrences;
    let mut paths: HashSet<&BStr> = begin.iter().map(|at| occurrences[*at].path.as_bstr()).collect();
    let mut blobs: HashSet<ObjectName> = HashSet::new();
    let mut covered = vec![false; occurrences.len()];
    loop {
        let mut has_grown = false;
        for (occurrence, covered) in occurrences.iter().zip(&mut covered) {
            let is_of_file = paths.contains(occurrence.path.as_bstr())
                || occurrence.blob.is_some_and(|blob| blobs.contains(&blob));
            if is_of_file && !*covered {
                *covered = true;
                has_grown = true;
                paths.insert(occurrence.path.as_bstr());
                blobs.extend(occurrence.blob);
            }
        }
        if !has_grown {
            return covered.iter().enumerate().filter(|(_, is)| **is).map(|(at, _)| at).collect();
        }
    }
}
