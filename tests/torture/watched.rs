//! A run of the binary that is watched: peak memory, and under `strace` what it starts, connects to and writes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use crate::support::{Run, run};

/// What a watched run did.
pub(crate) struct Watched {
    pub(crate) run: Run,
    /// Peak memory in MiB; 0 where it is not known.
    pub(crate) peak: u64,
}

/// Runs the binary and measures its memory.
pub(crate) fn measured(mut command: Command, stdin: &[u8]) -> Watched {
    // A shell that becomes the binary: its process id is known before, by what it writes.
    let known = tempfile::NamedTempFile::new().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "echo $$ > \"$0\"; exec \"$@\""]).arg(known.path()).arg(command.get_program());
    shell.args(command.get_args()).env_clear().current_dir(command.get_current_dir().unwrap());
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command = shell;
    let (finished, waiting) = std::sync::mpsc::channel::<()>();
    let path = known.path().to_owned();
    std::thread::scope(|scope| {
        let watcher = scope.spawn(move || {
            let mut peak = 0;
            while waiting.recv_timeout(Duration::from_millis(3)).is_err_and(|e| e == Timeout) {
                peak = peak.max(high_water_mark(&path).unwrap_or(0));
            }
            peak
        });
        let run = run(&mut command, stdin);
        drop(finished);
        Watched { run, peak: watcher.join().unwrap() }
    })
}

use std::sync::mpsc::RecvTimeoutError::Timeout;

/// In MiB, of the process whose id stands in this file.
fn high_water_mark(file: &Path) -> Option<u64> {
    let id = std::fs::read_to_string(file).ok()?;
    let status = std::fs::read_to_string(format!("/proc/{}/status", id.trim())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes / 1024)
}

pub(crate) static HAS_STRACE: LazyLock<bool> = LazyLock::new(|| {
    let version = Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
});

/// Runs a command under `strace`, and tells what it did beside reading: commands, connections, files opened for
/// writing, removed, renamed or made. `None` where `strace` is not installed.
pub(crate) fn deeds(command: &Command, stdin: &[u8]) -> Option<Vec<String>> {
    if !*HAS_STRACE {
        return None;
    }
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-y", "-s", "256", "--seccomp-bpf", "-e", TRACED, "-o"]).arg(log.path());
    traced.arg(command.get_program()).args(command.get_args()).env_clear();
    traced.current_dir(command.get_current_dir().unwrap());
    traced.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let _ = run(&mut traced, stdin);
    let log = String::from_utf8_lossy(&std::fs::read(log.path()).unwrap()).into_owned();
    let own = command.get_program().to_string_lossy().into_owned();
    Some(log.lines().filter(|line| is_deed(line, &own)).map(Into::into).collect())
}

/// Calls that start, connect, or change a file system.
const TRACED: &str = "trace=execve,execveat,connect,socket,bind,sendto,open,openat,openat2,creat,unlink,unlinkat,\
    rename,renameat,renameat2,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,chmod,fchmodat,chown,fchownat,\
    truncate,ftruncate,utimensat,mknod,mknodat,setxattr,kill,ptrace";

fn is_deed(line: &str, own: &str) -> bool {
    let call = line.split_once(' ').map_or(line, |(_, call)| call.trim_start());
    // What it was about when it ended.
    if call.starts_with("???(")
        || call.starts_with("+++")
        || call.starts_with("---")
        || call.starts_with("<...")
    {
        return false;
    }
    if call.starts_with("execve(") {
        return !call.starts_with(&format!("execve(\"{own}\""));
    }
    if call.starts_with("open") {
        // `/dev/null` and the like are nobody's files.
        let writes = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"];
        return writes.iter().any(|flag| call.contains(flag)) && !call.contains("\"/dev/");
    }
    true
}
