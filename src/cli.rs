//! The command line: types and help text, no logic. One file per subcommand.

use clap::{Parser, Subcommand};

mod config;
mod debug;
mod rules;
mod scan;
mod suppression;

pub use config::ConfigCommand;
pub use debug::DebugCommand;
pub use rules::{RuleFilesArgs, RulesCommand};
pub use scan::{ConfidenceArg, ScanArgs, ScopeArgs};
pub use suppression::{BaselineCommand, IgnoreCommand, IgnorePlace, InlineAllowArg, SuppressionArgs};

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
    Scan(Box<ScanArgs>),
    /// Show, check and explain settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// List, show and check rules.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Answer for findings, one by one, with a reason and an end: muzzle.ignore.toml.
    #[command(subcommand)]
    Ignore(IgnoreCommand),
    /// Write down what is there already, so that only what is new is reported.
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// Measure parts of the engine.
    #[command(subcommand, hide = true)]
    Debug(DebugCommand),
}
