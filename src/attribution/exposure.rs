//! How long, and from where, a secret can be met: the last commit that holds it, the one that removed it, and the refs
//! in whose history it is.
//!
//! For every tree the *set* of findings below it is known, by number, and from these two sets for each commit: what it
//! *holds*, and what it or a commit before it *ever* held. Sets that are equal are one ([`sets`](super::sets)), and
//! from one commit to the next they nearly always are, so that each question is asked where something changed only:
//!
//! - last seen: from the newest commit backwards, each set once;
//! - removed: from the newest commit of HEAD's history backwards, where a commit and its parent hold different sets;
//! - refs: what the tip of each *ever* held.
//!
//! A secret at another path, or in another blob, is the same secret: renames and edits remove nothing. One that is in a
//! commit itself, or in a tag, nothing removes.

use std::collections::BTreeMap;
use std::sync::Arc;

use bstr::BString;
use hashbrown::{HashMap, HashSet};

use super::links::Links;
use super::places::Reach;
use super::sets::{Budget, EMPTY, Exhausted, SetId, Sets};
use super::{Starts, order};
use crate::finding::{MOST_NAMES, RefKind, Refs};
use crate::git::store::Number;

/// What is known of one finding. Commits by row.
#[derive(Debug, Clone, Default)]
pub(super) struct Exposed {
    pub(super) last_seen: Option<usize>,
    pub(super) removed_in: Option<usize>,
    pub(super) refs: Arc<Refs>,
}

/// For each group of blobs, which is one finding. `None` if that would take more than the budget.
pub(super) fn expose(
    links: &Links,
    order: &[usize],
    starts: &Starts,
    reach: &Reach,
    groups: &[&[Number]],
    budget: Budget,
) -> Option<Vec<Exposed>> {
    if groups.is_empty() {
        return Some(Vec::new());
    }
    let sets = Sets::new(groups.len(), budget);
    let history = History { links, order, starts, reach, sets, below: vec![0; links.objects()] };
    history.answer(groups).ok()
}

struct History<'a> {
    links: &'a Links,
    order: &'a [usize],
    starts: &'a Starts,
    reach: &'a Reach,
    sets: Sets,
    /// By object: 1 + the set of findings in a blob or below a tree; 0 where nobody looked yet.
    below: Vec<u32>,
}

