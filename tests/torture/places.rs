//! Places: every part of a repository in which text can be.

mod bundles;
mod content;
mod lfs;
mod local;
mod metadata;
mod nested;
mod roots;

use crate::case::{Case, Expected, case, finds};
use crate::support::{Sandbox, github, line, run};

pub(crate) fn cases() -> Vec<Case> {
    let plain = case("plain", |t| {
        t.git(["init", "-q"]);
        let id = t.commit_file("a", line("one"));
        finds(["one"]).at(format!("a:1:3 commit {id} head")).at("a:1:3 worktree")
    });
    let mut all: Vec<Case> =
        [vec![plain], nested::cases(), lfs::cases(), bundles::cases()].into_iter().flatten().collect();
    for (kind, cases) in [
        ("content", content::cases()),
        ("roots", roots::cases()),
        ("metadata", metadata::cases()),
        ("local", local::cases()),
    ] {
        all.extend(cases.into_iter().map(|case| Case { name: format!("{kind}::{}", case.name), ..case }));
    }
    all
}

/// A case in a repository.
fn repository(name: impl Into<String>, make: impl Fn(&Sandbox) -> Expected + Send + Sync + 'static) -> Case {
    case(name, move |t| {
        t.git(["init", "-q"]);
        make(t)
    })
}

/// What git prints, whatever its encoding.
fn printed(t: &Sandbox, arguments: &[&str]) -> Vec<u8> {
    let run = run(&mut t.git_command(&t.path(""), arguments), b"");
    assert_eq!(run.code, Some(0), "{arguments:?}: {}", run.stderr);
    run.stdout
}

/// `line:column` of a token in a text.
fn spot(text: &[u8], name: &str) -> String {
    let token = github(name);
    let at = text.windows(token.len()).position(|window| window == token.as_bytes()).expect("it is there");
    let before = &text[..at];
    let lines: Vec<&[u8]> = before.split(|byte| *byte == b'\n').collect();
    format!("{}:{}", lines.len(), String::from_utf8_lossy(lines[lines.len() - 1]).chars().count() + 1)
}

/// Nothing but refs keeps objects alive.
fn forget_reflogs(t: &Sandbox) {
    t.git(["reflog", "expire", "--expire=now", "--all"]);
    let _ = std::fs::remove_file(t.path(".git/ORIG_HEAD"));
}
