//! Against replies out of a list.

use super::super::fake::{Fake, credential, failures, json, sent};
use super::*;

const TOKEN: &str = "made-up-token-of-a-registry+/=0123456789";

fn settings(hosts: &[&str]) -> Settings {
    let mut settings = Settings::default();
    settings.hosts.insert("npm".into(), hosts.iter().map(|host| (*host).to_owned()).collect());
    settings
}

fn of_line(line: &str) -> Credential {
    credential("npm-registry-auth-token", &[("secret", TOKEN), ("line", line)])
}

fn alone() -> Credential {
    credential("npm-access-token", &[("secret", TOKEN)])
}

#[test]
fn hosts_come_out_of_the_line_if_they_are_listed() {
    let line = "//Npm.Corp.Example:8443/repository/npm/:_authToken=x";
    let table: [(&str, &[&str], Option<&str>); 8] = [
        (line, &["npm.corp.example:8443"], Some("https://npm.corp.example:8443/repository/npm/-/whoami")),
        (line, &["npm.corp.example"], None),
        (line, &["other.example"], None),
        (line, &[], None),
        ("NPM_TOKEN=x", &["npm.corp.example"], Some("https://npm.corp.example/-/whoami")),
        ("NPM_TOKEN=x", &[], None),
        (
            "//npm.corp.example/a/../b/:_authToken=x",
            &["npm.corp.example"],
            Some("https://npm.corp.example/-/whoami"),
        ),
        (
            "//evil.example/#//npm.corp.example/:_authToken=x",
            &["npm.corp.example"],
            Some("https://npm.corp.example/-/whoami"),
        ),
    ];
    for (line, hosts, url) in table {
        let fake = Fake::new([json(200, "{\"username\": \"bo\"}")]);
        let judged = NpmRegistry.verify(&of_line(line), &fake, &settings(hosts));
        let asked = fake.templates();
        let wanted: Vec<String> = url.iter().map(|url| format!("GET {url}")).collect();
        assert_eq!(asked, wanted, "{line} {hosts:?}: {}", judged.reason);
        assert_eq!(judged.verdict.is_live(), url.is_some());
    }
}

#[test]
fn each_answer_has_its_verdict() {
    let otp = "{\"error\": \"You must provide a one-time pass\"}";
    let table = [
        (json(200, "{\"username\": \"bo\"}"), Liveness::Live),
        (json(200, "{\n  \"username\" : \"bo\"\n}"), Liveness::Live),
        (json(200, "{\"username\": null}"), Liveness::Ambiguous),
        (json(401, "{\"error\": \"unauthorized\"}"), Liveness::Dead),
        (json(401, otp), Liveness::LiveLimited),
        (json(401, ""), Liveness::Ambiguous),
    ];
    for (answer, verdict) in table.into_iter().chain(failures()) {
        let fake = Fake::new([answer.clone()]);
        let judged = NpmRegistry.verify(&alone(), &fake, &settings(&["npm.corp.example"]));
        assert_eq!(judged.verdict, verdict, "{answer:?}: {}", judged.reason);
    }
}

#[test]
fn one_registry_that_does_not_answer_leaves_it_open() {
    let dead = || json(401, "{\"error\": \"unauthorized\"}");
    let both = settings(&["one.example", "two.example"]);
    for (answers, verdict) in [
        ([dead(), dead()], Liveness::Dead),
        ([dead(), json(503, "{}")], Liveness::Unreachable),
        ([dead(), json(200, "{\"username\": \"bo\"}")], Liveness::Live),
    ] {
        assert_eq!(NpmRegistry.verify(&alone(), &Fake::new(answers), &both).verdict, verdict);
    }
}

#[test]
fn the_listed_key_is_deleted_or_else_the_value() {
    let unknown = "/-/npm/v1/tokens/token/made%2Dup%2Dtoken";
    let by_key = "/-/npm/v1/tokens/token/0a1b";
    let table = [
        (
            "{\"objects\": [{\"token\": \"made-...56789\", \"key\": \"0a1b\"}, {\"token\": \"othe...11111\", \"key\": \"2\"}]}",
            by_key,
        ),
        ("{\"objects\": [{\"token\": \"made-u\", \"key\": \"0a1b\"}]}", by_key),
        (
            "{\"objects\": [{\"token\": \"made-...56789\", \"key\": \"1\"}, {\"token\": \"made-...56789\", \"key\": \"2\"}]}",
            unknown,
        ),
        ("{\"objects\": [{\"token\": \"...\", \"key\": \"1\"}]}", unknown),
        ("{\"objects\": []}", unknown),
        ("{}", unknown),
        ("no json", unknown),
    ];
    for (list, path) in table {
        let fake = Fake::new([json(200, list), json(200, "{}")]);
        let answer = NpmRegistry.revoke(&alone(), false, &fake, &settings(&["npm.corp.example"]));
        assert_eq!(answer.unwrap().0, Outcome::Accepted);
        let request = &fake.asked()[1];
        assert!(sent(request).contains(path), "{list}: {}", sent(request));
        assert!(
            !request.template.contains("made") && !request.template.contains("0a1b"),
            "{}",
            request.template
        );
    }
}

#[test]
fn each_answer_to_a_revocation_has_its_outcome() {
    let list = || json(200, "{\"objects\": []}");
    let otp = "{\"error\": \"You must provide a one-time pass\"}";
    let table = [
        (vec![list(), json(200, "{}")], Outcome::Accepted),
        (vec![list(), json(204, "")], Outcome::Accepted),
        (vec![list(), json(401, otp)], Outcome::NotAuthorised),
        (vec![list(), json(403, "{}")], Outcome::NotAuthorised),
        (vec![list(), json(404, "{}")], Outcome::Refused),
        (vec![list(), json(429, "{}")], Outcome::RateLimited),
        (vec![list(), json(500, "{}")], Outcome::Unknown),
        (vec![list(), super::super::fake::reply(200, "text/html", "<html>")], Outcome::Unknown),
        (vec![json(401, "{\"error\": \"unauthorized\"}")], Outcome::AlreadyDead),
        (vec![json(401, otp)], Outcome::NotAuthorised),
        (vec![json(401, "")], Outcome::NotAuthorised),
        (vec![json(500, "{}")], Outcome::Refused),
        (vec![json(403, "{}")], Outcome::NotAuthorised),
    ];
    for (answers, outcome) in table {
        let fake = Fake::new(answers.clone());
        let (found, why) =
            NpmRegistry.revoke(&alone(), false, &fake, &settings(&["npm.corp.example"])).unwrap();
        assert_eq!(found, outcome, "{answers:?}: {why}");
        assert_eq!(fake.changes(), answers.len() - 1);
    }
    let fake = Fake::new([Err(SendError::Unclear("closed".into()))]);
    let error = NpmRegistry.revoke(&alone(), false, &fake, &settings(&["npm.corp.example"])).unwrap_err();
    assert!(matches!(error, SendError::NotSent(_)), "{error}");
}

#[test]
fn a_responder_revokes_in_its_place() {
    let mut alone = alone();
    alone.inputs.set("responder", crate::secret::Secret::new(b"admins-own-token"));
    let fake = Fake::new([json(200, "{}"), json(204, "")]);
    NpmRegistry.revoke(&alone, false, &fake, &settings(&["npm.corp.example"])).unwrap();
    for request in fake.asked() {
        assert!(sent(&request).contains("Bearer admins-own-token"));
    }
}
