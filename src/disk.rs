//! Looking at directories and paths so that what is not there is told from what cannot be read.
//!
//! A directory that is taken for empty because it could not be read makes a scan look complete that is not.

use std::fs::Metadata;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// Whether an error says that there is no such thing, or that nothing can have such a name.
pub(crate) fn is_absent(error: &Error) -> bool {
    use ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidFilename | InvalidInput)
}

/// What lies in a directory, in order; nothing where there is none.
pub(crate) fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort_unstable();
    Ok(paths)
}

/// What a path leads to; `None` where there is nothing.
pub(crate) fn look(path: &Path) -> Result<Option<Metadata>> {
    found(path.metadata())
}

/// The same of the path itself, be it a link.
pub(crate) fn look_at_link(path: &Path) -> Result<Option<Metadata>> {
    found(path.symlink_metadata())
}

fn found(outcome: Result<Metadata>) -> Result<Option<Metadata>> {
    match outcome {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_is_not_there_is_no_error() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        std::fs::write(&file, "").unwrap();
        let long = directory.path().join("x".repeat(300));
        for absent in [directory.path().join("none"), file.join("below"), long] {
            assert!(entries(&absent).unwrap().is_empty());
            assert!(look(&absent).unwrap().is_none() && look_at_link(&absent).unwrap().is_none());
        }
        assert_eq!(entries(directory.path()).unwrap(), std::slice::from_ref(&file));
        assert!(look(&file).unwrap().is_some_and(|metadata| metadata.is_file()));
        let circle = directory.path().join("circle");
        std::os::unix::fs::symlink("circle", &circle).unwrap();
        assert!(look(&circle).is_err() && look_at_link(&circle).unwrap().is_some());
    }
}
