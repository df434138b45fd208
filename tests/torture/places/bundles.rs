//! Git bundles: named, in a tree, in the history, and broken.

use crate::case::{Case, Expected, case, clean, finds, refused};
use crate::support::{Sandbox, github, line};

/// A bundle of a repository elsewhere, at `x.bundle`.
fn bundle(t: &Sandbox, make: impl Fn(&Sandbox), arguments: &[&str]) {
    bundle_of(t, &[], make, arguments);
}

fn bundle_of(t: &Sandbox, init: &[&str], make: impl Fn(&Sandbox), arguments: &[&str]) {
    t.git(["init", "-q"].iter().chain(init));
    make(t);
    let (version, arguments): (Vec<&str>, Vec<&str>) =
        arguments.iter().partition(|one| one.starts_with("--version"));
    let create = [vec!["bundle", "create", "-q"], version, vec![".git/x.bundle"], arguments];
    t.git(create.concat());
    let bytes = std::fs::read(t.path(".git/x.bundle")).unwrap();
    let ids = t.git(["for-each-ref"]);
    for entry in std::fs::read_dir(t.path("")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }
    assert!(!ids.is_empty());
    t.write("x.bundle", bytes);
}

/// The bundle with something done to its bytes.
fn change(t: &Sandbox, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(t.path("x.bundle")).unwrap();
    change(&mut bytes);
    t.write("x.bundle", bytes);
}

/// Where the pack begins.
fn pack(bytes: &[u8]) -> usize {
    bytes.windows(8).position(|window| window == b"PACK\0\0\0\x02").unwrap()
}

/// Two commits: the first has a token, and the second another one in its place.
fn two(t: &Sandbox) {
    t.commit_file("a", line("one"));
    t.commit_file("a", line("two"));
}

/// The object at the end of the bundle's pack.
fn last_object(t: &Sandbox) -> String {
    let bytes = std::fs::read(t.path("x.bundle")).unwrap();
    std::fs::write(t.outside("x.pack"), &bytes[pack(&bytes)..]).unwrap();
    t.git_in(&t.outside(""), ["index-pack", "x.pack"], b"");
    let index = std::fs::read(t.outside("x.idx")).unwrap();
    let list = t.git_in(&t.outside(""), ["show-index", "--object-format=sha1"], &index);
    let (_, id) = list
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(offset, rest)| (offset.parse::<u64>().unwrap(), rest[..40].to_owned()))
        .max()
        .unwrap();
    id
}

fn named(expected: Expected) -> Expected {
    expected.with(["x.bundle"])
}

/// So much text that a version of it is stored as a delta.
fn text(more: &str) -> String {
    let lines: Vec<String> = (0..400).map(|number| format!("line {number} of some text\n")).collect();
    lines.concat() + more
}

pub(crate) fn cases() -> Vec<Case> {
    [whole(), parts(), broken(), unnamed()].into_iter().flatten().collect()
}

fn whole() -> Vec<Case> {
    vec![
        case("bundle", |t| {
            bundle(t, two, &["--all"]);
            // Both commits are the same wherever they are made at the same time.
            named(finds(["one", "two"]).at("a:1:3 commit"))
        }),
        case("bundle says which commit", |t| {
            bundle(t, |t| t.write("note", format!("{}\n", t.commit_file("a", line("one")))), &["--all"]);
            t.git(["init", "-q", "again"]);
            t.git_in(&t.path("again"), ["pull", "-q", "../x.bundle", "main"], b"");
            let id = t.git_in(&t.path("again"), ["rev-parse", "HEAD"], b"");
            named(finds(["one"]).at(format!("a:1:3 commit {id}")))
        }),
        case("bundle of deltas", |t| {
            let make = |t: &Sandbox| {
                for name in ["one", "two", "three"] {
                    t.commit_file("a", text(&line(name)));
                }
            };
            bundle(t, make, &["--all"]);
            named(finds(["one", "two", "three"]).at("a:401:3 commit"))
        }),
        case("bundle with a tag of a blob and branches", |t| {
            let make = |t: &Sandbox| {
                two(t);
                let blob = t.git_with(["hash-object", "-w", "--stdin"], line("three").as_bytes());
                t.git(["tag", "-a", "-m", "text", "v1", &blob]);
                t.git(["branch", "side", "HEAD^"]);
            };
            bundle(t, make, &["--all"]);
            named(finds(["one", "two", "three"]))
        }),
        case("bundle of version 3", |t| {
            bundle(t, two, &["--version=3", "--all"]);
            named(finds(["one", "two"]))
        }),
        case("bundle of SHA-256", |t| {
            bundle_of(t, &["--object-format=sha256"], two, &["--all"]);
            named(finds(["one", "two"]))
        }),
        case("bundle with a large blob", |t| {
            bundle(t, |t| drop(t.commit_file("a", line("one") + &"x\n".repeat(20 << 20))), &["--all"]);
            named(finds(["one"]))
        }),
        case("bundle whose header holds one", |t| {
            bundle(t, two, &["--all"]);
            change(t, |bytes| {
                let id = String::from_utf8(bytes[16..56].to_vec()).unwrap();
                let more = format!("{id} refs/heads/{}\n", github("three"));
                bytes.splice(16..16, more.into_bytes());
            });
            named(finds(["one", "two", "three"]))
        }),
    ]
}