impl History<'_> {
    fn answer(mut self, groups: &[&[Number]]) -> Result<Vec<Exposed>, Exhausted> {
        self.fill_blobs(groups)?;
        let (holds, ever) = self.of_commits()?;
        let mut exposed = vec![Exposed::default(); groups.len()];
        let last = self.last_seen(&holds, groups.len())?;
        let removed = self.removed(&holds, &last)?;
        let refs = self.refs(&ever, groups.len())?;
        for (finding, exposed) in exposed.iter_mut().enumerate() {
            exposed.last_seen = last[finding].map(|rank| self.order[rank]);
            exposed.removed_in = removed[finding].map(|rank| self.order[rank]);
            exposed.refs = Arc::clone(&refs[finding]);
        }
        Ok(exposed)
    }

    fn fill_blobs(&mut self, groups: &[&[Number]]) -> Result<(), Exhausted> {
        let mut pairs: Vec<(Number, u32)> =
            (0..).zip(groups).flat_map(|(finding, blobs)| blobs.iter().map(move |b| (*b, finding))).collect();
        pairs.sort_unstable();
        pairs.dedup();
        for same in pairs.chunk_by(|a, b| a.0 == b.0) {
            let findings: Vec<u32> = same.iter().map(|(_, finding)| *finding).collect();
            self.below[same[0].0 as usize] = self.sets.of(&findings)? + 1;
        }
        Ok(())
    }

    /// The findings below a tree. Post-order without recursion: trees can be nested deeper than a stack.
    fn below(&mut self, root: Number) -> Result<SetId, Exhausted> {
        let (links, reach) = (self.links, self.reach);
        let mut parts = Vec::new();
        let mut stack = vec![(root, false)];
        while let Some((object, children_done)) = stack.pop() {
            let at = object as usize;
            if children_done {
                parts.clear();
                parts.extend(links.children(object).map(|(child, _)| self.below[child as usize]));
                parts.retain(|part| *part > EMPTY + 1);
                parts.iter_mut().for_each(|part| *part -= 1);
                self.below[at] = self.sets.union(&mut parts)? + 1;
            } else if self.below[at] == 0 {
                // So that a loop, which only a broken repository has, ends here.
                self.below[at] = EMPTY + 1;
                if reach.leads(object) {
                    stack.push((object, true));
                    let unknown = links.children(object).map(|(child, _)| (child, false));
                    stack.extend(unknown.filter(|(child, _)| reach.leads(*child)));
                }
            }
        }
        Ok(self.below[root as usize] - 1)
    }

    /// The findings in a commit or tag itself.
    fn own(&self, number: Number) -> SetId {
        self.below[number as usize].checked_sub(1).unwrap_or(EMPTY)
    }

    /// By row: what the commit's tree holds, and what it, itself or in its tree, or a commit before it held.
    fn of_commits(&mut self) -> Result<(Vec<SetId>, Vec<SetId>), Exhausted> {
        let mut holds = vec![EMPTY; self.links.commits.len()];
        let mut ever = holds.clone();
        let mut parts = Vec::new();
        for row in self.order {
            if let Some(tree) = self.links.commits[*row].tree {
                holds[*row] = self.below(tree)?;
            }
            parts.clear();
            parts.extend([holds[*row], self.own(self.links.commits[*row].number)]);
            parts.extend(self.links.parents(*row).map(|parent| ever[parent]));
            ever[*row] = self.sets.union(&mut parts)?;
        }
        Ok((holds, ever))
    }

    /// Ranks of the last commits that hold the findings.
    fn last_seen(&mut self, holds: &[SetId], findings: usize) -> Result<Vec<Option<usize>>, Exhausted> {
        let mut last = vec![None; findings];
        let mut done: HashSet<u32> = HashSet::new();
        done.insert(EMPTY);
        let mut met = EMPTY;
        for (rank, row) in self.order.iter().enumerate().rev() {
            let set = self.sets.union(&mut vec![holds[*row], self.own(self.links.commits[*row].number)])?;
            if done.insert(set) {
                self.sets.difference(set, met, |finding| last[finding as usize] = Some(rank))?;
                met = self.sets.union(&mut vec![met, set])?;
            }
        }
        Ok(last)
    }

    /// Ranks of the commits that removed the findings: the last ones in the history of HEAD, or in all of it where
    /// there is no HEAD.
    fn removed(&mut self, holds: &[SetId], last: &[Option<usize>]) -> Result<Vec<Option<usize>>, Exhausted> {
        let mut within = vec![self.starts.head.is_none(); self.links.commits.len()];
        if let Some(head) = self.starts.head {
            order::reachable(self.links, &[head].into()).into_iter().for_each(|row| within[row] = true);
        }
        // Nobody knows what is in a tree that is not there.
        for (row, _) in &self.links.missing_in_commits {
            within[*row] &= self.links.commits[*row].tree.is_some();
        }
        let mut removed = vec![None; last.len()];
        let mut done = HashSet::new();
        for (rank, row) in self.order.iter().enumerate().rev().filter(|(_, row)| within[**row]) {
            for parent in self.links.parents(*row) {
                let change = (holds[parent], holds[*row]);
                if change.0 != EMPTY && change.0 != change.1 && done.insert(change) {
                    self.sets.budget.keep(3)?;
                    self.sets.difference(change.0, change.1, |finding| {
                        removed[finding as usize].get_or_insert(rank);
                    })?;
                }
            }
        }
        for (finding, removed) in (0..).zip(&mut removed) {
            let is_back = match self.starts.head {
                Some(head) => self.sets.contains(holds[head], finding),
                None => last[finding as usize] > *removed,
            };
            if is_back {
                *removed = None;
            }
        }
        Ok(removed)
    }

    /// The refs in whose history the findings are. Refs whose histories held the same findings are one case; cases are
    /// looked at 64 findings at a time, and findings that are in the same cases are told the same.
    fn refs(&mut self, ever: &[SetId], findings: usize) -> Result<Vec<Arc<Refs>>, Exhausted> {
        let Cases { sets, counts, names } = Cases::of(self.tips(ever)?);
        let none = Arc::new(Refs::default());
        let mut refs = vec![none; findings];
        for at in 0..self.sets.leaves() {
            self.sets.budget.walk(8 * sets.len())?;
            let bits: Vec<u64> = sets.iter().map(|set| self.sets.bits(self.sets.leaf(*set, at))).collect();
            let reached = bits.iter().fold(0, |all, bits| all | bits);
            let mut patterns = bits.clone();
            patterns.sort_unstable();
            patterns.dedup();
            let mut known: BTreeMap<Vec<u64>, Arc<Refs>> = BTreeMap::new();
            for bit in (0..64).filter(|bit| reached >> bit & 1 == 1) {
                self.sets.budget.walk(patterns.len())?;
                let has = |bits: &u64| bits >> bit & 1 == 1;
                let pattern: Vec<u64> = patterns.iter().copied().filter(has).collect();
                let found = match known.get(&pattern) {
                    Some(found) => Arc::clone(found),
                    None => {
                        let reaches = |case: u32| has(&bits[case as usize]);
                        let mut total = [0; 4];
                        for (_, of_case) in (0..).zip(&counts).filter(|(case, _)| reaches(*case)) {
                            total.iter_mut().zip(of_case).for_each(|(total, count)| *total += count);
                        }
                        let mut listed = Vec::new();
                        let mut looked_at = counts.len();
                        for (names, count) in names.by_kind.iter().zip(total) {
                            let looked = names.iter().inspect(|_| looked_at += 1);
                            let named = looked.filter(|(_, case)| reaches(*case)).map(|(name, _)| *name);
                            listed.extend(named.take(count.min(MOST_NAMES)));
                        }
                        listed.sort_unstable();
                        self.sets.budget.walk(looked_at)?;
                        self.sets.budget.keep(listed.len())?;
                        let found = Arc::new(Refs::new(Arc::clone(&names.all), listed, total));
                        known.insert(pattern, Arc::clone(&found));
                        found
                    }
                };
                refs[(64 * at + bit) as usize] = found;
            }
        }
        Ok(refs)
    }

    /// All refs by name, with the findings in their histories.
    fn tips(&mut self, ever: &[SetId]) -> Result<Vec<(BString, SetId)>, Exhausted> {
        let starts = self.starts;
        let mut tips: Vec<(BString, SetId)> =
            starts.tips.iter().map(|(name, row)| (name.clone(), ever[*row])).collect();
        for (name, object) in &starts.bare {
            tips.push((name.clone(), self.below(*object)?));
        }
        if !starts.tagged.is_empty() {
            let known: HashMap<BString, usize> =
                tips.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
            for (name, tag) in &starts.tagged {
                if let Some(at) = known.get(name) {
                    tips[*at].1 = self.sets.union(&mut vec![tips[*at].1, self.own(*tag)])?;
                }
            }
        }
        tips.retain(|(_, set)| *set != EMPTY);
        tips.sort();
        Ok(tips)
    }
}

