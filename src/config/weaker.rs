//! What a change under review takes away from the policy of its base, in words.

use std::collections::BTreeSet;

use super::layer::{Allow, Layer, Override, Pattern};
use super::origin::Setting;
use crate::finding::Confidence;

/// Ids and places that are named.
const MOST: usize = 5;

/// How `tree` is weaker than `base`; empty if it is not.
pub(super) fn than(base: &Layer, tree: &Layer) -> Vec<String> {
    let mut found = Vec::new();
    allowlists(base, tree, &mut found);
    rules(base, tree, &mut found);
    paths(base, tree, &mut found);
    numbers(base, tree, &mut found);
    found
}

fn allowlists(base: &Layer, tree: &Layer, found: &mut Vec<String>) {
    let known: BTreeSet<String> = base.allowlists.iter().map(Allow::meaning).collect();
    let new = tree.allowlists.iter().filter(|allow| !known.contains(&allow.meaning()));
    let places: Vec<String> =
        new.map(|allow| format!("{}:{}", allow.raw.place.file(), allow.raw.place.line())).collect();
    if !places.is_empty() {
        found.push(format!("{} added ({})", counted(places.len(), "allowlist"), first(&places)));
    }
}

/// Ids of rules that are off.
pub(super) fn disabled(layer: &Layer) -> BTreeSet<String> {
    let off = |change: &Override| change.enabled.as_ref().is_some_and(|enabled| !enabled.value);
    let listed = layer.disable.iter().flat_map(|list| list.value.iter().cloned());
    listed.chain(layer.overrides.iter().filter(|(_, change)| off(change)).map(|(id, _)| id.clone())).collect()
}

fn rules(base: &Layer, tree: &Layer, found: &mut Vec<String>) {
    let off: Vec<String> = disabled(tree).difference(&disabled(base)).cloned().collect();
    if !off.is_empty() {
        found.push(format!("{} disabled ({})", counted(off.len(), "rule"), first(&off)));
    }
    let listed = |list: &Option<Setting<Vec<String>>>| -> BTreeSet<String> {
        list.iter().flat_map(|list| list.value.iter().cloned()).collect()
    };
    let (before, after) = (listed(&base.only), listed(&tree.only));
    let is_narrower = !after.is_empty() && (before.is_empty() || !before.is_subset(&after));
    if is_narrower {
        found.push(format!("only {} left to run", counted(after.len(), "rule")));
    }
    let gone: Vec<String> = listed(&base.files).difference(&listed(&tree.files)).cloned().collect();
    if !gone.is_empty() {
        found.push(format!("{} removed ({})", counted(gone.len(), "rule file"), first(&gone)));
    }
    for (id, change) in &tree.overrides {
        let before = base.overrides.get(id);
        let lower = |was: Option<String>, is: Option<String>, what: &str, found: &mut Vec<String>| {
            if let Some(is) = is.filter(|is| Some(is) != was.as_ref()) {
                found.push(format!("{what} of rule {id} set to {is}"));
            }
        };
        let confidence =
            |change: &Override| change.confidence.as_ref().map(|setting| setting.value.to_string());
        let severity = |change: &Override| change.severity.as_ref().map(|setting| setting.value.to_string());
        lower(before.and_then(confidence), confidence(change), "confidence", found);
        lower(before.and_then(severity), severity(change), "severity", found);
    }
}

fn paths(base: &Layer, tree: &Layer, found: &mut Vec<String>) {
    let texts = |list: &Option<Setting<Vec<Pattern>>>| -> BTreeSet<String> {
        list.iter().flat_map(|list| list.value.iter().map(|pattern| pattern.text.clone())).collect()
    };
    let new: Vec<String> = texts(&tree.exclude).difference(&texts(&base.exclude)).cloned().collect();
    if !new.is_empty() {
        found.push(format!("{} excluded ({})", counted(new.len(), "path pattern"), first(&new)));
    }
    let (before, after) = (texts(&base.include), texts(&tree.include));
    if !after.is_empty() && (before.is_empty() || !before.is_subset(&after)) {
        found.push(format!("only {} included", counted(after.len(), "path pattern")));
    }
}

