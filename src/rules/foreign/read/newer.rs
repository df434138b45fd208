//! Keys that one of the two scanners has and the other has not: filters, and what must match near by.

use std::sync::Arc;

use super::{Placed, Reader, Value, whole};
use crate::finding::Confidence;
use crate::rules::foreign::Formula;
use crate::rules::{Exemption, Place, RuleError};

/// A rule that must match near by.
#[derive(Debug, Clone)]
pub(in crate::rules::foreign) struct RawRequirement {
    pub(in crate::rules::foreign) place: Place,
    pub(in crate::rules::foreign) id: String,
    pub(in crate::rules::foreign) lines: Option<u32>,
    pub(in crate::rules::foreign) columns: Option<u32>,
    pub(in crate::rules::foreign) bytes: Option<u32>,
    pub(in crate::rules::foreign) is_optional: bool,
    pub(in crate::rules::foreign) from_end: bool,
}

impl Reader<'_> {
    /// `filter` or `prefilter`: what is dropped. What is not known in it is told, and decides nothing.
    pub(super) fn filter(
        &mut self,
        value: Option<&Value<'_>>,
        key: &str,
    ) -> Result<Vec<Arc<Exemption>>, RuleError> {
        let Some((Placed { value: text, .. }, value)) = self.string(value, key)?.zip(value) else {
            return Ok(Vec::new());
        };
        if text.trim().is_empty() {
            return Ok(Vec::new());
        }
        // A text without escapes stands in the file as it is; of another one the beginning is told.
        let span = value.span();
        let inside = self.text.get(span.clone()).and_then(|written| written.find(&text));
        let offset = |at: usize| inside.map_or(span.start, |inside| span.start + inside + at);
        match Formula::parse(&text) {
            Ok(parsed) => {
                for (at, what) in parsed.notes {
                    self.tell(offset(at), format!("{what}; what hangs on it in a `{key}` drops nothing"));
                }
                Ok(parsed.formulas.into_iter().map(|one| Arc::new(Exemption::of_formula(one))).collect())
            }
            Err(refusal) if refusal.is_unsupported => {
                self.tell(offset(refusal.at), format!("{}; such a `{key}` drops nothing", refusal.why));
                Ok(Vec::new())
            }
            Err(refusal) => self.wrong(offset(refusal.at), format!("`{key}`: {}", refusal.why)),
        }
    }

    /// `confidence`, of version 2.
    pub(super) fn confidence(&self, value: Option<&Value<'_>>) -> Result<Option<Confidence>, RuleError> {
        let Some(Placed { value, place }) = self.string(value, "confidence")? else { return Ok(None) };
        match value.as_str() {
            "" => Ok(None),
            "low" => Ok(Some(Confidence::Low)),
            "medium" => Ok(Some(Confidence::Medium)),
            "high" => Ok(Some(Confidence::High)),
            other => {
                let why = format!("unknown `confidence` {other:?}: it is `low`, `medium` or `high`");
                Err(RuleError::File { place, why })
            }
        }
    }

    /// `tokenEfficiency`, which cannot be had.
    pub(super) fn token_efficiency(&mut self, value: Option<&Value<'_>>) -> Result<(), RuleError> {
        if self.boolean(value, "tokenEfficiency")?
            && let Some(value) = value
        {
            let why =
                "`tokenEfficiency` takes a model of tokens, which muzzle does not have; it drops nothing";
            self.tell(value.span().start, why.into());
        }
        Ok(())
    }

    /// `[[rules.required]]`.
    pub(super) fn required(&mut self, value: Option<&Value<'_>>) -> Result<Vec<RawRequirement>, RuleError> {
        let mut list = Vec::new();
        for value in self.tables(value, "required")? {
            let mut keys = self.table(value, "required")?;
            let id = self.string(keys.take("id"), "id")?;
            let lines = self.distance(keys.take("withinlines"), "withinLines")?;
            let columns = self.distance(keys.take("withincolumns"), "withinColumns")?;
            self.ignore(keys);
            list.push(self.requirement(value, id, lines, columns)?);
        }
        Ok(list)
    }

    /// `components`, of version 2.
    pub(super) fn components(&mut self, value: Option<&Value<'_>>) -> Result<Vec<RawRequirement>, RuleError> {
        let mut list = Vec::new();
        for value in self.tables(value, "components")? {
            let mut keys = self.table(value, "components")?;
            let id = self.string(keys.take("id"), "id")?;
            let within = self.string(keys.take("within"), "within")?;
            let is_optional = self.boolean(keys.take("optional"), "optional")?;
            self.ignore(keys);
            let (lines, columns, bytes) = match &within {
                None => (None, None, None),
                Some(Placed { value, place }) => distances(value).ok_or_else(|| RuleError::File {
                    place: place.clone(),
                    why: format!("unknown `within` {value:?}: it is like \"5L\", \"100C\" or \"5L,100C\""),
                })?,
            };
            let requirement = self.requirement(value, id, lines, columns)?;
            list.push(RawRequirement { bytes, is_optional, from_end: true, ..requirement });
        }
        Ok(list)
    }

    fn requirement(
        &self,
        value: &Value<'_>,
        id: Option<Placed<String>>,
        lines: Option<u32>,
        columns: Option<u32>,
    ) -> Result<RawRequirement, RuleError> {
        match id.filter(|id| !id.value.trim().is_empty()) {
            Some(Placed { value: id, place }) => {
                let (bytes, is_optional, from_end) = (None, false, false);
                Ok(RawRequirement { place, id, lines, columns, bytes, is_optional, from_end })
            }
            None => self.wrong(value.span().start, "a required rule without `id`: name the rule"),
        }
    }

    fn distance(&self, value: Option<&Value<'_>>, key: &str) -> Result<Option<u32>, RuleError> {
        let Some(Placed { value, place }) = self.number(value, key)? else { return Ok(None) };
        match whole(value, f64::from(u32::MAX)).and_then(|distance| u32::try_from(distance).ok()) {
            Some(distance) => Ok(Some(distance)),
            None => Err(RuleError::File { place, why: format!("`{key}` is a number: 0, 1, 2 …") }),
        }
    }
}

/// Lines and columns of `5L,100C`, which counts the line of the match as one of five; without lines, `100C` are bytes,
/// whatever lines they are on.
fn distances(text: &str) -> Option<(Option<u32>, Option<u32>, Option<u32>)> {
    let (mut lines, mut columns) = (None, None);
    for part in text.split(',').map(str::trim).filter(|_| !text.trim().is_empty()) {
        let (number, unit) = part.split_at_checked(part.len().checked_sub(1)?)?;
        let slot = match unit {
            "L" | "l" => &mut lines,
            "C" | "c" => &mut columns,
            _ => return None,
        };
        if slot.replace(number.parse().ok()?).is_some() {
            return None;
        }
    }
    let lines = lines.map(|lines: u32| lines.saturating_sub(1));
    Some(if lines.is_some() { (lines, columns, None) } else { (None, None, columns) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns() {
        assert_eq!(distances("5L,100C"), Some((Some(4), Some(100), None)));
        assert_eq!(distances(" 100c , 5l "), Some((Some(4), Some(100), None)));
        assert_eq!(distances("7L"), Some((Some(6), None, None)));
        assert_eq!(distances("0L"), Some((Some(0), None, None)));
        assert_eq!(distances("9C"), Some((None, None, Some(9))));
        assert_eq!(distances(""), Some((None, None, None)));
        for wrong in ["5", "L", "5X", "5L,6L", "5L,", "-5L", "é"] {
            assert_eq!(distances(wrong), None, "{wrong}");
        }
    }
}
