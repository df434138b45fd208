//! The hook of the pre-commit framework, in each of its modes.
//!
//! The framework does not say which mode it is in; it is told by the environment, by the files that are named, and by
//! what is staged. Where that leaves a doubt, more is scanned.

use std::path::{Path, PathBuf};

use super::local::scoped;
use crate::cli::ScanArgs;
use crate::git::environment::Environment;
use crate::git::scope::{Extent, KnownRefs, Push, Scope};
use crate::pipeline::{Staging, staging};

/// Scans what the framework was asked for.
pub(super) fn run(mut args: ScanArgs, files: &[PathBuf]) -> anyhow::Result<u8> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (from, to) = (variable("PRE_COMMIT_FROM_REF"), variable("PRE_COMMIT_TO_REF"));
    let environment = Environment::of_process();
    // A push says what it pushes even if the framework takes it for `--all-files`, as it does with a first one.
    if let Some(name) = variable("PRE_COMMIT_REMOTE_NAME")
        && let Some(tip) = to.clone().or_else(|| variable("PRE_COMMIT_LOCAL_BRANCH"))
    {
        let url = variable("PRE_COMMIT_REMOTE_URL").unwrap_or_default();
        let known = from.into_iter().collect();
        let push = Push { tips: vec![tip], known, refs: KnownRefs::OfRemote { name, url } };
        return scoped(&args, Scope::of(Extent::Pushed(push), "pre-push", environment));
    }
    if let (Some(from), Some(to)) = (from, to) {
        let text = format!("--range {from}..{to}");
        return scoped(&args, Scope::of(Extent::Between(from, to), &text, environment));
    }
    let staging = staging(&environment)?;
    let is_commit = is_commit(files, &staging, &environment);
    let scope = if is_commit {
        Scope::staged(environment)
    } else {
        Scope::of(Extent::Files, "files of the working tree", environment)
    };
    // In a merge only those are named that had conflicts, and others may have been changed beside them.
    if !(files.is_empty() || is_commit && staging.is_merge) {
        args.paths = files.to_vec();
    }
    scoped(&args, scope)
}

/// Whether what is staged is meant, and not the files as they are.
fn is_commit(files: &[PathBuf], staging: &Staging, environment: &Environment) -> bool {
    let all_staged = || files.iter().all(|file| staging.changed.contains(&name(file)));
    if environment.index_file.is_some() {
        // Git says so while it commits; but a hook of somebody's may ask for `--all-files`.
        return staging.is_merge || all_staged();
    }
    // If all files of the repository are staged and named, it may as well be `--all-files`.
    !staging.changed.is_empty() && all_staged() && files.len() < staging.tracked
}

/// As the index has it. The framework runs at the top of the working tree.
fn name(path: &Path) -> bstr::BString {
    let path = path.strip_prefix(".").unwrap_or(path);
    path.as_os_str().as_encoded_bytes().into()
}
