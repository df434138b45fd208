//! What a commit adds to its parents, by comparing trees and reading only those that differ.

use std::cell::{Cell, OnceCell};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use bstr::BString;

use super::objects::{Kind, Objects, Unread};
use super::tree::{Entries, Entry, EntryKind, path_text};
use crate::finding::{Gap, GapKind};

/// Reads trees, the same one once in a while.
pub(crate) struct Trees<'a> {
    objects: &'a mut Objects,
    known: HashMap<gix::ObjectId, Option<Rc<Vec<u8>>>>,
    bytes: usize,
    /// Trees that are no objects, and are never forgotten.
    made: HashMap<gix::ObjectId, Rc<Vec<u8>>>,
    hash: gix::hash::Kind,
    id_length: usize,
    /// What could not be read.
    pub(crate) gaps: Vec<Gap>,
}

/// Trees that are kept, in bytes.
const CACHE: usize = 32 << 20;

/// Paths as numbers: a parent's number and a name.
#[derive(Debug, Default)]
pub(crate) struct Paths(Vec<(u32, BString)>);

/// The number of the empty path.
const ROOT: u32 = u32::MAX;

impl Paths {
    fn child(&mut self, parent: u32, name: &[u8]) -> u32 {
        let number = u32::try_from(self.0.len()).unwrap_or(ROOT - 1);
        self.0.push((parent, name.into()));
        number
    }

    /// The path itself.
    pub(crate) fn text(&self, path: u32) -> BString {
        path_text(path, |path| self.0.get(path as usize).map(|(parent, name)| (*parent, name.as_slice())))
    }
}

/// A blob that no parent has at this path.
#[derive(Debug)]
pub(crate) struct Added {
    pub(crate) path: u32,
    pub(crate) blob: gix::ObjectId,
    /// What the parents have there; empty where the path is new.
    pub(crate) before: Vec<gix::ObjectId>,
}

/// A blob of a parent that the commit does not have at this path.
#[derive(Debug)]
pub(crate) struct Gone {
    pub(crate) blob: gix::ObjectId,
    /// The commit has no blob at all there.
    pub(crate) removed: bool,
}

/// Blobs of one commit that are told apart by path. A few trees can be made to hold one blob at any number of paths;
/// where there are more, each tree is looked at once.
const MOST_PATHS: usize = 1 << 18;

impl<'a> Trees<'a> {
    pub(crate) fn new(objects: &'a mut Objects, hash: gix::hash::Kind) -> Self {
        let (known, made, id_length) = (HashMap::new(), HashMap::new(), hash.len_in_bytes());
        Trees { objects, known, bytes: 0, made, hash, id_length, gaps: Vec::new() }
    }

    /// Adds a tree that need not be an object, and tells its id.
    pub(crate) fn make(&mut self, bytes: Vec<u8>) -> Option<gix::ObjectId> {
        let id = gix::objs::compute_hash(self.hash, Kind::Tree, &bytes).ok()?;
        self.made.insert(id, Rc::new(bytes));
        Some(id)
    }

    /// The directories in a tree.
    pub(crate) fn directories(&mut self, tree: gix::ObjectId) -> HashMap<BString, gix::ObjectId> {
        let Some(bytes) = self.read(tree) else { return HashMap::new() };
        let trees = self.entries(&bytes).filter(|entry| entry.kind == EntryKind::Tree);
        trees.filter_map(|entry| Some((entry.name.into(), id(entry.id)?))).collect()
    }

