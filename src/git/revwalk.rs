//! The commits of a selection, found without reading the rest of the history.
//!
//! Commits are met newest first, like git does. What a hidden commit reaches is hidden, too; the walk ends once only
//! hidden ones are left. A wrong clock can put a commit before its parents, so the walk then goes on for a while: what
//! it meets late is painted all the same, down to everything that it reaches.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use super::commit;
use super::objects::{Kind, Objects, Unread};
use super::revisions::Selection;

/// A commit of the selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) id: gix::ObjectId,
    pub(crate) tree: Option<gix::ObjectId>,
    pub(crate) parents: Vec<gix::ObjectId>,
    pub(crate) time: i64,
    /// Its parents were not fetched.
    pub(crate) border: bool,
}

/// What a walk yields.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// Parents before children, among equals the older date first.
    pub(crate) commits: Vec<Commit>,
    /// Commits that could not be read, with one that names each.
    pub(crate) unread: Vec<(gix::ObjectId, gix::ObjectId, Unread)>,
}

/// Hidden commits that are looked at after the last one that is not.
const SLOP: usize = 512;

const ONE: u8 = 1;
const OTHER: u8 = 2;
const HIDDEN: u8 = 4;

fn is_hidden(paint: u8) -> bool {
    paint & HIDDEN != 0 || paint & (ONE | OTHER) == ONE | OTHER
}

/// Finds the commits. `shallow` are those whose parents were not fetched.
pub(crate) fn walk(
    objects: &mut Objects,
    selection: &Selection,
    shallow: &dyn Fn(&gix::oid) -> bool,
) -> Walked {
    let mut walk = Walk {
        objects,
        shallow,
        rows: HashMap::new(),
        nodes: Vec::new(),
        queue: BinaryHeap::new(),
        live: 0,
        unread: BTreeMap::new(),
    };
    for id in &selection.tips {
        walk.meet(*id, ONE, *id);
    }
    if let Some(id) = &selection.opposite {
        walk.meet(*id, OTHER, *id);
    }
    for id in &selection.hidden {
        walk.meet(*id, HIDDEN, *id);
    }
    let met = walk.run(selection);
    walk.select(met, selection)
}

struct Node {
    commit: Commit,
    paint: u8,
    expanded: bool,
}

struct Walk<'a> {
    objects: &'a mut Objects,
    shallow: &'a dyn Fn(&gix::oid) -> bool,
    rows: HashMap<gix::ObjectId, usize>,
    nodes: Vec<Node>,
    /// Newest first, then in the order they were met, which is the order of the rows.
    queue: BinaryHeap<(i64, Reverse<usize>)>,
    /// How many in the queue are not hidden.
    live: usize,
    /// What is not there → why, and who names it.
    unread: BTreeMap<gix::ObjectId, (Unread, Vec<gix::ObjectId>)>,
}

