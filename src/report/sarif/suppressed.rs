//! What does not count: results with `suppressions`, behind all others.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde_json::json;
use serde_sarif::sarif as model;

use super::super::Report;
use super::super::places::{asker, is_present};
use super::super::refs::RefNames;
use super::details::exposure;
use super::parts::Files;
use super::results::{Chosen, Place};
use super::rules::Used;
use super::{Part, plain};
use crate::finding::{Occurrence, Suppressed, Suppression, SuppressionKind};

/// How many results there are.
pub(super) fn count(report: &Report, part: Part) -> usize {
    report.suppressions.suppressed.iter().map(|one| files(report, one, part).chosen.len()).sum()
}

/// Adds results up to `most`, and counts what is left out.
pub(super) fn add<'a>(
    report: &'a Report,
    rules: &mut Used,
    names: &RefNames<'a>,
    part: Part,
    most: usize,
    chosen: &mut Chosen,
) {
    let counted = chosen.results.len();
    for one in &report.suppressions.suppressed {
        let exposure = exposure(&one.finding, names);
        let files = files(report, one, part);
        for file in &files.chosen {
            if chosen.results.len() >= most {
                chosen.suppressed_left_out += 1;
                continue;
            }
            let place = Place::new(part, &exposure, file, files.all - 1, chosen.related());
            chosen.add(&place, report, &one.finding, rules);
            if let Some(result) = chosen.results.last_mut() {
                result.suppressions = Some(suppressions(report, one, &file.1));
            }
        }
    }
    if chosen.results.len() > counted {
        // If some say that they are suppressed, the others say that they are not.
        chosen.results[..counted].iter_mut().for_each(|result| result.suppressions = Some(Vec::new()));
    }
}

/// The files that would have a result in this part if it counted, and have none of what does count.
fn files<'a>(report: &Report, one: &'a Suppressed, part: Part) -> Files<'a> {
    let mut files = Files::of(report, &one.finding, part);
    if one.is_whole {
        return files;
    }
    match part {
        Part::All => {}
        Part::Head => files.chosen.retain(|(_, occurrences)| is_present(occurrences[0])),
        // The one result is of what counts, unless HEAD has it.
        Part::History => files.chosen.clear(),
    }
    if !files.chosen.is_empty() {
        let counted = report.findings.iter().find(|finding| one.is_part_of(finding));
        let chosen = counted.into_iter().flat_map(|counted| Files::of(report, counted, part).chosen);
        let taken: HashSet<String> = chosen.map(|(uri, _)| uri).collect();
        files.chosen.retain(|(uri, _)| !taken.contains(uri));
    }
    files
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
        let mut text = asker(report, by);
        for (name, value) in
            [("reason", &by.reason), ("by", &by.who), ("since", &by.when), ("until", &by.until)]
        {
            if let Some(value) = value {
                let _ = write!(text, "; {name}: {}", report.redactor.show(value.as_bytes()));
            }
        }
        model::Suppression::builder()
            .kind(json!(kind))
            .status(json!(model::SupressionStatus::Accepted))
            .justification(plain(&text))
            .build()
    };
    different.iter().map(suppression).collect()
}
