//! What a configuration says → rules and exemptions that can run.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use super::dialect::{Borders, translate};
use super::literals;
use super::pattern::{self, Pattern};
use super::read::{Placed, RawAllowlist, RawRequirement, RawRule};
use crate::finding::{Confidence, ObjectName, Severity};
use crate::rules::compile::{self, Form, FormKind};
use crate::rules::exemption::Words;
use crate::rules::{Cache, Examples, Exemption, Requirement, Rule, RuleError};

/// What to do about a secret of which nothing more is known.
const REMEDIATION: &str =
    "Find out what it opens, revoke it where it was issued, and replace it where it is used.";

/// Makes the rule ready to be compiled.
pub(super) fn rule(raw: &RawRule, regex: &Placed<String>, provider: &str) -> Result<Rule, RuleError> {
    let refused = |place: &crate::rules::Place, why: String| RuleError::Rule {
        place: place.clone(),
        id: raw.id.clone(),
        why,
    };
    let text = expression(regex, "regex", Borders::Lines).map_err(|why| refused(&regex.place, why))?;
    let hir = compile::parse(&text).map_err(|why| refused(&regex.place, why))?;
    let groups = hir.properties().explicit_captures_len();
    if let Some(group) = raw.secret_group.as_ref().filter(|group| group.value > groups) {
        let why = format!("`secretGroup` is {}, but its expression has {groups} groups", group.value);
        return Err(refused(&group.place, why));
    }
    let Some(keywords) = literals::choose(&hir, &raw.keywords) else {
        let why = "nothing that every match contains can be looked for: give it `keywords` of two or more ASCII characters";
        return Err(refused(&raw.place, why.into()));
    };
    let secret = pattern::secret(&hir, raw.secret_group.as_ref().map(|group| group.value));
    let path = raw.path.as_ref().map(|path| self::path(raw, path)).transpose()?;
    Ok(Rule {
        keywords: keywords.words,
        place: regex.place.clone(),
        form: Form {
            path,
            ..form(FormKind::Foreign(Pattern { text, secret, near: keywords.near, before: keywords.before }))
        },
        ..without_form(raw, provider)?
    })
}

/// Makes a rule that reports files for their paths.
pub(super) fn rule_by_path(raw: &RawRule, path: &Placed<String>, provider: &str) -> Result<Rule, RuleError> {
    let path_text = self::path(raw, path)?;
    let form = Form { path: Some(path_text), ..form(FormKind::Path) };
    Ok(Rule { place: path.place.clone(), form, ..without_form(raw, provider)? })
}

/// A rule's `path`, in our dialect.
pub(super) fn path(raw: &RawRule, path: &Placed<String>) -> Result<String, RuleError> {
    let refused = |why| RuleError::Rule { place: path.place.clone(), id: raw.id.clone(), why };
    expression(path, "path", Borders::Text).map_err(refused)
}

fn form(kind: FormKind) -> Form {
    Form { kind, interval: None, allow: Vec::new(), path: None, stopwords: Vec::new(), needs: None }
}

/// What a rule says, but for what it matches.
fn without_form(raw: &RawRule, provider: &str) -> Result<Rule, RuleError> {
    let description = raw.description.clone().unwrap_or_else(|| format!("Found by a rule of {provider}."));
    Ok(Rule {
        id: raw.id.clone(),
        name: raw.description.as_deref().map_or_else(|| raw.id.clone(), name),
        description,
        severity: Severity::High,
        confidence: raw.confidence.unwrap_or(Confidence::Medium),
        keywords: Vec::new(),
        remediation: REMEDIATION.into(),
        references: Vec::new(),
        tags: raw.tags.clone(),
        examples: Examples::default(),
        check: None,
        identity: None,
        companion: None,
        verify: None,
        revoke: None,
        rotate: None,
        requires: raw.requires.iter().map(requirement).collect(),
        part: raw.skip_report,
        // Gitleaks drops what is not above the value, not what is below it.
        entropy: raw.entropy.map(f32::next_up),
        guessable: false,
        // By its name, as gitleaks does it.
        generic: raw.id.to_ascii_lowercase().contains("generic"),
        covers: Vec::new(),
        placeholders: false,
        provider: provider.into(),
        place: raw.place.clone(),
        builtin: false,
        form: form(FormKind::Path),
        exemptions: rule_exemptions(raw)?,
        compiled: OnceLock::new(),
    })
}

/// The first clause of a description.
fn name(description: &str) -> String {
    let end = description.find([',', ';', '\n']).into_iter().chain(description.find(". ")).min();
    description[..end.unwrap_or(description.len())].trim_end_matches('.').to_owned()
}

