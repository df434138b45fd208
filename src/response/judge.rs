//! A reply → what it means. Only what a rule lists means anything.
//!
//! What any provider's infrastructure, or something in between, may answer is told first and the same for all; the rule's
//! list says the rest. So a limit, a page or a failure is never taken for the provider's word on a credential.

use serde_json::Value;

use super::body::Body;
use super::call::{Reply, SendError};
use crate::finding::{Fact, Liveness};
use crate::report::text::{clip, visible};
use crate::rules::response::{Case, Outcome, Verify};

/// Longest fact, in characters.
const LONGEST_FACT: usize = 200;

/// What a reply means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The verdict.
    pub verdict: Liveness,
    /// Why, for people. Masked by the caller.
    pub reason: String,
    /// What the reply says of the credential. Masked by the caller.
    pub identity: Vec<Fact>,
}

impl Judged {
    /// Without anything about its owner.
    pub fn new(verdict: Liveness, reason: impl Into<String>) -> Self {
        Judged { verdict, reason: reason.into(), identity: Vec::new() }
    }
}

/// What a reply to a verification means.
///
/// In this order: 429, and 403 or 503 that tell when to come again, are `rate_limited`; 407 is `blocked`; 5xx is
/// `unreachable`; a page is `blocked`; 3xx is `ambiguous`; JSON that cannot be read, and a body that broke off, are
/// `ambiguous`; then the first of the rule's cases that holds; else `ambiguous`.
pub fn liveness(spec: &Verify, reply: &Result<Reply, SendError>) -> Judged {
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) => {
            let verdict = match error {
                SendError::Refused(_) => Liveness::NotAttempted,
                SendError::RateLimited(_) => Liveness::RateLimited,
                SendError::NotSent(_) | SendError::Unclear(_) => Liveness::Unreachable,
            };
            return Judged::new(verdict, error.to_string());
        }
    };
    let body = Body::of(reply);
    let status = reply.status;
    if let Some(why) = limit(reply, &body) {
        return Judged::new(Liveness::RateLimited, why);
    }
    match (status, &body) {
        (407, _) => {
            return Judged::new(Liveness::Blocked, "a proxy in between wants a log-in of its own (407)");
        }
        (500..600, _) => {
            return Judged::new(Liveness::Unreachable, format!("the provider failed ({status})"));
        }
        (_, Body::Html) => {
            let why =
                format!("a page came in place of an answer ({status}): something in between, or a block");
            return Judged::new(Liveness::Blocked, why);
        }
        (300..400, _) => {
            let why = format!("the answer points elsewhere ({status}); redirects are not followed");
            return Judged::new(Liveness::Ambiguous, why);
        }
        (_, Body::Broken) => {
            let why = format!("status {status} with a body that cannot be read, or broke off");
            return Judged::new(Liveness::Ambiguous, why);
        }
        _ => {}
    }
    let Some(case) = spec.when.iter().find(|case| holds(case, reply, &body)) else {
        return Judged::new(Liveness::Ambiguous, unlisted(status, &body));
    };
    let reason = case.because.clone().unwrap_or_else(|| format!("the provider answered {status}"));
    let identity = if case.means == Liveness::Dead { Vec::new() } else { facts(spec, reply, &body) };
    Judged { verdict: case.means, reason, identity }
}

/// What a reply to a revocation means, and why.
///
/// Limits are told first, then failures and pages; then the first case that holds. Else a 4xx is a refusal, and anything
/// else leaves it open what happened.
pub fn outcome(cases: &[Case<Outcome>], reply: &Result<Reply, SendError>) -> (Outcome, String) {
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) => {
            let outcome = match error {
                SendError::Refused(_) => Outcome::SkippedPolicy,
                SendError::NotSent(_) => Outcome::Refused,
                SendError::RateLimited(_) => Outcome::RateLimited,
                SendError::Unclear(_) => Outcome::Unknown,
            };
            return (outcome, error.to_string());
        }
    };
    let body = Body::of(reply);
    let status = reply.status;
    // A 503 may come from behind the call that did it.
    if let Some(why) = limit(reply, &body).filter(|_| status != 503) {
        return (Outcome::RateLimited, why);
    }
    let is_refusal = (400..500).contains(&status);
    let open = if is_refusal { Outcome::Refused } else { Outcome::Unknown };
    match (status, &body) {
        (407, _) => return (open, "a proxy in between wants a log-in of its own (407)".into()),
        (300..400 | 500.., _) => {
            return (open, format!("status {status}: it may have happened, or not"));
        }
        (_, Body::Html | Body::Broken) => {
            return (open, format!("status {status} with a page, or a body that cannot be read"));
        }
        _ => {}
    }
    match cases.iter().find(|case| holds(case, reply, &body)) {
        Some(case) => {
            let why = case.because.clone().unwrap_or_else(|| format!("the provider answered {status}"));
            (case.means, why)
        }
        None => (open, unlisted(status, &body)),
    }
}

