//! Files that appear whole or not at all: written beside their place, then moved there.

use std::io::{Result, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The files that are being written, to be removed if the process is ended before they are in their places. Whoever
/// makes, moves or removes one holds the lock, so that none is left over.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Writes a file. `mode` is what others may do with it, where there are such modes.
pub(crate) fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".muzzle-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = holding(|list| {
        let file = builder.tempfile_in(directory);
        list.extend(file.as_ref().ok().map(|file| file.path().to_owned()));
        file
    })?;
    let written = file.write_all(bytes);
    holding(|list| {
        list.retain(|known| known != file.path());
        written.and_then(|()| file.persist(path).map(drop).map_err(|error| error.error))
    })
}

fn holding<T>(act: impl FnOnce(&mut Vec<PathBuf>) -> T) -> T {
    act(&mut UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Removes what is not in its place yet, and ends: nothing new is begun meanwhile.
#[cfg(unix)]
pub(crate) fn give_up(end: impl FnOnce()) {
    holding(|list| {
        list.drain(..).for_each(|path| drop(std::fs::remove_file(path)));
        end();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_over() {
        let directory = tempfile::tempdir().unwrap();
        let listing = || std::fs::read_dir(directory.path()).unwrap().count();
        let file = directory.path().join("file");
        write(&file, b"one", 0o644).unwrap();
        write(&file, b"two", 0o600).unwrap();
        assert_eq!((std::fs::read(&file).unwrap(), listing()), (b"two".to_vec(), 1));
        std::fs::create_dir(directory.path().join("taken")).unwrap();
        assert!(write(&directory.path().join("taken"), b"three", 0o644).is_err());
        assert!(write(&directory.path().join("none/file"), b"three", 0o644).is_err());
        assert_eq!(listing(), 2);
        assert!(holding(|list| list.iter().all(|path| !path.starts_with(directory.path()))));
    }
}
