//! The ways in which Git stores objects: none may change the report.

use std::path::Path;

use crate::support::{RULE, Sandbox, Scan, github, line};

/// The report of the versions fixture, which no way of storing it may change.
fn versions() -> Sandbox {
    Sandbox::fixture("versions.sh", &["first", "second"])
}

fn places_in_versions(sandbox: &Sandbox) -> Vec<String> {
    let number = |subject: &str| sandbox.git(["log", "--all", "--format=%H", &format!("--grep=^{subject}$")]);
    let mut expected: Vec<String> = (20..40)
        .map(|i| format!("{RULE} settings.txt:202:7 commit {}", number(&format!("version {i}"))))
        .collect();
    expected.push(format!("{RULE} side.txt:1:6 commit {} head", number("side")));
    let second = number("version 10");
    // The rename is part of a commit that has a version of its own.
    expected.push(format!("{RULE} new.yml:1:6 commit {} head", number("version 30")));
    expected.push(format!("{RULE} old.yml:1:6 commit {second}"));
    expected.sort();
    expected
}

fn sorted(scan: &Scan) -> Vec<String> {
    let mut places = scan.expect_complete().places();
    places.sort();
    places
}

/// Git lists what it packed in a file of its own.
fn history(sandbox: &Sandbox) -> Scan {
    sandbox.scan(&["--no-worktree", "--no-local"])
}

#[test]
fn every_way_to_store_objects_gives_the_same_report() {
    let sandbox = versions();
    let loose = history(&sandbox);
    assert_eq!(sorted(&loose), places_in_versions(&sandbox));
    // 60 of settings.txt, 60 small ones, one that is renamed, one on the side.
    assert_eq!(loose.report["scanned"]["blobs"], 122);
    let steps: [&[&[&str]]; 9] = [
        &[&["repack", "-q"]],
        &[&["repack", "-qadf", "--depth=50", "--window=250"]],
        &[&["commit-graph", "write", "--reachable"]],
        &[&["-c", "repack.writeBitmaps=true", "repack", "-qadf", "--depth=4", "--window=10"]],
        &[&["-c", "pack.indexVersion=1", "repack", "-qadf"]],
        &[&["-c", "repack.useDeltaBaseOffset=false", "repack", "-qadf", "--depth=50", "--window=250"]],
        &[&["-c", "pack.packSizeLimit=1m", "-c", "pack.compression=0", "repack", "-qadF"]],
        &[&["multi-pack-index", "write"]],
        &[&["repack", "-qd", "--cruft"]],
    ];
    for commands in steps {
        for command in commands {
            sandbox.git(*command);
        }
        let scan = history(&sandbox);
        assert_eq!(scan.expect_complete().report, loose.report, "{commands:?}");
        // The worktree part does not disturb it.
        assert_eq!(sandbox.scan(&[]).expect_complete().count(), 2);
    }
}

#[test]
fn deltas_really_are_deltas() {
    for (offsets, expected) in [("true", 6), ("false", 7)] {
        let sandbox = versions();
        let setting = format!("repack.useDeltaBaseOffset={offsets}");
        sandbox.git(["-c", &setting, "repack", "-qadf", "--depth=50", "--window=250"]);
        let listing = sandbox.git(["verify-pack", "-v", sandbox.only_pack("idx").to_str().unwrap()]);
        // `id type size packed offset depth base`, and the header's type at the offset.
        let pack = std::fs::read(sandbox.only_pack("pack")).unwrap();
        let kinds: Vec<u8> = listing
            .lines()
            .map(|line| line.split_ascii_whitespace().collect::<Vec<_>>())
            .filter(|fields| fields.len() == 7)
            .map(|fields| pack[fields[4].parse::<usize>().unwrap()] >> 4 & 7)
            .collect();
        assert!(kinds.len() > 50, "{listing}");
        assert!(kinds.iter().all(|kind| *kind == expected), "{kinds:?}");
        assert_eq!(sorted(&sandbox.scan(&["--no-worktree"])), places_in_versions(&sandbox));
    }
}

#[test]
fn several_packs_and_loose_objects_are_one_repository() {
    let sandbox = Sandbox::repository();
    let mut expected = Vec::new();
    for i in 0..5 {
        let name = format!("f{i}");
        let id = sandbox.commit_file(&name, line(&name));
        expected.push(format!("{RULE} {name}:1:3 commit {id} head"));
        if i < 4 {
            // Twice the same objects in other packs, too.
            sandbox.git(if i == 2 { &["repack", "-qa"][..] } else { &["repack", "-q"] });
        }
    }
    assert_eq!(sandbox.packs("pack").len(), 4);
    let scan = sandbox.scan(&["--no-worktree"]);
    assert_eq!(sorted(&scan), expected);
    assert_eq!(scan.report["scanned"]["blobs"], 5);
    sandbox.git(["multi-pack-index", "write"]);
    assert_eq!(sandbox.scan(&["--no-worktree"]).expect_complete().report, scan.report);
}

