//! The table of `docs/revocation.md` is what the rules say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use muzzle::rules::RuleSet;
use muzzle::rules::response::{Class, Responses, Revoke, Trust};

const BEGIN: &str =
    "<!-- The table is written by a test: UPDATE_DOCS=1 cargo test --test it revocation_page -->\n";
const END: &str = "<!-- End of the table. -->\n";

fn letter(class: Option<Class>) -> &'static str {
    match class {
        Some(Class::Anyone) => "A",
        Some(Class::Itself) => "B",
        Some(Class::LookUp) => "C",
        Some(Class::Responder) => "D",
        Some(Class::Console) => "E",
        Some(Class::Nobody) => "F",
        None => "",
    }
}

fn mark(trust: Option<Trust>) -> &'static str {
    match trust {
        Some(Trust::V) => "V",
        Some(Trust::L) => "L",
        Some(Trust::T) => "T, experimental",
        Some(Trust::M) => "M, experimental",
        None => "",
    }
}

fn call(revoke: &Revoke) -> String {
    match (&revoke.call, &revoke.module) {
        (Some(call), _) => {
            let url = call.request.url.trim_start_matches("https://").replace("{host}", "HOST");
            format!("`{} {url}`", call.request.method)
        }
        (None, Some(module)) => format!("module `{module}`"),
        (None, None) => "the provider's page".to_owned(),
    }
}

fn cell(text: Option<&str>) -> String {
    text.unwrap_or_default().replace('|', "\\|").replace('\n', " ")
}

fn has_call(revoke: &Revoke) -> bool {
    revoke.call.is_some() || revoke.module.is_some()
}

fn table() -> String {
    let rules = RuleSet::embedded().unwrap();
    let responses = Responses::of(&rules).unwrap();
    let provider = |id: &str| rules.by_id(id).map(|rule| rule.provider.clone()).unwrap_or_default();
    let mut rows: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    let mut by_hand: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, revoke) in responses.revocable() {
        if !has_call(revoke) {
            by_hand.entry(letter(revoke.class)).or_default().push(id);
            continue;
        }
        let row = format!(
            "{} | {} | {} | {} | {}",
            letter(revoke.class),
            call(revoke),
            cell(revoke.destroys.as_deref()),
            cell(Some(revoke.undo.as_deref().unwrap_or("not at all"))),
            mark(revoke.trust)
        );
        rows.entry((provider(id), row)).or_default().push(id);
    }
    let number: usize = rows.values().map(Vec::len).sum();
    let providers: BTreeSet<&String> = rows.keys().map(|(provider, _)| provider).collect();
    let mut text = format!(
        "{number} rules of {} providers can be revoked by a call.\n\n\
         | Rules | Class | Call | What else it destroys | Undo | Trust |\n| --- | --- | --- | --- | --- | --- |\n",
        providers.len()
    );
    for ((_, row), ids) in &rows {
        let _ = writeln!(text, "| {} | {row} |", names(ids));
    }
    let _ = write!(
        text,
        "\nFor the others the plan shows the page and the steps.\n\n| Class | Rules |\n| --- | --- |\n"
    );
    for (class, ids) in by_hand {
        let _ = writeln!(text, "| {class} | {} |", names(&ids));
    }
    text
}

fn names(ids: &[&str]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_table_of_providers_is_up_to_date() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/revocation.md");
    let page = std::fs::read_to_string(file).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (known, after) = rest.split_once(END).unwrap();
    let table = format!("\n{}\n", table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file, [before, BEGIN, &table, END, after].concat()).unwrap();
    } else {
        assert!(
            known == table,
            "UPDATE_DOCS=1 cargo test --test it revocation_page brings docs/revocation.md up to date"
        );
    }
}
