//! Composite rules: a find counts only where other rules matched near it, in the same file.
//!
//! Decided for each occurrence, whatever else the file holds, at a cost of a few steps each; which part is named is found by
//! a look at the nearest ones.

use std::ops::{Range, RangeInclusive};

use bstr::{BString, ByteSlice as _};
use hashbrown::{HashMap, HashSet};

use crate::finding::{Companion, Fact, Finding, ObjectName, Occurrence, RuleIndex};
use crate::grouping::Key;
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
        let (lines, columns) = extent(occurrence);
        let [lines, columns] = requirement.reach(lines, columns);
        parts.any(&lines, &columns)
    }

    fn nearest(&self, requirement: &Requirement, occurrence: &Occurrence) -> Option<Companion> {
        let (rule, parts) = self.parts(requirement, occurrence)?;
        let ((line, _), (column, _)) = extent(occurrence);
        let [lines, columns] = requirement.reach(extent(occurrence).0, extent(occurrence).1);
        let here = parts.list.partition_point(|part| (part.line, part.column) < (line, column));
        let around = here.saturating_sub(MOST_LOOKED_AT)..parts.list.len().min(here + MOST_LOOKED_AT);
        let part = parts.list[around]
            .iter()
            .filter(|part| lines.contains(&part.line) && columns.contains(&part.column))
            .min_by_key(|part| (part.line.abs_diff(line), part.column.abs_diff(column)))?;
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
    line: u32,
    column: u32,
    secret: Secret,
    location: crate::location::Location,
}

impl Part {
    fn new(secret: &Secret, occurrence: &Occurrence) -> Self {
        let ((line, _), (column, _)) = extent(occurrence);
        Part { line, column, secret: secret.clone(), location: occurrence.location.clone() }
    }
}

/// What one rule found in one file.
#[derive(Default)]
struct Parts {
    /// By line and column.
    list: Vec<Part>,
    /// Columns of the same, sorted within blocks of two, four, eight …: whether there is one between two columns, on some
    /// lines, is a few look-ups then.
    sorted: Vec<Vec<u32>>,
}

impl Parts {
    fn sort(&mut self) {
        self.list.sort_by(|a, b| (a.line, a.column, &a.secret).cmp(&(b.line, b.column, &b.secret)));
        let mut columns: Vec<u32> = self.list.iter().map(|part| part.column).collect();
        let mut size = 1;
        while size < columns.len() {
            size *= 2;
            columns.chunks_mut(size).for_each(<[u32]>::sort_unstable);
            self.sorted.push(columns.clone());
        }
    }

    fn any(&self, lines: &RangeInclusive<u32>, columns: &RangeInclusive<u32>) -> bool {
        let from = self.list.partition_point(|part| part.line < *lines.start());
        let to = self.list.partition_point(|part| part.line <= *lines.end());
        if *columns == (0..=u32::MAX) { from < to } else { self.any_between(from..to, columns) }
    }

    /// Whether one of some parts stands in these columns.
    fn any_between(&self, places: Range<usize>, columns: &RangeInclusive<u32>) -> bool {
        let mut from = places.start;
        while from < places.end {
            // The largest block that begins here and ends in time.
            let left = places.end - from;
            let level = (0..=self.sorted.len())
                .rev()
                .find(|level| from % (1 << level) == 0 && 1 << level <= left)
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

/// The lines and columns of a match, as far as the excerpt tells: what of it lies on the secret's first line, and all of
/// the secret.
fn extent(occurrence: &Occurrence) -> (Extent, Extent) {
    let excerpt = &occurrence.excerpt;
    #[expect(clippy::disallowed_methods, reason = "columns are counted, and nothing is shown")]
    let line = excerpt.line.expose();
    let ((from, to), (start, end)) = (excerpt.matched, excerpt.secret);
    let count = |range: Range<usize>| {
        let characters = line.get(range).map_or(0, |bytes| bytes.chars().count());
        u32::try_from(characters).unwrap_or(u32::MAX)
    };
    let location = &occurrence.location;
    let first = location.start.column.saturating_sub(count(from..start));
    let mut last = location.end.column.saturating_sub(1);
    if location.end.line == location.start.line {
        last = last.saturating_add(count(end..to));
    }
    ((location.start.line, location.end.line), (first, last))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::location::{Location, Position, Span};

    fn part(line: u32, column: u32) -> Part {
        let at = Position { line, column };
        let location = Location { start: at, end: at, span: Span { start: 0, end: 0 } };
        Part { line, column, secret: Secret::new(b"s"), location }
    }

    proptest! {
        #[test]
        fn a_part_is_found_where_one_is(
            places in proptest::collection::vec((0u32..12, 0u32..12), 0..40),
            lines in (0u32..13, 0u32..13), columns in (0u32..13, 0u32..13),
        ) {
            let mut parts = Parts::default();
            parts.list.extend(places.iter().map(|(line, column)| part(*line, *column)));
            parts.sort();
            let (lines, columns) = (lines.0..=lines.1, columns.0..=columns.1);
            let expected = places.iter().any(|(line, column)| lines.contains(line) && columns.contains(column));
            prop_assert_eq!(parts.any(&lines, &columns), expected);
            let on_lines = places.iter().any(|(line, _)| lines.contains(line));
            prop_assert_eq!(parts.any(&lines, &(0..=u32::MAX)), on_lines);
        }
    }
}
