//! Where Git looks for hooks. Git itself is asked: it is Git that will run them.

use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

/// A directory of hooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where.
    pub directory: PathBuf,
    /// What to know about it.
    pub notes: Vec<String>,
}

/// Why there is no such directory.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Git cannot be run.
    #[error("cannot run git, which knows where its hooks are: {0}")]
    NoGit(std::io::Error),
    /// There is no repository.
    #[error("there is no Git repository here: {0}")]
    NoRepository(String),
    /// The place belongs to all repositories.
    #[error(
        "core.hooksPath of your {scope} configuration leads every repository to {path}. To install there, for all of \
         them: `--global`. To have hooks of this repository alone: `git config core.hooksPath {own}`, and again"
    )]
    Shared {
        /// `global` or `system`.
        scope: String,
        /// Where.
        path: String,
        /// Where hooks are of a repository for which nothing is set.
        own: &'static str,
    },
    /// The place belongs to husky.
    #[error(
        "husky keeps the hooks of this repository, and writes {0} anew. Add the line `muzzle hook run NAME -- \"$@\"` to \
         .husky/NAME instead; docs/git-hooks.md shows how"
    )]
    Husky(PathBuf),
    /// Nobody said where.
    #[error(
        "core.hooksPath is not set in your global configuration: name a directory, as in --global=$HOME/.config/git/hooks"
    )]
    NoGlobal,
}

/// That of the repository round the current directory.
pub fn local() -> Result<Place, Error> {
    let asked = git(&["rev-parse", "--path-format=absolute", "--git-path", "hooks"])?;
    let directory = asked.map(PathBuf::from).map_err(Error::NoRepository)?;
    let mut notes = Vec::new();
    if let Ok(set) = git(&["config", "--show-scope", "--get", "core.hooksPath"])? {
        let (scope, path) = set.split_once('\t').unwrap_or(("local", &set));
        if matches!(scope, "global" | "system") {
            let is_bare = git(&["rev-parse", "--is-bare-repository"])?.is_ok_and(|answer| answer == "true");
            let own = if is_bare { "hooks" } else { ".git/hooks" };
            return Err(Error::Shared { scope: scope.into(), path: path.into(), own });
        }
        if directory.components().any(|part| part == Component::Normal(".husky".as_ref())) {
            return Err(Error::Husky(directory));
        }
        notes.push(format!("core.hooksPath of this repository leads to {}", directory.display()));
    }
    Ok(Place { directory, notes })
}

/// The one that the user names, or that of the user's configuration. The configuration is not changed: that would turn
/// off the hooks of all repositories.
pub fn global(named: Option<&Path>) -> Result<Place, Error> {
    let set = git(&["config", "--global", "--type=path", "--get", "core.hooksPath"])?.ok().map(PathBuf::from);
    let directory = named.map(Path::to_owned).or_else(|| set.clone()).ok_or(Error::NoGlobal)?;
    let directory = std::path::absolute(&directory).unwrap_or(directory);
    let same = |set: &PathBuf| {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        real(set) == real(&directory)
    };
    let shown = directory.display();
    let notes = if set.as_ref().is_some_and(same) {
        vec![format!(
            "Git runs the hooks of {shown} in all repositories but those that set core.hooksPath themselves; \
             before its own work, a hook of muzzle there calls the one in the repository's hooks directory"
        )]
    } else {
        vec![format!(
            "Git does not look there yet: `git config --global core.hooksPath {shown}` makes it. From then on it runs no \
             other hooks in any repository, but for those that muzzle's hooks call: the ones of the same name in the \
             repository's hooks directory"
        )]
    };
    Ok(Place { directory, notes })
}

/// What git says without the last line break; what it complains of, if it fails.
fn git(arguments: &[&str]) -> Result<Result<String, String>, Error> {
    let output = Command::new("git").args(arguments).stdin(Stdio::null()).output().map_err(Error::NoGit)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\n').to_owned();
    Ok(if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) })
}
