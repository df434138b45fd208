//! Policy that lies in the scanned repository: read from its working tree, or from a revision that was reviewed.
//!
//! The tree's own version is whatever a change under review makes of it; see `docs/configuration.md`. Neither a link nor
//! a pipe is read: who wrote the tree has no say in which file of this machine is opened.

use std::io::Read as _;
use std::path::Path;

use crate::disk;
use crate::git::{Repository, blob, revisions};

/// Longer files are nobody's policy.
pub(super) const LONGEST: u64 = 1 << 20;

/// Which version of a policy file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicySource<'a> {
    /// The file in the working tree; in a bare repository that of HEAD's commit. Not trusted.
    Tree,
    /// The file in the commit that this revision names, whatever the working tree has.
    Revision(&'a str),
}

/// A policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// What it says.
    pub text: String,
    /// The file as messages and reports name it: `muzzle.toml`, or `main:muzzle.toml` of a revision.
    pub origin: String,
}

/// A policy file that is there and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {origin} of {repository}: {why}")]
pub struct PolicyError {
    origin: String,
    repository: String,
    why: String,
}

/// The file `name`, a path from the root of the repository with `/` between parts; `None` if it is not there.
pub fn read(
    repository: &Repository,
    name: &str,
    from: PolicySource<'_>,
) -> Result<Option<PolicyFile>, PolicyError> {
    let (origin, bytes) = match (from, repository.worktree()) {
        (PolicySource::Tree, Some(root)) => (name.to_owned(), of_worktree(root, name)),
        (PolicySource::Tree, None) => (format!("HEAD:{name}"), of_head(repository, name)),
        (PolicySource::Revision(revision), _) => {
            (format!("{revision}:{name}"), of_revision(repository, revision, name))
        }
    };
    let failed = |why: String| PolicyError {
        origin: origin.clone(),
        repository: repository.worktree().unwrap_or(repository.git_dir()).display().to_string(),
        why,
    };
    let Some(bytes) = bytes.map_err(&failed)? else { return Ok(None) };
    if bytes.len() as u64 > LONGEST {
        return Err(failed(format!("it is longer than {} KiB", LONGEST >> 10)));
    }
    let text = String::from_utf8(bytes).map_err(|_| failed("it is not UTF-8".into()))?;
    Ok(Some(PolicyFile { text, origin }))
}

fn of_revision(repository: &Repository, revision: &str, name: &str) -> blob::Outcome {
    let commit = revisions::revision(repository, revision).map_err(|error| error.to_string())?;
    blob::file_of(repository, commit, name)
}

fn of_head(repository: &Repository, name: &str) -> blob::Outcome {
    match blob::head(repository)? {
        Some(commit) => blob::file_of(repository, commit, name),
        None => Ok(None),
    }
}

fn of_worktree(root: &Path, name: &str) -> blob::Outcome {
    let mut path = root.to_owned();
    for part in name.split('/') {
        if matches!(part, "" | "." | "..") || part.contains(['\\', ':']) {
            return Err("it does not lie in the working tree".into());
        }
        path.push(part);
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_symlink() => return Err("a symbolic link is not followed".into()),
            Ok(_) => {}
            Err(error) if disk::is_absent(&error) => return Ok(None),
            Err(error) => return Err(error.to_string()),
        }
    }
    if !path.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Err("it is no plain file".into());
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&path).map_err(|error| error.to_string())?;
    // The file may grow while it is read.
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(Some(bytes))
}
