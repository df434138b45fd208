//! OAuth 2.0 tokens of any issuer that trusted configuration lists: introspection (RFC 7662) and revocation (RFC 7009).
//!
//! A rule's inputs: `secret` is the token; `issuer` is who gave it out (for a JWT: what it says of itself), and counts if
//! `[network.hosts] oauth` lists its host. `client_id` and `client_secret` log in at the issuer, or for a revocation
//! `responder` (`ID:SECRET`). The end points come from the issuer's metadata, or from `introspection_endpoint` and `revocation_endpoint`; they lie on listed hosts, too.
//!
//! An issuer answers a revocation with 200 whether it knew the token or not: that is accepted, never confirmed.

#[cfg(test)]
mod tests;

use super::{Module, ask};
use crate::finding::{Fact, Liveness};
use crate::response::call::{Purpose, Reply, Request, SendError, Transport};
use crate::response::inputs::{Credential, Inputs};
use crate::response::judge::Judged;
use crate::response::plan::Plan;
use crate::response::settings::Settings;
use crate::rules::response::Outcome;

/// Tokens of an issuer of the user's own.
pub(super) struct OAuth;

/// An URL on a listed host.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    host: String,
    port: u16,
    path: String,
}

/// What is needed for any call.
struct Ready<'a> {
    token: &'a str,
    issuer: Place,
    client: (String, String),
    inputs: &'a Inputs,
    settings: &'a Settings,
}

#[derive(Clone, Copy)]
enum EndPoint {
    Introspection,
    Revocation,
}

impl EndPoint {
    fn name(self) -> &'static str {
        match self {
            EndPoint::Introspection => "introspection_endpoint",
            EndPoint::Revocation => "revocation_endpoint",
        }
    }
}

/// The place of OpenID Connect behind the issuer's path, then that of RFC 8414 before it.
const METADATA: [&str; 2] = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];

impl Module for OAuth {
    fn name(&self) -> &'static str {
        "oauth"
    }

    fn plan_verify(&self, credential: &Credential, settings: &Settings) -> Plan {
        plan(credential, settings, Purpose::Verify, EndPoint::Introspection)
    }

    fn verify(&self, credential: &Credential, transport: &dyn Transport, settings: &Settings) -> Judged {
        let ready = match Ready::of(credential, settings) {
            Ok(ready) => ready,
            Err(why) => return ask::not_asked(why),
        };
        match ready.end_point(Purpose::Verify, EndPoint::Introspection, transport) {
            Ok(at) => read_introspection(&transport.send(&ready.post(Purpose::Verify, &at)), ready.token),
            Err(judged) => judged,
        }
    }

    fn plan_revoke(&self, credential: &Credential, _delete: bool, settings: &Settings) -> Plan {
        plan(credential, settings, Purpose::Revoke, EndPoint::Revocation)
    }

    fn revoke(
        &self,
        credential: &Credential,
        _delete: bool,
        transport: &dyn Transport,
        settings: &Settings,
    ) -> Result<(Outcome, String), SendError> {
        let ready = match Ready::of(credential, settings) {
            Ok(ready) => ready,
            Err(why) => return Ok((Outcome::SkippedPolicy, why)),
        };
        match ready.end_point(Purpose::LookUp, EndPoint::Revocation, transport) {
            Ok(at) => transport.send(&ready.post(Purpose::Revoke, &at)).map(|reply| read_revocation(&reply)),
            Err(judged) if judged.verdict == Liveness::RateLimited => {
                Ok((Outcome::RateLimited, judged.reason))
            }
            Err(judged) => Ok((Outcome::Refused, format!("nothing was changed: {}", judged.reason))),
        }
    }
}

