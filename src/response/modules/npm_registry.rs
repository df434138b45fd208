//! Registries that speak npm's protocol. No host is built in: `[network.hosts] npm` lists those that may be asked.
//!
//! A rule's inputs: `secret` is the token. The registry is the one that the token's line names (`//host/path/:_authToken=`),
//! if it is listed; a line that names none leaves the listed ones, one after the other. `responder` is a token that revokes
//! in the leaked one's place, `otp` a one-time password for accounts that demand one.

#[cfg(test)]
mod tests;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Module, ask};
use crate::finding::Liveness;
use crate::response::call::{Purpose, Reply, Request, SendError, Transport};
use crate::response::inputs::{Credential, Inputs};
use crate::response::judge::Judged;
use crate::response::plan::Plan;
use crate::response::settings::Settings;
use crate::rules::response::Outcome;

/// Registries of npm's kind.
pub(super) struct NpmRegistry;

/// Where a registry lies: host, port, and the path that comes before every other.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Registry {
    host: String,
    port: u16,
    path: String,
}

impl Module for NpmRegistry {
    fn name(&self) -> &'static str {
        "npm_registry"
    }

    fn plan_verify(&self, credential: &Credential, settings: &Settings) -> Plan {
        match ready(credential, settings) {
            Ok((token, registries)) => {
                let calls = registries.iter().map(|at| whoami(at, token));
                Plan::Requests(calls.map(|request| ask::planned(&request, &["secret"])).collect())
            }
            Err(why) => ask::nothing(why),
        }
    }

    fn verify(&self, credential: &Credential, transport: &dyn Transport, settings: &Settings) -> Judged {
        let (token, registries) = match ready(credential, settings) {
            Ok(ready) => ready,
            Err(why) => return ask::not_asked(why),
        };
        let mut doubt = None;
        for at in &registries {
            let judged = read_whoami(&transport.send(&whoami(at, token)));
            match judged.verdict {
                Liveness::Dead => {}
                verdict if verdict.is_live() => return judged,
                _ => doubt = doubt.or(Some(judged)),
            }
        }
        let names: Vec<&str> = registries.iter().map(|at| at.host.as_str()).collect();
        let dead = || ask::judged(Liveness::Dead, format!("401: not known to {}", names.join(", ")));
        doubt.unwrap_or_else(dead)
    }

    fn plan_revoke(&self, credential: &Credential, _delete: bool, settings: &Settings) -> Plan {
        match ready(credential, settings) {
            Ok((token, registries)) => {
                let sign = signer(&credential.inputs).unwrap_or(token);
                let calls = registries.iter().flat_map(|at| {
                    let list = ask::planned(&list(at, sign), &["secret"]);
                    [list, ask::planned(&delete_by_value(at, token, sign), &["secret"])]
                });
                Plan::Requests(calls.collect())
            }
            Err(why) => ask::nothing(why),
        }
    }

    fn revoke(
        &self,
        credential: &Credential,
        _delete: bool,
        transport: &dyn Transport,
        settings: &Settings,
    ) -> Result<(Outcome, String), SendError> {
        let (token, registries) = match ready(credential, settings) {
            Ok(ready) => ready,
            Err(why) => return Ok((Outcome::SkippedPolicy, why)),
        };
        let responder = signer(&credential.inputs);
        let sign = responder.unwrap_or(token);
        for at in &registries {
            let reply = ask::look_up(transport, &list(at, sign))?;
            match reply.status {
                401 if responder.is_none() && is_json_error(&reply) && !wants_otp(&reply) => {}
                200 => {
                    let mut request = match listed_key(&reply, token) {
                        Some(key) => delete_by_key(at, &key, sign),
                        None => delete_by_value(at, token, sign),
                    };
                    let otp = ask::text(&credential.inputs, "otp");
                    request.headers.extend(otp.map(|code| ask::header("npm-otp", code.as_bytes())));
                    return transport.send(&request).map(|reply| read_delete(&reply));
                }
                _ => return Ok(before(&reply)),
            }
        }
        Ok((Outcome::AlreadyDead, "401: not known to the registry".to_owned()))
    }
}