#[test]
fn objects_may_be_borrowed() {
    let sandbox = versions();
    let expected = places_in_versions(&sandbox);
    sandbox.git(["repack", "-qad"]);
    for relative in [false, true] {
        let clone = sandbox.outside(format!("clone{relative}"));
        sandbox.git(["clone", "-q", "--shared", ".", clone.to_str().unwrap()]);
        let alternates = clone.join(".git/objects/info/alternates");
        if relative {
            std::fs::write(&alternates, "../../../work/.git/objects\n").unwrap();
            sandbox.git_in(&clone, ["fsck"], b"");
        }
        assert!(!std::fs::read(alternates).unwrap().is_empty());
        let scan = sandbox.scan_with(&[clone.to_str().unwrap(), "--no-worktree"], b"");
        assert_eq!(sorted(&scan), expected);
    }
}

#[test]
fn borrowed_objects_that_are_gone_are_a_gap() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("a"));
    sandbox.git(["clone", "-q", "--shared", ".", "../clone"]);
    std::fs::rename(sandbox.path(".git"), sandbox.outside("away")).unwrap();
    let scan = sandbox.scan_with(&["../clone", "--no-worktree"], b"");
    assert_eq!((scan.code, scan.count()), (3, 0), "{:#}", scan.report["gaps"]);
}

#[test]
fn sha_256() {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "-q", "--object-format=sha256"]);
    let first = sandbox.commit_file("a", line("a"));
    let second = sandbox.commit_file("a", format!("\n{}", line("a")));
    sandbox.git(["tag", "-a", "t", "-m", "m"]);
    assert_eq!(first.len(), 64);
    let expected = [format!("a:2:3 commit {second} head"), format!("a:1:3 commit {first}")];
    assert_eq!(sandbox.scan(&["--no-worktree"]).expect_complete().only(), expected);
    sandbox.git(["repack", "-qadf"]);
    let scan = sandbox.scan(&["--no-worktree"]);
    assert_eq!(scan.expect_complete().only(), expected);
    assert_eq!(scan.findings()[0]["occurrences"][0]["blob"].as_str().unwrap().len(), 64);
    sandbox.write("b", line("b"));
    sandbox.git(["add", "b"]);
    sandbox.write("b", "");
    let places = sandbox.scan(&["--no-history"]).expect_complete().places();
    assert!(places.contains(&format!("{RULE} b:1:3 staged")), "{places:?}");
}

/// Refs kept in a form that cannot be read must not look like no refs.
#[test]
fn reftable_is_read_or_refused() {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "-q", "--ref-format=reftable"]);
    sandbox.commit_file("a", line("a"));
    sandbox.commit_file("a", "gone\n");
    let run = sandbox.muzzle(["scan", "-o", "json", "--no-worktree"]);
    assert!(matches!(run.code, Some(1..=4)), "{:?} {}", run.code, run.stderr);
    assert!(sandbox.path(".git/reftable").is_dir());
}

#[test]
fn an_index_in_two_files() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", "a\n");
    sandbox.git(["update-index", "--split-index"]);
    sandbox.write("b", line("b"));
    sandbox.git(["add", "b"]);
    sandbox.write("b", "clean\n");
    for arguments in [&[][..], &["--no-history"]] {
        assert_eq!(sandbox.scan(arguments).expect_complete().only(), ["b:1:3 staged"]);
    }
}

#[test]
fn one_secret_in_several_repositories_is_one_finding() {
    let sandbox = Sandbox::repository();
    let id = sandbox.commit_file("a", line("a"));
    sandbox.git(["clone", "-q", ".", "../clone"]);
    let other = sandbox.git_in(&sandbox.outside("clone"), ["rev-parse", "HEAD"], b"");
    assert_eq!(id, other);
    let scan = sandbox.scan_with(&[".", "../clone", "--no-worktree"], b"");
    assert_eq!(scan.expect_complete().only(), [format!("a:1:3 commit {id} head")]);
}

#[test]
fn a_git_directory_can_be_named_itself() {
    let sandbox = Sandbox::repository();
    let id = sandbox.commit_file("a", line("a"));
    let expected = ["a:1:3 worktree".into(), format!("a:1:3 commit {id} head")];
    assert_eq!(sandbox.scan_with(&[".git"], b"").expect_complete().only(), expected);
    assert!(Path::new(&sandbox.path(".git/HEAD")).exists());
    assert_eq!(github("a").len(), 40);
}
