//! Findings → those that count, and those that somebody answers for. One stage, between assembly and report.
//!
//! ```text
//! muzzle.ignore.toml ─▶ ignore_file ┐
//! comments in files ──▶ inline      ├─▶ a reason for single occurrences ─▶ split ─▶ findings, suppressed, notices
//! baseline ───────────▶ baseline    │
//! other scanners ─────▶ foreign     ┘
//! ```
//!
//! Invariants: what is suppressed stays in the report; what cannot be read, is expired or could mean several secrets
//! hides nothing and says so; a finding that is known to be live is hidden by nothing but an ignore entry with an end.

use std::sync::Arc;

use hashbrown::HashSet;
use jiff::civil::Date;

use crate::finding::{
    Companion, Finding, Fingerprint, Notice, NoticeKind, Suppressed, Suppression, SuppressionKind,
    Suppressions,
};
use crate::report::Report;
use crate::rules::RuleSet;

pub mod baseline;
pub mod foreign;
pub mod identity;
pub mod ignore_edit;
pub mod ignore_file;
mod inline;
mod places;

pub use baseline::Baseline;
pub use foreign::Import;
pub use ignore_file::IgnoreFile;
pub use inline::InlineAllow;

use identity::{Identities, Salt};

/// Who may ask for findings to be let pass.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Whose comments are obeyed.
    pub inline: InlineAllow,
    /// Ignore files.
    pub ignore_files: Vec<IgnoreFile>,
    /// Baselines.
    pub baselines: Vec<Baseline>,
    /// Files of other scanners.
    pub imports: Vec<Import>,
    /// What is known of them already.
    pub notices: Vec<Notice>,
    /// Findings that are known to open something now.
    pub live: std::collections::HashSet<Fingerprint>,
    /// Files of the scanned tree that are not obeyed.
    pub refused: Option<Refused>,
    /// Whether all rules run, so that an entry that matches nothing is of no use.
    pub judges_unused: bool,
}

/// Files of the scanned tree that have no say. What they would have hidden is told.
#[derive(Debug, Clone, Default)]
pub struct Refused {
    /// Why.
    pub because: &'static str,
    /// Ignore files.
    pub ignore_files: Vec<IgnoreFile>,
    /// Files of other scanners.
    pub imports: Vec<Import>,
}

impl Sources {
    /// Adds an ignore file of the scanned tree, or of another place.
    pub fn add_ignore_file(&mut self, text: &str, origin: &str, of_scanned_tree: bool) {
        self.ignore_files.push(IgnoreFile::parse(text, origin, of_scanned_tree));
    }

    /// Every salt of every file.
    fn salts(&self) -> Vec<Salt> {
        let refused = self.refused.iter().flat_map(|refused| &refused.ignore_files);
        let of_files = self.ignore_files.iter().chain(refused).flat_map(|file| &file.salts);
        let mut salts: Vec<Salt> =
            of_files.chain(self.baselines.iter().flat_map(|file| &file.salts)).copied().collect();
        salts.sort_unstable();
        salts.dedup();
        salts
    }
}

/// The day, in UTC.
pub fn today() -> Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// What the sources judge.
struct Context<'a> {
    findings: &'a [Finding],
    rules: &'a RuleSet,
    identities: Identities,
    live: &'a std::collections::HashSet<Fingerprint>,
    today: Date,
    /// Everything was scanned, by every rule: what matches nothing is of no use.
    judges_unused: bool,
}

impl Context<'_> {
    fn is_live(&self, finding: usize) -> bool {
        self.live.contains(&self.findings[finding].fingerprint)
    }

    fn rule_id(&self, finding: usize) -> &str {
        &self.rules.get(self.findings[finding].rule).id
    }
}

/// For each occurrence of each finding the first reason that was given, and what people should know.
struct Verdicts {
    reasons: Vec<Vec<Option<Arc<Suppression>>>>,
    notices: Vec<Notice>,
}

impl Verdicts {
    fn new(findings: &[Finding]) -> Self {
        let nothing = |finding: &Finding| vec![None; finding.occurrences.len()];
        Verdicts { reasons: findings.iter().map(nothing).collect(), notices: Vec::new() }
    }

    fn give(&mut self, finding: usize, occurrence: usize, reason: &Arc<Suppression>) {
        self.reasons[finding][occurrence].get_or_insert_with(|| Arc::clone(reason));
    }

    fn notice(&mut self, kind: NoticeKind, place: String, detail: String) {
        self.notices.push(Notice { kind, place, detail });
    }
}

