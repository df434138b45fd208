//! `muzzle ci github`: events of all kinds against checkouts as actions/checkout makes them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Sandbox, line, run};

/// A repository on the host, and a runner beside it.
struct Host {
    sandbox: Sandbox,
}

/// What a step did.
struct Step {
    code: i32,
    stdout: String,
    stderr: String,
    outputs: BTreeMap<String, String>,
    summary: String,
    /// The JSON report; null without one.
    report: Value,
}

const ZERO: &str = "0000000000000000000000000000000000000000";

impl Host {
    fn new() -> Self {
        let host = Host { sandbox: Sandbox::repository() };
        host.sandbox.commit_file("base", line("base"));
        host
    }

    fn git(&self, arguments: &[&str]) -> String {
        self.sandbox.git(arguments)
    }

    fn commit(&self, path: &str) -> String {
        self.sandbox.commit_file(path, line(path))
    }

    fn checkout(&self) -> PathBuf {
        self.sandbox.outside("checkout")
    }

    fn in_checkout(&self, arguments: &[&str]) -> String {
        self.sandbox.git_in(&self.checkout(), arguments, b"")
    }

    /// What actions/checkout does for a ref of the host, with this `fetch-depth`.
    fn check_out(&self, reference: &str, depth: u32) {
        let _ = std::fs::remove_dir_all(self.checkout());
        std::fs::create_dir(self.checkout()).unwrap();
        self.in_checkout(&["init", "-q"]);
        let url = format!("file://{}", self.sandbox.path("").display());
        self.in_checkout(&["remote", "add", "origin", &url]);
        let id = self.git(&["rev-parse", &format!("{reference}^{{commit}}")]);
        let (name, local) = match reference.split_once("refs/heads/") {
            Some((_, branch)) => (Some(branch), format!("refs/remotes/origin/{branch}")),
            None => (None, reference.replace("refs/pull/", "refs/remotes/pull/")),
        };
        let spec = format!("+{id}:{local}");
        if depth == 0 {
            self.in_checkout(&["fetch", "-q", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*"]);
            if reference.starts_with("refs/pull/") {
                self.in_checkout(&["fetch", "-q", "origin", &spec]);
            }
        } else {
            self.in_checkout(&["fetch", "-q", "--no-tags", "--depth", &depth.to_string(), "origin", &spec]);
        }
        match name {
            Some(name) => self.in_checkout(&["checkout", "-q", "-B", name, &local]),
            None => self.in_checkout(&["checkout", "-q", "--detach", &local]),
        };
    }

    fn step(&self, name: &str, event: &Value, arguments: &[&str]) -> Step {
        self.step_with(name, event, arguments, &[])
    }

    fn step_with(&self, name: &str, event: &Value, arguments: &[&str], more: &[(&str, &str)]) -> Step {
        let file = |name: &str| self.sandbox.outside(name);
        std::fs::write(file("event.json"), event.to_string()).unwrap();
        for name in ["output", "report.json"] {
            let _ = std::fs::remove_file(file(name));
        }
        if !more.iter().any(|(name, _)| *name == "KEEP_SUMMARY") {
            let _ = std::fs::remove_file(file("summary"));
        }
        let report = format!("json={}", file("report.json").display());
        let mut command = self.sandbox.command(["ci", "github", "-o", &report].iter().chain(arguments));
        command.current_dir(self.checkout());
        for (name, value) in [
            ("GITHUB_ACTIONS", "true"),
            ("CI", "true"),
            ("GITHUB_EVENT_NAME", name),
            ("GITHUB_REPOSITORY", "acme/app"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ] {
            command.env(name, value);
        }
        command.env("GITHUB_WORKSPACE", self.checkout());
        command.env("GITHUB_EVENT_PATH", file("event.json"));
        command.env("GITHUB_OUTPUT", file("output"));
        command.env("GITHUB_STEP_SUMMARY", file("summary"));
        command.envs(more.iter().copied());
        let run = run(&mut command, b"");
        let read = |name: &str| std::fs::read_to_string(file(name)).unwrap_or_default();
        Step {
            code: run.code.expect("no signal"),
            stdout: String::from_utf8(run.stdout).unwrap(),
            stderr: run.stderr,
            outputs: read("output")
                .lines()
                .map(|line| line.split_once('=').unwrap())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            summary: read("summary"),
            report: serde_json::from_str(&read("report.json")).unwrap_or_default(),
        }
    }
}

impl Step {
    /// Paths of what was found, sorted.
    fn found(&self) -> Vec<&str> {
        let findings = self.report["findings"].as_array().unwrap_or_else(|| panic!("{}", self.stderr));
        let mut paths: Vec<&str> =
            findings.iter().map(|finding| finding["occurrences"][0]["path"].as_str().unwrap()).collect();
        paths.sort_unstable();
        paths
    }

    /// Everything was read, this was found, and all say so.
    #[track_caller]
    fn expect(&self, paths: &[&str]) -> &Self {
        assert_eq!(self.found(), paths, "{}{}", self.stdout, self.stderr);
        assert_eq!(self.code, i32::from(!paths.is_empty()), "{}{}", self.stdout, self.stderr);
        self.agrees("true")
    }

    /// Something is missing, this was found, and all say so.
    #[track_caller]
    fn expect_incomplete(&self, paths: &[&str]) -> &Self {
        assert_eq!(self.found(), paths, "{}{}", self.stdout, self.stderr);
        assert_eq!(self.code, 3 + i32::from(!paths.is_empty()), "{}{}", self.stdout, self.stderr);
        assert!(
            self.stdout.starts_with("::error title=muzzle%3A the scan is incomplete::"),
            "{}",
            self.stdout
        );
        assert!(self.stdout.contains("set `fetch-depth: 0`"), "{}", self.stdout);
        assert!(self.summary.contains("**INCOMPLETE**"), "{}", self.summary);
        self.agrees("false")
    }

    #[track_caller]
    fn agrees(&self, complete: &str) -> &Self {
        assert_eq!(self.outputs["complete"], complete);
        assert_eq!(self.outputs["exit-code"], self.code.to_string());
        assert_eq!(self.outputs["count"], self.found().len().to_string());
        assert!(self.summary.starts_with("## muzzle: "), "{}", self.summary);
        for path in self.found() {
            assert!(self.summary.contains(&format!("[`{path}:1`](https://github.com/acme/app/blob/")));
        }
        self
    }

    #[track_caller]
    fn says(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "{}", self.stdout);
        self
    }
}

fn push(reference: &str, before: &str, after: &str) -> Value {
    json!({
        "ref": reference, "before": before, "after": after,
        "created": before == ZERO, "deleted": after == ZERO, "forced": false,
        "repository": { "full_name": "acme/app", "default_branch": "main" },
    })
}

fn pull_request(base: &str, head: &str) -> Value {
    json!({
        "action": "synchronize", "number": 7,
        "pull_request": {
            "number": 7,
            "head": { "sha": head, "ref": "$(touch pwned)", "repo": { "fork": true } },
            "base": { "sha": base, "ref": "main" },
        },
        "repository": { "full_name": "acme/app", "default_branch": "main" },
    })
}

#[test]
fn a_push_is_what_was_pushed() {
    let host = Host::new();
    let before = host.commit("old");
    host.commit("first");
    let after = host.commit("second");
    host.check_out("refs/heads/main", 0);
    let step = host.step("push", &push("refs/heads/main", &before, &after), &[]);
    step.expect(&["first", "second"]).says("A push to a branch: the commits from");
    assert_eq!(step.report["scope"], format!("--range {before}..{after}"));
    assert_eq!(step.outputs["scope"], format!("--range {before}..{after}"));
    let annotations: Vec<&str> = step.stdout.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(annotations.len(), 2);
    assert!(
        annotations[0]
            .starts_with("::error file=first,line=1,endLine=1,col=3,endColumn=43,title=critical%3A ")
    );
    // Nothing new.
    host.step("push", &push("refs/heads/main", &after, &after), &[])
        .expect(&[])
        .says("::notice title=muzzle::No commit was in scope");
}

#[test]
fn a_new_branch_is_what_the_default_branch_does_not_have() {
    let host = Host::new();
    host.git(&["checkout", "-q", "-b", "topic"]);
    let after = host.commit("topic");
    host.check_out("refs/heads/topic", 0);
    let event = push("refs/heads/topic", ZERO, &after);
    host.step("push", &event, &[]).expect(&["topic"]).says("A new branch: the commits that are not on main");
    // Without the default branch, it is everything that the branch reaches.
    host.in_checkout(&["update-ref", "-d", "refs/remotes/origin/main"]);
    host.step("push", &event, &[])
        .expect(&["base", "topic"])
        .says("There is no branch main any more, or not here");
    host.step("push", &event, &["--fetch"]).expect(&["topic"]);
}

#[test]
fn the_first_push_of_the_default_branch_is_everything() {
    let host = Host::new();
    let after = host.commit("a");
    host.check_out("refs/heads/main", 0);
    host.step("push", &push("refs/heads/main", ZERO, &after), &[]).expect(&["a", "base"]);
    host.check_out("refs/heads/main", 1);
    let step = host.step("push", &push("refs/heads/main", ZERO, &after), &[]);
    assert_eq!(step.code, 4, "{}", step.stdout);
    step.says("set `fetch-depth: 0`");
    host.step("push", &push("refs/heads/main", ZERO, &after), &["--fetch"]).expect(&["a", "base"]);
}

#[test]
fn a_forced_push_whose_beginning_is_gone() {
    let host = Host::new();
    host.git(&["checkout", "-q", "-b", "topic"]);
    let gone = "1234567890123456789012345678901234567890";
    let after = host.commit("topic");
    let mut event = push("refs/heads/topic", gone, &after);
    event["forced"] = true.into();
    for (depth, fetch) in [(0, &[][..]), (0, &["--fetch"]), (1, &["--fetch"])] {
        host.check_out("refs/heads/topic", depth);
        host.step("push", &event, fetch)
            .expect(&["topic"])
            .says("There is no commit 123456789012 any more, or not here: branch main is taken.");
    }
    host.check_out("refs/heads/topic", 1);
    host.step("push", &event, &[]).expect_incomplete(&[]);
    // On the default branch itself there is nothing to compare with.
    host.git(&["checkout", "-q", "main"]);
    let after = host.commit("main");
    host.check_out("refs/heads/main", 0);
    host.step("push", &push("refs/heads/main", gone, &after), &[]).expect(&["base", "main"]);
}

#[test]
fn a_forced_push_whose_beginning_is_there() {
    let host = Host::new();
    let start = host.git(&["rev-parse", "HEAD"]);
    let before = host.commit("before");
    host.check_out("refs/heads/main", 0);
    host.git(&["reset", "-q", "--hard", &start]);
    let after = host.commit("after");
    host.in_checkout(&["fetch", "-q", "origin", "+main:refs/remotes/origin/main"]);
    host.step("push", &push("refs/heads/main", &before, &after), &[]).expect(&["after"]);
}

#[test]
fn a_shallow_push_is_incomplete_until_it_may_fetch() {
    let host = Host::new();
    let before = host.commit("old");
    host.commit("first");
    let after = host.commit("second");
    let event = push("refs/heads/main", &before, &after);
    for depth in [1, 2, 3] {
        host.check_out("refs/heads/main", depth);
        let step = host.step("push", &event, &[]);
        if depth == 3 {
            step.expect(&["first", "second"]);
        } else {
            // What the newest commit introduced can be told as soon as its parent is there.
            step.expect_incomplete(if depth == 2 { &["second"] } else { &[] });
        }
        host.step("push", &event, &["--fetch"]).expect(&["first", "second"]);
    }
}

#[test]
fn tags() {
    let host = Host::new();
    host.commit("a");
    host.git(&["tag", "-a", "v1", "-m", "v1"]);
    let event = push("refs/tags/v1", ZERO, &host.git(&["rev-parse", "v1"]));
    host.check_out("refs/tags/v1", 0);
    host.step("push", &event, &[])
        .expect(&[])
        .says("::notice title=muzzle::No commit was in scope")
        .says("A new tag: the commits that are not on main are scanned. --mode full scans all.");
    host.step("push", &event, &["--mode", "full"]).expect(&["a", "base"]);
    host.git(&["checkout", "-q", "--detach"]);
    host.commit("off");
    host.git(&["tag", "v2"]);
    host.check_out("refs/tags/v2", 1);
    let event = push("refs/tags/v2", ZERO, &host.git(&["rev-parse", "v2"]));
    host.step("push", &event, &[]).expect_incomplete(&[]);
    host.step("push", &event, &["--fetch"]).expect(&["off"]);
}

#[test]
fn a_deletion_brings_nothing() {
    let host = Host::new();
    host.check_out("refs/heads/main", 1);
    let before = host.git(&["rev-parse", "HEAD"]);
    for mode in ["auto", "range", "full"] {
        host.step("push", &push("refs/heads/topic", &before, ZERO), &["--mode", mode])
            .expect(&[])
            .says("A branch was deleted: nothing came in.");
    }
}

/// `refs/pull/7/merge` of a branch that adds `pull`, after main went on with `later`. Base, and head of the request.
fn pulled(host: &Host) -> (String, String) {
    let base = host.git(&["rev-parse", "main"]);
    host.git(&["checkout", "-q", "-b", "fork"]);
    let head = host.commit("pull");
    host.git(&["checkout", "-q", "main"]);
    host.commit("later");
    host.git(&["checkout", "-q", "--detach"]);
    host.git(&["merge", "-q", "--no-ff", "-m", "merge", "fork"]);
    host.git(&["update-ref", "refs/pull/7/merge", "HEAD"]);
    host.git(&["update-ref", "refs/pull/7/head", &head]);
    host.git(&["checkout", "-q", "main"]);
    host.git(&["branch", "-q", "-D", "fork"]);
    (base, head)
}

#[test]
fn a_pull_request_is_what_it_would_add() {
    let host = Host::new();
    let (base, head) = pulled(&host);
    let merge = host.git(&["rev-parse", "refs/pull/7/merge"]);
    let event = pull_request(&base, &head);
    let environment =
        [("GITHUB_SHA", &*merge), ("GITHUB_REF", "refs/pull/7/merge"), ("GITHUB_BASE_REF", "main")];
    host.check_out("refs/pull/7/merge", 0);
    let step = host.step_with("pull_request", &event, &[], &environment);
    step.expect(&["pull"]).says("Pull request 7: the commits that it would add");
    // The base is the one that GitHub merged with.
    assert_eq!(step.report["scope"], format!("--range {}..{head}", host.git(&["rev-parse", "main"])));
    // Without the merge it is the one of the event.
    let step = host.step("pull_request", &event, &[]);
    assert_eq!(step.expect(&["pull"]).report["scope"], format!("--range {base}..{head}"));
    for depth in [1, 2] {
        host.check_out("refs/pull/7/merge", depth);
        let step = host.step_with("pull_request", &event, &[], &environment);
        // With two commits both parents are there, but not the head's parent.
        step.expect_incomplete(&[]);
        host.step_with("pull_request", &event, &["--fetch"], &environment).expect(&["pull"]);
    }
}

#[test]
fn a_pull_request_that_took_the_base_in() {
    let host = Host::new();
    let base = host.git(&["rev-parse", "main"]);
    host.git(&["checkout", "-q", "-b", "fork"]);
    host.commit("pull");
    host.git(&["checkout", "-q", "main"]);
    host.commit("later");
    host.git(&["checkout", "-q", "fork"]);
    host.git(&["merge", "-q", "--no-ff", "-m", "update", "main"]);
    let head = host.git(&["rev-parse", "HEAD"]);
    host.git(&["checkout", "-q", "--detach", "main"]);
    host.git(&["merge", "-q", "--no-ff", "-m", "merge", "fork"]);
    host.git(&["update-ref", "refs/pull/7/merge", "HEAD"]);
    host.check_out("refs/pull/7/merge", 0);
    let merge = host.git(&["rev-parse", "HEAD"]);
    host.step_with("pull_request", &pull_request(&base, &head), &[], &[("GITHUB_SHA", &merge)])
        .expect(&["pull"]);
}

#[test]
fn a_pull_request_target_reads_objects_and_nothing_else() {
    let host = Host::new();
    let (base, head) = pulled(&host);
    host.check_out("refs/heads/main", 1);
    let before = host.in_checkout(&["rev-parse", "HEAD"]);
    let event = pull_request(&base, &head);
    let environment = [("GITHUB_SHA", &*before), ("GITHUB_REF", "refs/heads/main")];
    let step = host.step_with("pull_request_target", &event, &[], &environment);
    step.expect_incomplete(&[]).says("it is not in the checkout, so that nothing was scanned");
    let step = host.step_with("pull_request_target", &event, &["--fetch"], &environment);
    step.expect(&["pull"]).says("nothing of it is checked out, run or believed");
    assert!(step.stdout.starts_with("::error file=pull,line=1,"), "{}", step.stdout);
    assert_eq!(host.in_checkout(&["rev-parse", "HEAD"]), before);
    assert_eq!(host.in_checkout(&["status", "--porcelain"]), "");
    assert!(!host.checkout().join("pull").exists() && !host.checkout().join("pwned").exists());
}

#[test]
fn a_merge_group() {
    let host = Host::new();
    let base = host.git(&["rev-parse", "main"]);
    host.git(&["checkout", "-q", "-b", "gh-readonly-queue/main/pr-7"]);
    let head = host.commit("queued");
    let event = json!({ "action": "checks_requested", "merge_group": {
        "head_sha": head, "head_ref": "refs/heads/gh-readonly-queue/main/pr-7",
        "base_sha": base, "base_ref": "refs/heads/main",
    } });
    host.check_out("refs/heads/gh-readonly-queue/main/pr-7", 0);
    host.step("merge_group", &event, &[]).expect(&["queued"]).says("A merge group");
    host.check_out("refs/heads/gh-readonly-queue/main/pr-7", 1);
    host.step("merge_group", &event, &[]).expect_incomplete(&[]);
    host.step("merge_group", &event, &["--fetch"]).expect(&["queued"]);
}

#[test]
fn events_that_bring_nothing_scan_everything() {
    let host = Host::new();
    host.commit("removed");
    host.git(&["rm", "-q", "removed"]);
    host.sandbox.commit("remove it");
    host.git(&["branch", "other"]);
    for (name, event) in [
        ("schedule", json!({ "schedule": "0 3 * * *" })),
        ("workflow_dispatch", json!({ "inputs": null, "ref": "refs/heads/main" })),
        ("release", json!({ "action": "published" })),
        ("x\n::error::y", json!({})),
        ("pull_request", json!({ "pull_request": { "head": { "sha": 7 } } })),
        ("push", json!({ "ref": 7, "after": "--output=x" })),
    ] {
        host.check_out("refs/heads/main", 0);
        // What a job leaves in the working tree is not history.
        std::fs::write(host.checkout().join("built"), line("built")).unwrap();
        host.step(name, &event, &[]).expect(&["base", "removed"]).says("verything is scanned.");
        let refused = host.step(name, &event, &["--mode", "range"]);
        assert_eq!((refused.code, refused.outputs["exit-code"].as_str()), (2, "2"), "{}", refused.stderr);
        assert!(refused.stderr.contains("--mode range: "), "{}", refused.stderr);
        host.check_out("refs/heads/main", 1);
        let step = host.step(name, &event, &[]);
        step.expect_incomplete(&["base"]);
        host.step(name, &event, &["--fetch"]).expect(&["base", "removed"]);
    }
}

#[test]
fn a_mode_wins_over_the_event() {
    let host = Host::new();
    let before = host.git(&["rev-parse", "main"]);
    let after = host.commit("a");
    host.check_out("refs/heads/main", 0);
    let event = push("refs/heads/main", &before, &after);
    host.step("push", &event, &["--mode", "range"]).expect(&["a"]);
    let step = host.step("push", &event, &["--mode", "full"]);
    step.expect(&["a", "base"]).says("The whole history was asked for.");
    assert_eq!(step.outputs["scope"], "everything");
}

#[test]
fn text_of_the_repository_gives_no_command() {
    let host = Host::new();
    let before = host.git(&["rev-parse", "main"]);
    host.sandbox.write("x\n::error::pwned\n", line("x"));
    host.sandbox.write("a%0A::set-output name=count::99", line("y"));
    let after = host.sandbox.commit("::warning::subject\n\n::stop-commands::x\n##[error]y");
    host.check_out("refs/heads/main", 0);
    let step = host.step("push", &push("refs/heads/main", &before, &after), &[]);
    assert_eq!(step.code, 1);
    let (before, rest) = step.stdout.split_once("::stop-commands::").unwrap();
    let (token, rest) = rest.split_once('\n').unwrap();
    let (shown, end) = rest.split_once(&format!("::{token}::\n")).unwrap();
    assert!(token.len() > 32 && end == "::endgroup::\n", "{token} {end}");
    let commands: Vec<&str> = before.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(commands.len(), 3, "{before}");
    assert!(commands[..2].iter().all(|line| line.starts_with("::error file=")), "{before}");
    assert!(before.contains("file=a%250A%3A%3Aset-output name=count%3A%3A99,line=1"), "{before}");
    assert!(!step.stdout.contains("##["));
    for text in shown.lines().chain(step.stderr.lines()) {
        assert!(!text.trim_start().starts_with("::"), "{text}");
    }
}

#[test]
fn a_fetch_runs_nothing_of_the_checkout() {
    let host = Host::new();
    let before = host.git(&["rev-parse", "main"]);
    host.sandbox.write(".gitmodules", "[submodule \"x\"]\n\tpath = x\n\turl = ext::sh -c touch% pwned\n");
    let after = host.commit("a");
    host.check_out("refs/heads/main", 1);
    let hooks = host.sandbox.outside("hooks");
    std::fs::create_dir(&hooks).unwrap();
    let pwned = host.sandbox.outside("pwned");
    for directory in [hooks.clone(), host.checkout().join(".git/hooks")] {
        std::fs::create_dir_all(&directory).unwrap();
        for hook in ["reference-transaction", "post-checkout", "post-merge", "pre-auto-gc"] {
            let path = directory.join(hook);
            std::fs::write(&path, format!("#!/bin/sh\ntouch {}\n", pwned.display())).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        }
    }
    let script = hooks.join("post-checkout").display().to_string();
    for setting in ["core.fsmonitor", "remote.origin.uploadpack"] {
        host.in_checkout(&["config", setting, &script]);
    }
    host.in_checkout(&["config", "core.hooksPath", &hooks.display().to_string()]);
    let event = push("refs/heads/main", &before, &after);
    host.step("push", &event, &["--fetch"]).expect(&["a"]);
    assert!(!pwned.exists());
    // A remote that is a command is none.
    host.check_out("refs/heads/main", 1);
    let url = format!("ext::touch {}", pwned.display());
    host.in_checkout(&["config", "remote.origin.url", &url]);
    let step = host.step("push", &event, &["--fetch"]);
    step.expect_incomplete(&[]).says("git fetch failed: fatal: transport 'ext' not allowed");
    assert!(!pwned.exists());
}

#[test]
fn outputs_name_the_sarif_file() {
    let host = Host::new();
    let before = host.git(&["rev-parse", "main"]);
    let after = host.commit("a");
    host.check_out("refs/heads/main", 0);
    let event = push("refs/heads/main", &before, &after);
    let step = host.step("push", &event, &["--sarif", "muzzle.sarif"]);
    assert_eq!(step.expect(&["a"]).outputs["sarif"], "muzzle.sarif");
    let sarif = std::fs::read(host.checkout().join("muzzle.sarif")).unwrap();
    let sarif: Value = serde_json::from_slice(&sarif).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 1);
    let step = host.step("push", &event, &["--sarif", "a\nb=c"]);
    assert_eq!((step.code, step.outputs.get("b")), (2, None));
}

#[test]
fn a_summary_keeps_within_what_the_step_may_write() {
    let host = Host::new();
    let before = host.git(&["rev-parse", "main"]);
    let after = host.commit("a");
    host.check_out("refs/heads/main", 0);
    let event = push("refs/heads/main", &before, &after);
    let summary = host.sandbox.outside("summary");
    for (taken, room) in [(0, 1 << 20), ((1 << 20) - 700, 700), (1 << 20, 0)] {
        std::fs::write(&summary, "x".repeat(taken)).unwrap();
        let step = host.step_with("push", &event, &[], &[("KEEP_SUMMARY", "1")]);
        assert_eq!(step.code, 1);
        assert!(step.summary.len() <= taken + room && step.summary.starts_with(&"x".repeat(taken)));
        assert_eq!(step.summary.contains("## muzzle: 1 finding"), room > 0, "{room}");
    }
}

#[test]
fn what_cannot_be_done_is_an_error_and_an_annotation() {
    let host = Host::new();
    host.check_out("refs/heads/main", 0);
    let refused = |arguments: &[&str], more: &[(&str, &str)]| {
        let step = host.step_with("push", &json!({}), arguments, more);
        assert_eq!((step.code, step.outputs["exit-code"].as_str()), (2, "2"), "{}", step.stdout);
        assert_eq!(step.outputs["complete"], "false");
        assert!(step.stdout.starts_with("::error title=muzzle%3A nothing was scanned::"), "{}", step.stdout);
        step.stderr
    };
    assert!(refused(&[], &[("GITHUB_EVENT_PATH", "")]).contains("GITHUB_EVENT_PATH is not set"));
    assert!(refused(&[], &[("GITHUB_EVENT_PATH", "/nowhere")]).contains("reading the event /nowhere"));
    let not_json = host.checkout().join(".git/HEAD");
    assert!(refused(&[], &[("GITHUB_EVENT_PATH", not_json.to_str().unwrap())]).contains("in the event"));
    assert!(refused(&["--range", "a..b"], &[]).contains("--range cannot go with `muzzle ci`"));
    assert!(refused(&["--show-secrets"], &[]).contains("many read the log"));
    assert!(refused(&["-o", "json"], &[]).contains("standard output is for the log"));
    assert!(refused(&["a", "b"], &[]).contains("give it one path"));
    let outside = host.sandbox.outside("home").display().to_string();
    assert!(refused(&[&outside], &[]).contains("is in no Git repository"));
}

#[test]
fn the_workspace_is_scanned_from_elsewhere() {
    let host = Host::new();
    let before = host.git(&["rev-parse", "main"]);
    let after = host.commit("a");
    host.check_out("refs/heads/main", 0);
    let event = host.sandbox.outside("event.json");
    std::fs::write(&event, push("refs/heads/main", &before, &after).to_string()).unwrap();
    let mut command = host.sandbox.command(["ci", "github"]);
    command.current_dir(host.sandbox.outside("home")).env("GITHUB_WORKSPACE", host.checkout());
    command.env("GITHUB_EVENT_NAME", "push").env("GITHUB_EVENT_PATH", event);
    assert_eq!(run(&mut command, b"").code, Some(1));
}
