//! Settings that hide findings → entries of a policy.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::layer::{Allow, Layer, Pattern};
use super::nearest;
use super::origin::Setting;
use super::weaker::disabled;
use crate::policy::{Allowlist, Entry, FailOn, Globs, Hides};
use crate::rules::{Place, RuleSet};

/// What the files in force hide place by place.
pub(super) fn in_force(layer: &Layer, rules: &RuleSet) -> Vec<Arc<Entry>> {
    Places { honoured: true, rules }.of(layer).into_iter().map(Arc::new).collect()
}

/// What a file that is not honoured would have hidden.
pub(super) fn refused(layer: &Layer, rules: &RuleSet) -> Vec<Arc<Entry>> {
    let mut entries = Places { honoured: false, rules }.of(layer);
    let mut add = |kind, name: String, place: Option<&Place>, hides| {
        if let Some(place) = place.cloned() {
            entries.push(Entry { kind, name, place, honoured: false, hides });
        }
    };
    if let Some(only) = &layer.only {
        let ids = only.value.iter().cloned().collect();
        add("rules.only", only.value.join(", "), only.place(), Hides::OtherRules(ids));
    }
    if let Some(builtin) = layer.builtin.as_ref().filter(|builtin| !builtin.value) {
        add("rules.builtin", "false".into(), builtin.place(), Hides::BuiltinRules);
    }
    if let Some(disable) = &layer.disable {
        let ids = disable.value.iter().cloned().collect();
        add("rules.disable", disable.value.join(", "), disable.place(), Hides::Rules(ids));
    }
    for (id, change) in &layer.overrides {
        if let Some(enabled) = change.enabled.as_ref().filter(|enabled| !enabled.value) {
            add("rules.override", id.clone(), enabled.place(), Hides::Rules(BTreeSet::from([id.clone()])));
        }
        if let Some(confidence) = &change.confidence {
            add(
                "rules.override",
                id.clone(),
                confidence.place(),
                Hides::Lowered(id.clone(), confidence.value),
            );
        }
    }
    if let Some(confidence) = &layer.confidence {
        let name = confidence.value.to_string();
        add("scan.confidence", name, confidence.place(), Hides::Below(confidence.value));
    }
    for (kind, setting, hides) in
        [("scan.worktree", &layer.worktree, Hides::Files), ("scan.history", &layer.history, Hides::History)]
    {
        if let Some(setting) = setting.as_ref().filter(|setting| !setting.value) {
            add(kind, "false".into(), setting.place(), hides);
        }
    }
    entries.into_iter().map(Arc::new).collect()
}

struct Places<'a> {
    honoured: bool,
    rules: &'a RuleSet,
}

impl Places<'_> {
    fn of(&self, layer: &Layer) -> Vec<Entry> {
        let mut entries: Vec<Entry> = layer.allowlists.iter().map(|allow| self.allowlist(allow)).collect();
        for pattern in layer.exclude.iter().flat_map(|list| &list.value) {
            let hides = Hides::Inside(pattern.globs.clone());
            entries.push(self.entry("paths.exclude", pattern.text.clone(), pattern.place.clone(), hides));
        }
        if let Some(include) = &layer.include {
            entries.extend(self.outside(include));
        }
        entries
    }

    fn entry(&self, kind: &'static str, name: String, place: Place, hides: Hides) -> Entry {
        Entry { kind, name, place, honoured: self.honoured, hides }
    }

    fn outside(&self, include: &Setting<Vec<Pattern>>) -> Option<Entry> {
        let globs: Vec<Globs> = include.value.iter().map(|pattern| pattern.globs.clone()).collect();
        let name = include.value.iter().map(|pattern| pattern.text.as_str()).collect::<Vec<_>>().join(", ");
        Some(self.entry("paths.include", name, include.place()?.clone(), Hides::Outside(globs)))
    }

    fn allowlist(&self, allow: &Allow) -> Entry {
        for id in &allow.raw.target_rules {
            if self.honoured && self.rules.by_id(&id.value).is_none() {
                let near = nearest::hint(ids(self.rules), &id.value);
                tracing::warn!(
                    "{}: an allowlist is for a rule {:?}, which does not run{near}",
                    id.place,
                    id.value
                );
            }
        }
        let list = Allowlist {
            rules: allow.raw.target_rules.iter().map(|id| id.value.clone()).collect(),
            exemptions: allow.exemptions.clone(),
        };
        self.entry("allowlist", allow.name(), allow.raw.place.clone(), Hides::Allowed(list))
    }
}

/// All of them.
pub(super) fn ids(rules: &RuleSet) -> impl Iterator<Item = &str> {
    rules.iter().map(|(_, rule)| rule.id.as_str())
}

/// What hides without being countable finding by finding: in words, with its place.
pub(super) fn uncounted(layer: &Layer) -> Vec<(Place, String)> {
    let mut told = Vec::new();
    let mut tell =
        |place: Option<&Place>, text: String| told.extend(place.map(|place| (place.clone(), text)));
    if let Some(fail_on) = layer.fail_on.as_ref().filter(|set| set.value.is_weaker_than(&FailOn::default())) {
        tell(fail_on.place(), format!("fail_on is {}", fail_on.value));
    }
    if let Some(code) = layer.exit_code.as_ref().filter(|code| code.value == 0) {
        tell(code.place(), "the exit code for findings is 0".into());
    }
    if let Some(allow) = layer.allow_incomplete.as_ref().filter(|allow| allow.value) {
        tell(allow.place(), "incomplete scans are allowed".into());
    }
    if let Some(limit) = &layer.largest_file {
        tell(limit.place(), format!("nothing is reported in files above {}", limit.value));
    }
    told
}

/// What keeps rules or whole parts from being scanned: in words, with its place.
pub(super) fn unscanned(layer: &Layer) -> Vec<(Place, String)> {
    let mut told = Vec::new();
    let mut tell =
        |place: Option<&Place>, text: String| told.extend(place.map(|place| (place.clone(), text)));
    let off = disabled(layer);
    if !off.is_empty() {
        let place = layer.disable.as_ref().and_then(Setting::place);
        let place = place.or_else(|| {
            layer.overrides.values().find_map(|change| change.enabled.as_ref().and_then(Setting::place))
        });
        let ids = off.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        tell(place, format!("rules that do not run: {ids}"));
    }
    if let Some(only) = &layer.only {
        tell(only.place(), format!("no rules run but {}", only.value.join(", ")));
    }
    if let Some(builtin) = layer.builtin.as_ref().filter(|builtin| !builtin.value) {
        tell(builtin.place(), "the rules that come with muzzle do not run".into());
    }
    if let Some(level) = layer.confidence.as_ref().filter(|l| l.value > crate::finding::Confidence::Medium) {
        tell(level.place(), format!("less than confidence {} is not reported", level.value));
    }
    for (switch, what) in [
        (&layer.history, "the history is"),
        (&layer.worktree, "the working tree is"),
        (&layer.metadata, "messages and headers of commits and tags and the names of refs are"),
        (&layer.local, "the files of the git directory are"),
    ] {
        if let Some(off) = switch.as_ref().filter(|switch| !switch.value) {
            tell(off.place(), format!("{what} not scanned"));
        }
    }
    for (id, change) in &layer.overrides {
        if let Some(confidence) = &change.confidence {
            tell(confidence.place(), format!("the confidence of rule {id} is {}", confidence.value));
        }
        if let Some(severity) = &change.severity {
            tell(severity.place(), format!("the severity of rule {id} is {}", severity.value));
        }
    }
    told
}
