//! Small parts of a result.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use serde_sarif::sarif as model;
use sha2::{Digest as _, Sha256};

use super::super::json;
use super::super::places::source;
use super::super::refs::RefNames;
use super::super::verified::Told;
use crate::finding::{Finding, Occurrence};
use crate::location::Location;

/// Refs that are named: each result of a finding has them, and what takes SARIF limits its size.
pub(super) const MOST_REFS: usize = 20;

/// What is known of where in the history it can be met.
pub(super) fn exposure<'a>(finding: &'a Finding, names: &RefNames<'a>) -> Vec<(&'static str, Value)> {
    let Some(exposure) = &finding.exposure else { return Vec::new() };
    let refs = json!(names.of(&exposure.refs, MOST_REFS));
    let mut properties = vec![("refs", refs), ("refsTotal", json!(exposure.refs.total()))];
    if let Some(date) = exposure.last_seen.as_ref().and_then(|info| json::date(info.time)) {
        properties.push(("lastSeen", json!(date)));
    }
    if let Some(removed) = &exposure.removed_in {
        properties.push(("removedIn", json!(removed.id.to_string())));
    }
    if let Some(days) = finding.days_exposed {
        properties.push(("daysExposed", json!(days)));
    }
    properties
}

/// What the provider said, to be selected by.
pub(super) fn tags(finding: &Finding) -> Option<Vec<String>> {
    let verification = finding.verification.as_ref()?;
    Some(vec![format!("verified:{}", verification.verdict)])
}

/// The same in full.
pub(super) fn verification(told: &Told) -> Value {
    let identity: Map<String, Value> =
        told.identity.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    json!({
        "verdict": told.verdict,
        "reason": told.reason,
        "host": told.host,
        "identity": identity,
        "risk": told.risk,
        "at": told.at,
    })
}

/// The same in a sentence.
pub(super) fn sentence_of(told: &Told) -> String {
    format!("It was verified to be {}.", told.sentence().trim_end_matches('.'))
}

/// A place in words that are all our own.
pub(super) fn label(occurrence: &Occurrence) -> String {
    format!("line {}, {}", occurrence.location.start.line, source(occurrence))
}

pub(super) fn region(location: &Location) -> model::Region {
    // Readers take 32-bit signed numbers.
    let number = |n: u32| i64::from(n).clamp(1, i64::from(i32::MAX));
    let (start, end) = (location.start, location.end.max(location.start));
    model::Region::builder()
        .start_line(number(start.line))
        .start_column(number(start.column))
        .end_line(number(end.line))
        .end_column(number(end.column))
        .build()
}

/// The occurrences apart from the first one's lines: the same lines in another version of a file say nothing new.
pub(super) fn elsewhere<'a>(occurrences: &[&'a Occurrence]) -> Vec<&'a Occurrence> {
    let mut seen = HashSet::new();
    let new = |occurrence: &&&Occurrence| seen.insert((occurrence.location.start, occurrence.location.end));
    occurrences.iter().filter(new).skip(1).copied().collect()
}

/// 64 bits in hex.
pub(super) fn short_hash(text: &str) -> String {
    let mut hex = String::new();
    Sha256::digest(text)[..8].iter().for_each(|byte| _ = write!(hex, "{byte:02x}"));
    hex
}
