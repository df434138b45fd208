//! What a scan yields: data only.
//!
//! A [`Match`] is one accepted candidate in one blob; a [`Finding`] is one secret under one rule with every
//! [`Occurrence`] of it. Identity is the [`Fingerprint`], which holds neither line, commit nor the raw secret.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bstr::BString;
use sha2::{Digest as _, Sha256};

use crate::location::Location;
use crate::secret::Secret;

mod exposure;
mod gap;
mod marker;
mod parse;
mod refs;
mod suppression;
mod verification;

pub use exposure::Exposure;
pub use gap::{Gap, GapKind};
pub use marker::{Marker, MarkerWord, Markers};
pub use refs::{MOST_NAMES, RefKind, Refs};
pub use suppression::{Notice, NoticeKind, Suppressed, Suppression, SuppressionKind, Suppressions};
pub use verification::{Liveness, Verification};

/// How sure a match is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Weak context, or a certain check failed.
    Low,
    /// Strong context, or a second-hand check failed.
    Medium,
    /// A prefix, structure or checksum of its own.
    High,
}

/// How much the credential opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Opens little by itself.
    Low,
    /// Opens some data or quota.
    Medium,
    /// Opens a service.
    High,
    /// Opens an account or an infrastructure.
    Critical,
}

macro_rules! display_lowercase {
    ($($type:ident { $($variant:ident => $text:literal),* }),*) => {$(
        impl $type {
            /// The word used in every output.
            pub fn as_str(self) -> &'static str {
                match self { $($type::$variant => $text),* }
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    )*};
}
display_lowercase!(
    Confidence { Low => "low", Medium => "medium", High => "high" },
    Severity { Low => "low", Medium => "medium", High => "high", Critical => "critical" }
);

/// Index of a rule in its rule set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleIndex(pub u16);

/// The name of a Git object: 20 bytes (SHA-1) or 32 (SHA-256).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectName {
    bytes: [u8; 32],
    len: u8,
}

impl ObjectName {
    /// Takes the raw id; `None` when it is longer than 32 bytes.
    pub fn from_bytes(id: &[u8]) -> Option<Self> {
        let mut bytes = [0; 32];
        bytes.get_mut(..id.len())?.copy_from_slice(id);
        Some(ObjectName { bytes, len: u8::try_from(id.len()).ok()? })
    }

    /// The raw id.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.as_bytes()) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&text[..2 * usize::from(self.len)]).unwrap_or_default())
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectName({self})")
    }
}

/// The line round a secret, for people: clipped, and raw. Masked when shown.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Excerpt {
    /// The bytes of the first line of the match, clipped to a window.
    pub line: Secret,
    /// Start and end of the secret's part of `line`.
    pub secret: (usize, usize),
    /// Start and end of what the rule's expression matched, as far as it is part of `line`.
    pub matched: (usize, usize),
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Excerpt(********)")
    }
}

/// How a text was come by, if it is not the blob itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Via {
    /// The member of the archive, `!` between levels; empty for what is merely compressed or encoded. Raw bytes.
    pub member: BString,
    /// What was undone, outermost first, ` > ` between: `gzip`, `base64 > hex`. Empty for a member of an archive.
    pub decoded: String,
}

impl Via {
    /// This way, and from there on that one.
    pub(crate) fn with(&self, inner: &Via) -> Via {
        let between = if self.decoded.is_empty() || inner.decoded.is_empty() { "" } else { " > " };
        let mut member = self.member.clone();
        if !member.is_empty() && !inner.member.is_empty() {
            member.push(b'!');
        }
        member.extend_from_slice(&inner.member);
        Via { member, decoded: format!("{}{between}{}", self.decoded, inner.decoded) }
    }
}

/// A candidate that passed the filters, in one blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Which rule.
    pub rule: RuleIndex,
    /// The credential.
    pub secret: Secret,
    /// Where it lies.
    pub location: Location,
    /// The line it stands in.
    pub excerpt: Excerpt,
    /// Comments that ask for it to be let pass.
    pub markers: Markers,
    /// How the text was come by; `location` is that in the text.
    pub via: Option<Arc<Via>>,
}

/// Somebody named in a commit. Raw bytes: sanitize before showing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Person {
    /// Name as written.
    pub name: BString,
    /// E-mail as written.
    pub email: BString,
}

/// The commit that introduced a blob.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommitInfo {
    /// Its id.
    pub id: ObjectName,
    /// Who wrote it.
    pub author: Person,
    /// Author time in seconds since 1970-01-01 UTC.
    pub time: i64,
    /// Committer time in seconds since 1970-01-01 UTC: when this commit was made, whenever the change was written.
    pub committed: i64,
    /// First line of the message.
    pub subject: BString,
}

/// Where the bytes came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provenance {
    /// A file on disk.
    Worktree,
    /// The index of the repository, in no commit.
    Staged,
    /// Standard input.
    Stdin,
    /// The commit that introduced the blob at this path.
    Commit(Arc<CommitInfo>),
    /// A ref that names the blob, or a tree that holds it, without a commit.
    Ref,
    /// An object that no ref or reflog reaches.
    Unreachable,
    /// A file of the git directory, which no clone carries.
    Local,
}

impl Provenance {
    /// The commit that brought it in, if one did.
    pub fn commit(&self) -> Option<&Arc<CommitInfo>> {
        match self {
            Provenance::Commit(info) => Some(info),
            _ => None,
        }
    }

