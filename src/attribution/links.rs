//! One pass over all trees, commits and tags: which names which.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use bstr::BString;

use crate::finding::{Gap, GapKind};
use crate::git::commit;
use crate::git::pack::Kind;
use crate::git::store::{Number, Store};
use crate::git::tree::{Entries, EntryKind};
use crate::git::walk::{Object, Visitor, walk};

/// A commit, in terms of numbers.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) number: Number,
    pub(crate) tree: Option<Number>,
    pub(crate) time: i64,
    /// Where its parents stand in the list of all parents.
    parents: (u32, u32),
}

/// A child of a tree: a subtree or a blob of interest.
#[derive(Debug, Clone, Copy)]
struct Edge {
    to: Number,
    /// Within the names of the part that the edge is from.
    name: u32,
}

/// A run of edges, never grown beyond what was reserved, so that collecting millions of them does not need twice the
/// memory for a moment.
#[derive(Debug)]
struct Chunk {
    edges: Vec<Edge>,
    /// Where the part's names begin in the list of all names.
    names_base: u32,
}

/// Where the edges of a tree are.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    chunk: u32,
    start: u32,
    length: u32,
}

/// The links of a whole repository: 8 bytes for each subtree entry of each tree, 12 for each object, 28 for each commit.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// In order of object number.
    pub(crate) commits: Vec<Commit>,
    /// Rows of parents that are there.
    parents: Vec<u32>,
    pub(crate) tags: HashMap<Number, gix::ObjectId>,
    chunks: Vec<Chunk>,
    /// By object number.
    runs: Vec<Run>,
    names: Vec<BString>,
    blobs: BitSet,
    /// (commit row, id).
    pub(crate) missing_in_commits: Vec<(usize, gix::ObjectId)>,
    /// (tree, id).
    pub(crate) missing_in_trees: Vec<(Number, gix::ObjectId)>,
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
        let make = || Reader::new(store, id_length, &wanted);
        let parts: Vec<Part> = walk(store, jobs, make).into_iter().map(|reader| reader.part).collect();
        let mut links = Links { runs: vec![Run::default(); store.len()], ..Links::default() };
        let mut raw = Vec::new();
        let mut missing_in_commits = Vec::new();
        for mut part in parts {
            let first_chunk = u32::try_from(links.chunks.len()).unwrap_or(u32::MAX);
            let names_base = u32::try_from(links.names.len()).unwrap_or(u32::MAX);
            links.names.append(&mut part.names);
            for (tree, run) in part.runs {
                links.runs[tree as usize] = Run { chunk: run.chunk + first_chunk, ..run };
            }
            links.chunks.extend(part.chunks.into_iter().map(|edges| Chunk { edges, names_base }));
            links.tags.extend(part.tags);
            links.missing_in_trees.append(&mut part.missing_in_trees);
            missing_in_commits.append(&mut part.missing_in_commits);
            let base = u32::try_from(links.parents.len()).unwrap_or(u32::MAX);
            links.parents.append(&mut part.parents);
            raw.extend(part.commits.into_iter().map(|commit| Commit {
                parents: (commit.parents.0 + base, commit.parents.1 + base),
                ..commit
            }));
            gaps.append(&mut part.gaps);
        }
        links.missing_in_trees.sort_unstable();
        raw.sort_unstable_by_key(|commit| commit.number);
        links.commits = raw;
        links.blobs = wanted;
        links.resolve_parents(store, missing_in_commits);
        links
    }

    /// Parents were kept as object numbers until all commits were known.
    fn resolve_parents(&mut self, store: &Store, missing: Vec<(Number, gix::ObjectId)>) {
        let numbers = std::mem::take(&mut self.parents);
        let mut commits = std::mem::take(&mut self.commits);
        let row_of = |number: Number| commits.binary_search_by_key(&number, |commit| commit.number).ok();
        let mut rows = Vec::with_capacity(numbers.len());
        let mut ranges = Vec::with_capacity(commits.len());
        for (row, commit) in commits.iter().enumerate() {
            let from = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            for number in &numbers[commit.parents.0 as usize..commit.parents.1 as usize] {
                match row_of(*number) {
                    Some(parent) => rows.push(u32::try_from(parent).unwrap_or(u32::MAX)),
                    None => self.missing_in_commits.push((row, store.id(*number).to_owned())),
                }
            }
            ranges.push((from, u32::try_from(rows.len()).unwrap_or(u32::MAX)));
        }
        let named = missing.into_iter().filter_map(|(number, id)| Some((row_of(number)?, id)));
        self.missing_in_commits.extend(named);
        self.missing_in_commits.sort_unstable();
        commits.iter_mut().zip(ranges).for_each(|(commit, range)| commit.parents = range);
        self.commits = commits;
        self.parents = rows;
    }

    /// The row of a commit.
    pub(crate) fn row_of(&self, number: Number) -> Option<usize> {
        self.commits.binary_search_by_key(&number, |commit| commit.number).ok()
    }

    /// Rows of the parents of a commit, as far as they are there.
    pub(crate) fn parents(&self, row: usize) -> impl Iterator<Item = usize> {
        let (from, to) = self.commits[row].parents;
        self.parents[from as usize..to as usize].iter().map(|row| *row as usize)
    }

    /// How many object numbers there are.
    pub(crate) fn objects(&self) -> usize {
        self.runs.len()
    }

    /// Whether a linked object is a blob, which then is one of interest.
    pub(crate) fn is_blob(&self, number: Number) -> bool {
        self.blobs.contains(number)
    }

    /// Subtrees and blobs of interest of a tree, with their names.
    pub(crate) fn children(&self, tree: Number) -> impl Iterator<Item = (Number, &BString)> {
        let run = self.runs[tree as usize];
        let chunk = self.chunks.get(run.chunk as usize);
        let edges = chunk
            .map_or(&[][..], |chunk| &chunk.edges[run.start as usize..(run.start + run.length) as usize]);
        let base = chunk.map_or(0, |chunk| chunk.names_base);
        edges.iter().map(move |edge| (edge.to, &self.names[(base + edge.name) as usize]))
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

/// One thread's part.
#[derive(Default)]
struct Part {
    /// Parents are a range of `parents`.
    commits: Vec<Commit>,
    /// As object numbers.
    parents: Vec<Number>,
    tags: Vec<(Number, gix::ObjectId)>,
    chunks: Vec<Vec<Edge>>,
    runs: Vec<(Number, Run)>,
    names: Vec<BString>,
    name_numbers: HashMap<BString, u32>,
    missing_in_commits: Vec<(Number, gix::ObjectId)>,
    missing_in_trees: Vec<(Number, gix::ObjectId)>,
    gaps: Vec<Gap>,
}

/// Edges in a chunk, as long as no single tree has more.
const CHUNK: usize = 1 << 15;

impl Part {
    fn add_tree(&mut self, tree: Number, edges: &[Edge]) {
        let fits = self.chunks.last().is_some_and(|chunk| chunk.capacity() - chunk.len() >= edges.len());
        if !fits {
            self.chunks.push(Vec::with_capacity(CHUNK.max(edges.len())));
        }
        let number = self.chunks.len() - 1;
        let chunk = &mut self.chunks[number];
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let run = Run { chunk: small(number), start: small(chunk.len()), length: small(edges.len()) };
        chunk.extend_from_slice(edges);
        self.runs.push((tree, run));
    }

    fn name(&mut self, name: &[u8]) -> u32 {
        if let Some(number) = self.name_numbers.get(bstr::BStr::new(name)) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.into());
        self.name_numbers.insert(name.into(), number);
        number
    }
}

