//! One pack: which entries it holds, in file order, and which is made from which.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use gix::odb::pack::{data, index};
use rayon::prelude::*;

use super::error_chain;

/// Kind of a Git object; for a delta, that of the object its chain begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Blob,
    Tree,
    Commit,
    Tag,
    /// A delta whose base is missing, or that is its own base.
    Unknown,
}

impl From<gix::objs::Kind> for Kind {
    fn from(kind: gix::objs::Kind) -> Self {
        match kind {
            gix::objs::Kind::Blob => Kind::Blob,
            gix::objs::Kind::Tree => Kind::Tree,
            gix::objs::Kind::Commit => Kind::Commit,
            gix::objs::Kind::Tag => Kind::Tag,
        }
    }
}

/// A pack and its index. An *entry* is numbered by its place in the file. About 25 bytes an object.
pub(crate) struct Pack {
    data: data::File,
    index: index::File,
    /// Offset of every entry, ascending, and the end of the last.
    offsets: Vec<u64>,
    /// Where the entry stands in the index.
    index_places: Vec<u32>,
    kinds: Vec<Kind>,
    /// Entries made from entry `e`: `children[child_starts[e]..child_starts[e + 1]]`, heaviest family first.
    child_starts: Vec<u32>,
    children: Vec<u32>,
    /// Entries that are whole objects, with the packed bytes of all that is made from them.
    roots: Vec<(u32, u64)>,
}

enum Parent {
    Whole(Kind),
    Entry(u32),
    Missing,
}

/// An offset that lies in the pack, or its end.
fn offset_at(index: &index::File, place: u32, end: u64) -> u64 {
    // gix asserts that the table of large offsets is as large as it has to be.
    catch_unwind(AssertUnwindSafe(|| index.pack_offset_at_index(place))).map_or(end, |offset| offset.min(end))
}

impl Pack {
    /// Maps a pack and reads every entry's header. The error is for a person.
    pub(crate) fn open(index_path: &Path, hash: gix::hash::Kind) -> Result<Self, String> {
        let index = index::File::at(index_path, hash).map_err(|e| error_chain(&e))?;
        let data = data::File::at(index_path.with_extension("pack"), hash).map_err(|e| error_chain(&e))?;
        if data.num_objects() != index.num_objects() {
            return Err(format!(
                "the index lists {} objects, the pack {}",
                index.num_objects(),
                data.num_objects()
            ));
        }
        // An offset that leads nowhere is that of an entry without bytes; the others are read all the same.
        let end = data.pack_end() as u64;
        let mut order: Vec<(u64, u32)> =
            (0..index.num_objects()).map(|place| (offset_at(&index, place, end), place)).collect();
        order.par_sort_unstable();
        let offsets: Vec<u64> = order.iter().map(|(offset, _)| *offset).chain([end]).collect();
        let index_places: Vec<u32> = order.iter().map(|(_, place)| *place).collect();
        let mut pack = Pack {
            data,
            index,
            offsets,
            index_places,
            kinds: Vec::new(),
            child_starts: Vec::new(),
            children: Vec::new(),
            roots: Vec::new(),
        };
        pack.link();
        Ok(pack)
    }

    pub(crate) fn len(&self) -> usize {
        self.index_places.len()
    }

    pub(crate) fn id(&self, entry: u32) -> &gix::oid {
        self.index.oid_at_index(self.index_places[entry as usize])
    }

    pub(crate) fn kind(&self, entry: u32) -> Kind {
        self.kinds[entry as usize]
    }

    pub(crate) fn children(&self, entry: u32) -> &[u32] {
        let range =
            self.child_starts[entry as usize] as usize..self.child_starts[entry as usize + 1] as usize;
        &self.children[range]
    }

    pub(crate) fn roots(&self) -> &[(u32, u64)] {
        &self.roots
    }

