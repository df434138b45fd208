//! How long, and from where, a secret can be met: the last commit that has it, the one that removed it, the refs.
//!
//! Every report is compared with what git says of each single commit.

use serde_json::Value;

use crate::support::naive::{Exposure, History};
use crate::support::random::{TOKENS, random_history};
use crate::support::{RULE, Rng, Sandbox, Scan, github, line};

const DAY: i64 = 24 * 60 * 60;

/// Scans, compares everything about this token with what git says, and returns its finding.
#[track_caller]
fn checked(sandbox: &Sandbox, name: &str) -> Value {
    let scan = sandbox.scan(&["--no-worktree", "--show-secrets"]);
    let history = History::read(sandbox);
    check(sandbox, &history, scan.expect_complete(), name)
}

#[track_caller]
fn check(sandbox: &Sandbox, history: &History, scan: &Scan, name: &str) -> Value {
    let mut findings = scan.findings().iter().filter(|finding| finding["secret"] == github(name));
    let finding = findings.next().unwrap_or_else(|| panic!("{name} was not found: {:#}", scan.report));
    assert!(findings.next().is_none());
    let told = Exposure::told(finding);
    assert_eq!(told, history.exposure(sandbox, &github(name)), "{name} in {:#?}", history.order());
    // To the commit that removed it, or to this day.
    let first = history.time(told.first_seen.as_ref().unwrap());
    let days = finding["days_exposed"].as_i64().unwrap();
    match &told.removed_in {
        Some(removed) => assert_eq!(days, (history.time(removed) - first).max(0) / DAY),
        None => {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
            let passed = (i64::try_from(now.as_secs()).unwrap() - first).max(0) / DAY;
            assert!(days == passed || days + 1 == passed, "{days} {passed}");
        }
    }
    finding.clone()
}

#[test]
fn from_the_first_commit_to_the_one_that_removed_it() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", "nothing\n");
    let first = sandbox.commit_file("a", line("a"));
    let last = sandbox.commit_file("b", "b\n");
    sandbox.git(["tag", "v1"]);
    sandbox.git(["tag", "-a", "v2", "-m", "m"]);
    sandbox.set_clock(1_600_000_000 + 100 * 24 * 60 * 60);
    let gone = sandbox.commit_file("a", "gone\n");
    sandbox.commit_file("b", "more\n");
    sandbox.git(["branch", "old", &sandbox.id("main~4")]);
    let finding = checked(&sandbox, "a");
    assert_eq!(finding["first_seen"]["id"], first);
    assert_eq!(finding["last_seen"]["id"], last);
    assert_eq!(finding["removed_in"]["id"], gone);
    assert_eq!(finding["removed_in"]["subject"], "change a");
    assert_eq!(finding["days_exposed"], 99);
    assert_eq!(finding["refs"], serde_json::json!(["refs/heads/main", "refs/tags/v1", "refs/tags/v2"]));
}

#[test]
fn what_head_has_was_not_removed() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("a"));
    sandbox.commit_file("a", "gone\n");
    let back = sandbox.commit_file("b", line("a"));
    let finding = checked(&sandbox, "a");
    assert_eq!(finding["removed_in"], Value::Null);
    assert_eq!(finding["last_seen"]["id"], back);
    assert_eq!(finding["in_head"], true);
}

#[test]
fn the_last_removal_counts() {
    let sandbox = Sandbox::repository();
    let first = sandbox.commit_file("a", line("a"));
    let removed = sandbox.commit_file("a", "gone\n");
    // A revert of the removal, and one of that.
    sandbox.git(["revert", "--no-edit", &removed]);
    sandbox.set_clock(1_600_001_000);
    let last = sandbox.commit_file("b", "b\n");
    let again = sandbox.commit_file("a", "gone for good\n");
    let finding = checked(&sandbox, "a");
    assert_eq!(finding["removed_in"]["id"], again);
    assert_eq!(finding["last_seen"]["id"], last);
    // The same blob at the same path was brought in once.
    let places: Vec<&Value> = finding["occurrences"].as_array().unwrap().iter().collect();
    assert_eq!(places.len(), 1);
    assert_eq!(places[0]["commit"]["id"], first);
}

