//! Settings: what a configuration means, who takes precedence, and `muzzle config`.

use serde_json::Value;

use crate::support::token::fill;
use crate::support::{RULE, Sandbox, Scan, github, line, run};

/// A token of a company that does not exist, for rules of our own.
fn acme(name: &str) -> String {
    fill("acme_{{[a-z0-9]{24}}}", name)
}

const RULES: &str = r#"
[[rules]]
id = "acme"
name = "Acme token"
description = "Opens everything."
severity = "medium"
confidence = "medium"
keywords = ["acme_"]
regex = '\b(?<secret>acme_[a-z0-9]{24}[a-z]{0,9})\b'
remediation = "Revoke it."
"#;

impl Sandbox {
    /// `muzzle scan . -o json` with this configuration outside of what is scanned.
    fn scan_configured(&self, text: &str, arguments: &[&str]) -> Scan {
        std::fs::write(self.outside("rules.toml"), RULES).unwrap();
        std::fs::write(self.outside("config.toml"), text).unwrap();
        self.scan(&[&["--config", "../config.toml", "--rules", "../rules.toml"], arguments].concat())
    }

    /// What is wrong with this configuration.
    #[track_caller]
    fn refusal(&self, text: &str) -> String {
        std::fs::write(self.outside("config.toml"), text).unwrap();
        let scanned = self.muzzle(["scan", ".", "--config", "../config.toml"]);
        let checked = self.muzzle(["config", "check", "../config.toml"]);
        assert_eq!((scanned.code, checked.code), (Some(2), Some(2)), "{text}\n{}", scanned.stderr);
        assert_eq!(scanned.stderr, checked.stderr);
        scanned.stderr
    }

    fn said(&self, arguments: &[&str]) -> String {
        let run = self.muzzle(arguments);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        String::from_utf8(run.stdout).unwrap()
    }
}

fn secrets(scan: &Scan) -> Vec<&str> {
    let mut list: Vec<&str> = scan.findings().iter().map(|f| f["secret"].as_str().unwrap()).collect();
    list.sort_unstable();
    list
}

