//! Some commits instead of the whole history: what they introduced, and nothing else.

use crate::support::{RULE, Run, Sandbox, Scan, line};

fn range(sandbox: &Sandbox, range: &str) -> Scan {
    sandbox.scan(&["--range", range])
}

/// Exit 2, and what is said.
fn refused(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let Run { code, stdout, stderr } = sandbox.muzzle(["scan"].iter().chain(arguments));
    assert_eq!((code, stdout.len()), (Some(2), 0), "{stderr}");
    stderr
}

fn at(path: &str, id: &str) -> String {
    format!("{path}:1:3 commit {id}")
}

fn in_head(path: &str, id: &str) -> String {
    format!("{} head", at(path, id))
}

fn both(one: &str, two: &str) -> String {
    format!("{}{}", line(one), line(two))
}

fn sorted(scan: &Scan) -> Vec<String> {
    let mut places: Vec<String> =
        scan.places().iter().map(|place| place[RULE.len() + 1..].to_owned()).collect();
    places.sort();
    places
}

#[test]
fn only_what_the_commits_introduced() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("old", line("old"));
    let first = sandbox.commit_file("new", line("new"));
    sandbox.commit_file("old", format!("{}more\n", line("old")));
    let scan = range(&sandbox, "HEAD~2..HEAD");
    assert_eq!(scan.expect_complete().only(), [in_head("new", &first)]);
    assert_eq!(scan.report["scope"], "--range HEAD~2..HEAD");
    assert_eq!(scan.report["scanned"]["commits"], 2);
    assert_eq!(scan.report["scanned"]["blobs"], 2);
    assert_eq!(scan.report["scanned"]["files"], 0);
    range(&sandbox, "HEAD~1..").expect_clean();
    assert_eq!(range(&sandbox, "HEAD~1^!").only(), [in_head("new", &first)]);
}

#[test]
fn a_file_that_had_one_secret_gets_another() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("old"));
    let id = sandbox.commit_file("a", both("old", "new"));
    sandbox.commit_file("a", format!("x\n{}", both("old", "new")));
    let scan = range(&sandbox, "HEAD~2..");
    assert_eq!(scan.expect_complete().only(), [format!("a:2:3 commit {id}")]);
    // HEAD has another version of the file, and the secret in it.
    assert_eq!(scan.findings()[0]["in_head"], true);
    // The one that was there before is masked all the same.
    assert!(!scan.report.to_string().contains(line("old").trim().split_at(2).1));
}

#[test]
fn the_working_tree_is_out_of_scope() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", "a\n");
    sandbox.commit_file("a", "b\n");
    sandbox.write("staged", line("staged"));
    sandbox.git(["add", "staged"]);
    sandbox.write("untracked", line("untracked"));
    for scope in
        [["--range", "HEAD~1.."], ["--since", "HEAD~1"], ["--max-commits", "1"], ["--branch", "main"]]
    {
        let scan = sandbox.scan(&scope);
        scan.expect_clean();
        assert_eq!(scan.report["not_reported"]["unreachable"], 0);
    }
}

#[test]
fn moves() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("one", line("one"));
    sandbox.commit_file("two", line("two"));
    sandbox.git(["mv", "one", "dir"]);
    sandbox.commit("a move");
    sandbox.git(["rm", "-q", "two"]);
    let edited = sandbox.commit_file("deep/two", format!("{}{}", line("fresh"), line("two")));
    sandbox.git(["rm", "-q", "dir"]);
    sandbox.commit_file("dir/one", line("one"));
    let scan = range(&sandbox, "HEAD~3..");
    assert_eq!(scan.expect_complete().only(), [in_head("deep/two", &edited)]);
}

#[test]
fn a_swap_is_a_move_and_a_copy_is_not() {
    let sandbox = Sandbox::repository();
    sandbox.write("a", line("a"));
    sandbox.commit_file("b", line("b"));
    sandbox.write("a", line("b"));
    sandbox.commit_file("b", line("a"));
    range(&sandbox, "HEAD~1..").expect_clean();
    let id = sandbox.commit_file("copy", line("a"));
    assert_eq!(range(&sandbox, "HEAD~1..").only(), [in_head("copy", &id)]);
}

#[test]
fn bringing_back_is_introducing() {
    let sandbox = Sandbox::repository();
    let first = sandbox.commit_file("a", line("a"));
    sandbox.commit_file("a", "gone\n");
    let back = sandbox.commit_file("a", line("a"));
    assert_eq!(range(&sandbox, "HEAD~1..").expect_complete().only(), [in_head("a", &back)]);
    // The first in topological order, as everywhere.
    assert_eq!(sandbox.scan(&["--max-commits", "9"]).only(), [in_head("a", &first)]);
}

