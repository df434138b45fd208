//! THE scan, from top to bottom. Calls the stages, implements none.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bstr::BString;

use crate::attribution::{Attribution, Wanted, attribute};
use crate::detect::Detector;
use crate::finding::{Confidence, Gap};
use crate::git::environment::Environment;
use crate::git::revisions::{Selection, UnknownRevision, revision};
use crate::git::scope::Scope;
use crate::git::store::Store;
use crate::git::{OpenError, Repository, refs};
use crate::grouping::{Grouping, Place};
use crate::policy::Policy;
use crate::report::{Phases, Report, Stats};
use crate::rules::PathRules;
use crate::source::bundle::Bundle;
use crate::source::lfs::LargeFiles;
use crate::source::worktree::Item;
use crate::source::{Counters, Worker, history, metadata, range, unreadable};
use crate::suppression::{self, Sources};

mod assemble;
mod bundle;
mod companions;
mod exempt;
mod local;
mod part;
mod places;
mod requirements;
mod tree;

use assemble::Assembly;
pub use part::{Staging, staging};

/// What to scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A repository, a directory or a file.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

/// How to scan.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Debug, Clone)]
pub struct Options {
    /// What.
    pub targets: Vec<Target>,
    /// Scan the objects of repositories.
    pub history: bool,
    /// Scan the files of repositories.
    pub worktree: bool,
    /// Only these commits; then neither index nor working tree.
    pub scope: Option<Scope>,
    /// Honour ignore files.
    pub honour_ignores: bool,
    /// Open archives and what is compressed.
    pub archives: bool,
    /// Scan repositories inside of others and inside of directories.
    pub nested: bool,
    /// Scan objects of Git LFS.
    pub lfs: bool,
    /// Decode what stands encoded in texts.
    pub decoding: bool,
    /// Scan messages and headers of commits and tags, and the names of refs.
    pub metadata: bool,
    /// Scan the git directory's own files.
    pub local: bool,
    /// Scan every blob in full, without regard to what it is made from: the oracle of the fast path.
    pub no_delta: bool,
    /// Report what only unreachable objects hold.
    pub unreachable: bool,
    /// The least confidence that is reported.
    pub threshold: Confidence,
    /// Nothing is reported in files and blobs that are larger.
    pub largest_file: u64,
    /// Threads.
    pub jobs: usize,
    /// Show the secrets themselves.
    pub show_secrets: bool,
    /// Tell what was dropped, and why.
    pub explain: bool,
    /// Who may answer for findings.
    pub suppression: Sources,
    /// What is hidden, and what makes the scan fail.
    pub policy: Policy,
}

impl Options {
    /// All objects of one repository and nothing else, as `muzzle scan` would report them.
    pub fn history_of(repository: &Path, jobs: usize) -> Self {
        Options {
            targets: vec![Target::Path(repository.to_owned())],
            history: true,
            worktree: false,
            scope: None,
            honour_ignores: true,
            archives: true,
            nested: false,
            lfs: true,
            decoding: true,
            metadata: true,
            local: false,
            no_delta: false,
            unreachable: false,
            threshold: Confidence::Medium,
            largest_file: u64::MAX,
            jobs,
            show_secrets: false,
            explain: false,
            suppression: Sources::default(),
            policy: Policy::default(),
        }
    }
}

impl Options {
    /// Where Git said that the repository is, if this is for one of its hooks.
    fn environment(&self) -> Environment {
        self.scope.as_ref().map(|scope| scope.environment.clone()).unwrap_or_default()
    }
}

