//! What the modules share: inputs as text, requests, and what every reply may mean, whoever gives it.

use std::borrow::Cow;

use crate::finding::{Fact, Liveness};
use crate::response::call::{Purpose, Reply, Request, SendError, Transport};
use crate::response::inputs::Inputs;
use crate::response::judge::Judged;
use crate::response::plan::{Plan, Planned};
use crate::rules::response::Outcome;
use crate::secret::Secret;

/// The input's bytes, if it is there and not empty.
#[expect(clippy::disallowed_methods, reason = "modules sign with it or send it, to its own provider alone")]
pub(super) fn bytes<'a>(inputs: &'a Inputs, name: &str) -> Option<&'a [u8]> {
    inputs.get(name).map(Secret::expose).filter(|bytes| !bytes.is_empty())
}

/// The input as text, without blanks round it.
pub(super) fn text<'a>(inputs: &'a Inputs, name: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(bytes(inputs, name)?).ok()?.trim();
    (!text.is_empty()).then_some(text)
}

/// What came back. It may echo what was sent: looked at here, and shown to nobody as it is.
#[expect(clippy::disallowed_methods, reason = "a reply is read to see what it says")]
pub(super) fn body(reply: &Reply) -> &[u8] {
    reply.body.expose()
}

/// The reply as JSON, if it is whole.
pub(super) fn json(reply: &Reply) -> Option<serde_json::Value> {
    if reply.is_cut {
        return None;
    }
    serde_json::from_slice(body(reply)).ok()
}

/// Begins a request over HTTPS. `path` is what plans and logs show; `target` what is sent.
pub(super) fn request(
    purpose: Purpose,
    method: &str,
    (host, port): (&str, u16),
    path: &str,
    target: &str,
) -> Request {
    let at = if port == 443 { host.to_owned() } else { format!("{host}:{port}") };
    Request {
        purpose,
        method: method.to_owned(),
        host: host.to_owned(),
        port,
        target: Secret::new(target.as_bytes()),
        headers: vec![header("accept", b"application/json")],
        body: None,
        template: format!("{method} https://{at}{path}"),
    }
}

/// One header.
pub(super) fn header(name: &str, value: &[u8]) -> (String, Secret) {
    (name.to_owned(), Secret::new(value))
}

/// Names and values as the body of a form.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A request with a form as its body.
pub(super) fn post_form(purpose: Purpose, at: (&str, u16), path: &str, fields: &[(&str, &str)]) -> Request {
    let mut request = request(purpose, "POST", at, path, path);
    request.headers.push(header("content-type", b"application/x-www-form-urlencoded"));
    request.body = Some(Secret::new(form(fields).as_bytes()));
    request
}

/// `Authorization: Basic`.
pub(super) fn basic(user: &str, password: &str) -> (String, Secret) {
    use base64::Engine as _;
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    header("authorization", format!("Basic {pair}").as_bytes())
}

/// `Authorization: Bearer`.
pub(super) fn bearer(token: &str) -> (String, Secret) {
    header("authorization", format!("Bearer {token}").as_bytes())
}

/// `name` or `name:port` of trusted configuration.
pub(super) fn host_and_port(listed: &str, default: u16) -> Option<(&str, u16)> {
    match listed.rsplit_once(':') {
        Some((host, port)) => Some((host, port.parse().ok()?)),
        None => Some((listed, default)),
    }
}

