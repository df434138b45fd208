//! What a verdict means, in a sentence for people. A pure function: nothing is asked, nothing is shown.

use std::borrow::Cow;

use crate::finding::{Fact, Finding, Liveness, Provenance, RefKind, Severity, Verification};

/// What else is known of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances<'a> {
    /// From the rule: what it opens if nothing else tells.
    pub severity: Severity,
    /// What the credential says about itself. The provider's word counts more.
    pub identity: &'a [Fact],
    /// Where one would meet it now.
    pub place: Place,
    /// A branch of a remote repository has it in its history.
    pub is_pushed: bool,
}

/// Where one would meet a credential now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In HEAD.
    Head,
    /// In a file of the working tree, or staged.
    Files,
    /// In older commits only.
    History,
    /// In the git directory, which no clone carries.
    Local,
    /// It was handed over, or nobody knows.
    Unknown,
}

impl<'a> Circumstances<'a> {
    /// Those of a finding.
    pub fn of(finding: &'a Finding) -> Self {
        let has = |wanted: fn(&Provenance) -> bool| finding.occurrences.iter().any(|o| wanted(&o.provenance));
        let place = if finding.in_head {
            Place::Head
        } else if has(|place| matches!(place, Provenance::Worktree | Provenance::Staged)) {
            Place::Files
        } else if has(|place| matches!(place, Provenance::Stdin)) {
            Place::Unknown
        } else if finding.occurrences.iter().all(|o| o.provenance == Provenance::Local) {
            Place::Local
        } else {
            Place::History
        };
        let is_pushed =
            finding.exposure.as_ref().is_some_and(|exposure| exposure.refs.count(RefKind::Remote) > 0);
        Circumstances { severity: finding.severity, identity: &finding.identity, place, is_pushed }
    }
}

/// Scopes that are named.
const MOST_SCOPES: usize = 6;

/// The sentence.
pub fn risk(verification: &Verification, circumstances: &Circumstances<'_>) -> String {
    let fact = |name: &str| fact(verification, circumstances, name);
    let (head, mut parts) = match verification.verdict {
        Liveness::Live => ("Live", vec![acts(verification, circumstances)]),
        Liveness::LiveLimited => {
            ("Live, with limits", vec![acts(verification, circumstances), verification.reason.clone()])
        }
        Liveness::Disabled => {
            ("Disabled", vec!["opens nothing now, and can be switched on again: have it deleted".into()])
        }
        Liveness::Expired => ("Expired", vec!["opens nothing any more".into()]),
        Liveness::Dead => ("Dead", vec!["opens nothing any more".into()]),
        Liveness::Canary => ("A decoy", vec!["who uses it is noticed, so that nobody was asked".into()]),
        Liveness::NotAttempted => ("Not asked about", vec!["treat it as live".into()]),
        Liveness::RateLimited | Liveness::Blocked | Liveness::Unreachable | Liveness::Ambiguous => {
            ("Not known whether it is live", vec!["treat it as live".into()])
        }
    };
    if verification.verdict.is_live() {
        parts.extend(fact("expires").map(|value| expiry(&value)));
        parts.extend(fact("last_used").map(|value| format!("last used {}", day(&value))));
    }
    if verification.verdict == Liveness::Expired {
        parts.extend(fact("expires").map(|value| format!("its time was over {}", day(&value))));
    }
    parts.extend(whereabouts(circumstances).map(str::to_owned));
    parts.retain(|part| !part.is_empty());
    format!("{head}: {}.", parts.join("; "))
}

/// Whom it stands for, and what it may do.
fn acts(verification: &Verification, circumstances: &Circumstances<'_>) -> String {
    let fact = |name: &str| fact(verification, circumstances, name);
    let who = ["user", "email", "account"].into_iter().find_map(fact);
    let organization = fact("organization");
    let scopes = scopes(verification);
    let who = match (who, organization) {
        (Some(who), Some(organization)) if who != organization => Some(format!("{who} of {organization}")),
        (who, organization) => who.or(organization),
    };
    match (who, scopes) {
        (Some(who), Some(scopes)) => format!("acts as {who} with {scopes}"),
        (Some(who), None) => format!("acts as {who}"),
        (None, Some(scopes)) => format!("has {scopes}"),
        (None, None) => format!("opens {}", opens(circumstances.severity)),
    }
}

