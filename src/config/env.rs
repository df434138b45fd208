//! Settings from the environment; which there are is in `keys`.

use serde::de::DeserializeOwned;
use serde::de::value::{Error as ValueError, StrDeserializer};

use super::keys::KEYS;
use super::layer::Layer;
use super::origin::{Origin, Setting};
use super::size::Size;
use super::{check, nearest};
use crate::policy::FailOn;

/// The variables of a process.
#[derive(Debug, Clone, Default)]
pub struct Environment(Vec<(String, String)>);

impl Environment {
    /// Those of this process. What is not Unicode is none of ours.
    pub fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let ours =
            |name: &str| matches!(name, "CI" | "HOME" | "XDG_CONFIG_HOME") || name.starts_with("MUZZLE_");
        Environment(std::env::vars_os().filter_map(text).filter(|(name, _)| ours(name)).collect())
    }

    /// The value of a variable that is set and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty())
    }

    /// Whether this runs in a pipeline, where nobody looks at what the scanned tree says of itself.
    pub fn is_ci(&self) -> bool {
        self.get("CI").is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
    }

    /// A variable that is on or off.
    pub(super) fn switch(&self, name: &str) -> anyhow::Result<Option<bool>> {
        self.get(name).map(|value| switch(value).map_err(|why| anyhow::anyhow!("{name}: {why}"))).transpose()
    }

    /// What it says of settings.
    pub(super) fn layer(&self) -> anyhow::Result<Layer> {
        self.hint_at_unknown();
        Ok(Layer {
            confidence: self.set("scan.confidence", word)?,
            jobs: self.set("scan.jobs", |text| number(text).and_then(check::jobs))?,
            history: self.set("scan.history", switch)?,
            worktree: self.set("scan.worktree", switch)?,
            unreachable: self.set("scan.unreachable", switch)?,
            ignore_files: self.set("scan.ignore_files", switch)?,
            archives: self.set("scan.archives", switch)?,
            decoding: self.set("scan.decoding", switch)?,
            largest_file: self.set("scan.largest_file", Size::parse)?,
            only: self.set("rules.only", list)?,
            disable: self.set("rules.disable", list)?,
            builtin: self.set("rules.builtin", switch)?,
            outputs: self.set("report.outputs", list)?,
            fail_on: self.set("report.fail_on", FailOn::parse)?,
            exit_code: self.set("report.exit_code", |text| number(text).and_then(check::exit_code))?,
            show_secrets: self.set("report.show_secrets", switch)?,
            explain: self.set("report.explain", switch)?,
            allow_incomplete: self.set("report.allow_incomplete", switch)?,
            ..Layer::default()
        })
    }

    fn set<T>(
        &self,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> anyhow::Result<Option<Setting<T>>> {
        let variable = KEYS.iter().find(|known| known.name == key).and_then(|known| known.variable);
        let Some(variable) = variable else { return Ok(None) };
        let Some(text) = self.get(variable) else { return Ok(None) };
        match read(text) {
            Ok(value) => Ok(Some(Setting::new(value, Origin::Environment(variable)))),
            Err(why) => anyhow::bail!("{variable}: {why}"),
        }
    }

    /// A variable that is nearly one of ours was meant to be it.
    fn hint_at_unknown(&self) {
        let known: Vec<&str> = KEYS.iter().filter_map(|key| key.variable).collect();
        let known: Vec<&str> =
            known.into_iter().chain(super::keys::VARIABLES.iter().map(|(name, _)| *name)).collect();
        let ours = self.0.iter().filter(|(name, _)| name != "HOME");
        for (name, _) in ours.filter(|(name, _)| !known.contains(&name.as_str())) {
            let near = nearest::hint(known.iter().copied(), name);
            tracing::debug!("{name} in the environment has no meaning here{near}");
        }
    }
}

fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(format!("{text:?} is neither true nor false")),
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("{text:?} is no such number"))
}

#[expect(clippy::unnecessary_wraps, reason = "as the other readers")]
fn list(text: &str) -> Result<Vec<String>, String> {
    Ok(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
}

fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    T::deserialize(StrDeserializer::<ValueError>::new(text)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Confidence;

    fn of(list: &[(&str, &str)]) -> Environment {
        Environment(list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_pipeline_says_so() {
        for (value, expected) in
            [("true", true), ("1", true), ("woodpecker", true), ("", false), ("false", false), ("0", false)]
        {
            assert_eq!(of(&[("CI", value)]).is_ci(), expected, "{value}");
        }
        assert!(!of(&[]).is_ci());
    }

    #[test]
    fn values_are_checked() {
        let layer = of(&[("MUZZLE_CONFIDENCE", "high"), ("MUZZLE_DISABLE_RULES", "a, b")]).layer().unwrap();
        assert_eq!(layer.confidence.unwrap().value, Confidence::High);
        assert_eq!(layer.disable.unwrap().value, ["a", "b"]);
        for (name, value) in [
            ("MUZZLE_CONFIDENCE", "hi"),
            ("MUZZLE_JOBS", "0"),
            ("MUZZLE_JOBS", "x"),
            ("MUZZLE_HISTORY", "perhaps"),
            ("MUZZLE_FAIL_ON", "confidence"),
            ("MUZZLE_EXIT_CODE", "3"),
        ] {
            let error = of(&[(name, value)]).layer().unwrap_err().to_string();
            assert!(error.starts_with(name), "{error}");
        }
    }
}
