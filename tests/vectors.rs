//! Recall on the test vectors of other public scanners (`../shared/vectors`); skipped where they are absent.
//!
//! `cargo test --test vectors -- --nocapture` prints the rates and what is missed, by the other scanner's rule.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use muzzle::detect::{Detector, DropReason, Scratch};
use muzzle::rules::RuleSet;
use regex_automata::meta::Regex;
use serde::Deserialize;

/// Kinds that muzzle does not look for, and why. Not counted.
const UNCOVERED: &[(&str, &str)] = &[
    ("adobe-client-id", "an identifier"),
    ("discord-api-token", "an application's public key under a wrong name"),
    ("discord-client-id", "an identifier"),
    ("gcp-service-account", "the vector holds no secret"),
    ("linkedin-client-id", "an identifier"),
    ("looker-client-id", "an identifier"),
    ("messagebird-client-id", "an identifier"),
    ("new-relic-user-api-id", "an identifier"),
    ("np.age.1", "a public key"),
    ("np.arn.1", "the name of a resource"),
    ("np.aws.3", "an account id"),
    ("np.gcs.1", "the name of a bucket"),
    ("np.gcs.2", "the name of a bucket"),
    ("np.generic.11", "a password in prose"),
    ("np.generic.12", "a password in prose"),
    ("np.generic.13", "a password in prose"),
    ("np.generic.14", "a password in prose"),
    ("np.google.1", "an identifier"),
    ("np.linkedin.1", "an identifier"),
    ("np.reactapp.1", "a user name"),
    ("np.s3.1", "the name of a bucket"),
    ("np.s3.2", "the name of a bucket"),
    ("np.shopify.1", "a host name"),
    ("plaid-client-id", "an identifier"),
    ("sendbird-access-id", "an application id"),
];

/// Kinds without a provider, which `generic` rules of muzzle's find: not counted in the rate of the others.
const WITHOUT_PROVIDER: &[&str] = &[
    "curl-auth-header",
    "curl-auth-user",
    "generic-api-key",
    "jwt",
    "jwt-base64",
    "kubernetes-secret-yaml",
    "np.gitalk.1",
    "np.http.1",
    "np.http.2",
    "np.jwt.1",
    "np.jwt.2",
    "np.jwt.3",
    "np.kubernetes.2",
    "np.mongodb.1",
    "np.netrc.1",
    "np.odbc.1",
    "np.postgres.1",
    "np.reactapp.2",
];

/// Rules whose vectors hold what the issuer would never issue (see the vectors' README). Counted for what any rule
/// finds; shown with and without in the rate of rules with a provider.
const INVENTED: &[(&str, &str)] = &[
    ("age-secret-key", "one letter, 58 times"),
    ("airtable-api-key", "without the prefix `key`"),
    ("mapbox-api-token", "no JSON behind `pk.`"),
    ("sendgrid-api-token", "parts of the wrong length, `=` inside"),
    ("slack-webhook-url", "no team and no webhook in the path"),
];

/// Vectors (suite, line, kind, why) whose "secret" is none, though muzzle covers the kind. Not counted.
const NO_SECRETS: &[(&str, usize, &str, &str)] = &[
    ("noseyparker", 27, "np.aws.2", "monotonous"),
    ("noseyparker", 28, "np.aws.2", "monotonous"),
    ("noseyparker", 156, "np.generic.4", "monotonous"),
    ("noseyparker", 229, "np.google.3", "monotonous"),
    ("noseyparker", 353, "np.newrelic.1", "monotonous"),
    ("noseyparker", 384, "np.odbc.1", "a variable"),
    ("noseyparker", 393, "np.okta.1", "monotonous"),
    ("noseyparker", 394, "np.okta.1", "monotonous but for dashes"),
    ("noseyparker", 437, "np.psexec.1", "a variable"),
    ("noseyparker", 438, "np.psexec.1", "a variable"),
    ("noseyparker", 439, "np.psexec.1", "a placeholder"),
    ("noseyparker", 456, "np.reactapp.2", "a placeholder"),
    ("noseyparker", 475, "np.slack.2", "monotonous"),
    ("noseyparker", 506, "np.tavily.1", "monotonous"),
    ("noseyparker", 528, "np.twitter.1", "an identifier"),
    ("noseyparker", 532, "np.vmware.1", "a variable"),
    ("noseyparker", 533, "np.vmware.1", "a variable"),
];

/// In these the peer's pattern captures something beside the credential (the host, the user name): any match in the
/// text counts. `jwt-base64`: the peer captures a part of the payload.
const SECRET_IS_ELSEWHERE: &[&str] = &["np.mongodb.1", "np.odbc.1", "np.postgres.1", "jwt-base64"];