#[test]
fn renames_and_edits_remove_nothing() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("old", line("a"));
    std::fs::create_dir(sandbox.path("deep")).unwrap();
    sandbox.git(["mv", "old", "deep/new"]);
    sandbox.commit("rename");
    sandbox.commit_file("deep/new", format!("edited\n{}", line("a")));
    assert_eq!(checked(&sandbox, "a")["removed_in"], Value::Null);
    sandbox.git(["rm", "-q", "deep/new"]);
    let gone = sandbox.commit("gone");
    assert_eq!(checked(&sandbox, "a")["removed_in"]["id"], gone);
}

/// Two branches with a secret each, `side` checked in before `main`.
fn two_branches() -> Sandbox {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("base", "base\n");
    sandbox.git(["checkout", "-q", "-b", "side"]);
    sandbox.commit_file("side", line("side"));
    sandbox.git(["checkout", "-q", "main"]);
    sandbox.commit_file("main", line("main"));
    sandbox
}

#[test]
fn a_merge_keeps_what_a_parent_has() {
    let sandbox = two_branches();
    sandbox.git(["merge", "-q", "--no-commit", "--no-ff", "side"]);
    let merge = sandbox.commit("merge");
    for name in ["side", "main"] {
        let finding = checked(&sandbox, name);
        assert_eq!(finding["removed_in"], Value::Null);
        assert_eq!(finding["last_seen"]["id"], merge);
        assert_eq!(finding["occurrences"].as_array().unwrap().len(), 1, "the merge brings in nothing");
    }
    assert_eq!(checked(&sandbox, "side")["refs"], serde_json::json!(["refs/heads/main", "refs/heads/side"]));
    assert_eq!(checked(&sandbox, "main")["refs"], serde_json::json!(["refs/heads/main"]));
}

#[test]
fn a_merge_that_takes_ours_removes_theirs() {
    let sandbox = two_branches();
    sandbox.git(["merge", "-q", "-s", "ours", "--no-commit", "side"]);
    let merge = sandbox.commit("ours");
    assert_eq!(sandbox.git(["rev-list", "--parents", "-n1", "HEAD"]).split(' ').count(), 3);
    let side = checked(&sandbox, "side");
    assert_eq!(side["removed_in"]["id"], merge);
    assert_eq!(side["refs"], serde_json::json!(["refs/heads/main", "refs/heads/side"]));
    assert_eq!(checked(&sandbox, "main")["removed_in"], Value::Null);
}

#[test]
fn an_evil_merge_brings_in_and_removes() {
    let sandbox = two_branches();
    sandbox.git(["merge", "-q", "--no-commit", "--no-ff", "side"]);
    sandbox.write("main", "removed by the merge\n");
    let merge = sandbox.commit_file("evil", line("evil"));
    let gone = sandbox.commit_file("evil", "gone\n");
    assert_eq!(checked(&sandbox, "main")["removed_in"]["id"], merge);
    let evil = checked(&sandbox, "evil");
    assert_eq!(evil["first_seen"]["id"], merge);
    assert_eq!(evil["last_seen"]["id"], merge);
    assert_eq!(evil["removed_in"]["id"], gone);
}

#[test]
fn a_merge_of_four_brings_in_what_none_of_them_has() {
    let sandbox = Sandbox::repository();
    let merge = sandbox.merge_of_four(line("four"));
    assert_eq!(sandbox.git(["rev-list", "--parents", "-n1", "HEAD"]).split(' ').count(), 4);
    assert_eq!(checked(&sandbox, "one")["removed_in"], Value::Null);
    assert_eq!(checked(&sandbox, "two")["removed_in"]["id"], merge);
    assert_eq!(checked(&sandbox, "four")["refs"], serde_json::json!(["refs/heads/main"]));
    assert_eq!(checked(&sandbox, "three")["occurrences"].as_array().unwrap().len(), 1);
}

/// Both branches bring in the same blob at the same path: the older commit was first, and no merge was.
#[test]
fn twice_brought_in_is_attributed_to_the_older() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("base", "base\n");
    sandbox.git(["checkout", "-q", "-b", "side"]);
    let side = sandbox.commit_file("a", line("a"));
    sandbox.git(["checkout", "-q", "main"]);
    sandbox.commit_file("main", "main\n");
    sandbox.commit_file("a", line("a"));
    sandbox.git(["merge", "-q", "--no-commit", "--no-ff", "side"]);
    sandbox.commit("merge");
    let finding = checked(&sandbox, "a");
    assert_eq!(finding["first_seen"]["id"], side);
    assert_eq!(finding["occurrences"].as_array().unwrap().len(), 1);
}