/// `findings/places name place`, for every entry that hid something.
fn allowed(scan: &Scan) -> Vec<String> {
    let list = scan.report["allowed"].as_array().unwrap();
    let entry = |one: &Value| {
        let place = one["place"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        format!("{}/{} {} {place}", one["findings"], one["places"], one["name"].as_str().unwrap())
    };
    list.iter().map(entry).collect()
}

#[test]
fn allowlists_hide_what_they_name_and_are_counted() {
    let sandbox = Sandbox::repository();
    let [plain, word, secret, line, matched, path, both, commit] =
        ["plain", "word", "secret", "line", "matched", "path", "both", "commit"].map(acme);
    let word = format!("{word}letmein");
    let secret = format!("{secret}qqqq");
    sandbox.commit_file("a", format!("k={plain}\nk={word}\nk={secret}\n"));
    sandbox.commit_file("b", format!("k={line} # not ours\n{matched}\n"));
    sandbox.commit_file("third/c", format!("k={path}\n"));
    sandbox.commit_file("d/test", format!("k={both}demo\nk={both}\n"));
    let id = sandbox.commit_file("e", format!("k={commit}\n"));
    let config = format!(
        r##"
        [[allowlist]]
        description = "words"
        stopwords = ["LetMeIn"]
        regexes = ["q{{4}}$"]
        [[allowlist]]
        description = "lines"
        regexTarget = "line"
        regexes = ["# not ours$"]
        [[allowlist]]
        description = "matches"
        regexTarget = "match"
        regexes = ["^{matched}"]
        targetRules = ["acme"]
        [[allowlist]]
        condition = "AND"
        description = "both"
        paths = ["test$"]
        regexes = ["demo$"]
        [[allowlist]]
        paths = ["(^|/)third/"]
        commits = ["{}"]
        [[allowlist]]
        description = "of another rule"
        paths = ["."]
        targetRules = ["{RULE}"]
        "##,
        id.to_uppercase()
    );
    let scan = sandbox.scan_configured(&config, &["--show-secrets", "--no-worktree"]);
    let mut expected = vec![plain.as_str(), both.as_str()];
    expected.sort_unstable();
    assert_eq!(secrets(&scan), expected);
    assert_eq!(
        allowed(&scan),
        [
            "2/2 words config.toml:2",
            "1/1 lines config.toml:6",
            "1/1 matches config.toml:10",
            "1/1 both config.toml:15",
            "2/2 (^|/)third/ config.toml:20",
        ]
    );
    let run = sandbox.muzzle(["scan", ".", "-c", "../config.toml", "--rules", "../rules.toml"]);
    let text = String::from_utf8(run.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = "The configuration hid 7 findings: 2 by allowlist `words` in ../config.toml:2, 1 by";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn what_is_elsewhere_too_stays_there() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("third/a", format!("{}\n", acme("one")));
    sandbox.commit_file("b", format!("{}\n", acme("one")));
    let scan = sandbox.scan_configured("[paths]\nexclude = ['third/']\n", &["--no-worktree"]);
    assert_eq!(scan.count(), 1);
    assert!(scan.places().iter().all(|place| place.contains(" b:")), "{:?}", scan.places());
    assert_eq!(allowed(&scan), ["0/1 third/ config.toml:2"]);
    let scan =
        sandbox.scan_configured("[paths]\ninclude = ['third/']\nexclude = ['*.md']\n", &["--no-worktree"]);
    assert!(scan.places().iter().all(|place| place.contains(" third/a:")), "{:?}", scan.places());
    assert_eq!(allowed(&scan), ["0/1 third/ config.toml:2"]);
    let scan = sandbox.scan_configured("[paths]\nexclude = ['third/', '/b']\n", &["--no-worktree"]);
    assert_eq!(scan.count(), 0);
    assert_eq!(scan.report["allowed"].as_array().unwrap().iter().map(|e| &e["findings"]).sum_of(), 1);
}

/// Adds numbers of a report.
trait SumOf {
    fn sum_of(self) -> u64;
}

impl<'a, I: Iterator<Item = &'a Value>> SumOf for I {
    fn sum_of(self) -> u64 {
        self.map(|value| value.as_u64().unwrap()).sum()
    }
}

#[test]
fn rules_are_changed_and_switched_off() {
    let sandbox = Sandbox::new();
    sandbox.write("a", format!("{}\n{}\n", acme("one"), github("two")));
    let scan = sandbox.scan_configured(
        "[rules.override.acme]\nseverity = 'critical'\nconfidence = 'high'\n[rules.override.github-pat-classic]\nenabled = false\n",
        &[],
    );
    assert_eq!(scan.count(), 1);
    let finding = &scan.findings()[0];
    assert_eq!((&finding["severity"], &finding["confidence"]), (&"critical".into(), &"high".into()));
    let scan = sandbox.scan_configured("[rules.override.acme]\nconfidence = 'low'\n", &[]);
    assert_eq!(scan.places(), [format!("{RULE} a:2:1 worktree")]);
    assert!(scan.report["not_reported"]["rules_not_run"].as_u64().unwrap() > 0);
    let scan = sandbox.scan_configured("[rules]\nbuiltin = false\n", &[]);
    assert_eq!(scan.count(), 1);
    let scan = sandbox.scan_configured("[rules]\ndisable = ['acme', 'no-such-rule']\n", &[]);
    assert_eq!(scan.places(), [format!("{RULE} a:2:1 worktree")]);
    assert!(scan.stderr.contains("config.toml:2: there is no rule `no-such-rule`"), "{}", scan.stderr);
}

#[test]
fn flags_over_environment_over_file_over_defaults() {
    let sandbox = Sandbox::repository();
    sandbox.write(
        "muzzle.toml",
        "\n[scan]\nconfidence = 'high'\nunreachable = true\n[rules]\ndisable = ['jwt']\n",
    );
    let origin = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = sandbox.command(["config", "show", "--json", "."].iter().chain(arguments));
        let run = run(command.envs(environment.iter().copied()), b"");
        let document: Value =
            serde_json::from_slice(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr));
        let settings = document["settings"].as_array().unwrap().clone();
        move |key: &str| {
            let shown = settings.iter().find(|shown| shown["key"] == key).unwrap();
            format!("{} {}", shown["value"], shown["origin"].as_str().unwrap())
        }
    };
    let shown = origin(&[], &[]);
    assert_eq!(shown("scan.confidence"), "\"high\" muzzle.toml:3");
    assert_eq!(shown("scan.unreachable"), "true muzzle.toml:4");
    assert_eq!(shown("scan.history"), "true default");
    assert_eq!(shown("report.fail_on"), "\"any\" default");
    let shown = origin(
        &[],
        &[("MUZZLE_CONFIDENCE", "low"), ("MUZZLE_HISTORY", "false"), ("MUZZLE_DISABLE_RULES", "a,b")],
    );
    assert_eq!(shown("scan.confidence"), "\"low\" env MUZZLE_CONFIDENCE");
    assert_eq!(shown("scan.history"), "false env MUZZLE_HISTORY");
    assert_eq!(shown("rules.disable"), "[\"a\",\"b\",\"jwt\"] env MUZZLE_DISABLE_RULES");
    let shown = origin(&["--confidence", "medium", "--fail-on", "never"], &[("MUZZLE_CONFIDENCE", "low")]);
    assert_eq!(shown("scan.confidence"), "\"medium\" flag --confidence");
    assert_eq!(shown("report.fail_on"), "\"never\" flag --fail-on");
    // What the tree may not say in a pipeline.
    let shown = origin(&[], &[("CI", "true")]);
    assert_eq!(shown("scan.confidence"), "\"medium\" default");
    assert_eq!(shown("scan.unreachable"), "true muzzle.toml:4");
    assert_eq!(shown("rules.disable"), "[] default");
    // Another file.
    std::fs::write(sandbox.outside("other.toml"), "[scan]\njobs = 3\n").unwrap();
    let shown = origin(&[], &[("MUZZLE_CONFIG", "../other.toml")]);
    assert_eq!(shown("scan.jobs"), "3 ../other.toml:2");
    assert_eq!(shown("scan.confidence"), "\"medium\" default");
    let run = run(sandbox.command(["config", "show"]).env("MUZZLE_JOBS", "none"), b"");
    assert_eq!(
        (run.code, run.stderr.as_str()),
        (Some(2), "error: MUZZLE_JOBS: \"none\" is no such number\n")
    );
    let text = sandbox.said(&["config", "show"]);
    assert!(text.contains("scan.confidence ") && text.contains("muzzle.toml:3"), "{text}");
    assert!(text.contains("note: muzzle.toml:3 of the scanned tree: less than confidence high"), "{text}");
}

