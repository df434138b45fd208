//! Opening repositories and reading what they hold. Besides `source` and `attribution`, the only place that knows gix.
//!
//! Objects are read straight from packs and loose files; attributes, filters, replace refs and grafts have no say,
//! and nothing in the repository's configuration is ever run.

use std::cell::OnceCell;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::disk;
use crate::finding::{Gap, GapKind, ObjectName};
use environment::Environment;
use format::Storage;
use names::Names;

mod alternates;
pub(crate) mod blob;
pub(crate) mod bundle;
pub(crate) mod changes;
mod checkout;
pub(crate) mod commit;
pub(crate) mod delta;
pub(crate) mod digest;
pub mod environment;
mod exchange;
mod files;
mod format;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
pub(crate) mod identity;
pub(crate) mod inflate;
pub(crate) mod link;
pub(crate) mod local;
pub(crate) mod loose;
mod names;
pub(crate) mod objects;
pub(crate) mod pack;
pub(crate) mod pushed;
pub(crate) mod refs;
mod reftable;
pub(crate) mod revisions;
pub(crate) mod revwalk;
pub mod scope;
pub(crate) mod sparse;
pub(crate) mod staging;
pub(crate) mod store;
pub(crate) mod tree;
pub(crate) mod walk;

/// A repository that can be scanned.
pub struct Repository {
    pub(crate) gix: gix::Repository,
    /// The directory that holds `.git`.
    holder: Option<PathBuf>,
    /// In place of the repository's own index.
    other_index: Option<PathBuf>,
    /// Object directories besides its own.
    more_objects: Vec<PathBuf>,
    /// What is being merged, before `MERGE_HEAD` says so.
    merged: Vec<gix::ObjectId>,
    storage: Storage,
    /// Its refs, once they are asked for.
    names: OnceCell<Names>,
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
        let unreadable =
            |error: &std::io::Error| OpenError::Broken { path: path.to_owned(), why: error.to_string() };
        // A link into a repository belongs to where it leads.
        let absolute = match path.canonicalize() {
            Ok(path) => path,
            // The current directory may be gone and still have things in it, or so it seems.
            Err(error) if disk::is_absent(&error) && path.symlink_metadata().is_err() => {
                std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
            }
            Err(error) => return Err(unreadable(&error)),
        };
        let found = disk::look(&absolute).map_err(|error| unreadable(&error))?;
        let is_directory = found.is_some_and(|metadata| metadata.is_dir());
        let start = if is_directory { absolute.as_path() } else { absolute.parent().unwrap_or(&absolute) };
        for directory in start.ancestors() {
            match repository_at(directory) {
                // A `.git` that is no repository must be an error, not a reason to look further up.
                Ok(Some(candidate)) => return Repository::open(&candidate).map(Some),
                Ok(None) => {}
                // What lies above and is not for our eyes is none of ours, as Git has it.
                Err(error) if directory != start && error.kind() == ErrorKind::PermissionDenied => {}
                Err(error) => return Err(unreadable(&error)),
            }
        }
        Ok(None)
    }

    /// The repository that Git named to a hook, or the one that `path` lies in.
    pub(crate) fn hooked(path: &Path, environment: &Environment) -> Result<Option<Self>, OpenError> {
        let absolute = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path));
        let mut repository = match &environment.git_dir {
            Some(git_dir) => {
                let mut repository =
                    Repository::open(&absolute(git_dir).unwrap_or_else(|_| git_dir.clone()))?;
                // Git's rule: who names the repository and no working tree stands at the top of it. A bare one has none.
                let is_bare = repository.gix.config_snapshot().boolean("core.bare") == Some(true);
                let top = environment.work_tree.clone().or((!is_bare).then(|| PathBuf::from(".")));
                repository.holder = top.map(|top| absolute(&top).unwrap_or(top));
                repository
            }
            None => match Repository::discover(path)? {
                Some(repository) => repository,
                None => return Ok(None),
            },
        };
        repository.other_index = environment.index_file.as_ref().map(|index| {
            let top = repository.worktree().map_or_else(|| PathBuf::from("."), Path::to_owned);
            top.join(index)
        });
        let own = absolute(&repository.gix.common_dir().join("objects")).ok();
        let more = environment.objects.iter().filter(|directory| absolute(directory).ok() != own);
        repository.more_objects = more.cloned().collect();
        let merged = environment.merged.iter().filter_map(|id| gix::ObjectId::from_hex(id.as_bytes()).ok());
        // They may be those of a merge in another repository, which started this one.
        repository.merged = merged.filter(|id| repository.gix.has_object(id)).collect();
        Ok(Some(repository))
    }

    /// The repository whose `.git`, or git directory, this is.
    pub(crate) fn open(candidate: &Path) -> Result<Self, OpenError> {
        let broken = |why: String| OpenError::Broken { path: candidate.to_owned(), why };
        if let Some(why) = unsuitable_file(candidate) {
            return Err(broken(why));
        }
        let leads = link::Leads::of(candidate).map_err(broken)?;
        if let Some(pipe) = alternates::pipe(&leads.common_dir.join("objects")) {
            return Err(broken(format!("{} is no file", pipe.display())));
        }
        // Isolated: no configuration of the user or the system, nothing from the environment. Trust is not asked
        // for, because nothing that the configuration names is run.
        let options = gix::open::Options::isolated()
            .open_path_as_is(true)
            .config_overrides(["core.useReplaceRefs=false"])
            .with(gix::sec::Trust::Full)
            .bail_if_untrusted(false);
        // Object directories that borrow from each other in a circle are an error to gix, unless it need not count
        // what they hold.
        let uncounted = options.clone().object_store_slots(gix::odb::store::init::Slots::Given(4096));
        let gix = gix::open_opts(candidate, options).or_else(|_| gix::open_opts(candidate, uncounted));
        let gix = gix.map_err(|e| broken(format::told(&e)))?;
        let storage = format::storage(&gix).map_err(broken)?;
        let holder = candidate.file_name().filter(|name| *name == ".git").and_then(|_| candidate.parent());
        let holder = holder.map(Path::to_owned);
        let (more_objects, merged) = (Vec::new(), Vec::new());
        Ok(Repository {
            gix,
            holder,
            other_index: None,
            more_objects,
            merged,
            storage,
            names: OnceCell::new(),
        })
    }

    /// The `.git` directory.
    pub fn git_dir(&self) -> &Path {
        self.gix.git_dir()
    }

    /// `core.worktree`, as it is written. Nobody believes it, but it is a name.
    pub(crate) fn named_worktree(&self) -> Option<PathBuf> {
        let config = self.gix.config_snapshot();
        let named = config.string("core.worktree")?;
        gix::path::from_byte_slice(&named).ok().map(Path::to_owned)
    }

    /// Where objects and refs are, without links on the way: the same for all worktrees of a repository.
    pub(crate) fn common_dir(&self) -> PathBuf {
        let path = self.gix.common_dir();
        path.canonicalize().unwrap_or_else(|_| path.to_owned())
    }

    /// The working tree, unless the repository is bare. Where `.git` lies, there it is: `core.worktree` and
    /// `core.bare` could lead away from the files that were to be scanned.
    pub fn worktree(&self) -> Option<&Path> {
        self.holder.as_deref().or_else(|| self.gix.workdir())
    }

    /// The index of this worktree; `None` if there is none.
    pub(crate) fn index(&self) -> Result<Option<gix::index::File>, Gap> {
        match &self.other_index {
            Some(path) => self.read_index(path),
            None => self.read_index(&self.gix.index_path()),
        }
    }

    /// The indexes of all worktrees. What cannot be read is a gap.
    pub(crate) fn indexes(&self, gaps: &mut Vec<Gap>) -> Vec<gix::index::File> {
        let paths =
            refs::administrative_directories(self, gaps).into_iter().map(|directory| directory.join("index"));
        let mut indexes = Vec::new();
        for index in paths.map(|path| self.read_index(&path)) {
            match index {
                Ok(index) => indexes.extend(index),
                Err(gap) => gaps.push(gap),
            }
        }
        indexes
    }

    fn read_index(&self, path: &Path) -> Result<Option<gix::index::File>, Gap> {
        let unreadable = |why: &str| Gap {
            kind: GapKind::UnreadableFile,
            place: path.display().to_string(),
            detail: format!("the index cannot be read: {why}"),
        };
        match path.metadata() {
            Ok(metadata) if metadata.is_file() => {}
            // Opening a pipe would wait for ever.
            Ok(_) => return Err(unreadable("it is no file")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(&error.to_string())),
        }
        if has_special_part(path) {
            return Err(unreadable("what it shares with others is no file"));
        }
        let read = || gix::index::File::at(path, self.hash(), false, gix::index::decode::Options::default());
        // gix may assert its way through a damaged index; that is not the end of the scan.
        let outcome = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)) {
            Ok(outcome) => outcome.map_err(|error| error_chain(&error)),
            Err(_) => Err("it contradicts itself".into()),
        };
        outcome.map(Some).map_err(|why| unreadable(&why))
    }

    /// The commit of HEAD; `None` on a branch that is not born yet.
    pub(crate) fn head(&self) -> Result<Option<gix::ObjectId>, String> {
        match (self.storage, self.gix.head()) {
            (Storage::Files, Ok(head)) if head.is_unborn() => Ok(None),
            (Storage::Files, Ok(head)) => Ok(head.id().map(gix::Id::detach)),
            // gix cannot read it, or gave up at something beside it.
            _ => self.names().head(),
        }
    }

    fn names(&self) -> &Names {
        let read = || Names::read(self.git_dir(), self.gix.common_dir(), self.storage, self.hash());
        self.names.get_or_init(read)
    }

    /// The commits that are being merged; none unless a merge is under way.
    pub(crate) fn merge_heads(&self) -> std::io::Result<Vec<gix::ObjectId>> {
        let path = self.git_dir().join("MERGE_HEAD");
        let text = match read_plain(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(self.merged.clone()),
            outcome => outcome?,
        };
        let ids = text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
        let parse = |line: &[u8]| gix::ObjectId::from_hex(line);
        ids.map(parse).collect::<Result<_, _>>().map_err(|_| std::io::Error::other("it names no commit"))
    }

    pub(crate) fn hash(&self) -> gix::hash::Kind {
        self.gix.object_hash()
    }
}

