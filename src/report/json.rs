//! `json` and `jsonl`: the versioned schema of docs/output.md.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bstr::ByteSlice as _;
use rayon::prelude::*;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use super::policy::{AllowedJson, PolicyJson};
use super::refs::Shown;
use super::{Report, Stats, facts, verified};
use crate::finding::{CommitInfo, Confidence, Finding, Gap, Occurrence, RefKind, Refs, Severity, Verdict};
use crate::location::Position;
use crate::secret::Secret;

mod excerpts;
mod harmless;
mod rules;
mod suppressed;
mod told;
mod verification;

use excerpts::{ExcerptJson, Excerpts};
pub(crate) use harmless::write;
use harmless::{INFALLIBLE, serialize};
use told::{CommitJson, Told};

/// Raised when a field changes its meaning or goes; new fields do not raise it.
pub const SCHEMA_VERSION: &str = "1";

/// One document.
pub fn render(report: &Report) -> Vec<u8> {
    let told = Told::new(report);
    let findings = render_findings(report, &told, inside_the_document);
    let mut out = serialize(&Summary::new(report, &told), PrettyFormatter::new());
    let end = b"\n}";
    out.truncate(out.len() - end.len());
    out.extend_from_slice(b",\n  \"findings\": [");
    out.reserve(findings.iter().map(|finding| finding.len() + 6).sum());
    for (number, finding) in findings.iter().enumerate() {
        out.extend_from_slice(if number == 0 { b"\n    " } else { b",\n    " });
        out.extend_from_slice(finding);
    }
    out.extend_from_slice(if findings.is_empty() { b"]" } else { b"\n  ]" });
    out.extend_from_slice(end);
    out.push(b'\n');
    out
}

/// Each finding on a line, then the summary.
pub fn render_lines(report: &Report) -> Vec<u8> {
    let told = Told::new(report);
    let mut lines = render_findings(report, &told, || CompactFormatter);
    lines.push(serialize(&Summary::new(report, &told), CompactFormatter));
    lines.push(Vec::new());
    lines.join(&b'\n')
}

/// As deep as the findings stand.
fn inside_the_document() -> PrettyFormatter<'static> {
    let mut formatter = PrettyFormatter::new();
    let mut nowhere = Vec::new();
    let entered = formatter.begin_object(&mut nowhere).and_then(|()| formatter.begin_array(&mut nowhere));
    entered.expect(INFALLIBLE);
    formatter
}

/// The findings, on all threads: some live at thousands of places.
fn render_findings<F: Formatter>(
    report: &Report,
    told: &Told<'_>,
    formatter: impl Fn() -> F + Sync,
) -> Vec<Vec<u8>> {
    let one = |finding| serialize(&FindingJson::new(report, finding, told), formatter());
    report.findings.par_iter().map(one).collect()
}

#[derive(Serialize)]
struct Summary<'a> {
    schema_version: &'static str,
    tool: Tool,
    scanned_on: String,
    targets: Vec<String>,
    scope: Option<String>,
    secrets_shown: bool,
    complete: bool,
    gaps: Vec<GapJson>,
    scanned: &'a Stats,
    confidence_threshold: Confidence,
    not_reported: NotReported,
    exposure_left_out: bool,
    dropped_candidates: Vec<DroppedJson<'a>>,
    suppressed: Vec<suppressed::SuppressedJson<'a>>,
    suppression_notices: Vec<suppressed::NoticeJson>,
    allowed: Vec<AllowedJson<'a>>,
    policy: PolicyJson<'a>,
    rules: Vec<rules::RuleTextJson<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct GapJson {
    kind: &'static str,
    place: String,
    detail: String,
}

#[derive(Serialize)]
struct NotReported {
    below_threshold: usize,
    unreachable: usize,
    rules_not_run: usize,
}

#[derive(Serialize)]
struct DroppedJson<'a> {
    rule: &'a str,
    reason: &'static str,
    count: u64,
}

