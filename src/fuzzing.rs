//! Doors for fuzzers to all that reads untrusted bytes, gathered; see `fuzz/` and CONTRIBUTING.md. Built with
//! `--cfg fuzzing` only, and for the tests of the doors themselves.

pub use crate::config::fuzzing::settings;
pub use crate::detect::fuzzing::{engine, versions};
pub use crate::expand::fuzzing::expand;
pub use crate::git::fuzzing::{delta, index, loose, object, pack};
pub use crate::report::fuzzing::report;
