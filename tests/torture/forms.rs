//! The forms that a repository can have: each holds the same, and each is read whole.

use crate::case::Case;
use crate::support::{Sandbox, line};

mod borrowed;
mod formats;
mod heads;
mod indexes;
mod layouts;
mod partial;
mod refs;
mod reftables;
mod stores;
mod worktrees;

pub(crate) fn cases() -> Vec<Case> {
    [
        stores::cases(),
        borrowed::cases(),
        partial::cases(),
        layouts::cases(),
        worktrees::cases(),
        formats::cases(),
        heads::cases(),
        refs::cases(),
        reftables::cases(),
        indexes::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A token at the path of its name that only the history holds: one commit brought it in, the next took it out. The
/// id of the first.
fn past(t: &Sandbox, name: &str) -> String {
    let id = t.commit_file(name, line(name));
    t.git(["rm", "-q", name]);
    t.commit_staged("gone");
    id
}

/// A token in a commit that nothing names yet. The commit's id.
fn loner(t: &Sandbox, name: &str) -> String {
    let blob = t.git_with(["hash-object", "-w", "--stdin"], line(name).as_bytes());
    let tree = t.git_with(["mktree"], format!("100644 blob {blob}\t{name}\n").as_bytes());
    t.git(["commit-tree", "-m", name, &tree])
}

/// Runs git once for each line; arguments are separated by spaces.
fn script(t: &Sandbox, lines: &str) {
    for line in lines.lines() {
        t.git(line.split_whitespace());
    }
}
