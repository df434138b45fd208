//! One file per subcommand.

use std::io::Write as _;

use anyhow::Context as _;

pub mod audit;
mod automatic;
pub mod baseline;
pub mod ci;
pub mod config;
pub mod debug;
pub mod explain;
pub mod hook;
pub mod ignore;
pub mod report;
pub mod revoke;
pub mod rules;
pub mod scan;
pub mod shell;
pub mod verify;

/// Findings or entries that are told one by one.
const MOST_TOLD: usize = 100;

fn print(text: impl AsRef<[u8]>) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_ref()).and_then(|()| stdout.flush()).context("writing to standard output")
}
