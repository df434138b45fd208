//! Files of the working tree that cannot be read as they should.

use super::three;
use crate::case::{Case, case, finds};
use crate::support::{is_root, line};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        case("file-became-a-directory", |t| {
            three(t);
            std::fs::remove_file(t.path("two")).unwrap();
            t.write("two/inside", line("inside"));
            finds(["one", "two", "three", "inside"]).at("two/inside:1:3 worktree")
        }),
        case("directory-became-a-file", |t| {
            t.git(["init", "-q"]);
            t.commit_file("d/one", line("one"));
            std::fs::remove_dir_all(t.path("d")).unwrap();
            t.write("d", line("two"));
            finds(["one", "two"]).at("d:1:3 worktree")
        }),
        case("directory-became-a-link", |t| {
            t.git(["init", "-q"]);
            t.commit_file("d/one", "nothing\n");
            std::fs::remove_dir_all(t.path("d")).unwrap();
            std::fs::create_dir(t.outside("elsewhere")).unwrap();
            std::fs::write(t.outside("elsewhere/one"), line("elsewhere")).unwrap();
            std::os::unix::fs::symlink(t.outside("elsewhere"), t.path("d")).unwrap();
            crate::case::clean()
        }),
        case("file-is-gone", |t| {
            three(t);
            std::fs::remove_file(t.path("two")).unwrap();
            finds(["one", "two", "three"])
        }),
        case("sparse-gigabyte", |t| {
            let file = std::fs::File::create(t.path("sparse")).unwrap();
            std::os::unix::fs::FileExt::write_all_at(&file, line("end").as_bytes(), (1 << 30) - 50).unwrap();
            finds(["end"]).memory(512)
        }),
    ];
    // Permissions do not bind root.
    if !is_root() {
        for (name, path) in [("file", "two"), ("git-object", ".git/objects"), ("reflog", ".git/logs")] {
            cases.push(case(format!("unreadable-{name}"), move |t| {
                three(t);
                let none = std::os::unix::fs::PermissionsExt::from_mode(0o000);
                std::fs::set_permissions(t.path(path), none).unwrap();
                finds([""; 0]).or_gap(["one", "two", "three"]).gaps([""]).beyond_git().or_refused()
            }));
        }
    }
    cases
}
