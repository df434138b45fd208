//! `muzzle ci gitlab`, `azure`, `bitbucket`, `jenkins`: their variables against real checkouts.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Sandbox, line, run};

const ZERO: &str = "0000000000000000000000000000000000000000";

/// A repository with `base` on main, `topic` on a branch of it, and later `later` on main.
struct Host {
    sandbox: Sandbox,
    base: String,
    topic: String,
}

impl Host {
    fn new() -> Self {
        let sandbox = Sandbox::repository();
        let base = sandbox.commit_file("base", line("base"));
        sandbox.git(["checkout", "-q", "-b", "topic"]);
        let topic = sandbox.commit_file("topic", line("topic"));
        sandbox.git(["checkout", "-q", "main"]);
        sandbox.commit_file("later", line("later"));
        Host { sandbox, base, topic }
    }

    fn checkout(&self) -> PathBuf {
        self.sandbox.outside("checkout")
    }

    /// A clone of one branch, as most systems make it, with so many commits.
    fn check_out(&self, branch: &str, depth: u32) {
        let _ = std::fs::remove_dir_all(self.checkout());
        let url = format!("file://{}", self.sandbox.path("").display());
        let into = self.checkout().display().to_string();
        let depth = depth.to_string();
        let mut arguments = vec!["clone", "-q", "--branch", branch];
        if depth != "0" {
            arguments.extend(["--depth", &*depth]);
        }
        arguments.extend([&*url, &*into]);
        self.sandbox.git(arguments);
        self.sandbox.git_in(&self.checkout(), ["checkout", "-q", "--detach"], b"");
    }

    /// Exit code, paths of what was found, and standard output.
    fn step(
        &self,
        system: &str,
        variables: &[(&str, &str)],
        arguments: &[&str],
    ) -> (Option<i32>, Vec<String>, String) {
        let report = self.sandbox.outside("report.json");
        let output = format!("json={}", report.display());
        let mut command = self.sandbox.command(["ci", system, "-o", &output].iter().chain(arguments));
        command.current_dir(self.checkout()).env("CI", "true").envs(variables.iter().copied());
        let run = run(&mut command, b"");
        let text = std::fs::read(&report).unwrap_or_else(|_| panic!("{}", run.stderr));
        let report: Value = serde_json::from_slice(&text).unwrap();
        let path = |finding: &Value| finding["occurrences"][0]["path"].as_str().unwrap().to_owned();
        let mut paths: Vec<String> = report["findings"].as_array().unwrap().iter().map(path).collect();
        paths.sort();
        (run.code, paths, String::from_utf8(run.stdout).unwrap())
    }

    #[track_caller]
    fn expect(
        &self,
        system: &str,
        variables: &[(&str, &str)],
        arguments: &[&str],
        found: (i32, &[&str]),
    ) -> String {
        let (code, paths, stdout) = self.step(system, variables, arguments);
        assert_eq!(
            (code, paths),
            (Some(found.0), found.1.iter().map(|path| (*path).into()).collect()),
            "{stdout}"
        );
        stdout
    }
}

#[test]
fn gitlab() {
    let host = Host::new();
    let merge_request = [
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_COMMIT_SHA", &*host.topic),
        ("CI_COMMIT_BEFORE_SHA", ZERO),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &*host.base),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("CI_DEFAULT_BRANCH", "main"),
    ];
    host.check_out("topic", 0);
    let log = host.expect("gitlab", &merge_request, &[], (1, &["topic"]));
    assert!(
        log.starts_with("muzzle: Merge request 7: the commits that it would add are scanned.\ncritical["),
        "{log}"
    );
    host.check_out("topic", 1);
    let log = host.expect("gitlab", &merge_request, &[], (3, &[]));
    let words = log.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("set the variable `GIT_DEPTH: \"0\"` for the job"), "{log}");
    host.expect("gitlab", &merge_request, &["--fetch"], (1, &["topic"]));
    let new_branch = [
        ("CI_PIPELINE_SOURCE", "push"),
        ("CI_COMMIT_SHA", &*host.topic),
        ("CI_COMMIT_BEFORE_SHA", ZERO),
        ("CI_COMMIT_BRANCH", "topic"),
        ("CI_DEFAULT_BRANCH", "main"),
    ];
    host.check_out("topic", 1);
    host.expect("gitlab", &new_branch, &[], (3, &[]));
    host.expect("gitlab", &new_branch, &["--fetch"], (1, &["topic"]));
    host.check_out("topic", 0);
    host.expect("gitlab", &[("CI_PIPELINE_SOURCE", "schedule")], &[], (1, &["base", "later", "topic"]));
}

#[test]
fn azure() {
    let host = Host::new();
    host.sandbox.git(["checkout", "-q", "--detach", "main"]);
    host.sandbox.git(["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
    let merge = host.sandbox.id("HEAD");
    host.sandbox.git(["branch", "pull", "HEAD"]);
    let pull_request = [
        ("BUILD_REASON", "PullRequest"),
        ("BUILD_SOURCEVERSION", &*merge),
        ("SYSTEM_PULLREQUEST_SOURCECOMMITID", &*host.topic),
        ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
    ];
    host.check_out("pull", 0);
    host.expect("azure", &pull_request, &[], (1, &["topic"]));
    host.check_out("pull", 1);
    host.expect("azure", &pull_request, &[], (3, &[]));
    host.expect("azure", &pull_request, &["--fetch"], (1, &["topic"]));
    host.expect("azure", &[("BUILD_REASON", "IndividualCI")], &[], (1, &["base", "later", "topic"]));
}

#[test]
fn bitbucket() {
    let host = Host::new();
    let pull_request = [
        ("BITBUCKET_PR_ID", "3"),
        ("BITBUCKET_COMMIT", &*host.topic),
        ("BITBUCKET_PR_DESTINATION_COMMIT", &host.base[..12]),
        ("BITBUCKET_PR_DESTINATION_BRANCH", "main"),
    ];
    host.check_out("topic", 0);
    host.expect("bitbucket", &pull_request, &[], (1, &["topic"]));
    host.check_out("topic", 1);
    host.expect("bitbucket", &pull_request, &[], (3, &[]));
    host.expect("bitbucket", &pull_request, &["--fetch"], (1, &["topic"]));
    host.expect("bitbucket", &[("BITBUCKET_COMMIT", &host.topic)], &[], (1, &["base", "later", "topic"]));
}

#[test]
fn jenkins() {
    let host = Host::new();
    let change = [("CHANGE_ID", "4"), ("CHANGE_TARGET", "main"), ("GIT_COMMIT", &*host.topic)];
    host.check_out("topic", 0);
    host.expect("jenkins", &change, &[], (1, &["topic"]));
    let build = [("GIT_COMMIT", &*host.topic), ("GIT_PREVIOUS_SUCCESSFUL_COMMIT", &host.base)];
    host.expect("jenkins", &build, &[], (1, &["topic"]));
    host.expect("jenkins", &[("GIT_COMMIT", &host.topic)], &[], (1, &["base", "later", "topic"]));
    host.check_out("topic", 1);
    host.expect("jenkins", &build, &[], (3, &[]));
    host.expect("jenkins", &build, &["--fetch"], (1, &["topic"]));
}
