//! A saved run and what it came from, in every format; and what is none.

use super::super::{Format, Look, fixture};
use super::*;
use crate::finding::{
    Confidence, Fact, Finding, Notice, NoticeKind, Provenance, Suppressed, Suppression, SuppressionKind,
};
use crate::policy::{FailOn, Outcome, Tally, TreeOutcome};

fn json(report: &Report) -> String {
    String::from_utf8(Format::Json.render(report, &Look::default())).unwrap()
}

fn again(text: &str, wanted: Wanted) -> Report {
    read(Path::new("run.json"), text.as_bytes(), wanted).unwrap()
}

/// Everything that a report can hold.
fn report() -> Report {
    let mut report = fixture::odd_report();
    report.findings[0].identity.push(Fact { name: "account".into(), value: "another\n".into() });
    report.findings[0].identity.push(Fact { name: "Zone".into(), value: "z".into() });
    report.findings[1].companion = Some(crate::finding::Companion {
        rule: RuleIndex(1),
        secret: report.findings[2].secret.clone(),
        path: report.findings[2].occurrences[0].path.clone(),
        location: report.findings[2].occurrences[0].location.clone(),
        is_near: false,
    });
    for (finding, verdict) in report.findings.iter_mut().zip(crate::finding::Liveness::ALL) {
        finding.verification = Some(fixture::verification(verdict));
    }
    report.guidance.insert(RuleIndex(0), fixture::guidance());
    // No calendar has this date.
    report.findings[2].verification.as_mut().unwrap().at = i64::MAX;
    report.findings[3].occurrences[0].provenance = fixture::commit(203, i64::MAX / 2);
    report.dropped.insert((RuleIndex(2), DropReason::Stopword), 7);
    report.dropped.insert((RuleIndex(0), DropReason::AllowedPath), 8);
    suppress(&mut report);
    report.policy = quiet();
    report.stats.larger_skipped = 5;
    report.scope = Some("--range \u{1b}A..B".into());
    report.targets.push("a\n::error::b".into());
    report.below_threshold = 3;
    report.unreachable = 4;
    report.threshold = Confidence::Low;
    report.exposure_left_out = true;
    report
}

/// One finding does not count, and one does not at one of its places, each kind of reason being there.
fn suppress(report: &mut Report) {
    let asked = |kind, source: &str, line, text: &str| {
        let mut by = Suppression::new(kind, source, line);
        by.reason = Some(format!("{text}\n::error::`|` [x](https://evil.example)"));
        (by.who, by.until) = (Some("Eve \u{1b}[31m".into()), Some("2999-12-31".into()));
        Arc::new(by)
    };
    let token = String::from_utf8(fixture::secret(4)).unwrap();
    let [file, inline, baseline, imported] = SuppressionKind::ALL;
    let whole = report.findings.remove(4);
    let by = vec![asked(file, "odd\n:7", 12, &token), asked(inline, "muzzle:allow", 0, "")];
    report.suppressions.suppressed.push(Suppressed { finding: whole, by, is_whole: true });
    let counted = report.findings.last_mut().unwrap();
    let mut part = counted.clone();
    part.occurrences.truncate(2);
    counted.occurrences.drain(..2);
    let by = vec![asked(imported, ".gitleaksignore", 3, ""), asked(baseline, "known.jsonl", 3, "")];
    report.suppressions.suppressed.push(Suppressed { finding: part, by, is_whole: false });
    let notice = |kind| Notice { kind, place: format!("odd\n/{token}:3"), detail: format!("is {token}") };
    report.suppressions.notices = NoticeKind::ALL.map(notice).into();
}

fn quiet() -> Outcome {
    let tally = |kind: &'static str, honoured, places| Tally {
        kind: kind.into(),
        name: "`x`\u{1b}[31m".repeat(20),
        place: "muzzle.toml:7".into(),
        honoured,
        findings: places / 2,
        high: places / 3,
        places,
    };
    Outcome {
        file: Some("base:muzzle.toml".into()),
        revision: Some("base\u{1b}[31m".into()),
        tree: Some(TreeOutcome { file: "odd\n.toml".into(), why_not: Some("CI is set".into()) }),
        fail_on: FailOn::parse("severity=medium,confidence=high").unwrap(),
        exit_code: 7,
        tallies: vec![
            tally("allowlist", true, 9),
            tally("paths.exclude", true, 0),
            tally("rules.only", false, 7),
        ],
        not_honoured: 3,
        weakened: vec!["fail_on\n::error::".repeat(50)],
        notices: vec!["a.toml:1: **x**".into()],
    }
}

fn every_format_agrees(report: &mut Report, wanted: Wanted) {
    report.explain = wanted.explain;
    report.show_secrets = wanted.secrets;
    let lines = String::from_utf8(Format::Jsonl.render(report, &Look::default())).unwrap();
    // A saved run knows the day, but neither the time nor how long it took.
    report.elapsed = Duration::ZERO;
    report.finished = "2026-01-02T00:00:00Z".parse().unwrap();
    for text in [&json(report), &lines] {
        let again = again(text, wanted);
        for (name, format) in Format::ALL {
            let [before, after] = [&*report, &again].map(|report| format.render(report, &Look::default()));
            let [before, after] = [before, after].map(|bytes| String::from_utf8(bytes).unwrap());
            for (before, after) in before.lines().zip(after.lines()) {
                assert_eq!(before, after, "{name}");
            }
            assert_eq!(before.len(), after.len(), "{name}");
        }
        for allow_incomplete in [false, true] {
            assert_eq!(again.exit_code(allow_incomplete), report.exit_code(allow_incomplete));
        }
    }
}

