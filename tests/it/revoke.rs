//! `muzzle revoke`, the binary, against providers in a box.

use muzzle::response::simulator::{Kind, State};
use serde_json::Value;

use crate::support::lab::Lab;
use crate::support::{Run, Sandbox};

const ALLOWED: &str = "[revoke]\nallow = ['github', 'gitlab']";
const ACTIVE: [&str; 3] = ["--yes", "--only", "active"];

fn text(run: &Run) -> String {
    String::from_utf8_lossy(&run.stdout).into_owned()
}

fn json(run: &Run) -> Value {
    serde_json::from_slice(&run.stdout).unwrap_or_else(|_| panic!("{}{}", text(run), run.stderr))
}

/// The code that a plan printed.
fn code(lab: &Lab, arguments: &[&str], stdin: &str) -> String {
    let plan = lab.revoke(&[&["--plan", "--format", "json"], arguments].concat(), stdin);
    assert_eq!(plan.code, Some(0), "{}", plan.stderr);
    json(&plan)["plan"]["code"].as_str().unwrap().to_owned()
}

fn outcomes(run: &Run) -> Vec<String> {
    let document = json(run);
    let list = document["credentials"].as_array().unwrap();
    list.iter().map(|one| one["outcome"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn from_a_repository_to_the_proof() {
    let lab = Lab::new(Sandbox::repository(), "");
    let (github, first) = lab.plant(Kind::GitHub);
    let (gitlab, second) = lab.plant(Kind::GitLab);
    lab.sandbox.commit_file("a.env", format!("x {first}\n"));
    lab.sandbox.commit_file("b.env", format!("x {second}\ny {first}\n"));

    let plan = lab.revoke(&[".", "--plan"], "");
    assert_eq!((plan.code, lab.simulator.connections()), (Some(0), 0), "{}", plan.stderr);
    let said = text(&plan);
    for part in [
        "POST https://api.github.com/credentials/revoke",
        "GET https://api.github.com/user",
        "/api/v4/personal_access_tokens/self",
        "cannot be undone",
        "gh-token-monitor",
        "nothing was sent",
        "--confirm ",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }

    let code = code(&lab, &["."], "");
    let run = lab.revoke(&[".", "--confirm", &code, "--format", "json"], "");
    assert_eq!(run.code, Some(0), "{}{}", text(&run), run.stderr);
    assert_eq!(outcomes(&run), ["confirmed", "confirmed"]);
    for (planted, method) in [(&github, "POST"), (&gitlab, "DELETE")] {
        assert_eq!(lab.simulator.state(&planted.secret), Some(State::Dead));
        assert_eq!(lab.count(planted, method), 1);
    }
    assert!(lab.chain().unclear.is_empty());

    // Once more: one read-only call for each.
    let before = lab.simulator.count();
    let again = code_and_run(&lab);
    assert_eq!((again.code, outcomes(&again)), (Some(0), vec!["already_dead".to_owned(); 2]));
    assert_eq!(lab.simulator.count(), before + 2);

    // No secret in anything that was said or written.
    let journal = std::fs::read_to_string(lab.journal()).unwrap();
    let all = [said, text(&run), run.stderr, text(&again), again.stderr, journal].concat();
    for secret in [first, second] {
        assert!(!all.contains(&secret));
    }
}

fn code_and_run(lab: &Lab) -> Run {
    let code = code(lab, &["."], "");
    lab.revoke(&[".", "--confirm", &code, "--format", "json"], "")
}

#[test]
fn without_consent_nothing_is_sent() {
    let lab = Lab::new(Sandbox::new(), ALLOWED);
    let (planted, value) = lab.plant(Kind::GitLab);
    let one = ["--rule", "gitlab-pat", "--format", "json"];
    for more in [&[][..], &["--confirm", "AAAA-AAAA"]] {
        let run = lab.revoke(&[&one, more].concat(), &value);
        assert_eq!((run.code, outcomes(&run)), (Some(60), vec!["skipped_policy".to_owned()]));
    }
    // A code is of one secret, and of one run.
    let other = code(&lab, &["--rule", "gitlab-pat"], &lab.plant(Kind::GitLab).1);
    let run = lab.revoke(&[&one[..], &["--confirm", &other]].concat(), &value);
    assert_eq!(run.code, Some(60));
    let own = code(&lab, &["--rule", "gitlab-pat"], &value);
    assert_eq!(lab.revoke(&[&one[..], &["--confirm", "AAAA-AAAA"]].concat(), &value).code, Some(60));
    assert_eq!(lab.revoke(&[&one[..], &["--confirm", &own]].concat(), &value).code, Some(60));
    assert_eq!(lab.simulator.connections(), 0);
    assert_eq!(lab.simulator.state(&planted.secret), Some(State::Live));
    // Refusals are recorded.
    let journal = std::fs::read_to_string(lab.journal()).unwrap();
    assert!(journal.contains("skipped_policy") && !journal.contains(&value));

    for usage in
        [&["--yes", "--rule", "gitlab-pat"][..], &["--yes", "--only", "active"], &["--plan", "--yes"]]
    {
        assert_eq!(lab.revoke(usage, &value).code, Some(2), "{usage:?}");
    }
    assert_eq!(lab.simulator.connections(), 0);
}

#[test]
fn a_policy_agrees_to_what_it_allows() {
    let lab = Lab::new(Sandbox::new(), ALLOWED);
    let (planted, value) = lab.plant(Kind::GitLab);
    let arguments = [&["--rule", "gitlab-pat", "--format", "json"], &ACTIVE[..]].concat();
    let mut in_ci = lab.sandbox.command([&["revoke"], &arguments[..]].concat());
    let refused = crate::support::run(in_ci.env("CI", "true"), value.as_bytes());
    assert_eq!((refused.code, lab.simulator.connections()), (Some(60), 0), "{}", text(&refused));
    assert!(text(&refused).contains("allow_in_ci"));

    let run = lab.revoke(&arguments, &value);
    assert_eq!((run.code, outcomes(&run)), (Some(0), vec!["confirmed".to_owned()]), "{}", run.stderr);
    assert_eq!(lab.simulator.state(&planted.secret), Some(State::Dead));

    let lab = Lab::new(Sandbox::new(), "[revoke]\nallow = ['github']");
    let (planted, value) = lab.plant(Kind::GitLab);
    let run = lab.revoke(&arguments, &value);
    assert_eq!((run.code, outcomes(&run)), (Some(60), vec!["skipped_policy".to_owned()]));
    assert_eq!((lab.count(&planted, "GET"), lab.count(&planted, "DELETE")), (1, 0));
}

#[test]
fn a_policy_of_the_scanned_tree_allows_nothing() {
    let lab = Lab::new(Sandbox::repository(), "");
    let (planted, value) = lab.plant(Kind::GitLab);
    lab.sandbox.write("muzzle.toml", ALLOWED);
    lab.sandbox.commit_file("a.env", format!("x {value}\n"));
    let arguments = [&[".", "--rule", "gitlab-pat", "--format", "json"], &ACTIVE[..]].concat();
    let run = lab.revoke(&arguments, "");
    assert_eq!((run.code, outcomes(&run)), (Some(60), vec!["skipped_policy".to_owned()]), "{}", run.stderr);
    assert_eq!(lab.simulator.state(&planted.secret), Some(State::Live));
}

#[test]
fn without_a_journal_nothing_is_sent() {
    let lab = Lab::new(Sandbox::new(), ALLOWED);
    let (planted, value) = lab.plant(Kind::GitLab);
    let place = lab.sandbox.path("");
    let arguments = [&["--rule", "gitlab-pat", "--journal", place.to_str().unwrap()], &ACTIVE[..]].concat();
    let run = lab.revoke(&arguments, &value);
    assert_eq!((run.code, lab.simulator.connections()), (Some(2), 0), "{}", run.stderr);
    assert_eq!(lab.simulator.state(&planted.secret), Some(State::Live));
}

#[test]
fn a_replacement_goes_to_a_terminal_only() {
    let lab = Lab::new(Sandbox::new(), ALLOWED);
    let (planted, value) = lab.plant(Kind::GitLab);
    let arguments = [&["--rotate", "--rule", "gitlab-pat"], &ACTIVE[..]].concat();
    let run = lab.revoke(&arguments, &value);
    assert_eq!((run.code, lab.simulator.connections()), (Some(60), 0), "{}", run.stderr);
    assert!(text(&run).contains("no terminal"));
    assert_eq!(lab.simulator.state(&planted.secret), Some(State::Live));
}

#[test]
fn malware_on_this_host_stops_it() {
    let lab = Lab::new(Sandbox::new(), ALLOWED);
    let (planted, value) = lab.plant(Kind::GitHub);
    let units = lab.sandbox.outside("home/.config/systemd/user");
    std::fs::create_dir_all(&units).unwrap();
    std::fs::write(units.join("gh-token-monitor.service"), "").unwrap();
    let arguments = [&["--rule", "github-pat-classic"], &ACTIVE[..]].concat();
    let run = lab.revoke(&arguments, &value);
    assert_eq!((run.code, lab.simulator.connections()), (Some(60), 0), "{}", run.stderr);
    assert!(text(&run).contains("--acknowledge-host-clean"));
    let run = lab.revoke(&[&arguments[..], &["--acknowledge-host-clean"]].concat(), &value);
    assert_eq!(run.code, Some(0), "{}{}", text(&run), run.stderr);
    assert_eq!(lab.simulator.state(&planted.secret), Some(State::Dead));
}

#[test]
fn a_drill_goes_all_the_way_and_touches_nothing_real() {
    let lab = Lab::new(Sandbox::new(), "");
    let run = lab.revoke(&["--drill", "--format", "json"], "");
    assert_eq!(run.code, Some(0), "{}{}", text(&run), run.stderr);
    let outcomes = outcomes(&run);
    assert!(outcomes.iter().filter(|outcome| *outcome == "confirmed").count() >= 4, "{outcomes:?}");
    assert_eq!(lab.simulator.connections(), 0, "it has its own simulator");
    assert!(!lab.journal().exists() && lab.journal().with_file_name("drill.jsonl").exists());
    let people = text(&lab.revoke(&["--drill"], ""));
    assert!(people.contains("For real:") && people.contains(" s  "), "{people}");
}

/// What `docs/incident-runbook.md` says can be typed. Who is asked, and the pages of a plan, are other tests' matter.
#[test]
fn the_runbook_can_be_followed() {
    let lab = Lab::new(Sandbox::repository(), "");
    lab.sandbox.git(["config", "user.name", "Somebody"]);
    let (planted, value) = lab.plant(Kind::GitLab);
    lab.sandbox.commit_file("a.env", format!("x {value}\n"));
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/incident-runbook.md");
    let page = std::fs::read_to_string(page).unwrap();
    let typed = page.lines().filter(|line| line.starts_with("muzzle ") && !line.starts_with("muzzle verify"));
    let (mut fingerprint, mut code) = (String::new(), String::new());
    let mut count = 0;
    for line in typed {
        let line =
            line.split("  #").next().unwrap().replace("FINGERPRINT", &fingerprint).replace("CODE", &code);
        let words: Vec<&str> = line.split_whitespace().skip(1).take_while(|word| *word != ">").collect();
        let run = lab.sandbox.muzzle(&words);
        let expected = i32::from(words[0] == "scan");
        assert_eq!(run.code, Some(expected), "{line}: {}{}", text(&run), run.stderr);
        if words[0] == "scan" {
            let saved = std::fs::read(lab.sandbox.path("run.json")).unwrap();
            let saved: Value = serde_json::from_slice(&saved).unwrap();
            fingerprint = saved["findings"][0]["fingerprint"].as_str().unwrap().to_owned();
        }
        if let Some((_, rest)) = text(&run).split_once("--confirm ").filter(|_| words.contains(&"--plan")) {
            code = rest.split_whitespace().next().unwrap().to_owned();
        }
        count += 1;
    }
    assert!(count >= 9, "{count}");
    assert_eq!(lab.simulator.state(&planted.secret), Some(State::Dead));
}
