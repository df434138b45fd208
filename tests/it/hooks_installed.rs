//! How hooks come and go, where they are, and what calls them besides Git.

use std::path::Path;

use crate::hooks::{git, muzzle_in, passes, path, refused, said, with_hooks, with_server};
use crate::support::{Sandbox, line, run};

fn script(path: &Path, text: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn other_hooks_are_called_first() {
    let sandbox = Sandbox::repository();
    let server = with_server(&sandbox, &[]);
    let hooks = sandbox.path(".git/hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    script(&hooks.join("pre-commit"), "echo before >> ran; [ ! -e stop ]");
    script(&hooks.join("pre-push"), "echo \"$1\" > told; cat >> told");
    let install = ["hook", "install", "pre-commit", "pre-push"];
    let run = muzzle_in(&sandbox, &sandbox.path(""), &install);
    assert!(said(&run).contains("pre-commit.before-muzzle, and is called first"), "{}", said(&run));
    assert!(
        said(&muzzle_in(&sandbox, &sandbox.path(""), &install)).contains("pre-push: was installed already")
    );
    let status = said(&muzzle_in(&sandbox, &sandbox.path(""), &["hook", "status"]));
    assert!(status.contains("pre-commit        muzzle, after the hook that was there before"), "{status}");

    sandbox.write("a", line("a"));
    sandbox.git(["add", "a"]);
    assert!(refused(&git(&sandbox, &["commit", "-m", "a"])).contains("a:1:3"));
    assert_eq!(std::fs::read_to_string(sandbox.path("ran")).unwrap(), "before\n");
    sandbox.write("stop", "");
    assert!(!refused(&git(&sandbox, &["commit", "-m", "a"])).contains("a:1:3"));
    std::fs::remove_file(sandbox.path("stop")).unwrap();
    sandbox.git(["commit", "-q", "--no-verify", "-m", "a"]);
    refused(&git(&sandbox, &["push", "-q", "origin", "main"]));
    let told = std::fs::read_to_string(sandbox.path("told")).unwrap();
    assert!(told.starts_with("origin\nrefs/heads/main ") && told.lines().count() == 2, "{told}");
    assert!(server.join("HEAD").exists());

    passes(&muzzle_in(&sandbox, &sandbox.path(""), &["hook", "uninstall"]));
    assert!(std::fs::read_to_string(hooks.join("pre-commit")).unwrap().contains("echo before"));
    assert!(!hooks.join("pre-commit.before-muzzle").exists());
    sandbox.write("b", line("b"));
    sandbox.git(["add", "b"]);
    passes(&git(&sandbox, &["commit", "-m", "b"]));
}

#[test]
fn without_muzzle_nothing_passes() {
    let sandbox = with_hooks(&["pre-commit", "pre-push"]);
    with_server(&sandbox, &["pre-receive"]);
    // A PATH that has what the scripts need, and no more.
    let tools = sandbox.outside("tools");
    std::fs::create_dir(&tools).unwrap();
    for tool in ["git", "sh", "cat", "git-receive-pack", "git-upload-pack"] {
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|d| d.join(tool))
            .find(|p| p.exists());
        std::os::unix::fs::symlink(found.unwrap(), tools.join(tool)).unwrap();
    }
    let run_with = |arguments: &[&str]| {
        let mut command = sandbox.git_command(&sandbox.path(""), arguments);
        refused(&run(command.env("PATH", &tools), b""))
    };
    sandbox.write("a", "a\n");
    sandbox.git(["add", "-A"]);
    let text = run_with(&["commit", "-m", "a"]);
    assert!(
        text.contains("muzzle: not found on the PATH") && text.contains("git commit --no-verify"),
        "{text}"
    );
    assert!(run_with(&["push", "origin", "main"]).contains("this push was not scanned"));
    assert!(run_with(&["push", "--no-verify", "origin", "main"]).contains("remote: muzzle: not found"));
}

#[test]
fn options_of_the_scan() {
    let sandbox = Sandbox::repository();
    let here = sandbox.path("");
    let wrong = |options: &[&str]| {
        let arguments = [&["hook", "install", "pre-commit", "--"], options].concat();
        let run = muzzle_in(&sandbox, &here, &arguments);
        assert_eq!(run.code, Some(2), "{}", said(&run));
        run.stderr
    };
    assert!(wrong(&["--confidense", "high"]).contains("confidense"));
    assert!(wrong(&["src"]).contains("paths cannot be"));
    assert!(wrong(&["--range", "a..b"]).contains("cannot be among"));
    assert!(!sandbox.path(".git/hooks/pre-commit").exists());
    let install = ["hook", "install", "pre-commit", "--", "--disable-rule", "github-pat-classic"];
    passes(&muzzle_in(&sandbox, &here, &install));
    sandbox.write("a", line("a"));
    sandbox.git(["add", "a"]);
    passes(&git(&sandbox, &["commit", "-m", "a"]));
}

#[test]
fn places() {
    let sandbox = Sandbox::repository();
    let here = sandbox.path("");
    // Where the repository says.
    sandbox.git(["config", "core.hooksPath", "own/hooks"]);
    let run = muzzle_in(&sandbox, &here, &["hook", "install", "pre-commit"]);
    assert!(said(&run).contains("core.hooksPath of this repository leads to"), "{}", said(&run));
    assert!(sandbox.path("own/hooks/pre-commit").exists() && !sandbox.path(".git/hooks/pre-commit").exists());
    sandbox.write("a", line("a"));
    sandbox.git(["add", "a"]);
    refused(&git(&sandbox, &["commit", "-m", "a"]));
    // Husky writes its own anew.
    sandbox.git(["config", "core.hooksPath", ".husky/_"]);
    let run = muzzle_in(&sandbox, &here, &["hook", "install", "pre-commit"]);
    assert!(run.code == Some(2) && run.stderr.contains(".husky/NAME"), "{}", run.stderr);
    let run = muzzle_in(&sandbox, &sandbox.outside("home"), &["hook", "status"]);
    assert!(run.code == Some(2) && run.stderr.contains("no Git repository here"), "{}", run.stderr);
    let run = muzzle_in(&sandbox, &here, &["hook", "install", "pre-commit", "--global"]);
    assert!(run.code == Some(2) && run.stderr.contains("--global="), "{}", run.stderr);
}

#[test]
fn hooks_of_all_repositories() {
    let sandbox = Sandbox::repository();
    let (here, configuration) = (sandbox.path(""), sandbox.outside("gitconfig"));
    let hooks = sandbox.outside("all hooks");
    let global = format!("--global={}", hooks.display());
    let with = |command: &mut std::process::Command| {
        run(command.env("GIT_CONFIG_GLOBAL", &configuration).env("PATH", path()).current_dir(&here), b"")
    };
    let installed = with(&mut sandbox.command(["hook", "install", "pre-commit", &global]));
    passes(&installed);
    assert!(said(&installed).contains("Git does not look there yet"), "{}", said(&installed));
    assert!(!configuration.exists());
    passes(&with(
        &mut sandbox.git_command(&here, ["config", "--global", "core.hooksPath", hooks.to_str().unwrap()]),
    ));
    let status = with(&mut sandbox.command(["hook", "status", "--global"]));
    assert!(said(&status).contains("in all repositories"), "{}", said(&status));
    let local = with(&mut sandbox.command(["hook", "install", "pre-commit"]));
    assert!(local.code == Some(2) && local.stderr.contains("leads every repository to"), "{}", local.stderr);
    // The repository's own hook runs all the same.
    std::fs::create_dir_all(sandbox.path(".git/hooks")).unwrap();
    script(&sandbox.path(".git/hooks/pre-commit"), "echo own >> ran");
    sandbox.write("a", line("a"));
    sandbox.git(["add", "a"]);
    let commit = with(&mut sandbox.git_command(&here, ["commit", "-m", "a"]));
    assert!(refused(&commit).contains("a:1:3"));
    assert_eq!(std::fs::read_to_string(sandbox.path("ran")).unwrap(), "own\n");
}

/// `.ci/check-pre-commit` has the framework itself do this.
#[test]
fn what_the_framework_says() {
    let sandbox = Sandbox::repository();
    sandbox.write("clean", "clean\n");
    sandbox.commit_file("old", line("old"));
    sandbox.write("-odd name", line("odd"));
    sandbox.write("clean", "edited\n");
    sandbox.git(["add", "-A"]);
    let hook = |files: &[&str], environment: &[(&str, &str)]| {
        let mut command = sandbox.command([&["hook", "run", "pre-commit-framework", "--"], files].concat());
        run(command.envs(environment.iter().copied()), b"")
    };
    let text = refused(&hook(&["-odd name", "clean"], &[]));
    assert!(text.contains("-odd name:1:3") && text.contains("staged"), "{text}");
    passes(&hook(&["clean"], &[]));
    // All files of the repository, or one that is not staged: as they are.
    assert!(refused(&hook(&["-odd name", "clean", "old"], &[])).contains("2 findings"));
    assert!(refused(&hook(&["old"], &[])).contains("in the working tree"));
    // Without `--` a file could be an option.
    let unguarded = sandbox.muzzle(["hook", "run", "pre-commit-framework", "clean"]);
    assert_eq!(unguarded.code, Some(2), "{}", said(&unguarded));
    // Nothing is named: what is staged, or all that is tracked.
    assert!(refused(&hook(&[], &[])).contains("1 finding:"));
    sandbox.commit_staged("odd");
    assert!(refused(&hook(&[], &[])).contains("2 findings"));
    let index = sandbox.path(".git/index");
    let commit = hook(&[], &[("GIT_INDEX_FILE", index.to_str().unwrap())]);
    passes(&commit);
    assert!(commit.stderr.contains("nothing was in scope"), "{}", commit.stderr);
    // Ranges and pushes.
    let range = [("PRE_COMMIT_FROM_REF", "HEAD~1"), ("PRE_COMMIT_TO_REF", "HEAD")];
    assert!(refused(&hook(&["clean"], &range)).contains("--range HEAD~1..HEAD"));
    let push = [("PRE_COMMIT_REMOTE_NAME", "origin"), ("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main")];
    assert!(refused(&hook(&["clean"], &push)).contains("2 findings"));
    assert!(refused(&hook(&["clean"], &[&push[..], &range[..]].concat())).contains("1 finding:"));
    let unknown = hook(&["clean"], &[("PRE_COMMIT_FROM_REF", "nowhere"), ("PRE_COMMIT_TO_REF", "HEAD")]);
    assert_eq!(unknown.code, Some(2), "{}", said(&unknown));
}
