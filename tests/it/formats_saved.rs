//! Every format from a saved run: the same bytes and the same exit code as from the scan.

use serde_json::Value;

use crate::formats::{FORMATS, outputs, repository, scan, text, timeless};
use crate::support::{Run, Sandbox, github, line, run};

fn report(sandbox: &Sandbox, from: &str, name: &str, arguments: &[&str]) -> Run {
    let outputs = outputs(name);
    let fixed = ["report", "--from", from].into_iter().chain(arguments.iter().copied());
    sandbox.muzzle(fixed.chain(outputs.iter().map(String::as_str)))
}

/// Converts what the scan saved, both ways, and compares all of it.
fn expect_the_same(sandbox: &Sandbox, direct: &Run, more: &[&str]) {
    for from in ["../direct.json", "../direct.jsonl"] {
        let saved = report(sandbox, from, "saved", more);
        assert_eq!(saved.code, direct.code, "{}", saved.stderr);
        for format in FORMATS {
            let [before, after] =
                ["direct", "saved"].map(|name| timeless(format, &text(sandbox, name, format)));
            assert!(before == after, "{format} {more:?}:\n{before}\n{after}");
        }
    }
}

#[test]
fn a_saved_run_says_the_same_in_every_format() {
    let sandbox = repository();
    for more in [&[][..], &["--explain"], &["--show-secrets"]] {
        let direct = scan(&sandbox, "direct", &[&["."], more].concat());
        assert_eq!(direct.code, Some(4), "{}", direct.stderr);
        expect_the_same(&sandbox, &direct, more);
    }
}

/// The policy of `quieted`: it hides one finding and one large file, and says which exit code there is.
const POLICY: &str = "[scan]\nlargest_file = '50 KiB'\n\n[paths]\nexclude = ['hidden/']\n\n[report]\nexit_code = 7\n\n\
    [[allowlist]]\ndescription = 'idle'\npaths = ['^nowhere/']\n";

/// Findings that count, that do not for each kind of reason, and that do at some of their places only.
fn quieted() -> Sandbox {
    let sandbox = Sandbox::repository();
    for name in ["whole", "kept", "past"] {
        sandbox.commit_file(&format!("{name}.env"), line(name));
        if name == "whole" {
            let baseline = sandbox.muzzle(["baseline", "create", "../known.jsonl"]);
            assert_eq!(baseline.code, Some(0), "{}", baseline.stderr);
        }
    }
    sandbox.commit_file("gone.env", line("gone"));
    sandbox.commit_file("gone.env", "nothing\n");
    sandbox.commit_file("later/kept.env", format!("# first\n{}", line("kept")));
    sandbox
        .commit_file("inline.py", format!("a = \"{}\"  # muzzle:allow made up | <b>`x`\n", github("inline")));
    sandbox.commit_file("hidden/a", line("hidden"));
    sandbox.commit_file("large", format!("{}{}", line("large"), "x y\n".repeat(20_000)));
    let known = sandbox.scan(&["--no-repo-config"]).report;
    let fingerprint = |path: &str| {
        let findings = known["findings"].as_array().unwrap();
        let is_there = |finding: &&Value| {
            finding["occurrences"].as_array().unwrap().iter().any(|place| place["path"] == path)
        };
        findings.iter().find(is_there).unwrap()["fingerprint"].as_str().unwrap().to_owned()
    };
    let entries = [
        ("later/kept.env", "path = 'later/*'"),
        ("gone.env", "until = 2999-12-31"),
        ("past.env", "until = 2020-01-01"),
    ];
    let entries = entries.map(|(path, more)| {
        format!(
            "[[ignore]]\nfingerprint = '{}'\nreason = \"\\u001b[31m::error::x ##[error] '{}'\"\nwho = 'Ada <a|b>'\n\
             when = 2020-01-01\n{more}\n",
            fingerprint(path),
            github("kept"),
        )
    });
    sandbox.write("muzzle.ignore.toml", entries.concat());
    sandbox.write("muzzle.toml", POLICY);
    sandbox
}

/// Where results of a part are that do not count.
fn suppressed(sandbox: &Sandbox, format: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(&text(sandbox, "direct", format)).unwrap();
    let results = document["runs"][0]["results"].as_array().unwrap().clone();
    let quiet =
        results.iter().filter(|result| result["suppressions"].as_array().is_some_and(|by| !by.is_empty()));
    let place =
        |result: &Value| result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone();
    let mut places: Vec<String> = quiet.map(|result| place(result).as_str().unwrap().to_owned()).collect();
    places.sort();
    places
}

