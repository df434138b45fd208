//! Calls of STS and IAM, and what their answers say.

use crate::finding::{Fact, Liveness};
use crate::response::call::{Purpose, Reply, Request, SendError, Transport};
use crate::response::judge::Judged;
use crate::response::modules::{ask, xml};
use crate::secret::Secret;

use super::keys::Partition;
use super::sigv4::{Scope, Signed, Signer};

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// Which of the two services.
#[derive(Clone, Copy)]
pub(super) enum Service {
    Sts,
    Iam,
}

/// A signed call. `shown` is what plans and logs say of its parameters.
pub(super) fn call(
    purpose: Purpose,
    service: Service,
    partition: Partition,
    fields: &[(&str, &str)],
    shown: &str,
    signer: Signer<'_>,
) -> Request {
    let (host, name) = match service {
        Service::Sts => (partition.sts, "sts"),
        Service::Iam => (partition.iam, "iam"),
    };
    let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let body = ask::form(fields);
    let mut headers = vec![("content-type", FORM), ("host", host), ("x-amz-date", time.as_str())];
    headers.extend(signer.session_token.map(|token| ("x-amz-security-token", token)));
    let signed = Signed { method: "POST", path: "/", query: "", headers: &headers, body: body.as_bytes() };
    let scope = Scope { time: &time, region: partition.region, service: name };
    let authorization = signer.authorization(&signed, scope);

    let mut request = ask::request(purpose, "POST", (host, 443), "/", "/");
    request.template = format!("POST https://{host}/ ({shown})");
    request.headers =
        vec![ask::header("accept", b"text/xml"), ask::header("authorization", authorization.as_bytes())];
    // `host` is the transport's to send.
    let sent = headers.iter().filter(|(name, _)| *name != "host");
    request.headers.extend(sent.map(|(name, value)| ask::header(name, value.as_bytes())));
    request.body = Some(Secret::new(body.as_bytes()));
    request
}

/// Who a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) arn: String,
    pub(super) account: String,
    pub(super) user_id: String,
    pub(super) who: Who,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    Root,
    User(String),
    /// A session of a role, or of somebody else's federation.
    Session(String),
}

impl Identity {
    /// Out of the answer to `GetCallerIdentity`.
    fn read(text: &str) -> Option<Self> {
        let take =
            |name| xml::text_of(text, name).map(|value| ask::plain(&value)).filter(|value| !value.is_empty());
        let (arn, account, user_id) = (take("Arn")?, take("Account")?, take("UserId")?);
        // arn:PARTITION:SERVICE::ACCOUNT:RESOURCE
        let resource = arn.strip_prefix("arn:")?.splitn(5, ':').nth(4)?;
        let who = match resource.split_once('/') {
            None if resource == "root" => Who::Root,
            Some(("user", path)) => Who::User(path.rsplit('/').next()?.to_owned()),
            _ => Who::Session(resource.to_owned()),
        };
        Some(Identity { arn, account, user_id, who })
    }

    pub(super) fn facts(&self) -> Vec<Fact> {
        let user = match &self.who {
            Who::Root => "root",
            Who::User(name) | Who::Session(name) => name,
        };
        vec![
            ask::fact("account", &self.account),
            ask::fact("user", user),
            ask::fact("arn", &self.arn),
            ask::fact("user_id", &self.user_id),
        ]
    }
}

/// The answer to `GetCallerIdentity`.
pub(super) enum Caller {
    Known(Identity),
    /// Not known in this partition, or switched off: AWS does not tell which.
    Dead,
    /// Anything else, as a verdict.
    Else(Judged),
}

/// Asks whose key it is. Needs no permission; leaves a line in the owner's audit trail.
pub(super) fn caller(
    purpose: Purpose,
    partition: Partition,
    signer: Signer<'_>,
    transport: &dyn Transport,
) -> Result<Caller, SendError> {
    transport.send(&caller_request(purpose, partition, signer)).map(|reply| read_caller(&reply))
}

pub(super) fn caller_request(purpose: Purpose, partition: Partition, signer: Signer<'_>) -> Request {
    let fields = [("Action", "GetCallerIdentity"), ("Version", "2011-06-15")];
    call(purpose, Service::Sts, partition, &fields, "GetCallerIdentity", signer)
}

fn read_caller(reply: &Reply) -> Caller {
    if let Some(code) = error_code(reply) {
        return by_code(reply, &code);
    }
    // What AWS says is known by its form, whatever type a gateway between declares.
    let text = String::from_utf8_lossy(ask::body(reply));
    let is_answer =
        reply.status == 200 && !reply.is_cut && xml::root(&text) == Some("GetCallerIdentityResponse");
    if let Some(identity) = Identity::read(&text).filter(|_| is_answer) {
        return Caller::Known(identity);
    }
    Caller::Else(ask::answered_reply(reply).map_or_else(|judged| judged, ask::unlisted))
}

fn by_code(reply: &Reply, code: &str) -> Caller {
    let (verdict, reason) = match code {
        "InvalidClientTokenId" => return Caller::Dead,
        "SignatureDoesNotMatch" if is_about_time(reply) => (Liveness::Ambiguous, CLOCK.to_owned()),
        "SignatureDoesNotMatch" => {
            let why = "SignatureDoesNotMatch: the key id is live, but the secret beside it is not its own";
            (Liveness::Ambiguous, why.to_owned())
        }
        "ExpiredToken" | "ExpiredTokenException" => {
            (Liveness::Expired, format!("{code}: its session is over"))
        }
        "RequestExpired" | "RequestTimeTooSkewed" => (Liveness::Ambiguous, CLOCK.to_owned()),
        "Throttling" | "ThrottlingException" | "RequestLimitExceeded" | "TooManyRequestsException" => {
            (Liveness::RateLimited, format!("{code}: ask again later"))
        }
        _ if reply.status >= 500 => (Liveness::Unreachable, format!("{}: {code}", reply.status)),
        _ => (Liveness::Ambiguous, format!("{}: {code}", reply.status)),
    };
    Caller::Else(ask::judged(verdict, reason))
}

const CLOCK: &str =
    "AWS says that the request is too old or too new: this machine's clock is wrong, set it and ask again";

fn is_about_time(reply: &Reply) -> bool {
    let text = String::from_utf8_lossy(ask::body(reply));
    let message = xml::text_of(&text, "Message").unwrap_or_default();
    message.starts_with("Signature expired") || message.starts_with("Signature not yet current")
}

/// The code of an error that AWS itself says: a 4xx or 5xx with an `ErrorResponse`.
pub(super) fn error_code(reply: &Reply) -> Option<String> {
    if reply.status < 400 || reply.is_cut {
        return None;
    }
    let text = std::str::from_utf8(ask::body(reply)).ok()?;
    if xml::root(text)? != "ErrorResponse" {
        return None;
    }
    xml::text_of(text, "Code").map(|code| ask::plain(&code)).filter(|code| !code.is_empty())
}

/// Whether AWS says that a policy forbids it in so many words.
pub(super) fn is_explicit_deny(reply: &Reply) -> bool {
    let text = String::from_utf8_lossy(ask::body(reply));
    xml::text_of(&text, "Message").is_some_and(|message| message.contains("explicit deny"))
}
