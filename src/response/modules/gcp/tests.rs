//! Against replies out of a list.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

use super::super::fake::{Fake, credential, failures, json, sent};
use super::*;
use crate::secret::Secret;

const EMAIL: &str = "deploy@shop-prod.iam.gserviceaccount.com";
const ID: &str = "0123456789abcdef0123456789abcdef01234567";

fn file(email: &str) -> String {
    serde_json::json!({
        "type": "service_account",
        "private_key_id": ID,
        "private_key": numbers::pem("\n"),
        "client_email": email,
        "token_uri": "https://evil.example/token",
    })
    .to_string()
}

fn whole() -> Credential {
    credential("google-service-account-key", &[("secret", &file(EMAIL))])
}

fn token() -> Result<Reply, SendError> {
    json(
        200,
        "{\"access_token\": \"minted-for-this-check\", \"expires_in\": 3599, \"token_type\": \"Bearer\"}",
    )
}

fn denied(description: &str) -> Result<Reply, SendError> {
    json(400, &format!("{{\"error\": \"invalid_grant\", \"error_description\": \"{description}\"}}"))
}

fn error(code: u16, status: &str) -> Result<Reply, SendError> {
    json(
        code,
        &format!("{{\"error\": {{\"code\": {code}, \"status\": \"{status}\", \"message\": \"{EMAIL}\"}}}}"),
    )
}

fn verify(credential: &Credential, answer: Result<Reply, SendError>) -> (Judged, Fake) {
    let fake = Fake::new([answer]);
    (Gcp.verify(credential, &fake, &Settings::default()), fake)
}

