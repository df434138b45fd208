//! Composite rules: a find counts only where other rules matched near it, in the same file.
//!
//! Decided for each occurrence, whatever else the file holds, at a cost of a few steps each; which part is named is found by
//! a look at the nearest ones.

use std::ops::{Range, RangeInclusive};

use bstr::{BString, ByteSlice as _};
use hashbrown::{HashMap, HashSet};

use crate::finding::{Companion, Fact, Finding, ObjectName, Occurrence, RuleIndex};
use crate::grouping::Key;
use crate::location::{Location, Span};
use crate::rules::{Extent, Requirement, Rule, RuleSet};
use crate::secret::Secret;

/// Finds that composite rules look for, by rule and file.
pub(super) struct Requirements {
    parts: HashMap<(RuleIndex, BString, Option<ObjectName>), Parts>,
    /// By id.
    rules: HashMap<String, RuleIndex>,
}

/// Parts that are looked at for the one to name, on either side.
const MOST_LOOKED_AT: usize = 32;

impl Requirements {
    /// Notes what composite rules look for.
    pub(super) fn new<'a>(
        rules: &RuleSet,
        occurrences: impl Iterator<Item = (&'a Key, &'a Vec<Occurrence>)>,
    ) -> Self {
        let required: HashSet<&str> = rules
            .iter()
            .flat_map(|(_, rule)| &rule.requires)
            .map(|requirement| requirement.rule.as_str())
            .collect();
        let known: HashMap<String, RuleIndex> = rules
            .iter()
            .filter(|(_, rule)| required.contains(rule.id.as_str()))
            .map(|(index, rule)| (rule.id.clone(), index))
            .collect();
        let wanted: HashSet<RuleIndex> = known.values().copied().collect();
        let mut parts: HashMap<_, Parts> = HashMap::new();
        for ((rule, secret), occurrences) in occurrences.filter(|((rule, _), _)| wanted.contains(rule)) {
            for occurrence in occurrences {
                let file = (*rule, occurrence.path.clone(), occurrence.blob);
                let part = Part::new(secret, occurrence);
                parts.entry(file).or_default().list.push(part);
            }
        }
        parts.values_mut().for_each(Parts::sort);
        Requirements { parts, rules: known }
    }

    /// Leaves the occurrences near which all stands that the rule requires.
    pub(super) fn met(&self, rule: &Rule, mut occurrences: Vec<Occurrence>) -> Vec<Occurrence> {
        let must = || rule.requires.iter().filter(|requirement| !requirement.is_optional);
        occurrences.retain(|occurrence| must().all(|requirement| self.is_met(requirement, occurrence)));
        occurrences
    }

    /// Names the parts that stand near a finding's first place.
    pub(super) fn name(&self, rule: &Rule, rules: &RuleSet, finding: &mut Finding) {
        let Some(first) = finding.occurrences.first().filter(|_| !rule.requires.is_empty()) else { return };
        let mut named = rule.requires.iter().filter_map(|requirement| self.nearest(requirement, first));
        finding.companion = named.next();
        for more in named {
            let value = format!("{}, line {}", rules.get(more.rule).id, more.location.start.line);
            finding.identity.push(Fact { name: "with".into(), value });
        }
    }

    fn parts(&self, requirement: &Requirement, occurrence: &Occurrence) -> Option<(RuleIndex, &Parts)> {
        let rule = *self.rules.get(&requirement.rule)?;
        Some((rule, self.parts.get(&(rule, occurrence.path.clone(), occurrence.blob))?))
    }

    fn is_met(&self, requirement: &Requirement, occurrence: &Occurrence) -> bool {
        let Some((_, parts)) = self.parts(requirement, occurrence) else { return false };
        parts.any(&requirement.reach(&extent(occurrence)))
    }

    fn nearest(&self, requirement: &Requirement, occurrence: &Occurrence) -> Option<Companion> {
        let (rule, parts) = self.parts(requirement, occurrence)?;
        let found = extent(occurrence);
        let reach = requirement.reach(&found);
        let here = parts.list.partition_point(|part| part.at < *found.bytes.start());
        let around = here.saturating_sub(MOST_LOOKED_AT)..parts.list.len().min(here + MOST_LOOKED_AT);
        let part = parts.list[around].iter().filter(|part| part.is_in(&reach)).min_by_key(|part| {
            (part.line.abs_diff(*found.lines.start()), part.at.abs_diff(*found.bytes.start()))
        })?;
        Some(Companion {
            rule,
            secret: part.secret.clone(),
            path: occurrence.path.clone(),
            location: part.location.clone(),
            is_near: true,
        })
    }
}

/// One find, by where its match begins.
struct Part {
    at: u64,
    line: u64,
    column: u64,
    secret: Secret,
    location: Location,
}

