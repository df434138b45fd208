//! Against replies out of a list.

use super::super::fake::{Fake, credential, failures, reply, sent};
use super::*;
use crate::response::call::Reply;
use crate::response::inputs::Credential;

type Answer = Result<Reply, SendError>;

/// A key id of the account 123456789012, and one of a decoy's.
fn key_id(account: u64) -> String {
    let mut bits = u128::from(account << 7) << 32;
    let mut digits = Vec::new();
    for _ in 0..16 {
        digits.push(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(bits & 31) as usize]);
        bits >>= 5;
    }
    digits.reverse();
    // The topmost bit is not part of the account.
    digits[0] = if digits[0] < b'Q' { digits[0] + 16 } else { digits[0] };
    format!("AKIA{}", String::from_utf8(digits).unwrap())
}

const ACCOUNT: u64 = 123_456_789_012;
const RESPONDER_SECRET: &str = "responders-own-secret-made-up-here-00000";
const SECRET: &str = "a-made-up-secret-key-of-forty-characters";

fn pair() -> Credential {
    credential("aws-secret-access-key", &[("secret", SECRET), ("companion", &key_id(ACCOUNT))])
}

fn with(mut pair: Credential, name: &str, value: &str) -> Credential {
    pair.inputs.set(name, crate::secret::Secret::new(value.as_bytes()));
    pair
}

fn responder(account: u64) -> String {
    format!("{}:{RESPONDER_SECRET}", key_id(account))
}

fn xml(status: u16, body: &str) -> Answer {
    reply(status, "text/xml", body)
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <Error>\n    <Type>Sender</Type>\n    \
         <Code>{code}</Code>\n    <Message>{message}</Message>\n  </Error>\n  <RequestId>r</RequestId>\n</ErrorResponse>"
    );
    xml(status, &body)
}

fn caller(arn: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\"?><GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn>\
         <UserId>AIDAEXAMPLE</UserId><Account>123456789012</Account></GetCallerIdentityResult>\
         </GetCallerIdentityResponse>"
    );
    xml(200, &body)
}

fn user() -> Answer {
    caller("arn:aws:iam::123456789012:user/teams/deploy/ci-bot")
}

fn changed(action: &str) -> Answer {
    xml(200, &format!("<{action}Response><ResponseMetadata/></{action}Response>"))
}

fn verify(answers: impl IntoIterator<Item = Answer>, settings: &Settings) -> (Judged, Fake) {
    let fake = Fake::new(answers);
    (Aws.verify(&pair(), &fake, settings), fake)
}

fn revoke(
    credential: &Credential,
    delete: bool,
    answers: Vec<Answer>,
) -> (Result<(Outcome, String), SendError>, Fake) {
    let fake = Fake::new(answers);
    (Aws.revoke(credential, delete, &fake, &Settings::default()), fake)
}

#[test]
fn made_up_ids_name_their_account() {
    assert_eq!(crate::rules::check::aws_account(key_id(ACCOUNT).as_bytes()).as_deref(), Some("123456789012"));
}

#[test]
fn each_answer_has_its_verdict() {
    let table = [
        (user(), Liveness::Live),
        (caller("arn:aws:iam::123456789012:root"), Liveness::Live),
        (
            error(403, "InvalidClientTokenId", "The security token included in the request is invalid."),
            Liveness::Dead,
        ),
        (
            error(403, "SignatureDoesNotMatch", "The request signature we calculated does not match"),
            Liveness::Ambiguous,
        ),
        (
            error(403, "SignatureDoesNotMatch", "Signature expired: 2026 is now earlier than"),
            Liveness::Ambiguous,
        ),
        (
            error(403, "ExpiredToken", "The security token included in the request is expired"),
            Liveness::Expired,
        ),
        (error(400, "RequestExpired", "Request has expired."), Liveness::Ambiguous),
        (error(400, "Throttling", "Rate exceeded"), Liveness::RateLimited),
        (error(403, "AccessDenied", "User is not authorized"), Liveness::Ambiguous),
        (error(500, "InternalFailure", ""), Liveness::Unreachable),
        // A code anywhere but in AWS's own form of an error.
        (xml(403, "<Page><Code>InvalidClientTokenId</Code></Page>"), Liveness::Ambiguous),
        (xml(403, "<html><Code>InvalidClientTokenId</Code></html>"), Liveness::Blocked),
        (
            xml(200, "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>"),
            Liveness::Ambiguous,
        ),
        (xml(200, "<GetCallerIdentityResponse></GetCallerIdentityResponse>"), Liveness::Ambiguous),
        (xml(200, "<Other><Arn>a</Arn><Account>b</Account><UserId>c</UserId></Other>"), Liveness::Ambiguous),
    ];
    for (answer, verdict) in table.into_iter().chain(failures()) {
        let (judged, fake) = verify([answer.clone()], &Settings::default());
        assert_eq!(judged.verdict, verdict, "{answer:?}: {}", judged.reason);
        assert_eq!(fake.asked().len(), 1);
        assert!(!judged.reason.contains(SECRET));
    }
    let (judged, _) =
        verify([error(403, "SignatureDoesNotMatch", "Signature expired: x")], &Settings::default());
    assert!(judged.reason.contains("clock"), "{}", judged.reason);
    let (judged, _) = verify([error(403, "SignatureDoesNotMatch", "calculated")], &Settings::default());
    assert!(judged.reason.contains("not its own"), "{}", judged.reason);
}

