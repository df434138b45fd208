//! `[rules.rotate]`: how to replace a credential.

use serde::Deserialize;

use super::revoke::Mutation;
use super::{Selector, Trust};

/// How to replace it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// As another rule of the same file says it; then nothing else is given.
    pub like: Option<String>,
    /// The provider's page.
    pub page: Option<String>,
    /// What to do, in order.
    #[serde(default)]
    pub steps: Vec<String>,
    /// How well the call is known.
    pub trust: Option<Trust>,
    /// The name of the module that knows how.
    pub module: Option<String>,
    /// An expression on the secret; its named groups are inputs.
    pub parts: Option<String>,
    /// Inputs that the secret does not tell: given with `--set NAME=VALUE` or by trusted configuration.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The call that issues the replacement. Never sent twice.
    pub call: Option<Mutation>,
    /// Where in an accepted reply the new value stands.
    pub new_secret: Option<Selector>,
    /// What becomes of the old one, and when.
    pub old: Option<String>,
    /// A known trap.
    pub warning: Option<String>,
}
