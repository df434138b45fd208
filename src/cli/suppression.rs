//! What is let pass: options of `muzzle scan`, `muzzle ignore` and `muzzle baseline`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::ScanArgs;

/// Options that say what does not count.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What is known already")]
pub struct SuppressionArgs {
    /// Do not count what this file knows: a baseline of `muzzle baseline`, or a file of another scanner (a JSON report or
    /// .gitleaksignore of gitleaks, .betterleaksignore, .secrets.baseline, .gitguardian.yaml, .secretsignore, .gitallowed,
    /// a baseline of kingfisher); repeatable.
    #[arg(short, long = "baseline", visible_alias = "baseline-path", value_name = "FILE")]
    pub baselines: Vec<PathBuf>,
    /// Do not count what this ignore file answers for, besides muzzle.ignore.toml at the root of the repository; also
    /// understands what --baseline does; repeatable.
    #[arg(short, long = "ignore-file", visible_alias = "gitleaks-ignore-path", value_name = "FILE")]
    pub ignore_files: Vec<PathBuf>,
    /// Whose comments beside a secret let it pass: ours and those of other scanners, ours alone, or nobody's
    /// [default: all].
    #[arg(long, value_name = "WHOSE")]
    pub inline_allow: Option<InlineAllowArg>,
    /// No comment lets a secret pass: --inline-allow=none.
    #[arg(long, visible_alias = "ignore-gitleaks-allow", conflicts_with = "inline_allow")]
    pub no_inline_allow: bool,
}

/// Whose comments count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InlineAllowArg {
    /// Ours, and those of other scanners.
    All,
    /// Ours.
    Own,
    /// Nobody's.
    None,
}

/// What to do with the ignore file.
#[derive(Debug, Subcommand)]
pub enum IgnoreCommand {
    /// Write entries into muzzle.ignore.toml. The repository is scanned first: an entry is bound to the value that is
    /// found, and never to its line.
    ///
    /// Example: muzzle ignore add v1:0123456789abcdef0123456789abcdef --reason "revoked in May" --until 2030-12-31
    Add {
        /// As the report shows them.
        #[arg(required = true, value_name = "FINGERPRINT")]
        fingerprints: Vec<String>,
        /// Why it does not count.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// The last day on which the entry holds, as in 2030-12-31, or a number of days from today, as in 90d.
        #[arg(long, value_name = "DAY")]
        until: Option<String>,
        /// Only in files that match this glob.
        #[arg(long = "path", value_name = "GLOB")]
        scope: Option<String>,
        /// Who answers for it [default: user.name and user.email of Git's configuration].
        #[arg(long, value_name = "NAME")]
        who: Option<String>,
        /// If the value at the place was changed, answer for all values that stood there.
        #[arg(long)]
        all_values: bool,
        /// Where.
        #[command(flatten)]
        place: IgnorePlace,
    },
    /// Take out entries that are expired or match nothing any more. Scans the repository.
    ///
    /// Example: muzzle ignore prune --dry-run
    Prune {
        /// Say what would go, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Where.
        #[command(flatten)]
        place: IgnorePlace,
    },
    /// List the entries, expired ones marked.
    ///
    /// Example: muzzle ignore list
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
        /// Where.
        #[command(flatten)]
        place: IgnorePlace,
    },
}

/// Which ignore file, of which repository.
#[derive(Debug, Clone, Args)]
pub struct IgnorePlace {
    /// The repository or directory.
    #[arg(short = 'C', long = "in", value_name = "PATH", default_value = ".")]
    pub repository: PathBuf,
    /// Another file than muzzle.ignore.toml at its root.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// What to do with a baseline.
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Scan, and write down what is found, so that later scans report only what is new.
    ///
    /// Example: muzzle baseline create muzzle-baseline.jsonl
    Create {
        /// The file to write.
        file: PathBuf,
        /// Write it although it exists.
        #[arg(long)]
        force: bool,
        /// What to scan.
        #[command(flatten)]
        scan: Box<ScanArgs>,
    },
    /// Scan, and add what is new. What is there already stays as it is.
    ///
    /// Example: muzzle baseline update muzzle-baseline.jsonl
    Update {
        /// The baseline.
        file: PathBuf,
        /// What to scan.
        #[command(flatten)]
        scan: Box<ScanArgs>,
    },
    /// Scan, and take out what is no longer found.
    ///
    /// Example: muzzle baseline prune muzzle-baseline.jsonl --dry-run
    Prune {
        /// The baseline.
        file: PathBuf,
        /// Say what would go, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// What to scan.
        #[command(flatten)]
        scan: Box<ScanArgs>,
    },
    /// Scan, and say what is new and what is gone. Exit code 1 if anything is new.
    ///
    /// Example: muzzle baseline diff muzzle-baseline.jsonl
    Diff {
        /// The baseline.
        file: PathBuf,
        /// What to scan.
        #[command(flatten)]
        scan: Box<ScanArgs>,
    },
    /// Scan, and write down what a file of another scanner hides.
    ///
    /// Example: muzzle baseline import .gitleaksignore --into muzzle-baseline.jsonl
    Import {
        /// The file of another scanner.
        file: PathBuf,
        /// Whose it is.
        #[arg(long = "from", default_value = "auto", value_parser = ["auto", "gitleaks", "gitleaksignore", "betterleaksignore", "detect-secrets", "kingfisher", "ggshield", "ripsecrets", "git-secrets"])]
        whose: String,
        /// The baseline to write, or to add to.
        #[arg(long, value_name = "FILE", default_value = "muzzle-baseline.jsonl")]
        into: PathBuf,
        /// What to scan.
        #[command(flatten)]
        scan: Box<ScanArgs>,
    },
}
