//! Loose objects: one zlib file each, named by id.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::ZlibDecoder;

use super::entries;
use super::pack::Kind;
use crate::finding::Gap;

/// An opened loose object: header read, body to come.
pub(crate) struct Loose {
    pub(crate) kind: Kind,
    pub(crate) size: u64,
    body: BufReader<ZlibDecoder<BufReader<File>>>,
}

/// The file of an object below an object directory.
pub(crate) fn path_of(objects: &Path, id: &gix::oid) -> PathBuf {
    let hex = id.to_hex().to_string();
    objects.join(&hex[..2]).join(&hex[2..])
}

/// Longest header: a kind, a space, 20 digits, NUL.
const LONGEST_HEADER: u64 = 32;

impl Loose {
    /// Opens the file and reads the header. The error is for a person.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let metadata = path.symlink_metadata().map_err(|e| e.to_string())?;
        if !metadata.is_file() {
            return Err("it is not a regular file".into());
        }
        let file = File::open(path).map_err(|e| e.to_string())?;
        let mut body = BufReader::new(ZlibDecoder::new(BufReader::new(file)));
        let mut header = Vec::new();
        (&mut body).take(LONGEST_HEADER).read_until(0, &mut header).map_err(|_| damaged())?;
        let text = header.strip_suffix(b"\0").and_then(|text| std::str::from_utf8(text).ok());
        let (kind, size) = text.and_then(|text| text.split_once(' ')).ok_or_else(damaged)?;
        let kind = match kind {
            "blob" => Kind::Blob,
            "tree" => Kind::Tree,
            "commit" => Kind::Commit,
            "tag" => Kind::Tag,
            _ => return Err(damaged()),
        };
        Ok(Loose { kind, size: size.parse().map_err(|_| damaged())?, body })
    }

    /// The whole body, if it is as long as the header says.
    pub(crate) fn read(mut self) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        (&mut self.body).take(self.size.saturating_add(1)).read_to_end(&mut bytes).map_err(|_| damaged())?;
        if bytes.len() as u64 == self.size {
            Ok(bytes)
        } else {
            Err("it is not as long as its header says".into())
        }
    }

    /// The body as a stream, which may be shorter or longer than the header says.
    pub(crate) fn into_reader(self) -> impl Read {
        self.body
    }
}

fn damaged() -> String {
    "its bytes are damaged".into()
}

/// Ids of all loose objects below an object directory, ascending. A directory that cannot be read is a gap.
pub(crate) fn list(objects: &Path, hash: gix::hash::Kind, gaps: &mut Vec<Gap>) -> Vec<gix::ObjectId> {
    let mut ids = Vec::new();
    for first in 0..=255u8 {
        let prefix = format!("{first:02x}");
        let directory = objects.join(&prefix);
        for path in entries(&directory, gaps) {
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(rest) = name.filter(|rest| rest.len() + 2 == hash.len_in_hex()) else { continue };
            if let Ok(id) = gix::ObjectId::from_hex(format!("{prefix}{rest}").as_bytes()) {
                ids.push(id);
            }
        }
    }
    ids.sort_unstable();
    ids
}
