//! The secrets that some commits introduced, at a cost in proportion to those commits.
//!
//! 1. Each commit's tree is compared with those of its parents: what is added, and what was there before.
//! 2. Each added blob is scanned, once.
//! 3. Where one matched, what its parents had there is scanned, too. A secret that was there already, or that comes
//!    from a file which the same commit removes, was not introduced.
//! 4. The commits themselves are scanned: what is in them is new with them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bstr::ByteSlice as _;
use hashbrown::{HashMap, HashSet};

use super::introduced::{Blobs, Change, Introduced, Known, Places, Reader, Sides, earlier};
use super::{Counters, by_path, metadata};
use crate::detect::Detector;
use crate::finding::{CommitInfo, Gap, GapKind, RuleIndex};
use crate::git::changes::{Added, Paths, Trees};
use crate::git::objects::{Kind, Objects, Unread};
use crate::git::refs;
use crate::git::revisions::Selection;
use crate::git::revwalk::{self, Commit};
use crate::git::{Repository, commit, object_name};
use crate::grouping::{Committed, Place};
use crate::parallel::on_threads;
use crate::rules::PathRules;

/// Scans what the commits of a selection added.
pub(crate) fn scan(
    repository: &Repository,
    selection: &Selection,
    detector: &Detector,
    (jobs, with_metadata): (usize, bool),
    counters: &Counters,
    gaps: &mut Vec<Gap>,
) -> std::io::Result<Introduced> {
    let mut range = Range { repository, jobs, gaps };
    let mut objects = range.objects()?;
    let commits = range.commits(&mut objects, selection);
    Counters::add(&counters.commits, commits.len() as u64);
    let changes = range.changes(&commits)?;

    let blobs: Blobs = changes.list.iter().map(|change| change.added.blob).collect();
    Counters::add(&counters.total, blobs.list.len() as u64);
    let reader = Reader { repository, detector, jobs, named_by: "a commit in scope or a parent of one" };
    let met = reader.scan(&blobs.list, counters, range.gaps)?;
    let mut known = Known::default();
    known.add(&blobs.list, &met);
    let by_path = changes.by_path(&PathRules::of(detector.rules()));
    let matched = changes.select(|blob| known.any(blob));

    let mut trees = Trees::new(&mut objects, repository.hash());
    let earlier = earlier(&matched, &mut trees, |row, trees| Sides {
        tree: commits[row].tree,
        parents: commits[row].parents.iter().filter_map(|id| trees.root(id).ok().flatten()).collect(),
    });
    range.gaps.append(&mut trees.gaps);
    // What of HEAD cannot be read need not be in scope.
    let paths = matched.iter().map(|(_, change)| &change.path);
    let head =
        at_head(repository, paths.chain(by_path.iter().map(|(_, _, change)| &change.path)), &mut trees);
    let context: BTreeSet<gix::ObjectId> = earlier
        .iter()
        .flat_map(|earlier| earlier.iter().flatten())
        .chain(head.values())
        .filter(|id| !blobs.numbers.contains_key(*id))
        .copied()
        .collect();
    let context: Vec<gix::ObjectId> = context.into_iter().collect();
    // What was there before is not part of what was scanned.
    known.add(&context, &reader.scan(&context, &Counters::default(), range.gaps)?);

    let looked_for = detector.rules().looked_for();
    let (mut places, mut in_head_too, mut ranks) = (Places::default(), HashSet::new(), HashMap::new());
    let mut seen = HashSet::new();
    let mut infos: HashMap<usize, Arc<CommitInfo>> = HashMap::new();
    for ((row, change), earlier) in matched.iter().zip(&earlier) {
        let in_head = head.get(&change.path);
        for key in known.of(&change.blob) {
            if in_head.is_some_and(|blob| known.has(blob, key)) {
                in_head_too.insert(key.clone());
            }
            let is_new = known.is_new(key, earlier.as_ref());
            let is_beside = !is_new && earlier.is_some() && looked_for.contains(&key.0);
            if !(is_new || is_beside) || !seen.insert((key, change.blob, &change.path, is_new)) {
                continue;
            }
            let commit = infos.entry(*row).or_insert_with(|| Arc::new(info(&mut objects, &commits[*row])));
            ranks.insert(object_name(&commits[*row].id), *row);
            let committed = Committed {
                path: change.path.clone(),
                commit: Arc::clone(commit),
                blob: object_name(&change.blob),
                in_head: in_head == Some(&change.blob),
            };
            let place = Place::Committed(Arc::new(committed));
            places.add(key, blobs.numbers[&change.blob], is_new, place);
        }
    }
    let mut introduced = Introduced { in_head: in_head_too, ranks, ..places.of(&met) };
    for (row, rule, change) in by_path {
        let found = by_path::matched(rule, change.path.as_bstr());
        if head.contains_key(&change.path) {
            introduced.in_head.insert((rule, found.secret.clone()));
        }
        introduced.ranks.insert(object_name(&commits[row].id), row);
        let commit = infos.entry(row).or_insert_with(|| Arc::new(info(&mut objects, &commits[row])));
        let place = Place::Committed(Arc::new(Committed {
            commit: Arc::clone(commit),
            blob: object_name(&change.blob),
            in_head: head.get(&change.path) == Some(&change.blob),
            path: change.path,
        }));
        introduced.grouping.add(&place, vec![found]);
    }
    if with_metadata {
        let found =
            metadata::objects(repository, &commits, &selection.tags, detector, jobs, counters, range.gaps)?;
        introduced.grouping.merge(found);
        let rank = |(row, commit): (usize, &Commit)| (object_name(&commit.id), row);
        introduced.ranks.extend(commits.iter().enumerate().map(rank));
    }
    Ok(introduced)
}

