//! Keyword occurrences → candidates.

use std::ops::Range;
use std::sync::OnceLock;

use super::heritage::Anchor;
use super::matching::Caches;
use super::prefilter::Hit;
use super::{Candidate, Detector, Scratch, assignment, matching, nearby};
use crate::finding::RuleIndex;
use crate::rules::{ByteSet, Compiled, RuleSet, Start};

/// A keyword and who looks for it.
#[derive(Debug)]
pub(super) struct Keyword {
    text: String,
    rules: Vec<RuleIndex>,
    /// Sorted out when the keyword is first met, because that takes the compiled expressions.
    users: OnceLock<Users>,
}

/// The rules of a keyword.
#[derive(Debug, Default)]
pub(super) struct Users {
    near: Group,
    /// Rules that may look further than [`NEAR_BEFORE`], [`NEAR_AFTER`] or [`NEAR_LINES`].
    far: Group,
    /// How far they may look.
    pub(super) far_reach: Option<Reach>,
}

/// Rules, by how they are tried.
#[derive(Debug, Default)]
struct Group {
    /// Rules with an expression of their own.
    plain: Vec<Plain>,
    /// What may follow the keyword for any of them.
    next: ByteSet,
    /// Rules for the value given to a name.
    value: Vec<RuleIndex>,
    /// Rules for a value near a name.
    nearby: Vec<RuleIndex>,
}

/// A rule with an expression of its own.
#[derive(Debug)]
struct Plain {
    rule: RuleIndex,
    /// The keyword's place in the rule's list.
    place: usize,
    /// What may follow the keyword. Kept here, so that most rules are passed over without being looked at.
    next: ByteSet,
}

/// Bytes before a keyword's first and behind its last that decide, and one more on either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) before: usize,
    pub(super) after: usize,
}

/// Bytes before the keyword that a near rule may look at.
pub(super) const NEAR_BEFORE: usize = 176;
/// Bytes behind the keyword that a near rule may look at.
pub(super) const NEAR_AFTER: usize = 1_300;
/// Line breaks that a near rule may cross behind the keyword. Before it, none.
pub(super) const NEAR_LINES: usize = 1;

/// Whether an edit further away than the near reach cannot change what the rule finds. A rule without a limit on lines
/// cannot match a line break, so that the line's ends limit it, too; a block can.
pub(super) fn is_near(rule: &Compiled) -> bool {
    rule.block.is_none()
        && rule.window.before <= NEAR_BEFORE
        && rule.window.after <= NEAR_AFTER
        && rule.window.lines.is_none_or(|lines| {
            // The names that values are given to end where the line does.
            let looks_back = rule.window.before > 0 && rule.start != Start::AtValue;
            lines <= if looks_back { 0 } else { NEAR_LINES }
        })
}

