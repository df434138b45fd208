//! Google Cloud service account keys: a signed grant says whether one is live, IAM switches it off.
//!
//! A rule's inputs: `secret` is the whole JSON file, or the private key out of it. With the key alone, the account's e-mail
//! address is `client_email` or `companion`, and the key's id `private_key_id`, or stands in `line`. Whatever end point the
//! file names is ignored: Google's is asked. `responder` is the JSON file of another service account, or an access token.
//!
//! Tokens that a check mints have the narrowest scope, are shown to nobody and dropped at once. One with the right to
//! change keys is minted for a revocation alone.

mod grant;
mod key;
#[cfg(test)]
mod numbers;
#[cfg(test)]
mod tests;

use super::{Module, ask};
use crate::finding::Liveness;
use crate::response::call::{Purpose, Reply, Request, SendError, Transport};
use crate::response::inputs::Credential;
use crate::response::judge::Judged;
use crate::response::plan::Plan;
use crate::response::settings::Settings;
use crate::rules::response::Outcome;
use grant::Grant;
use key::ServiceAccount;

/// Service account keys.
pub(super) struct Gcp;

/// The narrowest scope there is: the account's own address.
const WHO: &str = "https://www.googleapis.com/auth/userinfo.email";
const IAM: &str = "https://www.googleapis.com/auth/iam";

impl Module for Gcp {
    fn name(&self) -> &'static str {
        "gcp"
    }

    fn plan_verify(&self, credential: &Credential, _settings: &Settings) -> Plan {
        match ServiceAccount::of(&credential.inputs) {
            Ok(account) => Plan::Requests(vec![grant::planned(Purpose::Verify, WHO, &account)]),
            Err(why) => ask::nothing(why),
        }
    }

    fn verify(&self, credential: &Credential, transport: &dyn Transport, _settings: &Settings) -> Judged {
        let account = match ServiceAccount::of(&credential.inputs) {
            Ok(account) => account,
            Err(why) => return ask::not_asked(why),
        };
        match grant::request(Purpose::Verify, WHO, &account) {
            Ok(request) => grant::judge(&transport.send(&request), &account),
            Err(why) => ask::not_asked(why),
        }
    }

    fn plan_revoke(&self, credential: &Credential, delete: bool, _settings: &Settings) -> Plan {
        let (account, actor) = match ready(credential) {
            Ok(ready) => ready,
            Err((_, why)) => return ask::nothing(why),
        };
        let Some(change) = change(&account, delete, "") else { return ask::nothing(NO_ID) };
        let (mut calls, sends): (Vec<_>, &[&str]) = match &actor {
            Actor::Itself => {
                (vec![grant::planned(Purpose::LookUp, IAM, &account)], &["client_email", "signature"])
            }
            Actor::Account(other) => (vec![grant::planned(Purpose::LookUp, IAM, other)], &["responder"]),
            Actor::Token(_) => (Vec::new(), &["responder"]),
        };
        calls.push(ask::planned(&change, sends));
        Plan::Requests(calls)
    }

    fn revoke(
        &self,
        credential: &Credential,
        delete: bool,
        transport: &dyn Transport,
        _settings: &Settings,
    ) -> Result<(Outcome, String), SendError> {
        let (account, actor) = match ready(credential) {
            Ok(ready) => ready,
            Err(refusal) => return Ok(refusal),
        };
        if account.key_id.is_none() {
            return Ok((Outcome::Refused, NO_ID.to_owned()));
        }
        let minted = match &actor {
            Actor::Token(token) => Ok(Grant::Token((*token).to_owned().into())),
            Actor::Itself => mint(&account, transport)?,
            Actor::Account(other) => mint(other, transport)?,
        };
        let token = match (minted, &actor) {
            (Ok(Grant::Token(token)), _) => token,
            (Ok(Grant::Dead(why)), Actor::Itself) => return Ok((Outcome::AlreadyDead, why)),
            (Ok(Grant::Dead(why)), _) => {
                return Ok((
                    Outcome::NotAuthorised,
                    format!("the responder credential is not accepted: {why}"),
                ));
            }
            (Err(judged), _) if judged.verdict == Liveness::RateLimited => {
                return Ok((Outcome::RateLimited, judged.reason));
            }
            (Err(judged), _) => {
                return Ok((Outcome::Refused, format!("nothing was changed: {}", judged.reason)));
            }
        };
        let Some(request) = change(&account, delete, &token) else {
            return Ok((Outcome::Refused, NO_ID.to_owned()));
        };
        transport.send(&request).map(|reply| read(&reply, delete))
    }
}

