//! What can be wrong with a rule file.

/// A rule file that cannot be used, said so that its author can mend it.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// Not TOML, or not the schema.
    #[error("rule file {file} does not follow the format of rules/README.md\n{why}")]
    Syntax {
        /// The file.
        file: String,
        /// The parser's message with the place in the file.
        why: String,
    },
    /// A key has a value that makes no sense.
    #[error("rule `{id}` in {file}: {why}")]
    Invalid {
        /// The file.
        file: String,
        /// The rule.
        id: String,
        /// What is wrong and how to mend it.
        why: String,
    },
    /// The expression does not compile or is unbounded.
    #[error("rule `{id}`: {why}")]
    Expression {
        /// The rule.
        id: String,
        /// What is wrong.
        why: String,
    },
    /// Two rules with one id.
    #[error("rule `{id}` in {file} is defined already; rule ids are unique across all files")]
    Duplicate {
        /// The file of the second.
        file: String,
        /// The id.
        id: String,
    },
    /// More rules than an index can count, or more keywords than the automaton can hold.
    #[error("too many rules: at most 65,535, with at most 65,535 bytes of keywords together")]
    TooMany,
}
