//! What a hook waits for.

use serde::{Deserialize, Serialize};

/// What a hook waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A secret is reported.
    Finding,
    /// Its provider says that it is live.
    #[serde(alias = "verified-active")]
    VerifiedActive,
    /// It was revoked, or an attempt was made: the outcome says which.
    Revoked,
    /// It was replaced.
    Rotated,
    /// A scan has ended.
    #[serde(alias = "scan-finished")]
    ScanFinished,
}

impl Event {
    /// All of them.
    pub const NAMES: [&str; 5] = ["finding", "verified_active", "revoked", "rotated", "scan_finished"];

    /// The word in every output.
    pub fn as_str(self) -> &'static str {
        Event::NAMES[self as usize]
    }
}