#[test]
fn who_it_is_comes_out_of_the_arn() {
    let (judged, fake) = verify([user()], &Settings::default());
    let facts: Vec<(&str, &str)> =
        judged.identity.iter().map(|fact| (fact.name.as_ref(), fact.value.as_str())).collect();
    assert_eq!(
        facts,
        [
            ("account", "123456789012"),
            ("user", "ci-bot"),
            ("arn", "arn:aws:iam::123456789012:user/teams/deploy/ci-bot"),
            ("user_id", "AIDAEXAMPLE")
        ]
    );
    let request = &fake.asked()[0];
    assert_eq!((request.host.as_str(), request.port), ("sts.us-east-1.amazonaws.com", 443));
    let sent = sent(request);
    assert!(!sent.contains(SECRET) && sent.contains("Action=GetCallerIdentity"), "{sent}");
    assert!(sent.contains("SignedHeaders=content-type;host;x-amz-date,"), "{sent}");
}

#[test]
fn a_decoy_is_never_asked_about() {
    let decoy =
        credential("aws-secret-access-key", &[("secret", SECRET), ("companion", &key_id(171_436_882_533))]);
    let own = with(pair(), "canary_accounts", "111111111111, 123456789012");
    for credential in [decoy, own] {
        let fake = Fake::new([]);
        let judged = Aws.verify(&credential, &fake, &Settings::default());
        assert_eq!(judged.verdict, Liveness::Canary);
        assert!(matches!(Aws.plan_verify(&credential, &Settings::default()), Plan::Nothing(_)));
        let (outcome, _) = Aws.revoke(&credential, false, &fake, &Settings::default()).unwrap();
        assert_eq!(outcome, Outcome::Refused);
        assert!(fake.asked().is_empty());
    }
}

#[test]
fn halves_are_found_where_they_stand() {
    let id = key_id(ACCOUNT);
    let line = format!("deploy,{id},{SECRET}");
    let other = format!("{id} {} {SECRET}", key_id(ACCOUNT + 1));
    let temporary = format!("ASIA{}", &id[4..]);
    let table: [(&[(&str, &str)], bool); 8] = [
        (&[("secret", SECRET), ("companion", &id)], true),
        (&[("secret", SECRET), ("key_id", &id)], true),
        (&[("secret", SECRET), ("line", &line)], true),
        (&[("secret", SECRET), ("line", &other)], false),
        (&[("secret", &id), ("companion", SECRET)], true),
        (&[("secret", &id)], false),
        (&[("secret", SECRET), ("companion", &temporary)], false),
        (&[("secret", SECRET), ("companion", &temporary), ("session_token", "token")], true),
    ];
    for (inputs, is_enough) in table {
        let fake = Fake::new([user()]);
        let credential = credential("aws-secret-access-key", inputs);
        let judged = Aws.verify(&credential, &fake, &Settings::default());
        assert_eq!(judged.verdict.is_live(), is_enough, "{inputs:?}: {}", judged.reason);
        assert_eq!(fake.asked().len(), usize::from(is_enough));
        let planned = matches!(Aws.plan_verify(&credential, &Settings::default()), Plan::Requests(_));
        assert_eq!(planned, is_enough);
    }
}

