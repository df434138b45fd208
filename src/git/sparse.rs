//! Directories of a sparse index: one entry stands for all files below.

use bstr::BString;

use super::Repository;
use super::changes::{Paths, Trees};
use super::objects::Objects;
use crate::finding::{Gap, GapKind};

/// The blobs below all such directories, with their paths.
pub(crate) fn files(
    repository: &Repository,
    index: &gix::index::File,
    gaps: &mut Vec<Gap>,
) -> Vec<(BString, gix::ObjectId)> {
    let mut directories = index.entries().iter().filter(|entry| entry.mode.is_sparse()).peekable();
    if directories.peek().is_none() {
        return Vec::new();
    }
    let (places, hash) = Objects::place(repository);
    let mut objects = match Objects::open(&places, hash) {
        Ok(objects) => objects,
        Err(error) => {
            let place = repository.git_dir().display().to_string();
            gaps.push(Gap { kind: GapKind::UnreadableFile, place, detail: error.to_string() });
            return Vec::new();
        }
    };
    let mut trees = Trees::new(&mut objects, hash);
    let mut files = Vec::new();
    for entry in directories {
        let mut paths = Paths::default();
        for added in trees.added(entry.id, &[], &mut paths) {
            // The path of such a directory ends with a slash.
            let mut name = entry.path(index).to_owned();
            name.extend_from_slice(&paths.text(added.path));
            files.push((name, added.blob));
        }
    }
    gaps.append(&mut trees.gaps);
    files
}
