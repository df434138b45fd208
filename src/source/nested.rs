//! Repositories inside of a tree: what is taken for one, and which of them may be opened.
//!
//! Whoever wrote the tree wrote these as well. One is opened if it lies in what is scanned, or if it says itself that
//! its working tree is here; a `.git` that leads elsewhere could name any repository of the machine.

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use bstr::{BStr, BString};

use super::worktree::name_below;
use crate::disk;
use crate::finding::Gap;
use crate::git::link::Leads;
use crate::git::{OpenError, Repository, entries, is_git_dir};

/// Repositories in one another that are opened.
pub(crate) const DEEPEST: usize = 16;
/// Directories in `modules` that are looked through, one in another: names of submodules have slashes.
const DEEPEST_MODULE: usize = 32;

/// What a directory holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A working tree: there is a `.git`, whatever it is.
    Checkout,
    /// It is a git directory itself.
    Bare,
}

/// What kind of repository a directory is, if it is one. What cannot be looked at is told when it is opened; in a
/// directory that is closed to us nothing else can be read either.
pub(crate) fn kind(directory: &Path) -> Option<Kind> {
    match disk::look_at_link(&directory.join(".git")) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => None,
        Ok(Some(_)) | Err(_) => Some(Kind::Checkout),
        Ok(None) => is_git_dir(directory).unwrap_or(true).then_some(Kind::Bare),
    }
}

/// Opens a repository of the tree by its `.git` or git directory.
///
/// # Errors
/// Why it cannot be opened, or must not, for a person.
pub(crate) fn open(dot_git: &Path, bounds: &[PathBuf]) -> Result<Repository, String> {
    let leads = Leads::of(dot_git)?;
    let told = |error: OpenError| {
        let OpenError::Broken { why, .. } = error;
        why
    };
    if !leads.stays_in(bounds) && !leads.lead_back_to(dot_git) {
        let to = leads.git_dir.display();
        return Err(format!("it leads to {to}, out of what is scanned: scan that by its own name"));
    }
    Repository::open(dot_git).map_err(told)
}

/// The git directories of submodules that a repository keeps, be they checked out or not, with their names.
pub(crate) fn kept(repository: &Repository, gaps: &mut Vec<Gap>) -> Vec<(PathBuf, BString)> {
    let common = repository.common_dir();
    let mut stack = vec![(common.join("modules"), BString::default(), 0)];
    let worktrees = entries(&common.join("worktrees"), gaps);
    stack.extend(worktrees.iter().map(|path| (path.join("modules"), BString::default(), 0)));
    let mut found = Vec::new();
    while let Some((directory, name, depth)) = stack.pop() {
        for path in entries(&directory, gaps) {
            // What cannot be looked at is told when it is opened.
            let is_directory = path.symlink_metadata().map_or(true, |metadata| metadata.is_dir());
            if depth == DEEPEST_MODULE || !is_directory {
                continue;
            }
            let mut name = name.clone();
            if !name.is_empty() {
                name.push(b'/');
            }
            name.extend_from_slice(path.file_name().unwrap_or_default().as_encoded_bytes());
            // One without a HEAD or without objects is broken, not a part of a name.
            let is_there = |part: &&str| disk::look(&path.join(part)).map_or(true, |found| found.is_some());
            if ["HEAD", "objects"].iter().any(is_there) {
                found.push((path, name));
            } else {
                stack.push((path, name, depth + 1));
            }
        }
    }
    found.sort();
    found
}

/// What paths begin with in a submodule that the repository at `root` keeps: where it was checked out, by its own word,
/// or else where it is kept.
pub(crate) fn stored_at(submodule: &Repository, name: &BString, root: &Path) -> BString {
    let place =
        place_of(submodule, root).unwrap_or_else(|| [b".git/modules/", name.as_slice()].concat().into());
    [place.as_slice(), b"/"].concat().into()
}

fn place_of(submodule: &Repository, root: &Path) -> Option<BString> {
    let named = submodule.named_worktree()?;
    let mut path = submodule.git_dir().canonicalize().ok()?;
    // What is not there any more has no links to resolve.
    for part in named.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(path.pop()),
            part => path.push(part),
        }
    }
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let is_below = path.starts_with(&root) && !root.as_os_str().is_empty();
    let below = is_below.then(|| BString::from(name_below(&path, &root)));
    below.filter(|name| !name.is_empty())
}

/// The repositories that may hold what a report tells at `name`, a path in the tree at `root`, and where they lie: those
/// on the way, and the submodules that these keep.
pub(crate) fn holders(root: &Path, outer: Option<&Repository>, name: &BStr) -> Vec<(Repository, BString)> {
    let mut bounds: Vec<PathBuf> = root.canonicalize().into_iter().collect();
    bounds.extend(outer.map(Repository::common_dir));
    let mut found: Vec<_> =
        outer.into_iter().flat_map(|outer| submodules(outer, root, b"", &bounds)).collect();
    let mut directory = root.to_owned();
    for part in name.split(|b| *b == b'/') {
        let Ok(part) = gix::path::from_byte_slice(part) else { break };
        let is_plain = matches!(part.components().collect::<Vec<_>>()[..], [Component::Normal(_)]);
        directory.push(part);
        if !is_plain || !directory.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
            break;
        }
        let dot_git = match kind(&directory) {
            Some(Kind::Checkout) => directory.join(".git"),
            Some(Kind::Bare) => directory.clone(),
            None => continue,
        };
        if let Ok(repository) = open(&dot_git, &bounds) {
            let prefix = [&name_below(&directory, root), b"/".as_slice()].concat();
            bounds.push(repository.common_dir());
            found.extend(submodules(&repository, &directory, &prefix, &bounds));
            found.push((repository, prefix.into()));
        }
    }
    found
}

/// The submodules that a repository at `prefix` keeps, and theirs.
fn submodules(
    repository: &Repository,
    root: &Path,
    prefix: &[u8],
    bounds: &[PathBuf],
) -> Vec<(Repository, BString)> {
    let (mut found, mut level) = (Vec::new(), kept(repository, &mut Vec::new()));
    for _ in 0..DEEPEST {
        let opened: Vec<_> =
            level.iter().filter_map(|(path, name)| Some((open(path, bounds).ok()?, name))).collect();
        let inner = opened.iter().flat_map(|(submodule, _)| kept(submodule, &mut Vec::new())).collect();
        found.extend(opened.into_iter().map(|(submodule, name)| {
            let place = stored_at(&submodule, name, root);
            (submodule, [prefix, &place].concat().into())
        }));
        level = inner;
    }
    found
}