#[test]
fn other_partitions_are_asked_if_they_are_listed() {
    let dead = || error(403, "InvalidClientTokenId", "");
    let mut settings = Settings::default();
    settings.hosts.insert("aws".into(), vec!["aws-cn".into(), "sts.us-gov-west-1.amazonaws.com".into()]);
    let chinese = || caller("arn:aws-cn:iam::123456789012:user/bot");
    let (judged, fake) = verify([dead(), chinese()], &settings);
    assert!(judged.verdict.is_live());
    assert_eq!(fake.asked()[1].host, "sts.cn-north-1.amazonaws.com.cn");
    let (judged, fake) = verify([dead(), dead(), dead()], &settings);
    assert_eq!((judged.verdict, fake.asked().len()), (Liveness::Dead, 3));
    // One that could not be asked leaves it open.
    let (judged, _) = verify([dead(), Err(SendError::NotSent("no route".into())), dead()], &settings);
    assert_eq!(judged.verdict, Liveness::Unreachable);
    let (judged, fake) = verify([dead(), chinese()], &Settings::default());
    assert_eq!((judged.verdict, fake.asked().len()), (Liveness::Dead, 1));

    let fake = Fake::new([dead(), chinese(), changed("UpdateAccessKey")]);
    let (outcome, _) = Aws.revoke(&pair(), false, &fake, &settings).unwrap();
    assert_eq!(outcome, Outcome::Accepted);
    assert_eq!(fake.asked()[2].host, "iam.cn-north-1.amazonaws.com.cn");
}

#[test]
fn it_is_switched_off_once_and_by_name() {
    let (answer, fake) = revoke(&pair(), false, vec![user(), changed("UpdateAccessKey")]);
    assert_eq!(answer.unwrap().0, Outcome::Accepted);
    let request = &fake.asked()[1];
    let sent = sent(request);
    assert_eq!((request.host.as_str(), request.purpose), ("iam.amazonaws.com", Purpose::Revoke));
    assert!(sent.contains("Action=UpdateAccessKey") && sent.contains("Status=Inactive"), "{sent}");
    assert!(sent.contains("UserName=ci-bot") && sent.contains(&key_id(ACCOUNT)), "{sent}");
    assert_eq!(request.template, "POST https://iam.amazonaws.com/ (UpdateAccessKey, Status=Inactive)");

    let (answer, fake) = revoke(&pair(), true, vec![user(), changed("DeleteAccessKey")]);
    assert_eq!(answer.unwrap().0, Outcome::Accepted);
    assert!(fake.templates()[1].contains("DeleteAccessKey"));
    let Plan::Requests(planned) = Aws.plan_revoke(&pair(), true, &Settings::default()) else { panic!() };
    assert_eq!(planned.iter().map(|one| one.template.clone()).collect::<Vec<_>>(), fake.templates());
}

#[test]
fn each_answer_to_a_revocation_has_its_outcome() {
    let table = [
        (changed("UpdateAccessKey"), Outcome::Accepted),
        (
            error(403, "AccessDenied", "not authorized to perform: iam:UpdateAccessKey"),
            Outcome::NotAuthorised,
        ),
        (
            error(403, "AccessDenied", "with an explicit deny in an identity-based policy"),
            Outcome::NotAuthorised,
        ),
        (error(404, "NoSuchEntity", "The Access Key with id x cannot be found."), Outcome::AlreadyDead),
        (error(403, "InvalidClientTokenId", ""), Outcome::AlreadyDead),
        (error(400, "Throttling", "Rate exceeded"), Outcome::RateLimited),
        (error(400, "ValidationError", ""), Outcome::Refused),
        (error(500, "ServiceFailure", ""), Outcome::Unknown),
        (xml(200, "<DeleteAccessKeyResponse/>"), Outcome::Unknown),
        (reply(200, "text/html", "<html>"), Outcome::Unknown),
        (reply(403, "text/html", "<html>"), Outcome::Unknown),
        (reply(302, "text/html", ""), Outcome::Unknown),
    ];
    for (answer, outcome) in table {
        let (result, fake) = revoke(&pair(), false, vec![user(), answer.clone()]);
        let (found, why) = result.unwrap();
        assert_eq!(found, outcome, "{answer:?}: {why}");
        assert_eq!(fake.changes(), 1);
    }
    let quarantined = error(403, "AccessDenied", "with an explicit deny in an identity-based policy");
    let (_, why) = revoke(&pair(), false, vec![user(), quarantined]).0.unwrap();
    assert!(why.contains("iam:UpdateAccessKey") && why.contains("Quarantine"), "{why}");
    // Nobody knows whether it happened: the caller decides.
    let unclear = SendError::Unclear("closed".into());
    assert_eq!(revoke(&pair(), false, vec![user(), Err(unclear.clone())]).0, Err(unclear));
}

