//! Discord's webhooks: whoever has the URL may look at it, and delete it.

use serde_json::json;

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::kind::Kind;
use super::super::world::{State, World};

pub(super) fn answer(world: &mut World, asked: &Asked) -> Option<Answer> {
    // With a version of the API, or without.
    let rest = asked.path.strip_prefix("/api/")?;
    let rest = rest.strip_prefix("v10/").unwrap_or(rest).strip_prefix("webhooks/")?;
    let (id, token) = rest.split_once('/')?;
    let index = world.find(&[Kind::Discord], &format!("https://{}/api/webhooks/{id}/{token}", asked.host));
    match (asked.method.as_str(), world.look(index), index) {
        ("GET", State::Live | State::Limited, Some(_)) => Some(Answer::json(
            200,
            &json!({"id": id, "type": 1, "name": "Drill", "guild_id": "1", "channel_id": "2", "application_id": null}),
        )),
        ("DELETE", State::Live | State::Limited, Some(index)) => {
            world.revoke(index);
            Some(Answer::empty(204))
        }
        ("GET" | "DELETE", ..) => {
            Some(Answer::json(404, &json!({"message": "Unknown Webhook", "code": 10015})))
        }
        // Posting would tell somebody something.
        _ => None,
    }
}
