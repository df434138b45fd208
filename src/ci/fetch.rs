//! `git fetch`, for `--fetch` and for nothing else: the only command that is ever started.
//!
//! The address and the credentials are those that the pipeline put into the checkout's `.git/config`; of what was
//! checked out nothing is read. Hooks, submodules, prompts and transports that are commands are off.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::git::Repository;

/// What CI systems call the place that they check out from.
pub const REMOTE: &str = "origin";

/// What takes longer hangs.
const LONGEST: Duration = Duration::from_mins(15);
const TICK: Duration = Duration::from_millis(20);
/// What git says is told up to here.
const MOST_LINES: usize = 5;

/// Everything that makes git do more than it was asked for.
const SETTINGS: [&str; 11] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "fetch.recurseSubmodules=false",
    "fetch.writeCommitGraph=false",
    "gc.auto=0",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
    "maintenance.auto=false",
    "protocol.ext.allow=never",
    "protocol.version=2",
    "submodule.recurse=false",
];

/// What git needs to find itself, its user's settings, the network and the credentials that a pipeline lends it.
const KEPT: [&str; 26] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "USERPROFILE",
    "APPDATA",
    "XDG_CONFIG_HOME",
    "SSH_AUTH_SOCK",
    "GIT_ASKPASS",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// Brings what is missing.
#[derive(Debug)]
pub struct Fetch {
    git_dir: PathBuf,
    shallow_file: PathBuf,
}

/// Why it did not come.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// There is no git.
    #[error("git cannot be run: {0}")]
    NoGit(std::io::Error),
    /// git says no.
    #[error("git fetch failed: {0}")]
    Failed(String),
    /// It took too long.
    #[error("git fetch took longer than {} minutes", LONGEST.as_secs() / 60)]
    TooLong,
}

impl Fetch {
    /// Into this repository.
    pub fn into(repository: &Repository) -> Self {
        Fetch { git_dir: repository.git_dir().to_owned(), shallow_file: repository.shallow_file() }
    }

    /// All branches and tags, with their whole history.
    pub fn everything(&self) -> Result<(), FetchError> {
        let branches = format!("+refs/heads/*:refs/remotes/{REMOTE}/*");
        self.run(&["--tags"], &[&branches])
    }

    /// These ids and refs, with their whole history. If they do not come together, each is asked for by itself.
    pub fn these(&self, wanted: &[String]) -> Result<(), FetchError> {
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let first = match self.run(&["--no-tags"], &wanted) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let came = wanted.iter().filter(|one| self.run(&["--no-tags"], &[one]).is_ok()).count();
        if came > 0 { Ok(()) } else { Err(first) }
    }

    fn run(&self, options: &[&str], wanted: &[&str]) -> Result<(), FetchError> {
        let mut command = Command::new("git");
        command.arg("--git-dir").arg(&self.git_dir);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        command
            .args(["fetch", "--quiet", "--no-recurse-submodules", "--upload-pack", "git-upload-pack"])
            .args(options);
        // Not known beforehand: an earlier fetch may have brought the rest.
        if self.shallow_file.exists() {
            command.arg("--unshallow");
        }
        command.args([REMOTE, "--"]).args(wanted);
        isolate(&mut command, &self.git_dir);
        // A file, since what git starts may outlive it and keep a pipe open.
        let log = tempfile::NamedTempFile::new().map_err(FetchError::NoGit)?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.reopen().map_err(FetchError::NoGit)?);
        let mut child = command.spawn().map_err(FetchError::NoGit)?;
        let status = wait(&mut child)?;
        if status.success() {
            return Ok(());
        }
        let text = std::fs::read(log.path()).unwrap_or_default();
        Err(FetchError::Failed(told(&String::from_utf8_lossy(&text))))
    }
}

fn isolate(command: &mut Command, directory: &Path) {
    command.current_dir(directory).env_clear();
    command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.envs([
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GCM_INTERACTIVE", "never"),
        ("SSH_ASKPASS_REQUIRE", "never"),
        ("LC_ALL", "C"),
    ]);
}

fn wait(child: &mut Child) -> Result<ExitStatus, FetchError> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(FetchError::NoGit)? {
            return Ok(status);
        }
        if started.elapsed() > LONGEST {
            let _ = child.kill();
            let _ = child.wait();
            return Err(FetchError::TooLong);
        }
        std::thread::sleep(TICK);
    }
}

/// The first lines in one, without the credentials of an address.
fn told(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(MOST_LINES)
        .map(without_credentials)
        .collect();
    if lines.is_empty() {
        "it does not say why".into()
    } else {
        lines.join("; ").trim_end_matches('.').to_owned()
    }
}

/// A URL without its user and password.
fn without_credentials(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let authority =
            after.find(|c: char| c == '/' || c.is_whitespace() || c == '\'').unwrap_or(after.len());
        rest = after[..authority].rfind('@').map_or(after, |at| &after[at + 1..]);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_addresses_are_not_told() {
        // Put together here, so that no scanner takes it for one.
        let address = ["https://somebody", ":pass@word", "@host.example/a@b/"].concat();
        assert_eq!(
            told(&format!("\nfatal: unable to access '{address}': no\nhttp://u@h ok.\n")),
            "fatal: unable to access 'https://host.example/a@b/': no; http://h ok"
        );
        assert_eq!(told(" \n"), "it does not say why");
    }
}
