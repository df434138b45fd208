//! All rules on a page: `docs/rules.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Rule, RuleSet};

/// A page of Markdown with a table for each provider.
pub fn markdown(rules: &RuleSet) -> String {
    let mut providers: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for (_, rule) in rules.iter() {
        providers.entry(&rule.provider).or_default().push(rule);
    }
    let mut page = format!(
        "# Rules\n\n\
         Written by `muzzle rules catalogue`; a test holds this page to it. How rules are written: \
         [rules/README.md](../rules/README.md).\n\n\
         {} kinds of credentials of {} providers. *Severity* is by what a credential opens, *confidence* by how sure a \
         match is.\n",
        rules.len(),
        providers.len()
    );
    for (provider, mut rules) in providers {
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        let _ = write!(
            page,
            "\n## {provider}\n\n| rule | severity | confidence | what it opens | what to do |\n| --- | --- | --- | --- | --- |\n"
        );
        for rule in rules {
            let Rule { id, name, severity, confidence, description, remediation, .. } = rule;
            let [name, description, remediation] = [name, description, remediation].map(|text| cell(text));
            let _ = writeln!(
                page,
                "| `{id}`<br>{name} | {severity} | {confidence} | {description} | {remediation} |"
            );
        }
    }
    page
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('\n', " ")
}
