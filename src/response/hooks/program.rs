//! Starts a program, and keeps it in bounds: no shell, an environment of its own, a process group of its own, so much
//! time, so much output. Whatever is left of the group when it ends is ended, too.

use std::ffi::OsString;
use std::io::{Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::secret::Secret;

/// Bytes of each output that are kept; the rest is read and dropped, so that nobody waits.
const LONGEST_OUTPUT: usize = 16 * 1024;
/// How long somebody else may keep an output open behind the program's end.
const GRACE: Duration = Duration::from_millis(500);
/// From a polite end to a certain one.
const POLITE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(10);
/// A program that is being written this very moment cannot be started.
const BUSY_TRIES: usize = 20;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Exit(i32),
    Signal(i32),
    TimedOut,
}

/// What it said, up to a limit.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    pub(super) total: u64,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) ended: Ended,
    pub(super) stdout: Output,
    pub(super) stderr: Output,
    /// It ended without having read all that it was told.
    pub(super) left_input: bool,
    /// Something that it started went on, and was ended.
    pub(super) left_behind: bool,
}

/// What to start.
#[derive(Debug)]
pub(super) struct Program<'a> {
    pub(super) path: &'a Path,
    pub(super) argv: &'a [String],
    pub(super) environment: Vec<(String, OsString)>,
    pub(super) timeout: Duration,
}

enum Said {
    Input(bool),
    Output,
}

impl Program<'_> {
    /// Runs it to its end, or to the end of its time.
    pub(super) fn run(&self, input: Secret) -> std::io::Result<Ran> {
        let started = Instant::now();
        let mut child = self.spawn()?;
        let _guard = group::ended_with_us(&child);
        let (say, said) = channel();
        let (stdin, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let feeding = say.clone();
        std::thread::spawn(move || {
            #[expect(
                clippy::disallowed_methods,
                reason = "the document holds a secret only if the hook asked for it"
            )]
            let all = stdin.is_some_and(|mut stdin| stdin.write_all(input.expose()).is_ok());
            let _ = feeding.send(Said::Input(all));
        });
        let stdout = collect(out, &say);
        let stderr = collect(err, &say);
        drop(say);
        let mut seen = Seen::default();
        let in_time = wait(&child, started + self.timeout);
        if in_time {
            // What it said last is still on its way, and somebody else may hold the pipe.
            seen.listen(&said, GRACE);
        } else {
            group::signal(&child, false);
            wait(&child, Instant::now() + POLITE);
        }
        let left_behind = in_time && seen.outputs < 2;
        group::signal(&child, true);
        let status = child.wait()?;
        seen.listen(&said, GRACE);
        let ended = if in_time { of_status(status) } else { Ended::TimedOut };
        let take = |output: &Mutex<Output>| {
            std::mem::take(&mut *output.lock().unwrap_or_else(PoisonError::into_inner))
        };
        Ok(Ran {
            ended,
            stdout: take(&stdout),
            stderr: take(&stderr),
            left_input: seen.input != Some(true),
            left_behind,
        })
    }

    fn spawn(&self) -> std::io::Result<Child> {
        let mut command = Command::new(self.path);
        command.args(self.argv.get(1..).unwrap_or_default());
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        group::lead(&mut command, self.argv.first().map(String::as_str).unwrap_or_default());
        let mut tries = 0;
        loop {
            match command.spawn() {
                Err(error)
                    if error.kind() == std::io::ErrorKind::ExecutableFileBusy && tries < BUSY_TRIES =>
                {
                    tries += 1;
                    std::thread::sleep(TICK);
                }
                outcome => return outcome,
            }
        }
    }
}

/// What the threads that feed it and listen to it have come to.
#[derive(Debug, Default)]
struct Seen {
    input: Option<bool>,
    outputs: usize,
}

impl Seen {
    /// Until all have ended, but not for long.
    fn listen(&mut self, said: &Receiver<Said>, longest: Duration) {
        let until = Instant::now() + longest;
        while self.outputs < 2 || self.input.is_none() {
            match said.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Said::Input(all)) => self.input = Some(all),
                Ok(Said::Output) => self.outputs += 1,
                Err(_) => return,
            }
        }
    }
}

/// Reads a pipe to its end, on a thread that nobody waits for: what left the group may keep it open for ever.
fn collect(pipe: Option<impl Read + Send + 'static>, say: &Sender<Said>) -> Arc<Mutex<Output>> {
    let output = Arc::new(Mutex::new(Output::default()));
    let (shared, say) = (Arc::clone(&output), say.clone());
    std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        let mut pipe = pipe;
        while let Some(pipe) = &mut pipe {
            let count = match pipe.read(&mut buffer) {
                Ok(count) if count > 0 => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                _ => break,
            };
            let mut output = shared.lock().unwrap_or_else(PoisonError::into_inner);
            output.total += count as u64;
            let room = LONGEST_OUTPUT - output.bytes.len().min(LONGEST_OUTPUT);
            output.bytes.extend_from_slice(&buffer[..count.min(room)]);
        }
        let _ = say.send(Said::Output);
    });
    output
}

/// Until it has ended, without taking its number away: the group keeps it until then.
fn wait(child: &Child, until: Instant) -> bool {
    loop {
        if group::has_ended(child) {
            return true;
        }
        if Instant::now() >= until {
            return false;
        }
        std::thread::sleep(TICK);
    }
}

#[cfg(unix)]
fn of_status(status: std::process::ExitStatus) -> Ended {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exit(code),
        (None, signal) => Ended::Signal(signal.unwrap_or(0)),
    }
}

#[cfg(not(unix))]
fn of_status(status: std::process::ExitStatus) -> Ended {
    Ended::Exit(status.code().unwrap_or(-1))
}

#[cfg(unix)]
mod group {
    use std::os::unix::process::CommandExt as _;
    use std::process::{Child, Command};

    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

    use crate::interrupt;

    /// In a group of its own, under the name that was configured.
    pub(super) fn lead(command: &mut Command, name: &str) {
        command.process_group(0).arg0(name);
    }

    /// It does not survive us if we are interrupted.
    pub(super) fn ended_with_us(child: &Child) -> interrupt::Group {
        interrupt::Group::new(Pid::from_child(child))
    }

    pub(super) fn has_ended(child: &Child) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        !matches!(waitid(WaitId::Pid(Pid::from_child(child)), options), Ok(None))
    }

    /// Only before `wait`: after it, the number may be somebody else's.
    pub(super) fn signal(child: &Child, certainly: bool) {
        let signal = if certainly { Signal::KILL } else { Signal::TERM };
        let _ = kill_process_group(Pid::from_child(child), signal);
    }
}

/// Nothing is ever started here, see `trusted`.
#[cfg(not(unix))]
mod group {
    use std::process::{Child, Command};

    pub(super) fn lead(_command: &mut Command, _name: &str) {}

    pub(super) fn ended_with_us(_child: &Child) {}

    pub(super) fn has_ended(_child: &Child) -> bool {
        true
    }

    pub(super) fn signal(_child: &Child, _certainly: bool) {}
}
