//! `muzzle scan`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::{Args, FromArgMatches as _, Parser, ValueEnum};

use super::{RuleFilesArgs, SuppressionArgs};

/// Arguments of `scan`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Clone, Args)]
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
    /// Scan only what is staged, and report what a commit of it would introduce. Paths limit it; `.` is the whole index.
    ///
    /// A secret counts if the version that the commit replaces does not have it. Moving a file introduces nothing.
    /// Honours `GIT_DIR`, `GIT_WORK_TREE` and `GIT_INDEX_FILE`, as Git sets them for hooks.
    #[arg(long, conflicts_with_all = ["no_history", "no_worktree", "no_ignore", "unreachable", "no_delta", "range", "since", "branch", "max_commits"])]
    pub staged: bool,
    /// Scan ignored files, too.
    #[arg(long)]
    pub no_ignore: bool,
    /// Leave archives and compressed files closed.
    #[arg(long)]
    pub no_archives: bool,
    /// Leave what stands encoded in texts as it is: base64, hex, escapes.
    #[arg(long)]
    pub no_decoding: bool,
    /// Report nothing in files and blobs that are larger, such as "10 MiB"; they are counted.
    #[arg(long, value_name = "SIZE")]
    pub largest_file: Option<String>,
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
    /// Read settings from this file, muzzle.toml or a gitleaks configuration [default: muzzle.toml at the root of the
    /// scanned repository].
    ///
    /// What the scanned repository's own file hides is told in the report, and with CI set it is not honoured.
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Take policy from the files of this revision, such as origin/main, whatever the scanned tree's own say.
    #[arg(long, value_name = "REF")]
    pub config_from: Option<String>,
    /// Honour nothing that the scanned repository's own configuration hides, as if CI were set.
    #[arg(long)]
    pub no_repo_config: bool,
    /// Which findings make the scan fail: any, never, or confidence=LEVEL and severity=LEVEL with commas between them
    /// [default: any].
    #[arg(long, value_name = "REASONS")]
    pub fail_on: Option<String>,
    /// The exit code of a complete scan with findings that make it fail [default: 1].
    #[arg(long, value_name = "N")]
    pub exit_code: Option<u8>,
    /// Write a report to standard output or to FILE; repeatable [default: human]. Formats: human, json, jsonl, sarif,
    /// sarif-head, sarif-history, github, markdown, gitlab, junit, csv, html, gitleaks.
    #[arg(short, long = "output", value_name = "FORMAT[=FILE]")]
    pub outputs: Vec<String>,
    /// One report in this format, to standard output or to the file of --report-path.
    #[arg(short, long, value_name = "FORMAT", visible_alias = "report-format")]
    pub format: Option<String>,
    /// The file of --format; without that, the file's name says the format: .sarif, .json, .jsonl, .html, .csv, .md, .xml.
    #[arg(short, long, value_name = "FILE")]
    pub report_path: Option<String>,
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
    /// What does not count.
    #[command(flatten)]
    pub suppression: SuppressionArgs,
    /// Which commits. Last, because the heading holds for all that follows.
    #[command(flatten)]
    pub scope: ScopeArgs,
}

/// Options of `scan` by themselves, as a hook has them.
#[derive(Debug, Parser)]
#[command(name = "scan", no_binary_name = true)]
pub struct ScanOptions {
    /// They.
    #[command(flatten)]
    pub scan: ScanArgs,
}

impl ScanArgs {
    /// All reports that are asked for, as `FORMAT[=FILE]`.
    pub fn all_outputs(&self) -> Vec<String> {
        let by_name = |file: &str| match file.rsplit('.').next() {
            Some("md") => "markdown".to_owned(),
            Some("xml") => "junit".to_owned(),
            Some(known @ ("sarif" | "json" | "jsonl" | "html" | "csv")) => known.to_owned(),
            _ => "human".to_owned(),
        };
        let one = match (&self.format, &self.report_path) {
            (format, Some(file)) => {
                Some(format!("{}={file}", format.clone().unwrap_or_else(|| by_name(file))))
            }
            (Some(format), None) => Some(format.clone()),
            (None, None) => None,
        };
        self.outputs.iter().cloned().chain(one).collect()
    }

    /// Those of a scan of this path, all others as they are by default.
    pub fn of(path: &Path) -> Result<Self, clap::Error> {
        let command = ScanArgs::augment_args(clap::Command::new("scan"));
        let words = [OsStr::new("scan"), OsStr::new("--"), path.as_os_str()];
        ScanArgs::from_arg_matches(&command.try_get_matches_from(words)?)
    }
}

/// Arguments that name commits. With any of them, only commits are scanned: neither index nor working tree.
#[derive(Debug, Clone, Args)]
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