#[test]
fn findings_are_a_reason_to_fail_or_not() {
    let sandbox = Sandbox::new();
    sandbox.write("a", format!("{}\n", acme("one")));
    let code = |arguments: &[&str]| {
        let scan = sandbox.scan_configured("", arguments);
        assert_eq!(scan.count(), 1);
        (scan.code, scan.report["policy"]["failing"].as_u64().unwrap())
    };
    assert_eq!(code(&[]), (1, 1));
    for (fail_on, failing) in [
        ("any", 1),
        ("never", 0),
        ("confidence=high", 0),
        ("confidence=medium", 1),
        ("severity=high", 0),
        ("severity=medium", 1),
        ("confidence=high,severity=medium", 1),
        ("confidence=high,severity=critical", 0),
    ] {
        assert_eq!(code(&["--fail-on", fail_on]), (i32::from(failing > 0), failing), "{fail_on}");
    }
    assert_eq!(code(&["--exit-code", "42"]), (42, 1));
    assert_eq!(code(&["--exit-code", "0"]), (0, 1));
    assert_eq!(code(&["--exit-code", "42", "--fail-on", "never"]), (0, 0));
    for wrong in [["--exit-code", "3"], ["--exit-code", "256"], ["--fail-on", "sometimes"]] {
        assert_eq!(sandbox.muzzle([&["scan", "."], &wrong[..]].concat()).code, Some(2), "{wrong:?}");
    }
    // Incomplete stays incomplete.
    let sandbox = Sandbox::repository();
    let blob = sandbox.commit_file("b", "gone\n");
    sandbox.commit_file("a", line("a"));
    let blob = sandbox.id(&format!("{blob}:b"));
    std::fs::remove_file(sandbox.loose(&blob)).unwrap();
    for (arguments, code) in [
        (&["--exit-code", "9"][..], 4),
        (&["--fail-on", "never"], 3),
        (&["--exit-code", "9", "--allow-incomplete"], 9),
    ] {
        assert_eq!(sandbox.scan(arguments).code, code, "{arguments:?}");
    }
}