/// Nothing trustworthy was scanned.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A path that is not there.
    #[error("cannot scan {path}: {source}")]
    NoSuchPath {
        /// The path as given.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A repository that cannot be opened.
    #[error(transparent)]
    Repository(#[from] OpenError),
    /// A bundle that is none, or that cannot be unpacked.
    #[error("cannot read the bundle {path}: {why}")]
    Bundle {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Nothing would have been scanned.
    #[error("{0} is a bare repository: with --no-history there is nothing to scan")]
    NothingInScope(PathBuf),
    /// Commits were asked for where there are none.
    #[error("{0} is no repository: {1} means commits")]
    NoCommits(String, String),
    /// The index was asked for where there is none.
    #[error("{0} is no repository with an index: {1} means what is staged in one")]
    NoIndex(String, String),
    /// The index cannot be read.
    #[error("cannot read the index of {repository}: {why}; `git status` may tell more")]
    Index {
        /// The git directory.
        repository: PathBuf,
        /// Why.
        why: String,
    },
    /// Only some paths were asked for, and this is none of the repository.
    #[error("{path} lies outside of the working tree {root}")]
    Outside {
        /// The path as given.
        path: PathBuf,
        /// The top of the working tree.
        root: PathBuf,
    },
    /// A revision that names nothing.
    #[error(transparent)]
    Revision(#[from] UnknownRevision),
    /// The objects of a repository cannot be opened.
    #[error("cannot read the objects of {repository}: {source}")]
    Objects {
        /// The git directory.
        repository: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Scans all targets.
pub fn scan(detector: &Arc<Detector>, options: &Options, counters: &Counters) -> Result<Report, ScanError> {
    let mut report = collect(detector, options, counters)?;
    suppression::apply(&mut report, &options.suppression, is_whole(options));
    Ok(report)
}

/// The same, with nothing suppressed yet: what is known to be live by then has a say in that.
pub fn collect(
    detector: &Arc<Detector>,
    options: &Options,
    counters: &Counters,
) -> Result<Report, ScanError> {
    let started = Instant::now();
    counters.largest.store(options.largest_file, Ordering::Relaxed);
    counters.stays_closed.store(!options.archives, Ordering::Relaxed);
    counters.leaves_lfs.store(!options.lfs, Ordering::Relaxed);
    let mut assembly = Assembly::default();
    let mut gaps = Vec::new();
    let mut seen = BTreeSet::new();
    let several = options.targets.len() > 1;
    let part = options.scope.as_ref().filter(|scope| !scope.is_of_commits());
    if let Some(scope) = part {
        Run { detector, options, counters, seen: &mut seen, gaps: &mut gaps }.part(scope, &mut assembly)?;
    }
    for target in options.targets.iter().filter(|_| part.is_none()) {
        check_scope(target, options)?;
        let mut run = Run { detector, options, counters, seen: &mut seen, gaps: &mut gaps };
        match target {
            Target::Stdin => assembly.add(run.stdin(), &Attribution::default(), None),
            Target::Path(path) => {
                let metadata =
                    path.metadata().map_err(|source| ScanError::NoSuchPath { path: path.clone(), source })?;
                if let Some(bundle) = Bundle::open(path) {
                    run.bundle(path, bundle, &mut assembly)?;
                } else if !metadata.is_dir() {
                    assembly.add(run.file(path), &Attribution::default(), None);
                } else if let Some(repository) = Repository::hooked(path, &options.environment())? {
                    run.repository(&repository, path, &mut assembly)?;
                } else {
                    run.directory(path, several, &mut assembly);
                }
            }
        }
    }
    Ok(assembly.into_report(detector, options, gaps, stats(counters), started))
}

/// Whether everything was asked for that the targets hold.
pub fn is_whole(options: &Options) -> bool {
    let is_root = |target: &Target| match target {
        Target::Stdin => false,
        Target::Path(path) => match Repository::discover(path) {
            Ok(Some(repository)) => {
                repository.worktree().is_none_or(|root| root.canonicalize().ok() == path.canonicalize().ok())
            }
            _ => path.is_dir(),
        },
    };
    options.scope.is_none()
        && options.history
        && options.worktree
        && options.nested
        && options.targets.iter().all(is_root)
}

/// A scope means commits, and so a repository.
fn check_scope(target: &Target, options: &Options) -> Result<(), ScanError> {
    let Some(scope) = &options.scope else { return Ok(()) };
    let is_repository = match target {
        Target::Stdin => false,
        // What is not there is told with its reason.
        Target::Path(path) => {
            !path.exists() || (path.is_dir() && Repository::hooked(path, &scope.environment)?.is_some())
        }
    };
    let no_commits = || ScanError::NoCommits(target.name(), scope.text.clone());
    is_repository.then_some(()).ok_or_else(no_commits)
}

fn stats(counters: &Counters) -> Stats {
    let value = |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
    Stats {
        refs: value(&counters.refs),
        commits: value(&counters.commits),
        blobs: value(&counters.blobs),
        files: value(&counters.files),
        bytes: value(&counters.bytes),
        special_files_skipped: value(&counters.special),
        larger_skipped: value(&counters.larger),
        lfs_objects: value(&counters.lfs),
        lfs_missing: value(&counters.lfs_missing),
        replaced: value(&counters.replaced),
    }
}

/// One target's scan.
struct Run<'a> {
    detector: &'a Arc<Detector>,
    options: &'a Options,
    counters: &'a Counters,
    /// Repositories whose history is read: two paths into one share it.
    seen: &'a mut BTreeSet<PathBuf>,
    gaps: &'a mut Vec<Gap>,
}

impl Run<'_> {
    fn stdin(&mut self) -> Grouping {
        let mut worker = Worker::new(self.detector, self.counters);
        worker.scan_stream(&Place::Stdin, "standard input", std::io::stdin().lock());
        let (grouping, gaps) = worker.finish();
        self.gaps.extend(gaps);
        grouping
    }

    /// What is named on the command line is read, be it a link or a pipe, as `<(command)` is both.
    fn file(&mut self, path: &Path) -> Grouping {
        let name = BString::from(path.as_os_str().as_encoded_bytes());
        if path.metadata().is_ok_and(|metadata| metadata.is_file()) {
            let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
            // A pointer stands for what lies in its repository; one that cannot be opened is not asked for here.
            let repository = path.parent().and_then(|parent| Repository::discover(parent).ok().flatten());
            let large = LargeFiles::of(repository.as_ref(), b"");
            let mut grouping = self.files(&[Item::File { path, name }], None, &large);
            grouping.merge(large.scan(self.detector, 1, false, self.counters, self.gaps));
            return grouping;
        }
        let mut worker = Worker::new(self.detector, self.counters);
        match std::fs::File::open(path) {
            Ok(pipe) => worker.scan_stream(&Place::File(name), &path.display().to_string(), pipe),
            Err(error) => worker.gaps.push(unreadable(&path.display().to_string(), &error)),
        }
        let (grouping, gaps) = worker.finish();
        self.gaps.extend(gaps);
        grouping
    }

    /// Some commits, and nothing else.
    fn scope(
        &mut self,
        repository: &Repository,
        scope: &Scope,
        assembly: &mut Assembly,
    ) -> Result<(), ScanError> {
        if let Some(branch) = scope.whole_branch() {
            let id = revision(repository, branch)?;
            let roots = refs::only(repository, branch, id, self.gaps);
            let large = LargeFiles::of(Some(repository), b"");
            self.history(repository, &roots, &BString::default(), &large, assembly);
            return Ok(());
        }
        let selection = Selection::resolve(repository, scope)?;
        let Options { jobs, metadata, .. } = *self.options;
        let how = (jobs, metadata);
        let introduced = range::scan(repository, &selection, self.detector, how, self.counters, self.gaps);
        let failed = |source| ScanError::Objects { repository: repository.git_dir().to_owned(), source };
        assembly.add_introduced(introduced.map_err(failed)?);
        if self.counters.commits.load(Ordering::Relaxed) == 0 {
            tracing::warn!("nothing was in scope: no commit is in scope of {}", scope.text);
        }
        Ok(())
    }

    /// All objects of a repository that lies at `prefix`.
    fn history(
        &mut self,
        repository: &Repository,
        roots: &refs::Roots,
        prefix: &BString,
        large: &LargeFiles,
        assembly: &mut Assembly,
    ) {
        let started = Instant::now();
        let store = Store::open(repository, self.gaps);
        let opened = Instant::now();
        Counters::add(&self.counters.total, store.blobs() as u64);
        let jobs = self.options.jobs;
        let in_full = self.options.no_delta;
        let mut found = history::scan(&store, self.detector, jobs, in_full, large, self.counters, self.gaps);
        found.merge(large.scan(self.detector, jobs, !roots.limited, self.counters, self.gaps));
        let scanned = Instant::now();
        let rules = self.detector.rules();
        let by_path = PathRules::of(rules);
        let wanted = Wanted {
            found: &mut found,
            // What a rule says is never more than its own confidence, so that what is below is not reported.
            is_reported: &|rule| rules.get(rule).best_confidence() >= self.options.threshold,
            by_path: &by_path,
            metadata: self.options.metadata.then_some((self.detector, self.counters)),
        };
        let mut attribution = attribute(repository, &store, wanted, jobs, roots, self.gaps);
        attribution.prefix.clone_from(prefix);
        if self.options.metadata && !roots.limited {
            found.merge(metadata::ref_names(roots, prefix, self.detector, self.counters, self.gaps));
        }
        let phases = Phases { open: opened - started, scan: scanned - opened, attribute: scanned.elapsed() };
        tracing::info!(open = ?phases.open, scan = ?phases.scan, attribute = ?phases.attribute, "history scanned");
        assembly.add_phases(phases);
        Counters::add(&self.counters.commits, attribution.commits as u64);
        Counters::add(&self.counters.refs, attribution.refs as u64);
        assembly.add(found, &attribution, Some(&store));
    }
}
