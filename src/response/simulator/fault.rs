//! What goes wrong, on demand.

use std::time::Duration;

use serde_json::json;

use super::answer::Answer;
use super::asked::Asked;

/// Faults that are remembered.
const MOST: usize = 1000;
/// Slower is not needed to be slow.
const SLOWEST: Duration = Duration::from_mins(2);

/// How a provider says when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// Not at all.
    Never,
    /// `Retry-After` in seconds.
    Seconds(u32),
    /// `Retry-After` as a date, so many seconds from now.
    Date(u32),
    /// `X-RateLimit-Reset`, so many seconds from now, with `X-RateLimit-Remaining: 0`.
    Reset(u32),
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Any request is answered with 200 and `{}`.
    Junk,
    /// 401 of something that is not the provider.
    Unauthorized,
    /// 403 as GitHub says that a limit is used up.
    RateLimited(RetryAfter),
    /// 429.
    TooMany(RetryAfter),
    /// This status of a server that is broken, with no body that means anything.
    Broken(u16),
    /// 503 that says when to come back.
    Unavailable(RetryAfter),
    /// The right answer, so much later.
    Slow(Duration),
    /// The right answer, of which the last half never comes.
    Truncated,
    /// 200 and a page for people, as in a hotel.
    CaptivePage,
    /// 302 to another host.
    Redirect(String),
    /// A certificate of another name.
    WrongName,
    /// The connection is closed once the request is read. Whether it was done all the same.
    NoAnswer {
        /// The request took effect.
        done: bool,
    },
    /// Half a head, then the connection is closed; done all the same.
    HalfHead,
    /// The connection stays open and nothing is said; done all the same.
    Silence(Duration),
    /// This status, and the credential in the body and a header.
    Echo(u16),
    /// 200 and a body of so many bytes.
    Huge(usize),
    /// This status with this body, as JSON if it looks like it.
    Says(u16, String),
}

impl Fault {
    /// Names for the command line.
    pub const NAMES: [&str; 15] = [
        "junk",
        "401",
        "rate-limit",
        "429",
        "429-date",
        "500",
        "503",
        "slow",
        "truncated",
        "captive",
        "redirect",
        "wrong-name",
        "no-answer",
        "half-head",
        "echo",
    ];

    /// By such a name.
    pub fn by_name(name: &str) -> Option<Self> {
        Some(match name {
            "junk" => Fault::Junk,
            "401" => Fault::Unauthorized,
            "rate-limit" => Fault::RateLimited(RetryAfter::Reset(3600)),
            "429" => Fault::TooMany(RetryAfter::Seconds(3600)),
            "429-date" => Fault::TooMany(RetryAfter::Date(3600)),
            "500" => Fault::Broken(500),
            "503" => Fault::Unavailable(RetryAfter::Never),
            "slow" => Fault::Slow(Duration::from_secs(30)),
            "truncated" => Fault::Truncated,
            "captive" => Fault::CaptivePage,
            "redirect" => Fault::Redirect("https://elsewhere.example.test/".into()),
            "wrong-name" => Fault::WrongName,
            "no-answer" => Fault::NoAnswer { done: true },
            "half-head" => Fault::HalfHead,
            "echo" => Fault::Echo(200),
            _ => return None,
        })
    }
}

/// What is to happen to whom.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Planned>);

#[derive(Debug)]
struct Planned {
    host: String,
    method: Option<String>,
    times: u32,
    fault: Fault,
}

