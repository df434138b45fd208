//! What the provider said of a credential, when it was asked.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Fact;

/// The answer to "is it live?", with what came with it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Verification {
    /// The verdict.
    pub verdict: Liveness,
    /// Why, for people; masked.
    pub reason: String,
    /// The host that decided, if one was asked.
    pub host: Option<String>,
    /// How many requests were sent for it.
    pub requests: u32,
    /// Who, which scopes, until when: as far as the provider told. Masked.
    pub identity: Vec<Fact>,
    /// What that means, in a sentence.
    pub risk: Option<String>,
    /// When the provider answered, seconds since 1970-01-01 UTC.
    pub at: i64,
}

/// What a provider said of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Liveness {
    /// Accepted.
    Live,
    /// Known, but the call was refused: scope, quota, address.
    LiveLimited,
    /// It exists and is switched off; it can be switched on again.
    Disabled,
    /// Its time is over.
    Expired,
    /// In the provider's own words unknown, revoked or deleted.
    Dead,
    /// Too many requests: ask later.
    RateLimited,
    /// Something between refused, or answered in the provider's place.
    Blocked,
    /// No answer, or the provider's own failure.
    Unreachable,
    /// An answer that is not listed.
    Ambiguous,
    /// A known decoy: not asked about.
    Canary,
    /// Not asked about; the reason says why.
    NotAttempted,
}

impl Liveness {
    /// All of them.
    pub const ALL: [Liveness; 11] = [
        Liveness::Live,
        Liveness::LiveLimited,
        Liveness::Disabled,
        Liveness::Expired,
        Liveness::Dead,
        Liveness::RateLimited,
        Liveness::Blocked,
        Liveness::Unreachable,
        Liveness::Ambiguous,
        Liveness::Canary,
        Liveness::NotAttempted,
    ];

    /// The word in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Liveness::Live => "live",
            Liveness::LiveLimited => "live_limited",
            Liveness::Disabled => "disabled",
            Liveness::Expired => "expired",
            Liveness::Dead => "dead",
            Liveness::RateLimited => "rate_limited",
            Liveness::Blocked => "blocked",
            Liveness::Unreachable => "unreachable",
            Liveness::Ambiguous => "ambiguous",
            Liveness::Canary => "canary",
            Liveness::NotAttempted => "not_attempted",
        }
    }

    /// Whether it still opens something.
    pub fn is_live(self) -> bool {
        matches!(self, Liveness::Live | Liveness::LiveLimited)
    }

    /// Whether anything was found out. Of a decoy it is known what it is.
    pub fn is_told(self) -> bool {
        self.is_live() || self.is_over() || matches!(self, Liveness::Disabled | Liveness::Canary)
    }

    /// Whether the provider said that it opens nothing any more.
    pub fn is_over(self) -> bool {
        matches!(self, Liveness::Dead | Liveness::Expired)
    }
}

impl fmt::Display for Liveness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