const SUITES: &[&str] = &["noseyparker", "gitleaks"];

#[derive(Deserialize)]
struct Raw {
    rule_id: String,
    expect: String,
    text_b64: String,
    secret_b64: Option<String>,
    filename: Option<String>,
}

/// What one vector came to.
struct Outcome {
    suite: &'static str,
    rule: String,
    line: usize,
    is_match: bool,
    /// A rule found the secret (or, where nothing should be found, anything).
    any: bool,
    /// A rule that is not generic did.
    specific: BTreeSet<String>,
    /// An expression matched, but the value was taken for a placeholder: `aaaa…`, `…EXAMPLE…`, `secret`.
    placeholder: bool,
}

#[test]
fn recall_on_the_vectors_of_other_scanners() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    if !root.is_dir() {
        say(&format!("skipped: no test vectors in {}", root.display()));
        return;
    }
    let detector =
        Detector::new(RuleSet::embedded().expect("the embedded rules load")).expect("the rules build");
    let paths = rules_bound_to_a_path();
    let mut scratch = detector.scratch();
    let mut outcomes = Vec::new();
    for suite in SUITES {
        let file = root.join(format!("{suite}.jsonl"));
        let Ok(text) = std::fs::read_to_string(&file) else {
            say(&format!("skipped: {} cannot be read", file.display()));
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            let raw: Raw = serde_json::from_str(line).expect("a vector is a JSON object");
            outcomes.push(judge(suite, number + 1, raw, &detector, &paths, &mut scratch));
        }
    }
    if outcomes.is_empty() {
        return;
    }
    for (suite, recall) in report(&outcomes) {
        assert!(
            recall >= 0.95,
            "any rule finds {:.2} % of the covered vectors of {suite}; 95 % is the least",
            100.0 * recall
        );
    }
}

fn judge(
    suite: &'static str,
    line: usize,
    raw: Raw,
    detector: &Detector,
    paths: &BTreeMap<String, Regex>,
    scratch: &mut Scratch,
) -> Outcome {
    let text = STANDARD.decode(&raw.text_b64).expect("base64");
    let secret =
        raw.secret_b64.map(|secret| STANDARD.decode(secret).expect("base64")).filter(|s| !s.is_empty());
    let is_match = raw.expect == "match";
    let places = match secret {
        Some(secret) if is_match && !SECRET_IS_ELSEWHERE.contains(&raw.rule_id.as_str()) => {
            places(&text, &secret)
        }
        _ => std::iter::once(0..text.len() as u64).collect(),
    };
    let mut outcome = Outcome {
        suite,
        rule: raw.rule_id,
        line,
        is_match,
        any: false,
        specific: BTreeSet::new(),
        placeholder: false,
    };
    scratch.dropped.clear();
    for found in detector.scan(&text, scratch) {
        let rule = detector.rules().get(found.rule);
        let applies = match (paths.get(&rule.id), &raw.filename) {
            (None, _) => true,
            (Some(path), Some(name)) => path.is_match(name.as_str()),
            // What must be found may lie in the right file; what must not does not.
            (Some(_), None) => is_match,
        };
        let span = found.location.span;
        if applies && places.iter().any(|place| span.start < place.end && span.end > place.start) {
            outcome.any = true;
            if !rule.generic {
                outcome.specific.insert(rule.id.clone());
            }
        }
    }
    let is_filter =
        |reason| matches!(reason, DropReason::Placeholder | DropReason::Entropy | DropReason::Allowed);
    outcome.placeholder = scratch
        .dropped
        .keys()
        .any(|(rule, reason)| is_filter(*reason) && !detector.rules().get(*rule).generic);
    outcome
}

