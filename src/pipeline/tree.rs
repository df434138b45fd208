//! What a tree holds: its files, its history, and the repositories in it with theirs.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bstr::{BString, ByteSlice as _};

use super::assemble::Assembly;
use super::local::is_all;
use super::{Run, ScanError};
use crate::attribution::Attribution;
use crate::finding::{Gap, GapKind};
use crate::git::{Repository, refs};
use crate::source::Counters;
use crate::source::lfs::LargeFiles;
use crate::source::nested::{self, DEEPEST};
use crate::source::worktree::{self, Ground, Item, Listing, name_below};

/// Where a tree lies, seen from what is scanned.
#[derive(Debug, Default, Clone)]
struct Level {
    /// What names begin with: the path to here, with a slash behind it.
    prefix: BString,
    /// Repositories round this.
    depth: usize,
    /// Directories that may be read.
    bounds: Vec<PathBuf>,
    /// Files further in that the index of an outer repository names, and that were read with it.
    listed: Rc<HashSet<BString>>,
}

impl Level {
    fn inner(&self, directory: &Path, root: &Path) -> Level {
        let mut inner = self.clone();
        inner.prefix.extend_from_slice(&name_below(directory, root));
        inner.prefix.push(b'/');
        inner.depth += 1;
        inner
    }
}

pub(super) fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

