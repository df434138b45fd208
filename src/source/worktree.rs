//! Files on disk, and what the index holds beyond them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bstr::{BStr, BString, ByteSlice as _};
use ignore::WalkBuilder;

use super::lfs::LargeFiles;
use super::traps::Traps;
use super::{Counters, Worker, by_path, nested, unreadable};
use crate::detect::Detector;
use crate::disk;
use crate::finding::{Gap, GapKind};
use crate::git::{Repository, error_chain, is_file_mode, object_name, sparse};
use crate::grouping::{Grouping, Place};
use crate::parallel::on_threads;
use crate::rules::PathRules;

/// Something to read.
#[derive(Debug)]
pub(crate) enum Item {
    /// A file or symbolic link, and its name in reports.
    File { path: PathBuf, name: BString },
    /// A file of the git directory, and its name in reports.
    Local { path: PathBuf, name: BString },
    /// A blob of the index whose bytes are not those of the file.
    Staged { id: gix::ObjectId, name: BString },
}

impl Item {
    /// What is read from the disk.
    fn on_disk(&self) -> Option<(&Path, &BStr)> {
        match self {
            Item::File { path, name } | Item::Local { path, name } => Some((path, name.as_bstr())),
            Item::Staged { .. } => None,
        }
    }

    fn place(&self) -> Place {
        match self {
            Item::File { name, .. } => Place::File(name.clone()),
            Item::Local { name, .. } => Place::Local(name.clone()),
            Item::Staged { id, name } => Place::Staged(name.clone(), object_name(id)),
        }
    }
}

/// Files above this size are read in chunks.
pub(super) const LARGEST_HELD: u64 = 32 << 20;

/// What lies in a tree.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) items: Vec<Item>,
    /// Directories that hold a `.git` of their own; what is in them is not listed.
    pub(crate) checkouts: BTreeSet<PathBuf>,
    /// Directories that look like git directories; their files are listed.
    pub(crate) bare: BTreeSet<PathBuf>,
}

/// Where a tree lies, and what its names begin with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) root: &'a Path,
    pub(crate) prefix: &'a [u8],
    /// Whether ignore files have a say.
    pub(crate) honour_ignores: bool,
    /// Whether directories with a `.git` of their own are part of it.
    pub(crate) crosses: bool,
}

/// Files below a directory outside Git, or below one whose `.git` is not believed.
pub(crate) fn list_directory(ground: Ground<'_>, counters: &Counters, gaps: &mut Vec<Gap>) -> Listing {
    let mut walk = WalkBuilder::new(ground.root);
    // What lies above the directory was not asked about, and a `.git` in it would be followed to `info/exclude`.
    walk.standard_filters(ground.honour_ignores).parents(false).hidden(false).require_git(false);
    walk.git_exclude(false);
    collect(&walk, ground, counters, gaps)
}

