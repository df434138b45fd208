//! Commands of gitleaks, as people have them in their fingers and scripts: told in muzzle's own words.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser as _};

use super::{ScanArgs, ScanOptions};

/// Arguments of `git`, `dir`, `stdin`, `detect` and `protect`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of gitleaks")]
#[derive(Debug, Clone, Args)]
pub struct HabitArgs {
    /// The repository, directory or file.
    path: Option<PathBuf>,
    /// The same.
    #[arg(short, long, value_name = "PATH", conflicts_with = "path")]
    source: Option<PathBuf>,
    /// Where to write the report.
    #[arg(short, long, value_name = "FILE")]
    report_path: Option<PathBuf>,
    /// In which format; `json` is gitleaks' own.
    #[arg(short = 'f', long, value_name = "FORMAT")]
    report_format: Option<String>,
    /// A baseline.
    #[arg(short, long, value_name = "FILE")]
    baseline_path: Option<PathBuf>,
    /// An ignore file.
    #[arg(short = 'i', long, value_name = "FILE")]
    gitleaks_ignore_path: Option<PathBuf>,
    /// A configuration.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The exit code of findings.
    #[arg(long, value_name = "N")]
    exit_code: Option<u8>,
    /// Only these rules; repeatable.
    #[arg(long, value_name = "ID")]
    enable_rule: Vec<String>,
    /// Revisions, as `git log` takes them: A..B, `-n N`, `--all`.
    #[arg(long, value_name = "REVISIONS", allow_hyphen_values = true)]
    log_opts: Option<String>,
    /// What is staged.
    #[arg(long)]
    staged: bool,
    /// The same.
    #[arg(long)]
    pre_commit: bool,
    /// Files alone.
    #[arg(long)]
    no_git: bool,
    /// Standard input.
    #[arg(long)]
    pipe: bool,
    /// Comments let nothing pass.
    #[arg(long)]
    ignore_gitleaks_allow: bool,
    /// Larger files are left out.
    #[arg(long, value_name = "MB")]
    max_target_megabytes: Option<u32>,
    /// No colour.
    #[arg(long)]
    no_color: bool,
    /// There is none.
    #[arg(long)]
    no_banner: bool,
    /// Reports are masked anyway.
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, require_equals = true, default_missing_value = "100")]
    redact: Option<u8>,
    /// Use -v or -q.
    #[arg(short, long, value_name = "LEVEL")]
    log_level: Option<String>,
}

/// What the command says to scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// The history.
    Git,
    /// Files.
    Dir,
    /// Standard input.
    Stdin,
    /// What is staged.
    Protect,
}

impl HabitArgs {
    /// The arguments of `scan` that mean the same.
    pub fn as_scan(&self, habit: Habit) -> Result<ScanArgs, clap::Error> {
        Ok(ScanOptions::try_parse_from(self.words(habit)?)?.scan)
    }

    fn words(&self, habit: Habit) -> Result<Vec<OsString>, clap::Error> {
        let mut words: Vec<OsString> = Vec::new();
        let mut say = |word: &str| words.push(word.into());
        let is_staged = self.staged || self.pre_commit || habit == Habit::Protect;
        let is_piped = self.pipe || habit == Habit::Stdin;
        match habit {
            _ if is_piped => {}
            _ if is_staged => say("--staged"),
            _ if self.no_git || habit == Habit::Dir => say("--no-history"),
            _ => {
                let scope = self.log_opts.as_deref().map(scope).transpose()?.unwrap_or_default();
                // What names commits means them alone.
                if scope.is_empty() {
                    say("--no-worktree");
                }
                scope.iter().for_each(|word| say(word));
            }
        }
        if self.ignore_gitleaks_allow {
            say("--no-inline-allow");
        }
        if self.no_color {
            say("--no-color");
        }
        if let Some(code) = self.exit_code {
            // Zero means that findings are no reason to fail.
            say(&if code == 0 { "--fail-on=never".into() } else { format!("--exit-code={code}") });
        }
        if let Some(size) = self.max_target_megabytes {
            say(&format!("--largest-file={size}MB"));
        }
        self.enable_rule.iter().for_each(|id| say(&format!("--rule={id}")));
        let mut say_path = |option: &str, path: &Option<PathBuf>| {
            if let Some(path) = path {
                words.extend([option.into(), path.clone().into_os_string()]);
            }
        };
        say_path("--config", &self.config);
        say_path("--baseline", &self.baseline_path);
        say_path("--ignore-file", &self.gitleaks_ignore_path);
        say_path("--report-path", &self.report_path);
        if let Some(format) = &self.report_format {
            let ours = if format == "json" { "gitleaks" } else { format };
            words.extend(["--format".into(), ours.into()]);
        }
        words.push("--".into());
        let path = self.path.as_ref().or(self.source.as_ref());
        words.push(if is_piped { "-".into() } else { path.map_or_else(|| ".".into(), Into::into) });
        Ok(words)
    }
}

