//! Trees that git would not write.

use super::{commit_of, object, raw_tree};
use crate::case::{Case, Expected, case, finds};
use crate::support::pack::write_loose;
use crate::support::{Sandbox, line};

const NOTHING: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// A repository, and blobs with these tokens; their ids.
fn blobs<const N: usize>(t: &Sandbox, names: [&str; N]) -> [String; N] {
    t.git(["init", "-q"]);
    names.map(|name| object(t, "blob", line(name).as_bytes()))
}

/// The history of what stands in these entries; the commit.
fn history(t: &Sandbox, entries: &[(&[u8], &str)]) -> String {
    let tree = object(t, "tree", &raw_tree(entries));
    commit_of(t, &tree)
}

fn only_history(expected: Expected) -> Expected {
    expected.with([".", "--no-worktree"]).beyond_git()
}

pub(crate) fn cases() -> Vec<Case> {
    [names(), modes(), kinds(), shapes()].into_iter().flatten().collect()
}

fn names() -> Vec<Case> {
    let long = "n".repeat(4096);
    let names: [(&str, Vec<u8>); 15] = [
        ("dot-git", b".git".into()),
        ("dot-git-in-capitals", b".GIT".into()),
        ("dot-git-hidden", ".g\u{200c}it".into()),
        ("git-tilde", b"git~1".into()),
        ("dot", b".".into()),
        ("dots", b"..".into()),
        ("empty", b"".into()),
        ("slash", b"a/b".into()),
        ("absolute", b"/etc/passwd".into()),
        ("backslash", b"..\\..\\a".into()),
        ("newline", b"a\nb".into()),
        ("escape", b"a\x1b[2Jb".into()),
        ("latin", b"\xe4\xff".into()),
        ("bidi", "a\u{202e}txt.exe".into()),
        ("long", long.into_bytes()),
    ];
    let one = |(what, name): (&str, Vec<u8>)| {
        case(format!("tree-name-{what}"), move |t| {
            let [good, bad] = blobs(t, ["good", "bad"]);
            let head = [b"100644 ", name.as_slice()].concat();
            history(t, &[(&head, &bad), (b"100644 good", &good)]);
            only_history(finds(["good", "bad"]))
        })
    };
    let mut cases: Vec<Case> = names.into_iter().map(one).collect();
    cases.push(case("tree-names-twice", |t| {
        let [one, two, three] = blobs(t, ["one", "two", "three"]);
        let sub = object(t, "tree", &raw_tree(&[(b"100644 f", &three)]));
        let id = history(t, &[(b"100644 a", &one), (b"100644 a", &two), (b"40000 a", &sub)]);
        only_history(finds(["one", "two", "three"])).at(format!("a:1:3 commit {id}"))
    }));
    cases.push(case("tree-unsorted", |t| {
        let [one, two, three] = blobs(t, ["one", "two", "three"]);
        history(t, &[(b"100644 z", &one), (b"100644 a", &two), (b"100644 m", &three)]);
        only_history(finds(["one", "two", "three"]))
    }));
    cases
}

fn modes() -> Vec<Case> {
    // Git takes what is neither tree nor link nor submodule for a file.
    let modes = ["100664", "100600", "0100644", "100000", "104755", "120000", "120777", "100755"];
    let one = |mode: &'static str| {
        case(format!("tree-mode-{mode}"), move |t| {
            let [good, bad] = blobs(t, ["good", "bad"]);
            history(t, &[(format!("{mode} f").as_bytes(), &bad), (b"100644 good", &good)]);
            only_history(finds(["good", "bad"]))
        })
    };
    let mut cases: Vec<Case> = modes.into_iter().map(one).collect();
    for (name, mode) in [
        ("none", ""),
        ("nought", "0"),
        ("socket", "140000"),
        ("pipe", "10000"),
        ("absurd", "7777777777777777777777"),
        ("not-octal", "99999"),
        ("negative", "-100644"),
    ] {
        cases.push(case(format!("tree-mode-{name}"), move |t| {
            let [good, bad] = blobs(t, ["good", "bad"]);
            history(t, &[(b"100644 good", &good), (format!("{mode} f").as_bytes(), &bad)]);
            only_history(finds(["good"]).or_gap(["bad"]))
        }));
    }
    cases.push(case("tree-a-submodule-that-is-a-blob", |t| {
        // Git does not look for it here, nor hand it on.
        let [good, bad] = blobs(t, ["good", "bad"]);
        history(t, &[(b"100644 good", &good), (b"160000 f", &bad)]);
        only_history(finds(["good"]))
    }));
    for (name, mode) in [("zeros", "040000"), ("bits", "40755")] {
        cases.push(case(format!("tree-mode-of-a-directory-with-{name}"), move |t| {
            let [bad] = blobs(t, ["bad"]);
            let sub = object(t, "tree", &raw_tree(&[(b"100644 f", &bad)]));
            history(t, &[(format!("{mode} d").as_bytes(), &sub)]);
            only_history(finds(["bad"]))
        }));
    }
    cases
}