/// The grant that was sent, its signature checked: header and claims.
fn opened(request: &Request) -> (serde_json::Value, serde_json::Value) {
    let body = sent(request);
    let form = body.lines().find_map(|line| line.strip_prefix("body: ")).unwrap();
    let fields: std::collections::BTreeMap<String, String> =
        url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    assert_eq!(fields["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let parts: Vec<&str> = fields["assertion"].split('.').collect();
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let account = ServiceAccount::of(&whole().inputs).unwrap();
    let public: RsaPublicKeyComponents<Vec<u8>> = account.key.public().into();
    let signed = format!("{}.{}", parts[0], parts[1]);
    public.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &decode(parts[2])).unwrap();
    let read = |part: &str| serde_json::from_slice(&decode(part)).unwrap();
    (read(parts[0]), read(parts[1]))
}

#[test]
fn the_grant_is_signed_and_asks_for_nothing_but_the_address() {
    let (judged, fake) = verify(&whole(), token());
    assert_eq!(judged.verdict, Liveness::Live);
    let request = &fake.asked()[0];
    assert_eq!(request.host, "oauth2.googleapis.com", "whatever the file says");
    let (header, claims) = opened(request);
    assert_eq!((&header["alg"], &header["kid"]), (&"RS256".into(), &ID.into()));
    assert_eq!(claims["iss"], EMAIL);
    assert_eq!(claims["aud"], "https://oauth2.googleapis.com/token");
    assert_eq!(claims["scope"], "https://www.googleapis.com/auth/userinfo.email");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
    let facts: Vec<String> =
        judged.identity.iter().map(|fact| format!("{}={}", fact.name, fact.value)).collect();
    assert_eq!(facts, [format!("user={EMAIL}"), "account=shop-prod".into(), format!("key_id={ID}")]);
    assert!(!format!("{judged:?}").contains("minted"));
}

#[test]
fn each_answer_has_its_verdict() {
    let table = [
        (token(), Liveness::Live),
        (json(200, "{\"access_token\": \"\"}"), Liveness::Ambiguous),
        (json(200, "{\"error\": \"invalid_grant\"}"), Liveness::Ambiguous),
        (denied("Invalid JWT Signature."), Liveness::Dead),
        (denied("Invalid grant: account not found"), Liveness::Dead),
        (denied("Account has been disabled: service account is disabled"), Liveness::Dead),
        (
            denied(
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
            ),
            Liveness::Ambiguous,
        ),
        (denied("Bad Request"), Liveness::Ambiguous),
        (json(401, "{\"error\": \"unauthorized_client\"}"), Liveness::Ambiguous),
    ];
    for (answer, verdict) in table.into_iter().chain(failures()) {
        let (judged, _) = verify(&whole(), answer.clone());
        assert_eq!(judged.verdict, verdict, "{answer:?}: {}", judged.reason);
    }
}

#[test]
fn pieces_are_put_together() {
    let line = format!("  \"private_key_id\": \"{ID}\",");
    for pem in [
        numbers::pem("\n"),
        numbers::pem("\\n"),
        numbers::pem("\\\\n"),
        numbers::pem("\\r\\n"),
        numbers::pem_rsa("\n"),
    ] {
        let credential = credential(
            "google-service-account-key",
            &[("secret", &pem), ("companion", EMAIL), ("line", &line)],
        );
        let (judged, fake) = verify(&credential, token());
        assert_eq!(judged.verdict, Liveness::Live, "{}", judged.reason);
        assert_eq!(opened(&fake.asked()[0]).0["kid"], ID);
    }
}

#[test]
fn what_is_missing_is_told_and_nothing_sent() {
    let pem = numbers::pem("\n");
    let cut = &pem[..pem.len() / 2];
    let table: [&[(&str, &str)]; 7] = [
        &[("secret", &pem)],
        &[("secret", &pem), ("client_email", "deploy@shop.example.com")],
        &[("secret", &pem), ("client_email", "a/../b@x.iam.gserviceaccount.com")],
        &[("secret", cut), ("client_email", EMAIL)],
        &[("secret", "-----BEGIN"), ("client_email", EMAIL)],
        &[("secret", "{\"client_email\": 1}")],
        &[("secret", &file("root@evil.example"))],
    ];
    for inputs in table {
        let credential = credential("google-service-account-key", inputs);
        let (judged, fake) = verify(&credential, token());
        assert_eq!((judged.verdict, fake.asked().len()), (Liveness::NotAttempted, 0), "{}", judged.reason);
        assert!(matches!(Gcp.plan_verify(&credential, &Settings::default()), Plan::Nothing(_)));
    }
}

#[test]
fn it_is_disabled_or_deleted_on_request() {
    let place = format!("https://iam.googleapis.com/v1/projects/-/serviceAccounts/{EMAIL}/keys/{ID}");
    for (delete, call) in [(false, format!("POST {place}:disable")), (true, format!("DELETE {place}"))] {
        let fake = Fake::new([token(), json(200, "{}")]);
        let (outcome, why) = Gcp.revoke(&whole(), delete, &fake, &Settings::default()).unwrap();
        assert_eq!(outcome, Outcome::Accepted, "{why}");
        let asked = fake.asked();
        assert_eq!(opened(&asked[0]).1["scope"], "https://www.googleapis.com/auth/iam");
        assert_eq!((asked[1].template.as_str(), asked[1].purpose), (call.as_str(), Purpose::Revoke));
        assert!(sent(&asked[1]).contains("Bearer minted-for-this-check"));
        let Plan::Requests(planned) = Gcp.plan_revoke(&whole(), delete, &Settings::default()) else {
            panic!()
        };
        assert_eq!(planned.into_iter().map(|one| one.template).collect::<Vec<_>>(), fake.templates());
    }
}

#[test]
fn each_answer_to_a_revocation_has_its_outcome() {
    let table = [
        (vec![token(), error(403, "PERMISSION_DENIED")], Outcome::NotAuthorised),
        (vec![token(), error(404, "NOT_FOUND")], Outcome::AlreadyDead),
        (vec![token(), error(401, "UNAUTHENTICATED")], Outcome::NotAuthorised),
        (vec![token(), error(400, "FAILED_PRECONDITION")], Outcome::Refused),
        (vec![token(), error(429, "RESOURCE_EXHAUSTED")], Outcome::RateLimited),
        (vec![token(), error(500, "INTERNAL")], Outcome::Unknown),
        (vec![token(), json(200, "")], Outcome::Unknown),
        (vec![token(), json(404, "")], Outcome::Refused),
        (vec![denied("Invalid JWT Signature.")], Outcome::AlreadyDead),
        (vec![denied("Bad Request")], Outcome::Refused),
        (vec![json(429, "{}")], Outcome::RateLimited),
    ];
    for (answers, outcome) in table {
        let fake = Fake::new(answers.clone());
        let (found, why) = Gcp.revoke(&whole(), false, &fake, &Settings::default()).unwrap();
        assert_eq!(found, outcome, "{answers:?}: {why}");
        assert_eq!(fake.changes(), answers.len() - 1);
    }
    let fake = Fake::new([Err(SendError::Unclear("closed".into()))]);
    let error = Gcp.revoke(&whole(), false, &fake, &Settings::default()).unwrap_err();
    assert!(matches!(error, SendError::NotSent(_)), "nothing was changed: {error}");
}

#[test]
fn a_responder_disables_it_in_its_place() {
    let other = file("responder@security.iam.gserviceaccount.com");
    for (responder, answers) in
        [("responders-own".to_owned(), vec![json(200, "{}")]), (other, vec![token(), json(200, "{}")])]
    {
        let mut whole = whole();
        whole.inputs.set("responder", Secret::new(responder.as_bytes()));
        let fake = Fake::new(answers.clone());
        let (outcome, why) = Gcp.revoke(&whole, false, &fake, &Settings::default()).unwrap();
        assert_eq!((outcome, fake.asked().len()), (Outcome::Accepted, answers.len()), "{why}");
        assert!(fake.templates().last().unwrap().contains(EMAIL));
    }
    let mut whole = whole();
    whole.inputs.set("responder", Secret::new(file("responder@security.iam.gserviceaccount.com").as_bytes()));
    let fake = Fake::new([denied("Invalid JWT Signature.")]);
    let (outcome, _) = Gcp.revoke(&whole, false, &fake, &Settings::default()).unwrap();
    assert_eq!(outcome, Outcome::NotAuthorised, "the responder is dead, not the key");
}
