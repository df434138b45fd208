//! What keeps files alive, or does not: refs of all kinds, reflogs, stashes, other worktrees.

use super::{forget_reflogs, repository};
use crate::case::{Case, clean, finds};
use crate::support::{Sandbox, line};

pub(crate) fn cases() -> Vec<Case> {
    [forgotten(), stashes(), refs()].into_iter().flatten().collect()
}

/// What only reflogs keep, or nothing.
fn forgotten() -> Vec<Case> {
    vec![
        repository("deleted branch", |t| {
            let id = t.deleted_branch(line("one"));
            finds(["one"]).at(format!("a:1:3 commit {id}"))
        }),
        repository("deleted branch without a reflog", |t| {
            t.deleted_branch(line("one"));
            forget_reflogs(t);
            clean().tells("/not_reported/unreachable", 1)
        }),
        repository("deleted branch without a reflog, asked for", |t| {
            let id = t.deleted_branch(line("one"));
            let blob = t.id(&format!("{id}:a"));
            forget_reflogs(t);
            finds(["one"]).at(format!("{blob}:1:3 unreachable")).with([".", "--unreachable"])
        }),
        repository("reset", |t| {
            t.commit_file("a", "a\n");
            let id = t.commit_file("b", line("one"));
            t.git(["reset", "-q", "--hard", "HEAD~1"]);
            finds(["one"]).at(format!("b:1:3 commit {id}"))
        }),
        repository("reset, with ORIG_HEAD alone", |t| {
            t.commit_file("a", "a\n");
            let id = t.commit_file("b", line("one"));
            t.git(["reset", "-q", "--hard", "HEAD~1"]);
            t.git(["reflog", "expire", "--expire=now", "--all"]);
            finds(["one"]).at(format!("b:1:3 commit {id}"))
        }),
        repository("amended commit", |t| {
            t.commit_file("a", "a\n");
            let id = t.commit_file("b", line("one"));
            t.write("b", line("two"));
            t.git(["add", "b"]);
            t.git(["commit", "-q", "--amend", "-m", "other"]);
            finds(["one", "two"]).at(format!("b:1:3 commit {id}"))
        }),
        repository("amended commit without a reflog", |t| {
            t.commit_file("a", "a\n");
            t.commit_file("b", line("one"));
            t.write("b", line("two"));
            t.git(["commit", "-qa", "--amend", "-m", "other"]);
            forget_reflogs(t);
            finds(["two"]).tells("/not_reported/unreachable", 1)
        }),
        repository("blob that nothing names", |t| {
            t.commit_file("a", "a\n");
            t.git_with(["hash-object", "-w", "--stdin"], line("one").as_bytes());
            clean().tells("/not_reported/unreachable", 1)
        }),
        repository("unreachable and reachable", |t| {
            t.deleted_branch(line("one"));
            forget_reflogs(t);
            let id = t.commit_file("c", line("one"));
            finds(["one"]).at(format!("c:1:3 commit {id} head")).tells("/not_reported/unreachable", 0)
        }),
    ]
}

fn stash(t: &Sandbox) {
    t.commit_file("base", "base\n");
    t.write("staged", line("staged"));
    t.git(["add", "staged"]);
    t.write("base", line("changed"));
    t.write("untracked", line("untracked"));
    t.git(["stash", "push", "-q", "--include-untracked"]);
}

fn stashes() -> Vec<Case> {
    let names = ["staged", "changed", "untracked"];
    vec![
        repository("stash", move |t| {
            stash(t);
            finds(names)
                .at(format!("base:1:3 commit {}", t.id("stash")))
                .at(format!("staged:1:3 commit {}", t.id("stash^2")))
                .at(format!("untracked:1:3 commit {}", t.id("stash^3")))
        }),
        repository("stash below another", move |t| {
            stash(t);
            t.write("base", "other\n");
            t.git(["stash", "push", "-q"]);
            finds(names)
        }),
        repository("dropped stash", move |t| {
            stash(t);
            t.git(["stash", "drop", "-q"]);
            forget_reflogs(t);
            clean().tells("/not_reported/unreachable", 3)
        }),
        repository("dropped stash, asked for", move |t| {
            stash(t);
            t.git(["stash", "drop", "-q"]);
            forget_reflogs(t);
            finds(names).with([".", "--unreachable"])
        }),
    ]
}