#[test]
fn what_does_not_count_and_the_policy_are_saved_too() {
    let sandbox = quieted();
    for (ci, more, code) in [
        (true, &[][..], 7),
        (false, &["--show-secrets"], 7),
        (false, &["--fail-on", "never"], 0),
        (false, &["--config-from", "HEAD~1"], 7),
        (false, &[], 7),
    ] {
        let outputs = outputs("direct");
        let all = ["scan", ".", "-b", "../known.jsonl"].iter().chain(more).copied();
        let mut command = sandbox.command(all.chain(outputs.iter().map(String::as_str)));
        if ci {
            command.env("CI", "true");
        }
        let direct = run(&mut command, b"");
        assert_eq!(direct.code, Some(code), "{}", direct.stderr);
        let shown: &[&str] = if more == ["--show-secrets"] { more } else { &[] };
        expect_the_same(&sandbox, &direct, shown);
        for format in ["github", "markdown", "sarif", "human"] {
            let text = text(&sandbox, "direct", format);
            assert!(format == "human" && !shown.is_empty() || !text.contains(&github("kept")), "{format}");
        }
    }
    // The last one was at home, and nothing was refused.
    let saved: Value = serde_json::from_str(&text(&sandbox, "saved", "json")).unwrap();
    let kinds =
        |one: &Value| (one["suppressions"][0]["kind"].as_str().unwrap().to_owned(), one["whole"] == true);
    let mut kinds: Vec<(String, bool)> = saved["suppressed"].as_array().unwrap().iter().map(kinds).collect();
    kinds.sort();
    let expected = [("baseline", true), ("ignore-file", false), ("ignore-file", true), ("inline", true)];
    assert_eq!(kinds, expected.map(|(kind, whole)| (kind.to_owned(), whole)));
    assert_eq!(saved["suppression_notices"][0]["kind"], "expired");
    assert_eq!((&saved["allowed"][0]["findings"], &saved["policy"]["exit_code"]), (&1.into(), &7.into()));
    assert!(saved["scanned"]["larger_skipped"].as_u64().unwrap() > 0);
    let in_head = ["inline.py", "later/kept.env", "whole.env"];
    assert_eq!(suppressed(&sandbox, "sarif-head"), in_head);
    assert_eq!(suppressed(&sandbox, "sarif-history"), ["gone.env"]);
    assert_eq!(suppressed(&sandbox, "sarif"), ["gone.env", "inline.py", "later/kept.env", "whole.env"]);
}

#[test]
fn a_saved_run_exits_as_the_scan_did() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", "a\n");
    let code = |arguments: &[&str]| {
        assert!(sandbox.muzzle(["scan", "-o", "json=../run.json"]).code.is_some());
        sandbox.muzzle([&["report", "--from", "../run.json"][..], arguments].concat()).code
    };
    assert_eq!(code(&[]), Some(0));
    sandbox.write("b", line("b"));
    assert_eq!(code(&["-o", "csv"]), Some(1));
    assert_eq!(code(&["--exit-zero"]), Some(0));
    std::fs::remove_file(sandbox.loose(&sandbox.id("HEAD:a"))).unwrap();
    assert_eq!(
        (code(&[]), code(&["--allow-incomplete"]), code(&["--exit-zero"])),
        (Some(4), Some(1), Some(0))
    );
    std::fs::remove_file(sandbox.path("b")).unwrap();
    assert_eq!((code(&[]), code(&["--allow-incomplete"])), (Some(3), Some(0)));
}

#[test]
fn what_is_no_saved_run_is_an_error_that_says_why() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("a"));
    scan(&sandbox, "run", &["."]);
    let json = text(&sandbox, "run", "json");
    let lines = text(&sandbox, "run", "jsonl");
    let newer = json.replace("\"schema_version\": \"1\"", "\"schema_version\": \"99\"");
    let older = json.replace("\"excerpts\"", "\"once\"");
    let no_summary = lines.lines().next().unwrap().to_owned();
    for (content, hint) in [
        (&json[..json.len() / 2], "cut off"),
        (&no_summary, "cut off"),
        (&newer, "schema_version \"99\""),
        (&older, "missing field `excerpts`"),
        ("{\"a\": \u{1b}[31m}", "no report of muzzle"),
        ("[]", "no report of muzzle"),
        ("", "no report of muzzle"),
    ] {
        std::fs::write(sandbox.outside("bad"), content).unwrap();
        for arguments in [&["--from", "../bad"][..], &["--from", "../bad", "--exit-zero", "-o", "html"]] {
            let run = sandbox.muzzle([&["report"], arguments].concat());
            assert_eq!((run.code, run.stdout.as_slice()), (Some(2), &b""[..]), "{hint}");
            assert!(run.stderr.starts_with("error: ../bad ") && run.stderr.contains(hint), "{}", run.stderr);
        }
    }
    let run = sandbox.muzzle(["report", "--from", "nowhere.json"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("reading the saved run nowhere.json"), "{}", run.stderr);
    let run = sandbox.muzzle(["report", "--from", "../run.json", "--show-secrets"]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("scan again with --show-secrets"), "{}", run.stderr);
}

#[test]
fn a_saved_run_comes_from_standard_input_too() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("a"));
    scan(&sandbox, "run", &["."]);
    let lines = text(&sandbox, "run", "jsonl");
    let mut command = sandbox.command(["report", "--from", "-", "-o", "json"]);
    let run = crate::support::run(&mut command, lines.as_bytes());
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert_eq!(String::from_utf8(run.stdout).unwrap(), text(&sandbox, "run", "json"));
}
