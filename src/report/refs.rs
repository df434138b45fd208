//! Names of refs as they may be shown. Hundreds of findings are in the same hundreds of refs, and to look for secrets in
//! a name takes longer than to write it.

use std::sync::OnceLock;

use bstr::BString;
use serde::Serialize;

use super::Report;
use crate::finding::Refs;

/// Masks each name once.
pub(super) struct RefNames<'a> {
    report: &'a Report,
    /// For each repository.
    lists: Vec<List<'a>>,
}

/// The refs of a repository.
struct List<'a> {
    names: &'a [BString],
    shown: Vec<OnceLock<String>>,
}

/// Names that may be shown.
#[derive(Serialize)]
pub(super) struct Shown<'a>(Vec<&'a str>);

impl<'a> RefNames<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let mut lists: Vec<List<'_>> = Vec::new();
        for refs in report.all_findings().filter_map(|finding| Some(&finding.exposure.as_ref()?.refs)) {
            let names = refs.all_names();
            if !lists.iter().any(|list| std::ptr::eq(list.names, names)) {
                lists.push(List { names, shown: vec![OnceLock::new(); names.len()] });
            }
        }
        RefNames { report, lists }
    }

    /// The first `most` of the names that `refs` of the report has.
    pub(super) fn of(&self, refs: &Refs, most: usize) -> Shown<'_> {
        let list = self.lists.iter().find(|list| std::ptr::eq(list.names, refs.all_names()));
        let places = refs.listed().iter().take(most);
        let shown = list.map(|list| places.filter_map(|place| self.show(list, *place as usize)).collect());
        Shown(shown.unwrap_or_default())
    }

    fn show<'b>(&'b self, list: &'b List<'_>, place: usize) -> Option<&'b str> {
        let (name, shown) = list.names.get(place).zip(list.shown.get(place))?;
        Some(shown.get_or_init(|| self.report.redactor.show_path(name)))
    }
}
