//! Damaged indexes: history and working tree are read all the same.

use super::{change, three};
use crate::case::{Case, case, finds};
use crate::support::{Sandbox, line};

/// Behind the header.
const FIRST_ENTRY: usize = 12;
/// Of one entry up to its name.
const ENTRY: usize = 62;

type Damage = (&'static str, fn(&mut Vec<u8>));

/// What makes an index unreadable; git itself reads beyond the end of some.
const FATAL: [Damage; 12] = [
    ("empty", Vec::clear),
    ("cut-in-header", |bytes| bytes.truncate(10)),
    ("cut-in-entry", |bytes| bytes.truncate(FIRST_ENTRY + 30)),
    ("cut-in-half", |bytes| bytes.truncate(bytes.len() / 2)),
    ("signature", |bytes| bytes[0] = b'X'),
    ("version-1", |bytes| bytes[7] = 1),
    ("version-5", |bytes| bytes[7] = 5),
    ("count-absurd", |bytes| bytes[8] = 0x7f),
    ("count-more", |bytes| bytes[11] += 1),
    ("zeros", |bytes| bytes.fill(0)),
    ("mandatory-extension", |bytes| extension(bytes, b"zzzz", &[1, 2, 3])),
    ("shared-part-gone", |bytes| extension(bytes, b"link", &[0x5a; 20])),
];

/// What changes nothing that counts, or what git is lenient about.
const HARMLESS: [Damage; 4] = [
    ("optional-extension", |bytes| extension(bytes, b"ZZZZ", &[1, 2, 3])),
    ("checksum-none", |bytes| {
        let end = bytes.len() - 20;
        bytes[end..].fill(0);
    }),
    ("mode-of-nothing", |bytes| bytes[FIRST_ENTRY + 24..FIRST_ENTRY + 28].fill(0)),
    ("extension-longer-than-file", |bytes| {
        let end = bytes.len() - 20;
        bytes.truncate(end);
        bytes.extend(b"TREE\x7f\xff\xff\xff");
        checksum(bytes);
    }),
];

/// Puts an extension before the checksum, which it renews.
fn extension(bytes: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    bytes.truncate(bytes.len() - 20);
    bytes.extend(name);
    bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
    bytes.extend(data);
    checksum(bytes);
}

fn checksum(bytes: &mut Vec<u8>) {
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    hasher.update(bytes);
    bytes.extend(hasher.try_finalize().unwrap().as_bytes());
}

/// Three commits, and an untracked file.
fn ground(t: &Sandbox) {
    three(t);
    t.write("untracked", line("untracked"));
}

const ALL: [&str; 4] = ["one", "two", "three", "untracked"];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, damage) in FATAL {
        cases.push(case(format!("index-{name}"), move |t| {
            ground(t);
            change(&t.path(".git/index"), damage);
            finds(ALL).gaps(["unreadable-file "]).beyond_git()
        }));
    }
    for (name, damage) in HARMLESS {
        cases.push(case(format!("index-{name}"), move |t| {
            ground(t);
            change(&t.path(".git/index"), damage);
            finds(ALL).either().beyond_git()
        }));
    }
    for (name, bad) in [("dot-git", ".git/cfg"), ("parent", "../../out"), ("absolute", "/etc/abcd")] {
        cases.push(case(format!("index-names-{name}"), move |t| {
            ground(t);
            t.write("name/long", "x");
            t.git(["add", "name/long"]);
            change(&t.path(".git/index"), |bytes| {
                let at = bytes.windows(9).position(|window| window == b"name/long").unwrap();
                bytes[at..at + bad.len()].copy_from_slice(bad.as_bytes());
                bytes.truncate(bytes.len() - 20);
                checksum(bytes);
            });
            finds(ALL).either().beyond_git()
        }));
    }
    cases.push(case("index-is-a-directory", |t| {
        ground(t);
        std::fs::remove_file(t.path(".git/index")).unwrap();
        std::fs::create_dir(t.path(".git/index")).unwrap();
        finds(ALL).gaps(["unreadable-file "]).beyond_git()
    }));
    cases.push(case("index-of-an-object-that-is-gone", |t| {
        ground(t);
        t.write("staged", line("staged"));
        t.git(["add", "staged"]);
        let id = t.id(":staged");
        std::fs::remove_file(t.path("staged")).unwrap();
        std::fs::remove_file(t.loose(&id)).unwrap();
        finds(ALL).gaps([format!("missing-object {id}")]).beyond_git()
    }));
    cases.push(case("index-name-longer-than-told", |t| {
        ground(t);
        // The length of the first name, in the low bits of the flags.
        change(&t.path(".git/index"), |bytes| {
            bytes[FIRST_ENTRY + ENTRY - 1] = 200;
            bytes.truncate(bytes.len() - 20);
            checksum(bytes);
        });
        finds(ALL).either().beyond_git()
    }));
    cases
}
