//! Ignore files and comments: what they hide, what they never hide, and what the report says about it.

use std::collections::HashSet;
use std::sync::Arc;

use muzzle::detect::Detector;
use muzzle::pipeline::{self, Options};
use muzzle::report::Report;
use muzzle::rules::RuleSet;
use muzzle::source::Counters;
use muzzle::suppression::foreign::FileFormat;
use muzzle::suppression::{Baseline, Import, Sources};
use serde_json::Value;

use super::support::{PASSWORD_RULE, RULE, Run, Sandbox, Scan, github, line, password_line, run};

const FILE: &str = "muzzle.ignore.toml";

fn entry(fingerprint: &str, more: &str) -> String {
    format!("[[ignore]]\nfingerprint = \"{fingerprint}\"\nreason = \"made up\"\nwho = \"Ada\"\n{more}\n")
}

/// Writes entries with `muzzle ignore add`.
fn add(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    sandbox.muzzle([&["ignore", "add"], arguments].concat())
}

fn text(run: &Run) -> String {
    String::from_utf8_lossy(&run.stdout).into_owned()
}

fn human(sandbox: &Sandbox, arguments: &[&str]) -> String {
    text(&sandbox.muzzle([&["scan", "."], arguments].concat()))
}

#[test]
fn an_entry_hides_one_finding_and_is_told() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("one"));
    let fingerprint = sandbox.scan(&[]).fingerprint();
    sandbox.write(FILE, entry(&fingerprint, "when = 2024-01-02\nuntil = 2999-12-31"));
    let scan = sandbox.scan(&[]);
    scan.expect_clean();
    assert_eq!(scan.suppressed(), [format!("{RULE} a:1 ignore-file {FILE}:1")]);
    let by = &scan.report["suppressed"][0]["suppressions"][0];
    for (key, expected) in
        [("reason", "made up"), ("who", "Ada"), ("when", "2024-01-02"), ("until", "2999-12-31")]
    {
        assert_eq!(by[key], expected);
    }
    assert_eq!(by["of_scanned_tree"], true);
    assert_eq!(scan.notices(), [""; 0]);
    let human = human(&sandbox, &[]);
    assert!(human.contains("1 finding suppressed: 1 by muzzle.ignore.toml of the scanned tree."), "{human}");
    assert!(human.contains("made up") && !human.contains(&github("one")), "{human}");
    for (format, told) in [
        ("junit", "<skipped message=\"suppressed by muzzle.ignore.toml:1: made up\"/>"),
        ("gitlab", "1 finding suppressed: 1 by muzzle.ignore.toml of the scanned tree."),
        ("github", "muzzle: No findings. 1 finding suppressed: 1 by muzzle.ignore.toml of the scanned tree."),
    ] {
        let report = text(&sandbox.muzzle(["scan", ".", "-o", format]));
        assert!(report.contains(told) && !report.contains(&github("one")), "{format}: {report}");
    }
    // Another secret on the same line is another finding.
    sandbox.write("a", format!("x {} {}\n", github("one"), github("two")));
    let scan = sandbox.scan(&[]);
    assert_eq!((scan.code, scan.places()), (1, vec![format!("{RULE} a:1:44 worktree")]));
}

