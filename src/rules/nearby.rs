//! Rules for values that merely stand near a provider's name, for those who want to see everything.
//!
//! Prose, logs and formats that nobody foresaw give no value to a name: `Using Acme 3kXw…`. What a rule accepts as the
//! value of a name may be looked for behind the name, too; that is weak context, and so a rule of its own with the lowest
//! confidence.

use super::compile::{Form, FormKind};
use super::{Rule, RuleSet};
use crate::finding::{Confidence, Severity};

/// Ends the id of such a rule.
const SUFFIX: &str = "-nearby";

impl RuleSet {
    /// Adds a rule for values near the name for each rule of ours that looks for values given to a name.
    pub fn look_nearby(&mut self) {
        let nearby: Vec<Rule> = self.rules.iter().filter_map(Rule::nearby).collect();
        for rule in &mut self.rules {
            if rule.nearby_form().is_some() {
                rule.covers.push(format!("{}{SUFFIX}", rule.id));
            }
        }
        self.rules.extend(nearby);
    }
}

impl Rule {
    /// Kinds without a provider have no name to be near, and halves of credentials have more than a name.
    fn nearby_form(&self) -> Option<FormKind> {
        let FormKind::Value { value, not_field, .. } = &self.form.kind else { return None };
        let is_eligible = self.builtin
            && !self.generic
            && !self.part
            && !self.guessable
            && self.companion.is_none()
            && self.form.path.is_none()
            && self.severity > Severity::Low;
        is_eligible.then(|| FormKind::Nearby { value: value.clone(), not_field: not_field.clone() })
    }

    fn nearby(&self) -> Option<Rule> {
        let kind = self.nearby_form()?;
        let rule = self.uncompiled();
        Some(Rule {
            id: format!("{}{SUFFIX}", self.id),
            name: format!("{}, by the look of it", self.name),
            confidence: Confidence::Low,
            form: Form { kind, ..rule.form },
            ..rule
        })
    }
}
