//! What a hook is told: a JSON document, see docs/hooks.md.
//!
//! Everything out of the scanned repository is masked and printable. The secret itself is in it only if the hook asked
//! for it; then the document is a [`Secret`] itself, as it always is here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroize as _;

use super::{Context, Event};
use crate::finding::{Confidence, Finding, Severity, Verification};
use crate::report::{Report, json as report_json};
use crate::response::guard::Guard;
use crate::response::inputs::Credential;
use crate::rules::Rule;
use crate::secret::Secret;

/// Raised when a field changes its meaning or goes; new fields do not raise it.
const SCHEMA_VERSION: &str = "1";
/// Refs that are named.
const MOST_REFS: usize = 100;

/// What it is about. Holds no secret; every text is masked and printable.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Subject {
    /// The finding's identity.
    pub fingerprint: String,
    /// The rule.
    pub rule: String,
    /// What a person calls the credential.
    pub name: String,
    /// The rule's provider.
    pub provider: String,
    /// How much it opens.
    pub severity: Option<Severity>,
    /// How sure it is.
    pub confidence: Option<Confidence>,
    /// Masked.
    pub secret: String,
    /// Where it was found first: `path:line`.
    pub place: String,
    /// The path alone.
    pub path: Option<String>,
    /// The line.
    pub line: Option<u32>,
    /// How many places there are.
    pub places: usize,
    /// The commit that brought it in.
    pub commit: Option<Commit>,
    /// Whether HEAD still has it.
    pub in_head: Option<bool>,
    /// Full names of refs in whose history it is.
    pub refs: Vec<String>,
    /// What to do.
    pub remediation: String,
}

/// A commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Commit {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub author: String,
    /// Their address.
    pub email: String,
    /// When, RFC 3339.
    pub time: Option<String>,
    /// The first line of its message.
    pub subject: String,
}

/// A run as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// What was scanned.
    pub targets: Vec<String>,
    /// How many findings there are.
    pub findings: usize,
    /// By severity, most severe first.
    pub by_severity: Vec<(Severity, usize)>,
    /// Whether everything in scope was read.
    pub complete: bool,
    /// What the run ends with, as far as hooks do not change it.
    pub exit_code: u8,
}

impl Subject {
    /// Of a finding.
    pub fn of_finding(report: &Report, finding: &Finding) -> Self {
        let rule = report.rule(finding);
        let show = |bytes: &[u8]| report.redactor.show(bytes);
        let first = finding.occurrences.first();
        let path = first.map(|first| report.redactor.show_path(&first.path));
        let line = first.map(|first| first.location.start.line);
        let place = match (&path, line) {
            (Some(path), Some(line)) => format!("{path}:{line}"),
            _ => String::new(),
        };
        let commit = finding.first_seen.as_ref().map(|info| Commit {
            id: info.id.to_string(),
            author: show(&info.author.name),
            email: show(&info.author.email),
            time: report_json::date(info.time),
            subject: show(&info.subject),
        });
        let refs = finding.exposure.iter().flat_map(|exposure| exposure.refs.names());
        Subject {
            fingerprint: finding.fingerprint.to_string(),
            severity: Some(finding.severity),
            confidence: Some(finding.confidence),
            secret: finding.secret.masked(),
            place,
            path,
            line,
            places: finding.occurrences.len(),
            commit,
            in_head: Some(finding.in_head),
            refs: refs.take(MOST_REFS).map(|name| show(name)).collect(),
            ..Subject::of_rule(rule)
        }
    }

    /// Of a credential that was read from a saved report or standard input; `rule` if it is known.
    pub fn of_credential(credential: &Credential, rule: Option<&Rule>) -> Self {
        Subject {
            fingerprint: credential.fingerprint.to_string(),
            rule: credential.rule.clone(),
            provider: credential.provider.clone(),
            secret: credential.secret().masked(),
            place: credential.place.clone(),
            places: 1,
            severity: rule.map(|rule| rule.severity),
            ..rule.map(Subject::of_rule).unwrap_or_default()
        }
    }

    fn of_rule(rule: &Rule) -> Self {
        Subject {
            rule: rule.id.clone(),
            name: rule.name.clone(),
            provider: rule.provider.clone(),
            remediation: rule.remediation.clone(),
            ..Subject::default()
        }
    }
}

