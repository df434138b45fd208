//! What to look for, as data: [`Rule`] and [`RuleSet`].
//!
//! In: TOML text, embedded or from files of the user's, which may be another scanner's. Out: rules whose expressions are
//! compiled at first use.
//! Invariant: a compiled rule sees a bounded interval round one keyword occurrence and nothing else.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use crate::finding::{Confidence, RuleIndex, Severity};

pub mod allowlist;
mod by_path;
pub mod catalogue;
pub mod check;
mod checksum;
mod compile;
pub(crate) mod described;
mod embedded;
pub(crate) mod entropy;
mod error;
mod exemption;
mod expression;
mod files;
mod first;
mod foreign;
mod identity;
mod lazy;
mod nearby;
mod place;
mod program;
mod requirement;
pub mod response;
mod run;
pub mod sample;
mod schema;
mod shape;

pub(crate) use by_path::{NameFinder, Names, PathRules};
pub(crate) use compile::{Compiled, Start, Window};
pub use error::RuleError;
pub(crate) use exemption::{Criterion, Exemption, Memory, Sight, Target};
pub(crate) use expression::Cache;
#[cfg(any(fuzzing, test))]
pub(crate) use expression::Expression;
pub(crate) use foreign::{Placed, RawAllowlist, can, exemptions, needs_all, object_name, target_named};
pub(crate) use lazy::LazyRegex;
pub use place::Place;
pub(crate) use program::Found;
pub(crate) use requirement::{Extent, Requirement};
pub(crate) use schema::CompanionSpec;
pub use schema::{Examples, JSON_SCHEMA};
pub(crate) use shape::ByteSet;

/// How far the reader of assignments (`detect::assignment`) looks; part of the interval of `value` rules.
pub(crate) mod assignment_reach {
    /// Bytes before the keyword: a name, back to the dash of a flag or the word before it.
    pub(crate) const BEFORE: usize = 50;
    /// Bytes between the keyword and the value.
    pub(crate) const AFTER: usize = 320;
}

/// What to look for, and what to say about it.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Debug)]
pub struct Rule {
    /// `provider-kind`, for ever.
    pub id: String,
    /// What a person calls the credential.
    pub name: String,
    /// What a finder could do with it.
    pub description: String,
    /// By what it opens.
    pub severity: Severity,
    /// How sure a match is, before checks.
    pub confidence: Confidence,
    /// Every match contains one of them; lower case.
    pub keywords: Vec<String>,
    /// What to do now.
    pub remediation: String,
    /// Where the format is documented.
    pub references: Vec<String>,
    /// Words to select by.
    pub tags: Vec<String>,
    /// Texts that must and must not match.
    pub examples: Examples,
    /// The structure or checksum check, if there is one.
    pub check: Option<check::Check>,
    /// What it says about itself, if that can be read.
    pub(crate) identity: Option<Box<identity::Identity>>,
    /// The other half of the credential, if it has two.
    pub(crate) companion: Option<CompanionSpec>,
    /// How to ask whether it is live. Rules that come with muzzle are read without this and the next two: `Responses`.
    pub(crate) verify: Option<Box<response::Verify>>,
    /// How to revoke it.
    pub(crate) revoke: Option<Box<response::Revoke>>,
    /// How to replace it.
    pub(crate) rotate: Option<Box<response::Rotate>>,
    /// What must match near by; of foreign rules.
    pub(crate) requires: Vec<Requirement>,
    /// Half of a credential that is never reported by itself.
    pub part: bool,
    /// Least Shannon entropy of the secret, bits per byte.
    pub entropy: Option<f32>,
    /// The fingerprint must not be a hash of the secret alone.
    pub guessable: bool,
    /// A more specific rule on the same bytes wins.
    pub generic: bool,
    /// Ids of rules that find the same bytes and know less of them.
    pub covers: Vec<String>,
    /// Whether the general placeholder filter applies.
    pub placeholders: bool,
    /// File of the rule set it came from, without extension: the provider.
    pub provider: String,
    /// Where its expression stands.
    pub place: Place,
    /// Whether it comes with muzzle.
    pub builtin: bool,
    pub(crate) form: compile::Form,
    /// What it does not report, beside what its form says. Some are shared by many rules.
    exemptions: Vec<Arc<Exemption>>,
    compiled: OnceLock<Result<Box<Compiled>, String>>,
}

