//! Switches an access key off, or deletes it: with the key itself, or with a responder's.

use crate::finding::Liveness;
use crate::response::call::{Purpose, Reply, Request, SendError, Transport};
use crate::response::inputs::{Credential, Inputs};
use crate::response::modules::{ask, xml};
use crate::response::plan::Plan;
use crate::response::settings::Settings;
use crate::rules::check::aws_account;
use crate::rules::response::Outcome;

use super::call::{Caller, Identity, Service, Who, call, caller_request, error_code, is_explicit_deny};
use super::keys::{self, Pair, Partition};
use super::sigv4::Signer;
use super::{sends, whose};

type Answer = Result<(Outcome, String), SendError>;

/// What is done to the key.
#[derive(Clone, Copy)]
struct Change {
    action: &'static str,
    answer: &'static str,
    shown: &'static str,
    done: &'static str,
}

const DEACTIVATE: Change = Change {
    action: "UpdateAccessKey",
    answer: "UpdateAccessKeyResponse",
    shown: "UpdateAccessKey, Status=Inactive",
    done: "inactive; UpdateAccessKey with Status=Active undoes it. Sessions that it has opened live on until they end",
};
const DELETE: Change = Change {
    action: "DeleteAccessKey",
    answer: "DeleteAccessKeyResponse",
    shown: "DeleteAccessKey",
    done: "deleted. Sessions that it has opened live on until they end",
};

/// Whose signature changes it.
struct Actor<'a> {
    signer: Signer<'a>,
    is_responder: bool,
}

/// The user that the key belongs to; `None` for the account's root.
struct Owner {
    user: Option<String>,
    /// Whether the key has just been seen live.
    is_live: bool,
}

pub(super) fn plan(credential: &Credential, delete: bool, settings: &Settings) -> Plan {
    let (pair, actor) = match ready(&credential.inputs) {
        Ok(ready) => ready,
        Err((_, why)) => return ask::nothing(why),
    };
    let partitions = keys::partitions(settings);
    let mut calls = Vec::new();
    if let Ok(signer) = pair.signer() {
        let requests = partitions.iter().map(|one| caller_request(Purpose::LookUp, *one, signer));
        calls.extend(requests.map(|request| ask::planned(&request, &sends(&pair))));
    }
    let sent: &[&str] =
        if actor.is_responder { &[pair.named, "responder", "signature"] } else { &sends(&pair) };
    let Some(first) = partitions.first().copied() else { return ask::nothing("no partition may be asked") };
    if actor.is_responder && (delete || pair.secret.is_none()) {
        calls.push(ask::planned(&owner_request(&pair, first, &actor), sent));
    }
    let change = if delete { DELETE } else { DEACTIVATE };
    calls.push(ask::planned(&change_request(change, &pair, None, first, &actor), sent));
    Plan::Requests(calls)
}

pub(super) fn act(
    credential: &Credential,
    delete: bool,
    transport: &dyn Transport,
    settings: &Settings,
) -> Answer {
    let (pair, actor) = match ready(&credential.inputs) {
        Ok(ready) => ready,
        Err(refusal) => return Ok(refusal),
    };
    let (owner, partition) = match find_owner(&credential.inputs, &pair, &actor, delete, transport, settings)?
    {
        Ok(found) => found,
        Err(end) => return Ok(end),
    };
    let change = if delete { DELETE } else { DEACTIVATE };
    let request = change_request(change, &pair, owner.user.as_deref(), partition, &actor);
    let reply = transport.send(&request)?;
    Ok(read(change, &reply, &owner, &actor))
}

/// The key and whose signature changes it.
fn ready(inputs: &Inputs) -> Result<(Pair<'_>, Actor<'_>), (Outcome, String)> {
    let pair = Pair::of(inputs).map_err(|why| (Outcome::Refused, why))?;
    if let Some(account) = pair.decoy(inputs) {
        return Err((
            Outcome::Refused,
            format!("its account, {account}, hands out decoys: it is left alone"),
        ));
    }
    if pair.is_temporary() {
        let steps = "a temporary key cannot be switched off: attach a policy to its role that denies everything where \
                     aws:TokenIssueTime lies before now (the role's page, Revoke sessions)";
        return Err((Outcome::ManualRequired, steps.to_owned()));
    }
    let actor = match keys::responder(inputs) {
        Some(responder) => {
            let signer = responder.and_then(|pair| pair.signer()).map_err(|why| (Outcome::Refused, why))?;
            Actor { signer, is_responder: true }
        }
        None => {
            let signer = pair.signer().map_err(|why| {
                (Outcome::NotAuthorised, format!("{why}, and no responder credential is configured"))
            })?;
            Actor { signer, is_responder: false }
        }
    };
    Ok((pair, actor))
}

