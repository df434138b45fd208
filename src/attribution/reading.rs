//! The pass over all trees, commits and tags; each thread gathers a part.

use std::io::Read;

use hashbrown::HashSet;

use super::edges::{self, Edge, Gatherer, Gathering, Run};
use super::entries::{Known, Mark, Meaning, Tree};
use super::links::{BitSet, Commit};
use super::recent::Recent;
use crate::finding::{Gap, GapKind};
use crate::git::commit;
use crate::git::pack::Kind;
use crate::git::store::{Number, Store};
use crate::git::tree::{Entry, EntryKind};
use crate::git::walk::{Object, Visitor};
use crate::grouping::Place;
use crate::rules::{NameFinder, Names};
use crate::source::Worker;

/// What one thread gathered, apart from edges.
#[derive(Default)]
pub(super) struct Part {
    /// Parents are a range of `parents`.
    pub(super) commits: Vec<Commit>,
    /// As object numbers.
    pub(super) parents: Vec<Number>,
    /// Author and subject of the commits, a line each.
    pub(super) text: Vec<u8>,
    pub(super) tags: Vec<(Number, gix::ObjectId)>,
    pub(super) missing_in_commits: Vec<(Number, gix::ObjectId)>,
    pub(super) missing_in_trees: Vec<(Number, gix::ObjectId)>,
    /// Blobs whose names are of interest.
    pub(super) named: HashSet<Number>,
    pub(super) gaps: Vec<Gap>,
}

/// What the visit of a tree leaves for the trees that are made from it.
pub(super) struct Notes {
    known: Known,
    /// Where its edges are, if they are kept.
    run: Run,
}

pub(super) struct Reader<'a> {
    store: &'a Store,
    id_length: usize,
    wanted: &'a BitSet,
    names: NameFinder<'a>,
    recent: Recent,
    tree: Tree,
    edges: Vec<Edge>,
    gatherer: Gatherer<'a>,
    part: Part,
    /// Scans the texts of commits and tags, if they are to be.
    worker: Option<Worker<'a>>,
}

/// Bytes of authors and subjects that a thread keeps, so that commits need not be read again: some 200,000 of them.
const MOST_TEXT: usize = 16 << 20;

