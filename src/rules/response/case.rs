//! Which reply means what: an explicit list. What is not listed is unknown.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What came of a call that revokes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A later check says that it is dead.
    Confirmed,
    /// Accepted by the provider, not yet seen dead.
    Accepted,
    /// It was dead before.
    AlreadyDead,
    /// Needs somebody with more rights.
    NotAuthorised,
    /// Refused otherwise.
    Refused,
    /// Too many requests: later.
    RateLimited,
    /// It may or may not have happened: look before doing it again.
    Unknown,
    /// Policy, plan or person said no.
    SkippedPolicy,
    /// Only a person at the provider's page can do it.
    ManualRequired,
}

impl Outcome {
    /// The word in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Confirmed => "confirmed",
            Outcome::Accepted => "accepted",
            Outcome::AlreadyDead => "already_dead",
            Outcome::NotAuthorised => "not_authorised",
            Outcome::Refused => "refused",
            Outcome::RateLimited => "rate_limited",
            Outcome::Unknown => "unknown",
            Outcome::SkippedPolicy => "skipped_policy",
            Outcome::ManualRequired => "manual_required",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One value or several, any of which fits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum OneOrMore<T> {
    /// Any of these. In front, since a value of JSON may be a list itself.
    More(Vec<T>),
    /// One.
    One(T),
}

impl<T> OneOrMore<T> {
    /// All of them.
    pub fn as_slice(&self) -> &[T] {
        match self {
            OneOrMore::One(one) => std::slice::from_ref(one),
            OneOrMore::More(more) => more,
        }
    }
}

/// A reply that means something: all criteria that are given must hold. The first case of a list that holds decides.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, bound(deserialize = "M: Deserialize<'de>"))]
pub struct Case<M> {
    /// Of the reply.
    pub status: OneOrMore<u16>,
    /// JSON pointers and the value, or one of the values, that stands there. Strings are compared without regard to case.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "BTreeMap<String, serde_json::Value>"))]
    pub json: BTreeMap<String, OneOrMore<serde_json::Value>>,
    /// JSON pointers at which something other than null stands.
    #[serde(default)]
    pub has: Vec<String>,
    /// Texts, one of which the body contains; case is ignored. For replies that are not JSON, and messages in JSON.
    pub text: Option<OneOrMore<String>>,
    /// Headers and what their value contains (case ignored); `*` for any.
    #[serde(default)]
    pub header: BTreeMap<String, String>,
    /// Whether the body is a JSON object or array. Weaker than `json` or `has`, stronger than nothing.
    #[serde(default)]
    pub is_json: bool,
    /// That the body is empty.
    #[serde(default)]
    pub is_empty: bool,
    /// What it means.
    #[serde(alias = "verdict", alias = "outcome")]
    pub means: M,
    /// Why, for people, where the verdict alone does not tell.
    pub because: Option<String>,
}
