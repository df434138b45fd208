//! Repositories in repositories that are broken, or made to harm.

use std::path::Path;

use super::{commit, inner, library, remove, submodule, told};
use crate::case::{Case, Expected, case, clean, finds};
use crate::support::{Sandbox, line};

pub(crate) fn cases() -> Vec<Case> {
    [broken(), hostile()].into_iter().flatten().collect()
}

fn pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn link(target: impl AsRef<Path>, at: &Path) {
    std::os::unix::fs::symlink(target, at).unwrap();
}

/// A repository with a token in a file at `lib`, whose `.git` is this.
fn with_dot_git(t: &Sandbox, text: &str) -> Expected {
    t.git(["init", "-q"]);
    t.write("lib/.git", text);
    t.write("lib/a", line("one"));
    finds(["one"]).at("lib/a:1:3 worktree").gaps(["unreadable-file lib/.git"])
}

fn broken() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        ("leads nowhere", "gitdir: ../nowhere\n"),
        ("leads to itself", "gitdir: .git\n"),
        ("leads to a file", "gitdir: a\n"),
        ("says nonsense", "nonsense\n"),
        ("is empty", ""),
        ("leads to what is no repository", "gitdir: /\n"),
    ]
    .into_iter()
    .map(|(name, text)| case(format!("inner .git that {name}"), move |t| with_dot_git(t, text)))
    .collect();
    cases.extend([
        case("inner .git that is an empty directory", |t| {
            t.git(["init", "-q"]);
            std::fs::create_dir_all(t.path("lib/.git")).unwrap();
            t.write("lib/a", line("one"));
            finds(["one"]).at("lib/a:1:3 worktree").gaps(["unreadable-file lib/.git"])
        }),
        case("inner .git that leads out of what is scanned", |t| {
            library(t, "library", "two");
            with_dot_git(t, "gitdir: ../../library/.git\n")
        }),
        case("inner .git that is a link out of what is scanned", |t| {
            library(t, "library", "two");
            t.git(["init", "-q"]);
            t.write("lib/a", line("one"));
            link(t.outside("library/.git"), &t.path("lib/.git"));
            finds(["one"]).gaps(["unreadable-file lib/.git"])
        }),
        case("inner repository that shares the objects of one elsewhere", |t| {
            library(t, "library", "two");
            t.git(["init", "-q"]);
            inner(t, "lib", "one");
            t.write("lib/.git/commondir", t.outside("library/.git").to_str().unwrap());
            clean().gaps(["unreadable-file lib/.git"])
        }),
        case("inner repository with a damaged object", |t| {
            t.git(["init", "-q"]);
            inner(t, "lib", "one");
            let id = commit(t, &t.path("lib"), "b", "text\n");
            let blob = t.git_in(&t.path("lib"), ["rev-parse", &format!("{id}:b")], b"");
            let loose = t.path("lib/.git/objects").join(&blob[..2]).join(&blob[2..]);
            std::fs::remove_file(&loose).unwrap();
            std::fs::write(loose, "nonsense").unwrap();
            finds(["one"]).gaps([format!("corrupt-object {blob}")])
        }),
        case("kept submodule without a HEAD", |t| {
            submodule(t, "one", &[]);
            remove(t, "vendor");
            std::fs::remove_file(t.path(".git/modules/vendor/lib/HEAD")).unwrap();
            clean().gaps(["unreadable-file .git/modules/vendor/lib"])
        }),
        case("repositories in one another, too many", |t| {
            let mut at = String::new();
            for _ in 0..20 {
                at.push_str("x/");
                t.git(["init", "-q", &at]);
            }
            t.write(format!("{at}/b"), line("one"));
            t.git(["init", "-q"]);
            finds(["one"]).at(format!("{at}b:1:3 worktree")).gaps(["too-large x/x/x"])
        }),
    ]);
    cases
}

fn hostile() -> Vec<Case> {
    vec![
        case("inner repository that would run commands", |t| {
            t.git(["init", "-q"]);
            let id = inner(t, "lib", "one");
            for (key, value) in [
                ("core.fsmonitor", "touch ran; false"),
                ("core.sshCommand", "touch ran"),
                ("core.hooksPath", "/tmp/hooks"),
                ("core.gitProxy", "touch ran"),
                ("diff.external", "touch ran"),
                ("filter.x.smudge", "touch ran"),
                ("filter.x.process", "touch ran"),
                ("gpg.program", "touch ran"),
                ("credential.helper", "!touch ran"),
                ("include.path", "/etc/passwd"),
            ] {
                t.git_in(&t.path("lib"), ["config", key, value], b"");
            }
            t.write("lib/.gitattributes", "* filter=x diff=x\n");
            told("one", "lib", &id)
        }),
        case("inner repository whose working tree is elsewhere", |t| {
            t.git(["init", "-q"]);
            let id = inner(t, "lib", "one");
            std::fs::write(t.outside("b"), line("two")).unwrap();
            t.git_in(&t.path("lib"), ["config", "core.worktree", t.outside("").to_str().unwrap()], b"");
            told("one", "lib", &id)
        }),
        case("bare repository whose working tree is elsewhere", |t| {
            t.git(["init", "-q"]);
            inner(t, "copy", "one");
            t.git(["clone", "-q", "--bare", "copy", "x.git"]);
            remove(t, "copy");
            std::fs::write(t.outside("b"), line("two")).unwrap();
            t.write(
                "x.git/config",
                format!("[core]\n\tbare = false\n\tworktree = {}\n", t.outside("").display()),
            );
            finds(["one"])
        }),
        case("loop of links through a repository", |t| {
            t.git(["init", "-q"]);
            let id = inner(t, "lib", "one");
            link("..", &t.path("lib/up"));
            link("lib", &t.path("again"));
            link(".git/modules", &t.path("lib/modules"));
            told("one", "lib", &id)
        }),
        case("inner .git that is a link to the outer one", |t| {
            t.git(["init", "-q"]);
            let id = t.commit_file("a", line("one"));
            t.write("lib/b", line("two"));
            link("../.git", &t.path("lib/.git"));
            finds(["one", "two"]).at(format!("a:1:3 commit {id} head")).at("lib/b:1:3 worktree")
        }),
        case("pipe in an inner repository", |t| {
            t.git(["init", "-q"]);
            inner(t, "lib", "one");
            let exclude = t.path("lib/.git/info/exclude");
            let _ = std::fs::remove_file(&exclude);
            std::fs::create_dir_all(exclude.parent().unwrap()).unwrap();
            pipe(&exclude);
            clean().gaps(["unreadable-file lib/.git"])
        }),
        case("pipe behind an inner .git", |t| {
            std::fs::create_dir_all(t.path("store/worktrees/w")).unwrap();
            pipe(&t.path("store/worktrees/w/commondir"));
            with_dot_git(t, "gitdir: ../store/worktrees/w\n")
        }),
        case("pipe for an inner .git", |t| {
            t.git(["init", "-q"]);
            t.write("lib/a", line("one"));
            pipe(&t.path("lib/.git"));
            finds(["one"]).gaps(["unreadable-file lib/.git"])
        }),
        case("kept submodule that says it lies elsewhere", |t| {
            let id = submodule(t, "one", &[]);
            remove(t, "vendor");
            let config = t.path(".git/modules/vendor/lib/config");
            t.git(["config", "-f", config.to_str().unwrap(), "core.worktree", "/etc"]);
            told("one", ".git/modules/vendor/lib", &id)
        }),
    ]
}
