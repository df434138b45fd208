//! What is in no file of a tree: when it is scanned, and how it is found again.

use std::path::Path;

use muzzle::report::saved::{Wanted, read};
use muzzle::response::credentials::reread::reread;
use muzzle::rules::RuleSet;

use crate::support::{Run, Sandbox, Scan, github, line, run};

/// A repository with a token in its git directory.
fn ground() -> Sandbox {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", "a\n");
    sandbox.write(".git/description", line("one"));
    sandbox
}

/// A scan with these variables.
fn scan(sandbox: &Sandbox, variables: &[(&str, &str)], more: &[&str]) -> Scan {
    let mut command = sandbox.command(["scan", "-o", "json", "."].iter().chain(more));
    let run: Run = run(command.envs(variables.iter().copied()), b"");
    Scan::new(run)
}

#[test]
fn a_pipeline_has_to_ask_for_it() {
    let sandbox = ground();
    assert_eq!(scan(&sandbox, &[], &[]).only(), [".git/description:1:3 local"]);
    scan(&sandbox, &[("CI", "true")], &[]).expect_clean();
    assert_eq!(scan(&sandbox, &[("CI", "true")], &["--local"]).count(), 1);
    assert_eq!(scan(&sandbox, &[("CI", "true"), ("MUZZLE_LOCAL", "true")], &[]).count(), 1);
    scan(&sandbox, &[("MUZZLE_LOCAL", "true")], &["--no-local"]).expect_clean();
    // The last one holds.
    assert_eq!(scan(&sandbox, &[], &["--no-local", "--local"]).count(), 1);
}

#[test]
fn a_scanned_tree_may_ask_for_it_and_not_forbid_it() {
    let sandbox = ground();
    sandbox.write("muzzle.toml", "[scan]\nlocal = true\n");
    assert_eq!(scan(&sandbox, &[("CI", "true")], &[]).count(), 1);
    sandbox.write("muzzle.toml", "[scan]\nlocal = false\nmetadata = false\n");
    scan(&sandbox, &[], &[]).expect_clean();
    sandbox.commit(&line("two"));
    let found = scan(&sandbox, &[], &["--no-repo-config"]);
    assert_eq!(found.count(), 2);
}

#[test]
fn what_a_saved_report_tells_is_read_again() {
    let sandbox = ground();
    sandbox.commit_staged(&line("message"));
    std::fs::remove_file(sandbox.path(".git/COMMIT_EDITMSG")).unwrap();
    sandbox.git(["reflog", "expire", "--expire=now", "--all"]);
    sandbox.git(["tag", "-a", "-m", &line("tag"), "v1"]);
    sandbox.git(["branch", &github("branch")]);
    sandbox.git(["reflog", "expire", "--expire=now", "--all"]);
    let scan = scan(&sandbox, &[], &[]);
    let mut sources: Vec<&str> = scan
        .findings()
        .iter()
        .map(|finding| {
            assert_eq!(finding["occurrences"].as_array().unwrap().len(), 1, "{finding:#}");
            finding["occurrences"][0]["source"].as_str().unwrap()
        })
        .collect();
    sources.sort_unstable();
    assert_eq!(sources, ["commit", "local", "ref", "ref"]);
    let text = serde_json::to_vec(&scan.report).unwrap();
    let report = read(Path::new("run.json"), &text, Wanted::default()).unwrap();
    let found = reread(&report, &sandbox.path(""), RuleSet::embedded().unwrap()).unwrap();
    let lost: Vec<&String> = found.iter().filter_map(|value| value.as_ref().err()).collect();
    assert!(lost.is_empty() && found.len() == 4, "{lost:?}");
    // What is not there any more is lost, and nothing else is taken for it.
    std::fs::remove_file(sandbox.path(".git/description")).unwrap();
    sandbox.git(["branch", "-D", &github("branch")]);
    let found = reread(&report, &sandbox.path(""), RuleSet::embedded().unwrap()).unwrap();
    assert_eq!(found.iter().filter(|value| value.is_err()).count(), 2);
}
