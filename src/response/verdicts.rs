//! Answers for people and programs: a few lines for each credential, then how many there are of each verdict.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::finding::{Finding, Liveness, Verification};
use crate::report::text::visible;
use crate::report::verified::words;
use crate::report::{Report, json};

/// What is told of one credential. Every text is masked and printable.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// Its identity.
    pub fingerprint: String,
    /// The rule.
    pub rule: String,
    /// The rule's provider.
    pub provider: String,
    /// Masked.
    pub secret: String,
    /// Where it was found first.
    pub place: String,
    /// The verdict.
    pub verdict: Liveness,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub host: Option<String>,
    /// How many requests were sent for it.
    pub requests: u32,
    /// Who, which scopes, until when.
    #[serde(serialize_with = "json::in_order")]
    pub identity: Vec<(String, String)>,
    /// What that means.
    pub risk: Option<String>,
    /// RFC 3339 in UTC.
    pub at: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: &'static str,
    plan: &'a str,
    verdicts: &'a [Verdict],
}

impl Verdict {
    /// Of an answer that is masked already.
    pub fn new(
        (fingerprint, rule, provider): (String, &str, &str),
        (secret, place): (String, String),
        answer: &Verification,
    ) -> Self {
        let text = |text: &str| visible(text.as_bytes());
        Verdict {
            fingerprint,
            rule: text(rule),
            provider: text(provider),
            secret,
            place,
            verdict: answer.verdict,
            reason: text(&answer.reason),
            host: answer.host.as_deref().map(text),
            requests: answer.requests,
            identity: answer.identity.iter().map(|fact| (text(&fact.name), text(&fact.value))).collect(),
            risk: answer.risk.as_deref().map(text),
            at: json::date(answer.at),
        }
    }

    fn of(report: &Report, finding: &Finding) -> Option<Self> {
        let answer = finding.verification.as_ref()?;
        let rule = report.rule(finding);
        let first = finding.occurrences.first()?;
        let place = format!("{}:{}", report.redactor.show_path(&first.path), first.location.start.line);
        let identity = (finding.fingerprint.to_string(), rule.id.as_str(), rule.provider.as_str());
        Some(Verdict::new(identity, (finding.secret.masked(), place), answer))
    }
}

/// Those of a report, in its order: of what counts, then of what does not.
pub fn of_report(report: &Report) -> Vec<Verdict> {
    let hidden = report.suppressions.suppressed.iter().filter(|one| one.is_whole).map(|one| &one.finding);
    report.findings.iter().chain(hidden).filter_map(|finding| Verdict::of(report, finding)).collect()
}

/// 0 nothing is live, 1 something is, 3 of something it could not be told, 4 both.
pub fn exit_code(verdicts: &[Verdict]) -> u8 {
    let has = |wanted: fn(Liveness) -> bool| verdicts.iter().any(|verdict| wanted(verdict.verdict));
    match (has(Liveness::is_live), has(|verdict| !verdict.is_told())) {
        (false, false) => 0,
        (true, false) => 1,
        (false, true) => 3,
        (true, true) => 4,
    }
}

/// For people.
pub fn render(verdicts: &[Verdict]) -> String {
    let mut out = String::new();
    for verdict in verdicts {
        let host = verdict.host.as_ref().map(|host| format!("{host}: ")).unwrap_or_default();
        let _ = writeln!(
            out,
            "{}: {} {} at {}",
            words(verdict.verdict),
            verdict.rule,
            verdict.secret,
            verdict.place
        );
        if let Some(risk) = &verdict.risk {
            let _ = writeln!(out, "    {risk}");
        }
        if !verdict.reason.is_empty() {
            let _ = writeln!(out, "    {host}{}", verdict.reason);
        }
        let facts: Vec<String> =
            verdict.identity.iter().map(|(name, value)| format!("{name} {value}")).collect();
        if !facts.is_empty() {
            let _ = writeln!(out, "    {}", facts.join(", "));
        }
        let _ = writeln!(out, "    {}", verdict.fingerprint);
    }
    let mut counts: BTreeMap<Liveness, usize> = BTreeMap::new();
    verdicts.iter().for_each(|verdict| *counts.entry(verdict.verdict).or_default() += 1);
    let counts: Vec<String> =
        counts.into_iter().map(|(verdict, number)| format!("{number} {}", words(verdict))).collect();
    let requests: u32 = verdicts.iter().map(|verdict| verdict.requests).sum();
    let _ = if counts.is_empty() {
        writeln!(out, "There was nothing to ask about.")
    } else {
        writeln!(out, "{}. Requests sent: {requests}.", counts.join(", "))
    };
    out
}

/// For programs.
pub fn document(verdicts: &[Verdict], plan: &str) -> Vec<u8> {
    let document = Document { schema_version: "1", plan, verdicts };
    json::write(&document, serde_json::ser::PrettyFormatter::new())
}
