//! [`Sandbox`]: a directory of its own, real git with a pinned identity and clock, and the built binary.

use std::cell::Cell;
use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

pub(crate) mod archives;
pub(crate) mod deltas;
pub(crate) mod lab;
pub(crate) mod naive;
pub(crate) mod pack;
pub(crate) mod packs;
pub(crate) mod random;
pub(crate) mod report;
pub(crate) mod token;
pub(crate) mod versions;

pub(crate) use report::Scan;
pub(crate) use token::{PASSWORD_RULE, Rng, github, line, password_line};

/// The rule that finds what [`github`] makes.
pub(crate) const RULE: &str = "github-pat-classic";

/// A temporary directory with a home and a place to work in.
pub(crate) struct Sandbox {
    directory: TempDir,
    /// Seconds since 1970 of the next commit.
    clock: Cell<u64>,
}

/// What a process said.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Sandbox {
    /// An empty directory to work in.
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox { directory: TempDir::new().unwrap(), clock: Cell::new(1_600_000_000) };
        std::fs::create_dir_all(sandbox.path("")).unwrap();
        std::fs::create_dir_all(sandbox.outside("home")).unwrap();
        sandbox
    }

    /// An empty repository to work in.
    pub(crate) fn repository() -> Self {
        let sandbox = Sandbox::new();
        sandbox.git(["init", "-q"]);
        sandbox
    }

    /// A branch `topic` whose one commit, with this content at `a`, only the reflog still names. Its id.
    pub(crate) fn deleted_branch(&self, content: impl AsRef<[u8]>) -> String {
        self.commit_file("base", "base\n");
        self.git(["checkout", "-q", "-b", "topic"]);
        let id = self.commit_file("a", content);
        self.git(["checkout", "-q", "main"]);
        self.git(["branch", "-q", "-D", "topic"]);
        id
    }

    /// A merge of `main` and three branches, each of which brought in a token at the path of its name; the merge drops
    /// `two` and has `content` at `four`. Its id.
    pub(crate) fn merge_of_four(&self, content: impl AsRef<[u8]>) -> String {
        self.commit_file("base", "base\n");
        for name in ["one", "two", "three"] {
            self.git(["checkout", "-q", "-b", name, "main"]);
            self.commit_file(name, line(name));
        }
        self.git(["checkout", "-q", "main"]);
        self.git(["merge", "-q", "--no-commit", "one", "two", "three"]);
        self.git(["rm", "-qf", "two"]);
        self.commit_file("four", content)
    }

    /// A repository made by a script of `fixtures/repos`, which is given a token for each of `names`.
    pub(crate) fn fixture(script: &str, names: &[&str]) -> Self {
        let sandbox = Sandbox::new();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repos").join(script);
        let mut command = Command::new("sh");
        command.arg("-eu").arg(script).args(names.iter().map(|name| github(name)));
        sandbox.isolate(&mut command, &sandbox.path(""));
        sandbox.expect_success(&mut command, b"");
        sandbox
    }

    /// The directory with all that is in it, for itself.
    pub(crate) fn into_directory(self) -> TempDir {
        self.directory
    }

    /// A path below the directory to work in.
    pub(crate) fn path(&self, below: impl AsRef<Path>) -> PathBuf {
        self.outside("work").join(below)
    }

    /// A path beside the directory to work in.
    pub(crate) fn outside(&self, below: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(below)
    }

    /// Writes a file and the directories on the way.
    pub(crate) fn write(&self, below: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Runs git in the directory to work in; its output without the last line break.
    pub(crate) fn git<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        self.git_in(&self.path(""), arguments, b"")
    }

    /// Runs git with something on its standard input.
    pub(crate) fn git_with<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        stdin: &[u8],
    ) -> String {
        self.git_in(&self.path(""), arguments, stdin)
    }

    /// Runs git somewhere.
    pub(crate) fn git_in<A: AsRef<OsStr>>(
        &self,
        directory: &Path,
        arguments: impl IntoIterator<Item = A>,
        stdin: &[u8],
    ) -> String {
        let mut command = self.git_command(directory, arguments);
        let output = self.expect_success(&mut command, stdin);
        String::from_utf8(output).unwrap().trim_end_matches('\n').to_owned()
    }

    /// Runs git in the directory to work in; it may fail.
    pub(crate) fn try_git<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Run {
        run(&mut self.git_command(&self.path(""), arguments), b"")
    }

    /// Git, to be run somewhere.
    pub(crate) fn git_command<A: AsRef<OsStr>>(
        &self,
        directory: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = Command::new("git");
        for setting in
            ["init.defaultBranch=main", "gc.auto=0", "maintenance.auto=false", "advice.detachedHead=false"]
        {
            command.args(["-c", setting]);
        }
        command.args(["-c", "protocol.file.allow=always", "-c", "core.fsync=none"]);
        command.args(arguments);
        self.isolate(&mut command, directory);
        command
    }

    fn expect_success(&self, command: &mut Command, stdin: &[u8]) -> Vec<u8> {
        let run = run(command, stdin);
        assert_eq!(run.code, Some(0), "{command:?}\n{}\n(in {:?})", run.stderr, self.directory);
        run.stdout
    }

    /// Nothing of the machine's or the caller's settings.
    fn isolate(&self, command: &mut Command, directory: &Path) {
        let date = format!("{} +0000", self.clock.get());
        command.current_dir(directory).env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        for (name, value) in [
            ("HOME", self.outside("home").as_os_str()),
            ("GIT_CONFIG_NOSYSTEM", OsStr::new("1")),
            ("GIT_CONFIG_GLOBAL", OsStr::new("/dev/null")),
            ("GIT_AUTHOR_NAME", OsStr::new("Ada Author")),
            ("GIT_AUTHOR_EMAIL", OsStr::new("ada@example.test")),
            ("GIT_COMMITTER_NAME", OsStr::new("Cora Committer")),
            ("GIT_COMMITTER_EMAIL", OsStr::new("cora@example.test")),
            ("GIT_AUTHOR_DATE", OsStr::new(&date)),
            ("GIT_COMMITTER_DATE", OsStr::new(&date)),
            ("LC_ALL", OsStr::new("C")),
        ] {
            command.env(name, value);
        }
    }

    /// The time of the next commit, in seconds since 1970.
    pub(crate) fn set_clock(&self, seconds: u64) {
        self.clock.set(seconds);
    }

    /// Adds everything and commits; the commit's id.
    pub(crate) fn commit(&self, subject: &str) -> String {
        self.git(["add", "-A"]);
        self.commit_staged(subject)
    }

    /// Commits the index; the commit's id.
    pub(crate) fn commit_staged(&self, subject: &str) -> String {
        self.git(["commit", "-q", "--no-verify", "--allow-empty", "--allow-empty-message", "-m", subject]);
        self.clock.set(self.clock.get() + 60);
        self.git(["rev-parse", "HEAD"])
    }

    /// Writes a file and commits it; the commit's id.
    pub(crate) fn commit_file(&self, below: &str, bytes: impl AsRef<[u8]>) -> String {
        self.write(below, bytes);
        self.commit(&format!("change {below}"))
    }

    /// The id that a name stands for.
    pub(crate) fn id(&self, name: &str) -> String {
        self.git(["rev-parse", name])
    }

    /// The file of a loose object.
    pub(crate) fn loose(&self, id: &str) -> PathBuf {
        self.path(".git/objects").join(&id[..2]).join(&id[2..])
    }

    /// The only pack, or its index.
    pub(crate) fn only_pack(&self, extension: &str) -> PathBuf {
        let list = self.packs(extension);
        assert_eq!(list.len(), 1, "{list:?}");
        list[0].clone()
    }

    /// Files of the pack directory.
    pub(crate) fn packs(&self, extension: &str) -> Vec<PathBuf> {
        let mut list: Vec<PathBuf> = std::fs::read_dir(self.path(".git/objects/pack"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|found| found == extension))
            .collect();
        list.sort();
        list
    }

    /// The binary, in the directory to work in, with an empty environment.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muzzle"));
        command.args(arguments);
        command.current_dir(self.path("")).env_clear().env("HOME", self.outside("home"));
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command
    }

    /// Runs the binary.
    pub(crate) fn muzzle<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Run {
        run(&mut self.command(arguments), b"")
    }

    /// `muzzle scan -o json`, with these arguments.
    pub(crate) fn scan_with(&self, arguments: &[&str], stdin: &[u8]) -> Scan {
        let all = ["scan", "-o", "json"].iter().chain(arguments);
        Scan::new(run(&mut self.command(all), stdin))
    }

    /// `muzzle scan . -o json`, with more arguments.
    pub(crate) fn scan(&self, arguments: &[&str]) -> Scan {
        self.scan_with(&[&["."], arguments].concat(), b"")
    }
}

/// What takes longer hangs, and is ended.
const LONGEST: Duration = Duration::from_mins(1);

/// Runs a command to its end. Input that nobody reads is no failure.
pub(crate) fn run(command: &mut Command, stdin: &[u8]) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .expect("it is installed");
    let mut pipe = child.stdin.take().unwrap();
    // With all that it started.
    let group = format!("-{}", child.id());
    let (finished, waiting) = std::sync::mpsc::channel::<()>();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || pipe.write_all(stdin));
        scope.spawn(move || {
            if waiting.recv_timeout(LONGEST) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
            }
        });
        let output = child.wait_with_output().unwrap();
        drop(finished);
        output
    });
    Run {
        code: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Whether file permissions do not bind this process.
pub(crate) fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout == b"0\n"
}
