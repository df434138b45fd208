//! Hooks of trusted configuration: when they fire, what they are told, and that nothing scanned ever makes one run.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Run, Sandbox, github, line, run};

impl Sandbox {
    /// A program for the shell beside what is scanned; in `$D` the directory that it lies in.
    fn program(&self, name: &str, text: &str) -> PathBuf {
        let directory = self.outside("hooks");
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join(name);
        std::fs::write(&path, format!("#!/bin/sh\nD='{}'\n{text}\n", directory.display())).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn told_to(&self, name: &str) -> String {
        std::fs::read_to_string(self.outside("hooks").join(name)).unwrap()
    }

    fn ran(&self, name: &str) -> bool {
        self.outside("hooks").join(name).exists()
    }

    /// The user's own configuration.
    fn configure(&self, text: &str) {
        let directory = self.outside("home/.config/muzzle");
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("muzzle.toml"), text).unwrap();
    }

    fn journal(&self) -> PathBuf {
        self.outside("home/.local/state/muzzle/journal.jsonl")
    }

    #[track_caller]
    fn journal_holds(&self) -> String {
        let run = self.muzzle(["audit", "verify"]);
        let text = String::from_utf8(run.stdout).unwrap();
        assert_eq!(run.code, Some(0), "{text}{}", run.stderr);
        text
    }
}

fn hook(on: &str, program: &Path, more: &str) -> String {
    format!(
        "[[hooks]]\nname = 'test'\non = ['{on}']\nprogram = ['{}', '--fixed']\n{more}\n",
        program.display()
    )
}

