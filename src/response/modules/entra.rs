//! Client secrets of Microsoft Entra applications. Verified only: removing one takes somebody else's rights.
//!
//! A rule's inputs: `secret`; `tenant_id` and `client_id`, one of which may be `companion` if the other is given. The check
//! mints a token for Microsoft Graph and drops it; it appears in the sign-in log of the service principal.

use super::{Module, ask};
use crate::finding::Liveness;
use crate::response::call::{Purpose, Reply, Request, SendError, Transport};
use crate::response::inputs::{Credential, Inputs};
use crate::response::judge::Judged;
use crate::response::plan::Plan;
use crate::response::settings::Settings;

/// Application secrets.
pub(super) struct Entra;

const HOST: &str = "login.microsoftonline.com";

impl Module for Entra {
    fn name(&self) -> &'static str {
        "entra"
    }

    fn plan_verify(&self, credential: &Credential, _settings: &Settings) -> Plan {
        match request(&credential.inputs) {
            Ok(request) => Plan::Requests(vec![ask::planned(&request, &["client_id", "secret"])]),
            Err(why) => ask::nothing(why),
        }
    }

    fn verify(&self, credential: &Credential, transport: &dyn Transport, _settings: &Settings) -> Judged {
        match request(&credential.inputs) {
            Ok(request) => read(&transport.send(&request), &credential.inputs),
            Err(why) => ask::not_asked(why),
        }
    }

    fn by_hand(&self) -> &'static str {
        MANUAL
    }
}

const MANUAL: &str =
    "an administrator removes it: App registrations, the application, Certificates & secrets";

/// The two ids; a single companion counts as whichever the other inputs leave open.
fn ids(inputs: &Inputs) -> Result<(&str, &str), String> {
    let of = |name: &str| ask::text(inputs, name);
    let companion = of("companion");
    let (tenant, client) = match (of("tenant_id"), of("client_id")) {
        (Some(tenant), Some(client)) => (Some(tenant), Some(client)),
        (Some(tenant), None) => (Some(tenant), companion),
        (None, Some(client)) => (companion, Some(client)),
        (None, None) => (None, None),
    };
    match (tenant.filter(|id| is_guid(id)), client.filter(|id| is_guid(id))) {
        (Some(tenant), Some(client)) => Ok((tenant, client)),
        _ => Err("it signs in with its tenant and application only: give tenant_id and client_id".to_owned()),
    }
}

fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn request(inputs: &Inputs) -> Result<Request, String> {
    let (tenant, client) = ids(inputs)?;
    let secret = ask::text(inputs, "secret").ok_or("the secret is not text")?;
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("client_secret", secret),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    Ok(ask::post_form(Purpose::Verify, (HOST, 443), &format!("/{tenant}/oauth2/v2.0/token"), &fields))
}

fn read(reply: &Result<Reply, SendError>, inputs: &Inputs) -> Judged {
    let reply = match ask::answered(reply) {
        Ok(reply) => reply,
        Err(judged) => return judged,
    };
    let answer = ask::json(reply);
    let answer = answer.as_ref();
    let is_token =
        answer.and_then(|all| all.get("access_token")?.as_str()).is_some_and(|token| !token.is_empty());
    let verdict = |verdict, why: &str| {
        let identity = ids(inputs)
            .map(|(tenant, client)| vec![ask::fact("organization", tenant), ask::fact("client", client)]);
        Judged { identity: identity.unwrap_or_default(), ..ask::judged(verdict, why) }
    };
    match (reply.status, code(answer)) {
        (200, _) if is_token => verdict(Liveness::Live, "Entra signs the application in"),
        (400 | 401, Some(7_000_215)) => {
            ask::judged(Liveness::Dead, "AADSTS7000215: not a secret of this application")
        }
        (400 | 401, Some(7_000_222)) => {
            ask::judged(Liveness::Expired, "AADSTS7000222: the secret has expired")
        }
        (400 | 401, Some(7_000_112)) => {
            ask::judged(Liveness::Disabled, "AADSTS7000112: the application is disabled")
        }
        (400 | 401, Some(53_003)) => verdict(
            Liveness::LiveLimited,
            "AADSTS53003: accepted, and refused from here by conditional access",
        ),
        (400 | 401, Some(code @ (700_016 | 90_002))) => {
            let what = if code == 90_002 { "tenant" } else { "application in this tenant" };
            ask::judged(
                Liveness::Ambiguous,
                format!("AADSTS{code}: there is no such {what}; are these ids its own?"),
            )
        }
        (400..=403, Some(code)) => ask::judged(Liveness::Ambiguous, format!("AADSTS{code}")),
        _ => ask::unlisted(reply),
    }
}

