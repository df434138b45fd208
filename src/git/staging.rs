//! The index as the tree that a commit of it would have, without writing that tree.
//!
//! The index remembers of each directory which tree it is, until something below it is staged. A directory that is
//! the tree of a parent is therefore not looked into, so that the cost is that of what is staged.

use std::collections::{BTreeSet, HashMap};

use bstr::{BString, ByteSlice as _};
use gix::index::entry::{Flags, Mode};
use gix::index::extension::Tree;
use gix::index::{Entry, File};

use super::changes::Trees;
use crate::finding::{Gap, GapKind};

/// The roots of the index beside these trees of parents. There is one, unless paths are unmerged: then there is one
/// for each stage, which has the paths that are merged and those of its stage.
pub(crate) fn roots(index: &File, parents: &[gix::ObjectId], trees: &mut Trees) -> Vec<gix::ObjectId> {
    let mut stages: BTreeSet<u32> = index.entries().iter().map(Entry::stage_raw).collect();
    if stages.len() > 1 {
        stages.remove(&0);
    }
    if stages.is_empty() {
        stages.insert(0);
    }
    let root = |stage| Builder { index, stage, trees, open: Vec::new() }.root(parents);
    stages.into_iter().filter_map(root).collect()
}

/// A directory whose entries are being collected.
struct Directory<'a> {
    /// Its path and a slash; empty for the root.
    prefix: &'a [u8],
    name: &'a [u8],
    /// What the index remembers of it.
    remembered: Option<&'a Tree>,
    /// The directories that the parents have in it.
    parents: Vec<HashMap<BString, gix::ObjectId>>,
    /// As a tree object has them.
    entries: Vec<u8>,
}

impl Directory<'_> {
    fn add(&mut self, mode: Mode, name: &[u8], id: &gix::oid) {
        self.entries.extend_from_slice(format!("{:o} ", mode.bits()).as_bytes());
        self.entries.extend_from_slice(name);
        self.entries.push(0);
        self.entries.extend_from_slice(id.as_bytes());
    }
}

struct Builder<'a, 't, 'o> {
    index: &'a File,
    stage: u32,
    trees: &'t mut Trees<'o>,
    /// From the root to where the last entry is.
    open: Vec<Directory<'a>>,
}

impl<'a> Builder<'a, '_, '_> {
    /// `None` only if a tree of these names cannot have an id.
    fn root(mut self, parents: &[gix::ObjectId]) -> Option<gix::ObjectId> {
        let entries = self.index.entries();
        if let Some((id, _)) = self.unchanged(self.index.tree(), parents, b"", 0) {
            return Some(id);
        }
        self.enter(b"", b"", self.index.tree(), parents);
        let mut at = 0;
        while let Some(entry) = entries.get(at) {
            at += self.entry(entry, at)?;
        }
        while self.open.len() > 1 {
            self.leave()?;
        }
        self.trees.make(self.open.pop()?.entries)
    }

    /// Adds an entry, or the directory that it begins; how many entries are done with it.
    fn entry(&mut self, entry: &'a Entry, at: usize) -> Option<usize> {
        let path: &'a [u8] = entry.path(self.index);
        let merged = entry.stage_raw() == 0;
        if (!merged && entry.stage_raw() != self.stage) || is_no_content(entry) {
            return Some(1);
        }
        if path.contains(&0) || path.is_empty() {
            self.trees.gaps.push(Gap {
                kind: GapKind::CorruptObject,
                place: "index".into(),
                detail: format!("{:?} is no path", path.as_bstr()),
            });
            return Some(1);
        }
        while !path.starts_with(self.open.last()?.prefix) {
            self.leave()?;
        }
        // The path of a whole directory, which a sparse index has, ends in a slash.
        let end = if entry.mode == Mode::DIR { path.len() - 1 } else { path.len() };
        loop {
            let directory = self.open.last()?;
            let begin = directory.prefix.len();
            let Some(length) = path.get(begin..end).and_then(|rest| rest.find_byte(b'/')) else { break };
            let name = &path[begin..begin + length];
            let remembered = directory.remembered.and_then(|tree| {
                let place = tree.children.binary_search_by(|child| child.name.as_slice().cmp(name));
                place.ok().map(|place| &tree.children[place])
            });
            let parents: Vec<gix::ObjectId> =
                directory.parents.iter().filter_map(|parent| parent.get(name.as_bstr())).copied().collect();
            let prefix = &path[..=begin + length];
            if let Some((id, count)) = self.unchanged(remembered, &parents, prefix, at) {
                self.open.last_mut()?.add(Mode::DIR, name, &id);
                return Some(count);
            }
            self.enter(prefix, name, remembered, &parents);
        }
        let directory = self.open.last_mut()?;
        let name = path.get(directory.prefix.len()..end).unwrap_or_default();
        directory.add(entry.mode, name, &entry.id);
        Some(1)
    }

    /// The tree that a directory is remembered as, and how many entries it has from `at` on, if it is a parent's.
    fn unchanged(
        &self,
        remembered: Option<&Tree>,
        parents: &[gix::ObjectId],
        prefix: &[u8],
        at: usize,
    ) -> Option<(gix::ObjectId, usize)> {
        let tree = remembered.filter(|tree| parents.contains(&tree.id))?;
        let count = usize::try_from(tree.num_entries?).ok().filter(|count| *count > 0)?;
        let end = at.checked_add(count)?;
        // The number may be wrong.
        let inside = |place: usize| {
            let entry = self.index.entries().get(place);
            entry.is_some_and(|entry| entry.path(self.index).starts_with(prefix))
        };
        (inside(end - 1) && !inside(end)).then_some((tree.id, count))
    }

    fn enter(
        &mut self,
        prefix: &'a [u8],
        name: &'a [u8],
        remembered: Option<&'a Tree>,
        parents: &[gix::ObjectId],
    ) {
        let parents = parents.iter().map(|tree| self.trees.directories(*tree)).collect();
        self.open.push(Directory { prefix, name, remembered, parents, entries: Vec::new() });
    }

    fn leave(&mut self) -> Option<()> {
        let directory = self.open.pop()?;
        let id = self.trees.make(directory.entries)?;
        self.open.last_mut()?.add(Mode::DIR, directory.name, &id);
        Some(())
    }
}

/// Whether an entry only says that something will be added, or was removed.
fn is_no_content(entry: &Entry) -> bool {
    entry.flags.intersects(Flags::INTENT_TO_ADD | Flags::REMOVE)
}