/// Why it is a limit, if it is one.
fn limit(reply: &Reply, body: &Body) -> Option<String> {
    let status = reply.status;
    let wait = reply.header("retry-after");
    let is_used_up = ["x-ratelimit-remaining", "ratelimit-remaining", "x-rate-limit-remaining"]
        .iter()
        .any(|name| reply.header(name).is_some_and(|left| left.trim() == "0"));
    let says_so = || {
        let strings = strings(body);
        strings.iter().any(|text| text.contains("rate limit") || text.contains("too many requests"))
    };
    let is_limit = match status {
        429 => true,
        403 => wait.is_some() || is_used_up || says_so(),
        503 => wait.is_some() || is_used_up,
        _ => false,
    };
    is_limit.then(|| match wait {
        Some(wait) => {
            format!("too many requests ({status}); ask again after {}", clip(&visible(wait.as_bytes()), 40))
        }
        None => format!("too many requests ({status}); ask again later"),
    })
}

fn unlisted(status: u16, body: &Body) -> String {
    let what = match body {
        Body::Empty => "without a body",
        Body::Json(_) => "with JSON",
        _ => "with a text",
    };
    format!("status {status} {what} is not known to mean anything here")
}

/// Whether all criteria of a case hold.
fn holds<M>(case: &Case<M>, reply: &Reply, body: &Body) -> bool {
    let header = |(name, part): (&String, &String)| {
        let values = reply.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        values.into_iter().any(|(_, value)| part == "*" || contains(value, part))
    };
    case.status.as_slice().contains(&reply.status)
        && case.json.iter().all(|(pointer, values)| {
            body.at(pointer).is_some_and(|found| values.as_slice().iter().any(|value| equal(found, value)))
        })
        && case.has.iter().all(|pointer| body.at(pointer).is_some())
        && case.text.as_ref().is_none_or(|texts| holds_text(texts.as_slice(), reply, body))
        && case.header.iter().all(header)
        && (!case.is_json || body.is_structure())
        && (!case.is_empty || *body == Body::Empty)
}

fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

/// Strings without regard to case.
fn equal(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::String(found), Value::String(wanted)) => found.to_lowercase() == wanted.to_lowercase(),
        _ => found == wanted,
    }
}

#[expect(clippy::disallowed_methods, reason = "messages that are no JSON are looked for in the body's text")]
fn holds_text(texts: &[String], reply: &Reply, body: &Body) -> bool {
    let all = match body {
        Body::Json(_) => strings(body),
        Body::Empty => return false,
        _ => vec![String::from_utf8_lossy(reply.body.expose()).to_lowercase()],
    };
    texts.iter().any(|text| all.iter().any(|found| found.contains(&text.to_lowercase())))
}

/// All strings of JSON, in lower case.
fn strings(body: &Body) -> Vec<String> {
    let mut found = Vec::new();
    let mut left: Vec<&Value> = match body {
        Body::Json(value) => vec![value],
        _ => Vec::new(),
    };
    while let Some(value) = left.pop() {
        match value {
            Value::String(text) => found.push(text.to_lowercase()),
            Value::Array(list) => left.extend(list),
            Value::Object(map) => left.extend(map.values()),
            _ => {}
        }
    }
    found
}

/// What the rule says that a reply tells of the credential.
fn facts(spec: &Verify, reply: &Reply, body: &Body) -> Vec<Fact> {
    let fact = |(name, selector): (&String, &String)| {
        let value = match selector.strip_prefix("header:") {
            Some(header) => reply.header(&header.to_ascii_lowercase()).map(str::to_owned),
            None => body.at(selector).and_then(text_of),
        }?;
        let value = clip(&visible(value.trim().as_bytes()), LONGEST_FACT);
        (!value.is_empty()).then(|| Fact { name: name.clone().into(), value })
    };
    spec.identity.iter().filter_map(fact).collect()
}

/// A value as text; of a list, its plain values; of an object whose values say yes or no, the names of those that say yes.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Array(list) => {
            let plain = list.iter().filter(|value| !value.is_array() && !value.is_object());
            Some(plain.filter_map(text_of).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let granted = map.iter().filter(|(_, value)| **value == Value::Bool(true));
            Some(granted.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "))
        }
        Value::Null => None,
    }
}
