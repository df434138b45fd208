//! One keyword occurrence → at most one candidate.
//!
//! [`evaluate`] is a pure function of the bytes in the rule's interval and one byte on either side of it.

use std::ops::Range;

use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Anchored, Input, Span, meta};

use crate::finding::RuleIndex;
use crate::rules::Compiled;
use crate::rules::{Start, Window};

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

    pub(super) fn of(&mut self, rule: RuleIndex, compiled: &Compiled) -> &mut Option<meta::Cache> {
        let _ = compiled;
        &mut self.search[usize::from(rule.0)]
    }

    pub(super) fn of_allow(&mut self, rule: RuleIndex, allow: &meta::Regex) -> &mut meta::Cache {
        self.allow[usize::from(rule.0)].get_or_insert_with(|| allow.create_cache())
    }
}

/// Groups that a rule's expression may have before and including the ones we read.
const GROUPS: usize = 8;

/// The secret's span if the rule matches at this keyword occurrence. `place` is the keyword's number in the rule.
pub(super) fn evaluate(
    rule: &Compiled,
    place: usize,
    bytes: &[u8],
    keyword: Range<usize>,
    cache: &mut Option<meta::Cache>,
) -> Option<Range<usize>> {
    let cheap = match rule.start {
        Start::AtKeyword => shape_fits(rule, place, &bytes[keyword.end..]),
        Start::AfterKeyword => is_word_start(bytes, keyword.start) && has_operator(bytes, &keyword),
        Start::Search => true,
    };
    if !cheap {
        return None;
    }
    let window = cut(&rule.window, bytes, &keyword);
    let cache = cache.get_or_insert_with(|| rule.regex.create_cache());
    let mut slots = [None; 2 * GROUPS];
    let used = (2 * (rule.regex.group_info().all_group_len())).min(slots.len());
    let slots = &mut slots[..used];
    match rule.start {
        Start::AtKeyword => search(rule, cache, bytes, keyword.start..window.end, Anchored::Yes, slots)?,
        Start::AfterKeyword => search(rule, cache, bytes, keyword.end..window.end, Anchored::Yes, slots)?,
        Start::Search => {
            // Leftmost match that contains the keyword; a match further left must not hide it.
            let mut from = window.start;
            loop {
                let found = search(rule, cache, bytes, from..window.end, Anchored::No, slots)?;
                if found.start > keyword.start {
                    return None;
                }
                if found.end >= keyword.end {
                    break found;
                }
                from = found.start + 1;
            }
        }
    };
    let group = |number: usize| -> Option<Range<usize>> {
        Some(slots.get(2 * number)?.as_ref()?.get()..slots.get(2 * number + 1)?.as_ref()?.get())
    };
    if let Some(flag) = rule.flag_group
        && group(flag).is_some()
        && !is_flag(bytes, keyword.start)
    {
        return None;
    }
    let secret = group(rule.group)?;
    match &rule.block {
        None => Some(secret),
        Some(block) => Some(secret.start..block_end(bytes, secret.end..window.end, block.end.as_bytes())?),
    }
}

fn search(
    rule: &Compiled,
    cache: &mut meta::Cache,
    bytes: &[u8],
    span: Range<usize>,
    anchored: Anchored,
    slots: &mut [Option<NonMaxUsize>],
) -> Option<Range<usize>> {
    if span.start > span.end {
        return None;
    }
    let input = Input::new(bytes).span(Span::from(span)).anchored(anchored);
    rule.regex.search_slots_with(cache, &input, slots)?;
    Some(slots[0]?.get()..slots[1]?.get())
}

fn shape_fits(rule: &Compiled, place: usize, after: &[u8]) -> bool {
    let shape = &rule.shapes[place];
    after.len() >= shape.len() && shape.iter().zip(after).all(|(set, byte)| set.contains(*byte))
}

/// A name's keyword begins a word: behind no letter or digit, or where camel case begins a new one.
fn is_word_start(bytes: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|i| bytes[i]) else { return true };
    !before.is_ascii_alphanumeric() || (bytes[at].is_ascii_uppercase() && before.is_ascii_lowercase())
}

/// How far behind a keyword the operator of an assignment may stand.
const OPERATOR_REACH: usize = 160;

/// A necessary condition for `value` rules: only what a name may hold stands between the keyword and an operator.
fn has_operator(bytes: &[u8], keyword: &Range<usize>) -> bool {
    let end = bytes.len().min(keyword.end + OPERATOR_REACH);
    for byte in &bytes[keyword.end..end] {
        match byte {
            b'=' | b':' | b',' | b'>' | b'(' | b'<' => return true,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b' ' | b'\t' | b'\r' | b'\n' => {}
            b'\\' | b'"' | b'\'' | b'`' | b']' | b')' | b'}' | b'?' | b'+' | b'|' | b'~' => {}
            _ => return is_flag(bytes, keyword.start),
        }
    }
    is_flag(bytes, keyword.start)
}

/// Longest name that is looked at for its leading dash.
const LONGEST_FLAG: usize = 40;

/// Whether the name round `at` is a command-line flag such as `--api-token`.
fn is_flag(bytes: &[u8], at: usize) -> bool {
    let floor = at.saturating_sub(LONGEST_FLAG);
    let name_start = bytes[floor..at]
        .iter()
        .rposition(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')))
        .map_or(floor, |i| floor + i + 1);
    bytes.get(name_start) == Some(&b'-')
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
fn block_end(bytes: &[u8], body: Range<usize>, literal: &[u8]) -> Option<usize> {
    let at = memchr::memmem::find(&bytes[body.clone()], literal)?;
    let tail = body.start + at + literal.len();
    let label = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b':');
    let rest = &bytes[tail..body.end.min(tail + CLOSING_TAIL)];
    Some(tail + rest.iter().position(|b| !label(b)).unwrap_or(rest.len()))
}
