//! What is no mistake in a configuration, but can hardly be meant.

use super::entries::ids;
use super::layer::{Allow, Layer};
use super::nearest;
use super::origin::Setting;
use crate::rules::{self, Place, RuleSet};

/// Paths, secrets and lines that have nothing in common: what matches them all matches everything.
const PROBES: [&str; 6] = ["src/main.rs", "a", "Q7", "deploy/prod/.env", "zzzzzzzzzzzzzzzzzzzz", "9_-"];

/// What may not be meant, each with its place.
pub(super) fn warnings(layer: &Layer, rules: &RuleSet) -> anyhow::Result<Vec<(Place, String)>> {
    let mut found = Vec::new();
    for allow in &layer.allowlists {
        allowlist(allow, rules, &mut found)?;
    }
    for pattern in layer.exclude.iter().flat_map(|list| &list.value) {
        if PROBES.iter().all(|probe| pattern.globs.contain((*probe).into())) {
            found
                .push((pattern.place.clone(), format!("the pattern {:?} excludes everything", pattern.text)));
        }
    }
    let unknown = |id: &str| {
        let near = nearest::hint(ids(rules), id);
        rules.by_id(id).is_none().then(|| format!("there is no rule {id:?}{near}"))
    };
    for list in [&layer.only, &layer.disable].into_iter().flatten() {
        for why in list.value.iter().filter_map(|id| unknown(id)) {
            found.extend(list.place().map(|place| (place.clone(), why)));
        }
    }
    for (id, change) in &layer.overrides {
        let place = change.enabled.as_ref().and_then(Setting::place);
        let place = place.or_else(|| change.severity.as_ref().and_then(Setting::place));
        let place = place.or_else(|| change.confidence.as_ref().and_then(Setting::place));
        found.extend(unknown(id).and_then(|why| Some((place?.clone(), why))));
    }
    found.sort_by_key(|(place, _)| place.line());
    Ok(found)
}

fn allowlist(allow: &Allow, rules: &RuleSet, found: &mut Vec<(Place, String)>) -> anyhow::Result<()> {
    let raw = &allow.raw;
    for (key, list) in [("paths", &raw.paths), ("regexes", &raw.regexes)] {
        for pattern in list {
            let can = rules::can(pattern, key, &PROBES)?;
            if can.is_everything {
                let why = format!("`{key}` has {:?}, which matches everything", pattern.value);
                found.push((pattern.place.clone(), why));
            } else if can.is_empty_match {
                let why = format!("`{key}` has {:?}, which can match the empty text", pattern.value);
                found.push((pattern.place.clone(), why));
            }
        }
    }
    for word in raw.stopwords.iter().filter(|word| word.chars().count() < 3) {
        let why = format!("the stopword {word:?} is so short that random secrets contain it");
        found.push((raw.place.clone(), why));
    }
    for id in raw.target_rules.iter().filter(|id| rules.by_id(&id.value).is_none()) {
        let near = nearest::hint(ids(rules), &id.value);
        found.push((id.place.clone(), format!("there is no rule {:?}{near}", id.value)));
    }
    Ok(())
}
