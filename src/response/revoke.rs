//! Takes credentials out of circulation: plan, consent, one call, proof, record.
//!
//! ```text
//! Credential ─▶ Item ─▶ verify ─▶ is it live? ─▶ consent ─▶ look-up ─▶ THE call ─▶ verify until dead ─▶ Record
//!               plan    1 read-only     │no          │no                 │ once          │
//!                                       ▼            ▼                   ▼               ▼
//!                                   already dead   skipped      unclear: look, then   confirmed or accepted
//! ```
//!
//! Invariants: nothing is sent before it stands in the journal; nothing that changes something is sent without consent; it
//! is sent once, and once more only if it is idempotent, its answer was unclear and the credential is seen live since.

use std::time::Duration;

use super::call::Transport;
use super::journal::Journal;
use super::settings::Settings;
use crate::rules::response::Responses;

pub(crate) mod act;
pub mod automatic;
pub mod clock;
pub mod code;
pub mod consent;
pub(crate) mod data;
#[cfg(test)]
mod fixture;
pub mod host;
pub(crate) mod ledger;
pub mod plan;
pub mod policy;
mod prove;
pub mod record;
mod responder;
pub(crate) mod take;
mod template;
#[cfg(test)]
mod tests;

pub use plan::{Item, Step, Todo};
pub use policy::{Owners, RevokePolicy};
pub use record::{Record, exit_code};
pub use responder::{NoResponder, Responder};

/// What was asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// For good, where it could be switched off.
    pub delete: bool,
    /// Those of class A, too, for which there is no way to ask whether they are live.
    pub even_unverified: bool,
    /// Ids that `--rule` names, exactly: their experimental calls are on.
    pub named: Vec<String>,
    /// How long is waited for the proof.
    pub wait: Duration,
    /// What this host looks like.
    pub host: host::Host,
    /// What the journal calls it: `revoke` or `drill`.
    pub action: &'static str,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            delete: false,
            even_unverified: false,
            named: Vec::new(),
            wait: Duration::from_mins(2),
            host: host::Host::default(),
            action: "revoke",
        }
    }
}

/// How it is done, through what, and what is allowed.
#[derive(Clone, Copy)]
pub struct Procedure<'a> {
    /// How.
    pub responses: &'a Responses,
    /// Through what.
    pub transport: &'a dyn Transport,
    /// What may be sent where.
    pub settings: &'a Settings,
    /// What may be revoked.
    pub policy: &'a RevokePolicy,
    /// What was asked for.
    pub options: &'a Options,
}

/// Does it.
pub struct Revoker<'a> {
    /// How.
    pub procedure: Procedure<'a>,
    /// Where it is recorded.
    pub journal: &'a Journal,
    /// By which time.
    pub clock: &'a dyn clock::Clock,
    /// The code of the plan, for the journal.
    pub code: Option<&'a str>,
}
