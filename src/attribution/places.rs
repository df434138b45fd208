//! Descends trees, oldest commit first: where a blob of interest appeared, and where HEAD has it.

use bstr::BString;
use hashbrown::{HashMap, HashSet};

use super::Starts;
use super::links::{BitSet, Links};
use crate::git::store::Number;
use crate::git::tree::path_text;

/// What brought a blob in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// A commit, by row.
    Commit(usize),
    /// A ref that names the blob or its tree without a commit.
    Ref,
}

/// A blob at a path.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) blob: Number,
    pub(super) path: BString,
    pub(super) origin: Origin,
    pub(super) in_head: bool,
}

/// Objects that some root reaches, and trees that hold a blob of interest somewhere below.
#[derive(Debug)]
pub(super) struct Reach {
    reachable: BitSet,
    leads: BitSet,
}

impl Reach {
    pub(super) fn of(links: &Links, order: &[usize], starts: &Starts) -> Self {
        let size = links.objects();
        let mut reach = Reach { reachable: BitSet::new(size), leads: BitSet::new(size) };
        for row in order {
            if let Some(tree) = links.commits[*row].tree {
                reach.descend(links, tree);
            }
        }
        for (_, object) in &starts.bare {
            reach.descend(links, *object);
        }
        reach
    }

    pub(super) fn contains(&self, object: Number) -> bool {
        self.reachable.contains(object)
    }

    /// Whether it is a tree with a blob of interest somewhere below.
    pub(super) fn leads(&self, object: Number) -> bool {
        self.leads.contains(object)
    }

    /// Post-order without recursion: trees can be nested deeper than a stack.
    fn descend(&mut self, links: &Links, root: Number) {
        if self.reachable.contains(root) {
            return;
        }
        self.reachable.insert(root);
        let mut stack = vec![(root, false)];
        while let Some((tree, children_done)) = stack.pop() {
            if children_done {
                if links.children(tree).any(|(child, _)| links.is_blob(child) || self.leads.contains(child)) {
                    self.leads.insert(tree);
                }
                continue;
            }
            stack.push((tree, true));
            for (child, _) in links.children(tree) {
                if !self.reachable.contains(child) {
                    self.reachable.insert(child);
                    if !links.is_blob(child) {
                        stack.push((child, false));
                    }
                }
            }
        }
    }
}

/// Objects at paths that are told apart, beyond two for each object. A few trees can be made to hold one blob at any
/// number of paths; where there are more, each object keeps the first path at which it was met.
const MORE_PLACES: usize = 1 << 16;

/// Paths up to this length are told as they are.
const USUAL_PATH: usize = 1 << 10;

/// Longer ones are told up to so many bytes in all: a chain of trees can be made to hold one blob on each level.
const MOST_LONG_PATHS: usize = 16 << 20;

/// Paths as numbers, by parent and name.
struct Paths<'a> {
    list: Vec<(u32, &'a BString)>,
    /// Of each, in bytes.
    lengths: Vec<usize>,
    numbers: HashMap<(u32, &'a BString), u32>,
}

/// The number of the empty path.
const ROOT: u32 = u32::MAX;

impl<'a> Paths<'a> {
    fn child(&mut self, parent: u32, name: &'a BString) -> u32 {
        let next = u32::try_from(self.list.len()).unwrap_or(ROOT - 1);
        let number = *self.numbers.entry((parent, name)).or_insert(next);
        if number == next {
            self.list.push((parent, name));
            self.lengths.push(self.length(parent).map_or(0, |length| length + 1) + name.len());
        }
        number
    }

    /// `None` for the empty path.
    fn length(&self, path: u32) -> Option<usize> {
        self.lengths.get(path as usize).copied()
    }

    /// The last names of a path, as many as are usual.
    fn end(&self, mut path: u32) -> BString {
        let mut names: Vec<&[u8]> = Vec::new();
        let mut length = 0;
        while let Some((parent, name)) = self.list.get(path as usize) {
            length += name.len() + 1;
            if length > USUAL_PATH && !names.is_empty() {
                break;
            }
            names.push(name);
            path = *parent;
        }
        names.push("…".as_bytes());
        names.reverse();
        bstr::join("/", names).into()
    }

    fn text(&self, path: u32) -> BString {
        path_text(path, |path| self.list.get(path as usize).map(|(parent, name)| (*parent, name.as_slice())))
    }
}

/// A walk through trees that remembers what it met where.
struct Descent<'a> {
    links: &'a Links,
    reach: &'a Reach,
    interest: &'a HashSet<Number>,
    paths: Paths<'a>,
    seen: HashSet<(Number, u32)>,
    /// The tree that was met last at a path.
    last: HashMap<u32, Number>,
    met: BitSet,
    /// (blob, path) → place in `placed`.
    places: HashMap<(Number, u32), usize>,
    placed: Vec<(Number, u32, Origin, bool)>,
}

