//! `muzzle.toml`: its text → what it says, each value with its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;
use toml::de::DeTable;

use super::keys;
use super::layer::{Allow, Layer, Override, Pattern};
use super::origin::{Origin, Setting};
use super::response::{NetworkSection, Sections};
use super::size::Size;
pub(super) use super::theirs::is_gitleaks;
use crate::finding::{Confidence, Severity};
use crate::policy::{FailOn, Globs};
use crate::report::text::visible;
use crate::rules::{self, Place, Placed, RawAllowlist, RuleError};

/// A configuration that cannot be used, said so that its author can mend it.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {}", visible(why.as_bytes()))]
pub struct FileError {
    pub(super) place: Place,
    pub(super) why: String,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "muzzle.toml"))]
#[serde(deny_unknown_fields, default)]
struct File {
    /// What is read, and how.
    scan: ScanSection,
    /// Which rules run.
    rules: RulesSection,
    /// Which paths findings are reported at; patterns as in `.gitignore`.
    paths: PathsSection,
    /// What is reported, and what makes a scan fail.
    report: ReportSection,
    /// What is found and not reported, in gitleaks' words.
    #[cfg_attr(test, schemars(with = "Vec<AllowlistSection>"))]
    allowlist: Vec<Spanned<AllowlistSection>>,
    /// What may be sent where. Not read from a scanned tree, as are the next three.
    #[cfg_attr(test, schemars(with = "Option<NetworkSection>"))]
    network: Option<Spanned<NetworkSection>>,
    /// What may be revoked.
    #[cfg_attr(test, schemars(with = "Option<serde_json::Map<String, serde_json::Value>>"))]
    revoke: Option<Spanned<toml::Table>>,
    /// What is done when something happens.
    #[cfg_attr(test, schemars(with = "Option<Vec<serde_json::Map<String, serde_json::Value>>>"))]
    hooks: Option<Spanned<Vec<toml::Table>>>,
    /// The audit journal.
    #[cfg_attr(test, schemars(with = "Option<serde_json::Map<String, serde_json::Value>>"))]
    journal: Option<Spanned<toml::Table>>,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
struct ScanSection {
    /// The least confidence that is reported.
    #[cfg_attr(test, schemars(with = "Option<Confidence>"))]
    confidence: Option<Spanned<Confidence>>,
    /// Threads.
    #[cfg_attr(test, schemars(with = "Option<u16>", range(min = 1, max = 1024)))]
    jobs: Option<Spanned<u16>>,
    /// Whether the history of repositories is scanned.
    #[cfg_attr(test, schemars(with = "Option<bool>"))]
    history: Option<Spanned<bool>>,
    /// Whether the files of repositories are scanned.
    #[cfg_attr(test, schemars(with = "Option<bool>"))]
    worktree: Option<Spanned<bool>>,
    /// Whether what only unreachable objects hold is reported.
    #[cfg_attr(test, schemars(with = "Option<bool>"))]
    unreachable: Option<Spanned<bool>>,
    /// Whether files that `.gitignore` names are passed over.
    #[cfg_attr(test, schemars(with = "Option<bool>"))]
    ignore_files: Option<Spanned<bool>>,
    /// Whether archives and compressed files are opened.
    #[cfg_attr(test, schemars(with = "Option<bool>"))]
    archives: Option<Spanned<bool>>,
    /// Whether what stands encoded in texts (base64, hex, escapes) is decoded.
    #[cfg_attr(test, schemars(with = "Option<bool>"))]
    decoding: Option<Spanned<bool>>,
    /// Nothing is reported in larger files, such as `10 MiB`; they are counted.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    largest_file: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
struct RulesSection {
    /// Ids of the only rules that run; empty means all.
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    only: Option<Spanned<Vec<String>>>,
    /// Ids of rules that do not run.
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    disable: Option<Spanned<Vec<String>>>,
    /// Rule files or directories of them, relative to this file.
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    files: Option<Spanned<Vec<String>>>,
    /// Whether the rules that come with muzzle run.
    #[cfg_attr(test, schemars(with = "Option<bool>"))]
    builtin: Option<Spanned<bool>>,
    /// Changes of single rules, by id.
    r#override: BTreeMap<String, OverrideSection>,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
struct OverrideSection {
    /// Whether the rule runs.
    #[cfg_attr(test, schemars(with = "Option<bool>"))]
    enabled: Option<Spanned<bool>>,
    /// How much the credential opens.
    #[cfg_attr(test, schemars(with = "Option<Severity>"))]
    severity: Option<Spanned<Severity>>,
    /// How sure a match is, before checks.
    #[cfg_attr(test, schemars(with = "Option<Confidence>"))]
    confidence: Option<Spanned<Confidence>>,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
struct PathsSection {
    /// If there are any, nothing is reported elsewhere.
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    include: Option<Spanned<Vec<Spanned<String>>>>,
    /// Nothing is reported there.
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    exclude: Option<Spanned<Vec<Spanned<String>>>>,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
struct ReportSection {
    /// Reports to write, each FORMAT or FORMAT=FILE.
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    outputs: Option<Spanned<Vec<String>>>,
    /// `any`, `never`, or a list such as `confidence=high,severity=critical`.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    fail_on: Option<Spanned<String>>,
    /// The exit code of a complete scan with findings that make it fail: not 2, 3 or 4, which say that it was none.
    #[cfg_attr(test, schemars(with = "Option<u8>"))]
    exit_code: Option<Spanned<u8>>,
    /// Whether reports show the secrets themselves.
    #[cfg_attr(test, schemars(with = "Option<bool>"))]
    show_secrets: Option<Spanned<bool>>,
    /// Whether the report for people says which candidates were dropped.
    #[cfg_attr(test, schemars(with = "Option<bool>"))]
    explain: Option<Spanned<bool>>,
    /// Whether the exit code is 0 or 1 even if something could not be scanned.
    #[cfg_attr(test, schemars(with = "Option<bool>"))]
    allow_incomplete: Option<Spanned<bool>>,
}

#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct AllowlistSection {
    /// What it is for; reports name it so.
    description: Option<String>,
    /// `OR`: one of the criteria is enough. `AND`: all that are there must hold.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("enum" = ["OR", "AND"])))]
    condition: Option<Spanned<String>>,
    /// Whole ids of commits.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    commits: Vec<Spanned<String>>,
    /// Expressions on the path.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    paths: Vec<Spanned<String>>,
    /// What `regexes` are matched against.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("enum" = ["secret", "match", "line"])))]
    regex_target: Option<Spanned<String>>,
    /// Expressions on the secret, or on what `regexTarget` names.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    regexes: Vec<Spanned<String>>,
    /// Words that the secret contains, case ignored.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    stopwords: Vec<Spanned<String>>,
    /// Ids of the only rules that it is for; empty means all.
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    target_rules: Vec<Spanned<String>>,
}

/// The JSON Schema of `muzzle.toml`, for editors.
pub const JSON_SCHEMA: &str = include_str!("../../docs/muzzle.schema.json");

/// Reads a file; `name` is for messages.
pub(super) fn parse(name: &str, text: &str) -> Result<Layer, FileError> {
    let reader = Reader { file: name.into(), text };
    let root = DeTable::parse(text).map_err(|error| reader.syntax(&error))?;
    if let Some((offset, why)) = keys::unknown(root.get_ref()) {
        return Err(FileError { place: reader.place(offset), why });
    }
    let file: File = toml::from_str(text).map_err(|error| reader.syntax(&error))?;
    reader.layer(file)
}

pub(super) struct Reader<'a> {
    file: Arc<str>,
    text: &'a str,
}

impl Reader<'_> {
    pub(super) fn place(&self, offset: usize) -> Place {
        Place::new(&self.file, self.text, offset)
    }

