//! The git directory's own files: what Git, hooks and people write there beside objects, refs and indexes. No clone
//! carries them.

use std::path::{Path, PathBuf};

use bstr::BString;

use super::{Repository, refs};
use crate::finding::{GIT_DIRECTORY, Gap, GapKind};

/// Directories that are listed with all that is below them. Others hold objects, refs, other repositories, or what
/// other programs keep there.
const DIRECTORIES: [&str; 7] =
    ["hooks", "info", "logs", "rebase-apply", "rebase-merge", "rr-cache", "sequencer"];

/// Files that hold nothing but ids and the names of files and refs.
const LISTS: [&str; 4] = ["index", "packed-refs", "sharedindex", "shallow"];

/// Deeper than refs, and so than reflogs, can be.
const DEEPEST: usize = 64;

/// All of them, those of linked worktrees included, with their names in reports: `.git/` and the path below the git
/// directory that the worktrees share.
pub(crate) fn files(repository: &Repository, gaps: &mut Vec<Gap>) -> Vec<(PathBuf, BString)> {
    let common = repository.gix.common_dir();
    let mut files = Vec::new();
    for directory in refs::administrative_directories(repository, gaps) {
        list(&directory, 0, &is_listed, &mut files, gaps);
    }
    files.sort();
    files.dedup();
    files.into_iter().map(|path| (name(&path, common), path)).map(|(name, path)| (path, name)).collect()
}

/// Where a file of this name lies.
pub(crate) fn place(repository: &Repository, name: &[u8]) -> Option<PathBuf> {
    let below = gix::path::from_byte_slice(name.strip_prefix(GIT_DIRECTORY)?).ok()?;
    let is_below = below.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    is_below.then(|| repository.gix.common_dir().join(below))
}

fn name(path: &Path, common: &Path) -> BString {
    let below = path.strip_prefix(common).unwrap_or(path);
    let text = gix::path::into_bstr(below);
    let text = text.unwrap_or_else(|_| BString::from(below.to_string_lossy().as_bytes()).into());
    let below = gix::path::to_unix_separators_on_windows(text);
    [GIT_DIRECTORY, &below].concat().into()
}

/// Whether an entry at the top of a git directory is one of its own files, or a directory of them.
fn is_listed(name: &[u8], is_directory: bool) -> bool {
    if is_directory {
        return DIRECTORIES.iter().any(|own| own.as_bytes() == name);
    }
    let stem = name.split(|byte| *byte == b'.').next().unwrap_or_default();
    !LISTS.iter().any(|list| list.as_bytes() == stem)
}

fn list(
    directory: &Path,
    depth: usize,
    is_listed: &dyn Fn(&[u8], bool) -> bool,
    files: &mut Vec<PathBuf>,
    gaps: &mut Vec<Gap>,
) {
    let mut unreadable = |path: &Path, detail: String| {
        let place = path.display().to_string();
        gaps.push(Gap { kind: GapKind::UnreadableFile, place, detail });
    };
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) => return unreadable(directory, error.to_string()),
    };
    let mut below = Vec::new();
    for entry in entries {
        match entry.and_then(|entry| Ok((entry.file_type()?, entry))) {
            Ok((kind, entry)) => {
                let name = entry.file_name();
                let name = name.as_encoded_bytes();
                if !is_listed(name, kind.is_dir()) {
                } else if kind.is_dir() {
                    below.push(entry.path());
                } else if !(depth > 0 && directory.ends_with("hooks") && name.ends_with(b".sample")) {
                    files.push(entry.path());
                }
            }
            Err(error) => unreadable(directory, error.to_string()),
        }
    }
    for directory in below {
        if depth < DEEPEST {
            list(&directory, depth + 1, &|_, _| true, files, gaps);
        } else {
            let place = directory.display().to_string();
            let detail = format!("what lies more than {DEEPEST} directories deep is not read");
            gaps.push(Gap { kind: GapKind::TooLarge, place, detail });
        }
    }
}
