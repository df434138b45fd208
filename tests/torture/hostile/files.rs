//! Links, pipes, sockets, devices, endless files, and settings of the scanner itself in the tree.

use std::os::unix::fs::symlink;

use crate::case::{Case, case, clean, finds};
use crate::support::{Sandbox, github, is_root, line};

fn pipe(path: &std::path::Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// A directory that does not belong to what is scanned, with a token in it.
fn outside(t: &Sandbox) -> std::path::PathBuf {
    let directory = t.outside("elsewhere");
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("file"), line("elsewhere")).unwrap();
    directory
}

pub(crate) fn cases() -> Vec<Case> {
    [links(), special(), own_settings()].into_iter().flatten().collect()
}

fn links() -> Vec<Case> {
    vec![
        case("link-to-a-file-outside", |t| {
            t.write("a", line("a"));
            symlink(outside(t).join("file"), t.path("link")).unwrap();
            finds(["a"])
        }),
        case("link-to-a-directory-outside", |t| {
            t.write("a", line("a"));
            symlink(outside(t), t.path("link")).unwrap();
            finds(["a"])
        }),
        case("link-to-the-root", |t| {
            t.write("a", line("a"));
            symlink("/", t.path("link")).unwrap();
            finds(["a"])
        }),
        case("link-to-password-file", |t| {
            t.git(["init", "-q"]);
            symlink("/etc/passwd", t.path("link")).unwrap();
            t.commit("a link");
            clean()
        }),
        case("link-whose-target-is-a-token", |t| {
            t.git(["init", "-q"]);
            symlink(github("target"), t.path("link")).unwrap();
            t.commit("a link");
            finds(["target"]).at("link:1:1 worktree").at("link:1:1 commit")
        }),
        case("links-in-a-circle", |t| {
            t.write("d/a", line("a"));
            symlink("..", t.path("d/up")).unwrap();
            symlink(".", t.path("d/here")).unwrap();
            symlink("two", t.path("one")).unwrap();
            symlink("one", t.path("two")).unwrap();
            finds(["a"])
        }),
        case("links-hard", |t| {
            t.git(["init", "-q"]);
            t.write("a", line("a"));
            (0..100).for_each(|i| std::fs::hard_link(t.path("a"), t.path(format!("b{i}"))).unwrap());
            finds(["a"]).at("a:1:3 worktree").at("b99:1:3 worktree")
        }),
        case("link-into-the-git-directory", |t| {
            t.git(["init", "-q"]);
            t.commit_file("a", line("a"));
            symlink(".git", t.path("link")).unwrap();
            finds(["a"])
        }),
        case("link-of-four-thousand-bytes", |t| {
            symlink("x/".repeat(2040), t.path("link")).unwrap();
            t.write("a", line("a"));
            finds(["a"])
        }),
        case("link-on-the-command-line", |t| {
            // What is named is read, wherever it leads.
            symlink(outside(t).join("file"), t.path("link")).unwrap();
            finds(["elsewhere"]).with(["link"])
        }),
    ]
}

fn special() -> Vec<Case> {
    let mut cases = vec![
        case("pipe", |t| {
            t.write("a", line("a"));
            pipe(&t.path("d/pipe"));
            finds(["a"])
        }),
        case("pipe-that-is-tracked", |t| {
            t.git(["init", "-q"]);
            t.commit_file("a", line("a"));
            std::fs::remove_file(t.path("a")).unwrap();
            pipe(&t.path("a"));
            finds(["a"]).beyond_git()
        }),
        case("socket", |t| {
            t.write("a", line("a"));
            // The name of a socket is short, wherever the directory lies.
            let here = std::fs::File::open(t.path("")).unwrap();
            let name = format!("/proc/self/fd/{}/socket", std::os::fd::AsRawFd::as_raw_fd(&here));
            drop(std::os::unix::net::UnixListener::bind(name).unwrap());
            finds(["a"])
        }),
        case("file-without-an-end", |t| {
            t.write("a", line("a"));
            for (number, target) in
                ["/dev/zero", "/dev/urandom", "/dev/tty", "/dev/stdin", "/proc/self/mem", "/proc/kmsg"]
                    .iter()
                    .enumerate()
            {
                symlink(target, t.path(format!("link{number}"))).unwrap();
            }
            finds(["a"])
        }),
    ];
    for name in [".gitignore", ".ignore", ".gitattributes", ".gitmodules", ".mailmap", ".muzzleignore"] {
        cases.push(case(format!("pipe-called{name}"), move |t| {
            t.git(["init", "-q"]);
            t.commit_file("a", line("a"));
            pipe(&t.path(name));
            finds(["a"]).either().or_refused()
        }));
        cases.push(case(format!("endless-file-called{name}"), move |t| {
            t.git(["init", "-q"]);
            t.commit_file("a", line("a"));
            symlink("/dev/zero", t.path(name)).unwrap();
            finds(["a"]).either().or_refused()
        }));
        cases.push(case(format!("directory-called{name}"), move |t| {
            t.git(["init", "-q"]);
            t.commit_file("a", line("a"));
            t.write(format!("{name}/b"), line("b"));
            finds(["a", "b"]).either().or_refused()
        }));
    }
    if is_root() {
        cases.push(case("owner-is-somebody-else", |t| {
            t.git(["init", "-q"]);
            t.commit_file("a", line("a"));
            let status = std::process::Command::new("chown").args(["-R", "12345"]).arg(t.path("")).status();
            assert!(status.unwrap().success());
            finds(["a"]).at("a:1:3 commit").beyond_git()
        }));
        cases.push(case("device", |t| {
            t.write("a", line("a"));
            let made = std::process::Command::new("mknod").arg(t.path("zero")).args(["c", "1", "5"]).status();
            // In a container it may be forbidden; then there is nothing to look at.
            let _ = made;
            finds(["a"])
        }));
    }
    cases
}

/// Settings of the scanner in the tree: they cannot hide anything that counts, nor hang it.
fn own_settings() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, text) in [
        ("rubbish", "\u{1}\u{2}[[[\n".to_owned()),
        ("unknown-keys", "[scan]\nnothing = 1\n".into()),
        ("brackets", format!("a = {}", "[".repeat(100_000))),
        ("dotted-key", format!("{}a = 1\n", "a.".repeat(100_000))),
        ("tables", "[[a]]\n".repeat(300_000)),
        ("one-long-line", format!("a = \"{}\"\n", "x".repeat(20 << 20))),
        (
            "expression-bomb",
            "[[rules]]\nid = \"x\"\nname = \"x\"\nkeywords = [\"x\"]\nregex = '''((((x{1000}){1000}){1000}){1000})'''\n"
                .into(),
        ),
    ] {
        cases.push(case(format!("own-settings-{name}"), move |t| {
            t.git(["init", "-q"]);
            t.write("a", line("a"));
            t.write("muzzle.toml", &text);
            finds(["a"]).or_refused()
        }));
    }
    cases.push(case("own-settings-pipe", |t| {
        t.git(["init", "-q"]);
        t.write("a", line("a"));
        pipe(&t.path("muzzle.toml"));
        finds(["a"]).either().or_refused()
    }));
    for target in ["/dev/zero", "/etc/passwd", "muzzle.toml", "/"] {
        cases.push(case(format!("own-settings-link-to-{}", target.replace('/', "-")), move |t| {
            t.git(["init", "-q"]);
            t.write("a", line("a"));
            symlink(target, t.path("muzzle.toml")).unwrap();
            finds(["a"]).either().or_refused()
        }));
    }
    cases
}