#[derive(Serialize)]
struct FindingJson<'a> {
    fingerprint: &'a str,
    rule: RuleJson<'a>,
    severity: Severity,
    confidence: Confidence,
    secret: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_base64: Option<String>,
    entropy: f32,
    check: &'static str,
    check_detail: Option<&'a str>,
    #[serde(serialize_with = "in_order")]
    identity: Vec<(String, String)>,
    companion: Option<CompanionJson<'a>>,
    verification: Option<verification::VerificationJson>,
    description: &'a str,
    remediation: &'a str,
    in_head: bool,
    first_seen: Option<&'a CommitJson>,
    last_seen: Option<&'a CommitJson>,
    removed_in: Option<&'a CommitJson>,
    days_exposed: Option<u64>,
    refs: Option<Shown<'a>>,
    refs_total: Option<usize>,
    refs_by_kind: Option<RefCountsJson>,
    excerpts: Vec<ExcerptJson>,
    occurrences: Vec<OccurrenceJson<'a>>,
}

#[derive(Serialize)]
struct CompanionJson<'a> {
    rule: &'a str,
    name: &'a str,
    secret: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_base64: Option<String>,
    path: String,
    line: u32,
    near: bool,
}

#[derive(Serialize)]
struct RuleJson<'a> {
    id: &'a str,
    name: &'a str,
    provider: &'a str,
}

#[derive(Serialize)]
struct OccurrenceJson<'a> {
    path: &'a str,
    uri: &'a str,
    start: PositionJson,
    end: PositionJson,
    bytes: SpanJson,
    source: &'static str,
    blob: Option<String>,
    commit: Option<&'a CommitJson>,
    in_head: bool,
    member: Option<String>,
    decoded: Option<&'a str>,
    excerpt: usize,
}

#[derive(Serialize)]
struct PositionJson {
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct SpanJson {
    start: u64,
    end: u64,
}

#[derive(Serialize)]
struct RefCountsJson {
    branches: usize,
    tags: usize,
    remotes: usize,
    others: usize,
}

/// An object whose keys stay in order.
pub(crate) fn in_order<S: Serializer>(pairs: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(pairs.len()))?;
    pairs.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
    map.end()
}

impl<'a> Summary<'a> {
    fn new(report: &'a Report, told: &'a Told<'a>) -> Self {
        let gap = |gap: &Gap| GapJson {
            kind: gap.kind.as_str(),
            place: report.redactor.show_path(gap.place.as_bytes()),
            detail: report.redactor.show(gap.detail.as_bytes()),
        };
        let dropped = report.dropped.iter().map(|((rule, reason), count)| DroppedJson {
            rule: &report.rules.get(*rule).id,
            reason: reason.as_str(),
            count: *count,
        });
        let mut dropped: Vec<DroppedJson<'_>> = dropped.collect();
        dropped.sort_by_key(|dropped| dropped.rule);
        Summary {
            schema_version: SCHEMA_VERSION,
            tool: Tool { name: "muzzle", version: env!("CARGO_PKG_VERSION") },
            scanned_on: day(report.finished),
            targets: report.targets.iter().map(|t| report.redactor.show_path(t.as_bytes())).collect(),
            scope: report.scope.as_ref().map(|scope| report.redactor.show(scope.as_bytes())),
            secrets_shown: report.show_secrets,
            complete: report.is_complete(),
            gaps: report.gaps.iter().map(gap).collect(),
            scanned: &report.stats,
            confidence_threshold: report.threshold,
            not_reported: NotReported {
                below_threshold: report.below_threshold,
                unreachable: report.unreachable,
                rules_not_run: report.rules.left_out(),
            },
            exposure_left_out: report.exposure_left_out,
            dropped_candidates: dropped,
            suppressed: suppressed::suppressed(report, told),
            suppression_notices: suppressed::notices(report),
            allowed: AllowedJson::all(report, true),
            policy: PolicyJson::new(report),
            rules: rules::of_findings(report),
        }
    }
}

