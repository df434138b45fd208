//! Refs in the reftable format, as Git's technical documentation describes it: a stack of tables, each a run of
//! blocks, in which a later table overrides the earlier ones.
//!
//! Tables are read from front to back, so that neither indexes nor restart points are needed, and what stands before
//! a damage is read.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Read as _;
use std::path::Path;

use bstr::BString;

use super::names::{Broken, Target};

/// What the tables of one directory say.
#[derive(Debug, Default)]
pub(crate) struct Stack {
    /// `HEAD` and the like as well. None for what a later table deleted.
    refs: BTreeMap<BString, Option<Target>>,
    /// Ids in reflogs, those of deleted refs not.
    pub(crate) logged: BTreeSet<gix::ObjectId>,
    /// Reflog entries of later tables, which override those of earlier ones.
    overridden: HashSet<Vec<u8>>,
    pub(super) broken: Broken,
    /// Bytes of names, and of reflogs.
    read: usize,
}

/// A larger table is not read.
const LARGEST_TABLE: u64 = 64 << 20;
/// Names share their beginnings, and reflogs are compressed: so much of them is read at most.
const LARGEST_STACK: usize = 128 << 20;
/// Longer than any name of a ref with what stands behind it in a reflog.
const LONGEST_KEY: usize = 8 << 10;
/// More tables than any writer leaves.
const MOST_TABLES: usize = 4096;

impl Stack {
    /// Reads the tables below a directory that has a `tables.list`.
    pub(crate) fn read(directory: &Path, hash: gix::hash::Kind) -> Self {
        let mut stack = Stack::default();
        let list = directory.join("tables.list");
        let names =
            plain(&list).and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is no text".to_owned()));
        match names {
            Ok(names) => {
                // The newest first: what it says is not overridden.
                let mut left = names.lines().rev().take(MOST_TABLES).peekable();
                while let Some(name) = left.next() {
                    let is_oldest = left.peek().is_none();
                    let path = directory.join(name);
                    let outcome = if name.contains(['/', '\\']) || name.starts_with('.') {
                        Err("it lies elsewhere".into())
                    } else {
                        plain(&path).and_then(|bytes| stack.table(&bytes, hash.len_in_bytes(), is_oldest))
                    };
                    if let Err(why) = outcome {
                        stack.broken.push((path.display().to_string(), why));
                    }
                }
            }
            Err(why) => stack.broken.push((list.display().to_string(), why)),
        }
        stack
    }

    /// All refs by name.
    pub(super) fn into_refs(self) -> BTreeMap<BString, Target> {
        self.refs.into_iter().filter_map(|(name, target)| Some((name, target?))).collect()
    }

    fn table(&mut self, bytes: &[u8], id_length: usize, is_oldest: bool) -> Result<(), String> {
        let version = bytes.strip_prefix(b"REFT").and_then(|rest| rest.first());
        let header = match version {
            Some(1) => 24,
            Some(2) => 28,
            Some(version) => return Err(format!("unsupported: version {version}")),
            None => return Err("it is no table of refs".into()),
        };
        // A header again, five positions, and a checksum of both.
        let end = bytes.len().saturating_sub(header + 44);
        let footer = &bytes[end..];
        let is_whole = end >= header && {
            let (body, checksum) = footer.split_at(footer.len() - 4);
            body[..header] == bytes[..header] && crc32fast::hash(body).to_be_bytes() == checksum
        };
        let blocks = if is_whole { &bytes[..end] } else { bytes };
        self.blocks(blocks, header, id_length, is_oldest).ok_or("its blocks are damaged, or too many")?;
        if is_whole { Ok(()) } else { Err("its end is damaged".into()) }
    }