/// Whether a pipe or the like is called like the shared part of a split index.
fn has_special_part(index: &Path) -> bool {
    let beside = index.parent().and_then(|directory| std::fs::read_dir(directory).ok());
    beside.into_iter().flatten().flatten().any(|entry| {
        entry.file_name().as_encoded_bytes().starts_with(b"sharedindex.")
            && entry.path().metadata().is_ok_and(|metadata| !metadata.is_file())
    })
}

/// Files that are opened by name, and how large they may be. A pipe in such a place would be waited for until somebody
/// writes to it; settings and patterns take a hundred times their size in memory.
const PLAIN_FILES: [(&str, u64); 8] = [
    ("HEAD", LARGEST_PLAIN),
    ("commondir", LARGEST_PLAIN),
    ("config", 2 << 20),
    ("config.worktree", 2 << 20),
    ("info/exclude", LARGEST_IGNORE),
    ("objects/info/alternates", LARGEST_PLAIN),
    ("packed-refs", 128 << 20),
    ("shallow", LARGEST_PLAIN),
];

/// Files with patterns of what is ignored: larger ones are nobody's.
pub(crate) const LARGEST_IGNORE: u64 = 128 << 10;

/// What is held in memory as it is.
const LARGEST_PLAIN: u64 = 16 << 20;

