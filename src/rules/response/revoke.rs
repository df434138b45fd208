//! `[rules.revoke]`: how to take a credential out of circulation.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Case, Outcome, RequestSpec, Take, Trust};

/// Who can revoke it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A: whoever holds the value, without a login.
    Anyone,
    /// B: the credential itself, with one call.
    Itself,
    /// C: the credential itself, once its own id is looked up, if it has the right to.
    LookUp,
    /// D: an administrator's or client's credential of the same owner.
    Responder,
    /// E: a person at the provider's page.
    Console,
    /// F: nobody; it expires, or its signing key is changed.
    Nobody,
}

/// How to revoke. With `like`, as another rule of the same file says it. Classes `console` and `nobody` have no `call`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// As another rule of the same file says it; then nothing else is given.
    pub like: Option<String>,
    /// Who can.
    pub class: Option<Class>,
    /// How well the call is known. With `T` or `M` it is experimental: off unless its rule is named.
    pub trust: Option<Trust>,
    /// The name of the module that knows how.
    pub module: Option<String>,
    /// An expression on the secret; its named groups are inputs.
    pub parts: Option<String>,
    /// An expression on the line that the secret stands in; its named groups are inputs.
    pub line: Option<String>,
    /// Inputs that neither the secret nor its line tells: given with `--set NAME=VALUE` or by trusted configuration.
    #[serde(default)]
    pub needs: Vec<String>,
    /// A read-only call before; `take` is what it finds out.
    pub look_up: Option<LookUp>,
    /// The call that changes something.
    pub call: Option<Mutation>,
    /// Whether doing it twice is as good as once.
    #[serde(default)]
    pub idempotent: bool,
    /// What else it destroys.
    pub destroys: Option<String>,
    /// How it is undone; `None`: not at all.
    pub undo: Option<String>,
    /// How long it may take until it is dead.
    pub delay: Option<String>,
    /// A known trap.
    pub warning: Option<String>,
    /// The provider's page.
    pub page: Option<String>,
    /// What to do there.
    #[serde(default)]
    pub steps: Vec<String>,
}

/// A read-only call that finds out what the next one needs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LookUp {
    /// It.
    pub request: RequestSpec,
    /// Names of inputs of the next call, and where in a reply with status 200 they stand.
    pub take: BTreeMap<String, Take>,
    /// Replies after which nothing is left to do, or nothing can be done.
    #[serde(default)]
    pub when: Vec<Case<Outcome>>,
}

/// A call that changes something. It is sent once.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Mutation {
    /// It.
    pub request: RequestSpec,
    /// What each reply means. What is not listed is `refused` for 4xx, and `unknown` otherwise; 429 is `rate_limited`.
    pub when: Vec<Case<Outcome>>,
}
