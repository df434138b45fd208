//! Much of everything.

use std::fmt::Write as _;
use std::os::fd::OwnedFd;

use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};

use crate::case::{Case, Expected, case, finds};
use crate::support::{Sandbox, line};

const WHO: &str = "committer A <a@example.test> 1600000000 +0000\ndata 0\n";

/// A repository made of a stream for `git fast-import`.
fn import(t: &Sandbox, stream: &str) {
    t.git(["init", "-q"]);
    t.git_with(["fast-import", "--quiet"], stream.as_bytes());
}

fn inline(path: &str, text: &str) -> String {
    format!("M 100644 inline {path}\ndata {}\n{text}\n", text.len())
}

fn only_history(expected: Expected) -> Expected {
    expected.with([".", "--no-worktree"])
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("commits-50000", |t| {
            let mut stream = String::new();
            for i in 0..50_000 {
                let _ =
                    writeln!(stream, "commit refs/heads/main\ncommitter A <a@x> {} +0000\ndata 1\nm", i + 1);
                let text = if i == 25_000 { line("middle") } else { format!("{i}\n") };
                stream.push_str(&inline(&format!("f{}", i % 50), &text));
            }
            import(t, &stream);
            only_history(finds(["middle"]))
        }),
        case("branches-5000", |t| {
            let mut stream = String::new();
            for i in 0..5000 {
                let _ = write!(stream, "commit refs/heads/b{i}\n{WHO}");
                let text = if i == 4999 { line("last") } else { format!("{i}\n") };
                stream.push_str(&inline("f", &text));
            }
            import(t, &stream);
            only_history(finds(["last"]))
        }),
        case("tags-20000", |t| {
            let mut stream = format!("commit refs/heads/main\nmark :1\n{WHO}{}", inline("f", &line("one")));
            for i in 0..20_000 {
                let _ = write!(stream, "tag t{i}\nfrom :1\ntagger A <a@x> 1600000000 +0000\ndata 0\n");
            }
            import(t, &stream);
            t.git(["pack-refs", "--all"]);
            only_history(finds(["one"]))
        }),
        case("one-tree-of-100000", |t| {
            let mut stream = format!("commit refs/heads/main\n{WHO}{}", inline("z", &line("one")));
            stream.push_str("M 100644 inline f0\ndata 2\nx\n\n");
            let id = "587be6b4c3f93f93c489c0111bba5596147a26cb";
            for i in 1..100_000 {
                let _ = writeln!(stream, "M 100644 {id} f{i}");
            }
            import(t, &stream);
            only_history(finds(["one"]))
        }),
        case("files-100000", |t| {
            // In a hundred directories.
            for i in 0..100 {
                std::fs::create_dir(t.path(format!("d{i}"))).unwrap();
                for j in 0..1000 {
                    let text = if (i, j) == (57, 999) { line("one") } else { format!("{j}\n") };
                    std::fs::write(t.path(format!("d{i}/f{j}")), text).unwrap();
                }
            }
            finds(["one"]).at("d57/f999:1:3")
        }),
        case("directories-5000-deep-in-history", |t| {
            let path = format!("{}f", "d/".repeat(5000));
            import(t, &format!("commit refs/heads/main\n{WHO}{}", inline(&path, &line("deep"))));
            only_history(finds(["deep"])).at(format!("{path}:1:3 commit"))
        }),
        case("directories-5000-deep-on-disk", |t| {
            let open = |parent: Option<&OwnedFd>, name: &str| {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY;
                match parent {
                    Some(parent) => openat(parent, name, flags, Mode::empty()).unwrap(),
                    None => openat(CWD, t.path("").as_path(), flags, Mode::empty()).unwrap(),
                }
            };
            t.write("shallow", line("shallow"));
            let mut directory = open(None, "");
            for depth in 0..5000 {
                if depth == 1500 || depth == 4999 {
                    let flags = OFlags::WRONLY | OFlags::CREATE;
                    let file = openat(&directory, "f", flags, Mode::from(0o644)).unwrap();
                    let text = line(if depth == 1500 { "middle" } else { "deepest" });
                    rustix::io::write(&file, text.as_bytes()).unwrap();
                }
                mkdirat(&directory, "d", Mode::from(0o755)).unwrap();
                directory = open(Some(&directory), "d");
            }
            finds(["shallow", "middle"]).or_gap(["deepest"])
        }),
        case("wide-history-of-one-file", |t| {
            // 3,000 versions of a file of 2,000 lines; each line of the last is from another one.
            let mut lines: Vec<String> = (0..2000).map(|i| format!("line {i}\n")).collect();
            let mut stream = String::new();
            for version in 0..3000 {
                lines[version % 2000] =
                    if version == 1234 { line("version") } else { format!("version {version}\n") };
                let _ = write!(stream, "commit refs/heads/main\n{WHO}{}", inline("f", &lines.concat()));
            }
            import(t, &stream);
            only_history(finds(["version"]))
        }),
        case("tokens-20000", |t| {
            // Far more than anybody reads: all are told.
            let mut text = String::new();
            let names: Vec<String> = (0..20_000).map(|i| i.to_string()).collect();
            names.iter().for_each(|name| text.push_str(&line(name)));
            t.write("tokens", text);
            finds(names)
        }),
    ]
}
