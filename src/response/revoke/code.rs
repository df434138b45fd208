//! The code of a plan: whoever types it agrees to exactly these calls about exactly these secrets.
//!
//! A plan that is printed leaves a random key beside the journal; the code is a keyed hash over secrets and calls. The key
//! holds for a quarter of an hour and for one run, so that a code can be neither guessed, kept, nor made elsewhere.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::plan::{Item, Todo};
use crate::response::inputs::Credential;
use crate::whole;

/// How long a code holds.
const LIFETIME: Duration = Duration::from_mins(15);
const KEY: usize = 32;
/// Crockford's alphabet: nothing in it is mistaken for something else.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 8;

/// What makes the codes of one plan.
#[derive(Clone)]
pub struct PlanKey([u8; KEY]);

/// There is no code to compare with.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    /// No plan was printed, or its code was used.
    #[error("no plan waits for a code: run it with --plan first; a code holds for one run")]
    None,
    /// Too old.
    #[error("the plan is older than 15 minutes: run it with --plan again")]
    TooOld,
    /// Cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl PlanKey {
    /// A new one. `None` if the system has no randomness.
    pub fn new() -> Option<Self> {
        let mut bytes = [0; KEY];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(PlanKey(bytes))
    }

    /// Where the key of the last plan lies: beside the journal.
    pub fn path(journal: &Path) -> PathBuf {
        let mut name = journal.as_os_str().to_owned();
        name.push(".plan");
        PathBuf::from(name)
    }

    /// Keeps it for the run that confirms, in place of the one before.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep(&self, path: &Path) -> Result<(), NoKey> {
        let write = || {
            let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            let directory = directory.unwrap_or(Path::new("."));
            std::fs::create_dir_all(directory)?;
            whole::write(path, &self.0, 0o600)
        };
        write().map_err(|source| NoKey::Io { path: path.to_owned(), source })
    }

    /// The one that a plan left; it holds for this run only.
    ///
    /// # Errors
    /// If there is none, or it is too old.
    pub fn take(path: &Path) -> Result<Self, NoKey> {
        let failed = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::NotFound => NoKey::None,
            _ => NoKey::Io { path: path.to_owned(), source },
        };
        let written = path.symlink_metadata().and_then(|metadata| metadata.modified()).map_err(failed)?;
        let bytes = std::fs::read(path).map_err(failed)?;
        std::fs::remove_file(path).map_err(failed)?;
        let age = SystemTime::now().duration_since(written).unwrap_or_default();
        match <[u8; KEY]>::try_from(bytes.as_slice()) {
            Ok(key) if age <= LIFETIME => Ok(PlanKey(key)),
            Ok(_) => Err(NoKey::TooOld),
            Err(_) => Err(NoKey::None),
        }
    }

    /// The code of what is to be done: `K7QM-2R9D`.
    #[expect(clippy::disallowed_methods, reason = "the code is bound to the very secrets, by a keyed hash")]
    pub fn code(&self, items: &[Item], credentials: &[Credential]) -> String {
        let mut parts: Vec<Vec<hmac::Tag>> = Vec::new();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        for (item, credential) in items.iter().zip(credentials).filter(|(item, _)| item.todo == Todo::Act) {
            let what = serde_json::to_vec(item).unwrap_or_default();
            parts.push(vec![hmac::sign(&key, &what), hmac::sign(&key, credential.secret().expose())]);
        }
        let mut parts: Vec<u8> = {
            parts.sort_by(|a, b| bytes(a).cmp(bytes(b)));
            parts.iter().flat_map(|part| bytes(part)).copied().collect()
        };
        parts.extend_from_slice(b"muzzle revoke, version 1");
        let tag = hmac::sign(&key, &parts);
        let mut text: String = tag
            .as_ref()
            .iter()
            .take(LENGTH)
            .map(|byte| char::from(ALPHABET[usize::from(byte & 31)]))
            .collect();
        text.insert(LENGTH / 2, '-');
        text
    }
}

fn bytes(tags: &[hmac::Tag]) -> impl Iterator<Item = &u8> {
    tags.iter().flat_map(AsRef::as_ref)
}

/// Whether somebody typed this code: case, blanks and dashes do not count.
pub fn is_typed(code: &str, typed: &str) -> bool {
    let plain = |text: &str| -> Vec<u8> {
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_uppercase()).collect()
    };
    plain(code) == plain(typed)
}
