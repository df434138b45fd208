//! Every rule that can be asked about, and everything that may come in place of its provider's word.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use muzzle::detect::proof;
use muzzle::finding::{Fingerprint, Liveness};
use muzzle::response::call::{Reply, Request, SendError, Transport};
use muzzle::response::inputs::{Credential, Inputs};
use muzzle::response::plan::Plan;
use muzzle::response::settings::Settings;
use muzzle::response::verify::Verifier;
use muzzle::response::{fill, judge};
use muzzle::rules::RuleSet;
use muzzle::rules::response::{Case, OneOrMore, Outcome, Responses, Verify};
use muzzle::secret::Secret;

use super::{replies, responses};

/// The same answer for everybody.
struct Always(Result<Reply, SendError>);

impl Transport for Always {
    fn send(&self, _: &Request) -> Result<Reply, SendError> {
        self.0.clone()
    }
}

/// Nobody may be asked.
struct Silent;

impl Transport for Silent {
    fn send(&self, request: &Request) -> Result<Reply, SendError> {
        panic!("{} was sent", request.template)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is what a transport says")]
fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Reply, SendError> {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(Reply { status, headers, body: Secret::new(body.as_bytes()), is_cut: false })
}

const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");
const JSON: (&str, &str) = ("content-type", "application/json");
const PAGE: &str = "<!doctype html><title>Welcome</title><p>invalid token unauthorized revoked expired";
const JUNK: &str = r#"{"lorem":"ipsum","dolor":[1,2,{"sit":true}],"amet":null}"#;

/// What may come, and what it means.
fn faults() -> Vec<(&'static str, Result<Reply, SendError>, Liveness)> {
    use Liveness::{Ambiguous, Blocked, NotAttempted, RateLimited, Unreachable};
    let cut = |body: &str| {
        let Reply { status, headers, body, .. } = reply(200, &[JSON], body).unwrap();
        Ok(Reply { status, headers, body, is_cut: true })
    };
    vec![
        ("429", reply(429, &[], ""), RateLimited),
        ("429 of JSON", reply(429, &[JSON], r#"{"error":"invalid_token"}"#), RateLimited),
        ("429, a page", reply(429, &[HTML], PAGE), RateLimited),
        ("429, wait", reply(429, &[("retry-after", "30")], ""), RateLimited),
        (
            "403, wait",
            reply(403, &[JSON, ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")], "{}"),
            RateLimited,
        ),
        ("403, used up", reply(403, &[JSON, ("x-ratelimit-remaining", "0")], "{}"), RateLimited),
        ("403, says so", reply(403, &[JSON], r#"{"message":"API rate limit exceeded"}"#), RateLimited),
        ("407, a page", reply(407, &[HTML, ("proxy-authenticate", "Basic")], PAGE), Blocked),
        ("407", reply(407, &[], ""), Blocked),
        ("500", reply(500, &[], ""), Unreachable),
        ("500 of JSON", reply(500, &[JSON], r#"{"error":"invalid_token"}"#), Unreachable),
        ("502, a page", reply(502, &[HTML], PAGE), Unreachable),
        ("503", reply(503, &[JSON], "{}"), Unreachable),
        ("503, wait", reply(503, &[("retry-after", "5")], ""), RateLimited),
        ("200, a page", reply(200, &[HTML], PAGE), Blocked),
        ("200, a page called JSON", reply(200, &[JSON], PAGE), Blocked),
        (
            "302, a captive page",
            reply(302, &[HTML, ("location", "https://portal.example.com/")], PAGE),
            Blocked,
        ),
        ("302 with JSON", reply(302, &[JSON, ("location", "https://example.com/")], JUNK), Ambiguous),
        ("308", reply(308, &[("location", "https://example.com/")], ""), Ambiguous),
        ("cut JSON", cut(r#"{"id":1,"login":"octo"#), Ambiguous),
        ("broken JSON", reply(200, &[JSON], r#"{"id":1,"login":"octo"#), Ambiguous),
        ("cut text", cut("OK"), Ambiguous),
        ("200 without a body", reply(200, &[], ""), Ambiguous),
        ("200 {}", reply(200, &[JSON], "{}"), Ambiguous),
        ("200 []", reply(200, &[JSON], "[]"), Ambiguous),
        ("200 null", reply(200, &[JSON], "null"), Ambiguous),
        ("200 junk", reply(200, &[("content-type", "text/plain")], "lorem ipsum"), Ambiguous),
        ("200 JSON junk", reply(200, &[JSON], JUNK), Ambiguous),
        ("200 deep", reply(200, &[JSON], &"[".repeat(20_000)), Ambiguous),
        ("401, a page", reply(401, &[HTML, ("www-authenticate", "Negotiate")], PAGE), Blocked),
        ("401 without a body", reply(401, &[("www-authenticate", "Basic realm=\"proxy\"")], ""), Ambiguous),
        ("401 junk", reply(401, &[("content-type", "text/plain")], "lorem ipsum"), Ambiguous),
        ("403 without a body", reply(403, &[], ""), Ambiguous),
        ("403 {}", reply(403, &[JSON], "{}"), Ambiguous),
        ("403 JSON junk", reply(403, &[JSON], JUNK), Ambiguous),
        ("403, a page", reply(403, &[HTML], PAGE), Blocked),
        ("404 without a body", reply(404, &[], ""), Ambiguous),
        ("404 JSON junk", reply(404, &[JSON], JUNK), Ambiguous),
        ("418", reply(418, &[JSON], JUNK), Ambiguous),
        ("refused", Err(SendError::Refused("the address is private".into())), NotAttempted),
        ("not sent", Err(SendError::NotSent("no such name".into())), Unreachable),
        ("limited", Err(SendError::RateLimited(Some(Duration::from_hours(1)))), RateLimited),
        ("unclear", Err(SendError::Unclear("the connection broke".into())), Unreachable),
    ]
}

/// Whether a 204 without a body is the provider's yes.
fn says_yes_with_nothing(verify: &Verify) -> bool {
    verify.when.iter().any(|case| case.means.is_live() && case.is_empty && case.json.is_empty())
}

/// A made-up credential of the rule that it can be asked about, with all that is to be known beside it.
fn credential(rules: &RuleSet, id: &str, verify: &Verify, number: u32) -> Option<Credential> {
    let rule = rules.by_id(id)?;
    let made = proof::make(rules, rule, number)?;
    let mut inputs = Inputs::default();
    inputs.set("secret", Secret::new(made.secret.as_bytes()));
    fill::add_groups(&mut inputs, verify.parts.as_deref(), None).ok()?;
    let request = verify.request.as_ref()?;
    let from = request.host.from.iter().map(String::as_str);
    let host = match request.host.suffixes.first() {
        Some(suffix) => format!("acme1{suffix}"),
        None => "service.example.com".to_owned(),
    };
    from.for_each(|from| inputs.set(from, Secret::new(host.as_bytes())));
    for name in fill::sent(request) {
        if inputs.get(&name).is_none() {
            inputs.set(&name, Secret::new(b"acme1"));
        }
    }
    Some(Credential {
        fingerprint: Fingerprint::of_secret(id, made.secret.as_bytes()),
        rule: id.to_owned(),
        provider: rule.provider.clone(),
        inputs,
        place: "a:1".into(),
    })
}

/// Everything is allowed.
fn settings(responses: &Responses) -> Settings {
    let services =
        responses.verifiable().filter_map(|(_, verify)| verify.request.as_ref()?.host.service.clone());
    let hosts: BTreeMap<_, _> =
        services.map(|service| (service, vec!["service.example.com".to_owned()])).collect();
    Settings { intrusive: true, hosts, ..Settings::default() }
}

/// A credential of each rule with a request, for which requests are planned.
fn plannable() -> &'static (Responses, Vec<Credential>) {
    static ALL: LazyLock<(Responses, Vec<Credential>)> = LazyLock::new(make_plannable);
    &ALL
}

fn make_plannable() -> (Responses, Vec<Credential>) {
    let (rules, responses) = responses();
    let settings = settings(&responses);
    let verifier = Verifier { responses: &responses, transport: &Silent, settings: &settings };
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for (id, verify) in responses.verifiable().filter(|(_, verify)| verify.request.is_some()) {
        let mut why = "nothing made from its examples has the parts".to_owned();
        let found = (0..8).filter_map(|number| credential(&rules, id, verify, number)).find(|credential| {
            match verifier.plan(credential) {
                Plan::Requests(_) => true,
                Plan::Nothing(nothing) => {
                    why = nothing;
                    false
                }
            }
        });
        match found {
            Some(credential) => all.push(credential),
            None => wrong.push(format!("{id}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "cannot be asked about: {}\n{}", wrong.len(), wrong.join("\n"));
    (responses, all)
}

#[test]
fn no_failure_is_dead_and_no_junk_is_live() {
    let (responses, credentials) = plannable();
    let settings = settings(responses);
    let mut wrong = Vec::new();
    for (name, answer, expected) in faults() {
        let transport = Always(answer);
        let verifier = Verifier { responses, transport: &transport, settings: &settings };
        for credential in credentials {
            let verdict = verifier.verify(credential).verdict;
            if verdict != expected {
                wrong.push(format!("{}: {name}: {verdict}, not {expected}", credential.rule));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

/// A 204 says yes at few providers, and nothing at the others.
#[test]
fn an_empty_yes_is_rare() {
    let (responses, credentials) = plannable();
    let settings = settings(responses);
    let transport = Always(reply(204, &[], ""));
    let verifier = Verifier { responses, transport: &transport, settings: &settings };
    for credential in credentials {
        let says_yes = says_yes_with_nothing(responses.verify(&credential.rule).unwrap());
        let verdict = verifier.verify(credential).verdict;
        assert!(verdict == Liveness::Ambiguous || says_yes, "{}: {verdict}", credential.rule);
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test looks for the secret where it must not be")]
fn plans_name_every_call_and_no_secret() {
    let (responses, credentials) = plannable();
    let settings = settings(responses);
    let verifier = Verifier { responses, transport: &Silent, settings: &settings };
    for credential in credentials {
        let Plan::Requests(planned) = verifier.plan(credential) else { panic!("{}", credential.rule) };
        let secret = String::from_utf8_lossy(credential.secret().expose());
        for planned in &planned {
            let shown = format!("{planned:?}");
            assert!(!shown.contains(&*secret), "{}: {shown}", credential.rule);
            assert!(planned.template.contains(&format!("https://{}", planned.host)), "{shown}");
        }
        assert!(planned.iter().any(|planned| !planned.sends.is_empty()), "{}", credential.rule);
    }
}

#[expect(clippy::disallowed_methods, reason = "made-up replies are cut and written otherwise")]
fn body_of(reply: &Reply) -> String {
    String::from_utf8(reply.body.expose().to_vec()).unwrap()
}

/// However JSON is written, and wherever it breaks off.
#[test]
fn only_whole_replies_mean_something() {
    let (_, responses) = responses();
    let mut seen = 0;
    for (_, file) in replies::all() {
        for reply in file.reply.iter().filter(|reply| reply.verdict.is_some()) {
            let rule = reply.rules().next().unwrap();
            let Some(verify) = responses.verify(rule) else { continue };
            let sent = reply.as_sent();
            let verdict = |reply: Reply| judge::liveness(verify, &Ok(reply)).verdict;
            let whole = verdict(sent.clone());
            let body = body_of(&sent);
            let with =
                |body: &str, is_cut| Reply { body: Secret::new(body.as_bytes()), is_cut, ..sent.clone() };
            if let Ok(json) = serde_json::from_str::<serde_json::Value>(&body) {
                seen += 1;
                let pretty = serde_json::to_string_pretty(&json).unwrap();
                assert_eq!(verdict(with(&pretty, false)), whole, "{rule}: {}", reply.name);
                assert_eq!(verdict(with(&json.to_string(), false)), whole, "{rule}: {}", reply.name);
            }
            let is_engine = |verdict| {
                use Liveness::{Ambiguous, Blocked, RateLimited, Unreachable};
                [Ambiguous, Blocked, RateLimited, Unreachable].contains(&verdict)
            };
            let end = body.trim_end().len();
            for at in (0..end).filter(|at| body.is_char_boundary(*at)) {
                let verdict = verdict(with(&body[..at], true));
                assert!(is_engine(verdict), "{rule}: {}, cut at {at}: {verdict}", reply.name);
            }
            for status in [301, 407, 429, 500, 503] {
                let verdict = verdict(Reply { status, ..sent.clone() });
                assert!(is_engine(verdict), "{rule}: {} with {status}: {verdict}", reply.name);
            }
        }
    }
    assert!(seen > 3);
}

/// Whatever is listed: what may have happened is never called undone, and the other way round.
#[test]
fn outcomes_of_failures() {
    let case = |status, means| Case {
        status: OneOrMore::One(status),
        json: BTreeMap::new(),
        has: Vec::new(),
        text: None,
        header: BTreeMap::new(),
        is_json: false,
        is_empty: false,
        means,
        because: None,
    };
    let cases =
        [case(200, Outcome::Accepted), case(204, Outcome::Accepted), case(401, Outcome::NotAuthorised)];
    let outcome = |reply: Result<Reply, SendError>| judge::outcome(&cases, &reply).0;
    for (answer, expected) in [
        (reply(204, &[], ""), Outcome::Accepted),
        (reply(200, &[JSON], "{}"), Outcome::Accepted),
        (reply(401, &[JSON], "{}"), Outcome::NotAuthorised),
        (reply(404, &[JSON], "{}"), Outcome::Refused),
        (reply(202, &[JSON], "{}"), Outcome::Unknown),
        (reply(200, &[HTML], PAGE), Outcome::Unknown),
        (reply(200, &[JSON], "{\"a\":"), Outcome::Unknown),
        (reply(302, &[], ""), Outcome::Unknown),
        (reply(500, &[], ""), Outcome::Unknown),
        (reply(503, &[("retry-after", "5")], ""), Outcome::Unknown),
        (reply(429, &[], ""), Outcome::RateLimited),
        (reply(403, &[("retry-after", "5")], ""), Outcome::RateLimited),
        (reply(401, &[HTML], PAGE), Outcome::Refused),
        (reply(407, &[HTML], PAGE), Outcome::Refused),
        (Err(SendError::Refused("x".into())), Outcome::SkippedPolicy),
        (Err(SendError::NotSent("x".into())), Outcome::Refused),
        (Err(SendError::RateLimited(None)), Outcome::RateLimited),
        (Err(SendError::Unclear("x".into())), Outcome::Unknown),
    ] {
        let shown = format!("{answer:?}");
        assert_eq!(outcome(answer), expected, "{shown}");
    }
}