/// Refs by what their histories held.
struct Cases {
    /// What each case held.
    sets: Vec<SetId>,
    /// How many refs of each kind each case is.
    counts: Vec<[usize; 4]>,
    names: Names,
}

struct Names {
    all: Arc<Vec<BString>>,
    /// Places in `all` with the case, ascending: the few names that are told of a kind are found among its first ones.
    by_kind: [Vec<(u32, u32)>; 4],
}

impl Cases {
    fn of(tips: Vec<(BString, SetId)>) -> Self {
        let mut known: HashMap<SetId, u32> = HashMap::new();
        let mut cases = Cases {
            sets: Vec::new(),
            counts: Vec::new(),
            names: Names { all: Arc::default(), by_kind: <[_; 4]>::default() },
        };
        for (at, (name, set)) in (0..).zip(&tips) {
            let case = *known.entry(*set).or_insert_with(|| {
                cases.sets.push(*set);
                cases.counts.push([0; 4]);
                u32::try_from(cases.sets.len() - 1).unwrap_or(u32::MAX)
            });
            let kind = RefKind::of(name).0 as usize;
            cases.counts[case as usize][kind] += 1;
            cases.names.by_kind[kind].push((at, case));
        }
        cases.names.all = Arc::new(tips.into_iter().map(|(name, _)| name).collect());
        cases
    }
}
