//! Who brought a blob in, when, and where it lives: for blobs that matched, and for what is missing.
//!
//! 1. [`links`]: one pass over all trees, commits and tags keeps, for each tree, its subtrees and the blobs of
//!    interest, and everything that is named but not there.
//! 2. [`order`]: commits, parents before children.
//! 3. [`places`]: trees are descended in that order, each once; the first commit that reaches a blob introduced it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use bstr::BString;

use crate::finding::{CommitInfo, Gap, GapKind, ObjectName, Provenance};
use crate::git::refs::{self, Roots};
use crate::git::store::{Number, Store};
use crate::git::{Repository, commit, object_name};

mod edges;
mod entries;
mod links;
mod order;
mod places;
mod reading;
mod recent;

use links::Links;

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
    /// Rank of a commit in topological order.
    pub(crate) ranks: HashMap<ObjectName, usize>,
    pub(crate) commits: usize,
    pub(crate) refs: usize,
}

/// Attributes the blobs of interest and reports what the history names but does not hold.
pub(crate) fn attribute(
    repository: &Repository,
    store: &Store,
    interest: &HashSet<Number>,
    jobs: usize,
    gaps: &mut Vec<Gap>,
) -> Attribution {
    let roots = refs::roots(repository, gaps);
    let links = Links::read(store, repository.hash().len_in_bytes(), interest, jobs, gaps);
    let starts = Starts::resolve(store, &links, &roots, gaps);
    let order = order::topological(&links, &starts.commits);
    let reach = places::Reach::of(&links, &order, &starts);
    report_missing(store, &links, &order, &reach, &roots, gaps);
    let found = places::introduce(&links, &order, &starts, &reach, interest);
    let mut attribution =
        Attribution { commits: order.len(), refs: roots.refs.len(), ..Attribution::default() };
    let mut infos: HashMap<Number, Arc<CommitInfo>> = HashMap::new();
    for place in found {
        let provenance = match place.origin {
            places::Origin::Commit(row) => {
                let number = links.commits[row].number;
                let info =
                    infos.entry(number).or_insert_with(|| Arc::new(commit_info(repository, store, number)));
                Provenance::Commit(Arc::clone(info))
            }
            places::Origin::Ref => Provenance::Ref,
        };
        let homes = attribution.homes.entry(place.blob).or_default();
        homes.push(Home { path: place.path, provenance, in_head: place.in_head });
    }
    for (rank, row) in order.iter().enumerate() {
        let number = links.commits[*row].number;
        if infos.contains_key(&number) {
            attribution.ranks.insert(object_name(store.id(number)), rank);
        }
    }
    add_staged(repository, store, interest, &mut attribution, gaps);
    for homes in attribution.homes.values_mut() {
        homes.sort();
        homes.dedup();
    }
    attribution
}

/// Roots as object numbers, tags peeled.
#[derive(Debug, Default)]
pub(crate) struct Starts {
    /// Rows of commits.
    pub(crate) commits: BTreeSet<usize>,
    pub(crate) head: Option<usize>,
    /// Trees and blobs that a ref names without a commit.
    pub(crate) bare: Vec<(BString, Number)>,
}

/// A chain of tags longer than this is no chain that anybody made on purpose.
const LONGEST_TAG_CHAIN: usize = 64;

impl Starts {
    fn resolve(store: &Store, links: &Links, roots: &Roots, gaps: &mut Vec<Gap>) -> Self {
        let mut starts = Starts::default();
        let mut named = BTreeSet::new();
        let mut missing = |id: gix::ObjectId, by: String| {
            if !named.insert(id) {
                return;
            }
            let detail = format!("{by} names it, but it is not in the repository");
            gaps.push(Gap { kind: GapKind::MissingObject, place: id.to_string(), detail });
        };
        let reflogs = roots.reflogs.iter().map(|id| (None, id));
        let refs = roots.refs.iter().map(|(name, id)| (Some(name), id));
        for (name, id) in refs.chain(roots.head.iter().map(|id| (None, id))).chain(reflogs) {
            match peel(store, links, id) {
                Ok(number) => match (links.row_of(number), name) {
                    (Some(row), _) => {
                        starts.commits.insert(row);
                    }
                    (None, Some(name)) => starts.bare.push((name.clone(), number)),
                    (None, None) => {}
                },
                Err(id) => missing(id, name.map_or_else(|| "HEAD or a reflog".into(), ToString::to_string)),
            }
        }
        // These may be stale without harm.
        let special = roots.special.iter().filter_map(|id| peel(store, links, id).ok());
        starts.commits.extend(special.filter_map(|number| links.row_of(number)));
        starts.head = roots.head.and_then(|id| links.row_of(peel(store, links, &id).ok()?));
        starts
    }
}

/// Follows tags; the error is the id that is not there.
fn peel(store: &Store, links: &Links, id: &gix::oid) -> Result<Number, gix::ObjectId> {
    let mut number = store.find(id).ok_or_else(|| id.to_owned())?;
    for _ in 0..LONGEST_TAG_CHAIN {
        match links.tags.get(&number) {
            Some(target) => number = store.find(target).ok_or(*target)?,
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
            let detail = format!("{what} {by} names it, but it is not in the repository");
            gaps.push(Gap { kind: GapKind::MissingObject, place: id.to_string(), detail });
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

/// Blobs that no commit holds, but an index does: that of this worktree or of another one.
fn add_staged(
    repository: &Repository,
    store: &Store,
    interest: &HashSet<Number>,
    attribution: &mut Attribution,
    gaps: &mut Vec<Gap>,
) {
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
            if !interest.contains(&number) {
                continue;
            }
            let homes = attribution.homes.entry(number).or_default();
            if homes.iter().all(|home| home.provenance == Provenance::Staged) {
                homes.push(Home { path: path.to_owned(), provenance: Provenance::Staged, in_head: false });
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

fn commit_info(repository: &Repository, store: &Store, number: Number) -> CommitInfo {
    let id = store.id(number);
    let bytes = repository.gix.find_object(id).map(|object| object.data.clone()).unwrap_or_default();
    let (author, time, subject) = commit::author_and_subject(&bytes);
    CommitInfo { id: object_name(id), author, time, subject }
}
