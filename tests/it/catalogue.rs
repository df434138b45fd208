//! What is written from the rules is up to date, and what is made from them is found.

use crate::support::{RULE, Sandbox};

/// `UPDATE_DOCS=1 cargo test --test it catalogue` writes it anew.
#[test]
fn the_page_of_rules_is_up_to_date() {
    let page = Sandbox::new().muzzle(["rules", "catalogue"]).stdout;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file, &page).unwrap();
    }
    let known = std::fs::read(file).unwrap_or_default();
    assert!(known == page, "UPDATE_DOCS=1 cargo test --test it catalogue brings docs/rules.md up to date");
}

#[test]
fn examples_are_found_with_their_checks_passed() {
    let sandbox = Sandbox::new();
    for rule in [RULE, "npm-access-token", "jwt", "openssh-private-key"] {
        let run = sandbox.muzzle(["rules", "example", rule, "-n", "3", "--text"]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let scan = sandbox.scan_with(&["-", "--rule", rule], &run.stdout);
        let findings = scan.report["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 3, "{rule}");
        assert!(findings.iter().all(|finding| finding["check"] == "passed"), "{rule}");
    }
    let run = sandbox.muzzle(["rules", "example", "no-such-rule"]);
    assert_eq!(run.code, Some(2));
}
