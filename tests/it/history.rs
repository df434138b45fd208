//! Everything that Git keeps: which commit brought a secret in, where it still is, and that storage makes no difference.

use crate::support::token::fill;
use crate::support::{RULE, Sandbox, line};

#[test]
fn a_secret_of_the_past() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", "nothing\n");
    let id = sandbox.commit_file("a", format!("\n{}", line("a")));
    sandbox.commit_file("a", "gone\n");
    let scan = sandbox.scan(&[]);
    assert_eq!(scan.expect_complete().only(), [format!("a:2:3 commit {id}")]);
    let finding = &scan.findings()[0];
    assert_eq!(finding["in_head"], false);
    let first = &finding["first_seen"];
    assert_eq!(first["id"], id);
    assert_eq!(first["author"], "Ada Author");
    assert_eq!(first["email"], "ada@example.test");
    assert_eq!(first["date"], "2020-09-13T12:27:40Z");
    assert_eq!(first["subject"], "change a");
    assert_eq!(scan.report["scanned"]["commits"], 3);
    assert_eq!(scan.report["scanned"]["blobs"], 3);
}

#[test]
fn head_is_told_from_history() {
    let sandbox = Sandbox::repository();
    let first = sandbox.commit_file("a", line("a"));
    let second = sandbox.commit_file("a", format!("more\n{}", line("a")));
    let scan = sandbox.scan(&["--no-worktree"]);
    // What HEAD has comes first.
    let expected = [format!("a:2:3 commit {second} head"), format!("a:1:3 commit {first}")];
    assert_eq!(scan.expect_complete().only(), expected);
    assert_eq!(scan.findings()[0]["first_seen"]["id"], first);
    assert_eq!(scan.findings()[0]["in_head"], true);
}

#[test]
fn parts_can_be_left_out() {
    let sandbox = Sandbox::repository();
    let id = sandbox.commit_file("past", line("past"));
    sandbox.git(["rm", "-q", "past"]);
    sandbox.commit("gone");
    sandbox.write("present", line("present"));
    let past = format!("past:1:3 commit {id}");
    assert_eq!(sandbox.scan(&[]).expect_complete().count(), 2);
    assert_eq!(sandbox.scan(&["--no-worktree"]).expect_complete().only(), [past]);
    assert_eq!(sandbox.scan(&["--no-history"]).expect_complete().only(), ["present:1:3 worktree"]);
    assert_eq!(sandbox.muzzle(["scan", "--no-history", "--no-worktree"]).code, Some(2));
}

#[test]
fn a_merge_may_bring_in_what_no_parent_has() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("base", "base\n");
    sandbox.git(["checkout", "-q", "-b", "side"]);
    sandbox.commit_file("side", "side\n");
    sandbox.git(["checkout", "-q", "main"]);
    sandbox.commit_file("main", "main\n");
    sandbox.git(["merge", "-q", "--no-commit", "--no-ff", "side"]);
    let merge = sandbox.commit_file("side", line("evil"));
    assert_eq!(sandbox.git(["rev-list", "--parents", "-n1", "HEAD"]).split(' ').count(), 3);
    sandbox.commit_file("side", "gone\n");
    assert_eq!(sandbox.scan(&[]).expect_complete().only(), [format!("side:1:3 commit {merge}")]);
}

#[test]
fn a_merge_of_four() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("base", "base\n");
    let mut ids = Vec::new();
    for name in ["one", "two", "three"] {
        sandbox.git(["checkout", "-q", "-b", name, "main"]);
        ids.push(sandbox.commit_file(name, line(name)));
    }
    sandbox.git(["checkout", "-q", "main"]);
    sandbox.git(["merge", "-q", "--no-commit", "one", "two", "three"]);
    let merge = sandbox.commit_file("four", line("four"));
    assert_eq!(sandbox.git(["rev-list", "--parents", "-n1", "HEAD"]).split(' ').count(), 4);
    let scan = sandbox.scan(&["--no-worktree"]);
    let mut places = scan.expect_complete().places();
    places.sort();
    let mut expected = [("one", &ids[0]), ("two", &ids[1]), ("three", &ids[2]), ("four", &merge)]
        .map(|(name, id)| format!("{RULE} {name}:1:3 commit {id} head"));
    expected.sort();
    assert_eq!(places, expected);
}

