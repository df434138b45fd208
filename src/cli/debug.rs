//! `muzzle debug`.

use std::path::PathBuf;

use clap::Subcommand;

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum DebugCommand {
    /// Decode what a scan of the history decodes, and do nothing else: the limit that a scan is measured against.
    Decode {
        /// The repository.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Blobs only: no trees, commits and tags.
        #[arg(long)]
        blobs: bool,
        /// Threads [default: all cores].
        #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
        jobs: Option<u16>,
    },
    /// Scan the history as `scan` does, and say how long each part took by the clock.
    Phases {
        /// The repository.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Threads; on one, the clock shows computing time.
        #[arg(short, long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=1024))]
        jobs: u16,
    },
}
