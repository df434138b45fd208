//! GitHub: `GET /user`, revocation by value, tokens of installations.

use serde_json::json;

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::kind::Kind;
use super::super::world::{State, World};

const KINDS: [Kind; 2] = [Kind::GitHub, Kind::GitHubInstallation];
/// In one call.
const MOST: usize = 1000;

pub(super) fn answer(world: &mut World, asked: &Asked) -> Option<Answer> {
    if asked.header("user-agent").is_none_or(str::is_empty) {
        return Some(Answer::text(403, "text/plain", "Request forbidden by administrative rules.\n"));
    }
    let answer = match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/user") => user(world, asked),
        ("GET", "/installation/repositories") => repositories(world, asked),
        ("DELETE", "/installation/token") => delete(world, asked),
        ("POST", "/credentials/revoke") => revoke(world, asked),
        _ => return None,
    };
    Some(answer.header("X-GitHub-Request-Id", "SIMU:LATE:D"))
}

fn message(status: u16, text: &str) -> Answer {
    let body = json!({"message": text, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()});
    Answer::json(status, &body)
}

fn user(world: &mut World, asked: &Asked) -> Answer {
    let Some(index) = asked.bearer().and_then(|token| world.find(&KINDS, token)) else {
        return message(
            401,
            if asked.bearer().is_some() { "Bad credentials" } else { "Requires authentication" },
        );
    };
    let is_installation =
        world.entry(index).is_some_and(|entry| entry.planted.kind == Kind::GitHubInstallation);
    match world.look(Some(index)) {
        State::Live if is_installation => message(403, "Resource not accessible by integration"),
        State::Live => Answer::json(
            200,
            &json!({"login": "octo-drill", "id": 1001, "type": "User", "site_admin": false, "email": "drill@example.test"}),
        )
        .header("X-OAuth-Scopes", "repo, workflow")
        .header("GitHub-Authentication-Token-Expiration", "2030-01-01 00:00:00 UTC")
        .header("X-RateLimit-Remaining", "4999"),
        State::Limited => message(403, "Resource protected by organization SAML enforcement.")
            .header("X-GitHub-SSO", "required; url=https://github.com/orgs/example/sso"),
        State::Disabled => message(403, "Sorry. Your account was suspended."),
        State::Expired | State::Dead => message(401, "Bad credentials"),
    }
}

fn repositories(world: &mut World, asked: &Asked) -> Answer {
    let index = asked.bearer().and_then(|token| world.find(&[Kind::GitHubInstallation], token));
    match world.look(index) {
        State::Live => {
            Answer::json(200, &json!({"total_count": 1, "repositories": [{"full_name": "example/drill"}]}))
        }
        State::Limited | State::Disabled => message(403, "Resource not accessible by integration"),
        State::Expired | State::Dead => message(401, "Bad credentials"),
    }
}

fn delete(world: &mut World, asked: &Asked) -> Answer {
    let index = asked.bearer().and_then(|token| world.find(&[Kind::GitHubInstallation], token));
    match (world.look(index), index) {
        (State::Live | State::Limited, Some(index)) => {
            world.revoke(index);
            Answer::empty(204)
        }
        _ => message(401, "Bad credentials"),
    }
}

/// 202 for all that looks right, known or not; what is known dies soon after.
fn revoke(world: &mut World, asked: &Asked) -> Answer {
    if asked.header("authorization").is_some() {
        return message(403, "This endpoint does not accept authenticated requests");
    }
    let body = asked.json();
    let list = body.as_ref().and_then(|body| body.get("credentials")).and_then(serde_json::Value::as_array);
    let Some(list) = list.filter(|list| (1..=MOST).contains(&list.len())) else {
        return message(422, "Validation Failed");
    };
    for value in list {
        let Some(value) = value.as_str().filter(|value| value.len() > 10) else {
            return message(422, "Validation Failed");
        };
        if let Some(index) = world.find(&[Kind::GitHub], value) {
            world.revoke(index);
        }
    }
    Answer::json(202, &json!({}))
}
