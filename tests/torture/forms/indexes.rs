//! The index: its versions and extensions, and what entries can be.

use super::{past, script};
use crate::case::{Case, case, finds};
use crate::support::{Sandbox, line};

/// A token that was committed and is gone, and one that is staged and was changed since.
fn ground(t: &Sandbox) {
    t.git(["init", "-q"]);
    past(t, "past");
    for name in ["a", "sub/b", "sub/deep/c", "other/d"] {
        t.write(name, format!("{name}\n"));
    }
    t.commit("files");
    t.write("staged", line("staged"));
    t.git(["add", "staged"]);
    t.write("staged", "clean\n");
}

/// What git is told to do with the index.
const FORMS: [(&str, &str); 14] = [
    ("version 2", "update-index --index-version 2"),
    ("version 3", "update-index --skip-worktree a"),
    ("version 4", "update-index --index-version 4"),
    ("split", "update-index --split-index"),
    (
        "split, of version 4",
        "update-index --index-version 4\nupdate-index --split-index\nupdate-index --chmod=+x a",
    ),
    ("split, changed since", "update-index --split-index\nrm -q --cached a"),
    ("untracked cache", "update-index --untracked-cache\nstatus"),
    (
        "for several threads",
        "-c index.threads=2 -c index.recordEndOfIndexEntries=true -c index.recordOffsetTable=true update-index --force-write-index",
    ),
    ("no checksum", "-c index.skipHash=true update-index --force-write-index"),
    ("skip-worktree", "update-index --skip-worktree sub/b"),
    ("assume-unchanged", "update-index --assume-unchanged a"),
    ("tree cache", "write-tree"),
    ("many features", "-c feature.manyFiles=true status"),
    ("settings for large files", "-c feature.experimental=true -c core.untrackedCache=true status"),
];

pub(super) fn cases() -> Vec<Case> {
    let forms = FORMS.iter().flat_map(|(name, lines)| {
        let make = move |history: bool| {
            move |t: &Sandbox| {
                ground(t);
                script(t, lines);
                if history {
                    finds(["past", "staged"])
                } else {
                    finds(["staged"]).with([".", "--no-history"])
                }
            }
        };
        [
            case(format!("index, {name}"), make(true)),
            case(format!("index, {name}, without history"), make(false)),
        ]
    });
    let mut cases: Vec<Case> = forms.collect();
    cases.extend(entries());
    cases.extend(sparse());
    cases
}

