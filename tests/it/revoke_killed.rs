//! A revocation that dies: whatever moment it is, the journal is whole, says what is unclear, and the next run clears it up.
#![cfg(unix)]

use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use muzzle::response::simulator::{Kind, State};

use crate::support::lab::Lab;
use crate::support::{Rng, Sandbox};

const DEATHS: usize = 50;
const ARGUMENTS: [&str; 7] = ["revoke", "--quiet", "--rule", "gitlab-pat", "--yes", "--only", "active"];

#[test]
fn killed_at_any_moment_it_is_cleared_up_by_the_next_run() {
    let lab = Lab::new(Sandbox::new(), "[revoke]\nallow = ['gitlab']");
    let whole = whole_run(&lab);
    let mut rng = Rng::from_name("moments");
    let (mut unclear, mut ended, mut lived) = (0, 0, 0);
    for death in 0..DEATHS {
        let (planted, value) = lab.plant(Kind::GitLab);
        let mut child = lab
            .sandbox
            .command(ARGUMENTS)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(value.as_bytes()).unwrap();
        let moment = u32::try_from(rng.below(1000)).unwrap();
        if death % 2 == 0 {
            std::thread::sleep(whole / 4 + whole * moment / 1000);
        } else {
            // Most of a run is reading rules: the other half dies round one of its requests.
            let (before, asked) = (lab.simulator.count(), death / 2 % 3);
            while lab.simulator.count() <= before + asked && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_micros(100));
            }
            std::thread::sleep(Duration::from_micros(u64::from(moment) * 8));
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let open = if lab.journal().exists() { lab.chain().unclear.len() } else { 0 };
        assert!(open <= 1, "death {death}: {open}");
        unclear += open;
        let was = lab.simulator.state(&planted.secret);
        let before = lab.simulator.count();
        let next = lab.revoke(&["--rule", "gitlab-pat", "--yes", "--only", "active"], &value);
        assert_eq!(
            next.code,
            Some(0),
            "death {death}: {}{}",
            String::from_utf8_lossy(&next.stdout),
            next.stderr
        );
        assert!(lab.chain().unclear.is_empty(), "death {death}");
        if was == Some(State::Dead) {
            ended += 1;
            assert_eq!(lab.simulator.count(), before + 1, "one read-only call clears it up");
        } else {
            lived += 1;
        }
        assert_eq!(lab.simulator.state(&planted.secret), Some(State::Dead));
        assert_eq!(lab.count(&planted, "DELETE"), 1, "death {death}: never twice");
    }
    // It met what it is about.
    assert!(unclear > 0 && ended > 0 && lived > 0, "{unclear} unclear, {ended} ended, {lived} lived");
    let journal = std::fs::read_to_string(lab.journal()).unwrap();
    assert!(journal.lines().count() > 4 * DEATHS, "it holds what was done");
}

/// How long one takes that is left alone.
fn whole_run(lab: &Lab) -> Duration {
    let (_, value) = lab.plant(Kind::GitLab);
    let started = Instant::now();
    let run = lab.revoke(&["--rule", "gitlab-pat", "--yes", "--only", "active"], &value);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    started.elapsed()
}
