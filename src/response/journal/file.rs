//! The file: whose it must be, how several processes share it, and what stands at its end.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

use super::JournalError;
use super::line::{BEGINNING, Line, NONE_BEFORE, Read, Torn, sha256};

/// Who holds the lock writes one line.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(5);
/// What is read of the end at first; doubled until a line is whole.
const FIRST_LOOK: u64 = 64 * 1024;
const LONGEST_LOOK: u64 = 64 * 1024 * 1024;

/// Opens or makes it, for this user alone.
pub(super) fn open(path: &Path) -> Result<File, JournalError> {
    let wrong = |why: String| JournalError(format!("the journal {}: {why}", path.display()));
    if path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
        return Err(wrong(
            "it is a symbolic link, which could lead anywhere: name the file itself with --journal".into(),
        ));
    }
    let is_new = !path.exists();
    if let Some(directory) = path.parent().filter(|directory| is_new && !directory.as_os_str().is_empty()) {
        make_directory(directory).map_err(|error| wrong(format!("its directory cannot be made: {error}")))?;
    }
    let file = options().open(path).map_err(|error| {
        wrong(format!("it cannot be opened: {error}; --journal FILE names another place"))
    })?;
    check(&file, path)?;
    if is_new {
        // Otherwise the file itself may be gone after a crash.
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let _ = File::open(directory.unwrap_or(Path::new("."))).and_then(|directory| directory.sync_all());
    }
    Ok(file)
}

#[cfg(unix)]
fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    options.read(true).append(true).create(true).mode(0o600);
    options.custom_flags(i32::try_from(flags.bits()).unwrap_or(0));
    options
}

#[cfg(not(unix))]
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    options
}

