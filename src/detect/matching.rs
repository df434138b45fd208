//! One keyword occurrence → at most one candidate, or, for rules that look near it, all matches in the interval.
//!
//! [`evaluate`] and [`evaluate_near`] are pure functions of the bytes in the rule's interval and one byte on either side of it.

use std::ops::Range;

use super::assignment::Assignment;
use crate::finding::RuleIndex;
use crate::rules::{ByteSet, Cache, Compiled, Found, Memory, Start, Window};

/// One thread's memory for trying expressions, by rule.
#[derive(Debug)]
pub(super) struct Caches(Vec<RuleCaches>);

/// For each of a rule's expressions.
#[derive(Debug, Default)]
pub(super) struct RuleCaches {
    expression: Cache,
    field: Cache,
    not_field: Cache,
    exemptions: Vec<Memory>,
}

impl RuleCaches {
    pub(super) fn expression(&mut self) -> &mut Cache {
        &mut self.expression
    }

    pub(super) fn not_field(&mut self) -> &mut Cache {
        &mut self.not_field
    }

    /// That of the rule's exemption with this number.
    pub(super) fn exemption(&mut self, number: usize) -> &mut Memory {
        if self.exemptions.len() <= number {
            self.exemptions.resize_with(number + 1, Memory::default);
        }
        &mut self.exemptions[number]
    }
}

impl Caches {
    pub(super) fn new(rules: usize) -> Self {
        Caches((0..rules).map(|_| RuleCaches::default()).collect())
    }

    pub(super) fn of(&mut self, rule: RuleIndex) -> &mut RuleCaches {
        &mut self.0[usize::from(rule.0)]
    }
}

/// The match and its secret if the rule matches at this keyword occurrence. `place` is the keyword's number in the rule.
pub(super) fn evaluate(
    rule: &Compiled,
    place: usize,
    bytes: &[u8],
    keyword: Range<usize>,
    caches: &mut RuleCaches,
) -> Option<Found> {
    if rule.start == Start::AtKeyword && !shape_fits(&rule.shapes[place], &bytes[keyword.end..]) {
        return None;
    }
    let window = cut(&rule.window, bytes, &keyword);
    if rule.needs.is_some_and(|byte| memchr::memchr(byte, &bytes[keyword.end..window.end]).is_none()) {
        return None;
    }
    let found = match rule.start {
        Start::AtKeyword => rule.expression.at(bytes, keyword.start..window.end, &mut caches.expression)?,
        Start::Sweep => sweep(rule, bytes, window.clone(), &keyword, &mut caches.expression)?,
        Start::AtValue | Start::Near | Start::Nearby => return None,
        // Leftmost match that contains the keyword; a match further left must not hide it.
        Start::Search => (window.start..=keyword.start)
            .filter(|from| shape_fits(&rule.shapes[0], &bytes[*from..]))
            .filter_map(|from| rule.expression.at(bytes, from..window.end, &mut caches.expression))
            .find(|found| found.whole.end >= keyword.end)?,
    };
    match &rule.block {
        None => Some(found),
        Some(block) => {
            let body = found.secret.end..window.end;
            let whole = found.secret.start..block_end(bytes, &bytes[keyword], body, block.end.as_bytes())?;
            Some(Found { secret: whole.clone(), whole })
        }
    }
}

/// What [`Start::Search`] finds, with one search for every match that ends too early.
fn sweep(
    rule: &Compiled,
    bytes: &[u8],
    window: Range<usize>,
    keyword: &Range<usize>,
    cache: &mut Cache,
) -> Option<Found> {
    let mut from = window.start;
    loop {
        let found = rule.expression.first_in(bytes, from..window.end, cache)?;
        if found.whole.start > keyword.start {
            return None;
        }
        if found.whole.end >= keyword.end {
            return Some(found);
        }
        from = found.whole.start + 1;
    }
}

