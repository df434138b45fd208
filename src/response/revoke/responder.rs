//! Credentials of ours that may revoke others: read when one is needed, out of a variable or a command that trusted
//! configuration names, and dropped when the call is done.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// One of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Responder {
    /// Of which rules.
    pub rules: Vec<String>,
    /// Of which providers.
    pub providers: Vec<String>,
    /// The variable that holds it.
    pub from_env: Option<String>,
    /// A program, by its absolute path, and its arguments; what it writes to standard output is it, without the last line
    /// break. No shell.
    pub command: Vec<String>,
}

/// It cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoResponder(String);

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes that a credential may have.
const LARGEST: u64 = 64 * 1024;
/// What a command finds of our environment.
const KEPT: [&str; 6] = ["PATH", "HOME", "USER", "LANG", "XDG_RUNTIME_DIR", "SYSTEMROOT"];

impl Responder {
    /// Fetches it.
    ///
    /// # Errors
    /// If the variable is not set, or the command fails. Never holds what was fetched.
    pub fn fetch(&self, name: &str) -> Result<Secret, NoResponder> {
        let failed = |why: String| NoResponder(format!("responder {name:?}: {why}"));
        let value =
            match (&self.from_env, self.command.as_slice()) {
                (Some(variable), []) => std::env::var(variable)
                    .map(|value| Zeroizing::new(value.into_bytes()))
                    .map_err(|_| failed(format!("the variable {variable} is not set, or is no text")))?,
                (None, [program, arguments @ ..]) if Path::new(program).is_absolute() => {
                    output(program, arguments).map_err(failed)?
                }
                (None, [program, ..]) => {
                    // What a name means may depend on the directory that we are in, and that may be the scanned one.
                    return Err(failed(format!("{program:?} is no absolute path")));
                }
                _ => return Err(failed("give it either from_env or command".to_owned())),
            };
        let text = value.strip_suffix(b"\n").unwrap_or(&value);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if text.is_empty() {
            return Err(failed("it is empty".to_owned()));
        }
        Ok(Secret::new(text))
    }
}

/// What a command writes. It finds little of our environment, nothing on its standard input, and no shell.
fn output(program: &str, arguments: &[String]) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear();
    command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let started = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("cannot start {program}: {error}"))?;
    let stdout = child.stdout.take();
    // A thread of its own: what the command leaves behind may hold the pipe open for ever, and then nobody waits for it.
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Zeroizing::new(Vec::new());
        let read = stdout.map(|stdout| stdout.take(LARGEST + 1).read_to_end(&mut bytes));
        let _ = sender.send((bytes, matches!(read, Some(Ok(_)))));
    });
    let too_long = || format!("{program} took longer than {} s", PATIENCE.as_secs());
    let succeeded = wait(&mut child, started).ok_or_else(too_long)?;
    let left = PATIENCE.saturating_sub(started.elapsed());
    let (bytes, whole) = receiver.recv_timeout(left).map_err(|_| too_long())?;
    match succeeded {
        true if whole && bytes.len() as u64 <= LARGEST => Ok(bytes),
        true => Err(format!("{program} wrote more than a credential has, or cannot be read")),
        false => Err(format!("{program} failed; run it by hand to see why")),
    }
}

/// Whether it succeeded; `None` if it had to be stopped.
fn wait(child: &mut Child, started: Instant) -> Option<bool> {
    while started.elapsed() < PATIENCE {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Err(_) => return Some(false),
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn command(argv: &[&str]) -> Responder {
        Responder { command: argv.iter().map(|&part| part.to_owned()).collect(), ..Responder::default() }
    }

    #[test]
    fn what_a_command_writes_without_the_line_break() {
        let printed =
            |text: &str| command(&["/bin/sh", "-c", "printf '%s' \"$0\"", text]).fetch("a").unwrap();
        assert_eq!(printed("of-ours\n"), Secret::new(b"of-ours"));
        // No shell but the one that was asked for: the argument is an argument.
        assert_eq!(printed("$HOME"), Secret::new(b"$HOME"));
    }

    #[test]
    fn what_fails_says_so_without_what_was_written() {
        for responder in [
            command(&["/bin/sh", "-c", "exit 1"]),
            command(&["/bin/sh", "-c", "exit 0"]),
            command(&["printf", "of-ours"]),
            command(&["./printf", "of-ours"]),
            command(&["/nonexistent/program"]),
            command(&["/bin/sh", "-c", "echo of-ours; exit 1"]),
            Responder { from_env: Some("MUZZLE_TEST_NOT_SET".to_owned()), ..Responder::default() },
            Responder::default(),
        ] {
            let error = responder.fetch("admin").unwrap_err().to_string();
            assert!(error.contains("\"admin\"") && !error.contains("of-ours"), "{error}");
        }
    }

    #[test]
    fn a_command_finds_little_of_our_environment() {
        let names =
            command(&["/bin/sh", "-c", "env | cut -d= -f1 | sort | tr '\\n' ' '"]).fetch("a").unwrap();
        #[expect(clippy::disallowed_methods, reason = "names of variables, no credential")]
        let names = String::from_utf8_lossy(names.expose()).into_owned();
        let known = |name: &str| KEPT.contains(&name) || ["PWD", "SHLVL", "_", "OLDPWD"].contains(&name);
        assert!(names.split_whitespace().all(known), "{names}");
    }
}