/// Prints the rates; by suite, the share of covered vectors in which any rule finds the secret.
fn report(outcomes: &[Outcome]) -> Vec<(&'static str, f64)> {
    let is_none = |o: &Outcome| {
        NO_SECRETS.iter().any(|(suite, line, kind, _)| (*suite, *line, *kind) == (o.suite, o.line, &*o.rule))
    };
    let is_uncovered = |o: &Outcome| is_none(o) || UNCOVERED.iter().any(|(id, _)| *id == o.rule);
    let mut shares = Vec::new();
    let has_provider =
        |o: &Outcome| !WITHOUT_PROVIDER.contains(&o.rule.as_str()) && !o.rule.starts_with("np.generic.");
    let is_invented = |o: &Outcome| INVENTED.iter().any(|(id, _)| *id == o.rule);
    for suite in SUITES {
        let matching: Vec<&Outcome> =
            outcomes.iter().filter(|o| o.suite == *suite && o.is_match && !is_uncovered(o)).collect();
        let provider: Vec<&Outcome> = matching.iter().copied().filter(|o| has_provider(o)).collect();
        let sound: Vec<&Outcome> = provider.iter().copied().filter(|o| !is_invented(o)).collect();
        let real: Vec<&Outcome> =
            sound.iter().copied().filter(|o| !o.specific.is_empty() || !o.placeholder).collect();
        let quiet: Vec<&Outcome> = outcomes.iter().filter(|o| o.suite == *suite && !o.is_match).collect();
        say(&format!(
            "{suite}: any rule {}; rules with a provider {}, without invented forms {}, mean over rules {:.2} %, \
             without placeholders {}; \
             alarms where nothing should be {}",
            rate(&matching, |o| o.any),
            rate(&provider, |o| !o.specific.is_empty()),
            rate(&sound, |o| !o.specific.is_empty()),
            100.0 * mean_over_rules(&sound),
            rate(&real, |o| !o.specific.is_empty()),
            rate(&quiet, |o| !o.specific.is_empty()),
        ));
        if !matching.is_empty() {
            shares.push((*suite, share(matching.iter().filter(|o| o.any).count(), matching.len())));
        }
        for o in quiet.iter().filter(|o| !o.specific.is_empty()) {
            say(&format!("    alarm {}:{} {} by {:?}", suite, o.line, o.rule, o.specific));
        }
    }
    for o in outcomes.iter().filter(|o| o.is_match && !o.any && !is_uncovered(o)) {
        say(&format!("    miss {}:{} {}", o.suite, o.line, o.rule));
    }
    say("misses by the peer's rule: vectors, found by any rule, found by a rule with a provider");
    let mut table: BTreeMap<(&str, &str), (usize, usize, usize)> = BTreeMap::new();
    for o in outcomes.iter().filter(|o| o.is_match && !is_uncovered(o)) {
        let row = table.entry((o.suite, o.rule.as_str())).or_default();
        row.0 += 1;
        row.1 += usize::from(o.any);
        row.2 += usize::from(!o.specific.is_empty());
    }
    let mut rows: Vec<_> =
        table.into_iter().filter(|(_, (all, any, specific))| any < all || specific < all).collect();
    rows.sort_by(|a, b| share(a.1.1, a.1.0).total_cmp(&share(b.1.1, b.1.0)).then(a.0.cmp(&b.0)));
    for ((suite, rule), (all, any, specific)) in rows {
        say(&format!("    {suite:<12} {rule:<40} {all:>4} {any:>4} {specific:>4}"));
    }
    shares
}

fn mean_over_rules(outcomes: &[&Outcome]) -> f64 {
    let mut rules: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for o in outcomes {
        let row = rules.entry(&o.rule).or_default();
        row.0 += usize::from(!o.specific.is_empty());
        row.1 += 1;
    }
    let shares: f64 = rules.values().map(|(found, all)| share(*found, *all)).sum();
    shares / f64::from(u32::try_from(rules.len().max(1)).expect("few rules"))
}

fn rate(outcomes: &[&Outcome], is: impl Fn(&Outcome) -> bool) -> String {
    let found = outcomes.iter().filter(|o| is(o)).count();
    format!("{:.2} % ({found}/{})", 100.0 * share(found, outcomes.len()), outcomes.len())
}

fn share(part: usize, whole: usize) -> f64 {
    let number = |n: usize| f64::from(u32::try_from(n).expect("few vectors"));
    if whole == 0 { 1.0 } else { number(part) / number(whole) }
}

/// Every occurrence of `secret` in `text`.
fn places(text: &[u8], secret: &[u8]) -> Vec<Range<u64>> {
    text.windows(secret.len())
        .enumerate()
        .filter(|(_, window)| *window == secret)
        .map(|(at, _)| at as u64..(at + secret.len()) as u64)
        .collect()
}

/// The rules with a `path`, out of the rule files: `Detector::scan` knows no paths.
fn rules_bound_to_a_path() -> BTreeMap<String, Regex> {
    let directory: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut bound = BTreeMap::new();
    for entry in std::fs::read_dir(directory).expect("the rules are there") {
        let path = entry.expect("a directory entry").path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a rule file is text");
        let file: toml::Table = toml::from_str(&text).expect("a rule file is TOML");
        for rule in file.get("rules").and_then(toml::Value::as_array).into_iter().flatten() {
            let text = |key| rule.get(key).and_then(toml::Value::as_str);
            if let (Some(id), Some(path)) = (text("id"), text("path")) {
                bound.insert(id.to_owned(), Regex::new(path).expect("an expression"));
            }
        }
    }
    bound
}

#[expect(clippy::print_stdout, reason = "the table is for whoever runs the test with --nocapture")]
fn say(text: &str) {
    println!("{text}");
}
