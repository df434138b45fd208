//! Every object of the wanted kinds, decoded once, on all threads.
//!
//! A pack is a forest: whole objects, and deltas made from them. Each family is walked from its root down, so that a
//! base is inflated once for all its children. The lightest child goes first and the heaviest last, which takes over
//! its base's buffer: at most O(log n) buffers are alive, however deep the chains are.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::odb::pack::data::entry::Header;

use super::delta::Delta;
use super::inflate::Inflater;
use super::pack::{Kind, Pack};
use super::store::{Number, Store};
use crate::finding::{Gap, GapKind};
use crate::parallel::on_threads;

/// What is done with each object, on one thread.
pub(crate) trait Visitor {
    /// Whether objects of this kind are wanted.
    fn wants(kind: Kind) -> bool;
    /// A decoded object.
    fn object(&mut self, number: Number, kind: Kind, bytes: &[u8]);
    /// An object too large to hold, as a stream of `size` bytes.
    fn stream(&mut self, number: Number, size: u64, reader: &mut dyn std::io::Read);
    /// An object that could not be decoded.
    fn gap(&mut self, gap: Gap);
}

/// Whole objects above this size, that nothing is made from, are streamed.
const LARGEST_HELD: u64 = 32 << 20;
/// Objects that are made from others, or that others are made from, must be held; above this they are a gap.
const LARGEST_DELTA: u64 = 256 << 20;

/// A family of a pack, or one loose object.
#[derive(Clone, Copy)]
enum Work {
    Family { pack: usize, root: u32, weight: u64 },
    Loose(Number),
}

/// Walks the store with one visitor a thread and returns them.
pub(crate) fn walk<V: Visitor + Send>(store: &Store, jobs: usize, make: impl Fn() -> V + Sync) -> Vec<V> {
    let list = work_list::<V>(store);
    let next = AtomicUsize::new(0);
    let run = || {
        let mut visitor = make();
        let mut walker = Walker { store, inflater: Inflater::new(), pool: Vec::new(), delta: Vec::new() };
        while let Some(work) = list.get(next.fetch_add(1, Ordering::Relaxed)) {
            match *work {
                Work::Family { pack, root, .. } => walker.family(pack, root, &mut visitor),
                Work::Loose(number) => walker.loose(number, &mut visitor),
            }
        }
        visitor
    };
    let mut visitors = on_threads(jobs, run);
    orphans(store, &mut visitors[0]);
    visitors
}

/// Families of the wanted kinds: the heavy ones first, so that no thread is left alone with one, then in file order.
fn work_list<V: Visitor>(store: &Store) -> Vec<Work> {
    let mut list = Vec::new();
    for (number, pack) in store.packs.iter().enumerate() {
        let wanted = pack.roots().iter().filter(|(root, _)| V::wants(pack.kind(*root)));
        list.extend(wanted.map(|(root, weight)| Work::Family { pack: number, root: *root, weight: *weight }));
    }
    let weight = |work: &Work| if let Work::Family { weight, .. } = work { *weight } else { 0 };
    let total: u64 = list.iter().map(weight).sum();
    let heavy = total / 256;
    list.sort_by_key(|work| std::cmp::Reverse(if weight(work) > heavy { weight(work) } else { 0 }));
    list.extend(store.loose_numbers().filter(|n| V::wants(store.kind(*n))).map(Work::Loose));
    list
}

/// Entries whose chain of bases does not end in a whole object.
fn orphans<V: Visitor>(store: &Store, visitor: &mut V) {
    if !V::wants(Kind::Blob) {
        return;
    }
    for (number, pack) in store.packs.iter().enumerate() {
        for entry in
            (0..u32::try_from(pack.len()).unwrap_or(u32::MAX)).filter(|e| pack.kind(*e) == Kind::Unknown)
        {
            let number = store.number_of_entry(number, entry);
            visitor.gap(corrupt(store, number, "the base it is made from is missing, damaged, or itself"));
        }
    }
    for number in store.loose_numbers().filter(|number| store.kind(*number) == Kind::Unknown) {
        visitor.gap(corrupt(store, number, "its bytes are damaged"));
    }
}

