//! Git LFS: a blob or file that is a pointer stands for a file whose bytes lie beside the objects, if they were fetched.
//!
//! Pointers are noted while texts are scanned, and what they name is scanned once afterwards, for all their places.
//! Where the files lie is where git-lfs puts them by itself: what the repository's configuration says has no effect.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bstr::BString;
use sha2::{Digest as _, Sha256};

use super::worktree::{LARGEST_HELD, name_below};
use super::{Counters, Worker, unreadable};
use crate::detect::Detector;
use crate::finding::{Gap, GapKind, ObjectName};
use crate::git::{Repository, entries};
use crate::grouping::{Grouping, Place};
use crate::parallel::on_threads;

/// What is told of a text that was come by through a pointer.
const STEP: &str = "git-lfs";
/// Longer texts are no pointers.
const LONGEST_POINTER: usize = 1024;
/// The first lines of pointers: of today, and of the two forms before.
const VERSIONS: [&[u8]; 3] =
    [b"https://git-lfs.github.com/spec/v1", b"https://hawser.github.com/spec/v1", b"http://git-media.io/v/2"];

/// A SHA-256 in hex.
type Name = String;

/// The file that a pointer stands for; `None` if the text is no pointer, or one to an empty file. Lines may end as on
/// Windows, which git-lfs lets pass as well.
pub(crate) fn pointer(text: &[u8]) -> Option<Name> {
    if text.len() > LONGEST_POINTER || !text.starts_with(b"version ") {
        return None;
    }
    let mut lines = text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end);
    let version = lines.next()?.strip_prefix(b"version ")?;
    let (mut name, mut size) = (None, None);
    for line in lines {
        if let Some(id) = line.strip_prefix(b"oid sha256:") {
            name = std::str::from_utf8(id).ok().filter(|id| is_name(id)).map(ToOwned::to_owned);
        } else if let Some(digits) = line.strip_prefix(b"size ") {
            size = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u64>().ok());
        }
    }
    name.filter(|_| VERSIONS.contains(&version) && size.is_some_and(|size| size > 0))
}

