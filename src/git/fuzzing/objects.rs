//! Loose objects, the bytes of trees, commits and tags, and the index.

use std::io::Write as _;

use super::{scratch, walk_all};
use crate::git::changes::{Paths, Trees};
use crate::git::objects::Objects;
use crate::git::tree::{Entries, EntryKind};
use crate::git::{Repository, commit, staging};

/// A loose object. The first byte says how the rest is used: even, as the file; odd, as what is compressed in it, under
/// its own id. How many objects were read.
pub fn loose(data: &[u8]) -> usize {
    let Some((mode, rest)) = data.split_first() else { return 0 };
    let is_text = mode % 2 == 1;
    let file = if is_text { compressed(rest) } else { rest.to_vec() };
    let id = hash(rest);
    scratch(|git_dir| {
        let hex = id.to_hex().to_string();
        let directory = git_dir.join("objects").join(&hex[..2]);
        std::fs::create_dir_all(&directory).expect("there is room for it");
        std::fs::write(directory.join(&hex[2..]), file).expect("there is room for it");
        let read = walk_all(git_dir);
        let repository = Repository::discover(git_dir).expect("it is well-formed").expect("it is there");
        let (directories, hash) = Objects::place(&repository);
        let mut objects = Objects::open(&directories, hash).expect("it is there");
        let whole = objects.read_any(&id).is_ok();
        std::fs::remove_dir_all(directory).expect("it was made above");
        assert!(read == 1 || !whole, "the walk does not see what is there");
        read
    })
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes it")
}

fn hash(bytes: &[u8]) -> gix::ObjectId {
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    hasher.update(bytes);
    hasher.try_finalize().unwrap_or_else(|_| gix::hash::Kind::Sha1.null())
}

/// The bytes of a tree, a commit or a tag: which of them, the first byte says. What gix can read must be read alike.
pub fn object(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    match kind % 3 {
        0 => tree(bytes),
        1 => commit(bytes),
        _ => tag(bytes),
    }
}

fn tree(bytes: &[u8]) {
    Entries::new(bytes, 32).for_each(drop);
    let ours: Option<Vec<_>> = Entries::new(bytes, 20).collect();
    let Ok(theirs) = gix::objs::TreeRef::from_bytes(bytes, gix::hash::Kind::Sha1) else { return };
    let ours = ours.expect("what gix reads makes sense");
    assert_eq!(ours.len(), theirs.entries.len());
    for (ours, theirs) in ours.iter().zip(&theirs.entries) {
        assert_eq!((ours.name, ours.id), (theirs.filename.as_ref(), theirs.oid.as_bytes()));
        // What Git never writes, gix takes for something else than Git does.
        let known: [&[u8]; 5] = [b"4", b"04", b"10", b"12", b"16"];
        if !known.contains(&&ours.mode[..ours.mode.len().saturating_sub(4)]) {
            continue;
        }
        assert!(!theirs.mode.is_tree() || ours.kind == EntryKind::Tree, "{theirs:?}");
        assert!(!theirs.mode.is_blob_or_symlink() || ours.kind == EntryKind::Blob, "{theirs:?}");
    }
}

fn commit(bytes: &[u8]) {
    let mut parents = Vec::new();
    let ours = commit::links(bytes, |parent| parents.push(parent));
    let _ = commit::signature(ours.author);
    let Ok(theirs) = gix::objs::CommitRef::from_bytes(bytes, gix::hash::Kind::Sha1) else { return };
    assert_eq!(ours.tree, Some(theirs.tree()));
    // A line of a signature or of another header can look like a parent; more is read rather than less.
    assert!(theirs.parents().all(|parent| parents.contains(&parent)));
}

fn tag(bytes: &[u8]) {
    let ours = commit::tag_target(bytes);
    let Ok(theirs) = gix::objs::TagRef::from_bytes(bytes, gix::hash::Kind::Sha1) else { return };
    assert_eq!(ours, Some(theirs.target()));
}

/// An index, read as that of what is about to be committed on top of a parent with a few files. The first byte says
/// whether its checksum is right. How many blobs it adds.
pub fn index(data: &[u8]) -> usize {
    let Some((mode, bytes)) = data.split_first() else { return 0 };
    let mut file = bytes.to_vec();
    if mode % 2 == 1 {
        file.extend_from_slice(hash(bytes).as_bytes());
    }
    scratch(|git_dir| {
        std::fs::write(git_dir.join("index"), file).expect("there is room for it");
        let repository = Repository::discover(git_dir).expect("it is well-formed").expect("it is there");
        let Ok(Some(index)) = repository.index() else { return 0 };
        let (directories, hash) = Objects::place(&repository);
        let mut objects = Objects::open(&directories, hash).expect("it is there");
        let mut trees = Trees::new(&mut objects, hash);
        let entry =
            |mode: &str, name: &str, id: &[u8]| [mode.as_bytes(), b" ", name.as_bytes(), b"\0", id].concat();
        let below = trees.make(entry("100644", "b", &[2; 20]));
        let parent = [
            entry("100644", "a", &[1; 20]),
            entry("40000", "d", below.as_ref().map_or(&[3; 20], |id| id.as_bytes())),
        ];
        let parents: Vec<_> = trees.make(parent.concat()).into_iter().collect();
        let mut paths = Paths::default();
        let roots = staging::roots(&index, &parents, &mut trees);
        let added = roots.iter().flat_map(|root| trees.added(*root, &parents, &mut paths)).count();
        for root in roots {
            trees.differing(root, parents.first().copied());
        }
        added
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::Rng;

    fn changed(rng: &mut Rng, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..rng.below(4) {
            let place = 1 + rng.below(bytes.len() - 1);
            bytes[place] = rng.next_u64().to_le_bytes()[5];
        }
        bytes
    }

    #[test]
    fn what_is_nearly_right() {
        let mut rng = Rng::from_name("objects");
        let tree = [&b"\x00100644 a\0"[..], &[1; 20], b"40000 d\0", &[2; 20]].concat();
        let commit = [
            &b"\x01tree 1111111111111111111111111111111111111111\n"[..],
            b"parent 2222222222222222222222222222222222222222\n",
            b"author A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nm\n",
        ];
        let tag = [
            &b"\x02object 1111111111111111111111111111111111111111\n"[..],
            b"type commit\ntag v\ntagger A <a@b> 1 +0000\n\nm\n",
        ];
        let (commit, tag) = (commit.concat(), tag.concat());
        let (mut read, mut tried) = (0, 0);
        for _ in 0..2000 {
            [&tree, &commit, &tag].into_iter().for_each(|bytes| object(&changed(&mut rng, bytes)));
            if tried < 300 {
                read += loose(&changed(&mut rng, b"\x01blob 5\0hello"));
                tried += 1;
            }
        }
        assert!(read > 50 && read < tried, "{read} of {tried}");
    }

    #[test]
    fn indexes_that_are_nearly_right() {
        let mut rng = Rng::from_name("index");
        let mut file = b"\x01DIRC\0\0\0\x02\0\0\0\x01".to_vec();
        file.extend([0; 24]);
        file.extend([0, 0, 0x81, 0xa4]);
        file.extend([0; 12]);
        file.extend([7; 20]);
        file.extend([0, 3]);
        file.extend(b"d/x\0\0\0\0\0\0\0");
        assert_eq!(index(&file), 1);
        let added: usize = (0..300).map(|_| index(&changed(&mut rng, &file))).sum();
        assert!(added > 50, "{added}");
    }
}
