//! What each provider's replies mean, and what no provider's reply may ever mean.
//!
//! In: the rules, and `tests/replies/PROVIDER.toml` with replies as providers document them. Out: exact verdicts.

mod replies;
mod table;

use muzzle::finding::Liveness;
use muzzle::response::judge;
use muzzle::rules::RuleSet;
use muzzle::rules::response::{Class, Responses};

use replies::{Call, File, Reply};

fn responses() -> (RuleSet, Responses) {
    let rules = RuleSet::embedded_with_examples().unwrap();
    let responses = Responses::of(&rules).unwrap();
    (rules, responses)
}

/// What is wrong with one reply of a file, for one of its rules.
fn complaint(responses: &Responses, rule: &str, reply: &Reply) -> Option<String> {
    let (found, wanted) = match reply.call {
        Call::Verify => {
            let Some(verify) = responses.verify(rule) else { return Some("the rule has no `verify`".into()) };
            let judged = judge::liveness(verify, &Ok(reply.as_sent()));
            for (name, value) in &reply.identity {
                let fact = judged.identity.iter().find(|fact| fact.name == *name);
                if fact.map(|fact| &fact.value) != Some(value) {
                    return Some(format!("identity `{name}` is {fact:?}"));
                }
            }
            (judged.verdict.to_string(), reply.verdict.as_deref())
        }
        Call::Revoke | Call::LookUp | Call::Rotate => {
            let revoke = responses.revoke(rule);
            let look_up = revoke.and_then(|revoke| revoke.look_up.as_ref());
            let cases = match reply.call {
                Call::LookUp => look_up.map(|look_up| &look_up.when),
                Call::Revoke => revoke.and_then(|revoke| revoke.call.as_ref()).map(|call| &call.when),
                _ => responses.rotate(rule).and_then(|rotate| rotate.call.as_ref()).map(|call| &call.when),
            };
            let Some(cases) = cases else { return Some("the rule has no such call".into()) };
            (judge::outcome(cases, &Ok(reply.as_sent())).0.to_string(), reply.outcome.as_deref())
        }
    };
    (Some(found.as_str()) != wanted).then(|| format!("{found}, not {wanted:?}"))
}

#[test]
fn replies_mean_what_their_provider_says() {
    let (_, responses) = responses();
    let mut wrong = Vec::new();
    for (file, replies) in replies::all() {
        for reply in &replies.reply {
            for rule in reply.rules() {
                if let Some(why) = complaint(&responses, rule, reply) {
                    wrong.push(format!("{file}: {rule}: {} ({}): {why}", reply.name, reply.status));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every call has replies that show what it is for.
#[test]
fn every_call_has_replies() {
    let (_, responses) = responses();
    let files = replies::all();
    let replies = || files.iter().flat_map(|(_, file)| &file.reply);
    let excused = |rule: &str, what: &str| {
        let excuses = files.iter().flat_map(|(_, File { none, .. })| none);
        excuses.into_iter().any(|none| none.rule == rule && none.what == what && !none.why.is_empty())
    };
    let mut missing = Vec::new();
    for (id, verify) in responses.verifiable().filter(|(_, verify)| verify.request.is_some()) {
        for verdict in [Liveness::Live, Liveness::Dead] {
            // Rules that are like each other share replies.
            let shows = |reply: &Reply| {
                reply.verdict.as_deref() == Some(verdict.as_str())
                    && reply.rules().any(|rule| responses.verify(rule) == Some(verify))
            };
            if !replies().any(shows) && !excused(id, verdict.as_str()) {
                missing.push(format!("{id}: no reply means {verdict}"));
            }
        }
    }
    for (id, revoke) in responses.revocable().filter(|(_, revoke)| revoke.call.is_some()) {
        let shows = |reply: &Reply, outcomes: &[&str]| {
            reply.outcome.as_deref().is_some_and(|outcome| outcomes.contains(&outcome))
                && reply.rules().any(|rule| responses.revoke(rule) == Some(revoke))
        };
        for (what, outcomes) in [
            ("accepted", &["accepted"][..]),
            ("already_dead", &["already_dead", "refused", "not_authorised"]),
        ] {
            if !replies().any(|reply| shows(reply, outcomes)) && !excused(id, what) {
                missing.push(format!("{id}: no reply to `revoke` means {}", outcomes.join(" or ")));
            }
        }
        assert!(!matches!(revoke.class, None | Some(Class::Console | Class::Nobody)), "{id}");
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
