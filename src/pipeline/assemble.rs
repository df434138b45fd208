//! Sightings and their provenance → findings, judged, identified and sorted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bstr::BString;
use hashbrown::{HashMap, HashSet};

use super::companions::{Halves, doubles};
use super::{Options, Target};
use crate::attribution::Attribution;
use crate::detect::{Detector, DropReason, entropy};
use crate::finding::{
    CommitInfo, Confidence, Exposure, Fact, Finding, Fingerprint, Gap, ObjectName, Occurrence, Provenance,
    RuleIndex,
};
use crate::git::object_name;
use crate::git::store::Store;
use crate::grouping::{Grouping, Key, Place, Sighting};
use crate::report::text::Redactor;
use crate::report::{Phases, Report, Stats};
use crate::rules::{Cache, Exemption, Memory, Sight};
use crate::secret::Secret;
use crate::source::range::Introduced;

/// Everything that the targets yielded.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    occurrences: HashMap<Key, Vec<Occurrence>>,
    dropped: BTreeMap<(RuleIndex, DropReason), u64>,
    ranks: HashMap<ObjectName, usize>,
    exposures: HashMap<Key, Exposure>,
    exposure_left_out: bool,
    /// Secrets that HEAD has somewhere, beyond what their occurrences say.
    in_head: HashSet<(RuleIndex, Secret)>,
    phases: Phases,
}

/// Gaps that are named one by one.
const MOST_GAPS: usize = 10_000;

impl Assembly {
    /// Adds one target's sightings. Objects need the attribution and the store that their numbers are from.
    pub(super) fn add(&mut self, grouping: Grouping, attribution: &Attribution, store: Option<&Store>) {
        for (key, sightings) in grouping.drafts {
            let occurrences = self.occurrences.entry(key).or_default();
            for sighting in sightings {
                place(sighting, attribution, store, occurrences);
            }
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
        let redactor = Redactor::new(self.occurrences.keys().map(|(_, secret)| secret));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let rules = detector.rules();
        let mut halves = Halves::new(rules, &self.occurrences);
        let mut findings = Vec::new();
        let (mut below_threshold, mut unreachable) = (0, 0);
        for ((rule, secret), occurrences) in std::mem::take(&mut self.occurrences) {
            let occurrences = self.in_scope_of_rule(detector, rule, occurrences);
            let occurrences = self.without_exempt(detector, rule, &secret, occurrences);
            let reached = |o: &Occurrence| options.unreachable || o.provenance != Provenance::Unreachable;
            let (occurrences, hidden): (Vec<_>, Vec<_>) = occurrences.into_iter().partition(reached);
            let Some(mut finding) = self.finding(detector, rule, secret, occurrences) else {
                unreachable += usize::from(!hidden.is_empty());
                continue;
            };
            finding.days_exposed = days_exposed(&finding, now);
            let pairing = rules
                .get(rule)
                .companion
                .as_ref()
                .map(|spec| halves.of(rule, spec, rules.get(rule).confidence, &finding.occurrences));
            if let Some(pairing) = &pairing {
                let Some(confidence) = pairing.confidence else {
                    *self.dropped.entry((rule, DropReason::NoCompanion)).or_default() += 1;
                    continue;
                };
                finding.confidence = finding.confidence.min(confidence);
                finding.companion.clone_from(&pairing.companion);
                finding.identity.extend(pairing.facts(rules));
            }
            if rules.get(rule).part {
                continue;
            }
            let is_unlikely = || finding.occurrences.iter().all(|o| detector.is_unlikely(&o.path));
            if finding.confidence == Confidence::Medium && is_unlikely() {
                finding.confidence = Confidence::Low;
                let value = "only in lock files, in code taken along, or in what a machine made".into();
                finding.identity.push(Fact { name: "note".into(), value });
            }
            if finding.confidence < options.threshold {
                below_threshold += 1;
            } else {
                pairing.iter().for_each(|pairing| halves.name(pairing));
                findings.push(finding);
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
            gaps,
            stats,
            rules: detector.shared_rules(),
            threshold: options.threshold,
            below_threshold,
            unreachable,
            exposure_left_out: self.exposure_left_out,
            dropped: self.dropped,
            scope: options.scope.as_ref().map(|scope| scope.text.clone()),
            targets: options.targets.iter().map(Target::name).collect(),
            finished: jiff::Timestamp::now(),
            elapsed: started.elapsed(),
            phases: self.phases,
            redactor,
            show_secrets: options.show_secrets,
            explain: options.explain,
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
            let commits: Vec<ObjectName> = occurrence
                .provenance
                .commit()
                .into_iter()
                .chain(origins.get(&occurrence.path))
                .map(|info| info.id)
                .collect();
            #[expect(clippy::disallowed_methods, reason = "exemptions are functions of the bytes")]
            let (secret, line) = (secret.expose(), occurrence.excerpt.line.expose());
            let (start, end) = occurrence.excerpt.matched;
            let sight =
                Sight { secret, line, matched: &line[start..end], path: &occurrence.path, commits: &commits };
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

    /// The commit that first brought a secret to each path.
    fn origins(&self, occurrences: &[Occurrence]) -> HashMap<BString, Arc<CommitInfo>> {
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
        let disorder = entropy(bytes);
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

    fn rank(&self, info: &CommitInfo) -> usize {
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
            (Provenance::Unreachable, _) => (5, 0),
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

/// One sighting at every path at which its bytes live.
fn place(sighting: Sighting, attribution: &Attribution, store: Option<&Store>, out: &mut Vec<Occurrence>) {
    let Sighting { place, location, excerpt } = sighting;
    let occurrence = |path: BString, provenance, blob, in_head| Occurrence {
        path,
        location: location.clone(),
        provenance,
        blob,
        in_head,
        excerpt: Arc::clone(&excerpt),
    };
    match place {
        Place::File(path) => out.push(occurrence(path, Provenance::Worktree, None, false)),
        Place::Staged(path, blob) => out.push(occurrence(path, Provenance::Staged, Some(blob), false)),
        Place::Committed(at) => {
            let provenance = Provenance::Commit(Arc::clone(&at.commit));
            out.push(occurrence(at.path.clone(), provenance, Some(at.blob), at.in_head));
        }
        Place::Stdin => out.push(occurrence("stdin".into(), Provenance::Stdin, None, false)),
        Place::Object(number) => {
            let blob = store.map(|store| object_name(store.id(number)));
            let homes = attribution.homes.get(&number).map_or(&[][..], Vec::as_slice);
            if homes.is_empty() && !attribution.limited {
                let name = blob.map_or_else(BString::default, |blob| blob.to_string().into());
                out.push(occurrence(name, Provenance::Unreachable, blob, false));
            }
            for home in homes {
                out.push(occurrence(home.path.clone(), home.provenance.clone(), blob, home.in_head));
            }
        }
    }
}