/// Takes out of the report's findings what a source answers for. `is_whole` says that nothing was left out of the scan.
pub fn apply(report: &mut Report, sources: &Sources, is_whole: bool) {
    let rules = Arc::clone(&report.rules);
    let context = Context {
        findings: &report.findings,
        rules: &rules,
        identities: Identities::new(&report.findings, &rules, &sources.salts()),
        live: &sources.live,
        today: today(),
        judges_unused: is_whole && sources.judges_unused && report.is_complete(),
    };
    let mut verdicts = Verdicts::new(&report.findings);
    verdicts.notices.clone_from(&sources.notices);
    // In the order of how much they have to say.
    sources.ignore_files.iter().for_each(|file| judge_ignores(file, &context, &mut verdicts));
    inline::judge(sources.inline, &context, &mut verdicts);
    sources.baselines.iter().for_each(|baseline| baseline.judge(&context, &mut verdicts));
    sources.imports.iter().for_each(|import| import.judge(&context, &mut verdicts));
    if let Some(refused) = &sources.refused {
        tell_refused(refused, &context, &mut verdicts);
    }
    let Verdicts { reasons, mut notices } = verdicts;
    notices.sort();
    notices.dedup();
    let (findings, suppressed) = split(std::mem::take(&mut report.findings), reasons);
    report.findings = findings;
    report.suppressions = Suppressions { suppressed, notices };
}

/// Of a report whose sources are not known any more: what turned out to be live counts again, unless an ignore entry with
/// an end hides it.
pub fn bring_back_live(report: &mut Report) {
    let Suppressions { suppressed, notices } = &mut report.suppressions;
    let has_end = |by: &Arc<Suppression>| by.kind == SuppressionKind::IgnoreFile && by.until.is_some();
    // A part of a finding that counts is told with it.
    let is_hidden =
        |one: &mut Suppressed| one.is_whole && one.finding.is_live() && !one.by.iter().all(has_end);
    for one in suppressed.extract_if(.., is_hidden) {
        for by in one.by.iter().filter(|by| !has_end(by)) {
            let detail = "the secret is live, and only an entry with `until` hides that".to_owned();
            notices.push(Notice { kind: NoticeKind::NotHonoured, place: by.place(), detail });
        }
        report.findings.push(one.finding);
    }
    notices.sort();
    notices.dedup();
}

/// Says what the scanned tree would have hidden, if it had a say.
fn tell_refused(refused: &Refused, context: &Context<'_>, verdicts: &mut Verdicts) {
    let mut tell = |origin: &str, judge: &dyn Fn(&mut Verdicts)| {
        let mut would = Verdicts::new(context.findings);
        judge(&mut would);
        // What counts is what is hidden by nobody else.
        let is_more = |(would, is): (&Vec<Option<_>>, &Vec<Option<_>>)| {
            would.iter().zip(is).any(|(would, is)| would.is_some() && is.is_none())
        };
        let hidden = would.reasons.iter().zip(&verdicts.reasons).filter(|pair| is_more(*pair)).count();
        let findings = if hidden == 1 { "finding" } else { "findings" };
        let detail = format!(
            "the scanned tree's own; it would have hidden {hidden} {findings}, and is not obeyed because {}: \
             --config-from REF obeys that of a revision that was reviewed",
            refused.because
        );
        verdicts.notice(NoticeKind::NotHonoured, origin.to_owned(), detail);
    };
    for file in &refused.ignore_files {
        tell(&file.origin, &|verdicts| judge_ignores(file, context, verdicts));
    }
    for import in &refused.imports {
        tell(&import.origin, &|verdicts| import.judge(context, verdicts));
    }
}

/// What counts, and what does not.
fn split(
    findings: Vec<Finding>,
    reasons: Vec<Vec<Option<Arc<Suppression>>>>,
) -> (Vec<Finding>, Vec<Suppressed>) {
    let (mut counted, mut suppressed) = (Vec::new(), Vec::new());
    for (mut finding, reasons) in findings.into_iter().zip(reasons) {
        if reasons.iter().all(Option::is_none) {
            counted.push(finding);
        } else if reasons.iter().all(Option::is_some) {
            let by = reasons.into_iter().flatten().collect();
            suppressed.push(Suppressed { finding, by, is_whole: true });
        } else {
            let (mut hidden, mut by, mut left) = (Vec::new(), Vec::new(), Vec::new());
            for (occurrence, reason) in finding.occurrences.drain(..).zip(reasons) {
                match reason {
                    Some(reason) => {
                        hidden.push(occurrence);
                        by.push(reason);
                    }
                    None => left.push(occurrence),
                }
            }
            let part = Finding { occurrences: hidden, ..finding.clone() };
            suppressed.push(Suppressed { finding: part, by, is_whole: false });
            finding.occurrences = left;
            counted.push(finding);
        }
    }
    (counted, suppressed)
}

