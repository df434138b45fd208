//! What to read: files, standard input, the blobs of a history. Each part feeds a `Grouping`.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::detect::{Ancestor, Detector, Notes, Scratch};
use crate::expand::{expand, is_expanded};
use crate::finding::{Gap, GapKind};
use crate::grouping::{Grouping, Place};

pub(crate) mod by_path;
pub(crate) mod decode;
pub(crate) mod history;
pub(crate) mod introduced;
pub(crate) mod range;
pub(crate) mod staged;
pub(crate) mod tracked;
pub(crate) mod worktree;

/// What has been read so far; shared by all threads and looked at by the progress display.
#[derive(Debug)]
pub struct Counters {
    /// Objects and files done.
    pub done: AtomicU64,
    /// Objects and files to do, as far as known.
    pub total: AtomicU64,
    /// Bytes scanned, decoded.
    pub bytes: AtomicU64,
    /// Matches so far, duplicates included.
    pub matches: AtomicU64,
    /// Files of working trees and directories scanned.
    pub files: AtomicU64,
    /// Pipes, sockets and devices passed over.
    pub special: AtomicU64,
    /// Blobs scanned.
    pub blobs: AtomicU64,
    /// Commits met.
    pub commits: AtomicU64,
    /// Refs followed.
    pub refs: AtomicU64,
    /// In larger files and blobs nothing is reported.
    pub largest: AtomicU64,
    /// How many were larger.
    pub larger: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Counters {
            done: zero(),
            total: zero(),
            bytes: zero(),
            matches: zero(),
            files: zero(),
            special: zero(),
            blobs: zero(),
            commits: zero(),
            refs: zero(),
            largest: AtomicU64::new(u64::MAX),
            larger: zero(),
        }
    }
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }

    /// Whether something of this size is left out; if so, it is counted.
    pub(crate) fn leaves_out(&self, size: u64) -> bool {
        let is_larger = size > self.largest.load(Ordering::Relaxed);
        if is_larger {
            Counters::add(&self.larger, 1);
        }
        is_larger
    }
}

/// One thread's part of a scan: scans what it is given and keeps what it finds.
pub(crate) struct Worker<'a> {
    detector: &'a Detector,
    scratch: Scratch,
    counters: &'a Counters,
    pub(crate) grouping: Grouping,
    pub(crate) gaps: Vec<Gap>,
}

/// Bytes read at a time from what is too large to hold.
const CHUNK: usize = 4 << 20;
/// UTF-16 is decoded in memory; above this it is a gap.
const LARGEST_UTF16: u64 = 256 << 20;

impl<'a> Worker<'a> {
    pub(crate) fn new(detector: &'a Detector, counters: &'a Counters) -> Self {
        Worker {
            detector,
            scratch: detector.scratch(),
            counters,
            grouping: Grouping::default(),
            gaps: Vec::new(),
        }
    }

    /// Scans a text that is in memory.
    pub(crate) fn scan(&mut self, place: &Place, bytes: &[u8]) {
        self.scan_version(place, bytes, None);
    }

    /// Scans a version of a text; what its ancestor tells is not looked for again. What is expanded has no ancestor.
    pub(crate) fn scan_version(&mut self, place: &Place, bytes: &[u8], ancestor: Option<&Ancestor<'_>>) {
        let matches = match expand(bytes) {
            None => self.detector.scan_version(bytes, ancestor, &mut self.scratch),
            Some(expanded) => {
                let mut matches = self.detector.scan(expanded.text.as_bytes(), &mut self.scratch);
                matches.iter_mut().for_each(|m| m.location.span = expanded.stored(m.location.span));
                matches
            }
        };
        Counters::add(&self.counters.bytes, bytes.len() as u64);
        // Looked at all the same: the versions made from it inherit what is known of it.
        if !self.counters.leaves_out(bytes.len() as u64) && !matches.is_empty() {
            Counters::add(&self.counters.matches, matches.len() as u64);
            self.grouping.add(place, matches);
        }
    }

    /// Scans a text for the sake of [`Worker::notes`] only: nothing is kept or counted.
    pub(crate) fn rehearse(&mut self, bytes: &[u8], ancestor: Option<&Ancestor<'_>>) {
        let dropped = std::mem::take(&mut self.scratch.dropped);
        self.detector.scan_version(bytes, ancestor, &mut self.scratch);
        self.scratch.dropped = dropped;
    }

    /// What the scan before this call leaves for the versions made from its text.
    pub(crate) fn notes(&self) -> Option<Notes> {
        self.scratch.notes()
    }

    /// Scans a text too large to hold.
    pub(crate) fn scan_stream(&mut self, place: &Place, name: &str, mut reader: impl Read) {
        let mut mark = Vec::with_capacity(2);
        let failed = (&mut reader).take(2).read_to_end(&mut mark).err();
        if let Some(error) = failed {
            self.gaps.push(unreadable(name, &error));
            return;
        }
        if is_expanded(&mark) {
            let mut bytes = mark;
            match reader.take(LARGEST_UTF16).read_to_end(&mut bytes) {
                Ok(_) if (bytes.len() as u64) < LARGEST_UTF16 => self.scan(place, &bytes),
                Ok(_) => self.gaps.push(Gap {
                    kind: GapKind::TooLarge,
                    place: name.into(),
                    detail: format!("UTF-16 text is scanned up to {LARGEST_UTF16} bytes"),
                }),
                Err(error) => self.gaps.push(unreadable(name, &error)),
            }
            return;
        }
        let Worker { detector, scratch, grouping, counters, .. } = self;
        let mut found = Grouping::default();
        let outcome = detector.scan_stream(mark.as_slice().chain(reader), CHUNK, scratch, |matches| {
            Counters::add(&counters.matches, matches.len() as u64);
            found.add(place, matches);
        });
        if !counters.leaves_out(outcome.as_ref().map_or_else(|error| error.read, |read| *read)) {
            grouping.merge(found);
        }
        match outcome {
            Ok(read) => Counters::add(&self.counters.bytes, read),
            Err(error) => {
                Counters::add(&self.counters.bytes, error.read);
                self.gaps.push(unreadable(name, &error));
            }
        }
    }

    pub(crate) fn counters(&self) -> &'a Counters {
        self.counters
    }

    /// What this thread found, once it has nothing more to do.
    pub(crate) fn finish(mut self) -> (Grouping, Vec<Gap>) {
        self.grouping.count_dropped(&self.scratch.dropped);
        (self.grouping, self.gaps)
    }
}

pub(crate) fn unreadable(name: &str, error: &dyn std::error::Error) -> Gap {
    Gap { kind: GapKind::UnreadableFile, place: name.into(), detail: error.to_string() }
}