#[test]
fn a_rename_is_one_finding_at_two_paths() {
    let sandbox = Sandbox::repository();
    let id = sandbox.commit_file("old", line("a"));
    sandbox.git(["mv", "old", "new"]);
    let rename = sandbox.commit("rename");
    let expected =
        ["new:1:3 worktree".into(), format!("new:1:3 commit {rename} head"), format!("old:1:3 commit {id}")];
    assert_eq!(sandbox.scan(&[]).expect_complete().only(), expected);
}

/// `.npmrc` was there for one commit; the same bytes had another name before.
#[test]
fn a_rule_for_a_path_sees_every_path_that_a_blob_had() {
    let sandbox = Sandbox::repository();
    let value = fill("{{(?:[I-Za-f][C-HS-X][AEIMQUYcgk][w-z0-5]){4}}}", "npmrc");
    sandbox.commit_file("notes", format!("_password = {value}\n"));
    sandbox.git(["mv", "notes", ".npmrc"]);
    let id = sandbox.commit("rename");
    let rule = ["--rule", "npm-npmrc-password", "--no-worktree"];
    let places = sandbox.scan(&rule).expect_complete().places();
    assert!(places.iter().any(|place| place.starts_with("npm-npmrc-password .npmrc:1:13 ")), "{places:?}");
    sandbox.git(["rm", "-q", ".npmrc"]);
    sandbox.commit("gone");
    let expected = [format!("npm-npmrc-password .npmrc:1:13 commit {id}")];
    assert_eq!(sandbox.scan(&rule).expect_complete().places(), expected);
}

#[test]
fn a_deleted_branch_lives_in_the_reflog() {
    let sandbox = Sandbox::repository();
    let id = sandbox.deleted_branch(line("a"));
    assert_eq!(sandbox.scan(&[]).expect_complete().only(), [format!("a:1:3 commit {id}")]);
    sandbox.git(["reflog", "expire", "--expire=now", "--all"]);
    let scan = sandbox.scan(&[]);
    scan.expect_clean();
    assert_eq!(scan.report["not_reported"]["unreachable"], 1);
}

#[test]
fn a_stash_is_three_commits() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", "a\n");
    sandbox.write("a", line("index"));
    sandbox.git(["add", "a"]);
    sandbox.write("a", line("worktree"));
    sandbox.write("u", line("untracked"));
    sandbox.git(["stash", "push", "-q", "-u"]);
    // A second stash moves the first into the reflog.
    sandbox.write("a", line("second"));
    sandbox.git(["stash", "push", "-q"]);
    let scan = sandbox.scan(&[]);
    let mut places = scan.expect_complete().places();
    places.sort();
    let mut expected = [
        format!("{RULE} a:1:3 commit {}", sandbox.id("stash@{0}")),
        format!("{RULE} a:1:3 commit {}", sandbox.id("stash@{1}")),
        format!("{RULE} a:1:3 commit {}", sandbox.id("stash@{1}^2")),
        format!("{RULE} u:1:3 commit {}", sandbox.id("stash@{1}^3")),
    ];
    expected.sort();
    assert_eq!(places, expected);
}

#[test]
fn notes() {
    let sandbox = Sandbox::repository();
    let id = sandbox.commit_file("a", "a\n");
    sandbox.git(["notes", "add", "-m", line("a").trim()]);
    let notes = sandbox.id("refs/notes/commits");
    assert_eq!(sandbox.scan(&[]).expect_complete().only(), [format!("{id}:1:3 commit {notes}")]);
}

