//! For tests: a rule, its credentials, and providers that say what they are told to.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use tempfile::TempDir;

use super::clock::Clock;
use super::consent::{Answer, Consent};
use super::{Item, Options, Procedure, Record, RevokePolicy, Revoker};
use crate::finding::{Fingerprint, Liveness, Verification};
use crate::response::call::{Reply, Request, SendError, Transport};
use crate::response::inputs::{Credential, Inputs};
use crate::response::journal::{Journal, JournalError};
use crate::response::settings::Settings;
use crate::rules::RuleSet;
use crate::rules::response::Responses;
use crate::secret::Secret;

/// A provider whose keys end themselves.
pub(crate) const RULE: &str = r#"
[[rules]]
id          = "acme-key"
name        = "Acme key"
description = "Opens Acme."
severity    = "high"
confidence  = "high"
keywords    = ["acme-"]
regex       = '''\b(?<secret>acme-[0-9a-f]{32})\b'''
remediation = "Revoke it."

[rules.verify]
trust   = "V"
request = { url = "https://api.acme.example/me", headers = { authorization = "Bearer {secret}" } }
when = [
    { status = 200, has = ["/user"], means = "live" },
    { status = 401, text = "bad key", means = "dead" },
    { status = 401, text = "switched off", means = "disabled" },
    { status = 403, text = "scope", means = "live_limited" },
]
identity = { user = "/user" }

[rules.revoke]
REVOKE

[rules.rotate]
trust      = "V"
new_secret = "/token"
call = { request = { method = "POST", url = "https://api.acme.example/rotate", headers = { authorization = "Bearer {secret}" } }, when = [{ status = 200, has = ["/token"], means = "accepted" }] }

[rules.examples]
match  = ["k=acme-{{[0-9a-f]{32}}}", "acme-{{[0-9a-f]{32}}}"]
reject = ["acme-1", "acme-x"]
"#;

/// By itself, with one call.
pub(crate) const ITSELF: &str = r#"
class = "itself"
trust = "V"
call = { request = { method = "DELETE", url = "https://api.acme.example/me", headers = { authorization = "Bearer {secret}" } }, when = [
    { status = 204, means = "accepted" },
    { status = 401, text = "bad key", means = "already_dead" },
    { status = 403, means = "not_authorised" },
] }
"#;

/// After a look-up.
pub(crate) const LOOKED_UP: &str = r#"
class = "look_up"
trust = "V"
look_up = { request = { url = "https://api.acme.example/keys", headers = { authorization = "Bearer {secret}" } }, take = { id = "/id" }, when = [
    { status = 403, means = "not_authorised" },
] }
call = { request = { method = "DELETE", url = "https://api.acme.example/keys/{id}", headers = { authorization = "Bearer {secret}" } }, when = [{ status = 204, means = "accepted" }] }
"#;

/// By an administrator.
pub(crate) const ADMINISTRATOR: &str = r#"
class = "responder"
trust = "V"
call = { request = { method = "POST", url = "https://api.acme.example/admin/revoke", headers = { authorization = "Bearer {responder}" }, json = { key = "{secret}" } }, when = [{ status = 204, means = "accepted" }] }
"#;

/// What this rule file says.
pub(crate) fn responses(revoke: &str) -> Responses {
    let mut rules = RuleSet::default();
    rules.add("acme.toml", &RULE.replace("REVOKE", revoke)).unwrap();
    Responses::of(&rules).unwrap()
}

/// One of Acme's.
pub(crate) fn credential(seed: &str) -> Credential {
    let mut rng = crate::rules::sample::Rng::from_name(seed);
    let text = crate::rules::sample::sample_template("acme-{{[0-9a-f]{32}}}", &mut rng).unwrap();
    let mut inputs = Inputs::default();
    inputs.set("secret", Secret::new(text.as_bytes()));
    Credential {
        fingerprint: Fingerprint::of_secret("acme-key", text.as_bytes()),
        rule: "acme-key".to_owned(),
        provider: "acme".to_owned(),
        inputs,
        place: format!("{seed}.env:1"),
    }
}

/// Without anything else.
pub(crate) fn verification(verdict: Liveness) -> Verification {
    Verification {
        verdict,
        reason: String::new(),
        host: None,
        requests: 1,
        identity: Vec::new(),
        risk: None,
        at: 0,
    }
}

