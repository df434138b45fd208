//! Sightings and their provenance → findings, judged, identified and sorted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bstr::ByteSlice as _;
use hashbrown::{HashMap, HashSet};

use super::companions::{Halves, Pairing, doubles};
use super::exempt::commits_of;
use super::places::{below, place_all};
use super::requirements::Requirements;
use super::{Options, Target};
use crate::attribution::{Attribution, Home};
use crate::detect::{Detector, DropReason};
use crate::finding::{
    CommitInfo, Confidence, Exposure, Fact, Finding, Fingerprint, Gap, Match, ObjectName, Occurrence,
    Provenance, RuleIndex, Suppressions,
};
use crate::git::object_name;
use crate::git::store::Store;
use crate::grouping::{Grouping, Key};
use crate::policy::Judge;
use crate::report::text::Redactor;
use crate::report::{Phases, Report, Stats};
use crate::rules::entropy::entropy;
use crate::secret::Secret;
use crate::source::by_path;
use crate::source::introduced::Introduced;

/// Everything that the targets yielded.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    pub(super) occurrences: HashMap<Key, Vec<Occurrence>>,
    /// What stands beside them and was there before: no finds, but halves and parts of some.
    pub(super) beside: HashMap<Key, Vec<Occurrence>>,
    pub(super) dropped: BTreeMap<(RuleIndex, DropReason), u64>,
    ranks: HashMap<ObjectName, usize>,
    exposures: HashMap<Key, Exposure>,
    exposure_left_out: bool,
    /// Secrets that HEAD has somewhere, beyond what their occurrences say.
    in_head: HashSet<(RuleIndex, Secret)>,
    phases: Phases,
}

/// What becomes of a secret under a rule.
enum Assessed {
    Reported(Box<Finding>, Option<Pairing>),
    BelowThreshold,
    /// Only in objects that nothing reaches.
    Unreachable,
    /// Without its other half.
    Alone,
    Nothing,
}

/// Gaps that are named one by one.
const MOST_GAPS: usize = 10_000;

impl Assembly {
    /// Adds one target's sightings. Objects need the attribution and the store that their numbers are from.
    pub(super) fn add(&mut self, grouping: Grouping, attribution: &Attribution, store: Option<&Store>) {
        place_all(grouping.drafts, attribution, store, &mut self.occurrences);
        for (rule, number, home) in &attribution.by_path {
            let Home { path, provenance, in_head } = home.clone();
            let path = below(&attribution.prefix, &path);
            let Match { secret, location, excerpt, markers, .. } = by_path::matched(*rule, path.as_bstr());
            let (excerpt, blob) = (Arc::new(excerpt), store.map(|store| object_name(store.id(*number))));
            let found = Occurrence { path, location, provenance, blob, in_head, excerpt, markers, via: None };
            self.occurrences.entry((*rule, secret)).or_default().push(found);
        }
        for (key, count) in grouping.dropped {
            *self.dropped.entry(key).or_default() += count;
        }
        self.ranks.extend(&attribution.ranks);
        for (key, exposure) in &attribution.exposures {
            let exposure = match self.exposures.remove(key) {
                Some(other) => other.joined(exposure.clone()),
                None => exposure.clone(),
            };
            self.exposures.insert(key.clone(), exposure);
        }
        self.exposure_left_out |= attribution.exposure_left_out;
    }

    /// Adds how long one history took.
    pub(super) fn add_phases(&mut self, phases: Phases) {
        self.phases.open += phases.open;
        self.phases.scan += phases.scan;
        self.phases.attribute += phases.attribute;
    }

    /// Adds what the commits of a range introduced.
    pub(super) fn add_introduced(&mut self, introduced: Introduced) {
        self.add(introduced.grouping, &Attribution::default(), None);
        place_all(introduced.beside.drafts, &Attribution::default(), None, &mut self.beside);
        self.ranks.extend(introduced.ranks);
        self.in_head.extend(introduced.in_head);
    }

