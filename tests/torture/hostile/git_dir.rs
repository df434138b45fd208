//! Git directories that lead elsewhere or nowhere.

use std::os::unix::fs::symlink;

use crate::case::{Case, case, finds, refused};
use crate::support::{Sandbox, line};

fn ground(t: &Sandbox) {
    t.git(["init", "-q"]);
    t.commit_file("one", line("one"));
}

fn pipe(path: &std::path::Path) {
    let _ = std::fs::remove_file(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        case("git-dir-is-a-link", |t| {
            ground(t);
            std::fs::rename(t.path(".git"), t.outside("elsewhere")).unwrap();
            symlink(t.outside("elsewhere"), t.path(".git")).unwrap();
            finds(["one"]).at("one:1:3 commit")
        }),
        case("git-dir-is-a-link-to-itself", |t| {
            t.write("a", line("a"));
            symlink(t.path(".git"), t.path(".git")).unwrap();
            refused(".git")
        }),
        case("git-dir-is-a-link-to-nowhere", |t| {
            t.write("a", line("a"));
            symlink("nowhere", t.path(".git")).unwrap();
            refused(".git")
        }),
        case("git-dir-is-a-pipe", |t| {
            t.write("a", line("a"));
            pipe(&t.path(".git"));
            refused(".git")
        }),
        case("git-dir-is-an-endless-file", |t| {
            t.write("a", line("a"));
            symlink("/dev/zero", t.path(".git")).unwrap();
            refused(".git")
        }),
        case("git-file-of-itself", |t| {
            t.write("a", line("a"));
            t.write(".git", "gitdir: .git\n");
            refused(".git")
        }),
        case("git-files-in-a-circle", |t| {
            t.write("a", line("a"));
            t.write(".git", "gitdir: b/.git\n");
            t.write("b/.git", "gitdir: ../.git\n");
            refused(".git")
        }),
        case("git-file-of-a-gigabyte", |t| {
            t.write("a", line("a"));
            let file = std::fs::File::create(t.path(".git")).unwrap();
            file.set_len(1 << 30).unwrap();
            refused(".git")
        }),
        case("common-dir-of-itself", |t| {
            ground(t);
            t.write(".git/commondir", ".\n");
            finds(["one"]).either().beyond_git().or_refused()
        }),
        case("common-dir-of-the-root", |t| {
            ground(t);
            t.write(".git/commondir", "/\n");
            finds(["one"]).either().beyond_git().or_refused()
        }),
        case("git-dir-inside-a-link-loop", |t| {
            ground(t);
            symlink("..", t.path(".git/refs/heads/loop")).unwrap();
            symlink(".", t.path(".git/logs/loop")).unwrap();
            symlink("..", t.path(".git/objects/pack/loop")).unwrap();
            finds(["one"]).either().beyond_git()
        }),
        case("refs-deeper-than-paths-can-be", |t| {
            ground(t);
            let mut path = t.path(".git/refs/heads");
            for _ in 0..180 {
                path.push("d");
            }
            std::fs::create_dir_all(&path).unwrap();
            std::fs::write(path.join("deep"), format!("{}\n", t.id("HEAD"))).unwrap();
            finds(["one"])
        }),
    ];
    for (name, text) in [
        ("nowhere", "/nowhere\n"),
        ("itself", ".\n"),
        ("itself-by-name", "../objects\n"),
        ("proc", "/proc\n/proc/self\n/proc/self/fd\n"),
        ("root", "/\n"),
        ("endless", "/dev/zero\n"),
        ("zeros", "\0\0\0\n"),
        ("relative-up", "../../../../../../../../../../../../../../etc\n"),
        ("comment", "# nothing\n"),
        ("quoted", "\"\\x\n"),
    ] {
        cases.push(case(format!("alternates-{name}"), move |t| {
            ground(t);
            t.write(".git/objects/info/alternates", text);
            finds(["one"]).either().beyond_git().or_refused()
        }));
    }
    cases.push(case("alternates-chain-of-hundred", |t| {
        ground(t);
        for i in 0..100 {
            let next = t.outside(format!("store{}", i + 1));
            std::fs::create_dir_all(t.outside(format!("store{i}/info"))).unwrap();
            std::fs::write(t.outside(format!("store{i}/info/alternates")), format!("{}\n", next.display()))
                .unwrap();
        }
        std::fs::create_dir_all(t.outside("store100")).unwrap();
        t.write(".git/objects/info/alternates", format!("{}\n", t.outside("store0").display()));
        finds(["one"]).either().beyond_git().or_refused()
    }));
    cases.push(case("alternates-hundred-thousand", |t| {
        ground(t);
        t.write(".git/objects/info/alternates", "/nowhere/at/all\n".repeat(100_000));
        finds(["one"]).either().beyond_git().or_refused()
    }));
    for name in [
        "HEAD",
        "config",
        "config.worktree",
        "info/exclude",
        "info/attributes",
        "info/grafts",
        "info/sparse-checkout",
        "objects/info/alternates",
        "objects/info/commit-graph",
        "packed-refs",
        "shallow",
        "index",
        "commondir",
        "gitdir",
        "MERGE_HEAD",
        "ORIG_HEAD",
        "FETCH_HEAD",
        "refs/heads/pipe",
        "refs/stash",
        "refs/notes/commits",
        "logs/HEAD",
        "logs/refs/heads/main",
        "objects/pack/pack-1.idx",
        "objects/pack/multi-pack-index",
        "worktrees/w/HEAD",
        "worktrees/w/gitdir",
        "modules/m/HEAD",
        "lfs/objects/aa/bb/pipe",
        "sharedindex.5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
    ] {
        cases.push(case(format!("git-dir-pipe-{}", name.replace('/', "-")), move |t| {
            ground(t);
            if name == "config.worktree" {
                t.git(["config", "extensions.worktreeConfig", "true"]);
            }
            pipe(&t.path(".git").join(name));
            finds(["one"]).either().beyond_git().or_refused()
        }));
    }
    for name in
        ["packed-refs", "shallow", "info/exclude", "FETCH_HEAD", "logs/HEAD", "refs/heads/big", "MERGE_HEAD"]
    {
        cases.push(case(format!("git-dir-gigabyte-{}", name.replace('/', "-")), move |t| {
            ground(t);
            let path = t.path(".git").join(name);
            let file = std::fs::File::options().create(true).append(true).open(path).unwrap();
            file.set_len(1 << 30).unwrap();
            finds(["one"]).either().memory(512).beyond_git().or_refused()
        }));
        cases.push(case(format!("git-dir-endless-{}", name.replace('/', "-")), move |t| {
            ground(t);
            let path = t.path(".git").join(name);
            let _ = std::fs::remove_file(&path);
            symlink("/dev/zero", path).unwrap();
            finds(["one"]).either().beyond_git().or_refused()
        }));
    }
    cases
}
