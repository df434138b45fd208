//! A package registry that behaves like npm's: `whoami`, the list of tokens, deletion by value or key.

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::kind::Kind;
use super::super::world::{Entry, State, World};
use crate::secret::Secret;

const TOKENS: &str = "/-/npm/v1/tokens";

pub(super) fn answer(world: &mut World, asked: &Asked) -> Option<Answer> {
    let index = asked.bearer().and_then(|token| world.find(&[Kind::Npm], token));
    let state = world.look(index);
    if !matches!(state, State::Live | State::Limited) {
        return Some(
            Answer::json(401, &json!({"error": "Unauthorized"})).header("WWW-Authenticate", "Bearer"),
        );
    }
    let refused = || Answer::json(403, &json!({"error": "Forbidden"}));
    match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/-/whoami") if state == State::Limited => Some(refused()),
        ("GET", "/-/whoami") => Some(Answer::json(200, &json!({"username": "drill"}))),
        ("GET", TOKENS) => Some(list(world)),
        ("DELETE", path) => {
            let wanted = path.strip_prefix(TOKENS)?.strip_prefix("/token/")?;
            let by_key = wanted.parse().ok().and_then(|id| world.find_by_id(Kind::Npm, id));
            match world.find(&[Kind::Npm], wanted).or(by_key) {
                Some(_) if state == State::Limited => Some(refused()),
                Some(found) => {
                    world.revoke(found);
                    Some(Answer::empty(204))
                }
                None => Some(Answer::json(404, &json!({"error": "token not found"}))),
            }
        }
        _ => None,
    }
}

fn list(world: &World) -> Answer {
    let object = |entry: &Entry| {
        json!({
            "token": shown(&entry.planted.secret), "key": entry.planted.id.to_string(),
            "cidr_whitelist": null, "readonly": false, "automation": false, "created": "2026-01-01T00:00:00.000Z",
        })
    };
    let objects: Vec<Value> = world.living(Kind::Npm).map(object).collect();
    Answer::json(200, &json!({"total": objects.len(), "objects": objects, "urls": {}}))
}

/// As the registry masks: the first characters, which tell tokens apart.
#[expect(clippy::disallowed_methods, reason = "the beginning of a token that was made up")]
fn shown(secret: &Secret) -> String {
    String::from_utf8_lossy(secret.expose().get(..8).unwrap_or_default()).into_owned()
}
