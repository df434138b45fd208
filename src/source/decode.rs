//! Every object decoded and nothing else done with it: the physical limit that a scan is measured against.

use std::io::Read;

use crate::finding::Gap;
use crate::git::pack::Kind;
use crate::git::store::{Number, Store};
use crate::git::walk::{Object, Visitor, walk};

/// What was decoded.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) objects: u64,
    pub(crate) bytes: u64,
    pub(crate) gaps: u64,
}

/// Decodes all blobs.
pub(crate) fn blobs(store: &Store, jobs: usize) -> Decoded {
    sum(walk(store, jobs, Counter::<true>::default))
}

/// Decodes all trees, commits and tags.
pub(crate) fn others(store: &Store, jobs: usize) -> Decoded {
    sum(walk(store, jobs, Counter::<false>::default))
}

fn sum<const BLOBS: bool>(parts: Vec<Counter<BLOBS>>) -> Decoded {
    parts.into_iter().fold(Decoded::default(), |sum, Counter(part)| Decoded {
        objects: sum.objects + part.objects,
        bytes: sum.bytes + part.bytes,
        gaps: sum.gaps + part.gaps,
    })
}

#[derive(Default)]
struct Counter<const BLOBS: bool>(Decoded);

impl<const BLOBS: bool> Visitor for Counter<BLOBS> {
    type Notes = ();

    fn wants(kind: Kind) -> bool {
        kind != Kind::Unknown && (kind == Kind::Blob) == BLOBS
    }

    fn object(&mut self, object: &Object<'_, ()>) -> Option<()> {
        self.0.objects += 1;
        self.0.bytes += object.bytes.len() as u64;
        None
    }

    fn stream(&mut self, _number: Number, _size: u64, reader: &mut dyn Read) {
        self.0.objects += 1;
        self.0.bytes += std::io::copy(reader, &mut std::io::sink()).unwrap_or(0);
    }

    fn gap(&mut self, _gap: Gap) {
        self.0.gaps += 1;
    }
}
