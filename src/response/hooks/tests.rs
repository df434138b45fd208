//! Hooks as they are met at three in the morning.
#![cfg(unix)]

use std::path::{Path, PathBuf};

use super::*;
use crate::response::journal::{Chain, read};

mod containment;
mod posts;

const SECRET: &str = "`$(touch pwned)`\"';\n\0\u{1b}]0;x\u{7}0123456789";

/// A directory with a journal, and programs.
struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Place { directory: tempfile::TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A program for the shell, executable; in `$D` the directory.
    fn script(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path(name);
        let directory = self.directory.path().display();
        std::fs::write(&path, format!("#!/bin/sh\nD='{directory}'\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn journal(&self) -> Journal {
        Journal::open(&self.path("journal.jsonl")).unwrap()
    }

    fn chain(&self) -> Chain {
        read(&self.path("journal.jsonl"), None, |_, _| ()).unwrap()
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(std::fs::read(self.path(name)).unwrap()).unwrap()
    }

    /// Fires a live hook of this program for the finding of [`subject`].
    fn fire(&self, program: &Path, change: impl FnOnce(&mut HookSection)) -> HookReport {
        let mut section = section(program);
        change(&mut section);
        let journal = self.journal();
        let hooks = Hooks::new(&[section], true).unwrap().recorded_in(&journal);
        let subject = subject();
        let secret = Secret::new(SECRET.as_bytes());
        let context = Context { subject: Some(&subject), secret: Some(&secret), ..Context::default() };
        let mut reports = hooks.fire(Event::Finding, &context);
        assert_eq!(reports.len(), 1);
        assert!(self.chain().problems.is_empty() && self.chain().unclear.is_empty());
        assert!(!self.text("journal.jsonl").contains("0123456789"));
        reports.remove(0)
    }
}

fn section(program: &Path) -> HookSection {
    HookSection {
        name: "test".into(),
        on: vec![Event::Finding],
        program: Some(vec![program.to_str().unwrap().into(), "--flag".into(), "$(touch pwned)".into()]),
        ..HookSection::default()
    }
}

fn subject() -> Subject {
    Subject {
        fingerprint: "v1:00".into(),
        rule: "github-pat-classic".into(),
        name: "GitHub token".into(),
        provider: "github".into(),
        severity: Some(crate::finding::Severity::Critical),
        secret: "********".into(),
        place: "$(touch pwned)`touch pwned`;touch pwned\\n:1".into(),
        commit: Some(Commit { subject: "\"; touch pwned #".into(), ..Commit::default() }),
        ..Subject::default()
    }
}

#[test]
fn a_program_is_told_on_its_input_and_nowhere_else() {
    let place = Place::new();
    let program = place.script(
        "hook",
        r#"cat > "$D/input"; printf '%s\n' "$0" "$@" > "$D/argv"; env > "$D/env"; pwd > "$D/cwd"; exit 10"#,
    );
    let report = place.fire(&program, |section| section.env = vec!["CARGO_MANIFEST_DIR".into()]);
    assert_eq!((report.ending, report.reason.as_str()), (Ending::Accepted, "exit code 10"));
    let input: serde_json::Value = serde_json::from_str(&place.text("input")).unwrap();
    assert_eq!(input["event"], "finding");
    assert_eq!(input["finding"]["place"], subject().place);
    assert_eq!(input["finding"]["commit"]["subject"], "\"; touch pwned #");
    assert_eq!(input["secret"], serde_json::Value::Null);
    assert!(!place.text("input").contains("0123456789"));
    let argv = place.text("argv");
    assert_eq!(argv.lines().skip(1).collect::<Vec<_>>(), ["--flag", "$(touch pwned)"]);
    assert_eq!(place.text("cwd"), "/\n");
    let environment = place.text("env");
    let names: Vec<&str> = environment.lines().filter_map(|line| line.split('=').next()).collect();
    let known = ["PATH", "HOME", "LANG", "CARGO_MANIFEST_DIR", "PWD", "OLDPWD", "SHLVL", "_"];
    assert!(names.iter().all(|name| known.contains(name)), "{names:?}");
    assert!(names.contains(&"CARGO_MANIFEST_DIR"));
    assert!(!place.path("pwned").exists() && !Path::new("/pwned").exists());
}

#[test]
fn the_secret_is_given_to_who_asks_and_masked_in_what_comes_back() {
    let place = Place::new();
    let program = place.script("hook", r#"cat > "$D/input"; cat "$D/input" >&2; printf '\033[2J\r.'"#);
    let report = place.fire(&program, |section| section.send_secret = true);
    let input: serde_json::Value = serde_json::from_str(&place.text("input")).unwrap();
    assert_eq!(input["secret"]["value"], SECRET);
    assert_eq!(report.ending, Ending::Done);
    assert!(report.output.contains("stderr: {"), "{}", report.output);
    assert!(report.output.contains("\\u{1b}[2J\\r."), "{}", report.output);
    assert!(!report.output.contains("0123456789"), "{}", report.output);
    let written = place.text("journal.jsonl");
    assert!(!written.contains("0123456789") && !written.contains('\u{1b}'), "{written}");
}

#[test]
fn nothing_happens_in_a_dry_run_or_without_a_journal() {
    let place = Place::new();
    let program = place.script("hook", r#"touch "$D/ran""#);
    let subject = subject();
    let context = Context { subject: Some(&subject), ..Context::default() };
    let journal = place.journal();
    let dry = Hooks::new(&[section(&program)], false).unwrap().recorded_in(&journal);
    let report = dry.fire(Event::Finding, &context).remove(0);
    assert_eq!(report.ending, Ending::Rehearsed);
    assert!(told(&[report.clone(), report])[0].ends_with("(2 times)"));
    assert!(dry.fire(Event::ScanFinished, &context).is_empty());
    assert!(place.text("journal.jsonl").contains("none: dry run"));
    let unrecorded = Hooks::new(&[section(&program)], true).unwrap();
    assert_eq!(unrecorded.fire(Event::Finding, &context)[0].ending, Ending::Refused);
    // The journal goes away: nothing can be written, and nothing is done.
    std::fs::rename(place.path("journal.jsonl"), place.path("elsewhere")).unwrap();
    let live = Hooks::new(&[section(&program)], true).unwrap().recorded_in(&journal);
    let report = live.fire(Event::Finding, &context).remove(0);
    assert!(report.reason.contains("nothing was done"), "{}", report.reason);
    assert!(!place.path("ran").exists());
    let section = HookSection { mode: Mode::Live, ..section(&program) };
    let journal = place.journal();
    let live = Hooks::new(&[section], false).unwrap().recorded_in(&journal);
    assert_eq!(live.fire(Event::Finding, &context)[0].ending, Ending::Done);
    assert!(place.path("ran").exists());
}

#[test]
fn a_storm_has_an_end() {
    let place = Place::new();
    let program = place.script("hook", r#"echo >> "$D/count""#);
    let journal = place.journal();
    let section = HookSection { most: Some(2), required: true, ..section(&program) };
    let hooks = Hooks::new(&[section], true).unwrap().recorded_in(&journal);
    let subject = subject();
    let context = Context { subject: Some(&subject), ..Context::default() };
    let reports: Vec<HookReport> = (0..5).flat_map(|_| hooks.fire(Event::Finding, &context)).collect();
    assert_eq!(reports.iter().filter(|report| report.ending == Ending::Skipped).count(), 3);
    assert_eq!(place.text("count").lines().count(), 2);
    assert_eq!(exit_code(1, &reports), 1);
}

#[test]
fn revocation_by_policy_is_somebody_elses() {
    let place = Place::new();
    let journal = place.journal();
    let section = HookSection {
        name: "kill".into(),
        on: vec![Event::VerifiedActive],
        revoke: true,
        required: true,
        ..HookSection::default()
    };
    let sections = [section];
    let subject = subject();
    let context = Context { subject: Some(&subject), ..Context::default() };
    let hooks = Hooks::new(&sections, true).unwrap().recorded_in(&journal);
    let refused = hooks.fire(Event::VerifiedActive, &context);
    assert!(refused[0].reason.contains("[revoke]"), "{}", refused[0].reason);
    assert_eq!((exit_code(0, &refused), exit_code(1, &refused), exit_code(3, &refused)), (3, 4, 3));
    let revoke = |context: &Context<'_>| (Revoked::Accepted, context.subject.unwrap().fingerprint.clone());
    let hooks = hooks.revoking(&revoke);
    let report = hooks.fire(Event::VerifiedActive, &context).remove(0);
    assert_eq!((report.ending, report.reason.as_str()), (Ending::Accepted, "v1:00"));
    let hooks = Hooks::new(&sections, false).unwrap().recorded_in(&journal);
    let revoke = |_: &Context<'_>| -> (Revoked, String) { panic!("a dry run") };
    assert_eq!(hooks.revoking(&revoke).fire(Event::VerifiedActive, &context)[0].ending, Ending::Rehearsed);
}
