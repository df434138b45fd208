//! Git LFS: pointers, and what they stand for.

use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use crate::case::{Case, case, clean, finds};
use crate::support::{Sandbox, github, line};

fn digest(bytes: &[u8]) -> String {
    muzzle::finding::ObjectName::from_bytes(&Sha256::digest(bytes)).unwrap().to_string()
}

fn pointer(bytes: &[u8]) -> String {
    pointer_to(&digest(bytes), bytes.len())
}

fn pointer_to(name: &str, size: usize) -> String {
    format!("version https://git-lfs.github.com/spec/v1\noid sha256:{name}\nsize {size}\n")
}

fn place(t: &Sandbox, name: &str) -> PathBuf {
    t.path(".git/lfs/objects").join(&name[..2]).join(&name[2..4]).join(name)
}

/// Stores what a pointer to these bytes stands for; the pointer.
fn store(t: &Sandbox, bytes: &[u8]) -> String {
    store_as(t, &digest(bytes), bytes);
    pointer(bytes)
}

fn store_as(t: &Sandbox, name: &str, bytes: &[u8]) {
    let path = place(t, name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

pub(crate) fn cases() -> Vec<Case> {
    [here(), stored(), elsewhere(), broken()].into_iter().flatten().collect()
}

fn here() -> Vec<Case> {
    vec![
        case("LFS object", |t| {
            t.git(["init", "-q"]);
            let id = t.commit_file("a.bin", store(t, line("one").as_bytes()));
            finds(["one"]).at(format!("a.bin:1:3 commit {id} head")).at("a.bin:1:3 worktree")
        }),
        case("LFS object of a pointer in the history", |t| {
            t.git(["init", "-q"]);
            let id = t.commit_file("a.bin", store(t, line("one").as_bytes()));
            t.commit_file("a.bin", "gone\n");
            finds(["one"]).at(format!("a.bin:1:3 commit {id}"))
        }),
        case("LFS object of a pointer that is checked out as the file", |t| {
            t.git(["init", "-q"]);
            let id = t.commit_file("a.bin", store(t, line("one").as_bytes()));
            t.write("a.bin", line("one"));
            finds(["one"]).at(format!("a.bin:1:3 commit {id} head")).at("a.bin:1:3 worktree")
        }),
        case("LFS object of two pointers", |t| {
            t.git(["init", "-q"]);
            let pointer = store(t, line("one").as_bytes());
            t.write("b.bin", pointer.replace('\n', "\r\n"));
            let id = t.commit_file("a.bin", pointer);
            finds(["one"]).at(format!("a.bin:1:3 commit {id} head")).at(format!("b.bin:1:3 commit {id} head"))
        }),
        case("LFS object of a pointer of an older form", |t| {
            t.git(["init", "-q"]);
            let pointer = store(t, line("one").as_bytes());
            t.commit_file("a.bin", pointer.replace("git-lfs.github.com", "hawser.github.com"));
            finds(["one"])
        }),
        case("LFS object of a pointer with extensions", |t| {
            t.git(["init", "-q"]);
            let pointer = store(t, line("one").as_bytes());
            let extension = format!("ext-0-x sha256:{}\noid", digest(b"before"));
            t.commit_file("a.bin", pointer.replace("oid", &extension));
            finds(["one"])
        }),
        case("LFS object of a pointer that is staged, history not wanted", |t| {
            t.git(["init", "-q"]);
            t.write("a.bin", store(t, line("one").as_bytes()));
            t.git(["add", "a.bin"]);
            std::fs::remove_file(t.path("a.bin")).unwrap();
            finds(["one"]).at("a.bin:1:3 staged").with([".", "--no-history"])
        }),
        case("LFS object of a pointer that is staged, only that wanted", |t| {
            t.git(["init", "-q"]);
            t.write("a.bin", store(t, line("one").as_bytes()));
            t.git(["add", "a.bin"]);
            finds(["one"]).at("a.bin:1:3 staged").with(["--staged"])
        }),
        case("LFS object of a pointer that a range changes", |t| {
            t.git(["init", "-q"]);
            t.commit_file("a.bin", store(t, line("one").as_bytes()));
            let both = [line("one"), line("two")].concat();
            let id = t.commit_file("a.bin", store(t, both.as_bytes()));
            finds(["two"]).at(format!("a.bin:2:3 commit {id} head")).with([".", "--range", "HEAD^.."])
        }),
    ]
}

/// Objects of other kinds, and in other places.
fn stored() -> Vec<Case> {
    vec![
        case("LFS object that is an archive", |t| {
            t.git(["init", "-q"]);
            t.write("a", line("one"));
            t.git(["add", "a"]);
            let tree = t.git(["write-tree"]);
            t.git(["archive", "--format=zip", "-o", ".git/x.zip", &tree]);
            t.git(["rm", "-qf", "--cached", "a"]);
            std::fs::remove_file(t.path("a")).unwrap();
            let zip = std::fs::read(t.path(".git/x.zip")).unwrap();
            std::fs::remove_file(t.path(".git/x.zip")).unwrap();
            // The blob that was made on the way is of no interest.
            t.git(["prune", "--expire=now"]);
            let id = t.commit_file("a.zip", store(t, &zip));
            finds(["one"]).at(format!("a.zip!a:1:3 commit {id} head"))
        }),
        case("LFS object of a file that is named", |t| {
            t.git(["init", "-q"]);
            t.write("a.bin", store(t, line("one").as_bytes()));
            finds(["one"]).at("a.bin:1:3 worktree").with(["a.bin"])
        }),
        case("LFS object of a submodule", |t| {
            t.git(["init", "-q"]);
            let pointer = store(t, line("one").as_bytes());
            t.git(["init", "-q", "lib"]);
            std::fs::rename(t.path(".git/lfs"), t.path("lib/.git/lfs")).unwrap();
            t.write("lib/a.bin", pointer);
            finds(["one"]).at("lib/a.bin:1:3 worktree")
        }),
        case("LFS object of a linked worktree", |t| {
            t.git(["init", "-q"]);
            t.commit_file("a", "text\n");
            t.git(["worktree", "add", "-q", "-b", "side", "../side"]);
            std::fs::write(t.outside("side/a.bin"), store(t, line("one").as_bytes())).unwrap();
            finds(["one"]).at("a.bin:1:3 worktree").inside("../side")
        }),
        case("LFS object of 1 GiB", |t| {
            t.git(["init", "-q"]);
            let name = digest(b"not what it is");
            store_as(t, &name, line("one").as_bytes());
            std::fs::File::options().write(true).open(place(t, &name)).unwrap().set_len(1 << 30).unwrap();
            t.commit_file("a.bin", pointer_to(&name, 1 << 30));
            finds(["one"]).gaps([format!("corrupt-object .git/lfs/objects/{}", &name[..2])]).memory(512)
        }),
    ]
}

fn elsewhere() -> Vec<Case> {
    vec![
        case("LFS object that is not here", |t| {
            t.git(["init", "-q"]);
            t.commit_file("a.bin", pointer(line("one").as_bytes()));
            clean()
        }),
        case("LFS object that is where the configuration says", |t| {
            t.git(["init", "-q"]);
            let pointer = store(t, line("one").as_bytes());
            std::fs::rename(t.path(".git/lfs"), t.outside("lfs")).unwrap();
            t.git(["config", "lfs.storage", t.outside("lfs").to_str().unwrap()]);
            t.write(".lfsconfig", format!("[lfs]\n\tstorage = {}\n", t.outside("lfs").display()));
            t.commit_file("a.bin", pointer);
            clean()
        }),
        case("LFS pointer to an empty file", |t| {
            t.git(["init", "-q"]);
            t.commit_file("a.bin", pointer(b""));
            clean()
        }),
        case("LFS object, not wanted", |t| {
            t.git(["init", "-q"]);
            t.commit_file("a.bin", store(t, line("one").as_bytes()));
            clean().with([".", "--no-lfs"])
        }),
        case("LFS object that no pointer names", |t| {
            t.git(["init", "-q"]);
            store(t, line("one").as_bytes());
            clean()
        }),
        case("LFS object that no pointer names, what is unreachable wanted", |t| {
            t.git(["init", "-q"]);
            store(t, line("one").as_bytes());
            let name = digest(line("one").as_bytes());
            let path = format!(".git/lfs/objects/{}/{}/{name}", &name[..2], &name[2..4]);
            finds(["one"]).at(format!("{path}:1:3 unreachable")).with([".", "--unreachable"])
        }),
        case("LFS pointer that is not quite one", |t| {
            t.git(["init", "-q"]);
            let pointer = store(t, line("one").as_bytes());
            t.commit_file("a.bin", format!("\n{pointer}"));
            t.commit_file("b.bin", format!("{pointer}{}", "#\n".repeat(600)));
            t.commit_file("c.bin", pointer.replace("sha256", "sha512"));
            t.commit_file("d.bin", format!("{pointer}key {}\n", github("two")).replace("oid", "old"));
            finds(["two"])
        }),
    ]
}

fn broken() -> Vec<Case> {
    let at = |name: &str| format!(".git/lfs/objects/{}/{}/{name}", &name[..2], &name[2..4]);
    vec![
        case("LFS object by a wrong name", move |t| {
            t.git(["init", "-q"]);
            let name = digest(b"something else");
            store_as(t, &name, line("one").as_bytes());
            let id = t.commit_file("a.bin", pointer_to(&name, 14));
            finds(["one"])
                .at(format!("a.bin:1:3 commit {id} head"))
                .gaps([format!("corrupt-object {}", at(&name))])
        }),
        case("LFS object that is a directory", move |t| {
            t.git(["init", "-q"]);
            let name = digest(b"it");
            std::fs::create_dir_all(place(t, &name)).unwrap();
            t.commit_file("a.bin", pointer_to(&name, 2));
            clean().gaps([format!("unreadable-file {}", at(&name))])
        }),
        case("LFS object that is a pipe", move |t| {
            t.git(["init", "-q"]);
            let name = digest(b"it");
            let path = place(t, &name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
            t.commit_file("a.bin", pointer_to(&name, 2));
            clean().gaps([format!("unreadable-file {}", at(&name))])
        }),
        case("LFS object that is a link", move |t| {
            t.git(["init", "-q"]);
            let name = digest(b"it");
            let path = place(t, &name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(t.outside("b"), line("one")).unwrap();
            std::os::unix::fs::symlink(t.outside("b"), path).unwrap();
            t.commit_file("a.bin", pointer_to(&name, 2));
            clean().gaps([format!("unreadable-file {}", at(&name))])
        }),
    ]
}
