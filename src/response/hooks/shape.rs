//! What other systems expect to be sent.

use serde_json::json;
use zeroize::Zeroize as _;

use super::config::Shape;
use super::payload::{Telling, document};
use super::{Context, Event};
use crate::secret::Secret;

/// Characters of one text of a message.
const LONGEST: usize = 300;

/// The body; `None` if this shape has nothing to say of it.
pub(super) fn body(shape: Shape, telling: &Telling<'_>, context: &Context<'_>) -> Option<Secret> {
    match shape {
        Shape::Muzzle => Some(document(telling, context)),
        Shape::Slack => {
            Some(Secret::new(json!({ "text": message(telling, context) }).to_string().as_bytes()))
        }
        Shape::GithubPartner => list(context, |token, place| {
            let rule = context.subject.map_or("", |subject| &subject.rule);
            json!([{ "token": token, "type": rule, "url": place, "source": "content" }])
        }),
        Shape::GitlabTokenRevocation => list(context, |token, place| {
            let rule = context.subject.map_or("", |subject| &subject.rule);
            json!([{ "type": rule, "token": token, "location": place }])
        }),
    }
}

/// A list with the secret in it.
fn list(context: &Context<'_>, make: impl FnOnce(&str, &str) -> serde_json::Value) -> Option<Secret> {
    #[expect(
        clippy::disallowed_methods,
        reason = "send_secret = true asks for it, and the shape is made to carry it"
    )]
    let token = std::str::from_utf8(context.secret?.expose()).ok()?;
    let mut value = make(token, context.subject.map_or("", |subject| &subject.place));
    let mut text = value.to_string();
    let body = Secret::new(text.as_bytes());
    text.zeroize();
    if let Some(serde_json::Value::String(token)) = value.pointer_mut("/0/token") {
        token.zeroize();
    }
    Some(body)
}

/// A few lines for people.
fn message(telling: &Telling<'_>, context: &Context<'_>) -> String {
    let shown =
        |text: &str| escaped(&crate::report::text::clip(&telling.guard.show(text.as_bytes()), LONGEST));
    if let Some(scan) = context.summary {
        let incomplete = if scan.complete { "" } else { ", INCOMPLETE" };
        let targets: Vec<String> = scan.targets.iter().map(|target| shown(target)).collect();
        return format!("muzzle scanned {}: {} findings{incomplete}", targets.join(", "), scan.findings);
    }
    let Some(subject) = context.subject else { return format!("muzzle: {}", telling.event.as_str()) };
    let what = match telling.event {
        Event::Finding => "found a secret",
        Event::VerifiedActive => "found a LIVE secret",
        Event::Revoked => "revoked a secret",
        Event::Rotated => "replaced a secret",
        Event::ScanFinished => "finished",
    };
    let mut lines = vec![
        format!("muzzle {what}: {} ({})", shown(&subject.name), escaped(&subject.rule)),
        format!("`{}` in {}", escaped(&subject.secret), shown(&subject.place)),
    ];
    if let Some(commit) = &subject.commit {
        lines.push(format!(
            "commit {:.12} by {}: {}",
            commit.id,
            shown(&commit.author),
            shown(&commit.subject)
        ));
    }
    if let Some(verification) = context.verification {
        lines.push(format!("{}: {}", verification.verdict, shown(&verification.reason)));
        lines.extend(verification.risk.as_deref().map(shown));
    }
    if let Some((outcome, reason)) = context.outcome {
        lines.push(format!("{outcome}: {}", shown(reason)));
    }
    lines.push(escaped(&subject.fingerprint));
    lines.join("\n")
}

/// Text that mentions nobody and links nowhere.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // Otherwise a code span could be left, and what looks like a link becomes one.
    text.replace('`', "'").replace("://", ": //")
}