/// Tracked files, untracked files that are not ignored, and index blobs that differ from their files. Only what lies
/// in `scope`, a directory of the working tree.
pub(crate) fn list_repository(
    repository: &Repository,
    ground: Ground<'_>,
    scope: &Path,
    with_staged: bool,
    counters: &Counters,
    gaps: &mut Vec<Gap>,
) -> Listing {
    let Ground { root, prefix, honour_ignores, .. } = ground;
    let mut walk = WalkBuilder::new(scope);
    // Git's rules: `.gitignore` and `info/exclude`, also of the directories above, up to the one that holds `.git`
    // (`require_git` makes the walk look for it); not ripgrep's `.ignore`.
    walk.standard_filters(honour_ignores).ignore(false).hidden(false).require_git(true);
    let mut listing = collect(&walk, ground, counters, gaps);
    let index = repository.index().unwrap_or_else(|gap| {
        gaps.push(gap);
        None
    });
    let Some(index) = index else { return listing };
    let (mut known, mut staged) = (listing.names(), Vec::new());
    let scope_name = name_below(scope, root);
    let mut real_directories = BTreeSet::new();
    for entry in index.entries() {
        let name = entry.path(&index);
        let in_scope = scope_name.is_empty()
            || name.strip_prefix(scope_name.as_slice()).is_some_and(|rest| rest.starts_with(b"/"));
        if !in_scope {
            continue;
        }
        let path = tracked_path(root, name, &mut real_directories).unwrap_or_else(|error| {
            gaps.push(unreadable(&prefixed(prefix, name).to_string(), &error));
            None
        });
        if entry.mode.is_submodule() {
            // It is part of the tree, whatever ignore files say.
            listing.checkouts.extend(path.filter(|path| nested::kind(path) == Some(nested::Kind::Checkout)));
            continue;
        }
        if !is_file_mode(entry.mode) {
            continue;
        }
        let name = prefixed(prefix, name);
        if with_staged && !path.as_ref().is_some_and(|path| is_unchanged(entry, path, &index)) {
            staged.push(Item::Staged { id: entry.id, name: name.clone() });
        }
        if let Some(path) = path.filter(|_| known.insert(name.clone())) {
            listing.items.push(Item::File { path, name });
        }
    }
    if with_staged {
        let below = sparse::files(repository, &index, gaps).into_iter();
        let in_scope =
            |name: &BString| scope_name.is_empty() || name.starts_with(&[&scope_name[..], b"/"].concat());
        let below = below.filter(|(name, _)| in_scope(name));
        staged.extend(below.map(|(name, id)| Item::Staged { id, name: prefixed(prefix, &name) }));
    }
    listing.items.extend(staged);
    listing
}

impl Listing {
    /// The names of the files.
    fn names(&self) -> HashSet<BString> {
        self.items.iter().map(|item| item.name().to_owned()).collect()
    }
}

impl Item {
    pub(crate) fn name(&self) -> &BString {
        match self {
            Item::File { name, .. } | Item::Local { name, .. } | Item::Staged { name, .. } => name,
        }
    }
}

fn prefixed(prefix: &[u8], name: &[u8]) -> BString {
    BString::from([prefix, name].concat())
}

/// Reads and scans the items on all threads.
pub(crate) fn scan(
    items: &[Item],
    repository: Option<&Repository>,
    large: &LargeFiles,
    detector: &Detector,
    jobs: usize,
    counters: &Counters,
    gaps: &mut Vec<Gap>,
) -> Grouping {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut worker = Worker::new(detector, counters).noting(large);
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Some((path, name)) = item.on_disk() {
                guarded(name, &mut worker, |worker| read_file(path, name, &item.place(), worker));
            }
        }
        worker.finish()
    };
    let parts = on_threads(jobs.min(items.len()), run);
    // The index differs from the files in few places: one thread will do.
    let mut worker = Worker::new(detector, counters).noting(large);
    for item in items {
        if let (Item::Staged { id, name }, Some(repository)) = (item, repository) {
            guarded(name.as_bstr(), &mut worker, |worker| {
                read_staged(*id, name.as_bstr(), &repository.gix, worker);
                Ok(())
            });
        }
    }
    let mut grouping = Grouping::default();
    for (part, more) in parts.into_iter().chain([worker.finish()]) {
        grouping.merge(part);
        gaps.extend(more);
    }
    report_paths(items, detector, &mut grouping);
    grouping
}

/// Adds the files that rules report for their paths.
fn report_paths(items: &[Item], detector: &Detector, grouping: &mut Grouping) {
    let rules = PathRules::of(detector.rules());
    if rules.is_empty() {
        return;
    }
    let mut caches = rules.caches();
    for item in items {
        let name = match item {
            // What is tracked as a file can have become something else.
            Item::File { path, .. } if path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) => {
                continue;
            }
            item => item.name(),
        };
        let found = rules.matching(name, &mut caches);
        grouping.add(
            &item.place(),
            found.into_iter().map(|rule| by_path::matched(rule, name.as_bstr())).collect(),
        );
    }
}

