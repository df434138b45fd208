//! What is scanned changes meanwhile: what is lost is told.

use std::fs::{File, remove_dir_all, remove_file};

use super::three;
use crate::case::{Case, case, finds};
use crate::support::{Sandbox, line};

/// Enough files that a scan takes a while; the last holds `last`.
fn files(t: &Sandbox) {
    for i in 0..3000 {
        t.write(format!("a/{i}"), "nothing\n".repeat(100));
    }
    t.write("z", line("last"));
}

/// Enough history that a scan takes a while; `one`, `two` and `three` in it.
fn history(t: &Sandbox) {
    three(t);
    let mut stream = String::new();
    for i in 0..2000 {
        stream.push_str(&format!(
            "commit refs/heads/other\ncommitter A <a@x> {} +0000\ndata 0\nM 100644 inline f\ndata 3000\n{:3000}\n",
            1_600_000_000 + i,
            i
        ));
    }
    t.git_with(["fast-import", "--quiet"], stream.as_bytes());
}

const NAMES: [&str; 3] = ["one", "two", "three"];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let steps: [(&str, fn(&Sandbox)); 5] = [
        ("repack", |t| {
            t.git(["repack", "-qadf"]);
        }),
        ("loose-to-pack-and-back", |t| {
            t.git(["repack", "-qad"]);
            t.git(["prune-packed"]);
            let pack = t.only_pack("pack");
            std::fs::rename(&pack, t.outside("pack")).unwrap();
            let _ = remove_file(pack.with_extension("idx"));
            let bytes = std::fs::read(t.outside("pack")).unwrap();
            t.git_with(["unpack-objects", "-q"], &bytes);
        }),
        ("gc", |t| {
            t.commit_file("more", "more\n");
            t.git(["gc", "-q", "--prune=now"]);
        }),
        ("branches-that-come-and-go", |t| {
            t.git(["branch", "-f", "gone", "main"]);
            t.git(["pack-refs", "--all"]);
            t.git(["branch", "-q", "-D", "gone"]);
        }),
        ("rewrite", |t| {
            // The tokens stay in the history; the ids of its commits do not.
            t.git(["commit", "-q", "--amend", "--allow-empty", "--no-edit", "--reset-author"]);
            t.commit_staged("more");
        }),
    ];
    for (name, step) in steps {
        cases.push(case(format!("race-{name}"), move |t| {
            history(t);
            finds([""; 0]).or_gap(NAMES).or_refused().with([".", "--no-worktree"]).while_doing(step)
        }));
    }
    let steps: [(&str, fn(&Sandbox)); 6] = [
        ("vanish", |t| {
            let _ = remove_file(t.path("a/500"));
            t.write("a/500", "nothing\n");
        }),
        ("directory-vanishes", |t| {
            let _ = remove_dir_all(t.path("a/d"));
            t.write("a/d/e/f", "nothing\n");
        }),
        ("pipe", |t| {
            // Whoever opens a pipe waits for ever.
            let _ = remove_file(t.path("a/900"));
            assert!(std::process::Command::new("mkfifo").arg(t.path("a/900")).status().unwrap().success());
            let _ = remove_file(t.path("a/900"));
            t.write("a/900", "nothing\n");
        }),
        ("link", |t| {
            let _ = remove_file(t.path("a/900"));
            std::os::unix::fs::symlink("/dev/zero", t.path("a/900")).unwrap();
            let _ = remove_file(t.path("a/900"));
            t.write("a/900", "nothing\n");
        }),
        ("shrink", |t| {
            t.write("a/900", vec![b'x'; 20 << 20]);
            File::options().write(true).open(t.path("a/900")).unwrap().set_len(10).unwrap();
        }),
        ("grow", |t| {
            let file = File::options().write(true).open(t.path("a/900")).unwrap();
            file.set_len(10).unwrap();
            file.set_len(200 << 20).unwrap();
        }),
    ];
    for (name, step) in steps {
        cases.push(case(format!("race-file-{name}"), move |t| {
            files(t);
            finds(["last"]).either().while_doing(step)
        }));
    }
    cases
}