    /// What `tree` adds to all of `parents`.
    pub(crate) fn added(
        &mut self,
        tree: gix::ObjectId,
        parents: &[gix::ObjectId],
        paths: &mut Paths,
    ) -> Vec<Added> {
        let mut added = Vec::new();
        let mut met = HashSet::new();
        let mut stack = vec![(ROOT, tree, parents.to_vec())];
        while let Some((path, tree, parents)) = stack.pop() {
            if parents.contains(&tree) {
                continue;
            }
            if added.len() + met.len() > MOST_PATHS && met.contains(&(tree, parents.clone())) {
                continue;
            }
            met.insert((tree, parents.clone()));
            let Some(bytes) = self.read(tree) else { continue };
            let before: Vec<Rc<Vec<u8>>> = parents.iter().filter_map(|tree| self.read(*tree)).collect();
            let before: Vec<Named<'_>> = before.iter().map(|bytes| self.named(bytes)).collect();
            let first = stack.len();
            let mut there: Vec<&[u8]> = Vec::with_capacity(before.len());
            for entry in self.entries(&bytes) {
                there.clear();
                let same_kind = |other: &&Entry<'_>| other.kind == entry.kind;
                let all = before.iter().filter_map(|tree| tree.find(entry.name));
                there.extend(all.filter(same_kind).map(|other| other.id));
                if entry.kind == EntryKind::Submodule || there.contains(&entry.id) {
                    continue;
                }
                let Some(own) = id(entry.id) else { continue };
                let before = there.iter().copied().filter_map(id).collect();
                let path = paths.child(path, entry.name);
                match entry.kind {
                    EntryKind::Tree => stack.push((path, own, before)),
                    _ => added.push(Added { path, blob: own, before }),
                }
            }
            stack[first..].reverse();
        }
        added
    }

    /// The paths at which `tree` has a blob or a mode that `parent` does not have there.
    pub(crate) fn differing(
        &mut self,
        tree: gix::ObjectId,
        parent: Option<gix::ObjectId>,
    ) -> BTreeSet<BString> {
        let mut paths = Paths::default();
        let mut differing = BTreeSet::new();
        let mut stack = vec![(ROOT, tree, parent)];
        while let Some((path, tree, parent)) = stack.pop() {
            if parent == Some(tree) || differing.len() > MOST_PATHS {
                continue;
            }
            let Some(bytes) = self.read(tree) else { continue };
            let before = parent.and_then(|parent| self.read(parent));
            let before = before.as_ref().map(|bytes| self.named(bytes));
            for entry in self.entries(&bytes) {
                let there = before.as_ref().and_then(|tree| tree.find(entry.name));
                if there.is_some_and(|other| (other.id, other.mode) == (entry.id, entry.mode)) {
                    continue;
                }
                let path = paths.child(path, entry.name);
                let same_kind = there.filter(|other| other.kind == entry.kind);
                match entry.kind {
                    EntryKind::Submodule => {}
                    EntryKind::Tree => {
                        let own = id(entry.id);
                        stack.extend(own.map(|own| (path, own, same_kind.and_then(|other| id(other.id)))));
                    }
                    EntryKind::Blob => {
                        differing.insert(paths.text(path));
                    }
                }
            }
        }
        differing
    }

    /// What `parent` has and `tree` does not have at the same path.
    pub(crate) fn gone(&mut self, parent: gix::ObjectId, tree: gix::ObjectId) -> Vec<Gone> {
        let mut gone = Vec::new();
        let mut met = HashSet::new();
        let mut stack = vec![(parent, Some(tree))];
        while let Some((parent, tree)) = stack.pop() {
            let pair = (parent, tree);
            // Nothing depends on the path here, so that a pair that was compared need not be again.
            if tree == Some(parent) || !met.insert(pair) {
                continue;
            }
            let Some(bytes) = self.read(parent) else { continue };
            let now = tree.and_then(|tree| self.read(tree));
            let now = now.as_ref().map(|bytes| self.named(bytes));
            for entry in self.entries(&bytes) {
                let there = now.as_ref().and_then(|tree| tree.find(entry.name));
                let there = there.filter(|other| other.kind == entry.kind);
                if there.is_some_and(|other| other.id == entry.id) {
                    continue;
                }
                let Some(own) = id(entry.id) else { continue };
                match entry.kind {
                    EntryKind::Submodule => {}
                    EntryKind::Tree => stack.push((own, there.and_then(|other| id(other.id)))),
                    EntryKind::Blob => gone.push(Gone { blob: own, removed: there.is_none() }),
                }
            }
        }
        gone
    }