#[test]
fn root_commits_add_everything() {
    let sandbox = Sandbox::repository();
    let root = sandbox.commit_file("sub/a", line("a"));
    sandbox.git(["checkout", "-q", "--orphan", "other"]);
    let other = sandbox.commit_file("b", line("b"));
    assert_eq!(sorted(&range(&sandbox, "main..other")), [in_head("b", &other), in_head("sub/a", &other)]);
    assert_eq!(range(&sandbox, "other..main").only(), [in_head("sub/a", &root)]);
    assert_eq!(range(&sandbox, "main^!").only(), [in_head("sub/a", &root)]);
}

/// `side` with a secret, merged into `main`; the ids of the commit and of the merge, which holds `more`.
fn merged(more: &str) -> (Sandbox, String, String) {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("base", line("base"));
    sandbox.git(["checkout", "-q", "-b", "side"]);
    let side = sandbox.commit_file("side", line("side"));
    sandbox.git(["checkout", "-q", "main"]);
    sandbox.commit_file("main", "main\n");
    sandbox.git(["merge", "-q", "--no-commit", "--no-ff", "side"]);
    sandbox.write("main", more);
    let merge = sandbox.commit("merge");
    (sandbox, side, merge)
}

#[test]
fn a_clean_merge_introduces_nothing() {
    let (sandbox, side, _) = merged("main\n");
    range(&sandbox, "HEAD^!").expect_clean();
    range(&sandbox, "side..main").expect_clean();
    assert_eq!(range(&sandbox, "HEAD^..HEAD").expect_complete().only(), [in_head("side", &side)]);
}

#[test]
fn an_evil_merge_introduces_what_no_parent_has() {
    let (sandbox, side, merge) = merged(&line("evil"));
    assert_eq!(range(&sandbox, "HEAD^!").expect_complete().only(), [in_head("main", &merge)]);
    assert_eq!(sorted(&range(&sandbox, "HEAD^..")), [in_head("main", &merge), in_head("side", &side)]);
}

#[test]
fn a_merge_of_four() {
    let sandbox = Sandbox::repository();
    let merge = sandbox.merge_of_four(both("four", "two"));
    assert_eq!(range(&sandbox, "HEAD^!").expect_complete().only(), [in_head("four", &merge)]);
    assert_eq!(range(&sandbox, "HEAD~2..").expect_complete().count(), 4);
}

#[test]
fn symmetric_ranges() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("base", line("base"));
    sandbox.git(["checkout", "-q", "-b", "side"]);
    let side = sandbox.commit_file("side", line("side"));
    sandbox.git(["checkout", "-q", "main"]);
    let main = sandbox.commit_file("main", line("main"));
    let expected = [in_head("main", &main), at("side", &side)];
    assert_eq!(sorted(&range(&sandbox, "side...main")), expected);
    assert_eq!(sorted(&range(&sandbox, "side...")), expected);
    assert_eq!(range(&sandbox, "..side").only(), [at("side", &side)]);
}

#[test]
fn names_of_commits() {
    let sandbox = Sandbox::repository();
    let one = sandbox.commit_file("one", line("one"));
    sandbox.git(["tag", "-a", "-m", "annotated", "v1"]);
    let two = sandbox.commit_file("two", line("two"));
    sandbox.git(["update-ref", "refs/remotes/origin/main", &one]);
    for from in ["v1", "origin/main", &one[..9], "HEAD~", "HEAD^1", "@~1", "refs/tags/v1", "v1^{commit}"] {
        assert_eq!(
            range(&sandbox, &format!("{from}..HEAD")).expect_complete().only(),
            [in_head("two", &two)]
        );
    }
    sandbox.git(["config", "remote.origin.url", "nowhere"]);
    sandbox.git(["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"]);
    sandbox.git(["branch", "-q", "--set-upstream-to=origin/main"]);
    assert_eq!(range(&sandbox, "@{u}..").expect_complete().only(), [in_head("two", &two)]);
    sandbox.git(["checkout", "-q", "--detach", "HEAD~"]);
    assert_eq!(sandbox.scan(&["--max-commits", "1"]).only(), [in_head("one", &one)]);
    assert_eq!(range(&sandbox, "..main").only(), [at("two", &two)]);
}

#[test]
fn a_bare_repository() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("one", line("one"));
    let two = sandbox.commit_file("two", line("two"));
    sandbox.git(["clone", "-q", "--bare", ".", "bare"]);
    let scan = sandbox.scan_with(&["bare", "--range", "HEAD~..HEAD"], b"");
    assert_eq!(scan.expect_complete().only(), [in_head("two", &two)]);
}