/// Whose key it is and where; or, inside, why nothing is to be changed.
#[expect(clippy::type_complexity, reason = "no answer, an end, or what was found")]
fn find_owner(
    inputs: &Inputs,
    pair: &Pair<'_>,
    actor: &Actor<'_>,
    delete: bool,
    transport: &dyn Transport,
    settings: &Settings,
) -> Result<Result<(Owner, Partition), (Outcome, String)>, SendError> {
    let partitions = keys::partitions(settings);
    let Some(first) = partitions.first().copied() else {
        return Ok(Err((Outcome::Refused, "no partition may be asked".to_owned())));
    };
    let Ok(signer) = pair.signer() else {
        return owner_by_id(pair, first, actor, transport);
    };
    match whose(Purpose::LookUp, signer, transport, settings).map_err(ask::nothing_changed)? {
        Caller::Known(identity) => {
            let name = identity.arn.split(':').nth(1).unwrap_or_default();
            let partition = partitions.iter().copied().find(|one| one.name == name).unwrap_or(first);
            Ok(owner_of(inputs, &identity, actor).map(|owner| (owner, partition)))
        }
        Caller::Dead if delete && actor.is_responder => owner_by_id(pair, first, actor, transport),
        Caller::Dead => {
            let why = "InvalidClientTokenId: deleted or inactive already";
            Ok(Err((Outcome::AlreadyDead, why.to_owned())))
        }
        Caller::Else(judged) => Ok(Err(match judged.verdict {
            Liveness::Expired => (Outcome::AlreadyDead, judged.reason),
            Liveness::RateLimited => (Outcome::RateLimited, judged.reason),
            _ => (
                Outcome::Refused,
                format!("whose key it is could not be told, nothing was changed: {}", judged.reason),
            ),
        })),
    }
}

fn owner_of(inputs: &Inputs, identity: &Identity, actor: &Actor<'_>) -> Result<Owner, (Outcome, String)> {
    if actor.is_responder {
        let theirs = aws_account(actor.signer.key_id.as_bytes());
        if let Some(theirs) = theirs.filter(|theirs| *theirs != identity.account) {
            let why =
                format!("the key is of account {}, the responder credential of {theirs}", identity.account);
            return Err((Outcome::NotAuthorised, why));
        }
    }
    let user = match &identity.who {
        Who::User(name) => Some(name.clone()),
        Who::Root if ask::text(inputs, "root") != Some("yes") => {
            let why =
                "it is a root key: whatever runs on it stops. Say root = yes for its rule to switch it off";
            return Err((Outcome::Refused, why.to_owned()));
        }
        Who::Root if actor.is_responder => {
            let why =
                "nobody but the root user can switch off a root key: sign in as root, Security credentials";
            return Err((Outcome::ManualRequired, why.to_owned()));
        }
        Who::Root => None,
        Who::Session(name) => {
            let why = format!("{name} is a session, not a user: revoke the sessions of its role");
            return Err((Outcome::ManualRequired, why));
        }
    };
    Ok(Owner { user, is_live: true })
}

