//! What to read: files, standard input, the blobs of a history. Each part feeds a `Grouping`.

use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::detect::{Ancestor, Detector, Notes, Scratch};
use crate::expand::{Form, HEAD, LARGEST_CONTAINER, Wide, form};
use crate::finding::{Confidence, Gap, GapKind, Match, ObjectName};
use crate::git::commit;
use crate::grouping::{Grouping, Place};
use crate::location::Span;
use lfs::LargeFiles;

pub(crate) mod bundle;
pub(crate) mod by_path;
mod contents;
pub(crate) mod decode;
pub(crate) mod history;
pub(crate) mod introduced;
pub(crate) mod lfs;
pub(crate) mod metadata;
pub(crate) mod nested;
pub(crate) mod range;
pub(crate) mod staged;
pub(crate) mod tracked;
mod traps;
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
    /// Archives and what is compressed are not opened.
    pub stays_closed: AtomicBool,
    /// How many texts came out of them.
    pub members: AtomicU64,
    /// Objects that others are to stand in for, which is not believed.
    pub replaced: AtomicU64,
    /// Which blobs of the history were scanned, if that is to be known.
    pub scanned: Option<Mutex<Vec<ObjectName>>>,
    /// Objects of Git LFS are left out.
    pub leaves_lfs: AtomicBool,
    /// Objects of Git LFS scanned.
    pub lfs: AtomicU64,
    /// Objects of Git LFS that are named and not here.
    pub lfs_missing: AtomicU64,
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
            stays_closed: AtomicBool::new(false),
            members: zero(),
            replaced: zero(),
            scanned: None,
            leaves_lfs: AtomicBool::new(false),
            lfs: zero(),
            lfs_missing: zero(),
        }
    }
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }

    /// A blob of the history is scanned.
    pub(crate) fn blob(&self, id: impl FnOnce() -> ObjectName) {
        Counters::add(&self.blobs, 1);
        Counters::add(&self.done, 1);
        if let Some(scanned) = &self.scanned {
            scanned.lock().unwrap_or_else(PoisonError::into_inner).push(id());
        }
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
    /// Takes note of pointers to files.
    large: Option<&'a LargeFiles>,
    pub(crate) grouping: Grouping,
    pub(crate) gaps: Vec<Gap>,
}

/// Bytes read at a time from what is too large to hold.
const CHUNK: usize = 4 << 20;
/// Wide characters are decoded in memory; above this they are a gap.
const LARGEST_WIDE: u64 = 64 << 20;

impl<'a> Worker<'a> {
    pub(crate) fn new(detector: &'a Detector, counters: &'a Counters) -> Self {
        Worker {
            detector,
            scratch: detector.scratch(),
            counters,
            large: None,
            grouping: Grouping::default(),
            gaps: Vec::new(),
        }
    }

    /// The same, taking note of pointers to files.
    pub(crate) fn noting(mut self, large: &'a LargeFiles) -> Self {
        self.large = (!self.counters.leaves_lfs.load(Ordering::Relaxed)).then_some(large);
        self
    }

    /// Scans a text that is in memory. What is wrong with it is said of `name`.
    pub(crate) fn scan(&mut self, place: &Place, name: &dyn Fn() -> String, bytes: &[u8]) {
        self.scan_version(place, name, bytes, None);
    }

    /// Scans a version of a text; what its ancestor tells is not looked for again. What has a form has no ancestor.
    pub(crate) fn scan_version(
        &mut self,
        place: &Place,
        name: &dyn Fn() -> String,
        bytes: &[u8],
        ancestor: Option<&Ancestor<'_>>,
    ) {
        if let Some(large) = self.large {
            large.note(place, bytes);
        }
        let matches = match form(bytes) {
            Some(Form::Container(kind)) if self.contents(place, kind, name, bytes) => return,
            Some(Form::Wide(wide)) => self.scan_wide(wide, bytes),
            _ => self.detector.scan_version(bytes, ancestor, &mut self.scratch),
        };
        self.tell_undecoded(name);
        Counters::add(&self.counters.bytes, bytes.len() as u64);
        // Looked at all the same: the versions made from it inherit what is known of it.
        if !self.counters.leaves_out(bytes.len() as u64) {
            self.keep(place, matches);
        }
    }

