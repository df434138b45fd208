//! Posts to an address: signed, and again if the other side cannot take it, always under the same key.

use std::fmt::Write as _;
use std::time::Duration;

use url::Url;

use super::outcome::{Ending, Outcome};
use super::signature::signature;
use crate::response::call::{Purpose, Reply, Request, SendError, Transport};
use crate::response::guard::Guard;
use crate::secret::Secret;

/// The longest of all waits together.
const LONGEST_WAIT: Duration = Duration::from_mins(2);
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Characters of a reply that are told.
const LONGEST: usize = 200;

/// Tells and passes the time.
pub(super) trait Clock: Sync {
    fn now(&self) -> i64;
    fn sleep(&self, duration: Duration);
}

/// The real one.
#[derive(Debug)]
pub(super) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        jiff::Timestamp::now().as_second()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// What to post, and where.
pub(super) struct Post<'a> {
    pub(super) url: &'a Url,
    pub(super) event: &'a str,
    pub(super) delivery: &'a str,
    pub(super) key: Option<&'a Secret>,
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) body: Secret,
    pub(super) retries: u8,
    pub(super) guard: &'a Guard,
}

/// `POST https://host/…`: the rest may be a secret by itself.
pub(super) fn template(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("POST https://{}{port}/{{webhook}}", url.host_str().unwrap_or_default())
}

/// Posts it, until it is taken or there is no hope.
pub(super) fn post(post: &Post<'_>, transport: &dyn Transport, clock: &dyn Clock) -> Outcome {
    let mut waited = Duration::ZERO;
    let mut next = FIRST_WAIT;
    let mut attempt = 0;
    loop {
        let reply = transport.send(&post.request(clock.now()));
        let verdict = post.judge(&reply);
        // A little later each time, by something that differs from delivery to delivery.
        let jitter = Duration::from_millis(u64::from(post.delivery.bytes().fold(0_u8, u8::wrapping_add)));
        let wait = match verdict.again {
            Again::No => return verdict.outcome,
            Again::Later => next + jitter,
            Again::After(asked) => asked,
        };
        if attempt >= post.retries || waited + wait > LONGEST_WAIT {
            let mut outcome = verdict.outcome;
            if attempt > 0 {
                let _ = write!(outcome.reason, "; tried {} times", attempt + 1);
            }
            return outcome;
        }
        clock.sleep(wait);
        waited += wait;
        next *= 2;
        attempt += 1;
    }
}

/// Whether it is tried again.
#[derive(Debug, Clone, Copy)]
enum Again {
    No,
    /// After as long as usual.
    Later,
    /// After as long as the other side asks for.
    After(Duration),
}

impl Again {
    fn when(asked: Option<Duration>) -> Self {
        asked.map_or(Again::Later, Again::After)
    }
}

struct Verdict {
    outcome: Outcome,
    again: Again,
}

impl Post<'_> {
    fn request(&self, now: i64) -> Request {
        let plain = |text: &str| Secret::new(text.as_bytes());
        let mut headers = vec![
            ("content-type".to_owned(), plain("application/json")),
            ("idempotency-key".to_owned(), plain(self.delivery)),
            ("x-muzzle-event".to_owned(), plain(self.event)),
            ("x-muzzle-delivery".to_owned(), plain(self.delivery)),
            ("x-muzzle-timestamp".to_owned(), plain(&now.to_string())),
        ];
        if let Some(key) = self.key {
            headers.push(("x-muzzle-signature".to_owned(), plain(&signature(key, now, &self.body))));
        }
        headers.extend(self.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())));
        let query = self.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Request {
            purpose: Purpose::Notify,
            method: "POST".into(),
            host: self.url.host_str().unwrap_or_default().to_ascii_lowercase(),
            port: self.url.port_or_known_default().unwrap_or(443),
            target: plain(&format!("{}{query}", self.url.path())),
            headers,
            body: Some(self.body.clone()),
            template: template(self.url),
        }
    }

    fn judge(&self, reply: &Result<Reply, SendError>) -> Verdict {
        let say = |ending, reason: String, status| Outcome {
            ending,
            reason: self.guard.show(reason.as_bytes()),
            status,
            ..Outcome::default()
        };
        match reply {
            Ok(reply) => {
                let told = self.told(reply);
                let (ending, again) = match reply.status {
                    202 => (Ending::Accepted, Again::No),
                    200..=299 => (Ending::Done, Again::No),
                    429 | 500..=599 => (Ending::Failed, Again::when(retry_after(reply))),
                    401 | 403 => (Ending::NotAuthorised, Again::No),
                    _ => (Ending::Refused, Again::No),
                };
                let mut outcome = say(ending, format!("HTTP {}{told}", reply.status), Some(reply.status));
                outcome.request_id = request_id(reply).map(|id| self.guard.show(id.as_bytes()));
                outcome.reply_sha256 = Some(hash(&reply.body));
                Verdict { outcome, again }
            }
            Err(error) => {
                let (ending, again) = match error {
                    SendError::Refused(_) => (Ending::Refused, Again::No),
                    SendError::NotSent(_) => (Ending::Failed, Again::Later),
                    SendError::RateLimited(wait) => (Ending::Failed, Again::when(*wait)),
                    // The key tells the other side that it is the same.
                    SendError::Unclear(_) => (Ending::Unknown, Again::Later),
                };
                Verdict { outcome: say(ending, error.to_string(), None), again }
            }
        }
    }

    /// What the other side complains of.
    fn told(&self, reply: &Reply) -> String {
        if (200..300).contains(&reply.status) || reply.body.is_empty() {
            return String::new();
        }
        #[expect(clippy::disallowed_methods, reason = "it is masked before it is told")]
        let body = self.guard.show_cut(reply.body.expose());
        format!(": {}", crate::report::text::clip(body.trim(), LONGEST))
    }
}

#[expect(clippy::disallowed_methods, reason = "only its hash is kept")]
fn hash(body: &Secret) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(body.expose()).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn request_id(reply: &Reply) -> Option<&str> {
    ["x-request-id", "request-id", "x-amzn-requestid", "x-github-request-id", "x-slack-req-id"]
        .into_iter()
        .find_map(|name| reply.header(name))
}

/// Seconds; a date is met often enough by waiting as usual.
fn retry_after(reply: &Reply) -> Option<Duration> {
    reply.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}
