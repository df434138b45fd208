//! Which tree names what: the edges of all trees, gathered by several threads and looked up by tree.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use bstr::BString;
use hashbrown::HashTable;

use crate::git::store::Number;

/// A child of a tree: a subtree or a blob of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) to: Number,
    /// The number of its name. One name can have several: one for each thread.
    pub(super) name: u32,
}

/// Where the edges of a tree are: the place of the first, and how many. Trees with equal edges can share them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Run(u64);

/// Bits for the length of a run. A tree that fits in memory has fewer entries than that.
const LENGTH_BITS: u32 = 24;
/// Edges in a chunk. A tree that has more gets several chunks in a row, of which the first holds them all.
const CHUNK: usize = 1 << 15;
/// Names that a thread numbers at a time.
const NAMES: usize = 1 << 8;

impl Run {
    fn new(chunk: u32, place: usize, length: usize) -> Self {
        let start = u64::from(chunk) * CHUNK as u64 + place as u64;
        Run(start << LENGTH_BITS | length as u64)
    }

    pub(super) fn len(self) -> usize {
        usize::try_from(self.0 & ((1 << LENGTH_BITS) - 1)).unwrap_or_default()
    }

    /// Chunk, and place within it.
    fn start(self) -> (usize, usize) {
        let start = usize::try_from(self.0 >> LENGTH_BITS).unwrap_or(usize::MAX);
        (start / CHUNK, start % CHUNK)
    }
}

/// The edges of all trees: 8 bytes for each object, 8 for each edge.
#[derive(Debug, Default)]
pub(super) struct Edges {
    /// By object number.
    runs: Vec<Run>,
    /// Never grown beyond what was reserved, so that collecting millions of edges does not need twice the memory for a
    /// moment.
    chunks: Vec<Vec<Edge>>,
    names: Vec<BString>,
}

impl Edges {
    /// How many object numbers there are.
    pub(super) fn objects(&self) -> usize {
        self.runs.len()
    }

    /// Children of a tree, with their names, in the order of the tree.
    pub(super) fn of(&self, tree: Number) -> impl Iterator<Item = (Number, &BString)> {
        let run = self.runs[tree as usize];
        let (chunk, place) = run.start();
        let chunk = self.chunks.get(chunk).map_or(&[][..], Vec::as_slice);
        let edges = chunk.get(place..place + run.len()).unwrap_or_default();
        edges.iter().map(|edge| (edge.to, &self.names[edge.name as usize]))
    }
}

/// What the threads that gather edges have in common.
pub(super) struct Gathering {
    runs: Vec<AtomicU64>,
    chunks: AtomicU32,
    names: AtomicU32,
}

impl Gathering {
    pub(super) fn new(objects: usize) -> Self {
        let runs = std::iter::repeat_with(AtomicU64::default).take(objects).collect();
        Gathering { runs, chunks: AtomicU32::new(0), names: AtomicU32::new(0) }
    }

    /// Puts together what the threads gathered.
    pub(super) fn finish(self, parts: Vec<Part>) -> Edges {
        let runs = self.runs.into_iter().map(|run| Run(run.into_inner())).collect();
        let mut chunks = vec![Vec::new(); self.chunks.into_inner() as usize];
        let mut names = vec![BString::default(); self.names.into_inner() as usize];
        for part in parts {
            for (number, edges) in part.chunks {
                chunks[number as usize] = edges;
            }
            for (block, list) in part.names {
                for (place, name) in (block as usize..).zip(list) {
                    names[place] = name;
                }
            }
        }
        Edges { runs, chunks, names }
    }
}

/// What one thread gathered: chunks and blocks of names, each with the number of the first.
pub(super) struct Part {
    chunks: Vec<(u32, Vec<Edge>)>,
    names: Vec<(u32, Vec<BString>)>,
}

/// One thread's side of the gathering.
pub(super) struct Gatherer<'a> {
    common: &'a Gathering,
    part: Part,
    /// Places in `part.names`, counted through; names come from the repository, hence the hasher with a key.
    known_names: HashTable<u32>,
    hasher: RandomState,
}

impl<'a> Gatherer<'a> {
    pub(super) fn new(common: &'a Gathering) -> Self {
        let part = Part { chunks: Vec::new(), names: Vec::new() };
        Gatherer { common, part, known_names: HashTable::new(), hasher: RandomState::new() }
    }

    pub(super) fn into_part(self) -> Part {
        self.part
    }

    /// Keeps the edges of a tree.
    pub(super) fn add(&mut self, tree: Number, edges: &[Edge]) -> Run {
        let chunks = &mut self.part.chunks;
        let fits =
            chunks.last().is_some_and(|(_, chunk)| chunk.capacity().min(CHUNK) >= chunk.len() + edges.len());
        if !fits {
            let count = edges.len().div_ceil(CHUNK).max(1);
            let number = self.common.chunks.fetch_add(small(count), Ordering::Relaxed);
            chunks.push((number, Vec::with_capacity(CHUNK.max(edges.len()))));
        }
        let Some((number, chunk)) = chunks.last_mut() else { return Run::default() };
        let run = Run::new(*number, chunk.len(), edges.len());
        chunk.extend_from_slice(edges);
        self.share(tree, run);
        run
    }

    /// Gives a tree the edges of another one.
    pub(super) fn share(&self, tree: Number, run: Run) {
        self.common.runs[tree as usize].store(run.0, Ordering::Relaxed);
    }

    /// The number of a name.
    pub(super) fn name(&mut self, name: &[u8]) -> u32 {
        let Gatherer { common, part: Part { names, .. }, known_names, hasher } = self;
        let at = |place: u32| &names[place as usize / NAMES].1[place as usize % NAMES];
        let hash = hasher.hash_one(name);
        let place = match known_names.find(hash, |place| at(*place) == name) {
            Some(place) => *place,
            None => {
                let place = small(known_names.len());
                known_names.insert_unique(hash, place, |place| hasher.hash_one(at(*place).as_slice()));
                if names.last().is_none_or(|(_, list)| list.len() == NAMES) {
                    let block = common.names.fetch_add(small(NAMES), Ordering::Relaxed);
                    names.push((block, Vec::with_capacity(NAMES)));
                }
                names.last_mut().into_iter().for_each(|(_, list)| list.push(name.into()));
                place
            }
        };
        names[place as usize / NAMES].0 + place % small(NAMES)
    }
}

/// Counts of what is held in memory are small enough.
pub(super) fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
