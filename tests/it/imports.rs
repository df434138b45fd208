//! Files of other scanners: what they hide here, and that another value is never hidden.

use sha2::{Digest as _, Sha256};

use super::support::{PASSWORD_RULE, RULE, Sandbox, Scan, github, line, password_line};

fn hex(digest: impl AsRef<[u8]>) -> String {
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The value in [`password_line`].
fn password(name: &str) -> String {
    let line = password_line(name);
    let (_, rest) = line.split_once("app:").unwrap();
    rest.split_once('@').unwrap().0.to_owned()
}

/// Tokens one and two in `a`, one in `b`, and a password in `c`; the id of the commit.
fn sandbox() -> (Sandbox, String) {
    let sandbox = Sandbox::repository();
    sandbox.write("a", format!("first\n{}{}", line("one"), line("two")));
    sandbox.write("dir/b", line("one"));
    sandbox.write("c", password_line("one"));
    let id = sandbox.commit("all");
    (sandbox, id)
}

/// Scans with a file of this name and content beside the repository.
fn with(sandbox: &Sandbox, name: &str, content: &str) -> Scan {
    let path = sandbox.outside(name);
    std::fs::write(&path, content).unwrap();
    sandbox.scan(&["--no-worktree", "-b", path.to_str().unwrap()])
}

/// `path:line` of what still counts.
fn counted(scan: &Scan) -> Vec<String> {
    assert_eq!(scan.code, i32::from(scan.count() > 0), "{}", scan.stderr);
    let place = |place: &String| place.split(' ').nth(1).unwrap().rsplit_once(':').unwrap().0.to_owned();
    let mut places: Vec<String> = scan.places().iter().map(place).collect();
    places.sort();
    places
}

#[test]
fn gitleaksignore_means_the_secret_at_its_place() {
    let (sandbox, id) = sandbox();
    let none = "0".repeat(40);
    for (text, left) in [
        (format!("# one\n\n{id}:a:github-pat:2\n"), vec!["a:3", "c:1", "dir/b:1"]),
        ("a:github-pat:2".into(), vec!["a:3", "c:1", "dir/b:1"]),
        (format!("{id}:a:github-pat:2\r\ndir\\b:any:1\r\n"), vec!["a:3", "c:1"]),
        (format!("{none}:a:github-pat:2"), vec!["a:2", "a:3", "c:1", "dir/b:1"]),
        ("a:github-pat:1\nb:github-pat:1".into(), vec!["a:2", "a:3", "c:1", "dir/b:1"]),
    ] {
        assert_eq!(counted(&with(&sandbox, ".gitleaksignore", &text)), left, "{text}");
    }
    // It stays with its secret through edits and renames, and never goes over to another.
    sandbox.write("a", format!("new\nfirst\n{}{}", line("one"), line("two")));
    sandbox.commit("moved down");
    sandbox.git(["mv", "a", "e"]);
    sandbox.commit("renamed");
    let ignore = format!("{id}:a:github-pat:2\n{id}:a:github-pat:3\n{id}:dir/b:github-pat:1\n{id}:c:x:1\n");
    assert_eq!(counted(&with(&sandbox, ".gitleaksignore", &ignore)), [""; 0]);
    sandbox.write("dir/b", line("three"));
    sandbox.commit("another in its place");
    assert_eq!(counted(&with(&sandbox, ".gitleaksignore", &ignore)), ["dir/b:1"]);
    // Without a commit it could be either, and is none.
    let scan = with(&sandbox, ".gitleaksignore", "dir/b:github-pat:1");
    assert_eq!(scan.notices().iter().filter(|notice| notice.starts_with("ambiguous")).count(), 1);
    assert_eq!(counted(&scan).iter().filter(|place| *place == "dir/b:1").count(), 2);
}

#[test]
fn two_secrets_on_a_line_need_two_entries() {
    let sandbox = Sandbox::repository();
    let id = sandbox.commit_file("a", format!("{} {}\n", github("one"), github("two")));
    let one = with(&sandbox, ".gitleaksignore", &format!("{id}:a:one:1"));
    assert_eq!((one.count(), one.notices().len()), (2, 1), "{:?}", one.notices());
    let both = with(&sandbox, ".gitleaksignore", &format!("{id}:a:one:1\n{id}:a:two:1"));
    assert_eq!(counted(&both), [""; 0]);
}

#[test]
fn the_trees_own_gitleaksignore_is_obeyed_like_an_ignore_file() {
    let (sandbox, _) = sandbox();
    sandbox.write(".gitleaksignore", "a:x:2\na:x:3\ndir/b:x:1\nnonsense\n");
    let scan = sandbox.scan(&[]);
    assert_eq!((scan.count(), scan.suppressed().len()), (1, 2), "{:?}", scan.places());
    assert_eq!(scan.notices(), ["malformed .gitleaksignore:4"]);
    assert_eq!(scan.report["suppressed"][0]["suppressions"][0]["of_scanned_tree"], true);
    let scan = sandbox.scan(&["--no-repo-config"]);
    assert_eq!((scan.count(), scan.notices()), (3, vec!["not-honoured .gitleaksignore".to_owned()]));
}

#[test]
fn gitleaks_reports_mean_values_or_places() {
    let (sandbox, id) = sandbox();
    let leak = |secret: &str, line: u32| {
        format!(
            "{{\"RuleID\":\"github-pat\",\"StartLine\":{line},\"File\":\"a\",\"Commit\":\"{id}\",\"Secret\":\"{secret}\"}}"
        )
    };
    let one = github("one");
    for (leaks, left) in [
        // A value means itself, wherever it is.
        (leak(&one, 99), vec!["a:3", "c:1"]),
        (leak("REDACTED", 2), vec!["a:3", "c:1", "dir/b:1"]),
        (leak("", 3), vec!["a:2", "c:1", "dir/b:1"]),
        // A part of the value, at its place.
        (leak(&one[4..], 2), vec!["a:3", "c:1", "dir/b:1"]),
        // Another value, at the place of this one.
        (leak("something-else", 2), vec!["a:2", "a:3", "c:1", "dir/b:1"]),
    ] {
        assert_eq!(counted(&with(&sandbox, "leaks.json", &format!("[{leaks}]"))), left, "{leaks}");
    }
    assert_eq!(counted(&with(&sandbox, "leaks.json", "[]")).len(), 4);
    let scan = with(&sandbox, "leaks.json", &format!("[{}]", leak(&one, 2)));
    assert!(!scan.report.to_string().contains(&one));
}

#[test]
fn hashes_mean_values() {
    let (sandbox, _) = sandbox();
    let one = github("one");
    let sha256 = hex(Sha256::digest(&one));
    assert_eq!(counted(&with(&sandbox, ".betterleaksignore", &format!("# c\n{sha256}\n"))), ["a:3", "c:1"]);
    let kind = hex(Sha256::digest(format!("{},password", password("one"))));
    for (text, left) in [
        (
            format!("version: 2\nsecret:\n  ignored_matches:\n    - name: one\n      match: {one}\n"),
            ["a:3", "c:1"],
        ),
        (format!("version: 2\nsecret:\n  ignored_matches:\n    - match: {sha256}\n"), ["a:3", "c:1"]),
        (format!("matches-ignore:\n  - {one}\n"), ["a:3", "c:1"]),
    ] {
        assert_eq!(counted(&with(&sandbox, ".gitguardian.yaml", &text)), left, "{text}");
    }
    let text = format!("version: 2\nsecret:\n  ignored_matches:\n    - name: n\n      match: {kind}\n");
    let scan = with(&sandbox, ".gitguardian.yaml", &text);
    assert_eq!(counted(&scan), ["a:2", "a:3", "dir/b:1"]);
    assert_eq!(scan.report["suppressed"][0]["suppressions"][0]["reason"], "n");
}

#[test]
fn detect_secrets_means_a_value_in_a_file() {
    let (sandbox, _) = sandbox();
    let sha1 = {
        let id = sandbox.outside("value");
        std::fs::write(&id, github("one")).unwrap();
        let mut command = std::process::Command::new("sha1sum");
        String::from_utf8(command.arg(id).output().unwrap().stdout).unwrap()[..40].to_owned()
    };
    let baseline = |more: &str| {
        format!(
            "{{\"version\":\"1.5.0\",\"plugins_used\":[],\"results\":{{\"a\":[{{\"type\":\"GitHub Token\",\"filename\":\"a\",\
             \"hashed_secret\":\"{sha1}\",\"is_verified\":{more},\"line_number\":77}}]}},\"generated_at\":\"x\"}}"
        )
    };
    assert_eq!(counted(&with(&sandbox, ".secrets.baseline", &baseline("false"))), ["a:3", "c:1", "dir/b:1"]);
    // What was live then is not hidden now.
    let scan = with(&sandbox, ".secrets.baseline", &baseline("true"));
    assert_eq!((counted(&scan).len(), scan.notices()[0].starts_with("not-honoured")), (4, true));
}

#[test]
fn kingfisher_baselines_mean_places() {
    let (sandbox, _) = sandbox();
    let second = "version: 2\nfingerprint_algorithm: kingfisher-v1\nrepositories:\n  - id: x\n    findings:\n      - path: \
                  a\n        fingerprint: '0123'\n        rule_id: kingfisher.github.1\n        line: 2\n        \
                  first_seen_at: '2026-01-01'\n";
    let first = "ExactFindings:\n  matches:\n    - filepath: ./a\n      fingerprint: '0123'\n      linenum: 2\n      \
                 lastupdated: x\n";
    for text in [second, first] {
        assert_eq!(counted(&with(&sandbox, "baseline.yaml", text)), ["a:3", "c:1", "dir/b:1"], "{text}");
    }
    let run = sandbox.muzzle(["scan", ".", "-b", sandbox.outside("nothing.yaml").to_str().unwrap()]);
    assert_eq!(run.code, Some(2));
}

#[test]
fn ripsecrets_and_git_secrets() {
    let (sandbox, _) = sandbox();
    let one = github("one");
    let text = format!("# files\ndir/*\n\n[secrets]\n{one}\n");
    assert_eq!(counted(&with(&sandbox, ".secretsignore", &text)), ["a:3", "c:1"]);
    assert_eq!(counted(&with(&sandbox, ".secretsignore", "dir/*\n")), ["a:2", "a:3", "c:1"]);
    for (text, left) in [
        ("^dir/b:1:", vec!["a:2", "a:3", "c:1"]),
        ("queue = .*/prod'$", vec!["a:2", "a:3", "dir/b:1"]),
        ("^x ", vec!["a:2", "a:3", "c:1", "dir/b:1"]),
        ("(", vec!["a:2", "a:3", "c:1", "dir/b:1"]),
    ] {
        assert_eq!(counted(&with(&sandbox, ".gitallowed", text)), left, "{text}");
    }
    // The end of what is shown of a long line is not its end.
    sandbox.write("long", format!("{}{}\n", line("three").trim_end(), " z".repeat(500)));
    sandbox.commit("long");
    assert!(counted(&with(&sandbox, ".gitallowed", "^long:.* z$")).contains(&"long:1".to_owned()));
}

#[test]
fn import_writes_a_baseline_of_what_is_hidden_as_a_whole() {
    let (sandbox, id) = sandbox();
    std::fs::write(sandbox.outside(".gitleaksignore"), format!("{id}:a:x:2\n{id}:c:x:1\n{id}:gone:x:1\n"))
        .unwrap();
    let (foreign, own) = (sandbox.outside(".gitleaksignore"), sandbox.outside("known.jsonl"));
    let (foreign, own) = (foreign.to_str().unwrap(), own.to_str().unwrap());
    let run = sandbox.muzzle(["baseline", "import", foreign, "--into", own]);
    let said = String::from_utf8(run.stdout).unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(said.contains(&format!("at some of its places only: {RULE} at a:2")), "{said}");
    assert!(said.contains("(gitleaksignore): 3 entries hide 1 finding; 1 added to"), "{said}");
    // The password alone: no fast hash of it, and every name that it gets.
    sandbox.git(["mv", "c", "d"]);
    sandbox.commit("renamed");
    let scan = sandbox.scan(&["-b", own]);
    assert_eq!(scan.count(), 2);
    assert!(scan.findings().iter().all(|finding| finding["rule"]["id"] != PASSWORD_RULE));
    let run = sandbox.muzzle(["baseline", "import", foreign, "--from", "detect-secrets", "--into", own]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("cannot read") && run.stderr.contains("detect-secrets"), "{}", run.stderr);
}

#[test]
fn a_file_that_nobody_knows_is_an_error() {
    let (sandbox, _) = sandbox();
    for text in ["", "nonsense", "{}", "[1]", "{\"a\":", "a: [b"] {
        std::fs::write(sandbox.outside("file"), text).unwrap();
        let run = sandbox.muzzle(["scan", ".", "-b", sandbox.outside("file").to_str().unwrap()]);
        assert_eq!(run.code, Some(2), "{text}");
        assert!(run.stderr.contains("cannot tell which scanner"), "{}", run.stderr);
    }
}
