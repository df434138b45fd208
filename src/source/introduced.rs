//! What introducing a secret means, for commits and for what is to be one: of the blobs that no parent has at their
//! path, those secrets that were not there before, nor in a file that goes away at the same time.

use std::collections::HashMap as Map;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::{HashMap, HashSet};

use super::lfs::LargeFiles;
use super::{Counters, Worker};
use crate::detect::Detector;
use crate::finding::{Gap, ObjectName};
use crate::git::Repository;
use crate::git::changes::Trees;
use crate::git::objects::{Kind, Objects};
use crate::grouping::{Grouping, Key, Place, Sighting};
use crate::parallel::on_threads;

/// What commits, or the index, introduced.
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

/// A blob that was added, with its path.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) path: bstr::BString,
    pub(super) blob: gix::ObjectId,
    /// What the parents have there; empty where the path is new.
    pub(super) before: Vec<gix::ObjectId>,
}

/// The root trees of something and of its parents.
#[derive(Debug, Default)]
pub(super) struct Sides {
    pub(super) tree: Option<gix::ObjectId>,
    pub(super) parents: Vec<gix::ObjectId>,
}

/// The blobs whose secrets are not new in each change; `None` if nothing in it is, because a parent had the blob where
/// there is now another or none. `sides` tells the trees of a row; changes come by row.
pub(super) fn earlier(
    matched: &[(usize, Change)],
    trees: &mut Trees,
    mut sides: impl FnMut(usize, &mut Trees) -> Sides,
) -> Vec<Option<Vec<gix::ObjectId>>> {
    let mut last: Option<(usize, HashSet<gix::ObjectId>, Vec<gix::ObjectId>)> = None;
    let mut earlier = Vec::with_capacity(matched.len());
    for (row, change) in matched {
        let (_, gone, removed) = match &mut last {
            Some(last) if last.0 == *row => last,
            last => {
                let mut gone = Vec::new();
                let Sides { tree, parents } = sides(*row, trees);
                for (parent, tree) in parents.into_iter().filter_map(|parent| Some((parent, tree?))) {
                    gone.extend(trees.gone(parent, tree));
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

/// Blobs by number, each once.
#[derive(Default)]
pub(super) struct Blobs {
    pub(super) list: Vec<gix::ObjectId>,
    pub(super) numbers: Map<gix::ObjectId, u32>,
}

impl FromIterator<gix::ObjectId> for Blobs {
    fn from_iter<I: IntoIterator<Item = gix::ObjectId>>(ids: I) -> Self {
        let mut blobs = Blobs::default();
        for id in ids {
            blobs.numbers.entry(id).or_insert_with(|| {
                blobs.list.push(id);
                u32::try_from(blobs.list.len() - 1).unwrap_or(u32::MAX)
            });
        }
        blobs
    }
}

/// The secrets of blobs.
#[derive(Default)]
pub(super) struct Known {
    secrets: HashMap<gix::ObjectId, HashSet<Key>>,
}

impl Known {
    pub(super) fn add(&mut self, blobs: &[gix::ObjectId], met: &Grouping) {
        for (key, sightings) in &met.drafts {
            for sighting in sightings {
                if let Place::Object(number) = sighting.place {
                    self.secrets.entry(blobs[number as usize]).or_default().insert(key.clone());
                }
            }
        }
    }

    pub(super) fn any(&self, blob: &gix::oid) -> bool {
        self.secrets.contains_key(blob)
    }

    pub(super) fn has(&self, blob: &gix::oid, key: &Key) -> bool {
        self.secrets.get(blob).is_some_and(|keys| keys.contains(key))
    }

    pub(super) fn of(&self, blob: &gix::oid) -> impl Iterator<Item = &Key> {
        self.secrets.get(blob).into_iter().flatten()
    }

    /// Whether none of the blobs that [`earlier`] told has this secret.
    pub(super) fn is_new(&self, key: &Key, earlier: Option<&Vec<gix::ObjectId>>) -> bool {
        earlier.is_some_and(|ids| !ids.iter().any(|id| self.has(id, key)))
    }
}

/// Reads and scans blobs on all threads.
pub(super) struct Reader<'a> {
    pub(super) repository: &'a Repository,
    pub(super) detector: &'a Detector,
    pub(super) jobs: usize,
    /// Who names these blobs, for gaps.
    pub(super) named_by: &'a str,
}

impl Reader<'_> {
    /// Scans blobs; the places are numbers in the list.
    pub(super) fn scan(
        &self,
        blobs: &[gix::ObjectId],
        counters: &Counters,
        gaps: &mut Vec<Gap>,
    ) -> std::io::Result<Grouping> {
        let (directories, hash) = Objects::place(self.repository);
        let next = AtomicUsize::new(0);
        let large = LargeFiles::of(Some(self.repository), b"");
        let parts = on_threads(self.jobs.min(blobs.len()), || -> std::io::Result<_> {
            let mut worker = Worker::new(self.detector, counters).noting(&large);
            let mut objects = Objects::open(&directories, hash)?;
            while let Some((number, id)) = claim(&next, blobs) {
                // It need not be stored.
                if id.is_empty_blob() {
                    continue;
                }
                match objects.read(id, Kind::Blob) {
                    Ok(bytes) => {
                        let scan = AssertUnwindSafe(|| {
                            worker.scan(&Place::Object(number), &|| id.to_string(), bytes);
                        });
                        if catch_unwind(scan).is_err() {
                            worker.gaps.push(Gap::internal(id.to_string()));
                        }
                        Counters::add(&counters.blobs, 1);
                    }
                    Err(why) => worker.gaps.push(why.gap(id, self.named_by)),
                }
                Counters::add(&counters.done, 1);
            }
            Ok(worker.finish())
        });
        let mut grouping = Grouping::default();
        for part in parts {
            let (part, more) = part?;
            grouping.merge(part);
            gaps.extend(more);
        }
        grouping.merge(large.scan(self.detector, self.jobs, false, counters, gaps));
        Ok(grouping)
    }
}

fn claim<'a>(next: &AtomicUsize, blobs: &'a [gix::ObjectId]) -> Option<(u32, &'a gix::ObjectId)> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    Some((u32::try_from(number).ok()?, blobs.get(number)?))
}

/// Where the finds in a blob are to be told.
#[derive(Default)]
pub(super) struct Places<'a> {
    /// Those that are new there.
    new: HashMap<(&'a Key, u32), Vec<Place>>,
    /// Those that were there before.
    beside: HashMap<(&'a Key, u32), Vec<Place>>,
}

impl<'a> Places<'a> {
    pub(super) fn add(&mut self, key: &'a Key, blob: u32, is_new: bool, place: Place) {
        let list = if is_new { &mut self.new } else { &mut self.beside };
        list.entry((key, blob)).or_default().push(place);
    }

    /// What was met, at these places; secrets without any stay known.
    pub(super) fn of(&self, met: &Grouping) -> Introduced {
        let mut introduced = Introduced {
            grouping: placed(met, &self.new),
            beside: placed(met, &self.beside),
            ..Introduced::default()
        };
        introduced.grouping.count_dropped(&met.dropped);
        introduced.beside.drafts.retain(|_, sightings| !sightings.is_empty());
        introduced
    }
}

/// Sightings in objects, at these places.
fn placed(met: &Grouping, places: &HashMap<(&Key, u32), Vec<Place>>) -> Grouping {
    let mut grouping = Grouping::default();
    for (key, sightings) in &met.drafts {
        let mut list = Vec::new();
        for Sighting { place, location, excerpt, markers, via } in sightings {
            let Place::Object(number) = *place else { continue };
            for place in places.get(&(key, number)).into_iter().flatten() {
                let (place, location, excerpt) = (place.clone(), location.clone(), excerpt.clone());
                list.push(Sighting { place, location, excerpt, markers: markers.clone(), via: via.clone() });
            }
        }
        grouping.drafts.insert(key.clone(), list);
    }
    grouping
}