impl Part {
    fn new(secret: &Secret, occurrence: &Occurrence) -> Self {
        let Extent { lines, columns, bytes } = extent(occurrence);
        Part {
            at: *bytes.start(),
            line: *lines.start(),
            column: *columns.start(),
            secret: secret.clone(),
            location: occurrence.location.clone(),
        }
    }

    fn is_in(&self, reach: &Extent) -> bool {
        reach.bytes.contains(&self.at)
            && reach.lines.contains(&self.line)
            && reach.columns.contains(&self.column)
    }
}

/// What one rule found in one file.
#[derive(Default)]
struct Parts {
    /// In the order of the file.
    list: Vec<Part>,
    /// Columns of the same, sorted within blocks of two, four, eight …: whether there is one between two columns, on some
    /// lines, is a few look-ups then.
    sorted: Vec<Vec<u64>>,
}

impl Parts {
    fn sort(&mut self) {
        self.list.sort_by(|a, b| (a.at, &a.secret).cmp(&(b.at, &b.secret)));
        let mut columns: Vec<u64> = self.list.iter().map(|part| part.column).collect();
        let mut size = 1;
        while size < columns.len() {
            size *= 2;
            columns.chunks_mut(size).for_each(<[u64]>::sort_unstable);
            self.sorted.push(columns.clone());
        }
    }

    fn any(&self, reach: &Extent) -> bool {
        let Extent { lines, columns, bytes } = reach;
        let before = |part: &Part| part.at < *bytes.start() || part.line < *lines.start();
        let until = |part: &Part| part.at <= *bytes.end() && part.line <= *lines.end();
        let (from, to) = (self.list.partition_point(before), self.list.partition_point(until));
        if *columns == (0..=u64::MAX) { from < to } else { self.any_between(from..to, columns) }
    }

    /// Whether one of some parts stands in these columns.
    fn any_between(&self, places: Range<usize>, columns: &RangeInclusive<u64>) -> bool {
        let mut from = places.start;
        while from < places.end {
            // The largest block that begins here and ends in time.
            let left = places.end - from;
            let level = (0..=self.sorted.len())
                .rev()
                .find(|level| from.is_multiple_of(1 << level) && 1 << level <= left)
                .unwrap_or(0);
            let found = match level.checked_sub(1).and_then(|level| self.sorted.get(level)) {
                None => columns.contains(&self.list[from].column),
                Some(sorted) => {
                    let block = &sorted[from..from + (1 << level)];
                    let first = block.partition_point(|column| column < columns.start());
                    block.get(first).is_some_and(|column| column <= columns.end())
                }
            };
            if found {
                return true;
            }
            from += 1 << level;
        }
        false
    }
}

/// Where a match lies, as far as the excerpt tells: what of it is on the secret's first line, and all of the secret.
fn extent(occurrence: &Occurrence) -> Extent {
    let (excerpt, location) = (&occurrence.excerpt, &occurrence.location);
    #[expect(clippy::disallowed_methods, reason = "bytes and columns are counted, and nothing is shown")]
    let line = excerpt.line.expose();
    let ((from, to), (start, end)) = (excerpt.matched, excerpt.secret);
    let before = line.get(from..start).unwrap_or_default();
    // Behind a secret of several lines, the excerpt shows nothing.
    let behind = line.get(end..to).filter(|_| location.end.line == location.start.line).unwrap_or_default();
    let columns = |bytes: &[u8]| bytes.chars().count() as u64;
    let first = u64::from(location.start.column).saturating_sub(columns(before));
    let last = u64::from(location.end.column).saturating_sub(1) + columns(behind);
    let Span { start, end } = location.span;
    Extent {
        lines: location.start.line.into()..=location.end.line.into(),
        columns: first..=last,
        bytes: start.saturating_sub(before.len() as u64)..=end.saturating_sub(1) + behind.len() as u64,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::location::Position;

    proptest! {
        #[test]
        fn a_part_is_found_where_one_is(
            places in proptest::collection::vec((0u64..4, 0u64..12), 0..40),
            lines in (0u64..13, 0u64..13), columns in (0u64..13, 0u64..13), bytes in (0u64..80, 0u64..80),
            is_bounded in proptest::array::uniform3(proptest::bool::ANY),
        ) {
            let mut parts = Parts::default();
            let (mut at, mut line) = (0, 1);
            for (lines, column) in &places {
                (at, line) = (at + 1 + lines, line + lines);
                let start = Position { line: 1, column: 1 };
                let location = Location { start, end: start, span: Span { start: 0, end: 0 } };
                parts.list.push(Part { at, line, column: *column, secret: Secret::new(b"s"), location });
            }
            parts.sort();
            let bounded = |number: usize, (from, to): (u64, u64)| {
                if is_bounded[number] { from..=to } else { 0..=u64::MAX }
            };
            let reach = Extent { lines: bounded(0, lines), columns: bounded(1, columns), bytes: bounded(2, bytes) };
            prop_assert_eq!(parts.any(&reach), parts.list.iter().any(|part| part.is_in(&reach)));
        }
    }
}