#[test]
fn since_a_ref_or_a_date() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("old", line("old"));
    sandbox.git(["tag", "v1"]);
    sandbox.set_clock(1_700_000_000);
    let new = sandbox.commit_file("new", line("new"));
    // A clock that was wrong, and one that is right again: dates do not follow the history.
    sandbox.set_clock(1_000_000_000);
    let skewed = sandbox.commit_file("skewed", line("skewed"));
    sandbox.set_clock(1_710_000_000);
    sandbox.commit_file("last", "last\n");
    let since = |value| sandbox.scan(&["--since", value]);
    assert_eq!(sorted(since("v1").expect_complete()), [in_head("new", &new), in_head("skewed", &skewed)]);
    assert_eq!(since("2023-11-14").expect_complete().only(), [in_head("new", &new)]);
    // 22:13:20 UTC, exactly.
    assert_eq!(since("2023-11-14T22:13:20").expect_complete().only(), [in_head("new", &new)]);
    since("2023-11-14T22:13:21Z").expect_clean();
    assert_eq!(since("2023-11-14T22:13:21Z").report["scanned"]["commits"], 1);
    assert_eq!(since("1 day ago").expect_complete().report["scanned"]["commits"], 0);
    assert_eq!(since("40.years.ago").expect_complete().count(), 3);
}

#[test]
fn the_newest_commits() {
    let sandbox = Sandbox::repository();
    let ids = ["one", "two", "three"].map(|name| sandbox.commit_file(name, line(name)));
    let newest = |n: &str| sorted(sandbox.scan(&["--max-commits", n]).expect_complete());
    assert_eq!(newest("1"), [in_head("three", &ids[2])]);
    assert_eq!(newest("2"), [in_head("three", &ids[2]), in_head("two", &ids[1])]);
    assert_eq!(newest("4000000000").len(), 3);
    let scan = sandbox.scan(&["--range", "HEAD~2..", "--max-commits", "1"]);
    assert_eq!(scan.expect_complete().only(), [in_head("three", &ids[2])]);
}

#[test]
fn one_branch_alone() {
    let sandbox = Sandbox::repository();
    let base = sandbox.commit_file("base", line("base"));
    sandbox.git(["checkout", "-q", "-b", "side"]);
    let side = sandbox.commit_file("side", line("side"));
    sandbox.git(["checkout", "-q", "main"]);
    sandbox.commit_file("main", line("main"));
    let scan = sandbox.scan(&["--branch", "side"]);
    assert_eq!(sorted(scan.expect_complete()), [in_head("base", &base), at("side", &side)]);
    assert_eq!(scan.report["scanned"]["commits"], 2);
    assert_eq!(scan.report["not_reported"]["unreachable"], 0);
    let scan = sandbox.scan(&["--branch", "side", "--since", "main"]);
    assert_eq!(scan.expect_complete().only(), [at("side", &side)]);
    let scan = sandbox.scan(&["--branch", "side", "--max-commits", "1"]);
    assert_eq!(scan.expect_complete().only(), [at("side", &side)]);
}

#[test]
fn what_cannot_be_meant() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("a"));
    let unknown = refused(&sandbox, &["--range", "origin/nowhere..HEAD"]);
    assert!(
        unknown.contains("\"origin/nowhere\" names no commit") && unknown.contains("git fetch"),
        "{unknown}"
    );
    for name in
        ["--output=x", "-n1", "^HEAD", "HEAD:a", "HEAD^{tree}", "HEAD~9", "\u{1b}[31m", "HEAD^@", ":/x"]
    {
        let text = refused(&sandbox, &[&format!("--branch={name}")]);
        assert!(text.contains("names no commit") && !text.contains('\u{1b}'), "{text}");
        refused(&sandbox, &[&format!("--since={name}")]);
        refused(&sandbox, &[&format!("--range={name}..HEAD")]);
        refused(&sandbox, &[&format!("--range={name}")]);
    }
    assert!(refused(&sandbox, &["--range", "HEAD"]).contains("A..B"));
    // A pipe in place of a ref is not waited for.
    std::process::Command::new("mkfifo").arg(sandbox.path(".git/refs/heads/pipe")).status().unwrap();
    assert!(refused(&sandbox, &["--branch", "pipe"]).contains("it is no file"));
    for both in [
        &["--range", "HEAD~..", "--since", "HEAD"][..],
        &["--range", "HEAD~..", "--branch", "main"],
        &["--max-commits", "0"],
        &["--max-commits", "1", "--no-history"],
        &["--branch", "main", "--unreachable"],
        &["--since="],
        &["-", "--max-commits", "1"],
        &["a", "--max-commits", "1"],
    ] {
        refused(&sandbox, both);
    }
    let outside = sandbox.outside("home");
    assert!(
        refused(&sandbox, &["--max-commits", "1", outside.to_str().unwrap()]).contains("is no repository")
    );
}