impl Keyword {
    pub(super) fn new(text: &str, rules: Vec<RuleIndex>) -> Self {
        Keyword { text: text.to_owned(), rules, users: OnceLock::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn users(&self, rules: &RuleSet) -> &Users {
        self.users.get_or_init(|| {
            let mut users = Users::default();
            for index in &self.rules {
                let rule = rules.get(*index);
                let Some(compiled) = rule.compiled() else { continue };
                let group = if is_near(compiled) {
                    &mut users.near
                } else {
                    let reach = users.far_reach.get_or_insert(Reach { before: 0, after: 0 });
                    reach.before = reach.before.max(compiled.window.before);
                    reach.after = reach.after.max(compiled.window.after);
                    &mut users.far
                };
                if rule.is_value() {
                    group.value.push(*index);
                } else if compiled.start == Start::Nearby {
                    group.nearby.push(*index);
                } else {
                    let place = rule.keywords.iter().position(|k| *k == self.text).unwrap_or(0);
                    let next = compiled.next_byte(place);
                    group.next = group.next.union(&next);
                    group.plain.push(Plain { rule: *index, place, next });
                }
            }
            users
        })
    }
}

/// Buffers for looking.
#[derive(Debug, Default)]
pub(super) struct Finder {
    hits: Vec<Hit>,
    /// Short pieces, one after the other, so that the prefilter has something to get its teeth into.
    joined: Vec<u8>,
    parts: Vec<Part>,
}

/// A piece of the joined text.
#[derive(Debug)]
struct Part {
    /// Where it begins in the joined text.
    at: usize,
    /// Where the occurrences must begin, in the scanned text.
    core: Range<usize>,
}

/// Bytes scanned between two looks at the hits: bounds the memory for hits, and keeps the block in the cache.
const BLOCK: usize = 256 << 10;
/// Shorter pieces are joined.
const SHORT: usize = 16 << 10;

impl Detector {
    /// Evaluates near rules for keyword occurrences that begin inside `cores`, which are disjoint and ascending, and notes
    /// the occurrences of far rules' keywords.
    pub(super) fn look(&self, bytes: &[u8], cores: &[Range<usize>], scratch: &mut Scratch) {
        for core in cores {
            if core.len() < SHORT && cores.len() > 1 {
                if scratch.finder.joined.len() > BLOCK - SHORT {
                    self.look_at_joined(bytes, scratch);
                }
                let Finder { joined, parts, .. } = &mut scratch.finder;
                parts.push(Part { at: joined.len(), core: core.clone() });
                joined.extend_from_slice(&bytes[core.start..self.reach_of_block(bytes, core.end)]);
            } else {
                self.look_at_core(bytes, core.clone(), scratch);
            }
        }
        self.look_at_joined(bytes, scratch);
    }

    /// An occurrence belongs to the block in which it begins, so look a keyword's length further, unless a line ends there,
    /// which no keyword crosses.
    fn reach_of_block(&self, bytes: &[u8], end: usize) -> usize {
        if end > 0 && bytes[end - 1] == b'\n' {
            return end;
        }
        bytes.len().min(end + self.prefilter.longest().max(1) - 1)
    }

    fn look_at_core(&self, bytes: &[u8], core: Range<usize>, scratch: &mut Scratch) {
        let Scratch { finder, caches, candidates, anchors, .. } = scratch;
        let mut from = core.start;
        while from < core.end {
            let to = core.end.min(from + BLOCK);
            finder.hits.clear();
            self.prefilter.find(&bytes[from..self.reach_of_block(bytes, to)], &mut finder.hits);
            for hit in &finder.hits {
                for number in self.prefilter.keywords(*hit) {
                    let start =
                        (from + hit.end as usize).checked_sub(self.keywords[usize::from(*number)].len());
                    if let Some(start) = start.filter(|start| (from..to).contains(start)) {
                        self.at_occurrence(*number, start, bytes, caches, candidates, anchors);
                    }
                }
            }
            from = to;
        }
    }

    fn look_at_joined(&self, bytes: &[u8], scratch: &mut Scratch) {
        let Scratch { finder: Finder { hits, joined, parts }, caches, candidates, anchors, .. } = scratch;
        hits.clear();
        self.prefilter.find(joined, hits);
        for hit in hits.iter() {
            for number in self.prefilter.keywords(*hit) {
                let start = (hit.end as usize).checked_sub(self.keywords[usize::from(*number)].len());
                let Some(start) = start else { continue };
                let part = &parts[parts.partition_point(|part| part.at <= start) - 1];
                // What begins behind the core belongs to no part, or crosses into the next.
                let start = part.core.start + (start - part.at);
                if start < part.core.end {
                    self.at_occurrence(*number, start, bytes, caches, candidates, anchors);
                }
            }
        }
        joined.clear();
        parts.clear();
    }

    fn at_occurrence(
        &self,
        number: u16,
        start: usize,
        bytes: &[u8],
        caches: &mut Caches,
        candidates: &mut Vec<Candidate>,
        anchors: &mut Vec<Anchor>,
    ) {
        let keyword = &self.keywords[usize::from(number)];
        let users = keyword.users(&self.rules);
        if users.far_reach.is_some() {
            anchors.push(Anchor { at: start, keyword: number, known: false });
        }
        self.evaluate(&users.near, None, start..start + keyword.len(), bytes, caches, candidates);
    }

    /// Evaluates far rules wherever the outcome is not known yet.
    pub(super) fn evaluate_anchors(&self, bytes: &[u8], scratch: &mut Scratch) {
        let Scratch { caches, candidates, anchors, .. } = scratch;
        // The known one first, so that it is the one to stay.
        anchors.sort_unstable_by_key(|anchor| (anchor.at, anchor.keyword, !anchor.known));
        anchors.dedup_by_key(|anchor| (anchor.at, anchor.keyword));
        for anchor in anchors.iter_mut().filter(|anchor| !anchor.known) {
            let keyword = &self.keywords[usize::from(anchor.keyword)];
            let span = anchor.at..anchor.at + keyword.len();
            let far = &keyword.users(&self.rules).far;
            self.evaluate(far, Some(anchor.keyword), span, bytes, caches, candidates);
        }
    }

    /// Tries rules at one occurrence; `far` is the keyword, for far rules.
    fn evaluate(
        &self,
        rules: &Group,
        far: Option<u16>,
        keyword: Range<usize>,
        bytes: &[u8],
        caches: &mut Caches,
        candidates: &mut Vec<Candidate>,
    ) {
        let at = keyword.start;
        let mut found = |rule, found| candidates.extend(Candidate::new(rule, &found, at, far));
        let next = bytes.get(keyword.end).copied();
        let fits = |set: &ByteSet| next.is_none_or(|next| set.contains(next));
        for Plain { rule, place, .. } in
            rules.plain.iter().filter(|_| fits(&rules.next)).filter(|plain| fits(&plain.next))
        {
            let Some(compiled) = self.rules.get(*rule).compiled() else { continue };
            let cache = caches.of(*rule);
            if compiled.start == Start::Near {
                matching::evaluate_near(compiled, bytes, &keyword, cache, |one| found(*rule, one));
            } else if let Some(one) = matching::evaluate(compiled, *place, bytes, keyword.clone(), cache) {
                found(*rule, one);
            }
        }
        for rule in &rules.nearby {
            let Some(compiled) = self.rules.get(*rule).compiled() else { continue };
            if let Some(one) = nearby::evaluate(compiled, bytes, keyword.clone(), caches.of(*rule)) {
                found(*rule, one);
            }
        }
        if rules.value.is_empty() {
            return;
        }
        let Some(assignment) = assignment::read(bytes, keyword.clone()) else { return };
        for rule in &rules.value {
            let Some(compiled) = self.rules.get(*rule).compiled() else { continue };
            let cache = caches.of(*rule);
            if let Some(one) = matching::evaluate_value(compiled, bytes, keyword.clone(), &assignment, cache)
            {
                found(*rule, one);
            }
        }
    }
}
