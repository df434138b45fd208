//! The refs of a repository by name, in whatever way they are stored: those of this worktree, and those that all of
//! them share. What cannot be read takes nothing else along.

use std::collections::BTreeMap;
use std::path::Path;

use bstr::{BStr, BString, ByteSlice as _};

use super::files;
use super::format::Storage;
use super::reftable::Stack;

/// What a ref says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Id(gix::ObjectId),
    /// The name of another ref.
    Name(BString),
}

/// What could not be read: the place, and why.
pub(super) type Broken = Vec<(String, String)>;

/// Refs by name.
#[derive(Debug, Default)]
pub(crate) struct Names {
    refs: BTreeMap<BString, Target>,
    pub(super) broken: Broken,
}

/// Where tables lie, below an administrative directory.
pub(super) const TABLES: &str = "reftable";

/// A chain of symbolic refs that is longer is a circle.
const LONGEST_CHAIN: usize = 16;

impl Names {
    pub(super) fn read(git_dir: &Path, common_dir: &Path, storage: Storage, hash: gix::hash::Kind) -> Self {
        let mut names = Names::default();
        // Compared as they are written, one place would be two.
        let same = git_dir.canonicalize().ok() == common_dir.canonicalize().ok();
        names.add(common_dir, storage, hash, |name| same || !is_private(name));
        if !same {
            names.add(git_dir, storage, hash, is_private);
        }
        names
    }

    fn add(
        &mut self,
        directory: &Path,
        storage: Storage,
        hash: gix::hash::Kind,
        wanted: impl Fn(&BStr) -> bool,
    ) {
        let (refs, broken) = of_directory(directory, storage, hash);
        self.refs.extend(refs.into_iter().filter(|(name, _)| wanted(name.as_bstr())));
        self.broken.extend(broken);
    }

    /// Below `refs`, with what they point at, where that is no other ref.
    pub(super) fn direct(&self) -> impl Iterator<Item = (&BString, gix::ObjectId)> {
        self.refs.iter().filter_map(|(name, target)| match target {
            Target::Id(id) if name.starts_with(b"refs/") => Some((name, *id)),
            _ => None,
        })
    }

    /// What HEAD points at; `None` on an unborn branch.
    pub(super) fn head(&self) -> Result<Option<gix::ObjectId>, String> {
        match (self.follow(b"HEAD".as_bstr()), self.broken.first()) {
            (None, Some((place, why))) => Err(format!("{place}: {why}")),
            (found, _) => Ok(found),
        }
    }

    /// What a ref points at that is named as people do, by Git's rule.
    pub(super) fn find(&self, name: &str) -> Option<gix::ObjectId> {
        let name = if name == "@" { "HEAD" } else { name };
        let mut places: Vec<String> = ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"]
            .map(|place| format!("{place}{name}"))
            .into();
        places.push(format!("refs/remotes/{name}/HEAD"));
        places.iter().find_map(|place| self.follow(place.as_bytes().as_bstr()))
    }

    fn follow(&self, name: &BStr) -> Option<gix::ObjectId> {
        let mut name = name;
        for _ in 0..LONGEST_CHAIN {
            match self.refs.get(name)? {
                Target::Id(id) => return Some(*id),
                Target::Name(next) => name = next.as_bstr(),
            }
        }
        None
    }
}

/// The refs that a worktree has for itself, with what they point at.
pub(super) fn private(
    directory: &Path,
    storage: Storage,
    hash: gix::hash::Kind,
) -> (Vec<(BString, gix::ObjectId)>, Broken) {
    let (refs, broken) = of_directory(directory, storage, hash);
    let private = refs.into_iter().filter(|(name, _)| is_private(name.as_bstr()));
    let direct = private.filter_map(|(name, target)| match target {
        Target::Id(id) => Some((name, id)),
        Target::Name(_) => None,
    });
    (direct.collect(), broken)
}

fn of_directory(
    directory: &Path,
    storage: Storage,
    hash: gix::hash::Kind,
) -> (BTreeMap<BString, Target>, Broken) {
    match storage {
        Storage::Files => files::read(directory),
        Storage::Tables => {
            let tables = directory.join(TABLES);
            // Not everything among the worktrees is one.
            if tables.symlink_metadata().is_err() {
                return (BTreeMap::new(), Vec::new());
            }
            let mut stack = Stack::read(&tables, hash);
            let broken = std::mem::take(&mut stack.broken);
            (stack.into_refs(), broken)
        }
    }
}

/// Whether each worktree has a ref of this name for itself.
fn is_private(name: &BStr) -> bool {
    let private: [&[u8]; 3] = [b"refs/bisect/", b"refs/rewritten/", b"refs/worktree/"];
    !name.starts_with(b"refs/") || private.iter().any(|place| name.starts_with(place))
}
