//! One file per subcommand.

pub mod config;
pub mod debug;
pub mod rules;
pub mod scan;
