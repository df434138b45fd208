//! `tests/replies/*.toml`: what providers answer, in made-up values.

use std::collections::BTreeMap;
use std::path::Path;

use muzzle::response::call;
use muzzle::secret::Secret;
use serde::Deserialize;

/// The replies of one provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    #[serde(default)]
    pub(crate) reply: Vec<Reply>,
    /// Calls that never answer so.
    #[serde(default)]
    pub(crate) none: Vec<Unanswered>,
}

/// Why there is no reply of a kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unanswered {
    pub(crate) rule: String,
    /// A verdict or an outcome.
    pub(crate) what: String,
    pub(crate) why: String,
}

/// To which call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Call {
    #[default]
    Verify,
    LookUp,
    Revoke,
    Rotate,
}

/// One reply, and what it means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reply {
    rule: Option<String>,
    #[serde(default)]
    rules: Vec<String>,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) call: Call,
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) body: String,
    pub(crate) verdict: Option<String>,
    pub(crate) outcome: Option<String>,
    /// Facts that must be read out of it, among others.
    #[serde(default)]
    pub(crate) identity: BTreeMap<String, String>,
}

impl Reply {
    pub(crate) fn rules(&self) -> impl Iterator<Item = &str> {
        self.rule.iter().chain(&self.rules).map(String::as_str)
    }

    pub(crate) fn as_sent(&self) -> call::Reply {
        let headers = self.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
        call::Reply {
            status: self.status,
            headers: headers.collect(),
            body: Secret::new(self.body.as_bytes()),
            is_cut: false,
        }
    }
}

/// All files, by name.
pub(crate) fn all() -> Vec<(String, File)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replies");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let file = toml::from_str(&std::fs::read_to_string(&path).unwrap());
        files.push((name.clone(), file.unwrap_or_else(|error| panic!("{name}: {error}"))));
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, File { reply, .. }) in &files {
        for reply in reply {
            assert!(reply.rules().count() > 0, "{name}: {}: no rule", reply.name);
            let is_verify = reply.call == Call::Verify;
            let has_right_word = reply.verdict.is_some() == is_verify && reply.outcome.is_some() != is_verify;
            assert!(has_right_word, "{name}: {}: `verdict` of a verification, else `outcome`", reply.name);
        }
    }
    files
}