/// Runs one item; an error or a panic becomes a gap.
fn guarded(name: &BStr, worker: &mut Worker<'_>, read: impl FnOnce(&mut Worker<'_>) -> std::io::Result<()>) {
    match catch_unwind(AssertUnwindSafe(|| read(worker))) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => worker.gaps.push(unreadable(&name.to_string(), &error)),
        Err(_) => worker.gaps.push(Gap::internal(name.to_string())),
    }
    Counters::add(&worker.counters().done, 1);
}

fn read_staged(id: gix::ObjectId, name: &BStr, repository: &gix::Repository, worker: &mut Worker<'_>) {
    match repository.find_object(id) {
        Ok(object) => {
            worker.scan(
                &Place::Staged(name.to_owned(), object_name(&id)),
                &|| name.to_string(),
                &object.data,
            );
        }
        Err(error) => worker.gaps.push(Gap {
            kind: GapKind::MissingObject,
            place: id.to_string(),
            detail: format!("staged as {name}: {}", error_chain(&error)),
        }),
    }
}

fn read_file(path: &Path, name: &BStr, place: &Place, worker: &mut Worker<'_>) -> std::io::Result<()> {
    let metadata = path.symlink_metadata()?;
    if metadata.is_symlink() {
        // What a link says is text as well; what it points at is read where it lies.
        let target = std::fs::read_link(path)?;
        worker.scan(place, &|| name.to_string(), target.as_os_str().as_encoded_bytes());
    } else if metadata.is_file() {
        if worker.counters().leaves_out(metadata.len()) {
            return Ok(());
        }
        let mut file = open_plain(path)?;
        let mut bytes = Vec::new();
        if metadata.len() <= LARGEST_HELD {
            bytes.reserve_exact(usize::try_from(metadata.len()).unwrap_or(0) + 1);
            (&mut file).take(LARGEST_HELD + 1).read_to_end(&mut bytes)?;
        }
        // A file may grow while it is read.
        if metadata.len() > LARGEST_HELD || bytes.len() as u64 > LARGEST_HELD {
            worker.scan_stream(place, &name.to_string(), bytes.as_slice().chain(file));
        } else {
            worker.scan(place, &|| name.to_string(), &bytes);
        }
    } else {
        // Sockets, pipes and devices hold no text that a clone would carry.
        return Ok(());
    }
    if matches!(place, Place::File(_)) {
        Counters::add(&worker.counters().files, 1);
    }
    Ok(())
}

/// Opens a file that was one a moment ago. What became a link or a pipe meanwhile is neither followed nor waited for.
fn open_plain(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or(0));
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(std::io::Error::other("it is no file any more")) }
}

fn collect(walk: &WalkBuilder, ground: Ground<'_>, counters: &Counters, gaps: &mut Vec<Gap>) -> Listing {
    let Ground { root, prefix, crosses, .. } = ground;
    let mut walk = walk.clone();
    let nested: Arc<Mutex<Nested>> = Arc::default();
    // The walk opens whatever is called like an ignore file, and a pipe of that name would be waited for until
    // somebody writes to it; patterns take up memory. Where there is such a trap, no ignore file has a say.
    let traps = Arc::new(Traps::default());
    traps.enter(root);
    let (found, kept) = (Arc::clone(&traps), Arc::clone(&nested));
    walk.follow_links(false).filter_entry(move |entry| {
        if entry.file_type().is_some_and(|kind| kind.is_dir()) && entry.file_name() != ".git" {
            found.enter(entry.path());
        }
        is_walked(entry, crosses, &kept) && !found.trapped()
    });
    let mut listed: Vec<_> = Vec::new();
    if !traps.trapped() {
        listed = walk.build().collect();
    }
    if traps.trapped() {
        let kept = Arc::clone(&nested);
        walk.standard_filters(false).filter_entry(move |entry| is_walked(entry, crosses, &kept));
        listed = walk.build().collect();
    }
    let mut files = BTreeMap::new();
    for entry in listed {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file() || kind.is_symlink()) => {
                files.insert(prefixed(prefix, &name_below(entry.path(), root)), entry.into_path());
            }
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_dir()) => {}
            // Pipes, sockets and devices hold no text that a clone would carry.
            Ok(_) => Counters::add(&counters.special, 1),
            Err(error) => gaps.push(Gap {
                kind: GapKind::UnreadableFile,
                place: error_path(&error).unwrap_or(root).display().to_string(),
                detail: error.io_error().map_or_else(|| error.to_string(), ToString::to_string),
            }),
        }
    }
    let Nested { checkouts, bare } = std::mem::take(&mut *lock(&nested));
    let items = files.into_iter().map(|(name, path)| Item::File { path, name }).collect();
    Listing { items, checkouts, bare }
}

