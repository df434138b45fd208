//! Google's OAuth: who a token is of, and revocation by value.

use serde_json::json;

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::kind::Kind;
use super::super::world::{State, World};

pub(super) fn answer(world: &mut World, asked: &Asked) -> Option<Answer> {
    let given = |name: &str| asked.form(name).or_else(|| asked.query(name).map(str::to_owned));
    let invalid = || {
        Answer::json(400, &json!({"error": "invalid_token", "error_description": "Token expired or revoked"}))
    };
    match (asked.method.as_str(), asked.path.as_str()) {
        ("GET" | "POST", "/tokeninfo") => {
            let index = given("access_token").and_then(|token| world.find(&[Kind::Google], &token));
            Some(match world.look(index) {
                State::Live | State::Limited => Answer::json(
                    200,
                    &json!({
                        "azp": "1000.apps.googleusercontent.com", "aud": "1000.apps.googleusercontent.com",
                        "scope": "openid https://www.googleapis.com/auth/userinfo.email", "exp": "1893456000",
                        "expires_in": "3500", "email": "drill@example.test", "email_verified": "true",
                        "access_type": "offline",
                    }),
                ),
                State::Expired | State::Dead | State::Disabled => invalid(),
            })
        }
        ("POST", "/revoke") => {
            let index = given("token").and_then(|token| world.find(&[Kind::Google], &token));
            Some(match (world.look(index), index) {
                (State::Live | State::Limited, Some(index)) => {
                    world.revoke(index);
                    Answer::json(200, &json!({}))
                }
                _ => invalid(),
            })
        }
        _ => None,
    }
}