#[test]
fn a_hook_is_rehearsed_and_then_runs() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("one"));
    let program = sandbox.program("hook", r#"cat > "$D/input"; echo told"#);
    sandbox.configure(&hook("finding", &program, "severity = 'low'"));
    let run = sandbox.muzzle(["scan", "."]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("hook test: on finding, would have run: "), "{}", run.stderr);
    assert!(!sandbox.ran("input"));
    let run = sandbox.muzzle(["scan", ".", "--run-hooks"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("exit code 0 (stdout: told)"), "{}", run.stderr);
    let input: Value = serde_json::from_str(&sandbox.told_to("input")).unwrap();
    assert_eq!((&input["event"], &input["finding"]["place"]), (&"finding".into(), &"a:1".into()));
    assert_eq!(input["finding"]["refs"][0], "refs/heads/main");
    assert_eq!(input["secret"], Value::Null);
    assert!(!sandbox.told_to("input").contains(&github("one")));
    assert!(sandbox.journal_holds().contains("3 lines"));
    let shown = sandbox.muzzle(["audit", "show"]).stdout;
    assert!(String::from_utf8_lossy(&shown).contains("rehearsed"));
}

#[test]
fn the_end_of_a_scan_is_told_and_what_is_required_counts() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", "nothing\n");
    let program = sandbox.program("hook", r#"cat > "$D/input"; exit 40"#);
    sandbox.configure(&hook("scan_finished", &program, "mode = 'live'"));
    let run = sandbox.muzzle(["scan", "."]);
    assert_eq!(run.code, Some(0), "a hook that fails changes nothing: {}", run.stderr);
    assert!(run.stderr.contains("refused"), "{}", run.stderr);
    let input: Value = serde_json::from_str(&sandbox.told_to("input")).unwrap();
    assert_eq!((&input["scan"]["findings"], &input["finding"]), (&0.into(), &Value::Null));
    sandbox.configure(&hook("scan_finished", &program, "mode = 'live'\nrequired = true"));
    assert_eq!(sandbox.muzzle(["scan", "."]).code, Some(3));
    sandbox.commit_file("b", line("one"));
    assert_eq!(sandbox.muzzle(["scan", "."]).code, Some(4));
    // Mistakes are told before anything is scanned.
    sandbox.configure(&hook("scan_finished", Path::new("relative"), ""));
    let run = sandbox.muzzle(["scan", "."]);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("[[hooks]] test: program: relative is not absolute"), "{}", run.stderr);
    // Without a journal nothing acts.
    sandbox.configure(&hook("scan_finished", &program, "mode = 'live'"));
    std::fs::remove_file(sandbox.outside("hooks/input")).unwrap();
    std::fs::set_permissions(sandbox.journal(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let run = sandbox.muzzle(["scan", "."]);
    assert!(run.stderr.contains("chmod 600") && !sandbox.ran("input"), "{}", run.stderr);
}

/// Everything that whoever writes a repository can choose.
#[test]
fn nothing_of_a_repository_reaches_a_command_line() {
    let bad = "$(touch pwned)`touch pwned`;touch pwned|\"'&&touch pwned\n\u{1b}]0;x\u{7}";
    let sandbox = Sandbox::repository();
    sandbox.set_clock(1_600_000_000);
    let name = format!("$(touch pwned)`touch pwned`; touch pwned\n\u{1b}[2J --fixed '\"{}", github("path"));
    sandbox.write(&name, line("one"));
    sandbox.git(["add", "-A"]);
    let author = format!("--author={} <$(touch pwned)@x>", bad.replace(['\n', '<', '>'], " "));
    sandbox.git(["commit", "-q", "-m", bad, &author]);
    sandbox.git(["branch", "$(touch${IFS}pwned)"]);
    std::fs::write(
        sandbox.outside("rules.toml"),
        "[[rules]]\nid = 'odd'\nname = 'Odd'\ndescription = 'Odd.'\nseverity = 'high'\nconfidence = 'high'\n\
         keywords = ['odd=']\nplaceholders = false\nregex = 'odd=(?<secret>[^ ]{20,80})'\nremediation = 'Revoke it.'\n",
    )
    .unwrap();
    sandbox.commit_file("odd", "odd=$(touch${IFS}pwned)`touch${IFS}pwned`\"';\\\u{1b}[31m0123456789 \n");
    let program = sandbox.program(
        "hook",
        r#"cat > "$D/input.$$"; printf '%s\n' "$@" >> "$D/argv"; env >> "$D/env"; cat "$D/input.$$"; cat "$D/input.$$" >&2"#,
    );
    sandbox.configure(&hook("finding", &program, "send_secret = true\nmode = 'live'"));
    let run = sandbox.muzzle(["scan", ".", "--rules", "../rules.toml"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let argv = sandbox.told_to("argv");
    assert!(argv.lines().count() >= 2 && argv.lines().all(|line| line == "--fixed"), "{argv}");
    assert!(!sandbox.told_to("env").contains("pwned"));
    for directory in ["work", "home", "hooks"] {
        assert!(!sandbox.outside(directory).join("pwned").exists(), "{directory}");
    }
    assert!(!Path::new("/pwned").exists());
    // What the hook repeats is masked in what is shown and kept.
    let kept = std::fs::read_to_string(sandbox.journal()).unwrap() + &run.stderr;
    assert!(!kept.contains(&github("one")) && !kept.contains("0123456789"), "{kept}");
    assert!(!kept.contains('\u{1b}') && !kept.contains('\u{7}'));
    let given = std::fs::read_dir(sandbox.outside("hooks")).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name().into_string().unwrap();
        let text = if name.starts_with("input.") { sandbox.told_to(&name) } else { String::new() };
        serde_json::from_str::<Value>(&text).is_ok_and(|input| input["secret"]["value"] == github("one"))
    });
    assert_eq!(given.count(), 1, "the hook itself asked for it");
    sandbox.journal_holds();
}

#[test]
fn a_scanned_tree_makes_nothing_run() {
    let sandbox = Sandbox::repository();
    let program = sandbox.program("hook", r#"touch "$D/ran""#);
    let own = sandbox.path("own");
    std::fs::write(&own, "#!/bin/sh\ntouch pwned\n").unwrap();
    std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o755)).unwrap();
    for program in [&program, &own] {
        let text = hook("finding", program, "mode = 'live'") + "[journal]\npath = '/nowhere/journal'\n";
        sandbox.write("muzzle.toml", text);
        sandbox.commit_file("a", line("one"));
        for arguments in [
            ["scan", "."].as_slice(),
            &["scan", ".", "--run-hooks"],
            &["scan", ".", "--run-hooks", "--config-from", "HEAD"],
            &["scan", ".", "--run-hooks", "--no-repo-config"],
        ] {
            let run = sandbox.muzzle(arguments);
            assert_eq!(run.code, Some(1), "{}", run.stderr);
            let said = String::from_utf8(run.stdout).unwrap();
            assert!(said.contains("is ignored"), "{arguments:?}: {said}{}", run.stderr);
        }
        let mut command = sandbox.command(["scan", ".", "--run-hooks", "--config", "muzzle.toml"]);
        let run = run(command.env("CI", "true"), b"");
        assert_eq!(run.code, Some(1), "{}", run.stderr);
    }
    assert!(!sandbox.ran("ran") && !sandbox.path("pwned").exists() && !sandbox.journal().exists());
    // Not even a trusted hook starts what lies in the tree.
    sandbox.configure(&hook("finding", &own, "mode = 'live'"));
    let run = sandbox.muzzle(["scan", "."]);
    assert!(run.stderr.contains("lies in what is scanned"), "{}", run.stderr);
    assert!(!sandbox.path("pwned").exists() && !Path::new("/pwned").exists());
}

/// Waits for something that another process does.
fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn whatever_ends_the_run_the_journal_tells_what_was_begun() {
    for (signal, hook_ends) in [("-INT", true), ("-KILL", false)] {
        let sandbox = Sandbox::repository();
        sandbox.commit_file("a", line("one"));
        let program = sandbox.program("hook", r#"echo $$ > "$D/id"; exec sleep 20"#);
        sandbox.configure(&hook("finding", &program, "mode = 'live'"));
        let mut child =
            sandbox.command(["scan", "."]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for("the hook begins", || sandbox.ran("id") && sandbox.told_to("id").ends_with('\n'));
        let kill =
            |signal: &str, id: &str| Command::new("kill").args([signal, id]).stderr(Stdio::null()).status();
        assert!(kill(signal, &child.id().to_string()).unwrap().success());
        child.wait().unwrap();
        let id = sandbox.told_to("id").trim().to_owned();
        if hook_ends {
            wait_for("the hook ends with us", || !kill("-0", &id).unwrap().success());
        } else {
            let _ = kill("-KILL", &id);
        }
        assert!(sandbox.journal_holds().contains("unclear: line 1"));
    }
}

#[test]
fn the_example_configuration_is_one() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", line("one"));
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/hooks/muzzle.toml");
    let mut command = sandbox.command(["scan", ".", "--journal", "../journal.jsonl", "--config"]);
    let run = run(command.arg(example), b"");
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    for told in
        ["hook ticket: on finding, would", "hook channel: on scan_finished, would", "hook inventory: on"]
    {
        assert!(run.stderr.contains(told), "{}", run.stderr);
    }
    assert!(!run.stderr.contains("page"), "{}", run.stderr);
}

/// An example of docs/hooks, with a `curl` that writes down what it was called with.
fn example(
    sandbox: &Sandbox,
    name: &str,
    variables: &[(&str, &str)],
    arguments: &[&str],
    input: &Value,
) -> Run {
    let curl = r#"printf '%s\n' "$@" >> "$D/called"
case "$*" in *"--config -"* | *@-*) cat >> "$D/stdin" ;; esac
case "$*" in *http_code*) printf 204 ;; *state=open*) echo '[]' ;; *issues*) echo '{"html_url": "https://issue"}' ;; esac"#;
    sandbox.program("curl", curl);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/hooks").join(name);
    let mut paths = vec![sandbox.outside("hooks")];
    paths.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut command = Command::new("sh");
    command.arg(script).args(arguments).env_clear().env("PATH", std::env::join_paths(paths).unwrap());
    command.envs(variables.iter().copied());
    run(&mut command, input.to_string().as_bytes())
}

