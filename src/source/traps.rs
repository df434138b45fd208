//! Ignore files that a walk should not open: pipes, and more patterns than anybody needs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::git::LARGEST_IGNORE;

/// Names that the walk opens in every directory.
const IGNORE_FILES: [&str; 2] = [".gitignore", ".ignore"];

/// The bytes of a directory's ignore files; `None` if something that is called like one is no file.
fn ignore_bytes(directory: &Path) -> Option<u64> {
    IGNORE_FILES.iter().try_fold(0u64, |sum, name| match directory.join(name).metadata() {
        Ok(metadata) if metadata.is_file() => Some(sum.saturating_add(metadata.len())),
        Ok(metadata) if !metadata.is_dir() => None,
        _ => Some(sum),
    })
}

/// Whether ignore files can be left to the walk, which opens them and holds those of a directory and of all above.
#[derive(Debug, Default)]
pub(super) struct Traps {
    /// Bytes of ignore files of a directory and of those above it, where there are any.
    bytes: Mutex<HashMap<PathBuf, u64>>,
    trapped: AtomicBool,
}

impl Traps {
    /// Looks at a directory before the walk does.
    pub(super) fn enter(&self, directory: &Path) {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let above = directory.parent().and_then(|above| bytes.get(above)).copied().unwrap_or(0);
        match ignore_bytes(directory).map(|own| above.saturating_add(own)) {
            Some(0) => {}
            Some(sum) if sum <= LARGEST_IGNORE => drop(bytes.insert(directory.to_owned(), sum)),
            _ => self.trapped.store(true, Ordering::Relaxed),
        }
    }

    /// Whether there is one.
    pub(super) fn trapped(&self) -> bool {
        self.trapped.load(Ordering::Relaxed)
    }
}
