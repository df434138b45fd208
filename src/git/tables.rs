//! The refs of a repository that keeps them in tables: those of this worktree, and those that all of them share.

use std::collections::BTreeMap;
use std::path::Path;

use bstr::{BStr, BString, ByteSlice as _};

use super::reftable::{Stack, Target};

/// Refs by name.
#[derive(Debug)]
pub(crate) struct Tables {
    refs: BTreeMap<BString, Target>,
    /// Why some may be missing.
    broken: Option<String>,
}

/// Where tables lie, below an administrative directory.
pub(super) const DIRECTORY: &str = "reftable";

/// A chain of symbolic refs that is longer is a circle.
const LONGEST_CHAIN: usize = 16;

impl Tables {
    pub(super) fn read(git_dir: &Path, common_dir: &Path, hash: gix::hash::Kind) -> Self {
        let shared = Stack::read(&common_dir.join(DIRECTORY), hash);
        let own = (git_dir != common_dir).then(|| Stack::read(&git_dir.join(DIRECTORY), hash));
        let clone = |(name, target): (&BString, &Target)| (name.clone(), target.clone());
        let of_all = shared.refs().filter(|(name, _)| own.is_none() || !is_private(name.as_bstr()));
        let mut refs: BTreeMap<_, _> = of_all.map(clone).collect();
        refs.extend(own.iter().flat_map(Stack::refs).map(clone));
        let mut broken = own.iter().chain([&shared]).flat_map(|stack| &stack.broken);
        let broken = broken.next().map(|(path, why)| format!("{path}: {why}"));
        Tables { refs, broken }
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
        match (self.follow(b"HEAD".as_bstr()), &self.broken) {
            (None, Some(why)) => Err(why.clone()),
            (found, _) => Ok(found),
        }
    }

    /// What a ref points at that is named as people do, by Git's rule.
    pub(super) fn find(&self, name: &str) -> Option<gix::ObjectId> {
        let name = if name == "@" { "HEAD" } else { name };
        let mut places = ["", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"]
            .map(|place| format!("{place}{name}"))
            .to_vec();
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

/// Whether each worktree has a ref of this name for itself.
pub(super) fn is_private(name: &BStr) -> bool {
    let private: [&[u8]; 3] = [b"refs/bisect/", b"refs/rewritten/", b"refs/worktree/"];
    !name.starts_with(b"refs/") || private.iter().any(|place| name.starts_with(place))
}
