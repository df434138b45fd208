//! A saved run, as `json` or `jsonl` wrote it, → the [`Report`] again: whatever is made of it is the same, byte for
//! byte, but for how long the scan took.
//!
//! The file is not trusted: it may be cut off, from another version, or made up. What does not fit is an error that
//! says where; what does is made harmless by the formats, as text of a repository is.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::json::SCHEMA_VERSION;
use super::text::{Redactor, visible};
use super::{Phases, Report, Stats};
use crate::detect::DropReason;
use crate::finding::{Gap, GapKind, RuleIndex, Suppressions};
use crate::rules::RuleSet;
use crate::rules::described::Description;
use schema::{DroppedSaved, FindingSaved, GapSaved, RuleSaved, SummarySaved};
use suppressed::Why;

mod documents;
mod findings;
mod policy;
mod schema;
mod suppressed;

/// Why a file is no run that can be read again.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// It ends in the middle, or before the summary.
    #[error("{0} is cut off: the scan or the copy did not end well; scan again")]
    CutOff(String),
    /// JSON, but not of ours.
    #[error("{0} is no report of muzzle: -o json=FILE or -o jsonl=FILE writes one")]
    NoReport(String),
    /// Another version's.
    #[error(
        "{file} has schema_version {found}, and this muzzle reads \"{SCHEMA_VERSION}\": convert it with the version \
         that wrote it, or scan again"
    )]
    Version {
        /// The file.
        file: String,
        /// Its version.
        found: String,
    },
    /// What stands there does not fit.
    #[error("{file} cannot be converted: {why}; scan again with this version")]
    Wrong {
        /// The file.
        file: String,
        /// What, and where.
        why: String,
    },
    /// Secrets were asked for, and the file has none.
    #[error("{0} holds no secrets to show: scan again with --show-secrets, and keep that file to yourself")]
    NoSecrets(String),
}

/// What is to be shown of a saved run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// The secrets themselves, if the file has them.
    pub secrets: bool,
    /// What was dropped, and why.
    pub explain: bool,
}

/// Reads a whole run. `file` is for messages.
pub fn read(file: &Path, bytes: &[u8], wanted: Wanted) -> Result<Report, SavedError> {
    let file = visible(file.as_os_str().as_encoded_bytes());
    let (summary, found) = documents::read(&file, bytes)?;
    if wanted.secrets && !summary.secrets_shown {
        return Err(SavedError::NoSecrets(file));
    }
    build(summary, found, wanted).map_err(|why| SavedError::Wrong { file, why })
}

fn build(summary: SummarySaved, found: Vec<FindingSaved>, wanted: Wanted) -> Result<Report, String> {
    let guidance = (0..)
        .zip(&summary.rules)
        .filter_map(|(place, rule)| Some((RuleIndex(place), rule.guidance.clone()?)));
    let guidance = guidance.collect();
    let mut rules: Vec<Description> = summary.rules.into_iter().map(description).collect();
    let speaking = rules.len();
    let dropped = dropped(summary.dropped_candidates, &mut rules)?;
    let rules =
        RuleSet::described(rules, summary.not_reported.rules_not_run).map_err(|error| error.to_string())?;
    let reader = findings::Reader::new(&rules, speaking, summary.secrets_shown, wanted.secrets);
    let counted = found.len();
    let (hidden, reasons): (Vec<FindingSaved>, Vec<Why>) = summary
        .suppressed
        .into_iter()
        .map(|one| (one.finding, Why { whole: one.whole, suppressions: one.suppressions, by: one.by }))
        .unzip();
    let (mut findings, lines) = reader.all(found.into_iter().chain(hidden), counted)?;
    let hidden = findings.split_off(counted).into_iter().zip(reasons).zip(1..);
    let suppressed = hidden.map(|((finding, why), number)| {
        suppressed::suppressed(finding, why).map_err(|why| format!("suppressed finding {number}: {why}"))
    });
    let suppressed = suppressed.collect::<Result<_, _>>()?;
    let notices =
        summary.suppression_notices.into_iter().map(suppressed::notice).collect::<Result<_, _>>()?;
    let gaps: Vec<Gap> = summary.gaps.into_iter().map(gap).collect::<Result<_, _>>()?;
    if summary.complete != gaps.is_empty() {
        return Err("`complete` and `gaps` contradict each other".into());
    }
    let finished = format!("{}T00:00:00Z", summary.scanned_on).parse();
    let finished = finished.map_err(|_| "`scanned_on` is no day such as 2026-01-31".to_owned())?;
    Ok(Report {
        findings,
        suppressions: Suppressions { suppressed, notices },
        gaps,
        stats: summary.scanned,
        rules: Arc::new(rules),
        threshold: summary.confidence_threshold,
        below_threshold: summary.not_reported.below_threshold,
        unreachable: summary.not_reported.unreachable,
        exposure_left_out: summary.exposure_left_out,
        dropped,
        policy: policy::outcome(summary.policy, summary.allowed)?,
        scope: summary.scope,
        targets: summary.targets,
        finished,
        elapsed: Duration::ZERO,
        phases: Phases::default(),
        redactor: Redactor::of_saved(lines),
        show_secrets: wanted.secrets,
        explain: wanted.explain,
        guidance,
    })
}

/// Ids and names stand beside our own words, where nothing is made harmless any more.
fn description(rule: RuleSaved) -> Description {
    Description {
        id: visible(rule.id.as_bytes()),
        name: rule.name,
        provider: visible(rule.provider.as_bytes()),
        severity: rule.severity,
        confidence: rule.confidence,
        opens: rule.description,
        remediation: rule.remediation,
        references: rule.references,
        tags: rule.tags,
        guessable: rule.fingerprint_scope == "place",
    }
}

/// By rule and reason. Rules that no finding is of are added to `rules`.
fn dropped(
    dropped: Vec<DroppedSaved>,
    rules: &mut Vec<Description>,
) -> Result<BTreeMap<(RuleIndex, DropReason), u64>, String> {
    let mut places: HashMap<String, usize> =
        rules.iter().enumerate().map(|(place, rule)| (rule.id.clone(), place)).collect();
    let mut counts = BTreeMap::new();
    for DroppedSaved { rule, reason, count } in dropped {
        let known = DropReason::ALL.into_iter().find(|known| known.as_str() == reason);
        let reason = known.ok_or_else(|| {
            format!("unknown reason `{}` of dropped candidates", visible(reason.as_bytes()))
        })?;
        let id = visible(rule.as_bytes());
        let place = *places.entry(id.clone()).or_insert_with(|| {
            rules.push(Description::silent(id));
            rules.len() - 1
        });
        let index = u16::try_from(place).map_err(|_| "too many rules".to_owned())?;
        counts.insert((RuleIndex(index), reason), count);
    }
    Ok(counts)
}

fn gap(saved: GapSaved) -> Result<Gap, String> {
    let kind = GapKind::by_name(&saved.kind)
        .ok_or_else(|| format!("unknown kind of gap `{}`", visible(saved.kind.as_bytes())))?;
    Ok(Gap { kind, place: saved.place, detail: saved.detail })
}

#[cfg(test)]
mod tests;
