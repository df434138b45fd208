//! Keys of Azure Storage accounts, by a request signed with one (Shared Key). Verified only: only the account's owner can
//! regenerate a key.
//!
//! A rule's inputs: `secret` is the key; the account is `account`, `companion`, or the `AccountName=` of `line`.
//! <https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use zeroize::Zeroizing;

use super::{Module, ask, xml};
use crate::finding::Liveness;
use crate::response::call::{Purpose, Reply, Request, SendError, Transport};
use crate::response::inputs::{Credential, Inputs};
use crate::response::judge::Judged;
use crate::response::plan::Plan;
use crate::response::settings::Settings;

/// Storage account keys.
pub(super) struct AzureStorage;

const VERSION: &str = "2021-08-06";

impl Module for AzureStorage {
    fn name(&self) -> &'static str {
        "azure_storage"
    }

    fn plan_verify(&self, credential: &Credential, _settings: &Settings) -> Plan {
        match request(&credential.inputs) {
            Ok(request) => Plan::Requests(vec![ask::planned(&request, &["account", "signature"])]),
            Err(why) => ask::nothing(why),
        }
    }

    fn verify(&self, credential: &Credential, transport: &dyn Transport, _settings: &Settings) -> Judged {
        match request(&credential.inputs) {
            Ok(request) => {
                let account = account(&credential.inputs).unwrap_or_default();
                read(&transport.send(&request), account)
            }
            Err(why) => ask::not_asked(why),
        }
    }

    fn by_hand(&self) -> &'static str {
        MANUAL
    }
}

const MANUAL: &str = "the account's owner regenerates it: Security + networking, Access keys. Every SAS signed with it ends, too";

fn account(inputs: &Inputs) -> Option<&str> {
    let is_name = |name: &&str| {
        (3..=24).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let given = || ["account", "companion"].iter().find_map(|name| ask::text(inputs, name)).filter(is_name);
    let in_line = || {
        let line = ask::text(inputs, "line")?;
        let at = line.to_ascii_lowercase().find("accountname")? + "accountname".len();
        let rest = line[at..].trim_start().strip_prefix('=')?.trim_start();
        rest.split([';', '"', '\'', ' ']).next().filter(is_name)
    };
    given().or_else(in_line)
}

/// Lists one container, at most.
fn request(inputs: &Inputs) -> Result<Request, String> {
    let account = account(inputs).ok_or("its storage account is not known: give account")?;
    let key = ask::text(inputs, "secret").and_then(|key| STANDARD.decode(key).ok()).map(Zeroizing::new);
    let key = key.filter(|key| !key.is_empty()).ok_or("the key is not base64: it is cut")?;
    let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let host = format!("{account}.blob.core.windows.net");
    let target = "/?comp=list&maxresults=1";
    let mut request = ask::request(Purpose::Verify, "GET", (&host, 443), target, target);
    request.headers = vec![
        ask::header("accept", b"application/xml"),
        ask::header("x-ms-date", date.as_bytes()),
        ask::header("x-ms-version", VERSION.as_bytes()),
        ask::header("authorization", authorization(account, &key, &date).as_bytes()),
    ];
    Ok(request)
}

fn authorization(account: &str, key: &[u8], date: &str) -> String {
    // The method, eleven standard headers that are not sent, the service's own headers, the resource.
    let empty = "\n".repeat(12);
    let resource = format!("/{account}/\ncomp:list\nmaxresults:1");
    let signed = format!("GET{empty}x-ms-date:{date}\nx-ms-version:{VERSION}\n{resource}");
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes());
    format!("SharedKey {account}:{}", STANDARD.encode(signature))
}

