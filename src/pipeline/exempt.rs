//! What of a secret's places rules and policy leave.

use std::sync::Arc;

use bstr::BString;
use hashbrown::HashMap;

use super::assemble::Assembly;
use super::requirements::Requirements;
use crate::detect::{Detector, DropReason};
use crate::finding::{CommitInfo, ObjectName, Occurrence, RuleIndex};
use crate::grouping::Key;
use crate::policy::{self, Judge};
use crate::rules::{Cache, Exemption, Memory, Rule, RuleSet, Sight};
use crate::secret::Secret;

/// The commit that first brought a secret to each path.
type Origins = HashMap<BString, Arc<CommitInfo>>;

impl Assembly {
    /// The occurrences that rules are for, and do not exempt; and those beside them, of which nothing is counted.
    pub(super) fn in_force(&mut self, detector: &Detector) -> HashMap<Key, Vec<Occurrence>> {
        let mut beside = std::mem::take(&mut self.beside);
        let dropped = self.dropped.clone();
        self.leave_in_force(detector, &mut beside);
        self.dropped = dropped;
        self.beside = beside;
        let mut all = std::mem::take(&mut self.occurrences);
        self.leave_in_force(detector, &mut all);
        all
    }

    fn leave_in_force(&mut self, detector: &Detector, all: &mut HashMap<Key, Vec<Occurrence>>) {
        for ((rule, secret), occurrences) in all {
            let found = self.in_scope_of_rule(detector, *rule, std::mem::take(occurrences));
            *occurrences = self.without_exempt(detector, *rule, secret, found);
        }
    }

    /// Leaves what the rule's path expression accepts.
    fn in_scope_of_rule(
        &mut self,
        detector: &Detector,
        rule: RuleIndex,
        mut occurrences: Vec<Occurrence>,
    ) -> Vec<Occurrence> {
        if let Some(path) = detector.rules().get(rule).compiled().and_then(|compiled| compiled.path.as_ref())
        {
            let before = occurrences.len();
            let mut cache = Cache::default();
            occurrences.retain(|occurrence| path.is_match(occurrence.path.as_slice(), &mut cache));
            let dropped = before - occurrences.len();
            if dropped > 0 {
                *self.dropped.entry((rule, DropReason::Path)).or_default() += dropped as u64;
            }
        }
        occurrences
    }

    /// Leaves what no exemption of the rule covers, of those that hang on more than the secret.
    fn without_exempt(
        &mut self,
        detector: &Detector,
        rule: RuleIndex,
        secret: &Secret,
        mut occurrences: Vec<Occurrence>,
    ) -> Vec<Occurrence> {
        let of_place = |exemption: &&Exemption| !exemption.is_about_secret();
        let mut exemptions: Vec<(&Exemption, Memory)> = detector
            .rules()
            .get(rule)
            .exemptions()
            .filter(of_place)
            .map(|e| (e, Memory::default()))
            .collect();
        if exemptions.is_empty() {
            return occurrences;
        }
        let origins = self.origins(&occurrences);
        occurrences.retain(|occurrence| {
            let commits = commits_of(occurrence, &origins);
            let commit = occurrence.provenance.commit().map(Arc::as_ref);
            let commit_id = commit.map_or_else(String::new, |info| info.id.to_string());
            let Rule { id, description, .. } = detector.rules().get(rule);
            let sight = Sight {
                commit,
                commit_id: &commit_id,
                rule: id,
                description,
                ..policy::sight(secret, occurrence, &commits)
            };
            let exempt = exemptions
                .iter_mut()
                .find_map(|(exemption, memory)| exemption.applies(&sight, memory).then_some(*exemption));
            if let Some(exemption) = exempt {
                *self.dropped.entry((rule, DropReason::of(exemption))).or_default() += 1;
            }
            exempt.is_none()
        });
        occurrences
    }

    /// Leaves the places near which all stands that the rule requires.
    pub(super) fn with_required(
        &mut self,
        requirements: &Requirements,
        rules: &RuleSet,
        rule: RuleIndex,
        occurrences: Vec<Occurrence>,
    ) -> Vec<Occurrence> {
        let found = occurrences.len();
        let occurrences = requirements.met(rules.get(rule), occurrences);
        if occurrences.len() < found {
            let missing = (found - occurrences.len()) as u64;
            *self.dropped.entry((rule, DropReason::NoCompanion)).or_default() += missing;
        }
        occurrences
    }

    /// The commit that first brought a secret to each path.
    pub(super) fn origins(&self, occurrences: &[Occurrence]) -> Origins {
        let mut origins: HashMap<BString, Arc<CommitInfo>> = HashMap::new();
        for occurrence in occurrences {
            let Some(info) = occurrence.provenance.commit() else { continue };
            let origin = origins.entry(occurrence.path.clone()).or_insert_with(|| Arc::clone(info));
            if (self.rank(info), info.id) < (self.rank(origin), origin.id) {
                *origin = Arc::clone(info);
            }
        }
        origins
    }

    /// Parts places into those that stay, and those that the policy hides.
    pub(super) fn part(
        &self,
        judge: &mut Judge,
        rule: &Rule,
        secret: &Secret,
        occurrences: Vec<Occurrence>,
    ) -> (Vec<Occurrence>, Vec<(Occurrence, usize)>) {
        if judge.is_idle() {
            return (occurrences, Vec::new());
        }
        let origins = self.origins(&occurrences);
        judge.part(rule, secret, occurrences, |occurrence| commits_of(occurrence, &origins))
    }
}

/// The commits that brought a secret in: to this place, and to this path at first.
pub(super) fn commits_of(occurrence: &Occurrence, origins: &Origins) -> Vec<ObjectName> {
    let own = occurrence.provenance.commit().into_iter();
    own.chain(origins.get(&occurrence.path)).map(|info| info.id).collect()
}