/// Revisions among the options of `git log`. Others choose what is shown, which has no meaning here.
fn scope(options: &str) -> Result<Vec<String>, clap::Error> {
    let mut words = options.split_whitespace();
    let mut scope = Vec::new();
    while let Some(word) = words.next() {
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match word {
            "--all" | "--full-history" => {}
            "-n" | "--max-count" => scope.extend(["--max-commits".into(), words.next().unwrap_or("").into()]),
            _ if number(word.trim_start_matches('-')) && word.starts_with('-') => {
                scope.extend(["--max-commits".into(), word[1..].into()]);
            }
            _ if word.starts_with('-') => {
                let why = format!(
                    "--log-opts: muzzle reads objects, not `git log`: only revisions, --all and -n mean something, not {word:?}\n"
                );
                return Err(clap::Error::raw(clap::error::ErrorKind::InvalidValue, why));
            }
            _ if word.contains("..") => scope.extend(["--range".into(), word.into()]),
            _ => scope.extend(["--branch".into(), word.into()]),
        }
    }
    Ok(scope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};

    fn said(line: &str) -> Vec<String> {
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        let words = match cli.command {
            Command::Git(args) => args.words(Habit::Git),
            Command::Dir(args) => args.words(Habit::Dir),
            Command::Stdin(args) => args.words(Habit::Stdin),
            Command::Protect(args) => args.words(Habit::Protect),
            _ => panic!("{line}"),
        };
        let words = words.unwrap();
        ScanOptions::try_parse_from(&words).unwrap();
        words.iter().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn what_people_type_means_what_they_mean() {
        for (line, words) in [
            ("muzzle git", "--no-worktree -- ."),
            ("muzzle git --staged --redact -v", "--staged -- ."),
            ("muzzle git --pre-commit repo --no-banner", "--staged -- repo"),
            (
                "muzzle git --log-opts=A..B -f sarif -r out.sarif",
                "--range A..B --report-path out.sarif --format sarif -- .",
            ),
            ("muzzle git --log-opts=--all", "--no-worktree -- ."),
            ("muzzle git --log-opts=-5", "--max-commits 5 -- ."),
            (
                "muzzle detect -s repo -f json -r x.json --exit-code 0",
                "--no-worktree --fail-on=never --report-path x.json --format gitleaks -- repo",
            ),
            ("muzzle detect --no-git -s d", "--no-history -- d"),
            ("muzzle protect --staged --redact=100", "--staged -- ."),
            ("muzzle dir src --max-target-megabytes 5", "--no-history --largest-file=5MB -- src"),
            (
                "muzzle dir . -b old.json -i .gitleaksignore -c g.toml --exit-code 7",
                "--no-history --exit-code=7 --config g.toml --baseline old.json --ignore-file .gitleaksignore -- .",
            ),
            ("muzzle stdin --no-color", "--no-color -- -"),
        ] {
            assert_eq!(said(line).join(" "), words, "{line}");
        }
        assert!(scope("--since=yesterday").is_err());
    }
}
