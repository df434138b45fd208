//! `muzzle debug`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
    /// Scan the history as `scan` does, and name each object that was read, is missing or is damaged.
    ///
    /// One a line: read, missing or corrupt, and the id. Other gaps: gap, their kind and their place.
    Objects {
        /// The repository.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Threads [default: all cores].
        #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
        jobs: Option<u16>,
    },
    /// Run providers in a box on loopback, with made-up credentials, until ended.
    ///
    /// Writes muzzle.toml, ca.pem, planted.json and requests.jsonl to the directory.
    ///
    /// Example: muzzle debug simulator lab --plant github --plant gitlab=dead
    Simulator(SimulatorArgs),
}

/// Arguments of `debug simulator`.
#[derive(Debug, Args)]
pub struct SimulatorArgs {
    /// Where its files go.
    pub directory: PathBuf,
    /// The port; 0 for any.
    #[arg(long, default_value = "0")]
    pub port: u16,
    /// Plant a credential; repeatable [default: a live one of each kind].
    #[arg(long, value_name = "KIND[=STATE]")]
    pub plant: Vec<String>,
    /// Have a host fail from now on; repeatable.
    #[arg(long, value_name = "HOST=FAULT")]
    pub fail: Vec<String>,
    /// Another host that is known, and has nothing; repeatable.
    #[arg(long = "host", value_name = "HOST")]
    pub hosts: Vec<String>,
    /// How many checks still say "live" after a revocation.
    #[arg(long, value_name = "N", default_value = "0")]
    pub delay: u32,
    /// Make the values from this, the same each time.
    #[arg(long, value_name = "TEXT")]
    pub seed: Option<String>,
    /// End after so long.
    #[arg(long, value_name = "N")]
    pub seconds: Option<u64>,
}
