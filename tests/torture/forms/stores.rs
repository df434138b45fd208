//! How the objects themselves are stored.

use super::{loner, past, script};
use crate::case::{Case, case, finds};
use crate::support::{Rng, Sandbox, line};

/// What git is told to do with the objects of [`ground`].
const STORES: [(&str, &str); 21] = [
    ("loose", ""),
    ("packed", "repack -qad"),
    ("packed, with loose copies", "repack -qa"),
    ("packed, reference deltas", "-c repack.useDeltaBaseOffset=false repack -qadf --depth=50"),
    ("packed, long chains", "repack -qadf --depth=4000 --window=250"),
    ("packed, no deltas", "repack -qadf --depth=0 --window=0"),
    ("packed, blobs as they are", "-c core.bigFileThreshold=1 repack -qadF"),
    ("packed, not compressed", "-c core.compression=0 repack -qadF"),
    ("packed, index version 1", "-c pack.indexVersion=1 repack -qad"),
    ("packed, without reverse index", "-c pack.writeReverseIndex=false repack -qad"),
    ("packed, bitmaps", "repack -qadb"),
    ("packed, bitmaps, lookup table", "-c pack.writeBitmapLookupTable=true repack -qadb"),
    ("packed by roots and the rest", "repack -qad --filter=blob:none"),
    ("packed, geometric", "repack -q\nrepack -qd --geometric=2 --write-midx"),
    ("multi-pack-index", "repack -qad\nmulti-pack-index write"),
    ("multi-pack-index, bitmaps", "repack -qad\nmulti-pack-index write --bitmap"),
    ("multi-pack-index in layers", "repack -qad\nmulti-pack-index write --incremental"),
    ("cruft", "repack -qd --cruft"),
    ("collected", "gc -q"),
    ("collected, all in one", "gc -q --aggressive --prune=now"),
    ("commit-graph", "commit-graph write --reachable --changed-paths --split"),
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = STORES
        .iter()
        .map(|(name, lines)| {
            case(*name, |t| {
                ground(t);
                script(t, lines);
                finds(["one", "two", "three", "kept"])
            })
        })
        .collect();
    cases.extend(packs());
    cases.extend(beside());
    cases
}

/// Versions of a file of which three held a token, and a commit beside.
fn ground(t: &Sandbox) {
    t.git(["init", "-q"]);
    for name in ["one", "", "two", "", "three", ""] {
        let text =
            (0..200).map(|n| format!("line {n} of the file {}\n", mixed(n))).collect::<Vec<_>>().concat();
        let token = if name.is_empty() { String::new() } else { line(name) };
        t.commit_file("file", format!("{name}{text}{token}{text}"));
    }
    // The reflog keeps it even where the branch goes.
    let kept = loner(t, "kept");
    t.git(["update-ref", "--create-reflog", "refs/heads/kept", &kept]);
    t.git(["checkout", "-q", "kept", "--"]);
    t.git(["checkout", "-q", "main"]);
}

/// Words that make the lines differ.
fn mixed(n: usize) -> String {
    format!("{:08x}", n.wrapping_mul(2_654_435_761) & 0xffff_ffff)
}

