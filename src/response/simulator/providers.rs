//! What each provider answers, as its documentation has it.

use serde_json::json;

use super::answer::Answer;
use super::asked::Asked;
use super::world::World;

mod aws;
mod discord;
mod github;
mod gitlab;
mod google;
mod npm;
mod oauth;
mod sendgrid;
mod slack;
mod stripe;
mod vault;

/// The answer of the host that is asked, and its effect on the world. `name` is what TLS asked for.
pub(super) fn answer(world: &mut World, asked: &Asked, name: &str) -> Answer {
    if asked.host != name {
        return Answer::text(421, "text/plain", "This connection is for another host\n");
    }
    let answer = match asked.host.as_str() {
        "api.github.com" => github::answer(world, asked),
        "gitlab.com" => gitlab::answer(world, asked),
        "slack.com" => slack::answer(world, asked),
        "registry.example.test" => npm::answer(world, asked),
        "sts.us-east-1.amazonaws.com" | "sts.amazonaws.com" | "iam.amazonaws.com" => {
            aws::answer(world, asked)
        }
        "oauth2.googleapis.com" => google::answer(world, asked),
        "api.stripe.com" => stripe::answer(world, asked),
        "api.sendgrid.com" | "api.eu.sendgrid.com" => sendgrid::answer(world, asked),
        "vault.example.test" => vault::answer(world, asked),
        "issuer.example.test" => oauth::answer(world, asked),
        "discord.com" => discord::answer(world, asked),
        _ => None,
    };
    answer.unwrap_or_else(|| Answer::json(404, &json!({"message": "Not Found"})))
}
