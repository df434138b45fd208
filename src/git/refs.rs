//! Where history begins: refs, reflogs and the special refs of every worktree.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice as _};

use super::format::Storage;
use super::reftable::Stack;
use super::{Repository, names};
use crate::disk;
use crate::finding::{Gap, GapKind};

/// Everything that keeps objects alive.
#[derive(Debug, Default)]
pub(crate) struct Roots {
    /// What HEAD points at; `None` on an unborn branch.
    pub(crate) head: Option<gix::ObjectId>,
    /// Refs by name with what they point at, not peeled.
    pub(crate) refs: Vec<(BString, gix::ObjectId)>,
    /// Ids in reflogs.
    pub(crate) reflogs: BTreeSet<gix::ObjectId>,
    /// Ids in `ORIG_HEAD`, `FETCH_HEAD`, other worktrees' `HEAD` and the like; they may be stale.
    pub(crate) special: BTreeSet<gix::ObjectId>,
    /// Commits whose parents were not fetched.
    pub(crate) shallow: BTreeSet<gix::ObjectId>,
    /// How many objects others are to stand in for. They are not followed.
    pub(crate) replaced: usize,
    /// The one ref is all that is meant; HEAD is only compared with it.
    pub(crate) limited: bool,
}

/// One ref and nothing else.
pub(crate) fn only(repository: &Repository, name: &str, id: gix::ObjectId, gaps: &mut Vec<Gap>) -> Roots {
    Roots {
        head: repository.head().ok().flatten(),
        refs: vec![(name.into(), id)],
        shallow: shallow(repository, gaps),
        limited: true,
        ..Roots::default()
    }
}

/// Reads all of them. What cannot be read is a gap.
pub(crate) fn roots(repository: &Repository, gaps: &mut Vec<Gap>) -> Roots {
    let mut roots = Roots { shallow: shallow(repository, gaps), ..Roots::default() };
    roots.refs = all(repository, gaps);
    // A branch that HEAD names but that does not exist is an unborn branch.
    match repository.names().head() {
        Ok(head) => roots.head = head,
        Err(why) => gaps.push(broken("HEAD".into(), why)),
    }
    roots.replaced = roots.refs.iter().filter(|(name, _)| name.starts_with(b"refs/replace/")).count();
    for directory in administrative_directories(repository, gaps) {
        read_reflogs(&directory.join("logs"), 0, &mut roots.reflogs, gaps);
        read_special(&directory, &mut roots.special, gaps);
        let (private, more) = names::private(&directory, repository.storage, repository.hash());
        for (name, id) in private {
            if !name.starts_with(b"refs/") {
                roots.special.insert(id);
            } else if directory != repository.git_dir() {
                // Those of this worktree are among the others.
                roots.refs.push((below(&directory, &name, repository.gix.common_dir()), id));
            }
        }
        if repository.storage == Storage::Tables {
            roots.reflogs.extend(Stack::read(&directory.join(names::TABLES), repository.hash()).logged);
        }
        for (place, why) in more.into_iter().take(MOST_BROKEN) {
            let gap = broken(place, why);
            // Those of this worktree are told already.
            if !gaps.contains(&gap) {
                gaps.push(gap);
            }
        }
    }
    roots.refs.sort();
    roots
}

/// The place of a ref of one worktree below `common`.
fn below(directory: &Path, name: &BString, common: &Path) -> BString {
    let place = directory.join(gix::path::from_bstr(name.as_bstr()).unwrap_or_default());
    place.strip_prefix(common).unwrap_or(&place).as_os_str().as_encoded_bytes().into()
}

/// A file of rubbish can hold any number of refs that are none.
const MOST_BROKEN: usize = 1000;

/// Refs with what they point at, sorted; symbolic ones lead to others. What cannot be read is a gap.
pub(super) fn all(repository: &Repository, gaps: &mut Vec<Gap>) -> Vec<(BString, gix::ObjectId)> {
    let names = repository.names();
    gaps.extend(names.broken.iter().take(MOST_BROKEN).map(|(place, why)| broken(place.clone(), why.clone())));
    names.direct().map(|(name, id)| (name.clone(), id)).collect()
}

fn broken(place: String, detail: String) -> Gap {
    Gap { kind: GapKind::BrokenRef, place, detail }
}

