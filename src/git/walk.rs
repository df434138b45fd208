//! Every object of the wanted kinds, decoded once, on all threads.
//!
//! A pack is a forest: whole objects, and deltas made from them. Each family is walked from its root down, so that a
//! base is inflated once for all its children, and a child's visitor sees what is copied from the base and what is new.
//! The lightest child goes first and the heaviest last: at most O(log n) buffers are alive, however deep the chains are.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::odb::pack::data::entry::Header;

use super::delta::Delta;
use super::exchange::Exchange;
use super::inflate::Inflater;
use super::pack::{Kind, Pack};
use super::store::{Number, Store};
use crate::copied::Copied;
use crate::finding::{Gap, GapKind};
use crate::parallel::on_threads;

/// What is done with each object, on one thread.
pub(crate) trait Visitor {
    /// What the visit of an object leaves for the visits of those that are made from it, maybe on other threads.
    type Notes: Send + Sync;
    /// Whether objects of this kind are wanted.
    fn wants(kind: Kind) -> bool;
    /// A decoded object. The notes are asked for where [`Object::has_children`]; without them, the children have no base.
    fn object(&mut self, object: &Object<'_, Self::Notes>) -> Option<Self::Notes>;
    /// An object too large to hold, as a stream of `size` bytes.
    fn stream(&mut self, number: Number, size: u64, reader: &mut dyn std::io::Read);
    /// An object that could not be decoded.
    fn gap(&mut self, gap: Gap);
}

/// A decoded object.
pub(crate) struct Object<'a, Notes> {
    pub(crate) number: Number,
    pub(crate) kind: Kind,
    pub(crate) bytes: &'a [u8],
    /// What it is made from, if that left notes.
    pub(crate) base: Option<Base<'a, Notes>>,
    /// Whether others are made from it.
    pub(crate) has_children: bool,
    /// Whether another copy of this object counts, and this one is visited for the sake of its children.
    pub(crate) is_duplicate: bool,
}

/// What an object is made from.
pub(crate) struct Base<'a, Notes> {
    pub(crate) notes: &'a Notes,
    /// Length of the base.
    pub(crate) length: usize,
    /// What was taken over, in the order of the object.
    pub(crate) copies: &'a [Copied],
}

/// Whole objects above this size, that nothing is made from, are streamed.
const LARGEST_HELD: u64 = 32 << 20;
/// Objects that are made from others, or that others are made from, must be held; above this they are a gap.
const LARGEST_DELTA: u64 = 256 << 20;
/// Buffers that a thread keeps for later use, in bytes.
const LARGEST_POOL: usize = 8 << 20;

/// A family of a pack, or one loose object.
#[derive(Clone, Copy)]
enum Work {
    Family { pack: usize, root: u32, weight: u64 },
    Loose(Number),
}

/// An entry to decode, with the object that it is made from.
struct Step<Notes> {
    pack: usize,
    entry: u32,
    base: Option<Arc<Node<Notes>>>,
}

/// A decoded object that others are made from.
struct Node<Notes> {
    bytes: Vec<u8>,
    notes: Option<Notes>,
}

