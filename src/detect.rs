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

use crate::finding::{Excerpt, Match, RuleIndex};
use crate::location::{Cursor, Location, Position, Span};
use crate::rules::allowlist::Allowlist;
use crate::rules::{RuleError, RuleSet};
use crate::secret::Secret;

mod filter;
mod matching;
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
    /// By keyword number: its length and the rules that name it, with the keyword's place in the rule's own list.
    uses: Vec<(usize, Vec<(RuleIndex, usize)>)>,
    filter: Filter,
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
        let filter = Filter::new(&Allowlist::embedded()?);
        let mut words = Vec::new();
        let mut uses = Vec::new();
        for (keyword, users) in rules.keywords() {
            words.push(keyword.as_bytes().to_vec());
            let users = users.into_iter().map(|index| {
                let place = rules.get(index).keywords.iter().position(|k| k == keyword).unwrap_or(0);
                (index, place)
            });
            uses.push((keyword.len(), users.collect()));
        }
        let prefilter = Prefilter::new(&words);
        Ok(Detector { rules: Arc::new(rules), prefilter, uses, filter })
    }

    /// The rules.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// The rules, for a report that outlives the detector.
    pub(crate) fn shared_rules(&self) -> Arc<RuleSet> {
        Arc::clone(&self.rules)
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
        self.to_matches(bytes, 0, Position { line: 1, column: 1 }, &scratch.candidates)
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
            for hit in &scratch.hits {
                for keyword in self.prefilter.keywords(*hit) {
                    let (length, users) = &self.uses[usize::from(*keyword)];
                    let Some(start) = (from + hit.end as usize).checked_sub(*length) else { continue };
                    if start < from || start >= to {
                        continue;
                    }
                    for (index, place) in users {
                        let Some(compiled) = self.rules.get(*index).compiled() else { continue };
                        let keyword = start..start + length;
                        let cache = scratch.caches.of(*index, compiled);
                        if let Some(span) = matching::evaluate(compiled, *place, bytes, keyword, cache) {
                            scratch.candidates.push(Candidate { rule: *index, span });
                        }
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
        let specific: Vec<Range<usize>> = candidates
            .iter()
            .filter(|c| !self.rules.get(c.rule).generic)
            .map(|c| c.span.clone())
            .collect();
        if specific.is_empty() {
            return;
        }
        candidates.retain(|candidate| {
            let covered = self.rules.get(candidate.rule).generic && overlaps(&specific, &candidate.span);
            if covered {
                drop(candidate.rule, DropReason::MoreSpecificRule);
            }
            !covered
        });
    }

    /// Adds positions and excerpts. `base` is the offset of `bytes` in the blob, `origin` its position.
    fn to_matches(&self, bytes: &[u8], base: u64, origin: Position, candidates: &[Candidate]) -> Vec<Match> {
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
}

/// Whether `span` overlaps one of `sorted`, which is sorted by start.
fn overlaps(sorted: &[Range<usize>], span: &Range<usize>) -> bool {
    // Spans nest rarely, so a plain look at all that begin before the end is enough.
    let until = sorted.partition_point(|other| other.start < span.end);
    sorted[..until].iter().rev().any(|other| other.end > span.start)
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
