//! Refs in the reftable format.

use super::{loner, past, script};
use crate::case::{Case, case, clean, finds};
use crate::support::{Sandbox, line};

/// A token in the past, and one that only a branch names.
fn ground(t: &Sandbox, more: &[&str]) {
    t.git([&["init", "-q", "--ref-format=reftable"], more].concat());
    past(t, "past");
    let id = loner(t, "odd");
    t.git(["update-ref", "refs/heads/odd", &id]);
}

/// What git is told to do.
const FORMS: [(&str, &str); 12] = [
    ("plain", ""),
    ("compacted", "pack-refs --all"),
    (
        "in several tables",
        "-c reftable.autoCompaction=false branch a\n-c reftable.autoCompaction=false branch b\nbranch -D a",
    ),
    ("deleted in a later table", "pack-refs --all\nbranch gone\nbranch -D gone"),
    ("small blocks", "-c reftable.blockSize=300 pack-refs --all"),
    ("restarts", "-c reftable.restartInterval=1 pack-refs --all"),
    ("without index of objects", "-c reftable.indexObjects=false pack-refs --all"),
    ("symbolic refs", "symbolic-ref refs/heads/two refs/heads/odd\nsymbolic-ref HEAD refs/heads/two"),
    ("a symbolic ref to nothing", "symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/gone"),
    ("detached", "checkout -q --detach HEAD~1"),
    ("unborn", "symbolic-ref HEAD refs/heads/unborn"),
    ("collected", "gc -q"),
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = FORMS
        .iter()
        .flat_map(|(name, lines)| {
            [("", &[][..]), (", SHA-256", &["--object-format=sha256"])].map(|(hash, more)| {
                case(format!("reftable, {name}{hash}"), move |t| {
                    ground(t, more);
                    script(t, lines);
                    finds(["past", "odd"])
                })
            })
        })
        .collect();
    cases.extend([
        case("reftable, empty", |t| {
            t.git(["init", "-q", "--ref-format=reftable"]);
            clean()
        }),
        case("reftable, places", |t| {
            t.git(["init", "-q", "--ref-format=reftable"]);
            let id = t.commit_file("a", line("a"));
            finds(["a"]).at(format!("a:1:3 commit {id} head"))
        }),
        case("reftable, tags", |t| {
            ground(t, &[]);
            let blob = t.git_with(["hash-object", "-w", "--stdin"], line("tagged").as_bytes());
            t.git(["tag", "-a", "-m", "a", "tag", &blob]);
            t.git(["tag", "-a", "-m", "b", "past"]);
            finds(["past", "odd", "tagged"])
        }),
        case("reftable, a reflog", |t| {
            ground(t, &[]);
            let id = loner(t, "logged");
            t.git(["update-ref", "--create-reflog", "refs/heads/gone", &id]);
            t.git(["update-ref", "refs/heads/gone", &t.id("main")]);
            finds(["past", "odd", "logged"])
        }),
        case("reftable, a reflog that was deleted", |t| {
            ground(t, &[]);
            let id = loner(t, "logged");
            t.git(["update-ref", "--create-reflog", "refs/heads/gone", &id]);
            t.git(["update-ref", "-d", "refs/heads/gone"]);
            // Nothing names it any more.
            finds(["past", "odd"])
        }),
        case("reftable, a stash of several", |t| {
            ground(t, &[]);
            t.commit_file("file", "file\n");
            for name in ["one", "two", "three"] {
                t.write("file", line(name));
                t.git(["stash", "-q"]);
            }
            t.git(["stash", "drop", "-q", "stash@{1}"]);
            // What was dropped is named by nothing.
            finds(["past", "odd", "one", "three"])
        }),
        case("reftable, many refs", |t| {
            ground(t, &[]);
            let id = loner(t, "last");
            let main = t.id("main");
            let list = (0..5000)
                .map(|n| {
                    format!("create refs/heads/{:05}/{n} {}\n", n % 7, if n == 4321 { &id } else { &main })
                })
                .collect::<Vec<_>>()
                .concat();
            t.git_with(["update-ref", "--stdin"], list.as_bytes());
            t.git(["pack-refs", "--all"]);
            finds(["past", "odd", "last"])
        }),
        case("reftable, long reflogs", |t| {
            ground(t, &[]);
            let (id, main, none) = (loner(t, "logged"), t.id("main"), "0".repeat(40));
            let list = (0..300)
                .map(|n| {
                    let (new, old) = if n % 2 == 0 { (&main, &id) } else { (&id, &main) };
                    format!(
                        "start\nupdate refs/heads/busy {new} {}\nprepare\ncommit\n",
                        if n == 0 { &none } else { old }
                    )
                })
                .collect::<Vec<_>>()
                .concat();
            t.git_with(["-c", "core.logAllRefUpdates=always", "update-ref", "--stdin"], list.as_bytes());
            t.git(["pack-refs", "--all"]);
            finds(["past", "odd", "logged"])
        }),
        case("reftable, worktrees", |t| {
            ground(t, &[]);
            t.git(["worktree", "add", "-q", "--detach", "../linked"]);
            let id = loner(t, "detached");
            t.git_in(&t.outside("linked"), ["update-ref", "--no-deref", "HEAD", &id], b"");
            finds(["past", "odd", "detached"])
        }),
        case("reftable, from a linked worktree", |t| {
            ground(t, &[]);
            t.git(["worktree", "add", "-q", "--detach", "../linked"]);
            let id = loner(t, "detached");
            t.git_in(&t.outside("linked"), ["update-ref", "--no-deref", "HEAD", &id], b"");
            finds(["past", "odd", "detached"]).with(["../linked"])
        }),
        case("reftable, a branch", |t| {
            ground(t, &[]);
            finds(["odd"]).with([".", "--branch", "odd"])
        }),
        case("reftable, a range", |t| {
            ground(t, &[]);
            t.commit_file("new", line("new"));
            finds(["new"]).with([".", "--range", "HEAD~1..main"])
        }),
        case("reftable, staged", |t| {
            ground(t, &[]);
            t.write("staged", line("staged"));
            t.git(["add", "staged"]);
            finds(["staged"]).with(["--staged"])
        }),
        case("reftable, special refs", |t| {
            ground(t, &[]);
            let id = loner(t, "original");
            t.git(["update-ref", "ORIG_HEAD", &id]);
            finds(["past", "odd", "original"])
        }),
    ]);
    cases.extend(broken());
    cases
}