#[test]
fn expired_malformed_and_unused_entries_hide_nothing_and_are_told() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("one"));
    let fingerprint = sandbox.scan(&[]).fingerprint();
    let nothing = format!("v1:{}", "0".repeat(32));
    for (text, notice) in [
        (entry(&fingerprint, "until = 2020-01-01"), format!("expired {FILE}:1")),
        (entry(&fingerprint, "until = 'soon'"), format!("malformed {FILE}:1")),
        (entry(&fingerprint, "untl = 2999-01-01"), format!("malformed {FILE}:1")),
        (entry(&fingerprint, "").replace("who", "#who"), format!("malformed {FILE}:1")),
        (entry(&nothing, ""), format!("unused {FILE}:1")),
        (entry(&fingerprint, "path = 'b/*'"), format!("unused {FILE}:1")),
        ("[[ignore".into(), format!("malformed {FILE}:1")),
    ] {
        sandbox.write(FILE, &text);
        let scan = sandbox.scan(&[]);
        assert_eq!((scan.code, scan.count(), scan.notices()), (1, 1, vec![notice]), "{text}");
    }
    // What is no file, or leads elsewhere, is not read.
    std::fs::remove_file(sandbox.path(FILE)).unwrap();
    std::fs::write(sandbox.outside("elsewhere"), entry(&fingerprint, "")).unwrap();
    std::os::unix::fs::symlink(sandbox.outside("elsewhere"), sandbox.path(FILE)).unwrap();
    let scan = sandbox.scan(&[]);
    assert_eq!((scan.code, scan.notices()), (1, vec![format!("malformed {FILE}")]));
    // A part of what there is cannot tell what is of no use.
    std::fs::remove_file(sandbox.path(FILE)).unwrap();
    sandbox.write(FILE, entry(&nothing, ""));
    for part in [&["--no-history"][..], &["--rule", RULE], &["--max-commits", "1"]] {
        assert_eq!(sandbox.scan(part).notices(), [""; 0], "{part:?}");
    }
}

#[test]
fn one_broken_entry_leaves_the_others_at_work() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("one"));
    let fingerprint = sandbox.scan(&[]).fingerprint();
    let text = format!(
        "{}<<<<<<< HEAD\n{}",
        entry(&fingerprint, "until = [").replace('x', "y"),
        entry(&fingerprint, "")
    );
    sandbox.write(FILE, text);
    let scan = sandbox.scan(&[]);
    scan.expect_clean();
    assert_eq!(scan.notices().len(), 1, "{:?}", scan.notices());
    assert!(scan.notices()[0].starts_with("malformed"));
}

#[test]
fn a_finding_counts_as_long_as_one_place_does() {
    let sandbox = Sandbox::repository();
    sandbox.write("tests/a", line("one"));
    sandbox.commit_file("src/a", line("one"));
    let fingerprint = sandbox.scan(&[]).fingerprint();
    sandbox.write(FILE, entry(&fingerprint, "path = 'tests/**'"));
    let scan = sandbox.scan(&[]);
    assert_eq!(scan.code, 1);
    assert!(scan.places().iter().all(|place| place.contains("src/a")), "{:?}", scan.places());
    assert_eq!(scan.suppressed(), [format!("{RULE} tests/a:1 ignore-file {FILE}:1 part")]);
    let human = human(&sandbox, &[]);
    assert!(human.contains("= suppressed: 2 places more by muzzle.ignore.toml:1"), "{human}");
    assert!(human.contains("0 findings suppressed, and 1 at some of its places only:"), "{human}");
    // Each path is a result of its own in SARIF.
    let sarif: Value = serde_json::from_str(&self::human(&sandbox, &["-o", "sarif"])).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let told: Vec<(&str, usize)> = results
        .iter()
        .map(|result| {
            let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
            (uri.as_str().unwrap(), result["suppressions"].as_array().unwrap().len())
        })
        .collect();
    assert_eq!(told, [("src/a", 0), ("tests/a", 1)]);
    let suppression = &results[1]["suppressions"][0];
    assert_eq!((&suppression["kind"], &suppression["status"]), (&"external".into(), &"accepted".into()));
    assert_eq!(suppression["justification"], format!("{FILE}:1; reason: made up; by: Ada"));
}