pub(super) fn info(objects: &mut Objects, commit: &Commit) -> CommitInfo {
    let bytes = objects.read(&commit.id, Kind::Commit).unwrap_or_default();
    let links = commit::links(bytes, |_| {});
    let (author, time) = commit::signature(links.author);
    CommitInfo {
        id: object_name(&commit.id),
        author,
        time,
        committed: commit.time,
        subject: links.subject.into(),
    }
}

/// What the commits added. Paths are numbers in the list of the thread that met them.
#[derive(Default)]
struct Changes {
    /// In order of the commits' rows.
    list: Vec<Numbered>,
    paths: Vec<Paths>,
}

struct Numbered {
    row: usize,
    thread: usize,
    added: Added,
}

impl Changes {
    /// The files at new paths that rules report for these.
    fn by_path(&self, rules: &PathRules<'_>) -> Vec<(usize, RuleIndex, Change)> {
        let mut caches = rules.caches();
        let mut list = Vec::new();
        let new = self.list.iter().filter(|change| !rules.is_empty() && change.added.before.is_empty());
        for Numbered { row, thread, added } in new {
            let path = self.paths[*thread].text(added.path);
            for rule in rules.matching(&path, &mut caches) {
                list.push((*row, rule, Change { path: path.clone(), blob: added.blob, before: Vec::new() }));
            }
        }
        list
    }

    /// Those whose blob `is_wanted`, with their paths, and the commit's row.
    fn select(self, is_wanted: impl Fn(&gix::oid) -> bool) -> Vec<(usize, Change)> {
        let wanted = self.list.into_iter().filter(|change| is_wanted(&change.added.blob));
        wanted
            .map(|Numbered { row, thread, added: Added { path, blob, before } }| {
                (row, Change { path: self.paths[thread].text(path), blob, before })
            })
            .collect()
    }
}

/// One scan of a range.
struct Range<'a> {
    repository: &'a Repository,
    jobs: usize,
    gaps: &'a mut Vec<Gap>,
}

