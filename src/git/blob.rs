//! One file of one commit, straight from the object store.

use super::objects::{Kind, Objects, Unread};
use super::tree::{Entries, EntryKind};
use super::{Repository, commit};
use crate::finding::ObjectName;

/// A file of a commit that could be read or is not there; or why neither can be said.
pub(crate) type Outcome = Result<Option<Vec<u8>>, String>;

/// The bytes of the plain file at `path` in the tree of a commit; `None` if the tree has nothing there.
///
/// Links are not followed: what a link says is no file.
pub(crate) fn file_of(repository: &Repository, commit: gix::ObjectId, path: &str) -> Outcome {
    let (directory, hash) = Objects::place(repository);
    let mut objects = Objects::open(&directory, hash).map_err(|error| error.to_string())?;
    let bytes = objects.read(&commit, Kind::Commit).map_err(|why| told(&commit, why))?;
    let mut tree =
        commit::links(bytes, |_| ()).tree.ok_or_else(|| format!("commit {commit} names no tree"))?;
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let bytes = objects.read(&tree, Kind::Tree).map_err(|why| told(&tree, why))?;
        let found =
            entry(bytes, part, hash.len_in_bytes()).map_err(|Damaged| format!("tree {tree} is damaged"))?;
        let Some((kind, id, is_link)) = found else { return Ok(None) };
        let is_last = parts.peek().is_none();
        match kind {
            EntryKind::Tree if !is_last => tree = id,
            EntryKind::Blob if is_last && !is_link => {
                return objects
                    .read(&id, Kind::Blob)
                    .map(|bytes| Some(bytes.to_vec()))
                    .map_err(|why| told(&id, why));
            }
            _ if is_last => return Err("it is no plain file".into()),
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// Blobs of a repository, by their ids.
pub(crate) struct Blobs {
    objects: Objects,
    repository: Repository,
}

impl Blobs {
    /// `None` if the objects cannot be opened.
    pub(crate) fn open(repository: &Repository) -> Option<Self> {
        let (directories, hash) = Objects::place(repository);
        let objects = Objects::open(&directories, hash).ok()?;
        let repository = Repository::open(repository.git_dir()).ok()?;
        Some(Blobs { objects, repository })
    }

    /// The bytes of a blob, a commit or a tag; or why there are none.
    pub(crate) fn read(&mut self, id: &ObjectName) -> Result<Vec<u8>, String> {
        let id = gix::ObjectId::try_from(id.as_bytes()).map_err(|_| format!("{id} is no object id"))?;
        match self.objects.read_any(&id).map_err(|why| told(&id, why))? {
            (Kind::Tree, _) => Err(format!("{id} is a tree")),
            (_, bytes) => Ok(bytes.to_vec()),
        }
    }

    /// The bytes of the file at `path` in a commit; or why there are none.
    pub(crate) fn of_commit(&self, id: &ObjectName, path: &str) -> Result<Vec<u8>, String> {
        let id = gix::ObjectId::try_from(id.as_bytes()).map_err(|_| format!("{id} is no object id"))?;
        file_of(&self.repository, id, path)?.ok_or_else(|| format!("commit {id} has no such file"))
    }
}

/// The commit of HEAD; `None` where HEAD names a branch that has no commit yet.
pub(crate) fn head(repository: &Repository) -> Result<Option<gix::ObjectId>, String> {
    if repository.head()?.is_none() {
        return Ok(None);
    }
    super::revisions::revision(repository, "HEAD").map(Some).map_err(|error| error.to_string())
}

/// The tree makes no sense.
struct Damaged;

/// Kind and id of the entry of this name, and whether it is a link.
fn entry(
    tree: &[u8],
    name: &str,
    id_length: usize,
) -> Result<Option<(EntryKind, gix::ObjectId, bool)>, Damaged> {
    let mut entries = Entries::new(tree, id_length);
    let mut at = tree.len();
    while let Some(entry) = entries.next() {
        let entry = entry.ok_or(Damaged)?;
        if entry.name == name.as_bytes() {
            let id = gix::ObjectId::try_from(entry.id).map_err(|_| Damaged)?;
            let is_link = tree[tree.len() - at..].starts_with(b"120000 ");
            return Ok(Some((entry.kind, id, is_link)));
        }
        at = entries.left();
    }
    Ok(None)
}

fn told(id: &gix::oid, why: Unread) -> String {
    let gap = why.gap(id, "the tree");
    format!("{}: {}", gap.place, gap.detail)
}
