//! What is not a secret whatever the rule says: placeholders (`rules/allowlist.toml`).

use serde::Deserialize;

use super::{RuleError, embedded};

pub(super) const FILE: &str = "allowlist.toml";

/// Words and shapes of values that stand for a secret without being one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowlist {
    /// A value that contains one of these (case ignored) is a placeholder.
    pub words: Vec<String>,
    /// A value that contains one of these literally is a template or a reference.
    pub templates: Vec<String>,
    /// A value that contains one of these (case ignored) may be an example: its confidence is low.
    pub hints: Vec<String>,
    /// The first eight bytes of the SHA-256 of keys that their vendors published, in hex.
    pub published: Vec<String>,
    /// An expression on paths where findings are less likely to matter.
    pub unlikely_paths: String,
}

impl Allowlist {
    /// The one that comes with muzzle.
    pub fn embedded() -> Result<Self, RuleError> {
        let text = embedded::FILES.iter().find(|file| file.name == FILE).map_or("", |file| file.text);
        toml::from_str(text).map_err(|error| RuleError::syntax(FILE, text, &error))
    }
}
