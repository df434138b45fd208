//! The git directory's own files, as a part of the scan of a repository.

use std::path::Path;

use bstr::BString;

use super::Run;
use super::assemble::Assembly;
use super::places::below;
use super::tree::canonical;
use crate::attribution::Attribution;
use crate::git::{Repository, local};
use crate::source::lfs::LargeFiles;
use crate::source::worktree::Item;

impl Run<'_> {
    /// The git directory's own files, once. The repository lies at `prefix`.
    pub(super) fn local(&mut self, repository: &Repository, prefix: &BString, assembly: &mut Assembly) {
        // One of them stands for them all.
        if !self.options.local || !self.seen.insert(repository.common_dir().join("config")) {
            return;
        }
        let files = local::files(repository, self.gaps).into_iter();
        let items: Vec<Item> =
            files.map(|(path, name)| Item::Local { path, name: below(prefix, &name) }).collect();
        let grouping = self.files(&items, None, &LargeFiles::of(None, prefix));
        assembly.add(grouping, &Attribution::default(), None);
    }
}

/// Whether `path` is more than a part of the repository's working tree.
pub(super) fn is_all(repository: &Repository, path: &Path) -> bool {
    let path = canonical(path);
    path.starts_with(canonical(repository.git_dir()))
        || repository.worktree().is_none_or(|top| canonical(top).starts_with(&path))
}