const NO_ID: &str = "which key of the account it is is not known: give private_key_id";

/// Whose token changes the key.
enum Actor<'a> {
    Itself,
    Account(Box<ServiceAccount>),
    Token(&'a str),
}

fn ready(credential: &Credential) -> Result<(ServiceAccount, Actor<'_>), (Outcome, String)> {
    let account = ServiceAccount::of(&credential.inputs).map_err(|why| (Outcome::Refused, why))?;
    let actor = match ask::text(&credential.inputs, "responder") {
        None => Actor::Itself,
        Some(json) if json.starts_with('{') => {
            let other = ServiceAccount::of_json(json.as_bytes());
            Actor::Account(Box::new(
                other.map_err(|why| (Outcome::Refused, format!("the responder: {why}")))?,
            ))
        }
        Some(token) if token.bytes().all(|byte| byte.is_ascii_graphic()) => Actor::Token(token),
        Some(_) => {
            return Err((Outcome::Refused, "the responder credential is no token and no JSON".to_owned()));
        }
    };
    Ok((account, actor))
}

/// A token that may change keys.
fn mint(account: &ServiceAccount, transport: &dyn Transport) -> Result<Result<Grant, Judged>, SendError> {
    match grant::request(Purpose::LookUp, IAM, account) {
        Ok(request) => ask::look_up(transport, &request).map(|reply| grant::read(&reply)),
        Err(why) => Ok(Err(ask::not_asked(why))),
    }
}

/// `None` if the key's id is not known.
fn change(account: &ServiceAccount, delete: bool, token: &str) -> Option<Request> {
    let id = account.key_id.as_deref()?;
    let path = |email: &str, id: &str| format!("/v1/projects/-/serviceAccounts/{email}/keys/{id}");
    let (method, action) = if delete { ("DELETE", "") } else { ("POST", ":disable") };
    let shown = format!("{}{action}", path(&account.email, id));
    let mut request = ask::request(Purpose::Revoke, method, ("iam.googleapis.com", 443), &shown, &shown);
    request.headers.push(ask::bearer(token));
    if !delete {
        request.headers.push(ask::header("content-type", b"application/json"));
        request.body = Some(crate::secret::Secret::new(b"{}"));
    }
    Some(request)
}

fn read(reply: &Reply, delete: bool) -> (Outcome, String) {
    let answer = ask::json(reply);
    let status = answer.as_ref().and_then(|all| all.pointer("/error/status")?.as_str()).map(ask::plain);
    let permission = if delete { "iam.serviceAccountKeys.delete" } else { "iam.serviceAccountKeys.disable" };
    let done = if delete {
        "deleted. Access tokens that it has minted live on, an hour at most"
    } else {
        "disabled; keys.enable undoes it. Access tokens that it has minted live on, an hour at most"
    };
    match (reply.status, status.as_deref()) {
        // The answer to success is an empty object.
        (200, None) if answer.as_ref().is_some_and(serde_json::Value::is_object) => {
            (Outcome::Accepted, done.to_owned())
        }
        (403, Some("PERMISSION_DENIED")) => {
            let why = format!(
                "PERMISSION_DENIED: it lacks {permission}, or the IAM API is off in its project. The key is still \
                 active: use a responder credential that has it"
            );
            (Outcome::NotAuthorised, why)
        }
        (401, Some("UNAUTHENTICATED")) => {
            (Outcome::NotAuthorised, "UNAUTHENTICATED: the token is not accepted".to_owned())
        }
        (404, Some("NOT_FOUND")) => {
            (Outcome::AlreadyDead, "NOT_FOUND: the account has no such key any more".to_owned())
        }
        (400, Some("FAILED_PRECONDITION")) => {
            let why = "FAILED_PRECONDITION: Google's page says whether it is disabled already";
            (Outcome::Refused, why.to_owned())
        }
        (400..=499, Some(status)) if reply.status != 429 => {
            (Outcome::Refused, format!("{}: {status}", reply.status))
        }
        _ => ask::outcome_of(reply),
    }
}
