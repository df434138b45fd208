//! Comments beside a secret that ask for it to be let pass. Whether they are obeyed is decided much later.

use std::sync::Arc;

use bstr::BString;

/// Whose marker it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MarkerWord {
    /// Ours.
    Muzzle,
    /// That of gitleaks.
    Gitleaks,
    /// That of betterleaks.
    Betterleaks,
    /// That of trufflehog.
    Trufflehog,
    /// That of kingfisher.
    Kingfisher,
    /// That of detect-secrets and ripsecrets.
    DetectSecrets,
    /// That of ggshield.
    Ggshield,
    /// That of secretlint.
    Secretlint,
}

impl MarkerWord {
    /// What people write.
    pub fn as_str(self) -> &'static str {
        match self {
            MarkerWord::Muzzle => "muzzle:allow",
            MarkerWord::Gitleaks => "gitleaks:allow",
            MarkerWord::Betterleaks => "betterleaks:allow",
            MarkerWord::Trufflehog => "trufflehog:ignore",
            MarkerWord::Kingfisher => "kingfisher:ignore",
            MarkerWord::DetectSecrets => "pragma: allowlist secret",
            MarkerWord::Ggshield => "ggignore",
            MarkerWord::Secretlint => "secretlint-disable",
        }
    }
}

/// A marker that speaks for a line of a match.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Marker {
    /// Whose.
    pub word: MarkerWord,
    /// The line for which it speaks, from 1: its own, or the one below.
    pub line: u32,
    /// The rules that it names; `None` if it names none, empty if what it names cannot be read.
    pub rules: Option<Vec<String>>,
    /// What else it says. Raw bytes, clipped.
    pub reason: BString,
}

/// The markers of one match. Few matches have any.
pub type Markers = Option<Arc<Vec<Marker>>>;
