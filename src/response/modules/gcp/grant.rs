//! The grant of RFC 7523: a signed assertion for a token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::RSA_PKCS1_SHA256;
use zeroize::Zeroizing;

use crate::finding::Liveness;
use crate::response::call::{Purpose, Reply, Request, SendError};
use crate::response::judge::Judged;
use crate::response::modules::ask;
use crate::response::plan::Planned;

use super::key::ServiceAccount;

const HOST: &str = "oauth2.googleapis.com";
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Seconds: long enough for one request.
const LIFE: i64 = 300;

/// What Google made of an assertion.
pub(super) enum Grant {
    /// It was accepted.
    Token(Zeroizing<String>),
    /// The key or its account is gone, and Google says so.
    Dead(String),
}

/// The request for a token of that scope.
///
/// # Errors
/// If the key cannot sign.
pub(super) fn request(purpose: Purpose, scope: &str, account: &ServiceAccount) -> Result<Request, String> {
    let assertion = assertion(scope, account, jiff::Timestamp::now().as_second())?;
    Ok(with(purpose, scope, &assertion))
}

fn with(purpose: Purpose, scope: &str, assertion: &str) -> Request {
    let fields = [("grant_type", GRANT), ("assertion", assertion)];
    let mut request = ask::post_form(purpose, (HOST, 443), "/token", &fields);
    let scope = scope.rsplit('/').next().unwrap_or_default();
    request.template = format!("{} (scope {scope})", request.template);
    request
}

/// The same without a signature, for plans.
pub(super) fn planned(purpose: Purpose, scope: &str, account: &ServiceAccount) -> Planned {
    let sends: &[&str] = if account.key_id.is_some() {
        &["client_email", "private_key_id", "signature"]
    } else {
        &["client_email", "signature"]
    };
    ask::planned(&with(purpose, scope, ""), sends)
}

fn assertion(scope: &str, account: &ServiceAccount, now: i64) -> Result<String, String> {
    let mut header = serde_json::json!({"alg": "RS256", "typ": "JWT"});
    if let Some(id) = &account.key_id {
        header["kid"] = id.as_str().into();
    }
    let claims = serde_json::json!({
        "iss": account.email,
        "scope": scope,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + LIFE,
    });
    let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(&header), encode(&claims));
    let mut signature = vec![0; account.key.public().modulus_len()];
    account
        .key
        .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| "its private key cannot sign")?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// The verdict; a token that came is dropped.
pub(super) fn judge(reply: &Result<Reply, SendError>, account: &ServiceAccount) -> Judged {
    let read = match reply {
        Ok(reply) => read(reply),
        Err(error) => Err(ask::unanswered(error)),
    };
    match read {
        Ok(Grant::Token(_)) => {
            let project = account.email.split_once('@').and_then(|(_, domain)| domain.split('.').next());
            let mut identity = vec![ask::fact("user", &account.email)];
            identity.extend(project.map(|project| ask::fact("account", project)));
            identity.extend(account.key_id.as_deref().map(|id| ask::fact("key_id", id)));
            Judged { identity, ..ask::judged(Liveness::Live, "Google accepts its signature") }
        }
        Ok(Grant::Dead(why)) => ask::judged(Liveness::Dead, why),
        Err(judged) => judged,
    }
}

/// # Errors
/// The verdict of an answer that says nothing of the key.
pub(super) fn read(reply: &Reply) -> Result<Grant, Judged> {
    let reply = ask::answered_reply(reply)?;
    let answer = ask::json(reply);
    let text = |name: &str| answer.as_ref().and_then(|all| all.get(name)?.as_str());
    match (reply.status, text("error")) {
        (200, None) => match text("access_token").or_else(|| text("id_token")) {
            Some(token) if !token.is_empty() => Ok(Grant::Token(Zeroizing::new(token.to_owned()))),
            _ => Err(ask::unlisted(reply)),
        },
        (400 | 401, Some("invalid_grant")) => by_description(text("error_description").unwrap_or_default()),
        (400 | 401 | 403, Some(error)) => {
            Err(ask::judged(Liveness::Ambiguous, format!("{}: {}", reply.status, ask::plain(error))))
        }
        _ => Err(ask::unlisted(reply)),
    }
}

/// `invalid_grant` has many reasons; these are about the key.
fn by_description(description: &str) -> Result<Grant, Judged> {
    let lower = description.to_ascii_lowercase();
    let dead = |why: &str| Ok(Grant::Dead(format!("invalid_grant: {why}")));
    if lower.contains("invalid jwt signature") {
        dead("the key is deleted or disabled")
    } else if lower.contains("account not found") || lower.contains("account has been deleted") {
        dead("the account is deleted")
    } else if lower.contains("account is disabled")
        || lower.contains("account disabled")
        || lower.contains("disabled_client")
    {
        dead("the account is disabled")
    } else if lower.contains("iat and exp")
        || lower.contains("short-lived token")
        || lower.contains("reasonable timeframe")
    {
        let why = "Google says that the request is too old or too new: this machine's clock is wrong";
        Err(ask::judged(Liveness::Ambiguous, why))
    } else {
        Err(ask::judged(Liveness::Ambiguous, "invalid_grant: a reason that is not known"))
    }
}
