//! `muzzle scan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::RuleFilesArgs;

/// Arguments of `scan`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// Repositories, directories, files, or `-` for standard input.
    ///
    /// A repository is scanned whole: index, working tree and every object of its history. For a directory inside a
    /// repository, the working-tree part is limited to that directory. A file is scanned alone.
    #[arg(default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// Do not scan the history.
    #[arg(long)]
    pub no_history: bool,
    /// Do not scan the files of the working tree. What is staged is among the objects, and is scanned with them.
    #[arg(long)]
    pub no_worktree: bool,
    /// Scan ignored files, too.
    #[arg(long)]
    pub no_ignore: bool,
    /// Report what only objects hold that no ref or reflog reaches; otherwise it is counted.
    #[arg(long)]
    pub unreachable: bool,
    /// Scan every blob in full, without regard to the version that it is made from. Slow; finds the same.
    #[arg(long, hide = true)]
    pub no_delta: bool,
    /// Threads [default: all cores].
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// Run only this rule; repeatable.
    #[arg(long = "rule", value_name = "ID")]
    pub rules: Vec<String>,
    /// Do not run this rule; repeatable.
    #[arg(long = "disable-rule", value_name = "ID")]
    pub disabled_rules: Vec<String>,
    /// Rules from elsewhere.
    #[command(flatten)]
    pub rule_files: RuleFilesArgs,
    /// The least confidence that is reported [default: medium].
    #[arg(long, value_name = "LEVEL")]
    pub confidence: Option<ConfidenceArg>,
    /// Read settings from this file. A configuration in the scanned repository is never read by itself.
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Write a report to standard output or to FILE; repeatable [default: human]. Formats: human, json, jsonl, sarif,
    /// sarif-head, sarif-history, gitlab, junit, csv, html, gitleaks.
    #[arg(short, long = "output", value_name = "FORMAT[=FILE]")]
    pub outputs: Vec<String>,
    /// Say which candidates were dropped, by rule and reason, in the report for people. JSON always says it.
    #[arg(long)]
    pub explain: bool,
    /// Show the secrets themselves in reports.
    #[arg(long)]
    pub show_secrets: bool,
    /// Exit 0 or 1 even if something could not be scanned.
    #[arg(long)]
    pub allow_incomplete: bool,
    /// No colour; also with `NO_COLOR` set or a dumb terminal.
    #[arg(long)]
    pub no_color: bool,
    /// No progress display.
    #[arg(short, long)]
    pub quiet: bool,
    /// Which commits. Last, because the heading holds for all that follows.
    #[command(flatten)]
    pub scope: ScopeArgs,
}

/// Arguments that name commits. With any of them, only commits are scanned: neither index nor working tree.
#[derive(Debug, Args)]
#[command(next_help_heading = "Only some commits (then neither the index nor the files of the working tree)")]
pub struct ScopeArgs {
    /// What these commits introduced: A..B, A.. (to HEAD), A...B (either side alone), REF^! (one commit).
    ///
    /// A secret counts if none of a commit's parents had it in that file. Moving a file introduces nothing; bringing
    /// back what was gone does.
    #[arg(long, value_name = "A..B", conflicts_with_all = ["since", "branch", "no_history", "unreachable"])]
    pub range: Option<String>,
    /// What HEAD's commits introduced since this revision (like REF..HEAD), or since this date by committer date:
    /// 2024-05-01, 2024-05-01T12:00+02:00, "2 weeks ago". UTC without an offset; a tag named like a date is
    /// refs/tags/NAME.
    #[arg(long, value_name = "REF|DATE", conflicts_with_all = ["no_history", "unreachable"])]
    pub since: Option<String>,
    /// Everything that this ref reaches, and nothing that only others reach. With --since or --max-commits it stands
    /// in place of HEAD.
    #[arg(long, value_name = "REF", conflicts_with_all = ["no_history", "unreachable"])]
    pub branch: Option<String>,
    /// What the newest N commits introduced, of HEAD or of what the other options name.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["no_history", "unreachable"])]
    pub max_commits: Option<u32>,
}

/// Levels of confidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConfidenceArg {
    /// Everything, weak context included.
    Low,
    /// Strong context and better.
    Medium,
    /// Only kinds with a prefix, structure or checksum of their own.
    High,
}
