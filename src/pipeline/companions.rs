//! Credentials in two halves: a key and its id, a secret and the account it belongs to.
//!
//! Each half is found by a rule of its own. A rule with a `companion` is surer of its finds where the other half stands
//! near by, and the two are one finding.

use bstr::{BString, ByteSlice as _};
use hashbrown::{HashMap, HashSet};

use crate::finding::{Companion, Confidence, Fact, Finding, ObjectName, Occurrence, RuleIndex};
use crate::grouping::Key;
use crate::location::Span;
use crate::rules::{CompanionSpec, RuleSet};
use crate::secret::Secret;

/// Halves that others look for, by where they stand.
pub(super) struct Halves {
    /// One for each occurrence.
    stands: Vec<Companion>,
    /// Places in `stands`, by path and blob, then by line.
    by_file: HashMap<(BString, Option<ObjectName>), Vec<usize>>,
    /// By directory and commit.
    by_directory: HashMap<(BString, Option<ObjectName>), Vec<usize>>,
    /// Rules that find the other half, by the rule that looks for it.
    wanted: HashMap<RuleIndex, HashSet<RuleIndex>>,
    /// Those that a finding has named.
    named: HashSet<usize>,
}

/// Halves looked at round one place: a file can be made to hold any number.
const MOST_LOOKED_AT: usize = 64;

/// What is known of the other half of a finding.
pub(super) struct Pairing {
    pub(super) companion: Option<Companion>,
    /// `None` without a companion where one is required.
    pub(super) confidence: Option<Confidence>,
    stands: Vec<usize>,
}

impl Halves {
    pub(super) fn new<'a>(
        rules: &RuleSet,
        occurrences: impl Iterator<Item = (&'a Key, &'a Vec<Occurrence>)>,
    ) -> Self {
        let ids: HashMap<&str, RuleIndex> =
            rules.iter().map(|(index, rule)| (rule.id.as_str(), index)).collect();
        let others =
            |spec: &CompanionSpec| spec.rules.iter().filter_map(|id| ids.get(id.as_str()).copied()).collect();
        let wanted: HashMap<RuleIndex, HashSet<RuleIndex>> = rules
            .iter()
            .filter_map(|(index, rule)| Some((index, others(rule.companion.as_ref()?))))
            .collect();
        let mut halves = Halves {
            stands: Vec::new(),
            by_file: HashMap::new(),
            by_directory: HashMap::new(),
            wanted,
            named: HashSet::new(),
        };
        let halves_of_others: HashSet<RuleIndex> = halves.wanted.values().flatten().copied().collect();
        // In an order of their own, so that of two that stand equally near it is always the same one.
        let mut found: Vec<(&Key, &Vec<Occurrence>)> =
            occurrences.filter(|((rule, _), _)| halves_of_others.contains(rule)).collect();
        found.sort_by_key(|(key, _)| *key);
        for ((rule, secret), occurrences) in found {
            for occurrence in occurrences {
                let place = halves.stands.len();
                let path = occurrence.path.clone();
                halves.by_directory.entry(directory(occurrence)).or_default().push(place);
                halves.by_file.entry((path.clone(), occurrence.blob)).or_default().push(place);
                let location = occurrence.location.clone();
                let secret = secret.clone();
                halves.stands.push(Companion { rule: *rule, secret, path, location, is_near: true });
            }
        }
        let stands = &halves.stands;
        for list in halves.by_file.values_mut() {
            list.sort_by_key(|place| (line_of(&stands[*place]), *place));
        }
        for list in halves.by_directory.values_mut() {
            list.sort_by_cached_key(|place| {
                let half = &stands[*place];
                (half.path.clone(), line_of(half), half.rule)
            });
            list.truncate(MOST_LOOKED_AT);
        }
        halves
    }

    /// Looks for the other half round each occurrence, then in other files of the same directory and commit.
    pub(super) fn of(
        &self,
        rule: RuleIndex,
        spec: &CompanionSpec,
        without: Confidence,
        occurrences: &[Occurrence],
    ) -> Pairing {
        let near: Vec<usize> =
            occurrences.iter().filter_map(|occurrence| self.nearest(rule, spec, occurrence)).collect();
        if let Some(first) = near.first() {
            let companion = Some(self.stands[*first].clone());
            return Pairing { companion, confidence: Some(spec.confidence), stands: near };
        }
        let elsewhere = |occurrence: &Occurrence| {
            let list = self.by_directory.get(&directory(occurrence))?;
            list.iter().copied().find(|place| self.is_wanted(rule, *place))
        };
        let found =
            spec.elsewhere.and_then(|confidence| Some((confidence, occurrences.iter().find_map(elsewhere)?)));
        match found {
            Some((confidence, place)) => {
                let companion = Companion { is_near: false, ..self.stands[place].clone() };
                Pairing { companion: Some(companion), confidence: Some(confidence), stands: Vec::new() }
            }
            None => {
                let confidence = (!spec.required).then_some(without);
                Pairing { companion: None, confidence, stands: Vec::new() }
            }
        }
    }

    /// The halves that a reported finding names are no findings of their own.
    pub(super) fn name(&mut self, pairing: &Pairing) {
        self.named.extend(&pairing.stands);
    }

    /// Secrets that findings have named, by whatever rule.
    pub(super) fn named(&self) -> HashSet<&Secret> {
        self.named.iter().map(|place| &self.stands[*place].secret).collect()
    }

    /// Secrets all of whose occurrences were named.
    pub(super) fn folded(&self) -> HashSet<Key> {
        let key = |half: &Companion| (half.rule, half.secret.clone());
        let mut folded: HashSet<Key> = self.named.iter().map(|place| key(&self.stands[*place])).collect();
        for (place, half) in self.stands.iter().enumerate() {
            if !self.named.contains(&place) {
                folded.remove(&key(half));
            }
        }
        folded
    }

    /// The half that stands nearest in the same file.
    fn nearest(&self, rule: RuleIndex, spec: &CompanionSpec, occurrence: &Occurrence) -> Option<usize> {
        let list = self.by_file.get(&(occurrence.path.clone(), occurrence.blob))?;
        let line = occurrence.location.start.line;
        let from =
            list.partition_point(|place| line_of(&self.stands[*place]) < line.saturating_sub(spec.lines));
        let in_reach = list[from..]
            .iter()
            .take_while(|place| line_of(&self.stands[**place]) <= line.saturating_add(spec.lines));
        in_reach
            .take(MOST_LOOKED_AT)
            .copied()
            .filter(|place| self.is_wanted(rule, *place))
            // Nothing is its own other half.
            .filter(|place| self.stands[*place].location.span != occurrence.location.span)
            .min_by_key(|place| (line_of(&self.stands[*place]).abs_diff(line), *place))
    }

    fn is_wanted(&self, rule: RuleIndex, place: usize) -> bool {
        self.wanted.get(&rule).is_some_and(|wanted| wanted.contains(&self.stands[place].rule))
    }
}

