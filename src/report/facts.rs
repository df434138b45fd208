//! What credentials say about themselves, as every format tells it.

use super::Report;
use crate::finding::{Fact, Finding};

/// Names and values, in the order in which they were read; several values of one name are one text.
pub(super) fn of(report: &Report, finding: &Finding) -> Vec<(String, String)> {
    told(report, &finding.identity)
}

/// The same of any facts.
pub(super) fn told(report: &Report, list: &[Fact]) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> = Vec::new();
    for fact in list {
        let value = report.redactor.show(fact.value.as_bytes());
        match facts.iter_mut().find(|(name, _)| *name == fact.name) {
            Some((_, known)) => {
                known.push_str("; ");
                known.push_str(&value);
            }
            None => facts.push((fact.name.clone().into_owned(), value)),
        }
    }
    facts
}
