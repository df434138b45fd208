//! What happens after a finding: verification, revocation, rotation; planned, agreed to, done once, and recorded.
//!
//! ```text
//! finding ─▶ Credential ─▶ plan ─▶ consent ─▶ call ─▶ Transport ─▶ judge ─▶ Liveness or Outcome
//!             secret and its       nothing is      │      the only place          │
//!             inputs               sent so far     ▼      that opens a socket     ▼
//!                                               journal: a line before, a line after
//! ```
//!
//! Invariants: a secret is sent to its own provider's host only; nothing that a scanned repository says adds a host, a
//! header, a program or a policy; no error ever means dead, no junk ever means live; a call that changes something is
//! sent once.

mod body;
pub mod call;
pub mod credentials;
mod decoys;
pub mod fill;
pub mod guard;
pub mod guidance;
pub mod hooks;
pub mod inputs;
pub mod journal;
pub mod judge;
pub mod modules;
pub mod network;
pub mod overview;
pub mod plan;
pub mod recorded;
pub mod revoke;
pub mod risk;
pub mod rotate;
pub mod settings;
mod shape;
pub mod simulator;
pub mod stream;
pub mod verdicts;
pub mod verify;