#[cfg(unix)]
fn make_directory(directory: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn make_directory(directory: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(directory)
}

/// Ours alone. What others can write proves nothing.
#[cfg(unix)]
fn check(file: &File, path: &Path) -> Result<(), JournalError> {
    use std::os::unix::fs::MetadataExt as _;
    let shown = path.display();
    let wrong = |why: String| JournalError(format!("the journal {shown}: {why}"));
    let metadata = file.metadata().map_err(|error| wrong(error.to_string()))?;
    let own = rustix::process::geteuid().as_raw();
    if !metadata.is_file() {
        return Err(wrong("it is no file: --journal FILE names another place".into()));
    }
    if metadata.uid() != own {
        return Err(wrong(format!(
            "it belongs to user {}, and we run as {own}: name a file of your own with --journal",
            metadata.uid()
        )));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(wrong(format!(
            "others may read or write it (mode {:03o}): `muzzle audit verify` says whether it is whole, then \
             `chmod 600 {shown}`",
            metadata.mode() & 0o777
        )));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check(file: &File, path: &Path) -> Result<(), JournalError> {
    let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
    is_file.then_some(()).ok_or_else(|| JournalError(format!("the journal {} is no file", path.display())))
}

/// Whether the file is still the one at its path: who moves it away must not leave us writing beside the new one.
#[cfg(unix)]
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |metadata: std::io::Result<std::fs::Metadata>| {
        metadata.map(|metadata| (metadata.dev(), metadata.ino())).ok()
    };
    let here = id(file.metadata());
    here.is_some() && here == id(path.symlink_metadata())
}

#[cfg(not(unix))]
pub(super) fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

/// The lock, given back when dropped.
pub(super) struct Locked<'a>(pub(super) &'a File);

impl<'a> Locked<'a> {
    /// For writing.
    pub(super) fn alone(file: &'a File) -> Result<Self, JournalError> {
        Locked::by(file, File::try_lock)
    }

    /// For reading.
    pub(super) fn shared(file: &'a File) -> Result<Self, JournalError> {
        Locked::by(file, File::try_lock_shared)
    }

    fn by(file: &'a File, lock: fn(&File) -> Result<(), TryLockError>) -> Result<Self, JournalError> {
        let started = Instant::now();
        loop {
            match lock(file) {
                Ok(()) => return Ok(Locked(file)),
                Err(TryLockError::WouldBlock) if started.elapsed() < LONGEST_WAIT => {
                    std::thread::sleep(TICK);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(JournalError(format!(
                        "another process has held the journal's lock for {} seconds: end it, or name another file \
                         with --journal",
                        LONGEST_WAIT.as_secs()
                    )));
                }
                Err(TryLockError::Error(error)) => {
                    return Err(JournalError(format!("the journal cannot be locked: {error}")));
                }
            }
        }
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// The end of a journal: what the next line goes on from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct End {
    /// Of the last line; 0 if there is none.
    pub(super) sequence: u64,
    /// Of the last line.
    pub(super) hash: String,
    /// Bytes behind it that are no line.
    pub(super) torn: Option<Torn>,
    /// Whether the last byte is no line break.
    pub(super) is_open: bool,
}

/// Reads the end.
pub(super) fn end(file: &Locked<'_>) -> Result<End, JournalError> {
    let failed = |error: std::io::Error| JournalError(format!("the journal cannot be read: {error}"));
    let mut file = file.0;
    let length = file.seek(SeekFrom::End(0)).map_err(failed)?;
    let mut look = FIRST_LOOK;
    loop {
        let from = length.saturating_sub(look);
        file.seek(SeekFrom::Start(from)).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(length - from).read_to_end(&mut bytes).map_err(failed)?;
        // What stands before the first line break may be half a line.
        let bytes = match bytes.iter().position(|b| *b == b'\n') {
            Some(at) if from > 0 => &bytes[at + 1..],
            None if from > 0 => &[],
            _ => &bytes[..],
        };
        if let Some(end) = of_bytes(bytes, from == 0)? {
            return Ok(end);
        }
        if look >= LONGEST_LOOK {
            return Err(JournalError(NO_JOURNAL.into()));
        }
        look *= 2;
    }
}

const NO_JOURNAL: &str = "the journal ends with something that is no line of one: `muzzle audit verify` says where; \
                          keep it, and name another file with --journal";

/// The same of its last bytes, which begin with a line; `None` if no line is among them.
fn of_bytes(bytes: &[u8], is_all: bool) -> Result<Option<End>, JournalError> {
    let is_open = bytes.last().is_some_and(|b| *b != b'\n');
    let closed = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    // Where the torn part begins.
    let mut torn = closed.len();
    let mut lines = 0;
    let mut is_last = is_open;
    while torn > 0 {
        let start = closed[..torn].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        match Line::read(&closed[start..torn]) {
            Read::Line(line) => {
                let after = closed.get(torn + 1..).unwrap_or_default();
                let torn_part = (lines > 0).then(|| Torn { lines, sha256: sha256(after) });
                let hash = sha256(&closed[start..torn]);
                return Ok(Some(End { sequence: line.sequence, hash, torn: torn_part, is_open }));
            }
            Read::Changed => {
                return Err(JournalError(
                    "the last line of the journal was changed: its hash does not fit. `muzzle audit verify` tells more; \
                     keep the file, and name another one with --journal"
                        .into(),
                ));
            }
            Read::Unreadable if is_last || looks_torn(&closed[start..torn]) => lines += 1,
            Read::Unreadable => return Err(JournalError(NO_JOURNAL.into())),
        }
        is_last = false;
        if start == 0 {
            break;
        }
        torn = start - 1;
    }
    if !is_all {
        return Ok(None);
    }
    let torn = (lines > 0).then(|| Torn { lines, sha256: sha256(closed) });
    Ok(Some(End { sequence: 0, hash: NONE_BEFORE.into(), torn, is_open }))
}

/// Whether a whole line, or its beginning, may once have been meant.
pub(super) fn looks_torn(bytes: &[u8]) -> bool {
    bytes.starts_with(BEGINNING) || BEGINNING.starts_with(bytes)
}