/// The common directory and the one of each linked worktree.
pub(super) fn administrative_directories(repository: &Repository, gaps: &mut Vec<Gap>) -> Vec<PathBuf> {
    let common = repository.gix.common_dir().to_owned();
    // What is no directory is no worktree.
    let worktrees = entries(&common.join("worktrees"), gaps).into_iter().filter(|path| path.is_dir());
    std::iter::once(common).chain(worktrees).collect()
}

/// What lies in a directory of references. That it cannot be read is a gap.
fn entries(directory: &Path, gaps: &mut Vec<Gap>) -> Vec<PathBuf> {
    disk::entries(directory).unwrap_or_else(|error| {
        gaps.push(unreadable(directory, &error));
        Vec::new()
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Gap {
    Gap { kind: GapKind::BrokenRef, ..Gap::unreadable(path, error) }
}

/// Nested deeper than refs can be.
const DEEPEST_LOG: usize = 64;

fn read_reflogs(directory: &Path, depth: usize, ids: &mut BTreeSet<gix::ObjectId>, gaps: &mut Vec<Gap>) {
    for path in entries(directory, gaps) {
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() && depth < DEEPEST_LOG => {
                read_reflogs(&path, depth + 1, ids, gaps);
            }
            Ok(metadata) if metadata.is_file() => {
                if let Err(error) = read_reflog(&path, ids) {
                    gaps.push(unreadable(&path, &error));
                }
            }
            Ok(_) => {}
            Err(error) => gaps.push(unreadable(&path, &error)),
        }
    }
}

/// The ids of a line are its first words; the rest can be of any length.
const LONGEST_IDS: u64 = 256;

fn read_reflog(path: &Path, ids: &mut BTreeSet<gix::ObjectId>) -> std::io::Result<()> {
    let mut reader = BufReader::new(std::fs::File::open(path)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut reader).take(LONGEST_IDS).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        if line.last() != Some(&b'\n') {
            reader.skip_until(b'\n')?;
        }
        ids.extend(line.split(|b| *b == b' ').take(2).filter_map(id));
    }
}

/// Special refs are small; `FETCH_HEAD` of thousands of branches is not.
const LARGEST_SPECIAL: u64 = 16 << 20;

fn read_special(directory: &Path, ids: &mut BTreeSet<gix::ObjectId>, gaps: &mut Vec<Gap>) {
    for path in entries(directory, gaps) {
        let name = path.file_name().unwrap_or_default();
        if !may_be_special(name.as_encoded_bytes()) {
            continue;
        }
        match small_text(&path) {
            Ok(text) => ids.extend(text.split(|b| *b == b'\n').filter_map(|line| id(line.fields().next()?))),
            Err(error) => gaps.push(unreadable(&path, &error)),
        }
    }
}

/// Whether a file of this name may hold ids; messages that are being written and `MERGE_RR` are as large as they like.
fn may_be_special(name: &[u8]) -> bool {
    let is_text = [&b"MSG"[..], b"_RR", b"_MODE"].iter().any(|end| name.ends_with(end));
    name.iter().all(|b| b.is_ascii_uppercase() || *b == b'_') && !is_text
}

/// What a special ref says; nothing, if it is no file.
fn small_text(path: &Path) -> std::io::Result<Vec<u8>> {
    let metadata = path.symlink_metadata()?;
    if !metadata.is_file() {
        return Ok(Vec::new());
    }
    if metadata.len() > LARGEST_SPECIAL {
        return Err(std::io::Error::other(format!("it has more than {LARGEST_SPECIAL} bytes")));
    }
    std::fs::read(path)
}

/// Commits whose parents were not fetched.
pub(crate) fn shallow(repository: &Repository, gaps: &mut Vec<Gap>) -> BTreeSet<gix::ObjectId> {
    let path = repository.gix.common_dir().join("shallow");
    match super::read_plain(&path) {
        Ok(text) => {
            let lines = text.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty());
            let (good, bad): (Vec<_>, Vec<_>) = lines.map(id).partition(Option::is_some);
            if !bad.is_empty() {
                let why = format!("{} of its lines make no sense", bad.len());
                gaps.push(broken(path.display().to_string(), why));
            }
            good.into_iter().flatten().collect()
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeSet::new(),
        Err(error) => {
            gaps.push(unreadable(&path, &error));
            BTreeSet::new()
        }
    }
}

fn id(hex: &[u8]) -> Option<gix::ObjectId> {
    gix::ObjectId::from_hex(hex.trim_ascii()).ok().filter(|id| !id.is_null())
}
