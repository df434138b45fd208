//! What only some rule files of other scanners have: rules that need others near them, filters, and rules for paths.

use serde_json::Value;

use crate::rules_files::dropped;
use crate::support::token::fill;
use crate::support::{Sandbox, Scan};

/// An id of a company that does not exist, and what it is good for.
fn id(name: &str) -> String {
    fill("zz id={{[a-z0-9]{6}}}", name)
}

fn key(name: &str) -> String {
    fill("pk={{[a-z0-9]{8}}}", name)
}

/// A key counts within two lines and ten columns of an id.
const COMPOSITE: &str = r#"
[[rules]]
id = "acme-key"
regex = '''pk=([a-z0-9]{8})'''
keywords = ["pk="]
[[rules.required]]
id = "acme-id"
withinLines = 2
withinColumns = 10
[[rules]]
id = "acme-id"
regex = '''zz (id=[a-z0-9]{6})'''
keywords = ["id="]
skipReport = true
"#;

fn without(rules: &str, line: &str) -> String {
    assert!(rules.contains(line));
    rules.replace(line, "")
}

/// The paths of all places.
fn paths(scan: &Scan) -> Vec<String> {
    let path = |place: String| place.split([' ', ':']).nth(1).unwrap().to_owned();
    let mut paths: Vec<String> = scan.places().into_iter().map(path).collect();
    paths.sort();
    paths
}

#[test]
fn a_rule_is_silent_where_what_it_requires_is_not_near() {
    let sandbox = Sandbox::new();
    let (id, key) = (id("a"), key("a"));
    for (name, text) in [
        ("near", format!("{id}\nx\n{key}\n")),
        ("three-lines", format!("{id}\nx\nx\n{key}\n")),
        ("behind", format!("{key}\nx\n{id}\n")),
        ("ten-columns", format!("{id}\n{:10}{key}\n", "")),
        ("eleven-columns", format!("{id}\n{:11}{key}\n", "")),
        ("gap-of-nine", format!("{key}{:9}{id}\n", "")),
        ("gap-of-ten", format!("{key}{:10}{id}\n", "")),
        ("far-behind-on-the-line", format!("{id} {key}\n")),
        ("alone", format!("{key}\n")),
        ("only-the-id", format!("{id}\n")),
    ] {
        sandbox.write(name, text);
    }
    let scan = sandbox.scan_by(COMPOSITE, &[]);
    assert_eq!(paths(&scan), ["behind", "near", "ten-columns"]);
    assert_eq!(dropped(&scan), ["acme-key no-companion 6"]);

    let anywhere = without(&without(COMPOSITE, "withinLines = 2\n"), "withinColumns = 10\n");
    let scan = sandbox.scan_by(&anywhere, &[]);
    assert_eq!(scan.places().len(), 8);
    assert_eq!(dropped(&scan), ["acme-key no-companion 1"]);

    // What is a part and no more is not reported; without that word it is.
    let scan = sandbox.scan_by(&without(COMPOSITE, "skipReport = true\n"), &[]);
    assert!(paths(&scan).contains(&"only-the-id".to_owned()));

    // The words of the other scanner, whose distances count from the nearer end of the match, and whose lines are one more.
    let components =
        without(COMPOSITE, "[[rules.required]]\nid = \"acme-id\"\nwithinLines = 2\nwithinColumns = 10\n");
    let components = components.replace(
        "keywords = [\"pk=\"]\n",
        "keywords = [\"pk=\"]\ncomponents = [{ id = \"acme-id\", within = \"3L,10C\" }]\n",
    );
    let scan = sandbox.scan_by(&components, &[]);
    assert_eq!(paths(&scan), ["behind", "gap-of-nine", "near", "ten-columns"]);
    let scan = sandbox.scan_by(&components.replace("3L", "2L"), &[]);
    assert_eq!(paths(&scan), ["gap-of-nine", "ten-columns"]);
    // Without lines, in bytes.
    let scan = sandbox.scan_by(&components.replace("3L,10C", "12C"), &[]);
    assert_eq!(paths(&scan), ["behind", "gap-of-nine", "gap-of-ten"]);
    let optional = components.replace(", within = \"3L,10C\"", ", optional = true");
    let scan = sandbox.scan_by(&optional, &[]);
    assert_eq!(scan.places().len(), 9);
}

