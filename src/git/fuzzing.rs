//! Doors for fuzzers to what reads untrusted bytes; built with `--cfg fuzzing` only, and for the test below.
//!
//! Any bytes may be given. A panic is a failure, and so is a delta that says it copied what it did not.
#![expect(clippy::missing_panics_doc, reason = "to panic is how a fuzz target says that something is wrong")]

use std::cell::RefCell;
use std::io::Write as _;
use std::path::Path;

use super::Repository;
use super::delta::Delta;
use super::pack::Kind;
use super::store::{Number, Store};
use super::walk::{Object, Visitor, walk};
use crate::copied::Copied;
use crate::finding::{Gap, GapKind};

mod objects;

pub use objects::{index, loose, object};

/// The first two bytes are the length of the base; the base and the delta follow. Whether it made anything.
pub fn delta(data: &[u8]) -> bool {
    let (base, delta) = split(data);
    // A claim of gigabytes is refused by the walk, before anything is allocated.
    let Some(delta) = Delta::parse(delta).ok().filter(|delta| delta.result_size < 1 << 24) else {
        return false;
    };
    let (mut output, mut copies) = (Vec::new(), Vec::new());
    if delta.apply(base, &mut output, &mut copies).is_err() {
        return false;
    }
    assert_eq!(output.len() as u64, delta.result_size);
    let mut end = 0;
    for Copied { from, to, length } in copies {
        assert!(to >= end && base[from..from + length] == output[to..to + length]);
        end = to + length;
    }
    true
}

/// Two bytes of length, a part of that length, and the rest.
fn split(data: &[u8]) -> (&[u8], &[u8]) {
    let Some((length, rest)) = data.split_first_chunk::<2>() else { return (&[], &[]) };
    rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()))
}

/// A pack and its index, read as those of a repository. The first byte says how the rest is used: even, as an index
/// (its length in the next two bytes) and a pack as they are; odd, as a recipe for both (`cook`). The number of objects
/// that could be decoded.
pub fn pack(data: &[u8]) -> usize {
    let Some((mode, rest)) = data.split_first() else { return 0 };
    if mode % 2 == 1 {
        let (pack, index) = cook(rest);
        return read(&pack, &index);
    }
    let (index, pack) = split(rest);
    read(pack, index)
}

/// A pack whose entries are well-formed, whatever they say, and its index; then some bytes of both are changed.
///
/// The first byte is the number of changes, and each is three bytes: two for the place, and what is added there. The
/// rest are entries: kind, base, length, and as many bytes of text or delta.
fn cook(recipe: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let Some((changes, recipe)) = recipe.split_first() else { return (Vec::new(), Vec::new()) };
    let (changes, mut recipe) = recipe.split_at((usize::from(changes % 8) * 3).min(recipe.len()));
    let mut pack = b"PACK\0\0\0\x02\0\0\0\0".to_vec();
    let mut offsets: Vec<u32> = Vec::new();
    let mut checksums = Vec::new();
    // The ids ascend with the entries, so that the index need not be sorted. Whether an id is right is not looked at.
    let id = |number: u8| [number; 20];
    while let Some(([kind, base, length], rest)) = recipe.split_first_chunk::<3>()
        && offsets.len() < 255
    {
        let (body, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        recipe = rest;
        let start = pack.len();
        let kind = [1, 2, 3, 3, 4, 6, 6, 7][usize::from(kind % 8)];
        let kind = if kind == 6 && offsets.is_empty() { 3 } else { kind };
        pack.push(kind << 4 | 0x80 | low(body.len()) & 15);
        pack.push(low(body.len() >> 4));
        match kind {
            6 => {
                let to = offsets[usize::from(*base) % offsets.len()] as usize;
                let back = start - to;
                // One more for each byte that goes on.
                match back {
                    0..0x80 => pack.push(low(back)),
                    0x80..0x4080 => pack.extend([0x80 | low((back - 0x80) >> 7), low(back & 0x7f)]),
                    _ => pack.extend([0x80, 0x80, 1]),
                }
            }
            7 => pack.extend(id(*base % 32)),
            _ => {}
        }
        let mut encoder = flate2::write::ZlibEncoder::new(&mut pack, flate2::Compression::fast());
        let _ = encoder.write_all(body).and_then(|()| encoder.finish().map(drop));
        checksums.push(crc32fast::hash(&pack[start..]));
        offsets.push(u32::try_from(start).unwrap_or(0));
    }
    let count = u32::try_from(offsets.len()).unwrap_or(0);
    pack[8..12].copy_from_slice(&count.to_be_bytes());
    pack.extend([0; 20]);
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    (0..256u32).for_each(|first| index.extend(count.min(first + 1).to_be_bytes()));
    (0..count).for_each(|number| index.extend(id(low(number as usize))));
    checksums.iter().chain(&offsets).for_each(|value| index.extend(value.to_be_bytes()));
    index.extend([0; 40]);
    for change in changes.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([change[0], change[1]]));
        let file = if place % 2 == 0 { &mut pack } else { &mut index };
        let place = place / 2 % file.len();
        file[place] = file[place].wrapping_add(change[2]);
    }
    (pack, index)
}

fn low(value: usize) -> u8 {
    value.to_le_bytes()[0]
}

thread_local! {
    static SCRATCH: RefCell<Option<tempfile::TempDir>> = const { RefCell::new(None) };
}

