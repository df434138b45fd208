//! What `rules list` and `rules show` say of verification, revocation and rotation.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::rules::Rule;
use crate::rules::response::{Class, RequestSpec, Responses, Revoke, Rotate, Trust, Verify};

/// Behind the rule's name in a list; empty if nothing is known.
pub(super) fn listed(responses: &Responses, rule: &Rule) -> String {
    let verify = responses.verify(&rule.id).is_some_and(|verify| verify.none.is_none());
    let revoke = responses.revoke(&rule.id).and_then(|revoke| revoke.class).map(class);
    let revoke = revoke.map(|class| format!("revoke: {class}"));
    let words: Vec<String> = verify.then(|| "verify".to_owned()).into_iter().chain(revoke).collect();
    if words.is_empty() { String::new() } else { format!("  [{}]", words.join(", ")) }
}

/// The same for machines.
pub(super) fn described(responses: &Responses, rule: &Rule) -> (Value, Value) {
    let verify = responses.verify(&rule.id).map(|verify| {
        json!({
            "call": verify.request.as_ref().map(call), "module": verify.module, "none": verify.none,
            "trust": verify.trust.map(trust), "intrusive": verify.intrusive, "probe": verify.probe, "needs": verify.needs,
        })
    });
    let revoke = responses.revoke(&rule.id).map(|revoke| {
        json!({
            "class": revoke.class, "call": revoke.call.as_ref().map(|mutation| call(&mutation.request)),
            "module": revoke.module, "trust": revoke.trust.map(trust), "destroys": revoke.destroys, "undo": revoke.undo,
            "page": revoke.page, "steps": revoke.steps, "needs": revoke.needs,
        })
    });
    (json!(verify), json!(revoke))
}

/// Lines for one rule.
pub(super) fn shown(responses: &Responses, rule: &Rule) -> String {
    let mut text = String::new();
    if let Some(verify) = responses.verify(&rule.id) {
        let _ = writeln!(text, "  verify: {}", how_to_verify(verify));
    }
    if let Some(revoke) = responses.revoke(&rule.id) {
        let _ = writeln!(text, "  revoke: {}", how_to_revoke(revoke));
    }
    if let Some(rotate) = responses.rotate(&rule.id) {
        let _ = writeln!(text, "  rotate: {}", how_to_rotate(rotate));
    }
    text
}

fn how_to_verify(verify: &Verify) -> String {
    if let Some(why) = &verify.none {
        return format!("no safe call: {why}");
    }
    let mut text = way(verify.request.as_ref(), verify.module.as_ref());
    for (holds, what) in [
        (verify.intrusive, "with --intrusive only"),
        (verify.probe, "behind a control probe"),
        (
            verify.request.as_ref().is_some_and(|request| request.secret_in_url),
            "the secret stands in the URL",
        ),
    ] {
        if holds {
            let _ = write!(text, "; {what}");
        }
    }
    with_trust(text, verify.trust, &verify.needs)
}

fn how_to_revoke(revoke: &Revoke) -> String {
    let who = revoke.class.map_or("", class);
    let text = match (&revoke.call, &revoke.module, &revoke.page) {
        (None, None, Some(page)) => format!("{who}; {page}"),
        (None, None, None) => who.to_owned(),
        (call, module, _) => {
            format!("{who}; {}", way(call.as_ref().map(|call| &call.request), module.as_ref()))
        }
    };
    with_trust(text, revoke.trust, &revoke.needs)
}

fn how_to_rotate(rotate: &Rotate) -> String {
    let text = match (&rotate.call, &rotate.module, &rotate.page) {
        (None, None, Some(page)) => page.clone(),
        (None, None, None) => rotate.steps.join(" "),
        (call, module, _) => way(call.as_ref().map(|call| &call.request), module.as_ref()),
    };
    with_trust(text, rotate.trust, &rotate.needs)
}

fn way(request: Option<&RequestSpec>, module: Option<&String>) -> String {
    match (request, module) {
        (Some(request), _) => call(request),
        (None, Some(module)) => format!("module {module}"),
        (None, None) => String::new(),
    }
}

fn call(request: &RequestSpec) -> String {
    format!("{} {}", request.method, request.url)
}

fn with_trust(mut text: String, known: Option<Trust>, needs: &[String]) -> String {
    if let Some(known) = known {
        let _ = write!(text, "; known from {}", trust(known));
    }
    if !needs.is_empty() {
        let _ = write!(text, "; needs {}", needs.join(", "));
    }
    text
}

fn trust(trust: Trust) -> &'static str {
    match trust {
        Trust::V => "the provider's documentation",
        Trust::L => "the wire",
        Trust::T => "other tools",
        Trust::M => "memory",
    }
}

fn class(class: Class) -> &'static str {
    match class {
        Class::Anyone => "by anyone who holds it",
        Class::Itself => "by itself",
        Class::LookUp => "by itself, after a look-up",
        Class::Responder => "by a responder",
        Class::Console => "at the provider's page",
        Class::Nobody => "by nobody",
    }
}