struct Reader<'a> {
    store: &'a Store,
    id_length: usize,
    wanted: &'a BitSet,
    recent: Recent,
    edges: Vec<Edge>,
    part: Part,
}

impl Visitor for Reader<'_> {
    type Notes = ();

    fn wants(kind: Kind) -> bool {
        matches!(kind, Kind::Tree | Kind::Commit | Kind::Tag)
    }

    fn object(&mut self, object: &Object<'_, ()>) -> Option<()> {
        let Object { number, bytes, .. } = *object;
        match object.kind {
            _ if object.is_duplicate => {}
            Kind::Tree => self.tree(number, bytes),
            Kind::Commit => self.commit(number, bytes),
            Kind::Tag => match commit::tag_target(bytes) {
                Some(target) => self.part.tags.push((number, target)),
                None => self.corrupt(number, "it is a tag that names no object"),
            },
            Kind::Blob | Kind::Unknown => {}
        }
        None
    }

    fn stream(&mut self, number: Number, size: u64, reader: &mut dyn Read) {
        // Read to its end, so that it does not pass for a damaged one.
        let _ = std::io::copy(reader, &mut std::io::sink());
        let place = self.store.id(number).to_string();
        self.part.gaps.push(Gap {
            kind: GapKind::TooLarge,
            place,
            detail: format!("a tree or commit of {size} bytes"),
        });
    }

    fn gap(&mut self, gap: Gap) {
        self.part.gaps.push(gap);
    }
}

