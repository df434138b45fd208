//! One pass over all trees, commits and tags: which names which.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use bstr::BString;

use crate::finding::{Gap, GapKind};
use crate::git::commit;
use crate::git::pack::Kind;
use crate::git::store::{Number, Store};
use crate::git::tree::{Entries, EntryKind};
use crate::git::walk::{Visitor, walk};

/// A commit, in terms of numbers.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) number: Number,
    pub(crate) tree: Option<Number>,
    /// Rows of the parents that are there.
    pub(crate) parents: Vec<usize>,
    pub(crate) time: i64,
}

/// The links of a whole repository. About 12 bytes for each subtree entry of each tree.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// In order of object number.
    pub(crate) commits: Vec<Commit>,
    rows: HashMap<Number, usize>,
    pub(crate) tags: HashMap<Number, gix::ObjectId>,
    /// Tree → (subtree or blob of interest, name), sorted by tree.
    edges: Vec<Edge>,
    /// Where the edges of each object begin; one more for the end.
    edge_starts: Vec<u32>,
    names: Vec<BString>,
    blobs: BitSet,
    highest: Number,
    /// (commit row, id).
    pub(crate) missing_in_commits: Vec<(usize, gix::ObjectId)>,
    /// (tree, id).
    pub(crate) missing_in_trees: Vec<(Number, gix::ObjectId)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: Number,
    to: Number,
    name: u32,
}

impl Links {
    pub(super) fn read(
        store: &Store,
        id_length: usize,
        interest: &HashSet<Number>,
        jobs: usize,
        gaps: &mut Vec<Gap>,
    ) -> Self {
        let mut wanted = BitSet::new(store.len());
        interest.iter().for_each(|number| wanted.insert(*number));
        let make = || Reader { store, id_length, wanted: &wanted, recent: Recent::new(), part: Part::default() };
        let mut links = Links::default();
        let mut raw = Vec::new();
        for reader in walk(store, jobs, make) {
            let part = reader.part;
            let offset = u32::try_from(links.names.len()).unwrap_or(u32::MAX);
            links.names.extend(part.names);
            links.edges.extend(part.edges.iter().map(|edge| Edge { name: edge.name + offset, ..*edge }));
            links.tags.extend(part.tags);
            links.missing_in_trees.extend(part.missing);
            raw.extend(part.commits);
            gaps.extend(part.gaps);
        }
        links.edges.sort_unstable_by_key(|edge| (edge.from, edge.to));
        links.missing_in_trees.sort_unstable();
        raw.sort_unstable_by_key(|commit| commit.number);
        links.rows = raw.iter().enumerate().map(|(row, commit)| (commit.number, row)).collect();
        for (row, commit) in raw.into_iter().enumerate() {
            links.add_commit(store, row, &commit);
        }
        let mut starts = vec![0u32; store.len() + 1];
        links.edges.iter().for_each(|edge| starts[edge.from as usize + 1] += 1);
        (0..store.len()).for_each(|i| starts[i + 1] += starts[i]);
        links.edge_starts = starts;
        links.blobs = wanted;
        links.highest = Number::try_from(store.len()).unwrap_or(Number::MAX).saturating_sub(1);
        links
    }

    fn add_commit(&mut self, store: &Store, row: usize, raw: &RawCommit) {
        let tree = raw.tree.and_then(|id| {
            let number = store.find(&id).filter(|number| store.kind(*number) == Kind::Tree);
            if number.is_none() && !id.is_empty_tree() {
                self.missing_in_commits.push((row, id));
            }
            number
        });
        let mut parents = Vec::with_capacity(raw.parents.len());
        for id in &raw.parents {
            match store.find(id).and_then(|number| self.row_of(number)) {
                Some(parent) => parents.push(parent),
                None => self.missing_in_commits.push((row, *id)),
            }
        }
        self.commits.push(Commit { number: raw.number, tree, parents, time: raw.time });
    }

    /// The row of a commit.
    pub(crate) fn row_of(&self, number: Number) -> Option<usize> {
        self.rows.get(&number).copied()
    }

    /// The highest number that occurs.
    pub(crate) fn highest(&self) -> Number {
        self.highest
    }

    /// Whether a linked object is a blob, which then is one of interest.
    pub(crate) fn is_blob(&self, number: Number) -> bool {
        self.blobs.contains(number)
    }

    /// Subtrees and blobs of interest of a tree, with their names.
    pub(crate) fn children(&self, tree: Number) -> impl Iterator<Item = (Number, &BString)> {
        let range = self.edge_starts[tree as usize] as usize..self.edge_starts[tree as usize + 1] as usize;
        self.edges[range].iter().map(|edge| (edge.to, &self.names[edge.name as usize]))
    }
}

/// A set of object numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct BitSet(Vec<u64>);

impl BitSet {
    pub(crate) fn new(length: usize) -> Self {
        BitSet(vec![0; length.div_ceil(64)])
    }