    fn syntax(&self, error: &toml::de::Error) -> FileError {
        let place = self.place(error.span().map_or(0, |span| span.start));
        FileError { place, why: error.message().to_owned() }
    }

    pub(super) fn set<T>(&self, value: Option<Spanned<T>>) -> Option<Setting<T>> {
        value.map(|value| {
            let place = self.place(value.span().start);
            Setting::new(value.into_inner(), Origin::File(place))
        })
    }

    fn placed(&self, value: Spanned<String>) -> Placed<String> {
        let place = self.place(value.span().start);
        Placed { value: value.into_inner(), place }
    }

    fn layer(&self, file: File) -> Result<Layer, FileError> {
        let File { scan, rules, paths, report, allowlist, network, revoke, hooks, journal } = file;
        let response = Sections { network, revoke, hooks, journal };
        let layer = Layer {
            confidence: self.set(scan.confidence),
            jobs: self.checked(scan.jobs, super::check::jobs)?,
            history: self.set(scan.history),
            worktree: self.set(scan.worktree),
            unreachable: self.set(scan.unreachable),
            ignore_files: self.set(scan.ignore_files),
            archives: self.set(scan.archives),
            decoding: self.set(scan.decoding),
            largest_file: self.checked(scan.largest_file, |text| Size::parse(&text))?,
            only: self.set(rules.only).filter(|only| !only.value.is_empty()),
            disable: self.set(rules.disable),
            files: self.set(rules.files),
            builtin: self.set(rules.builtin),
            include: self.patterns(paths.include)?.filter(|include| !include.value.is_empty()),
            exclude: self.patterns(paths.exclude)?,
            outputs: self.set(report.outputs),
            fail_on: self.checked(report.fail_on, |text| FailOn::parse(&text))?,
            exit_code: self.checked(report.exit_code, super::check::exit_code)?,
            show_secrets: self.set(report.show_secrets),
            explain: self.set(report.explain),
            allow_incomplete: self.set(report.allow_incomplete),
            overrides: rules.r#override.into_iter().map(|(id, change)| (id, self.change(change))).collect(),
            allowlists: allowlist.into_iter().map(|one| self.allow(one)).collect::<Result<_, _>>()?,
            ..response.layer(self)?
        };
        Ok(layer)
    }

