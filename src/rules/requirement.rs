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
    /// How many bytes away it may begin.
    pub(crate) bytes: Option<u32>,
    /// It need not be there, and is told if it is.
    pub(crate) is_optional: bool,
    /// Distances forward count from where the match ends, not from where it begins.
    pub(crate) from_end: bool,
}

/// Where a match begins, and where its last byte is; or, of two matches, where the one may begin for the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) lines: RangeInclusive<u64>,
    pub(crate) columns: RangeInclusive<u64>,
    pub(crate) bytes: RangeInclusive<u64>,
}

impl Requirement {
    /// Where the other's match may begin.
    pub(crate) fn reach(&self, found: &Extent) -> Extent {
        let round = |found: &RangeInclusive<u64>, distance: Option<u32>| match distance.map(u64::from) {
            None => 0..=u64::MAX,
            Some(distance) => {
                let (first, last) = (*found.start(), *found.end());
                let last = if self.from_end { last.max(first) } else { first };
                first.saturating_sub(distance)..=last.saturating_add(distance)
            }
        };
        Extent {
            lines: round(&found.lines, self.lines),
            columns: round(&found.columns, self.columns),
            bytes: round(&found.bytes, self.bytes),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.rule)?;
        let distances = [(self.lines, "lines"), (self.columns, "columns"), (self.bytes, "bytes")];
        let told: Vec<String> = distances
            .into_iter()
            .filter_map(|(distance, unit)| distance.map(|distance| format!("{distance} {unit}")))
            .collect();
        if told.is_empty() {
            f.write_str(" anywhere in the file")?;
        } else {
            write!(f, " within {}", told.join(" and "))?;
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
        let requirement = |[lines, columns, bytes]: [Option<u32>; 3], from_end| Requirement {
            rule: "a".into(),
            lines,
            columns,
            bytes,
            is_optional: false,
            from_end,
        };
        let reach = |one: Requirement| {
            let Extent { lines, columns, bytes } =
                one.reach(&Extent { lines: 10..=12, columns: 5..=25, bytes: 100..=190 });
            [lines, columns, bytes]
        };
        let all = || 0..=u64::MAX;
        assert_eq!(reach(requirement([None; 3], false)), [all(), all(), all()]);
        assert_eq!(reach(requirement([Some(2), None, None], false)), [8..=12, all(), all()]);
        assert_eq!(reach(requirement([Some(20), Some(3), None], true)), [0..=32, 2..=28, all()]);
        assert_eq!(reach(requirement([None, None, Some(7)], true)), [all(), all(), 93..=197]);
        let told = |distances| requirement(distances, false).to_string();
        assert_eq!(told([Some(2), Some(3), None]), "`a` within 2 lines and 3 columns");
        assert_eq!(told([None; 3]), "`a` anywhere in the file");
    }
}
