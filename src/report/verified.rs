//! What the provider said of a credential, as every format tells it.

use std::collections::BTreeMap;

use super::{Report, facts, json};
use crate::finding::{Finding, Liveness};

/// An answer that may be shown.
pub(super) struct Told {
    pub(super) verdict: Liveness,
    pub(super) reason: String,
    pub(super) host: Option<String>,
    pub(super) requests: u32,
    /// Names and values.
    pub(super) identity: Vec<(String, String)>,
    pub(super) risk: Option<String>,
    /// RFC 3339 in UTC.
    pub(super) at: Option<String>,
}

/// What is known of a finding, if the provider was asked.
pub(super) fn of(report: &Report, finding: &Finding) -> Option<Told> {
    let verification = finding.verification.as_ref()?;
    let show = |text: &String| report.redactor.show(text.as_bytes());
    Some(Told {
        verdict: verification.verdict,
        reason: show(&verification.reason),
        host: verification.host.as_ref().map(show),
        requests: verification.requests,
        identity: facts::told(report, &verification.identity),
        risk: verification.risk.as_ref().map(show),
        at: json::date(verification.at),
    })
}

impl Told {
    /// The verdict, who gave it, and why.
    pub(super) fn sentence(&self) -> String {
        let host = self.host.as_ref().map(|host| format!(" ({host})")).unwrap_or_default();
        let reason = if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) };
        format!("{}{host}{reason}", words(self.verdict))
    }

    /// Who, which scopes, until when; empty if the provider told nothing.
    pub(super) fn who(&self) -> String {
        let facts: Vec<String> =
            self.identity.iter().map(|(name, value)| format!("{name} {value}")).collect();
        facts.join(", ")
    }

    /// What that means or, if nobody said, the verdict and its reason.
    pub(super) fn meaning(&self) -> String {
        self.risk.clone().unwrap_or_else(|| self.sentence())
    }
}

/// A verdict for people.
pub(crate) fn words(verdict: Liveness) -> &'static str {
    match verdict {
        Liveness::Live => "live",
        Liveness::LiveLimited => "live, with limits",
        Liveness::Disabled => "disabled",
        Liveness::Expired => "expired",
        Liveness::Dead => "dead",
        Liveness::RateLimited => "not told: rate limited",
        Liveness::Blocked => "not told: blocked",
        Liveness::Unreachable => "not told: unreachable",
        Liveness::Ambiguous => "not told: ambiguous",
        Liveness::Canary => "decoy",
        Liveness::NotAttempted => "not asked",
    }
}

/// How many findings have which verdict, most urgent first; empty if nobody was asked.
pub(super) fn counts(report: &Report) -> Vec<(Liveness, usize)> {
    let mut counts: BTreeMap<Liveness, usize> = BTreeMap::new();
    let verdicts = report.findings.iter().filter_map(|finding| finding.verification.as_ref());
    verdicts.for_each(|verification| *counts.entry(verification.verdict).or_default() += 1);
    counts.into_iter().collect()
}

/// The same in a sentence.
pub(super) fn summary(report: &Report) -> Option<String> {
    let counts: Vec<String> =
        counts(report).into_iter().map(|(verdict, number)| format!("{number} {}", words(verdict))).collect();
    (!counts.is_empty()).then(|| format!("Providers were asked: {}.", counts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn what_a_provider_says_is_masked_and_harmless() {
        let mut report = fixture::odd_report();
        let token = String::from_utf8(fixture::secret(0)).unwrap();
        let mut verification = fixture::verification(Liveness::Live);
        verification.reason = format!("it said \u{1b}[2J{token}");
        verification.risk = Some(format!("Live: acts as {token}."));
        report.findings[0].verification = Some(verification);
        let told = of(&report, &report.findings[0]).unwrap();
        assert_eq!(told.sentence(), "live (api.fixture.example): it said \\u{1b}[2Jfxt_********");
        assert_eq!(told.meaning(), "Live: acts as fxt_********.");
        assert_eq!(told.who(), "user octocat\\n::error::x, scopes repo; admin:org");
        assert_eq!(summary(&report).unwrap(), "Providers were asked: 1 live.");
    }

    #[test]
    fn nothing_is_said_where_nobody_was_asked() {
        let report = fixture::odd_report();
        assert!(of(&report, &report.findings[0]).is_none() && summary(&report).is_none());
    }
}
