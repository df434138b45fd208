//! The TOML format of rule files (rules/README.md), read and validated.

use serde::Deserialize;

use super::check::Check;
use super::compile::{Block, Form, FormKind, IntervalSpec};
use super::identity::Identity;
use super::{Rule, RuleError};
use crate::finding::{Confidence, Severity};

/// Texts that prove a rule.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Examples {
    /// The rule must report something in each of these.
    #[serde(rename = "match")]
    pub matching: Vec<String>,
    /// The rule must report nothing in any of these.
    pub reject: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    rules: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: String,
    name: String,
    description: String,
    severity: Severity,
    confidence: Confidence,
    keywords: Vec<String>,
    remediation: String,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    regex: Option<String>,
    value: Option<String>,
    field: Option<String>,
    not_field: Option<String>,
    needs: Option<String>,
    block: Option<Block>,
    interval: Option<IntervalSpec>,
    entropy: Option<f32>,
    check: Option<String>,
    identity: Option<Box<Identity>>,
    #[serde(default)]
    guessable: bool,
    #[serde(default)]
    generic: bool,
    path: Option<String>,
    #[serde(default)]
    stopwords: Vec<String>,
    #[serde(default)]
    allow: Vec<String>,
    #[serde(default = "yes")]
    placeholders: bool,
    #[serde(default)]
    examples: Examples,
}

fn yes() -> bool {
    true
}

/// Keywords shorter than this match too often to be worth an expression.
const SHORTEST_KEYWORD: usize = 3;

pub(super) fn parse(file: &str, text: &str) -> Result<Vec<Rule>, RuleError> {
    let raw: RawFile =
        toml::from_str(text).map_err(|e| RuleError::Syntax { file: file.into(), why: e.to_string() })?;
    let provider = std::path::Path::new(file).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut rules: Vec<Rule> = Vec::with_capacity(raw.rules.len());
    for raw in raw.rules {
        let id = raw.id.clone();
        let rule = validate(raw, &provider).map_err(|why| RuleError::Invalid {
            file: file.into(),
            id: id.clone(),
            why,
        })?;
        if rules.iter().any(|other| other.id == id) {
            return Err(RuleError::Duplicate { file: file.into(), id });
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn validate(raw: RawRule, provider: &str) -> Result<Rule, String> {
    let id_is_kebab = raw.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if raw.id.is_empty() || !id_is_kebab || raw.id.starts_with('-') {
        return Err("an id is lower-case letters, digits and `-`: `provider-kind`".into());
    }
    if raw.keywords.is_empty() {
        return Err("`keywords` is empty: every match must contain one of them".into());
    }
    for keyword in &raw.keywords {
        if keyword.len() < SHORTEST_KEYWORD || !keyword.is_ascii() || keyword.contains('\n') {
            return Err(format!(
                "keyword {keyword:?} must be ASCII on one line and at least {SHORTEST_KEYWORD} bytes"
            ));
        }
    }
    let kind = match (raw.regex, raw.value, raw.block) {
        (Some(regex), None, None) => FormKind::Regex(regex),
        (Some(regex), None, Some(block)) => FormKind::Block(regex, block),
        (None, Some(value), None) => {
            FormKind::Value { value, field: raw.field.clone(), not_field: raw.not_field.clone() }
        }
        _ => return Err("a rule has exactly one of `regex`, `value`, or `regex` with `block`".into()),
    };
    if (raw.field.is_some() || raw.not_field.is_some()) && !matches!(kind, FormKind::Value { .. }) {
        return Err("`field` and `not_field` belong to rules with `value`".into());
    }
    let needs = match raw.needs.as_deref().map(str::as_bytes) {
        None => None,
        Some([byte]) => Some(*byte),
        Some(_) => {
            return Err("`needs` is one ASCII character that every match holds behind the keyword".into());
        }
    };
    let check = match raw.check.as_deref() {
        None => None,
        Some(name) => Some(Check::by_name(name).ok_or_else(|| {
            format!("unknown check {name:?}; known ones: {}", Check::names().collect::<Vec<_>>().join(", "))
        })?),
    };
    let mut keywords: Vec<String> = raw.keywords.iter().map(|k| k.to_ascii_lowercase()).collect();
    keywords.sort();
    keywords.dedup();
    Ok(Rule {
        id: raw.id,
        name: raw.name,
        description: raw.description,
        severity: raw.severity,
        confidence: raw.confidence,
        keywords,
        remediation: raw.remediation,
        references: raw.references,
        tags: raw.tags,
        examples: raw.examples,
        check,
        identity: raw.identity,
        entropy: raw.entropy,
        guessable: raw.guessable,
        generic: raw.generic,
        placeholders: raw.placeholders,
        provider: provider.into(),
        form: Form {
            kind,
            interval: raw.interval,
            allow: raw.allow,
            path: raw.path,
            stopwords: raw.stopwords,
            needs,
        },
        compiled: std::sync::OnceLock::new(),
    })
}