impl<'a> FindingJson<'a> {
    fn new(report: &'a Report, finding: &'a Finding, told: &'a Told<'a>) -> Self {
        let rule = report.rule(finding);
        let commit = |info: Option<&Arc<CommitInfo>>| info.and_then(|info| told.commits.get(&info.id));
        let exposure = finding.exposure.as_ref();
        let excerpts = Excerpts::new(report, finding);
        let places = finding.occurrences.iter().zip(&excerpts.of);
        let (check, check_detail) = self::check(&finding.verdict);
        FindingJson {
            fingerprint: finding.fingerprint.as_str(),
            rule: RuleJson { id: &rule.id, name: &rule.name, provider: &rule.provider },
            severity: finding.severity,
            confidence: finding.confidence,
            secret: shown_secret(report, finding),
            secret_base64: beyond_text(report, &finding.secret),
            entropy: finding.entropy,
            check,
            check_detail,
            identity: facts::of(report, finding),
            companion: finding.companion.as_ref().map(|half| CompanionJson {
                rule: &report.rules.get(half.rule).id,
                name: &report.rules.get(half.rule).name,
                secret: shown(report, &half.secret),
                secret_base64: beyond_text(report, &half.secret),
                path: report.redactor.show_path(&half.path),
                line: half.location.start.line,
                near: half.is_near,
            }),
            verification: verified::of(report, finding).map(Into::into),
            description: &rule.description,
            remediation: &rule.remediation,
            in_head: finding.in_head,
            first_seen: commit(finding.first_seen.as_ref()),
            last_seen: commit(exposure.and_then(|exposure| exposure.last_seen.as_ref())),
            removed_in: commit(exposure.and_then(|exposure| exposure.removed_in.as_ref())),
            days_exposed: finding.days_exposed,
            refs: exposure.map(|exposure| told.names.of(&exposure.refs, usize::MAX)),
            refs_total: exposure.map(|exposure| exposure.refs.total()),
            refs_by_kind: exposure.map(|exposure| RefCountsJson::new(&exposure.refs)),
            occurrences: places.map(|(o, excerpt)| OccurrenceJson::new(report, o, *excerpt, told)).collect(),
            excerpts: excerpts.lines,
        }
    }
}

impl<'a> OccurrenceJson<'a> {
    fn new(report: &Report, occurrence: &'a Occurrence, excerpt: usize, told: &'a Told<'_>) -> Self {
        let path = &told.paths[occurrence.path.as_bstr()];
        let location = &occurrence.location;
        let position = |at: Position| PositionJson { line: at.line, column: at.column };
        let commit = occurrence.provenance.commit().and_then(|info| told.commits.get(&info.id));
        OccurrenceJson {
            path: &path.shown,
            uri: &path.uri,
            start: position(location.start),
            end: position(location.end),
            bytes: SpanJson { start: location.span.start, end: location.span.end },
            source: occurrence.provenance.as_str(),
            blob: occurrence.blob.map(|blob| blob.to_string()),
            commit,
            in_head: occurrence.in_head,
            member: occurrence.member().map(|member| report.redactor.show_path(member)),
            decoded: occurrence.via.as_ref().map(|via| via.decoded.as_str()).filter(|text| !text.is_empty()),
            excerpt,
        }
    }
}

impl RefCountsJson {
    fn new(refs: &Refs) -> Self {
        RefCountsJson {
            branches: refs.count(RefKind::Branch),
            tags: refs.count(RefKind::Tag),
            remotes: refs.count(RefKind::Remote),
            others: refs.count(RefKind::Other),
        }
    }
}

/// The secret masked, or as it is if the user asked for that.
pub(crate) fn shown_secret(report: &Report, finding: &Finding) -> String {
    shown(report, &finding.secret)
}

fn shown(report: &Report, secret: &Secret) -> String {
    if report.show_secrets {
        #[expect(clippy::disallowed_methods, reason = "--show-secrets asks for it")]
        return String::from_utf8_lossy(secret.expose()).into_owned();
    }
    secret.masked()
}

/// A secret that is shown and that no text can hold.
fn beyond_text(report: &Report, secret: &Secret) -> Option<String> {
    if !report.show_secrets {
        return None;
    }
    #[expect(clippy::disallowed_methods, reason = "--show-secrets asks for it")]
    let bytes = secret.expose();
    std::str::from_utf8(bytes).is_err().then(|| STANDARD.encode(bytes))
}

/// What the offline check said, and why it failed.
pub(crate) fn check(verdict: &Verdict) -> (&'static str, Option<&str>) {
    match verdict {
        Verdict::NotChecked => ("none", None),
        Verdict::Passed => ("passed", None),
        Verdict::Failed(why) => ("failed", Some(why)),
    }
}

/// The day in UTC, as `2026-01-31`.
pub(crate) fn day(time: jiff::Timestamp) -> String {
    time.to_string().chars().take("2026-01-31".len()).collect()
}

/// RFC 3339 in UTC; `None` outside the years that can be told.
pub(crate) fn date(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}