fn plan(credential: &Credential, settings: &Settings, purpose: Purpose, end_point: EndPoint) -> Plan {
    let ready = match Ready::of(credential, settings) {
        Ok(ready) => ready,
        Err(why) => return ask::nothing(why),
    };
    let has_responder = credential.inputs.get("responder").is_some();
    let sends: &[&str] =
        if has_responder { &["secret", "responder"] } else { &["secret", "client_id", "client_secret"] };
    if let Some(given) = ready.given(end_point) {
        return match given {
            Ok(at) => Plan::Requests(vec![ask::planned(&ready.post(purpose, &at), sends)]),
            Err(why) => ask::nothing(why),
        };
    }
    let ask_first = if purpose == Purpose::Verify { Purpose::Verify } else { Purpose::LookUp };
    let mut calls: Vec<_> =
        METADATA.iter().map(|file| ask::planned(&ready.metadata(ask_first, file), &[])).collect();
    let unknown = Place { path: format!("/{{{}}}", end_point.name()), ..ready.issuer.clone() };
    calls.push(ask::planned(&ready.post(purpose, &unknown), sends));
    Plan::Requests(calls)
}

impl<'a> Ready<'a> {
    fn of(credential: &'a Credential, settings: &'a Settings) -> Result<Self, String> {
        let inputs = &credential.inputs;
        let token = ask::text(inputs, "secret").ok_or("the token is not text")?;
        let named = ask::text(inputs, "issuer").map(str::to_owned).or_else(|| claim(token, "iss"));
        let issuer =
            named.ok_or("who issued it is not known: name the issuer with --set issuer=https://…")?;
        let issuer = Place::of(&issuer, settings)?;
        let pair = |name: &str| ask::text(inputs, name)?.split_once(':');
        let single = || Some((ask::text(inputs, "client_id")?, ask::text(inputs, "client_secret")?));
        let Some((id, secret)) = pair("responder").or_else(single) else {
            return Err(
                "asking the issuer needs a client of yours: give client_id and client_secret".to_owned()
            );
        };
        Ok(Ready { token, issuer, client: (encoded(id), encoded(secret)), inputs, settings })
    }

    /// The end point that configuration names.
    fn given(&self, end_point: EndPoint) -> Option<Result<Place, String>> {
        ask::text(self.inputs, end_point.name()).map(|url| Place::of(url, self.settings))
    }

    /// The end point, as configuration or the issuer's metadata has it.
    fn end_point(
        &self,
        purpose: Purpose,
        end_point: EndPoint,
        transport: &dyn Transport,
    ) -> Result<Place, Judged> {
        if let Some(given) = self.given(end_point) {
            return given.map_err(ask::not_asked);
        }
        let mut last = None;
        for file in METADATA {
            let answer = transport.send(&self.metadata(purpose, file));
            let reply = ask::answered(&answer)?;
            let metadata = ask::json(reply).filter(|_| reply.status == 200);
            let Some(metadata) = metadata else {
                last = Some(ask::unlisted(reply));
                continue;
            };
            let why = format!("the issuer's metadata names no {}", end_point.name());
            let url = metadata.get(end_point.name()).and_then(serde_json::Value::as_str);
            let place = url.ok_or(why).and_then(|url| Place::of(url, self.settings));
            return place.map_err(ask::not_asked);
        }
        Err(last.unwrap_or_else(|| ask::not_asked("the issuer has no metadata")))
    }

    fn metadata(&self, purpose: Purpose, file: &str) -> Request {
        let Place { host, port, path } = &self.issuer;
        let base = path.trim_end_matches('/');
        let path = if file == METADATA[0] { format!("{base}{file}") } else { format!("{file}{base}") };
        ask::request(purpose, "GET", (host, *port), &path, &path)
    }

    fn post(&self, purpose: Purpose, at: &Place) -> Request {
        let mut request = ask::post_form(purpose, (&at.host, at.port), &at.path, &[("token", self.token)]);
        request.headers.push(ask::basic(&self.client.0, &self.client.1));
        request
    }
}

/// RFC 6749, 2.3.1: both halves are form-encoded before they are joined.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

