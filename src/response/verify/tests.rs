//! A provider that answers by script, and everything that is asked of it.

use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::finding::Fingerprint;
use crate::response::call::{Reply, Request, SendError};
use crate::rules::RuleSet;
use crate::secret::Secret;

/// Answers by the request; remembers what it was asked.
struct Script<F> {
    answer: F,
    asked: Mutex<Vec<String>>,
}

impl<F: Fn(&Request, &str) -> Result<Reply, SendError> + Send + Sync> Script<F> {
    fn new(answer: F) -> Self {
        Script { answer, asked: Mutex::new(Vec::new()) }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[expect(clippy::disallowed_methods, reason = "the test plays the provider")]
fn secret_of(request: &Request) -> String {
    let header = request.headers.iter().find(|(name, _)| name == "x-key");
    header.map(|(_, value)| String::from_utf8(value.expose().to_vec()).unwrap()).unwrap_or_default()
}

impl<F: Fn(&Request, &str) -> Result<Reply, SendError> + Send + Sync> Transport for Script<F> {
    fn send(&self, request: &Request) -> Result<Reply, SendError> {
        self.asked.lock().unwrap().push(format!("{:?} {}", request.purpose, request.template));
        (self.answer)(request, &secret_of(request))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a transport says")]
fn json(status: u16, body: &str) -> Result<Reply, SendError> {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Ok(Reply { status, headers, body: Secret::new(body.as_bytes()), is_cut: false })
}

const LIVE: &str = r#"{"id":"u1","scopes":["read","write"],"echo":"KEY"}"#;

/// Lets one key in.
fn knows(key: &str) -> impl Fn(&Request, &str) -> Result<Reply, SendError> + Send + Sync + use<> {
    let key = key.to_owned();
    move |_, secret| {
        if secret == key {
            json(200, &LIVE.replace("KEY", &key))
        } else {
            json(401, r#"{"error":"invalid_key"}"#)
        }
    }
}

const WHEN: &str = "when = [{ status = 200, has = ['/id'], means = 'live' }, { status = 401, json = { '/error' = 'invalid_key' }, means = 'dead' }]\n\
    identity = { user = '/id', scopes = '/scopes', echo = '/echo' }";

/// Rules `acme-key`, with this request and more, and `acme-other`, which is like it.
fn responses(request: &str, more: &str) -> Responses {
    let rule = |id: &str, table: &str| {
        format!(
            "[[rules]]\nid = '{id}'\nname = 'x'\ndescription = 'x'\nseverity = 'low'\nconfidence = 'low'\n\
             keywords = ['acme']\nregex = '(?<secret>acme_[a-z0-9]{{24}})'\nremediation = 'x'\n[rules.verify]\n{table}\n"
        )
    };
    let own = format!(
        "trust = 'V'\n{more}\nrequest = {{ {request}, headers = {{ x-key = '{{secret}}' }} }}\n{WHEN}"
    );
    let mut set = RuleSet::default();
    set.add("acme.toml", &(rule("acme-key", &own) + &rule("acme-other", "like = 'acme-key'"))).unwrap();
    Responses::of(&set).unwrap()
}

fn credential(rule: &str, secret: &str) -> Credential {
    let mut inputs = Inputs::default();
    inputs.set("secret", Secret::new(secret.as_bytes()));
    Credential {
        fingerprint: Fingerprint::of_secret(rule, secret.as_bytes()),
        rule: rule.into(),
        provider: "acme".into(),
        inputs,
        place: "a:1".into(),
    }
}

fn key(number: usize) -> String {
    format!("acme_{number:02}k3yk3yk3yk3yk3yk3yk3y")
}

const URL: &str = "url = 'https://api.acme.test/me'";

#[test]
fn a_live_one_and_a_dead_one() {
    let (responses, settings) = (responses(URL, ""), Settings::default());
    let transport = Script::new(knows(&key(1)));
    let verifier = Verifier { responses: &responses, transport: &transport, settings: &settings };
    let live = verifier.verify(&credential("acme-key", &key(1)));
    assert_eq!(
        (live.verdict, live.requests, live.host.as_deref()),
        (Liveness::Live, 1, Some("api.acme.test"))
    );
    let facts: Vec<String> =
        live.identity.iter().map(|fact| format!("{}={}", fact.name, fact.value)).collect();
    assert_eq!(facts[1..], ["scopes=read, write", "user=u1"]);
    assert!(facts[0].starts_with("echo=acme****"), "what echoes the secret is masked: {facts:?}");
    let dead = verifier.verify(&credential("acme-key", &key(2)));
    assert_eq!((dead.verdict, dead.requests, dead.identity.len()), (Liveness::Dead, 1, 0));
    let none = verifier.verify(&credential("unheard-of", &key(1)));
    assert_eq!((none.verdict, none.requests), (Liveness::NotAttempted, 0));
    assert_eq!(transport.asked(), ["Verify GET https://api.acme.test/me"; 2]);
}

/// Two hundred findings, sixty secrets: sixty requests; whatever runs side by side.
#[test]
fn equal_secrets_are_asked_about_once() {
    let (responses, settings) = (responses(URL, ""), Settings::default());
    let transport = Script::new(|_: &Request, _: &str| {
        std::thread::sleep(Duration::from_millis(1));
        json(200, LIVE)
    });
    let verifier = Verifier { responses: &responses, transport: &transport, settings: &settings };
    let rules = ["acme-key", "acme-other"];
    let all: Vec<Credential> = (0..200).map(|at| credential(rules[at % 2], &key(at % 60))).collect();
    let answers = verifier.verify_all(&all);
    assert_eq!(transport.asked().len(), 60);
    assert!(answers.iter().all(|answer| answer.verdict == Liveness::Live));
    assert_eq!(answers.iter().map(|answer| answer.requests).sum::<u32>(), 60);
}

#[test]
fn a_limit_is_kept_and_told() {
    let responses = responses(URL, "");
    let settings = Settings { most_requests: 3, ..Settings::default() };
    let transport = Script::new(|_: &Request, _: &str| json(200, LIVE));
    let verifier = Verifier { responses: &responses, transport: &transport, settings: &settings };
    let all: Vec<Credential> = (0..5).map(|at| credential("acme-key", &key(at))).collect();
    let answers = verifier.verify_all(&all);
    assert_eq!(transport.asked().len(), 3);
    let left: Vec<_> = answers.iter().filter(|answer| answer.verdict == Liveness::NotAttempted).collect();
    assert_eq!(left.len(), 2);
    assert!(left[0].reason.contains("limit of 3 requests"), "{}", left[0].reason);
}

#[test]
fn where_anything_is_accepted_nothing_is_proved() {
    let (responses, settings) = (responses(URL, "probe = true"), Settings::default());
    let ask = |transport: &dyn Transport| {
        let verifier = Verifier { responses: &responses, transport, settings: &settings };
        let all = [credential("acme-key", &key(1)), credential("acme-key", &key(2))];
        verifier.verify_all(&all).into_iter().map(|answer| answer.verdict).collect::<Vec<_>>()
    };
    let anything = Script::new(|_: &Request, _: &str| json(200, LIVE));
    assert_eq!(ask(&anything), [Liveness::Ambiguous; 2]);
    assert_eq!(anything.asked(), ["Probe GET https://api.acme.test/me"], "no secret is sent then");
    let careful = Script::new(knows(&key(1)));
    assert_eq!(ask(&careful), [Liveness::Live, Liveness::Dead]);
    assert_eq!(careful.asked().len(), 3, "{:?}", careful.asked());
    let busy = Script::new(|_: &Request, _: &str| json(429, ""));
    assert_eq!(ask(&busy), [Liveness::RateLimited; 2]);
    assert_eq!(busy.asked().len(), 1);
}

#[test]
fn hosts_are_asked_until_one_knows_it() {
    let spec =
        "url = 'https://{host}/me', host = { fixed = ['eu.acme.test', 'us.acme.test'], service = 'acme' }";
    let responses = responses(spec, "");
    let hosts = BTreeMap::from([("acme".to_owned(), vec!["acme.corp.test:8443".to_owned()])]);
    let settings = Settings { hosts, ..Settings::default() };
    let at =
        |place: &'static str, answer: fn() -> Result<Reply, SendError>| {
            Script::new(move |request: &Request, _: &str| {
                if request.host == place { answer() } else { json(401, r#"{"error":"invalid_key"}"#) }
            })
        };
    let ask = |transport: &dyn Transport| {
        let verifier = Verifier { responses: &responses, transport, settings: &settings };
        let answer = verifier.verify(&credential("acme-key", &key(1)));
        (answer.verdict, answer.host.unwrap(), answer.requests)
    };
    let us = at("us.acme.test", || json(200, LIVE));
    assert_eq!(ask(&us), (Liveness::Live, "us.acme.test".to_owned(), 2));
    let own = at("acme.corp.test", || json(200, LIVE));
    assert_eq!(ask(&own), (Liveness::Live, "acme.corp.test:8443".to_owned(), 3));
    let nowhere = at("", || json(200, LIVE));
    assert_eq!(ask(&nowhere), (Liveness::Dead, "eu.acme.test".to_owned(), 3));
    let unsure = at("us.acme.test", || Err(SendError::NotSent("no route".into())));
    assert_eq!(ask(&unsure), (Liveness::Unreachable, "us.acme.test".to_owned(), 2));
    let Plan::Requests(plan) = (Verifier { responses: &responses, transport: &us, settings: &settings })
        .plan(&credential("acme-key", &key(1)))
    else {
        panic!("it can be asked")
    };
    let planned: Vec<&str> = plan.iter().map(|planned| planned.template.as_str()).collect();
    let wanted =
        ["GET https://eu.acme.test/me", "GET https://us.acme.test/me", "GET https://acme.corp.test:8443/me"];
    assert_eq!(planned, wanted);
    assert!(plan.iter().all(|planned| planned.sends == ["secret"] && planned.warning().is_none()));
    // An instance of one's own is pointed out where none is listed.
    let settings = Settings::default();
    let verifier = Verifier { responses: &responses, transport: &nowhere, settings: &settings };
    assert!(verifier.verify(&credential("acme-key", &key(1))).reason.contains("[network.hosts]"));
}

#[test]
fn what_is_not_asked_says_why() {
    let transport = Script::new(|_: &Request, _: &str| json(200, LIVE));
    let ask = |responses: &Responses, settings: &Settings, credential: &Credential| {
        let verifier = Verifier { responses, transport: &transport, settings };
        let answer = verifier.verify(credential);
        assert_eq!((answer.requests, answer.host), (0, None));
        match verifier.plan(credential) {
            Plan::Nothing(why) => assert_eq!(why, answer.reason),
            plan @ Plan::Requests(_) => panic!("{plan:?}"),
        }
        (answer.verdict, answer.reason)
    };
    let plain = Settings::default();
    let mine = credential("acme-key", &key(1));
    let (verdict, why) = ask(&responses(URL, "intrusive = true"), &plain, &mine);
    assert!(verdict == Liveness::NotAttempted && why.contains("--intrusive"), "{why}");
    let needs = responses("url = 'https://api.acme.test/{user}'", "needs = ['user']");
    let (_, why) = ask(&needs, &plain, &mine);
    assert!(why.contains("--set user=VALUE") && why.contains("[network.values]"), "{why}");
    let from =
        "url = 'https://{host}/', host = { from = 'host', suffixes = ['.acme.test'], service = 'acme' }";
    let hosts = responses(from, "line = '//(?<host>[^/]{1,99})/'");
    let mut beside = mine.clone();
    beside.inputs.set("line", Secret::new(b"//git.evil.test/ acme"));
    let (_, why) = ask(&hosts, &plain, &beside);
    assert!(why.contains("git.evil.test") && why.contains("[network.hosts] acme"), "{why}");
    let mut decoy = mine.clone();
    // A documented decoy, and the account that is encoded in it.
    decoy.inputs.set("companion", Secret::new(["AKIASP2TPHJS", "QH3FJXYZ"].concat().as_bytes()));
    let (verdict, why) = ask(&needs, &plain, &decoy);
    assert!(verdict == Liveness::Canary && why.contains("171436882533"), "{verdict} {why}");
    assert_eq!(transport.asked(), [""; 0]);
    // What configuration gives, it is asked with; what stands beside is sent where the provider is.
    let values = BTreeMap::from([("*".to_owned(), BTreeMap::from([("user".to_owned(), "bob".to_owned())]))]);
    let settings = Settings { values, ..Settings::default() };
    let verifier = Verifier { responses: &needs, transport: &transport, settings: &settings };
    assert_eq!(verifier.verify(&mine).verdict, Liveness::Live);
    beside.inputs.set("line", Secret::new(b"//tenant.acme.test/ acme"));
    let verifier = Verifier { responses: &hosts, transport: &transport, settings: &plain };
    assert_eq!(verifier.verify(&beside).host.as_deref(), Some("tenant.acme.test"));
}

#[test]
fn what_says_of_itself_that_it_is_over_is_not_asked_about() {
    let rules = RuleSet::embedded().unwrap();
    let responses = Responses::of(&rules).unwrap();
    let transport = Script::new(|_: &Request, _: &str| json(200, LIVE));
    let settings = Settings::default();
    let verifier = Verifier { responses: &responses, transport: &transport, settings: &settings };
    let broken = ["ghp_", "0123456789abcdefghijABCDEFGHIJ000000"].concat();
    let answer = verifier.verify(&credential("github-pat-classic", &broken));
    assert_eq!(answer.verdict, Liveness::NotAttempted);
    assert!(answer.reason.contains("made up"), "{}", answer.reason);
    assert!(transport.asked().is_empty());
}