/// Does something in an empty repository, which is used again and again.
fn scratch<T>(act: impl FnOnce(&Path) -> T) -> T {
    SCRATCH.with_borrow_mut(|directory| {
        let directory = directory.get_or_insert_with(|| empty_repository().expect("there is room for it"));
        act(directory.path())
    })
}

fn read(pack: &[u8], index: &[u8]) -> usize {
    scratch(|git_dir| {
        let packs = git_dir.join("objects/pack");
        for (name, bytes) in [("pack-f.pack", pack), ("pack-f.idx", index)] {
            std::fs::write(packs.join(name), bytes).expect("there is room for it");
        }
        walk_all(git_dir)
    })
}

fn empty_repository() -> std::io::Result<tempfile::TempDir> {
    let directory = tempfile::TempDir::new()?;
    std::fs::create_dir_all(directory.path().join("objects/pack"))?;
    std::fs::create_dir_all(directory.path().join("refs"))?;
    std::fs::write(directory.path().join("HEAD"), "ref: refs/heads/main\n")?;
    Ok(directory)
}

fn walk_all(git_dir: &Path) -> usize {
    let repository = Repository::discover(git_dir).expect("it is well-formed").expect("it is there");
    let store = Store::open(&repository, &mut Vec::new());
    walk(&store, 1, || Checker(0)).iter().map(|checker| checker.0).sum()
}

/// Wants everything, believes nothing, and counts.
struct Checker(usize);

impl Visitor for Checker {
    /// The text itself.
    type Notes = Vec<u8>;

    fn wants(_: Kind) -> bool {
        true
    }

    fn object(&mut self, object: &Object<'_, Vec<u8>>) -> Option<Vec<u8>> {
        if let Some(base) = &object.base {
            let is_there = |copy: &Copied| {
                base.notes[copy.from..copy.from + copy.length] == object.bytes[copy.to..copy.to + copy.length]
            };
            assert!(base.length == base.notes.len() && base.copies.iter().all(is_there));
        }
        self.0 += 1;
        object.has_children.then(|| object.bytes.to_vec())
    }

    fn stream(&mut self, _: Number, _: u64, reader: &mut dyn std::io::Read) {
        let _ = std::io::copy(reader, &mut std::io::sink());
    }

    fn gap(&mut self, gap: Gap) {
        // The walk catches what fails in here.
        assert!(gap.kind != GapKind::Internal, "{gap:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::Rng;

    fn random(rng: &mut Rng, length: usize) -> Vec<u8> {
        (0..length).map(|_| rng.next_u64().to_le_bytes()[3]).collect()
    }

    /// Sizes that are right and operations that are mostly possible.
    fn random_delta(rng: &mut Rng, base: u8) -> Vec<u8> {
        let (mut operations, mut result) = (Vec::new(), 0);
        while result < 100 {
            let length = 1 + low(rng.below(30));
            result += length;
            if base > 30 && rng.below(2) == 0 {
                operations.extend([0x91, low(rng.below(usize::from(base - 30))), length]);
            } else {
                operations.push(length);
                operations.extend(random(rng, usize::from(length)));
            }
        }
        if rng.below(4) == 0 {
            let place = rng.below(operations.len());
            operations[place] ^= 1 << rng.below(8);
        }
        [vec![base & 0x7f, result], operations].concat()
    }

    #[test]
    fn deltas_that_are_nearly_right() {
        let mut rng = Rng::from_name("deltas");
        let mut applied = 0;
        for _ in 0..4000 {
            let length = low(rng.below(128));
            let base = random(&mut rng, usize::from(length));
            let delta_bytes = random_delta(&mut rng, length);
            applied += usize::from(delta(&[vec![length, 0], base, delta_bytes].concat()));
            let length = rng.below(60);
            delta(&random(&mut rng, length));
        }
        assert!((2000..4000).contains(&applied), "{applied}");
    }

    #[test]
    fn packs_that_are_nearly_right() {
        let mut rng = Rng::from_name("packs");
        let (mut decoded, mut most) = (0, 0);
        for _ in 0..1000 {
            let changes = if rng.below(2) == 0 { 0 } else { low(rng.below(8)) };
            let mut recipe = vec![1, changes];
            recipe.extend(random(&mut rng, usize::from(changes) * 3));
            let count = 1 + rng.below(12);
            for number in 0..count {
                let is_delta = number > 0 && rng.below(2) == 0;
                let body = if is_delta { random_delta(&mut rng, 100) } else { random(&mut rng, 100) };
                // The base of most deltas is whole.
                let kind = if is_delta { 5 + rng.below(3) } else { rng.below(5) };
                let base = if rng.below(3) == 0 { rng.below(256) } else { 0 };
                recipe.extend([low(kind), low(base), low(body.len())]);
                recipe.extend(&body[..body.len().min(255)]);
            }
            let objects = pack(&recipe);
            decoded += objects;
            most += count;
            // As they are: an index and a pack that only begin well.
            let (pack_bytes, mut index) = cook(&recipe[1..]);
            index.truncate(rng.below(index.len() + 1));
            let length = u16::try_from(index.len()).unwrap_or(0).to_le_bytes();
            pack(&[&[0], &length[..], &index, &pack_bytes].concat());
        }
        assert!(decoded > most / 3 && decoded < most, "{decoded} of {most}");
    }
}
