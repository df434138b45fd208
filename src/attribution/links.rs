//! What one pass over all trees, commits and tags yields: which names which.

use bstr::{BString, ByteSlice as _};
use hashbrown::HashMap;

use super::edges::{Edges, Gathering, small};
use super::reading::Reader;
use crate::finding::Gap;
use crate::git::store::{Number, Store};
use crate::git::walk::walk;
use crate::grouping::Grouping;
use crate::rules::Names;
use crate::source::Worker;

/// A commit, in terms of numbers.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) number: Number,
    pub(crate) tree: Option<Number>,
    pub(crate) time: i64,
    /// Where its parents stand in the list of all parents.
    pub(super) parents: (u32, u32),
    /// Where its author and subject stand in the text of all commits; empty where that was too long.
    pub(super) text: (u32, u32),
}

/// The links of a whole repository: 8 bytes for each object, at most 8 for each subtree entry of each tree, and for each
/// commit 52 or so and the text that is told of it.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// In order of object number.
    pub(crate) commits: Vec<Commit>,
    /// Rows of parents that are there.
    parents: Vec<u32>,
    /// Author and subject of the commits, a line each.
    text: Vec<u8>,
    pub(crate) tags: HashMap<Number, gix::ObjectId>,
    edges: Edges,
    blobs: BitSet,
    /// Blobs that are of interest for their names; sorted.
    pub(super) named: Vec<Number>,
    /// (commit row, id).
    pub(crate) missing_in_commits: Vec<(usize, gix::ObjectId)>,
    /// (tree, id).
    pub(crate) missing_in_trees: Vec<(Number, gix::ObjectId)>,
}

impl Links {
    /// `worker` makes what scans commits and tags, if they are to be; what is found in them goes to `found`.
    pub(super) fn read<'a>(
        store: &Store,
        id_length: usize,
        names: &Names,
        worker: &(impl Fn() -> Option<Worker<'a>> + Sync),
        jobs: usize,
        found: &mut Grouping,
        gaps: &mut Vec<Gap>,
    ) -> Self {
        let mut wanted = BitSet::new(store.len());
        found.objects().into_iter().for_each(|number| wanted.insert(number));
        let gathering = Gathering::new(store.len());
        let readers =
            walk(store, jobs, || Reader::new(store, id_length, &wanted, names, &gathering, worker()));
        let (mut edges, mut parts) = (Vec::new(), Vec::new());
        for (more, part, worker) in readers.into_iter().map(Reader::into_parts) {
            edges.push(more);
            parts.push(part);
            if let Some((texts, more)) = worker.map(Worker::finish) {
                found.merge(texts);
                gaps.extend(more);
            }
        }
        let mut links = Links { edges: gathering.finish(edges), ..Links::default() };
        let mut raw = Vec::new();
        let mut missing_in_commits = Vec::new();
        for mut part in parts {
            links.tags.extend(part.tags);
            links.named.extend(part.named);
            links.missing_in_trees.append(&mut part.missing_in_trees);
            missing_in_commits.append(&mut part.missing_in_commits);
            let base = small(links.parents.len());
            links.parents.append(&mut part.parents);
            let text_base = small(links.text.len());
            links.text.append(&mut part.text);
            raw.extend(part.commits.into_iter().map(|commit| Commit {
                parents: (commit.parents.0 + base, commit.parents.1 + base),
                text: (commit.text.0 + text_base, commit.text.1 + text_base),
                ..commit
            }));
            gaps.append(&mut part.gaps);
        }
        links.missing_in_trees.sort_unstable();
        raw.sort_unstable_by_key(|commit| commit.number);
        links.commits = raw;
        links.named.sort_unstable();
        links.named.dedup();
        links.named.iter().for_each(|number| wanted.insert(*number));
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
            let from = small(rows.len());
            for number in &numbers[commit.parents.0 as usize..commit.parents.1 as usize] {
                match row_of(*number) {
                    Some(parent) => rows.push(small(parent)),
                    None => self.missing_in_commits.push((row, store.id(*number).to_owned())),
                }
            }
            ranges.push((from, small(rows.len())));
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

    /// The line of a commit that tells its author, and its subject; `None` if they were too long to keep.
    pub(crate) fn author_and_subject(&self, row: usize) -> Option<(&[u8], &[u8])> {
        let (from, to) = self.commits[row].text;
        self.text.get(from as usize..to as usize)?.split_once_str("\n")
    }

    /// Rows of the parents of a commit, as far as they are there.
    pub(crate) fn parents(&self, row: usize) -> impl Iterator<Item = usize> {
        let (from, to) = self.commits[row].parents;
        self.parents[from as usize..to as usize].iter().map(|row| *row as usize)
    }

    /// How many object numbers there are.
    pub(crate) fn objects(&self) -> usize {
        self.edges.objects()
    }

    /// Whether a linked object is a blob, which then is one of interest.
    pub(crate) fn is_blob(&self, number: Number) -> bool {
        self.blobs.contains(number)
    }

    /// Subtrees and blobs of interest of a tree, with their names.
    pub(crate) fn children(&self, tree: Number) -> impl Iterator<Item = (Number, &BString)> {
        self.edges.of(tree)
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
