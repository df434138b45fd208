//! `muzzle ci`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{HookArgs, ScanArgs};

/// Arguments of `ci`.
#[derive(Debug, Args)]
pub struct CiArgs {
    /// Whose variables are read, and how it is reported.
    #[arg(value_enum)]
    pub system: CiSystem,
    /// Which commits: what the event introduced, or everything where it introduces nothing of its own (auto); only the
    /// former, else an error (range); everything (full).
    #[arg(long, value_enum, default_value = "auto")]
    pub mode: ModeArg,
    /// Run `git fetch` for commits that are not in the checkout. Nothing is checked out and no hook is run; the remote
    /// and the credentials are those of the checkout's .git/config.
    #[arg(long)]
    pub fetch: bool,
    /// Write SARIF to FILE and, if this version writes them, what HEAD has and what only the history has to
    /// FILE-head and FILE-history (`muzzle-head.sarif`).
    #[arg(long, value_name = "FILE")]
    pub sarif: Option<PathBuf>,
    /// What happens by itself.
    #[command(flatten)]
    pub hooks: HookArgs,
    /// How to scan. Last, because of its headings.
    #[command(flatten)]
    pub scan: ScanArgs,
}

/// CI systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CiSystem {
    /// GitHub Actions: annotations, the summary of the job, outputs.
    Github,
    /// GitLab CI.
    Gitlab,
    /// Azure Pipelines.
    Azure,
    /// Bitbucket Pipelines.
    Bitbucket,
    /// Jenkins.
    Jenkins,
}

/// Which part of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    /// By the event.
    Auto,
    /// What the event introduced.
    Range,
    /// Everything.
    Full,
}
