//! The text of a gitleaks configuration → what it says, each part with its place.
//!
//! Keys are looked up in any case, as gitleaks does it. What is not known, or known and not supported, is told once for
//! each kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::finding::Confidence;
use crate::rules::exemption::Target;
use crate::rules::{Exemption, Place, RuleError};

mod newer;

pub(super) use newer::RawRequirement;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

/// What one file says.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) extend: Extend,
    pub(super) rules: Vec<RawRule>,
    pub(super) allowlists: Vec<RawAllowlist>,
    /// What filters for all rules drop.
    pub(super) filters: Vec<Arc<Exemption>>,
}

#[derive(Debug, Default)]
pub(super) struct Extend {
    pub(super) path: Option<Placed<String>>,
    pub(super) use_default: bool,
    pub(super) disabled: Vec<Placed<String>>,
}

#[derive(Debug, Clone)]
pub(super) struct RawRule {
    pub(super) place: Place,
    pub(super) id: String,
    pub(super) description: Option<String>,
    pub(super) regex: Option<Placed<String>>,
    pub(super) path: Option<Placed<String>>,
    pub(super) secret_group: Option<Placed<usize>>,
    pub(super) entropy: Option<f32>,
    pub(super) keywords: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) confidence: Option<Confidence>,
    pub(super) skip_report: bool,
    /// Other rules must match near it.
    pub(super) requires: Vec<RawRequirement>,
    /// What its filter drops.
    pub(super) filters: Vec<Arc<Exemption>>,
    /// It has keys of version 2, in which a rule takes the place of the one it extends.
    pub(super) is_whole: bool,
    pub(super) allowlists: Vec<RawAllowlist>,
}

#[derive(Debug, Clone)]
pub(crate) struct RawAllowlist {
    pub(crate) place: Place,
    /// All criteria must hold, not one of them.
    pub(crate) all: bool,
    pub(crate) commits: Vec<Placed<String>>,
    pub(crate) paths: Vec<Placed<String>>,
    pub(crate) target: Target,
    pub(crate) regexes: Vec<Placed<String>>,
    pub(crate) stopwords: Vec<String>,
    pub(crate) target_rules: Vec<Placed<String>>,
}

impl RawAllowlist {
    /// Why it cannot be meant, if so.
    pub(crate) fn complaint(&self) -> Option<&'static str> {
        let RawAllowlist { commits, paths, regexes, stopwords, .. } = self;
        let is_empty = commits.is_empty() && paths.is_empty() && regexes.is_empty() && stopwords.is_empty();
        is_empty.then_some(
            "an allowlist without `commits`, `paths`, `regexes` and `stopwords`: give it one of them",
        )
    }
}

/// Whether a `condition` asks for all criteria.
pub(crate) fn needs_all(condition: &str) -> Result<bool, String> {
    match condition.to_ascii_uppercase().as_str() {
        "" | "OR" | "||" => Ok(false),
        "AND" | "&&" => Ok(true),
        other => Err(format!("unknown `condition` {other:?}: it is `OR` or `AND`")),
    }
}

/// What a `regexTarget` names.
pub(crate) fn target_named(name: &str) -> Result<Target, String> {
    match name {
        "" | "secret" => Ok(Target::Secret),
        "match" => Ok(Target::Match),
        "line" => Ok(Target::Line),
        other => Err(format!("unknown `regexTarget` {other:?}: it is `secret`, `match` or `line`")),
    }
}

/// Keys without a meaning here, and without harm.
const HARMLESS: [&str; 8] = [
    "title",
    "description",
    "minversion",
    "betterleaksminversion",
    "specificity",
    "validate",
    "analyze",
    "revoke",
];

/// Keys that only version 2 of betterleaks knows.
const OF_VERSION_2: [&str; 5] = ["components", "confidence", "valuegroup", "analyze", "revoke"];

