//! Rule files from the command line: muzzle's own format and gitleaks configurations.

use serde_json::Value;

use crate::support::token::fill;
use crate::support::{RULE, Sandbox, Scan, github, line};

/// A token of a company that does not exist.
fn acme(name: &str) -> String {
    fill("acme_{{[a-z0-9]{24}}}", name)
}

const GITLEAKS: &str = r#"
Title = "ours"
[[Rules]]
ID = "Acme Token"
Description = "An Acme token, which opens everything."
Regex = '''\bacme_[a-z0-9]{10,}'''
Keywords = ["ACME_"]
tags = ["ours"]
"#;

const OWN: &str = r#"
[[rules]]
id = "acme-token"
name = "Acme token"
description = "Opens everything."
severity = "critical"
confidence = "high"
keywords = ["acme_"]
regex = '\b(?<secret>acme_[a-z0-9]{24})\b'
remediation = "Revoke it."
"#;

impl Sandbox {
    /// What the rules in `rules.toml` beside the directory find in it, however it is scanned.
    pub(crate) fn scan_by(&self, rules: &str, arguments: &[&str]) -> Scan {
        let file = self.outside("rules.toml");
        std::fs::write(&file, rules).unwrap();
        let named = ["--rules", file.to_str().unwrap(), "--no-builtin-rules"];
        let all = [&named, arguments].concat();
        let scan = self.scan(&all);
        let in_full = self.scan(&[&all[..], &["--no-delta"]].concat());
        assert_eq!(scan.places(), in_full.places());
        assert_eq!(scan.report["dropped_candidates"], in_full.report["dropped_candidates"]);
        scan
    }

    /// What is wrong with these rules.
    #[track_caller]
    pub(crate) fn error_of(&self, rules: &str) -> String {
        std::fs::write(self.outside("rules.toml"), rules).unwrap();
        let run = self.muzzle(["scan", ".", "--rules", "../rules.toml"]);
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        run.stderr
    }
}

/// `rule reason count`.
pub(crate) fn dropped(scan: &Scan) -> Vec<String> {
    let list = &scan.report["dropped_candidates"];
    let text = |one: &Value| {
        format!("{} {} {}", one["rule"].as_str().unwrap(), one["reason"].as_str().unwrap(), one["count"])
    };
    list.as_array().unwrap().iter().map(text).collect()
}

fn secrets(scan: &Scan) -> Vec<&str> {
    let mut list: Vec<&str> = scan.findings().iter().map(|f| f["secret"].as_str().unwrap()).collect();
    list.sort_unstable();
    list
}

#[test]
fn both_formats_find_the_same_in_a_directory() {
    let sandbox = Sandbox::new();
    sandbox.write("a", format!("x\n  {} \n", acme("one")));
    let found = sandbox.scan_by(GITLEAKS, &[]);
    assert_eq!(found.expect_complete().places(), ["Acme Token a:2:3 worktree"]);
    let rule = &found.findings()[0]["rule"];
    assert_eq!((&rule["name"], &found.findings()[0]["severity"]), (&"An Acme token".into(), &"high".into()));
    let found = sandbox.scan_by(OWN, &[]);
    assert_eq!(found.expect_complete().places(), ["acme-token a:2:3 worktree"]);
}

#[test]
fn both_formats_find_the_same_in_a_history() {
    let sandbox = Sandbox::repository();
    let first = sandbox.commit_file("a", format!("{}\n", acme("one")));
    sandbox.commit_file("a", "gone\n");
    for (rules, id) in [(GITLEAKS, "Acme Token"), (OWN, "acme-token")] {
        let found = sandbox.scan_by(rules, &[]);
        assert_eq!(found.expect_complete().places(), [format!("{id} a:1:1 commit {first}")]);
    }
}

