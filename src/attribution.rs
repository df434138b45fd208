//! Who brought a blob in, when, and where it lives: for blobs that matched, and for what is missing.
//!
//! 1. [`links`]: one pass over all trees, commits and tags keeps, for each tree, its subtrees and the blobs of
//!    interest, and everything that is named but not there.
//! 2. [`order`]: commits, parents before children.
//! 3. [`places`]: trees are descended in that order, each once; the first commit that reaches a blob introduced it.
//! 4. [`metadata`]: what was found in commits and tags is there, and nowhere else.
//! 5. [`exposure`]: for each finding, the last commit that holds it, the one that removed it, and the refs that lead to
//!    it.

use std::collections::BTreeSet;
use std::sync::Arc;

use bstr::BString;
use hashbrown::{HashMap, HashSet};

use crate::detect::Detector;
use crate::finding::{CommitInfo, Exposure, Gap, GapKind, ObjectName, Provenance, RuleIndex};
use crate::git::changes::Trees;
use crate::git::objects::Objects;
use crate::git::refs::Roots;
use crate::git::store::{Number, Store};
use crate::git::{Repository, commit, object_name};
use crate::grouping::{Grouping, Key};
use crate::rules::PathRules;
use crate::source::{Counters, Worker};

mod edges;
mod entries;
mod exposure;
mod links;
mod metadata;
mod order;
mod places;
mod reading;
mod recent;
mod sets;

use links::{Commit, Links};

/// A path at which a blob lived.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Home {
    pub(crate) path: BString,
    pub(crate) provenance: Provenance,
    pub(crate) in_head: bool,
}

/// What is known of the blobs of interest.
#[derive(Debug, Default)]
pub(crate) struct Attribution {
    /// By object number; sorted. A blob that is not here is unreachable.
    pub(crate) homes: HashMap<Number, Vec<Home>>,
    /// Files that rules report for their paths; sorted.
    pub(crate) by_path: Vec<(RuleIndex, Number, Home)>,
    /// Rank of a commit in topological order.
    pub(crate) ranks: HashMap<ObjectName, usize>,
    pub(crate) commits: usize,
    pub(crate) refs: usize,
    /// Of every finding in an object; empty if that was too much to find out.
    pub(crate) exposures: HashMap<Key, Exposure>,
    /// It was.
    pub(crate) exposure_left_out: bool,
    /// Objects without a home are out of scope.
    pub(crate) limited: bool,
    /// Where the repository lies: what all of its paths begin with.
    pub(crate) prefix: BString,
}

/// What is to be attributed.
pub(crate) struct Wanted<'a> {
    /// What was found in blobs; what is found in commits and tags is added.
    pub(crate) found: &'a mut Grouping,
    /// Whether what a rule finds may be reported, so that its exposure is wanted.
    pub(crate) is_reported: &'a dyn Fn(RuleIndex) -> bool,
    /// Rules that report files for their paths.
    pub(crate) by_path: &'a PathRules<'a>,
    /// What scans commits and tags, if they are to be.
    pub(crate) metadata: Option<(&'a Detector, &'a Counters)>,
}

