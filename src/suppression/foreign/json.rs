//! The JSON report of gitleaks, and the baseline of detect-secrets.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::identity::hex;
use super::super::places::NamedPlace;
use super::{Criterion, Hash, Import, ImportError};
use crate::finding::NoticeKind;
use crate::secret::Secret;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Leak {
    #[serde(rename = "RuleID", default)]
    rule: String,
    #[serde(default)]
    start_line: u32,
    #[serde(default)]
    file: String,
    #[serde(default)]
    commit: String,
    #[serde(default)]
    secret: String,
}

#[derive(Deserialize)]
struct Baseline {
    results: BTreeMap<String, Vec<Potential>>,
}

#[derive(Deserialize)]
struct Potential {
    #[serde(default)]
    hashed_secret: String,
    #[serde(default)]
    is_verified: bool,
    #[serde(rename = "type", default)]
    kind: String,
}

fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8], import: &Import) -> Result<T, ImportError> {
    serde_json::from_slice(bytes).map_err(|error| ImportError::Unreadable {
        origin: import.origin.clone(),
        format: import.format.as_str(),
        why: error.to_string(),
    })
}

/// Whether gitleaks was asked not to tell the value, or not all of it.
fn is_redacted(secret: &str) -> bool {
    secret.is_empty() || secret == "REDACTED" || secret.ends_with("...")
}

pub(super) fn gitleaks(bytes: &[u8], import: &mut Import) -> Result<(), ImportError> {
    for leak in read::<Vec<Leak>>(bytes, import)? {
        let value = (!is_redacted(&leak.secret)).then(|| Secret::new(leak.secret.as_bytes()));
        let commit = (!leak.commit.is_empty()).then(|| leak.commit.to_ascii_lowercase());
        let path = leak.file.replace('\\', "/").into();
        let place = NamedPlace { commit, path, line: leak.start_line };
        import.push(0, Criterion::Place { place, rule: leak.rule, value }, None);
    }
    Ok(())
}

pub(super) fn detect_secrets(bytes: &[u8], import: &mut Import) -> Result<(), ImportError> {
    for (file, list) in read::<Baseline>(bytes, import)?.results {
        for potential in list {
            let Some(digest) = hex::<20>(&potential.hashed_secret) else {
                let detail = format!("an entry for {file} has no hash, and hides nothing");
                import.notice(NoticeKind::Malformed, 0, detail);
                continue;
            };
            if potential.is_verified {
                let detail = format!("the {} in {file} was live when it was written down", potential.kind);
                import.notice(NoticeKind::NotHonoured, 0, detail);
                continue;
            }
            let path = file.replace('\\', "/");
            let path = path.strip_prefix("./").unwrap_or(&path).into();
            import.push(0, Criterion::HashInFile(Hash::Sha1, digest.to_vec(), path), None);
        }
    }
    Ok(())
}