#[test]
fn what_is_larger_is_left_out_and_counted() {
    let sandbox = Sandbox::repository();
    let large = format!("{}{}\n", line("large"), "x".repeat(3000));
    sandbox.commit_file("small", line("small"));
    sandbox.commit_file("large", &large);
    // A version made from a larger one, in a pack.
    sandbox.commit_file("large", line("large"));
    sandbox.git(["repack", "-qad"]);
    sandbox.write("large", &large);
    let scan = sandbox.scan(&["--largest-file", "1 KiB"]);
    assert_eq!(scan.report["scanned"]["larger_skipped"], 2);
    assert!(scan.places().iter().all(|place| !place.contains("large:1:3 worktree")), "{:?}", scan.places());
    assert_eq!(scan.count(), 2);
    assert_eq!(scan.places().iter().filter(|place| place.contains("large:")).count(), 1);
    let in_full = sandbox.scan(&["--largest-file", "1 KiB", "--no-delta"]);
    assert_eq!((in_full.places(), in_full.code), (scan.places(), 1));
    let told =
        run(&mut sandbox.command(["scan", "-", "-o", "json", "--largest-file", "1KiB"]), large.as_bytes());
    let told = Scan::new(told);
    assert_eq!((told.count(), &told.report["scanned"]["larger_skipped"]), (0, &1.into()));
    // A tree does not set it where it is not trusted.
    sandbox.write("muzzle.toml", "[scan]\nlargest_file = '1 B'\n");
    assert_eq!(sandbox.scan(&[]).count(), 0);
    assert_eq!(sandbox.scan(&["--no-repo-config"]).count(), 2);
    let error = sandbox.muzzle(["scan", ".", "--largest-file", "10"]).stderr;
    assert!(error.contains("--largest-file: \"10\" is no size"), "{error}");
}

#[test]
fn mistakes_are_told_with_their_place() {
    let sandbox = Sandbox::new();
    for (text, expected) in [
        (
            "[scan]\nconfidance = 'low'\n",
            ":2:1: `confidance` is not known in [scan]; did you mean `confidence`?",
        ),
        (
            "[scan]\nconfidence = 'hi'\n",
            ":2:14: unknown variant `hi`, expected one of `low`, `medium`, `high`",
        ),
        ("[scan]\njobs = 0\n", ":2:8: 0 is no number of threads"),
        ("[scan]\njobs = 'all'\n", ":2:8: invalid type"),
        ("[verify]\nendpoint = 'x'\n", ":1:2: the section `verify` is for later versions"),
        (
            "[[allowlist]]\nmatchCondition = 'AND'\npaths = ['a']\n",
            ":2:1: `matchCondition` is not known in [allowlist]; did you mean `condition`?",
        ),
        ("[[allowlist]]\ncondition = 'XOR'\npaths = ['a']\n", ":2:13: unknown `condition` \"XOR\""),
        ("[[allowlist]]\nregexTarget = 'file'\nregexes = ['a']\n", ":2:15: unknown `regexTarget`"),
        ("[[allowlist]]\ndescription = 'x'\n", ":1:1: an allowlist without"),
        ("[[allowlist]]\npaths = ['a', '(']\n", ":2:15: `paths` is refused at its character 1"),
        ("[[allowlist]]\ncommits = ['abc']\n", ":2:12: not the whole id of a commit"),
        ("[paths]\nexclude = ['a', '{b']\n", ":2:17: "),
        ("[report]\nfail_on = 'sometimes'\n", ":2:11: \"sometimes\" is no reason to fail"),
        ("[report]\nexit_code = 2\n", ":2:13: exit code 2 cannot stand for findings"),
        (
            "[rules]\nonly = ['github-pat-clasic']\n",
            ":2: there is no rule `github-pat-clasic`; did you mean `github-pat-classic`?",
        ),
        ("[rules]\nbuiltin = false\n", "no rule is left to run"),
        ("[rules]\nonly = ['jwt']\ndisable = ['jwt']\n", "no rule is left to run"),
        ("[report]\noutputs = ['xml']\n", "unknown report format \"xml\""),
        ("[[allowlists]]\npaths = ['a']\n", "this gitleaks configuration has no rules"),
        ("[scan\n", ":1:6: "),
    ] {
        let error = sandbox.refusal(text);
        assert!(error.contains(expected), "{text}\n{error}");
        if expected.starts_with(':') {
            assert!(error.starts_with(&format!("error: ../config.toml{expected}")), "{error}");
        }
    }
}

