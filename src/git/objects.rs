//! Single objects by id, for scans that need a few of many: the indexes of packs are mapped, not read.
//!
//! Each thread opens its own. Replace refs have no say, and every object is checked against its id.

use std::collections::HashMap;
use std::path::PathBuf;

use gix::objs::Find as _;
pub(crate) use gix::objs::Kind;
use gix::odb::Header as _;

use super::{Repository, error_chain};
use crate::finding::{Gap, GapKind};

/// A larger object is not decoded.
const LARGEST: u64 = 256 << 20;
/// What a damaged pack may claim before it is not believed.
const LARGEST_ALLOCATION: usize = 1 << 30;
/// Decoded bases of deltas that a thread keeps, in bytes.
const CACHE: usize = 24 << 20;

/// Reads objects.
pub(crate) struct Objects {
    /// Asked in this order.
    stores: Vec<gix::odb::Handle>,
    buffer: Vec<u8>,
}

/// Why an object was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unread {
    Missing,
    TooLarge(u64),
    Corrupt(String),
}

impl Unread {
    /// As a gap; `named_by` completes "… names it, but".
    pub(crate) fn gap(self, id: &gix::oid, named_by: &str) -> Gap {
        let place = id.to_string();
        match self {
            Unread::Missing => Gap::missing(place, named_by),
            Unread::TooLarge(size) => {
                let detail = format!("it has {size} bytes; {LARGEST} are decoded at most");
                Gap { kind: GapKind::TooLarge, place, detail }
            }
            Unread::Corrupt(why) => Gap { kind: GapKind::CorruptObject, place, detail: why },
        }
    }
}

impl Objects {
    /// Opens the objects of these directories and of their alternates, without reading any.
    pub(crate) fn open(directories: &[PathBuf], hash: gix::hash::Kind) -> std::io::Result<Self> {
        let open = |directory: &PathBuf| -> std::io::Result<_> {
            let options = gix::odb::store::init::Options {
                alloc_limit_bytes: Some(LARGEST_ALLOCATION),
                ..Default::default()
            };
            let mut store = gix::odb::at_opts(directory, hash, None, options)?;
            store.set_pack_cache(|| Box::<Bases>::default());
            Ok(store)
        };
        let stores = directories.iter().map(open).collect::<std::io::Result<_>>()?;
        Ok(Objects { stores, buffer: Vec::new() })
    }

    /// Where [`Objects::open`] finds what belongs to a repository: those that Git names to a hook, then its own.
    pub(crate) fn place(repository: &Repository) -> (Vec<PathBuf>, gix::hash::Kind) {
        let mut directories = repository.more_objects.clone();
        directories.push(repository.gix.common_dir().join("objects"));
        (directories, repository.hash())
    }

    /// The bytes of an object of this kind.
    pub(crate) fn read(&mut self, id: &gix::oid, kind: Kind) -> Result<&[u8], Unread> {
        // Only blobs are large, and looking first costs as much as finding.
        let (found, bytes) = self.find(id, kind == Kind::Blob)?;
        if found == kind {
            Ok(bytes)
        } else {
            Err(Unread::Corrupt(format!("it is a {found} where a {kind} should be")))
        }
    }

    /// Kind and bytes of an object.
    pub(crate) fn read_any(&mut self, id: &gix::oid) -> Result<(Kind, &[u8]), Unread> {
        self.find(id, true)
    }

    fn find(&mut self, id: &gix::oid, measure: bool) -> Result<(Kind, &[u8]), Unread> {
        let Objects { stores, buffer } = self;
        // gix may assert its way through a damaged pack; that is a damaged object, not the end of the scan.
        let mut outcome = Err(Unread::Missing);
        for store in stores {
            let read = std::panic::AssertUnwindSafe(|| read_from(store, id, measure, buffer));
            let read = std::panic::catch_unwind(read);
            let read = read.unwrap_or_else(|_| Err(Unread::Corrupt("it contradicts itself".into())));
            if read != Err(Unread::Missing) {
                outcome = read;
            }
            if outcome.is_ok() {
                break;
            }
        }
        Ok((outcome?, &self.buffer))
    }
}

fn read_from(
    store: &gix::odb::Handle,
    id: &gix::oid,
    measure: bool,
    buffer: &mut Vec<u8>,
) -> Result<Kind, Unread> {
    let corrupt = |error: gix::Error| Unread::Corrupt(error_chain(&error));
    if measure
        && let Some(header) = store.try_header(id).map_err(corrupt)?
        && header.size() > LARGEST
    {
        return Err(Unread::TooLarge(header.size()));
    }
    let object = store.try_find(id, buffer).map_err(corrupt)?.ok_or(Unread::Missing)?;
    object.verify_checksum(id).map_err(|_| Unread::Corrupt("its bytes do not match its id".into()))?;
    Ok(object.kind)
}

/// A decoded object.
struct Base {
    kind: Kind,
    compressed: usize,
    data: Box<[u8]>,
}

/// Decoded objects that others may be deltas of. Forgets everything when it is full.
#[derive(Default)]
struct Bases {
    /// By pack and offset.
    objects: HashMap<(u32, u64), Base>,
    bytes: usize,
}

impl gix::odb::pack::cache::DecodeEntry for Bases {
    fn put(&mut self, pack: u32, offset: u64, data: &[u8], kind: Kind, compressed: usize) {
        if data.len() > CACHE / 8 {
            return;
        }
        if self.bytes + data.len() > CACHE {
            *self = Bases::default();
        }
        self.bytes += data.len();
        self.objects.insert((pack, offset), Base { kind, compressed, data: data.into() });
    }

    fn get(&mut self, pack: u32, offset: u64, out: &mut Vec<u8>) -> Option<(Kind, usize)> {
        let base = self.objects.get(&(pack, offset))?;
        out.clear();
        out.extend_from_slice(&base.data);
        Some((base.kind, base.compressed))
    }
}