/// Whose key it is, as the responder may know: without the secret key, or of a key that is switched off.
#[expect(clippy::type_complexity, reason = "no answer, an end, or what was found")]
fn owner_by_id(
    pair: &Pair<'_>,
    partition: Partition,
    actor: &Actor<'_>,
    transport: &dyn Transport,
) -> Result<Result<(Owner, Partition), (Outcome, String)>, SendError> {
    let reply = ask::look_up(transport, &owner_request(pair, partition, actor))?;
    if let Some(code) = error_code(&reply) {
        return Ok(Err(match code.as_str() {
            "NoSuchEntity" => (Outcome::AlreadyDead, "NoSuchEntity: there is no such key".to_owned()),
            _ => refusal(&code, &reply, "iam:GetAccessKeyLastUsed", actor),
        }));
    }
    let text = String::from_utf8_lossy(ask::body(&reply)).into_owned();
    let is_answer = reply.status == 200 && xml::root(&text) == Some("GetAccessKeyLastUsedResponse");
    let user = xml::text_of(&text, "UserName").map(|name| ask::plain(&name)).filter(|name| !name.is_empty());
    Ok(match user.filter(|_| is_answer) {
        Some(user) => Ok((Owner { user: Some(user), is_live: false }, partition)),
        None => Err((Outcome::Refused, "whose key it is could not be told, nothing was changed".to_owned())),
    })
}

fn owner_request(pair: &Pair<'_>, partition: Partition, actor: &Actor<'_>) -> Request {
    let fields =
        [("Action", "GetAccessKeyLastUsed"), ("Version", "2010-05-08"), ("AccessKeyId", pair.key_id)];
    call(Purpose::LookUp, Service::Iam, partition, &fields, "GetAccessKeyLastUsed", actor.signer)
}

fn change_request(
    change: Change,
    pair: &Pair<'_>,
    user: Option<&str>,
    partition: Partition,
    actor: &Actor<'_>,
) -> Request {
    let mut fields = vec![("Action", change.action), ("Version", "2010-05-08"), ("AccessKeyId", pair.key_id)];
    if change.action == DEACTIVATE.action {
        fields.push(("Status", "Inactive"));
    }
    fields.extend(user.map(|user| ("UserName", user)));
    call(Purpose::Revoke, Service::Iam, partition, &fields, change.shown, actor.signer)
}

fn read(change: Change, reply: &Reply, owner: &Owner, actor: &Actor<'_>) -> (Outcome, String) {
    if let Some(code) = error_code(reply) {
        return match code.as_str() {
            // A key that has just been seen live is not gone: the responder looks into another account.
            "NoSuchEntity" if owner.is_live && actor.is_responder => {
                let why = "NoSuchEntity: the responder's account does not have this key, and it is live";
                (Outcome::Refused, why.to_owned())
            }
            "NoSuchEntity" => (Outcome::AlreadyDead, "NoSuchEntity: it is deleted already".to_owned()),
            "InvalidClientTokenId" if !actor.is_responder => {
                (Outcome::AlreadyDead, "InvalidClientTokenId: deleted or inactive already".to_owned())
            }
            _ => refusal(&code, reply, &format!("iam:{}", change.action), actor),
        };
    }
    let text = String::from_utf8_lossy(ask::body(reply));
    if reply.status == 200 && xml::root(&text) == Some(change.answer) {
        return (Outcome::Accepted, change.done.to_owned());
    }
    ask::outcome_of(reply)
}

fn refusal(code: &str, reply: &Reply, permission: &str, actor: &Actor<'_>) -> (Outcome, String) {
    let who = if actor.is_responder { "the responder credential" } else { "the key itself" };
    match code {
        "AccessDenied" | "AccessDeniedException" if is_explicit_deny(reply) => {
            let why = format!(
                "{code}: a policy denies {permission} to {who} explicitly. If AWS has attached \
                 AWSCompromisedKeyQuarantine to the user, it is that: the key is restricted, and still active. Use a \
                 responder credential"
            );
            (Outcome::NotAuthorised, why)
        }
        "AccessDenied" | "AccessDeniedException" => {
            let why = format!(
                "{code}: {who} lacks {permission} (or the user is in AWS's quarantine, which denies it). The key is \
                 still active: use a responder credential that has it"
            );
            (Outcome::NotAuthorised, why)
        }
        "InvalidClientTokenId" | "SignatureDoesNotMatch" | "ExpiredToken" if actor.is_responder => {
            (Outcome::NotAuthorised, format!("{code}: AWS does not accept the responder credential"))
        }
        "Throttling" | "ThrottlingException" | "RequestLimitExceeded" => {
            (Outcome::RateLimited, format!("{code}: again later"))
        }
        _ if reply.status >= 500 => (Outcome::Unknown, format!("{}: {code}", reply.status)),
        _ => (Outcome::Refused, format!("{}: {code}", reply.status)),
    }
}