fn parts() -> Vec<Case> {
    vec![
        case("bundle of a range", |t| {
            bundle(t, two, &["HEAD^..main"]);
            named(finds(["two"]))
        }),
        case("bundle that is thin", |t| {
            let make = |t: &Sandbox| {
                t.commit_file("a", text("base\n"));
                t.commit_file("b", line("two"));
                t.commit_file("a", text(&line("one")));
            };
            bundle(t, make, &["HEAD^^..main"]);
            // The text that has it is a delta on what the bundle does not hold.
            named(finds(["two"]).gaps(["missing-object"]))
        }),
        case("bundle without objects", |t| {
            bundle(t, two, &["--all"]);
            change(t, |bytes| {
                let at = pack(bytes);
                bytes.truncate(at);
                bytes.extend_from_slice(b"PACK\0\0\0\x02\0\0\0\0");
                bytes.extend_from_slice(&[
                    0x02, 0x9d, 0x08, 0x82, 0x3b, 0xd8, 0xa8, 0xea, 0xb5, 0x10, 0xad, 0x6a, 0xc7, 0x5c, 0x82,
                    0x3c, 0xfd, 0x3e, 0xd3, 0x1e,
                ]);
            });
            named(clean().gaps(["missing-object"]))
        }),
        case("bundle without blobs", |t| {
            bundle(t, two, &["--version=3", "--filter=blob:none", "--all"]);
            named(clean().gaps(["missing-object"]))
        }),
    ]
}

fn broken() -> Vec<Case> {
    vec![
        case("bundle that is cut off in its pack", |t| {
            bundle(t, two, &["--all"]);
            change(t, |bytes| bytes.truncate(pack(bytes) + 40));
            named(clean().gaps(["corrupt-pack x.bundle"]))
        }),
        case("bundle that is cut off behind a blob", |t| {
            let make = |t: &Sandbox| {
                for name in ["one", "two", "three"] {
                    t.commit_file(name, line(name));
                }
            };
            bundle(t, make, &["--all"]);
            let last = last_object(t);
            change(t, |bytes| bytes.truncate(bytes.len() - 30));
            let blob = |name: &str| t.git_with(["hash-object", "--stdin"], line(name).as_bytes());
            let whole = ["one", "two", "three"].into_iter().filter(|name| blob(name) != last);
            named(finds(whole).gaps(["corrupt-pack x.bundle"]))
        }),
        case("bundle without its last byte", |t| {
            bundle(t, two, &["--all"]);
            change(t, |bytes| bytes.truncate(bytes.len() - 1));
            named(finds(["one", "two"]).gaps(["corrupt-pack x.bundle"]))
        }),
        case("bundle with a flipped byte in its checksum", |t| {
            bundle(t, two, &["--all"]);
            change(t, |bytes| *bytes.last_mut().unwrap() ^= 1);
            named(finds(["one", "two"]).gaps(["corrupt-pack x.bundle"]))
        }),
        case("bundle with a flipped byte in its first object", |t| {
            bundle(t, two, &["--all"]);
            change(t, |bytes| {
                let at = pack(bytes);
                bytes[at + 20] ^= 0x55;
            });
            named(clean().gaps(["corrupt-pack x.bundle"]))
        }),
        case("bundle that says it has more objects", |t| {
            bundle(t, two, &["--all"]);
            change(t, |bytes| {
                let at = pack(bytes);
                bytes[at + 8..at + 12].copy_from_slice(&[0xff; 4]);
            });
            named(finds(["one", "two"]).gaps(["corrupt-pack x.bundle"]))
        }),
        case("bundle with something behind it", |t| {
            bundle(t, two, &["--all"]);
            change(t, |bytes| bytes.extend_from_slice(line("three").as_bytes()));
            named(finds(["one", "two", "three"]))
        }),
        case("bundle without a pack", |t| {
            bundle(t, two, &["--all"]);
            change(t, |bytes| bytes.truncate(pack(bytes)));
            named(clean().gaps(["corrupt-pack x.bundle"]))
        }),
        case("bundle that ends in its header", |t| {
            t.write("x.bundle", "# v2 git bundle\n0123456789");
            named(refused("before its pack begins"))
        }),
        case("bundle with nonsense in its header", |t| {
            t.write("x.bundle", "# v2 git bundle\nnonsense\n\n");
            named(refused("names no object"))
        }),
        case("bundle that asks for what is not known", |t| {
            t.write("x.bundle", "# v3 git bundle\n@unheard-of=1\n\n");
            named(refused("unsupported"))
        }),
    ]
}

fn unnamed() -> Vec<Case> {
    vec![
        case("bundle in a tree", |t| {
            bundle(t, two, &["--all"]);
            clean().gaps(["unreadable-member x.bundle"])
        }),
        case("bundle in the history", |t| {
            bundle(t, two, &["--all"]);
            t.git(["init", "-q"]);
            t.commit("bundle");
            let blob = t.id("HEAD:x.bundle");
            std::fs::remove_file(t.path("x.bundle")).unwrap();
            clean().gaps([format!("unreadable-member {blob}")])
        }),
        case("bundle in a tree, archives not wanted", |t| {
            bundle(t, two, &["--all"]);
            clean().with([".", "--no-archives"])
        }),
    ]
}
