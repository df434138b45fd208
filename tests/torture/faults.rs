//! One call of the system fails: the scan finds all there is, or says that it did not read all of it.
//!
//! `strace` first shows every call that has to do with the scanned files, then makes one after the other fail, a run
//! each. Of calls that differ only in which object or directory of objects they ask for, the first and the last fail.
//! `MUZZLE_FAULTS=all cargo test --test torture faults` makes every single one fail. Without `strace` nothing is done.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Failed, Trial};

use crate::faults::fixtures::{FIXTURES, Fixture};
use crate::support::{Run, Sandbox, Scan, github, run};
use crate::watched::HAS_STRACE;

mod fixtures;
mod short;

/// One test for each fixture and way to fail.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for fixture in FIXTURES {
        for error in ["EIO", "EINTR", "EMFILE", "ENOMEM"] {
            let name = format!("faults::{}::{}", fixture.name, error.to_ascii_lowercase());
            trials.push(Trial::test(name, move || each_call(fixture, error).map_err(Failed::from)));
        }
        let name = format!("faults::{}::short_reads", fixture.name);
        trials.push(Trial::test(name, move || short::reads(fixture).map_err(Failed::from)));
    }
    trials
}

/// A call, as the system counts it: the so manieth of its name on one thread.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Call {
    name: String,
    number: usize,
}

/// Which calls can fail in this way.
fn can_fail(name: &str, error: &str) -> bool {
    match error {
        // What closes, and what asks for the position, does not read.
        "EIO" => !["close", "lseek", "fcntl", "munmap"].contains(&name),
        "EINTR" => ["openat", "read", "pread64", "getdents64"].contains(&name),
        "EMFILE" => name == "openat",
        "ENOMEM" => ["mmap", "getdents64", "openat", "statx"].contains(&name),
        _ => false,
    }
}

