//! What HEAD is, and repositories with little in them.

use super::{loner, past};
use crate::case::{Case, case, clean, finds, refused};
use crate::support::{Sandbox, line};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("empty", |t| {
            t.git(["init", "-q"]);
            clean()
        }),
        case("empty, bare", |t| {
            t.git(["init", "-q", "--bare", "../bare"]);
            clean().with(["../bare"])
        }),
        case("empty, with files", |t| {
            t.git(["init", "-q"]);
            t.write("file", line("file"));
            finds(["file"])
        }),
        case("empty, with something staged", |t| {
            t.git(["init", "-q"]);
            t.write("staged", line("staged"));
            t.git(["add", "staged"]);
            std::fs::remove_file(t.path("staged")).unwrap();
            finds(["staged"])
        }),
        case("unborn beside another branch", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            t.git(["symbolic-ref", "HEAD", "refs/heads/unborn"]);
            finds(["past"])
        }),
        case("orphan", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            t.git(["checkout", "-q", "--orphan", "orphan"]);
            past(t, "orphan");
            finds(["past", "orphan"])
        }),
        case("detached", |t| {
            t.git(["init", "-q"]);
            t.commit_file("a", "a\n");
            t.git(["checkout", "-q", "--detach"]);
            past(t, "past");
            t.git(["reflog", "expire", "--expire=now", "--all"]);
            finds(["past"])
        }),
        case("detached, and no branch", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            t.git(["checkout", "-q", "--detach"]);
            t.git(["branch", "-D", "main"]);
            t.git(["reflog", "expire", "--expire=now", "--all"]);
            finds(["past"])
        }),
        case("detached at a tag", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            t.git(["tag", "-a", "-m", "tag", "tag"]);
            t.write(".git/HEAD", format!("{}\n", t.id("tag^{commit}")));
            finds(["past"])
        }),
        case("a chain of symbolic refs", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            t.git(["symbolic-ref", "refs/heads/two", "refs/heads/main"]);
            t.git(["symbolic-ref", "refs/heads/one", "refs/heads/two"]);
            t.git(["symbolic-ref", "HEAD", "refs/heads/one"]);
            t.git(["reflog", "expire", "--expire=now", "--all"]);
            finds(["past"])
        }),
        case("HEAD names something outside of the branches", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            let id = loner(t, "odd");
            t.git(["update-ref", "refs/odd/place", &id]);
            t.git(["symbolic-ref", "HEAD", "refs/odd/place"]);
            finds(["past", "odd"])
        }),
        case("HEAD is a link", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            std::fs::remove_file(t.path(".git/HEAD")).unwrap();
            std::os::unix::fs::symlink("refs/heads/main", t.path(".git/HEAD")).unwrap();
            finds(["past"])
        }),
        case("HEAD is a link to an unborn branch", |t| {
            t.git(["init", "-q"]);
            t.write("file", line("file"));
            std::fs::remove_file(t.path(".git/HEAD")).unwrap();
            std::os::unix::fs::symlink("refs/heads/unborn", t.path(".git/HEAD")).unwrap();
            refused("HEAD")
        }),
        case("HEAD with spaces", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            t.write(".git/HEAD", "ref:   refs/heads/main  \n");
            finds(["past"])
        }),
        case("HEAD without line break", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            t.write(".git/HEAD", "ref: refs/heads/main");
            finds(["past"])
        }),
        case("HEAD in capital letters", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            t.write(".git/HEAD", format!("{}\n", t.id("HEAD").to_uppercase()));
            finds(["past"])
        }),
        case("special refs that are stale", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            for name in ["ORIG_HEAD", "FETCH_HEAD", "CHERRY_PICK_HEAD"] {
                t.write(format!(".git/{name}"), format!("{}\n", "12".repeat(20)));
            }
            finds(["past"])
        }),
        case("special refs that keep something", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            for name in ["ORIG_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD"] {
                t.write(format!(".git/{name}"), format!("{}\n", loner(t, name)));
            }
            t.write(".git/FETCH_HEAD", format!("{}\tnot-for-merge\tbranch 'a' of b\n", loner(t, "fetched")));
            finds(["past", "ORIG_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD", "fetched"])
        }),
        case("a rebase under way", |t| {
            rebase(t);
            finds(["past", "ours", "theirs"])
        }),
    ]
}

/// A rebase that stopped at a conflict.
fn rebase(t: &Sandbox) {
    t.git(["init", "-q"]);
    past(t, "past");
    t.commit_file("file", "base\n");
    t.git(["checkout", "-q", "-b", "topic"]);
    t.commit_file("file", line("ours"));
    t.git(["checkout", "-q", "main"]);
    t.commit_file("file", line("theirs"));
    t.git(["checkout", "-q", "topic"]);
    assert_ne!(t.try_git(["rebase", "main"]).code, Some(0));
}