    /// All blocks, one behind the other. The first one is said to begin with the file, and so are its offsets.
    fn blocks(&mut self, table: &[u8], header: usize, id_length: usize, is_oldest: bool) -> Option<()> {
        let mut at = header;
        loop {
            // Padding; no block is of type 0.
            at += table.get(at..)?.iter().take_while(|b| **b == 0).count();
            if at == table.len() {
                return Some(());
            }
            let before = if at == header { header } else { 0 };
            let kind = table[at];
            let rest = table.get(at + 4..)?;
            let length = number(&table[at + 1..at + 4]).checked_sub(before + 4)?;
            match kind {
                b'r' => self.records(rest.get(..length)?, |stack, key, kind, value| {
                    stack.one_ref(key, kind, value, id_length)
                })?,
                b'g' => {
                    let mut inflater = flate2::bufread::ZlibDecoder::new(rest);
                    let mut body = Vec::new();
                    (&mut inflater).take((length + before) as u64 + 1).read_to_end(&mut body).ok()?;
                    // Not all writers count what stands before the first block.
                    [length, length + before].contains(&body.len()).then_some(())?;
                    self.count(body.len())?;
                    self.records(&body, |stack, key, kind, value| {
                        stack.one_entry(key, kind, value, id_length, is_oldest)
                    })?;
                    at += 4 + usize::try_from(inflater.total_in()).ok()?;
                    continue;
                }
                // Where things are: of refs by name, of refs by object.
                b'i' | b'o' => {}
                _ => return None,
            }
            at += 4 + length;
        }
    }

    /// Each record of a block: its key, three bits, and what stands behind, of which `each` takes its part.
    fn records(
        &mut self,
        body: &[u8],
        each: impl Fn(&mut Self, &[u8], u64, &mut Bytes<'_>) -> Option<()>,
    ) -> Option<()> {
        let restarts = number(body.get(body.len().checked_sub(2)?..)?);
        let mut rest = Bytes(body.get(..body.len().checked_sub(2 + 3 * restarts)?)?);
        let mut key = Vec::new();
        while !rest.0.is_empty() {
            let shared = rest.length()?;
            let word = rest.varint()?;
            let suffix = rest.take(usize::try_from(word >> 3).ok()?)?;
            if shared > key.len() || shared + suffix.len() > LONGEST_KEY {
                return None;
            }
            key.truncate(shared);
            key.extend_from_slice(suffix);
            each(self, &key, word & 7, &mut rest)?;
        }
        Some(())
    }

    fn one_ref(&mut self, name: &[u8], kind: u64, value: &mut Bytes<'_>, id_length: usize) -> Option<()> {
        value.varint()?; // when it was last changed
        let target = match kind {
            0 => None,
            1 => Some(Target::Id(value.id(id_length)?)),
            2 => {
                let id = value.id(id_length)?;
                value.id(id_length)?; // what the tag leads to
                Some(Target::Id(id))
            }
            3 => {
                let length = value.length()?;
                Some(Target::Name(value.take(length)?.into()))
            }
            _ => return None,
        };
        self.count(name.len())?;
        self.refs.entry(name.into()).or_insert(target);
        Some(())
    }

    fn one_entry(
        &mut self,
        key: &[u8],
        kind: u64,
        value: &mut Bytes<'_>,
        id_length: usize,
        is_oldest: bool,
    ) -> Option<()> {
        let mut ids = Vec::new();
        match kind {
            // It is deleted.
            0 => {}
            1 => {
                ids.extend([value.id(id_length)?, value.id(id_length)?]);
                for _ in ["name", "address"] {
                    let length = value.length()?;
                    value.take(length)?;
                }
                value.varint()?; // seconds
                value.take(2)?; // time zone
                let message = value.length()?;
                value.take(message)?;
            }
            _ => return None,
        }
        if !self.overridden.contains(key) {
            self.logged.extend(ids.into_iter().filter(|id| !id.is_null()));
            // The oldest table, mostly the largest one, overrides nothing.
            if !is_oldest {
                self.count(key.len())?;
                self.overridden.insert(key.to_owned());
            }
        }
        Some(())
    }

    /// So many bytes more; `None` where that is too much.
    fn count(&mut self, more: usize) -> Option<()> {
        self.read += more;
        (self.read <= LARGEST_STACK).then_some(())
    }
}

/// The bytes of a plain file that is not too large.
fn plain(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = path.symlink_metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is no file".into());
    }
    if metadata.len() > LARGEST_TABLE {
        return Err(format!("it has {} bytes; {LARGEST_TABLE} are read at most", metadata.len()));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(LARGEST_TABLE).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Few bytes as a number, the highest first.
fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// What is left of a block.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// Seven bits a byte, the highest first; each further byte counts from one.
    fn varint(&mut self) -> Option<u64> {
        let mut number: u64 = 0;
        loop {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Some(number);
            }
            number = number.checked_add(1)?.checked_mul(0x80)?;
        }
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok()
    }

    fn id(&mut self, length: usize) -> Option<gix::ObjectId> {
        gix::ObjectId::try_from(self.take(length)?).ok()
    }
}
