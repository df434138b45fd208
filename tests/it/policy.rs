//! What a scanned repository's own configuration may say, and what it may not.

use std::path::Path;

use muzzle::config::policy_file::{PolicySource, read};
use muzzle::git::Repository;
use serde_json::Value;

use crate::support::token::fill;
use crate::support::{RULE, Sandbox, Scan, line, run};

fn open(path: &Path) -> Repository {
    Repository::discover(path).unwrap().unwrap()
}

#[test]
fn a_policy_file_is_that_of_the_tree_or_of_a_revision() {
    let sandbox = Sandbox::repository();
    let none = read(&open(&sandbox.path("")), "muzzle.toml", PolicySource::Tree);
    assert_eq!(none.unwrap(), None);
    sandbox.commit_file("muzzle.toml", "first");
    sandbox.commit_file("sub/muzzle.toml", "below");
    sandbox.git(["tag", "-a", "-m", "reviewed", "base"]);
    sandbox.commit_file("muzzle.toml", "second");
    sandbox.write("muzzle.toml", "third");
    let repository = open(&sandbox.path(""));
    let text = |repository: &Repository, name: &str, from| {
        read(repository, name, from).unwrap().map(|file| (file.text, file.origin))
    };
    let told = |text: &str, origin: &str| Some((text.to_owned(), origin.to_owned()));
    let base = PolicySource::Revision("base");
    assert_eq!(text(&repository, "muzzle.toml", PolicySource::Tree), told("third", "muzzle.toml"));
    assert_eq!(text(&repository, "muzzle.toml", base), told("first", "base:muzzle.toml"));
    assert_eq!(text(&repository, "sub/muzzle.toml", base), told("below", "base:sub/muzzle.toml"));
    for absent in ["other.toml", "sub/other.toml", "muzzle.toml/x", "nowhere/muzzle.toml"] {
        assert_eq!(text(&repository, absent, base), None, "{absent}");
        assert_eq!(text(&repository, absent, PolicySource::Tree), None, "{absent}");
    }
    sandbox.git(["clone", "-q", "--bare", ".", "../bare"]);
    let bare = open(&sandbox.outside("bare"));
    assert_eq!(text(&bare, "muzzle.toml", PolicySource::Tree), told("second", "HEAD:muzzle.toml"));
    assert_eq!(text(&bare, "muzzle.toml", base), told("first", "base:muzzle.toml"));
    sandbox.git(["init", "-q", "--bare", "../empty"]);
    assert_eq!(text(&open(&sandbox.outside("empty")), "muzzle.toml", PolicySource::Tree), None);
}

#[test]
#[cfg(unix)]
fn a_policy_file_leads_nowhere_else() {
    let sandbox = Sandbox::repository();
    std::fs::write(sandbox.outside("elsewhere"), "private").unwrap();
    std::os::unix::fs::symlink("../elsewhere", sandbox.path("link.toml")).unwrap();
    std::os::unix::fs::symlink("..", sandbox.path("up")).unwrap();
    sandbox.write("latin.toml", b"\xe9");
    sandbox.write("long.toml", " ".repeat((1 << 20) + 1));
    sandbox.commit("links");
    std::process::Command::new("mkfifo").arg(sandbox.path("pipe.toml")).status().unwrap();
    let repository = open(&sandbox.path(""));
    for (name, tree, head) in [
        ("link.toml", "a symbolic link is not followed", Some("it is no plain file")),
        ("up/elsewhere", "a symbolic link is not followed", None),
        ("../elsewhere", "it does not lie in the working tree", None),
        ("/etc/passwd", "it does not lie in the working tree", None),
        ("pipe.toml", "it is no plain file", None),
        ("latin.toml", "it is not UTF-8", Some("it is not UTF-8")),
        ("long.toml", "it is longer than 1024 KiB", Some("it is longer than 1024 KiB")),
    ] {
        let error = read(&repository, name, PolicySource::Tree).unwrap_err().to_string();
        assert!(error.ends_with(tree) && error.contains(name), "{error}");
        match (read(&repository, name, PolicySource::Revision("HEAD")), head) {
            (Ok(None), None) => {}
            (Err(error), Some(head)) => assert!(error.to_string().ends_with(head), "{error}"),
            (other, _) => panic!("{name}: {other:?}"),
        }
    }
    let error = read(&repository, "muzzle.toml", PolicySource::Revision("nowhere")).unwrap_err().to_string();
    assert!(error.contains("\"nowhere\" names no commit"), "{error}");
}