#[test]
fn what_head_never_had_was_not_removed_from_it() {
    let sandbox = two_branches();
    sandbox.git(["checkout", "-q", "side"]);
    sandbox.commit_file("side", "gone\n");
    sandbox.git(["checkout", "-q", "main"]);
    let finding = checked(&sandbox, "side");
    assert_eq!(finding["removed_in"], Value::Null);
    assert_eq!(finding["in_head"], false);
    assert_eq!(finding["refs"], serde_json::json!(["refs/heads/side"]));
}

#[test]
fn orphan_branches() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("a"));
    sandbox.git(["checkout", "-q", "--orphan", "fresh"]);
    sandbox.git(["rm", "-rqf", "."]);
    sandbox.commit_file("b", line("b"));
    let finding = checked(&sandbox, "a");
    assert_eq!(finding["removed_in"], Value::Null);
    assert_eq!(finding["refs"], serde_json::json!(["refs/heads/main"]));
    assert_eq!(checked(&sandbox, "b")["refs"], serde_json::json!(["refs/heads/fresh"]));
}

/// No HEAD: all commits count.
#[test]
fn a_history_that_only_tags_hold() {
    let sandbox = Sandbox::repository();
    sandbox.git(["checkout", "-q", "-b", "topic"]);
    sandbox.commit_file("a", line("a"));
    sandbox.git(["tag", "v1"]);
    let gone = sandbox.commit_file("a", "gone\n");
    sandbox.git(["tag", "-a", "v2", "-m", "m"]);
    sandbox.git(["symbolic-ref", "HEAD", "refs/heads/main"]);
    sandbox.git(["branch", "-q", "-D", "topic"]);
    std::fs::remove_dir_all(sandbox.path(".git/logs")).unwrap();
    std::fs::remove_file(sandbox.path(".git/index")).unwrap();
    let finding = checked(&sandbox, "a");
    assert_eq!(finding["removed_in"]["id"], gone);
    assert_eq!(finding["refs"], serde_json::json!(["refs/tags/v1", "refs/tags/v2"]));
}

#[test]
fn what_only_a_reflog_reaches_is_in_no_ref() {
    let sandbox = Sandbox::repository();
    let id = sandbox.deleted_branch(line("a"));
    let finding = checked(&sandbox, "a");
    assert_eq!(finding["refs"], serde_json::json!([]));
    assert_eq!(finding["last_seen"]["id"], id);
    let human = sandbox.muzzle(["scan", ".", "--no-worktree"]);
    let text = String::from_utf8(human.stdout).unwrap();
    assert!(text.contains(" days · last seen in ") && text.contains("reachable from no ref"), "{text}");
}

#[test]
fn stashes_remotes_and_refs_without_a_commit() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", "a\n");
    sandbox.write("a", line("stash"));
    sandbox.git(["stash", "push", "-q"]);
    sandbox.git(["clone", "-q", "--no-local", ".", "../clone"]);
    sandbox.git(["checkout", "-q", "--detach"]);
    let remote = sandbox.commit_file("r", line("remote"));
    sandbox.git(["update-ref", "refs/remotes/origin/topic", &remote]);
    sandbox.git(["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/topic"]);
    let blob = sandbox.git_with(["hash-object", "-w", "--stdin"], line("blob").as_bytes());
    sandbox.git(["tag", "blob", &blob]);
    sandbox.git(["checkout", "-q", "main"]);
    assert_eq!(checked_refs(&sandbox, "stash"), ["refs/stash"]);
    // The symbolic one is the one it names.
    assert_eq!(checked_refs(&sandbox, "remote"), ["refs/remotes/origin/topic"]);
    assert_eq!(checked_refs(&sandbox, "blob"), ["refs/tags/blob"]);
    let scan = sandbox.scan(&["--no-worktree", "--show-secrets"]);
    let blob = scan.findings().iter().find(|finding| finding["secret"] == github("blob")).unwrap();
    assert_eq!([&blob["last_seen"], &blob["removed_in"], &blob["days_exposed"]], [&Value::Null; 3]);
}

