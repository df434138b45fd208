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
use crate::finding::{Gap, GapKind, RuleIndex};
use crate::rules::RuleSet;
use crate::rules::described::Description;
use schema::{DroppedSaved, FindingSaved, GapSaved, RuleSaved, SummarySaved};

mod documents;
mod findings;
mod schema;

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
    let mut rules: Vec<Description> = summary.rules.into_iter().map(description).collect();
    let speaking = rules.len();
    let dropped = dropped(summary.dropped_candidates, &mut rules)?;
    let rules =
        RuleSet::described(rules, summary.not_reported.rules_not_run).map_err(|error| error.to_string())?;
    let reader = findings::Reader::new(&rules, speaking, summary.secrets_shown, wanted.secrets);
    let (findings, lines) = reader.all(found)?;
    let gaps: Vec<Gap> = summary.gaps.into_iter().map(gap).collect::<Result<_, _>>()?;
    if summary.complete != gaps.is_empty() {
        return Err("`complete` and `gaps` contradict each other".into());
    }
    let finished = format!("{}T00:00:00Z", summary.scanned_on).parse();
    let finished = finished.map_err(|_| "`scanned_on` is no day such as 2026-01-31".to_owned())?;
    Ok(Report {
        findings,
        gaps,
        stats: summary.scanned,
        rules: Arc::new(rules),
        threshold: summary.confidence_threshold,
        below_threshold: summary.not_reported.below_threshold,
        unreachable: summary.not_reported.unreachable,
        exposure_left_out: summary.exposure_left_out,
        dropped,
        scope: summary.scope,
        targets: summary.targets,
        finished,
        elapsed: Duration::ZERO,
        phases: Phases::default(),
        redactor: Redactor::of_saved(lines),
        show_secrets: wanted.secrets,
        explain: wanted.explain,
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
mod tests {
    use super::super::{Format, fixture};
    use super::*;
    use crate::finding::{Confidence, Fact, Finding, Provenance};

    fn json(report: &Report) -> String {
        String::from_utf8(Format::Json.render(report, false)).unwrap()
    }

    fn again(text: &str, wanted: Wanted) -> Report {
        read(Path::new("run.json"), text.as_bytes(), wanted).unwrap()
    }

    /// Everything that a report can hold.
    fn report() -> Report {
        let mut report = fixture::odd_report();
        report.findings[0].identity.push(Fact { name: "account".into(), value: "another\n".into() });
        report.findings[0].identity.push(Fact { name: "Zone".into(), value: "z".into() });
        report.findings[1].companion = Some(crate::finding::Companion {
            rule: RuleIndex(1),
            secret: report.findings[2].secret.clone(),
            path: report.findings[2].occurrences[0].path.clone(),
            location: report.findings[2].occurrences[0].location.clone(),
            is_near: false,
        });
        // No calendar has this date.
        report.findings[3].occurrences[0].provenance = fixture::commit(203, i64::MAX / 2);
        report.dropped.insert((RuleIndex(2), DropReason::Stopword), 7);
        report.dropped.insert((RuleIndex(0), DropReason::AllowedPath), 8);
        report.scope = Some("--range \u{1b}A..B".into());
        report.targets.push("a\n::error::b".into());
        report.below_threshold = 3;
        report.unreachable = 4;
        report.threshold = Confidence::Low;
        report.exposure_left_out = true;
        report
    }

    fn every_format_agrees(report: &mut Report, wanted: Wanted) {
        report.explain = wanted.explain;
        report.show_secrets = wanted.secrets;
        let lines = String::from_utf8(Format::Jsonl.render(report, false)).unwrap();
        // A saved run knows the day, but neither the time nor how long it took.
        report.elapsed = Duration::ZERO;
        report.finished = "2026-01-02T00:00:00Z".parse().unwrap();
        for text in [&json(report), &lines] {
            let again = again(text, wanted);
            for (name, format) in Format::ALL {
                let [before, after] = [&*report, &again].map(|report| format.render(report, false));
                let [before, after] = [before, after].map(|bytes| String::from_utf8(bytes).unwrap());
                for (before, after) in before.lines().zip(after.lines()) {
                    assert_eq!(before, after, "{name}");
                }
                assert_eq!(before.len(), after.len(), "{name}");
            }
            assert_eq!(again.exit_code(false), report.exit_code(false));
        }
    }

    #[test]
    fn a_saved_run_is_the_same_in_every_format() {
        for secrets in [false, true] {
            for explain in [false, true] {
                every_format_agrees(&mut report(), Wanted { secrets, explain });
            }
        }
        every_format_agrees(&mut fixture::report(Vec::new(), Vec::new()), Wanted::default());
    }

    #[test]
    fn secrets_that_were_saved_are_masked_unless_asked_for() {
        let mut report = report();
        report.finished = "2026-01-02T00:00:00Z".parse().unwrap();
        report.elapsed = Duration::ZERO;
        let masked = json(&report);
        report.show_secrets = true;
        let saved = json(&report);
        assert_eq!(json(&again(&saved, Wanted::default())), masked);
        let error =
            read(Path::new("r"), masked.as_bytes(), Wanted { secrets: true, explain: false }).unwrap_err();
        assert!(error.to_string().starts_with("r holds no secrets to show"), "{error}");
    }

    #[test]
    fn a_secret_that_no_text_can_hold_comes_back() {
        let rules = fixture::rules();
        let secret = b"\xffab\xfe0123456789abcdef";
        let place = fixture::occurrence(secret, b"a", 1, Provenance::Worktree);
        let finding: Finding = fixture::finding(&rules, "fixture-token", secret, vec![place]);
        every_format_agrees(
            &mut fixture::report(vec![finding], Vec::new()),
            Wanted { secrets: true, explain: false },
        );
    }

    #[test]
    fn what_is_no_run_is_refused_with_a_reason() {
        let whole = json(&report());
        let lines = String::from_utf8(Format::Jsonl.render(&report(), false)).unwrap();
        let (without_summary, _) = lines.trim_end().rsplit_once('\n').unwrap();
        let changed = |from: &str, to: &str| {
            assert!(whole.contains(from), "{from}");
            whole.replacen(from, to, 1)
        };
        let deep = "[".repeat(100_000);
        for (text, hint) in [
            ("", "no report of muzzle"),
            ("[]", "no report of muzzle"),
            ("{}", "no report of muzzle"),
            ("42", "no report of muzzle"),
            ("rubbish", "no report of muzzle"),
            (&deep, "cut off"),
            (&whole[..whole.len() / 2], "cut off"),
            (&lines[..lines.len() / 2], "cut off"),
            (without_summary, "cut off"),
            (&format!("{whole}{whole}"), "no report of muzzle"),
            (&changed("\"schema_version\": \"1\"", "\"schema_version\": \"2\""), "schema_version \"2\""),
            (&changed("\"schema_version\": \"1\"", "\"schema_version\": 1"), "schema_version 1"),
            (&changed("\"excerpts\"", "\"excerpt\""), "missing field `excerpts`"),
            (&changed("\"id\": \"fixture-token\"", "\"id\": \"other\""), "`fixture-token`"),
            (&changed("\"secret\": \"fxt_********\"", "\"secret\": \"fxt_\""), "is not masked"),
            (&changed("\"fingerprint\": \"v1:", "\"fingerprint\": \"v2:"), "`fingerprint`"),
            (&changed("\"source\": \"commit\"", "\"source\": \"moon\""), "`moon`"),
            (&changed("\"excerpt\": 0", "\"excerpt\": 99"), "`excerpt`"),
            (&changed("\"kind\": \"unreadable-file\"", "\"kind\": \"hole\""), "`hole`"),
            (&changed("\"complete\": false", "\"complete\": true"), "contradict"),
            (&changed("\"2026-01-02\"", "\"tomorrow\""), "`scanned_on`"),
            (&changed("\"2023-11-14T22:13:20Z\"", "\"then\""), "`then`"),
            (&changed("\"reason\": \"stopword\"", "\"reason\": \"whim\""), "`whim`"),
            (&changed("\"line\": 3", "\"line\": -3"), "invalid value"),
            (&changed("\"occurrences\": [", "\"occurrences\": [], \"x\": ["), "without any occurrence"),
        ] {
            let read = read(Path::new("run.json"), text.as_bytes(), Wanted::default());
            let error = read.err().unwrap_or_else(|| panic!("{hint}: it was read")).to_string();
            assert!(error.starts_with("run.json ") && error.contains(hint), "{hint}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_damage_makes_it_panic(at in 0usize..60_000, byte in 0u8..=255) {
            let mut bytes = json(&report()).into_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(report) = read(Path::new("run.json"), &bytes, Wanted::default()) {
                for (_, format) in Format::ALL {
                    let text = String::from_utf8(format.render(&report, false)).unwrap();
                    proptest::prop_assert!(!text.contains(|c: char| c != '\n' && super::super::text::is_steering(c)));
                }
            }
        }
    }
}
