//! Packs, their indexes and loose objects written byte by byte, so that they can lie.

use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// A raw object id.
pub(crate) type Id = [u8; 20];

/// One entry.
pub(crate) struct Entry {
    pub(crate) id: Id,
    /// The size that the header claims.
    pub(crate) size: u64,
    pub(crate) body: Body,
}

/// What an entry holds, not yet compressed.
pub(crate) enum Body {
    Blob(Vec<u8>),
    /// A whole object of a kind by its number: 1 is a commit, 2 a tree.
    Whole(u8, Vec<u8>),
    /// A delta of the entry at this place in the list.
    Offset(usize, Vec<u8>),
    /// A delta of the object with this id.
    Reference(Id, Vec<u8>),
    /// A delta of an entry this many bytes before; nonsense is fine.
    Distance(u64, Vec<u8>),
}

impl Entry {
    /// An honest entry.
    pub(crate) fn new(id: Id, body: Body) -> Self {
        let (Body::Blob(bytes)
        | Body::Whole(_, bytes)
        | Body::Offset(_, bytes)
        | Body::Reference(_, bytes)
        | Body::Distance(_, bytes)) = &body;
        Entry { id, size: bytes.len() as u64, body }
    }
}

/// The id of a blob.
pub(crate) fn blob_id(bytes: &[u8]) -> Id {
    object_id("blob", bytes)
}

/// The id of an object.
pub(crate) fn object_id(kind: &str, bytes: &[u8]) -> Id {
    sha1(&[format!("{kind} {}\0", bytes.len()).as_bytes(), bytes])
}

/// An id that belongs to nothing.
pub(crate) fn made_up_id(seed: u8) -> Id {
    let mut id = [seed; 20];
    id[1] = 0x5a;
    id
}

pub(crate) fn hex(id: &Id) -> String {
    gix::ObjectId::from_bytes_or_panic(id).to_string()
}

fn sha1(parts: &[&[u8]]) -> Id {
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    parts.iter().for_each(|part| hasher.update(part));
    hasher.try_finalize().unwrap().as_bytes().try_into().unwrap()
}

pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Writes `pack-NAME.pack` and its index, version 2, into a pack directory.
pub(crate) fn write_pack(directory: &Path, name: &str, entries: &[Entry]) {
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend(u32::try_from(entries.len()).unwrap().to_be_bytes());
    let mut offsets: Vec<usize> = Vec::new();
    let mut rows = Vec::new();
    for entry in entries {
        let start = pack.len();
        let (kind, reference, bytes) = match &entry.body {
            Body::Blob(bytes) => (3, Vec::new(), bytes),
            Body::Whole(kind, bytes) => (*kind, Vec::new(), bytes),
            Body::Offset(base, bytes) => (6, distance((start - offsets[*base]) as u64), bytes),
            Body::Distance(back, bytes) => (6, distance(*back), bytes),
            Body::Reference(id, bytes) => (7, id.to_vec(), bytes),
        };
        pack.extend(header(kind, entry.size));
        pack.extend(reference);
        pack.extend(deflate(bytes));
        offsets.push(start);
        rows.push((entry.id, crc32fast::hash(&pack[start..]), u32::try_from(start).unwrap()));
    }
    let checksum = sha1(&[&pack]);
    pack.extend(checksum);
    rows.sort_unstable();
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=255u8 {
        let count = rows.iter().filter(|(id, _, _)| id[0] <= first).count();
        index.extend(u32::try_from(count).unwrap().to_be_bytes());
    }
    rows.iter().for_each(|(id, _, _)| index.extend(id));
    rows.iter().for_each(|(_, crc, _)| index.extend(crc.to_be_bytes()));
    rows.iter().for_each(|(_, _, offset)| index.extend(offset.to_be_bytes()));
    index.extend(checksum);
    let end = sha1(&[&index]);
    index.extend(end);
    std::fs::create_dir_all(directory).unwrap();
    std::fs::write(directory.join(format!("pack-{name}.pack")), pack).unwrap();
    std::fs::write(directory.join(format!("pack-{name}.idx")), index).unwrap();
}

fn header(kind: u8, mut size: u64) -> Vec<u8> {
    let low = |size: u64, mask: u64| u8::try_from(size & mask).unwrap();
    let mut bytes = vec![kind << 4 | low(size, 15)];
    size >>= 4;
    while size > 0 {
        *bytes.last_mut().unwrap() |= 0x80;
        bytes.push(low(size, 127));
        size >>= 7;
    }
    bytes
}

fn distance(mut back: u64) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(back & 127).unwrap()];
    while back >> 7 > 0 {
        back = (back >> 7) - 1;
        bytes.insert(0, 0x80 | u8::try_from(back & 127).unwrap());
    }
    bytes
}

/// A delta: sizes, then operations.
pub(crate) fn delta(base: u64, result: u64, operations: &[u8]) -> Vec<u8> {
    [number(base), number(result), operations.to_vec()].concat()
}

/// Inserts a text of up to 127 bytes.
pub(crate) fn insert(text: &[u8]) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()], text].concat()
}

/// Copies the first 16,777,215 bytes of the base.
pub(crate) const COPY_16_MB: [u8; 4] = [0xf0, 0xff, 0xff, 0xff];

fn number(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 127 {
        bytes.push(0x80 | u8::try_from(value & 127).unwrap());
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

/// Writes a loose object under an id, whatever it says.
pub(crate) fn write_loose(objects: &Path, id: &str, header: &str, body: &[u8]) {
    let bytes = [header.as_bytes(), b"\0", body].concat();
    let directory = objects.join(&id[..2]);
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join(&id[2..]), deflate(&bytes)).unwrap();
}