type Damage = fn(Vec<u8>) -> Vec<u8>;

/// Tables that cannot be read are gaps, and the objects are read all the same.
fn broken() -> Vec<Case> {
    let damages: [(&str, &[&str], Damage); 5] = [
        ("empty", &[], |_| Vec::new()),
        ("rubbish", &[], |_| b"rubbish".to_vec()),
        ("cut short", &["past", "odd"], |bytes| bytes[..bytes.len() / 2].to_vec()),
        ("a bit flipped in the refs", &[], |mut bytes| {
            bytes[24] ^= 0x10;
            bytes
        }),
        ("a bit flipped at the end", &["past", "odd"], |mut bytes| {
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            bytes
        }),
    ];
    let mut cases: Vec<Case> = damages
        .into_iter()
        .map(|(name, found, damage)| {
            case(format!("reftable, {name}"), move |t| {
                ground(t, &[]);
                t.git(["pack-refs", "--all"]);
                let list = std::fs::read_to_string(t.path(".git/reftable/tables.list")).unwrap();
                let table = t.path(".git/reftable").join(list.trim_end());
                let bytes = damage(std::fs::read(&table).unwrap());
                std::fs::remove_file(&table).unwrap();
                std::fs::write(&table, bytes).unwrap();
                // What no ref names is not reported, and it is said that refs are missing.
                finds(found.iter().copied()).gaps(["broken-ref"]).beyond_git()
            })
        })
        .collect();
    cases.extend([
        case("reftable, a table is missing", |t| {
            ground(t, &[]);
            t.write(".git/reftable/tables.list", "0x000000000001-0x000000000002-12345678.ref\n");
            clean().gaps(["broken-ref"]).beyond_git()
        }),
        case("reftable, no list", |t| {
            ground(t, &[]);
            std::fs::remove_file(t.path(".git/reftable/tables.list")).unwrap();
            clean().gaps(["broken-ref"]).beyond_git()
        }),
        case("reftable, a table outside", |t| {
            ground(t, &[]);
            t.write(".git/reftable/tables.list", "../../../outside\n");
            std::fs::write(t.outside("outside"), "rubbish").unwrap();
            clean().gaps(["broken-ref"]).beyond_git()
        }),
    ]);
    cases
}
