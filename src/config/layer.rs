//! What one source says, and how sources lie over one another.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::origin::{Origin, Setting};
use super::response::{Opaque, ProxyUrl, Values};
use super::size::Size;
use crate::finding::{Confidence, Severity};
use crate::policy::{FailOn, Globs};
use crate::rules::{Exemption, Place, RawAllowlist};

/// Each setting with its key; the macro keeps the list of fields, the merge and the listing together.
macro_rules! layer {
    ($($field:ident: $type:ty = $key:literal,)*) => {
        /// What one source says. What it does not speak of is `None`.
        #[derive(Debug, Default, Clone)]
        pub(super) struct Layer {
            $(pub(super) $field: Option<Setting<$type>>,)*
            /// By rule.
            pub(super) overrides: BTreeMap<String, Override>,
            pub(super) allowlists: Vec<Allow>,
        }

        impl Layer {
            /// This where it says something, `below` elsewhere. Lists of what is off, and allowlists, add up.
            pub(super) fn over(self, below: Layer) -> Layer {
                let disable = added(self.disable.clone(), below.disable.clone());
                let mut overrides = below.overrides;
                for (id, change) in self.overrides {
                    let known = overrides.remove(&id).unwrap_or_default();
                    overrides.insert(id, change.over(known));
                }
                let allowlists = [self.allowlists, below.allowlists].concat();
                Layer { $($field: self.$field.or(below.$field),)* overrides, allowlists }.with_disabled(disable)
            }

            /// Each key that it speaks of, with its value and who said so.
            pub(super) fn list(&self) -> Vec<(&'static str, serde_json::Value, &Origin)> {
                let mut list = Vec::new();
                $(if let Some(setting) = &self.$field {
                    let value = serde_json::to_value(&setting.value).unwrap_or_default();
                    list.push(($key, value, &setting.origin));
                })*
                list
            }
        }
    };
}

layer! {
    confidence: Confidence = "scan.confidence",
    jobs: u16 = "scan.jobs",
    history: bool = "scan.history",
    worktree: bool = "scan.worktree",
    unreachable: bool = "scan.unreachable",
    ignore_files: bool = "scan.ignore_files",
    archives: bool = "scan.archives",
    decoding: bool = "scan.decoding",
    largest_file: Size = "scan.largest_file",
    only: Vec<String> = "rules.only",
    disable: Vec<String> = "rules.disable",
    files: Vec<String> = "rules.files",
    builtin: bool = "rules.builtin",
    include: Vec<Pattern> = "paths.include",
    exclude: Vec<Pattern> = "paths.exclude",
    outputs: Vec<String> = "report.outputs",
    fail_on: FailOn = "report.fail_on",
    exit_code: u8 = "report.exit_code",
    show_secrets: bool = "report.show_secrets",
    explain: bool = "report.explain",
    allow_incomplete: bool = "report.allow_incomplete",
    hosts: BTreeMap<String, Vec<String>> = "network.hosts",
    values: Values = "network.values",
    connect_to: BTreeMap<String, String> = "network.connect_to",
    allow_private: Vec<String> = "network.allow_private",
    ca_file: String = "network.ca_file",
    proxy: ProxyUrl = "network.proxy",
    timeout: u32 = "network.timeout",
    most_requests: u32 = "network.most_requests",
    rate: f64 = "network.rate",
    longest_wait: u32 = "network.longest_wait",
    revoke: Opaque = "revoke",
    hooks: Vec<Opaque> = "hooks",
    journal: Opaque = "journal",
}

impl Layer {
    /// Of this, what says where something may be sent and what may be done.
    pub(super) fn response(&self) -> Layer {
        let own = self.clone();
        Layer {
            hosts: own.hosts,
            values: own.values,
            connect_to: own.connect_to,
            allow_private: own.allow_private,
            ca_file: own.ca_file,
            proxy: own.proxy,
            timeout: own.timeout,
            most_requests: own.most_requests,
            rate: own.rate,
            longest_wait: own.longest_wait,
            revoke: own.revoke,
            hooks: own.hooks,
            journal: own.journal,
            ..Layer::default()
        }
    }

    /// Of this, everything else.
    pub(super) fn without_response(self) -> Layer {
        Layer {
            hosts: None,
            values: None,
            connect_to: None,
            allow_private: None,
            ca_file: None,
            proxy: None,
            timeout: None,
            most_requests: None,
            rate: None,
            longest_wait: None,
            revoke: None,
            hooks: None,
            journal: None,
            ..self
        }
    }

    fn with_disabled(mut self, disable: Option<Setting<Vec<String>>>) -> Self {
        self.disable = disable;
        self
    }
}

/// Both lists; who spoke first is named.
fn added(
    one: Option<Setting<Vec<String>>>,
    other: Option<Setting<Vec<String>>>,
) -> Option<Setting<Vec<String>>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(Setting::new([one.value, other.value].concat(), one.origin)),
        (one, other) => one.or(other),
    }
}

/// What is said of one rule.
#[derive(Debug, Default, Clone)]
pub(super) struct Override {
    pub(super) enabled: Option<Setting<bool>>,
    pub(super) severity: Option<Setting<Severity>>,
    pub(super) confidence: Option<Setting<Confidence>>,
}

impl Override {
    fn over(self, below: Override) -> Override {
        Override {
            enabled: self.enabled.or(below.enabled),
            severity: self.severity.or(below.severity),
            confidence: self.confidence.or(below.confidence),
        }
    }

    /// Who said something first.
    pub(super) fn origin(&self) -> Option<&Origin> {
        let enabled = self.enabled.as_ref().map(|setting| &setting.origin);
        let severity = self.severity.as_ref().map(|setting| &setting.origin);
        enabled.or(severity).or(self.confidence.as_ref().map(|setting| &setting.origin))
    }
}

/// A pattern on paths, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    pub(super) text: String,
    pub(super) globs: Globs,
    pub(super) place: Place,
}

impl Serialize for Pattern {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// One `[[allowlist]]`.
#[derive(Debug, Clone)]
pub(super) struct Allow {
    pub(super) description: Option<String>,
    pub(super) raw: RawAllowlist,
    /// The same, compiled.
    pub(super) exemptions: Vec<Arc<Exemption>>,
}

impl Allow {
    /// What a person calls it.
    pub(super) fn name(&self) -> String {
        let raw = &self.raw;
        let first = raw.paths.iter().chain(&raw.regexes).chain(&raw.commits).map(|placed| &placed.value);
        self.description.clone().or_else(|| first.chain(&raw.stopwords).next().cloned()).unwrap_or_default()
    }

    /// Equal for allowlists that say the same, wherever they stand.
    pub(super) fn meaning(&self) -> String {
        let raw = &self.raw;
        let values = |list: &[crate::rules::Placed<String>]| {
            list.iter().map(|placed| placed.value.clone()).collect::<Vec<_>>()
        };
        let lists = (
            values(&raw.commits),
            values(&raw.paths),
            values(&raw.regexes),
            values(&raw.target_rules),
            &raw.stopwords,
        );
        format!("{:?} {:?} {lists:?}", raw.all, raw.target)
    }
}
