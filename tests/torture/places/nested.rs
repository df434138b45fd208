//! Repositories in repositories: submodules, clones, worktrees, and what only looks like one.

mod hostile;

use std::path::Path;

use crate::case::{Case, Expected, case, clean, finds};
use crate::support::{Sandbox, line};

/// A repository at `at`, which once had a token at `a`. The commit that brought it.
fn inner(t: &Sandbox, at: &str, name: &str) -> String {
    let path = t.path(at);
    std::fs::create_dir_all(&path).unwrap();
    t.git_in(&path, ["init", "-q"], b"");
    let id = commit(t, &path, "a", &line(name));
    commit(t, &path, "a", "gone\n");
    id
}

fn commit(t: &Sandbox, path: &Path, file: &str, text: &str) -> String {
    std::fs::write(path.join(file), text).unwrap();
    t.git_in(path, ["add", "-Af"], b"");
    t.git_in(path, ["commit", "-qm", "change"], b"");
    t.git_in(path, ["rev-parse", "HEAD"], b"")
}

/// A repository with a submodule at `vendor/lib` that once had a token at `a`. The submodule's commit that brought it.
fn submodule(t: &Sandbox, name: &str, options: &[&str]) -> String {
    let id = library(t, "library", name);
    t.git(["init", "-q"]);
    add(t, &t.path(""), options, "library", "vendor/lib");
    id
}

/// A repository elsewhere.
fn library(t: &Sandbox, at: &str, name: &str) -> String {
    inner(t, t.outside(at).to_str().unwrap(), name)
}

fn add(t: &Sandbox, to: &Path, options: &[&str], library: &str, at: &str) {
    let library = t.outside(library);
    let from = [library.to_str().unwrap(), at];
    let add = ["submodule", "--quiet", "add"].iter().chain(options).chain(&from);
    t.git_in(to, add, b"");
    t.git_in(to, ["commit", "-qm", "submodule"], b"");
}

fn remove(t: &Sandbox, at: &str) {
    std::fs::remove_dir_all(t.path(at)).unwrap();
}

/// What the commit brought to `a` in the repository at `at` is found there.
fn told(name: &str, at: &str, id: &str) -> Expected {
    finds([name]).at(format!("{at}/a:1:3 commit {id}"))
}

pub(crate) fn cases() -> Vec<Case> {
    [submodules(), clones(), trees(), hostile::cases(), switches()].into_iter().flatten().collect()
}

fn submodules() -> Vec<Case> {
    vec![
        case("submodule", |t| {
            let id = submodule(t, "one", &[]);
            told("one", "vendor/lib", &id)
        }),
        case("submodule whose files have it", |t| {
            submodule(t, "one", &[]);
            t.write("vendor/lib/b", line("two"));
            finds(["one", "two"]).at("vendor/lib/b:1:3 worktree")
        }),
        case("submodule by another name", |t| {
            let id = submodule(t, "one", &["--name", "deep/er"]);
            remove(t, "vendor/lib");
            told("one", "vendor/lib", &id)
        }),
        case("submodule that is not checked out any more", |t| {
            let id = submodule(t, "one", &[]);
            t.git(["submodule", "--quiet", "deinit", "-f", "vendor/lib"]);
            // Git took out where it was.
            told("one", ".git/modules/vendor/lib", &id)
        }),
        case("submodule that was removed from the tree", |t| {
            let id = submodule(t, "one", &[]);
            t.git(["rm", "-q", "vendor/lib"]);
            t.commit("without");
            told("one", "vendor/lib", &id)
        }),
        case("submodule that was never cloned", |t| {
            library(t, "library", "one");
            let from = t.outside("from");
            std::fs::create_dir(&from).unwrap();
            t.git_in(&from, ["init", "-q"], b"");
            add(t, &from, &[], "library", "vendor/lib");
            t.git(["clone", "-q", from.to_str().unwrap(), "."]);
            clean()
        }),
        case("submodule that was a clone and is absorbed", |t| {
            t.git(["init", "-q"]);
            let id = inner(t, "vendor/lib", "one");
            t.git(["submodule", "--quiet", "add", "./vendor/lib", "vendor/lib"]);
            t.git(["submodule", "absorbgitdirs"]);
            assert!(t.path("vendor/lib/.git").is_file());
            told("one", "vendor/lib", &id)
        }),
        case("submodule of a submodule", |t| {
            let id = library(t, "inner", "two");
            library(t, "library", "one");
            add(t, &t.outside("library"), &[], "inner", "deps/x");
            t.git(["init", "-q"]);
            add(t, &t.path(""), &[], "library", "vendor/lib");
            t.git(["submodule", "--quiet", "update", "--init", "--recursive"]);
            finds(["one", "two"]).at(format!("vendor/lib/deps/x/a:1:3 commit {id}"))
        }),
        case("submodule of a submodule, both not checked out any more", |t| {
            let id = library(t, "inner", "two");
            let outer = library(t, "library", "one");
            add(t, &t.outside("library"), &[], "inner", "deps/x");
            t.git(["init", "-q"]);
            add(t, &t.path(""), &[], "library", "vendor/lib");
            t.git(["submodule", "--quiet", "update", "--init", "--recursive"]);
            remove(t, "vendor");
            finds(["one", "two"])
                .at(format!("vendor/lib/a:1:3 commit {outer}"))
                .at(format!("vendor/lib/deps/x/a:1:3 commit {id}"))
        }),
        case("submodule that is ignored", |t| {
            let id = submodule(t, "one", &[]);
            t.commit_file(".gitignore", "vendor\n");
            t.write("vendor/lib/b", line("two"));
            finds(["one", "two"]).at(format!("vendor/lib/a:1:3 commit {id}")).at("vendor/lib/b:1:3 worktree")
        }),
        case("submodule of a linked worktree", |t| {
            submodule(t, "one", &[]);
            t.git(["worktree", "add", "-q", "../other", "-b", "other"]);
            let other = t.outside("other");
            t.git_in(&other, ["submodule", "--quiet", "update", "--init"], b"");
            let id = commit(t, &other.join("vendor/lib"), "b", &line("two"));
            // What remains is in the git directory of the worktree.
            std::fs::remove_dir_all(other.join("vendor")).unwrap();
            finds(["one", "two"]).at(format!(".git/modules/vendor/lib/b:1:3 commit {id} head"))
        }),
    ]
}