pub(crate) type Answered = Result<Reply, SendError>;

/// A reply with JSON.
#[expect(clippy::unnecessary_wraps, reason = "it stands beside those that never came")]
pub(crate) fn reply(status: u16, body: &str) -> Answered {
    let headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("x-request-id".to_owned(), "r-1".to_owned()),
    ];
    Ok(Reply { status, headers, body: Secret::new(body.as_bytes()), is_cut: false })
}

pub(crate) fn live() -> Answered {
    reply(200, r#"{"user": "somebody"}"#)
}

pub(crate) fn dead() -> Answered {
    reply(401, r#"{"message": "bad key"}"#)
}

/// Says what it was told to say, in order; fails the test if it is asked more, or something else.
#[derive(Default)]
pub(crate) struct Script {
    expected: Mutex<VecDeque<(&'static str, Answered)>>,
    pub(crate) sent: Mutex<Vec<String>>,
}

impl Script {
    pub(crate) fn new(expected: impl IntoIterator<Item = (&'static str, Answered)>) -> Self {
        Script { expected: Mutex::new(expected.into_iter().collect()), ..Script::default() }
    }

    pub(crate) fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().clone()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.expected.lock().unwrap().is_empty()
    }
}

impl Transport for Script {
    fn send(&self, request: &Request) -> Answered {
        self.sent.lock().unwrap().push(request.template.clone());
        let next = self.expected.lock().unwrap().pop_front();
        let Some((template, answer)) = next else { panic!("not expected: {}", request.template) };
        assert_eq!(request.template, format!("{}", template.replace(' ', " https://api.acme.example")));
        answer
    }
}

/// Goes on only when somebody sleeps.
#[derive(Default)]
pub(crate) struct Hands {
    now: Mutex<Duration>,
    pub(crate) slept: Mutex<Vec<u64>>,
}

impl Clock for Hands {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, time: Duration) {
        *self.now.lock().unwrap() += time;
        self.slept.lock().unwrap().push(time.as_secs());
    }
}

/// Says yes.
pub(crate) struct Yes;

impl Consent for Yes {
    fn ask(&mut self, _: &Credential, _: &Item, _: &Verification) -> Answer {
        Answer::Yes("test".to_owned())
    }
}

/// Everything that a run needs.
pub(crate) struct Bench {
    directory: TempDir,
    pub(crate) responses: Responses,
    pub(crate) policy: RevokePolicy,
    pub(crate) options: Options,
    pub(crate) settings: Settings,
    pub(crate) clock: Hands,
}

impl Bench {
    pub(crate) fn new(revoke: &str) -> Self {
        Bench {
            directory: TempDir::new().unwrap(),
            responses: responses(revoke),
            policy: RevokePolicy::default(),
            options: Options::default(),
            settings: Settings::default(),
            clock: Hands::default(),
        }
    }

    pub(crate) fn journal_path(&self) -> PathBuf {
        self.directory.path().join("journal.jsonl")
    }

    pub(crate) fn journal(&self) -> Journal {
        Journal::open(&self.journal_path()).unwrap()
    }

    pub(crate) fn journal_text(&self) -> String {
        std::fs::read_to_string(self.journal_path()).unwrap()
    }

    pub(crate) fn procedure<'a>(&'a self, transport: &'a Script) -> Procedure<'a> {
        let Bench { responses, settings, policy, options, .. } = self;
        Procedure { responses, transport, settings, policy, options }
    }

    /// A whole run.
    pub(crate) fn run(
        &self,
        transport: &Script,
        consent: &mut dyn Consent,
    ) -> Result<Vec<Record>, JournalError> {
        let credentials = [credential("one")];
        let procedure = self.procedure(transport);
        let items = procedure.plan(&credentials);
        assert!(transport.sent().is_empty(), "a plan sends nothing");
        let journal = self.journal();
        let revoker = Revoker { procedure, journal: &journal, clock: &self.clock, code: Some("K7QM-2R9D") };
        revoker.run(&credentials, &items, consent, &mut |_| {})
    }

    /// The same with one credential and consent.
    pub(crate) fn one(&self, transport: &Script) -> Record {
        self.run(transport, &mut Yes).unwrap().remove(0)
    }
}
