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
mod catalogue;
mod companions;
mod detect;
mod differential;
mod exposure;
mod flips;
mod formats;
mod gaps;
mod history;
mod hostile;
mod output;
mod rules_files;
mod scan;
mod scopes;
mod scopes_random;
mod storage;
mod support;