/// Those of a rule's own allowlists and filters.
pub(super) fn rule_exemptions(raw: &RawRule) -> Result<Vec<Arc<Exemption>>, RuleError> {
    let mut all = Vec::new();
    for allowlist in &raw.allowlists {
        all.extend(exemptions(allowlist).map_err(|error| match error {
            RuleError::File { place, why } => RuleError::Rule { place, id: raw.id.clone(), why },
            other => other,
        })?);
    }
    all.extend(raw.filters.iter().map(Arc::clone));
    Ok(all)
}

fn requirement(raw: &RawRequirement) -> Requirement {
    let RawRequirement { id, lines, columns, bytes, is_optional, from_end, .. } = raw.clone();
    Requirement { rule: id, lines, columns, bytes, is_optional, from_end }
}

/// One exemption of all criteria, or one for each.
pub(crate) fn exemptions(raw: &RawAllowlist) -> Result<Vec<Arc<Exemption>>, RuleError> {
    let any_of = |list: &[Placed<String>], key: &str| {
        let mut patterns = Vec::new();
        for pattern in list {
            let translated = expression(pattern, key, Borders::Text);
            patterns.push(translated.map_err(|why| RuleError::File { place: pattern.place.clone(), why })?);
        }
        compile::any_of(&patterns).map_err(|why| RuleError::File { place: raw.place.clone(), why })
    };
    let words = (!raw.stopwords.is_empty()).then(|| Words::new(raw.stopwords.clone()));
    let whole = Exemption {
        commits: commits(&raw.commits),
        paths: any_of(&raw.paths, "paths")?,
        text: any_of(&raw.regexes, "regexes")?.map(|expression| (raw.target, expression)),
        words,
        formula: None,
    };
    whole.build_all().map_err(|why| RuleError::File { place: raw.place.clone(), why })?;
    let never_holds = whole.commits.is_empty() && !raw.commits.is_empty();
    let list = match raw.all {
        true if never_holds => Vec::new(),
        true => vec![whole],
        false => whole.each_alone(),
    };
    Ok(list.into_iter().map(Arc::new).collect())
}

/// What an expression of an allowlist can do, for those that doubt it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Can {
    /// It matches the empty text.
    pub(crate) is_empty_match: bool,
    /// It matches all of the probes, which have nothing in common.
    pub(crate) is_everything: bool,
}

/// Compiles an expression of an allowlist and tries it.
pub(crate) fn can(pattern: &Placed<String>, key: &str, probes: &[&str]) -> Result<Can, RuleError> {
    let wrong = |why| RuleError::File { place: pattern.place.clone(), why };
    let text = expression(pattern, key, Borders::Text).map_err(wrong)?;
    let wrong = |why| RuleError::File { place: pattern.place.clone(), why };
    let Some(expression) = compile::any_of(&[text]).map_err(wrong)? else {
        return Ok(Can { is_empty_match: false, is_everything: false });
    };
    let mut cache = Cache::default();
    let mut matches = |text: &str| expression.is_match(text.as_bytes(), &mut cache);
    Ok(Can { is_empty_match: matches(""), is_everything: probes.iter().all(|probe| matches(probe)) })
}

fn commits(list: &[Placed<String>]) -> BTreeSet<ObjectName> {
    let mut commits = BTreeSet::new();
    for commit in list {
        match object_name(commit.value.trim()) {
            Some(name) => drop(commits.insert(name)),
            None => tracing::warn!("{}: {:?} is not the whole id of a commit", commit.place, commit.value),
        }
    }
    commits
}

/// Reads 40 or 64 hex digits in either case.
pub(crate) fn object_name(text: &str) -> Option<ObjectName> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
    bytes.filter(|bytes| matches!(bytes.len(), 20 | 32)).and_then(|bytes| ObjectName::from_bytes(&bytes))
}

fn expression(pattern: &Placed<String>, key: &str, borders: Borders) -> Result<String, String> {
    translate(&pattern.value, borders)
        .map_err(|refusal| format!("`{key}` is refused at its character {}: {}", refusal.at, refusal.why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_whole_ids() {
        let id = "00ff".repeat(10);
        assert_eq!(object_name(&id.to_uppercase()).map(|name| name.to_string()), Some(id.clone()));
        assert_eq!(object_name(&id[1..]), None);
        assert_eq!(object_name(&id[2..]), None);
        assert_eq!(object_name(&id.replace('f', "g")), None);
    }

    #[test]
    fn names_are_short() {
        assert_eq!(name("Uncovered a possible key, potentially bad."), "Uncovered a possible key");
        assert_eq!(name("A key. It opens doors."), "A key");
        assert_eq!(name("Version 1.2 key."), "Version 1.2 key");
    }
}
