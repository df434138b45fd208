//! A rule proves itself: its examples must match, its look-alikes must not.

use super::Detector;
use crate::rules::sample::{Rng, sample_template};
use crate::rules::{Rule, RuleSet};

/// What an example must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// The rule reports something.
    Match,
    /// The rule reports nothing.
    Reject,
}

/// One example of a rule, not yet run.
#[derive(Debug, Clone)]
pub struct Example {
    /// The rule's id.
    pub rule: String,
    /// What must happen.
    pub expect: Expect,
    /// Its number among those of the same kind.
    pub number: usize,
    /// The template.
    pub template: String,
}

/// All examples of a rule.
pub fn examples(rule: &Rule) -> Vec<Example> {
    let list = |expect, templates: &[String]| {
        let make = move |(number, template): (usize, &String)| Example {
            rule: rule.id.clone(),
            expect,
            number,
            template: template.clone(),
        };
        templates.iter().enumerate().map(make).collect::<Vec<_>>()
    };
    [list(Expect::Match, &rule.examples.matching), list(Expect::Reject, &rule.examples.reject)].concat()
}

/// What a rule's author must mend that no single example shows.
pub fn complaints(rule: &Rule) -> Vec<String> {
    let mut list = Vec::new();
    if let Err(why) = rule.try_compiled() {
        list.push(why.to_owned());
    }
    // Other scanners' files have no place for them.
    if rule.is_foreign() {
        return list;
    }
    if rule.examples.matching.len() < 2 || rule.examples.reject.len() < 2 {
        list.push("a rule needs at least two `match` and two `reject` examples".to_owned());
    }
    for (what, text) in
        [("name", &rule.name), ("description", &rule.description), ("remediation", &rule.remediation)]
    {
        if text.trim().is_empty() {
            list.push(format!("`{what}` is empty"));
        }
    }
    list
}

/// Runs one example against its rule alone. The error says what went wrong.
pub fn run(rules: &RuleSet, example: &Example) -> Result<(), String> {
    if let Some(Err(why)) = rules.by_id(&example.rule).map(Rule::try_compiled) {
        return Err(format!("the expression is refused: {why}"));
    }
    let detector = Detector::new_for_one(rules, &example.rule).map_err(|e| e.to_string())?;
    let seed = format!("{}/{:?}/{}", example.rule, example.expect, example.number);
    let text = sample_template(&example.template, &mut Rng::from_name(&seed))?;
    let mut scratch = detector.scratch();
    let matches = detector.scan(text.as_bytes(), &mut scratch);
    let reasons: Vec<String> = scratch.dropped.keys().map(|(_, reason)| reason.to_string()).collect();
    match (example.expect, matches.is_empty()) {
        (Expect::Match, true) if reasons.is_empty() => Err(format!("nothing matches in {text:?}")),
        (Expect::Match, true) => Err(format!("dropped as {} in {text:?}", reasons.join(", "))),
        (Expect::Reject, false) => Err(format!("matches {:?} in {text:?}", matches[0].location.span)),
        _ => Ok(()),
    }
}

impl Detector {
    /// A detector with a single rule of a set.
    fn new_for_one(rules: &RuleSet, id: &str) -> Result<Self, crate::rules::RuleError> {
        Detector::new(rules.only(id))
    }
}
