//! `muzzle completions` and `muzzle man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Write muzzle.1, muzzle-scan.1 and so on to this directory; it is made if it is not there.
    #[arg(long, value_name = "DIRECTORY")]
    pub directory: Option<PathBuf>,
}