fn each_call(fixture: &Fixture, error: &str) -> Result<(), String> {
    if !*HAS_STRACE {
        return Ok(());
    }
    let sandbox = Sandbox::new();
    (fixture.make)(&sandbox);
    let undisturbed = sandbox.muzzle(arguments(fixture, &sandbox));
    if undisturbed.code != Some(1) {
        return Err(format!("undisturbed: exit {:?}: {}", undisturbed.code, undisturbed.stderr));
    }
    if let Some(complaint) = complaint(fixture, undisturbed) {
        return Err(format!("undisturbed: {complaint}"));
    }
    let mut complaints = Vec::new();
    let calls = calls(fixture, &sandbox, error);
    if calls.is_empty() && error == "EIO" {
        return Err("no call has to do with the fixture".into());
    }
    let (tried, mut failed) = (calls.len(), 0);
    for call in calls {
        let Call { name, number } = &call;
        let inject = format!("inject={name}:error={error}:when={number}");
        let (run, log) = traced(fixture, &sandbox, &[&inject]);
        failed += usize::from(log.contains("(INJECTED)"));
        if let Some(complaint) = complaint(fixture, run) {
            complaints.push(format!("{error} of {name} number {number}: {complaint}"));
        }
    }
    // What threads do in which order is not the same in every run.
    if failed * 10 < tried * 9 {
        complaints.push(format!("{failed} of {tried} calls failed as they should"));
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}

fn arguments(fixture: &Fixture, sandbox: &Sandbox) -> Vec<String> {
    let mut arguments: Vec<String> =
        ["scan", "-o", "json", "--show-secrets", "--jobs", "1"].map(Into::into).into();
    arguments.extend(fixture.arguments.iter().map(|argument| (*argument).to_owned()));
    arguments.push(sandbox.path("").display().to_string());
    arguments
}

/// What is wrong with what a scan said.
fn complaint(fixture: &Fixture, run: Run) -> Option<String> {
    let Some(code) = run.code else { return Some(format!("it was ended by a signal: {}", run.stderr)) };
    if run.stderr.contains("panicked") {
        return Some(format!("it panicked: {}", run.stderr));
    }
    match code {
        // The loader did not get as far as to start it.
        127 if run.stdout.is_empty() => return None,
        2 if run.stdout.is_empty() && !run.stderr.is_empty() => return None,
        0 | 1 | 3 | 4 => {}
        _ => return Some(format!("exit {code}: {}", run.stderr)),
    }
    let scan = Scan::new(run);
    let secret = |finding: &serde_json::Value| finding["secret"].as_str().map(ToOwned::to_owned);
    let found: BTreeSet<String> = scan.findings().iter().filter_map(secret).collect();
    let wanted: BTreeSet<String> = fixture.tokens.iter().map(|name| github(name)).collect();
    let missed: Vec<_> = fixture.tokens.iter().filter(|name| !found.contains(&github(name))).collect();
    if !found.is_subset(&wanted) {
        return Some(format!("it found what is not there: {found:?}"));
    }
    let is_complete = code < 3;
    if is_complete != scan.gaps().is_empty() || (code % 3 == 1) == found.is_empty() {
        return Some(format!("exit {code} with {} findings, {:?}", found.len(), scan.gaps()));
    }
    (is_complete && !missed.is_empty()).then(|| format!("exit {code}, and nothing is said of {missed:?}"))
}

/// The calls to make fail.
fn calls(fixture: &Fixture, sandbox: &Sandbox, error: &str) -> Vec<Call> {
    let (_, log) = traced(fixture, sandbox, &[]);
    let below = sandbox.outside("").canonicalize().unwrap().display().to_string();
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut classes: BTreeMap<String, Vec<Call>> = BTreeMap::new();
    for line in log.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let Some((name, rest)) = call.trim_start().split_once('(') else { continue };
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            continue;
        }
        let number = counts.entry((thread, name)).or_default();
        *number += 1;
        if rest.contains(&below) && can_fail(name, error) {
            let call = Call { name: name.to_owned(), number: *number };
            classes.entry(format!("{name} {}", class(rest, &below))).or_default().push(call);
        }
    }
    let all = std::env::var_os("MUZZLE_FAULTS").is_some_and(|value| value == "all");
    let chosen = |calls: Vec<Call>| match calls.as_slice() {
        [first, .., last] if !all => [first, last].map(Clone::clone).into(),
        _ => calls,
    };
    let chosen: BTreeSet<Call> = classes.into_values().flat_map(chosen).collect();
    chosen.into_iter().collect()
}

/// The path of a call, without what tells objects apart.
fn class(arguments: &str, below: &str) -> String {
    let path = arguments.split(below).nth(1).unwrap_or_default();
    let path = path.split(['"', '>']).next().unwrap_or_default();
    let plain = |part: &str| {
        let is_hex = part.len() > 1 && part.bytes().all(|b| b.is_ascii_hexdigit());
        if is_hex { "#".to_owned() } else { part.to_owned() }
    };
    path.split('/').map(plain).collect::<Vec<_>>().join("/")
}

/// Runs the scan under `strace`, with these expressions; what it said, and its calls.
fn traced(fixture: &Fixture, sandbox: &Sandbox, expressions: &[&str]) -> (Run, String) {
    let log = tempfile::NamedTempFile::new().unwrap();
    let scan = sandbox.command(arguments(fixture, sandbox));
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-qq", "-s", "256", "--seccomp-bpf", "-e"]);
    // What is made to fail alone is traced: the rest runs at its usual speed.
    strace.arg(match expressions.first().and_then(|expression| expression.split([':', '=']).nth(1)) {
        Some(name) => format!("trace={name}"),
        None => "trace=%file,%desc".into(),
    });
    strace.args(expressions.iter().flat_map(|expression| ["-e", expression]));
    strace.arg("-o").arg(log.path()).arg(scan.get_program()).args(scan.get_args());
    strace.env_clear().current_dir(Path::new("/"));
    strace.envs(scan.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let run = run(&mut strace, b"");
    (run, String::from_utf8_lossy(&std::fs::read(log.path()).unwrap()).into_owned())
}