#[test]
fn tags_may_name_blobs_and_trees() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", "a\n");
    let blob = sandbox.git_with(["hash-object", "-w", "--stdin"], line("blob").as_bytes());
    let inner = sandbox.git_with(["hash-object", "-w", "--stdin"], line("tree").as_bytes());
    let tree = sandbox.git_with(["mktree"], format!("100644 blob {inner}\tdeep\n").as_bytes());
    sandbox.git(["tag", "-a", "blob", "-m", "m", &blob]);
    sandbox.git(["tag", "tree", &tree]);
    assert_eq!(
        sandbox.scan(&[]).expect_complete().places(),
        [format!("{RULE} refs/tags/blob:1:3 ref"), format!("{RULE} refs/tags/tree/deep:1:3 ref")]
    );
}

#[test]
fn tags_of_tags_lead_to_a_commit() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("base", "base\n");
    sandbox.git(["checkout", "-q", "--detach"]);
    let id = sandbox.commit_file("a", line("a"));
    sandbox.git(["tag", "-a", "t0", "-m", "m"]);
    for i in 0..20 {
        sandbox.git(["tag", "-a", &format!("t{}", i + 1), "-m", "m", &format!("t{i}")]);
        sandbox.git(["tag", "-d", &format!("t{i}")]);
    }
    sandbox.git(["checkout", "-q", "main"]);
    sandbox.git(["reflog", "expire", "--expire=now", "--all"]);
    assert_eq!(sandbox.scan(&[]).expect_complete().only(), [format!("a:1:3 commit {id}")]);
}

#[test]
fn a_detached_head_is_head() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("base", "base\n");
    sandbox.git(["checkout", "-q", "--detach"]);
    let id = sandbox.commit_file("a", line("a"));
    std::fs::remove_dir_all(sandbox.path(".git/logs")).unwrap();
    let expected = [format!("a:1:3 commit {id} head")];
    assert_eq!(sandbox.scan(&["--no-worktree"]).expect_complete().only(), expected);
}

#[test]
fn an_empty_repository_is_clean() {
    let sandbox = Sandbox::repository();
    let scan = sandbox.scan(&[]);
    scan.expect_clean();
    assert_eq!(scan.report["scanned"]["commits"], 0);
}

#[test]
fn a_branch_without_a_commit() {
    let sandbox = Sandbox::repository();
    sandbox.write("a", line("a"));
    sandbox.git(["add", "a"]);
    std::fs::remove_file(sandbox.path("a")).unwrap();
    assert_eq!(sandbox.scan(&[]).expect_complete().only(), ["a:1:3 staged"]);
    // Other branches count all the same.
    let id = sandbox.commit_staged("a");
    sandbox.git(["checkout", "-q", "--orphan", "fresh"]);
    sandbox.git(["rm", "-rqf", "."]);
    assert_eq!(sandbox.scan(&[]).expect_complete().only(), [format!("a:1:3 commit {id}")]);
}

#[test]
fn bare_repositories() {
    let sandbox = Sandbox::repository();
    let id = sandbox.commit_file("a", line("a"));
    sandbox.git(["clone", "-q", "--bare", ".", "../bare.git"]);
    let scan = sandbox.scan_with(&["../bare.git"], b"");
    assert_eq!(scan.expect_complete().only(), [format!("a:1:3 commit {id} head")]);
    let run = sandbox.muzzle(["scan", "../bare.git", "--no-history"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("bare"), "{}", run.stderr);
}

#[test]
fn a_linked_worktree_has_its_own_files_and_head() {
    let sandbox = Sandbox::repository();
    let id = sandbox.commit_file("a", line("a"));
    sandbox.git(["worktree", "add", "-q", "-b", "other", "../linked"]);
    std::fs::write(sandbox.outside("linked/b"), line("b")).unwrap();
    std::fs::write(sandbox.path("c"), line("c")).unwrap();
    let scan = sandbox.scan_with(&["../linked"], b"");
    let mut places = scan.expect_complete().places();
    places.sort();
    let expected = [format!("a:1:3 commit {id} head"), "a:1:3 worktree".into(), "b:1:3 worktree".into()];
    assert_eq!(places, expected.map(|place| format!("{RULE} {place}")));
}

#[test]
fn a_linked_worktrees_detached_head_is_part_of_the_history() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", "a\n");
    sandbox.git(["worktree", "add", "-q", "--detach", "../linked"]);
    std::fs::write(sandbox.outside("linked/b"), line("b")).unwrap();
    sandbox.git_in(&sandbox.outside("linked"), ["add", "b"], b"");
    sandbox.git_in(&sandbox.outside("linked"), ["commit", "-q", "-m", "b"], b"");
    let id = sandbox.git_in(&sandbox.outside("linked"), ["rev-parse", "HEAD"], b"");
    std::fs::remove_dir_all(sandbox.path(".git/worktrees/linked/logs")).unwrap();
    assert_eq!(sandbox.scan(&[]).expect_complete().only(), [format!("b:1:3 commit {id}")]);
}