impl Rule {
    /// The interval that decides, in words; `None` if the expression does not compile, or if nothing in a file decides.
    pub fn interval(&self) -> Option<String> {
        if self.is_by_path() {
            return None;
        }
        let window = self.compiled()?.window;
        let lines = match window.lines {
            Some(0) => ", on the keyword's line".to_owned(),
            Some(usize::MAX) => ", across lines".to_owned(),
            Some(lines) => format!(", across at most {lines} line breaks in each direction"),
            None => String::new(),
        };
        Some(format!("{} bytes before and {} behind the keyword{lines}", window.before, window.after))
    }

    /// How sure a match can be, with all that may stand near it.
    pub(crate) fn best_confidence(&self) -> Confidence {
        self.companion.as_ref().map_or(self.confidence, |spec| spec.confidence.max(self.confidence))
    }

    /// What check and identity say of a secret, and whether its time is over by now.
    pub(crate) fn examine(&self, secret: &[u8]) -> check::Outcome {
        identity::examine(self.check, self.identity.as_deref(), secret)
    }

    /// Whether its expression cannot be tried step by step.
    pub fn needs_automata(&self) -> bool {
        self.compiled().is_some_and(|compiled| !compiled.expression.has_program())
    }

    /// Why what it says of identity cannot be used, if so.
    pub fn unreadable_identity(&self) -> Option<String> {
        self.identity.as_ref()?.complaint()
    }

    /// Whether it may be silent about a place where `other` is not.
    pub(crate) fn is_bound_more_than(&self, other: &Rule) -> bool {
        let is_shared = |exemption| other.exemptions.iter().any(|theirs| Arc::ptr_eq(theirs, exemption));
        self.form.path.is_some()
            || !self.requires.is_empty()
            || (self.part && self.is_foreign())
            || self.exemptions.iter().any(|exemption| !exemption.is_about_secret() && !is_shared(exemption))
    }

    /// Whether it is from another scanner's rule file.
    pub fn is_foreign(&self) -> bool {
        matches!(self.form.kind, compile::FormKind::Foreign(..) | compile::FormKind::Path)
    }

    /// What there is to see of a secret wherever it stands.
    pub(crate) fn sight<'a>(&'a self, secret: &'a [u8]) -> Sight<'a> {
        Sight { secret, rule: &self.id, description: &self.description, ..Sight::default() }
    }

    /// What it does not report although it matches.
    pub(crate) fn exemptions(&self) -> impl Iterator<Item = &Exemption> {
        let own = self.compiled().map_or(&[][..], |compiled| &compiled.exemptions);
        own.iter().chain(self.exemptions.iter().map(Arc::as_ref))
    }

    /// Whether its secrets may turn out to be placeholders. A block's text may hold anything; its check looks at it.
    pub(crate) fn judges_placeholders(&self) -> bool {
        self.placeholders && !matches!(self.form.kind, compile::FormKind::Block(..))
    }

    /// Whether it looks for the value given to a name.
    pub(crate) fn is_value(&self) -> bool {
        matches!(self.form.kind, compile::FormKind::Value { .. })
    }

    /// The same rule, with nothing compiled yet.
    fn uncompiled(&self) -> Rule {
        Rule {
            verify: self.verify.clone(),
            revoke: self.revoke.clone(),
            rotate: self.rotate.clone(),
            id: self.id.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            keywords: self.keywords.clone(),
            remediation: self.remediation.clone(),
            references: self.references.clone(),
            tags: self.tags.clone(),
            covers: self.covers.clone(),
            examples: self.examples.clone(),
            provider: self.provider.clone(),
            identity: self.identity.clone(),
            companion: self.companion.clone(),
            requires: self.requires.clone(),
            place: self.place.clone(),
            form: self.form.clone(),
            exemptions: self.exemptions.clone(),
            compiled: OnceLock::new(),
            ..*self
        }
    }

    /// The expressions, compiled at first use; `None` if they do not compile, which loading a foreign rule file and
    /// the tests of the embedded ones rule out.
    pub(crate) fn compiled(&self) -> Option<&Compiled> {
        self.try_compiled().ok()
    }

    /// Builds everything now, automata included, so that a mistake shows.
    pub(crate) fn build(&self) -> Result<(), String> {
        self.try_compiled().map_err(str::to_owned).and_then(Compiled::build_all)
    }

    pub(crate) fn try_compiled(&self) -> Result<&Compiled, &str> {
        self.compiled
            .get_or_init(|| Compiled::new(&self.form, &self.keywords).map(Box::new))
            .as_deref()
            .map_err(String::as_str)
    }
}