/// The bytes of a file that is no larger than it should be.
fn read_plain(path: &Path) -> std::io::Result<Vec<u8>> {
    let metadata = path.metadata()?;
    // Opening a pipe would wait for ever.
    if !metadata.is_file() {
        return Err(std::io::Error::other("it is no file"));
    }
    if metadata.len() > LARGEST_PLAIN {
        return Err(std::io::Error::other(format!("it has more than {LARGEST_PLAIN} bytes")));
    }
    std::fs::read(path)
}

/// What is wrong with them in this git directory.
fn unsuitable_file(git_dir: &Path) -> Option<String> {
    PLAIN_FILES.into_iter().find_map(|(name, most)| {
        let metadata = git_dir.join(name).metadata().ok()?;
        if !metadata.is_file() {
            return Some(format!("{name} is no file"));
        }
        (metadata.len() > most).then(|| format!("{name} has more than {most} bytes"))
    })
}

/// The git directory that `directory` is or holds.
fn repository_at(directory: &Path) -> std::io::Result<Option<PathBuf>> {
    let dot_git = directory.join(".git");
    if disk::look_at_link(&dot_git)?.is_some() {
        return Ok(Some(dot_git));
    }
    Ok(is_git_dir(directory)?.then(|| directory.to_owned()))
}

/// What lies in a directory, in order; nothing where there is none. That it cannot be read is a gap.
pub(crate) fn entries(directory: &Path, gaps: &mut Vec<Gap>) -> Vec<PathBuf> {
    disk::entries(directory).unwrap_or_else(|error| {
        gaps.push(Gap::unreadable(directory, &error));
        Vec::new()
    })
}

/// Whether a directory looks like a git directory.
pub(crate) fn is_git_dir(directory: &Path) -> std::io::Result<bool> {
    let look = |name: &str| disk::look(&directory.join(name));
    Ok(look("HEAD")?.is_some_and(|metadata| metadata.is_file())
        && look("objects")?.is_some_and(|metadata| metadata.is_dir())
        && look("refs")?.is_some())
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

/// Whether an entry of the index is a file or a symbolic link.
pub(crate) fn is_file_mode(mode: gix::index::entry::Mode) -> bool {
    use gix::index::entry::Mode;
    matches!(mode, Mode::FILE | Mode::FILE_EXECUTABLE | Mode::SYMLINK)
}

pub(crate) fn object_name(id: &gix::oid) -> ObjectName {
    ObjectName::from_bytes(id.as_bytes()).expect("Git ids have 20 or 32 bytes")
}
