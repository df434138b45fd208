//! What a `.git` leads to: it is the git directory, or a file or link that names one elsewhere.
//!
//! All of it is somebody's text: nothing is opened that could be waited for, and who follows says how far it may lead.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::unsuitable_file;

/// The directories behind a `.git`, without links on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leads {
    /// Where HEAD and the index are.
    pub(crate) git_dir: PathBuf,
    /// Where objects and refs are: a linked worktree shares those of its repository.
    pub(crate) common_dir: PathBuf,
}

/// Longest path in a `.git` or a `commondir`.
const LONGEST: u64 = 8 << 10;

impl Leads {
    /// Follows a `.git`, or takes a bare repository for what it is.
    ///
    /// # Errors
    /// Why it leads nowhere, for a person.
    pub(crate) fn of(dot_git: &Path) -> Result<Self, String> {
        let metadata = dot_git.metadata().map_err(|error| error.to_string())?;
        let git_dir = if metadata.is_file() {
            beside(dot_git).join(read(dot_git, b"gitdir:")?)
        } else {
            dot_git.to_owned()
        };
        let git_dir = directory(&git_dir)?;
        let common_dir = match git_dir.join("commondir") {
            file if file.symlink_metadata().is_err() => git_dir.clone(),
            file => {
                plain(&git_dir)?;
                directory(&git_dir.join(read(&file, b"")?))?
            }
        };
        plain(&git_dir)?;
        plain(&common_dir)?;
        Ok(Leads { git_dir, common_dir })
    }

    /// Whether both lie in one of these directories.
    pub(crate) fn stays_in(&self, bounds: &[PathBuf]) -> bool {
        [&self.git_dir, &self.common_dir]
            .iter()
            .all(|path| bounds.iter().any(|bound| path.starts_with(bound)))
    }

    /// Whether the git directory knows that this `.git` leads to it, as git makes it for linked worktrees. Nobody can
    /// write that into a repository that is not theirs.
    pub(crate) fn lead_back_to(&self, dot_git: &Path) -> bool {
        let file = self.git_dir.join("gitdir");
        let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
        let back = is_file.then(|| read(&file, b"").ok()).flatten();
        let back = back.and_then(|back| self.git_dir.join(back).canonicalize().ok());
        back.is_some() && back == dot_git.canonicalize().ok()
    }
}

fn beside(dot_git: &Path) -> &Path {
    dot_git.parent().unwrap_or(Path::new("."))
}

/// A pipe in such a place would be waited for until somebody writes to it.
fn plain(git_dir: &Path) -> Result<(), String> {
    unsuitable_file(git_dir).map_or(Ok(()), Err)
}

fn directory(path: &Path) -> Result<PathBuf, String> {
    let found = path.canonicalize().map_err(|error| format!("it leads to {}: {error}", path.display()))?;
    if found.is_dir() {
        Ok(found)
    } else {
        Err(format!("it leads to {}, which is no directory", path.display()))
    }
}

/// The path that a file holds, behind a word.
fn read(path: &Path, word: &[u8]) -> Result<PathBuf, String> {
    let mut text = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(LONGEST).read_to_end(&mut text).map_err(|error| error.to_string())?;
    let named = text.strip_prefix(word).ok_or("it names no git directory")?.trim_ascii();
    gix::path::from_byte_slice(named).map(Path::to_owned).map_err(|_| "it names no path".into())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn where_it_leads() {
        let ground = tempfile::tempdir().unwrap();
        let root = ground.path().canonicalize().unwrap();
        let at = |below: &str| root.join(below);
        fs::create_dir_all(at("store/worktrees/w")).unwrap();
        fs::create_dir_all(at("tree")).unwrap();
        fs::write(at("store/worktrees/w/commondir"), "../..\n").unwrap();
        fs::write(at("store/worktrees/w/gitdir"), format!("{}\n", at("tree/.git").display())).unwrap();
        fs::write(at("tree/.git"), "gitdir: ../store/worktrees/w\n").unwrap();
        let leads = Leads::of(&at("tree/.git")).unwrap();
        assert_eq!(leads, Leads { git_dir: at("store/worktrees/w"), common_dir: at("store") });
        assert!(leads.stays_in(&[at("")]) && leads.stays_in(&[at("tree"), at("store")]));
        assert!(!leads.stays_in(&[at("tree")]) && !leads.stays_in(&[at("store/worktrees")]));
        assert!(leads.lead_back_to(&at("tree/.git")) && !leads.lead_back_to(&at("store")));
        for (text, why) in [
            ("gitdir: .git\n", "no directory"),
            ("gitdir: ../nowhere\n", "nowhere"),
            ("nonsense", "names no git directory"),
        ] {
            fs::write(at("tree/.git"), text).unwrap();
            assert!(Leads::of(&at("tree/.git")).unwrap_err().contains(why), "{text}");
        }
    }
}
