//! Damaged refs, reflogs, HEAD and the like.

use super::{object, three};
use crate::case::{Case, Expected, case, finds};
use crate::support::{Sandbox, line};

pub(crate) fn cases() -> Vec<Case> {
    [refs(), heads(), packed_refs(), others(), tags()].into_iter().flatten().collect()
}

/// The three tokens of the branch that is whole.
fn all() -> Expected {
    finds(["one", "two", "three"]).with([".", "--no-worktree"]).beyond_git()
}

const NOTHING: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

fn refs() -> Vec<Case> {
    let texts: [(&str, &[u8]); 12] = [
        ("empty", b""),
        ("newline", b"\n"),
        ("zeros", &[0; 41]),
        ("short", b"5a5a5a5a\n"),
        ("not-hex", b"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\n"),
        ("text-behind", b"5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5ax\n"),
        ("html", b"<!doctype html>\n"),
        ("leads-out", b"ref: ../../../etc/passwd\n"),
        ("leads-to-itself", b"ref: refs/heads/bad\n"),
        ("no-target", b"ref:\n"),
        ("target-of-spaces", b"ref:      \n"),
        ("binary", b"\xff\xfe\x00\x01"),
    ];
    let mut cases: Vec<Case> = Vec::new();
    for (name, text) in texts {
        cases.push(case(format!("ref-{name}"), move |t| {
            three(t);
            t.write(".git/refs/heads/bad", text);
            // Git calls most of them broken; a ref that names a ref that is not there is nothing unusual.
            let says = t.try_git(["for-each-ref"]);
            if says.stderr.contains("broken") { all().gaps([""]) } else { all().either() }
        }));
    }
    cases.push(case("ref-of-a-megabyte", |t| {
        three(t);
        t.write(".git/refs/heads/bad", vec![b'a'; 1 << 20]);
        all().gaps(["broken-ref "])
    }));
    cases.push(case("ref-to-nothing", |t| {
        three(t);
        t.write(".git/refs/heads/bad", format!("{NOTHING}\n"));
        all().gaps([format!("missing-object {NOTHING}")])
    }));
    cases.push(case("ref-is-a-link", |t| {
        // Git follows it, here to a commit that nothing else names.
        three(t);
        let blob = object(t, "blob", line("linked").as_bytes());
        let tree = object(t, "tree", &super::raw_tree(&[(b"100644 f", &blob)]));
        let id = t.git(["commit-tree", "-m", "m", &tree]);
        std::fs::write(t.outside("ref"), format!("{id}\n")).unwrap();
        std::os::unix::fs::symlink(t.outside("ref"), t.path(".git/refs/heads/link")).unwrap();
        assert_eq!(t.id("refs/heads/link"), id);
        all().or_gap(["linked"])
    }));
    cases.push(case("ref-circle", |t| {
        three(t);
        t.write(".git/refs/heads/a", "ref: refs/heads/b\n");
        t.write(".git/refs/heads/b", "ref: refs/heads/a\n");
        all().either()
    }));
    cases.push(case("ref-chain-of-fifty", |t| {
        let ids = three(t);
        for i in 0..50 {
            t.write(format!(".git/refs/heads/s{i}"), format!("ref: refs/heads/s{}\n", i + 1));
        }
        t.write(".git/refs/heads/s50", format!("{}\n", ids[0]));
        all().either()
    }));
    for (name, file) in [
        ("lock", "main.lock"),
        ("space", "a b"),
        ("dots", "a..b"),
        ("control", "a\x1b[31m"),
        ("caret", "a^b"),
    ] {
        cases.push(case(format!("ref-name-{name}"), move |t| {
            three(t);
            // Nothing else names this commit.
            let id = t.git(["commit-tree", "-m", "m", "HEAD^{tree}"]);
            t.write(format!(".git/refs/heads/{file}"), format!("{id}\n"));
            all().either()
        }));
    }
    cases
}