#[test]
fn nothing_in_scope() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("a"));
    let scan = range(&sandbox, "HEAD..HEAD");
    scan.expect_clean();
    assert!(scan.stderr.contains("no commit is in scope"), "{}", scan.stderr);
    let run = sandbox.muzzle(["scan", "--range", "HEAD..HEAD"]);
    assert_eq!(run.code, Some(0));
    assert!(String::from_utf8_lossy(&run.stdout).contains("Nothing was in scope"));
}

#[test]
fn the_border_of_a_shallow_clone() {
    let sandbox = Sandbox::repository();
    let ids = ["one", "two", "three", "four"].map(|name| sandbox.commit_file(name, line(name)));
    let source = format!("file://{}", sandbox.path("").display());
    sandbox.git(["clone", "-q", "--depth", "2", &source, "clone"]);
    let scan = |arguments: &[&str]| sandbox.scan_with(&[&["clone"], arguments].concat(), b"");
    assert_eq!(scan(&["--range", "HEAD~..HEAD"]).expect_complete().only(), [in_head("four", &ids[3])]);
    let cut = scan(&["--max-commits", "3"]);
    assert_eq!(cut.expect_gaps().gaps(), ["shallow-history shallow"]);
    assert_eq!(cut.only(), [in_head("four", &ids[3])]);
    assert!(refused(&sandbox, &["clone", "--range", "HEAD~3..HEAD"]).contains("--unshallow"));
}

#[test]
fn missing_objects() {
    let sandbox = Sandbox::repository();
    let ids = ["one", "two", "three", "four"].map(|name| sandbox.commit_file(name, line(name)));
    let blob = sandbox.id("HEAD:three");
    std::fs::remove_file(sandbox.loose(&blob)).unwrap();
    let scan = range(&sandbox, "HEAD~2..");
    assert_eq!(scan.expect_gaps().gaps(), [format!("missing-object {blob}")]);
    assert_eq!(scan.only(), [in_head("four", &ids[3])]);
    range(&sandbox, "HEAD~1..").expect_complete();
    sandbox.scan(&["--max-commits", "1"]).expect_complete();
    std::fs::remove_file(sandbox.loose(&ids[1])).unwrap();
    let scan = range(&sandbox, "HEAD~1..");
    assert_eq!(scan.expect_complete().only(), [in_head("four", &ids[3])]);
    let scan = sandbox.scan(&["--max-commits", "9"]);
    assert_eq!(scan.expect_gaps().gaps(), [format!("missing-object {}", ids[1])]);
    assert_eq!(scan.only(), [in_head("four", &ids[3])]);
}

/// What the last commit in scope introduced cannot be told without its parent.
#[test]
fn a_missing_parent() {
    let sandbox = Sandbox::repository();
    let ids = ["one", "two"].map(|name| sandbox.commit_file(name, line(name)));
    std::fs::remove_file(sandbox.loose(&ids[0])).unwrap();
    for jobs in ["-j1", "-j2"] {
        let scan = sandbox.scan(&["--max-commits", "1", jobs]);
        assert_eq!(scan.expect_gaps().gaps(), [format!("missing-object {}", ids[0])]);
    }
}

/// Ten trees hold one blob at ten thousand million paths.
#[test]
fn a_bomb_of_trees() {
    let sandbox = Sandbox::repository();
    let mut id = sandbox.git_with(["hash-object", "-w", "--stdin"], line("a").as_bytes());
    for level in 0..10 {
        let kind = if level == 0 { "100644 blob" } else { "040000 tree" };
        let list: String = (0..10).map(|name| format!("{kind} {id}\t{name}\n")).collect();
        id = sandbox.git_with(["mktree"], list.as_bytes());
    }
    let commit = sandbox.git(["commit-tree", &id, "-m", "bomb"]);
    sandbox.git(["update-ref", "refs/heads/main", &commit]);
    let empty = sandbox.git_with(["mktree"], b"");
    let gone = sandbox.git(["commit-tree", &empty, "-p", &commit, "-m", "gone"]);
    let run = sandbox.muzzle(["scan", "--max-commits", "1", "-o", "sarif"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    sandbox.git(["update-ref", "refs/heads/main", &gone]);
    range(&sandbox, "HEAD~..").expect_clean();
}