fn ready<'a>(credential: &'a Credential, settings: &Settings) -> Result<(&'a str, Vec<Registry>), String> {
    let token = ask::text(&credential.inputs, "secret").ok_or("the token is not text")?;
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("the token holds characters that no registry gives out".to_owned());
    }
    registries(&credential.inputs, settings).map(|registries| (token, registries))
}

/// Who revokes it, if not the token itself.
fn signer(inputs: &Inputs) -> Option<&str> {
    ask::text(inputs, "responder").filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()))
}

fn registries(inputs: &Inputs, settings: &Settings) -> Result<Vec<Registry>, String> {
    let listed = settings.hosts.get("npm").map(Vec::as_slice).unwrap_or_default();
    let listed: Vec<(&str, u16)> = listed.iter().filter_map(|one| ask::host_and_port(one, 443)).collect();
    if let Some(named) = ask::text(inputs, "line").and_then(named_in) {
        let is_listed = listed.iter().any(|(host, port)| *host == named.host && *port == named.port);
        let why = format!(
            "the registry {} is not listed: allow it with [network.hosts] npm = [\"{}\"]",
            named.host, named.host
        );
        return if is_listed { Ok(vec![named]) } else { Err(why) };
    }
    if listed.is_empty() {
        return Err("no registry is built in: name yours with [network.hosts] npm = [\"HOST\"]".to_owned());
    }
    let of = |(host, port): (&str, u16)| Registry { host: host.to_owned(), port, path: String::new() };
    Ok(listed.into_iter().map(of).collect())
}

/// The registry of `//host:port/path/:_authToken=`.
fn named_in(line: &str) -> Option<Registry> {
    let before = &line[..line.find(":_auth")?];
    let place = &before[before.rfind("//")? + 2..];
    let (authority, path) = place.split_once('/').unwrap_or((place, ""));
    let (host, port) = ask::host_and_port(authority, 443)?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let is_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '~' | '/' | '@');
    let path = path.trim_end_matches('/');
    let is_sound = !host.is_empty()
        && host.chars().all(is_name)
        && path.chars().all(is_path)
        && !path.split('/').any(|part| part == ".." || part == ".");
    let path = if path.is_empty() { String::new() } else { format!("/{path}") };
    is_sound.then(|| Registry { host: host.to_ascii_lowercase(), port, path })
}

fn request(purpose: Purpose, method: &str, at: &Registry, shown: &str, target: &str, token: &str) -> Request {
    let place = (at.host.as_str(), at.port);
    let (shown, target) = (format!("{}{shown}", at.path), format!("{}{target}", at.path));
    let mut request = ask::request(purpose, method, place, &shown, &target);
    request.headers.push(ask::bearer(token));
    request
}

fn whoami(at: &Registry, token: &str) -> Request {
    request(Purpose::Verify, "GET", at, "/-/whoami", "/-/whoami", token)
}

fn list(at: &Registry, token: &str) -> Request {
    request(Purpose::LookUp, "GET", at, "/-/npm/v1/tokens", "/-/npm/v1/tokens", token)
}

fn delete_by_key(at: &Registry, key: &str, token: &str) -> Request {
    delete(at, "{key}", key, token)
}

fn delete_by_value(at: &Registry, value: &str, token: &str) -> Request {
    delete(at, "{secret}", value, token)
}

fn delete(at: &Registry, shown: &str, name: &str, token: &str) -> Request {
    let place = "/-/npm/v1/tokens/token/";
    let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
    request(Purpose::Revoke, "DELETE", at, &format!("{place}{shown}"), &format!("{place}{name}"), token)
}

