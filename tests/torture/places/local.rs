//! The git directory's own files.

use super::{repository, spot};
use crate::case::{Case, Expected, case, clean, finds};
use crate::support::{Sandbox, github, line};

pub(crate) fn cases() -> Vec<Case> {
    [plain(), configuration(), written_by_git(), layouts(), hostile(), not_asked_for()]
        .into_iter()
        .flatten()
        .collect()
}

/// The token `one` is in this file of the git directory.
fn in_file(t: &Sandbox, below: &str) -> Expected {
    let bytes = std::fs::read(t.path(".git").join(below)).unwrap();
    finds(["one"]).at(format!(".git/{below}:{} local", spot(&bytes, "one")))
}

/// Files with one line more.
fn plain() -> Vec<Case> {
    let names = [
        "description",
        "info/exclude",
        "info/attributes",
        "info/sparse-checkout",
        "hooks/pre-push",
        "hooks/lib/common.sh",
        "FETCH_HEAD",
        "MERGE_MSG",
        "SQUASH_MSG",
        "TAG_EDITMSG",
        "NOTES_EDITMSG",
        "BRANCH_DESCRIPTION",
        "COMMIT_EDITMSG",
        "rebase-merge/message",
        "rebase-merge/author-script",
        "rebase-apply/patch",
        "rebase-apply/0001",
        "sequencer/todo",
        "rr-cache/0123456789012345678901234567890123456789/preimage",
        "credentials",
        ".git-credentials",
        "config.lock",
        "config~",
        "logs/refs/heads/gone",
    ];
    let of_name = |name: &'static str| {
        repository(name, move |t| {
            t.commit_file("a", "a\n");
            let before = std::fs::read(t.path(".git").join(name)).unwrap_or_default();
            t.write(format!(".git/{name}"), [&before[..], format!("# {}", line("one")).as_bytes()].concat());
            in_file(t, name).beyond_git()
        })
    };
    names.into_iter().map(of_name).collect()
}

/// A key and its value.
type Setting = fn() -> (String, String);