/// Walks the store with one visitor a thread and returns them.
pub(crate) fn walk<V: Visitor + Send>(store: &Store, jobs: usize, make: impl Fn() -> V + Sync) -> Vec<V> {
    let list = work_list::<V>(store);
    let next = AtomicUsize::new(0);
    let exchange = Exchange::new();
    let run = || {
        let _presence = exchange.enter();
        let mut walker = Walker { store, visitor: make(), stack: Vec::new(), tools: Tools::new() };
        loop {
            if let Some(work) = list.get(next.fetch_add(1, Ordering::Relaxed)) {
                match *work {
                    Work::Family { pack, root, .. } => {
                        walker.stack.push(Step { pack, entry: root, base: None });
                    }
                    Work::Loose(number) => walker.loose(number),
                }
            } else if let Some(step) = exchange.take() {
                walker.stack.push(step);
            } else {
                return walker.visitor;
            }
            while let Some(step) = walker.stack.pop() {
                walker.step(step);
                exchange.share(&mut walker.stack);
            }
        }
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

/// One thread's part of the walk.
struct Walker<'a, V: Visitor> {
    store: &'a Store,
    visitor: V,
    stack: Vec<Step<V::Notes>>,
    tools: Tools,
}

impl<V: Visitor> Walker<'_, V> {
    /// Decodes an entry, shows it, and puts its children on the stack.
    fn step(&mut self, Step { pack: pack_number, entry, base }: Step<V::Notes>) {
        let pack = &self.store.packs[pack_number];
        let number = self.store.number_of_entry(pack_number, entry);
        let base_bytes = base.as_ref().map(|base| base.bytes.as_slice());
        let mut decoded = catch_unwind(AssertUnwindSafe(|| self.tools.decode(pack, entry, base_bytes)))
            .unwrap_or(Err(Failure::Corrupt("decoding it failed")));
        let mut base_notes = base.as_ref().and_then(|base| Some((base.notes.as_ref()?, base.bytes.len())));
        // A damaged entry may have a good copy beside the pack; git would take that one.
        if let Err(Failure::Corrupt(_)) = decoded
            && let Some(copy) = self.store.loose_copy(number)
        {
            decoded = Ok(copy);
            base_notes = None;
        }
        match decoded {
            Ok(bytes) => {
                if !pack.crc_holds(entry) {
                    let why = "its checksum in the pack's index does not agree";
                    self.visitor.gap(corrupt(self.store, number, why));
                }
                let children = pack.children(entry);
                let notes = self.visit(number, pack.kind(entry), &bytes, base_notes, !children.is_empty());
                if children.is_empty() {
                    self.tools.recycle(bytes);
                } else {
                    let node = Arc::new(Node { bytes, notes });
                    let step = |child: &u32| Step {
                        pack: pack_number,
                        entry: *child,
                        base: Some(Arc::clone(&node)),
                    };
                    // Heaviest first, so the lightest is taken first.
                    self.stack.extend(children.iter().map(step));
                }
            }
            Err(Failure::Streamable(size)) => self.stream_entry(pack, entry, number, size),
            Err(Failure::Corrupt(why)) => {
                self.give_up(pack_number, entry, &corrupt(self.store, number, why));
            }
            Err(Failure::TooLarge(size)) => {
                let detail =
                    format!("{size} bytes; objects stored as deltas are scanned up to {LARGEST_DELTA}");
                let place = self.store.id(number).to_string();
                self.give_up(pack_number, entry, &Gap { kind: GapKind::TooLarge, place, detail });
            }
        }
        if let Some(node) = base.and_then(Arc::into_inner) {
            self.tools.recycle(node.bytes);
        }
    }

    fn visit(
        &mut self,
        number: Number,
        kind: Kind,
        bytes: &[u8],
        base: Option<(&V::Notes, usize)>,
        has_children: bool,
    ) -> Option<V::Notes> {
        let is_duplicate = !self.store.is_first_copy(number);
        if is_duplicate && !has_children {
            return None;
        }
        let copies = self.tools.copies.as_slice();
        let base = base.map(|(notes, length)| Base { notes, length, copies });
        let object = Object { number, kind, bytes, base, has_children, is_duplicate };
        let visitor = &mut self.visitor;
        catch_unwind(AssertUnwindSafe(|| visitor.object(&object))).unwrap_or_else(|_| {
            visitor.gap(Gap::internal(self.store.id(number).to_string()));
            None
        })
    }

    fn stream_entry(&mut self, pack: &Pack, entry: u32, number: Number, size: u64) {
        let Ok((_, packed)) = pack.entry(entry) else { return };
        if !pack.crc_holds(entry) {
            self.visitor.gap(corrupt(self.store, number, "its checksum in the pack's index does not agree"));
        }
        if self.store.is_first_copy(number) {
            self.stream(number, size, &mut flate2::bufread::ZlibDecoder::new(packed));
        }
    }

    /// Streams what should be `size` bytes.
    fn stream(&mut self, number: Number, size: u64, reader: &mut dyn std::io::Read) {
        let mut limited = std::io::Read::take(&mut *reader, size);
        let visitor = &mut self.visitor;
        if catch_unwind(AssertUnwindSafe(|| visitor.stream(number, size, &mut limited))).is_err() {
            visitor.gap(Gap::internal(self.store.id(number).to_string()));
        }
        // The end is looked for as well: a checksum stands there, or what the header kept quiet about.
        if limited.limit() > 0 || !matches!(reader.read(&mut [0]), Ok(0)) {
            visitor.gap(corrupt(self.store, number, "it is damaged, or not as long as its header says"));
        }
    }

    fn loose(&mut self, number: Number) {
        let opened = self.store.open_loose(number);
        let outcome = opened.and_then(|loose| {
            let (kind, size) = (loose.kind, loose.size);
            if size > LARGEST_HELD && kind == Kind::Blob {
                self.stream(number, size, &mut loose.into_reader());
            } else {
                if size > LARGEST_DELTA {
                    return Err(format!("it claims {size} bytes"));
                }
                let bytes = loose.read()?;
                self.visit(number, kind, &bytes, None, false);
            }
            Ok(())
        });
        if let Err(why) = outcome {
            self.visitor.gap(corrupt(self.store, number, &why));
        }
    }

    /// An entry and all that is made from it.
    fn give_up(&mut self, pack_number: usize, entry: u32, gap: &Gap) {
        self.visitor.gap(gap.clone());
        let pack = &self.store.packs[pack_number];
        let mut stack = pack.children(entry).to_vec();
        while let Some(child) = stack.pop() {
            let number = self.store.number_of_entry(pack_number, child);
            let why = format!("it is made from {}, which cannot be read", gap.place);
            self.visitor.gap(corrupt(self.store, number, &why));
            stack.extend_from_slice(pack.children(child));
        }
    }
}

/// What decoding needs, reused from entry to entry.
struct Tools {
    inflater: Inflater,
    pool: Vec<Vec<u8>>,
    delta: Vec<u8>,
    /// Of the delta applied last.
    copies: Vec<Copied>,
}

impl Tools {
    fn new() -> Self {
        Tools { inflater: Inflater::new(), pool: Vec::new(), delta: Vec::new(), copies: Vec::new() }
    }

    /// The object itself or the child of `base`.
    fn decode(&mut self, pack: &Pack, entry: u32, base: Option<&[u8]>) -> Result<Vec<u8>, Failure> {
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
                delta.apply(base, &mut bytes, &mut self.copies)?;
            }
        }
        Ok(bytes)
    }

    fn recycle(&mut self, buffer: Vec<u8>) {
        let pooled: usize = self.pool.iter().map(Vec::capacity).sum();
        if pooled + buffer.capacity() <= LARGEST_POOL {
            self.pool.push(buffer);
        }
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
