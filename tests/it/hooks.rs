//! Hooks, as Git itself runs them.

use std::path::{Path, PathBuf};

use crate::support::{Run, Sandbox, github, line, run};

/// Git, with the built binary on the PATH.
pub(crate) fn git_in(sandbox: &Sandbox, directory: &Path, arguments: &[&str]) -> Run {
    let mut command = sandbox.git_command(directory, arguments);
    run(command.env("PATH", path()), b"")
}

pub(crate) fn git(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    git_in(sandbox, &sandbox.path(""), arguments)
}

pub(crate) fn path() -> std::ffi::OsString {
    let own = Path::new(env!("CARGO_BIN_EXE_muzzle")).parent().unwrap().to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&others))).unwrap()
}

#[track_caller]
pub(crate) fn passes(run: &Run) {
    assert_eq!(run.code, Some(0), "{}", said(run));
}

/// Refused, and what was said.
#[track_caller]
pub(crate) fn refused(run: &Run) -> String {
    assert_ne!(run.code, Some(0), "{}", said(run));
    let text = said(run);
    assert!(!text.contains('\u{1b}'), "{text:?}");
    text
}

pub(crate) fn said(run: &Run) -> String {
    format!("{}{}", String::from_utf8_lossy(&run.stdout), run.stderr)
}

pub(crate) fn muzzle_in(sandbox: &Sandbox, directory: &Path, arguments: &[&str]) -> Run {
    let mut command = sandbox.command(arguments);
    command.current_dir(directory).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    run(&mut command, b"")
}

/// A repository with these hooks and one commit.
pub(crate) fn with_hooks(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::repository();
    let arguments: Vec<&str> = ["hook", "install"].iter().chain(names).copied().collect();
    passes(&muzzle_in(&sandbox, &sandbox.path(""), &arguments));
    sandbox.commit_file("base", "base\n");
    sandbox
}

/// A bare repository beside it, as `origin`, with these hooks.
pub(crate) fn with_server(sandbox: &Sandbox, names: &[&str]) -> PathBuf {
    let server = sandbox.outside("server.git");
    sandbox.git(["init", "-q", "--bare", server.to_str().unwrap()]);
    sandbox.git(["remote", "add", "origin", server.to_str().unwrap()]);
    if !names.is_empty() {
        let arguments: Vec<&str> = ["hook", "install"].iter().chain(names).copied().collect();
        passes(&muzzle_in(sandbox, &server, &arguments));
    }
    server
}

#[test]
fn commits() {
    let sandbox = with_hooks(&["pre-commit"]);
    sandbox.write("good", "good\n");
    sandbox.write("bad", line("bad"));
    sandbox.git(["add", "-A"]);
    let text = refused(&git(&sandbox, &["commit", "-m", "both"]));
    assert!(text.contains("bad:1:3") && text.contains("git commit --no-verify"), "{text}");
    assert!(!text.contains(&github("bad")), "{text}");
    // Only what the commit holds counts, whatever else is staged.
    passes(&git(&sandbox, &["commit", "-m", "good", "good"]));
    refused(&git(&sandbox, &["commit", "-m", "bad", "--", "bad"]));
    passes(&git(&sandbox, &["commit", "--no-verify", "-m", "bad"]));
    // What is in HEAD is not introduced again.
    sandbox.write("bad", format!("# a comment\n{}", line("bad")));
    passes(&git(&sandbox, &["commit", "-a", "-m", "edit"]));
    sandbox.write("bad", line("worse"));
    refused(&git(&sandbox, &["commit", "-a", "-m", "edit"]));
    sandbox.git(["reset", "-q", "--hard"]);
    sandbox.git(["mv", "bad", "moved"]);
    passes(&git(&sandbox, &["commit", "-m", "move"]));
    passes(&git(&sandbox, &["commit", "--amend", "-m", "reworded"]));
    sandbox.write("good", line("amended"));
    sandbox.git(["add", "-A"]);
    refused(&git(&sandbox, &["commit", "--amend", "-m", "amended"]));
    refused(&git_in(&sandbox, &sandbox.path(".git").join(".."), &["commit", "-m", "from elsewhere"]));
    let clean = git(&sandbox, &["commit", "--allow-empty", "-o", "-m", "empty"]);
    passes(&clean);
    assert!(clean.stderr.contains("nothing was in scope"), "{}", clean.stderr);
}