    /// The stable name in reports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Provenance::Worktree => "worktree",
            Provenance::Staged => "staged",
            Provenance::Stdin => "stdin",
            Provenance::Commit(_) => "commit",
            Provenance::Ref => "ref",
            Provenance::Unreachable => "unreachable",
            Provenance::Local => "local",
        }
    }
}

/// What the paths of metadata and of the git directory's files begin with: no tree may have such a path.
pub(crate) const GIT_DIRECTORY: &[u8] = b".git/";

/// One place of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Occurrence {
    /// Path in the repository or below the scanned directory, `/` between parts; raw bytes. A member of an archive is
    /// `path!member`, a commit `.git/commits/ID`, a tag `.git/tags/ID`, the name of a ref `.git/refs/…`, a file of the
    /// git directory `.git/…`.
    pub path: BString,
    /// Where in the file.
    pub location: Location,
    /// Where the bytes came from.
    pub provenance: Provenance,
    /// The blob, if it is a Git object.
    pub blob: Option<ObjectName>,
    /// Whether HEAD's tree has this blob at this path.
    pub in_head: bool,
    /// The line round it.
    pub excerpt: Arc<Excerpt>,
    /// Comments that ask for it to be let pass.
    pub markers: Markers,
    /// How the text was come by, if it is not the blob itself.
    pub via: Option<Arc<Via>>,
}

impl Occurrence {
    /// Whether it is in a commit or a tag itself or in the name of a ref, and in no file.
    pub fn is_metadata(&self) -> bool {
        match (&self.provenance, &self.blob) {
            (Provenance::Commit(info), Some(id)) => info.id == *id,
            (Provenance::Ref, None) => true,
            (Provenance::Ref | Provenance::Unreachable, Some(id)) => {
                let is = |kind: &str| self.path.ends_with(format!(".git/{kind}/{id}").as_bytes());
                is("commits") || is("tags")
            }
            _ => false,
        }
    }

    /// The name of the member of the archive, if it is in one.
    pub fn member(&self) -> Option<&[u8]> {
        self.via.as_ref().map(|via| via.member.as_slice()).filter(|member| !member.is_empty())
    }

    /// The path of the file itself, without a member's name.
    pub fn file(&self) -> &[u8] {
        let behind = self.member().map_or(0, |member| member.len() + 1);
        &self.path[..self.path.len().saturating_sub(behind)]
    }
}

/// Something read out of the credential without any network call.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct Fact {
    /// What, for example `account` or `expires`.
    pub name: Cow<'static, str>,
    /// Its value.
    pub value: String,
}

/// What the rule's structure or checksum check said.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// The rule has no check.
    NotChecked,
    /// It holds.
    Passed,
    /// It does not, and why.
    Failed(Cow<'static, str>),
}

/// The other half of a credential that is made of two: a key's id, an account.
#[derive(Debug, Clone)]
pub struct Companion {
    /// Which rule found it.
    pub rule: RuleIndex,
    /// It.
    pub secret: Secret,
    /// In which file.
    pub path: BString,
    /// Where in it.
    pub location: Location,
    /// Whether it stands in the same file, a few lines away at most.
    pub is_near: bool,
}

/// One secret under one rule, with all its occurrences.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Identity across runs, rebases and edits.
    pub fingerprint: Fingerprint,
    /// Which rule.
    pub rule: RuleIndex,
    /// From the rule.
    pub severity: Severity,
    /// From the rule, lowered by a failed check.
    pub confidence: Confidence,
    /// The credential.
    pub secret: Secret,
    /// Its Shannon entropy, bits per byte.
    pub entropy: f32,
    /// Outcome of the offline check.
    pub verdict: Verdict,
    /// What the credential says about itself.
    pub identity: Vec<Fact>,
    /// The other half, if the credential has two and both were found.
    pub companion: Option<Companion>,
    /// Sorted; the first is the primary one. Never empty.
    pub occurrences: Vec<Occurrence>,
    /// The earliest introducing commit, if any occurrence is in a commit.
    pub first_seen: Option<Arc<CommitInfo>>,
    /// Whether HEAD still has it.
    pub in_head: bool,
    /// Where in the history it can be met; `None` if no object holds it or if that was too much to find out.
    pub exposure: Option<Exposure>,
    /// Whole days from the first commit to the one that removed it, or to the scan.
    pub days_exposed: Option<u64>,
    /// What the provider said, if it was asked.
    pub verification: Option<Verification>,
}

impl Finding {
    /// Whether its provider said that it still opens something.
    pub fn is_live(&self) -> bool {
        self.verification.as_ref().is_some_and(|verification| verification.verdict.is_live())
    }
}

/// A finding's identity: `v1:` and 128 bits of SHA-256 in hex.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Over rule id and secret: for credentials that nobody can guess.
    pub fn of_secret(rule_id: &str, secret: &[u8]) -> Self {
        Fingerprint::digest(&[b"secret", rule_id.as_bytes(), secret])
    }

    /// Over rule id, path and the line with the secret blanked: for human passwords, whose published hash would be
    /// a leak by itself.
    pub fn of_place(rule_id: &str, path: &[u8], line_before: &[u8], line_after: &[u8]) -> Self {
        Fingerprint::digest(&[b"place", rule_id.as_bytes(), path, line_before, line_after])
    }

    /// Length-prefixed parts, so that no two lists of parts hash alike.
    fn digest(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let digest = hasher.finalize();
        let mut text = String::from("v1:");
        for byte in &digest[..16] {
            use fmt::Write as _;
            let _ = write!(text, "{byte:02x}");
        }
        Fingerprint(text)
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
