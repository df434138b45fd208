//! One file per subcommand.

pub mod debug;
pub mod report;
pub mod rules;
pub mod scan;
