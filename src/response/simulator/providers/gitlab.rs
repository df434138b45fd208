//! GitLab: a token about itself. Rotating with a token that was rotated kills its successor, too.

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::kind::Kind;
use super::super::world::{State, World};
use crate::secret::Secret;

const SELF: &str = "/api/v4/personal_access_tokens/self";

pub(super) fn answer(world: &mut World, asked: &Asked) -> Option<Answer> {
    let token = asked.header("private-token").or_else(|| asked.bearer());
    let index = token.and_then(|token| world.find(&[Kind::GitLab], token));
    let answer = match (asked.method.as_str(), asked.path.strip_prefix(SELF)?) {
        ("GET", "") => get(world, index),
        ("DELETE", "") => delete(world, index),
        ("POST", "/rotate") => rotate(world, index),
        _ => return None,
    };
    Some(answer.header("X-Request-Id", "01SIMULATED"))
}

fn unauthorized() -> Answer {
    Answer::json(401, &json!({"message": "401 Unauthorized"}))
}

fn insufficient() -> Answer {
    let body = json!({
        "error": "insufficient_scope",
        "error_description": "The request requires higher privileges than provided by the access token.",
        "scope": "api read_api",
    });
    Answer::json(403, &body)
}

fn about(id: u64, is_active: bool) -> Value {
    json!({
        "id": id, "name": "drill", "user_id": 42, "revoked": false, "active": is_active,
        "scopes": ["api", "self_rotate"], "created_at": "2026-01-01T00:00:00.000Z",
        "last_used_at": "2026-11-01T12:00:00.000Z",
        "expires_at": if is_active { "2030-01-01" } else { "2026-02-01" },
    })
}

fn get(world: &mut World, index: Option<usize>) -> Answer {
    let id = index.and_then(|index| world.entry(index)).map_or(0, |entry| entry.planted.id);
    match world.look(index) {
        State::Live => Answer::json(200, &about(id, true)),
        State::Expired => Answer::json(200, &about(id, false)),
        State::Limited => insufficient(),
        State::Disabled => {
            Answer::json(403, &json!({"message": "403 Forbidden - Your account has been blocked."}))
        }
        State::Dead => unauthorized(),
    }
}

fn delete(world: &mut World, index: Option<usize>) -> Answer {
    match (world.look(index), index) {
        (State::Live | State::Limited, Some(index)) => {
            world.revoke(index);
            Answer::empty(204)
        }
        _ => unauthorized(),
    }
}

fn rotate(world: &mut World, index: Option<usize>) -> Answer {
    let Some(index) = index else { return unauthorized() };
    if let Some(successor) = world.entry(index).and_then(|entry| entry.successor) {
        world.set(successor, State::Dead);
        return unauthorized();
    }
    match world.look(Some(index)) {
        State::Live => match world.rotate(index) {
            Some(new) => {
                let mut body = about(new.id, true);
                body["token"] = text(&new.secret).into();
                Answer::json(200, &body)
            }
            None => unauthorized(),
        },
        State::Limited => insufficient(),
        _ => unauthorized(),
    }
}

#[expect(clippy::disallowed_methods, reason = "a replacement that was made up is handed to who rotates")]
fn text(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose()).into_owned()
}