#[test]
fn add_binds_an_entry_to_a_password_and_not_to_its_line() {
    let sandbox = Sandbox::repository();
    std::fs::write(
        sandbox.outside("home/.gitconfig"),
        "[user]\n\tname = Ada Author\n\temail = ada@example.test\n",
    )
    .unwrap();
    sandbox.commit_file("a", password_line("one"));
    let fingerprint = sandbox.scan(&[]).fingerprint();
    // By hand only the place can be named, which is not enough.
    sandbox.write(FILE, entry(&fingerprint, ""));
    let scan = sandbox.scan(&[]);
    assert_eq!((scan.code, scan.notices()), (1, vec![format!("ambiguous {FILE}:1")]));
    std::fs::remove_file(sandbox.path(FILE)).unwrap();
    let run = add(&sandbox, &[&fingerprint, "--reason", "local broker", "--until", "30d"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let file = std::fs::read_to_string(sandbox.path(FILE)).unwrap();
    assert!(file.contains("salt = ") && file.contains("fingerprint = \"s1:"), "{file}");
    assert!(file.contains("who = \"Ada Author <ada@example.test>\"\nwhen = "), "{file}");
    sandbox.scan(&[]).expect_clean();
    // Moved, renamed, and in other surroundings it is the same.
    sandbox.git(["mv", "a", "b"]);
    sandbox.commit_file("b", format!("# new\n# lines\nbefore {}", password_line("one")));
    let scan = sandbox.scan(&[]);
    scan.expect_clean();
    assert_eq!(scan.notices(), [""; 0]);
    // Another password on the very same line is not.
    sandbox.commit_file("b", format!("# new\n# lines\nbefore {}", password_line("two")));
    let scan = sandbox.scan(&[]);
    assert_eq!((scan.code, scan.count()), (1, 1), "{:#}", scan.report);
    assert_eq!(scan.findings()[0]["rule"]["id"], PASSWORD_RULE);
}

#[test]
fn add_says_what_it_cannot_do() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("one"));
    let fingerprint = sandbox.scan(&[]).fingerprint();
    let nothing = format!("v1:{}", "0".repeat(32));
    for (arguments, said) in [
        (vec![nothing.as_str(), "--reason", "r", "--who", "w"], "no finding has the fingerprint"),
        (vec!["nonsense", "--reason", "r", "--who", "w"], "is no fingerprint"),
        (vec![&fingerprint, "--reason", "r"], "Git's configuration has no user.name"),
        (vec![&fingerprint, "--reason", " ", "--who", "w"], "--reason says nothing"),
        (vec![&fingerprint, "--reason", "r", "--who", "w", "--until", "2020-01-01"], "is over"),
        (vec![&fingerprint, "--reason", "r", "--who", "w", "--until", "soon"], "is no day such as"),
        (vec![&fingerprint, "--reason", "r", "--who", "w", "--path", "["], "no glob"),
    ] {
        let run = add(&sandbox, &arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}");
        assert!(run.stderr.contains(said), "{}", run.stderr);
        assert!(!sandbox.path(FILE).exists());
    }
}

