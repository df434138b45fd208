//! Opening repositories and reading what they hold. Besides `source` and `attribution`, the only place that knows gix.
//!
//! Objects are read straight from packs and loose files; attributes, filters, replace refs and grafts have no say,
//! and nothing in the repository's configuration is ever run.

use std::path::{Path, PathBuf};

use crate::finding::ObjectName;

pub(crate) mod commit;
pub(crate) mod delta;
pub(crate) mod inflate;
pub(crate) mod loose;
pub(crate) mod pack;
pub(crate) mod refs;
pub(crate) mod store;
pub(crate) mod tree;
pub(crate) mod walk;

/// A repository that can be scanned.
pub struct Repository {
    pub(crate) gix: gix::Repository,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Repository({})", self.gix.git_dir().display())
    }
}

/// Why a path cannot be opened as a repository.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Something that looks like a repository, and is broken or of an unknown kind.
    #[error("cannot open the Git repository at {path}: {why}")]
    Broken {
        /// Where.
        path: PathBuf,
        /// What gix says, innermost cause included.
        why: String,
    },
}

impl Repository {
    /// The repository that `path` is, or lies in; `None` outside Git.
    pub fn discover(path: &Path) -> Result<Option<Self>, OpenError> {
        // A link into a repository belongs to where it leads.
        let absolute =
            path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned());
        let start =
            if absolute.is_dir() { absolute.as_path() } else { absolute.parent().unwrap_or(&absolute) };
        // A `.git` that is no repository must be an error, not a reason to look further up.
        let Some(candidate) = start.ancestors().find_map(repository_at) else { return Ok(None) };
        let broken = |why: String| OpenError::Broken { path: candidate.clone(), why };
        // Isolated: no configuration of the user or the system, nothing from the environment. Trust is not asked
        // for, because nothing that the configuration names is run.
        let options = gix::open::Options::isolated()
            .open_path_as_is(true)
            .with(gix::sec::Trust::Full)
            .bail_if_untrusted(false);
        let gix = gix::open_opts(&candidate, options).map_err(|e| broken(error_chain(&e)))?;
        Ok(Some(Repository { gix }))
    }

    /// The `.git` directory.
    pub fn git_dir(&self) -> &Path {
        self.gix.git_dir()
    }

    /// The working tree, unless the repository is bare.
    pub fn worktree(&self) -> Option<&Path> {
        self.gix.workdir()
    }

    pub(crate) fn hash(&self) -> gix::hash::Kind {
        self.gix.object_hash()
    }
}

/// The git directory that `directory` is or holds.
fn repository_at(directory: &Path) -> Option<PathBuf> {
    let dot_git = directory.join(".git");
    if dot_git.symlink_metadata().is_ok() {
        return Some(dot_git);
    }
    let is_git_dir = directory.join("HEAD").is_file()
        && directory.join("objects").is_dir()
        && directory.join("refs").exists();
    is_git_dir.then(|| directory.to_owned())
}

/// An error and its causes, in one line.
pub(crate) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

pub(crate) fn object_name(id: &gix::oid) -> ObjectName {
    ObjectName::from_bytes(id.as_bytes()).expect("Git ids have 20 or 32 bytes")
}