fn opens(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "an account or an infrastructure",
        Severity::High => "a service",
        Severity::Medium => "some data or quota",
        Severity::Low => "little by itself",
    }
}

/// The provider's word, or the credential's own.
fn fact(verification: &Verification, circumstances: &Circumstances<'_>, name: &str) -> Option<String> {
    let facts = verification.identity.iter().chain(circumstances.identity);
    facts
        .filter(|fact| fact.name == name)
        .map(|fact| fact.value.trim())
        .find(|value| !value.is_empty())
        .map(str::to_owned)
}

/// Several facts, or one with commas or blanks, as one list.
fn scopes(verification: &Verification) -> Option<String> {
    let facts = verification.identity.iter().filter(|fact| fact.name == "scopes");
    let apart = |c: char| c == ',' || c.is_whitespace();
    let scopes: Vec<&str> =
        facts.flat_map(|fact| fact.value.split(apart)).filter(|scope| !scope.is_empty()).collect();
    let more = scopes.len().saturating_sub(MOST_SCOPES);
    let named = scopes[..scopes.len() - more].join(", ");
    match (scopes.len(), more) {
        (0, _) => None,
        (_, 0) => Some(named),
        (_, more) => Some(format!("{named} and {more} more")),
    }
}

/// When its time is over, if ever.
fn expiry(value: &str) -> String {
    match value.to_ascii_lowercase().as_str() {
        "never" | "none" | "null" | "false" | "0" | "-1" => "never expires".into(),
        _ => format!("expires {}", day(value)),
    }
}

/// The day of a time, where it is one: RFC 3339, or seconds or milliseconds since 1970.
fn day(value: &str) -> Cow<'_, str> {
    let seconds = |number: i64| if number > 100_000_000_000 { number / 1000 } else { number };
    let time = match value.parse::<i64>() {
        Ok(number) if number > 100_000_000 => jiff::Timestamp::from_second(seconds(number)).ok(),
        _ => value.parse().ok(),
    };
    let day = |text: &str| text.chars().take("2026-01-31".len()).collect::<String>();
    // Providers write times in many ways, most of which begin with the day.
    let day = match time {
        Some(time) => Some(day(&time.to_string())),
        None => Some(day(value)).filter(|day| day.parse::<jiff::civil::Date>().is_ok() && day.contains('-')),
    };
    day.map_or(Cow::Borrowed(value), |day| Cow::Owned(format!("on {day}")))
}