    /// The findings, sorted, and all that is not reported, counted.
    pub(super) fn into_report(
        mut self,
        detector: &Arc<Detector>,
        options: &Options,
        mut gaps: Vec<Gap>,
        stats: Stats,
        started: Instant,
    ) -> Report {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let rules = detector.rules();
        // A path is no secret, although it stands for one.
        // What stood beside may be somebody's other half.
        let secrets = self.occurrences.keys().chain(self.beside.keys());
        let secrets = secrets.filter(|(rule, _)| !rules.get(*rule).is_by_path());
        let redactor = Redactor::new(secrets.map(|(_, secret)| secret));
        let all = self.in_force(detector);
        let mut halves = Halves::new(rules, all.iter().chain(&self.beside));
        let requirements = Requirements::new(rules, all.iter().chain(&self.beside));
        let mut judge = Judge::new(&options.policy);
        let mut findings = Vec::new();
        let (mut below_threshold, mut unreachable) = (0, 0);
        for ((rule, secret), occurrences) in all {
            let occurrences = self.with_required(&requirements, rules, rule, occurrences);
            let (occurrences, hidden) = self.part(&mut judge, rules.get(rule), &secret, occurrences);
            let spare = (!hidden.is_empty()).then(|| (secret.clone(), occurrences.clone()));
            let assessed = self.assess(detector, options, &halves, (rule, secret), occurrences, now);
            if let Some((secret, occurrences)) = spare.filter(|_| !matches!(assessed, Assessed::Reported(..)))
            {
                // Counted if it would be reported, were nothing hidden.
                let by: HashMap<Occurrence, usize> = hidden.into_iter().collect();
                let all = occurrences.into_iter().chain(by.keys().cloned()).collect();
                if let Assessed::Reported(finding, _) =
                    self.assess(detector, options, &halves, (rule, secret), all, now)
                    && let Some(entry) = finding.occurrences.iter().find_map(|occurrence| by.get(occurrence))
                {
                    judge.count_finding(*entry, &finding);
                    judge.count_places(by.into_values());
                    continue;
                }
            } else {
                judge.count_places(hidden.into_iter().map(|(_, entry)| entry));
            }
            match assessed {
                Assessed::Reported(mut finding, pairing) => {
                    requirements.name(rules.get(rule), rules, &mut finding);
                    pairing.iter().for_each(|pairing| halves.name(pairing));
                    findings.push(*finding);
                }
                Assessed::BelowThreshold => below_threshold += 1,
                Assessed::Unreachable => unreachable += 1,
                Assessed::Alone => *self.dropped.entry((rule, DropReason::NoCompanion)).or_default() += 1,
                Assessed::Nothing => {}
            }
        }
        let folded = halves.folded();
        findings.retain(|finding| !folded.contains(&(finding.rule, finding.secret.clone())));
        let doubles = doubles(&findings, rules, &halves.named());
        for rule in findings
            .extract_if(.., |finding| doubles.contains(&(finding.rule, finding.secret.clone())))
            .map(|f| f.rule)
        {
            *self.dropped.entry((rule, DropReason::MoreSpecificRule)).or_default() += 1;
        }
        findings.sort_by(|a, b| {
            (b.severity, b.confidence)
                .cmp(&(a.severity, a.confidence))
                .then_with(|| rules.get(a.rule).id.cmp(&rules.get(b.rule).id))
                .then_with(|| self.by_relevance(&a.occurrences[0], &b.occurrences[0]))
                .then_with(|| a.secret.cmp(&b.secret))
        });
        if !judge.is_idle() {
            for finding in &findings {
                let origins = self.origins(&finding.occurrences);
                let commits = |occurrence: &Occurrence| commits_of(occurrence, &origins);
                judge.count_if_not_honoured(finding, rules.get(finding.rule), options.threshold, commits);
            }
        }
        gaps.sort();
        gaps.dedup();
        if gaps.len() > MOST_GAPS {
            let more = gaps.len() - MOST_GAPS;
            let kind = gaps[MOST_GAPS].kind;
            gaps.truncate(MOST_GAPS);
            let detail = format!("{more} more, of this and other kinds, are not named");
            gaps.push(Gap { kind, place: "(and more)".into(), detail });
        }
        Report {
            findings,
            suppressions: Suppressions::default(),
            gaps,
            stats,
            rules: detector.shared_rules(),
            threshold: options.threshold,
            below_threshold,
            unreachable,
            exposure_left_out: self.exposure_left_out,
            dropped: self.dropped,
            policy: judge.into_outcome(options.policy.outcome.clone()),
            scope: options.scope.as_ref().map(|scope| scope.text.clone()),
            targets: options.targets.iter().map(Target::name).collect(),
            finished: jiff::Timestamp::now(),
            elapsed: started.elapsed(),
            phases: self.phases,
            redactor,
            show_secrets: options.show_secrets,
            explain: options.explain,
            guidance: BTreeMap::new(),
        }
    }

    /// What becomes of a secret at these places.
    fn assess(
        &self,
        detector: &Detector,
        options: &Options,
        halves: &Halves,
        (rule, secret): Key,
        occurrences: Vec<Occurrence>,
        now: u64,
    ) -> Assessed {
        let rules = detector.rules();
        let reached = |o: &Occurrence| options.unreachable || o.provenance != Provenance::Unreachable;
        let (occurrences, hidden): (Vec<_>, Vec<_>) = occurrences.into_iter().partition(reached);
        let Some(mut finding) = self.finding(detector, rule, secret, occurrences) else {
            return if hidden.is_empty() { Assessed::Nothing } else { Assessed::Unreachable };
        };
        finding.days_exposed = days_exposed(&finding, now);
        let pairing = rules
            .get(rule)
            .companion
            .as_ref()
            .map(|spec| halves.of(rule, spec, rules.get(rule).confidence, &finding.occurrences));
        if let Some(pairing) = &pairing {
            let Some(confidence) = pairing.confidence else { return Assessed::Alone };
            finding.confidence = finding.confidence.min(confidence);
            finding.companion.clone_from(&pairing.companion);
            finding.identity.extend(pairing.facts(rules));
        }
        if rules.get(rule).part {
            return Assessed::Nothing;
        }
        let is_unlikely = || finding.occurrences.iter().all(|o| detector.is_unlikely(&o.path));
        if finding.confidence == Confidence::Medium && is_unlikely() {
            finding.confidence = Confidence::Low;
            let value = "only in lock files, in code taken along, or in what a machine made".into();
            finding.identity.push(Fact { name: "note".into(), value });
        }
        if finding.confidence < options.threshold {
            return Assessed::BelowThreshold;
        }
        Assessed::Reported(Box::new(finding), pairing)
    }