#[test]
fn the_parts_are_named() {
    let sandbox = Sandbox::new();
    sandbox.write("a", format!("{}\n{}\n{}\nurl=acme.test\n", id("far"), key("a"), id("near")));
    let rules = format!(
        "{}[[rules]]\nid = 'acme-url'\nregex = 'url=acme[.]test'\nskipReport = true\n",
        COMPOSITE.replace("withinColumns = 10\n", "[[rules.required]]\nid = 'acme-url'\n")
    );
    let scan = sandbox.scan_by(&rules, &["--show-secrets"]);
    assert_eq!(scan.places(), ["acme-key a:2:4 worktree"]);
    let finding = &scan.findings()[0];
    let half = &finding["companion"];
    assert_eq!((&half["rule"], &half["near"]), (&Value::from("acme-id"), &Value::from(true)));
    assert_eq!(finding["identity"]["with"], "acme-url, line 4");

    // Who asks for one rule gets what it requires along, as a part.
    let scan = sandbox.scan_by(&rules.replace("skipReport = true\n", ""), &["--rule", "acme-key"]);
    assert_eq!(scan.places(), ["acme-key a:2:4 worktree"]);
    // A part that could not be reported still counts.
    let low = rules.replace("skipReport = true\n", "confidence = 'low'\n");
    let scan = sandbox.scan_by(&low, &[]);
    assert_eq!(scan.places(), ["acme-key a:2:4 worktree"]);
    assert!(
        sandbox
            .muzzle(["rules", "show", "acme-key", "--rules", "../rules.toml"])
            .stdout
            .windows(60)
            .any(|text| text == b"near it: `acme-id` within 2 lines\n  near it: `acme-url` anyw".as_slice())
    );
}

#[test]
fn the_versions_of_a_file_are_looked_at_each_for_itself() {
    let sandbox = Sandbox::repository();
    let (id, key) = (id("a"), key("a"));
    // Never in one version, though in one file.
    sandbox.commit_file("apart", format!("{id}\n"));
    sandbox.commit_file("apart", format!("{key}\n"));
    // The second comes with a later version, and goes again.
    let other = self::key("b");
    sandbox.commit_file("late", format!("{other}\n"));
    let both = sandbox.commit_file("late", format!("{other}\n{id}\n"));
    sandbox.commit_file("late", format!("{other}\n\n\n\n{id}\n"));
    sandbox.commit_file("late", "gone\n");
    let scan = sandbox.scan_by(COMPOSITE, &[]);
    assert_eq!(scan.expect_complete().places(), [format!("acme-key late:1:4 commit {both}")]);
    // The same, along a long row of versions.
    for number in 0..30 {
        sandbox.commit_file("row", format!("{}{id}\n{other}\n", "x\n".repeat(number)));
    }
    sandbox.git(["repack", "-adfq", "--depth=40"]);
    let scan = sandbox.scan_by(COMPOSITE, &[]);
    assert_eq!(paths(&scan).iter().filter(|path| *path == "row").count(), 30 + 1);
}

#[test]
fn what_was_there_before_a_range_completes_what_the_range_brings() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", format!("{}\n", id("a")));
    let commit = sandbox.commit_file("a", format!("{}\n{}\n", id("a"), key("a")));
    sandbox.commit_file("b", format!("{}\n", key("b")));
    let scan = sandbox.scan_by(COMPOSITE, &["--range", "HEAD~2.."]);
    assert_eq!(scan.places(), [format!("acme-key a:2:4 commit {commit} head")]);
    // Nor does it matter that only the key is staged.
    sandbox.write("c", format!("{}\n", id("c")));
    sandbox.commit("c");
    sandbox.write("c", format!("{}\n{}\n", id("c"), key("c")));
    sandbox.git(["add", "c"]);
    let staged = sandbox.scan(&["--staged", "--rules", "../rules.toml", "--no-builtin-rules"]);
    assert_eq!(staged.places(), ["acme-key c:2:4 staged"]);
    // What was there before is no find itself.
    let scan = sandbox.scan_by(&without(COMPOSITE, "skipReport = true\n"), &["--range", "HEAD~3..HEAD~1"]);
    assert_eq!(scan.places(), [format!("acme-key a:2:4 commit {commit} head")]);
}

