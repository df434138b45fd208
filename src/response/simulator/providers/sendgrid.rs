//! `SendGrid`: scopes, and deletion by the id that stands in the key.

use serde_json::json;

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::kind::Kind;
use super::super::world::{State, World};

pub(super) fn answer(world: &mut World, asked: &Asked) -> Option<Answer> {
    let token = asked.bearer();
    let index = token.and_then(|token| world.find(&[Kind::SendGrid], token));
    let errors = |status, message: &str| {
        Answer::json(status, &json!({"errors": [{"field": null, "message": message}]}))
    };
    let state = world.look(index);
    let (Some(index), State::Live | State::Limited) = (index, state) else {
        return Some(errors(401, "The provided authorization grant is invalid, expired, or revoked"));
    };
    match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/v3/scopes") if state == State::Limited => Some(errors(403, "access forbidden")),
        ("GET", "/v3/scopes") => {
            Some(Answer::json(200, &json!({"scopes": ["mail.send", "api_keys.read", "api_keys.delete"]})))
        }
        ("DELETE", path) => {
            let wanted = path.strip_prefix("/v3/api_keys/")?;
            if state == State::Limited {
                return Some(errors(403, "access forbidden"));
            }
            let own = token.and_then(|token| token.split('.').nth(1));
            if own != Some(wanted) {
                return Some(errors(404, "API key not found"));
            }
            world.revoke(index);
            Some(Answer::empty(204))
        }
        _ => None,
    }
}