#[test]
fn what_is_staged_in_a_linked_worktree_is_found() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", "a\n");
    sandbox.git(["worktree", "add", "-q", "-b", "other", "../linked"]);
    std::fs::write(sandbox.outside("linked/b"), line("b")).unwrap();
    sandbox.git_in(&sandbox.outside("linked"), ["add", "b"], b"");
    assert_eq!(sandbox.scan(&[]).expect_complete().only(), ["b:1:3 staged"]);
}

#[test]
fn a_path_inside_limits_the_files_and_not_the_history() {
    let sandbox = Sandbox::repository();
    let id = sandbox.commit_file("elsewhere", line("a"));
    sandbox.commit_file("elsewhere", "gone\n");
    sandbox.write("sub/b", line("b"));
    sandbox.write("c", line("c"));
    let mut places = sandbox.scan_with(&["sub"], b"").expect_complete().places();
    places.sort();
    assert_eq!(places, [format!("{RULE} elsewhere:1:3 commit {id}"), format!("{RULE} sub/b:1:3 worktree")]);
    // Two paths into one repository share its history.
    let scan = sandbox.scan_with(&["sub", "."], b"");
    assert_eq!(scan.expect_complete().count(), 3);
    assert_eq!(scan.report["scanned"]["commits"], 2);
}

#[test]
fn what_is_staged_and_not_committed() {
    for arguments in [&[][..], &["--no-history"]] {
        let sandbox = Sandbox::repository();
        sandbox.commit_file("a", "a\n");
        sandbox.write("a", line("a"));
        sandbox.git(["add", "a"]);
        let expected = ["a:1:3 worktree", "a:1:3 staged"];
        assert_eq!(sandbox.scan(arguments).expect_complete().only(), expected);
        // The file has been cleaned, and the index has not.
        sandbox.write("a", "clean\n");
        assert_eq!(sandbox.scan(arguments).expect_complete().only(), ["a:1:3 staged"]);
        std::fs::remove_file(sandbox.path("a")).unwrap();
        assert_eq!(sandbox.scan(arguments).expect_complete().only(), ["a:1:3 staged"]);
    }
}

#[test]
fn an_intended_addition_is_no_gap() {
    let sandbox = Sandbox::repository();
    sandbox.write("a", "a\n");
    sandbox.git(["add", "-N", "a"]);
    sandbox.scan(&[]).expect_clean();
    sandbox.scan(&["--no-history"]).expect_clean();
}

#[test]
fn submodules_are_other_repositories() {
    let sandbox = Sandbox::repository();
    std::fs::create_dir(sandbox.outside("inner")).unwrap();
    let inner = sandbox.outside("inner");
    sandbox.git_in(&inner, ["init", "-q"], b"");
    std::fs::write(inner.join("i"), line("i")).unwrap();
    sandbox.git_in(&inner, ["add", "i"], b"");
    sandbox.git_in(&inner, ["commit", "-q", "-m", "i"], b"");
    sandbox.git(["submodule", "--quiet", "add", "../inner", "module"]);
    sandbox.commit("module");
    let apart = |more: &[&str]| sandbox.scan(&[&["--no-nested"], more].concat());
    assert_eq!(apart(&["--no-worktree"]).expect_complete().count(), 0);
    assert_eq!(apart(&[]).expect_complete().only(), ["module/i:1:3 worktree"]);
    apart(&["--no-history"]).expect_complete();
    // Scanned by itself it has a history.
    assert_eq!(sandbox.scan_with(&["module", "--no-worktree"], b"").expect_complete().count(), 1);
}