/// Attributes the blobs of interest and reports what the history names but does not hold.
pub(crate) fn attribute(
    repository: &Repository,
    store: &Store,
    wanted: Wanted<'_>,
    jobs: usize,
    roots: &Roots,
    gaps: &mut Vec<Gap>,
) -> Attribution {
    let Wanted { found, is_reported, by_path, metadata } = wanted;
    let worker = || metadata.map(|(detector, counters)| Worker::new(detector, counters));
    let id_length = repository.hash().len_in_bytes();
    let links = Links::read(store, id_length, by_path.names(), &worker, jobs, found, gaps);
    let (objects, groups) = (found.objects(), found.objects_of_drafts(is_reported));
    let mut interest = objects.clone();
    interest.extend(&links.named);
    let mut caches = by_path.caches();
    let starts = Starts::resolve(store, &links, roots, &objects, gaps);
    let order = order::topological(&links, &starts.commits);
    let reach = places::Reach::of(&links, &order, &starts);
    report_missing(store, &links, &order, &reach, roots, gaps);
    let groups = by_place(groups);
    let (found, exposed) = rayon::join(
        || places::introduce(&links, &order, &starts, &reach, &interest),
        || {
            let objects: Vec<&[Number]> = groups.iter().map(|(_, objects)| objects.as_slice()).collect();
            exposure::expose(&links, &order, &starts, &reach, &objects, sets::Budget::USUAL)
        },
    );
    let mut attribution = Attribution {
        commits: order.len(),
        refs: roots.refs.len(),
        limited: roots.limited,
        ..Attribution::default()
    };
    let mut infos: HashMap<Number, Arc<CommitInfo>> = HashMap::new();
    let mut info_of = |row: usize| {
        let number = links.commits[row].number;
        Arc::clone(
            infos.entry(number).or_insert_with(|| Arc::new(commit_info(repository, store, &links, row))),
        )
    };
    for place in found {
        let rules = by_path.matching(&place.path, &mut caches);
        let is_found = objects.contains(&place.blob);
        if rules.is_empty() && !is_found {
            continue;
        }
        let provenance = match place.origin {
            places::Origin::Commit(row) => Provenance::Commit(info_of(row)),
            places::Origin::Ref => Provenance::Ref,
        };
        let home = Home { path: place.path, provenance, in_head: place.in_head };
        attribution.by_path.extend(rules.into_iter().map(|rule| (rule, place.blob, home.clone())));
        if is_found {
            attribution.homes.entry(place.blob).or_default().push(home);
        }
    }
    attribution.homes.extend(metadata::homes(
        store,
        &links,
        &order,
        &starts,
        &objects,
        roots.limited,
        &mut info_of,
    ));
    match exposed {
        Some(exposed) => {
            for ((key, _), exposed) in groups.into_iter().zip(exposed) {
                let exposure = Exposure {
                    last_seen: exposed.last_seen.map(&mut info_of),
                    removed_in: exposed.removed_in.map(&mut info_of),
                    refs: exposed.refs,
                };
                attribution.exposures.insert(key, exposure);
            }
        }
        None => attribution.exposure_left_out = true,
    }
    for (rank, row) in order.iter().enumerate() {
        let number = links.commits[*row].number;
        if infos.contains_key(&number) {
            attribution.ranks.insert(object_name(store.id(number)), rank);
        }
    }
    if roots.limited {
        mark_head(repository, store, roots, &mut attribution);
    } else {
        add_staged(repository, store, &objects, by_path, &mut attribution, gaps);
    }
    for homes in attribution.homes.values_mut() {
        homes.sort();
        homes.dedup();
    }
    attribution.by_path.sort();
    attribution.by_path.dedup();
    attribution
}

/// Findings in the order of the places of their objects, in which versions of a file are neighbours: what comes and
/// goes together stands together, which keeps the sets of findings small.
fn by_place(mut groups: Vec<(Key, Vec<Number>)>) -> Vec<(Key, Vec<Number>)> {
    groups.sort_by_cached_key(|(_, objects)| objects.iter().min().copied());
    groups
}

/// Roots as object numbers, tags peeled.
#[derive(Debug, Default)]
pub(crate) struct Starts {
    /// Rows of commits.
    pub(crate) commits: BTreeSet<usize>,
    pub(crate) head: Option<usize>,
    /// Refs that lead to a commit, by row.
    pub(crate) tips: Vec<(BString, usize)>,
    /// Trees and blobs that a ref names without a commit.
    pub(crate) bare: Vec<(BString, Number)>,
    /// Tags that are met on the way.
    pub(crate) tags: HashSet<Number>,
    /// Refs, with the tags on their way in which something was found.
    pub(crate) tagged: Vec<(BString, Number)>,
}

/// A chain of tags longer than this is no chain that anybody made on purpose, and is told.
const LONGEST_TAG_CHAIN: usize = 4096;

