//! A transport that answers from a list, for the tests of the modules.

use std::sync::Mutex;

use crate::finding::Fingerprint;
use crate::response::call::{Purpose, Reply, Request, SendError, Transport};
use crate::response::inputs::{Credential, Inputs};
use crate::secret::Secret;

type Answer = Result<Reply, SendError>;

/// Answers in their order, and what was asked for them.
pub(super) struct Fake {
    answers: Mutex<Vec<Answer>>,
    asked: Mutex<Vec<Request>>,
}

impl Fake {
    pub(super) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let mut answers: Vec<Answer> = answers.into_iter().collect();
        answers.reverse();
        Fake { answers: Mutex::new(answers), asked: Mutex::default() }
    }

    pub(super) fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }

    /// Templates of what was asked.
    pub(super) fn templates(&self) -> Vec<String> {
        self.asked().into_iter().map(|request| request.template).collect()
    }

    pub(super) fn changes(&self) -> usize {
        self.asked().iter().filter(|request| request.purpose == Purpose::Revoke).count()
    }
}

impl Transport for Fake {
    fn send(&self, request: &Request) -> Answer {
        self.asked.lock().unwrap().push(request.clone());
        let unexpected = || Err(SendError::Refused(format!("unexpected: {}", request.template)));
        self.answers.lock().unwrap().pop().unwrap_or_else(unexpected)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one of a list's answers, which may be none")]
pub(super) fn reply(status: u16, kind: &str, body: &str) -> Answer {
    let headers = vec![("content-type".to_owned(), kind.to_owned())];
    Ok(Reply { status, headers, body: Secret::new(body.as_bytes()), is_cut: false })
}

pub(super) fn json(status: u16, body: &str) -> Answer {
    reply(status, "application/json", body)
}

/// Answers that say nothing of a credential, whoever gives them, and the verdict they have.
pub(super) fn failures() -> Vec<(Answer, crate::finding::Liveness)> {
    use crate::finding::Liveness;
    let with = |status, name: &str, value: &str| {
        let mut answer = json(status, "{\"message\": \"API rate limit exceeded\"}");
        if let Ok(reply) = &mut answer {
            reply.headers.push((name.to_owned(), value.to_owned()));
        }
        answer
    };
    let mut cut = json(200, "{\"ok\": tr");
    if let Ok(reply) = &mut cut {
        reply.is_cut = true;
    }
    vec![
        (with(403, "x-ratelimit-remaining", "0"), Liveness::RateLimited),
        (with(403, "retry-after", "30"), Liveness::RateLimited),
        (with(429, "retry-after", "30"), Liveness::RateLimited),
        (json(500, "{}"), Liveness::Unreachable),
        (json(503, "{}"), Liveness::Unreachable),
        (json(407, "{}"), Liveness::Blocked),
        (reply(200, "text/html", "<!DOCTYPE html><title>Welcome to the hotel</title>"), Liveness::Blocked),
        (reply(401, "text/html", "<html>log in to the proxy"), Liveness::Blocked),
        (with(302, "location", "https://login.example.net/"), Liveness::Ambiguous),
        (cut, Liveness::Ambiguous),
        (json(200, "{\"ok\": true"), Liveness::Ambiguous),
        (json(200, "[]"), Liveness::Ambiguous),
        (json(200, ""), Liveness::Ambiguous),
        (json(403, "{}"), Liveness::Ambiguous),
        (json(418, "{}"), Liveness::Ambiguous),
        (Err(SendError::RateLimited(None)), Liveness::RateLimited),
        (Err(SendError::NotSent("no such name".into())), Liveness::Unreachable),
        (Err(SendError::Unclear("closed".into())), Liveness::Unreachable),
        (Err(SendError::Refused("not listed".into())), Liveness::NotAttempted),
    ]
}

pub(super) fn credential(rule: &str, inputs: &[(&str, &str)]) -> Credential {
    let mut all = Inputs::default();
    for (name, value) in inputs {
        all.set(name, Secret::new(value.as_bytes()));
    }
    Credential {
        fingerprint: Fingerprint::of_secret(rule, b"made up"),
        rule: rule.to_owned(),
        provider: rule.split('-').next().unwrap_or_default().to_owned(),
        inputs: all,
        place: "config.env:3".to_owned(),
    }
}

/// What was sent, as text: target, headers and body.
pub(super) fn sent(request: &Request) -> String {
    let mut text = format!("{} ", request.method);
    let values = request.headers.iter().map(|(name, value)| (name.as_str(), value));
    let parts = std::iter::once(("target", &request.target)).chain(values);
    for (name, value) in parts.chain(request.body.iter().map(|body| ("body", body))) {
        text.extend([name, ": ", &String::from_utf8_lossy(exposed(value)), "\n"]);
    }
    text
}

#[expect(clippy::disallowed_methods, reason = "a test looks at what is sent")]
fn exposed(secret: &Secret) -> &[u8] {
    secret.expose()
}
