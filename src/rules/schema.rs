//! The TOML format of rule files (rules/README.md), read and validated.

use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::check::Check;
use super::compile::{Block, Form, FormKind, IntervalSpec};
use super::identity::Identity;
use super::response::{RuleTables, Tables};
use super::{Place, Rule, RuleError};
use crate::finding::{Confidence, Severity};

/// Texts that prove a rule.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Examples {
    /// The rule must report something in each of these.
    #[serde(rename = "match")]
    pub matching: Vec<String>,
    /// The rule must report nothing in any of these.
    pub reject: Vec<String>,
}

/// The other half of a credential that is made of two, such as a key's id.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct CompanionSpec {
    /// Ids of the rules that find it.
    pub(crate) rules: Vec<String>,
    /// How many lines away it may stand in the same file.
    #[serde(default = "ten")]
    pub(crate) lines: u32,
    /// How sure a match is with it.
    pub(crate) confidence: Confidence,
    /// How sure a match is where it stands in another file of the same directory and commit only.
    pub(crate) elsewhere: Option<Confidence>,
    /// Whether a match without it is none.
    #[serde(default)]
    pub(crate) required: bool,
}

fn ten() -> u32 {
    10
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, schemars(title = "muzzle rule file"))]
struct RawFile {
    #[serde(default)]
    rules: Vec<RawRule>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the file")]
struct RawRule {
    /// `provider-kind`: lower-case letters, digits and dashes; for ever.
    #[cfg_attr(test, schemars(with = "String"))]
    id: Spanned<String>,
    /// What a person calls the credential.
    name: String,
    /// What a finder could do with it.
    description: String,
    /// By what it opens.
    severity: Severity,
    /// How sure a match is.
    confidence: Confidence,
    /// Every match contains one of them; case is ignored; at least three bytes each.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    keywords: Spanned<Vec<String>>,
    /// What to do now.
    remediation: String,
    /// Where the format is documented.
    #[serde(default)]
    references: Vec<String>,
    /// Words to select by.
    #[serde(default)]
    tags: Vec<String>,
    /// The expression of the credential itself, with the group `secret`; or the opening line of a `block`.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    regex: Option<Spanned<String>>,
    /// The expression of a value that is given to a name with a keyword.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    value: Option<Spanned<String>>,
    /// What the rest of the name must contain, with `value`.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    field: Option<Spanned<String>>,
    /// What the whole name must not contain, with `value`.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    not_field: Option<Spanned<String>>,
    /// One ASCII character that every match holds behind the keyword.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    needs: Option<Spanned<String>>,
    /// What closes the block that `regex` opens.
    block: Option<Block>,
    /// What is looked at round the keyword; by default what the expression needs.
    interval: Option<IntervalSpec>,
    /// Least Shannon entropy of the secret, bits per byte.
    entropy: Option<f32>,
    /// The name of a structure or checksum check.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    check: Option<Spanned<String>>,
    /// What the credential says about itself.
    #[cfg_attr(test, schemars(with = "Option<super::identity::Raw>"))]
    identity: Option<Box<Identity>>,
    /// The other half of the credential.
    companion: Option<CompanionSpec>,
    /// How to ask the provider whether it is live.
    #[cfg_attr(test, schemars(with = "Option<super::response::Verify>"))]
    verify: Option<Box<Spanned<super::response::Verify>>>,
    /// How to revoke it.
    #[cfg_attr(test, schemars(with = "Option<super::response::Revoke>"))]
    revoke: Option<Box<Spanned<super::response::Revoke>>>,
    /// How to replace it.
    #[cfg_attr(test, schemars(with = "Option<super::response::Rotate>"))]
    rotate: Option<Box<Spanned<super::response::Rotate>>>,
    /// Half of a credential that is never reported by itself.
    #[serde(default)]
    part: bool,
    /// Human passwords: the fingerprint must not be a hash of the secret alone.
    #[serde(default)]
    guessable: bool,
    /// Kinds without a provider: a more specific rule on the same bytes wins.
    #[serde(default)]
    generic: bool,
    /// Ids of rules that find the same bytes and know less of them: they give way.
    #[serde(default)]
    covers: Vec<String>,
    /// An expression on the path; the rule applies only there.
    path: Option<String>,
    /// Values that contain one of these words (case ignored) are dropped.
    #[serde(default)]
    stopwords: Vec<String>,
    /// Values that one of these expressions matches are dropped.
    #[serde(default)]
    allow: Vec<String>,
    /// Whether the general placeholder filter applies.
    #[serde(default = "yes")]
    placeholders: bool,
    /// Texts that prove the rule.
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
    responses(&raw.rules).check(&file, text)?;
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

/// What can be done about a finding, for checks that look at a whole file. The built-in rules of a scan have none.
fn responses(rules: &[RawRule]) -> Tables {
    let has_any = |rule: &&RawRule| rule.verify.is_some() || rule.revoke.is_some() || rule.rotate.is_some();
    let of = |rule: &RawRule| RuleTables {
        id: rule.id.get_ref().clone(),
        verify: rule.verify.as_deref().cloned(),
        revoke: rule.revoke.as_deref().cloned(),
        rotate: rule.rotate.as_deref().cloned(),
    };
    Tables { rules: rules.iter().filter(has_any).map(of).collect() }
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
        identity: raw.identity,
        companion: raw.companion,
        verify: raw.verify.map(|table| Box::new(table.into_inner())),
        revoke: raw.revoke.map(|table| Box::new(table.into_inner())),
        rotate: raw.rotate.map(|table| Box::new(table.into_inner())),
        requires: Vec::new(),
        part: raw.part,
        entropy: raw.entropy,
        guessable: raw.guessable,
        generic: raw.generic,
        covers: raw.covers,
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

/// The JSON Schema of a rule file, for editors.
pub const JSON_SCHEMA: &str = include_str!("../../rules/schema.json");

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE_DOCS=1 cargo test` writes the file anew.
    #[test]
    fn the_schema_for_editors_is_the_schema() {
        let schema = serde_json::to_string_pretty(&schemars::schema_for!(RawFile)).unwrap() + "\n";
        if std::env::var_os("UPDATE_DOCS").is_some() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/schema.json");
            std::fs::write(file, &schema).unwrap();
            return;
        }
        assert_eq!(JSON_SCHEMA, schema, "UPDATE_DOCS=1 cargo test --lib schema brings it up to date");
    }
}