#[test]
fn what_is_allowed_is_no_part() {
    let sandbox = Sandbox::new();
    sandbox.write("a", format!("{}\n{}\n", id("a"), key("a")));
    sandbox.write("test/a", format!("{}\n{}\n", id("b"), key("b")));
    let rules = format!("{COMPOSITE}[[rules.allowlists]]\npaths = ['^test/']\n");
    assert_eq!(paths(&sandbox.scan_by(&rules, &[])), ["a"]);
}

#[test]
fn filters_drop_what_they_are_true_of() {
    let sandbox = Sandbox::repository();
    let secrets: Vec<String> = (0..6).map(|n| fill("{{[a-z]{8}}}{{[0-9]{8}}}", &n.to_string())).collect();
    sandbox.commit_file("a", format!("k={}\nk=aaaaaaaaaaaaaaaa\nk={}TEST00000\n", secrets[0], secrets[1]));
    sandbox.commit_file("docs/b.md", format!("k={}\n", secrets[2]));
    sandbox.commit_file("docs/c", format!("k={} # Example\n", secrets[3]));
    let robot = sandbox.commit_file("d", format!("k={}\n", secrets[4]));
    let rules = format!(
        r#"
prefilter = '''attributes["git.sha"] == "{robot}"'''
filter = '''
  // Whatever the rule is.
  matchesAny(finding["secret"], [`^a+$`])
'''
[[rules]]
id = "acme"
regex = '''k=([a-zA-Z0-9]{{16,}})'''
filter = '''
let path = attributes["path"];
entropy(finding["secret"]) < 1.5 || containsAny(finding["secret"], ["test"]) ||
(path endsWith ".md" && finding["rule_id"] == "acme") ||
(finding["line"] contains "Example" and not matchesAny(path, ["^src/"]))
'''
"#
    );
    let scan = sandbox.scan_by(&rules, &["--show-secrets", "--no-worktree"]);
    let found: Vec<&str> = scan.findings().iter().map(|f| f["secret"].as_str().unwrap()).collect();
    assert_eq!(found, [secrets[0].as_str()]);
    assert_eq!(dropped(&scan), ["acme filter 5"]);
    assert!(!scan.stderr.contains("rules.toml"), "{}", scan.stderr);
    // `Name <e-mail>` of whoever wrote it, in the older form of the language.
    let rules = "filter = '''attributes[?\"git.author_name\"].orValue(\"\").startsWith(\"Ada\")'''\n\
                 [[rules]]\nid = 'acme'\nregex = 'k=[a-z0-9]{16}'\n";
    assert_eq!(paths(&sandbox.scan_by(rules, &["--no-worktree"])), [""; 0]);
    let mut files = paths(&sandbox.scan_by(rules, &["--no-history"]));
    files.dedup();
    assert_eq!(files, ["a", "d", "docs/b.md", "docs/c"]);
}

