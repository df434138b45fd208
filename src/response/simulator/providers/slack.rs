//! Slack: 200 for everything, and `ok` in the body; `test=1` revokes nothing.

use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::kind::Kind;
use super::super::world::{State, World};

pub(super) fn answer(world: &mut World, asked: &Asked) -> Option<Answer> {
    let form = asked.form("token");
    let token = asked.bearer().or(form.as_deref());
    let index = token.and_then(|token| world.find(&[Kind::Slack], token));
    match (asked.method.as_str(), asked.path.as_str()) {
        ("POST" | "GET", "/api/auth.test") => Some(test(world, index, token.is_some())),
        ("POST" | "GET", "/api/auth.revoke") => Some(revoke(world, asked, index, token.is_some())),
        _ => None,
    }
}

fn said(body: &Value) -> Answer {
    Answer::json(200, body).header("X-Slack-Req-Id", "simulated")
}

fn refusal(state: State, is_known: bool, is_given: bool) -> Option<&'static str> {
    match (is_given, is_known, state) {
        (false, ..) => Some("not_authed"),
        (_, false, _) => Some("invalid_auth"),
        (.., State::Live) => None,
        (.., State::Limited) => Some("missing_scope"),
        (.., State::Expired) => Some("token_expired"),
        (.., State::Disabled) => Some("account_inactive"),
        (.., State::Dead) => Some("token_revoked"),
    }
}

fn test(world: &mut World, index: Option<usize>, is_given: bool) -> Answer {
    match refusal(world.look(index), index.is_some(), is_given) {
        Some(error) => said(&json!({"ok": false, "error": error})),
        None => said(&json!({
            "ok": true, "url": "https://drill.slack.com/", "team": "Drill", "user": "bot", "team_id": "T0000DRILL",
            "user_id": "U0000DRILL", "bot_id": "B0000DRILL", "is_enterprise_install": false,
        }))
        .header("X-OAuth-Scopes", "chat:write,channels:read"),
    }
}

fn revoke(world: &mut World, asked: &Asked, index: Option<usize>, is_given: bool) -> Answer {
    let is_test = asked.form("test").or_else(|| asked.query("test").map(str::to_owned));
    match (refusal(world.look(index), index.is_some(), is_given), index) {
        (None | Some("missing_scope"), Some(_)) if matches!(is_test.as_deref(), Some("1" | "true")) => {
            said(&json!({"ok": true, "revoked": false}))
        }
        (None | Some("missing_scope"), Some(index)) => {
            world.revoke(index);
            said(&json!({"ok": true, "revoked": true}))
        }
        (error, _) => said(&json!({"ok": false, "error": error.unwrap_or("invalid_auth")})),
    }
}
