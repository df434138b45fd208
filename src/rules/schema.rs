//! The TOML format of rule files (rules/README.md), read and validated.

use serde::Deserialize;

use super::check::Check;
use super::compile::{Block, Form, FormKind, IntervalSpec};
use super::identity::Identity;
use super::{Rule, RuleError};
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
    id: String,
    /// What a person calls the credential.
    name: String,
    /// What a finder could do with it.
    description: String,
    /// By what it opens.
    severity: Severity,
    /// How sure a match is.
    confidence: Confidence,
    /// Every match contains one of them; case is ignored; at least three bytes each.
    keywords: Vec<String>,
    /// What to do now.
    remediation: String,
    /// Where the format is documented.
    #[serde(default)]
    references: Vec<String>,
    /// Words to select by.
    #[serde(default)]
    tags: Vec<String>,
    /// The expression of the credential itself, with the group `secret`; or the opening line of a `block`.
    regex: Option<String>,
    /// The expression of a value that is given to a name with a keyword.
    value: Option<String>,
    /// What the rest of the name must contain, with `value`.
    field: Option<String>,
    /// What the whole name must not contain, with `value`.
    not_field: Option<String>,
    /// One ASCII character that every match holds behind the keyword.
    needs: Option<String>,
    /// What closes the block that `regex` opens.
    block: Option<Block>,
    /// What is looked at round the keyword; by default what the expression needs.
    interval: Option<IntervalSpec>,
    /// Least Shannon entropy of the secret, bits per byte.
    entropy: Option<f32>,
    /// The name of a structure or checksum check.
    check: Option<String>,
    /// What the credential says about itself.
    #[cfg_attr(test, schemars(with = "Option<super::identity::Raw>"))]
    identity: Option<Box<Identity>>,
    /// The other half of the credential.
    companion: Option<CompanionSpec>,
    /// Half of a credential that is never reported by itself.
    #[serde(default)]
    part: bool,
    /// Human passwords: the fingerprint must not be a hash of the secret alone.
    #[serde(default)]
    guessable: bool,
    /// Kinds without a provider: a more specific rule on the same bytes wins.
    #[serde(default)]
    generic: bool,
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
        companion: raw.companion,
        part: raw.part,
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
