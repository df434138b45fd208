//! Vault: a token about itself, and its end.

use serde_json::json;

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::kind::Kind;
use super::super::world::{State, World};

pub(super) fn answer(world: &mut World, asked: &Asked) -> Option<Answer> {
    let token = asked.header("x-vault-token").or_else(|| asked.bearer());
    let index = token.and_then(|token| world.find(&[Kind::Vault], token));
    let state = world.look(index);
    let (Some(index), State::Live | State::Limited) = (index, state) else {
        let errors = if state == State::Dead { "invalid token" } else { "permission denied" };
        return Some(Answer::json(403, &json!({"errors": ["permission denied", errors]})));
    };
    match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/v1/auth/token/lookup-self") => {
            let id = world.entry(index).map_or(0, |entry| entry.planted.id);
            let policies =
                if state == State::Limited { json!(["default"]) } else { json!(["default", "deploy"]) };
            let data = json!({
                "accessor": format!("accessor-{id}"), "display_name": "token-drill", "entity_id": "",
                "expire_time": "2030-01-01T00:00:00Z", "issue_time": "2026-01-01T00:00:00Z", "path": "auth/token/create",
                "policies": policies, "ttl": 2_764_800, "type": "service",
            });
            Some(Answer::json(200, &json!({"request_id": "simulated", "data": data})))
        }
        ("POST" | "PUT", "/v1/auth/token/revoke-self") => {
            world.revoke(index);
            Some(Answer::empty(204))
        }
        _ => None,
    }
}
