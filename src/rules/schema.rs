//! The TOML format of rule files (rules/README.md), read and validated.

use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::check::Check;
use super::compile::{Block, Form, FormKind, IntervalSpec};
use super::{Place, Rule, RuleError};
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
    id: Spanned<String>,
    name: String,
    description: String,
    severity: Severity,
    confidence: Confidence,
    keywords: Spanned<Vec<String>>,
    remediation: String,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    regex: Option<Spanned<String>>,
    value: Option<Spanned<String>>,
    field: Option<Spanned<String>>,
    not_field: Option<Spanned<String>>,
    needs: Option<Spanned<String>>,
    block: Option<Block>,
    interval: Option<IntervalSpec>,
    entropy: Option<f32>,
    check: Option<Spanned<String>>,
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

/// What is wrong with a rule, and at which byte of the file.
type Mistake = (usize, String);

pub(super) fn parse(file: &str, text: &str) -> Result<Vec<Rule>, RuleError> {
    let raw: RawFile = toml::from_str(text).map_err(|error| RuleError::syntax(file, text, &error))?;
    let provider = std::path::Path::new(file).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let file: Arc<str> = file.into();
    let place = |offset| Place::new(&file, text, offset);
    let mut rules: Vec<Rule> = Vec::with_capacity(raw.rules.len());
    for raw in raw.rules {
        let id = raw.id.clone();
        let rule = validate(raw, &provider, place).map_err(|(offset, why)| RuleError::Rule {
            place: place(offset),
            id: id.get_ref().clone(),
            why,
        })?;
        if let Some(first) = rules.iter().find(|other| other.id == rule.id) {
            let (place, first) = (place(id.span().start), first.place.clone());
            return Err(RuleError::Duplicate { place, id: rule.id, first });
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn validate(raw: RawRule, provider: &str, place: impl Fn(usize) -> Place) -> Result<Rule, Mistake> {
    let id_at = raw.id.span().start;
    let id = raw.id.into_inner();
    let id_is_kebab = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if id.is_empty() || !id_is_kebab || id.starts_with('-') {
        return Err((id_at, "an id is lower-case letters, digits and `-`: `provider-kind`".into()));
    }
    let keywords_at = raw.keywords.span().start;
    if raw.keywords.get_ref().is_empty() {
        return Err((keywords_at, "`keywords` is empty: every match must contain one of them".into()));
    }
    for keyword in raw.keywords.get_ref() {
        if keyword.len() < SHORTEST_KEYWORD || !keyword.is_ascii() || keyword.contains('\n') {
            let why = format!(
                "keyword {keyword:?} must be ASCII on one line and at least {SHORTEST_KEYWORD} bytes"
            );
            return Err((keywords_at, why));
        }
    }
    let start = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.span().start);
    let expression_at = start(&raw.regex).or(start(&raw.value)).unwrap_or(id_at);
    let field_at = start(&raw.field).or(start(&raw.not_field));
    let text = |text: Option<Spanned<String>>| text.map(Spanned::into_inner);
    let kind = match (text(raw.regex), text(raw.value), raw.block) {
        (Some(regex), None, None) => FormKind::Regex(regex),
        (Some(regex), None, Some(block)) => FormKind::Block(regex, block),
        (None, Some(value), None) => {
            FormKind::Value { value, field: text(raw.field), not_field: text(raw.not_field) }
        }
        _ => {
            let why = "a rule has exactly one of `regex`, `value`, or `regex` with `block`";
            return Err((expression_at, why.into()));
        }
    };
    if let Some(at) = field_at.filter(|_| !matches!(kind, FormKind::Value { .. })) {
        return Err((at, "`field` and `not_field` belong to rules with `value`".into()));
    }
    let needs = match raw.needs.as_ref().map(|needs| (needs.get_ref().as_bytes(), needs.span().start)) {
        None => None,
        Some(([byte], _)) => Some(*byte),
        Some((_, at)) => {
            let why = "`needs` is one ASCII character that every match holds behind the keyword";
            return Err((at, why.into()));
        }
    };
    let check = match &raw.check {
        None => None,
        Some(name) => Some(Check::by_name(name.get_ref()).ok_or_else(|| {
            let known = Check::names().collect::<Vec<_>>().join(", ");
            (name.span().start, format!("unknown check {:?}; known ones: {known}", name.get_ref()))
        })?),
    };
    let mut keywords: Vec<String> = raw.keywords.get_ref().iter().map(|k| k.to_ascii_lowercase()).collect();
    keywords.sort();
    keywords.dedup();
    Ok(Rule {
        id,
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
        entropy: raw.entropy,
        guessable: raw.guessable,
        generic: raw.generic,
        placeholders: raw.placeholders,
        provider: provider.into(),
        place: place(expression_at),
        builtin: false,
        exemptions: Vec::new(),
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
