//! What Git tells the hooks that it starts: where the repository, its index and its objects are.

use std::ffi::OsString;
use std::path::PathBuf;

/// Places that replace those which a repository would have by itself. They come from Git or from the user, never from
/// the repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// `GIT_DIR`: the repository.
    pub git_dir: Option<PathBuf>,
    /// `GIT_WORK_TREE`: its working tree.
    pub work_tree: Option<PathBuf>,
    /// `GIT_INDEX_FILE`: the index; relative to the working tree.
    pub index_file: Option<PathBuf>,
    /// `GIT_OBJECT_DIRECTORY` and `GIT_ALTERNATE_OBJECT_DIRECTORIES`: more objects, such as those of a push that is not
    /// accepted yet.
    pub objects: Vec<PathBuf>,
    /// `GITHEAD_…`: ids of what is being merged, before `MERGE_HEAD` says so.
    pub merged: Vec<String>,
}

impl Environment {
    /// That of this process.
    pub fn of_process() -> Self {
        let mut environment = Environment::read(|name| std::env::var_os(name));
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        environment.merged =
            names.filter_map(|name| name.strip_prefix("GITHEAD_").map(ToOwned::to_owned)).collect();
        environment.merged.sort();
        environment
    }

    fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let path = |name: &str| variable(name).map(PathBuf::from);
        let alternates = variable("GIT_ALTERNATE_OBJECT_DIRECTORIES").unwrap_or_default();
        let quarantine = path("GIT_QUARANTINE_PATH");
        let objects = path("GIT_OBJECT_DIRECTORY").into_iter().chain(quarantine);
        let mut objects: Vec<PathBuf> = objects.chain(std::env::split_paths(&alternates)).collect();
        let mut seen = std::collections::BTreeSet::new();
        // What is not there holds nothing; if something was meant to be in it, it will be missed.
        objects.retain(|directory| directory.is_dir() && seen.insert(directory.clone()));
        Environment {
            git_dir: path("GIT_DIR"),
            work_tree: path("GIT_WORK_TREE"),
            index_file: path("GIT_INDEX_FILE"),
            objects,
            merged: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_variables_are_none() {
        assert_eq!(Environment::read(|_| None), Environment::default());
        assert_eq!(Environment::read(|_| Some("".into())), Environment::default());
    }

    #[test]
    fn objects_are_named_once_and_exist() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let read = Environment::read(|name| match name {
            "GIT_OBJECT_DIRECTORY" | "GIT_QUARANTINE_PATH" => Some(path.into()),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES" => {
                Some(std::env::join_paths([path.join("missing"), path.to_owned()]).unwrap())
            }
            "GIT_INDEX_FILE" => Some("next-index".into()),
            _ => None,
        });
        assert_eq!(read.objects, [path]);
        assert_eq!(read.index_file, Some("next-index".into()));
    }
}