/// A token of a rule that is sure, one of a rule that is less sure, and a configuration that hides both.
const ALL_QUIET: &str = "[scan]\nconfidence = 'high'\n\n[rules]\nonly = ['jwt']\n\n[paths]\nexclude = ['*']\n\n\
    [report]\nfail_on = 'never'\nexit_code = 0\nallow_incomplete = true\noutputs = ['json=stolen.json']\n\n\
    [[allowlist]]\ndescription = 'everything'\nregexes = ['.*']\n";

impl Sandbox {
    /// `muzzle scan . -o json` where `CI` is set.
    fn scan_in_ci(&self, arguments: &[&str]) -> Scan {
        let all = ["scan", ".", "-o", "json"].iter().chain(arguments);
        Scan::new(run(self.command(all).env("CI", "true"), b""))
    }

    /// What `scan` says to people.
    fn told(&self, arguments: &[&str], ci: bool) -> (Option<i32>, String) {
        let mut command = self.command(["scan", "."].iter().chain(arguments));
        if ci {
            command.env("CI", "true");
        }
        let run = run(&mut command, b"");
        let text = String::from_utf8(run.stdout).unwrap() + &run.stderr;
        (run.code, text.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

/// `findings by kind name place`.
fn entries(list: &Value) -> Vec<String> {
    let entry = |one: &Value| {
        format!(
            "{} by {} {} at {}",
            one["findings"],
            one["by"].as_str().unwrap(),
            one["name"].as_str().unwrap(),
            one["place"].as_str().unwrap()
        )
    };
    list.as_array().unwrap().iter().map(entry).collect()
}

#[test]
fn a_tree_that_allows_everything_is_still_red_in_a_pipeline() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("a"));
    sandbox.write("muzzle.toml", ALL_QUIET);
    sandbox.commit("quiet");
    sandbox.git(["clone", "-q", "--bare", ".", "../bare"]);

    // At home it is obeyed as far as it goes, and told.
    let (code, text) = sandbox.told(&[], false);
    assert_eq!(code, Some(0), "{text}");
    for expected in [
        "muzzle.toml:5 of the scanned tree: no rules run but jwt",
        "muzzle.toml:2 of the scanned tree: less than confidence high is not reported",
        "muzzle.toml:11 of the scanned tree: fail_on is never",
        "report.outputs in muzzle.toml:14 is not used",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(!sandbox.path("stolen.json").exists());

    // In a pipeline it is not.
    let scan = sandbox.scan_in_ci(&[]);
    assert_eq!(scan.code, 1);
    assert_eq!(scan.only().len(), 2);
    let policy = &scan.report["policy"];
    assert_eq!(policy["would_have_hidden"], 1);
    assert_eq!(entries(&policy["not_honoured"]), ["1 by rules.only jwt at muzzle.toml:5"]);
    assert_eq!(policy["tree"]["honoured"], false);
    assert_eq!(policy["tree"]["why_not"], "CI is set");
    assert_eq!(policy["failing"], 1);
    let (code, text) = sandbox.told(&[], true);
    assert_eq!(code, Some(1));
    let why = "muzzle.toml of the scanned tree would have hidden 1 finding (1 by rules.only `jwt` in muzzle.toml:5): not \
               honoured, because CI is set; --config-from REF takes policy from a revision that was reviewed.";
    assert!(text.contains(why), "{text}");
    assert!(text.contains("muzzle.toml:11 of the scanned tree is not honoured: fail_on is never"), "{text}");

    // The same without CI, if asked for.
    let scan = sandbox.scan(&["--no-repo-config"]);
    assert_eq!(
        (scan.code, &scan.report["policy"]["tree"]["why_not"]),
        (1, &"--no-repo-config says so".into())
    );

    // In a bare repository, HEAD's file is that of the tree.
    let bare = sandbox.outside("bare");
    let bare = bare.to_str().unwrap();
    let scan = Scan::new(run(sandbox.command(["scan", bare, "-o", "json"]).env("CI", "1"), b""));
    assert_eq!(scan.code, 1);
    assert_eq!(scan.report["policy"]["tree"]["file"], "HEAD:muzzle.toml");
    assert_eq!(scan.report["policy"]["would_have_hidden"], 1);
    let scan = Scan::new(run(&mut sandbox.command(["scan", bare, "-o", "json"]), b""));
    assert_eq!((scan.code, scan.count()), (0, 0));
}

#[test]
fn policy_comes_from_a_reviewed_revision() {
    let sandbox = Sandbox::repository();
    sandbox.write("vendor/a", line("vendored"));
    sandbox.write("b", line("b"));
    sandbox.write("muzzle.toml", "[[allowlist]]\ndescription = 'vendored'\npaths = ['^vendor/']\n[report]\noutputs = ['json=stolen.json']\n");
    sandbox.commit("base");
    sandbox.git(["tag", "base"]);
    let more = "[rules]\ndisable = ['github-pat-classic', 'jwt']\n[[allowlist]]\ndescription = 'mine'\npaths = ['^b$']\n\
                [[allowlist]]\ndescription = 'vendored'\npaths = ['^vendor/']\n";
    sandbox.write("muzzle.toml", more);
    sandbox.commit("weaken");

    for ci in [false, true] {
        let arguments = ["scan", ".", "-o", "json", "--config-from", "base"];
        let mut command = sandbox.command(arguments);
        if ci {
            command.env("CI", "true");
        }
        let scan = Scan::new(run(&mut command, b""));
        assert_eq!(scan.code, 1);
        assert!(scan.only().iter().all(|place| place.starts_with("b:")), "{:?}", scan.only());
        assert_eq!(entries(&scan.report["allowed"]), ["1 by allowlist vendored at base:muzzle.toml:1"]);
        let policy = &scan.report["policy"];
        assert_eq!(policy["file"], "base:muzzle.toml");
        assert_eq!(
            entries(&policy["not_honoured"]),
            ["1 by rules.disable github-pat-classic, jwt at muzzle.toml:2"]
        );
        let weakened: Vec<&str> =
            policy["weakened"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        assert_eq!(
            weakened,
            ["1 allowlist added (muzzle.toml:3)", "2 rules disabled (github-pat-classic, jwt)"]
        );
    }
    let (_, text) = sandbox.told(&["--config-from", "base"], true);
    let expected = "The scanned tree's configuration is weaker than that of base: 1 allowlist added (muzzle.toml:3), 2 rules \
                    disabled (github-pat-classic, jwt).";
    assert!(text.contains(expected), "{text}");
    let sarif = sandbox.muzzle(["scan", ".", "-o", "sarif", "--config-from", "base"]);
    let sarif: Value = serde_json::from_slice(&sarif.stdout).unwrap();
    let ids: Vec<&str> = sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["descriptor"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["policy-hid", "policy-not-honoured", "policy-weakened", "policy-notice"]);

    assert!(!sandbox.path("stolen.json").exists());

    // A base without a configuration honours nothing of the tree's.
    sandbox.git(["tag", "empty", "base~0"]);
    sandbox.git(["checkout", "-q", "--orphan", "none"]);
    sandbox.git(["rm", "-q", "--cached", "muzzle.toml"]);
    sandbox.commit_staged("none");
    sandbox.git(["checkout", "-q", "-f", "main"]);
    let scan = sandbox.scan(&["--config-from", "none"]);
    assert_eq!((scan.code, scan.count()), (1, 2));
    assert_eq!(scan.report["allowed"], Value::Array(Vec::new()));
    let run = sandbox.muzzle(["scan", ".", "--config-from", "nowhere"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("\"nowhere\" names no commit"), "{}", run.stderr);
    let run = sandbox.muzzle(["scan", "a", "vendor", "--config-from", "base"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("not one repository"), "{}", run.stderr);
}

#[test]
fn what_a_tree_adds_is_taken_everywhere() {
    let sandbox = Sandbox::repository();
    let acme = fill("acme_{{[a-z0-9]{24}}}", "one");
    let rule = |keyword: &str| {
        format!(
            "[[rules]]\nid = 'acme-token'\nname = 'Acme'\ndescription = 'x'\nseverity = 'high'\nconfidence = 'high'\n\
             keywords = ['{keyword}']\nregex = '\\b(?<secret>acme_[a-z0-9]{{24}})\\b'\nremediation = 'x'\n"
        )
    };
    sandbox.write("a", format!("{acme}\n"));
    sandbox.write("rules/own.toml", rule("acme_"));
    sandbox.write("muzzle.toml", "[scan]\nconfidence = 'low'\n[rules]\nfiles = ['rules/own.toml']\n");
    sandbox.commit("rules");
    let ids = |scan: &Scan| {
        scan.findings().iter().map(|f| f["rule"]["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for scan in [sandbox.scan(&["--no-history"]), sandbox.scan_in_ci(&["--no-history"])] {
        assert_eq!(ids(&scan), ["acme-token"]);
        assert_eq!(scan.report["confidence_threshold"], "low");
    }
    // From the base, its version of the rule counts.
    sandbox.git(["tag", "base"]);
    sandbox.write("rules/own.toml", rule("not-there"));
    assert_eq!(sandbox.scan_in_ci(&["--no-history"]).count(), 0);
    assert_eq!(ids(&sandbox.scan_in_ci(&["--no-history", "--config-from", "base"])), ["acme-token"]);
    // It names nothing outside, and no other scanner's file, which could take rules away.
    for (name, text, why) in [
        ("../outside.toml", "", "does not lie in the working tree"),
        ("rules", "", "it is no plain file"),
        ("nowhere.toml", "", "there is no rule file"),
        (
            "theirs.toml",
            "[extend]\nuseDefault = true\ndisabledRules = ['jwt']\n",
            "no rule file of muzzle's own format",
        ),
    ] {
        sandbox.write("theirs.toml", text);
        sandbox.write("muzzle.toml", format!("[rules]\nfiles = ['{name}']\n"));
        let run = sandbox.muzzle(["scan", "."]);
        assert_eq!(run.code, Some(2), "{name}");
        assert!(run.stderr.contains(why), "{}", run.stderr);
    }
}

#[test]
fn a_tree_that_weakens_rules_weakens_none_in_a_pipeline() {
    let sandbox = Sandbox::repository();
    sandbox.write("a", line("a"));
    let id = RULE;
    sandbox.write(
        "muzzle.toml",
        format!("[rules.override.{id}]\nseverity = 'low'\nconfidence = 'low'\n[scan]\nhistory = false\nworktree = true\n"),
    );
    sandbox.commit("low");
    assert_eq!(sandbox.scan(&[]).count(), 0);
    let scan = sandbox.scan_in_ci(&[]);
    assert_eq!((scan.code, scan.count()), (1, 1));
    assert_eq!(scan.findings()[0]["confidence"], "high");
    assert_ne!(scan.findings()[0]["severity"], "low");
    assert_eq!(
        entries(&scan.report["policy"]["not_honoured"]),
        [format!("1 by rules.override {id} at muzzle.toml:3")]
    );
    assert_ne!(scan.report["scanned"]["commits"], 0);
    // It may raise.
    sandbox.write("muzzle.toml", format!("[rules.override.{id}]\nseverity = 'critical'\n"));
    assert_eq!(sandbox.scan_in_ci(&[]).findings()[0]["severity"], "critical");
}

#[test]
fn a_broken_configuration_is_an_error_unless_nobody_asked_for_it() {
    let sandbox = Sandbox::repository();
    sandbox.write("a", line("a"));
    sandbox.commit("a");
    let long = format!("# {}\n", "x".repeat(1 << 20));
    let many = format!("[paths]\nexclude = [{}]\n", "'a', ".repeat(1001));
    for (text, why) in [
        (
            "[scan]\nconfidance = 'low'\n",
            "muzzle.toml:2:1: `confidance` is not known in [scan]; did you mean `confidence`?",
        ),
        ("[[allowlist]]\nregexes = ['(']\n", "muzzle.toml:2:12: `regexes` is refused"),
        ("[extend]\nuseDefault = true\n", "muzzle.toml is a gitleaks configuration"),
        (long.as_str(), "it is longer than"),
        (many.as_str(), "muzzle.toml has more than 1000 allowlists and patterns"),
    ] {
        sandbox.write("muzzle.toml", text);
        for ci in [false, true] {
            let (code, said) = sandbox.told(&[], ci);
            assert_eq!(code, Some(2), "{text}");
            assert!(said.contains(why), "{said}");
        }
        let (code, said) = sandbox.told(&["--no-repo-config"], false);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("cannot be read"), "{said}");
    }
    sandbox.write("muzzle.toml", "");
    sandbox.write(".muzzle.toml", "");
    let (code, said) = sandbox.told(&[], false);
    assert!(code == Some(2) && said.contains("are both there"), "{said}");
}

#[test]
fn what_a_tree_says_steers_no_terminal() {
    let sandbox = Sandbox::repository();
    sandbox.write("a", line("a"));
    let text = "[[allowlist]]\ndescription = \"\\u001b[31m\\n::error::x\"\npaths = ['a']\n";
    sandbox.write("muzzle.toml", text);
    sandbox.commit("a");
    for format in ["human", "sarif", "json"] {
        for ci in ["", "true"] {
            let run = run(sandbox.command(["scan", ".", "-o", format]).env("CI", ci), b"");
            let said = String::from_utf8(run.stdout).unwrap() + &run.stderr;
            assert!(said.contains("u{1b}[31m") || said.contains("u{1b}\\\\[31m"), "{said}");
            assert!(
                !said.contains('\u{1b}') && !said.lines().any(|line| line.trim().starts_with("::error")),
                "{said}"
            );
        }
    }
}
