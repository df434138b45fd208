//! What templates are filled with.

use std::collections::BTreeMap;

use crate::finding::Fingerprint;
use crate::secret::Secret;

/// Names of inputs, and their values.
#[derive(Debug, Clone, Default)]
pub struct Inputs(BTreeMap<String, Secret>);

impl Inputs {
    /// Of that name.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.0.get(name)
    }

    /// Sets it, in place of what was there.
    pub fn set(&mut self, name: &str, value: Secret) {
        self.0.insert(name.to_owned(), value);
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All values: what has to be masked wherever something is shown.
    pub fn values(&self) -> impl Iterator<Item = &Secret> {
        self.0.values()
    }
}

/// One distinct secret of one rule: what is verified and revoked.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Its identity.
    pub fingerprint: Fingerprint,
    /// The rule that found it, or that was named.
    pub rule: String,
    /// The rule's provider.
    pub provider: String,
    /// `secret`, `companion`, named groups of the line, values of trusted configuration.
    pub inputs: Inputs,
    /// Where it was found first, for people and the journal: `path:line` or `standard input`. Masked and printable.
    pub place: String,
}

impl Credential {
    /// The secret.
    pub fn secret(&self) -> &Secret {
        static NONE: std::sync::LazyLock<Secret> = std::sync::LazyLock::new(|| Secret::new(b""));
        self.inputs.get("secret").unwrap_or(&NONE)
    }
}
