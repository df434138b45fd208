//! Flags over environment over files over defaults, with the origin of each value.

use super::env::Environment;
use super::flags;
use super::keys::KEYS;
use super::layer::Layer;
use super::origin::{Origin, Setting};
use super::trust::Sources;
use crate::cli::ScanArgs;
use crate::finding::Confidence;

/// What is in force.
#[derive(Debug)]
pub(super) struct Settings {
    /// All sources over one another.
    pub(super) layer: Layer,
    /// What the files say, alone.
    pub(super) sources: Sources,
}

/// A setting as `config show` lists it.
#[derive(Debug, serde::Serialize)]
pub struct Shown {
    /// The key.
    pub key: String,
    /// Its value.
    pub value: serde_json::Value,
    /// Who said so.
    pub origin: String,
}

impl Settings {
    pub(super) fn resolve(args: &ScanArgs, environment: &Environment) -> anyhow::Result<Self> {
        let own = flags::layer(args)?.over(environment.layer()?);
        let sources = Sources::find(args, environment)?;
        let mut layer = own.over(sources.layer.clone());
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        // A scanned tree does not choose how many threads this machine starts.
        if sources.tree.is_some() {
            let most = u16::try_from(cores).unwrap_or(u16::MAX);
            let of_file = |jobs: &Setting<u16>| matches!(jobs.origin, Origin::File(_)) && jobs.value > most;
            layer.jobs = layer.jobs.filter(|jobs| !of_file(jobs));
        }
        Ok(Settings { layer, sources })
    }

    pub(super) fn threshold(&self) -> Confidence {
        self.layer.confidence.as_ref().map_or(Confidence::Medium, |setting| setting.value)
    }

    /// Every key with its value and origin, in the order of the list of keys; overrides by rule; allowlists.
    pub(super) fn list(&self) -> Vec<Shown> {
        let set = self.layer.list();
        let mut shown = Vec::new();
        for key in KEYS.iter().filter(|key| !key.name.contains(".ID.") && !key.name.starts_with("allowlist."))
        {
            let (value, origin) = match set.iter().find(|(name, ..)| *name == key.name) {
                Some((_, value, origin)) => (value.clone(), origin.to_string()),
                None => (default(key.default), Origin::Default.to_string()),
            };
            shown.push(Shown { key: key.name.into(), value, origin });
        }
        for (id, change) in &self.layer.overrides {
            let mut add = |what: &str, value: serde_json::Value, origin: &Origin| {
                let key = format!("rules.override.{id:?}.{what}");
                shown.push(Shown { key, value, origin: origin.to_string() });
            };
            if let Some(Setting { value, origin }) = &change.enabled {
                add("enabled", (*value).into(), origin);
            }
            if let Some(Setting { value, origin }) = &change.severity {
                add("severity", value.as_str().into(), origin);
            }
            if let Some(Setting { value, origin }) = &change.confidence {
                add("confidence", value.as_str().into(), origin);
            }
        }
        for allow in &self.layer.allowlists {
            let origin = Origin::File(allow.raw.place.clone()).to_string();
            shown.push(Shown { key: "allowlist".into(), value: allow.name().into(), origin });
        }
        shown
    }
}

/// A default as JSON; where it is no value but words, the words.
fn default(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}
