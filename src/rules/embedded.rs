//! The rules that come with muzzle: the files of `rules/`, put into the program when it is built.

use super::{RuleError, RuleSet, allowlist, schema};
use crate::parallel::both;

/// A file of `rules/`.
pub(crate) struct File {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    /// Without examples, and without what can be done about a finding.
    pub(crate) lean: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The files of these providers.
pub(super) fn files_of(providers: &std::collections::BTreeSet<&str>) -> impl Iterator<Item = &'static File> {
    let provider = |file: &File| file.name.strip_suffix(".toml").unwrap_or(file.name);
    FILES.iter().filter(move |file| file.name != allowlist::FILE && providers.contains(provider(file)))
}

impl RuleSet {
    /// The rules that come with muzzle, without their examples.
    pub fn embedded() -> Result<Self, RuleError> {
        RuleSet::of_files(|file| file.lean)
    }

    /// The rules that come with muzzle. Half of what there is to read are the examples.
    pub fn embedded_with_examples() -> Result<Self, RuleError> {
        RuleSet::of_files(|file| file.text)
    }

    fn of_files(text: impl Fn(&'static File) -> &'static str + Sync) -> Result<Self, RuleError> {
        let parse = |files: &'static [File]| {
            let mut rules = Vec::new();
            for file in files.iter().filter(|file| file.name != allowlist::FILE) {
                rules.append(&mut schema::parse(file.name, text(file))?);
            }
            Ok(rules)
        };
        // A third of the time in which a hook answers: two threads share it.
        let (first, second) = FILES.split_at(FILES.len() / 2);
        let (first, second) = both(|| parse(first), || parse(second));
        let (mut rules, mut more) = (first?, second?);
        rules.append(&mut more);
        rules.iter_mut().for_each(|rule| rule.builtin = true);
        let mut set = RuleSet::default();
        set.extend(rules)?;
        Ok(set)
    }
}
