//! A judgement → what may be shown of it. A provider's answer may echo what it was asked about.

use base64::Engine as _;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroizing;

use super::hosts::Answer;
use crate::finding::{Fact, Liveness, Verification};
use crate::report::text::Redactor;
use crate::response::call::Request;
use crate::response::inputs::Inputs;
use crate::response::judge::Judged;
use crate::secret::Secret;

/// Masks what is short only where it is a secret for sure.
const SHORTEST: usize = 3;
const MASK: &str = "********";

/// A text without any value of the inputs, on one line. The host stays: it has to be told.
pub(super) fn masked(text: &str, inputs: &Inputs) -> String {
    masks(inputs)(text)
}

/// Masks many texts.
#[expect(clippy::disallowed_methods, reason = "what must not be shown has to be known to be recognised")]
fn masks(inputs: &Inputs) -> impl Fn(&str) -> String + use<> {
    let mut secrets: Vec<Secret> = Vec::new();
    let mut short: Vec<Zeroizing<String>> = Vec::new();
    for name in inputs.names().filter(|name| *name != "host") {
        let Some(value) = inputs.get(name) else { continue };
        let bytes = value.expose();
        if (SHORTEST..8).contains(&bytes.len()) && ["secret", "companion", "responder"].contains(&name) {
            short.push(Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()));
        }
        secrets.push(Secret::new(base64::engine::general_purpose::STANDARD.encode(bytes).as_bytes()));
        secrets.push(Secret::new(percent_encode(bytes, NON_ALPHANUMERIC).to_string().as_bytes()));
        secrets.push(value.clone());
    }
    let redactor = Redactor::new(&secrets);
    move |text| {
        let mut text = redactor.show(text.as_bytes());
        for secret in &short {
            text = text.replace(secret.as_str(), MASK);
        }
        text
    }
}

/// `name` or `name:port`.
pub(super) fn host_of(request: &Request) -> String {
    match request.port {
        443 => request.host.clone(),
        port => format!("{}:{port}", request.host),
    }
}

/// As it stands in reports.
pub(super) fn verification(
    judged: Judged,
    host: Option<String>,
    requests: u32,
    inputs: &Inputs,
) -> Verification {
    let mask = masks(inputs);
    let fact = |fact: Fact| Fact { value: mask(&fact.value), name: fact.name };
    Verification {
        verdict: judged.verdict,
        reason: mask(&judged.reason),
        host,
        requests,
        identity: judged.identity.into_iter().map(fact).collect(),
        risk: None,
        at: jiff::Timestamp::now().as_second(),
    }
}

/// The same of the host that decided.
pub(super) fn answered(answer: Option<Answer>, requests: u32, inputs: &Inputs) -> Verification {
    match answer {
        Some(Answer { host, judged }) => verification(judged, Some(host), requests, inputs),
        None => not_reached(),
    }
}

/// Of a credential whose turn did not come.
pub(super) fn not_reached() -> Verification {
    let judged = Judged::new(Liveness::NotAttempted, "its turn did not come");
    verification(judged, None, 0, &Inputs::default())
}
