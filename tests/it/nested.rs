//! Repositories in repositories, Git LFS and bundles: what is counted, and that saved runs are read again.

use muzzle::finding::ObjectName;
use serde_json::Value;

use crate::support::{Sandbox, line};

fn commit_in(sandbox: &Sandbox, at: &str, text: &str) {
    let path = sandbox.path(at);
    std::fs::create_dir_all(&path).unwrap();
    sandbox.git_in(&path, ["init", "-q"], b"");
    for text in [text, "gone\n"] {
        std::fs::write(path.join("a"), text).unwrap();
        sandbox.git_in(&path, ["add", "a"], b"");
        sandbox.git_in(&path, ["commit", "-qm", "change"], b"");
    }
}

/// Scans, and counts the credentials whose values are found again by the saved run.
fn found_again(sandbox: &Sandbox, target: &str) -> (usize, Value) {
    let saved = sandbox.muzzle(["scan", target, "-o", "json=../run.json"]);
    assert_eq!(saved.code, Some(1), "{}", saved.stderr);
    let report: Value = serde_json::from_slice(&std::fs::read(sandbox.outside("run.json")).unwrap()).unwrap();
    let plan = sandbox.muzzle(["verify", "--from", "../run.json", "--plan", "--format", "json"]);
    assert_eq!(plan.code, Some(0), "{}", plan.stderr);
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    assert_eq!(
        plan["credentials"].as_u64(),
        report["findings"].as_array().map(|list| list.len() as u64),
        "{plan}"
    );
    (report["findings"].as_array().unwrap().len(), report)
}

#[test]
fn what_lies_further_in_is_found_again() {
    let sandbox = Sandbox::repository();
    commit_in(&sandbox, "copy", &line("one"));
    commit_in(&sandbox, "x/y/copy", &line("two"));
    commit_in(&sandbox, "vendor/lib", &line("three"));
    sandbox.git(["submodule", "--quiet", "add", "./vendor/lib", "vendor/lib"]);
    sandbox.git(["submodule", "--quiet", "absorbgitdirs"]);
    std::fs::remove_dir_all(sandbox.path("vendor")).unwrap();
    sandbox.git(["clone", "-q", "--bare", "copy", "copy.git"]);
    assert_eq!(found_again(&sandbox, ".").0, 3);
}

#[test]
fn histories_are_read_once() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("one"));
    sandbox.commit_file("a", "gone\n");
    sandbox.git(["worktree", "add", "-q", "-b", "side", "trees/side"]);
    let count = |report: &Value| {
        (
            report["scanned"]["commits"].as_u64(),
            report["findings"][0]["occurrences"].as_array().unwrap().len(),
        )
    };
    assert_eq!(count(&sandbox.scan(&[]).report), (Some(2), 1));
    commit_in(&sandbox, "copy", &line("two"));
    assert_eq!(sandbox.scan(&[]).report["scanned"]["commits"], 4);
    assert_eq!(sandbox.scan(&["--no-nested"]).report["scanned"]["commits"], 2);
    assert_eq!(sandbox.scan(&["copy"]).report["scanned"]["commits"], 4);
}

#[test]
fn objects_of_lfs_are_counted_and_found_again() {
    use sha2::Digest as _;
    let sandbox = Sandbox::repository();
    for (name, is_here) in [("one", true), ("two", false)] {
        let text = line(name);
        let id = ObjectName::from_bytes(&sha2::Sha256::digest(&text)).unwrap().to_string();
        if is_here {
            sandbox.write(format!(".git/lfs/objects/{}/{}/{id}", &id[..2], &id[2..4]), &text);
        }
        let size = text.len();
        let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize {size}\n");
        sandbox.commit_file(name, pointer);
    }
    let (count, report) = found_again(&sandbox, ".");
    assert_eq!(
        (count, &report["scanned"]["lfs_objects"], &report["scanned"]["lfs_missing"]),
        (1, &1.into(), &1.into())
    );
    assert!(
        report["findings"][0]["occurrences"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["decoded"] == "git-lfs")
    );
    let human = sandbox.muzzle(["scan", "."]);
    let text = String::from_utf8(human.stdout).unwrap();
    assert!(text.contains("1 Git LFS object named, not here, and so not scanned"), "{text}");
}

#[test]
fn bundles_are_found_again_and_leave_nothing() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("one"));
    sandbox.commit_file("a", "gone\n");
    sandbox.git(["bundle", "create", "-q", "../x.bundle", "--all"]);
    std::fs::remove_dir_all(sandbox.path(".git")).unwrap();
    std::fs::rename(sandbox.outside("x.bundle"), sandbox.path("x.bundle")).unwrap();
    let temporary = sandbox.outside("tmp");
    std::fs::create_dir(&temporary).unwrap();
    assert_eq!(found_again(&sandbox, "x.bundle").0, 1);
    let mut command = sandbox.command(["scan", "x.bundle"]);
    let run = crate::support::run(command.env("TMPDIR", &temporary), b"");
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
}
