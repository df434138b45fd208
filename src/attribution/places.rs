//! Descends trees, oldest commit first: where a blob of interest appeared, and where HEAD has it.

use std::collections::HashSet;

use bstr::BString;

use super::Starts;
use super::links::{BitSet, Links};
use crate::git::store::Number;

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

/// Paths of one blob in HEAD that are told apart; a tree can be made to hold one blob at a million paths.
const MOST_PLACES: usize = 10_000;

/// The first place of every blob of interest, and its places in HEAD.
pub(super) fn introduce(
    links: &Links,
    order: &[usize],
    starts: &Starts,
    reach: &Reach,
    interest: &HashSet<Number>,
) -> Vec<Placed> {
    let mut placed: Vec<Placed> = Vec::new();
    let mut first: std::collections::HashMap<Number, usize> = std::collections::HashMap::new();
    let mut seen = HashSet::new();
    let mut descend = |root: Number, prefix: &[u8], origin: Origin, placed: &mut Vec<Placed>| {
        let mut stack = vec![(root, BString::from(prefix))];
        while let Some((object, path)) = stack.pop() {
            if !seen.insert(object) {
                continue;
            }
            if interest.contains(&object) {
                first.insert(object, placed.len());
                placed.push(Placed { blob: object, path, origin, in_head: false });
            } else if reach.leads.contains(object) {
                // Pushed in reverse, so that entries are met in the order of the tree.
                let mut children: Vec<_> = links.children(object).collect();
                children.sort_by(|a, b| b.1.cmp(a.1));
                stack.extend(children.into_iter().map(|(child, name)| (child, join(&path, name))));
            }
        }
    };
    for row in order {
        if let Some(tree) = links.commits[*row].tree {
            descend(tree, b"", Origin::Commit(*row), &mut placed);
        }
    }
    for (name, object) in &starts.bare {
        descend(*object, name, Origin::Ref, &mut placed);
    }
    for (blob, path) in head_places(links, starts, reach, interest) {
        let Some(at) = first.get(&blob).copied() else { continue };
        if placed[at].path == path {
            placed[at].in_head = true;
        } else {
            placed.push(Placed { blob, path, origin: placed[at].origin, in_head: true });
        }
    }
    placed
}

fn head_places(
    links: &Links,
    starts: &Starts,
    reach: &Reach,
    interest: &HashSet<Number>,
) -> Vec<(Number, BString)> {
    let Some(root) = starts.head.and_then(|row| links.commits[row].tree) else { return Vec::new() };
    let mut places = Vec::new();
    let mut stack = vec![(root, BString::default())];
    while let Some((object, path)) = stack.pop() {
        if interest.contains(&object) {
            places.push((object, path));
        } else if reach.leads.contains(object) {
            // Only what leads somewhere: a wide directory must not use up the room.
            let children = links
                .children(object)
                .filter(|(child, _)| links.is_blob(*child) || reach.leads.contains(*child));
            stack.extend(children.map(|(child, name)| (child, join(&path, name))));
        }
        if places.len() >= MOST_PLACES || stack.len() >= MOST_PLACES {
            break;
        }
    }
    places
}

fn join(path: &[u8], name: &[u8]) -> BString {
    let mut joined = BString::from(path);
    if !joined.is_empty() {
        joined.push(b'/');
    }
    joined.extend_from_slice(name);
    joined
}