    fn change(&self, change: OverrideSection) -> Override {
        Override {
            enabled: self.set(change.enabled),
            severity: self.set(change.severity),
            confidence: self.set(change.confidence),
        }
    }

    pub(super) fn checked<T, U>(
        &self,
        value: Option<Spanned<T>>,
        check: impl Fn(T) -> Result<U, String>,
    ) -> Result<Option<Setting<U>>, FileError> {
        let Some(Setting { value, origin }) = self.set(value) else { return Ok(None) };
        let Origin::File(place) = &origin else { return Ok(None) };
        let value = check(value).map_err(|why| FileError { place: place.clone(), why })?;
        Ok(Some(Setting::new(value, origin)))
    }

    fn patterns(
        &self,
        list: Option<Spanned<Vec<Spanned<String>>>>,
    ) -> Result<Option<Setting<Vec<Pattern>>>, FileError> {
        let Some(Setting { value, origin }) = self.set(list) else { return Ok(None) };
        let pattern = |text: Spanned<String>| {
            let Placed { value, place } = self.placed(text);
            match Globs::new(&value) {
                Ok(globs) => Ok(Pattern { text: value, globs, place }),
                Err(why) => Err(FileError { place, why }),
            }
        };
        let patterns = value.into_iter().map(pattern).collect::<Result<_, _>>()?;
        Ok(Some(Setting::new(patterns, origin)))
    }

    fn allow(&self, section: Spanned<AllowlistSection>) -> Result<Allow, FileError> {
        let at = section.span().start;
        let AllowlistSection {
            description,
            condition,
            commits,
            paths,
            regex_target,
            regexes,
            stopwords,
            target_rules,
        } = section.into_inner();
        let all = self.checked(condition, |text| rules::needs_all(&text))?;
        let target = self.checked(regex_target, |text| rules::target_named(&text))?;
        let list = |list: Vec<Spanned<String>>| list.into_iter().map(|text| self.placed(text)).collect();
        let raw = RawAllowlist {
            place: self.place(at),
            all: all.is_some_and(|all| all.value),
            commits: list(commits),
            paths: list(paths),
            target: target.map_or(rules::Target::Secret, |target| target.value),
            regexes: list(regexes),
            stopwords: stopwords
                .into_iter()
                .map(Spanned::into_inner)
                .filter(|word| !word.is_empty())
                .collect(),
            target_rules: list(target_rules),
        };
        let wrong = |place: &Place, why: &str| FileError { place: place.clone(), why: why.to_owned() };
        if let Some(why) = raw.complaint() {
            return Err(wrong(&raw.place, why));
        }
        if let Some(commit) = raw.commits.iter().find(|id| rules::object_name(id.value.trim()).is_none()) {
            return Err(wrong(&commit.place, "not the whole id of a commit: 40 or 64 hexadecimal digits"));
        }
        let exemptions = rules::exemptions(&raw).map_err(|error| match error {
            RuleError::File { place, why } => FileError { place, why },
            other => wrong(&raw.place, &other.to_string()),
        })?;
        Ok(Allow { description, raw, exemptions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE_DOCS=1 cargo test` writes the file anew.
    #[test]
    fn the_schema_for_editors_is_the_schema() {
        let schema = serde_json::to_string_pretty(&schemars::schema_for!(File)).unwrap() + "\n";
        if std::env::var_os("UPDATE_DOCS").is_some() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/muzzle.schema.json");
            std::fs::write(file, &schema).unwrap();
            return;
        }
        assert_eq!(JSON_SCHEMA, schema, "UPDATE_DOCS=1 cargo test --lib schema brings it up to date");
    }

    #[test]
    fn the_list_of_keys_is_that_of_the_schema() {
        let schema: serde_json::Value = serde_json::from_str(JSON_SCHEMA).unwrap();
        let of = |name: &str| {
            let keys = schema["$defs"][name]["properties"].as_object().unwrap();
            keys.keys().cloned().collect::<Vec<_>>()
        };
        let mut expected = Vec::new();
        for (section, name) in [
            ("scan", "ScanSection"),
            ("rules", "RulesSection"),
            ("rules.override.ID", "OverrideSection"),
            ("paths", "PathsSection"),
            ("report", "ReportSection"),
            ("network", "NetworkSection"),
            ("allowlist", "AllowlistSection"),
        ] {
            let keys = of(name).into_iter().filter(|key| key != "override");
            expected.extend(keys.map(|key| format!("{section}.{key}")));
        }
        // Sections whose keys others know.
        expected.extend(["revoke", "hooks", "journal"].map(str::to_owned));
        let mut known: Vec<_> = keys::KEYS.iter().map(|key| key.name.to_owned()).collect();
        expected.sort();
        known.sort();
        assert_eq!(known, expected);
    }
}