/// The lines of the entries of an ignore file that match nothing in a report, and of those that are expired.
pub fn of_no_use(file: &IgnoreFile, report: &Report) -> Vec<(usize, &'static str)> {
    let identities = Identities::new(&report.findings, &report.rules, &file.salts);
    let halves = halves(&report.findings, &report.rules);
    let is_used = |entry: &ignore_file::Entry| {
        let matches = |(number, finding): (usize, &Finding)| {
            let mut known = identities.known_by(number, finding, report.rule(finding), &file.salts);
            known.any(|id| id == entry.identity) && finding.occurrences.iter().any(|o| entry.covers(o))
        };
        report.findings.iter().enumerate().any(matches) || halves.contains(entry.identity.as_str())
    };
    let today = today();
    let verdict = |entry: &ignore_file::Entry| {
        let why = if entry.is_expired(today) { "expired" } else { "unused" };
        (entry.is_expired(today) || !is_used(entry)).then_some((entry.line, why))
    };
    file.entries.iter().filter_map(verdict).collect()
}

/// Fingerprints of what findings name as their other half, and so are no findings by themselves.
fn halves(findings: &[Finding], rules: &RuleSet) -> HashSet<String> {
    let half = |half: &Companion| {
        #[expect(clippy::disallowed_methods, reason = "a fingerprint is a function of the bytes")]
        let fingerprint = Fingerprint::of_secret(&rules.get(half.rule).id, half.secret.expose());
        fingerprint.to_string()
    };
    findings.iter().filter_map(|finding| finding.companion.as_ref()).map(half).collect()
}

fn judge_ignores(file: &IgnoreFile, context: &Context<'_>, verdicts: &mut Verdicts) {
    verdicts.notices.extend(file.notices.iter().cloned());
    let mut is_used = vec![false; file.entries.len()];
    for (number, finding) in context.findings.iter().enumerate() {
        let rule = context.rules.get(finding.rule);
        let known: Vec<&str> = context.identities.known_by(number, finding, rule, &file.salts).collect();
        for (entry, is_used) in file.entries.iter().zip(&mut is_used) {
            let place = format!("{}:{}", file.origin, entry.line);
            if rule.guessable && entry.identity == finding.fingerprint.as_str() {
                *is_used = true;
                let detail = "this fingerprint names a place and no value, so that another password there would be \
                              hidden, too: let `muzzle ignore add` write the entry";
                verdicts.notice(NoticeKind::Ambiguous, place, detail.into());
                continue;
            }
            if !known.contains(&entry.identity.as_str()) {
                continue;
            }
            let covered: Vec<usize> =
                (0..finding.occurrences.len()).filter(|at| entry.covers(&finding.occurrences[*at])).collect();
            *is_used |= !covered.is_empty();
            if covered.is_empty() {
                continue;
            }
            if entry.is_expired(context.today) {
                let until = entry.until.map(|until| until.to_string()).unwrap_or_default();
                let detail = format!("it held until {until}: the finding of `{}` is back", rule.id);
                verdicts.notice(NoticeKind::Expired, place, detail);
                continue;
            }
            if context.is_live(number) && entry.until.is_none() {
                let detail = "the secret is live: only an entry with `until` hides it".to_owned();
                verdicts.notice(NoticeKind::NotHonoured, place, detail);
                continue;
            }
            if let Some(until) = entry.until.filter(|_| context.is_live(number)) {
                let detail = format!("the secret is live, and hidden until {until}: revoke it before that");
                verdicts.notice(NoticeKind::Live, place, detail);
            }
            let reason = Arc::new(Suppression {
                reason: Some(entry.reason.clone()),
                who: Some(entry.who.clone()),
                when: entry.when.map(|when| when.to_string()),
                until: entry.until.map(|until| until.to_string()),
                of_scanned_tree: file.of_scanned_tree,
                ..Suppression::new(SuppressionKind::IgnoreFile, &file.origin, entry.line)
            });
            covered.into_iter().for_each(|occurrence| verdicts.give(number, occurrence, &reason));
        }
    }
    if context.judges_unused {
        for (entry, _) in file.entries.iter().zip(is_used).filter(|(_, is_used)| !is_used) {
            let scope = if entry.scope.is_some() { " at its path" } else { "" };
            let detail =
                format!("nothing found{scope} has this fingerprint; `muzzle ignore prune` removes the entry");
            verdicts.notice(NoticeKind::Unused, format!("{}:{}", file.origin, entry.line), detail);
        }
    }
}