impl Range<'_> {
    fn objects(&self) -> std::io::Result<Objects> {
        let (directories, hash) = Objects::place(self.repository);
        Objects::open(&directories, hash)
    }

    /// The commits of the selection, oldest first, and a gap for each that is missing.
    fn commits(&mut self, objects: &mut Objects, selection: &Selection) -> Vec<Commit> {
        let shallow = refs::shallow(self.repository, self.gaps);
        let walked = revwalk::walk(objects, selection, &|id| shallow.contains(id));
        for (id, by, why) in walked.unread {
            self.gaps.push(why.gap(&id, &format!("commit {by}")));
        }
        let border = walked.commits.iter().filter(|commit| commit.border).count();
        if border > 0 {
            self.gaps.push(Gap {
                kind: GapKind::Shallow,
                place: "shallow".into(),
                detail: format!(
                    "the parents of {border} commits in scope were not fetched, so that what these introduced cannot \
                     be told; `git fetch --unshallow` brings the rest"
                ),
            });
        }
        walked.commits
    }

    /// What each commit adds.
    fn changes(&mut self, commits: &[Commit]) -> std::io::Result<Changes> {
        /// Neighbours share most of their trees.
        const TOGETHER: usize = 16;
        let (directories, hash) = Objects::place(self.repository);
        let next = AtomicUsize::new(0);
        let threads = self.jobs.min(commits.len().div_ceil(TOGETHER));
        let parts = on_threads(threads, || -> std::io::Result<_> {
            let mut objects = Objects::open(&directories, hash)?;
            let mut trees = Trees::new(&mut objects, hash);
            let (mut added, mut paths) = (Vec::new(), Paths::default());
            loop {
                let first = next.fetch_add(TOGETHER, Ordering::Relaxed);
                let rows = first..commits.len().min(first + TOGETHER);
                if rows.is_empty() {
                    return Ok((added, paths, trees.gaps));
                }
                for (row, commit) in rows.clone().zip(&commits[rows]) {
                    added.extend(of_commit(commit, &mut trees, &mut paths).into_iter().map(|one| (row, one)));
                }
            }
        });
        let mut changes = Changes::default();
        let mut named: HashSet<(GapKind, String)> =
            self.gaps.iter().map(|gap| (gap.kind, gap.place.clone())).collect();
        for (thread, part) in parts.into_iter().enumerate() {
            let (added, paths, gaps) = part?;
            changes.list.extend(added.into_iter().map(|(row, added)| Numbered { row, thread, added }));
            changes.paths.push(paths);
            // Several commits may name what is missing, on several threads.
            self.gaps.extend(gaps.into_iter().filter(|gap| named.insert((gap.kind, gap.place.clone()))));
        }
        // Stable: within a commit the order is that of its tree.
        changes.list.sort_by_key(|change| change.row);
        Ok(changes)
    }
}

/// What HEAD has at these paths.
fn at_head<'a>(
    repository: &Repository,
    paths: impl Iterator<Item = &'a bstr::BString>,
    trees: &mut Trees,
) -> HashMap<bstr::BString, gix::ObjectId> {
    let head = repository.head().ok().flatten();
    let Some(tree) = head.and_then(|head| trees.root(&head).ok().flatten()) else {
        return HashMap::new();
    };
    let paths: BTreeSet<&bstr::BString> = paths.collect();
    let blob = |path: &bstr::BString| Some((path.clone(), trees.lookup(tree, path)?));
    paths.into_iter().filter_map(blob).collect()
}

/// What a commit adds. Without all its parents that cannot be told, which is a gap.
fn of_commit(commit: &Commit, trees: &mut Trees, paths: &mut Paths) -> Vec<Added> {
    // Counted as the border of a shallow clone.
    if commit.border {
        return Vec::new();
    }
    let named_by = format!("commit {}", commit.id);
    let mut roots = Vec::with_capacity(1 + commit.parents.len());
    for id in std::iter::once(&commit.id).chain(&commit.parents) {
        match trees.root(id).and_then(|root| root.ok_or_else(|| Unread::Corrupt("it has no tree".into()))) {
            Ok(root) => roots.push(root),
            Err(why) => {
                trees.gaps.push(why.gap(id, &named_by));
                return Vec::new();
            }
        }
    }
    trees.added(roots[0], &roots[1..], paths)
}
