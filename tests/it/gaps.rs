//! What cannot be read is named, changes the exit code, and takes nothing else along.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::{RULE, Rng, Sandbox, Scan, line, run};

/// A repository with three commits, a file each; the ids of the commits.
fn three() -> (Sandbox, [String; 3]) {
    let sandbox = Sandbox::repository();
    let ids = ["one", "two", "three"].map(|name| sandbox.commit_file(name, line(name)));
    (sandbox, ids)
}

fn history(sandbox: &Sandbox) -> Scan {
    sandbox.scan(&["--no-worktree"])
}

fn names(scan: &Scan) -> Vec<String> {
    let mut names: Vec<String> = scan
        .places()
        .iter()
        .map(|place| place[RULE.len() + 1..].split(':').next().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_missing_blob() {
    let (sandbox, _) = three();
    let blob = sandbox.id("HEAD:two");
    std::fs::remove_file(sandbox.loose(&blob)).unwrap();
    let scan = history(&sandbox);
    assert_eq!(scan.expect_gaps().gaps(), [format!("missing-object {blob}")]);
    assert_eq!(names(&scan), ["one", "three"]);
    assert_eq!(sandbox.scan(&["--no-worktree", "--allow-incomplete"]).code, 1);
}

#[test]
fn nothing_found_and_something_missing_is_not_clean() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", "a\n");
    sandbox.commit_file("b", "b\n");
    std::fs::remove_file(sandbox.loose(&sandbox.id("HEAD:a"))).unwrap();
    assert_eq!(history(&sandbox).expect_gaps().code, 3);
    let scan = sandbox.scan(&["--allow-incomplete"]);
    assert_eq!((scan.code, scan.gaps().len()), (0, 1));
    assert_eq!(scan.report["complete"], false);
}

#[test]
fn a_missing_tree() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("a"));
    sandbox.commit_file("sub/b", line("b"));
    let tree = sandbox.id("HEAD:sub");
    std::fs::remove_file(sandbox.loose(&tree)).unwrap();
    std::fs::remove_file(sandbox.path(".git/index")).unwrap();
    let scan = history(&sandbox);
    assert_eq!(scan.expect_gaps().gaps(), [format!("missing-object {tree}")]);
    assert_eq!(names(&scan), ["a"]);
}

#[test]
fn a_missing_root_tree() {
    let (sandbox, _) = three();
    let tree = sandbox.id("HEAD~1^{tree}");
    std::fs::remove_file(sandbox.loose(&tree)).unwrap();
    let scan = history(&sandbox);
    assert_eq!(scan.expect_gaps().gaps(), [format!("missing-object {tree}")]);
    assert_eq!(names(&scan), ["one", "three", "two"]);
}

#[test]
fn a_missing_commit() {
    let (sandbox, ids) = three();
    std::fs::remove_dir_all(sandbox.path(".git/logs")).unwrap();
    std::fs::remove_file(sandbox.loose(&ids[1])).unwrap();
    let scan = history(&sandbox);
    assert_eq!(scan.expect_gaps().gaps(), [format!("missing-object {}", ids[1])]);
    assert_eq!(names(&scan), ["one", "three", "two"]);
}

#[test]
fn a_ref_to_nothing() {
    let (sandbox, ids) = three();
    let nothing = ids[0].chars().rev().collect::<String>();
    sandbox.write(".git/refs/heads/stale", format!("{nothing}\n"));
    let scan = history(&sandbox);
    assert_eq!(scan.expect_gaps().gaps(), [format!("missing-object {nothing}")]);
    assert_eq!(names(&scan), ["one", "three", "two"]);
}

#[test]
fn a_reflog_of_nothing() {
    let (sandbox, ids) = three();
    let nothing = ids[0].chars().rev().collect::<String>();
    let entry = format!("{nothing} {} A <a@b> 1 +0000\tx\n", ids[1]);
    sandbox.write(".git/logs/refs/heads/gone", entry);
    assert_eq!(history(&sandbox).expect_gaps().gaps(), [format!("missing-object {nothing}")]);
}

