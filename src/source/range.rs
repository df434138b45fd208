//! The secrets that some commits introduced, at a cost in proportion to those commits.
//!
//! 1. Each commit's tree is compared with those of its parents: what is added, and what was there before.
//! 2. Each added blob is scanned, once.
//! 3. Where one matched, what its parents had there is scanned, too. A secret that was there already, or that comes
//!    from a file which the same commit removes, was not introduced.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bstr::ByteSlice as _;
use hashbrown::{HashMap, HashSet};

use super::{Counters, Worker, by_path};
use crate::detect::Detector;
use crate::finding::{CommitInfo, Gap, GapKind, ObjectName, RuleIndex};
use crate::git::changes::{Added, Paths, Trees};
use crate::git::objects::{Kind, Objects, Unread};
use crate::git::refs;
use crate::git::revisions::Selection;
use crate::git::revwalk::{self, Commit};
use crate::git::{Repository, commit, object_name};
use crate::grouping::{Committed, Grouping, Key, Place, Sighting};
use crate::parallel::on_threads;
use crate::rules::PathRules;

/// What a range introduced.
#[derive(Debug, Default)]
pub(crate) struct Introduced {
    /// Every secret that was met; those without a sighting were there before.
    pub(crate) grouping: Grouping,
    /// What was there before in the same files, of rules whose finds others look for near their own.
    pub(crate) beside: Grouping,
    /// Those that HEAD still has.
    pub(crate) in_head: HashSet<Key>,
    /// Rank of a commit in topological order.
    pub(crate) ranks: HashMap<ObjectName, usize>,
}

/// Scans what the commits of a selection added.
pub(crate) fn scan(
    repository: &Repository,
    selection: &Selection,
    detector: &Detector,
    jobs: usize,
    counters: &Counters,
    gaps: &mut Vec<Gap>,
) -> std::io::Result<Introduced> {
    let mut range = Range { repository, detector, jobs, gaps };
    let mut objects = range.objects()?;
    let commits = range.commits(&mut objects, selection);
    Counters::add(&counters.commits, commits.len() as u64);
    let changes = range.changes(&commits)?;

    let mut blobs: Vec<gix::ObjectId> = Vec::new();
    let mut numbers: HashMap<gix::ObjectId, u32> = HashMap::new();
    for Numbered { added, .. } in &changes.list {
        numbers.entry(added.blob).or_insert_with(|| {
            blobs.push(added.blob);
            u32::try_from(blobs.len() - 1).unwrap_or(u32::MAX)
        });
    }
    Counters::add(&counters.total, blobs.len() as u64);
    let met = range.blobs(&blobs, counters)?;
    let by_path = changes.by_path(&PathRules::of(detector.rules()));
    let mut known = Known { secrets: HashMap::new() };
    known.add(&blobs, &met);
    let matched = changes.select(|blob| known.any(blob));

    let mut trees = Trees::new(&mut objects, repository.hash());
    let earlier = earlier(&commits, &matched, &mut trees);
    range.gaps.append(&mut trees.gaps);
    // What of HEAD cannot be read need not be in scope.
    let paths = matched.iter().map(|(_, change)| &change.path);
    let head =
        at_head(repository, paths.chain(by_path.iter().map(|(_, _, change)| &change.path)), &mut trees);
    let context: BTreeSet<gix::ObjectId> = earlier
        .iter()
        .flat_map(|earlier| earlier.iter().flatten())
        .chain(head.values())
        .filter(|id| !numbers.contains_key(*id))
        .copied()
        .collect();
    let context: Vec<gix::ObjectId> = context.into_iter().collect();
    // What was there before is not part of what was scanned.
    known.add(&context, &range.blobs(&context, &Counters::default())?);

    let mut introduced = Introduced::default();
    let looked_for = detector.rules().looked_for();
    let (mut placed, mut beside) = (Placed::new(), Placed::new());
    let mut seen = HashSet::new();
    let mut infos: HashMap<usize, Arc<CommitInfo>> = HashMap::new();
    for ((row, change), earlier) in matched.iter().zip(&earlier) {
        let in_head = head.get(&change.path);
        for key in known.of(&change.blob) {
            if in_head.is_some_and(|blob| known.has(blob, key)) {
                introduced.in_head.insert(key.clone());
            }
            let Some(ids) = earlier else { continue };
            let new = !ids.iter().any(|id| known.has(id, key));
            let wanted = new || looked_for.contains(&key.0);
            if !wanted || !seen.insert((key, change.blob, &change.path, new)) {
                continue;
            }
            let commit = infos.entry(*row).or_insert_with(|| Arc::new(info(&mut objects, &commits[*row])));
            introduced.ranks.insert(object_name(&commits[*row].id), *row);
            let places = if new { &mut placed } else { &mut beside };
            places.entry((key, numbers[&change.blob])).or_default().push(Arc::new(Committed {
                path: change.path.clone(),
                commit: Arc::clone(commit),
                blob: object_name(&change.blob),
                in_head: in_head == Some(&change.blob),
            }));
        }
    }
    introduced.beside = placed_in(&met, &beside);
    introduced.beside.drafts.retain(|_, sightings| !sightings.is_empty());
    introduced.grouping = placed_in(&met, &placed);
    introduced.grouping.count_dropped(&met.dropped);
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
    Ok(introduced)
}

