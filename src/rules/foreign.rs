//! Rule files of other scanners: gitleaks configurations, and those of betterleaks as far as they are the same.
//!
//! ```text
//! text ─▶ read ─▶ extend ─▶ build ─▶ rules, exemptions ─▶ joined with those that are there
//!                            dialect, literals, pattern
//! ```
//!
//! Deliberate differences are in `docs/rule-files.md`; nothing is left out without a word.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::{Exemption, Rule, RuleError, RuleSet};

mod build;
mod dialect;
mod extend;
mod formula;
mod literals;
mod pattern;
mod read;

pub(crate) use build::{can, exemptions, object_name};
pub(crate) use formula::Formula;
pub(crate) use pattern::Pattern;
pub(super) use pattern::window;
pub(crate) use read::{Placed, RawAllowlist, needs_all, target_named};

use read::{Config, RawRule};

/// Adds the rules of a configuration, and does to the built-in ones what it says.
pub(super) fn add(set: &mut RuleSet, file: &str, text: &str) -> Result<(), RuleError> {
    add_config(set, file, &extend::resolve(&file.into(), text)?)
}

/// The rules of a configuration in place of all others, as its own scanner would run them: the built-in ones are among
/// them if it extends the default.
pub(super) fn alone(file: &str, text: &str) -> Result<RuleSet, RuleError> {
    let config = extend::resolve(&file.into(), text)?;
    let mut set = if config.extend.use_default { RuleSet::embedded()? } else { RuleSet::default() };
    add_config(&mut set, file, &config)?;
    Ok(set)
}

fn add_config(set: &mut RuleSet, file: &str, config: &Config) -> Result<(), RuleError> {
    let mut import = Import { set, use_default: config.extend.use_default };
    let rules = import.rules(file, config)?;
    if import.use_default {
        import.disable(&config.extend.disabled);
    }
    import.replace(file, &rules);
    let first = import.set.rules.len();
    import.set.extend(rules)?;
    import.check_required(config)?;
    import.exempt(config, first)
}

struct Import<'a> {
    set: &'a mut RuleSet,
    /// The built-in rules are part of the configuration.
    use_default: bool,
}

impl Import<'_> {
    /// The rules that can run. Those that cannot are named.
    fn rules(&mut self, file: &str, config: &Config) -> Result<Vec<Rule>, RuleError> {
        let provider = Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
        let mut rules = Vec::new();
        for raw in &config.rules {
            match (&raw.regex, &raw.path) {
                (Some(regex), _) => rules.push(build::rule(raw, regex, &provider)?),
                (None, Some(path)) if !self.changes(raw) => {
                    rules.push(build::rule_by_path(raw, path, &provider)?);
                }
                (None, _) => self.change(raw)?,
            }
        }
        Ok(rules)
    }

    /// Whether there is a built-in rule that this one extends.
    fn changes(&self, raw: &RawRule) -> bool {
        self.use_default && self.set.by_id(&raw.id).is_some_and(|rule| rule.builtin)
    }

    /// A rule without an expression of its own is there to change one of those that it extends.
    fn change(&mut self, raw: &RawRule) -> Result<(), RuleError> {
        if !self.use_default {
            let why = "it has neither `regex` nor `path`, and would find nothing: give it one";
            return Err(RuleError::Rule { place: raw.place.clone(), id: raw.id.clone(), why: why.into() });
        }
        let exemptions = build::rule_exemptions(raw)?;
        let path = raw.path.as_ref().map(|path| build::path(raw, path)).transpose()?;
        let Some(rule) = self.set.rules.iter_mut().find(|rule| rule.builtin && rule.id == raw.id) else {
            tracing::warn!("{}: rule `{}` is to change a rule that muzzle does not have", raw.place, raw.id);
            return Ok(());
        };
        if let Some(description) = &raw.description {
            rule.description.clone_from(description);
        }
        rule.entropy = raw.entropy.map(f32::next_up).or(rule.entropy);
        rule.tags.extend(raw.tags.iter().cloned());
        rule.exemptions.extend(exemptions);
        if path.is_some() {
            rule.form.path = path;
            rule.compiled = OnceLock::new();
        }
        Ok(())
    }

    /// A rule that requires one which is not there would never find anything.
    fn check_required(&self, config: &Config) -> Result<(), RuleError> {
        for raw in &config.rules {
            for required in raw.requires.iter().filter(|required| self.set.by_id(&required.id).is_none()) {
                let why = format!("it requires a rule `{}`, which is not there: add it", required.id);
                if !required.is_optional {
                    return Err(RuleError::Rule { place: required.place.clone(), id: raw.id.clone(), why });
                }
                tracing::warn!("{}: rule `{}`: {why}, or drop it", required.place, raw.id);
            }
        }
        Ok(())
    }

    fn disable(&mut self, disabled: &[Placed<String>]) {
        let has_builtin = self.set.rules.iter().any(|rule| rule.builtin);
        for id in disabled {
            let before = self.set.rules.len();
            self.set.rules.retain(|rule| !rule.builtin || rule.id != id.value);
            if has_builtin && before == self.set.rules.len() {
                tracing::warn!("{}: muzzle has no rule `{}` that could be disabled", id.place, id.value);
            }
        }
    }

    /// Who brings a rule with the id of a built-in one wants the former.
    fn replace(&mut self, file: &str, rules: &[Rule]) {
        let mut replaced = Vec::new();
        self.set.rules.retain(|old| {
            let is_replaced = old.builtin && rules.iter().any(|new| new.id == old.id);
            replaced.extend(is_replaced.then(|| old.id.clone()));
            !is_replaced
        });
        if !replaced.is_empty() {
            tracing::warn!("{file}: takes the place of built-in rules: {}", replaced.join(", "));
        }
    }

    /// Global allowlists and filters, for the rules from `first` on, and for the built-in ones if those are part of it.
    fn exempt(&mut self, config: &Config, first: usize) -> Result<(), RuleError> {
        for raw in &config.allowlists {
            let is_global = raw.target_rules.is_empty();
            let exemptions: Vec<Arc<Exemption>> = build::exemptions(raw)?;
            let mut known = vec![false; raw.target_rules.len()];
            for (number, rule) in self.set.rules.iter_mut().enumerate() {
                let in_scope = number >= first || (self.use_default && rule.builtin);
                let target = raw.target_rules.iter().position(|id| id.value == rule.id);
                if in_scope && (is_global || target.is_some()) {
                    rule.exemptions.extend(exemptions.iter().map(Arc::clone));
                    target.into_iter().for_each(|target| known[target] = true);
                }
            }
            for (id, _) in raw.target_rules.iter().zip(known).filter(|(_, known)| !known) {
                let why = format!("an allowlist is for a rule `{}`, which is not there", id.value);
                let is_left_out = config.rules.iter().any(|rule| rule.id == id.value);
                if !self.use_default && !is_left_out {
                    return Err(RuleError::File { place: id.place.clone(), why });
                }
                tracing::warn!("{}: {why}", id.place);
            }
        }
        for (number, rule) in self.set.rules.iter_mut().enumerate() {
            if number >= first || (self.use_default && rule.builtin) {
                rule.exemptions.extend(config.filters.iter().map(Arc::clone));
            }
        }
        Ok(())
    }
}
