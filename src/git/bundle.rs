//! Git bundles: a header with refs, and a pack without an index → a git directory that can be scanned.
//!
//! The pack is copied entry by entry, so that of a damaged one remains what comes before the damage. Which objects it
//! holds says [`index`]; who wrote the bundle says it nowhere.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use bstr::BString;
use gix::odb::pack::data::Entry;

use super::refs::Roots;
use super::{Repository, error_chain};
use crate::finding::{Gap, GapKind};
use crate::interrupt::Scratch;

mod index;

pub(crate) use index::is_made_up;

/// A longer line is none that Git would write.
const LONGEST_LINE: u64 = 64 << 10;
/// Refs and prerequisites, in bytes.
const LONGEST_HEADER: usize = 64 << 20;

/// Whether a file begins like a bundle.
pub(crate) fn is_bundle(head: &[u8]) -> bool {
    head.starts_with(b"# v2 git bundle\n") || head.starts_with(b"# v3 git bundle\n")
}

/// What a bundle says of its pack.
#[derive(Debug)]
struct Header {
    text: Vec<u8>,
    hash: gix::hash::Kind,
    /// Commits that whoever takes the bundle must have.
    prerequisites: Vec<gix::ObjectId>,
    refs: Vec<(BString, gix::ObjectId)>,
}

/// A bundle as a repository.
#[derive(Debug)]
pub(crate) struct Unpacked {
    pub(crate) repository: Repository,
    pub(crate) roots: Roots,
    /// The header, which is text.
    pub(crate) header: Vec<u8>,
    /// It goes on from another history: what is named and not there need not be.
    pub(crate) goes_on: bool,
    /// What of the pack could not be read.
    pub(crate) gaps: Vec<Gap>,
    /// What follows the pack.
    pub(crate) rest: BufReader<File>,
}

/// Unpacks a bundle into an empty directory. `name` is that of the bundle, for gaps.
///
/// # Errors
/// If it cannot be told what the bundle holds, or if the directory cannot be written to.
pub(crate) fn unpack(bundle: &Path, name: &str, directory: &Path) -> Result<Unpacked, String> {
    let told = |error: std::io::Error| error.to_string();
    let mut reader = BufReader::new(File::open(bundle).map_err(told)?);
    let header = Header::read(&mut reader)?;
    make_git_dir(directory, header.hash).map_err(told)?;
    let repository = Repository::open(directory).map_err(|error| error_chain(&error))?;
    let pack = directory.join("objects/pack/pack-bundle.pack");
    let (entries, damage) = copy(&mut reader, &pack, header.hash)?;
    let mut gaps: Vec<Gap> = damage.into_iter().map(|why| damaged(name, why)).collect();
    gaps.extend(index::make(&repository, &pack, &entries, name).map_err(told)?);
    let head = header.refs.iter().find(|(name, _)| name == "HEAD").map(|(_, id)| *id);
    let roots = Roots { head, refs: header.refs, ..Roots::default() };
    let goes_on = !header.prerequisites.is_empty();
    Ok(Unpacked { repository, roots, header: header.text, goes_on, gaps, rest: reader })
}

/// A larger pack whose index is of no use is not copied to make another one.
const LARGEST_COPY: u64 = 4 << 30;

/// Copies a pack whose index is of no use into a directory of our own and makes another index there. Tells what of the
/// pack could not be read.
///
/// # Errors
/// If it is no pack, or if it cannot be copied.
pub(super) fn reindex(pack: &Path, hash: gix::hash::Kind) -> Result<(Scratch, Vec<Gap>), String> {
    let told = |error: std::io::Error| error.to_string();
    let metadata = pack.metadata().map_err(told)?;
    if !metadata.is_file() || metadata.len() > LARGEST_COPY {
        return Err(format!("it is no file of up to {} GiB", LARGEST_COPY >> 30));
    }
    let mut reader = BufReader::new(File::open(pack).map_err(told)?);
    let directory = Scratch::new("muzzle-pack-").map_err(told)?;
    make_git_dir(directory.path(), hash).map_err(told)?;
    let repository = Repository::open(directory.path()).map_err(|error| error_chain(&error))?;
    let copied = directory.path().join("objects/pack/pack-copy.pack");
    let (entries, damage) = copy(&mut reader, &copied, hash)?;
    let name = pack.display().to_string();
    let mut gaps: Vec<Gap> = damage.into_iter().map(|why| damaged(&name, why)).collect();
    gaps.extend(index::make(&repository, &copied, &entries, &name).map_err(told)?);
    Ok((directory, gaps))
}

