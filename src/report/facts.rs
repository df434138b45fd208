//! What credentials say about themselves, as every format tells it.

use super::Report;
use crate::finding::Finding;

/// Names and values, in the order in which they were read; several values of one name are one text.
pub(super) fn of(report: &Report, finding: &Finding) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> = Vec::new();
    for fact in &finding.identity {
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
