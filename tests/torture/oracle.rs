//! What a scan reads, held against what git says that there is.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::case::Expected;
use crate::support::{Run, Sandbox, run};

type Ids = BTreeSet<String>;

/// What is read and what is missing of the repository that was scanned, but should not be, and the other way about.
/// Nothing where git cannot tell.
pub(crate) fn complaints(sandbox: &Sandbox, expected: &Expected, directory: &Path) -> Vec<String> {
    let is_directory = |argument: &&String| directory.join(argument).is_dir();
    let target = expected.arguments.iter().find(is_directory).map_or(".", String::as_str);
    let target = directory.join(target);
    let mut complaints = Vec::new();
    let Some((blobs, missing)) = stored(sandbox, &target).zip(missing(sandbox, &target)) else {
        return complaints;
    };
    let told = run(sandbox.command(["debug", "objects"]).arg(&target), b"");
    if told.code != Some(0) {
        return vec![format!("its objects are not told: {}", told.stderr)];
    }
    let read = ids(&told, "read ");
    let unreadable = |id: &&String| !git(sandbox, &target, &["cat-file", "blob", id]).is_done();
    let unread: Vec<_> = blobs.difference(&read).filter(|id| !unreadable(id)).collect();
    let unknown: Vec<_> = read.difference(&blobs).collect();
    if !unread.is_empty() || !unknown.is_empty() {
        complaints.push(format!("blobs not read: {unread:?}, unknown to git: {unknown:?}"));
    }
    let told = ids(&told, "missing ");
    let untold: Vec<_> = missing.difference(&told).collect();
    let named = named(sandbox, &target);
    let there: Vec<_> = told.difference(&missing).filter(|id| !named.contains(id.as_str())).collect();
    if !untold.is_empty() || !there.is_empty() {
        complaints.push(format!("missing and not told: {untold:?}, told and not missing: {there:?}"));
    }
    complaints
}

/// All blobs of the object store, borrowed and unreachable ones too.
fn stored(sandbox: &Sandbox, target: &Path) -> Option<Ids> {
    let format = "--batch-check=blob %(objecttype) %(objectname)";
    let list = git(sandbox, target, &["cat-file", "--batch-all-objects", "--unordered", format]);
    list.is_done().then(|| ids(&list, "blob blob "))
}

/// What the history names and does not hold.
fn missing(sandbox: &Sandbox, target: &Path) -> Option<Ids> {
    let from = ["--all", "--reflog", "--indexed-objects"];
    let list = git(sandbox, target, &[&["rev-list", "--objects", "--missing=print"], &from[..]].concat());
    let mut missing = list.is_done().then(|| ids(&list, "?"));
    // So Git tells a ref that it cannot read.
    missing.iter_mut().for_each(|missing| missing.retain(|id| id.bytes().any(|b| b != b'0')));
    missing
}

/// All that refs and reflogs name: git passes over those that are not there.
fn named(sandbox: &Sandbox, target: &Path) -> String {
    let mut named = text(&git(sandbox, target, &["for-each-ref", "--format=%(objectname)"]).stdout);
    let common = text(&git(sandbox, target, &["rev-parse", "--git-common-dir"]).stdout);
    let mut stack = vec![target.join(common.trim_end()).join("logs")];
    while let Some(path) = stack.pop() {
        match std::fs::read_dir(&path) {
            Ok(entries) => stack.extend(entries.flatten().map(|entry| entry.path())),
            Err(_) => named.push_str(&text(&std::fs::read(&path).unwrap_or_default())),
        }
    }
    named
}

fn ids(run: &Run, prefix: &str) -> Ids {
    text(&run.stdout).lines().filter_map(|line| line.strip_prefix(prefix)).map(str::to_owned).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Git, which believes nothing of what stands between it and the objects, and runs nothing.
fn git(sandbox: &Sandbox, directory: &Path, arguments: &[&str]) -> Run {
    let settings = [
        "safe.directory=*",
        "core.fsmonitor=false",
        "core.hooksPath=/dev/null",
        "core.commitGraph=false",
        "advice.graftFileDeprecated=false",
    ];
    let all = settings.iter().flat_map(|setting| ["-c", setting]).chain(arguments.iter().copied());
    let mut command: Command = sandbox.git_command(directory, all);
    for (name, value) in [
        ("GIT_NO_REPLACE_OBJECTS", "1"),
        ("GIT_GRAFT_FILE", "/dev/null"),
        ("GIT_NO_LAZY_FETCH", "1"),
        ("GIT_OPTIONAL_LOCKS", "0"),
    ] {
        command.env(name, value);
    }
    run(&mut command, b"")
}

impl Run {
    fn is_done(&self) -> bool {
        self.code == Some(0)
    }
}