#[test]
fn nothing_is_changed_unless_it_is_known_whose_it_is() {
    let table = [
        (error(403, "InvalidClientTokenId", ""), Ok(Outcome::AlreadyDead)),
        (error(403, "ExpiredToken", ""), Ok(Outcome::AlreadyDead)),
        (error(403, "SignatureDoesNotMatch", ""), Ok(Outcome::Refused)),
        (error(400, "Throttling", ""), Ok(Outcome::RateLimited)),
        (caller("arn:aws:iam::123456789012:root"), Ok(Outcome::Refused)),
        (caller("arn:aws:sts::123456789012:assumed-role/r/s"), Ok(Outcome::ManualRequired)),
        (reply(200, "text/html", "<html>"), Ok(Outcome::Refused)),
        (Err(SendError::Unclear("closed".into())), Err(())),
    ];
    for (answer, outcome) in table {
        let (result, fake) = revoke(&pair(), false, vec![answer.clone()]);
        assert_eq!(result.clone().map(|(outcome, _)| outcome).map_err(|_| ()), outcome, "{answer:?}");
        assert!(!matches!(result, Err(SendError::Unclear(_))), "a look-up changes nothing");
        assert_eq!(fake.changes(), 0);
    }
    let temporary = format!("ASIA{}", &key_id(ACCOUNT)[4..]);
    let session = [("secret", SECRET), ("companion", temporary.as_str()), ("session_token", "t")];
    let (result, fake) = revoke(&credential("aws-secret-access-key", &session), false, vec![]);
    assert_eq!((result.unwrap().0, fake.asked().len()), (Outcome::ManualRequired, 0));
}

#[test]
fn a_root_key_is_switched_off_if_that_is_said() {
    let root = || caller("arn:aws:iam::123456789012:root");
    let named = with(pair(), "root", "yes");
    let (answer, fake) = revoke(&named, false, vec![root(), changed("UpdateAccessKey")]);
    assert_eq!(answer.unwrap().0, Outcome::Accepted);
    assert!(!sent(&fake.asked()[1]).contains("UserName"));
}

#[test]
fn a_responder_signs_in_the_keys_place() {
    let credential = with(pair(), "responder", &responder(ACCOUNT));
    let (answer, fake) = revoke(&credential, false, vec![user(), changed("UpdateAccessKey")]);
    assert_eq!(answer.unwrap().0, Outcome::Accepted);
    let request = sent(&fake.asked()[1]);
    assert!(request.contains(&format!("Credential={}", key_id(ACCOUNT))), "{request}");
    assert!(!request.contains(RESPONDER_SECRET) && !request.contains(SECRET));

    let elsewhere = with(pair(), "responder", &responder(ACCOUNT + 1));
    let (answer, fake) = revoke(&elsewhere, false, vec![user()]);
    assert_eq!((answer.unwrap().0, fake.changes()), (Outcome::NotAuthorised, 0));

    // It is live, whatever the responder's account knows of it.
    let (answer, _) = revoke(&credential, false, vec![user(), error(404, "NoSuchEntity", "")]);
    assert_eq!(answer.unwrap().0, Outcome::Refused);
    let (answer, _) = revoke(&credential, false, vec![user(), error(403, "InvalidClientTokenId", "")]);
    assert_eq!(answer.unwrap().0, Outcome::NotAuthorised);
    let broken = with(pair(), "responder", "nonsense");
    assert_eq!(revoke(&broken, false, vec![]).0.unwrap().0, Outcome::Refused);
}

#[test]
fn a_responder_finds_the_owner_of_a_key_that_is_switched_off() {
    let last_used = || {
        xml(
            200,
            "<GetAccessKeyLastUsedResponse><GetAccessKeyLastUsedResult><UserName>ci-bot</UserName>\
             </GetAccessKeyLastUsedResult></GetAccessKeyLastUsedResponse>",
        )
    };
    let dead = || error(403, "InvalidClientTokenId", "");
    let paired = with(pair(), "responder", &responder(ACCOUNT));
    let (answer, fake) = revoke(&paired, true, vec![dead(), last_used(), changed("DeleteAccessKey")]);
    assert_eq!(answer.unwrap().0, Outcome::Accepted);
    let templates = fake.templates();
    let Plan::Requests(planned) = Aws.plan_revoke(&paired, true, &Settings::default()) else { panic!() };
    assert_eq!(planned.into_iter().map(|one| one.template).collect::<Vec<_>>(), templates);
    let (answer, _) = revoke(&paired, true, vec![dead(), error(404, "NoSuchEntity", "")]);
    assert_eq!(answer.unwrap().0, Outcome::AlreadyDead);

    let id = key_id(ACCOUNT);
    let alone = credential("aws-access-key-id", &[("secret", &id), ("responder", &responder(ACCOUNT))]);
    let (answer, fake) = revoke(&alone, false, vec![last_used(), changed("UpdateAccessKey")]);
    assert_eq!((answer.unwrap().0, fake.changes()), (Outcome::Accepted, 1));
    let nobody = credential("aws-access-key-id", &[("secret", &id)]);
    assert_eq!(revoke(&nobody, false, vec![]).0.unwrap().0, Outcome::NotAuthorised);
}