#[test]
fn a_child_may_be_older_than_its_parent() {
    let sandbox = Sandbox::repository();
    sandbox.set_clock(1_900_000_000);
    let parent = sandbox.commit_file("a", line("a"));
    sandbox.set_clock(1_000_000_000);
    sandbox.commit_file("b", "b\n");
    sandbox.set_clock(1_500_000_000);
    sandbox.commit_file("c", "c\n");
    let scan = sandbox.scan(&["--no-worktree"]);
    assert_eq!(scan.expect_complete().only(), [format!("a:1:3 commit {parent} head")]);
    assert_eq!(scan.findings()[0]["first_seen"]["date"], "2030-03-17T17:46:40Z");
}

#[test]
fn among_unrelated_commits_the_older_is_the_first() {
    let sandbox = Sandbox::repository();
    sandbox.set_clock(1_700_000_000);
    sandbox.commit_file("a", line("a"));
    sandbox.git(["checkout", "-q", "--orphan", "older"]);
    sandbox.set_clock(1_600_000_000);
    let older = sandbox.commit("again");
    assert_eq!(sandbox.scan(&[]).expect_complete().findings()[0]["first_seen"]["id"], older);
}

#[test]
fn what_nothing_reaches_is_counted_and_shown_on_demand() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", "a\n");
    let blob = sandbox.git_with(["hash-object", "-w", "--stdin"], line("a").as_bytes());
    let scan = sandbox.scan(&[]);
    scan.expect_clean();
    assert_eq!(scan.report["not_reported"]["unreachable"], 1);
    let scan = sandbox.scan(&["--unreachable"]);
    assert_eq!(scan.expect_complete().only(), [format!("{blob}:1:3 unreachable")]);
    assert_eq!(scan.report["not_reported"]["unreachable"], 0);
}

#[test]
fn replaced_objects_are_read_as_they_are_stored() {
    let sandbox = Sandbox::repository();
    let id = sandbox.commit_file("a", line("a"));
    let clean = sandbox.git_with(["hash-object", "-w", "--stdin"], b"clean\n");
    sandbox.git(["replace", &sandbox.id("HEAD:a"), &clean]);
    let expected = [format!("a:1:3 commit {id} head")];
    assert_eq!(sandbox.scan(&["--no-worktree"]).expect_complete().only(), expected);
}

#[test]
fn refs_may_be_packed() {
    let sandbox = Sandbox::repository();
    sandbox.git(["checkout", "-q", "-b", "deep/branch"]);
    let id = sandbox.commit_file("a", line("a"));
    sandbox.git(["checkout", "-q", "--orphan", "main"]);
    sandbox.git(["rm", "-rqf", "."]);
    sandbox.commit_file("b", "b\n");
    std::fs::remove_dir_all(sandbox.path(".git/logs")).unwrap();
    sandbox.git(["pack-refs", "--all"]);
    assert_eq!(sandbox.scan(&[]).expect_complete().only(), [format!("a:1:3 commit {id}")]);
}

/// A directory with more entries than any list of places is long.
#[test]
fn wide_directories_hide_nothing_from_head() {
    let sandbox = Sandbox::repository();
    let mut stream = format!(
        "blob\nmark :1\ndata {}\n{}\nblob\nmark :2\ndata 1\nx\ncommit refs/heads/main\nmark :3\n\
         committer A <a@b> 1600000000 +0000\ndata 1\nm\n",
        line("a").len(),
        line("a")
    );
    for i in 0..12_000 {
        stream.push_str(&format!("M 100644 :2 d{i:05}/x\n"));
    }
    stream.push_str("M 100644 :1 d05000/secret\n");
    sandbox.git_with(["fast-import", "--quiet"], stream.as_bytes());
    let expected = [format!("d05000/secret:1:3 commit {} head", sandbox.id("main"))];
    assert_eq!(sandbox.scan(&["--no-worktree"]).expect_complete().only(), expected);
}