fn entries() -> Vec<Case> {
    vec![
        case("index, missing", |t| {
            t.git(["init", "-q"]);
            past(t, "past");
            t.write("file", line("file"));
            std::fs::remove_file(t.path(".git/index")).unwrap();
            finds(["past", "file"])
        }),
        case("index, fsmonitor", |t| {
            ground(t);
            // A monitor that says that nothing changed is not asked.
            t.git(["update-index", "--fsmonitor"]);
            t.git(["update-index", "--fsmonitor-valid", "a"]);
            t.write("a", line("a"));
            finds(["past", "staged", "a"])
        }),
        case("index, assume-unchanged, and changed", |t| {
            ground(t);
            t.git(["update-index", "--assume-unchanged", "a"]);
            t.write("a", line("a"));
            finds(["past", "staged", "a"])
        }),
        case("index, skip-worktree, and there", |t| {
            ground(t);
            t.git(["update-index", "--skip-worktree", "a"]);
            t.write("a", line("a"));
            finds(["past", "staged", "a"])
        }),
        case("index, intent to add", |t| {
            ground(t);
            t.write("new", line("new"));
            t.git(["add", "-N", "new"]);
            finds(["past", "staged", "new"])
        }),
        case("index, intent to add, and gone", |t| {
            ground(t);
            t.write("new", line("new"));
            t.git(["add", "-N", "new"]);
            std::fs::remove_file(t.path("new")).unwrap();
            finds(["past", "staged"])
        }),
        case("index, conflict", |t| {
            conflict(t);
            finds(["base", "ours", "theirs"])
        }),
        case("index, conflict, without history", |t| {
            conflict(t);
            finds(["base", "ours", "theirs"]).with([".", "--no-history"])
        }),
        case("index, conflict that was resolved", |t| {
            t.git(["init", "-q"]);
            t.commit_file("file", "base\n");
            t.git(["checkout", "-q", "-b", "topic"]);
            t.commit_file("file", line("ours"));
            t.git(["checkout", "-q", "main"]);
            t.commit_file("file", line("theirs"));
            assert_ne!(t.try_git(["merge", "topic"]).code, Some(0));
            t.write("file", line("resolved"));
            t.git(["add", "file"]);
            std::fs::remove_file(t.path("file")).unwrap();
            finds(["ours", "theirs", "resolved"])
        }),
        case("index, a submodule that is not there", |t| {
            ground(t);
            let id = "12".repeat(20);
            t.git(["update-index", "--add", "--cacheinfo", &format!("160000,{id},module")]);
            finds(["past", "staged"])
        }),
        case("index, names that differ in case only", |t| {
            ground(t);
            t.git(["config", "core.ignoreCase", "true"]);
            for (name, path) in [("upper", "Readme"), ("lower", "README"), ("mixed", "ReadMe")] {
                let id = t.git_with(["hash-object", "-w", "--stdin"], line(name).as_bytes());
                t.git(["update-index", "--add", "--cacheinfo", &format!("100644,{id},{path}")]);
            }
            finds(["past", "staged", "upper", "lower", "mixed"])
        }),
        case("index, names of odd bytes", |t| {
            ground(t);
            let list: Vec<u8> =
                [&b"new\nline"[..], b"tab\tstop", b"quote\"", b"\xff\xfe", b"\x1b[31m", b" space "]
                    .iter()
                    .enumerate()
                    .flat_map(|(number, name)| {
                        let id = t.git_with(
                            ["hash-object", "-w", "--stdin"],
                            line(&format!("n{number}")).as_bytes(),
                        );
                        [format!("100644 {id} 0\t").as_bytes(), name, b"\0"].concat()
                    })
                    .collect();
            t.git_with(["update-index", "-z", "--index-info"], &list);
            finds(["past", "staged", "n0", "n1", "n2", "n3", "n4", "n5"])
        }),
        case("index, a link and a program", |t| {
            ground(t);
            for (mode, name) in [("120000", "link"), ("100755", "program")] {
                let id = t.git_with(["hash-object", "-w", "--stdin"], line(name).as_bytes());
                t.git(["update-index", "--add", "--cacheinfo", &format!("{mode},{id},{name}")]);
            }
            finds(["past", "staged", "link", "program"])
        }),
        case("index, a lock that was left", |t| {
            ground(t);
            t.write(".git/index.lock", "");
            finds(["past", "staged"])
        }),
        case("index, another one beside", |t| {
            ground(t);
            // Of `git commit PATH` while its editor is open, say.
            std::fs::copy(t.path(".git/index"), t.path(".git/next-index-12.lock")).unwrap();
            finds(["past", "staged"])
        }),
        case("index, without one", |t| {
            ground(t);
            t.git(["rm", "-rq", "--cached", "-f", "."]);
            finds(["past"])
                .at("past:1:3 commit")
                // The staged blob is unreachable now.
                .with(["."])
        }),
    ]
}

/// One path in three stages, and nothing else.
fn conflict(t: &Sandbox) {
    t.git(["init", "-q"]);
    let entry = |(stage, name)| {
        let id = t.git_with(["hash-object", "-w", "--stdin"], line(name).as_bytes());
        format!("100644 {id} {stage}\tfile\n")
    };
    let list = [(1, "base"), (2, "ours"), (3, "theirs")].map(entry).concat();
    t.git_with(["update-index", "--index-info"], list.as_bytes());
}

/// Files outside the cone stand in the index and in the history, and not on disk.
fn sparse() -> Vec<Case> {
    let with_sub = |t: &Sandbox| {
        t.git(["init", "-q"]);
        past(t, "past");
        t.write("in/a", "a\n");
        t.write("out/b", line("b"));
        t.write("out/deep/c", line("c"));
        t.commit("files");
    };
    let lines = [
        ("cone", "sparse-checkout set in"),
        ("patterns", "sparse-checkout set --no-cone /in/"),
        ("sparse index", "sparse-checkout set --sparse-index in"),
        ("sparse and split", "sparse-checkout set in\nupdate-index --split-index"),
    ];
    lines
        .into_iter()
        .flat_map(|(name, lines)| {
            let make = move |t: &Sandbox| {
                with_sub(t);
                script(t, lines);
                assert!(!t.path("out").exists());
            };
            [
                case(format!("sparse checkout, {name}"), move |t| {
                    make(t);
                    finds(["past", "b", "c"])
                }),
                case(format!("sparse checkout, {name}, without history"), move |t| {
                    make(t);
                    finds(["b", "c"]).with([".", "--no-history"])
                }),
            ]
        })
        .collect()
}