    /// Scans a text for what it is, whatever it looks like.
    pub(crate) fn scan_as_it_is(&mut self, place: &Place, bytes: &[u8]) {
        let matches = self.detector.scan(bytes, &mut self.scratch);
        Counters::add(&self.counters.bytes, bytes.len() as u64);
        self.keep(place, matches);
    }

    /// Scans a commit or a tag. In a signature only those rules are believed that are sure of what they find.
    pub(crate) fn scan_metadata(&mut self, place: &Place, bytes: &[u8]) {
        let mut matches = self.detector.scan(bytes, &mut self.scratch);
        if !matches.is_empty() {
            let signatures = commit::signatures(bytes);
            let is_in = |span: Span| signatures.iter().any(|s| s.start <= span.start && span.end <= s.end);
            let is_sure = |rule| self.detector.rules().get(rule).best_confidence() == Confidence::High;
            matches.retain(|found| is_sure(found.rule) || !is_in(found.location.span));
        }
        Counters::add(&self.counters.bytes, bytes.len() as u64);
        self.keep(place, matches);
    }

    fn scan_wide(&mut self, wide: Wide, bytes: &[u8]) -> Vec<Match> {
        let expanded = wide.expand(bytes);
        let mut matches = self.detector.scan(expanded.text.as_bytes(), &mut self.scratch);
        matches.iter_mut().for_each(|m| m.location.span = expanded.stored(m.location.span));
        matches
    }

    fn keep(&mut self, place: &Place, matches: Vec<Match>) {
        if !matches.is_empty() {
            Counters::add(&self.counters.matches, matches.len() as u64);
            self.grouping.add(place, matches);
        }
    }

    /// Scans a text for the sake of [`Worker::notes`] only: nothing is kept or counted.
    pub(crate) fn rehearse(&mut self, bytes: &[u8], ancestor: Option<&Ancestor<'_>>) {
        let dropped = std::mem::take(&mut self.scratch.dropped);
        self.detector.scan_version(bytes, ancestor, &mut self.scratch);
        self.scratch.dropped = dropped;
        self.scratch.undecoded = 0;
    }

    /// A limit of what is decoded, if the last scan hit one.
    fn tell_undecoded(&mut self, name: &dyn Fn() -> String) {
        if std::mem::take(&mut self.scratch.undecoded) > 0 {
            self.gaps.push(Gap {
                kind: GapKind::TooLarge,
                place: name(),
                detail:
                    "what stands encoded in it is nested too deeply or too large to be decoded to its end"
                        .into(),
            });
        }
    }

    /// What the scan before this call leaves for the versions made from its text.
    pub(crate) fn notes(&self) -> Option<Notes> {
        self.scratch.notes()
    }

    /// Scans a text too large to hold.
    pub(crate) fn scan_stream(&mut self, place: &Place, name: &str, mut reader: impl Read) {
        let mut head = Vec::with_capacity(HEAD);
        let failed = (&mut reader).take(HEAD as u64).read_to_end(&mut head).err();
        if let Some(error) = failed {
            self.gaps.push(unreadable(name, &error));
            return;
        }
        let (most, what) = match form(&head) {
            None => (0, ""),
            Some(Form::Wide(_)) => (LARGEST_WIDE, "text in wide characters is scanned"),
            Some(Form::Container(_)) => (LARGEST_CONTAINER, "archives are opened"),
        };
        if most > 0 {
            match (&mut reader).take(most).read_to_end(&mut head) {
                Ok(_) if head.len() as u64 <= most => return self.scan(place, &|| name.to_owned(), &head),
                Ok(_) => self.gaps.push(Gap {
                    kind: GapKind::TooLarge,
                    place: name.into(),
                    detail: format!("{what} up to {most} bytes"),
                }),
                Err(error) => return self.gaps.push(unreadable(name, &error)),
            }
        }
        let Worker { detector, scratch, grouping, counters, .. } = self;
        let mut found = Grouping::default();
        let outcome = detector.scan_stream(head.as_slice().chain(reader), CHUNK, scratch, |matches| {
            Counters::add(&counters.matches, matches.len() as u64);
            found.add(place, matches);
        });
        if !counters.leaves_out(outcome.as_ref().map_or_else(|error| error.read, |read| *read)) {
            grouping.merge(found);
        }
        self.tell_undecoded(&|| name.to_owned());
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
