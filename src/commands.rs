//! One file per subcommand.

pub mod ci;
pub mod debug;
pub mod rules;
pub mod scan;
