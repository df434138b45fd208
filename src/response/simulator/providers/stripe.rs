//! Stripe: whose key it is.

use serde_json::json;

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::kind::Kind;
use super::super::world::{State, World};

pub(super) fn answer(world: &mut World, asked: &Asked) -> Option<Answer> {
    if (asked.method.as_str(), asked.path.as_str()) != ("GET", "/v1/account") {
        return None;
    }
    let basic = asked.basic();
    let key = asked.bearer().or(basic.as_ref().map(|(name, _)| name.as_str()));
    let index = key.and_then(|key| world.find(&[Kind::Stripe], key));
    let error = |status, code: Option<&str>, message: &str| {
        let error = json!({"type": "invalid_request_error", "code": code, "message": message});
        Answer::json(status, &json!({"error": error}))
    };
    let answer = match world.look(index) {
        State::Live => Answer::json(
            200,
            &json!({"id": "acct_1Drill", "object": "account", "country": "DE", "email": "drill@example.test", "type": "standard"}),
        ),
        State::Limited => error(
            403,
            None,
            "The provided key does not have the required permissions for this endpoint on account 'acct_1Drill'.",
        ),
        State::Expired => error(401, Some("api_key_expired"), "Expired API Key provided: sk_live_********"),
        State::Dead | State::Disabled => error(401, None, "Invalid API Key provided: sk_live_********"),
    };
    Some(answer.header("Request-Id", "req_simulated"))
}