/// All matches in the interval of a rule whose matches need not contain the keyword, one behind the other. What touches
/// a border of the interval may go on beyond it, and is left to the occurrence that sees it whole.
pub(super) fn evaluate_near(
    rule: &Compiled,
    bytes: &[u8],
    keyword: &Range<usize>,
    caches: &mut RuleCaches,
    mut yields: impl FnMut(Found),
) {
    let window = cut(&rule.window, bytes, keyword);
    let mut from = window.start;
    while let Some(found) = rule.expression.first_in(bytes, from..window.end, &mut caches.expression) {
        from = found.whole.end.max(found.whole.start + 1);
        let is_cut = (found.whole.start == window.start && window.start > 0)
            || (found.whole.end == window.end && window.end < bytes.len());
        if !is_cut {
            yields(found);
        }
    }
}

/// The match and its secret if a `value` rule accepts what the assignment gives. The keyword is part of the name.
pub(super) fn evaluate_value(
    rule: &Compiled,
    bytes: &[u8],
    keyword: Range<usize>,
    assignment: &Assignment,
    caches: &mut RuleCaches,
) -> Option<Found> {
    let shape = &rule.shapes[0];
    let mut starts = assignment.starts.as_slice();
    while let Some((start, rest)) = starts.split_first() {
        starts = rest;
        // The places often coincide.
        if rest.contains(start) || !shape_fits(shape, &bytes[*start..]) {
            continue;
        }
        let window = cut(&rule.window, bytes, &keyword);
        if let Some(found) = rule.expression.at(bytes, *start..window.end, &mut caches.expression) {
            return name_fits(rule, bytes, keyword.end, assignment, caches).then_some(found);
        }
    }
    None
}

/// Whether the name is one that the rule looks for.
fn name_fits(
    rule: &Compiled,
    bytes: &[u8],
    keyword_end: usize,
    assignment: &Assignment,
    caches: &mut RuleCaches,
) -> bool {
    let name = |from: usize| &bytes[from..assignment.name_end];
    rule.field.as_ref().is_none_or(|field| field.is_match(name(keyword_end), &mut caches.field))
        && !rule
            .not_field
            .as_ref()
            .is_some_and(|not| not.is_match(name(assignment.name_start), &mut caches.not_field))
}

pub(super) fn shape_fits(shape: &[ByteSet], after: &[u8]) -> bool {
    after.len() >= shape.len() && shape.iter().zip(after).all(|(set, byte)| set.contains(*byte))
}

/// The part of the interval that lies in `bytes` and within the allowed line breaks.
pub(super) fn cut(window: &Window, bytes: &[u8], keyword: &Range<usize>) -> Range<usize> {
    let mut start = keyword.start.saturating_sub(window.before);
    let mut end = bytes.len().min(keyword.end.saturating_add(window.after));
    if let Some(lines) = window.lines.filter(|lines| *lines < usize::MAX) {
        if let Some(at) = memchr::memrchr_iter(b'\n', &bytes[start..keyword.start]).nth(lines) {
            start += at + 1;
        }
        if let Some(at) = memchr::memchr_iter(b'\n', &bytes[keyword.end..end]).nth(lines) {
            end = keyword.end + at;
        }
    }
    start..end
}

/// Longest tail of the closing line behind its literal.
const CLOSING_TAIL: usize = 80;

/// Where the block closes: behind the closing literal and the rest of its label.
fn block_end(bytes: &[u8], opening: &[u8], body: Range<usize>, literal: &[u8]) -> Option<usize> {
    let at = memchr::memmem::find(&bytes[body.clone()], literal)?;
    // A block that never closes must not run into the next one.
    if memchr::memmem::find(&bytes[body.start..body.start + at], opening).is_some() {
        return None;
    }
    let tail = body.start + at + literal.len();
    let label = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b':');
    let rest = &bytes[tail..body.end.min(tail + CLOSING_TAIL)];
    Some(tail + rest.iter().position(|b| !label(b)).unwrap_or(rest.len()))
}
