//! The fast path against its oracle: a scan along the deltas reports what a scan of every blob in full does.
//!
//! `MUZZLE_DIFFERENTIAL=2500 cargo test --test it differential` tries more repositories than the usual ones.

use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use muzzle::detect::Detector;
use muzzle::finding::Confidence;
use muzzle::pipeline::{self, Options};
use muzzle::report::{Format, Look, Report};
use muzzle::rules::RuleSet;
use muzzle::source::Counters;
use tempfile::TempDir;

use crate::support::packs::{Size, write_repository};
use crate::support::versions::Version;
use crate::support::{Rng, Sandbox};

static DETECTOR: LazyLock<Arc<Detector>> =
    LazyLock::new(|| Arc::new(Detector::new(RuleSet::embedded().unwrap()).unwrap()));

/// Rules of another scanner, of every kind: they look further and have fewer bounds than our own.
static FOREIGN: LazyLock<Arc<Detector>> = LazyLock::new(|| {
    let mut rules = RuleSet::default();
    rules.load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules/gitleaks-kinds.toml")).unwrap();
    Arc::new(Detector::new(rules).unwrap())
});

/// The objects of a repository, and everything that is found in them.
pub(crate) fn scan(git_dir: &Path, no_delta: bool, jobs: usize) -> Report {
    scan_for(&DETECTOR, git_dir, no_delta, jobs)
}

fn scan_for(detector: &Arc<Detector>, git_dir: &Path, no_delta: bool, jobs: usize) -> Report {
    let options = Options {
        no_delta,
        unreachable: true,
        threshold: Confidence::Low,
        show_secrets: true,
        ..Options::history_of(git_dir, jobs)
    };
    let mut report = pipeline::scan(detector, &options, &Counters::default()).unwrap();
    // It depends on the clock.
    report.findings.iter_mut().for_each(|finding| finding.days_exposed = None);
    report
}

/// Every occurrence with its line, shown where two reports are not the same.
fn lines(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in &report.findings {
        let rule = &report.rule(finding).id;
        for occurrence in &finding.occurrences {
            let place = (occurrence.blob, &occurrence.location, &occurrence.path);
            lines.push(format!("{rule} {} {:?} {place:?}", finding.fingerprint, finding.secret));
        }
    }
    for ((rule, reason), count) in &report.dropped {
        lines.push(format!("dropped {} {reason} {count}", report.rules.get(*rule).id));
    }
    lines
}

/// The number of occurrences, if all ways of scanning agree.
fn compare(git_dir: &Path, name: &str) -> usize {
    compare_for(&DETECTOR, git_dir, name)
}

fn compare_for(detector: &Arc<Detector>, git_dir: &Path, name: &str) -> usize {
    let expected = scan_for(detector, git_dir, true, 1);
    for (no_delta, jobs) in [(false, 1), (false, 3), (true, 3)] {
        let found = scan_for(detector, git_dir, no_delta, jobs);
        let (ours, theirs) = (lines(&found), lines(&expected));
        let missed: Vec<&String> = theirs.iter().filter(|line| !ours.contains(line)).collect();
        let too_many: Vec<&String> = ours.iter().filter(|line| !theirs.contains(line)).collect();
        assert_eq!((missed, too_many), (vec![], vec![]), "{name} no_delta={no_delta} jobs={jobs}");
        assert_eq!(ours, theirs, "{name} no_delta={no_delta} jobs={jobs}");
        // The lines round the secrets are in no format, and everything else is in this one.
        for (ours, theirs) in found.findings.iter().zip(&expected.findings) {
            assert!(ours.occurrences == theirs.occurrences, "{name}: {:?}", ours.occurrences);
        }
        assert_eq!(found.gaps, [], "{name}");
        let json =
            |report: &Report| String::from_utf8(Format::Json.render(report, &Look::default())).unwrap();
        assert_eq!(json(&found), json(&expected), "{name} no_delta={no_delta} jobs={jobs}");
    }
    expected.findings.iter().map(|finding| finding.occurrences.len()).sum()
}

/// How much random work to do. A failure names its seed.
pub(crate) fn amount(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |text| text.parse().unwrap())
}