fn clones() -> Vec<Case> {
    vec![
        case("clone that nobody tracks", |t| {
            t.git(["init", "-q"]);
            let id = inner(t, "work/copy", "one");
            told("one", "work/copy", &id)
        }),
        case("clone that is tracked as a link, without .gitmodules", |t| {
            t.git(["init", "-q"]);
            let id = inner(t, "copy", "one");
            t.commit("embed");
            told("one", "copy", &id)
        }),
        case("clone of the repository in itself", |t| {
            t.git(["init", "-q"]);
            let id = t.commit_file("a", line("one"));
            t.git(["clone", "-q", ".", "copy"]);
            told("one", "copy", &format!("{id} head")).at(format!("a:1:3 commit {id} head"))
        }),
        case("clone in a clone", |t| {
            t.git(["init", "-q"]);
            inner(t, "x", "one");
            let id = inner(t, "x/y/z", "two");
            finds(["one", "two"]).at(format!("x/y/z/a:1:3 commit {id}"))
        }),
        case("clone with what is only staged, and a stash", |t| {
            t.git(["init", "-q"]);
            inner(t, "copy", "one");
            let copy = t.path("copy");
            std::fs::write(copy.join("a"), line("two")).unwrap();
            t.git_in(&copy, ["stash", "-q"], b"");
            std::fs::write(copy.join("b"), line("three")).unwrap();
            t.git_in(&copy, ["add", "b"], b"");
            std::fs::remove_file(copy.join("b")).unwrap();
            finds(["one", "two", "three"]).at("copy/b:1:3 staged")
        }),
        case("clone without any commit", |t| {
            t.git(["init", "-q"]);
            t.git(["init", "-q", "copy"]);
            t.write("copy/a", line("one"));
            finds(["one"]).at("copy/a:1:3 worktree")
        }),
        case("clone of another object format", |t| {
            t.git(["init", "-q"]);
            std::fs::create_dir(t.path("copy")).unwrap();
            t.git_in(&t.path("copy"), ["init", "-q", "--object-format=sha256"], b"");
            let id = commit(t, &t.path("copy"), "a", &line("one"));
            commit(t, &t.path("copy"), "a", "gone");
            told("one", "copy", &id)
        }),
        case("clone whose tracked file it ignores", |t| {
            t.git(["init", "-q"]);
            inner(t, "copy", "one");
            commit(t, &t.path("copy"), ".gitignore", "b\n");
            commit(t, &t.path("copy"), "b", "gone\n");
            t.write("copy/b", line("two"));
            finds(["one", "two"]).at("copy/b:1:3 worktree")
        }),
        case("clones in a directory", |t| {
            let ids = [inner(t, "x", "one"), inner(t, "y/z", "two")];
            t.write("loose", line("three"));
            finds(["one", "two", "three"])
                .at(format!("x/a:1:3 commit {}", ids[0]))
                .at(format!("y/z/a:1:3 commit {}", ids[1]))
                .at("loose:1:3 worktree")
        }),
        case("clones, a hundred of them", |t| {
            t.git(["init", "-q"]);
            let names: Vec<String> = (0..100).map(|number| format!("n{number}")).collect();
            names.iter().for_each(|name| drop(inner(t, &format!("all/{name}"), name)));
            finds(names)
        }),
    ]
}