fn whereabouts(circumstances: &Circumstances<'_>) -> Option<&'static str> {
    Some(match (circumstances.place, circumstances.is_pushed) {
        (Place::Head, true) => "still in HEAD, and pushed",
        (Place::Head, false) => "still in HEAD",
        (Place::Files, true) => "in the files here, and pushed",
        (Place::Files, false) => "in the files here",
        (Place::History, true) => "still in the history, which was pushed",
        (Place::History, false) => "still in the history",
        (Place::Local, _) => "in the git directory here",
        (Place::Unknown, _) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verification(verdict: Liveness, facts: &[(&'static str, &str)]) -> Verification {
        let fact =
            |(name, value): &(&'static str, &str)| Fact { name: (*name).into(), value: (*value).to_owned() };
        Verification {
            verdict,
            reason: "its quota is used up".into(),
            host: Some("api.example.com".into()),
            requests: 1,
            identity: facts.iter().map(fact).collect(),
            risk: None,
            at: 0,
        }
    }

    #[test]
    fn a_verdict_in_words() {
        use Liveness::{Ambiguous, Canary, Dead, Disabled, Expired, Live, LiveLimited, NotAttempted};
        let octocat = [("user", "octocat"), ("scopes", "repo, admin:org"), ("expires", "never")];
        let many = [("scopes", "a b"), ("scopes", "c,d e f"), ("scopes", "g h")];
        let dated = [("account", "123456789012"), ("expires", "2031-02-03T04:05:06Z")];
        let used = [("email", "ada@example.com"), ("organization", "acme"), ("last_used", "1767323045")];
        for (verdict, facts, severity, place, is_pushed, expected) in [
            (
                Live,
                &octocat[..],
                Severity::Critical,
                Place::Head,
                false,
                "Live: acts as octocat with repo, admin:org; never expires; still in HEAD.",
            ),
            (
                Live,
                &[],
                Severity::Critical,
                Place::Head,
                true,
                "Live: opens an account or an infrastructure; still in HEAD, and pushed.",
            ),
            (
                Live,
                &many,
                Severity::High,
                Place::History,
                false,
                "Live: has a, b, c, d, e, f and 2 more; still in the history.",
            ),
            (
                Live,
                &dated,
                Severity::High,
                Place::Files,
                false,
                "Live: acts as 123456789012; expires on 2031-02-03; in the files here.",
            ),
            (
                Live,
                &used,
                Severity::High,
                Place::History,
                true,
                "Live: acts as ada@example.com of acme; last used on 2026-01-02; still in the history, which was \
                 pushed.",
            ),
            (
                LiveLimited,
                &[],
                Severity::Medium,
                Place::Head,
                false,
                "Live, with limits: opens some data or quota; its quota is used up; still in HEAD.",
            ),
            (
                Disabled,
                &[],
                Severity::High,
                Place::Unknown,
                false,
                "Disabled: opens nothing now, and can be switched on again: have it deleted.",
            ),
            (
                Expired,
                &dated,
                Severity::High,
                Place::Unknown,
                false,
                "Expired: opens nothing any more; its time was over on 2031-02-03.",
            ),
            (
                Dead,
                &octocat,
                Severity::High,
                Place::Head,
                false,
                "Dead: opens nothing any more; still in HEAD.",
            ),
            (
                Ambiguous,
                &[],
                Severity::High,
                Place::Unknown,
                false,
                "Not known whether it is live: treat it as live.",
            ),
            (NotAttempted, &[], Severity::High, Place::Unknown, false, "Not asked about: treat it as live."),
            (
                Canary,
                &[],
                Severity::High,
                Place::Unknown,
                false,
                "A decoy: who uses it is noticed, so that nobody was asked.",
            ),
        ] {
            let circumstances = Circumstances { severity, identity: &[], place, is_pushed };
            assert_eq!(risk(&verification(verdict, facts), &circumstances), expected);
        }
    }

    #[test]
    fn the_providers_word_counts_more_than_the_credentials() {
        let own = [Fact { name: "account".into(), value: "own".into() }];
        let circumstances = Circumstances {
            severity: Severity::High,
            identity: &own,
            place: Place::Unknown,
            is_pushed: false,
        };
        let live =
            |facts: &[(&'static str, &str)]| risk(&verification(Liveness::Live, facts), &circumstances);
        assert_eq!(live(&[]), "Live: acts as own.");
        assert_eq!(live(&[("account", "theirs")]), "Live: acts as theirs.");
    }

    #[test]
    fn days_are_read_as_providers_write_them() {
        for (value, expected) in [
            ("2030-01-01T00:00:00Z", "on 2030-01-01"),
            ("2030-01-01 00:00:00 UTC", "on 2030-01-01"),
            ("2030-01-01", "on 2030-01-01"),
            ("1893456000", "on 2030-01-01"),
            ("1893456000000", "on 2030-01-01"),
            ("20300101", "20300101"),
            ("next week", "next week"),
        ] {
            assert_eq!(day(value), expected);
        }
        assert_eq!(expiry("Never"), "never expires");
    }

    #[test]
    fn nothing_but_what_is_live_or_dead_is_said_to_be() {
        let circumstances = Circumstances {
            severity: Severity::High,
            identity: &[],
            place: Place::Unknown,
            is_pushed: false,
        };
        for verdict in Liveness::ALL {
            let text = risk(&verification(verdict, &[]), &circumstances);
            assert_eq!(text.starts_with("Live"), verdict.is_live(), "{text}");
            assert_eq!(text.contains("opens nothing any more"), verdict.is_over(), "{text}");
        }
    }
}
