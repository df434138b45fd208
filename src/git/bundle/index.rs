//! The index of a pack that came without one.
//!
//! Ids are found by decoding, as every scan decodes: first all objects but those that are made from others by name,
//! under made-up ids; then those whose bases have a name by now, and so on, until nothing new turns up. What is left
//! is made from objects that the pack does not hold.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;

use super::Packed;
use crate::finding::{Gap, GapKind};
use crate::git::Repository;
use crate::git::pack::Kind;
use crate::git::store::{Number, Store};
use crate::git::walk::{Object, Visitor, walk};

/// Rounds until the rest counts as unreadable. Git makes one necessary; chains of fifty would need fifty.
const MOST_ROUNDS: usize = 64;

/// Writes the index of the only pack of a repository. Tells what could not be decoded.
///
/// # Errors
/// If it cannot be written.
pub(super) fn make(
    repository: &Repository,
    pack: &Path,
    entries: &[Packed],
    name: &str,
) -> std::io::Result<Vec<Gap>> {
    let hash = repository.hash();
    let mut ids: Vec<Option<gix::ObjectId>> = vec![None; entries.len()];
    let index = pack.with_extension("idx");
    write(&index, entries, &ids, hash)?;
    for _ in 0..MOST_ROUNDS {
        if ids.iter().all(Option::is_some) {
            break;
        }
        let store = Store::open_as_it_is(repository);
        let before = ids.iter().flatten().count();
        for namer in walk(&store, 1, || Namer { store: &store, hash, named: Vec::new() }) {
            namer.named.into_iter().for_each(|(number, id)| ids[number as usize] = Some(id));
        }
        drop(store);
        // The old one is mapped no more.
        std::fs::remove_file(&index)?;
        write(&index, entries, &ids, hash)?;
        if ids.iter().flatten().count() == before {
            break;
        }
    }
    Ok(unnamed(entries, &ids, name))
}

/// What is made from something that is not there; by the name of that, once.
fn unnamed(entries: &[Packed], ids: &[Option<gix::ObjectId>], name: &str) -> Vec<Gap> {
    let there: HashSet<&gix::ObjectId> = ids.iter().flatten().collect();
    let lost: Vec<&Packed> = entries.iter().zip(ids).filter(|(_, id)| id.is_none()).map(|(e, _)| e).collect();
    let bases: BTreeSet<&gix::ObjectId> = lost.iter().filter_map(|entry| entry.base.as_ref()).collect();
    let missing = bases.into_iter().filter(|base| !there.contains(base));
    let mut gaps: Vec<Gap> =
        missing.map(|base| Gap::missing(base.to_string(), "an object of the pack, made from it,")).collect();
    if gaps.is_empty() && !lost.is_empty() {
        let detail = format!("{} of its objects cannot be decoded", lost.len());
        gaps.push(Gap { kind: GapKind::CorruptPack, place: name.into(), detail });
    }
    gaps
}

/// Finds the ids of all objects that can be decoded.
struct Namer<'a> {
    store: &'a Store,
    hash: gix::hash::Kind,
    named: Vec<(Number, gix::ObjectId)>,
}

impl Visitor for Namer<'_> {
    type Notes = ();

    fn wants(kind: Kind) -> bool {
        kind != Kind::Unknown
    }

    fn object(&mut self, object: &Object<'_, ()>) -> Option<()> {
        self.stream(object.number, object.bytes.len() as u64, &mut &*object.bytes);
        None
    }

    fn stream(&mut self, number: Number, size: u64, reader: &mut dyn Read) {
        let kind = match self.store.kind(number) {
            Kind::Blob => gix::objs::Kind::Blob,
            Kind::Tree => gix::objs::Kind::Tree,
            Kind::Commit => gix::objs::Kind::Commit,
            Kind::Tag => gix::objs::Kind::Tag,
            Kind::Unknown => return,
        };
        let mut hasher = gix::hash::hasher(self.hash);
        hasher.update(&gix::objs::encode::loose_header(kind, size));
        let mut buffer = vec![0; 64 << 10];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => hasher.update(&buffer[..read]),
                Err(_) => return,
            }
        }
        self.named.extend(hasher.try_finalize().ok().map(|id| (number, id)));
    }

    fn gap(&mut self, _gap: Gap) {}
}

/// An id that no object has, for one whose id is not known.
fn made_up(entry: usize, hash: gix::hash::Kind) -> gix::ObjectId {
    let mut bytes = vec![0xff; hash.len_in_bytes()];
    let number = (entry as u64).to_be_bytes();
    let at = bytes.len() - number.len();
    bytes[at..].copy_from_slice(&number);
    gix::ObjectId::from_bytes_or_panic(&bytes)
}

/// Whether it is such an id.
pub(crate) fn is_made_up(id: &str) -> bool {
    id.starts_with("ffffffffffffffffffffffff")
}

/// An index of version 2.
fn write(
    path: &Path,
    entries: &[Packed],
    ids: &[Option<gix::ObjectId>],
    hash: gix::hash::Kind,
) -> std::io::Result<()> {
    let ids = ids.iter().enumerate().map(|(entry, id)| id.unwrap_or_else(|| made_up(entry, hash)));
    let mut list: Vec<(gix::ObjectId, &Packed)> = ids.zip(entries).collect();
    list.sort_by_key(|(id, entry)| (*id, entry.offset));
    let mut out = BufWriter::new(File::create_new(path)?);
    out.write_all(b"\xfftOc\0\0\0\x02")?;
    for first in 0..=255u8 {
        let upto = list.partition_point(|(id, _)| id.as_bytes()[0] <= first);
        out.write_all(&u32::try_from(upto).unwrap_or(u32::MAX).to_be_bytes())?;
    }
    list.iter().try_for_each(|(id, _)| out.write_all(id.as_bytes()))?;
    list.iter().try_for_each(|(_, entry)| out.write_all(&entry.crc.to_be_bytes()))?;
    let mut far = Vec::new();
    for (_, entry) in &list {
        let near = u32::try_from(entry.offset).ok().filter(|offset| offset >> 31 == 0);
        let word = near.unwrap_or_else(|| {
            far.push(entry.offset);
            u32::try_from(far.len() - 1).unwrap_or(u32::MAX) | 1 << 31
        });
        out.write_all(&word.to_be_bytes())?;
    }
    far.iter().try_for_each(|offset| out.write_all(&offset.to_be_bytes()))?;
    // Its checksums are not looked at.
    out.write_all(&vec![0; 2 * hash.len_in_bytes()])?;
    out.flush()
}
