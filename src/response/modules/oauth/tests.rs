//! Against replies out of a list.

use super::super::fake::{Fake, credential, failures, json, reply, sent};
use super::*;

const TOKEN: &str = "made-up-opaque-token-0123456789";
const CONFIGURATION: &str = "{\"introspection_endpoint\": \"https://id.corp.example/token/introspection\", \
    \"revocation_endpoint\": \"https://id.corp.example/token/revocation\"}";

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.hosts.insert("oauth".into(), vec!["id.corp.example".into()]);
    settings
}

fn of(more: &[(&str, &str)]) -> Credential {
    let mut inputs = vec![("secret", TOKEN), ("client_id", "a scanner"), ("client_secret", "p:w")];
    inputs.extend(more);
    credential("oauth-token", &inputs)
}

fn login(pair: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

fn direct() -> Credential {
    of(&[
        ("issuer", "https://id.corp.example"),
        ("introspection_endpoint", "https://id.corp.example/check"),
        ("revocation_endpoint", "https://id.corp.example/revoke"),
    ])
}

#[test]
fn end_points_come_from_the_issuers_metadata() {
    let credential = of(&[("issuer", "https://id.corp.example/realms/a/")]);
    let fake = Fake::new([json(404, "{}"), json(200, CONFIGURATION), json(200, "{\"active\": true}")]);
    assert!(OAuth.verify(&credential, &fake, &settings()).verdict.is_live());
    assert_eq!(
        fake.templates(),
        [
            "GET https://id.corp.example/realms/a/.well-known/openid-configuration",
            "GET https://id.corp.example/.well-known/oauth-authorization-server/realms/a",
            "POST https://id.corp.example/token/introspection",
        ]
    );
    let request = sent(&fake.asked()[2]);
    assert!(request.contains(&login("a+scanner:p%3Aw")), "{request}");
    assert!(request.contains(&format!("token={TOKEN}")), "{request}");
}

#[test]
fn a_token_goes_to_listed_hosts_only() {
    let jwt = |issuer: &str| {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.c2ln", encode("{\"alg\":\"RS256\"}"), encode(&format!("{{\"iss\":\"{issuer}\"}}")))
    };
    let elsewhere = CONFIGURATION.replace("id.corp.example", "evil.example");
    let table = [
        (of(&[]), json(200, CONFIGURATION), 0),
        (of(&[("issuer", "https://evil.example")]), json(200, CONFIGURATION), 0),
        (of(&[("issuer", "http://id.corp.example")]), json(200, CONFIGURATION), 0),
        (of(&[("issuer", "https://id.corp.example:8443")]), json(200, CONFIGURATION), 0),
        (of(&[("issuer", "https://id.corp.example")]), json(200, &elsewhere), 1),
        (of(&[("secret", &jwt("https://evil.example"))]), json(200, CONFIGURATION), 0),
        (of(&[("secret", &jwt("https://id.corp.example"))]), json(200, CONFIGURATION), 2),
    ];
    for (credential, metadata, requests) in table {
        let fake = Fake::new([metadata, json(200, "{\"active\": true}")]);
        let judged = OAuth.verify(&credential, &fake, &settings());
        assert_eq!(fake.asked().len(), requests, "{}", judged.reason);
        assert_eq!(judged.verdict.is_live(), requests == 2, "{}", judged.reason);
    }
    let fake = Fake::new([]);
    let anonymous = credential("oauth-token", &[("secret", TOKEN), ("issuer", "https://id.corp.example")]);
    assert_eq!(OAuth.verify(&anonymous, &fake, &settings()).verdict, Liveness::NotAttempted);
}

#[test]
fn each_answer_has_its_verdict() {
    let table = [
        (json(200, "{\"active\": true}"), Liveness::Live),
        (json(200, "{ \"active\" : false }"), Liveness::Dead),
        (json(200, "{\"active\": \"true\"}"), Liveness::Ambiguous),
        (json(401, "{\"error\": \"invalid_client\"}"), Liveness::Ambiguous),
        (json(403, "{\"active\": false}"), Liveness::Ambiguous),
    ];
    for (answer, verdict) in table.into_iter().chain(failures()) {
        let fake = Fake::new([answer.clone()]);
        assert_eq!(OAuth.verify(&direct(), &fake, &settings()).verdict, verdict, "{answer:?}");
    }
    let whole = format!(
        "{{\"active\": true, \"sub\": \"bo\", \"client_id\": \"app\", \"scope\": \"read write\", \"exp\": 1893456000, \
         \"iss\": \"{TOKEN}\"}}"
    );
    let judged = OAuth.verify(&direct(), &Fake::new([json(200, &whole)]), &settings());
    let facts: Vec<String> =
        judged.identity.iter().map(|fact| format!("{}={}", fact.name, fact.value)).collect();
    assert_eq!(facts, ["user=bo", "client=app", "scopes=read write", "expires=2030-01-01T00:00:00Z"]);
}

#[test]
fn a_revocation_is_accepted_never_confirmed() {
    let table = [
        (json(200, ""), Outcome::Accepted),
        (json(200, "{}"), Outcome::Accepted),
        (reply(200, "text/html", "<html>"), Outcome::Unknown),
        (json(400, "{\"error\": \"unsupported_token_type\"}"), Outcome::Refused),
        (json(400, "{\"error\": \"invalid_client\"}"), Outcome::NotAuthorised),
        (json(401, "{\"error\": \"invalid_client\"}"), Outcome::NotAuthorised),
        (json(429, "{}"), Outcome::RateLimited),
        (json(500, "{}"), Outcome::Unknown),
        (json(302, ""), Outcome::Unknown),
    ];
    for (answer, outcome) in table {
        let fake = Fake::new([answer.clone()]);
        let (found, why) = OAuth.revoke(&direct(), false, &fake, &settings()).unwrap();
        assert_eq!(found, outcome, "{answer:?}: {why}");
        assert_eq!(fake.changes(), 1);
    }
    let discovered = of(&[("issuer", "https://id.corp.example")]);
    let fake = Fake::new([Err(SendError::Unclear("closed".into()))]);
    let (outcome, _) = OAuth.revoke(&discovered, false, &fake, &settings()).unwrap();
    assert_eq!((outcome, fake.changes()), (Outcome::Refused, 0));
}

#[test]
fn plans_name_every_call() {
    let Plan::Requests(planned) = OAuth.plan_revoke(&direct(), false, &settings()) else { panic!() };
    assert_eq!(planned[0].template, "POST https://id.corp.example/revoke");
    let discovered = of(&[("issuer", "https://id.corp.example")]);
    let Plan::Requests(planned) = OAuth.plan_verify(&discovered, &settings()) else { panic!() };
    assert_eq!(planned.len(), 3);
    assert_eq!(planned[2].template, "POST https://id.corp.example/{introspection_endpoint}");
    assert!(matches!(OAuth.plan_verify(&of(&[]), &settings()), Plan::Nothing(_)));
}

#[test]
fn a_responder_is_the_client_that_revokes() {
    let mut direct = direct();
    direct.inputs.set("responder", crate::secret::Secret::new(b"security:its own"));
    let fake = Fake::new([json(200, "")]);
    OAuth.revoke(&direct, false, &fake, &settings()).unwrap();
    assert!(sent(&fake.asked()[0]).contains(&login("security:its+own")));
    let Plan::Requests(planned) = OAuth.plan_revoke(&direct, false, &settings()) else { panic!() };
    assert_eq!(planned[0].sends, ["secret", "responder"]);
}