fn is_name(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Where a file lies below `lfs/objects`.
fn place_of(name: &str) -> PathBuf {
    [&name[..2], &name[2..4], name].iter().collect()
}

/// The bytes of a file that a pointer in this repository stands for, if they are here.
pub(crate) fn open(repository: &Repository, name: &str) -> std::io::Result<File> {
    plain(&store_of(repository).join(place_of(name)))
}

fn store_of(repository: &Repository) -> PathBuf {
    repository.common_dir().join("lfs/objects")
}

/// A pipe would be waited for.
fn plain(path: &Path) -> std::io::Result<File> {
    let metadata = path.symlink_metadata()?;
    if metadata.is_file() { File::open(path) } else { Err(std::io::Error::other("it is no file")) }
}

/// The files behind the pointers of one repository or directory.
pub(crate) struct LargeFiles {
    /// `lfs/objects`, and where names of what is in it begin; none outside of repositories.
    store: Option<(PathBuf, PathBuf)>,
    prefix: BString,
    /// Which pointers were met, and where.
    met: Mutex<BTreeMap<Name, BTreeSet<Place>>>,
}

impl LargeFiles {
    /// Nothing met yet. `prefix` is where the repository lies in what is scanned.
    pub(crate) fn of(repository: Option<&Repository>, prefix: &[u8]) -> Self {
        let store = repository.map(|repository| {
            let root = repository.worktree().unwrap_or_else(|| repository.git_dir());
            (store_of(repository), root.canonicalize().unwrap_or_else(|_| root.to_owned()))
        });
        LargeFiles { store, prefix: prefix.into(), met: Mutex::default() }
    }

    /// Notes the text if it is a pointer.
    pub(crate) fn note(&self, place: &Place, text: &[u8]) {
        if let Some(name) = pointer(text) {
            let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
            met.entry(name).or_default().insert(place.clone());
        }
    }

    /// Scans what the pointers met so far stand for; with the whole history behind, also what none of them names.
    pub(crate) fn scan(
        &self,
        detector: &Detector,
        jobs: usize,
        with_lost: bool,
        counters: &Counters,
        gaps: &mut Vec<Gap>,
    ) -> Grouping {
        let mut files = std::mem::take(&mut *self.met.lock().unwrap_or_else(PoisonError::into_inner));
        if with_lost {
            for name in self.all(gaps) {
                files.entry(name).or_default();
            }
        }
        let list: Vec<(Name, BTreeSet<Place>)> = files.into_iter().collect();
        let next = AtomicUsize::new(0);
        let run = || {
            let (mut grouping, mut gaps) = (Grouping::default(), Vec::new());
            while let Some((name, places)) = list.get(next.fetch_add(1, Ordering::Relaxed)) {
                let mut worker = Worker::new(detector, counters);
                let read = catch_unwind(AssertUnwindSafe(|| self.file(name, &mut worker)));
                let (found, more) = worker.finish();
                let places = if places.is_empty() { &[self.lost(name)].into() } else { places };
                grouping.merge(found.through(STEP, places));
                gaps.extend(more);
                if read.is_err() {
                    gaps.push(Gap::internal(self.told(name)));
                }
            }
            (grouping, gaps)
        };
        let mut grouping = Grouping::default();
        for (part, more) in on_threads(jobs.min(list.len()), run) {
            grouping.merge(part);
            gaps.extend(more);
        }
        grouping
    }

    fn file(&self, name: &str, worker: &mut Worker<'_>) {
        let counters = worker.counters();
        let Some((store, _)) = &self.store else {
            return Counters::add(&counters.lfs_missing, 1);
        };
        let path = store.join(place_of(name));
        let file = match plain(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Counters::add(&counters.lfs_missing, 1);
            }
            Err(error) => return worker.gaps.push(unreadable(&self.told(name), &error)),
        };
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        if counters.leaves_out(length) {
            return;
        }
        Counters::add(&counters.lfs, 1);
        let told = self.told(name);
        match read(file, length, &told, worker) {
            Ok(digest) if digest == name => {}
            Ok(_) => worker.gaps.push(Gap {
                kind: GapKind::CorruptObject,
                place: told,
                detail: "its bytes do not match its name".into(),
            }),
            Err(error) => worker.gaps.push(unreadable(&told, &error)),
        }
    }

    /// Names of all files that are here.
    fn all(&self, gaps: &mut Vec<Gap>) -> Vec<Name> {
        let Some((store, _)) = &self.store else { return Vec::new() };
        let (mut level, mut names) = (vec![store.clone()], Vec::new());
        for _ in 0..2 {
            let below = level.iter().flat_map(|directory| entries(directory, gaps));
            // Links lead elsewhere.
            level = below.filter(|path| !path.is_symlink()).collect();
        }
        for path in level.iter().flat_map(|directory| entries(directory, gaps)) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if is_name(name) && store.join(place_of(name)) == path {
                names.push(name.to_owned());
            }
        }
        names
    }

    /// Where something lies that no pointer names.
    fn lost(&self, name: &str) -> Place {
        Place::Lost(self.path(name))
    }

    fn told(&self, name: &str) -> String {
        self.path(name).to_string()
    }

    fn path(&self, name: &str) -> BString {
        let Some((store, root)) = &self.store else { return name.into() };
        let mut path = self.prefix.clone();
        path.extend_from_slice(&name_below(&store.join(place_of(name)), root));
        path
    }
}

/// Scans a file and tells its hash.
fn read(file: File, length: u64, name: &str, worker: &mut Worker<'_>) -> std::io::Result<Name> {
    let mut hashed = Hashed { file, hasher: Sha256::new() };
    if length > LARGEST_HELD {
        worker.scan_stream(&Place::Stdin, name, &mut hashed);
    } else {
        let mut bytes = Vec::new();
        // It may grow while it is read.
        (&mut hashed).take(LARGEST_HELD).read_to_end(&mut bytes)?;
        worker.scan(&Place::Stdin, &|| name.to_owned(), &bytes);
    }
    // What was not scanned counts for the hash all the same.
    std::io::copy(&mut hashed, &mut std::io::sink())?;
    let digest = ObjectName::from_bytes(&hashed.hasher.finalize());
    Ok(digest.map(|digest| digest.to_string()).unwrap_or_default())
}

struct Hashed {
    file: File,
    hasher: Sha256,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OID: &str = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";

    #[test]
    fn pointers() {
        let good = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize 12345\n");
        assert_eq!(pointer(good.as_bytes()).as_deref(), Some(OID));
        assert_eq!(pointer(good.replace('\n', "\r\n").as_bytes()).as_deref(), Some(OID));
        let extended = good.replace("oid ", &format!("ext-0-foo sha256:{OID}\noid "));
        assert_eq!(pointer(extended.as_bytes()).as_deref(), Some(OID));
        for no_pointer in [
            good.replace("12345", "0"),
            good.replace("12345", "-1"),
            good.replace("sha256:4d", "sha256:4D"),
            good.replace("2393\n", "239\n"),
            good.replace("git-lfs", "git-lfx"),
            format!("\n{good}"),
            format!("{good}{}", " ".repeat(1024)),
        ] {
            assert_eq!(pointer(no_pointer.as_bytes()), None, "{no_pointer}");
        }
    }
}