#[test]
fn what_may_not_be_meant_is_a_warning() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "muzzle.toml",
        "[[allowlist]]\npaths = ['.*', 'x?', 'third/']\nregexes = ['[a-z]*$']\nstopwords = ['a']\ntargetRules = ['github-pat-clasic']\n\
         [paths]\nexclude = ['*']\n[rules]\ndisable = ['nope-nope']\n[rules.override.jwtt]\nenabled = false\n",
    );
    let text = sandbox.said(&["config", "check"]);
    for expected in [
        "muzzle.toml:2:10: `paths` has \".*\", which matches everything",
        "muzzle.toml:2:16: `paths` has \"x?\", which matches everything",
        "muzzle.toml:3:12: `regexes` has \"[a-z]*$\", which matches everything",
        "muzzle.toml:1:1: the stopword \"a\" is so short",
        "muzzle.toml:5:16: there is no rule \"github-pat-clasic\"; did you mean `github-pat-classic`?",
        "muzzle.toml:7:12: the pattern \"*\" excludes everything",
        "muzzle.toml:9:11: there is no rule \"nope-nope\"",
        "muzzle.toml:11:11: there is no rule \"jwtt\"; did you mean `jwt`?",
        "muzzle.toml: no mistakes, 8 warnings",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

#[test]
fn a_starter_is_written_once_and_is_right() {
    let sandbox = Sandbox::new();
    sandbox.said(&["config", "init"]);
    assert!(sandbox.said(&["config", "check"]).ends_with("muzzle.toml: no mistakes, 0 warnings\n"));
    let again = sandbox.muzzle(["config", "init"]);
    assert_eq!(again.code, Some(2));
    assert!(again.stderr.contains("is there already"), "{}", again.stderr);
    // What is commented out is as right.
    let text = std::fs::read_to_string(sandbox.path("muzzle.toml")).unwrap();
    let meant = |line: &str| {
        line.strip_prefix("# ")
            .filter(|line| line.starts_with('[') || line.contains(" = "))
            .map(str::to_owned)
    };
    let live: String =
        text.lines().map(|line| meant(line).unwrap_or_else(|| line.to_owned()) + "\n").collect();
    sandbox.write("live.toml", live);
    assert!(sandbox.said(&["config", "check", "live.toml"]).contains("no mistakes"));
    let run = Sandbox::new().muzzle(["config", "check"]);
    assert!(run.code == Some(2) && run.stderr.contains("neither muzzle.toml nor"), "{}", run.stderr);
}

#[test]
fn keys_are_explained_and_have_a_schema() {
    let sandbox = Sandbox::new();
    let text = sandbox.said(&["config", "explain", "scan.confidence"]);
    assert!(
        text.contains("--confidence")
            && text.contains("MUZZLE_CONFIDENCE")
            && text.contains("a higher level"),
        "{text}"
    );
    assert!(sandbox.said(&["config", "explain", "paths"]).contains("paths.exclude"));
    assert!(sandbox.said(&["config", "explain"]).contains("MUZZLE_CONFIG_FROM"));
    let run = sandbox.muzzle(["config", "explain", "scan.confidance"]);
    assert!(run.code == Some(2) && run.stderr.contains("did you mean `scan.confidence`?"), "{}", run.stderr);
    let schema: Value = serde_json::from_str(&sandbox.said(&["config", "schema"])).unwrap();
    assert_eq!(schema["title"], "muzzle.toml");
}

#[test]
fn a_gitleaks_configuration_is_a_configuration() {
    let sandbox = Sandbox::new();
    sandbox.write("a", format!("{}\n{}\n", acme("one"), github("two")));
    sandbox.write("other/b", format!("{}\n", acme("three")));
    let rule = "[[rules]]\nid = 'theirs'\nregex = 'acme_[a-z0-9]{24}'\nkeywords = ['acme_']\n";
    let places = |text: &str| {
        std::fs::write(sandbox.outside("gitleaks.toml"), text).unwrap();
        sandbox.scan(&["--config", "../gitleaks.toml"]).places()
    };
    // Its rules alone, as there; with those of the default, if it extends them.
    assert_eq!(places(rule), ["theirs a:1:1 worktree", "theirs other/b:1:1 worktree"]);
    assert_eq!(places(&format!("{rule}[[allowlists]]\npaths = ['other/']\n")), ["theirs a:1:1 worktree"]);
    let both = format!("{rule}[extend]\nuseDefault = true\n[allowlist]\nregexes = ['^acme']\n");
    assert_eq!(places(&both), [format!("{RULE} a:2:1 worktree")]);
    // A gitleaks that finds nothing because it has no rules says so with exit code 0.
    let error = sandbox.refusal("[[allowlists]]\npaths = ['other/']\n");
    assert!(error.contains("useDefault = true"), "{error}");
}