impl<'a> Reader<'a> {
    fn new(store: &'a Store, id_length: usize, wanted: &'a BitSet) -> Self {
        Reader { store, id_length, wanted, recent: Recent::new(), edges: Vec::new(), part: Part::default() }
    }

    fn commit(&mut self, number: Number, bytes: &[u8]) {
        let tree = match commit::tree(bytes) {
            None => {
                self.corrupt(number, "it is a commit without a tree");
                None
            }
            Some(id) => {
                let tree = self.store.find(&id).filter(|tree| self.store.kind(*tree) == Kind::Tree);
                if tree.is_none() && !id.is_empty_tree() {
                    self.part.missing_in_commits.push((number, id));
                }
                tree
            }
        };
        let from = u32::try_from(self.part.parents.len()).unwrap_or(u32::MAX);
        for id in commit::parents(bytes) {
            match self.store.find(&id) {
                Some(parent) => self.part.parents.push(parent),
                None => self.part.missing_in_commits.push((number, id)),
            }
        }
        let to = u32::try_from(self.part.parents.len()).unwrap_or(u32::MAX);
        let time = commit::committer_time(bytes);
        self.part.commits.push(Commit { number, tree, time, parents: (from, to) });
    }

    fn tree(&mut self, number: Number, bytes: &[u8]) {
        self.edges.clear();
        for entry in Entries::new(bytes, self.id_length) {
            let Some(entry) = entry else {
                self.corrupt(number, "it is a tree with an entry that makes no sense");
                break;
            };
            if entry.kind == EntryKind::Submodule {
                continue;
            }
            let expected = if entry.kind == EntryKind::Tree { Kind::Tree } else { Kind::Blob };
            match self.recent.find(self.store, entry.id) {
                Some((child, kind)) if kind == expected || kind == Kind::Unknown => {
                    if kind == Kind::Tree || self.wanted.contains(child) {
                        let name = self.part.name(entry.name);
                        self.edges.push(Edge { to: child, name });
                    }
                }
                Some(_) => self.corrupt(number, "it takes a file for a directory or a directory for a file"),
                None => {
                    if let Ok(id) = gix::ObjectId::try_from(entry.id)
                        && !id.is_empty_tree()
                    {
                        self.part.missing_in_trees.push((number, id));
                    }
                }
            }
        }
        if !self.edges.is_empty() {
            self.part.add_tree(number, &self.edges);
        }
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
        Recent { slots: vec![Slot { id: [0; 32], number: Number::MAX, kind: Kind::Unknown }; RECENT] }
    }

    fn find(&mut self, store: &Store, id: &[u8]) -> Option<(Number, Kind)> {
        let place = usize::from(u16::from_le_bytes([id[1], id[2]])) % RECENT;
        let slot = &mut self.slots[place];
        // An empty slot has the null id, which is no object's.
        if slot.number == Number::MAX || slot.id[..id.len()] != *id {
            let oid = gix::oid::try_from_bytes(id).ok()?;
            let number = store.find(oid)?;
            slot.id[..id.len()].copy_from_slice(id);
            slot.number = number;
            slot.kind = store.kind(number);
        }
        Some((slot.number, slot.kind))
    }
}
