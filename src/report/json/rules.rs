//! What the report says of rules, once each.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::finding::{Confidence, RuleIndex, Severity};
use crate::report::Report;
use crate::report::guidance::Guidance;
use crate::rules::Rule;

#[derive(Serialize)]
pub(super) struct RuleTextJson<'a> {
    id: &'a str,
    name: &'a str,
    provider: &'a str,
    severity: Severity,
    confidence: Confidence,
    description: &'a str,
    remediation: &'a str,
    references: &'a [String],
    tags: &'a [String],
    fingerprint_scope: &'static str,
    guidance: Option<&'a Guidance>,
}

/// The rules that have findings, counted or not, or the other halves of findings.
pub(super) fn of_findings(report: &Report) -> Vec<RuleTextJson<'_>> {
    let halves = report.all_findings().filter_map(|finding| finding.companion.as_ref()).map(|half| half.rule);
    let used: BTreeSet<RuleIndex> = report.all_findings().map(|finding| finding.rule).chain(halves).collect();
    used.into_iter().map(|index| text(report.rules.get(index), report.guidance.get(&index))).collect()
}

fn text<'a>(rule: &'a Rule, guidance: Option<&'a Guidance>) -> RuleTextJson<'a> {
    RuleTextJson {
        id: &rule.id,
        name: &rule.name,
        provider: &rule.provider,
        severity: rule.severity,
        confidence: rule.confidence,
        description: &rule.description,
        remediation: &rule.remediation,
        references: &rule.references,
        tags: &rule.tags,
        fingerprint_scope: if rule.guessable { "place" } else { "secret" },
        guidance,
    }
}