    pub(crate) fn insert(&mut self, number: Number) {
        self.0[number as usize / 64] |= 1 << (number % 64);
    }

    pub(crate) fn contains(&self, number: Number) -> bool {
        self.0[number as usize / 64] >> (number % 64) & 1 == 1
    }
}

struct RawCommit {
    number: Number,
    tree: Option<gix::ObjectId>,
    parents: Vec<gix::ObjectId>,
    time: i64,
}

/// One thread's part.
#[derive(Default)]
struct Part {
    commits: Vec<RawCommit>,
    tags: Vec<(Number, gix::ObjectId)>,
    edges: Vec<Edge>,
    names: Vec<BString>,
    name_numbers: HashMap<BString, u32>,
    missing: Vec<(Number, gix::ObjectId)>,
    gaps: Vec<Gap>,
}

struct Reader<'a> {
    store: &'a Store,
    id_length: usize,
    wanted: &'a BitSet,
    recent: Recent,
    part: Part,
}

impl Visitor for Reader<'_> {
    fn wants(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Tree | Kind::Commit | Kind::Tag)
    }

    fn object(&mut self, number: Number, kind: Kind, bytes: &[u8]) {
        match kind {
            Kind::Tree => self.tree(number, bytes),
            Kind::Commit => {
                let tree = commit::tree(bytes);
                if tree.is_none() {
                    self.corrupt(number, "it is a commit without a tree");
                }
                let parents = commit::parents(bytes).collect();
                self.part.commits.push(RawCommit { number, tree, parents, time: commit::committer_time(bytes) });
            }
            Kind::Tag => match commit::tag_target(bytes) {
                Some(target) => self.part.tags.push((number, target)),
                None => self.corrupt(number, "it is a tag that names no object"),
            },
            Kind::Blob | Kind::Unknown => {}
        }
    }

    fn stream(&mut self, number: Number, size: u64, _reader: &mut dyn Read) {
        let place = self.store.id(number).to_string();
        self.part.gaps.push(Gap { kind: GapKind::TooLarge, place, detail: format!("a tree or commit of {size} bytes") });
    }

    fn gap(&mut self, gap: Gap) {
        self.part.gaps.push(gap);
    }
}

impl Reader<'_> {
    fn tree(&mut self, number: Number, bytes: &[u8]) {
        for entry in Entries::new(bytes, self.id_length) {
            let Some(entry) = entry else {
                self.corrupt(number, "it is a tree with an entry that makes no sense");
                return;
            };
            if entry.kind == EntryKind::Submodule {
                continue;
            }
            let expected = if entry.kind == EntryKind::Tree { Kind::Tree } else { Kind::Blob };
            match self.recent.find(self.store, entry.id) {
                Some((child, kind)) if kind == expected || kind == Kind::Unknown => {
                    if kind == Kind::Tree || self.wanted.contains(child) {
                        let name = self.name(entry.name);
                        self.part.edges.push(Edge { from: number, to: child, name });
                    }
                }
                Some(_) => {
                    self.corrupt(number, "it takes a file for a directory or a directory for a file");
                }
                None => {
                    if let Ok(id) = gix::ObjectId::try_from(entry.id) && !id.is_empty_tree() {
                        self.part.missing.push((number, id));
                    }
                }
            }
        }
    }

    fn name(&mut self, name: &[u8]) -> u32 {
        let part = &mut self.part;
        if let Some(number) = part.name_numbers.get(bstr::BStr::new(name)) {
            return *number;
        }
        let number = u32::try_from(part.names.len()).unwrap_or(u32::MAX);
        part.names.push(name.into());
        part.name_numbers.insert(name.into(), number);
        number
    }

    fn corrupt(&mut self, number: Number, why: &str) {
        let place = self.store.id(number).to_string();
        self.part.gaps.push(Gap { kind: GapKind::CorruptObject, place, detail: why.into() });
    }
}

/// Versions of a tree follow each other in a pack and name mostly the same objects: nearly every look-up is answered
/// here, without a walk through the big table.
struct Recent {
    slots: Vec<Slot>,
}

#[derive(Clone, Copy)]
struct Slot {
    id: [u8; 32],
    number: Number,
    kind: Kind,
}

/// Slots; a power of two. 40 bytes each.
const RECENT: usize = 1 << 14;

impl Recent {
    fn new() -> Self {
        Recent { slots: vec![Slot { id: [0; 32], number: 0, kind: Kind::Unknown }; RECENT] }
    }

    fn find(&mut self, store: &Store, id: &[u8]) -> Option<(Number, Kind)> {
        let place = usize::from(u16::from_le_bytes([id[1], id[2]])) % RECENT;
        let slot = &mut self.slots[place];
        if slot.id[..id.len()] != *id {
            let oid = gix::oid::try_from_bytes(id).ok()?;
            let number = store.find(oid)?;
            slot.id[..id.len()].copy_from_slice(id);
            slot.number = number;
            slot.kind = store.kind(number);
        }
        Some((slot.number, slot.kind))
    }
}