/// One call of a plan.
pub(super) fn planned(request: &Request, sends: &[&str]) -> Planned {
    Planned {
        purpose: request.purpose,
        template: request.template.clone(),
        host: request.host.clone(),
        sends: sends.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// No call, and why.
pub(super) fn nothing(why: impl Into<String>) -> Plan {
    Plan::Nothing(why.into())
}

pub(super) fn judged(verdict: Liveness, reason: impl Into<String>) -> Judged {
    Judged { verdict, reason: reason.into(), identity: Vec::new() }
}

pub(super) fn fact(name: &'static str, value: impl Into<String>) -> Fact {
    Fact { name: Cow::Borrowed(name), value: value.into() }
}

/// Not asked, and why.
pub(super) fn not_asked(why: impl Into<String>) -> Judged {
    judged(Liveness::NotAttempted, why)
}

/// The reply, unless there is none, it is none of the provider's, or it says nothing of the credential.
///
/// # Errors
/// The verdict that follows, whichever provider it is.
pub(super) fn answered(reply: &Result<Reply, SendError>) -> Result<&Reply, Judged> {
    match reply {
        Ok(reply) => answered_reply(reply),
        Err(error) => Err(unanswered(error)),
    }
}

/// What follows from no reply: nothing about the credential.
pub(super) fn unanswered(error: &SendError) -> Judged {
    let verdict = match error {
        SendError::Refused(_) => Liveness::NotAttempted,
        SendError::RateLimited(_) => Liveness::RateLimited,
        SendError::NotSent(_) | SendError::Unclear(_) => Liveness::Unreachable,
    };
    judged(verdict, error.to_string())
}

/// The same of a reply that came.
///
/// # Errors
/// The verdict that follows, whichever provider it is.
pub(super) fn answered_reply(reply: &Reply) -> Result<&Reply, Judged> {
    let status = reply.status;
    if is_limited(reply) {
        return Err(judged(Liveness::RateLimited, format!("{status}: too many requests, ask again later")));
    }
    match status {
        407 => Err(judged(Liveness::Blocked, "a proxy wants a log-in")),
        300..=399 => Err(judged(Liveness::Ambiguous, format!("{status}: a redirect, which is not followed"))),
        500.. => Err(judged(Liveness::Unreachable, format!("{status}: the provider's own failure"))),
        _ if is_html(reply) => Err(judged(Liveness::Blocked, "a web page answered in the provider's place")),
        _ if reply.is_cut => Err(judged(Liveness::Ambiguous, format!("{status}: the answer broke off"))),
        _ => Ok(reply),
    }
}

/// An answer that is not listed.
pub(super) fn unlisted(reply: &Reply) -> Judged {
    judged(Liveness::Ambiguous, format!("{}: an answer that is not known", reply.status))
}

fn is_limited(reply: &Reply) -> bool {
    reply.status == 429
        || reply.status == 403
            && (reply.header("retry-after").is_some()
                || reply.header("x-ratelimit-remaining").is_some_and(|left| left.trim() == "0"))
}

fn is_html(reply: &Reply) -> bool {
    let declared =
        reply.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    let start: Vec<u8> = body(reply)
        .iter()
        .skip_while(|byte| byte.is_ascii_whitespace())
        .take(14)
        .map(u8::to_ascii_lowercase)
        .collect();
    declared || start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

/// What a reply to a call that changes something means where the module lists nothing for it.
pub(super) fn outcome_of(reply: &Reply) -> (Outcome, String) {
    let status = reply.status;
    match status {
        _ if is_limited(reply) => (Outcome::RateLimited, format!("{status}: too many requests")),
        407 => (Outcome::Unknown, "a proxy answered in the provider's place".to_owned()),
        400..=499 if !is_html(reply) => (Outcome::Refused, format!("{status}: refused")),
        _ => (Outcome::Unknown, format!("{status}: an answer that is not known")),
    }
}

/// Sends a read-only call that a revocation needs first. Without an answer nothing was changed: that is what the error says.
///
/// # Errors
/// [`SendError::NotSent`] in place of [`SendError::Unclear`].
pub(super) fn look_up(transport: &dyn Transport, request: &Request) -> Result<Reply, SendError> {
    transport.send(request).map_err(nothing_changed)
}

/// The error of a read-only call, as that of the whole revocation.
pub(super) fn nothing_changed(error: SendError) -> SendError {
    match error {
        SendError::Unclear(why) => SendError::NotSent(format!("the look-up before got no answer: {why}")),
        other => other,
    }
}

/// What a provider's code or name is, as far as it can be shown: short, and of plain characters.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':' | '/' | '@' | '+' | '='))
        .take(200)
        .collect()
}
