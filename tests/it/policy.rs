//! What a scanned repository's own configuration may say, and what it may not.

use std::path::Path;

use muzzle::config::policy_file::{PolicySource, read};
use muzzle::git::Repository;

use crate::support::Sandbox;

fn open(path: &Path) -> Repository {
    Repository::discover(path).unwrap().unwrap()
}

#[test]
fn a_policy_file_is_that_of_the_tree_or_of_a_revision() {
    let sandbox = Sandbox::repository();
    let none = read(&open(&sandbox.path("")), "muzzle.toml", PolicySource::Tree);
    assert_eq!(none.unwrap(), None);
    sandbox.commit_file("muzzle.toml", "first");
    sandbox.commit_file("sub/muzzle.toml", "below");
    sandbox.git(["tag", "-a", "-m", "reviewed", "base"]);
    sandbox.commit_file("muzzle.toml", "second");
    sandbox.write("muzzle.toml", "third");
    let repository = open(&sandbox.path(""));
    let text = |repository: &Repository, name: &str, from| {
        read(repository, name, from).unwrap().map(|file| (file.text, file.origin))
    };
    let told = |text: &str, origin: &str| Some((text.to_owned(), origin.to_owned()));
    let base = PolicySource::Revision("base");
    assert_eq!(text(&repository, "muzzle.toml", PolicySource::Tree), told("third", "muzzle.toml"));
    assert_eq!(text(&repository, "muzzle.toml", base), told("first", "base:muzzle.toml"));
    assert_eq!(text(&repository, "sub/muzzle.toml", base), told("below", "base:sub/muzzle.toml"));
    for absent in ["other.toml", "sub/other.toml", "muzzle.toml/x", "nowhere/muzzle.toml"] {
        assert_eq!(text(&repository, absent, base), None, "{absent}");
        assert_eq!(text(&repository, absent, PolicySource::Tree), None, "{absent}");
    }
    sandbox.git(["clone", "-q", "--bare", ".", "../bare"]);
    let bare = open(&sandbox.outside("bare"));
    assert_eq!(text(&bare, "muzzle.toml", PolicySource::Tree), told("second", "HEAD:muzzle.toml"));
    assert_eq!(text(&bare, "muzzle.toml", base), told("first", "base:muzzle.toml"));
    sandbox.git(["init", "-q", "--bare", "../empty"]);
    assert_eq!(text(&open(&sandbox.outside("empty")), "muzzle.toml", PolicySource::Tree), None);
}

#[test]
#[cfg(unix)]
fn a_policy_file_leads_nowhere_else() {
    let sandbox = Sandbox::repository();
    std::fs::write(sandbox.outside("elsewhere"), "private").unwrap();
    std::os::unix::fs::symlink("../elsewhere", sandbox.path("link.toml")).unwrap();
    std::os::unix::fs::symlink("..", sandbox.path("up")).unwrap();
    sandbox.write("latin.toml", b"\xe9");
    sandbox.write("long.toml", " ".repeat((1 << 20) + 1));
    sandbox.commit("links");
    std::process::Command::new("mkfifo").arg(sandbox.path("pipe.toml")).status().unwrap();
    let repository = open(&sandbox.path(""));
    for (name, tree, head) in [
        ("link.toml", "a symbolic link is not followed", Some("it is no plain file")),
        ("up/elsewhere", "a symbolic link is not followed", None),
        ("../elsewhere", "it does not lie in the working tree", None),
        ("/etc/passwd", "it does not lie in the working tree", None),
        ("pipe.toml", "it is no plain file", None),
        ("latin.toml", "it is not UTF-8", Some("it is not UTF-8")),
        ("long.toml", "it is longer than 1024 KiB", Some("it is longer than 1024 KiB")),
    ] {
        let error = read(&repository, name, PolicySource::Tree).unwrap_err().to_string();
        assert!(error.ends_with(tree) && error.contains(name), "{error}");
        match (read(&repository, name, PolicySource::Revision("HEAD")), head) {
            (Ok(None), None) => {}
            (Err(error), Some(head)) => assert!(error.to_string().ends_with(head), "{error}"),
            (other, _) => panic!("{name}: {other:?}"),
        }
    }
    let error = read(&repository, "muzzle.toml", PolicySource::Revision("nowhere")).unwrap_err().to_string();
    assert!(error.contains("\"nowhere\" names no commit"), "{error}");
}
