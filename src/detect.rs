//! Bytes → matches: the hot path.
//!
//! ```text
//! bytes ─▶ prefilter ─▶ matching ─▶ filter ─▶ matches
//!          keyword       expression   placeholder, entropy,
//!          occurrences   in a bounded  stopword, allow
//!                        interval
//! ```
//!
//! A [`Detector`] is shared by all threads; each has a [`Scratch`]. Invariant: whether a place matches depends on a
//! bounded interval round one keyword occurrence, never on how the bytes were cut, ordered or scheduled.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::finding::{Confidence, Excerpt, Match, RuleIndex};
use crate::location::{Cursor, Location, Position, Span};
use crate::rules::allowlist::Allowlist;
use crate::rules::{Rule, RuleError, RuleSet};
use crate::secret::Secret;

mod assignment;
mod filter;
mod matching;
#[cfg(test)]
mod naive;
mod prefilter;
pub mod proof;
mod stream;

pub use filter::DropReason;
pub use stream::StreamError;

use filter::Filter;
use matching::Caches;
use prefilter::{Hit, Prefilter};

/// Everything a scan needs to know, built once.
#[derive(Debug)]
pub struct Detector {
    rules: Arc<RuleSet>,
    prefilter: Prefilter,
    /// By keyword number.
    keywords: Vec<Keyword>,
    filter: Filter,
}

/// A keyword and who looks for it.
#[derive(Debug)]
struct Keyword {
    length: usize,
    /// Rules with an expression of their own, with the keyword's place in the rule's list.
    plain: Vec<(RuleIndex, usize)>,
    /// Rules for the value given to a name.
    value: Vec<RuleIndex>,
}

/// One thread's buffers and counters.
#[derive(Debug)]
pub struct Scratch {
    caches: Caches,
    hits: Vec<Hit>,
    candidates: Vec<Candidate>,
    /// How many candidates were dropped, by rule and reason.
    pub dropped: BTreeMap<(RuleIndex, DropReason), u64>,
}

/// What an expression found, not yet filtered.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    rule: RuleIndex,
    span: Range<usize>,
}

/// Bytes scanned between two looks at the hits: bounds the memory for hits, and keeps the block in the cache.
const BLOCK: usize = 256 << 10;

impl Detector {
    /// Builds the automaton. Expressions compile when their keyword is first met.
    pub fn new(rules: RuleSet) -> Result<Self, RuleError> {
        let filter = Filter::new(&Allowlist::embedded()?)?;
        let mut words = Vec::new();
        let mut keywords = Vec::new();
        for (keyword, users) in rules.keywords() {
            words.push(keyword.as_bytes().to_vec());
            let (value, plain): (Vec<_>, Vec<_>) = users.into_iter().partition(|i| rules.get(*i).is_value());
            let place = |index| rules.get(index).keywords.iter().position(|k| k == keyword).unwrap_or(0);
            let plain = plain.into_iter().map(|index| (index, place(index))).collect();
            keywords.push(Keyword { length: keyword.len(), plain, value });
        }
        if words.iter().map(Vec::len).sum::<usize>() >= prefilter::MOST_KEYWORD_BYTES {
            return Err(RuleError::TooMany);
        }
        let prefilter = Prefilter::new(&words);
        Ok(Detector { rules: Arc::new(rules), prefilter, keywords, filter })
    }

    /// The rules.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// The rules, for a report that outlives the detector.
    pub(crate) fn shared_rules(&self) -> Arc<RuleSet> {
        Arc::clone(&self.rules)
    }

    /// Whether a secret looks made up although its form is right, such as a vendor's documented example.
    pub fn is_example(&self, secret: &[u8]) -> bool {
        self.filter.is_example(secret)
    }

    /// Fresh buffers for one thread.
    pub fn scratch(&self) -> Scratch {
        Scratch {
            caches: Caches::new(self.rules.len()),
            hits: Vec::new(),
            candidates: Vec::new(),
            dropped: BTreeMap::new(),
        }
    }

    /// All matches in `bytes`, sorted by place and rule.
    pub fn scan(&self, bytes: &[u8], scratch: &mut Scratch) -> Vec<Match> {
        self.find_candidates(bytes, 0..bytes.len(), scratch);
        if scratch.candidates.is_empty() {
            return Vec::new();
        }
        self.filter_candidates(bytes, scratch);
        to_matches(bytes, 0, Position { line: 1, column: 1 }, &scratch.candidates)
    }

