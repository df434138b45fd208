//! How a foreign expression is run: which part of a match is the secret, and how far round a keyword it may look.

use regex_syntax::hir::{Capture, Class, Hir, HirKind, Repetition};

use crate::rules::compile::{LONGEST_MATCH, Start, Window};
use crate::rules::expression::Groups;

/// An expression in the words of `compile::parse`.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    pub(in crate::rules) text: String,
    pub(in crate::rules) secret: Groups,
    /// Its keywords stand near a match and need not be part of it.
    pub(in crate::rules) near: bool,
    /// Every match holds a keyword that begins within so many bytes of its own beginning.
    pub(in crate::rules) before: Option<usize>,
}

impl Pattern {
    /// How it is tried, if not every match begins with a keyword.
    pub(in crate::rules) fn start(&self) -> Start {
        match self.before {
            _ if self.near => Start::Near,
            // A few places are tried one by one more quickly than the whole interval is searched.
            Some(before) if before <= FEW => Start::Search,
            _ => Start::Sweep,
        }
    }
}

/// Places that are tried one by one.
const FEW: usize = 128;

/// Bytes before the keyword that an expression without a bound may look at.
const BEFORE: usize = 256;
/// Bytes behind it that are looked at for matches near the keyword.
const NEAR: usize = 1 << 10;
/// Bytes behind it that an expression without a bound may look at: long tokens with many claims.
const AFTER: usize = 4 << 10;

/// The interval of an expression. Where it has no bound of its own, this is the bound.
pub(in crate::rules) fn window(pattern: &Pattern, hir: &Hir, start: Start) -> Window {
    if start == Start::Near {
        return Window { before: BEFORE, after: NEAR, lines: Some(usize::MAX) };
    }
    let longest = hir.properties().maximum_len().filter(|longest| *longest <= LONGEST_MATCH);
    let before = if start == Start::AtKeyword { 0 } else { pattern.before.or(longest).unwrap_or(BEFORE) };
    let after = longest.unwrap_or(if runs_across_lines(hir) { LONGEST_MATCH } else { AFTER });
    Window { before, after, lines: Some(line_breaks(hir).unwrap_or(usize::MAX)) }
}

/// The most line breaks that a match can hold, if there is a limit.
fn line_breaks(hir: &Hir) -> Option<usize> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(0),
        HirKind::Literal(literal) => Some(memchr::memchr_iter(b'\n', &literal.0).count()),
        HirKind::Class(_) => Some(usize::from(may_hold(hir, b'\n'))),
        HirKind::Capture(Capture { sub, .. }) => line_breaks(sub),
        HirKind::Repetition(Repetition { sub, max, .. }) => match line_breaks(sub)? {
            0 => Some(0),
            each => each.checked_mul((*max)? as usize),
        },
        HirKind::Concat(parts) => {
            parts.iter().try_fold(0usize, |all, part| all.checked_add(line_breaks(part)?))
        }
        HirKind::Alternation(parts) => {
            parts.iter().try_fold(0, |most: usize, part| Some(most.max(line_breaks(part)?)))
        }
    }
}

/// Whether it repeats, without a bound, something that can be a text of several lines: the body of a key.
fn runs_across_lines(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Repetition(Repetition { sub, max, .. }) => {
            let is_endless = max.is_none_or(|max| max as usize > AFTER);
            is_endless && may_hold(sub, b'\n') && may_hold(sub, b'a') || runs_across_lines(sub)
        }
        HirKind::Capture(Capture { sub, .. }) => runs_across_lines(sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(runs_across_lines),
        _ => false,
    }
}

fn may_hold(hir: &Hir, byte: u8) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.contains(&byte),
        HirKind::Class(Class::Bytes(class)) => {
            class.iter().any(|range| (range.start()..=range.end()).contains(&byte))
        }
        HirKind::Class(Class::Unicode(class)) => {
            class.iter().any(|range| (range.start()..=range.end()).contains(&char::from(byte)))
        }
        HirKind::Repetition(Repetition { sub, .. }) | HirKind::Capture(Capture { sub, .. }) => {
            may_hold(sub, byte)
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(|part| may_hold(part, byte)),
        HirKind::Empty | HirKind::Look(_) => false,
    }
}

/// The group that was asked for, or else the first that is not empty. Groups behind one that every match fills are never
/// the first.
pub(super) fn secret(hir: &Hir, asked: Option<usize>) -> Groups {
    if let Some(group) = asked {
        return Groups::One(group);
    }
    let mut groups = Vec::new();
    collect(hir, true, &mut groups);
    let sure = groups.iter().position(|(_, is_sure)| *is_sure);
    groups.truncate(sure.map_or(groups.len(), |at| at + 1));
    match groups[..] {
        [] => Groups::Whole,
        [(group, true)] => Groups::One(group),
        _ => Groups::First(groups.into_iter().map(|(group, _)| group).collect()),
    }
}

/// All groups in order, each with whether every match fills it.
fn collect(hir: &Hir, always: bool, groups: &mut Vec<(usize, bool)>) {
    match hir.kind() {
        HirKind::Capture(Capture { index, sub, .. }) => {
            let is_filled = sub.properties().minimum_len().is_some_and(|length| length > 0);
            groups.push((*index as usize, always && is_filled));
            collect(sub, always, groups);
        }
        HirKind::Repetition(Repetition { sub, min, .. }) => collect(sub, always && *min > 0, groups),
        HirKind::Concat(parts) => parts.iter().for_each(|part| collect(part, always, groups)),
        HirKind::Alternation(parts) => parts.iter().for_each(|part| collect(part, false, groups)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::compile;

    #[test]
    fn the_first_group_that_is_filled() {
        let of = |pattern: &str| secret(&compile::parse(pattern).unwrap(), None);
        assert_eq!(of("abc"), Groups::Whole);
        assert_eq!(of("a(b)(c)"), Groups::One(1));
        assert_eq!(of("(a(b)c)"), Groups::One(1));
        assert_eq!(of("(b?)(c)(d)"), Groups::First(vec![1, 2]));
        assert_eq!(of("(b)?(c)"), Groups::First(vec![1, 2]));
        assert_eq!(of("(b)|(c)"), Groups::First(vec![1, 2]));
        assert_eq!(of("x(b)?"), Groups::First(vec![1]));
        assert_eq!(of("(?:(b))+"), Groups::One(1));
        assert_eq!(secret(&compile::parse("(a)(b)").unwrap(), Some(2)), Groups::One(2));
    }

    #[test]
    fn windows() {
        let of = |pattern: &str, start| {
            let text = pattern.to_owned();
            let plain = Pattern { text, secret: Groups::Whole, near: false, before: None };
            let window = window(&plain, &compile::parse(pattern).unwrap(), start);
            (window.before, window.after, window.lines)
        };
        assert_eq!(of("ab[0-9]{30}", Start::AtKeyword), (0, 32, Some(0)));
        assert_eq!(of("[a-z]{10}ab[0-9]{30}", Start::Sweep), (42, 42, Some(0)));
        assert_eq!(of("[a-z]+ab", Start::Sweep), (256, 4096, Some(0)));
        assert_eq!(of(r"ab\s*=", Start::AtKeyword), (0, 4096, Some(usize::MAX)));
        assert_eq!(of(r"ab[\s\S]{64,}?cd", Start::AtKeyword), (0, 16384, Some(usize::MAX)));
        assert_eq!(of(r"ab[\s=]{0,3}(?:\s|;|$)", Start::AtKeyword), (0, 6, Some(4)));
        assert_eq!(of("ab", Start::Near), (256, 1024, Some(usize::MAX)));
    }
}
