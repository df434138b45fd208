//! The lines round the places of a finding, each once: a line stands in many versions of a file.

use std::sync::Arc;

use hashbrown::HashMap;
use serde::Serialize;

use crate::finding::{Excerpt, Finding};
use crate::report::Report;
use crate::report::text::ShownExcerpt;

/// A line as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub(super) struct ExcerptJson {
    text: String,
    secret: RangeJson,
    matched: RangeJson,
    /// The same with the secrets in it, if they may be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    revealed: Option<Box<ExcerptJson>>,
}

/// Characters of a text, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
struct RangeJson {
    start: usize,
    end: usize,
}

/// The distinct lines of a finding, and for each occurrence which one it has.
pub(super) struct Excerpts {
    pub(super) lines: Vec<ExcerptJson>,
    pub(super) of: Vec<usize>,
}

impl Excerpts {
    pub(super) fn new(report: &Report, finding: &Finding) -> Self {
        let mut places: HashMap<&Arc<Excerpt>, usize> = HashMap::new();
        let mut known: HashMap<ExcerptJson, usize> = HashMap::new();
        let of = finding.occurrences.iter().map(|occurrence| {
            *places.entry(&occurrence.excerpt).or_insert_with(|| {
                let next = known.len();
                *known.entry(show(report, &occurrence.excerpt)).or_insert(next)
            })
        });
        let of = of.collect();
        let mut lines: Vec<(ExcerptJson, usize)> = known.into_iter().collect();
        lines.sort_by_key(|(_, place)| *place);
        Excerpts { lines: lines.into_iter().map(|(line, _)| line).collect(), of }
    }
}

fn show(report: &Report, excerpt: &Excerpt) -> ExcerptJson {
    let revealed = || Box::new(ExcerptJson::from(report.redactor.excerpt(excerpt, true)));
    let revealed = report.show_secrets.then(revealed);
    ExcerptJson { revealed, ..report.redactor.excerpt(excerpt, false).into() }
}

impl From<ShownExcerpt> for ExcerptJson {
    fn from(shown: ShownExcerpt) -> Self {
        let range = |range: std::ops::Range<usize>| RangeJson { start: range.start, end: range.end };
        ExcerptJson {
            text: shown.text,
            secret: range(shown.secret),
            matched: range(shown.matched),
            revealed: None,
        }
    }
}
