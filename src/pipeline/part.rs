//! The index alone, or some files of the working tree: what a commit hook asks for.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::Ordering;

use bstr::BString;

use super::assemble::Assembly;
use super::{Run, ScanError, Target};
use crate::attribution::Attribution;
use crate::git::Repository;
use crate::git::environment::Environment;
use crate::git::scope::{Extent, Scope};
use crate::source::lfs::LargeFiles;
use crate::source::worktree::name_below;
use crate::source::{Counters, staged, tracked};

/// What is staged, without a scan of it.
#[derive(Debug, Default)]
pub struct Staging {
    /// Paths of files that a commit would add or change, be it their mode alone.
    pub changed: BTreeSet<BString>,
    /// How many files are tracked.
    pub tracked: usize,
    /// A merge is under way.
    pub is_merge: bool,
}

/// Looks at the index of the repository round the current directory.
pub fn staging(environment: &Environment) -> Result<Staging, ScanError> {
    let here = Path::new(".");
    let none = || ScanError::NoIndex(".".into(), "the hook".into());
    let repository = Repository::hooked(here, environment)?.ok_or_else(none)?;
    let unreadable = |why| ScanError::Index { repository: repository.git_dir().to_owned(), why };
    let Some(index) = repository.index().map_err(|gap| unreadable(gap.detail))? else {
        return Ok(Staging::default());
    };
    let failed = |source| ScanError::Objects { repository: repository.git_dir().to_owned(), source };
    // What cannot be read is told by the scan.
    let changed = staged::paths(&repository, &index, &mut Vec::new()).map_err(failed)?;
    let is_merge = repository.merge_heads().is_ok_and(|heads| !heads.is_empty());
    Ok(Staging { changed, tracked: tracked::count(&index), is_merge })
}

impl Run<'_> {
    /// One repository, limited to the targets.
    pub(super) fn part(&mut self, scope: &Scope, assembly: &mut Assembly) -> Result<(), ScanError> {
        let targets: Vec<&Path> = self
            .options
            .targets
            .iter()
            .map(Target::path)
            .collect::<Option<_>>()
            .ok_or_else(|| ScanError::NoIndex("-".into(), scope.text.clone()))?;
        let first = targets.first().copied().unwrap_or(Path::new("."));
        let repository = Repository::hooked(existing(first), &scope.environment)?
            .ok_or_else(|| ScanError::NoIndex(first.display().to_string(), scope.text.clone()))?;
        let names = names(&repository, &targets)?;
        match scope.extent {
            Extent::Files => self.tracked(&repository, &names, assembly)?,
            _ => self.staged(&repository, &names, scope, assembly)?,
        }
        let Counters { blobs, files, .. } = self.counters;
        if blobs.load(Ordering::Relaxed) + files.load(Ordering::Relaxed) == 0 && self.gaps.is_empty() {
            let why = match scope.extent {
                Extent::Files => "no such file is tracked",
                _ => "nothing is staged that adds or changes a file",
            };
            tracing::warn!("nothing was in scope: {why}");
        }
        Ok(())
    }

    fn staged(
        &mut self,
        repository: &Repository,
        names: &[BString],
        scope: &Scope,
        assembly: &mut Assembly,
    ) -> Result<(), ScanError> {
        let unreadable = |why: String| ScanError::Index { repository: repository.git_dir().to_owned(), why };
        let index = repository.index().map_err(|gap| unreadable(format!("{}: {}", gap.place, gap.detail)))?;
        let Some(index) = index else {
            return match repository.worktree() {
                // Nothing was ever added.
                Some(_) => Ok(()),
                None => {
                    Err(ScanError::NoIndex(repository.git_dir().display().to_string(), scope.text.clone()))
                }
            };
        };
        let jobs = self.options.jobs;
        let introduced =
            staged::scan(repository, &index, names, self.detector, jobs, self.counters, self.gaps);
        let failed = |source| ScanError::Objects { repository: repository.git_dir().to_owned(), source };
        assembly.add_introduced(introduced.map_err(failed)?);
        Ok(())
    }

    fn tracked(
        &mut self,
        repository: &Repository,
        names: &[BString],
        assembly: &mut Assembly,
    ) -> Result<(), ScanError> {
        let bare = || ScanError::NothingInScope(repository.git_dir().to_owned());
        let root = repository.worktree().ok_or_else(bare)?;
        let items = if names.is_empty() {
            let unreadable = |why| ScanError::Index { repository: repository.git_dir().to_owned(), why };
            let index = repository.index().map_err(|gap| unreadable(gap.detail))?;
            index.map(|index| tracked::all(&index, root, self.gaps)).unwrap_or_default()
        } else {
            tracked::named(names, root)
        };
        let large = LargeFiles::of(Some(repository), b"");
        let mut grouping = self.files(&items, Some(repository), &large);
        grouping.merge(large.scan(self.detector, self.options.jobs, false, self.counters, self.gaps));
        assembly.add(grouping, &Attribution::default(), None);
        Ok(())
    }
}

impl Target {
    fn path(&self) -> Option<&Path> {
        match self {
            Target::Path(path) => Some(path),
            Target::Stdin => None,
        }
    }
}

/// Targets as paths in the repository. The root, or the current directory alone, is no limit.
fn names(repository: &Repository, targets: &[&Path]) -> Result<Vec<BString>, ScanError> {
    if targets.iter().all(|path| *path == Path::new(".")) {
        return Ok(Vec::new());
    }
    let Some(root) = repository.worktree() else { return Ok(Vec::new()) };
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let mut names = Vec::with_capacity(targets.len());
    for target in targets {
        let path = resolved(target);
        if !path.starts_with(&root) {
            return Err(ScanError::Outside { path: (*target).to_owned(), root });
        }
        names.push(BString::from(name_below(&path, &root)));
    }
    Ok(if names.iter().any(|name| name.is_empty()) { Vec::new() } else { names })
}

/// The path itself, or what of it is there: what is staged need not be in the working tree.
fn existing(path: &Path) -> &Path {
    let mut parts = path.ancestors().filter(|part| !part.as_os_str().is_empty());
    parts.find(|part| part.exists()).unwrap_or(Path::new("."))
}

/// Absolute, without links on the way; a link at its end stays, because it is what is meant.
fn resolved(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut rest: Vec<OsString> = Vec::new();
    let mut directory = absolute.clone();
    if matches!(directory.components().next_back(), Some(Component::Normal(_))) && !path.ends_with("..") {
        rest.extend(directory.file_name().map(ToOwned::to_owned));
        directory.pop();
    }
    loop {
        if let Ok(mut whole) = directory.canonicalize() {
            whole.extend(rest.into_iter().rev());
            return whole;
        }
        match directory.file_name().map(ToOwned::to_owned) {
            Some(name) => rest.push(name),
            None => return absolute,
        }
        directory.pop();
    }
}
