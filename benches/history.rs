//! `cargo bench --bench history`: the scan of versions along deltas, and the attribution of findings.
//!
//! Input: two repositories made by `git fast-import` and packed by `git repack`; without git there is nothing to
//! measure. The figures are the phases that the pipeline times itself, on one thread, so that each benchmark holds what
//! its name says and nothing else.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use muzzle::detect::Detector;
use muzzle::pipeline::{self, Options};
use muzzle::report::Report;
use muzzle::rules::RuleSet;
use muzzle::rules::sample::{Rng, sample_template};
use muzzle::source::Counters;

/// Versions of the one file that is scanned along its deltas.
const VERSIONS: usize = 800;
/// Its lines, of some 60 bytes.
const LINES: usize = 1_000;
/// Commits whose trees are read to attribute findings.
const COMMITS: usize = 3_000;
/// Directories, and files in each.
const SHAPE: (usize, usize) = (20, 30);

/// What `git fast-import` reads.
struct Stream {
    text: Vec<u8>,
    commits: usize,
}

impl Stream {
    fn new() -> Self {
        Stream { text: Vec::new(), commits: 0 }
    }

    /// A commit that changes files.
    fn commit(&mut self, files: &[(String, String)]) {
        self.commits += 1;
        let (number, seconds) = (self.commits, 1_600_000_000 + 60 * self.commits);
        let head = format!("commit refs/heads/main\ncommitter C <c@example.test> {seconds} +0000\n");
        self.text.extend(head.into_bytes());
        let subject = format!("commit {number}");
        self.text.extend(format!("data {}\n{subject}\n", subject.len()).into_bytes());
        for (path, content) in files {
            let change = format!("M 100644 inline {path}\ndata {}\n{content}\n", content.len());
            self.text.extend(change.into_bytes());
        }
    }

    /// A bare repository with these commits in one pack.
    fn into_repository(self, directory: &Path) {
        git(directory, &["init", "--quiet", "--bare", "--initial-branch=main", "."], &[]);
        git(directory, &["fast-import", "--quiet"], &self.text);
        git(directory, &["-c", "pack.threads=1", "repack", "-adfq"], &[]);
    }
}

fn git(directory: &Path, arguments: &[&str], stdin: &[u8]) {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(directory).env_clear();
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.envs([("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("LC_ALL", "C")]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("git starts");
    child.stdin.take().expect("piped").write_all(stdin).expect("git reads its input");
    assert!(child.wait().expect("git ends").success(), "git {arguments:?}");
}

fn line(number: usize, rng: &mut Rng) -> String {
    format!("    let value_{number} = compute({}, \"row {:08x}\");\n", rng.below(1000), rng.next_u64() >> 32)
}

fn token(rng: &mut Rng) -> String {
    let text = sample_template("const TOKEN: &str = \"{{@github:ghp_}}\";\n", rng);
    text.expect("the template is well formed")
}

/// Versions of one file; each changes three lines, every hundredth puts a token in. Returns the bytes of all.
fn versions(directory: &Path) -> u64 {
    let mut rng = Rng::from_name("versions");
    let mut lines: Vec<String> = (0..LINES).map(|number| line(number, &mut rng)).collect();
    let (mut stream, mut bytes) = (Stream::new(), 0);
    for version in 0..VERSIONS {
        for _ in 0..3 {
            let at = rng.below(LINES);
            lines[at] = if version % 100 == 50 { token(&mut rng) } else { line(at, &mut rng) };
        }
        let content = lines.concat();
        bytes += content.len() as u64;
        stream.commit(&[("src/main.rs".to_owned(), content)]);
    }
    stream.into_repository(directory);
    bytes
}

/// A tree of small files, of which each commit changes one; every fiftieth puts a token in, which goes with the next
/// change of its file.
fn commits(directory: &Path) {
    let mut rng = Rng::from_name("commits");
    let path = |at: usize| format!("part{}/deep/file{}.rs", at % SHAPE.0, at / SHAPE.0);
    let all = SHAPE.0 * SHAPE.1;
    let mut stream = Stream::new();
    let first: Vec<_> = (0..all).map(|at| (path(at), line(at, &mut rng))).collect();
    stream.commit(&first);
    for commit in 1..COMMITS {
        let at = rng.below(all);
        let content = if commit % 50 == 0 { token(&mut rng) } else { line(at, &mut rng) };
        stream.commit(&[(path(at), content)]);
    }
    stream.into_repository(directory);
}

fn scan(detector: &Arc<Detector>, repository: &Path, no_delta: bool) -> Report {
    let options = Options { no_delta, ..Options::history_of(repository, 1) };
    let report = pipeline::scan(detector, &options, &Counters::default()).expect("the repository is sound");
    assert!(report.is_complete() && !report.findings.is_empty());
    report
}

/// The time that `part` took in each of `count` scans.
fn timed(count: u64, scan: impl Fn() -> Report, part: impl Fn(&Report) -> Duration) -> Duration {
    (0..count).map(|_| part(&scan())).sum()
}

fn history(criterion: &mut Criterion) {
    if !Command::new("git").arg("--version").output().is_ok_and(|output| output.status.success()) {
        let _ = writeln!(std::io::stderr(), "git is not there: nothing to measure");
        return;
    }
    let detector = Arc::new(
        Detector::new(RuleSet::embedded().expect("embedded rules load")).expect("the automaton is built"),
    );
    let directory = tempfile::tempdir().expect("a temporary directory");
    let bytes = versions(directory.path());
    let in_full = scan(&detector, directory.path(), true);
    let along_deltas = scan(&detector, directory.path(), false);
    assert_eq!(in_full.findings.len(), along_deltas.findings.len());
    assert_eq!(in_full.stats.bytes, bytes);
    let mut group = criterion.benchmark_group("decode and scan versions");
    group.throughput(Throughput::Bytes(bytes)).sample_size(10);
    for (name, no_delta) in [("along deltas", false), ("each in full", true)] {
        let run = || scan(&detector, directory.path(), no_delta);
        group.bench_function(name, |b| b.iter_custom(|count| timed(count, run, |report| report.phases.scan)));
    }
    group.finish();

    let directory = tempfile::tempdir().expect("a temporary directory");
    commits(directory.path());
    let run = || scan(&detector, directory.path(), false);
    assert_eq!(run().stats.commits, COMMITS as u64);
    let mut group = criterion.benchmark_group("attribution");
    group.throughput(Throughput::Elements(COMMITS as u64)).sample_size(10);
    group.bench_function("commits", |b| {
        b.iter_custom(|count| timed(count, run, |report| report.phases.attribute));
    });
    group.finish();
}

criterion_group!(benches, history);
criterion_main!(benches);
