//! What can be wrong with a rule file.

use std::path::PathBuf;

use super::place::Place;

/// A rule file that cannot be used, said so that its author can mend it.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// A file or directory that cannot be read.
    #[error("cannot read rules from {path}: {source}")]
    Unreadable {
        /// As it was named.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not TOML, not the schema, or wrong beside the rules.
    #[error("{place}: {why}")]
    File {
        /// Where.
        place: Place,
        /// What is wrong and how to mend it.
        why: String,
    },
    /// A rule that makes no sense, or whose expression does not compile.
    #[error("{place}: rule `{id}`: {why}")]
    Rule {
        /// Where.
        place: Place,
        /// The rule.
        id: String,
        /// What is wrong and how to mend it.
        why: String,
    },
    /// Two rules with one id.
    #[error(
        "{place}: rule `{id}`: there is one at {first} already; rule ids are unique across all files: rename it"
    )]
    Duplicate {
        /// Where the second is.
        place: Place,
        /// The id.
        id: String,
        /// Where the first is.
        first: Place,
    },
    /// More rules than an index can count, or more keywords than the automaton can hold.
    #[error("too many rules: at most 65,535, with at most 65,535 bytes of keywords together")]
    TooMany,
}

impl RuleError {
    /// What the TOML parser says.
    pub(super) fn syntax(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let offset = error.span().map_or(0, |span| span.start);
        RuleError::File { place: Place::new(&file.into(), text, offset), why: error.message().to_owned() }
    }
}
