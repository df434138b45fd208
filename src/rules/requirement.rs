//! What must stand near a match, for the composite rules of other scanners.

use std::collections::HashSet;
use std::fmt;
use std::ops::RangeInclusive;

use super::{Rule, RuleSet};
use crate::finding::RuleIndex;

/// Another rule that must match near by, in the same file.
#[derive(Debug, Clone)]
pub(crate) struct Requirement {
    /// Its id.
    pub(crate) rule: String,
    /// How many lines away it may begin; any number without.
    pub(crate) lines: Option<u32>,
    /// How many columns away it may begin, whatever the line.
    pub(crate) columns: Option<u32>,
    /// It need not be there, and is told if it is.
    pub(crate) is_optional: bool,
    /// Distances forward count from where the match ends, not from where it begins.
    pub(crate) from_end: bool,
}

/// Where a match begins and ends: in lines, or in columns.
pub(crate) type Extent = (u32, u32);

impl Requirement {
    /// The lines and columns in which the other's match may begin.
    pub(crate) fn reach(&self, lines: Extent, columns: Extent) -> [RangeInclusive<u32>; 2] {
        let round = |(first, last): Extent, distance: Option<u32>| match distance {
            None => 0..=u32::MAX,
            Some(distance) => {
                let last = if self.from_end { last.max(first) } else { first };
                first.saturating_sub(distance)..=last.saturating_add(distance)
            }
        };
        [round(lines, self.lines), round(columns, self.columns)]
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.rule)?;
        match (self.lines, self.columns) {
            (None, None) => f.write_str(" anywhere in the file")?,
            (Some(lines), None) => write!(f, " within {lines} lines")?,
            (None, Some(columns)) => write!(f, " within {columns} columns")?,
            (Some(lines), Some(columns)) => write!(f, " within {lines} lines and {columns} columns")?,
        }
        f.write_str(if self.is_optional { ", if it is there" } else { "" })
    }
}

impl Rule {
    /// Ids of the rules whose finds it looks for near its own.
    pub(crate) fn looks_for(&self) -> impl Iterator<Item = &str> {
        let halves = self.companion.iter().flat_map(|spec| &spec.rules).map(String::as_str);
        halves.chain(self.requires.iter().map(|required| required.rule.as_str()))
    }

    /// What must match near by, in words.
    pub fn required(&self) -> Vec<String> {
        self.requires.iter().map(ToString::to_string).collect()
    }
}

impl RuleSet {
    /// Keeps the rules that `keep` wants, and, as parts, those without which these find nothing. Indexes change.
    pub fn select(&mut self, keep: impl Fn(&Rule) -> bool) {
        let kept = self.rules.iter().filter(|rule| keep(rule));
        let required: HashSet<String> =
            kept.flat_map(|rule| &rule.requires).map(|required| required.rule.clone()).collect();
        self.rules.retain_mut(|rule| {
            let is_kept = keep(rule);
            rule.part |= !is_kept;
            is_kept || required.contains(&rule.id)
        });
    }

    /// The rules whose finds others look for near their own.
    pub(crate) fn looked_for(&self) -> HashSet<RuleIndex> {
        let ids: HashSet<&str> = self.rules.iter().flat_map(Rule::looks_for).collect();
        self.iter().filter(|(_, rule)| ids.contains(rule.id.as_str())).map(|(index, _)| index).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        let requirement = |lines, columns, from_end| Requirement {
            rule: "a".into(),
            lines,
            columns,
            is_optional: false,
            from_end,
        };
        let reach = |one: Requirement| one.reach((10, 12), (5, 25));
        assert_eq!(reach(requirement(None, None, false)), [0..=u32::MAX, 0..=u32::MAX]);
        assert_eq!(reach(requirement(Some(2), None, false)), [8..=12, 0..=u32::MAX]);
        assert_eq!(reach(requirement(Some(20), Some(3), true)), [0..=32, 2..=28]);
        assert_eq!(requirement(Some(2), Some(3), false).to_string(), "`a` within 2 lines and 3 columns");
        assert_eq!(requirement(None, None, false).to_string(), "`a` anywhere in the file");
    }
}