#[test]
fn the_first_commit_and_one_from_below() {
    let sandbox = Sandbox::repository();
    passes(&muzzle_in(&sandbox, &sandbox.path(""), &["hook", "install", "pre-commit"]));
    sandbox.write("dir/a", line("a"));
    sandbox.git(["add", "-A"]);
    refused(&git_in(&sandbox, &sandbox.path("dir"), &["commit", "-m", "first"]));
    sandbox.write("dir/a", "a\n");
    sandbox.git(["add", "-A"]);
    passes(&git_in(&sandbox, &sandbox.path("dir"), &["commit", "-m", "first"]));
}

#[test]
fn linked_worktrees_and_submodules() {
    let sandbox = with_hooks(&["pre-commit"]);
    let linked = sandbox.outside("linked");
    sandbox.git(["worktree", "add", "-q", linked.to_str().unwrap(), "-b", "other"]);
    std::fs::write(linked.join("a"), line("a")).unwrap();
    sandbox.git_in(&linked, ["add", "-A"], b"");
    assert!(refused(&git_in(&sandbox, &linked, &["commit", "-m", "a"])).contains("a:1:3"));
    refused(&git_in(&sandbox, &linked, &["commit", "-m", "a", "a"]));
    passes(&git(&sandbox, &["commit", "--allow-empty", "-m", "nothing of that"]));
    // A submodule's commits are its own.
    let library = sandbox.outside("library");
    sandbox.git(["clone", "-q", ".", library.to_str().unwrap()]);
    passes(&git(&sandbox, &["submodule", "--quiet", "add", library.to_str().unwrap(), "library"]));
    let inside = sandbox.path("library");
    passes(&muzzle_in(&sandbox, &inside, &["hook", "install", "pre-commit"]));
    std::fs::write(inside.join("a"), line("inside")).unwrap();
    sandbox.git_in(&inside, ["add", "-A"], b"");
    refused(&git_in(&sandbox, &inside, &["commit", "-m", "inside"]));
    passes(&git_in(&sandbox, &inside, &["commit", "--no-verify", "-m", "inside"]));
    sandbox.git(["add", "-A"]);
    passes(&git(&sandbox, &["commit", "-m", "with the submodule"]));
}

#[test]
fn merges() {
    let sandbox = with_hooks(&["pre-commit", "pre-merge-commit"]);
    sandbox.git(["checkout", "-q", "-b", "theirs"]);
    sandbox.write("clash", "theirs\n");
    sandbox.commit_file("theirs", line("theirs"));
    sandbox.git(["checkout", "-q", "main"]);
    sandbox.commit_file("ours", "ours\n");
    // What the other branch has is not introduced by the merge.
    passes(&git(&sandbox, &["merge", "--no-edit", "theirs"]));
    sandbox.git(["reset", "-q", "--hard", "HEAD~1"]);
    sandbox.commit_file("clash", "ours\n");
    refused(&git(&sandbox, &["merge", "--no-edit", "theirs"]));
    refused(&git(&sandbox, &["commit", "-m", "with conflicts"]));
    sandbox.write("clash", "both\n");
    sandbox.write("evil", line("evil"));
    sandbox.git(["add", "-A"]);
    let text = refused(&git(&sandbox, &["commit", "-m", "merge"]));
    assert!(text.contains("evil:1:3") && text.contains("\n1 finding"), "{text}");
    sandbox.git(["rm", "-qf", "evil"]);
    passes(&git(&sandbox, &["commit", "-m", "merge"]));
}