impl Summary {
    /// Of a scan.
    pub fn of(report: &Report, allow_incomplete: bool) -> Self {
        Summary {
            targets: report
                .targets
                .iter()
                .map(|target| report.redactor.show_path(target.as_bytes()))
                .collect(),
            findings: report.findings.len(),
            by_severity: report.by_severity(),
            complete: report.is_complete(),
            exit_code: report.exit_code(allow_incomplete),
        }
    }
}

/// Who is told what.
pub(super) struct Telling<'a> {
    pub(super) hook: &'a str,
    pub(super) event: Event,
    /// The same for the same event of the same finding.
    pub(super) delivery: &'a str,
    pub(super) send_secret: bool,
    pub(super) guard: &'a Guard,
}

/// The document.
pub(super) fn document(telling: &Telling<'_>, context: &Context<'_>) -> Secret {
    let mut document = json!({
        "schema_version": SCHEMA_VERSION,
        "tool": { "name": "muzzle", "version": env!("CARGO_PKG_VERSION") },
        "event": telling.event.as_str(),
        "hook": telling.hook,
        "delivery": telling.delivery,
        "time": jiff::Timestamp::now().to_string(),
        "finding": context.subject,
        "verification": context.verification.map(verification),
        "revocation": context.outcome.map(|(outcome, reason)| {
            json!({ "outcome": outcome.as_str(), "reason": reason, "plan": context.plan })
        }),
        "scan": context.summary,
    });
    for part in ["finding", "verification", "revocation"] {
        clean(&mut document[part], telling.guard);
    }
    let mut bytes = Vec::with_capacity(64 * 1024);
    let written = serde_json::to_writer(&mut bytes, &document);
    if telling.send_secret && written.is_ok() {
        bytes.pop();
        bytes.extend_from_slice(b",\"secret\":");
        let secrets = Secrets {
            value: text(context.secret),
            base64: base64(context.secret),
            companion: text(context.companion),
            new_value: text(context.new_secret),
        };
        // Into the same buffer, which does not grow for what is usual: growing leaves a copy behind.
        let _ = serde_json::to_writer(&mut bytes, &secrets);
        bytes.push(b'}');
    }
    let document = Secret::new(&bytes);
    bytes.zeroize();
    document
}

#[derive(Serialize)]
struct Secrets<'a> {
    /// `null` if it is no text.
    value: Option<&'a str>,
    base64: Option<String>,
    companion: Option<&'a str>,
    new_value: Option<&'a str>,
}

impl Drop for Secrets<'_> {
    fn drop(&mut self) {
        self.base64.zeroize();
    }
}

#[expect(clippy::disallowed_methods, reason = "send_secret = true asks for it")]
fn text(secret: Option<&Secret>) -> Option<&str> {
    secret.and_then(|secret| std::str::from_utf8(secret.expose()).ok())
}

#[expect(clippy::disallowed_methods, reason = "send_secret = true asks for it")]
fn base64(secret: Option<&Secret>) -> Option<String> {
    secret.map(|secret| STANDARD.encode(secret.expose()))
}

fn verification(said: &Verification) -> Value {
    json!({
        "verdict": said.verdict.as_str(), "reason": said.reason, "host": said.host, "identity": said.identity,
        "risk": said.risk, "time": report_json::date(said.at),
    })
}

/// Words of our own and of rules, which a short password may coincide with.
const OURS: [&str; 13] = [
    "fingerprint",
    "rule",
    "name",
    "provider",
    "severity",
    "confidence",
    "id",
    "time",
    "verdict",
    "outcome",
    "host",
    "remediation",
    "plan",
];

/// Masks once more whatever may have been let through.
fn clean(value: &mut Value, guard: &Guard) {
    match value {
        Value::String(text) => *text = guard.show(text.as_bytes()),
        Value::Array(list) => list.iter_mut().for_each(|value| clean(value, guard)),
        Value::Object(map) => map
            .iter_mut()
            .filter(|(name, _)| !OURS.contains(&name.as_str()))
            .for_each(|(_, value)| clean(value, guard)),
        _ => {}
    }
}
