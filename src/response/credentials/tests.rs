//! Reports made by scans of made-up trees, and what is asked about of them.

use std::sync::Arc;

use super::reread::reread;
use super::*;
use crate::pipeline::{Options, collect};
use crate::report::Format;
use crate::report::saved::{Wanted as Saved, read};
use crate::rules::RuleSet;
use crate::source::Counters;

const RULES: &str = r#"
[[rules]]
id          = "acme-secret"
name        = "Acme secret"
description = "Opens Acme."
severity    = "critical"
confidence  = "high"
keywords    = ["acs_"]
regex       = '''\b(?<secret>acs_[0-9a-z]{32})\b'''
remediation = "Revoke it."

[rules.companion]
rules      = ["acme-id"]
lines      = 3
confidence = "high"

[[rules]]
id          = "acme-id"
name        = "Acme id"
description = "Names an account of Acme."
severity    = "low"
confidence  = "medium"
keywords    = ["aci_"]
regex       = '''\b(?<secret>aci_[0-9a-z]{12})\b'''
remediation = "None."

[[rules]]
id          = "acme-password"
name        = "Acme password"
description = "Opens Acme."
severity    = "high"
confidence  = "high"
guessable   = true
keywords    = ["acme_password"]
regex       = '''acme_password="(?<secret>[^"\s]{8,40})"'''
remediation = "Change it."
"#;

fn rules() -> RuleSet {
    let mut rules = RuleSet::default();
    rules.add("acme.toml", RULES).unwrap();
    rules
}

/// Letters and digits that look like nothing else.
fn random(seed: usize, length: usize) -> String {
    let alphabet = b"0123456789abcdefghijklmnopqrstuvwxyz";
    (0..length).map(|at| alphabet[(at * at * 7 + at * 11 + seed * 13) % 36] as char).collect()
}

fn secret(seed: usize) -> String {
    ["ac", "s_", &random(seed, 32)].concat()
}

fn id(seed: usize) -> String {
    ["ac", "i_", &random(seed, 12)].concat()
}

fn password() -> String {
    ["Tr7!", "xq-", "9vKp"].concat()
}

/// Two secrets, one of them twice and with its other half, and a password.
fn tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(tree.path().join(name), text).unwrap();
    write("a.env", format!("ID={}\nSECRET={}\n", id(1), secret(1)));
    write("b.env", format!("SECRET={}\nOTHER={}\n", secret(2), secret(1)));
    write("c.ini", format!("acme_password=\"{}\"\n", password()));
    tree
}

fn scanned(tree: &tempfile::TempDir) -> Report {
    let detector = Arc::new(Detector::new(rules()).unwrap());
    let options = Options { worktree: true, history: false, ..Options::history_of(tree.path(), 1) };
    collect(&detector, &options, &Counters::default()).unwrap()
}

use crate::detect::Detector;

fn saved(report: &Report) -> Report {
    let text = Format::Json.render(report, &crate::report::Look::default());
    read(std::path::Path::new("run.json"), &text, Saved::default()).unwrap()
}

/// Rule, secret and other half of each credential.
#[expect(clippy::disallowed_methods, reason = "to compare")]
fn values(credentials: &Credentials) -> Vec<(String, String, Option<String>)> {
    let text = |secret: &Secret| String::from_utf8_lossy(secret.expose()).into_owned();
    let value =
        |one: &Credential| (one.rule.clone(), text(one.secret()), one.inputs.get("companion").map(text));
    let mut all: Vec<_> = credentials.all.iter().map(value).collect();
    all.sort();
    all
}

fn expected() -> Vec<(String, String, Option<String>)> {
    let of = |rule: &str, secret: String, half| (rule.to_owned(), secret, half);
    let mut all = vec![
        of("acme-password", password(), None),
        of("acme-secret", secret(1), Some(id(1))),
        of("acme-secret", secret(2), None),
    ];
    all.sort();
    all
}

