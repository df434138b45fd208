//! Whole repositories written without git: random versions of texts, stored in every way that Git allows.
//!
//! The same seed gives the same repository. Everything is honest: `git fsck --strict` has nothing to say.

use std::collections::HashSet;
use std::path::Path;

use super::Rng;
use super::deltas::encode;
use super::pack::{Body, Entry, Id, hex, object_id, write_loose, write_pack};
use super::versions::{Version, one_in};

/// An object, however it is stored.
#[derive(Clone)]
pub(crate) struct Object {
    pub(crate) id: Id,
    kind: Kind,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Commit = 1,
    Tree = 2,
    Blob = 3,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Commit => "commit",
            Kind::Tree => "tree",
            Kind::Blob => "blob",
        }
    }
}

impl Object {
    fn new(kind: Kind, bytes: Vec<u8>) -> Self {
        Object { id: object_id(kind.name(), &bytes), kind, bytes }
    }
}

/// How many blobs a repository has, and how many of its packed entries are deltas of blobs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) blobs: usize,
    pub(crate) deltas: usize,
}

/// Of how much a repository is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// A dozen short blobs.
    Tiny,
    /// Dozens of blobs; in one of sixteen repositories, large ones.
    Usual,
}

/// Writes a bare repository.
pub(crate) fn write_repository(git_dir: &Path, rng: &mut Rng, size: Size) -> Made {
    let blobs = blobs(rng, size);
    let mut objects = blobs.clone();
    let head = history(&blobs, rng, &mut objects);
    let mut seen = HashSet::new();
    objects.retain(|object| seen.insert(object.id));
    std::fs::create_dir_all(git_dir.join("refs/heads")).unwrap();
    std::fs::write(git_dir.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    std::fs::write(git_dir.join("config"), "[core]\n\trepositoryformatversion = 0\n\tbare = true\n").unwrap();
    std::fs::write(git_dir.join("refs/heads/main"), format!("{}\n", hex(&head))).unwrap();
    let deltas = store(git_dir, &objects, rng);
    let blobs = objects.iter().filter(|object| object.kind == Kind::Blob).count();
    Made { blobs, deltas }
}

/// Families of versions, each version made from an earlier one, mostly from the last.
fn blobs(rng: &mut Rng, size: Size) -> Vec<Object> {
    let large = size == Size::Usual && one_in(rng, 16);
    let count = match size {
        Size::Tiny => 4 + rng.below(6),
        Size::Usual if large => 2 + rng.below(8),
        Size::Usual => 2 + rng.below(40),
    };
    let mut versions: Vec<Version> = Vec::new();
    while versions.len() < count {
        let next = if versions.is_empty() || one_in(rng, 12) {
            Version::new(rng, large)
        } else {
            let back = if one_in(rng, 3) { rng.below(versions.len()) } else { 0 };
            versions[versions.len() - 1 - back].edited(rng)
        };
        if size == Size::Usual || next.bytes.len() < 2000 {
            versions.push(next);
        }
    }
    versions.into_iter().map(|version| Object::new(Kind::Blob, version.bytes)).collect()
}

/// Commits whose trees hold most of the blobs; the id of the last.
fn history(blobs: &[Object], rng: &mut Rng, objects: &mut Vec<Object>) -> Id {
    let mut head: Option<Id> = None;
    for (number, some) in blobs.chunks(1 + rng.below(6)).enumerate() {
        let file = |(place, blob): (usize, &Object)| {
            // Versions of one file, under names that are in order.
            (format!("100644 file{place}"), blob.id)
        };
        let mut entries: Vec<(String, Id)> = some.iter().enumerate().map(file).collect();
        if one_in(rng, 5) {
            // What it holds is reachable by nothing, unless as a part of another tree.
            entries.pop();
        }
        if one_in(rng, 3) {
            let inner = tree(&entries[..entries.len() / 2]);
            entries.push(("40000 folder".into(), inner.id));
            entries.sort_by_key(|entry| name(&entry.0));
            objects.push(inner);
        }
        let tree = tree(&entries);
        let mut text = format!("tree {}\n", hex(&tree.id));
        objects.push(tree);
        if let Some(parent) = head {
            text.push_str(&format!("parent {}\n", hex(&parent)));
        }
        let date = 1_600_000_000 + 60 * number;
        text.push_str(&format!(
            "author A <a@b> {date} +0000\ncommitter A <a@b> {date} +0000\n\nversion {number}\n"
        ));
        let commit = Object::new(Kind::Commit, text.into_bytes());
        head = Some(commit.id);
        objects.push(commit);
    }
    head.unwrap()
}

/// By which entries are sorted: a folder as if a slash followed.
fn name(entry: &str) -> String {
    match entry.split_once(' ').unwrap() {
        ("40000", name) => format!("{name}/"),
        (_, name) => name.to_owned(),
    }
}

fn tree(entries: &[(String, Id)]) -> Object {
    let entry = |(name, id): &(String, Id)| [name.as_bytes(), b"\0", id].concat();
    Object::new(Kind::Tree, entries.iter().flat_map(entry).collect())
}

/// Gives every object one place or more; how many blobs became deltas.
fn store(git_dir: &Path, objects: &[Object], rng: &mut Rng) -> usize {
    let own = git_dir.join("objects");
    std::fs::create_dir_all(own.join("pack")).unwrap();
    let mut directories = vec![own.clone()];
    if one_in(rng, 6) {
        let lender = git_dir.join("lender");
        std::fs::create_dir_all(lender.join("pack")).unwrap();
        std::fs::create_dir_all(own.join("info")).unwrap();
        std::fs::write(own.join("info/alternates"), "../lender\n").unwrap();
        directories.push(lender);
    }
    let packs = [0, 1, 1, 1, 1, 2, 2, 3][rng.below(8)];
    let (rarely_loose, rarely_twice) = ([4, 20, 1000][rng.below(3)], [2, 5, 1000][rng.below(3)]);
    let mut contents: Vec<Vec<&Object>> = vec![Vec::new(); packs];
    for object in objects {
        let loose = packs == 0 || one_in(rng, rarely_loose);
        if loose {
            let directory = &directories[rng.below(directories.len())];
            let header = format!("{} {}", object.kind.name(), object.bytes.len());
            write_loose(directory, &hex(&object.id), &header, &object.bytes);
        }
        if packs > 0 && (!loose || one_in(rng, rarely_twice)) {
            contents[rng.below(packs)].push(object);
            if one_in(rng, rarely_twice) {
                contents[rng.below(packs)].push(object);
            }
        }
    }
    let mut deltas = 0;
    for (number, mut list) in contents.into_iter().enumerate() {
        let mut seen = HashSet::new();
        list.retain(|object| seen.insert(object.id));
        let entries = entries(&list, rng);
        let is_delta = |entry: &&Entry| !matches!(entry.body, Body::Whole(..));
        let blobs: HashSet<Id> =
            list.iter().filter(|object| object.kind == Kind::Blob).map(|object| object.id).collect();
        deltas += entries.iter().filter(is_delta).filter(|entry| blobs.contains(&entry.id)).count();
        let directory = directories[rng.below(directories.len())].join("pack");
        write_pack(&directory, &format!("{number:040x}"), &entries);
    }
    deltas
}

fn shuffle<T>(list: &mut [T], rng: &mut Rng) {
    for at in (1..list.len()).rev() {
        list.swap(at, rng.below(at + 1));
    }
}

/// Objects as entries, in an order of their own.
fn entries(list: &[&Object], rng: &mut Rng) -> Vec<Entry> {
    let count = list.len();
    // Where each stands in the file, and the order in which one may be made from another.
    let mut file_order: Vec<usize> = (0..count).collect();
    if one_in(rng, 2) {
        shuffle(&mut file_order, rng);
    }
    let mut makers: Vec<usize> = (0..count).collect();
    match rng.below(4) {
        0 => shuffle(&mut makers, rng),
        // As git does: the newest is whole.
        1 | 2 => makers.reverse(),
        _ => {}
    }
    let (rarely_whole, rarely_by_name) = ([4, 20, 1000][rng.below(3)], [2, 2, 5][rng.below(3)]);
    let habit = rng.below(3);
    let mut bases = vec![None; count];
    for (at, object) in makers.iter().enumerate() {
        let same: Vec<usize> =
            makers[..at].iter().copied().filter(|other| list[*other].kind == list[*object].kind).collect();
        // git takes no delta that makes nothing.
        if same.is_empty() || list[*object].bytes.is_empty() || one_in(rng, rarely_whole) {
            continue;
        }
        bases[*object] = Some(match habit {
            // A chain, a star, or anything.
            0 => same[same.len() - 1 - rng.below(same.len().min(2))],
            1 => same[rng.below(same.len().min(3))],
            _ => same[rng.below(same.len())],
        });
    }
    let mut places = vec![0; count];
    file_order.iter().enumerate().for_each(|(place, object)| places[*object] = place);
    let entry = |(place, number): (usize, &usize)| {
        let object = list[*number];
        let body = match bases[*number] {
            None => Body::Whole(object.kind as u8, object.bytes.clone()),
            Some(base) => {
                let change = encode(&list[base].bytes, &object.bytes, rng);
                // An offset leads back only.
                if places[base] < place && !one_in(rng, rarely_by_name) {
                    Body::Offset(places[base], change)
                } else {
                    Body::Reference(list[base].id, change)
                }
            }
        };
        Entry::new(object.id, body)
    };
    file_order.iter().enumerate().map(entry).collect()
}