impl Visitor for Reader<'_> {
    type Notes = Notes;

    fn wants(kind: Kind) -> bool {
        matches!(kind, Kind::Tree | Kind::Commit | Kind::Tag)
    }

    fn object(&mut self, object: &Object<'_, Notes>) -> Option<Notes> {
        let Object { number, bytes, .. } = *object;
        match object.kind {
            Kind::Tree => return self.tree(object),
            _ if object.is_duplicate => {}
            Kind::Commit => {
                self.commit(number, bytes);
                self.scan(number, bytes);
            }
            Kind::Tag => {
                match commit::tag_target(bytes) {
                    Some(target) => self.part.tags.push((number, target)),
                    None => self.corrupt(number, "it is a tag that names no object"),
                }
                self.scan(number, bytes);
            }
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
    pub(super) fn new(
        store: &'a Store,
        id_length: usize,
        wanted: &'a BitSet,
        names: &'a Names,
        gathering: &'a Gathering,
        worker: Option<Worker<'a>>,
    ) -> Self {
        Reader {
            store,
            id_length,
            wanted,
            names: names.finder(),
            recent: Recent::new(),
            tree: Tree::default(),
            edges: Vec::new(),
            gatherer: Gatherer::new(gathering),
            part: Part::default(),
            worker,
        }
    }

    pub(super) fn into_parts(self) -> (edges::Part, Part, Option<Worker<'a>>) {
        (self.gatherer.into_part(), self.part, self.worker)
    }

    /// The text of a commit or a tag.
    fn scan(&mut self, number: Number, bytes: &[u8]) {
        if let Some(worker) = &mut self.worker {
            worker.scan_metadata(&Place::Object(number), bytes);
        }
    }

    fn commit(&mut self, number: Number, bytes: &[u8]) {
        let Reader { store, part, .. } = self;
        let from = edges::small(part.parents.len());
        let mut missing = |id| part.missing_in_commits.push((number, id));
        let links = commit::links(bytes, |id| match store.find(&id) {
            Some(parent) => part.parents.push(parent),
            None => missing(id),
        });
        let to = edges::small(part.parents.len());
        let tree = links.tree.and_then(|id| {
            let tree = store.find(&id).filter(|tree| store.kind(*tree) == Kind::Tree);
            if tree.is_none() && !id.is_empty_tree() {
                missing(id);
            }
            tree
        });
        let text_from = edges::small(part.text.len());
        if part.text.len() + links.author.len() + links.subject.len() < MOST_TEXT {
            part.text.extend_from_slice(links.author);
            part.text.push(b'\n');
            part.text.extend_from_slice(links.subject);
        }
        let text = (text_from, edges::small(part.text.len()));
        part.commits.push(Commit { number, tree, time: links.committer_time, parents: (from, to), text });
        if links.tree.is_none() {
            self.corrupt(number, "it is a commit without a tree");
        }
        if links.lost_parent {
            self.corrupt(number, "it is a commit with a parent that is no id");
        }
    }

    fn tree(&mut self, object: &Object<'_, Notes>) -> Option<Notes> {
        let base = object.base.as_ref().map(|base| (&base.notes.known, base.copies));
        let Reader { store, wanted, names, recent, gatherer, part, .. } = self;
        let mut is_wanted = |child: Number, name: &[u8]| {
            let is_named = names.may_be(name);
            if is_named {
                part.named.insert(child);
            }
            is_named || wanted.contains(child)
        };
        let look = |entry: &Entry<'_>| meaning(store, &mut is_wanted, recent, gatherer, entry);
        self.tree.read(object.bytes, self.id_length, base, object.has_children, look);
        let run = if object.is_duplicate {
            Run::default()
        } else {
            self.report(object.number, object.bytes);
            self.keep_edges(object.number, object.base.as_ref().map(|base| base.notes))
        };
        let known = if object.has_children { self.tree.known() } else { None };
        known.map(|known| Notes { known, run })
    }

    /// Tells of entries that lead nowhere.
    fn report(&mut self, number: Number, bytes: &[u8]) {
        for at in 0..self.tree.marks.len() {
            let Mark { end, meaning } = self.tree.marks[at];
            match meaning {
                Meaning::Edge { .. } => {}
                Meaning::WrongKind => {
                    self.corrupt(number, "it takes a file for a directory or a directory for a file");
                }
                Meaning::Missing => {
                    let end = end as usize;
                    if let Ok(id) = gix::ObjectId::try_from(&bytes[end - self.id_length..end]) {
                        self.part.missing_in_trees.push((number, id));
                    }
                }
            }
        }
        if self.tree.is_broken {
            self.corrupt(number, "it is a tree with an entry that makes no sense");
        }
    }

    /// Versions of a tree mostly differ in their files: often the edges are those of the base.
    fn keep_edges(&mut self, number: Number, base: Option<&Notes>) -> Run {
        self.edges.clear();
        self.edges.extend(edges_of(&self.tree.marks));
        if self.edges.is_empty() {
            return Run::default();
        }
        let same = base.filter(|base| {
            base.run.len() == self.edges.len() && edges_of(&base.known.marks).eq(self.edges.iter().copied())
        });
        match same {
            Some(base) => {
                self.gatherer.share(number, base.run);
                base.run
            }
            None => self.gatherer.add(number, &self.edges),
        }
    }

    fn corrupt(&mut self, number: Number, why: &str) {
        let place = self.store.id(number).to_string();
        self.part.gaps.push(Gap { kind: GapKind::CorruptObject, place, detail: why.into() });
    }
}

fn edges_of(marks: &[Mark]) -> impl Iterator<Item = Edge> {
    marks.iter().filter_map(|mark| match mark.meaning {
        Meaning::Edge { to, name } => Some(Edge { to, name }),
        Meaning::WrongKind | Meaning::Missing => None,
    })
}

/// What an entry of a tree means, by a look at what it names.
fn meaning(
    store: &Store,
    mut is_wanted: impl FnMut(Number, &[u8]) -> bool,
    recent: &mut Recent,
    gatherer: &mut Gatherer<'_>,
    entry: &Entry<'_>,
) -> Option<Meaning> {
    let expected = match entry.kind {
        EntryKind::Submodule => return None,
        EntryKind::Tree => Kind::Tree,
        EntryKind::Blob => Kind::Blob,
    };
    let id = gix::oid::try_from_bytes(entry.id).ok()?;
    match recent.find(store, id) {
        Some((child, kind)) if kind == expected || kind == Kind::Unknown => {
            let counts = kind == Kind::Tree || is_wanted(child, entry.name);
            counts.then(|| Meaning::Edge { to: child, name: gatherer.name(entry.name) })
        }
        Some(_) => Some(Meaning::WrongKind),
        None if id.is_empty_tree() => None,
        None => Some(Meaning::Missing),
    }
}
