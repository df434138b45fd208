//! Webhooks, against a transport that only remembers.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use super::super::signature::tests::by_hand;
use super::*;
use crate::finding::Liveness;
use crate::response::call::{Purpose, Reply, Request, SendError};

const KEY: &str = "a key that nobody guesses";

/// Answers as it was told to, and keeps what it was sent.
#[derive(Default)]
struct Fake {
    answers: Mutex<VecDeque<Result<Reply, SendError>>>,
    sent: Mutex<Vec<Request>>,
}

impl Transport for Fake {
    fn send(&self, request: &Request) -> Result<Reply, SendError> {
        self.sent.lock().unwrap().push(request.clone());
        self.answers.lock().unwrap().pop_front().unwrap_or_else(|| reply(204, &[]))
    }
}

/// Time that only sleeping lets pass.
#[derive(Default)]
struct Hands {
    slept: Mutex<Vec<Duration>>,
}

impl Clock for Hands {
    fn now(&self) -> i64 {
        let slept: Duration = self.slept.lock().unwrap().iter().sum();
        1_700_000_000 + i64::try_from(slept.as_secs()).unwrap()
    }

    fn sleep(&self, duration: Duration) {
        self.slept.lock().unwrap().push(duration);
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as a transport answers")]
fn reply(status: u16, headers: &[(&str, &str)]) -> Result<Reply, SendError> {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(Reply { status, headers, body: Secret::new(b""), is_cut: false })
}

fn section(shape: Shape) -> HookSection {
    HookSection {
        name: "post".into(),
        on: vec![Event::Finding, Event::VerifiedActive],
        webhook: Some("https://Hooks.example.com:8443/in/T0?team=1".into()),
        shape: Some(shape),
        send_secret: matches!(shape, Shape::GithubPartner | Shape::GitlabTokenRevocation),
        ..HookSection::default()
    }
}

/// What came of it, what was sent, and the sleeps between.
fn fire(
    section: &HookSection,
    answers: impl IntoIterator<Item = Result<Reply, SendError>>,
) -> (HookReport, Vec<Request>, Vec<Duration>) {
    let place = Place::new();
    let journal = place.journal();
    let fake = Fake { answers: Mutex::new(answers.into_iter().collect()), ..Fake::default() };
    let clock = Hands::default();
    let hooks = Hooks::new(std::slice::from_ref(section), true).unwrap().recorded_in(&journal).through(&fake);
    let hooks = Hooks { clock: &clock, ..hooks };
    let subject = subject();
    let secret = Secret::new(SECRET.as_bytes());
    let companion = Secret::new(b"the-other-half-0123456789");
    let verification = Verification {
        verdict: Liveness::Live,
        reason: format!("it said {SECRET}"),
        host: None,
        requests: 1,
        identity: Vec::new(),
        risk: Some("opens <everything> & more".into()),
        at: 0,
    };
    let context = Context {
        subject: Some(&subject),
        secret: Some(&secret),
        companion: Some(&companion),
        verification: Some(&verification),
        ..Context::default()
    };
    let report = hooks.fire(Event::VerifiedActive, &context).remove(0);
    assert!(place.chain().problems.is_empty() && place.chain().unclear.is_empty());
    let written = place.text("journal.jsonl");
    assert!(!written.contains("0123456789") && !written.contains("/in/T0"), "{written}");
    drop(hooks);
    (report, fake.sent.into_inner().unwrap(), clock.slept.into_inner().unwrap())
}

#[expect(clippy::disallowed_methods, reason = "the test looks at what would be sent")]
fn text(secret: &Secret) -> String {
    String::from_utf8(secret.expose().to_vec()).unwrap()
}

fn header(request: &Request, name: &str) -> String {
    let found = request.headers.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| text(value)).unwrap_or_default()
}

#[test]
fn a_post_is_as_documented() {
    let (report, sent, _) = fire(&section(Shape::Muzzle), []);
    assert_eq!(
        (report.ending, report.call.as_str()),
        (Ending::Done, "POST https://hooks.example.com:8443/{webhook}")
    );
    let request = &sent[0];
    assert_eq!((request.purpose, request.method.as_str()), (Purpose::Notify, "POST"));
    assert_eq!((request.host.as_str(), request.port), ("hooks.example.com", 8443));
    assert_eq!(text(&request.target), "/in/T0?team=1");
    assert_eq!(request.template, report.call);
    assert_eq!(header(request, "content-type"), "application/json");
    assert_eq!(header(request, "x-muzzle-event"), "verified_active");
    assert_eq!(header(request, "idempotency-key"), header(request, "x-muzzle-delivery"));
    assert_eq!(header(request, "x-muzzle-signature"), "", "without a key");
    let body: serde_json::Value = serde_json::from_str(&text(request.body.as_ref().unwrap())).unwrap();
    assert_eq!(body["delivery"], header(request, "idempotency-key"));
    assert_eq!(body["verification"]["verdict"], "live");
    assert_eq!(body["finding"]["rule"], "github-pat-classic");
}

#[test]
fn the_signature_is_over_time_and_body() {
    // The only variable that is set for certain, and long enough.
    let name = "CARGO_MANIFEST_DIR";
    let key = std::env::var(name).unwrap();
    if (SHORTEST_KEY..=64).contains(&key.len()) {
        let (_, sent, _) =
            fire(&HookSection { key_env: Some(name.into()), ..section(Shape::Muzzle) }, [reply(503, &[])]);
        for request in &sent {
            let signed =
                format!("{}.{}", header(request, "x-muzzle-timestamp"), text(request.body.as_ref().unwrap()));
            let expected = format!("v1={}", by_hand(key.as_bytes(), signed.as_bytes()));
            assert_eq!(header(request, "x-muzzle-signature"), expected);
        }
        assert_ne!(header(&sent[0], "x-muzzle-timestamp"), header(&sent[1], "x-muzzle-timestamp"));
    }
    let (report, sent, _) =
        fire(&HookSection { key_env: Some("NO_SUCH_KEY".into()), ..section(Shape::Muzzle) }, []);
    assert!(sent.is_empty() && report.reason.contains("NO_SUCH_KEY is not set"), "{}", report.reason);
    // And once with a key that is the same everywhere.
    let (fake, clock) = (Fake::default(), Hands::default());
    let url = config::address("https://h.example/").unwrap();
    let (key, guard) = (Secret::new(KEY.as_bytes()), Guard::default());
    let body = Secret::new(b"{}");
    let headers = vec![("Authorization".to_owned(), Secret::new(b"Bearer x"))];
    let message = Post {
        url: &url,
        event: "e",
        delivery: "d",
        key: Some(&key),
        headers,
        body,
        retries: 0,
        guard: &guard,
    };
    assert_eq!(post(&message, &fake, &clock).ending, Ending::Done);
    let sent = fake.sent.into_inner().unwrap();
    let expected = by_hand(KEY.as_bytes(), b"1700000000.{}");
    assert_eq!(header(&sent[0], "x-muzzle-signature"), format!("v1={expected}"));
    assert_eq!(header(&sent[0], "authorization"), "Bearer x");
}

#[test]
fn it_is_tried_again_under_the_same_key() {
    let answers = [
        reply(503, &[]),
        reply(429, &[("retry-after", "7")]),
        Err(SendError::Unclear("cut".into())),
        reply(202, &[("x-request-id", "r-1")]),
    ];
    let (report, sent, slept) = fire(&section(Shape::Muzzle), answers);
    assert_eq!((report.ending, sent.len(), slept.len()), (Ending::Accepted, 4, 3));
    assert_eq!(slept[1], Duration::from_secs(7));
    assert!(slept[0] >= Duration::from_secs(1) && slept[2] >= Duration::from_secs(4), "{slept:?}");
    let bodies: Vec<String> = sent.iter().map(|request| text(request.body.as_ref().unwrap())).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    let keys: Vec<String> = sent.iter().map(|request| header(request, "idempotency-key")).collect();
    assert!(keys.iter().all(|key| *key == keys[0] && key.len() == 32));
    let (_, again, _) = fire(&section(Shape::Slack), []);
    assert_eq!(header(&again[0], "idempotency-key"), keys[0], "the same in another run");
}

#[test]
fn what_is_hopeless_is_not_tried_again() {
    for (answer, ending) in [
        (reply(301, &[("location", "https://elsewhere.example/")]), Ending::Refused),
        (reply(400, &[]), Ending::Refused),
        (reply(401, &[]), Ending::NotAuthorised),
        (Err(SendError::Refused("--offline".into())), Ending::Refused),
    ] {
        let (report, sent, slept) = fire(&section(Shape::Muzzle), [answer]);
        assert_eq!((report.ending, sent.len(), slept.len()), (ending, 1, 0), "{}", report.reason);
    }
    let (report, sent, _) = fire(&section(Shape::Muzzle), (0..9).map(|_| reply(500, &[])));
    assert_eq!((report.ending, sent.len()), (Ending::Failed, 4));
    assert!(report.reason.contains("tried 4 times"), "{}", report.reason);
    let (_, sent, slept) = fire(&section(Shape::Muzzle), [reply(429, &[("retry-after", "86400")])]);
    assert_eq!((sent.len(), slept.len()), (1, 0), "nobody waits for a day");
    let (report, ..) =
        fire(&section(Shape::Muzzle), [Err(SendError::Unclear("x".into())); 1].into_iter().cycle().take(9));
    assert_eq!(report.ending, Ending::Unknown);
}

#[test]
fn what_the_other_side_repeats_is_masked() {
    let echo = Reply {
        status: 400,
        headers: Vec::new(),
        body: Secret::new(format!("no: {SECRET} at /in/T0\u{1b}[2J").as_bytes()),
        is_cut: false,
    };
    let (report, ..) = fire(&section(Shape::GithubPartner), [Ok(echo)]);
    assert!(report.reason.starts_with("HTTP 400: no: "), "{}", report.reason);
    assert!(!report.reason.contains("0123456789") && !report.reason.contains("/in/T0"), "{}", report.reason);
    assert!(!report.reason.contains('\u{1b}'));
}

#[test]
fn only_shapes_made_for_it_carry_the_secret() {
    for shape in [Shape::Muzzle, Shape::Slack] {
        let (_, sent, _) = fire(&section(shape), []);
        let body = text(sent[0].body.as_ref().unwrap());
        assert!(!body.contains("0123456789") && !body.contains("the-other-half"), "{body}");
    }
    let body = |shape| {
        let (_, sent, _) = fire(&section(shape), []);
        serde_json::from_str::<serde_json::Value>(&text(sent[0].body.as_ref().unwrap())).unwrap()
    };
    assert_eq!(
        body(Shape::GithubPartner),
        serde_json::json!([{
            "token": SECRET, "type": "github-pat-classic", "url": subject().place, "source": "content"
        }])
    );
    assert_eq!(
        body(Shape::GitlabTokenRevocation),
        serde_json::json!([{ "type": "github-pat-classic", "token": SECRET, "location": subject().place }])
    );
    let message = body(Shape::Slack)["text"].as_str().unwrap().to_owned();
    assert!(
        message.contains("LIVE secret") && message.contains("&lt;everything&gt; &amp; more"),
        "{message}"
    );
}
