//! Credentials in two halves: found apart, reported as one.

use crate::support::{Sandbox, Scan};

const RULES: &str = r#"
[[rules]]
id = "acme-id"
name = "Acme id"
description = "Names an account."
severity = "low"
confidence = "low"
keywords = ["acmeid_"]
regex = '''\b(?<secret>acmeid_[a-z0-9]{8})\b'''
part = true
remediation = "None."
[rules.examples]
match = ["acmeid_{{[a-z0-9]{8}}}", "x=acmeid_{{[a-z0-9]{8}}}"]
reject = ["acmeid_", "acmeid_{{[a-z0-9]{9}}}"]

[[rules]]
id = "acme-key-id"
name = "Acme key id"
description = "Names a key."
severity = "medium"
confidence = "medium"
keywords = ["acmekid_"]
regex = '''\b(?<secret>acmekid_[a-z0-9]{8})\b'''
remediation = "None."
[rules.examples]
match = ["acmekid_{{[a-z0-9]{8}}}", "x=acmekid_{{[a-z0-9]{8}}}"]
reject = ["acmekid_", "acmekid_{{[a-z0-9]{9}}}"]

[[rules]]
id = "acme-secret"
name = "Acme secret"
description = "Opens Acme."
severity = "high"
confidence = "low"
keywords = ["acme_secret"]
value = '''[a-z0-9]{16}'''
remediation = "Revoke it."
[rules.companion]
rules = ["acme-id", "acme-key-id"]
lines = 2
confidence = "high"
elsewhere = "medium"
[rules.examples]
match = ["acme_secret={{[a-z0-9]{16}}}", "acme_secret: {{[a-z0-9]{16}}}"]
reject = ["acme_secret={{[a-z0-9]{15}}}", "acme_secret="]

[[rules]]
id = "acme-weak"
name = "Acme weak secret"
description = "Opens Acme."
severity = "high"
confidence = "high"
keywords = ["weak"]
value = '''[a-z0-9]{12}'''
remediation = "Revoke it."
[rules.companion]
rules = ["acme-id"]
lines = 2
confidence = "high"
required = true
[rules.examples]
match = ["weak={{[a-z0-9]{12}}}", "weak: {{[a-z0-9]{12}}}"]
reject = ["weak={{[a-z0-9]{11}}}", "weak="]
"#;

const ID: &str = "acmeid_ab12cd34";
const KEY_ID: &str = "acmekid_zy98xw76";
const SECRET: &str = concat!("acme_secret = ", "1a2b3c4d", "5e6f7g8h");
const WEAK: &str = "weak = 9z8y7x6w5v4u";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::repository();
    std::fs::write(sandbox.outside("rules.toml"), RULES).unwrap();
    let configuration = format!("[rules]\nfiles = ['{}']\n", sandbox.outside("rules.toml").display());
    std::fs::write(sandbox.outside("muzzle.toml"), configuration).unwrap();
    sandbox
}

fn scan(sandbox: &Sandbox) -> Scan {
    let configuration = sandbox.outside("muzzle.toml");
    let rules = ["acme-id", "acme-key-id", "acme-secret", "acme-weak"].map(|id| ["--rule", id]).concat();
    let fixed = ["-c", configuration.to_str().unwrap(), "--confidence", "low"];
    sandbox.scan(&[&fixed[..], &rules].concat())
}

/// Rule, confidence, and the companion's rule and whether it is near.
fn told(scan: &Scan) -> Vec<String> {
    let findings = scan.report["findings"].as_array().unwrap();
    let tell = |finding: &serde_json::Value| {
        let with = match &finding["companion"] {
            serde_json::Value::Null => String::new(),
            half => format!(" with {} near={}", half["rule"].as_str().unwrap(), half["near"]),
        };
        format!(
            "{} {}{with}",
            finding["rule"]["id"].as_str().unwrap(),
            finding["confidence"].as_str().unwrap()
        )
    };
    let mut list: Vec<String> = findings.iter().map(tell).collect();
    list.sort();
    list
}

#[test]
fn the_nearer_the_other_half_the_surer_the_finding() {
    for (name, files, expected) in [
        ("alone", vec![("a.env", SECRET.to_owned())], vec!["acme-secret low"]),
        (
            "near",
            vec![("a.env", format!("{ID}\n\n{SECRET}\n"))],
            vec!["acme-secret high with acme-id near=true"],
        ),
        (
            "too far",
            vec![("a.env", format!("{ID}\n\n\n{SECRET}\n"))],
            vec!["acme-secret medium with acme-id near=false"],
        ),
        (
            "another file",
            vec![("d/a.env", format!("{ID}\n")), ("d/b.env", format!("{SECRET}\n"))],
            vec!["acme-secret medium with acme-id near=false"],
        ),
        (
            "another directory",
            vec![("c/a.env", format!("{ID}\n")), ("d/b.env", format!("{SECRET}\n"))],
            vec!["acme-secret low"],
        ),
        ("a part alone is nothing", vec![("a.env", format!("{ID}\n"))], vec![]),
        ("a key id alone is", vec![("a.env", format!("{KEY_ID}\n"))], vec!["acme-key-id medium"]),
        (
            "two halves are one finding",
            vec![("a.env", format!("{KEY_ID}\n{SECRET}\n"))],
            vec!["acme-secret high with acme-key-id near=true"],
        ),
        (
            "a half that also stands alone is told",
            vec![("a.env", format!("{KEY_ID}\n{SECRET}\n")), ("b.env", format!("{KEY_ID}\n"))],
            vec!["acme-key-id medium", "acme-secret high with acme-key-id near=true"],
        ),
        ("required, and not there", vec![("a.env", format!("{WEAK}\n"))], vec![]),
        (
            "required, and there",
            vec![("a.env", format!("{WEAK}\n{ID}\n"))],
            vec!["acme-weak high with acme-id near=true"],
        ),
    ] {
        let sandbox = sandbox();
        for (path, text) in &files {
            sandbox.write(path, text);
        }
        assert_eq!(told(&scan(&sandbox)), expected, "{name}");
    }
}

#[test]
fn halves_meet_in_the_history_too() {
    let sandbox = sandbox();
    sandbox.commit_file("a.env", format!("{ID}\n{SECRET}\n"));
    sandbox.commit_file("a.env", "gone\n");
    assert_eq!(told(&scan(&sandbox)), ["acme-secret high with acme-id near=true"]);
    // The second half comes with a later commit: the version that has both tells.
    let sandbox = self::sandbox();
    sandbox.commit_file("a.env", format!("{SECRET}\n"));
    sandbox.commit_file("a.env", format!("{SECRET}\n{ID}\n"));
    assert_eq!(told(&scan(&sandbox)), ["acme-secret high with acme-id near=true"]);
}

#[test]
fn a_required_half_that_is_missing_is_counted() {
    let sandbox = sandbox();
    sandbox.write("a.env", format!("{WEAK}\n"));
    let dropped = scan(&sandbox).report["dropped_candidates"].clone();
    assert_eq!(dropped[0]["reason"], "no-companion");
}