impl Run<'_> {
    /// What lies below a directory outside of Git.
    pub(super) fn directory(&mut self, path: &Path, several: bool, assembly: &mut Assembly) {
        let mut prefix = BString::default();
        if several {
            prefix.extend_from_slice(path.as_os_str().as_encoded_bytes());
            prefix.push(b'/');
        }
        let level = Level { prefix, bounds: vec![canonical(path)], ..Level::default() };
        self.plain(path, &level, true, assembly);
    }

    /// The files below `path`, and the whole history.
    pub(super) fn repository(
        &mut self,
        repository: &Repository,
        path: &Path,
        assembly: &mut Assembly,
    ) -> Result<(), ScanError> {
        // Two worktrees share a history, but each has commits of its own to begin with.
        if let Some(scope) = &self.options.scope {
            let is_new = self.seen.insert(repository.git_dir().to_owned());
            return if is_new { self.scope(repository, scope, assembly) } else { Ok(()) };
        }
        if repository.worktree().is_none() && !self.options.history {
            return Err(ScanError::NothingInScope(path.to_owned()));
        }
        let mut bounds: Vec<PathBuf> = repository.worktree().map(canonical).into_iter().collect();
        bounds.push(repository.common_dir());
        self.checkout(repository, path, &Level { bounds, ..Level::default() }, assembly);
        Ok(())
    }

    /// A repository with its working tree, of which the part below `path` is meant.
    fn checkout(&mut self, repository: &Repository, path: &Path, level: &Level, assembly: &mut Assembly) {
        let large = LargeFiles::of(Some(repository), &level.prefix);
        let (mut listing, mut root) = (Listing::default(), PathBuf::new());
        if let Some(top) = repository.worktree().filter(|_| self.options.worktree || self.options.nested) {
            let scope = canonical(path);
            root = canonical(top);
            // A path inside the git directory has no files of its own.
            let scope = if scope.starts_with(canonical(repository.git_dir())) { root.clone() } else { scope };
            let ground = self.ground(&root, level);
            let with_staged = !self.options.history;
            listing =
                worktree::list_repository(repository, ground, &scope, with_staged, self.counters, self.gaps);
            if self.options.worktree {
                listing.items.retain(|item| !level.listed.contains(item.name()));
                let grouping = self.files(&listing.items, Some(repository), &large);
                assembly.add(grouping, &Attribution::default(), None);
            }
        }
        if is_all(repository, path) {
            self.local(repository, &level.prefix, assembly);
        }
        self.past(repository, &level.prefix, &large, assembly);
        self.nested(&root, &listing, level, assembly);
        self.kept(repository, &root, level, assembly);
    }

    /// The whole history, once; and what pointers stand for in any case.
    fn past(
        &mut self,
        repository: &Repository,
        prefix: &BString,
        large: &LargeFiles,
        assembly: &mut Assembly,
    ) {
        if self.options.history && self.seen.insert(repository.common_dir()) {
            let roots = refs::roots(repository, self.gaps);
            if roots.replaced > 0 {
                Counters::add(&self.counters.replaced, roots.replaced as u64);
                tracing::warn!(
                    "replacements (git replace) are not followed: {} in this repository",
                    roots.replaced
                );
            }
            self.history(repository, &roots, prefix, large, assembly);
        } else {
            let grouping = large.scan(self.detector, self.options.jobs, false, self.counters, self.gaps);
            assembly.add(grouping, &Attribution::default(), None);
        }
    }

    /// A tree that is no repository, or none that can be opened.
    fn plain(&mut self, root: &Path, level: &Level, with_files: bool, assembly: &mut Assembly) {
        let mut listing = worktree::list_directory(self.ground(root, level), self.counters, self.gaps);
        if with_files {
            let large = LargeFiles::of(None, &level.prefix);
            listing.items.retain(|item| !level.listed.contains(item.name()));
            let mut grouping = self.files(&listing.items, None, &large);
            grouping.merge(large.scan(self.detector, self.options.jobs, false, self.counters, self.gaps));
            assembly.add(grouping, &Attribution::default(), None);
        }
        self.nested(root, &listing, level, assembly);
    }

    fn ground<'a>(&self, root: &'a Path, level: &'a Level) -> Ground<'a> {
        // Where no more repositories are opened, the rest is one tree.
        let crosses = level.depth > 0 && (!self.options.nested || level.depth > DEEPEST);
        Ground { root, prefix: &level.prefix, honour_ignores: self.options.honour_ignores, crosses }
    }

    /// The repositories in a tree. What cannot be opened is a gap, and its files are those of a mere directory.
    fn nested(&mut self, root: &Path, listing: &Listing, level: &Level, assembly: &mut Assembly) {
        let mut level = level.clone();
        let beyond = beyond(root, listing, &level);
        if !beyond.is_empty() {
            Rc::make_mut(&mut level.listed).extend(beyond);
        }
        for directory in &listing.checkouts {
            let mut inner = level.inner(directory, root);
            match self.open(&directory.join(".git"), &inner) {
                Some(repository) => {
                    inner.bounds.push(repository.common_dir());
                    self.checkout(&repository, directory, &inner, assembly);
                }
                None => self.plain(directory, &inner, self.options.worktree, assembly),
            }
        }
        for directory in &listing.bare {
            let inner = level.inner(directory, root);
            if let Some(repository) = self.open(directory, &inner) {
                self.stored(&repository, Path::new(""), &inner, assembly);
            }
        }
    }

    /// Submodules whose repositories lie in that of what they belong to, where they were not met as checkouts.
    fn kept(&mut self, repository: &Repository, root: &Path, level: &Level, assembly: &mut Assembly) {
        if !self.options.nested || !self.options.history {
            return;
        }
        for (git_dir, name) in nested::kept(repository, self.gaps) {
            let mut inner = level.inner(Path::new(""), Path::new(""));
            inner.prefix = [level.prefix.as_slice(), b".git/modules/", name.as_slice(), b"/"].concat().into();
            let Some(submodule) = self.open(&git_dir, &inner) else { continue };
            let place = nested::stored_at(&submodule, &name, root);
            inner.prefix = [level.prefix.as_slice(), place.as_slice()].concat().into();
            let root = root.join(place.to_path_lossy());
            self.stored(&submodule, &root, &inner, assembly);
        }
    }

    /// A repository without its working tree, which it may name anywhere.
    fn stored(&mut self, repository: &Repository, root: &Path, level: &Level, assembly: &mut Assembly) {
        let large = LargeFiles::of(Some(repository), &level.prefix);
        self.local(repository, &level.prefix, assembly);
        if self.options.history && !self.seen.contains(&repository.common_dir()) {
            self.past(repository, &level.prefix, &large, assembly);
            self.kept(repository, root, level, assembly);
        }
    }

    /// A repository of the tree, by its `.git` or git directory; nothing if none is wanted.
    fn open(&mut self, dot_git: &Path, level: &Level) -> Option<Repository> {
        if !self.options.nested {
            return None;
        }
        let opened = if level.depth > DEEPEST {
            Err((GapKind::TooLarge, format!("repositories are opened {DEEPEST} in one another at most")))
        } else {
            let told = |why| (GapKind::UnreadableFile, format!("its repository cannot be opened: {why}"));
            nested::open(dot_git, &level.bounds).map_err(told)
        };
        let told = |(kind, detail)| {
            let mut place = level.prefix.clone();
            if dot_git.ends_with(".git") {
                place.extend_from_slice(b".git");
            } else {
                place.pop();
            }
            self.gaps.push(Gap { kind, place: place.to_string(), detail });
        };
        opened.map_err(told).ok()
    }

    pub(super) fn files(
        &mut self,
        items: &[Item],
        repository: Option<&Repository>,
        large: &LargeFiles,
    ) -> crate::grouping::Grouping {
        crate::source::Counters::add(&self.counters.total, items.len() as u64);
        let jobs = self.options.jobs;
        worktree::scan(items, repository, large, self.detector, jobs, self.counters, self.gaps)
    }
}

/// Names of the files of a listing that lie in a repository further in.
fn beyond(root: &Path, listing: &Listing, level: &Level) -> Vec<BString> {
    if listing.checkouts.is_empty() {
        return Vec::new();
    }
    let inner: BTreeSet<BString> = listing
        .checkouts
        .iter()
        .map(|directory| [level.prefix.as_slice(), &name_below(directory, root)].concat().into())
        .collect();
    let is_beyond =
        |name: &&BString| name.find_iter(b"/").any(|slash| inner.contains(name[..slash].as_bstr()));
    listing.items.iter().map(Item::name).filter(is_beyond).cloned().collect()
}
