//! Cases: what may be taken for the provider's word.

use std::collections::BTreeMap;

use super::super::{Case, OneOrMore, Outcome};
use super::{Checked, ensure, is_pointer};
use crate::finding::Liveness;

/// Headers that anything in between sends, too.
const ANYBODYS: [&str; 8] =
    ["cache-control", "connection", "content-length", "content-type", "date", "server", "vary", "via"];

/// How much a case asks of a reply beside its status.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Evidence {
    Nothing,
    Empty,
    Json,
    /// Something that this provider says.
    Own,
}

fn evidence<M>(case: &Case<M>) -> Evidence {
    let is_telling = |(name, part): (&String, &String)| {
        let name = name.to_ascii_lowercase();
        !(ANYBODYS.contains(&name.as_str()) || (name == "www-authenticate" && part == "*"))
    };
    if !case.json.is_empty()
        || !case.has.is_empty()
        || case.text.is_some()
        || case.header.iter().any(is_telling)
    {
        Evidence::Own
    } else if case.is_json {
        Evidence::Json
    } else if case.is_empty {
        Evidence::Empty
    } else {
        Evidence::Nothing
    }
}

fn is_all<M>(case: &Case<M>, holds: impl Fn(u16) -> bool) -> bool {
    case.status.as_slice().iter().all(|status| holds(*status))
}

/// What holds for all cases.
fn form<M>(case: &Case<M>) -> Checked {
    ensure(!case.status.as_slice().is_empty(), "a case has a `status`")?;
    for status in case.status.as_slice() {
        let is_open = (200..300).contains(status) || (400..500).contains(status);
        let why = "a case is about 2xx or 4xx, but for 407 and 429: what the others mean is the same for all providers";
        ensure(is_open && ![407, 429].contains(status), format!("status {status}: {why}"))?;
    }
    for pointer in case.json.keys().chain(&case.has) {
        ensure(is_pointer(pointer), format!("{pointer:?} is no JSON pointer"))?;
    }
    ensure(
        case.json.values().all(|values| !values.as_slice().is_empty()),
        "`json`: a pointer without a value",
    )?;
    for text in case.text.iter().flat_map(OneOrMore::as_slice) {
        ensure(text.trim().len() >= 4, format!("`text`: {text:?} stands in anything"))?;
        let why = format!("`text`: {text:?} is about how JSON is written; `json` is about what it says");
        ensure(!text.contains("\":"), why)?;
    }
    let is_plain = |headers: &BTreeMap<String, String>| headers.values().all(|part| !part.is_empty());
    ensure(is_plain(&case.header), "`header`: a part of its value, or `*`")?;
    ensure(
        !case.is_empty || (!case.is_json && case.json.is_empty() && case.has.is_empty()),
        "empty is no JSON",
    )
}

pub(super) fn verify(cases: &[Case<Liveness>], probe: bool) -> Checked {
    for case in cases {
        form(case)?;
        let evidence = evidence(case);
        let statuses = case.status.as_slice();
        match case.means {
            Liveness::Live | Liveness::LiveLimited => {
                let is_enough = match evidence {
                    Evidence::Own => true,
                    Evidence::Json => probe,
                    Evidence::Empty => is_all(case, |status| status == 204),
                    Evidence::Nothing => false,
                };
                let why = "anybody answers so; `json`, `has`, `header` or `text` tell the provider's word";
                ensure(is_enough, format!("{statuses:?} is no proof of {}: {why}", case.means))?;
            }
            Liveness::Dead | Liveness::Expired | Liveness::Disabled => {
                let is_enough = match evidence {
                    Evidence::Own => true,
                    Evidence::Json => is_all(case, |status| status == 401),
                    Evidence::Empty | Evidence::Nothing => false,
                };
                let why = "only the provider's own words say so (`json`, `has`, `header`, `text`; `is_json` is enough for 401)";
                ensure(is_enough, format!("{statuses:?} does not say {}: {why}", case.means))?;
            }
            Liveness::RateLimited | Liveness::Blocked => {
                let why = "429, pages and the like are told without a case; another status wants the provider's words";
                ensure(
                    evidence == Evidence::Own,
                    format!("{statuses:?} does not say {}: {why}", case.means),
                )?;
            }
            Liveness::Ambiguous => {}
            Liveness::Unreachable | Liveness::Canary | Liveness::NotAttempted => {
                return Err(format!("no reply means {}", case.means));
            }
        }
    }
    ensure(cases.iter().any(|case| case.means.is_live()), "no case means `live` or `live_limited`")
}

fn outcomes(cases: &[Case<Outcome>], allowed: &[Outcome]) -> Checked {
    for case in cases {
        form(case)?;
        let statuses = case.status.as_slice();
        let means = case.means;
        ensure(allowed.contains(&means), format!("no reply here means {means}"))?;
        match means {
            Outcome::Accepted => {
                let why = format!("{statuses:?} is not accepted: 2xx is");
                ensure(is_all(case, |status| status < 300), why)?;
            }
            Outcome::AlreadyDead => {
                let is_enough = match evidence(case) {
                    Evidence::Own => true,
                    Evidence::Json => is_all(case, |status| [401, 404, 410].contains(&status)),
                    Evidence::Empty | Evidence::Nothing => false,
                };
                let why = "only the provider's own words say so (`is_json` is enough for 401, 404 and 410)";
                ensure(is_enough, format!("{statuses:?} does not say {means}: {why}"))?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Of a look-up, which changes nothing.
pub(super) fn look_up(cases: &[Case<Outcome>]) -> Checked {
    use Outcome::{AlreadyDead, ManualRequired, NotAuthorised, RateLimited, Refused};
    outcomes(cases, &[AlreadyDead, ManualRequired, NotAuthorised, RateLimited, Refused])
}

/// Of a call that changes something.
pub(super) fn change(cases: &[Case<Outcome>]) -> Checked {
    use Outcome::{Accepted, AlreadyDead, NotAuthorised, RateLimited, Refused};
    outcomes(cases, &[Accepted, AlreadyDead, NotAuthorised, RateLimited, Refused])?;
    ensure(cases.iter().any(|case| case.means == Accepted), "no case means `accepted`")
}