fn heads() -> Vec<Case> {
    let mut cases = Vec::new();
    let texts: [(&str, &[u8]); 6] = [
        ("empty", b""),
        ("rubbish", b"rubbish\n"),
        ("zeros", &[0; 30]),
        ("leads-out", b"ref: ../../outside\n"),
        ("short-id", b"5a5a\n"),
        ("megabyte", &[b'x'; 1 << 20]),
    ];
    for (name, text) in texts {
        cases.push(case(format!("head-{name}"), move |t| {
            three(t);
            t.write(".git/HEAD", text);
            // Git takes it for no repository; refs are there all the same.
            all().gaps(["broken-ref HEAD"]).or_refused()
        }));
    }
    cases.push(case("head-names-itself", |t| {
        // To git it is no repository; refs are there all the same.
        three(t);
        t.write(".git/HEAD", "ref: HEAD\n");
        all().either()
    }));
    cases.push(case("head-directory", |t| {
        three(t);
        std::fs::remove_file(t.path(".git/HEAD")).unwrap();
        std::fs::create_dir(t.path(".git/HEAD")).unwrap();
        crate::case::refused("HEAD")
    }));
    cases.push(case("head-gone", |t| {
        three(t);
        std::fs::remove_file(t.path(".git/HEAD")).unwrap();
        crate::case::refused(".git")
    }));
    cases.push(case("head-to-nothing", |t| {
        three(t);
        t.write(".git/HEAD", format!("{NOTHING}\n"));
        all().gaps([format!("missing-object {NOTHING}")])
    }));
    cases
}

fn packed_refs() -> Vec<Case> {
    let mut cases = Vec::new();
    let changes: [(&str, fn(String) -> String); 9] = [
        ("no-header", |text| text.lines().skip(1).map(|line| format!("{line}\n")).collect()),
        ("carriage-returns", |text| text.replace('\n', "\r\n")),
        ("no-last-newline", |text| text.trim_end().into()),
        ("cut", |text| text[..text.len() - 12].into()),
        ("rubbish-behind", |text| text + "rubbish\n"),
        ("peeled-of-nothing", |text| text + "^\n"),
        ("unsorted", |text| {
            let mut lines: Vec<&str> = text.lines().collect();
            lines[1..].reverse();
            lines.join("\n") + "\n"
        }),
        ("zeros-behind", |text| text + &"\0".repeat(100)),
        ("twice", |text| text.clone() + text.lines().last().unwrap() + "\n"),
    ];
    for (name, how) in changes {
        cases.push(case(format!("packed-refs-{name}"), move |t| {
            let ids = three(t);
            // Each commit that counts is reachable through this file only.
            t.git(["checkout", "-q", "--orphan", "other"]);
            t.commit_file("four", line("four"));
            t.git(["checkout", "-q", "main"]);
            t.git(["tag", "early", &ids[0]]);
            t.git(["pack-refs", "--all"]);
            std::fs::remove_dir_all(t.path(".git/logs")).unwrap();
            std::fs::remove_file(t.path(".git/index")).unwrap();
            let text = std::fs::read_to_string(t.path(".git/packed-refs")).unwrap();
            t.write(".git/packed-refs", how(text));
            finds([""; 0])
                .or_gap(["one", "two", "three", "four"])
                .with([".", "--no-worktree"])
                .beyond_git()
                .or_refused()
        }));
    }
    cases
}

