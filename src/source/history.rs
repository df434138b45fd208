//! Every blob of a repository, once: each is decoded along its delta tree, and only what is new in it is scanned.

use std::io::Read;

use super::lfs::LargeFiles;
use super::{Counters, Worker};
use crate::detect::{Ancestor, Detector, Notes};
use crate::expand::form;
use crate::finding::Gap;
use crate::git::object_name;
use crate::git::pack::Kind;
use crate::git::store::{Number, Store};
use crate::git::walk::{Object, Visitor, walk};
use crate::grouping::{Grouping, Place};

/// Scans all blobs of the store; each in full, without regard to what it is made from, if `in_full`.
pub(crate) fn scan(
    store: &Store,
    detector: &Detector,
    jobs: usize,
    in_full: bool,
    large: &LargeFiles,
    counters: &Counters,
    gaps: &mut Vec<Gap>,
) -> Grouping {
    let mut grouping = Grouping::default();
    let worker = || Worker::new(detector, counters).noting(large);
    for visitor in walk(store, jobs, || Blobs { worker: worker(), store, in_full }) {
        let (part, more) = visitor.worker.finish();
        grouping.merge(part);
        gaps.extend(more);
    }
    grouping
}

struct Blobs<'a> {
    worker: Worker<'a>,
    store: &'a Store,
    in_full: bool,
}

impl Visitor for Blobs<'_> {
    type Notes = Notes;

    fn wants(kind: Kind) -> bool {
        kind == Kind::Blob
    }

    fn object(&mut self, object: &Object<'_, Notes>) -> Option<Notes> {
        let bytes = object.bytes;
        // What is not scanned as it is stored has no offsets in common with its base.
        let alone = self.in_full || form(bytes).is_some();
        let ancestor = object.base.as_ref().filter(|_| !alone).map(|base| Ancestor {
            notes: base.notes,
            length: base.length,
            copies: base.copies,
        });
        if object.is_duplicate {
            if alone {
                return None;
            }
            self.worker.rehearse(bytes, ancestor.as_ref());
        } else {
            let name = || self.store.id(object.number).to_string();
            self.worker.scan_version(&Place::Object(object.number), &name, bytes, ancestor.as_ref());
            self.count(object.number);
        }
        if alone || !object.has_children { None } else { self.worker.notes() }
    }

    fn stream(&mut self, number: Number, _size: u64, reader: &mut dyn Read) {
        let name = self.store.id(number).to_string();
        self.worker.scan_stream(&Place::Object(number), &name, reader);
        self.count(number);
    }

    fn gap(&mut self, gap: Gap) {
        self.worker.gaps.push(gap);
    }
}

impl Blobs<'_> {
    fn count(&self, number: Number) {
        self.worker.counters().blob(|| object_name(self.store.id(number)));
    }
}