fn read(reply: &Result<Reply, SendError>, account: &str) -> Judged {
    let reply = match ask::answered(reply) {
        Ok(reply) => reply,
        Err(judged) => return judged,
    };
    let text = String::from_utf8_lossy(ask::body(reply));
    let root = xml::root(&text);
    let code = xml::text_of(&text, "Code").filter(|_| root == Some("Error")).map(|code| ask::plain(&code));
    let live = |verdict, why: String| Judged {
        identity: vec![ask::fact("account", account)],
        ..ask::judged(verdict, why)
    };
    match (reply.status, code.as_deref()) {
        (200, None) if root == Some("EnumerationResults") => {
            live(Liveness::Live, format!("the storage account {account} accepts its signature"))
        }
        (403, Some("AuthenticationFailed")) if text.contains("Request date header too old") => {
            let why = "the request is too old for Azure: this machine's clock is wrong, set it and ask again";
            ask::judged(Liveness::Ambiguous, why)
        }
        (403, Some("AuthenticationFailed")) => {
            ask::judged(Liveness::Dead, format!("AuthenticationFailed: not a key of {account} any more"))
        }
        (403, Some(code @ "KeyBasedAuthenticationNotPermitted")) => {
            let why = format!("{code}: the account takes no keys at present");
            ask::judged(Liveness::Ambiguous, why)
        }
        // The firewall answers before the signature is looked at.
        (403, Some(code @ "AuthorizationFailure")) => ask::judged(
            Liveness::Ambiguous,
            format!("{code}: the account's firewall lets nobody in from here"),
        ),
        (400..=499, Some(code)) => ask::judged(Liveness::Ambiguous, format!("{}: {code}", reply.status)),
        _ => ask::unlisted(reply),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, credential, failures, reply, sent};
    use super::*;

    fn key() -> String {
        STANDARD.encode([7; 64])
    }

    fn of(inputs: &[(&str, &str)]) -> Credential {
        let key = key();
        credential("azure-storage-connection-string", &[&[("secret", key.as_str())], inputs].concat())
    }

    /// Against the signature that another implementation gives for the same text.
    #[test]
    fn the_signature_is_that_of_the_documentation() {
        let date = "Fri, 26 Jun 2015 23:39:12 GMT";
        let signature = ["NKPKc4BHdIAE", "CxKUUXLEmbK/P", "4A1zCO0LUWD9sBZtWI="].concat();
        assert_eq!(authorization("myaccount", &[7; 64], date), format!("SharedKey myaccount:{signature}"));
    }

    #[test]
    fn each_answer_has_its_verdict() {
        let xml = |status, body: &str| {
            reply(status, "application/xml", &format!("\u{feff}<?xml version=\"1.0\"?>{body}"))
        };
        let error = |code: &str| xml(403, &format!("<Error><Code>{code}</Code><Message>m</Message></Error>"));
        let old = "<Error><Code>AuthenticationFailed</Code><AuthenticationErrorDetail>Request date header too old: \
                   'x'</AuthenticationErrorDetail></Error>";
        let table = [
            (
                xml(200, "<EnumerationResults ServiceEndpoint=\"x\"><Containers/></EnumerationResults>"),
                Liveness::Live,
            ),
            (xml(200, "<Other/>"), Liveness::Ambiguous),
            (error("AuthenticationFailed"), Liveness::Dead),
            (xml(403, old), Liveness::Ambiguous),
            (error("AuthorizationFailure"), Liveness::Ambiguous),
            (error("KeyBasedAuthenticationNotPermitted"), Liveness::Ambiguous),
            (error("Other"), Liveness::Ambiguous),
            (xml(403, "<Code>AuthenticationFailed</Code>"), Liveness::Ambiguous),
        ];
        for (answer, verdict) in table.into_iter().chain(failures()) {
            let fake = Fake::new([answer.clone()]);
            let judged = AzureStorage.verify(&of(&[("account", "shop01")]), &fake, &Settings::default());
            assert_eq!(judged.verdict, verdict, "{answer:?}: {}", judged.reason);
        }
    }

    #[test]
    fn the_account_comes_out_of_the_connection_string() {
        let table = [
            (
                "DefaultEndpointsProtocol=https;AccountName=shop01;AccountKey=",
                Some("shop01.blob.core.windows.net"),
            ),
            ("accountname = shop01 ;", Some("shop01.blob.core.windows.net")),
            ("AccountName=evil.example;", None),
            ("AccountName=;", None),
            ("nothing", None),
        ];
        for (line, host) in table {
            let fake = Fake::new([]);
            AzureStorage.verify(&of(&[("line", line)]), &fake, &Settings::default());
            assert_eq!(fake.asked().first().map(|request| request.host.as_str()), host, "{line}");
            assert!(fake.asked().iter().all(|request| !sent(request).contains(&key())));
        }
        let judged = AzureStorage.verify(&of(&[("account", "../x")]), &Fake::new([]), &Settings::default());
        assert_eq!(judged.verdict, Liveness::NotAttempted);
    }
}
