//! What a pipeline has to know of a checkout before it can say what to scan: which commits are there.

use super::Repository;
use super::commit;
use super::objects::{Kind, Objects};
use super::refs;
use super::revisions::{Selection, revision};
use super::revwalk;
use super::scope::Scope;

impl Repository {
    /// Whether the history ends where it was not fetched.
    pub fn is_shallow(&self) -> bool {
        !refs::shallow(self, &mut Vec::new()).is_empty()
    }

    /// The file that says where a shallow history ends; a whole one has none.
    pub fn shallow_file(&self) -> std::path::PathBuf {
        self.gix.common_dir().join("shallow")
    }

    /// The id of the commit that a name stands for, if it is there.
    pub fn commit(&self, name: &str) -> Option<String> {
        revision(self, name).ok().map(|id| id.to_string())
    }

    /// The parents that a commit names, be they there or not.
    pub fn parents(&self, name: &str) -> Vec<String> {
        let mut parents = Vec::new();
        let (directory, hash) = Objects::place(self);
        if let (Ok(id), Ok(mut objects)) = (revision(self, name), Objects::open(&directory, hash))
            && let Ok(bytes) = objects.read(&id, Kind::Commit)
        {
            commit::links(bytes, |parent| parents.push(parent.to_string()));
        }
        parents
    }

    /// Whether all commits of a scope are there, with their parents.
    pub fn has_all(&self, scope: &Scope) -> bool {
        let (directory, hash) = Objects::place(self);
        let (Ok(selection), Ok(mut objects)) =
            (Selection::resolve(self, scope), Objects::open(&directory, hash))
        else {
            return false;
        };
        let shallow = refs::shallow(self, &mut Vec::new());
        let walked = revwalk::walk(&mut objects, &selection, &|id| shallow.contains(id));
        walked.unread.is_empty() && !walked.commits.iter().any(|commit| commit.border)
    }
}