    /// `None` without any occurrence.
    fn finding(
        &self,
        detector: &Detector,
        index: RuleIndex,
        secret: Secret,
        mut occurrences: Vec<Occurrence>,
    ) -> Option<Finding> {
        let rule = detector.rules().get(index);
        occurrences.sort_by(|a, b| self.by_relevance(a, b));
        occurrences.dedup();
        let primary = occurrences.first()?;
        #[expect(clippy::disallowed_methods, reason = "checks and fingerprints are functions of the bytes")]
        let bytes = secret.expose();
        #[expect(clippy::cast_possible_truncation, reason = "a few digits are enough to tell")]
        let disorder = entropy(bytes) as f32;
        let mut outcome = rule.examine(bytes);
        if rule.judges_placeholders() && detector.is_example(bytes) {
            outcome.ceiling = Confidence::Low;
            outcome.facts.push(Fact { name: "note".into(), value: "looks like an example value".into() });
        }
        let fingerprint = if rule.guessable {
            #[expect(
                clippy::disallowed_methods,
                reason = "the fingerprint covers the line without the secret"
            )]
            let line = primary.excerpt.line.expose();
            let (start, end) = primary.excerpt.secret;
            Fingerprint::of_place(&rule.id, &primary.path, &line[..start], &line[end..])
        } else {
            Fingerprint::of_secret(&rule.id, bytes)
        };
        let key = (index, secret);
        let exposure = self.exposures.get(&key).filter(|_| !self.exposure_left_out).cloned();
        let (_, secret) = key;
        Some(Finding {
            fingerprint,
            rule: index,
            severity: rule.severity,
            confidence: rule.best_confidence().min(outcome.ceiling),
            companion: None,
            entropy: disorder,
            verdict: outcome.verdict,
            identity: outcome.facts,
            first_seen: self.first_seen(&occurrences),
            in_head: occurrences.iter().any(|occurrence| occurrence.in_head)
                || self.in_head.contains(&(index, secret.clone())),
            exposure,
            days_exposed: None,
            verification: None,
            secret,
            occurrences,
        })
    }

    fn first_seen(&self, occurrences: &[Occurrence]) -> Option<Arc<CommitInfo>> {
        occurrences
            .iter()
            .filter_map(|o| o.provenance.commit())
            .min_by_key(|info| (self.rank(info), info.id))
            .cloned()
    }

    pub(super) fn rank(&self, info: &CommitInfo) -> usize {
        self.ranks.get(&info.id).copied().unwrap_or(usize::MAX)
    }

    /// What can be acted on first: files, what HEAD has, then history from its beginning.
    fn by_relevance(&self, a: &Occurrence, b: &Occurrence) -> std::cmp::Ordering {
        let class = |occurrence: &Occurrence| match (&occurrence.provenance, occurrence.in_head) {
            (Provenance::Worktree | Provenance::Stdin, _) => (0, 0),
            (Provenance::Staged, _) => (1, 0),
            (Provenance::Commit(info), true) => (2, self.rank(info)),
            (Provenance::Commit(info), false) => (3, self.rank(info)),
            (Provenance::Ref, _) => (4, 0),
            (Provenance::Local, _) => (5, 0),
            (Provenance::Unreachable, _) => (6, 0),
        };
        class(a)
            .cmp(&class(b))
            .then_with(|| a.path.cmp(&b.path))
            .then_with(|| a.location.cmp(&b.location))
            .then_with(|| a.blob.cmp(&b.blob))
    }
}

impl Target {
    pub(super) fn name(&self) -> String {
        match self {
            Target::Stdin => "-".into(),
            Target::Path(path) => path.display().to_string(),
        }
    }
}

/// By the clocks of those who committed: a rebased change is exposed from where it is now, and not from when it was
/// written. Clocks that run backwards count nothing.
fn days_exposed(finding: &Finding, now: u64) -> Option<u64> {
    let first = finding.first_seen.as_ref()?.committed;
    let until = match &finding.exposure.as_ref()?.removed_in {
        Some(removed) => removed.committed,
        None => i64::try_from(now).unwrap_or(i64::MAX),
    };
    Some(u64::try_from(until.saturating_sub(first)).unwrap_or(0) / (24 * 60 * 60))
}
