//! What can be done about a credential, as data: `[rules.verify]`, `[rules.revoke]` and `[rules.rotate]` of rule files.
//!
//! Data only: nothing here sends anything. `response` fills the templates in, sends and judges.

use std::collections::BTreeMap;

use serde::Deserialize;

mod case;
pub(crate) mod check;
mod host;
mod load;
mod request;
mod revoke;
mod rotate;
pub(crate) mod template;
pub(crate) mod url;
mod verify;

pub use case::{Case, OneOrMore, Outcome};
pub use host::Hosts;
pub use load::Responses;
pub(crate) use load::{RuleTables, Tables};
pub use request::{RequestSpec, Selector, Take};
pub use revoke::{Class, LookUp, Mutation, Revoke};
pub use rotate::Rotate;
pub use verify::Verify;

/// Names and templates: values in which `{NAME}` stands for an input.
pub type Templates = BTreeMap<String, String>;

/// How well a fact about a provider's API is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Trust {
    /// From memory of the provider's documentation.
    M,
    /// From what other tools do.
    T,
    /// Seen on the wire, as sent by another tool.
    L,
    /// From the provider's documentation, changelog or source.
    V,
}