#[test]
fn the_example_programs_work() {
    if !Command::new("jq")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
    {
        return;
    }
    let sandbox = Sandbox::new();
    let input = serde_json::json!({
        "finding": {
            "name": "Name", "fingerprint": "v1:1", "secret": "ghp_********", "rule": "rule", "places": 2,
            "place": "$(touch pwned)`x`\"':1", "remediation": "Revoke it.", "severity": "critical"
        },
        "verification": { "verdict": "live", "risk": "all" }
    });
    let issue = [("GITHUB_TOKEN", "the-token"), ("GITHUB_REPOSITORY", "acme/app")];
    let run = example(&sandbox, "open-github-issue", &issue, &[], &input);
    assert_eq!((run.code, run.stdout.as_slice()), (Some(0), &b"https://issue\n"[..]), "{}", run.stderr);
    let page = [("PAGERDUTY_ROUTING_KEY", "the-key")];
    assert_eq!(example(&sandbox, "page-somebody", &page, &[], &input).code, Some(0));
    let vault = [("VAULT_ADDR", "https://vault.example"), ("VAULT_TOKEN", "the-token")];
    let run = example(&sandbox, "rotate-in-vault", &vault, &["database/rotate-role/app"], &input);
    assert_eq!((run.code, run.stdout.as_slice()), (Some(0), &b"replaced\n"[..]), "{}", run.stderr);
    let unverified = serde_json::json!({ "finding": {}, "verification": null });
    assert_eq!(example(&sandbox, "rotate-in-vault", &vault, &["x"], &unverified).code, Some(60));
    assert_ne!(example(&sandbox, "page-somebody", &[], &[], &input).code, Some(0), "a variable is missing");
    let (called, sent) = (sandbox.told_to("called"), sandbox.told_to("stdin"));
    assert!(!called.contains("the-token") && !called.contains("the-key"), "{called}");
    assert!(sent.contains("the-token") && sent.contains("the-key") && sent.contains("v1:1"), "{sent}");
    assert!(called.contains("https://vault.example/v1/database/rotate-role/app"), "{called}");
}
