//! `[rules.verify]`: how to ask the provider whether a credential is live.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Case, RequestSpec, Selector, Trust};
use crate::finding::Liveness;

/// How to ask whether a credential is live, and whose it is. Exactly one of `request`, `like`, `module` and `none` is given.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// How well this is known; needed with `request` and `module`.
    pub trust: Option<Trust>,
    /// The call. Read-only, free, and without a trace that wakes somebody.
    pub request: Option<RequestSpec>,
    /// As another rule of the same file says it.
    pub like: Option<String>,
    /// The name of the module that knows how: for signatures and protocols that data cannot say.
    pub module: Option<String>,
    /// Why there is no safe call.
    pub none: Option<String>,
    /// An expression on the secret; its named groups are inputs.
    pub parts: Option<String>,
    /// An expression on the line that the secret stands in; its named groups are inputs.
    pub line: Option<String>,
    /// Inputs that neither the secret nor its line tells: given with `--set NAME=VALUE` or by trusted configuration.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Leaves more than a line in an access log, or may: asked only with `--intrusive`.
    #[serde(default)]
    pub intrusive: bool,
    /// The endpoint might accept anything: a made-up value of the same shape is asked about first, and must not be accepted.
    #[serde(default)]
    pub probe: bool,
    /// What each reply means. What is not listed is `ambiguous`. Before the list: 429, and 403 with `Retry-After` or
    /// `X-RateLimit-Remaining: 0`, are `rate_limited`; 407 and HTML are `blocked`; 3xx is `ambiguous`; 5xx `unreachable`.
    #[serde(default)]
    pub when: Vec<Case<Liveness>>,
    /// Facts by name, and where in a live reply they stand. Well-known names: `account`, `user`, `email`, `organization`,
    /// `scopes`, `created`, `expires`, `last_used`.
    #[serde(default)]
    pub identity: BTreeMap<String, Selector>,
    /// What the owner can see of the call, and where.
    pub trace: Option<String>,
}