#[test]
fn each_distinct_secret_is_one_credential() {
    let tree = tree();
    let mut report = scanned(&tree);
    let settings = Settings::default();
    let credentials = Credentials::of(&report, &Wanted::default(), &settings);
    assert_eq!(values(&credentials), expected());
    assert!(credentials.all.iter().all(|one| one.inputs.get("line").is_some()));
    let high = Wanted { severities: vec![Severity::High], ..Wanted::default() };
    assert_eq!(Credentials::of(&report, &high, &settings).all.len(), 1);
    let answers: Vec<Verification> = credentials
        .all
        .iter()
        .map(|one| {
            #[expect(clippy::disallowed_methods, reason = "an answer that echoes it")]
            let echo = String::from_utf8_lossy(one.secret().expose()).into_owned();
            Verification { verdict: Liveness::Live, ..not_asked(format!("you said {echo}")) }
        })
        .collect();
    credentials.attach(&mut report, &answers);
    for finding in &report.findings {
        let answer = finding.verification.as_ref().unwrap();
        assert!(answer.reason.ends_with("********"), "{}", answer.reason);
        assert!(answer.risk.as_ref().unwrap().starts_with("Live: opens"), "{:?}", answer.risk);
    }
}

#[test]
fn values_of_a_saved_run_are_read_again() {
    let tree = tree();
    let report = saved(&scanned(&tree));
    let found = reread(&report, tree.path(), rules()).unwrap();
    let credentials = Credentials::with(&report, found, &Wanted::default(), &Settings::default());
    assert_eq!((values(&credentials), credentials.lost()), (expected(), 0));
}

#[test]
fn what_changed_since_is_told_and_not_taken_for_something_else() {
    let tree = tree();
    let report = saved(&scanned(&tree));
    std::fs::write(tree.path().join("a.env"), format!("SECRET={}\n", secret(3))).unwrap();
    std::fs::write(tree.path().join("b.env"), format!("OTHER={}\n", secret(2))).unwrap();
    std::fs::remove_file(tree.path().join("c.ini")).unwrap();
    let found = reread(&report, tree.path(), rules()).unwrap();
    let mut report = report;
    let credentials = Credentials::with(&report, found, &Wanted::default(), &Settings::default());
    assert_eq!(values(&credentials), [("acme-secret".to_owned(), secret(2), None)]);
    assert_eq!(credentials.lost(), 2);
    credentials.attach(&mut report, &[Verification { verdict: Liveness::Dead, ..not_asked(String::new()) }]);
    let mut verdicts: Vec<Liveness> =
        report.findings.iter().map(|finding| finding.verification.as_ref().unwrap().verdict).collect();
    verdicts.sort();
    assert_eq!(verdicts, [Liveness::Dead, Liveness::NotAttempted, Liveness::NotAttempted]);
}

#[test]
fn rules_that_are_gone_are_named() {
    let tree = tree();
    let report = saved(&scanned(&tree));
    let found = reread(&report, tree.path(), rules().only("acme-password")).unwrap();
    let why: Vec<&String> = found.iter().filter_map(|value| value.as_ref().err()).collect();
    assert!(why.len() == 2 && why[0].contains("`acme-secret`"), "{why:?}");
}

#[test]
fn one_value_must_be_of_its_rule() {
    let give = |rule: &str, secret: &str, any_shape| {
        let secret = Secret::new(secret.as_bytes());
        let others = vec![("host".to_owned(), Secret::new(b"acme.example"))];
        let given = given::Given { rule: rule.into(), secret, others, any_shape };
        given.credential(&rules(), &Settings::default())
    };
    let credential = give("acme-secret", &secret(1), false).unwrap();
    assert_eq!(credential.place, "standard input");
    assert!(credential.inputs.get("host").is_some());
    assert_eq!(credential.fingerprint, Fingerprint::of_secret("acme-secret", secret(1).as_bytes()));
    let other = give("acme-secret", &id(1), false).unwrap_err().to_string();
    assert!(other.contains("--force-shape") && !other.contains(&id(1)), "{other}");
    assert!(give("acme-secret", &id(1), true).is_ok());
    assert!(give("acme-secret", "", true).unwrap_err().to_string().contains("no secret"));
    assert!(give("acme", &id(1), true).unwrap_err().to_string().contains("no rule"));
    // A password's fingerprint says nothing of it.
    let one = give("acme-password", &password(), true).unwrap().fingerprint;
    assert_eq!(one, give("acme-password", "another-one", true).unwrap().fingerprint);
}
