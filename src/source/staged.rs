//! The secrets that a commit of the index would introduce, at a cost in proportion to what is staged.

use std::collections::BTreeSet;

use bstr::{BString, ByteSlice as _};
use hashbrown::HashSet;

use super::Counters;
use super::by_path;
use super::introduced::{Blobs, Change, Introduced, Known, Places, Reader, Sides, earlier};
use crate::detect::Detector;
use crate::finding::{Gap, GapKind, Match};
use crate::git::changes::{Paths, Trees};
use crate::git::objects::{Objects, Unread};
use crate::git::{Repository, object_name, staging};
use crate::grouping::Place;
use crate::rules::PathRules;

/// Scans what the index adds to HEAD and, while a merge is under way, to what is merged. Only what lies at or below
/// one of the `only` paths, if there are any.
pub(crate) fn scan(
    repository: &Repository,
    index: &gix::index::File,
    only: &[BString],
    detector: &Detector,
    jobs: usize,
    counters: &Counters,
    gaps: &mut Vec<Gap>,
) -> std::io::Result<Introduced> {
    let (directories, hash) = Objects::place(repository);
    let mut objects = Objects::open(&directories, hash)?;
    let mut trees = Trees::new(&mut objects, hash);
    let Some(parents) = parents(repository, &mut trees, gaps) else { return Ok(Introduced::default()) };
    let roots = staging::roots(index, &parents, &mut trees);
    let mut changes = changes(&roots, &parents, &mut trees);
    changes.retain(|(_, change)| is_below(&change.path, only));
    let blobs: Blobs = changes.iter().map(|(_, change)| change.blob).collect();
    Counters::add(&counters.total, blobs.list.len() as u64);
    let reader = Reader { repository, detector, jobs, named_by: "the index or a parent of the commit" };
    let met = reader.scan(&blobs.list, counters, gaps)?;
    let mut known = Known::default();
    known.add(&blobs.list, &met);
    let by_path = by_path(&changes, detector);
    changes.retain(|(_, change)| known.any(&change.blob));

    let earlier =
        earlier(&changes, &mut trees, |row, _| Sides { tree: Some(roots[row]), parents: parents.clone() });
    gaps.append(&mut trees.gaps);
    let context = earlier.iter().flat_map(|earlier| earlier.iter().flatten()).copied();
    let context: BTreeSet<_> = context.filter(|id| !blobs.numbers.contains_key(id)).collect();
    let context: Vec<_> = context.into_iter().collect();
    // What was there before is not part of what was scanned.
    known.add(&context, &reader.scan(&context, &Counters::default(), gaps)?);

    let looked_for = detector.rules().looked_for();
    let mut places = Places::default();
    for ((_, change), earlier) in changes.iter().zip(&earlier) {
        for key in known.of(&change.blob) {
            let is_new = known.is_new(key, earlier.as_ref());
            if is_new || (earlier.is_some() && looked_for.contains(&key.0)) {
                let place = Place::Staged(change.path.clone(), object_name(&change.blob));
                places.add(key, blobs.numbers[&change.blob], is_new, place);
            }
        }
    }
    let mut introduced = places.of(&met);
    for (place, found) in by_path {
        introduced.grouping.add(&place, vec![found]);
    }
    Ok(introduced)
}

/// Files at new paths that rules report for these.
fn by_path(changes: &[(usize, Change)], detector: &Detector) -> Vec<(Place, Match)> {
    let rules = PathRules::of(detector.rules());
    let mut caches = rules.caches();
    let mut list = Vec::new();
    for (_, change) in changes.iter().filter(|(_, change)| !rules.is_empty() && change.before.is_empty()) {
        for rule in rules.matching(&change.path, &mut caches) {
            let place = Place::Staged(change.path.clone(), object_name(&change.blob));
            list.push((place, by_path::matched(rule, change.path.as_bstr())));
        }
    }
    list
}

/// The paths at which the index has something that HEAD does not have there.
pub(crate) fn paths(
    repository: &Repository,
    index: &gix::index::File,
    gaps: &mut Vec<Gap>,
) -> std::io::Result<BTreeSet<BString>> {
    let (directories, hash) = Objects::place(repository);
    let mut objects = Objects::open(&directories, hash)?;
    let mut trees = Trees::new(&mut objects, hash);
    let Some(parents) = parents(repository, &mut trees, gaps) else { return Ok(BTreeSet::new()) };
    let roots = staging::roots(index, &parents, &mut trees);
    let mut paths = BTreeSet::new();
    for root in roots {
        paths.append(&mut trees.differing(root, parents.first().copied()));
    }
    gaps.append(&mut trees.gaps);
    Ok(paths)
}

/// What the index adds, by root.
fn changes(roots: &[gix::ObjectId], parents: &[gix::ObjectId], trees: &mut Trees) -> Vec<(usize, Change)> {
    let mut changes = Vec::new();
    let mut met = HashSet::new();
    for (row, root) in roots.iter().enumerate() {
        let mut paths = Paths::default();
        for added in trees.added(*root, parents, &mut paths) {
            let path = paths.text(added.path);
            // Another stage of the path may have the same.
            if met.insert((path.clone(), added.blob)) {
                changes.push((row, Change { path, blob: added.blob, before: added.before }));
            }
        }
    }
    changes
}

/// The root trees of what the commit's parents would be; `None`, and a gap, if one of them cannot be read: what the
/// commit would introduce cannot be told then.
fn parents(repository: &Repository, trees: &mut Trees, gaps: &mut Vec<Gap>) -> Option<Vec<gix::ObjectId>> {
    let broken = |place: &str, detail: String| Gap { kind: GapKind::BrokenRef, place: place.into(), detail };
    let mut commits = Vec::new();
    match repository.head() {
        Ok(head) => commits.extend(head.map(|id| ("HEAD", id))),
        Err(why) => {
            gaps.push(broken("HEAD", why));
            return None;
        }
    }
    match repository.merge_heads() {
        Ok(heads) => commits.extend(heads.into_iter().map(|id| ("MERGE_HEAD", id))),
        Err(error) => {
            gaps.push(broken("MERGE_HEAD", error.to_string()));
            return None;
        }
    }
    let mut roots = Vec::with_capacity(commits.len());
    for (name, id) in commits {
        match trees.root(&id).and_then(|root| root.ok_or_else(|| Unread::Corrupt("it has no tree".into()))) {
            Ok(root) => roots.push(root),
            Err(why) => {
                gaps.push(why.gap(&id, name));
                return None;
            }
        }
    }
    Some(roots)
}

/// Whether a path is, or lies below, one of these; they may be none, or the root.
fn is_below(path: &BString, only: &[BString]) -> bool {
    let below = |one: &BString| {
        let rest = path.strip_prefix(one.as_slice());
        rest.is_some_and(|rest| one.is_empty() || rest.is_empty() || rest.starts_with_str("/"))
    };
    only.is_empty() || only.iter().any(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below() {
        let is = |path: &str, only: &[&str]| {
            let only: Vec<BString> = only.iter().map(|one| (*one).into()).collect();
            is_below(&path.into(), &only)
        };
        assert!(is("a/b", &[]) && is("a/b", &[""]) && is("a/b", &["x", "a"]) && is("a/b", &["a/b"]));
        assert!(!is("ab", &["a"]) && !is("a", &["a/b"]));
    }
}
