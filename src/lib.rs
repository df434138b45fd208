//! muzzle finds leaked secrets in a working tree and in the whole Git history.
//!
//! ```text
//!  worktree ┐            ── per thread, no locks ───────────────▶
//!  history  ├─▶ bytes ──▶ expand ──▶ detect ──▶ Match ──▶ group by secret ──▶ Finding
//!  stdin    ┘   (once per object)   prefilter,                                   │
//!                                   matching,                                    ▼
//!  exit code ◀── report ◀── suppression ◀───filter─────────────────────── attribution
//! ```
//!
//! [`pipeline`] is the whole scan from top to bottom; every other module is one stage or one kind of data.

mod attribution;
pub mod ci;
pub mod cli;
pub mod commands;
pub mod config;
mod copied;
pub mod detect;
mod disk;
mod expand;
pub mod finding;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
pub mod git;
mod grouping;
pub mod hook;
pub mod interrupt;
pub mod location;
mod parallel;
pub mod pipeline;
pub mod policy;
pub mod progress;
pub mod report;
pub mod response;
pub mod rules;
pub mod secret;
pub mod source;
pub mod suppression;
mod whole;