fn kinds() -> Vec<Case> {
    vec![
        case("tree-a-tree-for-a-file", |t| {
            let [good, inner] = blobs(t, ["good", "inner"]);
            let sub = object(t, "tree", &raw_tree(&[(b"100644 f", &inner)]));
            history(t, &[(b"100644 good", &good), (b"100644 x", &sub)]);
            only_history(finds(["good"]).or_gap(["inner"]).gaps(["corrupt-object "]))
        }),
        case("tree-a-file-for-a-tree", |t| {
            let [good, bad] = blobs(t, ["good", "bad"]);
            history(t, &[(b"100644 good", &good), (b"40000 x", &bad)]);
            only_history(finds(["good"]).or_gap(["bad"]))
        }),
        case("tree-a-commit-for-a-file", |t| {
            let [good] = blobs(t, ["good"]);
            let commit = history(t, &[(b"100644 good", &good)]);
            history(t, &[(b"100644 good", &good), (b"100644 x", &commit)]);
            only_history(finds(["good"]).gaps(["corrupt-object "]))
        }),
        case("tree-of-nothing", |t| {
            let [good] = blobs(t, ["good"]);
            history(t, &[(b"100644 good", &good), (b"100644 x", NOTHING), (b"40000 y", NOTHING)]);
            only_history(finds(["good"]).gaps([format!("missing-object {NOTHING}")]))
        }),
        case("tree-of-null-ids", |t| {
            let [good] = blobs(t, ["good"]);
            let null = "0".repeat(40);
            history(t, &[(b"100644 good", &good), (b"100644 x", &null), (b"40000 y", &null)]);
            only_history(finds(["good"]).gaps([format!("missing-object {null}")]))
        }),
        case("tree-a-commit-names-a-blob-as-tree", |t| {
            let [good, bad] = blobs(t, ["good", "bad"]);
            history(t, &[(b"100644 good", &good)]);
            let id = commit_of(t, &bad);
            t.write(".git/refs/heads/other", format!("{id}\n"));
            let expected = only_history(finds([""; 0]).or_gap(["good", "bad"]));
            expected.gaps([format!("missing-object {bad}")])
        }),
    ]
}

fn shapes() -> Vec<Case> {
    let cuts = [("in-mode", 3), ("in-name", 8), ("after-name", 9), ("in-id", 20), ("before-end", 28)];
    let mut cases: Vec<Case> = Vec::new();
    for (name, length) in cuts {
        cases.push(case(format!("tree-cut-{name}"), move |t| {
            let [good, bad] = blobs(t, ["good", "bad"]);
            let mut bytes = raw_tree(&[(b"100644 good", &good)]);
            bytes.extend(&raw_tree(&[(b"100644 f", &bad)])[..length]);
            let tree = object(t, "tree", &bytes);
            commit_of(t, &tree);
            only_history(finds(["good"]).gaps([format!("corrupt-object {tree}")]))
        }));
    }
    cases.push(case("tree-of-rubbish", |t| {
        blobs(t, []);
        let tree = object(t, "tree", &[0xff; 500]);
        commit_of(t, &tree);
        only_history(finds([""; 0]).gaps([format!("corrupt-object {tree}")]))
    }));
    cases.push(case("tree-empty", |t| {
        blobs(t, []);
        history(t, &[]);
        only_history(crate::case::clean())
    }));
    cases.push(case("tree-that-holds-itself", |t| {
        // Under an id that is not its own, or there could be no such thing.
        let [good] = blobs(t, ["good"]);
        let bytes = raw_tree(&[(b"100644 good", &good), (b"40000 self", NOTHING)]);
        write_loose(&t.path(".git/objects"), NOTHING, &format!("tree {}", bytes.len()), &bytes);
        commit_of(t, NOTHING);
        only_history(finds([""; 0]).or_gap(["good"]))
    }));
    cases.push(case("trees-that-hold-each-other", |t| {
        let [good] = blobs(t, ["good"]);
        let ids = ["5a".repeat(20), "5b".repeat(20)];
        for (id, other) in [(&ids[0], &ids[1]), (&ids[1], &ids[0])] {
            let bytes = raw_tree(&[(b"100644 good", &good), (b"40000 a", other), (b"40000 b", other)]);
            write_loose(&t.path(".git/objects"), id, &format!("tree {}", bytes.len()), &bytes);
        }
        commit_of(t, &ids[0]);
        only_history(finds([""; 0]).or_gap(["good"]))
    }));
    cases.push(case("tree-bomb", |t| {
        // Ten thousand million paths.
        let [mut id] = blobs(t, ["bomb"]);
        for level in 0..10 {
            let mode: &[u8] = if level == 0 { b"100644 " } else { b"40000 " };
            let heads: Vec<Vec<u8>> = (0..10u8).map(|i| [mode, &[b'f', b'0' + i]].concat()).collect();
            let entries: Vec<(&[u8], &str)> = heads.iter().map(|head| (head.as_slice(), &*id)).collect();
            id = object(t, "tree", &raw_tree(&entries));
        }
        commit_of(t, &id);
        only_history(finds(["bomb"]))
    }));
    cases
}