fn checked_refs(sandbox: &Sandbox, name: &str) -> Vec<String> {
    let scan = sandbox.scan(&["--no-worktree", "--show-secrets"]);
    let found = scan.expect_complete().findings().iter().find(|finding| finding["secret"] == github(name));
    Exposure::told(found.unwrap()).refs
}

#[test]
fn what_is_in_no_history_has_no_exposure() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", "a\n");
    sandbox.git_with(["hash-object", "-w", "--stdin"], line("unreachable").as_bytes());
    sandbox.write("b", line("file"));
    let scan = sandbox.scan(&["--unreachable"]);
    assert_eq!(scan.expect_complete().count(), 2);
    for finding in scan.findings() {
        assert_eq!(Exposure::told(finding).refs, [""; 0]);
        assert_eq!([&finding["last_seen"], &finding["removed_in"]], [&Value::Null; 2]);
        assert_eq!(finding["days_exposed"], Value::Null);
    }
    // That a file holds it says nothing of the history; that an object does says that no ref leads to it.
    let sources: Vec<&Value> = scan.findings().iter().map(|f| &f["occurrences"][0]["source"]).collect();
    assert!(sources.contains(&&Value::from("unreachable")), "{sources:?}");
}

#[test]
fn clocks_that_run_backwards_count_no_days() {
    let sandbox = Sandbox::repository();
    sandbox.set_clock(1_900_000_000);
    sandbox.commit_file("a", line("a"));
    sandbox.set_clock(1_000_000_000);
    sandbox.commit_file("a", "gone\n");
    assert_eq!(checked(&sandbox, "a")["days_exposed"], 0);
}

#[test]
fn more_refs_than_are_named_are_counted() {
    let sandbox = Sandbox::repository();
    let id = sandbox.commit_file("a", line("a"));
    let refs: String = (0..1200).map(|i| format!("create refs/tags/t{i:04} {id}\n")).collect();
    sandbox.git_with(["update-ref", "--stdin"], refs.as_bytes());
    let scan = sandbox.scan(&["--no-worktree"]);
    let finding = &scan.expect_complete().findings()[0];
    assert_eq!(finding["refs_total"], 1201);
    let names = finding["refs"].as_array().unwrap();
    assert_eq!(names.len(), 101);
    assert_eq!(
        [&names[0], &names[1], &names[100]],
        ["refs/heads/main", "refs/tags/t0000", "refs/tags/t0099"]
    );
    let human = sandbox.muzzle(["scan", ".", "--no-worktree"]);
    let text = String::from_utf8(human.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("reachable from branch main; tags t0000, t0001 and 1,198 more"), "{text}");
}

/// Forty small histories of all shapes against the naive way.
#[test]
fn any_history_is_told_as_git_tells_it() {
    let mut compared = [0; 3];
    for seed in 0..40 {
        let mut rng = Rng::from_name(&format!("history {seed}"));
        let sandbox = Sandbox::repository();
        let skewed = seed % 2 == 1;
        let stream = random_history(&mut rng, skewed);
        sandbox.git_with(["fast-import", "--quiet", "--force"], stream.as_bytes());
        let logs = sandbox.path(".git/logs");
        if seed % 4 < 2 && logs.exists() {
            std::fs::remove_dir_all(logs).unwrap();
        }
        match seed % 5 {
            0 => _ = sandbox.git(["symbolic-ref", "HEAD", "refs/heads/unborn"]),
            1 => _ = sandbox.git(["update-ref", "--no-deref", "HEAD", "main~0"]),
            _ => {}
        }
        let history = History::read(&sandbox);
        if !skewed {
            // Where children are younger than their parents there is but one order.
            let order = sandbox.git(["rev-list", "--all", "--reflog", "--date-order", "--reverse"]);
            assert_eq!(history.order(), order.lines().collect::<Vec<_>>());
        }
        let scan = sandbox.scan(&["--no-worktree", "--show-secrets", "--rule", RULE]);
        let mut found = 0;
        for name in TOKENS {
            if history.exposure(&sandbox, &github(name)).last_seen.is_some() {
                let finding = check(&sandbox, &history, scan.expect_complete(), name);
                found += 1;
                compared[0] += 1;
                compared[1] += usize::from(finding["removed_in"].is_object());
                compared[2] += usize::from(finding["refs"].as_array().unwrap().len() > 2);
            }
        }
        assert_eq!(scan.count(), found);
    }
    assert!(compared.iter().all(|number| *number > 20), "{compared:?}");
}