impl Descent<'_> {
    /// Everything of interest below `root` that was not met at the same path before.
    fn introduce(&mut self, root: Number, path: u32, origin: Origin) {
        let mut stack = vec![(root, path)];
        while let Some((object, path)) = stack.pop() {
            let crowded = self.seen.len() >= self.most_places();
            if (crowded && self.met.contains(object)) || !self.seen.insert((object, path)) {
                continue;
            }
            self.met.insert(object);
            if self.interest.contains(&object) {
                self.places.insert((object, path), self.placed.len());
                self.placed.push((object, path, origin, false));
            } else {
                let last = self.last.insert(path, object);
                self.push_children(object, last, path, &mut stack);
            }
        }
    }

    fn most_places(&self) -> usize {
        2 * self.links.objects() + MORE_PLACES
    }

    /// Marks what HEAD has.
    fn mark_head(&mut self, root: Number) {
        let mut stack = vec![(root, ROOT)];
        let mut steps = 0;
        while let Some((object, path)) = stack.pop() {
            steps += 1;
            if let Some(place) = self.places.get(&(object, path)) {
                self.placed[*place].3 = true;
            } else if steps < self.most_places() {
                self.push_children(object, None, path, &mut stack);
            }
        }
    }

    /// Only what leads somewhere, and is not in the tree that was met `last` at this path; in reverse, so that entries are
    /// met in the order of the tree.
    fn push_children(
        &mut self,
        tree: Number,
        last: Option<Number>,
        path: u32,
        stack: &mut Vec<(Number, u32)>,
    ) {
        let (links, reach) = (self.links, self.reach);
        if !reach.leads.contains(tree) {
            return;
        }
        let mut old = last.into_iter().flat_map(|last| links.children(last)).peekable();
        let first = stack.len();
        for (child, name) in links.children(tree) {
            if old.next_if(|old| old.0 == child && old.1 == name).is_some() {
                continue;
            }
            // Both are sorted by name, or so they should be; where they are not, a child is met again, which does no harm.
            while old.next_if(|(_, other)| *other < name).is_some() {}
            let is_old = old.next_if(|(_, other)| *other == name).is_some_and(|(other, _)| other == child);
            if !is_old && (links.is_blob(child) || reach.leads.contains(child)) {
                stack.push((child, self.paths.child(path, name)));
            }
        }
        stack[first..].reverse();
    }
}

/// Every path at which a blob of interest lived, with what brought it there first.
pub(super) fn introduce(
    links: &Links,
    order: &[usize],
    starts: &Starts,
    reach: &Reach,
    interest: &HashSet<Number>,
) -> Vec<Placed> {
    let mut descent = Descent {
        links,
        reach,
        interest,
        paths: Paths { list: Vec::new(), lengths: Vec::new(), numbers: HashMap::new() },
        seen: HashSet::new(),
        last: HashMap::new(),
        met: BitSet::new(links.objects()),
        places: HashMap::new(),
        placed: Vec::new(),
    };
    for row in order {
        if let Some(tree) = links.commits[*row].tree {
            descent.introduce(tree, ROOT, Origin::Commit(*row));
        }
    }
    for (name, object) in &starts.bare {
        let path = descent.paths.child(ROOT, name);
        descent.introduce(*object, path, Origin::Ref);
    }
    if let Some(tree) = starts.head.and_then(|row| links.commits[row].tree) {
        descent.mark_head(tree);
    }
    let Descent { paths, placed, .. } = descent;
    let (mut told, mut long) = (HashSet::new(), 0);
    let place = |(blob, path, origin, in_head)| {
        let is_first = told.insert(blob);
        let length = paths.length(path).unwrap_or(0);
        long += if length > USUAL_PATH { length } else { 0 };
        let path = match length <= USUAL_PATH || long <= MOST_LONG_PATHS {
            true => paths.text(path),
            false if is_first => paths.end(path),
            false => return None,
        };
        Some(Placed { blob, path, origin, in_head })
    };
    placed.into_iter().filter_map(place).collect()
}
