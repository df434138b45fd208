//! What came of a hook.

use std::fmt::Write as _;
use std::time::Duration;

use super::Event;
use super::program::{Ended, Ran};
use crate::response::guard::Guard;
use crate::response::journal::Done;
use crate::rules::response;

/// How a hook ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It was told what would be done, and nothing was.
    Rehearsed,
    /// Exit code 0, or HTTP 2xx.
    Done,
    /// Exit code 10, or HTTP 202: under way.
    Accepted,
    /// Exit code 20: there was nothing left to do.
    AlreadyDead,
    /// Exit code 30, or HTTP 401 and 403.
    NotAuthorised,
    /// Exit code 40, another HTTP 4xx, or refused by us.
    Refused,
    /// Exit code 50, or sent without an answer.
    Unknown,
    /// Exit code 60, or no more this run.
    Skipped,
    /// It took too long, and was ended.
    TimedOut,
    /// Any other end.
    #[default]
    Failed,
}

impl Ending {
    /// The word in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Ending::Rehearsed => "rehearsed",
            Ending::Done => "done",
            Ending::Accepted => "accepted",
            Ending::AlreadyDead => "already_dead",
            Ending::NotAuthorised => "not_authorised",
            Ending::Refused => "refused",
            Ending::Unknown => "unknown",
            Ending::Skipped => "skipped",
            Ending::TimedOut => "timed_out",
            Ending::Failed => "failed",
        }
    }

    /// Whether somebody has to look after it.
    pub fn is_failure(self) -> bool {
        !matches!(
            self,
            Ending::Rehearsed | Ending::Done | Ending::Accepted | Ending::AlreadyDead | Ending::Skipped
        )
    }
}

/// What came of one action.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    pub(super) ending: Ending,
    /// Masked and printable, as all that follows.
    pub(super) reason: String,
    pub(super) output: String,
    pub(super) status: Option<u16>,
    pub(super) request_id: Option<String>,
    pub(super) reply_sha256: Option<String>,
    pub(super) revoked: Option<response::Outcome>,
}

impl Outcome {
    pub(super) fn new(ending: Ending, reason: impl Into<String>) -> Self {
        Outcome { ending, reason: reason.into(), ..Outcome::default() }
    }

    /// Of a program. `guard` knows all that it was told.
    pub(super) fn of_program(ran: &Ran, guard: &Guard) -> Self {
        let (ending, mut reason) = match ran.ended {
            Ended::Exit(code) => (of_exit_code(code), format!("exit code {code}")),
            Ended::Signal(signal) => (Ending::Failed, format!("ended by signal {signal}")),
            Ended::TimedOut => {
                (Ending::TimedOut, "took too long, and was ended with all that it started".into())
            }
        };
        if ran.left_input {
            reason.push_str("; did not read all of its input");
        }
        if ran.left_behind {
            reason.push_str("; left something running, which was ended");
        }
        let mut said = String::new();
        for (name, output) in [("stderr", &ran.stderr), ("stdout", &ran.stdout)] {
            if output.total == 0 {
                continue;
            }
            if output.total > output.bytes.len() as u64 {
                let _ =
                    write!(reason, "; {name} was {} bytes, of which the beginning was kept", output.total);
            }
            let is_cut = output.total > output.bytes.len() as u64;
            let text = output.bytes.trim_ascii_end();
            let shown = if is_cut { guard.show_cut(text) } else { guard.show(text) };
            let between = if said.is_empty() { "" } else { "; " };
            let _ = write!(said, "{between}{name}: {shown}");
        }
        Outcome { output: crate::report::text::clip(&said, LONGEST), ..Outcome::new(ending, reason) }
    }

    /// For the journal.
    pub(super) fn done(&self) -> Done {
        let reason = match self.output.as_str() {
            "" => self.reason.clone(),
            output => format!("{}; {output}", self.reason),
        };
        Done {
            outcome: self.revoked,
            result: self.ending.as_str().into(),
            status: self.status,
            request_id: self.request_id.clone(),
            reply_sha256: self.reply_sha256.clone(),
            reason,
        }
    }
}

/// Characters of what it said that are kept.
const LONGEST: usize = 2000;

fn of_exit_code(code: i32) -> Ending {
    match code {
        0 => Ending::Done,
        10 => Ending::Accepted,
        20 => Ending::AlreadyDead,
        30 => Ending::NotAuthorised,
        40 => Ending::Refused,
        50 => Ending::Unknown,
        60 => Ending::Skipped,
        _ => Ending::Failed,
    }
}

/// What came of one hook that fired.
#[derive(Debug, Clone, serde::Serialize)]
pub struct HookReport {
    /// Its name.
    pub hook: String,
    /// Why it fired.
    pub event: Event,
    /// For which finding.
    pub fingerprint: Option<String>,
    /// The program, or `POST https://host/…`.
    pub call: String,
    /// How it ended.
    pub ending: Ending,
    /// Why; masked and printable.
    pub reason: String,
    /// What it said; the same.
    pub output: String,
    /// How long it took.
    #[serde(skip)]
    pub took: Duration,
    /// Whether a run in which it fails is incomplete.
    pub required: bool,
}

/// A few lines for people; empty if no hook fired.
pub fn told(reports: &[HookReport]) -> Vec<String> {
    let mut lines: Vec<(String, usize)> = Vec::new();
    for report in reports {
        let HookReport { hook, event, call, ending, reason, output, .. } = report;
        let event = event.as_str();
        let line = match ending {
            Ending::Rehearsed => format!("hook {hook}: on {event}, would have run: {call}"),
            Ending::Skipped if output.is_empty() => format!("hook {hook}: on {event}, skipped: {reason}"),
            _ => {
                let said = if output.is_empty() { String::new() } else { format!(" ({output})") };
                format!("hook {hook}: on {event}, {}: {call}: {reason}{said}", ending.as_str())
            }
        };
        match lines.iter_mut().find(|(known, _)| *known == line) {
            Some((_, count)) => *count += 1,
            None => lines.push((line, 1)),
        }
    }
    let times = |count: usize| if count == 1 { String::new() } else { format!(" ({count} times)") };
    lines.into_iter().map(|(line, count)| format!("{line}{}", times(count))).collect()
}

/// The exit code of a scan whose hooks these are: if a required one failed, the run is incomplete.
pub fn exit_code(code: u8, reports: &[HookReport]) -> u8 {
    let is_incomplete = reports.iter().any(|report| report.required && report.ending.is_failure());
    match code {
        _ if !is_incomplete => code,
        0 | 3 => 3,
        2 => 2,
        _ => 4,
    }
}