pub(super) fn read(file: &Arc<str>, text: &str) -> Result<Config, RuleError> {
    let root = DeTable::parse(text).map_err(|error| RuleError::syntax(file, text, &error))?;
    let mut reader = Reader { file, text, told: BTreeMap::new() };
    let config = reader.config(root.get_ref())?;
    for (what, (count, first)) in reader.told {
        let more = if count > 1 { format!(", and {} more times", count - 1) } else { String::new() };
        tracing::warn!("{first}: {what}{more}");
    }
    Ok(config)
}

struct Reader<'a> {
    file: &'a Arc<str>,
    text: &'a str,
    /// How often something was not understood, and where first.
    told: BTreeMap<String, (usize, Place)>,
}

type Value<'i> = Spanned<DeValue<'i>>;

/// A table whose keys are asked for one by one; what is left was not understood.
struct Keys<'t, 'i>(BTreeMap<String, (&'t Value<'i>, usize)>);

impl<'t, 'i> Keys<'t, 'i> {
    fn take(&mut self, key: &str) -> Option<&'t Value<'i>> {
        self.0.remove(key).map(|(value, _)| value)
    }
}

impl Reader<'_> {
    fn place(&self, offset: usize) -> Place {
        Place::new(self.file, self.text, offset)
    }

    fn wrong<T>(&self, offset: usize, why: impl Into<String>) -> Result<T, RuleError> {
        Err(RuleError::File { place: self.place(offset), why: why.into() })
    }

    fn keys<'t, 'i>(&self, table: &'t DeTable<'i>) -> Result<Keys<'t, 'i>, RuleError> {
        let mut keys = BTreeMap::new();
        for (key, value) in table {
            let (name, at) = (key.get_ref().to_lowercase(), key.span().start);
            if let Some((_, other)) = keys.insert(name.clone(), (value, at)) {
                return self.wrong(at.max(other), format!("`{name}` is there twice, in different case"));
            }
        }
        Ok(Keys(keys))
    }

    fn config(&mut self, root: &DeTable<'_>) -> Result<Config, RuleError> {
        let mut keys = self.keys(root)?;
        let extend = match keys.take("extend") {
            Some(value) => self.extend(value)?,
            None => Extend::default(),
        };
        let mut rules = Vec::new();
        for value in self.tables(keys.take("rules"), "rules")? {
            rules.push(self.rule(value)?);
        }
        let allowlists = self.allowlists(&mut keys, "")?;
        let mut filters = self.filter(keys.take("prefilter"), "prefilter")?;
        filters.extend(self.filter(keys.take("filter"), "filter")?);
        self.ignore(keys);
        Ok(Config { extend, rules, allowlists, filters })
    }

    fn extend(&mut self, value: &Value<'_>) -> Result<Extend, RuleError> {
        let mut keys = self.table(value, "extend")?;
        let path = self.string(keys.take("path"), "path")?;
        let use_default = self.boolean(keys.take("usedefault"), "useDefault")?;
        let disabled = self.strings(keys.take("disabledrules"), "disabledRules")?;
        self.ignore(keys);
        if path.is_some() && use_default {
            return self
                .wrong(value.span().start, "`path` and `useDefault` exclude each other: drop one of them");
        }
        Ok(Extend { path, use_default, disabled })
    }

    fn rule(&mut self, value: &Value<'_>) -> Result<RawRule, RuleError> {
        let mut keys = self.table(value, "rules")?;
        let at = value.span().start;
        let Some(id) = self.string(keys.take("id"), "id")?.filter(|id| !id.value.trim().is_empty()) else {
            return self.wrong(at, "a rule without `id`: give it one");
        };
        if id.value.chars().any(char::is_control) {
            return self.wrong(at, "an `id` is visible text on one line");
        }
        let text =
            |placed: Option<Placed<String>>| placed.map(|placed| placed.value).filter(|t| !t.is_empty());
        let filled = |placed: Option<Placed<String>>| placed.filter(|placed| !placed.value.is_empty());
        let of_rule = |error| match error {
            RuleError::File { place, why } => RuleError::Rule { place, id: id.value.clone(), why },
            other => other,
        };
        let is_whole = OF_VERSION_2.iter().any(|key| keys.0.contains_key(*key));
        let words = |list: Vec<Placed<String>>| list.into_iter().map(|word| word.value).collect::<Vec<_>>();
        let group = keys.take("secretgroup").or_else(|| keys.take("valuegroup"));
        let secret_group = match self.number(group, "secretGroup")? {
            None => None,
            Some(Placed { value, place }) => match whole(value, 999.0) {
                Some(value) => Some(Placed { value, place }),
                None => {
                    let why = "`secretGroup` is the number of a group: 0, 1, 2 …".into();
                    return Err(RuleError::Rule { place, id: id.value, why });
                }
            },
        };
        #[expect(clippy::cast_possible_truncation, reason = "entropies are at most 8")]
        let entropy = self.number(keys.take("entropy"), "entropy")?.map(|entropy| entropy.value as f32);
        let mut requires = self.required(keys.take("required")).map_err(of_rule)?;
        requires.extend(self.components(keys.take("components")).map_err(of_rule)?);
        self.token_efficiency(keys.take("tokenefficiency"))?;
        let rule = RawRule {
            place: self.place(at),
            description: text(self.string(keys.take("description"), "description")?),
            regex: filled(self.string(keys.take("regex"), "regex")?),
            path: filled(self.string(keys.take("path"), "path")?),
            secret_group: secret_group.filter(|group| group.value > 0),
            entropy: entropy.filter(|entropy| *entropy != 0.0),
            keywords: words(self.strings(keys.take("keywords"), "keywords")?),
            tags: words(self.strings(keys.take("tags"), "tags")?),
            confidence: self.confidence(keys.take("confidence")).map_err(of_rule)?,
            skip_report: self.boolean(keys.take("skipreport"), "skipReport")?,
            requires,
            filters: self.filter(keys.take("filter"), "filter").map_err(of_rule)?,
            is_whole,
            allowlists: self.allowlists(&mut keys, &id.value)?,
            id: id.value,
        };
        self.ignore(keys);
        Ok(rule)
    }

    /// `[[allowlists]]`, or `[allowlist]` as it was called; of a rule, if `rule` is not empty.
    fn allowlists(&mut self, keys: &mut Keys<'_, '_>, rule: &str) -> Result<Vec<RawAllowlist>, RuleError> {
        let (old, new) = (keys.take("allowlist"), keys.take("allowlists"));
        if let (Some(old), Some(_)) = (old, new) {
            let why = "`allowlist` is the former name of `allowlists`: use one of them, not both";
            return self.wrong(old.span().start, why);
        }
        let mut list = Vec::new();
        for value in self.tables(old.or(new), "allowlists")? {
            let allowlist = self.allowlist(value).map_err(|error| match error {
                RuleError::File { place, why } if !rule.is_empty() => {
                    RuleError::Rule { place, id: rule.to_owned(), why }
                }
                other => other,
            });
            list.push(allowlist?);
        }
        Ok(list)
    }

    fn allowlist(&mut self, value: &Value<'_>) -> Result<RawAllowlist, RuleError> {
        let mut keys = self.table(value, "allowlists")?;
        let at = value.span().start;
        let condition = self.string(keys.take("condition"), "condition")?;
        let all = match needs_all(condition.as_ref().map_or("", |condition| &condition.value)) {
            Ok(all) => all,
            Err(why) => return self.wrong(at, why),
        };
        let target = self.string(keys.take("regextarget"), "regexTarget")?;
        let target = match target_named(target.as_ref().map_or("", |target| &target.value)) {
            Ok(target) => target,
            Err(why) => return self.wrong(at, why),
        };
        let stopwords = self.strings(keys.take("stopwords"), "stopwords")?;
        let allowlist = RawAllowlist {
            place: self.place(at),
            all,
            commits: self.strings(keys.take("commits"), "commits")?,
            paths: self.strings(keys.take("paths"), "paths")?,
            target,
            regexes: self.strings(keys.take("regexes"), "regexes")?,
            stopwords: stopwords.into_iter().map(|word| word.value).filter(|word| !word.is_empty()).collect(),
            target_rules: self.strings(keys.take("targetrules"), "targetRules")?,
        };
        self.ignore(keys);
        match allowlist.complaint() {
            Some(why) => self.wrong(at, why),
            None => Ok(allowlist),
        }
    }

    fn table<'t, 'i>(&self, value: &'t Value<'i>, key: &str) -> Result<Keys<'t, 'i>, RuleError> {
        match value.get_ref() {
            DeValue::Table(table) => self.keys(table),
            _ => self.wrong(value.span().start, format!("`{key}` must be a table")),
        }
    }

    /// A table, or a list of them.
    fn tables<'t, 'i>(
        &self,
        value: Option<&'t Value<'i>>,
        key: &str,
    ) -> Result<Vec<&'t Value<'i>>, RuleError> {
        match value.map(|value| (value, value.get_ref())) {
            None => Ok(Vec::new()),
            Some((value, DeValue::Table(_))) => Ok(vec![value]),
            Some((_, DeValue::Array(list))) => Ok(list.iter().collect()),
            Some((value, _)) => self.wrong(value.span().start, format!("`{key}` must be a list of tables")),
        }
    }

    fn string(&self, value: Option<&Value<'_>>, key: &str) -> Result<Option<Placed<String>>, RuleError> {
        let Some(value) = value else { return Ok(None) };
        match value.get_ref() {
            DeValue::String(text) => {
                Ok(Some(Placed { value: text.to_string(), place: self.place(value.span().start) }))
            }
            _ => self.wrong(value.span().start, format!("`{key}` must be a text")),
        }
    }

    /// A list of texts; a single one may stand alone.
    fn strings(&self, value: Option<&Value<'_>>, key: &str) -> Result<Vec<Placed<String>>, RuleError> {
        let Some(value) = value else { return Ok(Vec::new()) };
        let DeValue::Array(list) = value.get_ref() else {
            return Ok(self.string(Some(value), key)?.into_iter().collect());
        };
        let text = |value| Ok(self.string(Some(value), key)?.into_iter());
        Ok(list.iter().map(text).collect::<Result<Vec<_>, RuleError>>()?.into_iter().flatten().collect())
    }

    fn number(&self, value: Option<&Value<'_>>, key: &str) -> Result<Option<Placed<f64>>, RuleError> {
        let Some(value) = value else { return Ok(None) };
        let number = match value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse().ok(),
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number.filter(|number: &f64| number.is_finite()) {
            Some(number) => Ok(Some(Placed { value: number, place: self.place(value.span().start) })),
            None => self.wrong(value.span().start, format!("`{key}` must be a number")),
        }
    }

    fn boolean(&self, value: Option<&Value<'_>>, key: &str) -> Result<bool, RuleError> {
        match value.map(|value| (value, value.get_ref())) {
            None => Ok(false),
            Some((_, DeValue::Boolean(is))) => Ok(*is),
            Some((value, _)) => self.wrong(value.span().start, format!("`{key}` must be true or false")),
        }
    }

    fn ignore(&mut self, keys: Keys<'_, '_>) {
        for (key, (_, at)) in keys.0.into_iter().filter(|(key, _)| !HARMLESS.contains(&key.as_str())) {
            self.tell(at, format!("`{key}` is not known or not supported, and is ignored"));
        }
    }

    /// Notes something for whoever wrote the file.
    fn tell(&mut self, at: usize, what: String) {
        let place = self.place(at);
        self.told.entry(what).or_insert((0, place)).0 += 1;
    }
}

fn whole(number: f64, most: f64) -> Option<usize> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked right here")]
    (number >= 0.0 && number.fract() == 0.0 && number <= most).then_some(number as usize)
}
