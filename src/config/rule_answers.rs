//! Rule files that lie in the scanned tree do not say what is sent where.
//!
//! Such a file could name its own host for a kind of credential that it makes up to fit yours. So what it says of `verify`,
//! `revoke` and `rotate` is forgotten, at a reviewed revision, too: by whom it was reviewed is not known. In a pipeline the
//! same holds for files that a flag names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::env::Environment;
use super::trust::{RuleSource, Sources, only_repository};
use crate::git::Repository;
use crate::report::text::visible;
use crate::rules::RuleSet;

/// Forgets it, and says of which files.
pub(super) fn forget(
    rules: &mut RuleSet,
    sources: &Sources,
    paths: &[PathBuf],
    environment: &Environment,
) -> anyhow::Result<Vec<String>> {
    let files = rules.files_with_responses();
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let of_repository: BTreeSet<&str> = sources
        .rules
        .iter()
        .filter_map(|source| match source {
            RuleSource::Repository { file, .. } => Some(file.origin.as_str()),
            RuleSource::Disk(_) => None,
        })
        .collect();
    let mut scanned: Vec<PathBuf> = Vec::new();
    if environment.is_ci() {
        let root = only_repository(paths)?.as_ref().and_then(Repository::worktree).map(Path::to_owned);
        scanned = paths.iter().cloned().chain(root).filter_map(|path| path.canonicalize().ok()).collect();
    }
    let is_scanned = |file: &str| {
        Path::new(file).canonicalize().is_ok_and(|file| scanned.iter().any(|path| file.starts_with(path)))
    };
    let mut told = Vec::new();
    for file in files {
        if of_repository.contains(file.as_str()) || is_scanned(&file) {
            rules.forget_responses(&file);
            told.push(format!(
                "verify, revoke and rotate in {} are ignored: the scanned repository has no say in what is sent where",
                visible(file.as_bytes())
            ));
        }
    }
    Ok(told)
}