#[test]
fn a_place_that_held_two_passwords_is_answered_for_only_if_asked() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", password_line("one"));
    sandbox.commit_file("a", password_line("two"));
    let scan = sandbox.scan(&[]);
    assert_eq!(scan.count(), 2);
    let fingerprint = scan.findings()[0]["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(scan.findings()[1]["fingerprint"], fingerprint.as_str());
    let run = add(&sandbox, &[&fingerprint, "--reason", "r", "--who", "w"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("2 different values"), "{}", run.stderr);
    let run = add(&sandbox, &[&fingerprint, "--reason", "r", "--who", "w", "--all-values"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    sandbox.scan(&[]).expect_clean();
}

#[test]
fn prune_takes_out_what_is_expired_or_of_no_use_and_list_shows_the_rest() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("one"));
    let fingerprint = sandbox.scan(&[]).fingerprint();
    let nothing = format!("v1:{}", "0".repeat(32));
    let text = [
        "# ours\n\n".to_owned(),
        entry(&nothing, ""),
        format!("# stays\n{}", entry(&fingerprint, "")),
        entry(&fingerprint, "until = 2020-01-01"),
    ]
    .concat();
    sandbox.write(FILE, &text);
    let run = sandbox.muzzle(["ignore", "list"]);
    assert!(self::text(&run).contains("EXPIRED 2020-01-01") && self::text(&run).ends_with("3 entries\n"));
    let run = sandbox.muzzle(["ignore", "prune", "--dry-run"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(self::text(&run).ends_with("2 entries of 3 would go.\n"), "{}", self::text(&run));
    assert_eq!(std::fs::read_to_string(sandbox.path(FILE)).unwrap(), text);
    assert_eq!(sandbox.muzzle(["ignore", "prune"]).code, Some(0));
    let left = std::fs::read_to_string(sandbox.path(FILE)).unwrap();
    assert_eq!(left, format!("# ours\n\n# stays\n{}", entry(&fingerprint, "")).trim_end().to_owned() + "\n");
    let run = sandbox.muzzle(["ignore", "list", "--json"]);
    let list: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!((&list[0]["fingerprint"], &list[0]["expired"]), (&fingerprint.into(), &false.into()));
}

#[test]
fn what_could_not_be_read_prunes_nothing() {
    let sandbox = Sandbox::repository();
    let id = sandbox.commit_file("a", line("one"));
    sandbox.write(FILE, entry(&format!("v1:{}", "0".repeat(32)), ""));
    let blob = sandbox.id(&format!("{id}:a"));
    std::fs::remove_file(sandbox.loose(&blob)).unwrap();
    let run = sandbox.muzzle(["ignore", "prune"]);
    assert_eq!(run.code, Some(3), "{}", text(&run));
    assert!(std::fs::read_to_string(sandbox.path(FILE)).unwrap().contains("[[ignore]]"));
}

#[test]
fn comments_let_pass_what_they_plainly_mean() {
    let token = github("one");
    for (text, kind) in [
        (format!("{token} # muzzle:allow made up"), "muzzle:allow"),
        (format!("{token} # muzzle:allow[{RULE}] made up"), "muzzle:allow"),
        (format!("# muzzle:allow-next-line made up\n{token}"), "muzzle:allow"),
        (format!("{token} // gitleaks:allow made up"), "gitleaks:allow"),
        (format!("{token} // betterleaks:allow made up"), "betterleaks:allow"),
        (format!("{token} // trufflehog:ignore made up"), "trufflehog:ignore"),
        (format!("{token} // kingfisher:ignore made up"), "kingfisher:ignore"),
        (format!("{token} # pragma: allowlist secret made up"), "pragma: allowlist secret"),
        (format!("# pragma: allowlist nextline secret made up\n{token}"), "pragma: allowlist secret"),
        (format!("{token} # ggignore made up"), "ggignore"),
        (format!("{token} // secretlint-disable-line made up"), "secretlint-disable"),
        (format!("// secretlint-disable-next-line made up\n{token}"), "secretlint-disable"),
    ] {
        let sandbox = Sandbox::new();
        let scan = |arguments: &[&str]| sandbox.scan_with(&[&["-"], arguments].concat(), text.as_bytes());
        let all = scan(&[]);
        all.expect_clean();
        let by = &all.report["suppressed"][0]["suppressions"][0];
        let told = (by["kind"].as_str(), by["source"].as_str(), by["reason"].as_str());
        assert_eq!(told, (Some("inline"), Some(kind), Some("made up")), "{text}");
        let own = scan(&["--inline-allow", "own"]);
        assert_eq!(own.count(), usize::from(kind != "muzzle:allow"), "{text}");
        for none in [&["--inline-allow=none"][..], &["--no-inline-allow"], &["--ignore-gitleaks-allow"]] {
            let scan = scan(none);
            assert_eq!((scan.code, scan.count()), (1, 1), "{text}");
            assert_eq!(scan.notices(), [format!("not-honoured {kind}")]);
        }
    }
}

#[test]
fn comments_never_hide_another_secret_of_the_line() {
    let (one, two, password) = (github("one"), github("two"), password_line("one").trim().to_owned());
    let scan = |text: &str| Sandbox::new().scan_with(&["-"], text.as_bytes());
    // Two values: it cannot be told which is meant.
    for marker in ["muzzle:allow", "gitleaks:allow"] {
        let scan = scan(&format!("{one} {two} # {marker}"));
        assert_eq!((scan.count(), scan.notices()), (2, vec!["ambiguous stdin:1".to_owned()]), "{marker}");
    }
    let found = scan(&format!("{one} {two} # muzzle:allow[{RULE}]"));
    assert_eq!((found.count(), found.notices().len()), (2, 1), "{:#}", found.report);
    // A rule is named, and each has one value.
    let found = scan(&format!("{one} {password} # muzzle:allow[{RULE}] made up"));
    assert_eq!(found.count(), 1, "{:#}", found.report);
    assert_eq!(found.findings()[0]["rule"]["id"], PASSWORD_RULE);
    assert_eq!(found.suppressed().len(), 1);
    scan(&format!("{one} {password} # muzzle:allow[{RULE}, {PASSWORD_RULE}] made up")).expect_clean();
    // The same value twice is one.
    scan(&format!("{one} {one} # muzzle:allow")).expect_clean();
    // What cannot be read, or names another rule, hides nothing.
    for marker in ["muzzle:allow[]", "muzzle:allow[", "muzzle:allow[other-rule]", "muzzle:allowed"] {
        assert_eq!(scan(&format!("{one} # {marker}")).count(), 1, "{marker}");
    }
    // Nor does one inside the value, or on another line.
    assert_eq!(scan(&format!("# muzzle:allow\n{one}\n# muzzle:allow")).count(), 1);
}

#[test]
fn an_edit_of_the_comment_alone_judges_the_line_anew() {
    let sandbox = Sandbox::repository();
    let filler: String = (0..400).map(|number| format!("line {number}\n")).collect();
    let with = format!("{filler}{} # muzzle:allow\n{filler}", github("one"));
    let without = format!("{filler}{}\n{filler}", github("one"));
    for (number, content) in [&with, &without, &with].into_iter().enumerate() {
        sandbox.commit_file("a", format!("{content}{number}\n"));
    }
    sandbox.git(["repack", "-adfq"]);
    let places = |scan: &Scan| {
        scan.findings().iter().map(|f| f["occurrences"].as_array().unwrap().len()).sum::<usize>()
    };
    for arguments in [&[][..], &["--no-delta"]] {
        let scan = sandbox.scan(&[&["--no-worktree"], arguments].concat());
        assert_eq!((places(&scan), scan.suppressed().len()), (1, 1), "{:#}", scan.report);
        assert_eq!(scan.report["suppressed"][0]["occurrences"].as_array().unwrap().len(), 2);
        let last = sandbox.scan(&[&["--no-history"], arguments].concat());
        last.expect_clean();
    }
}

/// `muzzle scan . -o json` as a CI runner would run it.
fn in_ci(sandbox: &Sandbox, arguments: &[&str]) -> Scan {
    let all = [&["scan", "-o", "json", "."], arguments].concat();
    Scan::new(run(sandbox.command(all).env("CI", "true"), b""))
}

#[test]
fn the_scanned_tree_has_no_say_where_nobody_reviews_it() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("one"));
    let fingerprint = sandbox.scan(&[]).fingerprint();
    sandbox.commit_file(FILE, entry(&fingerprint, ""));
    sandbox.git(["branch", "reviewed"]);
    sandbox.commit_file("b", line("two"));
    let both = sandbox.scan(&[]);
    let second = both.fingerprint();
    sandbox.commit_file(FILE, [entry(&fingerprint, ""), entry(&second, "")].concat());
    sandbox.scan(&[]).expect_clean();
    for scan in [in_ci(&sandbox, &[]), sandbox.scan(&["--no-repo-config"])] {
        assert_eq!((scan.code, scan.count(), scan.notices()), (1, 2, vec![format!("not-honoured {FILE}")]));
        let detail = scan.report["suppression_notices"][0]["detail"].as_str().unwrap();
        assert!(detail.contains("would have hidden 2 findings"), "{detail}");
    }
    let scan = in_ci(&sandbox, &["--config-from", "reviewed"]);
    assert_eq!((scan.code, scan.fingerprint()), (1, second));
    assert_eq!(scan.suppressed(), [format!("{RULE} a:1 ignore-file reviewed:{FILE}:1")]);
    assert_eq!(scan.report["suppressed"][0]["suppressions"][0]["of_scanned_tree"], false);
    // A file that the user names is the user's word.
    std::fs::copy(sandbox.path(FILE), sandbox.outside("mine.toml")).unwrap();
    let mine = sandbox.outside("mine.toml");
    let scan = in_ci(&sandbox, &["--ignore-file", mine.to_str().unwrap()]);
    scan.expect_clean();
    for off in ["", "0", "false"] {
        let all = ["scan", "-o", "json", "."];
        Scan::new(run(sandbox.command(all).env("CI", off), b"")).expect_clean();
    }
}

#[test]
fn one_tree_does_not_answer_for_another() {
    let sandbox = Sandbox::new();
    for name in ["one", "two"] {
        sandbox.write(format!("{name}/a"), line("same"));
    }
    let fingerprint = sandbox.scan_with(&["one"], b"").fingerprint();
    sandbox.write(format!("one/{FILE}"), entry(&fingerprint, ""));
    sandbox.scan_with(&["one"], b"").expect_clean();
    assert_eq!(sandbox.scan_with(&["one", "two"], b"").code, 1);
    assert_eq!(sandbox.scan_with(&["two"], b"").code, 1);
}

#[test]
fn nothing_of_the_repository_steers_or_leaks_from_a_suppression() {
    let sandbox = Sandbox::repository();
    let (one, two) = (github("one"), github("two"));
    sandbox.write("a", format!("{one} # muzzle:allow \u{1b}[31m ::error::x {two}\n"));
    sandbox.write("b", format!("{two}\n"));
    sandbox.write("c\n::error::", format!("{one} # muzzle:allow[\n"));
    sandbox.commit("odd");
    for format in ["human", "json", "jsonl", "sarif"] {
        let out = human(&sandbox, &["-o", format]);
        assert!(!out.contains(&one) && !out.contains(&two) && !out.contains('\u{1b}'), "{out}");
        assert!(out.lines().all(|line| !line.trim_start().starts_with("::")), "{out}");
    }
}

fn report(sandbox: &Sandbox, suppression: Sources) -> Report {
    let detector = Arc::new(Detector::new(RuleSet::embedded().unwrap()).unwrap());
    let options = Options { suppression, ..Options::history_of(&sandbox.path(""), 1) };
    pipeline::scan(&detector, &options, &Counters::default()).unwrap()
}

#[test]
fn what_is_live_is_hidden_by_nothing_but_an_entry_with_an_end() {
    let sandbox = Sandbox::repository();
    let id = sandbox.commit_file("a", format!("{} # muzzle:allow\n", github("one")));
    let run = sandbox.muzzle(["baseline", "create", "known.jsonl", "--no-inline-allow"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let known = std::fs::read_to_string(sandbox.path("known.jsonl")).unwrap();
    let fingerprint = sandbox.scan(&["--no-inline-allow"]).fingerprint();
    let with = |text: &str| {
        let mut sources = Sources::default();
        sources.add_ignore_file(text, FILE, false);
        sources
    };
    let import = |text: &str| Import::parse(text.as_bytes(), FileFormat::GitleaksIgnore, "i", false).unwrap();
    let cases = [
        (Sources::default(), false),
        (Sources { baselines: vec![Baseline::parse(&known, "b").unwrap()], ..Sources::default() }, false),
        (Sources { imports: vec![import(&format!("{id}:a:x:1"))], ..Sources::default() }, false),
        (with(&entry(&fingerprint, "")), false),
        (with(&entry(&fingerprint, "until = 2999-12-31")), true),
    ];
    for (sources, hides_what_is_live) in cases {
        let unknown = report(&sandbox, sources.clone());
        assert_eq!((unknown.findings.len(), unknown.suppressions.suppressed.len()), (0, 1));
        let fingerprint = unknown.suppressions.suppressed[0].finding.fingerprint.clone();
        let live = HashSet::from([fingerprint]);
        let known_live = report(&sandbox, Sources { live, ..sources });
        assert_eq!(known_live.findings.is_empty(), hides_what_is_live);
        assert!(!known_live.suppressions.notices.is_empty(), "it is told");
    }
}

#[test]
fn pages_for_people_say_what_does_not_count() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a.env", format!("{} # muzzle:allow of the drill\n", line("page").trim_end()));
    for format in ["markdown", "html", "human"] {
        let run = sandbox.muzzle(["scan", ".", "-o", format]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let text = String::from_utf8_lossy(&run.stdout).replace('\n', " ");
        assert!(text.contains("1 finding suppressed: 1 by comments muzzle:allow"), "{format}: {text}");
    }
}
