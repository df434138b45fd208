//! The command line: types and help text, no logic. One file per subcommand.

use clap::{Parser, Subcommand};

mod debug;
mod report;
mod rules;
mod scan;

pub use debug::DebugCommand;
pub use report::ReportArgs;
pub use rules::{RuleFilesArgs, RulesCommand};
pub use scan::{ConfidenceArg, ScanArgs, ScopeArgs};

/// Finds leaked secrets in a working tree and in the whole Git history.
///
/// Exit codes: 0 everything in scope was read and nothing was found · 1 findings · 2 error, nothing trustworthy was
/// scanned · 3 incomplete, no findings · 4 incomplete, with findings · 130/143 interrupted.
#[derive(Debug, Parser)]
#[command(name = "muzzle", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say more on standard error; twice for debugging, three times for every blob.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan repositories with their whole history, directories, files, or standard input.
    ///
    /// Example: muzzle scan . -o human -o sarif=muzzle.sarif
    Scan(ScanArgs),
    /// Write a saved run in other formats, without scanning again.
    ///
    /// Example: muzzle scan . -o json=run.json; muzzle report --from run.json -o html=report.html -o csv=findings.csv
    Report(ReportArgs),
    /// List, show and check rules.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Measure parts of the engine.
    #[command(subcommand, hide = true)]
    Debug(DebugCommand),
}
