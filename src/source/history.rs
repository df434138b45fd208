//! Every blob of a repository, once: each is decoded along its delta tree and scanned in full.

use std::io::Read;

use super::{Counters, Worker};
use crate::detect::Detector;
use crate::finding::Gap;
use crate::git::pack::Kind;
use crate::git::store::{Number, Store};
use crate::git::walk::{Visitor, walk};
use crate::grouping::{Grouping, Place};

/// Scans all blobs of the store.
pub(crate) fn scan(
    store: &Store,
    detector: &Detector,
    jobs: usize,
    counters: &Counters,
    gaps: &mut Vec<Gap>,
) -> Grouping {
    let mut grouping = Grouping::default();
    for visitor in walk(store, jobs, || Blobs { worker: Worker::new(detector, counters), store }) {
        let (part, more) = visitor.worker.finish();
        grouping.merge(part);
        gaps.extend(more);
    }
    grouping
}

struct Blobs<'a> {
    worker: Worker<'a>,
    store: &'a Store,
}

impl Visitor for Blobs<'_> {
    fn wants(kind: Kind) -> bool {
        kind == Kind::Blob
    }

    fn object(&mut self, number: Number, _kind: Kind, bytes: &[u8]) {
        self.worker.scan(&Place::Object(number), bytes);
        self.count();
    }

    fn stream(&mut self, number: Number, _size: u64, reader: &mut dyn Read) {
        let name = self.store.id(number).to_string();
        self.worker.scan_stream(&Place::Object(number), &name, reader);
        self.count();
    }

    fn gap(&mut self, gap: Gap) {
        self.worker.gaps.push(gap);
    }
}

impl Blobs<'_> {
    fn count(&self) {
        Counters::add(&self.worker.counters().blobs, 1);
        Counters::add(&self.worker.counters().done, 1);
    }
}
