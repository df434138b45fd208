//! One damaged byte anywhere in packs, indexes or loose objects: a gap in the report, or nothing lost.
//!
//! `MUZZLE_FLIPS=100000 cargo test --test it flips` flips more bytes than usual.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use muzzle::finding::{Gap, GapKind};
use muzzle::report::Report;
use tempfile::TempDir;

use crate::differential::{amount, scan};
use crate::support::packs::{Size, write_repository};
use crate::support::versions::{Version, one_in};
use crate::support::{Rng, Sandbox, line};

/// A scan that takes longer hangs.
const LONGEST: Duration = Duration::from_mins(1);

/// Rule, secret and place in a blob → in how many blobs.
type Found = BTreeMap<String, usize>;

fn found(report: &Report) -> Found {
    let mut list = Vec::new();
    for finding in &report.findings {
        for occurrence in &finding.occurrences {
            let span = occurrence.location.span;
            list.push((format!("{:?} {:?} {span:?}", finding.rule, finding.secret), occurrence.blob));
        }
    }
    list.sort();
    list.dedup();
    let mut found = Found::new();
    list.into_iter().for_each(|(place, _)| *found.entry(place).or_default() += 1);
    found
}

/// Small repositories in which every way of storing objects occurs, secrets in each.
fn fixtures() -> Vec<(TempDir, PathBuf)> {
    let mut list = Vec::new();
    let mut number = 0;
    while list.len() < 6 {
        let directory = TempDir::new().unwrap();
        write_repository(directory.path(), &mut Rng::from_name(&format!("flips {number}")), Size::Tiny);
        let git_dir = directory.path().to_owned();
        if !scan(&git_dir, true, 1).findings.is_empty() {
            list.push((directory, git_dir));
        }
        number += 1;
    }
    let ways: [&[&[&str]]; 5] = [
        &[],
        &[&["repack", "-qadf", "--depth=50", "--window=50"], &["pack-refs", "--all"]],
        &[&["-c", "repack.useDeltaBaseOffset=false", "repack", "-qadf", "--depth=50", "--window=50"]],
        &[
            &["repack", "-q"],
            &["commit", "-q", "--allow-empty", "-m", "m"],
            &["repack", "-q"],
            &["multi-pack-index", "write"],
        ],
        &[&["-c", "pack.indexVersion=1", "-c", "pack.compression=0", "repack", "-qadf"]],
    ];
    for commands in ways {
        let sandbox = Sandbox::repository();
        let mut rng = Rng::from_name("flips");
        let mut text = Version::new(&mut rng, false);
        for number in 0..5 {
            text = text.edited(&mut rng);
            sandbox.write("a", [&text.bytes, line("a").as_bytes()].concat());
            sandbox.commit_file(if number % 2 == 0 { "b" } else { "d/c" }, line(&number.to_string()));
        }
        commands.iter().for_each(|command| drop(sandbox.git(*command)));
        let (directory, git_dir) = (sandbox.into_directory(), Path::new("work/.git"));
        let git_dir = directory.path().join(git_dir);
        list.push((directory, git_dir));
    }
    list
}

/// Packs, indexes, loose objects: whatever lies below `objects`.
fn files(git_dir: &Path) -> Vec<PathBuf> {
    let mut directories = vec![git_dir.join("objects"), git_dir.join("lender")];
    let mut list = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { directories.push(path) } else { list.push(path) }
        }
    }
    list.retain(|path| !path.ends_with("info/alternates") && !path.ends_with("info/packs"));
    list.sort();
    list
}

struct Flip {
    file: PathBuf,
    at: usize,
    from: u8,
    to: u8,
}

/// Flips one byte, scans, and flips it back. Files have equal turns, however long they are, and headers more than that.
fn flip_once(git_dir: &Path, files: &[PathBuf], rng: &mut Rng) -> (Flip, Report) {
    let file = files[rng.below(files.len())].clone();
    let mut bytes = std::fs::read(&file).unwrap();
    let at = if one_in(rng, 4) { rng.below(bytes.len().min(64)) } else { rng.below(bytes.len()) };
    let from = bytes[at];
    bytes[at] ^= if one_in(rng, 2) { 1 << rng.below(8) } else { u8::try_from(1 + rng.below(255)).unwrap() };
    let to = bytes[at];
    replace(&file, &bytes);
    let report = scan(git_dir, false, 1);
    bytes[at] = from;
    replace(&file, &bytes);
    (Flip { file, at, from, to }, report)
}

/// git writes them read-only, so the file makes way for another.
fn replace(file: &Path, bytes: &[u8]) {
    std::fs::remove_file(file).unwrap();
    std::fs::write(file, bytes).unwrap();
}

/// What a scan of the damaged repository must not say.
fn complaint(intact: &Found, report: &Report) -> Option<String> {
    if let Some(Gap { place, detail, .. }) = report.gaps.iter().find(|gap| gap.kind == GapKind::Internal) {
        return Some(format!("it failed at {place}: {detail}"));
    }
    let now = found(report);
    let lost = intact.iter().find(|(place, count)| now.get(*place).copied().unwrap_or(0) < **count);
    lost.filter(|_| report.gaps.is_empty()).map(|(place, _)| format!("nothing is said of {place}"))
}

#[test]
fn no_flipped_byte_goes_unnoticed() {
    let count = amount("MUZZLE_FLIPS", 10_000);
    let (send, receive) = channel();
    for thread in 0..2 {
        let send = send.clone();
        std::thread::spawn(move || {
            let fixtures = fixtures();
            for (number, (_directory, git_dir)) in fixtures.iter().enumerate() {
                let intact = scan(git_dir, false, 1);
                assert_eq!(intact.gaps, []);
                let (intact, files) = (found(&intact), files(git_dir));
                assert!(!intact.is_empty() && !files.is_empty());
                let mut rng = Rng::from_name(&format!("flips {thread} {number}"));
                for _ in 0..count.div_ceil(2 * fixtures.len()) {
                    let (flip, report) = flip_once(git_dir, &files, &mut rng);
                    let Flip { file, at, from, to } = flip;
                    let file = file.strip_prefix(git_dir).unwrap().display();
                    let name = format!("fixture {number}: {file}: byte {at}: {from:#04x} to {to:#04x}");
                    let complaint = complaint(&intact, &report).map(|why| format!("{name}: {why}"));
                    if send.send((complaint, report.gaps.is_empty())).is_err() {
                        return;
                    }
                }
            }
        });
    }
    drop(send);
    let (mut complaints, mut tried, mut complete) = (Vec::new(), 0, 0);
    loop {
        match receive.recv_timeout(LONGEST) {
            Ok((complaint, is_complete)) => {
                complaints.extend(complaint);
                tried += 1;
                complete += usize::from(is_complete);
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("a scan hangs"),
        }
    }
    assert_eq!(complaints, [""; 0], "{} of {tried}", complaints.len());
    // A panic of one of the threads would have ended it early.
    assert!(tried >= count, "{tried} of {count}");
    assert!(complete < tried / 3, "{complete} of {tried}");
}