/// Packs of an odd kind.
fn packs() -> Vec<Case> {
    vec![
        case("several packs", |t| {
            t.git(["init", "-q"]);
            for name in ["one", "two", "three"] {
                past(t, name);
                t.git(["repack", "-qd"]);
            }
            assert_eq!(t.packs("pack").len(), 3);
            past(t, "loose");
            finds(["one", "two", "three", "loose"])
        }),
        case("several packs under one index", |t| {
            t.git(["init", "-q"]);
            for name in ["one", "two", "three"] {
                past(t, name);
                t.git(["repack", "-qd"]);
            }
            t.git(["multi-pack-index", "write", "--bitmap"]);
            past(t, "later");
            t.git(["repack", "-qd"]);
            finds(["one", "two", "three", "later"])
        }),
        case("the same in every pack", |t| {
            t.git(["init", "-q"]);
            for name in ["one", "two", "three"] {
                past(t, name);
                t.git(["repack", "-qa"]);
            }
            assert_eq!(t.packs("pack").len(), 3);
            finds(["one", "two", "three"])
        }),
        case("packs of limited size", |t| {
            t.git(["init", "-q"]);
            for name in ["one", "two", "three"] {
                let mut random = Rng::from_name(name);
                let letters: Vec<char> = ('a'..='p').collect();
                let noise: String = (0..400_000).map(|_| letters[random.below(16)]).collect();
                t.commit_file("noise", format!("{noise}\n{}{noise}\n", line(name)));
            }
            t.git(["-c", "pack.packSizeLimit=1m", "repack", "-qadf"]);
            assert!(t.packs("pack").len() > 1);
            finds(["one", "two", "three"])
        }),
        case("kept and promised packs", |t| {
            t.git(["init", "-q"]);
            for (name, mark) in [("one", "keep"), ("two", "promisor"), ("three", "keep")] {
                past(t, name);
                t.git(["repack", "-qd"]);
                for pack in t.packs("pack") {
                    std::fs::write(pack.with_extension(mark), "").unwrap();
                }
            }
            finds(["one", "two", "three"])
        }),
        case("offsets of 64 bits", |t| {
            ground(t);
            t.git(["repack", "-qad"]);
            let pack = t.only_pack("pack");
            std::fs::remove_file(pack.with_extension("idx")).unwrap();
            let _ = std::fs::remove_file(pack.with_extension("rev"));
            t.git(["index-pack", "--index-version=2,0x40", pack.to_str().unwrap()]);
            finds(["one", "two", "three", "kept"])
        }),
        case("a pack by another name", |t| {
            ground(t);
            t.git(["repack", "-qad"]);
            let pack = t.only_pack("pack");
            for extension in ["pack", "idx", "rev"] {
                let _ = std::fs::rename(
                    pack.with_extension(extension),
                    t.path(".git/objects/pack/odd").with_extension(extension),
                );
            }
            finds(["one", "two", "three", "kept"])
        }),
        case("an empty pack", |t| {
            ground(t);
            t.git_with(["pack-objects", "-q", ".git/objects/pack/pack"], b"");
            finds(["one", "two", "three", "kept"])
        }),
        case("a cruft pack keeps what nothing names", |t| {
            t.git(["init", "-q"]);
            t.commit_file("a", "a\n");
            loner(t, "gone");
            t.git(["repack", "-qd", "--cruft"]);
            assert_eq!(t.packs("mtimes").len(), 1);
            finds(["gone"]).with([".", "--unreachable"])
        }),
    ]
}

/// What lies beside the objects, and is no object.
fn beside() -> Vec<Case> {
    let left: [(&str, &str); 9] = [
        ("a pack that was not finished", "objects/pack/tmp_pack_Ab12Cd"),
        ("an index that was not finished", "objects/pack/tmp_idx_Ab12Cd"),
        ("a loose object that was not finished", "objects/12/tmp_obj_Ab12Cd"),
        ("a push that was not finished", "objects/tmp_objdir-incoming-Ab12Cd/pack/tmp_pack_Ab12Cd"),
        ("a collection that was not finished", "gc.pid"),
        ("a collection that complained", "gc.log"),
        ("a multi-pack-index of nonsense", "objects/pack/multi-pack-index"),
        ("a commit-graph of nonsense", "objects/info/commit-graph"),
        ("a list of packs of nonsense", "objects/info/packs"),
    ];
    let mut cases: Vec<Case> = left
        .into_iter()
        .map(|(name, path)| {
            case(name, move |t| {
                ground(t);
                t.git(["repack", "-qad"]);
                t.write(format!(".git/{path}"), "rubbish\n");
                finds(["one", "two", "three", "kept"])
            })
        })
        .collect();
    cases.push(case("a commit-graph that leaves commits out", |t| {
        t.git(["init", "-q"]);
        let first = past(t, "one");
        past(t, "two");
        t.git_with(["commit-graph", "write", "--stdin-commits"], format!("{first}\n").as_bytes());
        past(t, "three");
        finds(["one", "two", "three"])
    }));
    cases.push(case("a commit-graph of another repository", |t| {
        t.git(["init", "-q", "../other"]);
        let other = t.outside("other");
        t.git_in(&other, ["commit", "-q", "--allow-empty", "-m", "other"], b"");
        t.git_in(&other, ["commit-graph", "write", "--reachable"], b"");
        ground(t);
        let graph = std::fs::read(other.join(".git/objects/info/commit-graph")).unwrap();
        t.write(".git/objects/info/commit-graph", graph);
        finds(["one", "two", "three", "kept"])
    }));
    cases
}