fn damaged(name: &str, why: String) -> Gap {
    Gap { kind: GapKind::CorruptPack, place: name.into(), detail: why }
}

impl Header {
    fn read(reader: &mut impl BufRead) -> Result<Self, String> {
        let mut header = Header {
            text: Vec::new(),
            hash: gix::hash::Kind::Sha1,
            prerequisites: Vec::new(),
            refs: Vec::new(),
        };
        loop {
            let start = header.text.len();
            let read = reader.take(LONGEST_LINE).read_until(b'\n', &mut header.text);
            read.map_err(|error| error.to_string())?;
            let Some(line) = header.text[start..].strip_suffix(b"\n") else {
                return Err("it ends, or makes no sense, before its pack begins".into());
            };
            if header.text.len() > LONGEST_HEADER {
                return Err(format!("more than {LONGEST_HEADER} bytes come before its pack"));
            }
            let line = line.to_owned();
            match line.first() {
                None => return Ok(header),
                Some(b'#') if start == 0 => {}
                Some(b'@') => header.capability(&line)?,
                Some(b'-') => header.prerequisites.push(header.id(&line[1..])?.0),
                Some(_) => {
                    let (id, name) = header.id(&line)?;
                    header.refs.push((name.into(), id));
                }
            }
        }
    }

    fn capability(&mut self, line: &[u8]) -> Result<(), String> {
        match line {
            b"@object-format=sha1" => self.hash = gix::hash::Kind::Sha1,
            b"@object-format=sha256" => self.hash = gix::hash::Kind::Sha256,
            _ if line.starts_with(b"@filter=") => {}
            _ => return Err(format!("unsupported: it asks for {:?}", BString::from(line))),
        }
        Ok(())
    }

    /// The id that a line begins with, and what follows.
    fn id<'a>(&self, line: &'a [u8]) -> Result<(gix::ObjectId, &'a [u8]), String> {
        let (hex, rest) =
            line.split_at_checked(self.hash.len_in_hex()).ok_or("a line of it names no object")?;
        let id = gix::ObjectId::from_hex(hex).map_err(|_| "a line of it names no object")?;
        Ok((id, rest.strip_prefix(b" ").unwrap_or(rest)))
    }
}

fn make_git_dir(directory: &Path, hash: gix::hash::Kind) -> std::io::Result<()> {
    std::fs::create_dir_all(directory.join("objects/pack"))?;
    std::fs::create_dir_all(directory.join("refs"))?;
    std::fs::write(directory.join("HEAD"), "ref: refs/heads/main\n")?;
    let format = match hash {
        gix::hash::Kind::Sha1 => "repositoryformatversion = 0\n\tbare = true\n",
        _ => "repositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n",
    };
    std::fs::write(directory.join("config"), format!("[core]\n\t{format}"))
}

/// An entry of the pack.
#[derive(Debug)]
struct Packed {
    offset: u64,
    crc: u32,
    /// What it is made from, if it says so by name.
    base: Option<gix::ObjectId>,
}

/// `PACK`, version and count.
const PACK_HEADER: usize = 12;