#[test]
fn a_saved_run_is_the_same_in_every_format() {
    for secrets in [false, true] {
        for explain in [false, true] {
            every_format_agrees(&mut report(), Wanted { secrets, explain });
        }
    }
    every_format_agrees(&mut fixture::report(Vec::new(), Vec::new()), Wanted::default());
}

#[test]
fn secrets_that_were_saved_are_masked_unless_asked_for() {
    let mut report = report();
    report.finished = "2026-01-02T00:00:00Z".parse().unwrap();
    report.elapsed = Duration::ZERO;
    let masked = json(&report);
    report.show_secrets = true;
    let saved = json(&report);
    assert_eq!(json(&again(&saved, Wanted::default())), masked);
    let error =
        read(Path::new("r"), masked.as_bytes(), Wanted { secrets: true, explain: false }).unwrap_err();
    assert!(error.to_string().starts_with("r holds no secrets to show"), "{error}");
}

#[test]
fn a_secret_that_no_text_can_hold_comes_back() {
    let rules = fixture::rules();
    let secret = b"\xffab\xfe0123456789abcdef";
    let place = fixture::occurrence(secret, b"a", 1, Provenance::Worktree);
    let finding: Finding = fixture::finding(&rules, "fixture-token", secret, vec![place]);
    every_format_agrees(
        &mut fixture::report(vec![finding], Vec::new()),
        Wanted { secrets: true, explain: false },
    );
}

#[test]
fn what_is_no_run_is_refused_with_a_reason() {
    let whole = json(&report());
    let lines = String::from_utf8(Format::Jsonl.render(&report(), &Look::default())).unwrap();
    let (without_summary, _) = lines.trim_end().rsplit_once('\n').unwrap();
    let changed = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        whole.replacen(from, to, 1)
    };
    let deep = "[".repeat(100_000);
    for (text, hint) in [
        ("", "no report of muzzle"),
        ("[]", "no report of muzzle"),
        ("{}", "no report of muzzle"),
        ("42", "no report of muzzle"),
        ("rubbish", "no report of muzzle"),
        (&deep, "cut off"),
        (&whole[..whole.len() / 2], "cut off"),
        (&lines[..lines.len() / 2], "cut off"),
        (without_summary, "cut off"),
        (&format!("{whole}{whole}"), "no report of muzzle"),
        (&changed("\"schema_version\": \"1\"", "\"schema_version\": \"2\""), "schema_version \"2\""),
        (&changed("\"schema_version\": \"1\"", "\"schema_version\": 1"), "schema_version 1"),
        (&changed("\"excerpts\"", "\"excerpt\""), "missing field `excerpts`"),
        (&changed("\"id\": \"fixture-token\"", "\"id\": \"other\""), "`other`"),
        (&changed("\"secret\": \"fxt_********\"", "\"secret\": \"fxt_\""), "is not masked"),
        (&changed("\"fingerprint\": \"v1:", "\"fingerprint\": \"v2:"), "`fingerprint`"),
        (&changed("\"source\": \"commit\"", "\"source\": \"moon\""), "`moon`"),
        (&changed("\"excerpt\": 0", "\"excerpt\": 99"), "`excerpt`"),
        (&changed("\"kind\": \"unreadable-file\"", "\"kind\": \"hole\""), "`hole`"),
        (&changed("\"complete\": false", "\"complete\": true"), "contradict"),
        (&changed("\"2026-01-02\"", "\"tomorrow\""), "`scanned_on`"),
        (&changed("\"2023-11-14T22:13:20Z\"", "\"then\""), "`then`"),
        (&changed("\"reason\": \"stopword\"", "\"reason\": \"whim\""), "`whim`"),
        (&changed("\"kind\": \"inline\"", "\"kind\": \"shout\""), "`shout`"),
        (&changed("\"kind\": \"unused\"", "\"kind\": \"shout\""), "`shout`"),
        (&changed("\"by\": [", "\"by\": [7, "), "suppressed finding 1: its `by`"),
        (
            &changed(
                "\"source\": \"muzzle:allow\",\n          \"line\": null",
                "\"source\": \"x\", \"line\": 3",
            ),
            "with its `line`",
        ),
        (&changed("\"fail_on\": \"severity", "\"fail_on\": \"size"), "in `fail_on`"),
        (&changed("\"exit_code\": 7", "\"exit_code\": 256"), "invalid value"),
        (&changed("\"places\": 9", "\"places\": 18446744073709551615"), "invalid value"),
        (&changed("\"line\": 3", "\"line\": -3"), "invalid value"),
        (&changed("\"occurrences\": [", "\"occurrences\": [], \"x\": ["), "without any occurrence"),
    ] {
        let read = read(Path::new("run.json"), text.as_bytes(), Wanted::default());
        let error = read.err().unwrap_or_else(|| panic!("{hint}: it was read")).to_string();
        assert!(error.starts_with("run.json ") && error.contains(hint), "{hint}: {error}");
    }
}

proptest::proptest! {
    #[test]
    fn no_damage_makes_it_panic(at in 0usize..60_000, byte in 0u8..=255) {
        let mut bytes = json(&report()).into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(report) = read(Path::new("run.json"), &bytes, Wanted::default()) {
            for (_, format) in Format::ALL {
                let text = String::from_utf8(format.render(&report, &Look::default())).unwrap();
                proptest::prop_assert!(!text.contains(|c: char| c != '\n' && crate::report::text::is_steering(c)));
            }
        }
    }
}
