//! Which hosts a credential may be sent to.

use serde::Deserialize;

/// Where `{host}` of an URL comes from. A host out of the scanned text is asked only if it ends in one of `suffixes`, or if
/// trusted configuration lists it for `service`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Hosts {
    /// Asked one after the other until one says that it is live: regions, or the public instance. The provider's own.
    #[serde(default)]
    pub fixed: Vec<String>,
    /// The name of the list of hosts in trusted configuration: `[network.hosts] gitlab = ["gitlab.example.com"]`.
    pub service: Option<String>,
    /// The input that holds it: a named group of `parts` or `line`, or `companion`.
    pub from: Option<String>,
    /// Ends, each beginning with a dot, that hosts of `from` have.
    #[serde(default)]
    pub suffixes: Vec<String>,
}