fn configuration() -> Vec<Case> {
    let settings: [(&'static str, Setting); 5] = [
        ("url of a remote", || {
            ("remote.origin.url".into(), format!("https://app:{}@git.acme.io/a.git", github("one")))
        }),
        ("pushurl", || {
            ("remote.origin.pushurl".into(), format!("https://{}@git.acme.io/a.git", github("one")))
        }),
        ("insteadOf", || {
            (
                format!("url.https://app:{}@git.acme.io/.insteadOf", github("one")),
                "https://git.acme.io/".into(),
            )
        }),
        ("extraheader", || {
            (
                "http.https://git.acme.io/.extraheader".into(),
                format!("AUTHORIZATION: bearer {}", github("one")),
            )
        }),
        ("proxy", || ("http.proxy".into(), format!("http://me:{}@proxy.acme.io:8080", github("one")))),
    ];
    let of_setting = |(name, setting): (&'static str, Setting)| {
        repository(format!("config: {name}"), move |t| {
            let (key, value) = setting();
            t.git(["config", &key, &value]);
            in_file(t, "config")
        })
    };
    let mut cases: Vec<Case> = settings.into_iter().map(of_setting).collect();
    cases.extend([
        repository("config: alias", |t| {
            t.git(["config", "alias.ask", &format!("!curl -H 'Authorization: token {}' x", github("one"))]);
            in_file(t, "config")
        }),
        repository("config.worktree", |t| {
            t.commit_file("a", "a\n");
            t.git(["config", "extensions.worktreeConfig", "true"]);
            t.git(["config", "--worktree", "remote.x.url", &format!("https://{}@a.io/b", github("one"))]);
            in_file(t, "config.worktree")
        }),
    ]);
    cases
}

fn written_by_git() -> Vec<Case> {
    vec![
        repository("reflog of a clone", |t| {
            t.commit_file("a", "a\n");
            let url = format!("clone: from https://app:{}@git.acme.io/a.git", github("one"));
            t.git(["update-ref", "-m", &url, "--create-reflog", "refs/heads/other", "HEAD"]);
            in_file(t, "logs/refs/heads/other")
        }),
        repository("who moved HEAD", |t| {
            t.commit_file("a", "a\n");
            let mut command = t.git_command(&t.path(""), ["checkout", "-q", "-b", "topic"]);
            command.env("GIT_COMMITTER_NAME", github("one"));
            assert_eq!(crate::support::run(&mut command, b"").code, Some(0));
            in_file(t, "logs/HEAD")
        }),
        repository("aborted commit message", |t| {
            t.commit_file("a", "a\n");
            t.write(".git/COMMIT_EDITMSG", line("one"));
            in_file(t, "COMMIT_EDITMSG")
        }),
        repository("squash", |t| {
            t.commit_file("a", "a\n");
            t.git(["checkout", "-q", "-b", "topic"]);
            t.commit_file("b", "b\n");
            t.commit_staged(&line("one"));
            t.git(["checkout", "-q", "main"]);
            t.git(["merge", "-q", "--squash", "topic"]);
            in_file(t, "SQUASH_MSG")
        }),
        repository("unborn branch", |t| {
            t.git(["symbolic-ref", "HEAD", &format!("refs/heads/{}", github("one"))]);
            in_file(t, "HEAD")
        }),
    ]
}

fn layouts() -> Vec<Case> {
    vec![
        repository("linked worktree, from the main one", |t| {
            t.commit_file("a", "a\n");
            let linked = t.outside("linked");
            t.git(["worktree", "add", "-q", "--detach", linked.to_str().unwrap()]);
            t.write(".git/worktrees/linked/COMMIT_EDITMSG", line("one"));
            in_file(t, "worktrees/linked/COMMIT_EDITMSG")
        }),
        repository("linked worktree, from there", |t| {
            t.commit_file("a", "a\n");
            t.git(["worktree", "add", "-q", "--detach", "linked"]);
            t.write(".git/worktrees/linked/COMMIT_EDITMSG", line("one"));
            in_file(t, "worktrees/linked/COMMIT_EDITMSG").inside("linked")
        }),
        repository("config of the main one, from a linked worktree", |t| {
            t.commit_file("a", "a\n");
            t.git(["worktree", "add", "-q", "--detach", "linked"]);
            t.git(["config", "remote.x.url", &format!("https://{}@a.io/b", github("one"))]);
            in_file(t, "config").inside("linked")
        }),
        case("bare", |t| {
            t.git(["init", "-q", "--bare"]);
            t.git(["config", "remote.x.url", &format!("https://{}@a.io/b", github("one"))]);
            let config = std::fs::read(t.path("config")).unwrap();
            finds(["one"]).at(format!(".git/config:{} local", spot(&config, "one")))
        }),
        case("separate git directory", |t| {
            t.git(["init", "-q", "--separate-git-dir", "../apart", "tree"]);
            let tree = t.path("tree");
            t.git_in(&tree, ["config", "remote.x.url", &format!("https://{}@a.io/b", github("one"))], b"");
            let gitdir = std::fs::read_to_string(tree.join(".git")).unwrap();
            let gitdir = gitdir.trim_end().trim_start_matches("gitdir: ").to_owned();
            let config = std::fs::read(std::path::Path::new(&gitdir).join("config")).unwrap();
            finds(["one"]).at(format!(".git/config:{} local", spot(&config, "one"))).inside("tree")
        }),
        repository("repository further in", |t| {
            t.commit_file("a", "a\n");
            t.git(["init", "-q", "vendor/lib"]);
            t.write("vendor/lib/.git/description", line("one"));
            finds(["one"]).at("vendor/lib/.git/description:1:3 local")
        }),
        repository("bare repository further in", |t| {
            t.commit_file("a", "a\n");
            t.git(["init", "-q", "--bare", "vendor/lib.git"]);
            t.write("vendor/lib.git/hooks/pre-receive", line("one"));
            finds(["one"]).at("vendor/lib.git/.git/hooks/pre-receive:1:3 local")
        }),
        repository("submodule that is kept and not checked out", |t| {
            t.commit_file("a", "a\n");
            t.git(["init", "-q", "--bare", ".git/modules/lib"]);
            t.write(".git/modules/lib/description", line("one"));
            finds(["one"]).at(".git/modules/lib/.git/description:1:3 local")
        }),
        repository("empty repository", |t| {
            t.write(".git/description", line("one"));
            in_file(t, "description")
        }),
        repository("the git directory is named", |t| {
            t.write(".git/description", line("one"));
            in_file(t, "description").with([".git"])
        }),
        repository("the same repository twice", |t| {
            t.commit_file("d/a", "a\n");
            t.write(".git/description", line("one"));
            in_file(t, "description").with([".", "./d"])
        }),
        repository("a directory and then the whole", |t| {
            t.commit_file("d/a", "a\n");
            t.write(".git/description", line("one"));
            in_file(t, "description").with(["./d", "."])
        }),
        repository("without the history", |t| {
            t.commit_file("a", "a\n");
            t.write(".git/description", line("one"));
            in_file(t, "description").with([".", "--no-history"])
        }),
        repository("without the files", |t| {
            t.commit_file("a", "a\n");
            t.write(".git/description", line("one"));
            in_file(t, "description").with([".", "--no-worktree"])
        }),
    ]
}

fn hostile() -> Vec<Case> {
    vec![
        #[cfg(unix)]
        repository("pipe among hooks", |t| {
            t.write(".git/hooks/pre-push", line("one"));
            let made = std::process::Command::new("mkfifo").arg(t.path(".git/hooks/pre-commit")).status();
            assert!(made.unwrap().success());
            in_file(t, "hooks/pre-push")
        }),
        #[cfg(unix)]
        repository("pipe in place of a message", |t| {
            t.write(".git/description", line("one"));
            let made = std::process::Command::new("mkfifo").arg(t.path(".git/MERGE_MSG")).status();
            assert!(made.unwrap().success());
            in_file(t, "description").beyond_git()
        }),
        #[cfg(unix)]
        repository("hooks are a link that leads away", |t| {
            let apart = t.outside("apart");
            std::fs::create_dir_all(&apart).unwrap();
            std::fs::write(apart.join("pre-push"), line("two")).unwrap();
            let _ = std::fs::remove_dir_all(t.path(".git/hooks"));
            std::os::unix::fs::symlink(&apart, t.path(".git/hooks")).unwrap();
            t.write(".git/description", line("one"));
            in_file(t, "description")
        }),
        #[cfg(unix)]
        repository("a link among hooks that leads away", |t| {
            std::fs::create_dir_all(t.path(".git/hooks")).unwrap();
            std::os::unix::fs::symlink("/dev/zero", t.path(".git/hooks/pre-push")).unwrap();
            t.write(".git/description", line("one"));
            in_file(t, "description")
        }),
        #[cfg(unix)]
        repository("loop of links among hooks", |t| {
            std::fs::create_dir_all(t.path(".git/hooks")).unwrap();
            std::os::unix::fs::symlink("..", t.path(".git/hooks/again")).unwrap();
            t.write(".git/description", line("one"));
            in_file(t, "description")
        }),
        repository("example of a hook", |t| {
            t.write(".git/hooks/pre-push.sample", line("one"));
            clean()
        }),
        repository("directories deeper than refs can be", |t| {
            t.write(format!(".git/hooks/{}a", "d/".repeat(80)), line("one"));
            clean().gaps(["too-large "])
        }),
        repository("patch of 256 MiB", |t| {
            t.write(".git/rebase-merge/patch", b"");
            let file = std::fs::File::create(t.path(".git/rebase-merge/patch")).unwrap();
            file.set_len(256 << 20).unwrap();
            t.write(".git/description", line("one"));
            in_file(t, "description").beyond_git()
        }),
    ]
}

fn not_asked_for() -> Vec<Case> {
    let scans: [(&'static str, &'static [&'static str]); 5] = [
        ("not asked for", &[".", "--no-local"]),
        ("some directory", &["d"]),
        ("range", &[".", "--range", "HEAD^!"]),
        ("what is staged", &[".", "--staged"]),
        ("branch", &[".", "--branch", "main"]),
    ];
    let of_scan = |(name, arguments): (&'static str, &'static [&'static str])| {
        repository(name, move |t| {
            t.commit_file("d/a", "a\n");
            t.write(".git/description", line("one"));
            clean().with(arguments.iter().copied())
        })
    };
    scans.into_iter().map(of_scan).collect()
}
