//! Candidates → matches: judged, less what a rule that knows more covers, with positions and excerpts.

use std::ops::Range;

use super::filter::DropReason;
use super::{Accepted, Detector, Scratch, Verdict, markers};
use crate::finding::{Excerpt, Match};
use crate::location::{Cursor, Location, Position, Span};
use crate::rules::Rule;
use crate::secret::Secret;

impl Detector {
    /// Drops what is no secret, counting why; then candidates over which a rule lies that knows more.
    pub(super) fn accept(&self, bytes: &[u8], scratch: &mut Scratch) {
        let Scratch { candidates, accepted, dropped, caches, verdicts, .. } = scratch;
        accepted.clear();
        if candidates.is_empty() {
            return;
        }
        candidates.sort_unstable_by(|a, b| {
            let key = |c: &super::Candidate| (c.span.start, c.span.end, c.rule, c.at, c.margins);
            key(a).cmp(&key(b))
        });
        let mut drop = |rule, reason| *dropped.entry((rule, reason)).or_default() += 1;
        let same = |a: &super::Candidate, b: &super::Candidate| a.rule == b.rule && a.span == b.span;
        for group in candidates.chunk_by_mut(same) {
            let (rule, span, margins) = (group[0].rule, group[0].span.clone(), group[0].margins);
            let known = group.iter().map(|c| c.verdict).find(|verdict| *verdict != Verdict::Unjudged);
            let verdict = known.unwrap_or_else(|| {
                let secret = &bytes[span.clone()];
                verdicts.of(rule, secret, || {
                    let reason = self.filter.judge(self.rules.get(rule), rule, secret, caches);
                    reason.map_or(Verdict::Kept, Verdict::Dropped)
                })
            });
            group.iter_mut().for_each(|candidate| candidate.verdict = verdict);
            match verdict {
                Verdict::Dropped(reason) => drop(rule, reason),
                Verdict::Kept | Verdict::Unjudged => accepted.push(Accepted { rule, span, margins }),
            }
        }
        let mut reach = 0;
        let specific: Vec<Specific<'_>> = accepted
            .iter()
            .map(|c| (c.span.clone(), self.rules.get(c.rule)))
            .filter(|(_, rule)| !rule.generic)
            .map(|(span, rule)| {
                reach = reach.max(span.end);
                Specific { span, rule, reach }
            })
            .collect();
        if specific.is_empty() {
            return;
        }
        accepted.retain(|candidate| {
            let rule = self.rules.get(candidate.rule);
            let stands_back = if rule.generic { is_covered } else { is_outdone };
            let covered = stands_back(&specific, &candidate.span, rule);
            if covered {
                drop(candidate.rule, DropReason::MoreSpecificRule);
            }
            !covered
        });
    }
}

/// Adds positions and excerpts. `base` is the offset of `bytes` in the blob, `origin` its position.
pub(super) fn to_matches(bytes: &[u8], base: u64, origin: Position, candidates: &[Accepted]) -> Vec<Match> {
    let mut starts = Cursor::starting_at(bytes, origin);
    let mut bare = 0..0;
    candidates
        .iter()
        .map(|candidate| {
            let Range { start, end } = candidate.span.clone();
            let first = starts.advance(start);
            let last = Cursor::starting_at(&bytes[start..], first).advance(end - start);
            Match {
                rule: candidate.rule,
                secret: Secret::new(&bytes[start..end]),
                location: Location {
                    start: first,
                    end: last,
                    span: Span { start: base + start as u64, end: base + end as u64 },
                },
                excerpt: excerpt(bytes, start..end, candidate.margins),
                markers: markers::around(bytes, &(start..end), first, last, &mut bare),
                via: None,
            }
        })
        .collect()
}

/// What a rule found that is not generic; in a list by start.
struct Specific<'a> {
    span: Range<usize>,
    rule: &'a Rule,
    /// Where the last of it and all before it ends.
    reach: usize,
}

/// Those that overlap `span`, with their rules, the last first. What lies before all of them is not looked at: a line
/// can be made to hold any number.
fn overlapping<'a>(
    sorted: &'a [Specific<'a>],
    span: &'a Range<usize>,
) -> impl Iterator<Item = (&'a Range<usize>, &'a Rule)> {
    let until = sorted.partition_point(|other| other.span.start < span.end);
    let near = sorted[..until].iter().rev().take_while(|other| other.reach > span.start);
    near.filter(|other| other.span.end > span.start).map(|other| (&other.span, other.rule))
}

/// Whether `span` overlaps one whose rule is at least as sure. Rules that are bound to places may yet be dropped for
/// them, when the place is known.
fn is_covered(sorted: &[Specific<'_>], span: &Range<usize>, rule: &Rule) -> bool {
    overlapping(sorted, span).any(|(_, by)| by.confidence >= rule.confidence && !by.is_bound_more_than(rule))
}

/// Whether a rule that finds one kind among others stands back from one that says more of the same bytes:
/// `ACME_SECRET_KEY=…` need not be Django's. Somebody's own rules never do.
fn is_outdone(sorted: &[Specific<'_>], span: &Range<usize>, rule: &Rule) -> bool {
    if rule.part || !rule.builtin {
        return false;
    }
    overlapping(sorted, span).any(|(other, by)| {
        let holds = other.start <= span.start && other.end >= span.end;
        !by.part
            && !by.is_bound_more_than(rule)
            && (holds && by.confidence > rule.confidence || by.covers.contains(&rule.id))
    })
}

/// Bytes of the line shown on either side of a secret.
const EXCERPT_MARGIN: usize = 120;

/// The first line of the secret, clipped, and what of it is part of the match.
pub(super) fn excerpt(bytes: &[u8], secret: Range<usize>, margins: (u32, u32)) -> Excerpt {
    let floor = secret.start.saturating_sub(EXCERPT_MARGIN);
    let start = memchr::memrchr(b'\n', &bytes[floor..secret.start]).map_or(floor, |at| floor + at + 1);
    let first_line = memchr::memchr(b'\n', &bytes[secret.clone()]).map_or(secret.end, |at| secret.start + at);
    let roof = bytes.len().min(first_line + EXCERPT_MARGIN);
    let end = if first_line < secret.end {
        first_line
    } else {
        memchr::memchr(b'\n', &bytes[first_line..roof]).map_or(roof, |at| first_line + at)
    };
    let matched = secret.start.saturating_sub(margins.0 as usize).max(start)
        ..secret.end.saturating_add(margins.1 as usize).min(end);
    Excerpt {
        line: Secret::new(&bytes[start..end]),
        secret: (secret.start - start, first_line - start),
        matched: (matched.start - start, matched.end - start),
    }
}
