//! What a configuration hides of the findings, and what it would hide if it were trusted. Every entry is counted.
//!
//! In: findings with their occurrences. Out: for each entry how many findings and places it hid. Nothing here decides
//! whom to trust: that is `config::trust`.

use std::collections::BTreeSet;
use std::sync::Arc;

use bstr::{BStr, ByteSlice as _};

use crate::finding::{Confidence, Finding, ObjectName, Occurrence, Provenance};
use crate::rules::{Exemption, Memory, Place, Rule, Sight};
use crate::secret::Secret;

mod fail_on;
mod globs;
mod outcome;

pub use fail_on::FailOn;
pub use globs::Globs;
pub use outcome::{Outcome, Tally, TreeOutcome};

/// What a scan goes by when it judges what it found.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// In the order in which they are tried.
    pub entries: Vec<Arc<Entry>>,
    /// What is known before the scan; the rest is filled in by it.
    pub outcome: Outcome,
}

/// One part of a configuration that hides findings.
#[derive(Debug)]
pub struct Entry {
    /// What kind of part: `allowlist`, `paths.exclude` …
    pub kind: &'static str,
    /// What a person calls it.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Whether it has a say. If not, it is only told what it would have hidden.
    pub honoured: bool,
    /// What it hides.
    pub hides: Hides,
}

/// What an entry hides.
#[derive(Debug)]
pub enum Hides {
    /// Places that an allowlist names, under all rules or under some.
    Allowed(Allowlist),
    /// Places whose path matches.
    Inside(Globs),
    /// Places whose path matches none of these.
    Outside(Vec<Globs>),
    /// Findings of these rules.
    Rules(BTreeSet<String>),
    /// Findings of all rules but these.
    OtherRules(BTreeSet<String>),
    /// Findings of the rules that come with muzzle.
    BuiltinRules,
    /// Findings that are less sure.
    Below(Confidence),
    /// Findings of one rule, as soon as less than this sureness is asked of them: they are said to be this sure.
    Lowered(String, Confidence),
    /// Places in files of the working tree.
    Files,
    /// Places in the history.
    History,
}

/// Criteria of an allowlist; each exemption is one way to be allowed.
#[derive(Debug)]
pub struct Allowlist {
    /// Only these rules; empty means all.
    pub rules: BTreeSet<String>,
    pub(crate) exemptions: Vec<Arc<Exemption>>,
}

impl Entry {
    /// Whether it hides a finding as a whole.
    fn hides_finding(&self, finding: &Finding, rule: &Rule, threshold: Confidence) -> bool {
        match &self.hides {
            Hides::Rules(ids) => ids.contains(&rule.id),
            Hides::OtherRules(ids) => !ids.contains(&rule.id),
            Hides::BuiltinRules => rule.builtin,
            Hides::Below(least) => finding.confidence < *least,
            Hides::Lowered(id, most) => *id == rule.id && *most < threshold,
            _ => false,
        }
    }

    fn hides_place(
        &self,
        at: &Sight<'_>,
        rule: &Rule,
        provenance: &Provenance,
        memory: &mut [Memory],
    ) -> bool {
        match &self.hides {
            Hides::Allowed(list) => {
                (list.rules.is_empty() || list.rules.contains(&rule.id))
                    && list
                        .exemptions
                        .iter()
                        .zip(memory)
                        .any(|(exemption, memory)| exemption.applies(at, memory))
            }
            Hides::Inside(globs) => globs.contain(BStr::new(at.path)) || globs.contain(BStr::new(at.file)),
            Hides::Outside(globs) => !globs
                .iter()
                .any(|globs| globs.contain(BStr::new(at.path)) || globs.contain(BStr::new(at.file))),
            Hides::Files => matches!(provenance, Provenance::Worktree),
            Hides::History => {
                !matches!(provenance, Provenance::Worktree | Provenance::Stdin | Provenance::Local)
            }
            _ => false,
        }
    }

    fn memories(&self) -> Vec<Memory> {
        match &self.hides {
            Hides::Allowed(list) => list.exemptions.iter().map(|_| Memory::default()).collect(),
            _ => Vec::new(),
        }
    }
}