    /// The header of an entry and its compressed bytes, which may be followed by padding.
    pub(crate) fn entry(&self, entry: u32) -> Result<(data::Entry, &[u8]), &'static str> {
        let range = self.offsets[entry as usize]..self.offsets[entry as usize + 1];
        let bytes = self.data.entry_slice(range.clone()).ok_or("the pack ends before it")?;
        let header = data::Entry::from_bytes(bytes, range.start, self.data.object_hash())
            .map_err(|_| "its header in the pack is damaged")?;
        let body = usize::try_from(header.data_offset - range.start).ok().and_then(|at| bytes.get(at..));
        Ok((header, body.ok_or("its header in the pack is damaged")?))
    }

    /// Whether the packed bytes are those that the index was made for. Catches what a lucky decode would not.
    pub(crate) fn crc_holds(&self, entry: u32) -> bool {
        let Some(expected) = self.index.crc32_at_index(self.index_places[entry as usize]) else {
            return true;
        };
        let range = self.offsets[entry as usize]..self.offsets[entry as usize + 1];
        self.data.entry_slice(range).is_some_and(|bytes| crc32fast::hash(bytes) == expected)
    }

    /// Finds every entry's base, then orders families.
    fn link(&mut self) {
        let parents = self.parents();
        let count = parents.len();
        // Children of each entry, by counting.
        let mut starts = vec![0u32; count + 1];
        for parent in &parents {
            if let Parent::Entry(base) = parent {
                starts[*base as usize + 1] += 1;
            }
        }
        (0..count).for_each(|i| starts[i + 1] += starts[i]);
        let mut next = starts.clone();
        let mut children = vec![0u32; starts[count] as usize];
        for (entry, parent) in (0u32..).zip(&parents) {
            if let Parent::Entry(base) = parent {
                children[next[*base as usize] as usize] = entry;
                next[*base as usize] += 1;
            }
        }
        self.child_starts = starts;
        self.children = children;
        // From the roots down: kinds. What is not reached has no root: a missing base or a cycle.
        let mut kinds = vec![Kind::Unknown; count];
        let mut descent: Vec<u32> = Vec::with_capacity(count);
        for (entry, parent) in (0u32..).zip(&parents) {
            if let Parent::Whole(kind) = parent {
                kinds[entry as usize] = *kind;
                descent.push(entry);
            }
        }
        let root_count = descent.len();
        let mut at = 0;
        while at < descent.len() {
            let entry = descent[at];
            for child in self.children(entry) {
                kinds[*child as usize] = kinds[entry as usize];
            }
            let range =
                self.child_starts[entry as usize] as usize..self.child_starts[entry as usize + 1] as usize;
            descent.extend_from_slice(&self.children[range]);
            at += 1;
        }
        self.kinds = kinds;
        // And up again: the packed bytes of each family.
        let mut weights: Vec<u64> = self.offsets.windows(2).map(|pair| pair[1] - pair[0]).collect();
        for entry in descent.iter().rev() {
            if let Parent::Entry(base) = parents[*entry as usize] {
                weights[base as usize] += weights[*entry as usize];
            }
        }
        for entry in 0..count {
            let range = self.child_starts[entry] as usize..self.child_starts[entry + 1] as usize;
            self.children[range].sort_by_key(|child| std::cmp::Reverse(weights[*child as usize]));
        }
        self.roots = descent[..root_count].iter().map(|root| (*root, weights[*root as usize])).collect();
    }

    fn parents(&self) -> Vec<Parent> {
        let find_offset = |offset: u64| self.offsets[..self.len()].binary_search(&offset).ok();
        let end = self.offsets[self.len()];
        let parents: Vec<Parent> = (0..u32::try_from(self.len()).unwrap_or(u32::MAX))
            .into_par_iter()
            .with_min_len(4096)
            .map(|entry| {
                use data::entry::Header;
                let Ok((header, _)) = self.entry(entry) else { return Parent::Missing };
                let base = match header.header {
                    Header::Blob => return Parent::Whole(Kind::Blob),
                    Header::Tree => return Parent::Whole(Kind::Tree),
                    Header::Commit => return Parent::Whole(Kind::Commit),
                    Header::Tag => return Parent::Whole(Kind::Tag),
                    Header::OfsDelta { base_distance } => header.checked_base_pack_offset(base_distance),
                    Header::RefDelta { base_id } => {
                        self.index.lookup(base_id).map(|place| offset_at(&self.index, place, end))
                    }
                };
                match base.and_then(find_offset).and_then(|base| u32::try_from(base).ok()) {
                    Some(base) if base != entry => Parent::Entry(base),
                    _ => Parent::Missing,
                }
            })
            .collect();
        parents
    }
}