fn others() -> Vec<Case> {
    let rubbish: &[(&str, &str, &[u8])] = &[
        ("fetch-head", "FETCH_HEAD", b"\xff\0rubbish"),
        ("orig-head", "ORIG_HEAD", b""),
        ("merge-head", "MERGE_HEAD", b"rubbish\n"),
        ("shallow-rubbish", "shallow", b"rubbish\n"),
        ("description", "description", b"\0"),
        ("worktrees-file", "worktrees", b"x"),
        ("worktree-without-files", "worktrees/w/nothing", b""),
        ("worktree-of-rubbish", "worktrees/w/HEAD", b"\0\0"),
        ("modules-file", "modules", b"x"),
        ("reflog-rubbish", "logs/refs/heads/main", b"\0\xff rubbish"),
        ("reflog-one-long-line", "logs/refs/heads/long", &[b'a'; 3 << 20]),
        ("lock-of-index", "index.lock", b""),
        ("lock-of-packed-refs", "packed-refs.lock", b"x"),
        ("lock-of-head", "HEAD.lock", b"x"),
        ("lock-of-config", "config.lock", b"x"),
        ("gc-pid", "gc.pid", b"1 host"),
        ("stray-temporary-pack", "objects/pack/tmp_pack_abcdef", b"PACK"),
        ("info-packs", "objects/info/packs", b"P nowhere\n"),
        ("grafts-rubbish", "info/grafts", b"rubbish\n"),
    ];
    let mut cases = Vec::new();
    for (name, file, bytes) in rubbish {
        cases.push(case(*name, move |t| {
            three(t);
            t.write(format!(".git/{file}"), bytes);
            all().either()
        }));
    }
    cases.push(case("no-refs-directory", |t| {
        three(t);
        t.git(["pack-refs", "--all"]);
        std::fs::remove_dir_all(t.path(".git/refs")).unwrap();
        all().either().or_refused()
    }));
    cases.push(case("no-objects-directory", |t| {
        three(t);
        std::fs::remove_dir_all(t.path(".git/objects")).unwrap();
        finds([""; 0]).gaps(["missing-object "]).with([".", "--no-worktree"]).beyond_git().or_refused()
    }));
    cases.push(case("objects-is-a-file", |t| {
        three(t);
        std::fs::remove_dir_all(t.path(".git/objects")).unwrap();
        t.write(".git/objects", "");
        finds([""; 0]).gaps(["missing-object "]).with([".", "--no-worktree"]).beyond_git().or_refused()
    }));
    cases.push(case("git-file-is-empty", |t| {
        t.write(".git", "");
        t.write("a", line("a"));
        crate::case::refused(".git")
    }));
    cases.push(case("git-directory-is-empty", |t| {
        std::fs::create_dir(t.path(".git")).unwrap();
        t.write("a", line("a"));
        crate::case::refused(".git")
    }));
    cases
}

/// A ref to a raw tag.
fn tagged(t: &Sandbox, text: &str) -> String {
    let id = object(t, "tag", text.as_bytes());
    t.write(".git/refs/tags/raw", format!("{id}\n"));
    id
}

fn tags() -> Vec<Case> {
    let who = "tagger A <a@example.test> 1600000000 +0000";
    vec![
        case("tag-of-nothing", move |t| {
            three(t);
            tagged(t, &format!("object {NOTHING}\ntype commit\ntag raw\n{who}\n\nm\n"));
            all().gaps([format!("missing-object {NOTHING}")])
        }),
        case("tag-without-object", move |t| {
            three(t);
            let id = tagged(t, "type commit\ntag raw\n\nm\n");
            all().gaps([format!("corrupt-object {id}")])
        }),
        case("tag-empty", move |t| {
            three(t);
            let id = tagged(t, "");
            all().gaps([format!("corrupt-object {id}")])
        }),
        case("tag-of-another-kind", move |t| {
            // It says commit and names a blob, which holds a token that nothing else names.
            three(t);
            let blob = object(t, "blob", line("blob").as_bytes());
            tagged(t, &format!("object {blob}\ntype commit\ntag raw\n{who}\n\nm\n"));
            all().or_gap(["blob"])
        }),
        case("tag-of-a-tree", move |t| {
            three(t);
            let blob = object(t, "blob", line("blob").as_bytes());
            let tree = object(t, "tree", &super::raw_tree(&[(b"100644 f", &blob)]));
            tagged(t, &format!("object {tree}\ntype tree\ntag raw\n{who}\n\nm\n"));
            all().also(["blob"])
        }),
        case("tags-of-tags", move |t| {
            three(t);
            let mut id = object(t, "blob", line("innermost").as_bytes());
            let mut kind = "blob";
            for _ in 0..2000 {
                let text = format!("object {id}\ntype {kind}\ntag raw\n{who}\n\nm\n");
                id = object(t, "tag", text.as_bytes());
                kind = "tag";
            }
            t.write(".git/refs/tags/raw", format!("{id}\n"));
            all().also(["innermost"])
        }),
        case("tag-of-itself", move |t| {
            // Its bytes do not match its id, or there could be no such thing.
            three(t);
            let text = format!("object {NOTHING}\ntype tag\ntag raw\n{who}\n\nm\n");
            let header = format!("tag {}", text.len());
            crate::support::pack::write_loose(&t.path(".git/objects"), NOTHING, &header, text.as_bytes());
            t.write(".git/refs/tags/raw", format!("{NOTHING}\n"));
            all().either()
        }),
    ]
}
