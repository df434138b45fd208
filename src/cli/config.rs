//! `muzzle config`.

use std::path::PathBuf;

use clap::Subcommand;

use super::ScanArgs;

/// What to do with settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// List every setting that `muzzle scan` with these arguments would use, and who said so.
    ///
    /// Example: muzzle config show --confidence low
    Show {
        /// As JSON.
        #[arg(long)]
        json: bool,
        /// Those of the scan.
        #[command(flatten)]
        scan: Box<ScanArgs>,
    },
    /// Write a commented configuration to start from. What is there is not overwritten.
    ///
    /// Example: muzzle config init
    Init {
        /// Where to.
        #[arg(default_value = "muzzle.toml")]
        file: PathBuf,
    },
    /// Check a configuration: mistakes (exit code 2), and what may not be meant.
    ///
    /// Example: muzzle config check muzzle.toml
    Check {
        /// Which one [default: muzzle.toml or .muzzle.toml].
        file: Option<PathBuf>,
    },
    /// Say what a key does, what it may be, and what sets it.
    ///
    /// Example: muzzle config explain scan.confidence
    Explain {
        /// The key, or a section; without, all keys.
        key: Option<String>,
    },
    /// The JSON Schema of muzzle.toml, for editors.
    ///
    /// Example: muzzle config schema > muzzle.schema.json
    Schema,
}