#[test]
fn a_staged_blob_that_is_gone() {
    for arguments in [&[][..], &["--no-history"]] {
        let sandbox = Sandbox::repository();
        sandbox.commit_file("a", "a\n");
        sandbox.write("a", line("a"));
        sandbox.git(["add", "a"]);
        let blob = sandbox.id(":a");
        sandbox.write("a", "clean\n");
        std::fs::remove_file(sandbox.loose(&blob)).unwrap();
        let scan = sandbox.scan(arguments);
        assert_eq!(scan.expect_gaps().gaps(), [format!("missing-object {blob}")]);
    }
}

#[test]
fn a_partial_clone_whose_remote_is_gone() {
    let (sandbox, ids) = three();
    sandbox.git(["config", "uploadpack.allowFilter", "true"]);
    let blobs = ["one", "two", "three"].map(|name| sandbox.id(&format!("HEAD:{name}")));
    let url = format!("file://{}", sandbox.path("").display());
    sandbox.git(["clone", "-q", "--no-checkout", "--filter=blob:none", &url, "../partial"]);
    std::fs::rename(sandbox.path(".git"), sandbox.outside("away")).unwrap();
    let scan = sandbox.scan_with(&["../partial"], b"");
    let mut expected = blobs.map(|blob| format!("missing-object {blob}"));
    expected.sort();
    assert_eq!(scan.expect_gaps().gaps(), expected);
    assert_eq!(scan.report["scanned"]["commits"], ids.len());
}

#[test]
fn a_shallow_clone() {
    let (sandbox, ids) = three();
    let url = format!("file://{}", sandbox.path("").display());
    sandbox.git(["clone", "-q", "--depth=1", &url, "../shallow"]);
    let scan = sandbox.scan_with(&["../shallow", "--no-worktree"], b"");
    assert_eq!(scan.expect_gaps().gaps(), ["shallow-history shallow"]);
    let mut places = scan.places();
    places.sort();
    let expected = ["one", "three", "two"].map(|name| format!("{RULE} {name}:1:3 commit {} head", ids[2]));
    assert_eq!(places, expected);
    // The whole depth is no gap.
    sandbox.git(["clone", "-q", "--depth=3", &url, "../deep"]);
    sandbox.scan_with(&["../deep", "--no-worktree"], b"").expect_complete();
}

#[test]
fn damaged_loose_objects() {
    let damages: [fn(Vec<u8>) -> Vec<u8>; 6] = [
        |_| Vec::new(),
        |_| b"rubbish".to_vec(),
        |bytes| bytes[..bytes.len() / 2].to_vec(),
        |bytes| bytes[..bytes.len() - 2].to_vec(),
        |mut bytes| {
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            bytes
        },
        |mut bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x10;
            bytes
        },
    ];
    for name in ["HEAD:two", "HEAD~1^{tree}", "HEAD~1"] {
        for (number, damage) in damages.iter().enumerate() {
            let (sandbox, _) = three();
            let id = sandbox.id(name);
            damage_file(&sandbox.loose(&id), damage);
            let scan = history(&sandbox);
            let gaps = scan.expect_gaps().gaps();
            assert!(gaps.iter().any(|gap| gap.ends_with(&id)), "{name} {number} {gaps:?}");
            let names: BTreeSet<_> = names(&scan).into_iter().collect();
            assert!(names.contains("one") && names.contains("three"), "{name} {number} {names:?}");
        }
    }
}

