//! Rules that only speak: what a saved report says of the rules that ran. They match nothing.

use std::sync::OnceLock;

use super::compile::{Form, FormKind};
use super::{Examples, Place, Rule, RuleError, RuleSet};
use crate::finding::{Confidence, Severity};

/// What a report says of a rule.
#[derive(Debug, Clone)]
pub(crate) struct Description {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) provider: String,
    pub(crate) severity: Severity,
    pub(crate) confidence: Confidence,
    pub(crate) opens: String,
    pub(crate) remediation: String,
    pub(crate) references: Vec<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) guessable: bool,
}

impl Description {
    /// Known by its id alone.
    pub(crate) fn silent(id: String) -> Self {
        Description {
            id,
            name: String::new(),
            provider: String::new(),
            severity: Severity::Low,
            confidence: Confidence::Low,
            opens: String::new(),
            remediation: String::new(),
            references: Vec::new(),
            tags: Vec::new(),
            guessable: false,
        }
    }
}

impl RuleSet {
    /// Of descriptions, in their order, beside as many rules that did not run.
    pub(crate) fn described(descriptions: Vec<Description>, left_out: usize) -> Result<Self, RuleError> {
        let mut set = RuleSet { left_out, ..RuleSet::default() };
        set.extend(descriptions.into_iter().map(rule).collect())?;
        Ok(set)
    }
}

fn rule(described: Description) -> Rule {
    let form = Form {
        kind: FormKind::Regex(String::new()),
        interval: None,
        allow: Vec::new(),
        path: None,
        stopwords: Vec::new(),
        needs: None,
    };
    Rule {
        id: described.id,
        name: described.name,
        description: described.opens,
        severity: described.severity,
        confidence: described.confidence,
        keywords: Vec::new(),
        remediation: described.remediation,
        references: described.references,
        tags: described.tags,
        examples: Examples::default(),
        check: None,
        identity: None,
        companion: None,
        verify: None,
        revoke: None,
        rotate: None,
        requires: Vec::new(),
        part: false,
        covers: Vec::new(),
        entropy: None,
        guessable: described.guessable,
        generic: false,
        placeholders: false,
        provider: described.provider,
        place: Place::start_of("saved report"),
        builtin: false,
        form,
        exemptions: Vec::new(),
        compiled: OnceLock::new(),
    }
}
