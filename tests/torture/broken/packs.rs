//! Damaged packs and what lies beside them.

use std::path::PathBuf;

use super::{as_far_as_git, change, object, three};
use crate::case::{Case, Expected, case, finds};
use crate::support::pack::{Body, Entry, Id, blob_id, delta, hex, insert, made_up_id, write_pack};
use crate::support::{Sandbox, line};

pub(crate) fn cases() -> Vec<Case> {
    [damaged("pack", &PACK), damaged("idx", &INDEX), beside(), midx(), made_by_hand()]
        .into_iter()
        .flatten()
        .collect()
}

/// Where things are in a pack, so that damage can be aimed at them.
struct Places {
    /// An entry that is a delta.
    delta: usize,
    /// The entry that it is a delta of.
    whole: usize,
}

type Damage = (&'static str, fn(&mut Vec<u8>, &Places));

const PACK: [Damage; 18] = [
    ("empty", |bytes, _| bytes.clear()),
    ("cut-in-signature", |bytes, _| bytes.truncate(3)),
    ("cut-after-version", |bytes, _| bytes.truncate(8)),
    ("cut-after-header", |bytes, _| bytes.truncate(12)),
    ("cut-in-whole-entry", |bytes, places| bytes.truncate(places.whole + 5)),
    ("cut-in-delta", |bytes, places| bytes.truncate(places.delta + 1)),
    ("cut-in-half", |bytes, _| bytes.truncate(bytes.len() / 2)),
    ("cut-before-trailer", |bytes, _| bytes.truncate(bytes.len() - 20)),
    ("cut-in-trailer", |bytes, _| bytes.truncate(bytes.len() - 1)),
    ("longer", |bytes, _| bytes.extend(b"more")),
    ("zeros", |bytes, _| bytes.fill(0)),
    ("flip-signature", |bytes, _| bytes[0] ^= 1),
    ("version-9", |bytes, _| bytes[7] = 9),
    ("count-absurd", |bytes, _| bytes[8] = 0x7f),
    ("flip-kind-of-entry", |bytes, places| bytes[places.whole] ^= 0x50),
    ("flip-stream", |bytes, places| bytes[places.whole + 12] ^= 4),
    ("flip-distance-of-delta", |bytes, places| bytes[places.delta + 2] ^= 1),
    ("flip-trailer", |bytes, _| *bytes.last_mut().unwrap() ^= 1),
];

/// Behind magic, version and fan-out stand the ids, then checksums, then offsets.
const FANOUT: usize = 8;
const IDS: usize = FANOUT + 1024;

fn count(index: &[u8]) -> usize {
    u32::from_be_bytes(index[IDS - 4..IDS].try_into().unwrap()) as usize
}

const INDEX: [Damage; 17] = [
    ("empty", |bytes, _| bytes.clear()),
    ("cut-in-header", |bytes, _| bytes.truncate(6)),
    ("cut-in-fanout", |bytes, _| bytes.truncate(500)),
    ("cut-in-ids", |bytes, _| bytes.truncate(IDS + 30)),
    ("cut-before-trailer", |bytes, _| bytes.truncate(bytes.len() - 40)),
    ("longer", |bytes, _| bytes.extend([0; 7])),
    ("zeros", |bytes, _| bytes.fill(0)),
    ("flip-magic", |bytes, _| bytes[1] ^= 1),
    ("version-3", |bytes, _| bytes[7] = 3),
    ("fanout-falls", |bytes, _| bytes[FANOUT + 3] = 0xff),
    ("count-absurd", |bytes, _| bytes[IDS - 4] = 0x7f),
    ("flip-id", |bytes, _| bytes[IDS + 5] ^= 1),
    ("id-twice", |bytes, _| bytes.copy_within(IDS..IDS + 20, IDS + 20)),
    ("flip-crc", |bytes, _| {
        let at = IDS + count(bytes) * 20;
        bytes[at] ^= 1;
    }),
    ("offset-beyond", |bytes, _| {
        let at = IDS + count(bytes) * 24;
        bytes[at..at + 4].copy_from_slice(&0x7fff_fff0u32.to_be_bytes());
    }),
    ("offset-in-absent-table", |bytes, _| {
        let at = IDS + count(bytes) * 24;
        bytes[at..at + 4].copy_from_slice(&0x8000_0005u32.to_be_bytes());
    }),
    ("offsets-swapped", |bytes, _| {
        let at = IDS + count(bytes) * 24;
        (0..4).for_each(|i| bytes.swap(at + i, at + 4 + i));
    }),
];

/// Versions of one file in one pack, as deltas of each other, and `safe` in a loose object. Names and ids of blobs.
fn packed(t: &Sandbox) -> (Vec<(&'static str, String)>, Places) {
    t.git(["init", "-q"]);
    let filler: String = (0..300).map(|i| format!("this is line {i} of the file\n")).collect();
    for name in ["one", "two", "three"] {
        t.commit_file("a", format!("{filler}{}", line(name)));
    }
    t.git(["repack", "-qadf", "--depth=50"]);
    let mut names: Vec<_> =
        [("one", "HEAD~2:a"), ("two", "HEAD~1:a"), ("three", "HEAD:a")].map(|(n, r)| (n, t.id(r))).into();
    let listing = t.git(["verify-pack", "-v", t.only_pack("idx").to_str().unwrap()]);
    let rows: Vec<Vec<&str>> = listing.lines().map(|row| row.split_whitespace().collect()).collect();
    let child = rows.iter().find(|row| row.len() == 7 && row[1] == "blob").expect("there is a delta");
    let base = rows.iter().find(|row| row[0] == child[6]).unwrap();
    let places = Places { delta: child[4].parse().unwrap(), whole: base[4].parse().unwrap() };
    let safe = object(t, "blob", line("safe").as_bytes());
    t.write(".git/refs/tags/safe", format!("{safe}\n"));
    names.push(("safe", safe));
    (names, places)
}

fn damaged(extension: &'static str, list: &'static [Damage]) -> Vec<Case> {
    let one = |(name, damage): &'static Damage| {
        case(format!("{extension}-{name}"), move |t| {
            let (names, places) = packed(t);
            change(&t.only_pack(extension), |bytes| damage(bytes, &places));
            as_far_as_git(t, &names)
        })
    };
    list.iter().map(one).collect()
}

/// What is in place of a file, or what lies beside the packs and takes nothing away.
fn beside() -> Vec<Case> {
    let mut cases = Vec::new();
    for extension in ["pack", "idx"] {
        cases.push(case(format!("{extension}-is-a-directory"), move |t| {
            let (names, _) = packed(t);
            let path = t.only_pack(extension);
            std::fs::remove_file(&path).unwrap();
            std::fs::create_dir(&path).unwrap();
            as_far_as_git(t, &names).gaps(["corrupt-pack "])
        }));
        cases.push(case(format!("{extension}-is-a-broken-link"), move |t| {
            let (names, _) = packed(t);
            let path = t.only_pack(extension);
            std::fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink("nowhere", &path).unwrap();
            as_far_as_git(t, &names).gaps(["corrupt-pack "])
        }));
    }
    for (extension, bytes) in [
        ("rev", &b"RIDX\0\0\0\x01"[..]),
        ("bitmap", b"BITM\0\x01\0\x01\xff\xff\xff\xff"),
        ("mtimes", b""),
        ("keep", b"\0rubbish"),
        ("promisor", b"\xff"),
    ] {
        cases.push(case(format!("{extension}-is-rubbish"), move |t| {
            let (names, _) = packed(t);
            let path = t.only_pack("pack").with_extension(extension);
            let _ = std::fs::remove_file(&path);
            std::fs::write(path, bytes).unwrap();
            finds(names.into_iter().map(|(name, _)| name)).with(super::EVERYTHING).beyond_git()
        }));
    }
    let graphs: [(&str, fn(&mut Vec<u8>)); 4] = [
        ("empty", Vec::clear),
        ("cut", |bytes| bytes.truncate(bytes.len() / 2)),
        ("rubbish", |bytes| bytes.iter_mut().skip(8).for_each(|byte| *byte ^= 0x55)),
        ("links", |bytes| {
            let end = bytes.len() - 60;
            bytes[end - 40..end].fill(0x7f);
        }),
    ];
    for (name, damage) in graphs {
        cases.push(case(format!("commit-graph-{name}"), move |t| {
            three(t);
            t.git(["commit-graph", "write", "--reachable"]);
            change(&t.path(".git/objects/info/commit-graph"), damage);
            finds(["one", "two", "three"]).with([".", "--no-worktree"]).beyond_git()
        }));
    }
    cases
}

fn midx() -> Vec<Case> {
    let damages: [(&str, fn(&mut Vec<u8>)); 6] = [
        ("empty", Vec::clear),
        ("cut", |bytes| bytes.truncate(bytes.len() / 2)),
        ("version", |bytes| bytes[4] = 9),
        ("chunks-beyond", |bytes| bytes[20..24].fill(0xff)),
        ("names-no-pack", |bytes| {
            let at = bytes.windows(5).position(|window| window == b"pack-").unwrap();
            bytes[at + 5] ^= 1;
        }),
        ("zeros", |bytes| bytes.fill(0)),
    ];
    let one = |(name, damage): (&str, fn(&mut Vec<u8>))| {
        case(format!("midx-{name}"), move |t| {
            three(t);
            t.git(["repack", "-q"]);
            t.commit_file("four", line("four"));
            t.git(["repack", "-q"]);
            t.git(["multi-pack-index", "write"]);
            change(&t.path(".git/objects/pack/multi-pack-index"), damage);
            // Each pack has an index of its own.
            let names = ["one", "two", "three", "four"];
            finds(names).either().with([".", "--no-worktree"]).beyond_git()
        })
    };
    damages.into_iter().map(one).collect()
}

/// A repository with an honest commit, and a pack made by hand.
fn hand(t: &Sandbox, entries: &[Entry]) -> Expected {
    t.git(["init", "-q"]);
    t.commit_file("honest", line("honest"));
    let packs: PathBuf = t.path(".git/objects/pack");
    write_pack(&packs, "hand", entries);
    finds(["honest"]).with(super::EVERYTHING).beyond_git()
}

fn reference(id: Id, base: Id) -> Entry {
    Entry::new(id, Body::Reference(base, delta(4, 4, &insert(b"abcd"))))
}

fn corrupt(ids: &[Id]) -> Vec<String> {
    ids.iter().map(|id| format!("corrupt-object {}", hex(id))).collect()
}

fn made_by_hand() -> Vec<Case> {
    let (a, b, c) = (made_up_id(1), made_up_id(2), made_up_id(3));
    let mut cases = vec![
        case("delta-of-itself", move |t| hand(t, &[reference(a, a)]).gaps(corrupt(&[a]))),
        case("deltas-in-a-circle", move |t| {
            hand(t, &[reference(a, b), reference(b, c), reference(c, a)]).gaps(corrupt(&[a, b, c]))
        }),
        case("delta-of-nothing", move |t| hand(t, &[reference(a, made_up_id(9))]).gaps(corrupt(&[a]))),
        case("delta-of-a-loose-object", move |t| {
            // git writes no such pack, and reads it all the same.
            let base = line("base");
            let child = line("child");
            let change = delta(base.len() as u64, child.len() as u64, &insert(child.as_bytes()));
            let ids = [&base, &child].map(|text| blob_id(text.as_bytes()));
            let expected = hand(t, &[Entry::new(ids[1], Body::Reference(ids[0], change))]);
            object(t, "blob", base.as_bytes());
            expected.or_gap(["child"]).also(["base"])
        }),
        case("thousand-packs", |t| {
            t.git(["init", "-q"]);
            let mut expected = Vec::new();
            for i in 0..1000 {
                let text = if i % 100 == 0 {
                    expected.push(format!("{i}"));
                    line(&i.to_string())
                } else {
                    format!("{i}\n")
                };
                let entry = Entry::new(blob_id(text.as_bytes()), Body::Blob(text.into_bytes()));
                write_pack(&t.path(".git/objects/pack"), &format!("{i:040}"), &[entry]);
            }
            finds(expected).with(super::EVERYTHING)
        }),
        case("delta-chain-of-ten-thousand", |t| {
            let text = |i: usize| if i == 10_000 { line("last") } else { format!("{i:43}\n") };
            let mut entries = vec![Entry::new(blob_id(text(0).as_bytes()), Body::Blob(text(0).into_bytes()))];
            for i in 1..=10_000 {
                let operations = insert(text(i).as_bytes());
                let change = delta(text(i - 1).len() as u64, text(i).len() as u64, &operations);
                entries.push(Entry::new(blob_id(text(i).as_bytes()), Body::Offset(i - 1, change)));
            }
            hand(t, &entries).also(["last"])
        }),
        case("wrong-id", move |t| {
            // The bytes are there, under a name that is not theirs.
            hand(t, &[Entry::new(a, Body::Blob(line("misnamed").into_bytes()))]).or_gap(["misnamed"])
        }),
        case("reserved-kinds", move |t| {
            let body = || Body::Whole(0, b"x".to_vec());
            hand(t, &[Entry::new(a, body()), Entry::new(b, Body::Whole(5, b"x".to_vec()))])
                .gaps(corrupt(&[a, b]))
        }),
        case("blob-and-commit-of-one-id", move |t| {
            let whole = Entry::new(a, Body::Whole(1, b"no commit\n".to_vec()));
            hand(t, &[Entry::new(a, Body::Blob(line("twice").into_bytes())), whole]).or_gap(["twice"])
        }),
        case("empty-pack", |t| hand(t, &[])),
        case("more-ids-than-entries", move |t| {
            let text = line("shared");
            let entry = Entry::new(blob_id(text.as_bytes()), Body::Blob(text.into_bytes()));
            let expected = hand(t, &[entry, reference(b, a)]);
            let path = t.path(".git/objects/pack/pack-hand.idx");
            // Both ids stand for the first entry.
            change(&path, |bytes| {
                let at = IDS + 2 * 24;
                bytes.copy_within(at..at + 4, at + 4);
            });
            expected.or_gap(["shared"])
        }),
    ];
    for (name, size) in
        [("zero", 0), ("less", 42), ("more", 60), ("gigabytes", 3 << 30), ("absurd", u64::MAX >> 1)]
    {
        cases.push(case(format!("declared-size-{name}"), move |t| {
            let mut entry = Entry::new(a, Body::Blob(line("liar").into_bytes()));
            entry.size = size;
            hand(t, &[entry]).or_gap(["liar"])
        }));
        cases.push(case(format!("delta-result-{name}"), move |t| {
            let base = line("base");
            let change = delta(base.len() as u64, size, &insert(line("liar").as_bytes()));
            let whole = Entry::new(blob_id(base.as_bytes()), Body::Blob(base.into_bytes()));
            hand(t, &[whole, Entry::new(a, Body::Offset(0, change))]).or_gap(["liar"]).also(["base"])
        }));
    }
    cases
}
