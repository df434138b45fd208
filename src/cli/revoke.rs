//! `muzzle revoke`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{ConfidenceArg, HookArgs, RuleFilesArgs, ScanArgs};

/// Arguments of `revoke`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Clone, Args)]
pub struct RevokeArgs {
    /// What to scan: repositories, directories or files. With `-`, or with --rule and nothing else, one secret is read from
    /// standard input: its first line.
    pub paths: Vec<PathBuf>,
    /// Revoke what a saved run found, which -o json=FILE wrote. Its secrets are masked, so that they are read again where
    /// it says that they are.
    #[arg(long, value_name = "FILE", conflicts_with = "paths")]
    pub from: Option<PathBuf>,
    /// Where the repository of --from is now [default: where it was scanned].
    #[arg(long, value_name = "PATH", requires = "from")]
    pub repository: Option<PathBuf>,
    /// Only findings of this rule, by its whole id; repeatable. Experimental calls are made for rules that are named only.
    #[arg(long = "rule", value_name = "ID")]
    pub rules: Vec<String>,
    /// Say what would be sent where, what it destroys and how it is undone, and send nothing. Prints the code of the plan.
    #[arg(long, conflicts_with_all = ["yes", "confirm", "drill"])]
    pub plan: bool,
    /// Agree without being asked, as far as the section "revoke" of trusted configuration allows it; wants --only active
    /// and --rule.
    #[arg(short, long, requires = "only", conflicts_with = "confirm")]
    pub yes: bool,
    /// Which credentials --yes is about: those that their provider calls live, a moment before.
    #[arg(long, value_name = "STATE")]
    pub only: Option<OnlyArg>,
    /// Agree to the plan that printed this code, within 15 minutes. Other secrets or other calls have another code.
    #[arg(long, value_name = "CODE")]
    pub confirm: Option<String>,
    /// End for good what could be switched off.
    #[arg(long)]
    pub delete: bool,
    /// Have a replacement issued, where the provider has a call for it. The new value goes to standard output, which must
    /// be a terminal, or to a hook on `rotated` that is sent secrets.
    #[arg(long, conflicts_with_all = ["delete", "drill"])]
    pub rotate: bool,
    /// Revoke credentials of kinds that nobody can be asked about, too, if whoever holds one may end it.
    #[arg(long)]
    pub even_unverified: bool,
    /// You looked: no malware on this host, nor on any that the token was on, waits for it to be refused.
    #[arg(long)]
    pub acknowledge_host_clean: bool,
    /// Ask the provider for so long whether it is dead, such as 30s, 5m or 1h [default: 2m].
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub wait: Option<Duration>,
    /// Rehearse: the whole procedure with made-up credentials and a provider that runs in this process.
    #[arg(long, conflicts_with_all = ["paths", "from", "rules", "yes", "confirm"])]
    pub drill: bool,
    /// For one secret: something else that its provider needs, such as a host; repeatable. No secrets: a command line is
    /// seen by others.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub values: Vec<String>,
    /// The same out of an environment variable.
    #[arg(long = "set-from-env", value_name = "NAME=VARIABLE")]
    pub variables: Vec<String>,
    /// Send one secret to the provider of --rule although it does not look like one of its own.
    #[arg(long)]
    pub force_shape: bool,
    /// Rules from elsewhere.
    #[command(flatten)]
    pub rule_files: RuleFilesArgs,
    /// Read settings from this file.
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The least confidence of findings [default: medium].
    #[arg(long, value_name = "LEVEL")]
    pub confidence: Option<ConfidenceArg>,
    /// Do not scan the history.
    #[arg(long)]
    pub no_history: bool,
    /// Do not scan the files of the working tree.
    #[arg(long)]
    pub no_worktree: bool,
    /// Open no connection: --plan works, everything else is refused.
    #[arg(long)]
    pub offline: bool,
    /// Write the journal here [default: journal.jsonl in muzzle's state directory].
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// How the plan and the outcomes are written.
    #[arg(short, long, value_enum, default_value = "human")]
    pub format: RevokeFormat,
    /// No progress display.
    #[arg(short, long)]
    pub quiet: bool,
    /// Whether hooks act.
    #[command(flatten)]
    pub hooks: HookArgs,
}

/// Which credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnlyArg {
    /// Those that their provider calls live.
    Active,
}

/// How plans and outcomes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RevokeFormat {
    /// For people.
    Human,
    /// One JSON document.
    Json,
}

impl RevokeArgs {
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
        (scan.no_history, scan.no_worktree, scan.quiet) = (self.no_history, self.no_worktree, self.quiet);
        Ok(scan)
    }

    /// Whether one secret is meant, which standard input has.
    pub fn is_of_one_secret(&self) -> bool {
        match self.paths.as_slice() {
            [] => self.from.is_none() && !self.rules.is_empty(),
            [path] => path.as_os_str() == "-",
            _ => false,
        }
    }
}

/// `90`, `90s`, `5m`, `1h`.
fn duration(text: &str) -> Result<Duration, String> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err("a number with s, m or h behind it".to_owned()),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    match seconds {
        Some(seconds) if seconds <= 24 * 3600 => Ok(Duration::from_secs(seconds)),
        _ => Err("a number of seconds, minutes or hours; a day at most".to_owned()),
    }
}