fn damage_file(path: &Path, damage: impl Fn(Vec<u8>) -> Vec<u8>) {
    let bytes = damage(std::fs::read(path).unwrap());
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn broken_refs() {
    for (path, text) in [
        (".git/refs/heads/broken", "rubbish\n"),
        (".git/refs/heads/broken", ""),
        (".git/refs/heads/broken", "0123\n"),
        (".git/packed-refs", "# pack-refs with: peeled fully-peeled sorted \nrubbish\n"),
    ] {
        let (sandbox, _) = three();
        sandbox.write(path, text);
        let scan = history(&sandbox);
        assert!(scan.expect_gaps().gaps()[0].starts_with("broken-ref "), "{path} {text:?} {:?}", scan.gaps());
        assert_eq!(names(&scan), ["one", "three", "two"], "{path} {text:?}");
    }
}

#[test]
fn the_only_branch_is_broken() {
    for text in ["", "rubbish\n"] {
        let (sandbox, _) = three();
        sandbox.write(".git/refs/heads/main", text);
        std::fs::remove_dir_all(sandbox.path(".git/logs")).unwrap();
        std::fs::remove_file(sandbox.path(".git/index")).unwrap();
        let scan = history(&sandbox);
        assert_eq!(scan.expect_gaps().code, 3, "{text:?}");
        assert_eq!(scan.report["not_reported"]["unreachable"], 3);
    }
}

#[test]
fn a_broken_head() {
    for text in ["", "rubbish\n", "ref: ../../outside\n"] {
        let (sandbox, _) = three();
        sandbox.write(".git/HEAD", text);
        let output = sandbox.muzzle(["scan", "-o", "json", "--no-worktree"]);
        assert!(matches!(output.code, Some(2 | 4)), "{text:?}: {:?} {}", output.code, output.stderr);
    }
}

#[test]
fn a_repository_that_cannot_be_opened_is_an_error() {
    let damages: [(&str, &[u8]); 4] = [
        (".git/config", b"[core\n"),
        (".git/config", b"[core]\n\trepositoryformatversion = 7\n"),
        (".git/config", b"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tunheardof = true\n"),
        (".git/config", b"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = md5\n"),
    ];
    for (path, bytes) in damages {
        let (sandbox, _) = three();
        sandbox.write(path, bytes);
        let output = sandbox.muzzle(["scan", "-o", "json"]);
        assert_eq!(output.code, Some(2), "{} {}", String::from_utf8_lossy(bytes), output.stderr);
        assert!(output.stdout.is_empty());
    }
    let sandbox = Sandbox::new();
    sandbox.write(".git", "gitdir: /nowhere\n");
    assert_eq!(sandbox.muzzle(["scan"]).code, Some(2));
}

#[test]
fn a_damaged_index() {
    let damages: [fn(Vec<u8>) -> Vec<u8>; 4] = [
        |_| Vec::new(),
        |_| b"DIRCrubbish".to_vec(),
        |bytes| bytes[..bytes.len() / 2].to_vec(),
        |mut bytes| {
            bytes[70] ^= 0xff;
            bytes
        },
    ];
    for (number, damage) in damages.iter().enumerate() {
        let (sandbox, _) = three();
        damage_file(&sandbox.path(".git/index"), damage);
        for arguments in [&[][..], &["--no-history"], &["--no-worktree"]] {
            let scan = sandbox.scan(arguments);
            let gaps = scan.expect_gaps().gaps();
            assert!(gaps.len() == 1 && gaps[0].ends_with(".git/index"), "{number} {gaps:?}");
            assert_eq!(scan.count(), 3, "{number}");
        }
    }
}

#[test]
fn trees_that_make_no_sense() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("a"));
    let blob = gix::ObjectId::from_hex(sandbox.id("HEAD:a").as_bytes()).unwrap();
    let commit = gix::ObjectId::from_hex(sandbox.id("HEAD").as_bytes()).unwrap();
    let null = gix::ObjectId::null(gix::hash::Kind::Sha1);
    let entry = |mode_and_name: &[u8], id: &gix::oid| [mode_and_name, b"\0", id.as_bytes()].concat();
    let good = entry(b"100644 good", &blob);
    let cases: [(&str, Vec<u8>); 7] = [
        ("cut short", entry(b"100644 x", &blob)[..20].to_vec()),
        ("no mode", entry(b"x y", &blob)),
        ("no end of the name", b"100644 name".to_vec()),
        ("a file for a directory", entry(b"40000 x", &blob)),
        ("a commit for a file", entry(b"100644 x", &commit)),
        ("no object at all", entry(b"100644 x", &null)),
        ("no directory at all", entry(b"40000 x", &null)),
    ];
    for (what, bad) in cases {
        let tree = [good.clone(), bad].concat();
        let tree = sandbox.git_with(["hash-object", "-t", "tree", "--literally", "-w", "--stdin"], &tree);
        let raw = format!("tree {tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nm\n");
        let commit =
            sandbox.git_with(["hash-object", "-t", "commit", "--literally", "-w", "--stdin"], raw.as_bytes());
        sandbox.write(".git/refs/heads/bad", format!("{commit}\n"));
        let scan = history(&sandbox);
        let gaps = scan.expect_gaps().gaps();
        assert!(
            gaps.iter().any(|gap| gap.ends_with(&tree) || gap.ends_with(&null.to_string())),
            "{what} {gaps:?}"
        );
        let found = scan.only();
        assert!(found.contains(&format!("good:1:3 commit {commit}")), "{what} {found:?}");
        std::fs::remove_file(sandbox.loose(&tree)).unwrap();
        std::fs::remove_file(sandbox.loose(&commit)).unwrap();
    }
}

