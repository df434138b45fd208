//! A rule proves itself: its examples must match, its look-alikes must not.

use std::collections::BTreeSet;

use super::Detector;
use crate::finding::{Match, Verdict};
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
    if let Err(why) = rule.build() {
        list.push(why);
    }
    // Other scanners' files have no place for them.
    if rule.is_foreign() {
        return list;
    }
    if rule.examples.matching.len() < 2 || rule.examples.reject.len() < 2 {
        list.push("a rule needs at least two `match` and two `reject` examples".to_owned());
    }
    list.extend(rule.unreadable_identity());
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
    let text = filled(example)?;
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

/// Other rules that report the same bytes in this rule's `match` examples, generic ones aside. `all` is a detector with the
/// whole set.
pub fn overlaps(all: &Detector, rule: &Rule) -> BTreeSet<String> {
    let mut scratch = all.scratch();
    let mut others = BTreeSet::new();
    for example in examples(rule).iter().filter(|example| example.expect == Expect::Match) {
        let Ok(text) = filled(example) else { continue };
        let found = all.scan(text.as_bytes(), &mut scratch);
        let id = |found: &Match| &all.rules().get(found.rule).id;
        let own: Vec<_> = found.iter().filter(|m| *id(m) == rule.id).map(|m| m.location.span).collect();
        let touches =
            |m: &&Match| own.iter().any(|o| o.start < m.location.span.end && m.location.span.start < o.end);
        // A rule for some files only says nothing about examples, which have no path.
        let counts = |m: &&Match| {
            let other = all.rules().get(m.rule);
            other.id != rule.id && !other.generic && other.form.path.is_none()
        };
        let other = found.iter().filter(counts).filter(touches);
        others.extend(other.map(|m| id(m).clone()));
    }
    others
}

/// The text of an example.
fn filled(example: &Example) -> Result<String, String> {
    let seed = format!("{}/{:?}/{}", example.rule, example.expect, example.number);
    sample_template(&example.template, &mut Rng::from_name(&seed))
}

/// A credential that was made up from an example of its rule.
#[derive(Debug, Clone)]
pub struct Made {
    /// The credential.
    pub secret: String,
    /// The text that it stands in.
    pub text: String,
}

/// Tries at a number: what is drawn at random may happen to look like a placeholder.
const TRIES: u32 = 50;

/// The credential with this number, from the rule's `match` examples in turn.
pub fn make(rules: &RuleSet, rule: &Rule, number: u32) -> Option<Made> {
    let detector = Detector::new_for_one(rules, &rule.id).ok()?;
    let mut scratch = detector.scratch();
    let mut attempts = (0..TRIES).filter_map(|attempt| {
        let templates = &rule.examples.matching;
        let template = templates.get((number + attempt) as usize % templates.len().max(1))?;
        let seed = format!("{}/{number}/{attempt}", rule.id);
        let text = sample_template(template, &mut Rng::from_name(&seed)).ok()?;
        let found = detector.scan(text.as_bytes(), &mut scratch);
        let span = &found.first()?.location.span;
        let (start, end) = (usize::try_from(span.start).ok()?, usize::try_from(span.end).ok()?);
        Some(Made { secret: text.get(start..end)?.to_owned(), text })
    });
    // Some examples show that a wrong checksum is reported, too.
    let first = attempts.next()?;
    let is_sound = |made: &Made| !matches!(rule.examine(made.secret.as_bytes()).verdict, Verdict::Failed(_));
    if is_sound(&first) { Some(first) } else { attempts.find(is_sound).or(Some(first)) }
}

impl Detector {
    /// A detector with a single rule of a set.
    fn new_for_one(rules: &RuleSet, id: &str) -> Result<Self, crate::rules::RuleError> {
        Detector::new(rules.only(id))
    }
}