/// The first of `error_codes`, or the number in the description.
fn code(answer: Option<&serde_json::Value>) -> Option<u64> {
    let answer = answer?;
    let listed = answer.pointer("/error_codes/0").and_then(serde_json::Value::as_u64);
    let described = || {
        let text = answer.get("error_description")?.as_str()?.strip_prefix("AADSTS")?;
        text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    listed.or_else(described)
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, credential, failures, json};
    use super::*;

    const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
    const CLIENT: &str = "1950a258-227b-4e31-a9cf-717495945fc2";

    fn of(inputs: &[(&str, &str)]) -> Credential {
        credential("azure-ad-client-secret", &[&[("secret", "made-up")], inputs].concat())
    }

    #[test]
    fn each_answer_has_its_verdict() {
        let error =
            |code: u32| json(401, &format!("{{\"error\": \"invalid_client\", \"error_codes\": [{code}]}}"));
        let described =
            json(401, "{\"error_description\": \"AADSTS7000215: Invalid client secret provided.\"}");
        let table = [
            (json(200, "{\"access_token\": \"eyJ\"}"), Liveness::Live),
            (json(200, "{\"access_token\": \"\"}"), Liveness::Ambiguous),
            (error(7_000_215), Liveness::Dead),
            (described, Liveness::Dead),
            (error(7_000_222), Liveness::Expired),
            (error(7_000_112), Liveness::Disabled),
            (error(53_003), Liveness::LiveLimited),
            (error(700_016), Liveness::Ambiguous),
            (error(90_002), Liveness::Ambiguous),
            (error(1), Liveness::Ambiguous),
            (json(401, "{}"), Liveness::Ambiguous),
        ];
        for (answer, verdict) in table.into_iter().chain(failures()) {
            let fake = Fake::new([answer.clone()]);
            let judged = Entra.verify(
                &of(&[("tenant_id", TENANT), ("client_id", CLIENT)]),
                &fake,
                &Settings::default(),
            );
            assert_eq!(judged.verdict, verdict, "{answer:?}: {}", judged.reason);
        }
    }

    #[test]
    fn both_ids_are_needed_and_are_ids() {
        let table: [(&[(&str, &str)], bool); 6] = [
            (&[("tenant_id", TENANT), ("client_id", CLIENT)], true),
            (&[("tenant_id", TENANT), ("companion", CLIENT)], true),
            (&[("companion", TENANT), ("client_id", CLIENT)], true),
            (&[("companion", CLIENT)], false),
            (&[("tenant_id", "../../evil"), ("client_id", CLIENT)], false),
            (&[], false),
        ];
        for (inputs, is_enough) in table {
            let fake = Fake::new([json(200, "{\"access_token\": \"eyJ\"}")]);
            let judged = Entra.verify(&of(inputs), &fake, &Settings::default());
            assert_eq!(judged.verdict.is_live(), is_enough, "{inputs:?}");
            assert_eq!(fake.asked().len(), usize::from(is_enough));
            let planned = matches!(Entra.plan_verify(&of(inputs), &Settings::default()), Plan::Requests(_));
            assert_eq!(planned, is_enough);
        }
    }
}