/// The key of the one listed token that the mask fits. Of several, or none, the value itself tells the registry which.
fn listed_key(reply: &Reply, token: &str) -> Option<String> {
    let all = ask::json(reply)?;
    let text = |entry: &serde_json::Value, name: &str| entry.get(name)?.as_str().map(str::to_owned);
    let objects = all.get("objects")?.as_array()?;
    let mut fitting =
        objects.iter().filter(|entry| text(entry, "token").is_some_and(|mask| fits(&mask, token)));
    let key = text(fitting.next()?, "key").filter(|key| !key.is_empty())?;
    fitting.next().is_none().then_some(key)
}

/// Whether `abc...xyz` (or `abc…`, `abc***`) is a mask of the token.
fn fits(mask: &str, token: &str) -> bool {
    let is_hidden = |c: char| matches!(c, '.' | '…' | '*');
    let Some(first) = mask.find(is_hidden) else { return mask.len() >= 4 && token.starts_with(mask) };
    let start = &mask[..first];
    let end = mask.rsplit(is_hidden).next().unwrap_or_default();
    start.len() >= 4
        && start.len() + end.len() < token.len()
        && token.starts_with(start)
        && token.ends_with(end)
}

fn is_json_error(reply: &Reply) -> bool {
    ask::json(reply).is_some_and(|value| value.is_object())
}

/// An account that demands a one-time password answers 401, too: the token is live.
fn wants_otp(reply: &Reply) -> bool {
    let asks = |text: &str| text.to_ascii_lowercase().contains("otp");
    reply.header("www-authenticate").is_some_and(asks)
        || String::from_utf8_lossy(ask::body(reply)).to_ascii_lowercase().contains("one-time pass")
}

fn read_whoami(reply: &Result<Reply, SendError>) -> Judged {
    let reply = match ask::answered(reply) {
        Ok(reply) => reply,
        Err(judged) => return judged,
    };
    let user = ask::json(reply).and_then(|all| Some(ask::plain(all.get("username")?.as_str()?)));
    match (reply.status, user.filter(|user| !user.is_empty())) {
        (200, Some(user)) => Judged {
            identity: vec![ask::fact("user", &user)],
            ..ask::judged(Liveness::Live, format!("the registry knows it as {user}"))
        },
        (401, _) if wants_otp(reply) => {
            ask::judged(Liveness::LiveLimited, "401: the account demands a one-time password beside it")
        }
        (401, _) if is_json_error(reply) => ask::judged(Liveness::Dead, "401: not known to the registry"),
        _ => ask::unlisted(reply),
    }
}

/// What the list says when it is none.
fn before(reply: &Reply) -> (Outcome, String) {
    match reply.status {
        401 if wants_otp(reply) => not_authorised(),
        401 => (Outcome::NotAuthorised, "401: the registry does not show its list of tokens".to_owned()),
        403 => match ask::outcome_of(reply) {
            (Outcome::Refused, _) => {
                (Outcome::NotAuthorised, "403: the token may not see the list of tokens".to_owned())
            }
            other => other,
        },
        // Nothing was changed: unknown it is not.
        _ => match ask::outcome_of(reply) {
            (Outcome::Unknown, why) => (Outcome::Refused, format!("the list of tokens: {why}")),
            other => other,
        },
    }
}

fn read_delete(reply: &Reply) -> (Outcome, String) {
    match reply.status {
        200 | 204 if ask::answered_reply(reply).is_ok() => {
            (Outcome::Accepted, format!("{}: it may take up to an hour", reply.status))
        }
        401 if wants_otp(reply) => not_authorised(),
        401 if is_json_error(reply) => {
            (Outcome::NotAuthorised, "401: the registry does not accept the token for this".to_owned())
        }
        403 => match ask::outcome_of(reply) {
            (Outcome::Refused, _) => {
                (Outcome::NotAuthorised, "403: the token may not delete tokens".to_owned())
            }
            other => other,
        },
        404 if is_json_error(reply) => {
            (Outcome::Refused, "404: the registry has no such token, or no such call".to_owned())
        }
        _ => ask::outcome_of(reply),
    }
}

fn not_authorised() -> (Outcome, String) {
    let why = "401: the account demands a one-time password: give it as otp, or revoke the token at the registry's page";
    (Outcome::NotAuthorised, why.to_owned())
}
