//! One integration binary: the built `muzzle` against real repositories, made by real git or by hand.
//!
//! In: nothing but what a test makes in its own temporary directory. Out: exact statements on reports and exit codes.
//! Invariant: no complete token stands in this tree; tests assemble theirs when they run.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::missing_panics_doc, reason = "helpers of tests panic to fail")]

mod architecture;
mod detect;
mod gaps;
mod history;
mod hostile;
mod output;
mod scan;
mod support;
