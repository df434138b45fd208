//! AWS: who signs, and keys that are switched off or deleted. The signature must be there and name a key; whether it
//! fits is not checked.

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::kind::Kind;
use super::super::world::{State, World};

const ACCOUNT: &str = "123456789012";
const USER: &str = "drill";

pub(super) fn answer(world: &mut World, asked: &Asked) -> Option<Answer> {
    if asked.method != "POST" || asked.path != "/" {
        return None;
    }
    let is_iam = asked.host.starts_with("iam.");
    let service = if is_iam { "iam" } else { "sts" };
    let Some(key) = asked.header("authorization").and_then(|text| signer(text, service)) else {
        return Some(error(403, "MissingAuthenticationToken", "Request is missing Authentication Token"));
    };
    let index = world.find_by_companion(Kind::Aws, &key);
    let state = world.look(index);
    let (Some(index), State::Live | State::Limited) = (index, state) else {
        return Some(match state {
            State::Expired => {
                error(403, "ExpiredToken", "The security token included in the request is expired")
            }
            _ => error(403, "InvalidClientTokenId", "The security token included in the request is invalid."),
        });
    };
    let action = asked.form("Action").unwrap_or_default();
    let version = asked.form("Version").unwrap_or_default();
    match (is_iam, action.as_str(), version.as_str()) {
        (false, "GetCallerIdentity", "2011-06-15") => Some(identity(world, index)),
        (true, "UpdateAccessKey" | "DeleteAccessKey", "2010-05-08") if state == State::Limited => {
            let why = format!(
                "User: arn:aws:iam::{ACCOUNT}:user/{USER} is not authorized to perform: iam:{action} on resource: user {USER}"
            );
            Some(error(403, "AccessDenied", &why))
        }
        (true, "UpdateAccessKey" | "DeleteAccessKey", "2010-05-08") => Some(change(world, asked, &action)),
        _ => Some(error(400, "InvalidAction", "Could not find operation")),
    }
}

/// The key id of a signature that has all its parts.
fn signer(text: &str, service: &str) -> Option<String> {
    let parts = text.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let part = |name: &str| parts.split(',').find_map(|part| part.trim().strip_prefix(name));
    let signature = part("Signature=")?;
    let is_whole = signature.len() == 64 && signature.bytes().all(|byte| byte.is_ascii_hexdigit());
    let signed = part("SignedHeaders=")?;
    let scope: Vec<&str> = part("Credential=")?.split('/').collect();
    match scope.as_slice() {
        [key, date, _, found, "aws4_request"]
            if is_whole && *found == service && date.len() == 8 && signed.contains("host") =>
        {
            Some((*key).to_owned())
        }
        _ => None,
    }
}

fn identity(world: &World, index: usize) -> Answer {
    let id = world.entry(index).map_or(0, |entry| entry.planted.id);
    xml(
        200,
        &format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <GetCallerIdentityResult>\n    \
             <Arn>arn:aws:iam::{ACCOUNT}:user/{USER}</Arn>\n    <UserId>AIDADRILL{id}</UserId>\n    \
             <Account>{ACCOUNT}</Account>\n  </GetCallerIdentityResult>\n  <ResponseMetadata>\n    \
             <RequestId>simulated</RequestId>\n  </ResponseMetadata>\n</GetCallerIdentityResponse>\n"
        ),
    )
}

fn change(world: &mut World, asked: &Asked, action: &str) -> Answer {
    let wanted = asked.form("AccessKeyId").unwrap_or_default();
    let missing = || error(404, "NoSuchEntity", "The Access Key with that id cannot be found.");
    if asked.form("UserName").is_some_and(|name| name != USER) {
        return error(404, "NoSuchEntity", "The user with that name cannot be found.");
    }
    let Some(target) = world.find_by_companion(Kind::Aws, &wanted) else { return missing() };
    if world.entry(target).is_none_or(|entry| entry.state == State::Dead) {
        return missing();
    }
    match (action, asked.form("Status").as_deref()) {
        ("DeleteAccessKey", _) => world.revoke(target),
        (_, Some("Inactive")) => world.set(target, State::Disabled),
        (_, Some("Active")) => world.set(target, State::Live),
        _ => return error(400, "ValidationError", "Status must be Active or Inactive"),
    }
    xml(
        200,
        &format!(
            "<{action}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\n  <ResponseMetadata>\n    \
             <RequestId>simulated</RequestId>\n  </ResponseMetadata>\n</{action}Response>\n"
        ),
    )
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    xml(
        status,
        &format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <Error>\n    <Type>Sender</Type>\n    \
             <Code>{code}</Code>\n    <Message>{message}</Message>\n  </Error>\n  <RequestId>simulated</RequestId>\n\
             </ErrorResponse>\n"
        ),
    )
}

fn xml(status: u16, body: &str) -> Answer {
    Answer::text(status, "text/xml", body).header("x-amzn-RequestId", "simulated")
}