impl Faults {
    pub(super) fn add(&mut self, host: &str, method: Option<&str>, times: u32, fault: Fault) {
        if self.0.len() < MOST {
            let (host, method) = (host.to_owned(), method.map(str::to_owned));
            self.0.push(Planned { host, method, times, fault });
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether TLS is to fail: before there is a request.
    pub(super) fn has_wrong_name(&mut self, host: &str) -> bool {
        self.take(|planned| planned.host == host && planned.fault == Fault::WrongName).is_some()
    }

    pub(super) fn of(&mut self, asked: &Asked) -> Option<Fault> {
        self.take(|planned| {
            planned.host == asked.host
                && planned.fault != Fault::WrongName
                && planned.method.as_ref().is_none_or(|method| *method == asked.method)
        })
    }

    fn take(&mut self, fits: impl Fn(&Planned) -> bool) -> Option<Fault> {
        let at = self.0.iter().position(|planned| planned.times > 0 && fits(planned))?;
        let planned = self.0.get_mut(at)?;
        planned.times -= 1;
        let fault = planned.fault.clone();
        if planned.times == 0 {
            self.0.remove(at);
        }
        Some(fault)
    }
}

/// What is written to the connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// This, after so long.
    Answer(Answer, Duration),
    /// These bytes, and no more.
    Bytes(Vec<u8>),
    /// Nothing, for so long.
    Nothing(Duration),
}

/// What comes of a request when something is wrong. `right` is the right answer, and its effect.
pub(super) fn written(fault: Option<Fault>, asked: &Asked, right: impl FnOnce() -> Answer) -> Written {
    let now = |answer| Written::Answer(answer, Duration::ZERO);
    match fault {
        None => now(right()),
        Some(Fault::Slow(time)) => Written::Answer(right(), time.min(SLOWEST)),
        Some(Fault::Truncated) => {
            let mut answer = right();
            answer.length = Some(answer.body.len().max(64));
            answer.body.truncate(answer.body.len() / 2);
            now(answer)
        }
        Some(Fault::NoAnswer { done }) => {
            if done {
                right();
            }
            Written::Nothing(Duration::ZERO)
        }
        Some(Fault::HalfHead) => {
            let head = right().head();
            Written::Bytes(head.as_bytes().get(..head.len() / 2).unwrap_or_default().to_vec())
        }
        Some(Fault::Silence(time)) => {
            right();
            Written::Nothing(time.min(SLOWEST))
        }
        Some(fault) => now(answer(&fault, asked)),
    }
}

/// What is said in the provider's place.
fn answer(fault: &Fault, asked: &Asked) -> Answer {
    match fault {
        Fault::Unauthorized => Answer::text(401, "text/plain", "Proxy authentication required\n"),
        Fault::RateLimited(after) => {
            let body = json!({"message": "API rate limit exceeded for user ID 1.", "documentation_url": "https://docs.github.com/rest"});
            later(Answer::json(403, &body), *after)
        }
        Fault::TooMany(after) => later(Answer::json(429, &json!({"message": "Too many requests"})), *after),
        Fault::Unavailable(after) => later(Answer::text(503, "text/plain", "Back soon\n"), *after),
        Fault::Broken(status) => Answer::text(*status, "text/plain", "Internal error\n"),
        Fault::CaptivePage => Answer::text(
            200,
            "text/html; charset=utf-8",
            "<!DOCTYPE html><html><head><title>Welcome</title></head><body>Accept our terms to go on.</body></html>\n",
        ),
        Fault::Redirect(to) => Answer::empty(302).header("Location", to),
        Fault::Echo(status) => {
            let token = asked.token();
            let shown: String = token.chars().filter(char::is_ascii_graphic).take(4096).collect();
            Answer::json(*status, &json!({"message": format!("the token {token} is what you sent")}))
                .header("X-Echo", &shown)
        }
        Fault::Huge(length) => Answer::text(200, "application/json", &"[".repeat(*length)),
        Fault::Says(status, body) => {
            let kind = if body.starts_with(['{', '[']) { "application/json" } else { "text/plain" };
            Answer::text(*status, kind, body)
        }
        // The others are dealt with before.
        _ => Answer::json(200, &json!({})),
    }
}

fn later(answer: Answer, after: RetryAfter) -> Answer {
    let at = |seconds: u32| jiff::Timestamp::now() + Duration::from_secs(seconds.into());
    match after {
        RetryAfter::Never => answer,
        RetryAfter::Seconds(seconds) => answer.header("Retry-After", &seconds.to_string()),
        RetryAfter::Date(seconds) => {
            let date = at(seconds).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            answer.header("Retry-After", &date)
        }
        RetryAfter::Reset(seconds) => answer
            .header("X-RateLimit-Remaining", "0")
            .header("X-RateLimit-Reset", &at(seconds).as_second().to_string()),
    }
}
