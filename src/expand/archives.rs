//! The readers: zip, tar, 7z, and what is merely compressed. All of them of others.

use std::io::{BufReader, Cursor, Read};

use bstr::ByteSlice as _;

use super::container::{DECODER_MEMORY, Kind, Opening, Stop};

/// Undoes a compression.
///
/// # Errors
/// If it does not begin as it should.
pub(super) fn decoder(kind: Kind, bytes: &[u8]) -> Result<Box<dyn Read + '_>, String> {
    Ok(match kind {
        Kind::Gzip => Box::new(Members { rest: bytes, member: None }),
        Kind::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(bytes)),
        Kind::Xz => {
            let limit = u32::try_from(DECODER_MEMORY / 1024).unwrap_or(u32::MAX);
            Box::new(lzma_rust2::XzReader::new_mem_limit(bytes, true, limit))
        }
        Kind::Zstd => Box::new(Frames { rest: bytes, frame: None }),
        _ => return Err(format!("{} is no compression", kind.as_str())),
    })
}

/// Gzip members one behind the other; zeros behind the last one fill up a block, and are no damage.
struct Members<'a> {
    rest: &'a [u8],
    member: Option<flate2::bufread::GzDecoder<&'a [u8]>>,
}

impl Read for Members<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if let Some(member) = &mut self.member {
                let read = member.read(buffer)?;
                if read > 0 || buffer.is_empty() {
                    return Ok(read);
                }
                self.rest =
                    self.member.take().map(flate2::bufread::GzDecoder::into_inner).unwrap_or_default();
            }
            if self.rest.iter().all(|byte| *byte == 0) {
                return Ok(0);
            }
            self.member = Some(flate2::bufread::GzDecoder::new(self.rest));
        }
    }
}

type Frame<'a> = ruzstd::decoding::StreamingDecoder<&'a [u8], ruzstd::decoding::FrameDecoder>;

/// Zstandard frames one behind the other; the crate reads one.
struct Frames<'a> {
    rest: &'a [u8],
    frame: Option<Frame<'a>>,
}

impl Read for Frames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let read = frame.read(buffer)?;
                if read > 0 || buffer.is_empty() {
                    return Ok(read);
                }
                self.rest =
                    self.frame.take().map(ruzstd::decoding::StreamingDecoder::into_inner).unwrap_or_default();
            }
            if self.rest.is_empty() {
                return Ok(0);
            }
            // Frames that hold nothing for us: a magic number of sixteen, and a length.
            if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, rest @ ..] = self.rest {
                let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
                self.rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            let frame = Frame::new_with_max_window_size(self.rest, DECODER_MEMORY)
                .map_err(|error| std::io::Error::other(error.to_string()))?;
            self.frame = Some(frame);
        }
    }
}

/// A zip; where its directory at the end is missing or damaged, its members one after the other.
pub(super) fn zip(bytes: &[u8], opening: &mut Opening<'_>) -> Result<(), Stop> {
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) else {
        if zip_in_order(bytes, opening)?.is_some() {
            let why = "it has no directory: what lies behind its last whole member was not read";
            opening.trouble(false, why.into());
        }
        return Ok(());
    };
    let mut names = Vec::new();
    for name in archive.file_names_raw() {
        names.extend_from_slice(name);
        names.push(b'\n');
    }
    names.extend_from_slice(archive.comment());
    opening.names(&names);
    for number in 0..archive.len() {
        let failed = match archive.by_index(number) {
            Ok(file) if file.is_dir() => continue,
            Ok(mut file) => {
                let name = file.name_raw().to_vec();
                opening.member(&name, &mut file)?;
                continue;
            }
            Err(error) => why(&error),
        };
        let name = archive.file_names_raw().nth(number).unwrap_or_default().to_vec();
        opening.unread(&name, failed);
    }
    // Of members of one name the crate knows the last.
    let Some(listed) = members_listed(bytes).filter(|listed| *listed != archive.len() & 0xffff) else {
        return Ok(());
    };
    if zip_in_order(bytes, opening)?.is_some_and(|read| read & 0xffff != listed) {
        opening.trouble(false, "several members have one name, and not all of them were read".into());
    }
    Ok(())
}

