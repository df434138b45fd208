//! What a commit of the index would introduce.

use std::path::Path;

use crate::support::{RULE, Rng, Run, Sandbox, Scan, line, run};

fn staged(sandbox: &Sandbox) -> Scan {
    sandbox.scan(&["--staged"])
}

/// In a directory other than the usual one, with more environment.
fn staged_in(sandbox: &Sandbox, directory: &Path, environment: &[(&str, &Path)]) -> Scan {
    let mut command = sandbox.command(["scan", "--staged", "-o", "json"]);
    command.current_dir(directory).envs(environment.iter().copied());
    Scan::new(run(&mut command, b""))
}

fn refused(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let Run { code, stdout, stderr } = sandbox.muzzle(["scan", "--staged"].iter().chain(arguments));
    assert_eq!((code, stdout.len()), (Some(2), 0), "{stderr}");
    stderr
}

fn places(scan: &Scan) -> Vec<String> {
    let mut places: Vec<String> =
        scan.expect_complete().places().iter().map(|place| place[RULE.len() + 1..].to_owned()).collect();
    places.sort();
    places
}

fn both(one: &str, two: &str) -> String {
    format!("{}{}", line(one), line(two))
}

/// A repository with one commit, which holds a secret.
fn with_old_secret() -> Sandbox {
    let sandbox = Sandbox::repository();
    sandbox.write("dir/other", "other\n");
    sandbox.commit_file("old", line("old"));
    sandbox
}

#[test]
fn the_index_and_not_the_file() {
    let sandbox = with_old_secret();
    sandbox.write("dir/a", line("staged"));
    sandbox.git(["add", "-A"]);
    sandbox.write("dir/a", line("unstaged"));
    sandbox.write("untracked", line("untracked"));
    let scan = staged(&sandbox);
    assert_eq!(scan.expect_complete().only(), ["dir/a:1:3 staged"]);
    assert_eq!(scan.report["scope"], "--staged");
    assert_eq!(scan.report["scanned"]["blobs"], 1);
    let blob = sandbox.id(":dir/a");
    assert_eq!(scan.findings()[0]["occurrences"][0]["blob"], blob);
}

#[test]
fn only_what_the_replaced_version_did_not_have() {
    let sandbox = with_old_secret();
    sandbox.write("old", format!("# edited\n{}", line("old")));
    sandbox.git(["add", "-A"]);
    staged(&sandbox).expect_clean();
    sandbox.write("old", format!("# edited\n{}", both("old", "new")));
    sandbox.git(["add", "-A"]);
    assert_eq!(places(&staged(&sandbox)), ["old:3:3 staged"]);
    // A copy is new where it is.
    sandbox.git(["reset", "-q", "--hard"]);
    sandbox.write("copy", line("old"));
    sandbox.git(["add", "-A"]);
    assert_eq!(places(&staged(&sandbox)), ["copy:1:3 staged"]);
}

#[test]
fn moves() {
    let sandbox = with_old_secret();
    sandbox.git(["mv", "old", "dir/new"]);
    staged(&sandbox).expect_clean();
    sandbox.write("dir/new", both("fresh", "old"));
    sandbox.git(["add", "-A"]);
    assert_eq!(places(&staged(&sandbox)), ["dir/new:1:3 staged"]);
}

#[test]
fn the_first_commit() {
    let sandbox = Sandbox::repository();
    staged(&sandbox).expect_clean();
    sandbox.write("a/b/c", line("c"));
    sandbox.git(["add", "-A"]);
    assert_eq!(places(&staged(&sandbox)), ["a/b/c:1:3 staged"]);
}

#[test]
fn nothing_in_scope_is_said() {
    let sandbox = with_old_secret();
    sandbox.write("old", line("unstaged"));
    let scan = staged(&sandbox);
    scan.expect_clean();
    assert!(scan.stderr.contains("nothing was in scope"), "{}", scan.stderr);
    let run = sandbox.muzzle(["scan", "--staged"]);
    assert!(String::from_utf8_lossy(&run.stdout).contains("Nothing was in scope"));
    // What is only taken away adds nothing.
    sandbox.git(["rm", "-q", "--cached", "old"]);
    assert!(staged(&sandbox).stderr.contains("nothing was in scope"));
    sandbox.write("clean", "clean\n");
    sandbox.git(["add", "clean"]);
    assert_eq!(staged(&sandbox).stderr, "");
}

