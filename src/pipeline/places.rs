//! Sightings → occurrences: where the bytes live that something was found in.

use std::sync::Arc;

use bstr::BString;
use hashbrown::HashMap;

use crate::attribution::Attribution;
use crate::finding::{Occurrence, Provenance, Via};
use crate::git::object_name;
use crate::git::store::Store;
use crate::grouping::{Key, Place, Sighting};

/// All sightings, each at every path at which its bytes live.
pub(super) fn place_all(
    drafts: HashMap<Key, Vec<Sighting>>,
    attribution: &Attribution,
    store: Option<&Store>,
    out: &mut HashMap<Key, Vec<Occurrence>>,
) {
    for (key, sightings) in drafts {
        let occurrences = out.entry(key).or_default();
        sightings.into_iter().for_each(|sighting| place(sighting, attribution, store, occurrences));
    }
}

/// `path` in a repository that lies at `prefix`.
pub(super) fn below(prefix: &BString, path: &[u8]) -> BString {
    [prefix.as_slice(), path].concat().into()
}

/// `path!member`.
fn joined(mut path: BString, via: Option<&Via>) -> BString {
    if let Some(via) = via.filter(|via| !via.member.is_empty()) {
        path.push(b'!');
        path.extend_from_slice(&via.member);
    }
    path
}

/// One sighting at every path at which its bytes live.
fn place(sighting: Sighting, attribution: &Attribution, store: Option<&Store>, out: &mut Vec<Occurrence>) {
    let Sighting { place, location, excerpt, markers, via } = sighting;
    let occurrence = |file: BString, provenance, blob, in_head| Occurrence {
        path: joined(file, via.as_deref()),
        location: location.clone(),
        provenance,
        blob,
        in_head,
        excerpt: Arc::clone(&excerpt),
        markers: markers.clone(),
        via: via.clone(),
    };
    match place {
        Place::File(path) => out.push(occurrence(path, Provenance::Worktree, None, false)),
        Place::Staged(path, blob) => out.push(occurrence(path, Provenance::Staged, Some(blob), false)),
        Place::Committed(at) => {
            let provenance = Provenance::Commit(Arc::clone(&at.commit));
            out.push(occurrence(at.path.clone(), provenance, Some(at.blob), at.in_head));
        }
        Place::Lost(path) => out.push(occurrence(path, Provenance::Unreachable, None, false)),
        Place::Local(path) => out.push(occurrence(path, Provenance::Local, None, false)),
        Place::Ref(path, tag) => out.push(occurrence(path, Provenance::Ref, tag, false)),
        Place::Stdin => out.push(occurrence("stdin".into(), Provenance::Stdin, None, false)),
        Place::Object(number) => {
            let blob = store.map(|store| object_name(store.id(number)));
            let homes = attribution.homes.get(&number).map_or(&[][..], Vec::as_slice);
            if homes.is_empty() && !attribution.limited {
                let name = blob.map_or_else(String::new, |blob| blob.to_string());
                let path = below(&attribution.prefix, name.as_bytes());
                out.push(occurrence(path, Provenance::Unreachable, blob, false));
            }
            for home in homes {
                let path = below(&attribution.prefix, &home.path);
                out.push(occurrence(path, home.provenance.clone(), blob, home.in_head));
            }
        }
    }
}