/// How many members the end of the directory claims, in 16 bits.
fn members_listed(bytes: &[u8]) -> Option<usize> {
    let end = bytes.rfind(b"PK\x05\x06")?;
    let number = bytes.get(end + 10..end + 12)?;
    // All ones: it stands in the record for more members.
    let number = u16::from_le_bytes([number[0], number[1]]);
    (number != u16::MAX).then_some(usize::from(number))
}

/// Reads the members one behind the other. How many there were; `None` if it is told why it could not go on.
fn zip_in_order(bytes: &[u8], opening: &mut Opening<'_>) -> Result<Option<usize>, Stop> {
    let mut reader = BufReader::new(bytes);
    let mut count = 0;
    loop {
        match zip::read::read_zipfile_from_stream(&mut reader) {
            Ok(Some(mut file)) => {
                count += 1;
                let (name, is_dir) = (file.name_raw().to_vec(), file.is_dir());
                if !is_dir {
                    opening.member(&name, &mut file)?;
                }
            }
            Ok(None) => return Ok(Some(count)),
            Err(error) => {
                opening.trouble(false, why(&error));
                return Ok(None);
            }
        }
    }
}

fn why(error: &zip::result::ZipError) -> String {
    match error {
        zip::result::ZipError::UnsupportedArchive(text) if text.contains("assword") => {
            "encrypted: its text cannot be read".into()
        }
        other => format!("cannot be opened: {other}"),
    }
}

/// A tar. Names are told, never used.
pub(super) fn tar(bytes: &[u8], opening: &mut Opening<'_>) -> Result<(), Stop> {
    let mut archive = tar::Archive::new(bytes);
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => {
            opening.trouble(false, format!("damaged: {error}"));
            return Ok(());
        }
    };
    let mut names = Vec::new();
    for entry in entries {
        if let Ok(entry) = &entry {
            names.extend_from_slice(&entry.path_bytes());
            names.push(b'\n');
            names.extend_from_slice(&entry.link_name_bytes().unwrap_or_default());
            names.push(b'\n');
        }
        match entry {
            Ok(mut entry)
                if entry.header().entry_type().is_file() || entry.header().entry_type().is_gnu_sparse() =>
            {
                let name = entry.path_bytes().into_owned();
                opening.member(&name, &mut entry)?;
            }
            Ok(_) => {}
            Err(error) => {
                opening.trouble(false, format!("damaged: {error}"));
                break;
            }
        }
    }
    opening.names(&names);
    Ok(())
}

/// A 7z.
pub(super) fn seven_zip(bytes: &[u8], opening: &mut Opening<'_>) -> Result<(), Stop> {
    use sevenz_rust2::{ArchiveReader, EntryDecision, Error, Password};
    let limit = usize::try_from(DECODER_MEMORY / 1024).unwrap_or(usize::MAX);
    let told = |error: &Error| match error {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => {
            "encrypted: its text cannot be read".to_owned()
        }
        other => format!("cannot be opened: {other}"),
    };
    let mut reader = match ArchiveReader::new_with_memory_limit(Cursor::new(bytes), Password::empty(), limit)
    {
        Ok(reader) => reader,
        Err(error) => {
            opening.trouble(false, told(&error));
            return Ok(());
        }
    };
    reader.set_thread_count(1);
    let names: Vec<&str> = reader.archive().files.iter().map(sevenz_rust2::ArchiveEntry::name).collect();
    opening.names(names.join("\n").as_bytes());
    let mut stopped = false;
    let outcome = reader.for_each_entries_with_decision(|entry, content| {
        if entry.is_directory() {
            return Ok(EntryDecision::Continue);
        }
        stopped = opening.member(entry.name().as_bytes(), content).is_err();
        Ok(if stopped { EntryDecision::Stop } else { EntryDecision::Continue })
    });
    if let Err(error) = outcome {
        opening.trouble(false, told(&error));
    }
    if stopped { Err(Stop) } else { Ok(()) }
}
