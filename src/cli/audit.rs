//! `muzzle audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// What to do with the journal.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check that no line was changed, removed or put in between; exit code 1 if one was.
    ///
    /// That lines were taken off the end cannot be seen from inside: keep the head that this prints in another place, and
    /// ask for it with --expect-head.
    ///
    /// Example: muzzle audit verify
    Verify {
        /// Which journal.
        #[command(flatten)]
        place: JournalArgs,
        /// A head that was printed earlier: it must be the hash of the last line, or of one before it.
        #[arg(long, value_name = "HASH")]
        expect_head: Option<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// List what was done, by whom and with what outcome.
    ///
    /// Example: muzzle audit show --unclear
    Show {
        /// Which journal.
        #[command(flatten)]
        place: JournalArgs,
        /// Which lines.
        #[command(flatten)]
        filter: AuditFilter,
        /// How.
        #[arg(long, value_name = "FORMAT", default_value = "human")]
        format: ShowFormat,
    },
    /// Write all lines for auditors, with their hashes. The head goes to standard error: keep it in another place.
    ///
    /// Example: muzzle audit export --format csv > journal.csv
    Export {
        /// Which journal.
        #[command(flatten)]
        place: JournalArgs,
        /// Which lines.
        #[command(flatten)]
        filter: AuditFilter,
        /// How.
        #[arg(long, value_name = "FORMAT", default_value = "json")]
        format: ExportFormat,
    },
}

/// Which journal.
#[derive(Debug, Args)]
pub struct JournalArgs {
    /// The journal [default: that of the configuration, or ~/.local/state/muzzle/journal.jsonl].
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// The configuration that names the journal [default: that of `MUZZLE_CONFIG`, or ~/.config/muzzle/muzzle.toml].
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Which lines.
#[derive(Debug, Args)]
pub struct AuditFilter {
    /// Only what concerns this finding; the beginning of the fingerprint is enough.
    #[arg(long, value_name = "FINGERPRINT")]
    pub fingerprint: Option<String>,
    /// Only since this date: 2026-05-01, 2026-05-01T12:00+02:00, "2 weeks ago".
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Only what was begun, and whose end is not known.
    #[arg(long)]
    pub unclear: bool,
}

/// How lines are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    /// A table for people.
    Human,
    /// A list of the lines.
    Json,
}

/// How lines are handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One document with the head and all lines.
    Json,
    /// A table with a line for each, and the hash of each.
    Csv,
}
