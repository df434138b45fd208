//! One credential that somebody hands over, and under which rule.

use std::sync::Arc;

use super::{Values, credential, inputs};
use crate::detect::Detector;
use crate::finding::Fingerprint;
use crate::response::inputs::Credential;
use crate::response::settings::Settings;
use crate::rules::{Rule, RuleError, RuleSet};
use crate::secret::Secret;

/// A value with what else its rule needs.
#[derive(Debug)]
pub struct Given {
    /// The id of its rule.
    pub rule: String,
    /// It.
    pub secret: Secret,
    /// Other inputs by name: `companion`, a host, a user's name.
    pub others: Vec<(String, Secret)>,
    /// The rule need not recognise it.
    pub any_shape: bool,
}

/// Why nothing can be asked about it.
#[derive(Debug, thiserror::Error)]
pub enum GivenError {
    /// A rule that is not there.
    #[error("there is no rule {0:?}: `muzzle rules list` shows all")]
    NoRule(String),
    /// Nothing was handed over.
    #[error("no secret was given: its first line is read from standard input")]
    Empty,
    /// It is something else. The value is not told.
    #[error(
        "what was given does not look like {name} (rule {rule}), so that its provider would be shown somebody else's \
         secret: check the rule, or say --force-shape"
    )]
    OtherShape {
        /// The rule's id.
        rule: String,
        /// What it finds.
        name: String,
    },
    /// The rule's file has a mistake.
    #[error(transparent)]
    Rule(#[from] RuleError),
}

impl Given {
    /// As something that can be asked about.
    ///
    /// # Errors
    /// If there is no such rule, no value, or a value of another shape.
    pub fn credential(self, rules: &RuleSet, settings: &Settings) -> Result<Credential, GivenError> {
        let Given { rule: id, secret, others, any_shape } = self;
        let rule = rules.by_id(&id).ok_or_else(|| GivenError::NoRule(id.clone()))?;
        if secret.is_empty() {
            return Err(GivenError::Empty);
        }
        if !any_shape && !is_of(rule, rules, &secret)? {
            return Err(GivenError::OtherShape { rule: id, name: rule.name.clone() });
        }
        let fingerprint = if rule.guessable {
            // Its hash would be a leak by itself.
            Fingerprint::of_place(&rule.id, b"standard input", b"", b"")
        } else {
            #[expect(clippy::disallowed_methods, reason = "a fingerprint is a function of the bytes")]
            Fingerprint::of_secret(&rule.id, secret.expose())
        };
        let mut inputs = inputs(&rule.id, Values { secret, companion: None, line: None }, settings);
        others.into_iter().for_each(|(name, value)| inputs.set(&name, value));
        Ok(credential(fingerprint, &rule.id, &rule.provider, inputs, "standard input".into()))
    }
}

/// Whether the rule finds it, by itself or as the value of one of the names that it looks for.
fn is_of(rule: &Rule, rules: &RuleSet, secret: &Secret) -> Result<bool, RuleError> {
    #[expect(clippy::disallowed_methods, reason = "it is compared with what the rule finds")]
    let value = secret.expose();
    let detector = Arc::new(Detector::new(rules.only(&rule.id))?);
    let mut scratch = detector.scratch();
    let before = rule.keywords.iter().flat_map(|word| {
        ["=\"", "_key = \"", "_token = \"", "_secret = \"", " = \"", ": "]
            .map(|between| format!("{word}{between}"))
    });
    let found = std::iter::once(String::new()).chain(before).any(|before| {
        let end: &[u8] = if before.ends_with('"') { b"\"\n" } else { b"\n" };
        let text = Secret::new(&[before.as_bytes(), value, end].concat());
        #[expect(clippy::disallowed_methods, reason = "it is what the rule looks at")]
        let matches = detector.scan(text.expose(), &mut scratch);
        matches.iter().any(|found| found.secret == *secret)
    });
    Ok(found)
}
