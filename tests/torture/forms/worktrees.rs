//! Linked working trees: one store of objects, several heads and indexes.

use super::{loner, past};
use crate::case::{Case, case, finds, refused};
use crate::support::{Sandbox, line};

/// A repository with one linked working tree, in which one token is staged, one was committed and is gone, and one
/// stands in a file.
fn ground(t: &Sandbox) {
    t.git(["init", "-q"]);
    past(t, "past");
    t.git(["worktree", "add", "-q", "--detach", "../linked"]);
    let linked = t.outside("linked");
    std::fs::write(linked.join("staged"), line("staged")).unwrap();
    t.git_in(&linked, ["add", "staged"], b"");
    std::fs::write(linked.join("staged"), "clean\n").unwrap();
    let id = loner(t, "detached");
    t.git_in(&linked, ["update-ref", "--no-deref", "HEAD", &id], b"");
    std::fs::write(linked.join("file"), line("file")).unwrap();
}

pub(super) fn cases() -> Vec<Case> {
    let remote = ["past", "staged", "detached"];
    let linked = ["past", "staged", "detached", "file"];
    let mut cases = vec![
        case("worktrees, from the main one", move |t| {
            ground(t);
            finds(remote)
        }),
        case("worktrees, from the linked one", move |t| {
            ground(t);
            finds(linked).with(["../linked"])
        }),
        case("worktrees, from the linked one, relative", move |t| {
            ground(t);
            std::fs::write(t.outside("linked/.git"), "gitdir: ../work/.git/worktrees/linked\n").unwrap();
            finds(linked).with(["../linked"])
        }),
        case("worktrees, locked", move |t| {
            ground(t);
            t.git(["worktree", "lock", "--reason", "away", "../linked"]);
            finds(remote)
        }),
        case("worktrees, moved by git", move |t| {
            ground(t);
            t.git(["worktree", "move", "../linked", "../moved"]);
            finds(linked).with(["../moved"])
        }),
        case("worktrees, moved by hand", move |t| {
            ground(t);
            std::fs::rename(t.outside("linked"), t.outside("moved")).unwrap();
            finds(linked).with(["../moved"])
        }),
        case("worktrees, of a repository that was moved", |t| {
            ground(t);
            std::fs::rename(t.path(""), t.outside("moved")).unwrap();
            std::fs::create_dir(t.path("")).unwrap();
            refused("linked/.git").with(["../linked"])
        }),
        case("worktrees, gone and not pruned", move |t| {
            ground(t);
            std::fs::remove_dir_all(t.outside("linked")).unwrap();
            finds(remote)
        }),
        case("worktrees, of a bare repository", |t| {
            t.git(["init", "-q", "--bare", "../bare"]);
            t.git(["clone", "-q", "../bare", "."]);
            past(t, "past");
            t.git(["push", "-q", "origin", "HEAD:main"]);
            t.git_in(&t.outside("bare"), ["worktree", "add", "-q", "../linked", "main"], b"");
            std::fs::write(t.outside("linked/file"), line("file")).unwrap();
            finds(["past", "file"]).with(["../linked"])
        }),
        case("worktrees, refs of its own", |t| {
            ground(t);
            let id = loner(t, "bisected");
            t.git_in(&t.outside("linked"), ["update-ref", "refs/bisect/bad", &id], b"");
            let id = loner(t, "private");
            t.git_in(&t.outside("linked"), ["update-ref", "refs/worktree/own", &id], b"");
            finds(["past", "staged", "detached", "bisected", "private"])
        }),
        case("worktrees, a merge under way", |t| {
            ground(t);
            let id = loner(t, "merged");
            t.write(".git/worktrees/linked/MERGE_HEAD", format!("{id}\n"));
            finds(["past", "staged", "detached", "merged"])
        }),
        case("worktrees, a reflog of its own", |t| {
            ground(t);
            let main = t.id("HEAD");
            t.git_in(&t.outside("linked"), ["update-ref", "--no-deref", "HEAD", &main], b"");
            finds(["past", "staged", "detached"])
        }),
        case("worktrees, settings of its own", |t| {
            ground(t);
            t.git(["config", "extensions.worktreeConfig", "true"]);
            t.git_in(&t.outside("linked"), ["config", "--worktree", "core.bare", "false"], b"");
            finds(["past", "staged", "detached", "file"]).with(["../linked"])
        }),
        case("worktrees, an index of nonsense", |t| {
            ground(t);
            t.write(".git/worktrees/linked/index", "rubbish");
            finds(["past", "detached"]).gaps(["unreadable-file"]).beyond_git()
        }),
    ];
    cases.extend(["file", "directory"].map(|what| {
        case(format!("worktrees, a {what} among them that is none"), move |t| {
            ground(t);
            match what {
                "file" => t.write(".git/worktrees/odd", "rubbish"),
                _ => t.write(".git/worktrees/odd/rubbish", "rubbish"),
            }
            finds(["past", "staged", "detached"])
        })
    }));
    cases
}
