//! The layers of `src`, kept: nothing below knows what is above it.

use std::path::{Path, PathBuf};

/// Top to bottom. A module may use its own layer and those below. `cli` is types only, so `config` may read it.
const LAYERS: [&[&str]; 9] = [
    &["main", "lib", "fuzzing"],
    &["commands"],
    &["config", "hook", "pipeline", "response"],
    &["attribution", "ci", "grouping", "progress", "report", "source", "suppression"],
    &["detect", "expand", "git", "policy"],
    &["rules"],
    &["finding"],
    &["copied", "disk", "interrupt", "location", "parallel", "secret", "whole"],
    &["cli"],
];

/// `cli` lies at the bottom for `config`, but nothing else below may look at it.
const MAY_USE_CLI: [&str; 4] = ["main", "lib", "commands", "config"];

const LONGEST_FILE: usize = 600;

struct Source {
    /// Below `src`, `/` between parts.
    path: String,
    text: String,
}

impl Source {
    /// `git/walk.rs` → `git`.
    fn module(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap()
    }

    /// Names after `crate::` in code; comments do not count.
    fn uses(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for (number, line) in self.text.lines().enumerate().filter(|(_, line)| !is_comment(line)) {
            for (at, prefix) in line.match_indices("crate::").chain(line.match_indices("muzzle::")) {
                // `pub(crate)` has no colons; `other_crate::` is another crate.
                let before = line[..at].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                    continue;
                }
                let rest = &line[at + prefix.len()..];
                let name = |text: &str| {
                    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
                };
                match rest.strip_prefix('{') {
                    Some(list) => found.extend(list.split(',').map(|part| (number + 1, name(part.trim())))),
                    None => found.push((number + 1, name(rest))),
                }
            }
        }
        found
    }
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut list = Vec::new();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                list.push(Source { path: name, text: std::fs::read_to_string(path).unwrap() });
            }
        }
    }
    list.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(list.len() > 30);
    list
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

