//! Which scanner a file is of: by its name, else by what it says.

use std::path::Path;

use serde_json::Value;

use super::super::identity::hex;
use super::lines;

/// Files of other scanners that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// The JSON report of gitleaks.
    Gitleaks,
    /// `.gitleaksignore`.
    GitleaksIgnore,
    /// `.betterleaksignore`.
    BetterleaksIgnore,
    /// `.secrets.baseline` of detect-secrets.
    DetectSecrets,
    /// A baseline of kingfisher.
    Kingfisher,
    /// `.gitguardian.yaml` of ggshield.
    Ggshield,
    /// `.secretsignore` of ripsecrets.
    Ripsecrets,
    /// `.gitallowed` of git-secrets.
    GitSecrets,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Nothing tells whose it is.
    #[error("cannot tell which scanner {0} is of: name the format with `muzzle baseline import --format`")]
    Unknown(String),
    /// It is not what it should be.
    #[error("cannot read {origin} as {format}: {why}")]
    Unreadable {
        /// The file.
        origin: String,
        /// What it should be.
        format: &'static str,
        /// Why not.
        why: String,
    },
}

impl FileFormat {
    /// All, with the names that the command line knows.
    pub const ALL: [(&'static str, FileFormat); 8] = [
        ("gitleaks", FileFormat::Gitleaks),
        ("gitleaksignore", FileFormat::GitleaksIgnore),
        ("betterleaksignore", FileFormat::BetterleaksIgnore),
        ("detect-secrets", FileFormat::DetectSecrets),
        ("kingfisher", FileFormat::Kingfisher),
        ("ggshield", FileFormat::Ggshield),
        ("ripsecrets", FileFormat::Ripsecrets),
        ("git-secrets", FileFormat::GitSecrets),
    ];

    /// The name that the command line knows.
    pub fn as_str(self) -> &'static str {
        FileFormat::ALL.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }
}

/// The names under which such files lie about.
const NAMES: [(&str, FileFormat); 8] = [
    (".gitleaksignore", FileFormat::GitleaksIgnore),
    (".betterleaksignore", FileFormat::BetterleaksIgnore),
    (".secrets.baseline", FileFormat::DetectSecrets),
    (".gitguardian.yaml", FileFormat::Ggshield),
    (".gitguardian.yml", FileFormat::Ggshield),
    (".secretsignore", FileFormat::Ripsecrets),
    (".gitallowed", FileFormat::GitSecrets),
    ("kingfisher-baseline.yaml", FileFormat::Kingfisher),
];

/// Says whose a file is.
pub fn recognise(path: &Path, bytes: &[u8]) -> Result<FileFormat, ImportError> {
    let name = path.file_name().unwrap_or_default();
    let text = String::from_utf8_lossy(bytes);
    let entries: Vec<&str> =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let is_digest = |line: &&str| hex::<32>(line).is_some();
    let by_name = NAMES.iter().find(|(known, _)| *known == name).map(|(_, format)| *format);
    let format = match by_name {
        // The first version of betterleaks wrote that of gitleaks.
        Some(FileFormat::BetterleaksIgnore) if !entries.iter().any(is_digest) && !entries.is_empty() => {
            Some(FileFormat::GitleaksIgnore)
        }
        Some(format) => Some(format),
        None => by_content(&text, &entries, is_digest),
    };
    format.ok_or_else(|| ImportError::Unknown(path.display().to_string()))
}

fn by_content(text: &str, entries: &[&str], is_digest: impl Fn(&&str) -> bool) -> Option<FileFormat> {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(list)) if list.iter().all(|one| one["RuleID"].is_string()) => {
            return Some(FileFormat::Gitleaks);
        }
        Ok(document) if document["results"].is_object() => return Some(FileFormat::DetectSecrets),
        Ok(_) => return None,
        Err(_) => {}
    }
    let has_key = |key: &str| entries.iter().any(|line| line.starts_with(key));
    if has_key("fingerprint_algorithm:") || has_key("ExactFindings:") {
        return Some(FileFormat::Kingfisher);
    }
    if ["ignored_matches:", "ignored-matches:", "matches_ignore:", "matches-ignore:"].into_iter().any(has_key)
    {
        return Some(FileFormat::Ggshield);
    }
    if entries.is_empty() {
        return None;
    }
    if entries.iter().all(is_digest) {
        return Some(FileFormat::BetterleaksIgnore);
    }
    entries.iter().all(|line| lines::named_place(line).is_some()).then_some(FileFormat::GitleaksIgnore)
}
