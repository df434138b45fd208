//! A request, as a template.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Hosts, Templates};

/// A request in which `{NAME}` stands for an input; `{{` and `}}` are braces.
///
/// Inputs: `secret`; `companion`, the other half; named groups of `parts` and `line`; what an earlier call of the same
/// procedure took; values from trusted configuration; `host`. What stands in a path or query is percent-encoded, in a form
/// form-encoded, in JSON quoted; in a header, control characters are refused.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestSpec {
    /// `GET` if nothing is said.
    #[serde(default = "get")]
    pub method: String,
    /// `https://`, a host or `{host}`, a path, a query. The first label of a host may be an input, if at least two others
    /// are not: `https://{region}.api.example.com/`.
    pub url: String,
    /// The secret stands in the URL, since the provider takes it nowhere else. Said in every plan.
    #[serde(default)]
    pub secret_in_url: bool,
    /// Where `{host}` comes from.
    #[serde(default)]
    pub host: Hosts,
    /// Sent beside `User-Agent` and `Accept: application/json`, in place of the latter if it is named.
    #[serde(default)]
    pub headers: Templates,
    /// `USER:PASSWORD` of `Authorization: Basic`.
    pub basic: Option<String>,
    /// The body, as `application/x-www-form-urlencoded`.
    #[serde(default)]
    pub form: Templates,
    /// The body, as JSON: templates in every string of it.
    pub json: Option<serde_json::Value>,
    /// The body as it is; its type is that of `headers`.
    pub body: Option<String>,
}

fn get() -> String {
    "GET".to_owned()
}

/// Where in a reply something stands: `/json/pointer`, or `header:name`.
pub type Selector = String;

/// What to take out of a reply, for the calls behind it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Take {
    /// What stands there.
    At(Selector),
    /// Of the one entry of a list in which all of `where` holds, what stands at `get`.
    #[serde(rename_all = "snake_case")]
    Entry {
        /// Pointer to the list; empty for the whole reply.
        list: String,
        /// Pointers inside the entry, and templates of what stands there. No entry, or several: nothing is done.
        r#where: BTreeMap<String, String>,
        /// Pointer inside the entry.
        get: String,
    },
}
