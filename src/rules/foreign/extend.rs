//! One configuration and those that it extends → one.
//!
//! The rules of gitleaks: a rule with the id of one in the extended file changes that one. Its texts and numbers take
//! precedence, its lists are appended; whether it is reported is not carried over. Those of betterleaks 2: it takes the
//! place of that one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::read::{Config, Extend, RawRule, read};
use crate::rules::RuleError;

/// Files that a file may extend, one through the other.
const DEEPEST: usize = 2;

/// The configuration in `text`, with all that it extends. Its own `extend.path` is followed, so that what is left is
/// what it says about the rules that come with muzzle.
pub(super) fn resolve(file: &Arc<str>, text: &str) -> Result<Config, RuleError> {
    resolve_at(file, text, 0)
}

fn resolve_at(file: &Arc<str>, text: &str, depth: usize) -> Result<Config, RuleError> {
    let mut config = read(file, text)?;
    config.rules = last_of_each(config.rules);
    let Some(path) = config.extend.path.take() else { return Ok(config) };
    if depth == DEEPEST {
        tracing::warn!("{}: not followed: a configuration extends at most {DEEPEST} others", path.place);
        return Ok(config);
    }
    let base = locate(file, Path::new(&path.value));
    let text = std::fs::read_to_string(&base).map_err(|source| RuleError::File {
        place: path.place.clone(),
        why: format!("cannot read {}, which is to be extended: {source}", base.display()),
    })?;
    let base = resolve_at(&base.display().to_string().into(), &text, depth + 1)?;
    Ok(merged(base, config))
}

/// Gitleaks looks from the current directory; from the file is what most people mean.
fn locate(file: &str, path: &Path) -> PathBuf {
    let beside = Path::new(file).parent().unwrap_or(Path::new("")).join(path);
    if !path.exists() && beside.exists() { beside } else { path.to_owned() }
}

/// Of several rules with one id, gitleaks takes the last.
fn last_of_each(rules: Vec<RawRule>) -> Vec<RawRule> {
    let mut kept: Vec<RawRule> = Vec::with_capacity(rules.len());
    for rule in rules {
        match kept.iter_mut().find(|other| other.id == rule.id) {
            Some(other) => {
                tracing::warn!(
                    "{}: rule `{}` takes the place of the one at {}",
                    rule.place,
                    rule.id,
                    other.place
                );
                *other = rule;
            }
            None => kept.push(rule),
        }
    }
    kept
}

fn merged(mut base: Config, child: Config) -> Config {
    let Extend { use_default, disabled, .. } = child.extend;
    let unknown = disabled.iter().filter(|id| base.rules.iter().all(|rule| rule.id != id.value));
    for id in unknown.filter(|_| !base.extend.use_default) {
        tracing::warn!("{}: there is no rule `{}` to disable in what is extended", id.place, id.value);
    }
    base.rules.retain(|rule| disabled.iter().all(|id| rule.id != id.value));
    for rule in child.rules {
        match base.rules.iter_mut().find(|other| other.id == rule.id) {
            Some(other) if rule.is_whole => *other = rule,
            Some(other) => override_rule(other, rule),
            None => base.rules.push(rule),
        }
    }
    base.rules.sort_by(|a, b| a.id.cmp(&b.id));
    base.allowlists.splice(0..0, child.allowlists);
    base.filters.splice(0..0, child.filters);
    // What the base disables of the rules that come with muzzle, its child does not bring back.
    base.extend.disabled.extend(disabled);
    base.extend.use_default |= use_default;
    base
}

/// Changes a rule as one with the same id says that extends it.
pub(super) fn override_rule(base: &mut RawRule, child: RawRule) {
    let RawRule {
        description, regex, path, secret_group, entropy, keywords, tags, allowlists, filters, ..
    } = child;
    base.description = description.or(base.description.take());
    base.regex = regex.or(base.regex.take());
    base.path = path.or(base.path.take());
    base.secret_group = secret_group.or(base.secret_group.take());
    base.entropy = entropy.or(base.entropy);
    base.keywords.extend(keywords);
    base.tags.extend(tags);
    base.allowlists.extend(allowlists);
    if !filters.is_empty() {
        base.filters = filters;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        read(&"test.toml".into(), text).unwrap()
    }

    #[test]
    fn a_rule_of_the_same_id_changes_that_of_the_base() {
        let base = config(
            "[[rules]]\nid='b'\nregex='b'\nentropy=3\nkeywords=['b']\ntags=['x']\nskipReport=true\n\
             [[rules.allowlists]]\nstopwords=['s']\n[[rules]]\nid='gone'\nregex='g'\n[[allowlists]]\npaths=['p']",
        );
        let child = config(
            "[extend]\ndisabledRules=['gone','never']\n[[rules]]\nID='b'\nDescription='new'\nentropy=0\n\
             secretGroup=1\nkeywords=['c']\ntags=['y']\n[rules.allowlist]\nregexes=['r']\n[[rules]]\nid='a'\nregex='a'\n\
             [[allowlists]]\ncommits=['c']",
        );
        let all = merged(base, child);
        assert_eq!(all.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let rule = &all.rules[1];
        assert_eq!(rule.description.as_deref(), Some("new"));
        assert_eq!(rule.regex.as_ref().unwrap().value, "b");
        assert_eq!((rule.entropy, rule.secret_group.as_ref().unwrap().value), (Some(3.0), 1));
        assert_eq!((rule.keywords.join(" "), rule.tags.join(" ")), ("b c".into(), "x y".into()));
        assert_eq!(rule.allowlists.len(), 2);
        assert!(rule.skip_report);
        assert_eq!((all.allowlists[0].commits.len(), all.allowlists[1].paths.len()), (1, 1));
    }

    #[test]
    fn the_last_rule_of_an_id_stays() {
        let rules = last_of_each(config("[[rules]]\nid='a'\nregex='1'\n[[rules]]\nid='a'\nregex='2'").rules);
        assert_eq!(rules.len(), 1);
        assert_eq!(rules[0].regex.as_ref().unwrap().value, "2");
    }

    #[test]
    fn a_chain_of_files_ends() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        for (name, next) in [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")] {
            let text = format!("[extend]\npath = '{next}.toml'\n[[rules]]\nid = '{name}'\nregex = '{name}'");
            std::fs::write(path(&format!("{name}.toml")), text).unwrap();
        }
        let file = path("a.toml").display().to_string();
        let all = resolve(&file.as_str().into(), &std::fs::read_to_string(&file).unwrap()).unwrap();
        assert_eq!(all.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        std::fs::remove_file(path("b.toml")).unwrap();
        let error = resolve(&file.as_str().into(), &std::fs::read_to_string(&file).unwrap()).unwrap_err();
        assert!(error.to_string().contains("a.toml:2:8: cannot read"), "{error}");
    }
}