#[test]
fn pushes() {
    let sandbox = with_hooks(&["pre-push"]);
    let server = with_server(&sandbox, &[]);
    passes(&git(&sandbox, &["push", "-q", "origin", "main"]));
    // A later commit that removes it does not help.
    let bad = sandbox.commit_file("a", line("a"));
    sandbox.commit_file("a", "gone\n");
    let text = refused(&git(&sandbox, &["push", "-q", "origin", "main"]));
    assert!(text.contains(&bad[..12]) && text.contains("git push --no-verify"), "{text}");
    refused(&git(&sandbox, &["push", "-q", "origin", "main:new"]));
    refused(&git(&sandbox, &["push", "-q", server.to_str().unwrap(), "main"]));
    passes(&git(&sandbox, &["push", "-q", "--no-verify", "origin", "main"]));
    // What the remote has is not sent again, under whichever name.
    sandbox.commit_file("b", "b\n");
    passes(&git(&sandbox, &["push", "-q", "origin", "main:new"]));
    passes(&git(&sandbox, &["push", "-q", server.to_str().unwrap(), "main:other"]));
    passes(&git(&sandbox, &["push", "-q", "origin", "main"]));
    passes(&git(&sandbox, &["push", "-q", "origin", ":new"]));
    // Another clone goes further, so that the remote has a commit which is not known here.
    let clone = sandbox.outside("clone");
    sandbox.git(["clone", "-q", server.to_str().unwrap(), "-b", "main", clone.to_str().unwrap()]);
    std::fs::write(clone.join("theirs"), "theirs\n").unwrap();
    sandbox.git_in(&clone, ["add", "-A"], b"");
    sandbox.git_in(&clone, ["commit", "-q", "-m", "theirs"], b"");
    sandbox.git_in(&clone, ["push", "-q"], b"");
    sandbox.commit_file("c", line("c"));
    assert!(refused(&git(&sandbox, &["push", "-q", "--force", "origin", "main"])).contains("c:1:3"));
    sandbox.git(["reset", "-q", "--hard", "HEAD~1"]);
    sandbox.commit_file("d", "d\n");
    passes(&git(&sandbox, &["push", "-q", "--force", "origin", "main"]));
}

#[test]
fn pushes_of_messages_and_tags() {
    let sandbox = with_hooks(&["pre-push"]);
    with_server(&sandbox, &[]);
    passes(&git(&sandbox, &["push", "-q", "origin", "main"]));
    let tagged = sandbox.id("HEAD");
    let id = sandbox.commit_staged(&line("message"));
    let text = refused(&git(&sandbox, &["push", "-q", "origin", "main"]));
    assert!(text.contains(&format!(".git/commits/{id}:")), "{text}");
    sandbox.git(["reset", "-q", "--hard", &tagged]);
    // The remote has the commit, but not the tag.
    sandbox.git(["tag", "-a", "v1", "-m", &line("tag"), &tagged]);
    sandbox.git(["tag", "-a", "v2", "-m", "tag of a tag", "v1"]);
    let id = sandbox.id("refs/tags/v1");
    for name in ["v1", "v2"] {
        let text = refused(&git(&sandbox, &["push", "-q", "origin", name]));
        assert!(text.contains(&format!(".git/tags/{id}:")), "{text}");
    }
    sandbox.git(["tag", "-a", "v3", "-m", "clean", &tagged]);
    passes(&git(&sandbox, &["push", "-q", "origin", "v3"]));
}

#[test]
fn pushes_of_several_refs_and_tags() {
    let sandbox = with_hooks(&["pre-push"]);
    with_server(&sandbox, &[]);
    passes(&git(&sandbox, &["push", "-q", "origin", "main"]));
    sandbox.git(["checkout", "-q", "-b", "clean"]);
    sandbox.commit_file("clean", "clean\n");
    sandbox.git(["checkout", "-q", "-b", "dirty", "main"]);
    sandbox.commit_file("dirty", line("dirty"));
    sandbox.git(["tag", "-a", "v1", "-m", "tagged"]);
    refused(&git(&sandbox, &["push", "-q", "origin", "clean", "dirty"]));
    assert!(refused(&git(&sandbox, &["push", "-q", "origin", "v1"])).contains("dirty:1:3"));
    passes(&git(&sandbox, &["push", "-q", "origin", "clean"]));
    // Another remote has none of this.
    let second = sandbox.outside("second.git");
    sandbox.git(["init", "-q", "--bare", second.to_str().unwrap()]);
    sandbox.git(["remote", "add", "second", second.to_str().unwrap()]);
    passes(&git(&sandbox, &["push", "-q", "--no-verify", "origin", "dirty"]));
    refused(&git(&sandbox, &["push", "-q", "second", "dirty"]));
    passes(&git(&sandbox, &["push", "-q", "origin", "v1"]));
}