#[test]
fn a_pack_without_its_index_and_an_index_without_its_pack() {
    for extension in ["idx", "pack"] {
        let (sandbox, _) = three();
        sandbox.git(["repack", "-qad"]);
        sandbox.write("loose", line("loose"));
        sandbox.git(["add", "loose"]);
        std::fs::remove_file(sandbox.only_pack(extension)).unwrap();
        let scan = sandbox.scan(&[]);
        assert!(
            scan.expect_gaps().gaps().iter().any(|gap| gap.starts_with("corrupt-pack ")),
            "{:?}",
            scan.gaps()
        );
        // In the files; and in the history, for which the pack serves without its index.
        let both = ["loose", "loose", "one", "one", "three", "three", "two", "two"];
        let expected =
            if extension == "idx" { &both[..] } else { &["loose", "loose", "one", "three", "two"] };
        assert_eq!(names(&scan), expected);
    }
}

/// Damages a packed repository in many places. Nothing may crash, nothing may be lost without a word, and what is
/// lost never takes with it what lies elsewhere.
fn damage(extension: &str, rounds: u32, change: impl Fn(&mut Vec<u8>, &mut Rng)) {
    let sandbox = Sandbox::fixture("versions.sh", &["first", "second"]);
    sandbox.git(["repack", "-qadf", "--depth=50", "--window=50"]);
    let safe = sandbox.git_with(["hash-object", "-w", "--stdin"], line("safe").as_bytes());
    sandbox.git(["tag", "safe", &safe]);
    let whole = history(&sandbox);
    let expected: BTreeSet<String> = whole.expect_complete().places().into_iter().collect();
    let path = sandbox.only_pack(extension);
    let bytes = std::fs::read(&path).unwrap();
    for round in 0..rounds {
        let mut damaged = bytes.clone();
        change(&mut damaged, &mut Rng::from_name(&format!("{extension} {round}")));
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, damaged).unwrap();
        let output = run(&mut sandbox.command(["scan", "-o", "json", "--no-worktree"]), b"");
        let code = output.code.unwrap_or_else(|| panic!("round {round}: a signal: {}", output.stderr));
        assert!(matches!(code, 0 | 1 | 3 | 4), "round {round}: exit {code}: {}", output.stderr);
        let scan = Scan::new(output);
        let found: BTreeSet<String> = scan.places().into_iter().collect();
        if code < 3 {
            assert_eq!(found, expected, "round {round}");
        } else {
            assert!(found.contains(&format!("{RULE} refs/tags/safe:1:3 ref")), "round {round}: {found:?}");
        }
    }
}

fn flip(bytes: &mut [u8], random: &mut Rng) {
    let at = random.below(bytes.len());
    bytes[at] ^= 1 << random.below(8);
}

#[test]
fn flipped_bits_in_a_pack() {
    damage("pack", 80, |bytes, random| flip(bytes, random));
}

#[test]
fn overwritten_stretches_of_a_pack() {
    damage("pack", 30, |bytes, random| {
        let start = random.below(bytes.len());
        let end = bytes.len().min(start + 1 + random.below(200));
        bytes[start..end].iter_mut().for_each(|byte| *byte = u8::try_from(random.below(256)).unwrap());
    });
}

#[test]
fn truncated_packs() {
    damage("pack", 30, |bytes, random| bytes.truncate(random.below(bytes.len())));
}

#[test]
fn flipped_bits_in_an_index() {
    damage("idx", 80, |bytes, random| flip(bytes, random));
}

#[test]
fn truncated_indexes() {
    damage("idx", 20, |bytes, random| bytes.truncate(random.below(bytes.len())));
}