#[test]
fn merges_and_conflicts() {
    let sandbox = with_old_secret();
    sandbox.git(["checkout", "-q", "-b", "theirs"]);
    sandbox.write("conflict", line("theirs"));
    sandbox.commit_file("clean", line("clean"));
    sandbox.git(["checkout", "-q", "main"]);
    sandbox.commit_file("conflict", line("ours"));
    assert_ne!(sandbox.try_git(["merge", "theirs"]).code, Some(0));
    assert_eq!(sandbox.git(["ls-files", "--unmerged"]).lines().count(), 2);
    // Each stage is a parent's.
    staged(&sandbox).expect_clean();
    sandbox.write("conflict", format!("{}{}", both("ours", "theirs"), line("evil")));
    sandbox.git(["add", "-A"]);
    assert_eq!(places(&staged(&sandbox)), ["conflict:3:3 staged"]);
    sandbox.git(["merge", "--abort"]);
    // Without a merge under way what is picked is new, in whichever stage it is.
    assert_ne!(sandbox.try_git(["cherry-pick", "theirs"]).code, Some(0));
    assert_eq!(places(&staged(&sandbox)), ["clean:1:3 staged", "conflict:1:3 staged"]);
}

#[test]
fn linked_worktrees_have_an_index_of_their_own() {
    let sandbox = with_old_secret();
    let linked = sandbox.outside("linked");
    sandbox.git(["worktree", "add", "-q", linked.to_str().unwrap(), "-b", "other"]);
    std::fs::write(linked.join("a"), line("linked")).unwrap();
    sandbox.git_in(&linked, ["add", "-A"], b"");
    staged(&sandbox).expect_clean();
    assert_eq!(places(&staged_in(&sandbox, &linked, &[])), ["a:1:3 staged"]);
    // As Git tells its hooks.
    let git_dir = sandbox.path(".git/worktrees/linked");
    let elsewhere = sandbox.outside("home");
    let scan = staged_in(&sandbox, &elsewhere, &[("GIT_DIR", &git_dir), ("GIT_WORK_TREE", &linked)]);
    assert_eq!(places(&scan), ["a:1:3 staged"]);
}

#[test]
fn another_index() {
    let sandbox = with_old_secret();
    sandbox.write("a", line("other index"));
    std::fs::copy(sandbox.path(".git/index"), sandbox.path(".git/next")).unwrap();
    sandbox.git(["add", "-A"]);
    std::fs::rename(sandbox.path(".git/index"), sandbox.path(".git/kept")).unwrap();
    std::fs::rename(sandbox.path(".git/next"), sandbox.path(".git/index")).unwrap();
    staged(&sandbox).expect_clean();
    let scan = staged_in(&sandbox, &sandbox.path("dir"), &[("GIT_INDEX_FILE", Path::new(".git/kept"))]);
    assert_eq!(places(&scan), ["a:1:3 staged"]);
}

#[test]
fn submodules_and_what_will_be_added_are_skipped() {
    let sandbox = with_old_secret();
    let library = sandbox.path("library");
    std::fs::create_dir(&library).unwrap();
    sandbox.git_in(&library, ["init", "-q"], b"");
    std::fs::write(library.join("secret"), line("library")).unwrap();
    sandbox.git_in(&library, ["add", "-A"], b"");
    sandbox.git_in(&library, ["commit", "-q", "-m", "library"], b"");
    sandbox.git(["add", "library"]);
    sandbox.write("later", line("later"));
    sandbox.git(["add", "--intent-to-add", "later"]);
    assert!(sandbox.git(["ls-files", "--stage"]).contains("160000"));
    let scan = staged(&sandbox);
    scan.expect_clean();
    assert_eq!(scan.report["scanned"]["blobs"], 0);
}

#[test]
fn other_forms_of_the_index() {
    for form in ["--split-index", "--index-version=4", "--no-split-index"] {
        let sandbox = with_old_secret();
        for number in 0..40 {
            sandbox.write(format!("many/{}/{number}", number % 4), format!("{number}\n"));
        }
        sandbox.commit("many");
        let form: Vec<&str> = form.split('=').collect();
        sandbox.git(["update-index"].iter().chain(&form));
        sandbox.write("many/2/2", line("new"));
        sandbox.write("old", both("old", "new"));
        sandbox.git(["add", "-A"]);
        assert_eq!(places(&staged(&sandbox)), ["many/2/2:1:3 staged", "old:2:3 staged"], "{form:?}");
    }
}

