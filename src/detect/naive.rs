//! The slow and obvious way to find candidates, for tests and fuzzers: every keyword looked for at every offset, every
//! expression run over all that its interval allows, byte by byte counted. The detector must equal it, and must not
//! depend on anything outside the interval.

use std::ops::Range;

use super::matching::RuleCaches;
use super::{Detector, Scratch, assignment, nearby};
use crate::rules::{Cache, Compiled, Expression, Found, Rule, RuleSet, Start};

#[cfg(test)]
pub(super) mod tests;

/// All candidates of one rule.
fn candidates(rule: &Rule, bytes: &[u8]) -> Vec<Range<usize>> {
    let compiled = rule.try_compiled().expect("rules compile");
    let mut found = Vec::new();
    for keyword in &rule.keywords {
        for start in 0..=bytes.len().saturating_sub(keyword.len()) {
            let occurrence = &bytes[start..bytes.len().min(start + keyword.len())];
            if occurrence.eq_ignore_ascii_case(keyword.as_bytes()) {
                found.extend(at(compiled, bytes, start..start + keyword.len()).into_iter().map(|f| f.secret));
            }
        }
    }
    found.sort_by_key(|span| (span.start, span.end));
    found.dedup();
    found
}

fn at(rule: &Compiled, bytes: &[u8], keyword: Range<usize>) -> Vec<Found> {
    let allowed = interval(rule, bytes, &keyword);
    let search = |from: usize| {
        if from > allowed.end {
            return None;
        }
        rule.expression.at_by_automata(bytes, from..allowed.end, &mut Cache::default())
    };
    let matches = |expression: &Expression, text: &[u8]| {
        (0..=text.len())
            .any(|from| expression.at_by_automata(text, from..text.len(), &mut Cache::default()).is_some())
    };
    let one = || match rule.start {
        Start::AtKeyword => search(keyword.start),
        Start::AtValue => {
            let assignment = assignment::read(bytes, keyword.clone())?;
            let name = |from: usize| &bytes[from..assignment.name_end];
            if rule.field.as_ref().is_some_and(|field| !matches(field, name(keyword.end)))
                || rule.not_field.as_ref().is_some_and(|not| matches(not, name(assignment.name_start)))
            {
                return None;
            }
            assignment.starts.iter().find_map(|start| search(*start))
        }
        Start::Search | Start::Sweep => {
            (allowed.start..=keyword.start).filter_map(search).find(|found| found.whole.end >= keyword.end)
        }
        Start::Nearby => nearby::evaluate(rule, bytes, keyword.clone(), &mut RuleCaches::default()),
        Start::Near => None,
    };
    if rule.start != Start::Near {
        return one().into_iter().collect();
    }
    let (mut all, mut from) = (Vec::new(), allowed.start);
    while from <= allowed.end {
        let found = search(from);
        from = found.as_ref().map_or(from + 1, |found| found.whole.end.max(from + 1));
        all.extend(found);
    }
    let is_cut = |found: &Found| {
        found.whole.start == allowed.start && allowed.start > 0
            || found.whole.end == allowed.end && allowed.end < bytes.len()
    };
    all.retain(|found| !is_cut(found));
    all
}

/// The interval, one byte at a time.
fn interval(rule: &Compiled, bytes: &[u8], keyword: &Range<usize>) -> Range<usize> {
    let most_lines = rule.window.lines.unwrap_or(usize::MAX);
    let (mut start, mut lines) = (keyword.start, 0);
    while start > 0 && keyword.start - start < rule.window.before {
        lines += usize::from(bytes[start - 1] == b'\n');
        if lines > most_lines {
            break;
        }
        start -= 1;
    }
    let (mut end, mut lines) = (keyword.end, 0);
    while end < bytes.len() && end - keyword.end < rule.window.after {
        lines += usize::from(bytes[end] == b'\n');
        if lines > most_lines {
            break;
        }
        end += 1;
    }
    start..end
}

/// Rules of another scanner, of every kind.
pub(super) fn foreign_rules() -> RuleSet {
    let mut rules = RuleSet::default();
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules/gitleaks-kinds.toml");
    rules.load(&file).expect("they are right");
    rules
}

/// Ours, those for values near a name included.
pub(super) fn all_rules() -> RuleSet {
    let mut rules = RuleSet::embedded_with_examples().expect("embedded rules load");
    rules.look_nearby();
    rules
}

/// Blocks are not found by an expression alone.
fn is_expression(rule: &Rule) -> bool {
    rule.try_compiled().is_ok_and(|compiled| compiled.block.is_none())
}

/// What the detector finds of a rule, and what its expression does.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    rule: String,
    fast: Vec<Range<usize>>,
    slow: Vec<Range<usize>>,
}

/// Whether the detector finds what the rules' expressions find.
pub(super) fn compare(detector: &Detector, text: &[u8], scratch: &mut Scratch) -> Result<(), Difference> {
    detector.find_candidates(text, 0..text.len(), scratch);
    for (index, rule) in detector.rules().iter().filter(|(_, rule)| is_expression(rule)) {
        let mut fast: Vec<_> =
            scratch.candidates.iter().filter(|c| c.rule == index).map(|c| c.span.clone()).collect();
        fast.sort_by_key(|span| (span.start, span.end));
        fast.dedup();
        let slow = candidates(rule, text);
        if fast != slow {
            return Err(Difference { rule: rule.id.clone(), fast, slow });
        }
    }
    Ok(())
}

/// The rules' own examples: one that matches and one that does not, of each.
pub(super) fn examples() -> Vec<Vec<u8>> {
    use crate::rules::sample::{Rng, sample_template};
    let rules = RuleSet::embedded_with_examples().expect("embedded rules load");
    let mut pieces = Vec::new();
    for (_, rule) in rules.iter() {
        for template in rule.examples.matching.iter().take(1).chain(rule.examples.reject.iter().take(1)) {
            let text =
                sample_template(template, &mut Rng::from_name(&rule.id)).expect("examples are well formed");
            if text.len() < 3000 {
                pieces.push(text.into_bytes());
            }
        }
    }
    pieces
}

/// What may stand between them.
pub(super) const GLUE: [&[u8]; 8] = [b" ", b"\n", b"=", b"\"", b"x", b"\r\n  ", b"\0\xff", b": "];