/// Refs of tags that are told. Any number of refs can lead through the same long chain.
const MOST_TAGGED: usize = 1 << 16;

impl Starts {
    /// `found` are objects in which something was found.
    fn resolve(
        store: &Store,
        links: &Links,
        roots: &Roots,
        found: &HashSet<Number>,
        gaps: &mut Vec<Gap>,
    ) -> Self {
        let mut starts = Starts::default();
        let mut named = BTreeSet::new();
        let mut endless = BTreeSet::new();
        let mut missing = |id: gix::ObjectId, by: String| {
            if !named.insert(id) {
                return;
            }
            gaps.push(Gap::missing(id.to_string(), &by));
        };
        let reflogs = roots.reflogs.iter().map(|id| (None, id));
        let refs = roots.refs.iter().map(|(name, id)| (Some(name), id));
        for (name, id) in
            refs.chain(roots.head.iter().filter(|_| !roots.limited).map(|id| (None, id))).chain(reflogs)
        {
            match peel(store, links, id, |tag| starts.meet(tag, name, found)) {
                Ok(number) if links.tags.contains_key(&number) => {
                    endless.insert(number);
                }
                Ok(number) => match (links.row_of(number), name) {
                    (Some(row), name) => {
                        starts.commits.insert(row);
                        starts.tips.extend(name.map(|name| (name.clone(), row)));
                    }
                    (None, Some(name)) => starts.bare.push((name.clone(), number)),
                    (None, None) => {}
                },
                Err(id) => missing(id, name.map_or_else(|| "HEAD or a reflog".into(), ToString::to_string)),
            }
        }
        gaps.extend(endless.into_iter().map(|number| Gap {
            kind: GapKind::CorruptObject,
            place: store.id(number).to_string(),
            detail: format!("it is a tag at the end of a chain of more than {LONGEST_TAG_CHAIN} tags"),
        }));
        // These may be stale without harm.
        for id in &roots.special {
            let number = peel(store, links, id, |tag| starts.meet(tag, None, found)).ok();
            starts.commits.extend(number.and_then(|number| links.row_of(number)));
        }
        starts.head = roots.head.and_then(|id| links.row_of(peel(store, links, &id, |_| {}).ok()?));
        starts
    }

    fn meet(&mut self, tag: Number, by: Option<&BString>, found: &HashSet<Number>) {
        self.tags.insert(tag);
        if let Some(name) = by
            && found.contains(&tag)
            && self.tagged.len() < MOST_TAGGED
        {
            self.tagged.push((name.clone(), tag));
        }
    }
}

/// Follows tags, which go to `met`; the error is the id that is not there.
fn peel(
    store: &Store,
    links: &Links,
    id: &gix::oid,
    mut met: impl FnMut(Number),
) -> Result<Number, gix::ObjectId> {
    let mut number = store.find(id).ok_or_else(|| id.to_owned())?;
    for _ in 0..LONGEST_TAG_CHAIN {
        match links.tags.get(&number) {
            Some(target) => {
                met(number);
                number = store.find(target).ok_or(*target)?;
            }
            None => break,
        }
    }
    Ok(number)
}

/// Gaps for what a reachable commit or tree names and the repository does not hold.
fn report_missing(
    store: &Store,
    links: &Links,
    order: &[usize],
    reach: &places::Reach,
    roots: &Roots,
    gaps: &mut Vec<Gap>,
) {
    let mut seen = BTreeSet::new();
    let mut missing = |id: &gix::oid, by: &gix::oid, what: &str| {
        if seen.insert(id.to_owned()) {
            gaps.push(Gap::missing(id.to_string(), &format!("{what} {by}")));
        }
    };
    let in_history: BTreeSet<usize> = order.iter().copied().collect();
    let mut cut = 0;
    for (row, id) in &links.missing_in_commits {
        let by = store.id(links.commits[*row].number);
        if !in_history.contains(row) {
            continue;
        }
        if roots.shallow.contains(by) {
            cut += 1;
        } else {
            missing(id, by, "commit");
        }
    }
    for (tree, id) in &links.missing_in_trees {
        if reach.contains(*tree) {
            missing(id, store.id(*tree), "tree");
        }
    }
    if cut > 0 {
        gaps.push(Gap {
            kind: GapKind::Shallow,
            place: "shallow".into(),
            detail: format!(
                "the history is cut off at {} commits; `git fetch --unshallow` brings the rest",
                roots.shallow.len()
            ),
        });
    }
}

