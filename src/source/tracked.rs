//! Files of the working tree by name: those that are named, or all that are tracked.

use std::collections::BTreeSet;
use std::path::Path;

use bstr::{BString, ByteSlice as _};

use super::unreadable;
use super::worktree::{Item, tracked_path};
use crate::finding::Gap;
use crate::git::is_file_mode;

/// How many files are tracked. Stages of one path count each.
pub(crate) fn count(index: &gix::index::File) -> usize {
    index.entries().iter().filter(|entry| is_file_mode(entry.mode)).count()
}

/// All tracked files that are there. Submodules have an index of their own.
pub(crate) fn all(index: &gix::index::File, root: &Path, gaps: &mut Vec<Gap>) -> Vec<Item> {
    let mut real_directories = BTreeSet::new();
    let mut names: Vec<&[u8]> = Vec::new();
    for entry in index.entries().iter().filter(|entry| is_file_mode(entry.mode)) {
        let name: &[u8] = entry.path(index);
        // Stages of one path lie side by side.
        if names.last() != Some(&name) {
            names.push(name);
        }
    }
    let item = |name: &[u8]| match tracked_path(root, name.as_bstr(), &mut real_directories) {
        Ok(path) => path.map(|path| Item::File { path, name: name.into() }),
        Err(error) => {
            gaps.push(unreadable(&name.as_bstr().to_string(), &error));
            None
        }
    };
    names.into_iter().filter_map(item).collect()
}

/// These files; what is not there will be a gap.
pub(crate) fn named(names: &[BString], root: &Path) -> Vec<Item> {
    let path = |name: &BString| match gix::path::from_byte_slice(name) {
        Ok(path) => root.join(path),
        Err(_) => root.join(name.to_str_lossy().as_ref()),
    };
    names.iter().map(|name| Item::File { path: path(name), name: name.clone() }).collect()
}