    /// The blob at a path.
    pub(crate) fn lookup(&mut self, tree: gix::ObjectId, path: &[u8]) -> Option<gix::ObjectId> {
        let mut tree = tree;
        let mut parts = path.split(|b| *b == b'/').peekable();
        while let Some(part) = parts.next() {
            let wanted = if parts.peek().is_some() { EntryKind::Tree } else { EntryKind::Blob };
            let bytes = self.read(tree)?;
            let entry = self.entries(&bytes).find(|entry| entry.kind == wanted && entry.name == part)?;
            tree = id(entry.id)?;
        }
        Some(tree)
    }

    /// The root tree of a commit.
    pub(crate) fn root(&mut self, commit: &gix::oid) -> Result<Option<gix::ObjectId>, Unread> {
        Ok(super::commit::links(self.objects.read(commit, Kind::Commit)?, |_| {}).tree)
    }

    /// `None` for what cannot be read, which is a gap once.
    fn read(&mut self, tree: gix::ObjectId) -> Option<Rc<Vec<u8>>> {
        if let Some(made) = self.made.get(&tree) {
            return Some(Rc::clone(made));
        }
        if let Some(known) = self.known.get(&tree) {
            return known.clone();
        }
        if tree.is_empty_tree() {
            return Some(Rc::default());
        }
        let read = match self.objects.read(&tree, Kind::Tree) {
            Ok(bytes) => {
                if Entries::new(bytes, self.id_length).any(|entry| entry.is_none()) {
                    let detail = "this tree makes no sense from some entry on".into();
                    self.gaps.push(Gap { kind: GapKind::CorruptObject, place: tree.to_string(), detail });
                }
                Some(Rc::new(bytes.to_vec()))
            }
            Err(why) => {
                self.gaps.push(why.gap(&tree, "a commit in scope or a parent of one"));
                None
            }
        };
        let size = read.as_ref().map_or(0, |bytes| bytes.len());
        if self.bytes + size > CACHE {
            // What could not be read stays known, so that it is named once.
            self.known.retain(|_, tree| tree.is_none());
            self.bytes = 0;
        }
        self.bytes += size;
        self.known.insert(tree, read.clone());
        read
    }

    fn entries<'b>(&self, bytes: &'b [u8]) -> impl Iterator<Item = Entry<'b>> + use<'b> {
        Entries::new(bytes, self.id_length).flatten()
    }

    fn named<'b>(&self, bytes: &'b [u8]) -> Named<'b> {
        Named { list: self.entries(bytes).collect(), next: Cell::new(0), by_name: OnceCell::new() }
    }
}

/// The entries of a tree, found by name. Mostly the next one asked for is the next one there; where it is not, they
/// are searched, so that a tree in no order is as good as any.
struct Named<'a> {
    list: Vec<Entry<'a>>,
    next: Cell<usize>,
    by_name: OnceCell<Vec<u32>>,
}

impl<'a> Named<'a> {
    fn find(&self, name: &[u8]) -> Option<&Entry<'a>> {
        let place = match self.list.get(self.next.get()) {
            Some(entry) if entry.name == name => self.next.get(),
            _ => self.search(name)?,
        };
        self.next.set(place + 1);
        self.list.get(place)
    }

    fn search(&self, name: &[u8]) -> Option<usize> {
        let by_name = self.by_name.get_or_init(|| {
            let mut by_name: Vec<u32> = (0..u32::try_from(self.list.len()).unwrap_or(u32::MAX)).collect();
            by_name.sort_by_key(|place| self.list[*place as usize].name);
            by_name
        });
        let entry = |place: &u32| &self.list[*place as usize];
        let place = *by_name.get(by_name.partition_point(|place| entry(place).name < name))?;
        (entry(&place).name == name).then_some(place as usize)
    }
}

fn id(bytes: &[u8]) -> Option<gix::ObjectId> {
    gix::ObjectId::try_from(bytes).ok()
}
