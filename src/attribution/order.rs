//! Commits in topological order: parents before children, among equals the older date first.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use super::links::Links;

/// Rows of all commits that are reachable from `starts`. A loop, which only a broken repository has, is entered at
/// its oldest commit.
pub(super) fn topological(links: &Links, starts: &BTreeSet<usize>) -> Vec<usize> {
    let reachable = reachable(links, starts);
    let mut waiting = vec![0u32; links.commits.len()];
    let mut children: Vec<Vec<u32>> = vec![Vec::new(); links.commits.len()];
    for row in &reachable {
        for parent in links.parents(*row) {
            waiting[*row] += 1;
            children[parent].push(u32::try_from(*row).unwrap_or(u32::MAX));
        }
    }
    let key = |row: usize| Reverse((links.commits[row].time, links.commits[row].number, row));
    let mut ready: BinaryHeap<_> =
        reachable.iter().filter(|row| waiting[**row] == 0).map(|row| key(*row)).collect();
    let mut order = Vec::with_capacity(reachable.len());
    let mut done = vec![false; links.commits.len()];
    let mut by_date: Option<std::vec::IntoIter<usize>> = None;
    while order.len() < reachable.len() {
        let row = match ready.pop() {
            Some(Reverse((_, _, row))) => row,
            None => {
                let rest = by_date.get_or_insert_with(|| {
                    let mut rest: Vec<usize> = reachable.iter().copied().filter(|row| !done[*row]).collect();
                    rest.sort_by_key(|row| Reverse(key(*row)));
                    rest.into_iter()
                });
                let Some(row) = rest.find(|row| !done[*row]) else { break };
                row
            }
        };
        if std::mem::replace(&mut done[row], true) {
            continue;
        }
        order.push(row);
        for child in &children[row] {
            let child = *child as usize;
            waiting[child] = waiting[child].saturating_sub(1);
            if waiting[child] == 0 && !done[child] {
                ready.push(key(child));
            }
        }
    }
    order
}

/// Rows of these commits and of all before them.
pub(super) fn reachable(links: &Links, starts: &BTreeSet<usize>) -> Vec<usize> {
    let mut seen = vec![false; links.commits.len()];
    let mut stack: Vec<usize> = starts.iter().copied().collect();
    let mut rows = Vec::new();
    while let Some(row) = stack.pop() {
        if !std::mem::replace(&mut seen[row], true) {
            rows.push(row);
            stack.extend(links.parents(row));
        }
    }
    rows.sort_unstable();
    rows
}
