//! Baselines: what they hold, what they hide, and what they never hide.

use super::support::{PASSWORD_RULE, RULE, Run, Sandbox, github, line, password_line};

const FILE: &str = "known.jsonl";

fn baseline(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    sandbox.muzzle([&["baseline"], arguments].concat())
}

fn text(run: &Run) -> String {
    String::from_utf8_lossy(&run.stdout).into_owned()
}

fn content(sandbox: &Sandbox) -> String {
    std::fs::read_to_string(sandbox.path(FILE)).unwrap()
}

/// A repository with a token and a password, and a baseline of them that is in no commit.
fn known() -> Sandbox {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", format!("{}{}", line("one"), password_line("one")));
    let run = baseline(&sandbox, &["create", FILE]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(text(&run), format!("{FILE} has 2 findings.\n"));
    sandbox
}

#[test]
fn what_is_known_is_not_reported_and_what_is_new_is() {
    let sandbox = known();
    for option in ["-b", "--baseline", "--baseline-path"] {
        let scan = sandbox.scan(&[option, FILE]);
        scan.expect_clean();
        let suppressed = scan.suppressed();
        assert_eq!(suppressed.len(), 2);
        assert!(suppressed.iter().all(|one| one.contains(" baseline known.jsonl:")), "{suppressed:?}");
    }
    let human = text(&sandbox.muzzle(["scan", ".", "-b", FILE]));
    assert!(human.contains("2 findings suppressed: 2 by the baseline known.jsonl."), "{human}");
    sandbox.write("b", line("two"));
    let scan = sandbox.scan(&["-b", FILE]);
    assert_eq!((scan.code, scan.places()), (1, vec![format!("{RULE} b:1:3 worktree")]));
    assert_eq!(sandbox.scan(&[]).count(), 3, "nothing is hidden without being asked for");
}

#[test]
fn another_password_on_the_same_line_is_new() {
    let sandbox = known();
    sandbox.commit_file("a", format!("{}{}", line("one"), password_line("two")));
    let scan = sandbox.scan(&["-b", FILE]);
    assert_eq!((scan.code, scan.count()), (1, 1));
    assert_eq!(scan.findings()[0]["rule"]["id"], PASSWORD_RULE);
    // Neither has the file a fast hash of the password, nor of its place.
    let content = content(&sandbox);
    assert_eq!(content.matches("\"s1:").count(), 1, "{content}");
    assert_eq!(content.matches("\"v1:").count(), 1, "{content}");
}

#[test]
fn a_baseline_has_nothing_that_changes_for_nothing() {
    let sandbox = known();
    let first = content(&sandbox);
    assert_eq!(first.lines().count(), 3);
    let ids: Vec<&str> = first.lines().skip(1).collect();
    assert!(ids.is_sorted(), "{first}");
    assert!(!first.contains(&github("one")) && !first.contains("\"line"), "{first}");
    // Edits above, a rename and another day change no byte.
    sandbox.git(["mv", "a", "b"]);
    sandbox.set_clock(1_700_000_000);
    sandbox.commit_file("b", format!("# one\n# two\n{}# three\n{}", line("one"), password_line("one")));
    let run = baseline(&sandbox, &["update", FILE]);
    assert_eq!(text(&run), format!("{FILE}: 0 added, 2 known.\n"));
    assert_eq!(content(&sandbox), first);
    // Two baselines of the same are no more alike than two salts.
    std::fs::rename(sandbox.path(FILE), sandbox.path("old")).unwrap();
    assert_eq!(baseline(&sandbox, &["create", FILE]).code, Some(0));
    let second = content(&sandbox);
    let seal = |text: &str| text.lines().find(|line| line.contains("s1:")).unwrap().to_owned();
    assert_ne!(seal(&first), seal(&second));
}

#[test]
fn create_update_diff_and_prune() {
    let sandbox = known();
    let run = baseline(&sandbox, &["create", FILE]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("is there already"), "{}", run.stderr);
    assert_eq!(baseline(&sandbox, &["diff", FILE]).code, Some(0));
    sandbox.write("b", line("two"));
    let run = baseline(&sandbox, &["diff", FILE]);
    assert_eq!(run.code, Some(1));
    assert!(text(&run).starts_with(&format!("+ {RULE} at b:1 (v1:")), "{}", text(&run));
    assert!(text(&run).ends_with("1 new, 0 gone, 2 known.\n"), "{}", text(&run));
    assert_eq!(
        text(&baseline(&sandbox, &["update", FILE])).lines().last(),
        Some("known.jsonl: 1 added, 2 known.")
    );
    sandbox.scan(&["-b", FILE]).expect_clean();
    std::fs::remove_file(sandbox.path("b")).unwrap();
    let full = content(&sandbox);
    let run = baseline(&sandbox, &["prune", FILE, "--dry-run"]);
    assert!(text(&run).ends_with("1 would go, 2 stay.\n"), "{}", text(&run));
    assert_eq!(content(&sandbox), full);
    let run = baseline(&sandbox, &["prune", FILE, "--no-history"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("a scan of everything alone"), "{}", run.stderr);
    assert_eq!(baseline(&sandbox, &["prune", FILE]).code, Some(0));
    assert_eq!(content(&sandbox).lines().count(), 3);
    let run = baseline(&sandbox, &["diff", "none.jsonl"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
}

#[test]
fn what_could_not_be_read_prunes_nothing_and_is_told() {
    let sandbox = known();
    let blob = sandbox.id("HEAD:a");
    std::fs::remove_file(sandbox.path("a")).unwrap();
    std::fs::remove_file(sandbox.loose(&blob)).unwrap();
    let full = content(&sandbox);
    let run = baseline(&sandbox, &["prune", FILE]);
    assert_eq!(run.code, Some(3), "{}", text(&run));
    assert!(text(&run).contains("INCOMPLETE"), "{}", text(&run));
    assert_eq!(content(&sandbox), full);
}

#[test]
fn branches_that_add_to_a_baseline_merge() {
    let sandbox = known();
    sandbox.write(".gitattributes", format!("{FILE} merge=union\n"));
    sandbox.commit("baseline");
    for name in ["left", "right"] {
        sandbox.git(["checkout", "-q", "-b", name, "main"]);
        sandbox.write(name, format!("{}{}", line(name), password_line(name)));
        assert_eq!(baseline(&sandbox, &["update", FILE]).code, Some(0));
        sandbox.commit(name);
    }
    sandbox.git(["merge", "-q", "--no-edit", "left"]);
    let scan = sandbox.scan(&["-b", FILE]);
    scan.expect_clean();
    assert_eq!((scan.suppressed().len(), scan.notices().len()), (6, 0));
    assert_eq!(text(&baseline(&sandbox, &["update", FILE])), format!("{FILE}: 0 added, 6 known.\n"));
    assert_eq!(content(&sandbox).lines().count(), 7, "{}", content(&sandbox));
}

#[test]
fn a_broken_line_hides_nothing_and_the_others_do() {
    let sandbox = known();
    let broken = content(&sandbox).replace("{\"id\":\"v1:", "<<<<<<< {\"id\":\"v1:");
    sandbox.write(FILE, broken);
    let scan = sandbox.scan(&["-b", FILE]);
    assert_eq!((scan.code, scan.count(), scan.suppressed().len()), (1, 1, 1));
    assert_eq!(scan.findings()[0]["rule"]["id"], RULE);
    assert_eq!(scan.notices().len(), 1);
    // What is no baseline at all is an error, as is one of a later version.
    sandbox.write(FILE, "nonsense\n");
    assert_eq!(sandbox.muzzle(["scan", ".", "-b", FILE]).code, Some(2));
    assert_eq!(sandbox.muzzle(["scan", ".", "-b", "none"]).code, Some(2));
}

#[test]
fn the_scanned_tree_brings_no_baseline_of_its_own() {
    let sandbox = known();
    sandbox.commit("with its baseline");
    assert_eq!(sandbox.scan(&[]).count(), 2);
}