#[test]
fn files_and_directories_are_added_to_the_built_in_rules() {
    let sandbox = Sandbox::new();
    sandbox.write("a", format!("{}\nbeta-{}\n{}\n", acme("one"), acme("two"), github("three")));
    let beta = "[[rules]]\nid = 'beta'\nregex = 'beta-[a-z_0-9]+'\n";
    std::fs::create_dir(sandbox.outside("set")).unwrap();
    std::fs::write(sandbox.outside("set/1.toml"), OWN).unwrap();
    std::fs::write(sandbox.outside("set/2.toml"), beta).unwrap();
    std::fs::write(sandbox.outside("set/notes.txt"), "no rules").unwrap();
    let rules = |scan: &Scan| {
        let mut ids: Vec<String> =
            scan.findings().iter().map(|f| f["rule"]["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids.dedup();
        ids
    };
    let scan = sandbox.scan(&["--rules", "../set"]);
    assert_eq!(rules(&scan), ["acme-token", "beta", "github-pat-classic"]);
    let scan = sandbox.scan(&["--rules", "../set/1.toml", "--rules", "../set/2.toml", "--no-builtin-rules"]);
    assert_eq!(rules(&scan), ["acme-token", "beta"]);
    sandbox.write("../muzzle.toml", "[rules]\nfiles = ['set/2.toml', 'set/1.toml']\nonly = ['beta']\n");
    assert_eq!(rules(&sandbox.scan(&["--config", "../muzzle.toml"])), ["beta"]);

    let list = sandbox.muzzle(["rules", "list", "--rules", "../set", "--no-builtin-rules"]);
    assert!(String::from_utf8(list.stdout).unwrap().ends_with("2 rules\n"));
    let shown = sandbox.muzzle(["rules", "show", "beta", "--rules", "../set"]);
    assert!(String::from_utf8(shown.stdout).unwrap().contains("keywords: beta-"));
    let checked = sandbox.muzzle(["rules", "check", "--rules", "../set/2.toml"]);
    assert_eq!(
        (checked.code, String::from_utf8(checked.stdout).unwrap().contains("1 rules, 0")),
        (Some(0), true)
    );
}

/// [`OWN`], and whom to ask about what it finds.
fn asks(host: &str) -> String {
    format!(
        "{OWN}\n[rules.verify]\ntrust = 'V'\nrequest = {{ url = 'https://{host}/me', headers = {{ x = '{{secret}}' }} }}\n\
         when = [{{ status = 200, has = ['/id'], means = 'live' }}]\n"
    )
}

#[test]
fn rules_say_what_can_be_done() {
    let sandbox = Sandbox::repository();
    sandbox.write("../rules.toml", asks("api.acme.test"));
    let files = ["--rules", "../rules.toml", "--no-builtin-rules"];
    let list = sandbox.muzzle([&["rules", "list"], &files[..]].concat());
    assert!(String::from_utf8(list.stdout).unwrap().contains("Acme token  [verify]\n"));
    let show = sandbox.muzzle([&["rules", "show", "acme-token"], &files[..]].concat());
    assert!(String::from_utf8(show.stdout).unwrap().contains("verify: GET https://api.acme.test/me"));
    let list = sandbox.muzzle([&["rules", "list", "--json"], &files[..]].concat());
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list[0]["verify"]["call"], "GET https://api.acme.test/me");
    let show = sandbox.muzzle(["rules", "show", RULE]);
    let shown = String::from_utf8(show.stdout).unwrap();
    assert!(shown.contains("verify: GET https://") && shown.contains("revoke: by anyone"), "{shown}");
}

#[test]
fn mistakes_in_what_can_be_done_are_told_with_their_place() {
    let sandbox = Sandbox::repository();
    let bare = asks("api.acme.test").replace("has = ['/id'], ", "");
    let error = sandbox.error_of(&bare);
    assert!(
        error.contains("rules.toml:12:1: rule `acme-token`: `verify`: [200] is no proof of live"),
        "{error}"
    );
    let error = sandbox.error_of(&asks("127.0.0.1"));
    assert!(error.contains("127.0.0.1"), "{error}");
    let module = format!("{OWN}\n[rules.verify]\ntrust = 'V'\nmodule = 'telepathy'\n");
    sandbox.write("../rules.toml", module);
    let checked = sandbox.muzzle(["rules", "check", "../rules.toml"]);
    assert!(String::from_utf8(checked.stdout).unwrap().contains("there is no module `telepathy`"));
}

/// A repository that plants its own host for its own rule is not heard, and the report says so.
#[test]
fn rules_of_the_scanned_tree_do_not_say_whom_to_ask() {
    let sandbox = Sandbox::repository();
    sandbox.write("rules.toml", asks("collect.evil.test"));
    sandbox.write("muzzle.toml", "[rules]\nfiles = ['rules.toml']\n");
    sandbox.write("a", acme("a"));
    let told = |scan: &Scan| {
        let notices = scan.report["policy"]["notices"].as_array().cloned().unwrap_or_default();
        notices.iter().filter(|notice| notice.to_string().contains("verify, revoke and rotate in")).count()
    };
    let scan = sandbox.scan(&[]);
    assert_eq!(told(&scan), 1, "{}", scan.report["policy"]);
    assert!(scan.report.to_string().contains("acme-token"));
    // By a flag, it is the user's own word; in a pipeline it is not.
    std::fs::remove_file(sandbox.path("muzzle.toml")).unwrap();
    let named = ["scan", ".", "--rules", "rules.toml", "-o", "json"];
    let run = crate::support::run(&mut sandbox.command(named), b"");
    let heard =
        |run: crate::support::Run| !String::from_utf8(run.stdout).unwrap().contains("revoke and rotate in");
    assert!(heard(run));
    let run = crate::support::run(sandbox.command(named).env("CI", "true"), b"");
    assert!(!heard(run));
}

#[test]
fn what_allowlists_name_is_dropped_and_counted() {
    let sandbox = Sandbox::repository();
    let [plain, word, secret, line, matched, path, both] =
        ["plain", "word", "secret", "line", "matched", "path", "both"].map(acme);
    let word = format!("{word}letmein");
    let secret = format!("{secret}9999");
    sandbox.commit_file("a", format!("k={plain}\nk={word}\nk={secret}\n"));
    sandbox.commit_file("b", format!("k={line} # not ours\npublic={matched}\n"));
    sandbox.commit_file("vendor/c", format!("k={path}\n"));
    sandbox.commit_file("d/test", format!("k={both}demo\nk={both}\n"));
    let commit = sandbox.commit_file("e", format!("k={}\n", acme("commit")));
    // The next version of the file has it still, but not anew.
    sandbox.commit_file("e", format!("k={}\nmore\n", acme("commit")));
    let rules = format!(
        r##"
        [[rules]]
        id = "acme"
        regex = '''(?:k|public)=(acme_[a-z0-9]+)'''
        [[rules.allowlists]]
        regexTarget = "line"
        regexes = ["# not ours$"]
        [[rules.allowlists]]
        regexTarget = "match"
        regexes = ["^public="]
        [[rules.allowlists]]
        condition = "and"
        paths = ["test$"]
        regexes = ["demo$"]
        [[allowlists]]
        stopwords = ["LetMeIn"]
        regexes = ["9{{4}}$"]
        [[allowlists]]
        targetRules = ["acme"]
        paths = ["(^|/)vendor/"]
        commits = ["{}"]
        "##,
        commit.to_uppercase()
    );
    let scan = sandbox.scan_by(&rules, &["--show-secrets", "--no-worktree"]);
    let mut expected = vec![plain.as_str(), both.as_str()];
    expected.sort_unstable();
    assert_eq!(secrets(&scan), expected);
    assert_eq!(
        dropped(&scan),
        ["acme stopword 1", "acme allowed 3", "acme allowed-path 2", "acme allowed-commit 2"]
    );
}

#[test]
fn a_configuration_extends_files_and_the_built_in_rules() {
    let sandbox = Sandbox::new();
    sandbox.write("a", format!("{}\n", github("one")));
    sandbox.write("vendor/a", format!("{}\n", github("two")));
    sandbox.write("b", format!("{}\n{}x\n", acme("one"), acme("two")));
    std::fs::write(sandbox.outside("base.toml"), GITLEAKS).unwrap();
    let child = "[extend]\npath = 'base.toml'\n[[rules]]\nid = 'Acme Token'\n\
                 [rules.allowlist]\nregexes = ['x$']\n";
    // It says nothing by itself without what it extends.
    let scan = sandbox.scan_by(child, &[]);
    assert_eq!(scan.places(), ["Acme Token b:1:1 worktree"]);

    let child = "[extend]\nuseDefault = true\n[allowlist]\npaths = ['^vendor/']\n";
    std::fs::write(sandbox.outside("rules.toml"), child).unwrap();
    let scan = sandbox.scan(&["--rules", "../rules.toml"]);
    assert_eq!(scan.only(), ["a:1:3 worktree"].map(|place| place.replace(":3", ":1")));
    assert!(dropped(&scan).contains(&"github-pat-classic allowed-path 1".to_owned()), "{:?}", dropped(&scan));

    let child = "[extend]\nuseDefault = true\ndisabledRules = ['github-pat-classic', 'no-such']\n";
    std::fs::write(sandbox.outside("rules.toml"), child).unwrap();
    let scan = sandbox.scan(&["--rules", "../rules.toml"]);
    assert!(!scan.places().iter().any(|place| place.starts_with("github-pat-classic")));
    assert!(scan.stderr.contains("rules.toml:3:40: muzzle has no rule `no-such`"), "{}", scan.stderr);

    let child = "[extend]\nuseDefault = true\n[[rules]]\nid = 'github-pat-classic'\n\
                 [[rules.allowlists]]\npaths = ['vendor']\n[[rules]]\nid = 'of-gitleaks'\nentropy = 4\n";
    std::fs::write(sandbox.outside("rules.toml"), child).unwrap();
    let scan = sandbox.scan(&["--rules", "../rules.toml"]);
    assert_eq!(scan.only(), ["a:1:1 worktree"]);
    assert!(
        scan.stderr.contains("`of-gitleaks` is to change a rule that muzzle does not have"),
        "{}",
        scan.stderr
    );
}

#[test]
fn the_secret_is_the_first_group_that_is_there() {
    let sandbox = Sandbox::new();
    let [one, two] = ["one", "two"].map(|name| fill("{{[a-z0-9]{24}}}", name));
    sandbox.write("a", format!("alpha={one}\nbeta={two}\n"));
    let regex = "regex = 'alpha=([a-z0-9]+)|beta=([a-z0-9]+)'";
    let scan = sandbox.scan_by(&format!("[[rules]]\nid = 'r'\n{regex}\n"), &["--show-secrets"]);
    let mut expected = vec![one.as_str(), two.as_str()];
    expected.sort_unstable();
    assert_eq!(secrets(&scan), expected);
    let scan =
        sandbox.scan_by(&format!("[[rules]]\nid = 'r'\nsecretGroup = 2\n{regex}\n"), &["--show-secrets"]);
    assert_eq!(secrets(&scan), [two.as_str()]);
    // At most this entropy is too little, not less than it.
    sandbox.write("a", "alpha=abcdabcdabcdabcd\nbeta=abcdefgh\n");
    let scan = sandbox.scan_by(&format!("[[rules]]\nid = 'r'\nentropy = 2\n{regex}\n"), &["--show-secrets"]);
    assert_eq!(secrets(&scan), ["abcdefgh"]);
    assert_eq!(dropped(&scan), ["r entropy 1"]);
}

#[test]
fn mistakes_are_told_with_their_place() {
    let sandbox = Sandbox::new();
    for (rules, expected) in [
        ("[[rules]]\nid = 'a'\nregex = 'ab(?=c)'\n", ":3:9: rule `a`: `regex` is refused at its character 3"),
        ("[[rules]]\nid = 'a'\nregex = '[a-z]{9}'\n", ":1:1: rule `a`: nothing that every match contains"),
        ("[[rules]]\nid = 'a'\nregex = 'abc'\nsecretGroup = 1\n", ":4:15: rule `a`: `secretGroup` is 1"),
        ("[[rules]]\nid = 'a'\nregex = 'abc'\npath = '('\n", ":4:8: rule `a`: `path` is refused"),
        ("[[rules]]\nid = 'a'\n", ":1:1: rule `a`: it has neither `regex` nor `path`"),
        ("\n[[rules]]\nregex = 'abc'\n", ":2:1: a rule without `id`"),
        (
            "[[rules]]\nid = 'a'\nregex = 'abc'\n[[rules.allowlists]]\n",
            ":4:1: rule `a`: an allowlist without",
        ),
        ("[[allowlists]]\ncondition = 'xor'\npaths = ['a']\n", ":1:1: unknown `condition` \"XOR\""),
        ("[[allowlists]]\nregexes = ['a', 'b(']\n", ":2:17: `regexes` is refused at its character 2"),
        ("[[allowlists]]\ntargetRules = ['b']\npaths = ['a']\n", ":2:16: an allowlist is for a rule `b`"),
        (
            "[allowlist]\npaths = ['a']\n[[allowlists]]\npaths = ['a']\n",
            ":1:1: `allowlist` is the former name",
        ),
        ("[extend]\npath = 'x'\nuseDefault = true\n", ":1:1: `path` and `useDefault` exclude each other"),
        ("[extend]\npath = 'nowhere.toml'\n", ":2:8: cannot read nowhere.toml"),
        ("[[rules]]\nid = 'a'\nregex = 'a'\nRegex = 'b'\n", ":4:1: `regex` is there twice"),
        ("[[rules]]\nid = 'a'\nregex = 5\n", ":3:9: `regex` must be a text"),
        ("[[rules]]\nid = \n", ":2:6: "),
        ("[rules]\nonly = []\n", ":1:2: `rules` is not a list here"),
        ("[[rules]]\nid = 'A'\nname = ''\nseverity = 'low'\n", ":1:1: missing field"),
        (&OWN.replace("acme-token", "Acme"), ":3:6: rule `Acme`: an id is lower-case"),
        (&OWN.replace("[\"acme_\"]", "[\"a\"]"), ":8:12: rule `acme-token`: keyword \"a\""),
        (&OWN.replace("{24}", "+"), ":9:9: rule `acme-token`: the expression has an unbounded repetition"),
        (&format!("{OWN}{OWN}"), ":13:6: rule `acme-token`: there is one at ../rules.toml:9:9 already"),
        (
            &OWN.replace("acme-token", "github-pat-classic"),
            ":9:9: rule `github-pat-classic`: there is one at",
        ),
    ] {
        let error = sandbox.error_of(rules);
        assert!(error.contains(&format!("../rules.toml{expected}")), "{rules}\n{error}");
    }
}

#[test]
fn what_is_not_understood_is_told_and_the_rest_is_loaded() {
    let sandbox = Sandbox::new();
    sandbox.write("a", format!("{}\n", acme("one")));
    let more = "minVersion = 'v8'\nfilter = 'tokenRatio(\"a\") > 1'\n[[rules]]\nid = 's'\nregex = 'abc'\n\
                tokenEfficiency = true\n[[rules]]\nid = 'c'\nregex = 'abd'\nseverety = 1\n\
                filter = 'any([1], # > 0)'\n";
    let scan = sandbox.scan_by(
        &format!("{more}{}", GITLEAKS.replace("Title = \"ours\"", "").replace("[[Rules]]", "[[rules]]")),
        &[],
    );
    assert_eq!(scan.places(), ["Acme Token a:1:1 worktree"]);
    for expected in [
        "rules.toml:2:11: `tokenRatio` takes a model of tokens",
        ":6:19: `tokenEfficiency` takes a model of tokens",
        ":10:1: `severety` is not known",
        ":11:20: `#` and the like are not supported in filters; such a `filter` drops nothing",
    ] {
        assert!(scan.stderr.contains(expected), "{expected}\n{}", scan.stderr);
    }
    assert!(!scan.stderr.contains("minversion"), "{}", scan.stderr);
}

#[test]
fn a_foreign_rule_takes_the_place_of_the_built_in_one_of_its_id() {
    let sandbox = Sandbox::new();
    let rules = sandbox.outside("own.toml");
    std::fs::write(
        &rules,
        format!("[[rules]]\nid = '{RULE}'\nregex = 'acme_[0-9]{{8}}'\nkeywords = ['acme_']\n"),
    )
    .unwrap();
    sandbox.write("a", "acme_12345678\n");
    sandbox.write("b", line("b"));
    let scan = sandbox.scan(&["--rules", rules.to_str().unwrap(), "--rule", RULE]);
    assert_eq!(scan.places(), [format!("{RULE} a:1:1 worktree")]);
}
