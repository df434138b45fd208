//! The command line: types and help text, no logic.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// List, show and check rules.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Measure parts of the engine.
    #[command(subcommand, hide = true)]
    Debug(DebugCommand),
}

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum DebugCommand {
    /// Decode what a scan of the history decodes, and do nothing else: the limit that a scan is measured against.
    Decode {
        /// The repository.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Blobs only: no trees, commits and tags.
        #[arg(long)]
        blobs: bool,
        /// Threads [default: all cores].
        #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
        jobs: Option<u16>,
    },
    /// Scan the history as `scan` does, and say how long each part took by the clock.
    Phases {
        /// The repository.
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Threads; on one, the clock shows computing time.
        #[arg(short, long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=1024))]
        jobs: u16,
    },
}

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
    /// Write a report: human, json, jsonl or sarif, to standard output or to FILE; repeatable [default: human].
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

/// Arguments that name rule files.
#[derive(Debug, Args)]
pub struct RuleFilesArgs {
    /// Add the rules of this file, or of all *.toml in this directory: muzzle's own format or a gitleaks configuration;
    /// repeatable.
    #[arg(long = "rules", value_name = "PATH")]
    pub files: Vec<PathBuf>,
    /// Leave out the rules that come with muzzle.
    #[arg(long)]
    pub no_builtin_rules: bool,
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

/// What to do with rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// List all rules: id, severity, confidence, name.
    ///
    /// Example: muzzle rules list
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
        /// Rules from elsewhere.
        #[command(flatten)]
        files: RuleFilesArgs,
    },
    /// Show one rule.
    ///
    /// Example: muzzle rules show github-pat-classic
    Show {
        /// The rule's id.
        id: String,
        /// Rules from elsewhere.
        #[command(flatten)]
        files: RuleFilesArgs,
    },
    /// Check rule files: format, bounds, and every example.
    ///
    /// Example: muzzle rules check my-rules.toml
    Check {
        /// Rule files or directories of them; without any, the rules that come with muzzle.
        files: Vec<PathBuf>,
        /// The same.
        #[arg(long = "rules", value_name = "PATH")]
        more: Vec<PathBuf>,
    },
    /// Make up credentials of the form that a rule looks for, checksum included. They open nothing.
    ///
    /// Example: muzzle rules example github-pat-classic -n 3
    Example {
        /// The rule's id.
        id: String,
        /// How many.
        #[arg(short = 'n', long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=1000))]
        count: u16,
        /// Begin with this one; the same number gives the same credential, for ever.
        #[arg(long, value_name = "N", default_value = "0")]
        from: u32,
        /// With the text that it stands in.
        #[arg(long)]
        text: bool,
    },
    /// All rules as a page of Markdown.
    Catalogue,
    /// The JSON Schema of rule files, for editors.
    Schema,
}
