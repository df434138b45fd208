//! Commits that git would not write: what they hold is read all the same.

use super::{commit_of, object, raw_tree};
use crate::case::{Case, Expected, case, finds};
use crate::support::pack::write_loose;
use crate::support::{Sandbox, line};

const NOTHING: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
const WHO: &str = "A <a@example.test> 1600000000 +0000";

/// A repository with a tree that holds `one` at `a`; the tree.
fn ground(t: &Sandbox) -> String {
    t.git(["init", "-q"]);
    let blob = object(t, "blob", line("one").as_bytes());
    object(t, "tree", &raw_tree(&[(b"100644 a", &blob)]))
}

/// A commit with this text on `main`.
fn on_main(t: &Sandbox, text: impl AsRef<[u8]>) -> String {
    let id = object(t, "commit", text.as_ref());
    t.write(".git/refs/heads/main", format!("{id}\n"));
    id
}

fn only_history(expected: Expected) -> Expected {
    expected.with([".", "--no-worktree"]).beyond_git()
}

pub(crate) fn cases() -> Vec<Case> {
    [people(), headers(), graphs()].into_iter().flatten().collect()
}

fn people() -> Vec<Case> {
    let people: [(&str, &str); 17] = [
        ("date-negative", "A <a@example.test> -1 +0000"),
        ("date-overflow", "A <a@example.test> 99999999999999999999999 +0000"),
        ("date-largest", "A <a@example.test> 9223372036854775807 +0000"),
        ("date-largest-unsigned", "A <a@example.test> 18446744073709551615 +0000"),
        ("date-year-99999", "A <a@example.test> 3093527980800 +0000"),
        ("date-fraction", "A <a@example.test> 1600000000.5 +0000"),
        ("date-words", "A <a@example.test> yesterday +0000"),
        ("date-missing", "A <a@example.test>"),
        ("zone-absurd", "A <a@example.test> 1600000000 +9999999"),
        ("zone-missing", "A <a@example.test> 1600000000"),
        ("zone-words", "A <a@example.test> 1600000000 UTC"),
        ("no-address", "A 1600000000 +0000"),
        ("no-name", "<> 1600000000 +0000"),
        ("nobody", ""),
        ("brackets", "<<<>>> <a> <b> 1600000000 +0000"),
        ("unclosed", "A <a@example.test 1600000000 +0000"),
        ("escapes", "\u{1b}[31mA\u{7} <\u{202e}> 1600000000 +0000"),
    ];
    let one = |(name, who): (&str, &'static str)| {
        case(format!("commit-{name}"), move |t| {
            let tree = ground(t);
            let id = on_main(t, format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nm\n"));
            only_history(finds(["one"])).at(format!("a:1:3 commit {id} head"))
        })
    };
    people.into_iter().map(one).collect()
}

fn headers() -> Vec<Case> {
    let texts: [(&str, fn(&str) -> Vec<u8>); 15] = [
        ("no-author", |tree| format!("tree {tree}\ncommitter {WHO}\n\nm\n").into()),
        ("no-committer", |tree| format!("tree {tree}\nauthor {WHO}\n\nm\n").into()),
        ("nothing-but-a-tree", |tree| format!("tree {tree}\n").into()),
        ("no-last-newline", |tree| format!("tree {tree}").into()),
        ("no-message", |tree| format!("tree {tree}\nauthor {WHO}\ncommitter {WHO}\n").into()),
        ("author-first", |tree| format!("author {WHO}\ncommitter {WHO}\ntree {tree}\n\nm\n").into()),
        ("two-authors", |tree| {
            format!("tree {tree}\nauthor {WHO}\nauthor {WHO}\ncommitter {WHO}\n\nm\n").into()
        }),
        ("nul-in-header", |tree| format!("tree {tree}\nauthor A\0 {WHO}\ncommitter {WHO}\n\nm\n").into()),
        ("nul-in-message", |tree| format!("tree {tree}\nauthor {WHO}\ncommitter {WHO}\n\nm\0m\n").into()),
        ("encoding-unknown", |tree| {
            format!("tree {tree}\nauthor {WHO}\ncommitter {WHO}\nencoding KLINGON\n\nm\n").into()
        }),
        ("encoding-lies", |tree| {
            let head = format!("tree {tree}\nauthor {WHO}\ncommitter {WHO}\nencoding UTF-16\n\n");
            [head.as_bytes(), b"\xe4\xf6\xfc\xff\xfe\n"].concat()
        }),
        ("latin-author", |tree| {
            [
                format!("tree {tree}\nauthor ").as_bytes(),
                b"J\xf6rg <j@x> 1 +0000\ncommitter \xff <> 1 +0000\n\nm\n",
            ]
            .concat()
        }),
        ("signature-unclosed", |tree| {
            format!(
                "tree {tree}\nauthor {WHO}\ncommitter {WHO}\ngpgsig -----BEGIN PGP SIGNATURE-----\n x\n\nm\n"
            )
            .into()
        }),
        ("carriage-returns", |tree| {
            format!("tree {tree}\r\nauthor {WHO}\r\ncommitter {WHO}\r\n\r\nm\r\n").into()
        }),
        ("header-of-a-megabyte", |tree| {
            format!("tree {tree}\nauthor {WHO}\ncommitter {WHO}\nx {}\n\nm\n", "y".repeat(1 << 20)).into()
        }),
    ];
    let one = |(name, text): (&str, fn(&str) -> Vec<u8>)| {
        case(format!("commit-{name}"), move |t| {
            let tree = ground(t);
            on_main(t, text(&tree));
            only_history(finds(["one"]).either())
        })
    };
    let mut cases: Vec<Case> = texts.into_iter().map(one).collect();
    cases.push(case("commit-two-trees", |t| {
        let tree = ground(t);
        let other = object(t, "blob", line("two").as_bytes());
        let other = object(t, "tree", &raw_tree(&[(b"100644 b", &other)]));
        on_main(t, format!("tree {tree}\ntree {other}\nauthor {WHO}\ncommitter {WHO}\n\nm\n"));
        // Git reads the first; a scan of all objects meets the second as well, which nothing names.
        only_history(finds(["one"]).either())
    }));
    for (name, text) in [("empty", ""), ("rubbish", "\u{1}\u{2}"), ("no-tree", "author A <a> 1 +0000\n\nm\n")]
    {
        cases.push(case(format!("commit-{name}"), move |t| {
            ground(t);
            let id = on_main(t, text);
            only_history(finds([""; 0]).or_gap(["one"]).gaps([format!("corrupt-object {id}")]))
        }));
    }
    cases.push(case("commit-tree-not-hex", |t| {
        ground(t);
        let id = on_main(t, format!("tree {}\nauthor {WHO}\ncommitter {WHO}\n\nm\n", "z".repeat(40)));
        only_history(finds([""; 0]).gaps([format!("corrupt-object {id}")]))
    }));
    cases.push(case("commit-parent-not-hex", |t| {
        let tree = ground(t);
        on_main(t, format!("tree {tree}\nparent {}\nauthor {WHO}\ncommitter {WHO}\n\nm\n", "z".repeat(40)));
        // What it comes from is not known: history may be missing.
        only_history(finds(["one"]).gaps(["corrupt-object "]))
    }));
    cases.push(case("commit-tree-gone", |t| {
        ground(t);
        commit_of(t, NOTHING);
        only_history(finds([""; 0]).gaps([format!("missing-object {NOTHING}")]))
    }));
    cases
}

fn graphs() -> Vec<Case> {
    let with_parents = |t: &Sandbox, tree: &str, parents: &[String]| {
        let parents: String = parents.iter().map(|id| format!("parent {id}\n")).collect();
        on_main(t, format!("tree {tree}\n{parents}author {WHO}\ncommitter {WHO}\n\nm\n"))
    };
    vec![
        case("commit-of-missing-parents", move |t| {
            let tree = ground(t);
            let other = "5b".repeat(20);
            with_parents(t, &tree, &[NOTHING.into(), other.clone()]);
            let gaps = [format!("missing-object {NOTHING}"), format!("missing-object {other}")];
            only_history(finds(["one"]).gaps(gaps))
        }),
        case("commit-whose-parent-is-a-blob", move |t| {
            let tree = ground(t);
            let blob = object(t, "blob", line("parent").as_bytes());
            with_parents(t, &tree, std::slice::from_ref(&blob));
            only_history(finds(["one"]).or_gap(["parent"]).gaps([""]))
        }),
        case("commit-whose-parent-is-itself", move |t| {
            // Under an id that is not its own, or there could be no such thing.
            let tree = ground(t);
            let text = format!("tree {tree}\nparent {NOTHING}\nauthor {WHO}\ncommitter {WHO}\n\nm\n");
            let header = format!("commit {}", text.len());
            write_loose(&t.path(".git/objects"), NOTHING, &header, text.as_bytes());
            t.write(".git/refs/heads/main", format!("{NOTHING}\n"));
            only_history(finds(["one"]).either())
        }),
        case("commits-in-a-circle", move |t| {
            let tree = ground(t);
            for i in 0..100u8 {
                let parent = format!("{:02x}", (i + 1) % 100).repeat(20);
                let text = format!("tree {tree}\nparent {parent}\nauthor {WHO}\ncommitter {WHO}\n\nm\n");
                let id = format!("{i:02x}").repeat(20);
                let header = format!("commit {}", text.len());
                write_loose(&t.path(".git/objects"), &id, &header, text.as_bytes());
            }
            t.write(".git/refs/heads/main", format!("{}\n", "07".repeat(20)));
            only_history(finds([""; 0]).or_gap(["one"]))
        }),
        case("commit-with-one-parent-thousand-times", move |t| {
            let tree = ground(t);
            let parent = commit_of(t, &tree);
            with_parents(t, &tree, &vec![parent; 1000]);
            only_history(finds(["one"]))
        }),
        case("commit-with-thousand-parents", move |t| {
            let tree = ground(t);
            let parent = |i: usize| {
                let blob = object(t, "blob", format!("{i}\n").as_bytes());
                let tree = object(t, "tree", &raw_tree(&[(b"100644 a", &blob)]));
                object(t, "commit", format!("tree {tree}\nauthor {WHO}\ncommitter {WHO}\n\nm\n").as_bytes())
            };
            let parents: Vec<String> = (0..1000).map(parent).collect();
            with_parents(t, &tree, &parents);
            only_history(finds(["one"]))
        }),
        case("commits-that-travel-in-time", move |t| {
            // Children older than their parents, each with a token of its own.
            ground(t);
            let mut parents = String::new();
            for i in 0..30u64 {
                let blob = object(t, "blob", line(&i.to_string()).as_bytes());
                let tree = object(t, "tree", &raw_tree(&[(b"100644 a", &blob)]));
                let who = format!("A <a> {} +0000", 1_000_000_000 - i * 1_000_000);
                let id = on_main(t, format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\nm\n"));
                parents = format!("parent {id}\n");
            }
            only_history(finds((0..30).map(|i| i.to_string())))
        }),
    ]
}
