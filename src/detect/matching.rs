//! One keyword occurrence → at most one candidate.
//!
//! [`evaluate`] is a pure function of the bytes in the rule's interval and one byte on either side of it.

use std::ops::Range;

use regex_automata::{Anchored, Input, Span, meta};

use super::assignment::Assignment;
use crate::finding::RuleIndex;
use crate::rules::Compiled;
use crate::rules::{ByteSet, MOST_GROUPS, Start, Window};

/// One thread's search caches, made when a rule is first tried.
#[derive(Debug)]
pub(super) struct Caches {
    search: Vec<Option<meta::Cache>>,
    allow: Vec<Option<meta::Cache>>,
}

impl Caches {
    pub(super) fn new(rules: usize) -> Self {
        Caches { search: (0..rules).map(|_| None).collect(), allow: (0..rules).map(|_| None).collect() }
    }

    pub(super) fn of(&mut self, rule: RuleIndex) -> &mut Option<meta::Cache> {
        &mut self.search[usize::from(rule.0)]
    }

    pub(super) fn of_allow(&mut self, rule: RuleIndex, allow: &meta::Regex) -> &mut meta::Cache {
        self.allow[usize::from(rule.0)].get_or_insert_with(|| allow.create_cache())
    }
}

/// The secret's span if the rule matches at this keyword occurrence. `place` is the keyword's number in the rule.
pub(super) fn evaluate(
    rule: &Compiled,
    place: usize,
    bytes: &[u8],
    keyword: Range<usize>,
    cache: &mut Option<meta::Cache>,
) -> Option<Range<usize>> {
    if rule.start == Start::AtKeyword && !shape_fits(&rule.shapes[place], &bytes[keyword.end..]) {
        return None;
    }
    let window = cut(&rule.window, bytes, &keyword);
    if rule.needs.is_some_and(|byte| memchr::memchr(byte, &bytes[keyword.end..window.end]).is_none()) {
        return None;
    }
    let cache = cache.get_or_insert_with(|| rule.regex.create_cache());
    let found = match rule.start {
        Start::AtKeyword => search(rule, cache, bytes, keyword.start..window.end, Anchored::Yes)?,
        Start::AtValue => return None,
        Start::Search => {
            // Leftmost match that contains the keyword; a match further left must not hide it.
            let mut from = window.start;
            loop {
                let found = search(rule, cache, bytes, from..window.end, Anchored::No)?;
                if found.whole.start > keyword.start {
                    return None;
                }
                if found.whole.end >= keyword.end {
                    break found;
                }
                from = found.whole.start + 1;
            }
        }
    };
    match &rule.block {
        None => Some(found.secret),
        Some(block) => {
            let body = found.secret.end..window.end;
            Some(found.secret.start..block_end(bytes, &bytes[keyword], body, block.end.as_bytes())?)
        }
    }
}

/// The secret's span if a `value` rule accepts what the assignment gives. The keyword is part of the name.
pub(super) fn evaluate_value(
    rule: &Compiled,
    bytes: &[u8],
    keyword: Range<usize>,
    assignment: &Assignment,
    cache: &mut Option<meta::Cache>,
) -> Option<Range<usize>> {
    let shape = &rule.shapes[0];
    let mut starts = assignment.starts.as_slice();
    while let Some((start, rest)) = starts.split_first() {
        starts = rest;
        // The places often coincide.
        if rest.contains(start) || !shape_fits(shape, &bytes[*start..]) {
            continue;
        }
        let name = |from: usize| &bytes[from..assignment.name_end];
        if rule.field.as_ref().is_some_and(|field| !field.is_match(name(keyword.end)))
            || rule.not_field.as_ref().is_some_and(|not| not.is_match(name(assignment.name_start)))
        {
            return None;
        }
        let window = cut(&rule.window, bytes, &keyword);
        let cache = cache.get_or_insert_with(|| rule.regex.create_cache());
        if let Some(found) = search(rule, cache, bytes, *start..window.end, Anchored::Yes) {
            return Some(found.secret);
        }
    }
    None
}

/// What an expression matched.
struct Found {
    whole: Range<usize>,
    secret: Range<usize>,
}

fn search(
    rule: &Compiled,
    cache: &mut meta::Cache,
    bytes: &[u8],
    span: Range<usize>,
    anchored: Anchored,
) -> Option<Found> {
    if span.start > span.end {
        return None;
    }
    let input = Input::new(bytes).span(Span::from(span)).anchored(anchored);
    let mut slots = [None; 2 * MOST_GROUPS];
    let used = (2 * rule.regex.group_info().all_group_len()).min(slots.len());
    rule.regex.search_slots_with(cache, &input, &mut slots[..used])?;
    let group = |number: usize| Some(slots[2 * number]?.get()..slots[2 * number + 1]?.get());
    Some(Found { whole: group(0)?, secret: group(rule.group)? })
}

fn shape_fits(shape: &[ByteSet], after: &[u8]) -> bool {
    after.len() >= shape.len() && shape.iter().zip(after).all(|(set, byte)| set.contains(*byte))
}

/// The part of the interval that lies in `bytes` and within the allowed line breaks.
fn cut(window: &Window, bytes: &[u8], keyword: &Range<usize>) -> Range<usize> {
    let mut start = keyword.start.saturating_sub(window.before);
    let mut end = bytes.len().min(keyword.end.saturating_add(window.after));
    if let Some(lines) = window.lines {
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
