//! What a report says about the policy of its scan.

use std::borrow::Cow;

use super::{Entry, FailOn};
use crate::finding::{Confidence, Finding};

/// The exit code of a complete scan with findings, unless another one is asked for.
const FINDINGS: u8 = 1;

/// Which policy a scan went by, and what became of what the scanned tree says.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The configuration that was used, as messages name it; `None` without one.
    pub file: Option<String>,
    /// The revision that policy was taken from, if it was.
    pub revision: Option<String>,
    /// The scanned tree's own configuration, if there is one and no other was named.
    pub tree: Option<TreeOutcome>,
    /// Which findings make the scan fail.
    pub fail_on: FailOn,
    /// The exit code that says so.
    pub exit_code: u8,
    /// What each entry hid, or would have hidden.
    pub tallies: Vec<Tally>,
    /// Entries that have no say, those that would have hidden nothing included.
    pub not_honoured: usize,
    /// How the scanned tree's configuration is weaker than that of the revision.
    pub weakened: Vec<String>,
    /// What else people must know: what hides without being countable, and what was not obeyed.
    pub notices: Vec<String>,
}

impl Default for Outcome {
    fn default() -> Self {
        Outcome {
            file: None,
            revision: None,
            tree: None,
            fail_on: FailOn::default(),
            exit_code: FINDINGS,
            tallies: Vec::new(),
            not_honoured: 0,
            weakened: Vec::new(),
            notices: Vec::new(),
        }
    }
}

/// The scanned tree's own configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeOutcome {
    /// As messages name it.
    pub file: String,
    /// Why what it hides is not honoured; `None` if it is.
    pub why_not: Option<Cow<'static, str>>,
}

/// What one entry hid, or would have hidden.
#[derive(Debug, Clone)]
pub struct Tally {
    /// What kind of entry.
    pub kind: Cow<'static, str>,
    /// What a person calls it.
    pub name: String,
    /// File and line.
    pub place: String,
    /// Whether it had a say.
    pub honoured: bool,
    /// Findings of which nothing is left, or would be.
    pub findings: usize,
    /// How many of them are of confidence high.
    pub high: usize,
    /// Places, those of such findings included.
    pub places: usize,
}

impl Tally {
    pub(super) fn new(entry: &Entry) -> Self {
        Tally {
            kind: entry.kind.into(),
            name: entry.name.clone(),
            place: format!("{}:{}", entry.place.file(), entry.place.line()),
            honoured: entry.honoured,
            findings: 0,
            high: 0,
            places: 0,
        }
    }

    pub(super) fn count(&mut self, finding: &Finding) {
        self.findings += 1;
        self.high += usize::from(finding.confidence == Confidence::High);
    }
}

impl Outcome {
    /// Findings that are hidden, or would be.
    pub fn hidden(&self, honoured: bool) -> usize {
        self.tallies.iter().filter(|tally| tally.honoured == honoured).map(|tally| tally.findings).sum()
    }

    /// Whether a finding makes the scan fail.
    pub fn fails(&self, finding: &Finding) -> bool {
        self.fail_on.counts(finding.confidence, finding.severity)
    }
}