/// Repositories that a walk met.
#[derive(Default)]
struct Nested {
    checkouts: BTreeSet<PathBuf>,
    bare: BTreeSet<PathBuf>,
}

/// Whether a walk goes on into this; what is a repository is kept.
fn is_walked(entry: &ignore::DirEntry, crosses: bool, nested: &Mutex<Nested>) -> bool {
    if entry.file_name() == ".git" {
        return false;
    }
    if crosses || entry.depth() == 0 || !entry.file_type().is_some_and(|kind| kind.is_dir()) {
        return true;
    }
    match nested::kind(entry.path()) {
        Some(nested::Kind::Checkout) => {
            lock(nested).checkouts.insert(entry.path().to_owned());
            false
        }
        Some(nested::Kind::Bare) => {
            lock(nested).bare.insert(entry.path().to_owned());
            true
        }
        None => true,
    }
}

fn lock(nested: &Mutex<Nested>) -> std::sync::MutexGuard<'_, Nested> {
    nested.lock().unwrap_or_else(PoisonError::into_inner)
}

fn error_path(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => error_path(err),
        _ => None,
    }
}

/// `path` below `root`, with `/` between parts.
pub(crate) fn name_below(path: &Path, root: &Path) -> Vec<u8> {
    let below = path.strip_prefix(root).unwrap_or(path);
    match gix::path::into_bstr(below) {
        Ok(name) => gix::path::to_unix_separators_on_windows(name).to_vec(),
        Err(_) => below.to_string_lossy().into_owned().into_bytes(),
    }
}

/// Where a tracked file lies, if it is there and no directory on the way is a symbolic link that leads elsewhere.
pub(super) fn tracked_path(
    root: &Path,
    name: &BStr,
    real_directories: &mut BTreeSet<PathBuf>,
) -> std::io::Result<Option<PathBuf>> {
    let mut path = root.to_owned();
    let mut parts = name.split(|b| *b == b'/').peekable();
    while let Some(part) = parts.next() {
        if part.is_empty() || part == b"." || part == b".." || part.eq_ignore_ascii_case(b".git") {
            return Ok(None);
        }
        let Ok(part) = gix::path::from_byte_slice(part) else { return Ok(None) };
        path.push(part);
        if real_directories.contains(&path) {
            continue;
        }
        let Some(metadata) = disk::look_at_link(&path)? else { return Ok(None) };
        if parts.peek().is_some() {
            if !metadata.is_dir() {
                return Ok(None);
            }
            real_directories.insert(path.clone());
        }
    }
    Ok(Some(path))
}

/// Whether the file is as it was when it was staged, as far as size and time tell. A file that may have changed in
/// the same tick as the index was written counts as changed.
fn is_unchanged(entry: &gix::index::Entry, path: &Path, index: &gix::index::File) -> bool {
    let Ok(metadata) = gix::index::fs::Metadata::from_path_no_follow(path) else { return false };
    let Ok(stat) = gix::index::entry::Stat::from_fs(&metadata) else { return false };
    let options = gix::index::entry::stat::Options::default();
    entry.stat.matches(&stat, options) && !entry.stat.is_racy(index.timestamp(), options)
}
