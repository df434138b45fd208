//! `muzzle report`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `report`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The saved run: a file that -o json=FILE or -o jsonl=FILE wrote, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
    /// Write a report in this format, to standard output or to FILE; repeatable. All formats of scan [default: human].
    #[arg(short, long = "output", value_name = "FORMAT[=FILE]")]
    pub outputs: Vec<String>,
    /// Say which candidates were dropped, by rule and reason, in the report for people.
    #[arg(long)]
    pub explain: bool,
    /// Show the secrets themselves, if the run was saved with them.
    #[arg(long)]
    pub show_secrets: bool,
    /// Exit 0 or 1 even if something could not be scanned.
    #[arg(long)]
    pub allow_incomplete: bool,
    /// Exit 0 whatever the run found, so that the next step of a pipeline runs; an error is still 2.
    #[arg(long)]
    pub exit_zero: bool,
    /// No colour; also with `NO_COLOR` set or a dumb terminal.
    #[arg(long)]
    pub no_color: bool,
}
