//! The command line: types and help text, no logic. One file per subcommand.

use clap::{Parser, Subcommand, ValueEnum};

mod audit;
mod automatic;
mod ci;
mod config;
mod debug;
mod explain;
mod habits;
mod hook;
mod report;
mod revoke;
mod rules;
mod scan;
mod shell;
mod verify;

pub use audit::{AuditCommand, AuditFilter, ExportFormat, JournalArgs, ShowFormat};
pub use automatic::HookArgs;
pub use ci::{CiArgs, CiSystem, ModeArg};
mod suppression;

pub use config::ConfigCommand;
pub use debug::{DebugCommand, SimulatorArgs};
pub use explain::ExplainArgs;
pub use habits::{Habit, HabitArgs};
pub use hook::{
    HookArg, HookCommand, HookInstallArgs, HookPlaceArgs, HookRunArg, HookRunArgs, HookUninstallArgs,
};
pub use report::ReportArgs;
pub use revoke::{OnlyArg, RevokeArgs, RevokeFormat};
pub use rules::{RuleFilesArgs, RulesCommand};
pub use scan::{ConfidenceArg, ScanArgs, ScanOptions, ScopeArgs};
pub use shell::{CompletionsArgs, ManArgs};
pub use suppression::{BaselineCommand, IgnoreCommand, IgnorePlace, InlineAllowArg, SuppressionArgs};
pub use verify::{AskArgs, ScanCommandArgs, ScanVerifyArgs, SeverityArg, VerdictFormat, VerifyArgs};

/// Finds leaked secrets in a working tree and in the whole Git history.
///
/// Exit codes: 0 everything in scope was read and nothing was found · 1 findings · 2 error, nothing trustworthy was
/// scanned · 3 incomplete, no findings · 4 incomplete, with findings · 130/143 interrupted.
///
/// Example: muzzle scan .
#[derive(Debug, Parser)]
#[command(name = "muzzle", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say more on standard error; twice for debugging, three times for every blob.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to use colour; `NO_COLOR` and `CLICOLOR_FORCE` are understood, too.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorArg,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorArg {
    /// On a terminal that can show it.
    Auto,
    /// Wherever a report goes to standard output.
    Always,
    /// Nowhere.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan repositories with their whole history, directories, files, or standard input.
    ///
    /// Example: muzzle scan . -o human -o sarif=muzzle.sarif
    Scan(Box<ScanCommandArgs>),
    /// Write a saved run in other formats, without scanning again.
    ///
    /// Example: muzzle scan . -o json=run.json; muzzle report --from run.json -o html=report.html -o csv=findings.csv
    Report(ReportArgs),
    /// Ask providers whether what was found is live, whose it is and what it opens. Nothing is sent before you agree.
    ///
    /// Exit codes: 0 nothing is live · 1 something is live · 2 error, nothing was sent · 3 of something it could not be
    /// told · 4 both.
    ///
    /// Example: muzzle verify . --plan
    Verify(Box<VerifyArgs>),
    /// Take what was found out of circulation, and prove it. Nothing is sent before you agree, and everything is recorded.
    ///
    /// Exit codes, of which the highest counts: 0 all are dead, seen dead by now or before · 2 error · 10 accepted, not yet
    /// seen dead · 30 another credential has to do it · 40 refused, or a person has to do it · 50 unclear: it was sent, and
    /// no clear answer came · 60 not done: policy, plan or person said no, or it is not known to be live.
    ///
    /// Example: muzzle revoke . --plan
    Revoke(Box<RevokeArgs>),
    /// Explain one finding: where it is, what it opens, whether it is live, how to revoke and replace it.
    ///
    /// Example: muzzle explain 3f9a2c1d --from run.json
    Explain(ExplainArgs),
    /// Have Git call muzzle before commits and pushes.
    ///
    /// Example: muzzle hook install pre-commit pre-push
    #[command(subcommand)]
    Hook(HookCommand),
    /// Scan in a pipeline what the push or the pull request introduced, and report as the system wants it.
    ///
    /// Which commits are meant is read from the variables and the event of the CI system. What is not in the checkout
    /// makes the scan incomplete (3 or 4), unless --fetch brings it.
    ///
    /// Example: muzzle ci github --fetch --sarif muzzle.sarif
    Ci(Box<CiArgs>),
    /// List, show and check rules.
    ///
    /// Example: muzzle rules check my-rules.toml
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Print a script that completes muzzle's commands and options in a shell.
    ///
    /// Example: muzzle completions bash > ~/.local/share/bash-completion/completions/muzzle
    Completions(CompletionsArgs),
    /// Print the manual page, or write the pages of all commands to a directory.
    ///
    /// Example: muzzle man | man -l -
    Man(ManArgs),
    /// Show, check and explain settings.
    ///
    /// Example: muzzle config show
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Answer for findings, one by one, with a reason and an end: muzzle.ignore.toml.
    ///
    /// Example: muzzle ignore list
    #[command(subcommand)]
    Ignore(IgnoreCommand),
    /// Write down what is there already, so that only what is new is reported.
    ///
    /// Example: muzzle baseline create known.jsonl
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// Check, show and export the journal of what was verified, revoked and told.
    ///
    /// Example: muzzle audit verify
    #[command(subcommand)]
    Audit(AuditCommand),
    /// gitleaks' `git`: the history.
    #[command(hide = true, alias = "detect")]
    Git(Box<HabitArgs>),
    /// gitleaks' `dir`: files.
    #[command(hide = true, aliases = ["directory", "file"])]
    Dir(Box<HabitArgs>),
    /// gitleaks' `stdin`.
    #[command(hide = true)]
    Stdin(Box<HabitArgs>),
    /// gitleaks' `protect`: what is staged.
    #[command(hide = true)]
    Protect(Box<HabitArgs>),
    /// Measure parts of the engine.
    #[command(subcommand, hide = true)]
    Debug(DebugCommand),
}