/// The policy at work: what it hides, counted.
#[derive(Debug)]
pub(crate) struct Judge {
    entries: Vec<(Arc<Entry>, Vec<Memory>, Tally)>,
}

impl Judge {
    pub(crate) fn new(policy: &Policy) -> Self {
        let start = |entry: &Arc<Entry>| (Arc::clone(entry), entry.memories(), Tally::new(entry));
        Judge { entries: policy.entries.iter().map(start).collect() }
    }

    /// Whether any entry hides places.
    pub(crate) fn is_idle(&self) -> bool {
        self.entries.is_empty()
    }

    /// The first entry, of those that are honoured or of those that are not, that hides this place.
    fn entry_for(
        &mut self,
        honoured: bool,
        sight: &Sight<'_>,
        rule: &Rule,
        provenance: &Provenance,
    ) -> Option<usize> {
        self.entries.iter_mut().position(|(entry, memory, _)| {
            entry.honoured == honoured && entry.hides_place(sight, rule, provenance, memory)
        })
    }

    /// Parts places into those that stay, and those that are hidden with the entry that does it.
    pub(crate) fn part(
        &mut self,
        rule: &Rule,
        secret: &Secret,
        occurrences: Vec<Occurrence>,
        commits: impl Fn(&Occurrence) -> Vec<ObjectName>,
    ) -> (Vec<Occurrence>, Vec<(Occurrence, usize)>) {
        let (mut stay, mut hidden) = (Vec::new(), Vec::new());
        for occurrence in occurrences {
            let commits = commits(&occurrence);
            let sight = sight(secret, &occurrence, &commits);
            match self.entry_for(true, &sight, rule, &occurrence.provenance) {
                Some(entry) => hidden.push((occurrence, entry)),
                None => stay.push(occurrence),
            }
        }
        (stay, hidden)
    }

    /// Counts places that are hidden, of a finding that has others.
    pub(crate) fn count_places(&mut self, entries: impl Iterator<Item = usize>) {
        entries.for_each(|entry| self.entries[entry].2.places += 1);
    }

    /// Counts a finding of which nothing is left, for the entry that hides its first place.
    pub(crate) fn count_finding(&mut self, entry: usize, finding: &Finding) {
        self.entries[entry].2.count(finding);
    }

    /// Counts a reported finding for the first entry that would hide it if it had a say.
    pub(crate) fn count_if_not_honoured(
        &mut self,
        finding: &Finding,
        rule: &Rule,
        threshold: Confidence,
        commits: impl Fn(&Occurrence) -> Vec<ObjectName>,
    ) {
        let whole = self
            .entries
            .iter()
            .position(|(entry, ..)| !entry.honoured && entry.hides_finding(finding, rule, threshold));
        let mut first = whole;
        if first.is_none() {
            for occurrence in &finding.occurrences {
                let commits = commits(occurrence);
                let sight = sight(&finding.secret, occurrence, &commits);
                let Some(entry) = self.entry_for(false, &sight, rule, &occurrence.provenance) else { return };
                first.get_or_insert(entry);
            }
        }
        if let Some(entry) = first {
            self.entries[entry].2.places += finding.occurrences.len();
            self.entries[entry].2.count(finding);
        }
    }

    /// What the scan adds to the outcome.
    pub(crate) fn into_outcome(self, mut outcome: Outcome) -> Outcome {
        outcome.tallies = self.entries.into_iter().map(|(_, _, tally)| tally).collect();
        outcome.not_honoured = outcome.tallies.iter().filter(|tally| !tally.honoured).count();
        outcome
    }
}

/// What there is to see of an occurrence.
pub(crate) fn sight<'a>(
    secret: &'a Secret,
    occurrence: &'a Occurrence,
    commits: &'a [ObjectName],
) -> Sight<'a> {
    #[expect(clippy::disallowed_methods, reason = "exemptions are functions of the bytes")]
    let (secret, line) = (secret.expose(), occurrence.excerpt.line.expose());
    let (start, end) = occurrence.excerpt.matched;
    let matched = &line[start..end];
    Sight {
        secret,
        line,
        matched,
        path: occurrence.path.as_bytes(),
        file: occurrence.file(),
        commits,
        ..Sight::default()
    }
}
