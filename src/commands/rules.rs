//! `muzzle rules …`.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::print;
use crate::cli::RulesCommand;
use crate::detect::{Detector, proof};
use crate::response::modules;
use crate::rules::response::Responses;
use crate::rules::{JSON_SCHEMA, Rule, RuleSet, catalogue};

mod answers;

/// Runs one of them and returns the exit code.
pub fn run(command: &RulesCommand) -> anyhow::Result<u8> {
    match command {
        RulesCommand::List { json, files } => list(&files.rules()?, *json),
        RulesCommand::Show { id, files } => show(&files.rules()?, id),
        RulesCommand::Check { files, more } => check(&[files.as_slice(), more].concat()),
        RulesCommand::Example { id, count, from, text } => example(id, *from, *count, *text),
        RulesCommand::Catalogue => print(catalogue::markdown(&RuleSet::embedded()?)).map(|()| 0),
        RulesCommand::Schema => print(JSON_SCHEMA).map(|()| 0),
    }
}

fn list(rules: &RuleSet, as_json: bool) -> anyhow::Result<u8> {
    let mut sorted: Vec<&Rule> = rules.iter().map(|(_, rule)| rule).collect();
    sorted.sort_by(|a, b| a.id.cmp(&b.id));
    let responses = Responses::of(rules)?;
    if as_json {
        let list: Vec<_> = sorted.iter().map(|rule| describe(&responses, rule)).collect();
        print(format!("{}\n", serde_json::to_string_pretty(&list)?))?;
        return Ok(0);
    }
    let width = sorted.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for rule in &sorted {
        let known = answers::listed(&responses, rule);
        writeln!(
            text,
            "{:width$}  {:8}  {:6}  {}{known}",
            rule.id, rule.severity, rule.confidence, rule.name
        )?;
    }
    writeln!(text, "{} rules", sorted.len())?;
    print(&text)?;
    Ok(0)
}

fn describe(responses: &Responses, rule: &Rule) -> serde_json::Value {
    let (verify, revoke) = answers::described(responses, rule);
    json!({
        "id": rule.id, "name": rule.name, "provider": rule.provider, "description": rule.description,
        "severity": rule.severity, "confidence": rule.confidence, "keywords": rule.keywords,
        "remediation": rule.remediation, "references": rule.references, "tags": rule.tags,
        "verify": verify, "revoke": revoke,
    })
}

fn show(rules: &RuleSet, id: &str) -> anyhow::Result<u8> {
    let Some(rule) = rules.by_id(id) else { bail!("there is no rule `{id}`; `muzzle rules list` shows all") };
    let mut text = format!(
        "{}\n  {}\n  severity {}, confidence {}\n\n  {}\n  To do: {}\n\n  keywords: {}\n",
        rule.id,
        rule.name,
        rule.severity,
        rule.confidence,
        rule.description,
        rule.remediation,
        rule.keywords.join(", "),
    );
    if let Some(interval) = rule.interval() {
        writeln!(text, "  looks at: {interval}")?;
    }
    for required in rule.required() {
        writeln!(text, "  near it: {required}")?;
    }
    text.push_str(&answers::shown(&Responses::of(rules)?, rule));
    for reference in &rule.references {
        writeln!(text, "  {reference}")?;
    }
    print(&text)?;
    Ok(0)
}

fn check(files: &[PathBuf]) -> anyhow::Result<u8> {
    let mut rules = RuleSet::default();
    if files.is_empty() {
        rules = RuleSet::embedded_with_examples()?;
    }
    files.iter().try_for_each(|file| rules.load(file))?;
    let responses = Responses::of(&rules)?;
    let (mut text, mut examples, mut problems) = (String::new(), 0, 0);
    for (_, rule) in rules.iter() {
        let mut complain = |why: String| {
            problems += 1;
            writeln!(text, "{}: {why}", rule.id)
        };
        for complaint in proof::complaints(rule) {
            complain(complaint)?;
        }
        for name in responses.modules(&rule.id).filter(|name| modules::by_name(name).is_none()) {
            complain(format!("there is no module `{name}`"))?;
        }
        for example in proof::examples(rule) {
            examples += 1;
            if let Err(why) = proof::run(&rules, &example) {
                complain(
                    format!("{:?} example {}: {why}", example.expect, example.number + 1).to_lowercase(),
                )?;
            }
        }
    }
    for note in notes(files, &rules)? {
        writeln!(text, "note: {note}")?;
    }
    writeln!(text, "{} rules, {examples} examples, {problems} problems", rules.len())?;
    print(&text)?;
    Ok(u8::from(problems != 0))
}

/// What is no mistake, but may not be meant: rules that find the same, and expressions that cost more than others.
fn notes(files: &[PathBuf], rules: &RuleSet) -> anyhow::Result<Vec<String>> {
    let mut all = RuleSet::embedded()?;
    // Files of our own rules are there already.
    if files.iter().try_for_each(|file| all.load(file)).is_err() {
        all = RuleSet::embedded()?;
    }
    let all = Detector::new(all)?;
    let mut notes = Vec::new();
    for (_, rule) in rules.iter() {
        let others: Vec<String> = proof::overlaps(&all, rule).into_iter().collect();
        if !others.is_empty() {
            notes.push(format!("{}: its examples are found by {}, too", rule.id, others.join(", ")));
        }
        if rule.needs_automata() {
            notes.push(format!(
                "{}: its expression takes automata, which are slow to build and large",
                rule.id
            ));
        }
    }
    Ok(notes)
}

/// Prints made-up credentials, a line each; with `text`, what they stand in.
fn example(id: &str, from: u32, count: u16, text: bool) -> anyhow::Result<u8> {
    let rules = RuleSet::embedded_with_examples()?;
    let Some(rule) = rules.by_id(id) else { bail!("there is no rule `{id}`; `muzzle rules list` shows all") };
    for number in (from..).take(usize::from(count)) {
        let made = proof::make(&rules, rule, number)
            .with_context(|| format!("`{id}` has no example from which a credential could be made"))?;
        print(format!("{}\n", if text { made.text } else { made.secret }))?;
    }
    Ok(0)
}
