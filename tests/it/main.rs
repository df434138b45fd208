//! One integration binary: the built `muzzle` against real repositories, made by real git or by hand.
//!
//! In: nothing but what a test makes in its own temporary directory. Out: exact statements on reports and exit codes.
//! Invariant: no complete token stands in this tree; tests assemble theirs when they run.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "inputs are made once and read for long"
)]

mod architecture;
mod audit;
mod baseline;
mod baseline_random;
mod catalogue;
mod ci_github;
mod ci_systems;
mod companions;
mod config;
mod config_response;
mod containers;
mod detect;
mod differential;
mod documented;
mod encoded;
mod exposure;
mod flips;
mod foreign;
mod formats;
mod formats_saved;
mod gaps;
mod history;
mod hooks;
mod hooks_fired;
mod hooks_installed;
mod hostile;
mod imports;
mod local;
mod nested;
mod network;
mod output;
mod policy;
mod revocation_page;
mod revoke;
mod revoke_killed;
mod rules_files;
mod scan;
mod scopes;
mod scopes_random;
mod simulator;
mod staged;
mod storage;
mod support;
mod suppression;
mod verdicts;
mod verify;
