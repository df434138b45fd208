//! Names → commits: what a scope means in one repository.

use super::objects::{Kind, Objects, Unread};
use super::scope::{Extent, Scope};
use super::{Repository, commit, error_chain, pushed};

/// Where a walk begins and what it leaves out.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Commits whose history is meant.
    pub(crate) tips: Vec<gix::ObjectId>,
    /// The other side of `A...B`: what both reach is left out.
    pub(crate) opposite: Option<gix::ObjectId>,
    /// Commits whose history is left out.
    pub(crate) hidden: Vec<gix::ObjectId>,
    /// Commits before this second are left out, not their parents.
    pub(crate) since: Option<i64>,
    /// Tags that lead to the tips, if they are meant as well.
    pub(crate) tags: Vec<gix::ObjectId>,
    /// Only so many, the newest.
    pub(crate) most: Option<usize>,
}

/// A name that stands for no commit.
#[derive(Debug, thiserror::Error)]
#[error("{name:?} names no commit of {repository}: {why}{hint}")]
pub struct UnknownRevision {
    name: String,
    repository: String,
    why: String,
    hint: String,
}

impl Selection {
    pub(crate) fn resolve(repository: &Repository, scope: &Scope) -> Result<Self, UnknownRevision> {
        if let Extent::Pushed(push) = &scope.extent {
            return pushed::selection(repository, push);
        }
        let find = |name: &str| revision(repository, name);
        let tip = scope.branch.as_deref().unwrap_or("HEAD");
        let mut selection = Selection { most: scope.most, ..Selection::default() };
        match &scope.extent {
            Extent::Whole => selection.tips.push(find(tip)?),
            Extent::Between(from, to) => {
                selection.hidden.push(find(from)?);
                selection.tips.push(find(to)?);
            }
            Extent::Apart(one, other) => {
                selection.tips.push(find(one)?);
                selection.opposite = Some(find(other)?);
            }
            Extent::Only(name) => {
                let id = find(name)?;
                selection.tips.push(id);
                selection.most = Some(1);
            }
            Extent::After(from) => {
                selection.hidden.push(find(from)?);
                selection.tips.push(find(tip)?);
            }
            Extent::Since(second) => {
                selection.tips.push(find(tip)?);
                selection.since = Some(*second);
            }
            // These are no commits.
            Extent::Staged | Extent::Files | Extent::Pushed(_) => {}
        }
        Ok(selection)
    }
}

/// The commit that a revision names, tags peeled.
pub(crate) fn revision(repository: &Repository, name: &str) -> Result<gix::ObjectId, UnknownRevision> {
    let unknown = |why: String| {
        let hint = if repository.gix.is_shallow().unwrap_or(false) {
            "; this is a shallow clone: `git fetch --unshallow` brings the rest of the history"
        } else {
            "; if it is on a remote, `git fetch` brings it here"
        };
        UnknownRevision {
            name: name.into(),
            repository: repository.git_dir().display().to_string(),
            why,
            hint: hint.into(),
        }
    };
    // `^A` and the like are several commits, or none.
    if name.starts_with(['^', '-']) || ["^!", "^@"].iter().any(|several| name.ends_with(several)) {
        return Err(unknown("it is not the name of one commit".into()));
    }
    let (directories, hash) = Objects::place(repository);
    let mut objects = Objects::open(&directories, hash).map_err(|error| unknown(error.to_string()))?;
    // It may be an object that only a hook is told of.
    if let Ok(id) = gix::ObjectId::from_hex(name.as_bytes()) {
        return peel(&mut objects, id).map_err(unknown);
    }
    if is_special(repository, name) {
        return Err(unknown("it is no file".into()));
    }
    let parse = || {
        let found = repository.gix.rev_parse_single(name).map(gix::Id::detach);
        // gix gives up where one ref is broken, or is not stored in a file: then what stands before `~2` and the like
        // is looked up here.
        found.or_else(|error| {
            let end = name.find(['~', '^', ':', '{']).unwrap_or(name.len());
            let known = repository.names().find(&name[..end]).ok_or(error)?;
            repository.gix.rev_parse_single(format!("{known}{}", &name[end..]).as_str()).map(gix::Id::detach)
        })
    };
    // gix asserts some of what it believes of names.
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(parse));
    let found = outcome.unwrap_or_else(|_| Err(gix::Error::from_error(Nonsense)));
    let id = found.map_err(|error| unknown(error_chain(&error)))?;
    peel(&mut objects, id).map_err(unknown)
}

/// Whether a pipe or the like stands where the ref would be read: it would be waited for until somebody writes to it.
fn is_special(repository: &Repository, name: &str) -> bool {
    let name = name.split(['~', '^', '@', ':']).next().unwrap_or_default();
    let directories = [repository.git_dir(), repository.gix.common_dir()];
    ["", "refs", "refs/tags", "refs/heads", "refs/remotes"].iter().any(|place| {
        let paths = directories.iter().map(|directory| directory.join(place).join(name));
        paths.filter_map(|path| path.metadata().ok()).any(|found| !found.is_file() && !found.is_dir())
    })
}

#[derive(Debug, thiserror::Error)]
#[error("it contradicts itself")]
struct Nonsense;

/// A chain of tags longer than this is no chain that anybody made on purpose.
pub(super) const LONGEST_TAG_CHAIN: usize = 64;

/// The commit that an object is, or that a tag leads to.
pub(super) fn peel(objects: &mut Objects, mut id: gix::ObjectId) -> Result<gix::ObjectId, String> {
    for _ in 0..LONGEST_TAG_CHAIN {
        match objects.read_any(&id) {
            Ok((Kind::Commit, _)) => return Ok(id),
            Ok((Kind::Tag, bytes)) => {
                id = commit::tag_target(bytes).ok_or_else(|| format!("the tag {id} names nothing"))?;
            }
            Ok((kind, _)) => return Err(format!("it is a {kind}")),
            Err(Unread::Missing) => return Err(format!("{id} is not in the repository")),
            Err(Unread::TooLarge(_)) => return Err(format!("{id} is too large")),
            Err(Unread::Corrupt(why)) => return Err(format!("{id} is damaged: {why}")),
        }
    }
    Err("its tags lead in a circle".into())
}