#[test]
fn what_is_not_known_in_a_filter_drops_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("a", "k=abcdabcdabcdabcd\nk=0123456789abcdef\n");
    let rules =
        |filter: &str| format!("[[rules]]\nid = 'acme'\nregex = 'k=([a-z0-9]{{16}})'\nfilter = '{filter}'\n");
    let count = |filter: &str| sandbox.scan_by(&rules(filter), &[]).count();
    assert_eq!(count(r#"entropy(finding["secret"]) <= 2.0 || tokenRatio(finding["secret"]) >= 2.5"#), 1);
    assert_eq!(count(r#"entropy(finding["secret"]) <= 2.0 && !failsTokenEfficiency(finding["secret"])"#), 2);
    assert_eq!(count(r#"finding["fragment_raw"] contains "k=""#), 2);
}

#[test]
fn a_rule_of_version_2_takes_the_place_of_the_one_it_extends() {
    let sandbox = Sandbox::new();
    sandbox.write("a", "k=abcdabcdabcdabcd\nk=0123456789abcdef\n");
    let base = "[[rules]]\nid = 'acme'\nregex = 'k=(([a-z0-9])[a-z0-9]{15})'\nfilter = 'entropy(finding.secret) > 3'\n\
                confidence = 'high'\n";
    std::fs::write(sandbox.outside("base.toml"), base).unwrap();
    let scan = sandbox.scan_by(base, &[]);
    assert_eq!(scan.places(), ["acme a:1:3 worktree"]);
    assert_eq!(scan.findings()[0]["confidence"], "high");
    let child =
        "[extend]\npath = 'base.toml'\n[[rules]]\nid = 'acme'\nregex = 'k=(([a-z0-9])[a-z0-9]{15})'\n";
    let scan = sandbox.scan_by(&format!("{child}valueGroup = 2\n"), &["--show-secrets"]);
    let found: Vec<&str> = scan.findings().iter().map(|f| f["secret"].as_str().unwrap()).collect();
    assert_eq!((found.len(), &scan.findings()[0]["confidence"]), (2, &"medium".into()));
    assert!(found.contains(&"a") && found.contains(&"0"));
    // Before, texts and numbers of the base stay where the other one is silent.
    assert_eq!(sandbox.scan_by(child, &[]).count(), 1);
}

#[test]
fn mistakes_in_the_newer_keys_are_told_with_their_place() {
    let sandbox = Sandbox::new();
    let rule = "[[rules]]\nid = 'a'\nregex = 'abc'\n";
    for (more, expected) in [
        (
            "filter = 'entropy(finding.secret)'\n",
            ":4:11: rule `a`: `filter`: this is a number, where true or false",
        ),
        (
            "filter = '''\n\n  true &&\n  zork(1)'''\n",
            ":7:3: rule `a`: `filter`: there is no function `zork`",
        ),
        ("filter = \"true\\n&& 1\"\n", ":4:10: rule `a`: `filter`: this is a number"),
        ("filter = 'true ]'\n", ":4:16: rule `a`: `filter`: something was to end here"),
        ("filter = 3\n", ":4:10: rule `a`: `filter` must be a text"),
        ("components = [{ id = 'b', within = '5' }]\n", ":4:36: rule `a`: unknown `within` \"5\""),
        ("components = [{ within = '5L' }]\n", ":4:15: rule `a`: a required rule without `id`"),
        ("components = [{ id = 'b' }]\n", ":4:22: rule `a`: it requires a rule `b`, which is not there"),
        (
            "[[rules.required]]\nid = 'b'\nwithinLines = -1\n",
            ":6:15: rule `a`: `withinLines` is a number: 0, 1",
        ),
        ("confidence = 'sure'\n", ":4:14: rule `a`: unknown `confidence` \"sure\""),
    ] {
        let error = sandbox.error_of(&format!("{rule}{more}"));
        assert!(error.contains(&format!("../rules.toml{expected}")), "{more}\n{error}");
    }
    let error = sandbox.error_of("prefilter = 'attributes[1] == 2'\n[[rules]]\nid = 'a'\nregex = 'abc'\n");
    assert!(error.contains("../rules.toml:1:14: `prefilter`: `attributes` is followed by"), "{error}");
}

const BY_PATH: &str = r"
[[rules]]
id = 'pkcs12'
description = 'A PKCS #12 file, which may hold keys.'
path = '''(?i)(?:^|/)[^/]+\.p12$'''
";

#[test]
fn files_are_reported_for_their_paths() {
    let sandbox = Sandbox::repository();
    let first = sandbox.commit_file("keys/a.p12", [0u8, 159, 146, 150, b'\n', 1]);
    let second = sandbox.commit_file("keys/a.p12", "another");
    let other = sandbox.commit_file("b.P12", "another");
    sandbox.commit_file("b.p12.txt", "no");
    sandbox.git(["mv", "keys/a.p12", "keys/c.p12"]);
    let moved = sandbox.commit("move");
    sandbox.git(["rm", "-q", "b.P12"]);
    sandbox.commit("remove");
    sandbox.write("new/untracked.p12", "");
    sandbox.write("staged.p12", "staged");
    sandbox.git(["add", "staged.p12"]);

    let scan = sandbox.scan_by(BY_PATH, &[]);
    let mut expected = vec![
        "pkcs12 keys/c.p12:1:1 worktree".to_owned(),
        format!("pkcs12 keys/c.p12:1:1 commit {moved} head"),
        "pkcs12 new/untracked.p12:1:1 worktree".to_owned(),
        "pkcs12 staged.p12:1:1 worktree".to_owned(),
        "pkcs12 staged.p12:1:1 staged".to_owned(),
        format!("pkcs12 keys/a.p12:1:1 commit {first}"),
        format!("pkcs12 keys/a.p12:1:1 commit {second}"),
        format!("pkcs12 b.P12:1:1 commit {other}"),
    ];
    let mut places = scan.expect_complete().places();
    places.sort();
    expected.sort();
    assert_eq!(places, expected);
    assert_eq!(scan.count(), 5, "a finding for each path");
    let finding = scan.findings().iter().find(|f| f["occurrences"][0]["path"] == "b.P12").unwrap();
    assert_eq!(finding["first_seen"]["id"], other.as_str());
    // Nothing of what is in the file is shown, and its path is no secret.
    assert!(!scan.report.to_string().contains("another"));
    let human = sandbox.muzzle(["scan", ".", "--rules", "../rules.toml", "--no-builtin-rules"]);
    let human = String::from_utf8(human.stdout).unwrap();
    assert!(human.contains("keys/c.p12:1:1"), "{human}");

    // Packed, with trees made of one another, and on one branch.
    sandbox.git(["repack", "-adfq", "--depth=40"]);
    assert_eq!(sorted(sandbox.scan_by(BY_PATH, &[]).places()), expected);
    let branch = sandbox.scan_by(BY_PATH, &["--branch", "main"]);
    let commits: Vec<String> = expected.iter().filter(|place| place.contains(" commit ")).cloned().collect();
    assert_eq!(sorted(branch.places()), commits);
    // A change of the file is not another leak.
    let range = sandbox.scan_by(BY_PATH, &["--range", "HEAD~5.."]);
    let range: Vec<String> =
        range.places().iter().map(|place| place.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(sorted(range), ["b.P12:1:1", "keys/c.p12:1:1"]);
    let staged = sandbox.scan(&["--staged", "--rules", "../rules.toml", "--no-builtin-rules"]);
    assert_eq!(staged.places(), ["pkcs12 staged.p12:1:1 staged"]);
    // The directory, and one file.
    let files = sandbox.scan_by(BY_PATH, &["--no-history"]);
    assert!(files.places().contains(&"pkcs12 new/untracked.p12:1:1 worktree".to_owned()));
    let rules = ["--rules", "../rules.toml", "--no-builtin-rules"];
    let one = sandbox.scan_with(&[&["keys/c.p12"], &rules[..]].concat(), b"");
    assert_eq!(one.places(), ["pkcs12 keys/c.p12:1:1 worktree"]);
    sandbox.scan_with(&[&["-"], &rules[..]].concat(), b"x").expect_clean();
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

#[test]
fn rules_for_paths_know_the_other_keys() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("secrets/a", format!("{}\n", key("a")));
    sandbox.commit_file("test/secrets/b", "x\n");
    sandbox.commit_file("other", format!("{}\n", key("b")));
    // The directory decides, whatever the file is called.
    let by_path = "[[rules]]\nid = 'place'\npath = '(^|/)secrets/'\n";
    let scan = sandbox.scan_by(by_path, &["--no-worktree"]);
    assert_eq!(sorted(paths(&scan)), ["secrets/a", "test/secrets/b"]);
    let allowed = format!("{by_path}[[rules.allowlists]]\npaths = ['^test/']\n");
    assert_eq!(paths(&sandbox.scan_by(&allowed, &["--no-worktree"])), ["secrets/a"]);
    let filtered = format!("{by_path}filter = 'attributes[\"path\"] startsWith \"secrets\"'\n");
    let scan = sandbox.scan_by(&filtered, &["--no-worktree"]);
    assert_eq!(paths(&scan), ["test/secrets/b"]);
    // As a part: the key counts only there.
    let part = format!(
        "{by_path}skipReport = true\n[[rules]]\nid = 'acme-key'\nregex = '''pk=[a-z0-9]{{8}}'''\n[[rules.required]]\nid = 'place'\n"
    );
    assert_eq!(paths(&sandbox.scan_by(&part, &["--no-worktree"])), ["secrets/a"]);
}
