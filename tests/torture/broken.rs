//! Repositories that are damaged, contradict themselves, or are very large: what can be read is read, the rest is told.

use std::path::Path;

use crate::case::{Case, Expected};
use crate::support::pack::{hex, object_id, write_loose};
use crate::support::{Sandbox, line};

mod commits;
mod files;
mod indexes;
mod loose;
mod packs;
mod races;
mod refs;
mod scale;
mod trees;

pub(crate) fn cases() -> Vec<Case> {
    let all = [
        packs::cases(),
        loose::cases(),
        refs::cases(),
        indexes::cases(),
        trees::cases(),
        commits::cases(),
        files::cases(),
        scale::cases(),
        races::cases(),
    ];
    all.into_iter().flatten().collect()
}

/// Arguments of a scan of the history, with all that no ref reaches.
const EVERYTHING: [&str; 3] = [".", "--no-worktree", "--unreachable"];

/// A repository with three commits, a file with a token each. The ids of the commits.
fn three(t: &Sandbox) -> [String; 3] {
    t.git(["init", "-q"]);
    ["one", "two", "three"].map(|name| t.commit_file(name, line(name)))
}

/// Changes the bytes of a file, which git may have made read-only.
fn change(path: &Path, how: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    how(&mut bytes);
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// Writes any object, whatever it says. Its id.
pub(crate) fn object(t: &Sandbox, kind: &str, bytes: &[u8]) -> String {
    let id = hex(&object_id(kind, bytes));
    write_loose(&t.path(".git/objects"), &id, &format!("{kind} {}", bytes.len()), bytes);
    id
}

/// A raw tree of entries `(mode and name, id in hex)`.
fn raw_tree(entries: &[(&[u8], &str)]) -> Vec<u8> {
    let raw = |id: &str| gix::ObjectId::from_hex(id.as_bytes()).unwrap();
    entries.iter().flat_map(|(head, id)| [*head, b"\0", raw(id).as_bytes()].concat()).collect()
}

/// A commit of this tree on `main`, with no parents. Its id.
fn commit_of(t: &Sandbox, tree: &str) -> String {
    let who = "A <a@example.test> 1600000000 +0000";
    let text = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nm\n");
    let id = object(t, "commit", text.as_bytes());
    t.write(".git/refs/heads/main", format!("{id}\n"));
    id
}

/// Those of `names` whose blob git can still read, by the ids, are found; the others are, or a gap is told.
fn as_far_as_git(t: &Sandbox, names: &[(&str, String)]) -> Expected {
    let readable = |id: &str| {
        let run = t.try_git(["cat-file", "blob", id]);
        run.code == Some(0)
    };
    let (found, doubtful): (Vec<_>, Vec<_>) = names.iter().partition(|(_, id)| readable(id));
    crate::case::finds(found.into_iter().map(|(name, _)| *name))
        .or_gap(doubtful.into_iter().map(|(name, _)| *name))
        .with(EVERYTHING)
        .beyond_git()
}