/// Where commits put what, by the number of the blob.
type Placed<'a> = HashMap<(&'a Key, u32), Vec<Arc<Committed>>>;

/// Sightings in objects, at these places.
fn placed_in(met: &Grouping, placed: &Placed<'_>) -> Grouping {
    let mut grouping = Grouping::default();
    for (key, sightings) in &met.drafts {
        let mut list = Vec::new();
        for Sighting { place, location, excerpt } in sightings {
            let Place::Object(number) = *place else { continue };
            for committed in placed.get(&(key, number)).into_iter().flatten() {
                let place = Place::Committed(Arc::clone(committed));
                list.push(Sighting { place, location: location.clone(), excerpt: Arc::clone(excerpt) });
            }
        }
        grouping.drafts.insert(key.clone(), list);
    }
    grouping
}

fn info(objects: &mut Objects, commit: &Commit) -> CommitInfo {
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

/// A blob that a commit added, with its path.
struct Change {
    path: bstr::BString,
    blob: gix::ObjectId,
    before: Vec<gix::ObjectId>,
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
        for Numbered { row, thread, added } in
            self.list.iter().filter(|change| change.added.before.is_empty())
        {
            if rules.is_empty() {
                break;
            }
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

/// The secrets of blobs.
struct Known {
    secrets: HashMap<gix::ObjectId, HashSet<Key>>,
}

impl Known {
    fn add(&mut self, blobs: &[gix::ObjectId], met: &Grouping) {
        for (key, sightings) in &met.drafts {
            for sighting in sightings {
                if let Place::Object(number) = sighting.place {
                    self.secrets.entry(blobs[number as usize]).or_default().insert(key.clone());
                }
            }
        }
    }

    fn any(&self, blob: &gix::oid) -> bool {
        self.secrets.contains_key(blob)
    }

    fn has(&self, blob: &gix::oid, key: &Key) -> bool {
        self.secrets.get(blob).is_some_and(|keys| keys.contains(key))
    }

    fn of(&self, blob: &gix::oid) -> impl Iterator<Item = &Key> {
        self.secrets.get(blob).into_iter().flatten()
    }
}

/// One scan of a range.
struct Range<'a> {
    repository: &'a Repository,
    detector: &'a Detector,
    jobs: usize,
    gaps: &'a mut Vec<Gap>,
}

impl Range<'_> {
    fn objects(&self) -> std::io::Result<Objects> {
        let (directory, hash) = Objects::place(self.repository);
        Objects::open(&directory, hash)
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
        let (directory, hash) = Objects::place(self.repository);
        let next = AtomicUsize::new(0);
        let threads = self.jobs.min(commits.len().div_ceil(TOGETHER));
        let parts = on_threads(threads, || -> std::io::Result<_> {
            let mut objects = Objects::open(&directory, hash)?;
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

    /// Scans blobs; the places are numbers in the list.
    fn blobs(&mut self, blobs: &[gix::ObjectId], counters: &Counters) -> std::io::Result<Grouping> {
        let (directory, hash) = Objects::place(self.repository);
        let next = AtomicUsize::new(0);
        let parts = on_threads(self.jobs.min(blobs.len()), || -> std::io::Result<_> {
            let mut worker = Worker::new(self.detector, counters);
            let mut objects = Objects::open(&directory, hash)?;
            while let Some((number, id)) = claim(&next, blobs) {
                // It need not be stored.
                if id.is_empty_blob() {
                    continue;
                }
                match objects.read(id, Kind::Blob) {
                    Ok(bytes) => {
                        let scan = AssertUnwindSafe(|| worker.scan(&Place::Object(number), bytes));
                        if catch_unwind(scan).is_err() {
                            worker.gaps.push(Gap::internal(id.to_string()));
                        }
                        Counters::add(&counters.blobs, 1);
                    }
                    Err(why) => worker.gaps.push(why.gap(id, "a commit in scope or a parent of one")),
                }
                Counters::add(&counters.done, 1);
            }
            Ok(worker.finish())
        });
        let mut grouping = Grouping::default();
        for part in parts {
            let (part, gaps) = part?;
            grouping.merge(part);
            self.gaps.extend(gaps);
        }
        Ok(grouping)
    }
}

/// For each change, the blobs whose secrets are not new in it; `None` if nothing in it is, because a parent had
/// the blob where it now has another or none.
fn earlier(
    commits: &[Commit],
    matched: &[(usize, Change)],
    trees: &mut Trees,
) -> Vec<Option<Vec<gix::ObjectId>>> {
    let mut last: Option<(usize, HashSet<gix::ObjectId>, Vec<gix::ObjectId>)> = None;
    let mut earlier = Vec::with_capacity(matched.len());
    for (row, change) in matched {
        let (_, gone, removed) = match &mut last {
            Some(last) if last.0 == *row => last,
            last => {
                let mut gone = Vec::new();
                for parent in &commits[*row].parents {
                    if let (Ok(Some(parent)), Some(tree)) = (trees.root(parent), commits[*row].tree) {
                        gone.extend(trees.gone(parent, tree));
                    }
                }
                let removed = gone.iter().filter(|gone| gone.removed).map(|gone| gone.blob).collect();
                last.insert((*row, gone.iter().map(|gone| gone.blob).collect(), removed))
            }
        };
        earlier.push(if gone.contains(&change.blob) {
            None
        } else if change.before.is_empty() {
            Some(removed.clone())
        } else {
            Some(change.before.clone())
        });
    }
    earlier
}

/// What HEAD has at these paths.
fn at_head<'a>(
    repository: &Repository,
    paths: impl Iterator<Item = &'a bstr::BString>,
    trees: &mut Trees,
) -> HashMap<bstr::BString, gix::ObjectId> {
    let head = repository.gix.head_id().ok();
    let Some(tree) = head.and_then(|head| trees.root(&head).ok().flatten()) else {
        return HashMap::new();
    };
    let paths: BTreeSet<&bstr::BString> = paths.collect();
    let blob = |path: &bstr::BString| Some((path.clone(), trees.lookup(tree, path)?));
    paths.into_iter().filter_map(blob).collect()
}

fn claim<'a>(next: &AtomicUsize, blobs: &'a [gix::ObjectId]) -> Option<(u32, &'a gix::ObjectId)> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    Some((u32::try_from(number).ok()?, blobs.get(number)?))
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