#[test]
fn random_repositories() {
    let count = amount("MUZZLE_DIFFERENTIAL", 150);
    let (next, deltas, found) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicU64::new(0));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= count {
                return;
            }
            let directory = TempDir::new().unwrap();
            let name = format!("seed {seed}");
            let size = if seed % 16 == 0 { Size::Tiny } else { Size::Usual };
            let made = write_repository(directory.path(), &mut Rng::from_name(&name), size);
            deltas.fetch_add(made.deltas, Ordering::Relaxed);
            let occurrences = compare(directory.path(), &name);
            found.fetch_add(occurrences as u64, Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let (deltas, found) = (deltas.into_inner(), found.into_inner());
    assert!(deltas > 5 * count && found > 10 * count as u64, "{deltas} deltas, {found} occurrences");
}

/// The same for rules that were not written for this engine.
#[test]
fn random_repositories_and_foreign_rules() {
    let mut found = 0;
    let count = amount("MUZZLE_DIFFERENTIAL", 150) / 3;
    for seed in 0..count {
        let directory = TempDir::new().unwrap();
        let name = format!("foreign seed {seed}");
        write_repository(directory.path(), &mut Rng::from_name(&name), Size::Usual);
        found += compare_for(&FOREIGN, directory.path(), &name);
    }
    assert!(found > 10 * count, "{found} occurrences");
}

/// Real git's choice of bases, in all its moods.
#[test]
fn repositories_packed_by_git() {
    let moods: [&[&[&str]]; 10] = [
        &[&["repack", "-qadf", "--depth=1", "--window=250"]],
        &[&["repack", "-qadf", "--depth=250", "--window=50"]],
        &[&["repack", "-qadf", "--depth=50", "--window=10"]],
        &[&["repack", "-qadf", "--depth=4095", "--window=1"]],
        &[&["-c", "repack.useDeltaBaseOffset=false", "repack", "-qadf", "--depth=50", "--window=250"]],
        &[&["-c", "pack.indexVersion=1", "-c", "pack.compression=0", "repack", "-qadf"]],
        &[&["-c", "pack.packSizeLimit=1m", "-c", "pack.compression=0", "repack", "-qadF"]],
        &[&["repack", "-qadf"], &["multi-pack-index", "write"]],
        &[&["update-ref", "refs/heads/main", "main~3"], &["repack", "-qd", "--cruft"]],
        // What is unreachable becomes loose.
        &[&["update-ref", "refs/heads/main", "main~3"], &["repack", "-qAdf"]],
    ];
    let mut found = 0;
    for seed in 0..amount("MUZZLE_DIFFERENTIAL", 150) / 5 {
        let sandbox = Sandbox::new();
        let mut rng = Rng::from_name(&format!("git {seed}"));
        sandbox.git(["init", "-q", "--bare"]);
        let mut stream = b"reset refs/heads/main\n".to_vec();
        let mut version = Version::new(&mut rng, seed % 10 == 0);
        for number in 0..8 + rng.below(40) {
            version = version.edited(&mut rng);
            let date = 1_600_000_000 + number;
            let head = format!("commit refs/heads/main\ncommitter A <a@b> {date} +0000\ndata 1\nm\n");
            let file = format!("M 100644 inline file{}\ndata {}\n", number % 3, version.bytes.len());
            stream.extend([head.as_bytes(), file.as_bytes(), &version.bytes, b"\n"].concat());
        }
        sandbox.git_with(["-c", "fastimport.unpackLimit=0", "fast-import", "--quiet"], &stream);
        for command in moods[seed % moods.len()] {
            sandbox.git(*command);
        }
        found += compare(&sandbox.path(""), &format!("git {seed}"));
    }
    assert!(found > 10 * amount("MUZZLE_DIFFERENTIAL", 150) / 5, "{found} occurrences");
}

/// What the writer writes is what git reads, or the rest proves nothing.
#[test]
fn git_reads_what_is_written_without_it() {
    for seed in 0..12 {
        let sandbox = Sandbox::new();
        let made =
            write_repository(&sandbox.path(""), &mut Rng::from_name(&format!("seed {seed}")), Size::Usual);
        sandbox.git(["fsck", "--full", "--strict", "--no-dangling"]);
        let list = sandbox.git(["cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"]);
        assert_eq!(list.lines().filter(|line| *line == "blob").count(), made.blobs, "seed {seed}");
        let report = scan(&sandbox.path(""), false, 1);
        assert_eq!(report.stats.blobs, made.blobs as u64, "seed {seed}");
    }
}