impl Place {
    /// Of an URL, if its host is listed.
    fn of(url: &str, settings: &Settings) -> Result<Self, String> {
        let shown = ask::plain(url);
        let parsed = url::Url::parse(url).map_err(|_| format!("{shown} is no URL"))?;
        let host = parsed.host_str().unwrap_or_default().to_ascii_lowercase();
        let is_plain =
            parsed.username().is_empty() && parsed.password().is_none() && parsed.query().is_none();
        if parsed.scheme() != "https" || host.is_empty() || !is_plain {
            return Err(format!("{shown} is not https://HOST/PATH"));
        }
        let port = parsed.port().unwrap_or(443);
        let listed = settings.hosts.get("oauth").map(Vec::as_slice).unwrap_or_default();
        if !listed
            .iter()
            .filter_map(|one| ask::host_and_port(one, 443))
            .any(|one| one == (host.as_str(), port))
        {
            return Err(format!("{host} is not listed: allow it with [network.hosts] oauth = [\"{host}\"]"));
        }
        Ok(Place { host, port, path: parsed.path().to_owned() })
    }
}

/// A claim of a JWT, unproved: it decides nothing but which of the listed issuers is asked.
fn claim(token: &str, name: &str) -> Option<String> {
    use base64::Engine as _;
    let mut parts = token.split('.');
    let payload = parts.nth(1)?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice::<serde_json::Value>(&bytes).ok()?.get(name)?.as_str().map(str::to_owned)
}

fn read_introspection(reply: &Result<Reply, SendError>, token: &str) -> Judged {
    let reply = match ask::answered(reply) {
        Ok(reply) => reply,
        Err(judged) => return judged,
    };
    let answer = ask::json(reply);
    match (reply.status, answer.as_ref().and_then(|all| all.get("active")?.as_bool())) {
        (200, Some(true)) => Judged {
            identity: answer.as_ref().map(|all| facts(all, token)).unwrap_or_default(),
            ..ask::judged(Liveness::Live, "the issuer says that it is active")
        },
        (200, Some(false)) => ask::judged(
            Liveness::Dead,
            "the issuer says that it is not active: expired, revoked, or not one that it gave out",
        ),
        (400 | 401 | 403, None) => ask::judged(
            Liveness::Ambiguous,
            format!("{}: the issuer does not let this client ask", reply.status),
        ),
        _ => ask::unlisted(reply),
    }
}

fn facts(answer: &serde_json::Value, token: &str) -> Vec<Fact> {
    let text = |name: &str| answer.get(name)?.as_str().map(ask::plain).filter(|text| !text.is_empty());
    let time = |name: &str| {
        let seconds = answer.get(name)?.as_i64()?;
        jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_string())
    };
    let scopes = answer.get("scope").and_then(serde_json::Value::as_str);
    let scopes = scopes.map(|all| all.split(' ').map(ask::plain).collect::<Vec<_>>().join(" "));
    let known = [
        ("user", text("username").or_else(|| text("sub"))),
        ("client", text("client_id")),
        ("scopes", scopes.filter(|all| !all.is_empty())),
        ("issuer", text("iss")),
        ("created", time("iat")),
        ("expires", time("exp")),
    ];
    let echoes = |value: &String| value.contains(token);
    known
        .into_iter()
        .filter_map(|(name, value)| Some(ask::fact(name, value.filter(|value| !echoes(value))?)))
        .collect()
}

fn read_revocation(reply: &Reply) -> (Outcome, String) {
    let answer = ask::json(reply);
    let error = answer.as_ref().and_then(|all| all.get("error")?.as_str()).map(ask::plain);
    match (reply.status, error.as_deref()) {
        (200, None) if ask::answered_reply(reply).is_ok() => {
            let why = "200: whether the issuer knew it, it does not say";
            (Outcome::Accepted, why.to_owned())
        }
        (401, _) | (_, Some("invalid_client" | "unauthorized_client")) => (
            Outcome::NotAuthorised,
            format!("{}: the issuer does not let this client revoke it", reply.status),
        ),
        (503, _) if reply.header("retry-after").is_some() => {
            (Outcome::RateLimited, "503: the issuer asks to wait".to_owned())
        }
        (400..=499, Some(error)) if reply.status != 429 => {
            (Outcome::Refused, format!("{}: {error}", reply.status))
        }
        _ => ask::outcome_of(reply),
    }
}
