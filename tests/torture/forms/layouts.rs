//! Where the parts of a repository lie.

use super::{past, script};
use crate::case::{Case, case, finds, refused};
use crate::support::{Sandbox, line};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = bare();
    cases.extend(apart());
    cases.extend(inside());
    cases
}

/// A token in the past and one in a file that is not tracked.
fn ground(t: &Sandbox) {
    t.git(["init", "-q"]);
    past(t, "past");
    t.write("file", line("file"));
}

fn bare() -> Vec<Case> {
    vec![
        case("bare", |t| {
            ground(t);
            t.git(["clone", "-q", "--bare", ".", "../bare"]);
            finds(["past"]).with(["../bare"])
        }),
        case("a mirror", |t| {
            ground(t);
            t.git(["update-ref", "refs/odd/place", &super::loner(t, "odd")]);
            t.git(["clone", "-q", "--mirror", ".", "../mirror"]);
            finds(["past", "odd"]).with(["../mirror"])
        }),
        case("bare, from inside", |t| {
            ground(t);
            t.git(["clone", "-q", "--bare", ".", "../bare"]);
            finds(["past"]).with(["../bare/refs/heads"])
        }),
        case("bare, and does not say so", |t| {
            ground(t);
            t.git(["clone", "-q", "--bare", ".", "../bare"]);
            std::fs::write(t.outside("bare/config"), "").unwrap();
            finds(["past"]).with(["../bare"])
        }),
        case("bare, and has files all the same", |t| {
            ground(t);
            t.git(["config", "core.bare", "true"]);
            finds(["past", "file"])
        }),
        case("the git directory by itself", |t| {
            ground(t);
            finds(["past", "file"]).with([".git"])
        }),
    ]
}

/// The git directory and the files in different places.
fn apart() -> Vec<Case> {
    vec![
        case("a git directory of its own", |t| {
            t.git(["init", "-q", "--separate-git-dir", "../apart"]);
            past(t, "past");
            t.write("file", line("file"));
            finds(["past", "file"])
        }),
        case("a .git file, relative", |t| {
            ground(t);
            std::fs::rename(t.path(".git"), t.outside("apart")).unwrap();
            t.write(".git", "gitdir: ../apart\n");
            finds(["past", "file"])
        }),
        case("a .git file without line break", |t| {
            ground(t);
            std::fs::rename(t.path(".git"), t.outside("apart")).unwrap();
            t.write(".git", "gitdir: ../apart");
            finds(["past", "file"])
        }),
        case("a .git file with the line break of Windows", |t| {
            ground(t);
            std::fs::rename(t.path(".git"), t.outside("apart")).unwrap();
            t.write(".git", "gitdir: ../apart\r\n");
            finds(["past", "file"])
        }),
        case("a .git file to a name with spaces", |t| {
            ground(t);
            std::fs::rename(t.path(".git"), t.outside(" a part")).unwrap();
            t.write(".git", "gitdir: ../ a part\n");
            finds(["past", "file"])
        }),
        case("a .git file to nowhere", |t| {
            t.write(".git", "gitdir: ../nowhere\n");
            t.write("file", line("file"));
            refused(".git")
        }),
        case("a .git file to itself", |t| {
            t.write(".git", "gitdir: .git\n");
            refused(".git")
        }),
        case("a .git file to a .git file", |t| {
            ground(t);
            std::fs::rename(t.path(".git"), t.outside("apart")).unwrap();
            t.write("other", "gitdir: ../apart\n");
            t.write(".git", "gitdir: other\n");
            refused(".git")
        }),
        case("a .git file that says nothing", |t| {
            t.write(".git", "");
            refused(".git")
        }),
        case("a .git link to a directory", |t| {
            ground(t);
            std::fs::rename(t.path(".git"), t.outside("apart")).unwrap();
            std::os::unix::fs::symlink("../apart", t.path(".git")).unwrap();
            finds(["past", "file"])
        }),
        case("an object directory that is a link", |t| {
            ground(t);
            std::fs::rename(t.path(".git/objects"), t.outside("objects")).unwrap();
            std::os::unix::fs::symlink("../../objects", t.path(".git/objects")).unwrap();
            finds(["past", "file"])
        }),
        case("a working tree elsewhere", |t| {
            ground(t);
            std::fs::create_dir(t.outside("tree")).unwrap();
            std::fs::write(t.outside("tree/there"), line("there")).unwrap();
            t.git(["config", "core.worktree", t.outside("tree").to_str().unwrap()]);
            // What was asked for lies here, whatever the configuration says.
            finds(["past", "file"])
        }),
        case("a working tree elsewhere, asked through the git directory", |t| {
            t.git(["init", "-q", "--separate-git-dir", "../apart"]);
            past(t, "past");
            t.write("file", line("file"));
            t.git(["config", "core.worktree", t.path("").to_str().unwrap()]);
            finds(["past", "file"]).with(["../apart"])
        }),
        case("a working tree that is not there", |t| {
            ground(t);
            t.git(["config", "core.worktree", "/nowhere/at/all"]);
            finds(["past", "file"])
        }),
        case("a submodule whose repository lies in that above", |t| {
            t.git(["init", "-q", "../part"]);
            std::fs::write(t.outside("part/part"), line("part")).unwrap();
            t.git_in(&t.outside("part"), ["add", "-A"], b"");
            t.git_in(&t.outside("part"), ["commit", "-q", "-m", "part"], b"");
            t.git_in(&t.outside("part"), ["rm", "-q", "part"], b"");
            t.git_in(&t.outside("part"), ["commit", "-q", "-m", "gone"], b"");
            t.git(["init", "-q"]);
            t.git(["submodule", "--quiet", "add", "../part", "sub"]);
            t.commit_staged("sub");
            finds(["part"]).with(["sub"])
        }),
    ]
}

/// Only a part of it is asked for.
fn inside() -> Vec<Case> {
    vec![
        case("a directory inside", |t| {
            ground(t);
            t.write("sub/below", line("below"));
            finds(["past", "below"]).with(["sub"])
        }),
        case("from a directory inside", |t| {
            ground(t);
            t.write("sub/below", line("below"));
            finds(["past", "below"]).inside("sub")
        }),
        case("a directory that is ignored", |t| {
            ground(t);
            t.write(".gitignore", "file\n");
            finds(["past"])
        }),
        case("the same repository twice", |t| {
            ground(t);
            t.write("sub/below", line("below"));
            finds(["past", "below", "file"]).with(["sub", "."])
        }),
        case("a repository that was collected, packed and cloned", |t| {
            ground(t);
            script(t, "gc -q --prune=now\npack-refs --all\nclone -q --no-local . ../clone");
            finds(["past"]).with(["../clone"])
        }),
    ]
}
