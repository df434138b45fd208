//! What does not count: results with `suppressions`, behind all others.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde_json::json;
use serde_sarif::sarif as model;

use super::super::Report;
use super::super::refs::RefNames;
use super::results::{Place, by_file, exposure};
use super::rules::Used;
use super::{plain, uri};
use crate::finding::{Finding, Occurrence, Suppressed, Suppression, SuppressionKind};

/// Adds results up to `most`; returns how many are left out.
pub(super) fn add<'a>(
    report: &'a Report,
    rules: &mut Used,
    names: &RefNames<'a>,
    results: &mut Vec<model::Result>,
    most: usize,
) -> usize {
    let mut left_out = 0;
    let suppressed = &report.suppressions.suppressed;
    if !suppressed.is_empty() {
        // If some say that they are suppressed, the others say that they are not.
        results.iter_mut().for_each(|result| result.suppressions = Some(Vec::new()));
    }
    for one in suppressed {
        let exposure = exposure(&one.finding, names);
        let files = by_file(report, &one.finding);
        // A file in which the secret counts elsewhere has its result already.
        let taken = if one.is_whole { HashSet::new() } else { uris_of(report, &one.finding) };
        for (uri, occurrences) in files.iter().filter(|(uri, _)| !taken.contains(uri)) {
            if results.len() >= most {
                left_out += 1;
                continue;
            }
            let place = Place::new(&exposure, uri, occurrences, files.len() - 1);
            let mut result = place.result(report, &one.finding, rules.index(one.finding.rule));
            result.suppressions = Some(suppressions(report, one, occurrences));
            results.push(result);
        }
    }
    left_out
}

/// Where the counted part of a finding has its results.
fn uris_of(report: &Report, finding: &Finding) -> HashSet<String> {
    let counted = report.findings.iter().find(|f| f.rule == finding.rule && f.secret == finding.secret);
    counted.into_iter().flat_map(|counted| &counted.occurrences).map(|o| uri(report, &o.path)).collect()
}

/// Why the occurrences of one result do not count.
fn suppressions(report: &Report, one: &Suppressed, occurrences: &[&Occurrence]) -> Vec<model::Suppression> {
    let mut different: Vec<&Suppression> = Vec::new();
    for (occurrence, by) in one.finding.occurrences.iter().zip(&one.by) {
        if occurrences.iter().any(|here| std::ptr::eq(*here, occurrence)) && !different.contains(&&**by) {
            different.push(by);
        }
    }
    let suppression = |by: &&Suppression| {
        let kind = match by.kind {
            SuppressionKind::Inline => model::SupressionKind::InSource,
            _ => model::SupressionKind::External,
        };
        let mut text = by.place();
        for (name, value) in
            [("reason", &by.reason), ("by", &by.who), ("since", &by.when), ("until", &by.until)]
        {
            if let Some(value) = value {
                let _ = write!(text, "; {name}: {value}");
            }
        }
        model::Suppression::builder()
            .kind(json!(kind))
            .status(json!(model::SupressionStatus::Accepted))
            .justification(plain(&report.redactor.show(text.as_bytes())))
            .build()
    };
    different.iter().map(suppression).collect()
}
