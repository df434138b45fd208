//! One line: what it holds, and the two hashes that make a chain of them.
//!
//! `hash` is the SHA-256 of the line without the member `hash`; `previous` that of the whole line before, without its
//! line break. So `sha256sum` can follow the chain as well.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::who::Who;
use super::{Done, Intent};

/// What the first line has for a line before.
pub(super) const NONE_BEFORE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How every line begins, and so what is left of one that was torn.
pub(super) const BEGINNING: &[u8] = b"{\"sequence\":";

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Something is about to be done.
    Begin,
    /// What came of it.
    Done,
    /// What was found out later to have come of it.
    Reconciled,
    /// Something that was refused or rehearsed, or that concerns the journal itself.
    Note,
}

impl Kind {
    /// The word in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Begin => "begin",
            Kind::Done => "done",
            Kind::Reconciled => "reconciled",
            Kind::Note => "note",
        }
    }
}

/// Lines before this one that a crash tore, or that something else wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Torn {
    /// How many.
    pub lines: u64,
    /// SHA-256 of their bytes, without the last line break.
    pub sha256: String,
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// From 1 on, without gaps.
    pub sequence: u64,
    /// RFC 3339, UTC.
    pub time: String,
    /// `muzzle`, and its version.
    pub tool: String,
    /// On whose behalf.
    pub who: Who,
    /// The name of the machine.
    pub host: String,
    /// What it says.
    pub event: Kind,
    /// The line that began what this one ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// What is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<Done>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What stands before it and is no line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub torn: Option<Torn>,
    /// Of the line before.
    pub previous: String,
}

/// What some bytes are.
#[derive(Debug)]
pub(super) enum Read {
    /// A line as it was written.
    Line(Box<Line>),
    /// A line that was changed.
    Changed,
    /// No line.
    Unreadable,
}

impl Line {
    /// Its bytes, without a line break.
    pub(super) fn bytes(&self) -> serde_json::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        let hash = sha256(&bytes);
        bytes.pop();
        bytes.extend_from_slice(format!(",\"hash\":\"{hash}\"}}").as_bytes());
        Ok(bytes)
    }

    /// What these bytes are.
    pub(super) fn read(bytes: &[u8]) -> Read {
        let Ok(line) = serde_json::from_slice::<Line>(bytes) else { return Read::Unreadable };
        let end = br#","hash":""}"#.len() + NONE_BEFORE.len();
        let body = bytes.len().checked_sub(end).map(|at| [&bytes[..at], b"}"].concat());
        let is_whole = body.is_some_and(|body| {
            bytes[body.len() - 1..] == *format!(",\"hash\":\"{}\"}}", sha256(&body)).as_bytes()
        });
        if is_whole { Read::Line(Box::new(line)) } else { Read::Changed }
    }
}

/// In hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_is_seen() {
        let line = Line {
            sequence: 1,
            time: "2026-01-02T03:04:05Z".into(),
            tool: "muzzle".into(),
            who: Who::default(),
            host: "h".into(),
            event: Kind::Note,
            of: None,
            intent: None,
            done: None,
            note: Some("ä \"x\"".into()),
            torn: None,
            previous: NONE_BEFORE.into(),
        };
        let bytes = line.bytes().unwrap();
        assert!(bytes.starts_with(BEGINNING));
        assert!(matches!(Line::read(&bytes), Read::Line(read) if *read == line));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(!matches!(Line::read(&changed), Read::Line(_)), "{at}");
        }
        for cut in 0..bytes.len() {
            assert!(matches!(Line::read(&bytes[..cut]), Read::Unreadable), "{cut}");
        }
    }
}