impl Pairing {
    /// What the other half says about itself, such as the account of a key id.
    pub(super) fn facts(&self, rules: &RuleSet) -> Vec<Fact> {
        #[expect(clippy::disallowed_methods, reason = "checks are functions of the bytes")]
        let facts = |half: &Companion| rules.get(half.rule).examine(half.secret.expose()).facts;
        self.companion.as_ref().map(facts).unwrap_or_default()
    }
}

fn line_of(half: &Companion) -> u32 {
    half.location.start.line
}

fn directory(occurrence: &Occurrence) -> (BString, Option<ObjectName>) {
    let commit = occurrence.provenance.commit().map(|info| info.id);
    let end = occurrence.path.rfind_byte(b'/').unwrap_or(0);
    (occurrence.path[..end].into(), commit)
}

/// Generic findings of what a specific one, at least as sure, says at all the same places, or names as its other half:
/// that is known only when halves have met.
pub(super) fn doubles(findings: &[Finding], rules: &RuleSet, named: &HashSet<&Secret>) -> HashSet<Key> {
    let is_generic = |finding: &Finding| rules.get(finding.rule).generic && finding.companion.is_none();
    let mut specific: HashMap<&Secret, Vec<&Finding>> = HashMap::new();
    for finding in findings.iter().filter(|finding| !is_generic(finding)) {
        specific.entry(&finding.secret).or_default().push(finding);
    }
    let place = |o: &Occurrence| (o.path.clone(), o.blob, o.location.span);
    let is_said = |finding: &&Finding| {
        named.contains(&finding.secret)
            || specific.get(&finding.secret).into_iter().flatten().any(|other| {
                let said: HashSet<_> = other.occurrences.iter().map(place).collect();
                other.confidence >= finding.confidence
                    && finding.occurrences.iter().all(|occurrence| said.contains(&place(occurrence)))
            })
    };
    // What stands encoded is a value as well, to rules that do not know what is in it.
    let mut encoded: HashMap<_, Vec<Span>> = HashMap::new();
    let others =
        findings.iter().filter(|finding| !is_generic(finding)).flat_map(|finding| &finding.occurrences);
    for other in others.filter(|o| o.via.as_ref().is_some_and(|via| !via.decoded.is_empty())) {
        encoded.entry((other.path.as_bstr(), other.blob)).or_default().push(other.location.span);
    }
    let is_within = |occurrence: &Occurrence| {
        let Span { start, end } = occurrence.location.span;
        let here = encoded.get(&(occurrence.path.as_bstr(), occurrence.blob));
        here.into_iter().flatten().any(|span| start <= span.start && span.end <= end)
    };
    let is_said = |finding: &&Finding| is_said(finding) || finding.occurrences.iter().all(is_within);
    let generic = findings.iter().filter(|finding| is_generic(finding));
    generic.filter(is_said).map(|finding| (finding.rule, finding.secret.clone())).collect()
}
