//! `muzzle explain`.

use std::path::PathBuf;

use clap::Args;

use super::RuleFilesArgs;

/// Arguments of `explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// The finding's fingerprint, or its beginning.
    pub fingerprint: String,
    /// What to scan for it, without --from.
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// A saved run that has it: a file that -o json=FILE or -o jsonl=FILE wrote, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Rules from elsewhere.
    #[command(flatten)]
    pub rule_files: RuleFilesArgs,
    /// No progress display.
    #[arg(short, long)]
    pub quiet: bool,
}