#[test]
fn no_layer_knows_a_higher_one() {
    let mut wrong = Vec::new();
    for source in sources() {
        let module = source.module();
        let Some(own) = layer(module) else {
            wrong.push(format!("src/{}: give `{module}` a layer in tests/it/architecture.rs", source.path));
            continue;
        };
        for (line, used) in source.uses() {
            let place = format!("src/{}:{line}", source.path);
            match layer(&used) {
                _ if used == module => {}
                Some(_) if used == "cli" && !MAY_USE_CLI.contains(&module) => {
                    wrong.push(format!("{place}: `{module}` knows the command line"));
                }
                Some(theirs) if theirs < own => {
                    wrong.push(format!("{place}: `{module}` lies below `{used}`"));
                }
                None if used.starts_with(char::is_lowercase) => {
                    wrong.push(format!("{place}: no layer is known for `{used}`"));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn few_modules_know_gix() {
    for source in sources() {
        let allowed = ["git", "source", "attribution"].contains(&source.module());
        for (number, line) in source.text.lines().enumerate().filter(|(_, line)| !is_comment(line)) {
            let mentioned = line.match_indices("gix").any(|(at, _)| {
                line[at + 3..].starts_with("::") || line[..at].ends_with("use ") || line[..at].ends_with('.')
            });
            assert!(allowed || !mentioned, "src/{}:{} uses gix", source.path, number + 1);
        }
    }
}

#[test]
fn few_files_start_commands() {
    for source in sources() {
        let starts = |line: &str| line.replace("clap::Command::new(", "").contains("Command::new(");
        let starts = source.text.lines().any(|line| !is_comment(line) && starts(line));
        let files =
            ["ci/fetch.rs", "hook/place.rs", "response/hooks/program.rs", "response/revoke/responder.rs"];
        let may = files.contains(&source.path.as_str());
        assert_eq!(starts, may, "src/{} starts a command", source.path);
    }
}

/// `--offline` is a promise of one file: whoever else opened a socket would break it.
#[test]
fn one_door_leads_to_the_network() {
    const WORDS: [&str; 9] = [
        "std::net",
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "UnixStream",
        "UnixListener",
        "ureq",
        "rustls",
        "ToSocketAddrs",
    ];
    // Addresses are also written, and read, where nothing is opened.
    let may = |path: &str, word: &str| match path.split_once("response/") {
        Some(("", "network.rs")) => ["std::net", "rustls"].contains(&word),
        Some(("", rest)) if rest.starts_with("network/") => true,
        Some(("", "simulator.rs")) => word == "std::net",
        Some(("", rest)) if rest.starts_with("simulator/") => word != "ureq",
        _ => false,
    };
    for source in sources() {
        let code = source.text.lines().enumerate().take_while(|(_, line)| !line.starts_with("mod tests"));
        for (number, line) in code.filter(|(_, line)| !is_comment(line)) {
            for word in WORDS.into_iter().filter(|word| line.contains(word)) {
                assert!(may(&source.path, word), "src/{}:{} has {word}: {line}", source.path, number + 1);
            }
        }
    }
    // The door is shut first of all.
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/response/network.rs"))
        .unwrap();
    for entrance in ["fn send(&self, request: &Request)", "fn open(&self, host: &str"] {
        let body = text.split(entrance).nth(1).unwrap();
        let first = body.lines().nth(1).unwrap().trim();
        assert_eq!(first, "if self.offline {", "{entrance}");
    }
}

#[test]
fn secrets_leave_with_a_reason_only() {
    for source in sources().iter().filter(|source| source.path != "secret.rs") {
        let code: Vec<&str> = source.text.lines().take_while(|line| !line.starts_with("mod tests")).collect();
        for (number, line) in code.iter().enumerate() {
            if is_comment(line) || !(line.contains(".expose()") || line.contains("Secret::expose")) {
                continue;
            }
            // The attribute stands on the statement or on the function.
            let near = &code[number.saturating_sub(12)..number];
            let expected =
                near.iter().any(|line| line.contains("expect(clippy::disallowed_methods, reason ="))
                    || near
                        .windows(2)
                        .any(|pair| pair[0].contains("#[expect(") && pair[1].contains("disallowed_methods"));
            assert!(expected, "src/{}:{}: {line}", source.path, number + 1);
        }
    }
}

#[test]
fn no_file_is_long() {
    for source in sources() {
        let lines = source.text.lines().count();
        assert!(lines <= LONGEST_FILE, "src/{} has {lines} lines", source.path);
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for source in sources() {
        assert!(source.text.starts_with("//!"), "src/{}", source.path);
    }
}

/// A format is a function from a report to bytes.
#[test]
fn formats_ask_neither_files_nor_clocks() {
    for source in sources().iter().filter(|source| source.module() == "report") {
        let code = source.text.lines().enumerate().take_while(|(_, line)| !line.starts_with("mod tests"));
        for (number, line) in code.filter(|(_, line)| !is_comment(line)) {
            for impure in ["std::fs", "std::env", "std::net", "std::process", "io::stdin", "::now()"] {
                assert!(!line.contains(impure), "src/{}:{}: {line}", source.path, number + 1);
            }
        }
    }
}

/// Requests to providers are made in one place, where values are escaped and hosts are checked; modules sign their own.
#[test]
fn few_files_make_requests() {
    for source in sources().iter().filter(|source| source.module() == "response") {
        let may = ["fill", "modules", "hooks", "network", "simulator"];
        let part = source.path.split('/').nth(1).unwrap_or_default();
        let may = may.iter().any(|name| part == *name || part == format!("{name}.rs"));
        let code = source.text.lines().take_while(|line| !line.starts_with("mod tests"));
        let is_test = source.path.ends_with("tests.rs") || source.path.contains("/tests/");
        for line in code.filter(|line| !is_comment(line) && !is_test) {
            let makes = line.contains("Request {")
                && !line.contains("struct")
                && !line.contains('&')
                && !line.contains("->");
            assert!(may || !makes, "src/{} makes a request: {line}", source.path);
        }
    }
}
