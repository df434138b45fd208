//! Names of refs as they may be shown. Hundreds of findings are in the same hundreds of refs, and to look for secrets in
//! a name takes longer than to write it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use bstr::BStr;
use serde::{Serialize, Serializer};

use super::Report;
use crate::finding::Refs;

/// Masks each name once.
pub(super) struct RefNames<'a> {
    report: &'a Report,
    shown: RefCell<HashMap<&'a BStr, Rc<str>>>,
}

/// Names that may be shown.
pub(super) struct Shown(Vec<Rc<str>>);

impl<'a> RefNames<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        RefNames { report, shown: RefCell::default() }
    }

    /// The first `most` of the names that `refs` has.
    pub(super) fn of(&self, refs: &'a Refs, most: usize) -> Shown {
        let mut shown = self.shown.borrow_mut();
        let mut show = |name: &'a BStr| {
            Rc::clone(shown.entry(name).or_insert_with(|| self.report.redactor.show_path(name).into()))
        };
        Shown(refs.names().take(most).map(&mut show).collect())
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|name| &**name))
    }
}