    /// Spans that the expressions accept for keyword occurrences that begin inside `core`, before any filter.
    fn find_candidates(&self, bytes: &[u8], core: Range<usize>, scratch: &mut Scratch) {
        scratch.candidates.clear();
        let mut from = core.start;
        while from < core.end {
            let to = core.end.min(from + BLOCK);
            scratch.hits.clear();
            // An occurrence belongs to the block in which it begins, so look a keyword's length further.
            let reach = bytes.len().min(to + self.prefilter.longest() - 1);
            self.prefilter.find(&bytes[from..reach], &mut scratch.hits);
            let Scratch { hits, candidates, caches, .. } = scratch;
            for hit in hits.iter() {
                for number in self.prefilter.keywords(*hit) {
                    let keyword = &self.keywords[usize::from(*number)];
                    let Some(start) = (from + hit.end as usize).checked_sub(keyword.length) else { continue };
                    if start >= from && start < to {
                        self.evaluate(keyword, start, bytes, caches, candidates);
                    }
                }
            }
            from = to;
        }
        scratch.candidates.sort_unstable_by(|a, b| {
            (a.span.start, a.span.end, a.rule).cmp(&(b.span.start, b.span.end, b.rule))
        });
        scratch.candidates.dedup();
    }

    /// Tries every rule of a keyword at one occurrence.
    fn evaluate(
        &self,
        keyword: &Keyword,
        start: usize,
        bytes: &[u8],
        caches: &mut Caches,
        candidates: &mut Vec<Candidate>,
    ) {
        let span = start..start + keyword.length;
        for (rule, place) in &keyword.plain {
            let Some(compiled) = self.rules.get(*rule).compiled() else { continue };
            if let Some(span) = matching::evaluate(compiled, *place, bytes, span.clone(), caches.of(*rule)) {
                candidates.push(Candidate { rule: *rule, span });
            }
        }
        if keyword.value.is_empty() {
            return;
        }
        let Some(assignment) = assignment::read(bytes, span.clone()) else { return };
        for rule in &keyword.value {
            let Some(compiled) = self.rules.get(*rule).compiled() else { continue };
            let cache = caches.of(*rule);
            if let Some(span) = matching::evaluate_value(compiled, bytes, span.clone(), &assignment, cache) {
                candidates.push(Candidate { rule: *rule, span });
            }
        }
    }

    /// Drops what is no secret, counting why; then generic candidates that a specific one overlaps.
    fn filter_candidates(&self, bytes: &[u8], scratch: &mut Scratch) {
        let Scratch { candidates, dropped, caches, .. } = scratch;
        let mut drop = |rule, reason| *dropped.entry((rule, reason)).or_default() += 1;
        candidates.retain(|candidate| {
            let rule = self.rules.get(candidate.rule);
            match self.filter.judge(rule, candidate.rule, &bytes[candidate.span.clone()], caches) {
                None => true,
                Some(reason) => {
                    drop(candidate.rule, reason);
                    false
                }
            }
        });
        // Rules that are bound to a path may yet be dropped for it, when the path is known.
        let is_specific = |rule: &Rule| !rule.generic && !rule.is_bound_to_path();
        let specific: Vec<(Range<usize>, Confidence)> = candidates
            .iter()
            .map(|c| (c.span.clone(), self.rules.get(c.rule)))
            .filter(|(_, rule)| is_specific(rule))
            .map(|(span, rule)| (span, rule.confidence))
            .collect();
        if specific.is_empty() {
            return;
        }
        candidates.retain(|candidate| {
            let rule = self.rules.get(candidate.rule);
            let covered = rule.generic && is_covered(&specific, &candidate.span, rule.confidence);
            if covered {
                drop(candidate.rule, DropReason::MoreSpecificRule);
            }
            !covered
        });
    }
}

/// Adds positions and excerpts. `base` is the offset of `bytes` in the blob, `origin` its position.
fn to_matches(bytes: &[u8], base: u64, origin: Position, candidates: &[Candidate]) -> Vec<Match> {
    let mut starts = Cursor::starting_at(bytes, origin);
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
                excerpt: excerpt(bytes, start..end),
            }
        })
        .collect()
}

/// Whether `span` overlaps one of `sorted` (by start) that is at least as sure.
fn is_covered(sorted: &[(Range<usize>, Confidence)], span: &Range<usize>, confidence: Confidence) -> bool {
    // Spans nest rarely, so a plain look at all that begin before the end is enough.
    let until = sorted.partition_point(|(other, _)| other.start < span.end);
    sorted[..until].iter().rev().any(|(other, sure)| other.end > span.start && *sure >= confidence)
}

/// Bytes of the line shown on either side of a secret.
const EXCERPT_MARGIN: usize = 120;

/// The first line of the secret, clipped.
fn excerpt(bytes: &[u8], secret: Range<usize>) -> Excerpt {
    let floor = secret.start.saturating_sub(EXCERPT_MARGIN);
    let start = memchr::memrchr(b'\n', &bytes[floor..secret.start]).map_or(floor, |at| floor + at + 1);
    let first_line = memchr::memchr(b'\n', &bytes[secret.clone()]).map_or(secret.end, |at| secret.start + at);
    let roof = bytes.len().min(first_line + EXCERPT_MARGIN);
    let end = if first_line < secret.end {
        first_line
    } else {
        memchr::memchr(b'\n', &bytes[first_line..roof]).map_or(roof, |at| first_line + at)
    };
    Excerpt { line: Secret::new(&bytes[start..end]), secret: (secret.start - start, first_line - start) }
}