fn numbers(base: &Layer, tree: &Layer, found: &mut Vec<String>) {
    let level = |layer: &Layer| layer.confidence.as_ref().map_or(Confidence::Medium, |setting| setting.value);
    if level(tree) > level(base) {
        found.push(format!("confidence raised from {} to {}", level(base), level(tree)));
    }
    let is =
        |setting: &Option<Setting<bool>>, default| setting.as_ref().map_or(default, |setting| setting.value);
    for (name, weak, default, pick) in [
        (
            "history not scanned",
            false,
            true,
            &(|l: &Layer| l.history.clone()) as &dyn Fn(&Layer) -> Option<Setting<bool>>,
        ),
        ("working tree not scanned", false, true, &|l: &Layer| l.worktree.clone()),
        ("archives not opened", false, true, &|l: &Layer| l.archives.clone()),
        ("encoded text not decoded", false, true, &|l: &Layer| l.decoding.clone()),
        ("built-in rules off", false, true, &|l: &Layer| l.builtin.clone()),
        ("ignored files passed over", true, true, &|l: &Layer| l.ignore_files.clone()),
        ("unreachable objects not reported", false, false, &|l: &Layer| l.unreachable.clone()),
        ("incomplete scans allowed", true, false, &|l: &Layer| l.allow_incomplete.clone()),
    ] {
        if is(&pick(tree), default) == weak && is(&pick(base), default) != weak {
            found.push(name.to_owned());
        }
    }
    let limit = |layer: &Layer| layer.largest_file.as_ref().map_or(u64::MAX, |limit| limit.value.0);
    if limit(tree) < limit(base)
        && let Some(size) = &tree.largest_file
    {
        found.push(format!("files above {} not reported", size.value));
    }
    let fail_on =
        |layer: &Layer| layer.fail_on.as_ref().map(|setting| setting.value.clone()).unwrap_or_default();
    if fail_on(tree).is_weaker_than(&fail_on(base)) {
        found.push(format!("fail_on changed from {} to {}", fail_on(base), fail_on(tree)));
    }
    let code = |layer: &Layer| layer.exit_code.as_ref().map_or(1, |setting| setting.value);
    if code(tree) == 0 && code(base) != 0 {
        found.push("exit code for findings set to 0".into());
    }
}

fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn first(list: &[String]) -> String {
    let mut parts: Vec<&str> = list.iter().take(MOST).map(String::as_str).collect();
    if list.len() > MOST {
        parts.push("…");
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::file::parse;
    use super::*;

    fn told(base: &str, tree: &str) -> Vec<String> {
        than(&parse("base", base).unwrap(), &parse("muzzle.toml", tree).unwrap())
    }

    #[test]
    fn the_same_is_not_weaker_wherever_it_stands() {
        let one =
            "[[allowlist]]\npaths = ['a']\n[rules]\ndisable = ['x']\n[report]\nfail_on = 'confidence=high'\n";
        assert_eq!(told(one, &format!("# moved\n\n{one}")), [""; 0]);
        assert_eq!(told(one, ""), [""; 0]);
        assert_eq!(
            told("", "[scan]\nconfidence = 'low'\nunreachable = true\n[rules]\nfiles = ['x']"),
            [""; 0]
        );
    }

    #[test]
    fn everything_that_hides_is_told() {
        let tree = "[scan]\nconfidence = 'high'\nlargest_file = '1 KiB'\nhistory = false\n[rules]\nonly = ['a']\ndisable = ['b']\nbuiltin = false\n\
                    [rules.override.c]\nenabled = false\nconfidence = 'low'\n[paths]\nexclude = ['v/']\ninclude = ['s/']\n\
                    [report]\nfail_on = 'never'\nexit_code = 0\nallow_incomplete = true\n[[allowlist]]\nstopwords = ['w']\n";
        let found =
            told("[rules]\nfiles = ['r.toml']\n[scan]\nunreachable = true\nignore_files = false", tree);
        for expected in [
            "1 allowlist added (muzzle.toml:19)",
            "2 rules disabled (b, c)",
            "only 1 rule left to run",
            "1 rule file removed (r.toml)",
            "confidence of rule c set to low",
            "1 path pattern excluded (v/)",
            "only 1 path pattern included",
            "confidence raised from medium to high",
            "history not scanned",
            "built-in rules off",
            "ignored files passed over",
            "unreachable objects not reported",
            "incomplete scans allowed",
            "fail_on changed from any to never",
            "files above 1 KiB not reported",
            "exit code for findings set to 0",
        ] {
            assert!(found.contains(&expected.to_owned()), "{expected}\n{found:#?}");
        }
    }
}
