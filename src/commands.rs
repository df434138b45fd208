//! One file per subcommand.

pub mod ci;
pub mod debug;
pub mod hook;
pub mod rules;
pub mod scan;
pub mod shell;
