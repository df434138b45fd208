//! How the process behaves: where it writes, what it is given to live on, and how it ends. One named test each.

use libtest_mimic::Trial;

use crate::support::{Run, Sandbox, github, line};

mod endings;
mod outputs;
mod surroundings;

/// A test and its name.
type Test = (&'static str, fn(&Sandbox));

pub(crate) fn trials() -> Vec<Trial> {
    let all = outputs::TESTS.iter().chain(surroundings::TESTS).chain(endings::TESTS);
    let trial = |(name, test): &'static Test| {
        Trial::test(format!("process::{name}"), move || {
            test(&Sandbox::new());
            Ok(())
        })
    };
    all.map(trial).collect()
}

/// A repository with one token in the history, and another one in a file.
fn ground(t: &Sandbox) {
    t.git(["init", "-q"]);
    t.commit_file("a", line("old"));
    t.commit_file("a", "nothing\n");
    t.write("d/b", line("new"));
}

/// Both were found, and all was read.
fn found_both(run: &Run) {
    let text = String::from_utf8_lossy(&run.stdout);
    assert_eq!(run.code, Some(1), "{text}{}", run.stderr);
    for name in ["old", "new"] {
        assert!(text.contains(&github(name)), "{name}: {text}{}", run.stderr);
    }
}

/// What [`found_both`] looks at.
const SCAN: [&str; 5] = ["scan", "-o", "json", "--show-secrets", "."];

/// Nothing trustworthy came out, and standard error says why.
fn failed(run: &Run, why: &str) {
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains(why) && !run.stderr.contains("panicked"), "{}", run.stderr);
}

/// The binary with these arguments, run by a shell after `before`, which may end in `exec "$0" "$@"` with redirections.
fn by_shell(t: &Sandbox, script: &str, arguments: &[&str]) -> std::process::Command {
    let scan = t.command(arguments);
    let mut shell = std::process::Command::new("sh");
    shell.arg("-c").arg(script).arg(scan.get_program()).args(scan.get_args());
    shell.env_clear().current_dir(t.path(""));
    shell.envs(scan.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}
