//! `json` and `jsonl`: the versioned schema of docs/output.md.

use serde_json::ser::{CharEscape, Formatter, PrettyFormatter};
use serde_json::{Value, json};

use super::text::is_steering;
use super::{Report, sarif};
use crate::finding::{CommitInfo, Finding, Gap, Occurrence, Provenance, Verdict};

/// Raised when a field changes its meaning or goes; new fields do not raise it.
pub const SCHEMA_VERSION: &str = "1";

/// One document.
pub fn render(report: &Report) -> Vec<u8> {
    let mut document = summary(report);
    document["findings"] = report.findings.iter().map(|f| finding(report, f)).collect();
    write(&document, PrettyFormatter::new())
}

/// Each finding on a line, then the summary.
pub fn render_lines(report: &Report) -> Vec<u8> {
    let mut out = Vec::new();
    for value in report.findings.iter().map(|f| finding(report, f)).chain([summary(report)]) {
        out.extend(write(&value, serde_json::ser::CompactFormatter));
    }
    out
}

fn summary(report: &Report) -> Value {
    let dropped = report.dropped.iter().map(|((rule, reason), count)| {
        json!({ "rule": report.rules.get(*rule).id, "reason": reason.to_string(), "count": count })
    });
    let gap = |gap: &Gap| {
        json!({
            "kind": gap.kind.as_str(),
            "place": report.redactor.show(gap.place.as_bytes()),
            "detail": report.redactor.show(gap.detail.as_bytes()),
        })
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "tool": { "name": "muzzle", "version": env!("CARGO_PKG_VERSION") },
        "targets": report.targets.iter().map(|t| report.redactor.show(t.as_bytes())).collect::<Vec<_>>(),
        "complete": report.is_complete(),
        "gaps": report.gaps.iter().map(gap).collect::<Vec<_>>(),
        "scanned": report.stats,
        "confidence_threshold": report.threshold,
        "not_reported": { "below_threshold": report.below_threshold, "unreachable": report.unreachable },
        "dropped_candidates": dropped.collect::<Vec<_>>(),
    })
}

fn finding(report: &Report, finding: &Finding) -> Value {
    let rule = report.rule(finding);
    let identity: serde_json::Map<String, Value> = finding
        .identity
        .iter()
        .map(|fact| (fact.name.to_owned(), report.redactor.show(fact.value.as_bytes()).into()))
        .collect();
    let (check, check_detail) = match &finding.verdict {
        Verdict::NotChecked => ("none", None),
        Verdict::Passed => ("passed", None),
        Verdict::Failed(why) => ("failed", Some(*why)),
    };
    json!({
        "fingerprint": finding.fingerprint.as_str(),
        "rule": { "id": rule.id, "name": rule.name, "provider": rule.provider },
        "severity": finding.severity,
        "confidence": finding.confidence,
        "secret": shown_secret(report, finding),
        "check": check,
        "check_detail": check_detail,
        "identity": identity,
        "description": rule.description,
        "remediation": rule.remediation,
        "in_head": finding.in_head,
        "first_seen": finding.first_seen.as_deref().map(|info| commit(report, info)),
        "occurrences": finding.occurrences.iter().map(|o| occurrence(report, o)).collect::<Vec<_>>(),
    })
}

/// The secret masked, or as it is if the user asked for that.
pub(crate) fn shown_secret(report: &Report, finding: &Finding) -> String {
    if report.show_secrets {
        #[expect(clippy::disallowed_methods, reason = "--show-secrets asks for it")]
        return String::from_utf8_lossy(finding.secret.expose()).into_owned();
    }
    finding.secret.masked()
}

fn occurrence(report: &Report, occurrence: &Occurrence) -> Value {
    let (source, info) = match &occurrence.provenance {
        Provenance::Worktree => ("worktree", None),
        Provenance::Staged => ("staged", None),
        Provenance::Stdin => ("stdin", None),
        Provenance::Commit(info) => ("commit", Some(info)),
        Provenance::Ref => ("ref", None),
        Provenance::Unreachable => ("unreachable", None),
    };
    let location = &occurrence.location;
    json!({
        "path": report.redactor.show(&occurrence.path),
        "uri": sarif::uri(report, &occurrence.path),
        "start": { "line": location.start.line, "column": location.start.column },
        "end": { "line": location.end.line, "column": location.end.column },
        "bytes": { "start": location.span.start, "end": location.span.end },
        "source": source,
        "blob": occurrence.blob.map(|blob| blob.to_string()),
        "commit": info.map(|info| commit(report, info)),
        "in_head": occurrence.in_head,
    })
}

fn commit(report: &Report, info: &CommitInfo) -> Value {
    json!({
        "id": info.id.to_string(),
        "author": report.redactor.show(&info.author.name),
        "email": report.redactor.show(&info.author.email),
        "date": date(info.time),
        "subject": report.redactor.show(&info.subject),
    })
}

/// RFC 3339 in UTC; `None` outside the years that can be told.
pub(crate) fn date(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}

/// Serializes and ends the line.
pub(crate) fn write(value: &impl serde::Serialize, formatter: impl Formatter) -> Vec<u8> {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Harmless(formatter));
    value.serialize(&mut serializer).expect("a vector takes every byte, and the values are plain data");
    out.push(b'\n');
    out
}

/// Escapes what JSON allows but a terminal obeys: C1 controls, bidirectional and invisible marks.
struct Harmless<F>(F);

macro_rules! delegate {
    ($($name:ident($($argument:ident: $type:ty),*)),* $(,)?) => {$(
        fn $name<W: ?Sized + std::io::Write>(&mut self, writer: &mut W $(, $argument: $type)*) -> std::io::Result<()> {
            self.0.$name(writer $(, $argument)*)
        }
    )*};
}

impl<F: Formatter> Formatter for Harmless<F> {
    delegate!(
        begin_array(),
        end_array(),
        begin_array_value(first: bool),
        end_array_value(),
        begin_object(),
        end_object(),
        begin_object_key(first: bool),
        end_object_key(),
        begin_object_value(),
        end_object_value(),
        write_char_escape(escape: CharEscape),
    );

    fn write_string_fragment<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, text: &str) -> std::io::Result<()> {
        let mut rest = text;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_steering(*c)) {
            self.0.write_string_fragment(writer, &rest[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        self.0.write_string_fragment(writer, rest)
    }
}