/// Copies the pack, as far as it can be read, and tells why not further.
fn copy(
    reader: &mut BufReader<File>,
    pack: &Path,
    hash: gix::hash::Kind,
) -> Result<(Vec<Packed>, Option<String>), String> {
    let told = |error: std::io::Error| error.to_string();
    let file = File::options().read(true).write(true).create_new(true).open(pack).map_err(told)?;
    let mut head = [0; PACK_HEADER];
    let mut damage = match reader.read_exact(&mut head) {
        Err(_) => Some("it ends before its pack begins".to_owned()),
        Ok(()) if !head.starts_with(b"PACK\0\0\0\x02") && !head.starts_with(b"PACK\0\0\0\x03") => {
            Some("no pack follows its header".into())
        }
        Ok(()) => None,
    };
    let count = u32::from_be_bytes([head[8], head[9], head[10], head[11]]);
    let mut tee = Tee::new(reader, file, &head, hash).map_err(told)?;
    let mut entries = Vec::new();
    let mut end = tee.offset;
    while damage.is_none() && entries.len() < count as usize {
        tee.crc = crc32fast::Hasher::new();
        let offset = tee.offset;
        match entry(&mut tee, hash) {
            Ok(base) => entries.push(Packed { offset, crc: tee.crc.clone().finalize(), base }),
            Err(why) => {
                let number = entries.len() + 1;
                damage =
                    Some(format!("object {number} of {count}, and what is behind it, cannot be read: {why}"));
                break;
            }
        }
        end = tee.offset;
    }
    let Tee { reader, out, hasher, failed, .. } = tee;
    let file = failed.map_or(Ok(()), Err).and_then(|()| Ok(out.into_inner()?)).map_err(told)?;
    if damage.is_none() {
        let mut checksum = vec![0; hash.len_in_bytes()];
        let read = reader.read_exact(&mut checksum);
        let same = hasher.try_finalize().is_ok_and(|id| id.as_bytes() == checksum);
        if read.is_err() || !same {
            damage = Some("the checksum at the end of its pack does not agree".into());
        }
    }
    close(file, end, entries.len(), hash).map_err(told)?;
    Ok((entries, damage))
}

/// What could be read is a pack of its own.
fn close(mut file: File, end: u64, count: usize, hash: gix::hash::Kind) -> std::io::Result<()> {
    let count = u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes();
    file.set_len(end)?;
    file.rewind()?;
    file.write_all(&[b"PACK\0\0\0\x02".as_slice(), &count].concat())?;
    file.seek(SeekFrom::End(0))?;
    // A checksum has its place there; the one of the bundle was looked at.
    file.write_all(&vec![0; hash.len_in_bytes()])
}

/// Reads an entry to its end.
fn entry(reader: &mut Tee<'_>, hash: gix::hash::Kind) -> Result<Option<gix::ObjectId>, String> {
    use gix::odb::pack::data::entry::Header;
    let offset = reader.offset;
    let entry = Entry::from_read(reader, offset, hash.len_in_bytes()).map_err(|error| error.to_string())?;
    let size = entry.decompressed_size;
    let mut inflated = flate2::bufread::ZlibDecoder::new(reader).take(size.saturating_add(1));
    match std::io::copy(&mut inflated, &mut std::io::sink()) {
        Ok(read) if read == size => {}
        Ok(_) => return Err("it is not as long as it says".into()),
        Err(error) => return Err(error.to_string()),
    }
    Ok(match entry.header {
        Header::RefDelta { base_id } => Some(base_id),
        _ => None,
    })
}

/// What is read is written, counted and summed up.
struct Tee<'a> {
    reader: &'a mut BufReader<File>,
    out: BufWriter<File>,
    crc: crc32fast::Hasher,
    hasher: gix::hash::Hasher,
    offset: u64,
    failed: Option<std::io::Error>,
}

impl<'a> Tee<'a> {
    /// Behind the head of the pack.
    fn new(
        reader: &'a mut BufReader<File>,
        file: File,
        head: &[u8],
        hash: gix::hash::Kind,
    ) -> std::io::Result<Self> {
        let mut hasher = gix::hash::hasher(hash);
        hasher.update(head);
        let mut out = BufWriter::new(file);
        out.write_all(head)?;
        let (crc, offset) = (crc32fast::Hasher::new(), head.len() as u64);
        Ok(Tee { reader, out, crc, hasher, offset, failed: None })
    }
}

impl Read for Tee<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut there = self.fill_buf()?;
        let read = there.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Tee<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.failed.is_some() {
            return Err(std::io::Error::other("the copy cannot be written"));
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let bytes = &self.reader.buffer()[..amount];
        self.crc.update(bytes);
        self.hasher.update(bytes);
        self.offset += amount as u64;
        self.failed = self.failed.take().or(self.out.write_all(bytes).err());
        self.reader.consume(amount);
    }
}
