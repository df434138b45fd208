//! Signals: the process ends at once, and nothing half-written is left.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Test, outputs};
use crate::support::{Sandbox, line};

pub(super) const TESTS: &[Test] = &[
    ("interrupted_while_reading", |t| at_many_moments(t, "INT", 2, 2_000, &MOMENTS)),
    ("terminated_while_reading", |t| at_many_moments(t, "TERM", 15, 2_000, &MOMENTS)),
    ("terminated_while_waiting_for_input", |t| {
        let mut command = t.command(["scan", "-o", "json", "-"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let input = child.stdin.take();
        std::thread::sleep(Duration::from_millis(500));
        let started = Instant::now();
        kill("TERM", child.id());
        assert_eq!(child.wait().unwrap().code(), Some(143));
        assert!(started.elapsed() < SLOWEST, "{:?}", started.elapsed());
        drop(input);
    }),
    ("terminated_while_writing", while_writing),
];

/// Milliseconds after the start.
const MOMENTS: [u64; 10] = [0, 2, 5, 10, 20, 50, 100, 200, 400, 800];
/// Half of the ends must be as quick as this.
const USUAL: Duration = Duration::from_millis(200);
/// And all of them as quick as this, on whatever machine.
const SLOWEST: Duration = Duration::from_secs(2);

fn kill(signal: &str, process: u32) {
    let status = Command::new("kill").arg(format!("-{signal}")).arg(process.to_string()).status();
    assert!(status.is_ok());
}

fn at_many_moments(t: &Sandbox, signal: &str, number: i32, files: usize, moments: &[u64]) {
    let text = "a line like any other, and nothing in it\n".repeat(500);
    (0..files).for_each(|file| t.write(format!("d{}/f{file}", file % 20), format!("{text}{file}\n")));
    (0..50).for_each(|file| t.write(format!("t{file}"), line(&file.to_string())));
    let mut took = Vec::new();
    for moment in moments {
        let mut command =
            t.command(["scan", "-o", "json=../r.json", "-o", "sarif=../r.sarif", "--jobs", "1", "."]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(*moment));
        let started = Instant::now();
        kill(signal, child.id());
        let status = child.wait().unwrap();
        took.push(started.elapsed());
        // Very early the system's own way to end it stands, and very late it is done.
        let is_ended = status.code() == Some(128 + number) || status.signal() == Some(number);
        assert!(is_ended || status.code() == Some(1), "{moment} ms: {status}");
        whole_or_none(t);
    }
    took.sort();
    assert!(took[took.len() / 2] <= USUAL && took[took.len() - 1] <= SLOWEST, "{took:?}");
}

/// Reports are there whole, or not at all; and nothing else is.
fn whole_or_none(t: &Sandbox) {
    let mut there = vec!["home", "work"];
    for name in ["r.json", "r.sarif"] {
        if let Ok(bytes) = std::fs::read(t.outside(name)) {
            let _: serde_json::Value = serde_json::from_slice(&bytes).expect(name);
            there.push(name);
        }
    }
    there.sort_unstable();
    outputs::only_these(t, &there);
}

/// Each call that writes the report is followed by a signal, in one run after the other.
fn while_writing(t: &Sandbox) {
    if !*crate::watched::HAS_STRACE {
        return;
    }
    (0..50).for_each(|file| t.write(format!("t{file}"), line(&file.to_string())));
    for call in ["fchmod", "write", "rename", "renameat", "renameat2", "linkat", "unlink"] {
        for number in 1..4 {
            let inject = format!("inject={call}:signal=TERM:delay_exit=20000:when={number}");
            let mut command = Command::new("strace");
            command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject]);
            let scan = t.command(["scan", "-o", "json=../r.json", "."]);
            command.arg(scan.get_program()).args(scan.get_args()).env_clear().current_dir(t.path(""));
            let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
            let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
            assert!(matches!(code, Some(1 | 143)), "{call} {number}: {status}");
            whole_or_none(t);
        }
    }
}