#[test]
fn a_server_refuses() {
    // Few objects are kept loose, many as a pack.
    for unpack_limit in ["100", "1"] {
        let sandbox = Sandbox::repository();
        let server = with_server(&sandbox, &["pre-receive"]);
        sandbox.git_in(&server, ["config", "receive.unpackLimit", unpack_limit], b"");
        sandbox.commit_file("base", "base\n");
        passes(&git(&sandbox, &["push", "-q", "origin", "main"]));
        let bad = sandbox.commit_file("dir/a", line("a"));
        sandbox.commit_file("dir/a", "gone\n");
        sandbox.git(["branch", "clean", "HEAD~2"]);
        let text = refused(&git(&sandbox, &["push", "origin", "main", "clean"]));
        for part in [
            "remote: muzzle: refs/heads/main: 1 secret in what it brings",
            &format!("in dir/a:1, commit {} by Ada Author: change dir/a", &bad[..12]),
            "rule github-pat-classic, v1:",
            "remote: muzzle: Nothing of this push was accepted.",
            "git rebase -i",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("refs/heads/clean:") && !text.contains(&github("a")), "{text}");
        assert_eq!(sandbox.git_in(&server, ["for-each-ref", "--format=%(refname)"], b""), "refs/heads/main");
        // What is left of the push is nothing that a later one could rely on.
        refused(&git(&sandbox, &["push", "origin", "main:again"]));
        passes(&git(&sandbox, &["push", "-q", "origin", "clean"]));
        passes(&git(&sandbox, &["push", "-q", "origin", ":clean"]));
        // What the server has already is not brought by another ref.
        sandbox.git_in(&server, ["fetch", "-q", sandbox.path("").to_str().unwrap(), "main:taken"], b"");
        passes(&git(&sandbox, &["push", "-q", "origin", "main"]));
        // A tag of something else than a commit is not taken for clean.
        sandbox.git(["tag", "tree", "HEAD^{tree}"]);
        assert!(refused(&git(&sandbox, &["push", "origin", "tree"])).contains("could not be scanned"));
    }
}

#[test]
fn push_options() {
    let sandbox = Sandbox::repository();
    let server = with_server(&sandbox, &["pre-receive"]);
    sandbox.git_in(&server, ["config", "receive.advertisePushOptions", "true"], b"");
    sandbox.commit_file("a", line("a"));
    let push = ["push", "-o", "muzzle.allow=a made-up one", "origin", "main"];
    assert!(!refused(&git(&sandbox, &push)).contains("muzzle.allow"));
    passes(&muzzle_in(&sandbox, &server, &["hook", "install", "pre-receive", "--allow-push-option"]));
    assert!(
        refused(&git(&sandbox, &["push", "-o", "muzzle.allow= ", "origin", "main"]))
            .contains("muzzle.allow=REASON")
    );
    let run = git(&sandbox, &push);
    passes(&run);
    assert!(
        run.stderr.contains("accepted all the same, because the push says: a made-up one"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("a:1"), "{}", run.stderr);
    let wrong = muzzle_in(&sandbox, &server, &["hook", "install", "update", "--allow-push-option"]);
    assert_eq!(wrong.code, Some(2));
}

#[test]
fn a_server_refuses_one_ref() {
    let sandbox = Sandbox::repository();
    let server = with_server(&sandbox, &["update"]);
    sandbox.commit_file("base", "base\n");
    sandbox.git(["branch", "clean"]);
    sandbox.commit_file("a", line("a"));
    let text = refused(&git(&sandbox, &["push", "origin", "main", "clean"]));
    assert!(text.contains("remote: muzzle: This ref was not accepted."), "{text}");
    assert_eq!(sandbox.git_in(&server, ["for-each-ref", "--format=%(refname)"], b""), "refs/heads/clean");
}