fn refs() -> Vec<Case> {
    vec![
        repository("note", |t| {
            let id = t.commit_file("a", "a\n");
            t.git(["notes", "add", "-m", &line("one")]);
            finds(["one"]).at(format!("{id}:1:3 commit {}", t.id("refs/notes/commits")))
        }),
        repository("note of another kind", |t| {
            t.commit_file("a", "a\n");
            t.git(["notes", "--ref", "review", "add", "-m", &line("one")]);
            finds(["one"])
        }),
        repository("tag of a blob", |t| {
            t.commit_file("a", "a\n");
            let blob = t.git_with(["hash-object", "-w", "--stdin"], line("one").as_bytes());
            t.git(["tag", "-a", "-m", "key", "key", &blob]);
            finds(["one"]).at("refs/tags/key:1:3 ref")
        }),
        repository("light tag of a blob", |t| {
            t.commit_file("a", "a\n");
            let blob = t.git_with(["hash-object", "-w", "--stdin"], line("one").as_bytes());
            t.git(["tag", "key", &blob]);
            finds(["one"]).at("refs/tags/key:1:3 ref")
        }),
        repository("tag of a tree", |t| {
            t.commit_file("d/a", line("one"));
            let tree = t.id("HEAD^{tree}");
            t.git(["tag", "-a", "-m", "tree", "tree", &tree]);
            t.git(["update-ref", "-d", "HEAD"]);
            t.git(["rm", "-rqf", "--cached", "."]);
            std::fs::remove_dir_all(t.path("d")).unwrap();
            forget_reflogs(t);
            finds(["one"]).at("refs/tags/tree/d/a:1:3 ref")
        }),
        repository("tag of a tag", |t| {
            let id = t.deleted_branch(line("one"));
            t.git(["tag", "-a", "-m", "inner", "inner", &id]);
            t.git(["tag", "-a", "-m", "outer", "outer", "inner"]);
            t.git(["tag", "-d", "inner"]);
            forget_reflogs(t);
            finds(["one"]).at(format!("a:1:3 commit {id}"))
        }),
        repository("ref of a kind that nobody knows", |t| {
            let id = t.deleted_branch(line("one"));
            t.git(["update-ref", "refs/odd/place", &id]);
            forget_reflogs(t);
            finds(["one"]).at(format!("a:1:3 commit {id}"))
        }),
        repository("packed refs", |t| {
            let id = t.deleted_branch(line("one"));
            t.git(["update-ref", "refs/remotes/origin/topic", &id]);
            t.git(["pack-refs", "--all"]);
            forget_reflogs(t);
            finds(["one"]).at(format!("a:1:3 commit {id}"))
        }),
        repository("bisect", |t| {
            let id = t.deleted_branch(line("one"));
            t.git(["update-ref", "refs/bisect/bad", &id]);
            forget_reflogs(t);
            finds(["one"]).at(format!("a:1:3 commit {id}"))
        }),
        repository("HEAD of a linked worktree", |t| {
            let id = t.deleted_branch(line("one"));
            let other = t.outside("linked");
            t.git(["worktree", "add", "-q", "--detach", other.to_str().unwrap(), &id]);
            forget_reflogs(t);
            finds(["one"]).at(format!("a:1:3 commit {id}"))
        }),
        repository("bisect in a linked worktree", |t| {
            let id = t.deleted_branch(line("one"));
            let other = t.outside("linked");
            t.git(["worktree", "add", "-q", "--detach", other.to_str().unwrap()]);
            t.git_in(&other, ["update-ref", "refs/bisect/bad", &id], b"");
            forget_reflogs(t);
            finds(["one"]).at(format!("a:1:3 commit {id}"))
        }),
    ]
}
