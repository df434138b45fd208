//! What is in no file: commits and tags themselves, and the names of refs.
//!
//! Their paths lie in `.git`, where no tree can have any: `.git/commits/ID` and `.git/tags/ID`, with lines and columns
//! as in `git cat-file -p ID`, and `.git/refs/…`, whose one line is the name.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bstr::BString;

use super::range::info;
use super::{Counters, Worker};
use crate::detect::Detector;
use crate::finding::{GIT_DIRECTORY, Gap, ObjectName};
use crate::git::objects::{Kind, Objects};
use crate::git::refs::Roots;
use crate::git::revwalk::Commit;
use crate::git::{Repository, object_name};
use crate::grouping::{Committed, Grouping, Place, Sighting};
use crate::parallel::on_threads;

/// The path of a commit.
pub(crate) fn commit_path(id: &ObjectName) -> BString {
    format!(".git/commits/{id}").into()
}

/// The path of a tag.
pub(crate) fn tag_path(id: &ObjectName) -> BString {
    format!(".git/tags/{id}").into()
}

/// Scans the names of all refs of a repository that lies at `prefix`.
pub(crate) fn ref_names(
    roots: &Roots,
    prefix: &BString,
    detector: &Detector,
    counters: &Counters,
    gaps: &mut Vec<Gap>,
) -> Grouping {
    let mut worker = Worker::new(detector, counters);
    for (name, _) in &roots.refs {
        let path = [prefix, GIT_DIRECTORY, name].concat();
        worker.scan_metadata(&Place::Ref(path.into(), None), name);
    }
    let (grouping, more) = worker.finish();
    gaps.extend(more);
    grouping
}

/// Scans some commits, and some tags. What cannot be read is a gap.
pub(crate) fn objects(
    repository: &Repository,
    commits: &[Commit],
    tags: &[gix::ObjectId],
    detector: &Detector,
    jobs: usize,
    counters: &Counters,
    gaps: &mut Vec<Gap>,
) -> std::io::Result<Grouping> {
    let (directories, hash) = Objects::place(repository);
    let all: Vec<(gix::ObjectId, Kind)> = commits
        .iter()
        .map(|commit| (commit.id, Kind::Commit))
        .chain(tags.iter().map(|tag| (*tag, Kind::Tag)))
        .collect();
    let next = AtomicUsize::new(0);
    let parts = on_threads(jobs.min(all.len()), || -> std::io::Result<_> {
        let mut worker = Worker::new(detector, counters);
        let mut objects = Objects::open(&directories, hash)?;
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some((id, kind)) = all.get(number) else { return Ok(worker.finish()) };
            let place = Place::Object(u32::try_from(number).unwrap_or(u32::MAX));
            match objects.read(id, *kind) {
                Ok(bytes) => {
                    if catch_unwind(AssertUnwindSafe(|| worker.scan_metadata(&place, bytes))).is_err() {
                        worker.gaps.push(Gap::internal(id.to_string()));
                    }
                }
                Err(why) => worker.gaps.push(why.gap(id, "what is in scope")),
            }
        }
    });
    let mut grouping = Grouping::default();
    for part in parts {
        let (part, more) = part?;
        grouping.merge(part);
        gaps.extend(more);
    }
    let mut objects = Objects::open(&directories, hash)?;
    let mut place = |number: usize| {
        let (id, _) = all[number];
        let blob = object_name(&id);
        match commits.get(number) {
            Some(commit) => Place::Committed(Arc::new(Committed {
                path: commit_path(&blob),
                commit: Arc::new(info(&mut objects, commit)),
                blob,
                in_head: false,
            })),
            None => Place::Ref(tag_path(&blob), Some(blob)),
        }
    };
    for Sighting { place: at, .. } in grouping.drafts.values_mut().flatten() {
        if let Place::Object(number) = *at {
            *at = place(number as usize);
        }
    }
    Ok(grouping)
}
