//! Matches → one draft per rule and secret, with every place it was seen.
//!
//! Each thread fills a [`Grouping`] of its own; they are merged and sorted, so that the result does not depend on how
//! the work was shared out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bstr::BString;
use hashbrown::{HashMap, HashSet};

use crate::detect::DropReason;
use crate::finding::{CommitInfo, Excerpt, Markers, Match, ObjectName, RuleIndex, Via};
use crate::location::Location;
use crate::secret::Secret;

/// Where a match was seen, before its provenance is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// A file of the working tree or directory.
    File(BString),
    /// A blob of the index that differs from the file.
    Staged(BString, ObjectName),
    /// A file of the git directory that nothing names.
    Lost(BString),
    /// A file of the git directory.
    Local(BString),
    /// Standard input.
    Stdin,
    /// An object of the store, by number.
    Object(u32),
    /// A blob that a commit introduced.
    Committed(Arc<Committed>),
    /// The name of a ref, or a tag that a ref names.
    Ref(BString, Option<ObjectName>),
}

/// Where a commit put a blob.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Committed {
    pub(crate) path: BString,
    pub(crate) commit: Arc<CommitInfo>,
    pub(crate) blob: ObjectName,
    /// HEAD has this blob at this path.
    pub(crate) in_head: bool,
}

/// One match at one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sighting {
    pub(crate) place: Place,
    pub(crate) location: Location,
    pub(crate) excerpt: Arc<Excerpt>,
    pub(crate) markers: Markers,
    pub(crate) via: Option<Arc<Via>>,
}

impl Sighting {
    fn object(&self) -> Option<u32> {
        match self.place {
            Place::Object(number) => Some(number),
            _ => None,
        }
    }
}

/// What one finding is about.
pub(crate) type Key = (RuleIndex, Secret);

/// Sightings by rule and secret.
#[derive(Debug, Default)]
pub(crate) struct Grouping {
    pub(crate) drafts: HashMap<Key, Vec<Sighting>>,
    /// The same line is met in every version of a file.
    excerpts: HashSet<Arc<Excerpt>>,
    pub(crate) dropped: BTreeMap<(RuleIndex, DropReason), u64>,
}

impl Grouping {
    pub(crate) fn add(&mut self, place: &Place, matches: Vec<Match>) {
        for Match { rule, secret, location, excerpt, markers, via } in matches {
            let excerpt = match self.excerpts.get(&excerpt) {
                Some(known) => Arc::clone(known),
                None => {
                    let new = Arc::new(excerpt);
                    self.excerpts.insert(Arc::clone(&new));
                    new
                }
            };
            let sighting = Sighting { place: place.clone(), location, excerpt, markers, via };
            self.drafts.entry((rule, secret)).or_default().push(sighting);
        }
    }

    pub(crate) fn count_dropped(&mut self, dropped: &BTreeMap<(RuleIndex, DropReason), u64>) {
        for (key, count) in dropped {
            *self.dropped.entry(*key).or_default() += count;
        }
    }

    pub(crate) fn merge(&mut self, other: Grouping) {
        for (key, sightings) in other.drafts {
            self.drafts.entry(key).or_default().extend(sightings);
        }
        self.count_dropped(&other.dropped);
    }

    /// The same at these places, where it was come by through one more step, the outermost.
    pub(crate) fn through(self, step: &str, places: &BTreeSet<Place>) -> Grouping {
        let mut grouping = Grouping { dropped: self.dropped, ..Grouping::default() };
        for (key, sightings) in self.drafts {
            let mut list = Vec::with_capacity(sightings.len() * places.len());
            for Sighting { location, excerpt, markers, via, .. } in sightings {
                let (member, decoded) = match via.as_deref() {
                    None => (BString::default(), step.to_owned()),
                    Some(Via { member, decoded }) if decoded.is_empty() => (member.clone(), step.to_owned()),
                    Some(Via { member, decoded }) => (member.clone(), format!("{step} > {decoded}")),
                };
                let via = Some(Arc::new(Via { member, decoded }));
                list.extend(places.iter().map(|place| Sighting {
                    place: place.clone(),
                    location: location.clone(),
                    excerpt: Arc::clone(&excerpt),
                    markers: markers.clone(),
                    via: via.clone(),
                }));
            }
            grouping.drafts.insert(key, list);
        }
        grouping
    }

    /// The numbers of all objects in which something was seen.
    pub(crate) fn objects(&self) -> HashSet<u32> {
        self.drafts.values().flatten().filter_map(Sighting::object).collect()
    }

    /// For each draft of a wanted rule, the numbers of the objects in which it was seen.
    pub(crate) fn objects_of_drafts(&self, wanted: impl Fn(RuleIndex) -> bool) -> Vec<(Key, Vec<u32>)> {
        let of_draft = |(key, sightings): (&Key, &Vec<Sighting>)| {
            let objects: Vec<u32> = sightings.iter().filter_map(Sighting::object).collect();
            (wanted(key.0) && !objects.is_empty()).then(|| (key.clone(), objects))
        };
        self.drafts.iter().filter_map(of_draft).collect()
    }
}