fn corrupt(store: &Store, number: Number, why: &str) -> Gap {
    Gap { kind: GapKind::CorruptObject, place: store.id(number).to_string(), detail: why.into() }
}

struct Walker<'a> {
    store: &'a Store,
    inflater: Inflater,
    pool: Vec<Vec<u8>>,
    delta: Vec<u8>,
}

/// An entry to decode, with the object that it is made from.
struct Step {
    entry: u32,
    base: Option<Rc<Vec<u8>>>,
}

impl Walker<'_> {
    fn family(&mut self, pack_number: usize, root: u32, visitor: &mut impl Visitor) {
        let pack = &self.store.packs[pack_number];
        let kind = pack.kind(root);
        let mut stack = vec![Step { entry: root, base: None }];
        while let Some(Step { entry, base }) = stack.pop() {
            let number = self.store.number_of_entry(pack_number, entry);
            let decoded = catch_unwind(AssertUnwindSafe(|| self.decode(pack, entry, base.as_deref())))
                .unwrap_or(Err(Failure::Corrupt("decoding it failed")));
            if let Some(Ok(buffer)) = base.map(Rc::try_unwrap) {
                self.recycle(buffer);
            }
            // A damaged entry may have a good copy beside the pack; git would take that one.
            let decoded = match decoded {
                Err(Failure::Corrupt(_)) => self.store.loose_copy(number).map_or(decoded, Ok),
                other => other,
            };
            match decoded {
                Ok(bytes) => {
                    if !pack.crc_holds(entry) {
                        visitor.gap(corrupt(
                            self.store,
                            number,
                            "its checksum in the pack's index does not agree",
                        ));
                    }
                    self.visit(number, kind, &bytes, visitor);
                    let children = pack.children(entry);
                    if children.is_empty() {
                        self.recycle(bytes);
                    } else {
                        let base = Rc::new(bytes);
                        stack.extend(
                            children.iter().map(|c| Step { entry: *c, base: Some(Rc::clone(&base)) }),
                        );
                    }
                }
                Err(Failure::Streamable(size)) => self.stream_entry(pack, entry, number, size, visitor),
                Err(Failure::Corrupt(why)) => {
                    self.give_up(pack_number, entry, &corrupt(self.store, number, why), visitor);
                }
                Err(Failure::TooLarge(size)) => {
                    let gap = Gap {
                        kind: GapKind::TooLarge,
                        place: self.store.id(number).to_string(),
                        detail: format!(
                            "{size} bytes; objects stored as deltas are scanned up to {LARGEST_DELTA}"
                        ),
                    };
                    self.give_up(pack_number, entry, &gap, visitor);
                }
            }
        }
    }

    /// The object itself or the child of `base`.
    fn decode(&mut self, pack: &Pack, entry: u32, base: Option<&Vec<u8>>) -> Result<Vec<u8>, Failure> {
        let (header, packed) = pack.entry(entry)?;
        let size = header.decompressed_size;
        let mut bytes = self.pool.pop().unwrap_or_default();
        match (base, header.header) {
            (None, Header::OfsDelta { .. } | Header::RefDelta { .. }) => {
                return Err(Failure::Corrupt("its base was not decoded"));
            }
            (None, _) => {
                if size > LARGEST_HELD && pack.children(entry).is_empty() {
                    return Err(Failure::Streamable(size));
                }
                limit(size)?;
                self.inflater.inflate(packed, size, &mut bytes)?;
            }
            (Some(base), _) => {
                limit(size)?;
                self.inflater.inflate(packed, size, &mut self.delta)?;
                let delta = Delta::parse(&self.delta)?;
                limit(delta.result_size)?;
                delta.apply(base, &mut bytes)?;
            }
        }
        Ok(bytes)
    }

    fn visit(&mut self, number: Number, kind: Kind, bytes: &[u8], visitor: &mut impl Visitor) {
        if !self.store.is_first_copy(number) {
            return;
        }
        if catch_unwind(AssertUnwindSafe(|| visitor.object(number, kind, bytes))).is_err() {
            visitor.gap(internal(self.store, number));
        }
    }

    fn stream_entry(
        &mut self,
        pack: &Pack,
        entry: u32,
        number: Number,
        size: u64,
        visitor: &mut impl Visitor,
    ) {
        let Ok((_, packed)) = pack.entry(entry) else { return };
        if !pack.crc_holds(entry) {
            visitor.gap(corrupt(self.store, number, "its checksum in the pack's index does not agree"));
        }
        if self.store.is_first_copy(number) {
            self.stream(number, size, &mut flate2::bufread::ZlibDecoder::new(packed), visitor);
        }
    }

    /// Streams what should be `size` bytes.
    fn stream(
        &mut self,
        number: Number,
        size: u64,
        reader: &mut dyn std::io::Read,
        visitor: &mut impl Visitor,
    ) {
        let mut limited = std::io::Read::take(&mut *reader, size);
        if catch_unwind(AssertUnwindSafe(|| visitor.stream(number, size, &mut limited))).is_err() {
            visitor.gap(internal(self.store, number));
        }
        // The end is looked for as well: a checksum stands there, or what the header kept quiet about.
        if limited.limit() > 0 || !matches!(reader.read(&mut [0]), Ok(0)) {
            visitor.gap(corrupt(self.store, number, "it is damaged, or not as long as its header says"));
        }
    }

    fn loose(&mut self, number: Number, visitor: &mut impl Visitor) {
        let opened = self.store.open_loose(number);
        let outcome = opened.and_then(|loose| {
            let (kind, size) = (loose.kind, loose.size);
            if size > LARGEST_HELD && kind == Kind::Blob {
                self.stream(number, size, &mut loose.into_reader(), visitor);
            } else {
                if size > LARGEST_DELTA {
                    return Err(format!("it claims {size} bytes"));
                }
                let bytes = loose.read()?;
                self.visit(number, kind, &bytes, visitor);
            }
            Ok(())
        });
        if let Err(why) = outcome {
            visitor.gap(corrupt(self.store, number, &why));
        }
    }

    /// An entry and all that is made from it.
    fn give_up(&mut self, pack_number: usize, entry: u32, gap: &Gap, visitor: &mut impl Visitor) {
        visitor.gap(gap.clone());
        let pack = &self.store.packs[pack_number];
        let mut stack = pack.children(entry).to_vec();
        while let Some(child) = stack.pop() {
            let number = self.store.number_of_entry(pack_number, child);
            visitor.gap(corrupt(
                self.store,
                number,
                &format!("it is made from {}, which cannot be read", gap.place),
            ));
            stack.extend_from_slice(pack.children(child));
        }
    }

    fn recycle(&mut self, buffer: Vec<u8>) {
        // Large buffers go back to the system: the pool must not grow to the largest object times its length.
        if self.pool.len() < 16 && buffer.capacity() <= 8 << 20 {
            self.pool.push(buffer);
        }
    }
}

fn internal(store: &Store, number: Number) -> Gap {
    Gap {
        kind: GapKind::Internal,
        place: store.id(number).to_string(),
        detail: "scanning it failed; please report this".into(),
    }
}

enum Failure {
    Corrupt(&'static str),
    Streamable(u64),
    TooLarge(u64),
}

impl From<&'static str> for Failure {
    fn from(why: &'static str) -> Self {
        Failure::Corrupt(why)
    }
}

fn limit(size: u64) -> Result<(), Failure> {
    if size > LARGEST_DELTA { Err(Failure::TooLarge(size)) } else { Ok(()) }
}