#[test]
fn sparse_indexes() {
    let sandbox = with_old_secret();
    sandbox.write("in/a", "a\n");
    sandbox.write("out/deep/b", line("out"));
    sandbox.commit("base");
    sandbox.git(["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
    assert!(sandbox.git(["ls-files", "--sparse", "--stage"]).contains("out/"));
    staged(&sandbox).expect_clean();
    sandbox.write("in/a", line("in"));
    sandbox.git(["add", "in/a"]);
    assert_eq!(places(&staged(&sandbox)), ["in/a:1:3 staged"]);
    // A directory that is not checked out, and differs from the commit.
    sandbox.git(["commit", "-q", "-m", "in"]);
    sandbox.git(["sparse-checkout", "disable"]);
    sandbox.commit_file("out/deep/b", both("out", "later"));
    sandbox.git(["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
    sandbox.git(["reset", "-q", "--soft", "HEAD~1"]);
    assert_eq!(places(&staged(&sandbox)), ["out/deep/b:2:3 staged"]);
}

#[test]
fn paths_limit_it() {
    let sandbox = with_old_secret();
    for path in ["a/x", "a/y", "ab", "z"] {
        sandbox.write(path, line(path));
    }
    sandbox.git(["add", "-A"]);
    // It need not be in the working tree.
    std::fs::remove_dir_all(sandbox.path("a")).unwrap();
    let limited = |paths: &[&str]| {
        let scan = sandbox.scan_with(&[&["--staged"], paths].concat(), b"");
        places(&scan).iter().map(|place| place.split(':').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(limited(&["a"]), ["a/x", "a/y"]);
    assert_eq!(limited(&["a/y", "z"]), ["a/y", "z"]);
    assert_eq!(limited(&["./dir/../ab"]), ["ab"]);
    assert_eq!(limited(&[sandbox.path("").to_str().unwrap()]), ["a/x", "a/y", "ab", "z"]);
    assert!(refused(&sandbox, &["a", "../outside"]).contains("outside of the working tree"));
    // From below, `.` is the whole index all the same.
    assert_eq!(places(&staged_in(&sandbox, &sandbox.path("dir"), &[])).len(), 4);
}

#[test]
fn what_is_refused() {
    let sandbox = with_old_secret();
    for other in ["--range=HEAD~1..", "--no-history", "--branch=main", "--unreachable"] {
        assert!(refused(&sandbox, &[other]).contains("cannot be used with"));
    }
    assert!(refused(&sandbox, &["-"]).contains("no repository with an index"));
    let nowhere = sandbox.outside("home");
    assert!(refused(&sandbox, &[nowhere.to_str().unwrap()]).contains("no repository"));
    let bare = sandbox.outside("bare");
    sandbox.git(["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    assert!(refused(&sandbox, &[bare.to_str().unwrap()]).contains("no repository with an index"));
    sandbox.write(".git/index", "DIRC nonsense");
    assert!(refused(&sandbox, &[]).contains("cannot read the index"));
}

#[test]
fn what_is_missing_is_a_gap() {
    let sandbox = with_old_secret();
    sandbox.write("a", line("a"));
    sandbox.write("b", line("b"));
    sandbox.git(["add", "-A"]);
    let id = sandbox.id(":a");
    std::fs::remove_file(sandbox.loose(&id)).unwrap();
    let scan = staged(&sandbox);
    assert_eq!(scan.expect_gaps().gaps(), [format!("missing-object {id}")]);
    assert_eq!(scan.only(), ["b:1:3 staged"]);
    // Without the commit that is compared with, nothing can be told.
    let head = sandbox.id("HEAD");
    std::fs::remove_file(sandbox.loose(&head)).unwrap();
    let scan = staged(&sandbox);
    assert_eq!(scan.expect_gaps().gaps(), [format!("missing-object {head}")]);
}

#[test]
fn a_special_file_is_not_waited_for() {
    let sandbox = with_old_secret();
    let status = std::process::Command::new("mkfifo").arg(sandbox.path(".git/MERGE_HEAD")).status();
    assert!(status.unwrap().success());
    assert_eq!(staged(&sandbox).expect_gaps().gaps(), ["broken-ref MERGE_HEAD"]);
}

/// What is told before a commit is what its range tells after it.
#[test]
fn equals_the_range_of_the_commit() {
    let names = ["a", "b", "dir/a", "dir/b", "dir/deep/a", "x/a", "x/b"];
    for seed in 0..12 {
        let sandbox = Sandbox::repository();
        let mut rng = Rng::from_name(&format!("staged {seed}"));
        for step in 0..6 {
            for _ in 0..3 {
                let mut pick = |list: &[&'static str]| list[rng.below(list.len())];
                let (name, other, kind) =
                    (pick(&names), pick(&names), pick(&["write", "copy", "move", "remove"]));
                let (one, two) = (pick(&["1", "2", "3", "4"]), pick(&["1", "2", "3", "4"]));
                let there = sandbox.path(name).is_file();
                match kind {
                    "copy" | "move" if there && name != other => {
                        let bytes = std::fs::read(sandbox.path(name)).unwrap();
                        sandbox.write(other, bytes);
                        if kind == "move" {
                            std::fs::remove_file(sandbox.path(name)).unwrap();
                        }
                    }
                    "remove" if there => std::fs::remove_file(sandbox.path(name)).unwrap(),
                    _ => sandbox.write(name, both(one, two)),
                }
            }
            sandbox.git(["add", "-A"]);
            let before = places(&staged(&sandbox));
            sandbox.commit_staged("step");
            let range = sandbox.scan(&["--range", "HEAD^!"]);
            let id = sandbox.id("HEAD");
            let after: Vec<String> = places(&range)
                .iter()
                .map(|place| place.replace(&format!("commit {id} head"), "staged"))
                .collect();
            assert_eq!(before, after, "seed {seed}, step {step}");
        }
    }
}