/// What HEAD has where another ref is in scope: HEAD's trees need not be among those that were walked.
fn mark_head(repository: &Repository, store: &Store, roots: &Roots, attribution: &mut Attribution) {
    let (directories, hash) = Objects::place(repository);
    let Some((head, mut objects)) = roots.head.zip(Objects::open(&directories, hash).ok()) else { return };
    // What of HEAD cannot be read is out of scope.
    let mut trees = Trees::new(&mut objects, hash);
    let Ok(Some(root)) = trees.root(&head) else { return };
    let found =
        attribution.homes.iter_mut().flat_map(|(number, homes)| homes.iter_mut().map(|home| (*number, home)));
    let by_path = attribution.by_path.iter_mut().map(|(_, number, home)| (*number, home));
    for (number, home) in found.chain(by_path) {
        home.in_head = trees.lookup(root, &home.path).as_deref() == Some(store.id(number));
    }
}

/// Blobs that no commit holds, but an index does: that of this worktree or of another one.
fn add_staged(
    repository: &Repository,
    store: &Store,
    interest: &HashSet<Number>,
    by_path: &PathRules<'_>,
    attribution: &mut Attribution,
    gaps: &mut Vec<Gap>,
) {
    let mut caches = by_path.caches();
    let in_commits: HashSet<Number> = attribution.by_path.iter().map(|(_, number, _)| *number).collect();
    let mut missing: HashSet<String> = gaps.iter().map(|gap| gap.place.clone()).collect();
    for index in repository.indexes(gaps) {
        for entry in index.entries() {
            let path = entry.path(&index);
            let Some(number) = store.find(&entry.id) else {
                if !is_elsewhere(entry) && missing.insert(entry.id.to_string()) {
                    let detail = format!("staged as {path}, but it is not in the repository");
                    gaps.push(Gap { kind: GapKind::MissingObject, place: entry.id.to_string(), detail });
                }
                continue;
            };
            let home = || Home { path: path.to_owned(), provenance: Provenance::Staged, in_head: false };
            if !in_commits.contains(&number) {
                let rules = by_path.matching(path, &mut caches);
                attribution.by_path.extend(rules.into_iter().map(|rule| (rule, number, home())));
            }
            if !interest.contains(&number) {
                continue;
            }
            let homes = attribution.homes.entry(number).or_default();
            if homes.iter().all(|home| home.provenance == Provenance::Staged) {
                homes.push(home());
            }
        }
    }
}

/// Submodules are other repositories, the directories of a sparse index are trees that commits name, and the empty
/// blob, which stands for an intended addition, need not be stored.
fn is_elsewhere(entry: &gix::index::Entry) -> bool {
    let mode = entry.mode;
    mode.is_submodule() || mode.is_sparse() || entry.id.is_empty_blob()
}

fn commit_info(repository: &Repository, store: &Store, links: &Links, row: usize) -> CommitInfo {
    let Commit { number, time: committed, .. } = links.commits[row];
    let id = store.id(number);
    let read_again;
    let (author, subject) = match links.author_and_subject(row) {
        Some(known) => known,
        None => {
            read_again = repository.gix.find_object(id).map(|object| object.data.clone()).unwrap_or_default();
            let links = commit::links(&read_again, |_| {});
            (links.author, links.subject)
        }
    };
    let (author, time) = commit::signature(author);
    CommitInfo { id: object_name(id), author, time, committed, subject: subject.into() }
}
