//! `muzzle verify`, and what `scan --verify` shares with it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ConfidenceArg, HookArgs, RuleFilesArgs, ScanArgs};

/// Arguments of `scan`, the command.
#[derive(Debug, Clone, Args)]
pub struct ScanCommandArgs {
    /// How to scan.
    #[command(flatten)]
    pub scan: ScanArgs,
    /// Whether providers are asked.
    #[command(flatten)]
    pub verify: ScanVerifyArgs,
    /// What happens by itself.
    #[command(flatten)]
    pub hooks: HookArgs,
}

/// `--verify` of `scan`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Ask providers whether what is found is live (docs/verification.md)")]
pub struct ScanVerifyArgs {
    /// Ask the provider of each secret that is found whether it is live. Nothing is sent before you agree, or --yes.
    #[arg(long)]
    pub verify: bool,
    /// How.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// How providers are asked.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Clone, Default, Args)]
pub struct AskArgs {
    /// Say what would be sent where, and send nothing.
    #[arg(long)]
    pub plan: bool,
    /// Agree to the plan without being asked.
    #[arg(short, long, conflicts_with = "plan")]
    pub yes: bool,
    /// Only findings of these severities, with commas between them.
    #[arg(long, value_name = "SEVERITY", value_enum, value_delimiter = ',')]
    pub only: Vec<SeverityArg>,
    /// Make checks, too, that leave more than a line in an access log, or may.
    #[arg(long)]
    pub intrusive: bool,
    /// Open no connection: --plan works, asking is refused.
    #[arg(long)]
    pub offline: bool,
    /// Send at most so many requests in the whole run [default: 1000].
    #[arg(long, value_name = "N")]
    pub max_requests: Option<u32>,
    /// Wait at most so long for one answer [default: 10].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout: Option<u64>,
    /// Write the journal here [default: journal.jsonl in muzzle's state directory].
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
}

/// Levels of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SeverityArg {
    /// Opens little by itself.
    Low,
    /// Opens some data or quota.
    Medium,
    /// Opens a service.
    High,
    /// Opens an account or an infrastructure.
    Critical,
}

/// How plans and verdicts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VerdictFormat {
    /// For people.
    Human,
    /// One JSON document.
    Json,
}

/// Arguments of `verify`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// What happens by itself.
    #[command(flatten)]
    pub hooks: HookArgs,
    /// What to scan: repositories, directories or files. With `-`, or with --rule and nothing else, one secret is read from
    /// standard input: its first line.
    pub paths: Vec<PathBuf>,
    /// Ask about the findings of a saved run, which -o json=FILE wrote, or `-` for standard input. Its secrets are masked,
    /// so that they are read again where it says that they are.
    #[arg(long, value_name = "FILE", conflicts_with = "paths")]
    pub from: Option<PathBuf>,
    /// Where the repository of --from is now [default: where it was scanned].
    #[arg(long, value_name = "PATH", requires = "from")]
    pub repository: Option<PathBuf>,
    /// Only findings of this rule; repeatable. For one secret: the rule that it is of.
    #[arg(long = "rule", value_name = "ID")]
    pub rules: Vec<String>,
    /// For one secret: something else that its provider needs, such as a host; repeatable. No secrets: a command line is
    /// seen by others.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub values: Vec<String>,
    /// The same out of an environment variable.
    #[arg(long = "set-from-env", value_name = "NAME=VARIABLE")]
    pub variables: Vec<String>,
    /// The same out of a file: its first line.
    #[arg(long = "set-from-file", value_name = "NAME=FILE")]
    pub value_files: Vec<String>,
    /// Send one secret to the provider of --rule although it does not look like one of its own.
    #[arg(long)]
    pub force_shape: bool,
    /// Rules from elsewhere.
    #[command(flatten)]
    pub rule_files: RuleFilesArgs,
    /// Read settings from this file.
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The least confidence that is asked about [default: medium].
    #[arg(long, value_name = "LEVEL")]
    pub confidence: Option<ConfidenceArg>,
    /// Do not scan the history.
    #[arg(long)]
    pub no_history: bool,
    /// Do not scan the files of the working tree.
    #[arg(long)]
    pub no_worktree: bool,
    /// Write a whole report, too, to standard output (in place of the verdicts) or to FILE; repeatable. All formats of scan.
    #[arg(short, long = "output", value_name = "FORMAT[=FILE]")]
    pub outputs: Vec<String>,
    /// How the plan and the verdicts are written.
    #[arg(short, long, value_enum, default_value = "human")]
    pub format: VerdictFormat,
    /// No colour.
    #[arg(long)]
    pub no_color: bool,
    /// No progress display.
    #[arg(short, long)]
    pub quiet: bool,
    /// How to ask.
    #[command(flatten)]
    pub ask: AskArgs,
}

impl VerifyArgs {
    /// As arguments of a scan of the paths.
    pub fn as_scan(&self) -> Result<ScanArgs, clap::Error> {
        let first = self.paths.first().cloned().unwrap_or_else(|| ".".into());
        let mut scan = ScanArgs::of(&first)?;
        if !self.paths.is_empty() {
            scan.paths.clone_from(&self.paths);
        }
        scan.rules.clone_from(&self.rules);
        scan.rule_files = self.rule_files.clone();
        scan.config.clone_from(&self.config);
        scan.confidence = self.confidence;
        (scan.no_history, scan.no_worktree) = (self.no_history, self.no_worktree);
        scan.outputs.clone_from(&self.outputs);
        (scan.no_color, scan.quiet) = (self.no_color, self.quiet);
        Ok(scan)
    }

    /// Whether one secret is asked about, which standard input has.
    pub fn is_of_one_secret(&self) -> bool {
        match self.paths.as_slice() {
            [] => self.from.is_none() && !self.rules.is_empty(),
            [path] => path.as_os_str() == "-",
            _ => false,
        }
    }
}