/// Bare repositories, and working trees of others.
fn trees() -> Vec<Case> {
    vec![
        case("bare repository", |t| {
            t.git(["init", "-q"]);
            inner(t, "copy", "one");
            t.git(["clone", "-q", "--bare", "copy", "x.git"]);
            let id = t.git_in(&t.path("x.git"), ["rev-parse", "HEAD^"], b"");
            remove(t, "copy");
            told("one", "x.git", &id)
        }),
        case("bare repository that is tracked, file by file", |t| {
            t.git(["init", "-q"]);
            inner(t, "copy", "one");
            t.git(["clone", "-q", "--bare", "copy", "x.git"]);
            remove(t, "copy");
            t.commit("embed");
            finds(["one"])
        }),
        case("linked worktree in the tree of its repository", |t| {
            t.git(["init", "-q"]);
            let id = t.commit_file("a", line("one"));
            t.git(["worktree", "add", "-q", "-b", "side", "trees/side"]);
            t.write("trees/side/b", line("two"));
            finds(["one", "two"])
                .at(format!("a:1:3 commit {id} head"))
                .at("trees/side/a:1:3 worktree")
                .at("trees/side/b:1:3 worktree")
        }),
        case("linked worktree of a repository elsewhere", |t| {
            t.git(["init", "-q"]);
            let id = library(t, "library", "one");
            let at = t.path("side");
            let add = ["worktree", "add", "-q", "-b", "side", at.to_str().unwrap()];
            t.git_in(&t.outside("library"), add, b"");
            told("one", "side", &id)
        }),
        case("files in a clone that the outer index names", |t| {
            t.git(["init", "-q"]);
            t.commit_file("copy/b", line("two"));
            inner(t, "copy", "one");
            finds(["one", "two"]).at("copy/b:1:3 worktree")
        }),
    ]
}

fn switches() -> Vec<Case> {
    vec![
        case("clone in an ignored directory", |t| {
            t.git(["init", "-q"]);
            inner(t, "out/lib", "one");
            t.commit_file(".gitignore", "out\n");
            clean()
        }),
        case("clone in an ignored directory, ignored files wanted", |t| {
            t.git(["init", "-q"]);
            let id = inner(t, "out/lib", "one");
            t.commit_file(".gitignore", "out\n");
            told("one", "out/lib", &id).with([".", "--no-ignore"])
        }),
        case("clone, inner repositories not wanted", |t| {
            t.git(["init", "-q"]);
            inner(t, "lib", "one");
            t.write("lib/b", line("two"));
            inner(t, "lib/deeper", "three");
            t.write("lib/deeper/b", line("four"));
            finds(["two", "four"]).at("lib/deeper/b:1:3 worktree").with([".", "--no-nested"])
        }),
        case("clone, history not wanted", |t| {
            t.git(["init", "-q"]);
            inner(t, "lib", "one");
            t.write("lib/b", line("two"));
            finds(["two"]).at("lib/b:1:3 worktree").with([".", "--no-history"])
        }),
        case("clone, working tree not wanted", |t| {
            t.git(["init", "-q"]);
            let id = inner(t, "lib", "one");
            t.write("lib/b", line("two"));
            told("one", "lib", &id).with([".", "--no-worktree"])
        }),
        case("clone that is scanned itself", |t| {
            t.git(["init", "-q"]);
            let id = inner(t, "lib", "one");
            t.commit_file("b", line("two"));
            finds(["one"]).at(format!("a:1:3 commit {id}")).with(["lib"])
        }),
        case("clone beside the directory that is scanned", |t| {
            t.git(["init", "-q"]);
            inner(t, "lib", "one");
            t.write("src/b", line("two"));
            finds(["two"]).at("src/b:1:3 worktree").with(["src"])
        }),
    ]
}
