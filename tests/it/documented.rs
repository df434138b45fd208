//! What the documentation says can be typed works, and every command shows how it is used.

use std::path::Path;
use std::process::Command;

use clap::CommandFactory as _;
use muzzle::cli::Cli;

use crate::support::{Sandbox, run, token};

const RULES: &str = r#"
[[rules]]
id          = "acme-key"
name        = "Acme key"
description = "Opens Acme."
severity    = "high"
confidence  = "high"
keywords    = ["acme-"]
regex       = '''\b(?<secret>acme-[0-9a-f]{32})\b'''
remediation = "Revoke it."

[rules.examples]
match  = ["k=acme-{{[0-9a-f]{32}}}", "acme-{{[0-9a-f]{32}}}"]
reject = ["acme-1", "acme-x"]
"#;

/// A repository with all that the README's lines mention, and a fingerprint of what is found in it.
fn repository() -> (Sandbox, String) {
    let sandbox = Sandbox::repository();
    sandbox.write(".gitleaks.toml", "[[rules]]\nid = 'own'\nregex = 'own-[a-z]{8}'\nkeywords = ['own-']\n");
    sandbox.write("my-rules.toml", RULES);
    sandbox.commit("first");
    sandbox.git(["config", "user.name", "Somebody"]);
    sandbox.git(["tag", "v2.1"]);
    sandbox.git(["branch", "release"]);
    sandbox.git(["update-ref", "refs/remotes/origin/main", "HEAD"]);
    sandbox.commit_file("config.env", token::line("documented"));
    let fingerprint = sandbox.scan(&["."]).fingerprint();
    for arguments in [["scan", ".", "-o", "json=run.json"].as_slice(), &["baseline", "create", "known.jsonl"]]
    {
        assert!(matches!(sandbox.muzzle(arguments).code, Some(0 | 1)), "{arguments:?}");
    }
    (sandbox, fingerprint)
}

/// The lines of a file's code blocks that begin with muzzle, or pipe into it; comments left out.
fn lines(file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let mut is_code = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if is_code && (line.starts_with("muzzle ") || line.contains("| muzzle ")) {
            lines.push(line.split("  #").next().unwrap_or(line).trim().to_owned());
        }
    }
    lines
}

#[test]
fn the_lines_of_the_readme_do_what_they_say() {
    let (sandbox, fingerprint) = repository();
    let binary = Path::new(env!("CARGO_BIN_EXE_muzzle")).parent().unwrap().to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([binary].into_iter().chain(std::env::split_paths(&others))).unwrap();
    let all = lines("README.md");
    assert!(all.len() > 25, "{all:?}");
    for line in all {
        // These need the variables of a pipeline, or a home; their own tests run them.
        if line.starts_with("muzzle ci ") || line.contains('~') {
            continue;
        }
        let line = line.replace("FINGERPRINT", &fingerprint);
        let mut shell = Command::new("sh");
        shell.args(["-c", &line]).current_dir(sandbox.path(".")).env("PATH", &path).env_remove("CI");
        shell.env("HOME", sandbox.outside("home")).env("GIT_CONFIG_NOSYSTEM", "1");
        let run = run(&mut shell, b"");
        assert!(matches!(run.code, Some(0 | 1)), "{line}: {:?} {}", run.code, run.stderr);
    }
}

#[test]
fn every_command_shows_an_example_that_can_be_typed() {
    fn look(command: &clap::Command, name: &str, count: &mut usize) {
        if command.is_hide_set() || command.get_name() == "help" {
            return;
        }
        let about = command.get_long_about().or(command.get_about()).map(ToString::to_string);
        let about = about.unwrap_or_default();
        let (_, example) =
            about.split_once("Example: ").unwrap_or_else(|| panic!("`{name}` shows no example"));
        let line = example.lines().next().unwrap_or_default();
        let typed = line.split([';', '|', '>']).next().unwrap_or_default().trim();
        // Quotes are the shell's.
        if typed.starts_with("muzzle ") && !typed.contains('"') {
            let parsed = Cli::command().try_get_matches_from(typed.split(' '));
            assert!(parsed.is_ok(), "`{name}`: {typed}: {}", parsed.unwrap_err());
        }
        *count += 1;
        command
            .get_subcommands()
            .for_each(|inner| look(inner, &format!("{name} {}", inner.get_name()), count));
    }
    let mut count = 0;
    look(&Cli::command(), "muzzle", &mut count);
    assert!(count > 25, "{count} commands");
}
