//! An OAuth server: introspection (RFC 7662) and revocation (RFC 7009), both for its client only. 200 for junk, too.

use serde_json::json;

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::kind::Kind;
use super::super::world::{State, World};
use crate::secret::Secret;

pub(super) fn answer(world: &mut World, asked: &Asked) -> Option<Answer> {
    let path = asked.path.as_str();
    if asked.method == "GET"
        && matches!(path, "/.well-known/oauth-authorization-server" | "/.well-known/openid-configuration")
    {
        let issuer = format!("https://{}", asked.host);
        let document = json!({
            "issuer": issuer, "introspection_endpoint": format!("{issuer}/introspect"),
            "revocation_endpoint": format!("{issuer}/revoke"), "token_endpoint": format!("{issuer}/token"),
        });
        return Some(Answer::json(200, &document));
    }
    if asked.method != "POST" || !matches!(path, "/introspect" | "/revoke") {
        return None;
    }
    if !is_client(world, asked) {
        let refused = Answer::json(401, &json!({"error": "invalid_client"}));
        return Some(refused.header("WWW-Authenticate", "Basic realm=\"simulator\""));
    }
    let Some(token) = asked.form("token").filter(|token| !token.is_empty()) else {
        return Some(Answer::json(400, &json!({"error": "invalid_request"})));
    };
    let index = world.find(&[Kind::OAuth], &token);
    let state = world.look(index);
    let is_active = matches!(state, State::Live | State::Limited);
    Some(match (path, index) {
        ("/introspect", Some(_)) if is_active => Answer::json(
            200,
            &json!({
                "active": true, "scope": "openid profile", "client_id": "drill", "username": "drill", "sub": "drill",
                "token_type": "Bearer", "iat": 1_767_225_600, "exp": 1_893_456_000, "iss": format!("https://{}", asked.host),
            }),
        ),
        ("/introspect", _) => Answer::json(200, &json!({"active": false})),
        (_, Some(index)) if is_active => {
            world.revoke(index);
            Answer::empty(200)
        }
        _ => Answer::empty(200),
    })
}

fn is_client(world: &World, asked: &Asked) -> bool {
    let (name, password) = world.oauth_client();
    let fits = |given: &str, secret: &str| given == name && Secret::new(secret.as_bytes()) == password;
    asked.basic().is_some_and(|(given, secret)| fits(&given, &secret))
        || asked
            .form("client_id")
            .zip(asked.form("client_secret"))
            .is_some_and(|(id, secret)| fits(&id, &secret))
}