/// An ordered set of rules with distinct ids.
#[derive(Debug, Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
    left_out: usize,
}

impl RuleSet {
    /// Adds the rules of one TOML text in muzzle's own format; `file` is for messages and names the provider.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), RuleError> {
        self.extend(schema::parse(file, text)?)
    }

    fn extend(&mut self, rules: Vec<Rule>) -> Result<(), RuleError> {
        let mut known: HashMap<&str, &Place> = HashMap::new();
        for rule in self.rules.iter().chain(&rules) {
            if let Some(first) = known.insert(&rule.id, &rule.place) {
                let (place, first) = (rule.place.clone(), first.clone());
                return Err(RuleError::Duplicate { place, id: rule.id.clone(), first });
            }
        }
        self.rules.extend(rules);
        if self.rules.len() > usize::from(u16::MAX) {
            return Err(RuleError::TooMany);
        }
        Ok(())
    }

    /// Keeps the rules that `keep` wants. Indexes change.
    pub fn retain(&mut self, keep: impl FnMut(&Rule) -> bool) {
        self.rules.retain(keep);
    }

    /// Changes what is said of the rule with this id; false without one.
    pub fn adjust(&mut self, id: &str, severity: Option<Severity>, confidence: Option<Confidence>) -> bool {
        let Some(rule) = self.rules.iter_mut().find(|rule| rule.id == id) else { return false };
        rule.severity = severity.unwrap_or(rule.severity);
        if let Some(confidence) = confidence {
            rule.confidence = confidence;
            if let Some(companion) = &mut rule.companion {
                companion.confidence = confidence;
                companion.elsewhere = companion.elsewhere.map(|elsewhere| elsewhere.min(confidence));
            }
        }
        true
    }

    /// Drops rules whose finds could not be reported, but for those that others look for as companions. Indexes change.
    pub fn leave_out_below(&mut self, threshold: Confidence) {
        let is_reported = |rule: &Rule| rule.best_confidence() >= threshold;
        let companions: HashSet<String> = self
            .rules
            .iter()
            .filter(|rule| is_reported(rule))
            .flat_map(Rule::looks_for)
            .map(str::to_owned)
            .collect();
        let before = self.len();
        self.retain(|rule| is_reported(rule) || companions.contains(&rule.id));
        self.left_out += before - self.len();
    }

    /// How many rules [`RuleSet::leave_out_below`] dropped.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// The rule with this id.
    pub fn by_id(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// A copy that holds the rule with this id alone.
    #[must_use]
    pub fn only(&self, id: &str) -> RuleSet {
        let rules = self.rules.iter().filter(|rule| rule.id == id).map(Rule::uncompiled).collect();
        RuleSet { rules, left_out: 0 }
    }

    /// A copy that holds the wanted rules alone.
    pub(crate) fn some(&self, wanted: impl Fn(&Rule) -> bool) -> RuleSet {
        let rules = self.rules.iter().filter(|rule| wanted(rule)).map(Rule::uncompiled).collect();
        RuleSet { rules, left_out: 0 }
    }

    /// The rule at this index.
    pub fn get(&self, index: RuleIndex) -> &Rule {
        &self.rules[usize::from(index.0)]
    }

    /// All rules with their indexes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (RuleIndex, &Rule)> {
        self.rules.iter().enumerate().map(|(i, rule)| (RuleIndex(u16::try_from(i).unwrap_or(u16::MAX)), rule))
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// True without any rule.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Compiles the rules from this index on, so that a mistake shows now; for rule files that are not our own.
    fn compile_from(&self, first: usize) -> Result<(), RuleError> {
        use rayon::prelude::*;
        let failed = |rule: &Rule| {
            let built = rule.build();
            let (place, id) = (rule.place.clone(), rule.id.clone());
            built.err().map(|why| RuleError::Rule { place, id, why })
        };
        self.rules[first..].par_iter().find_map_first(failed).map_or(Ok(()), Err)
    }

    /// Distinct keywords in ascending order, each with the rules that name it.
    pub(crate) fn keywords(&self) -> BTreeMap<&str, Vec<RuleIndex>> {
        let mut map: BTreeMap<&str, Vec<RuleIndex>> = BTreeMap::new();
        for (index, rule) in self.iter() {
            for keyword in &rule.keywords {
                map.entry(keyword).or_default().push(index);
            }
        }
        map
    }
}
