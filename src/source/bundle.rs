//! A bundle that is scanned: unpacked into a directory of our own, which goes when it is done.

use std::io::Read as _;
use std::path::Path;

use crate::git::bundle::{Unpacked, is_bundle, unpack};
use crate::interrupt::Scratch;

/// An opened bundle. The directory lives as long as this.
#[derive(Debug)]
pub(crate) struct Bundle {
    pub(crate) unpacked: Unpacked,
    _directory: Scratch,
}

impl Bundle {
    /// Opens a file if it is a bundle; the error is for a person.
    pub(crate) fn open(path: &Path) -> Option<Result<Self, String>> {
        let mut head = Vec::new();
        let is_file = path.metadata().is_ok_and(|metadata| metadata.is_file());
        let file = is_file.then(|| std::fs::File::open(path).ok()).flatten()?;
        file.take(64).read_to_end(&mut head).ok()?;
        is_bundle(&head).then(|| {
            let directory = Scratch::new("muzzle-bundle-")
                .map_err(|error| format!("no directory to unpack it: {error}"))?;
            let unpacked = unpack(path, &path.display().to_string(), directory.path())?;
            Ok(Bundle { unpacked, _directory: directory })
        })
    }
}