impl Walk<'_> {
    /// Rows in the order in which they were met.
    fn run(&mut self, selection: &Selection) -> Vec<usize> {
        let hides = !selection.hidden.is_empty() || selection.opposite.is_some();
        let mut met = Vec::new();
        let mut slop = SLOP;
        let mut newest = 0;
        while let Some((_, Reverse(row))) = self.queue.pop() {
            self.nodes[row].expanded = true;
            let paint = self.nodes[row].paint;
            let hidden = is_hidden(paint);
            if !hidden {
                self.live -= 1;
                met.push(row);
                newest +=
                    usize::from(selection.since.is_none_or(|since| self.nodes[row].commit.time >= since));
                // Without anything to hide, what was met is the answer.
                if !hides && selection.most.is_some_and(|most| newest >= most) {
                    break;
                }
            }
            let id = self.nodes[row].commit.id;
            for parent in self.nodes[row].commit.parents.clone() {
                self.meet(parent, paint, id);
            }
            slop = if self.live > 0 { SLOP } else { slop - 1 };
            if slop == 0 {
                break;
            }
        }
        met
    }

    fn meet(&mut self, id: gix::ObjectId, paint: u8, by: gix::ObjectId) {
        if let Some(row) = self.rows.get(&id) {
            self.paint(*row, paint);
            return;
        }
        if let Some((_, named_by)) = self.unread.get_mut(&id) {
            named_by.push(by);
            return;
        }
        match self.objects.read(&id, Kind::Commit) {
            Ok(bytes) => {
                let mut parents = Vec::new();
                let commit::Links { tree, committer_time: time, lost_parent, .. } =
                    commit::links(bytes, |parent| parents.push(parent));
                if lost_parent {
                    let why = Unread::Corrupt("it is a commit with a parent that is no id".into());
                    self.unread.insert(id, (why, vec![id]));
                }
                let border = !parents.is_empty() && (self.shallow)(&id);
                let parents = if border { Vec::new() } else { parents };
                let row = self.nodes.len();
                self.queue.push((time, Reverse(row)));
                self.live += usize::from(!is_hidden(paint));
                self.rows.insert(id, row);
                let commit = Commit { id, tree, parents, time, border };
                self.nodes.push(Node { commit, paint, expanded: false });
            }
            Err(why) => {
                self.unread.insert(id, (why, vec![by]));
            }
        }
    }

    /// Adds paint to a commit and to all that was met below it.
    fn paint(&mut self, row: usize, paint: u8) {
        let mut stack = vec![(row, paint)];
        while let Some((row, paint)) = stack.pop() {
            let node = &mut self.nodes[row];
            let before = node.paint;
            node.paint |= paint;
            if node.paint == before {
                continue;
            }
            if node.expanded {
                let parents = node.commit.parents.iter().filter_map(|id| self.rows.get(id));
                stack.extend(parents.map(|parent| (*parent, node.paint)));
            } else if is_hidden(node.paint) && !is_hidden(before) {
                self.live -= 1;
            }
        }
    }

    fn select(self, met: Vec<usize>, selection: &Selection) -> Walked {
        let Walk { nodes, rows, unread, .. } = self;
        let wanted = |row: &usize| {
            let node = &nodes[*row];
            !is_hidden(node.paint) && selection.since.is_none_or(|since| node.commit.time >= since)
        };
        let chosen: Vec<usize> =
            met.into_iter().filter(wanted).take(selection.most.unwrap_or(usize::MAX)).collect();
        let in_range = |id: &gix::ObjectId| rows.get(id).is_some_and(|row| !is_hidden(nodes[*row].paint));
        // A tip names itself: without it, all below is unknown.
        let unread = unread.into_iter().filter_map(|(id, (why, named_by))| {
            let tells = |by: &gix::ObjectId| in_range(by) || *by == id && selection.tips.contains(by);
            Some((id, named_by.into_iter().find(tells)?, why))
        });
        let commits: Vec<&Commit> = chosen.iter().map(|row| &nodes[*row].commit).collect();
        Walked { commits: topological(&commits), unread: unread.collect() }
    }
}

/// Parents before children, among equals the older date first. A loop, which only a broken repository has, comes last.
fn topological(commits: &[&Commit]) -> Vec<Commit> {
    let places: HashMap<gix::ObjectId, usize> =
        commits.iter().enumerate().map(|(place, commit)| (commit.id, place)).collect();
    let mut waiting = vec![0usize; commits.len()];
    let mut children = vec![Vec::new(); commits.len()];
    for (place, commit) in commits.iter().enumerate() {
        for parent in commit.parents.iter().filter_map(|id| places.get(id)) {
            waiting[place] += 1;
            children[*parent].push(place);
        }
    }
    let key = |place: usize| Reverse((commits[place].time, commits[place].id, place));
    let mut ready: BinaryHeap<_> = (0..commits.len()).filter(|place| waiting[*place] == 0).map(key).collect();
    let mut order = Vec::with_capacity(commits.len());
    let mut done = vec![false; commits.len()];
    while let Some(Reverse((_, _, place))) = ready.pop() {
        done[place] = true;
        order.push(commits[place].clone());
        for child in &children[place] {
            waiting[*child] -= 1;
            if waiting[*child] == 0 {
                ready.push(key(*child));
            }
        }
    }
    order.extend((0..commits.len()).filter(|place| !done[*place]).map(|place| commits[place].clone()));
    order
}
