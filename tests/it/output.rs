//! Exit codes, options, reports as files, masking, determinism, signals.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::token::fill;
use crate::support::{RULE, Sandbox, github, line, run};

#[test]
fn the_five_exit_codes() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a", "a\n");
    let code = |arguments: &[&str]| sandbox.muzzle([&["scan"][..], arguments].concat()).code;
    assert_eq!(code(&[]), Some(0));
    assert_eq!(code(&["nowhere"]), Some(2));
    assert_eq!(code(&["--no-such-option"]), Some(2));
    sandbox.write("b", line("b"));
    assert_eq!(code(&[]), Some(1));
    std::fs::remove_file(sandbox.loose(&sandbox.id("HEAD:a"))).unwrap();
    assert_eq!(code(&[]), Some(4));
    assert_eq!(code(&["--allow-incomplete"]), Some(1));
    std::fs::remove_file(sandbox.path("b")).unwrap();
    assert_eq!(code(&[]), Some(3));
    assert_eq!(code(&["--allow-incomplete"]), Some(0));
    // The format has no say.
    for format in ["human", "json", "jsonl", "sarif"] {
        assert_eq!(code(&["-o", format]), Some(3), "{format}");
    }
}

#[test]
fn rules_can_be_selected_and_left_out() {
    let sandbox = Sandbox::new();
    sandbox.write("a", format!("{}\n{}\n", github("a"), fill("{{@npm}}", "n")));
    let rules = |arguments: &[&str]| -> Vec<String> {
        let scan = sandbox.scan(arguments);
        scan.expect_complete();
        scan.places().iter().map(|place| place.split(' ').next().unwrap().to_owned()).collect()
    };
    let all = rules(&[]);
    assert_eq!(all.len(), 2, "{all:?}");
    let other = all.iter().find(|rule| *rule != RULE).unwrap();
    assert_eq!(rules(&["--rule", RULE]), [RULE]);
    assert_eq!(rules(&["--rule", RULE, "--rule", other]), all);
    assert_eq!(rules(&["--disable-rule", RULE]), [other.as_str()]);
    assert_eq!(rules(&["--disable-rule", RULE, "--disable-rule", other]), [""; 0]);
    assert_eq!(sandbox.muzzle(["scan", "--rule", RULE, "--disable-rule", RULE]).code, Some(2));
}

#[test]
fn an_unknown_rule_is_an_error_with_a_suggestion() {
    let sandbox = Sandbox::new();
    for option in ["--rule", "--disable-rule"] {
        let run = sandbox.muzzle(["scan", option, "github-pat-clasic"]);
        assert_eq!(run.code, Some(2));
        assert!(
            run.stderr.contains("`github-pat-clasic`; did you mean `github-pat-classic`?"),
            "{}",
            run.stderr
        );
        assert!(run.stdout.is_empty());
    }
}

#[test]
fn the_least_confidence() {
    let sandbox = Sandbox::new();
    // The checksum does not agree.
    sandbox.write("a", format!("x {}\n", fill("ghp_{{[A-Za-z0-9]{36}}}", "wrong")));
    let low = sandbox.scan(&["--confidence", "low"]);
    assert_eq!(low.expect_complete().places(), [format!("{RULE} a:1:3 worktree")]);
    let finding = &low.findings()[0];
    assert_eq!((&finding["check"], finding["check_detail"].is_string()), (&"failed".into(), true));
    let level = finding["confidence"].as_str().unwrap();
    assert_ne!(level, "high");
    let high = sandbox.scan(&["--confidence", "high"]);
    high.expect_clean();
    assert_eq!(high.report["not_reported"]["below_threshold"], 1);
    assert_eq!(high.report["confidence_threshold"], "high");
    assert_eq!(sandbox.scan(&["--confidence", level]).count(), 1);
}

#[test]
fn settings_come_from_a_file_and_the_command_line_wins() {
    let sandbox = Sandbox::new();
    sandbox.write("a", line("a"));
    let config = sandbox.outside("muzzle.toml");
    let path = config.to_str().unwrap();
    std::fs::write(&config, format!("[rules]\ndisable = [\"{RULE}\"]\n")).unwrap();
    sandbox.scan(&["--config", path]).expect_clean();
    std::fs::write(&config, "[scan]\nconfidence = \"high\"\n").unwrap();
    assert_eq!(sandbox.scan(&["--config", path]).report["confidence_threshold"], "high");
    let scan = sandbox.scan(&["--config", path, "--confidence", "low"]);
    assert_eq!(scan.report["confidence_threshold"], "low");
}

#[test]
fn a_configuration_that_is_wrong_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write("a", line("a"));
    for (text, hint) in [
        ("[scan]\nconfidance = \"low\"\n", "confidance"),
        ("[scam]\n", "scam"),
        ("[rules]\nonly = [\"no-such-rule\"]\n", "no-such-rule"),
        ("[rules]\nfiles = [\"nowhere.toml\"]\n", "nowhere.toml"),
        ("rubbish", "muzzle.toml"),
    ] {
        std::fs::write(sandbox.outside("muzzle.toml"), text).unwrap();
        let run = sandbox.muzzle(["scan", "--config", "../muzzle.toml"]);
        assert_eq!((run.code, run.stdout.as_slice()), (Some(2), &b""[..]), "{text}");
        assert!(run.stderr.contains(hint), "{text}: {}", run.stderr);
    }
    assert_eq!(sandbox.muzzle(["scan", "--config", "nowhere.toml"]).code, Some(2));
}

#[test]
fn a_configuration_is_read_at_the_root_of_one_repository_only() {
    let config = format!("[rules]\ndisable = [\"{RULE}\"]\n");
    // Not in a directory outside Git.
    let sandbox = Sandbox::new();
    sandbox.write("a", line("a"));
    sandbox.write("muzzle.toml", &config);
    assert_eq!(sandbox.scan(&[]).expect_complete().count(), 1);
    // Not below the root of a repository, nor for a file or several paths.
    let sandbox = Sandbox::repository();
    sandbox.write("sub/a", line("a"));
    sandbox.write(".config/muzzle.toml", &config);
    sandbox.write("sub/muzzle.toml", &config);
    assert_eq!(sandbox.scan(&[]).expect_complete().count(), 1);
    for name in ["muzzle.toml", ".muzzle.toml"] {
        sandbox.write(name, &config);
        assert_eq!(sandbox.scan(&[]).expect_complete().count(), 0);
        assert_eq!(sandbox.scan_with(&["sub"], b"").expect_complete().count(), 0);
        assert_eq!(sandbox.scan_with(&["sub/a"], b"").expect_complete().count(), 1);
        assert_eq!(sandbox.scan_with(&["sub", ".config"], b"").expect_complete().count(), 1);
        std::fs::remove_file(sandbox.path(name)).unwrap();
    }
}

#[test]
fn reports_go_to_one_place_each() {
    let sandbox = Sandbox::new();
    for outputs in [&["-o", "json", "-o", "sarif"][..], &["-o", "xml"], &["-o", "json="]] {
        let run = sandbox.muzzle([&["scan"][..], outputs].concat());
        assert_eq!((run.code, run.stdout.as_slice()), (Some(2), &b""[..]), "{outputs:?}");
    }
}

#[test]
fn a_report_as_a_file_is_the_same_and_replaces_what_was_there() {
    let sandbox = Sandbox::new();
    sandbox.write("a", line("a"));
    let report = sandbox.outside("out/report.json");
    std::fs::create_dir(sandbox.outside("out")).unwrap();
    std::fs::write(&report, "old").unwrap();
    let run = sandbox.muzzle(["scan", "-o", "json", "-o", "json=../out/report.json"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert_eq!(std::fs::read(&report).unwrap(), run.stdout);
    assert_eq!(std::fs::read_dir(sandbox.outside("out")).unwrap().count(), 1, "nothing else is left");
    let run = sandbox.muzzle(["scan", "-o", "json=../nowhere/report.json"]);
    assert_eq!(run.code, Some(2));
    // What had to fail leaves the old report alone.
    let run = sandbox.muzzle(["scan", "nowhere", "-o", "json=../out/report.json"]);
    assert_eq!(run.code, Some(2));
    assert!(std::fs::metadata(&report).unwrap().len() > 100);
}

#[test]
fn json_lines_end_with_the_summary() {
    let sandbox = Sandbox::new();
    sandbox.write("a", format!("{}{}", line("a"), line("b")));
    let run = sandbox.muzzle(["scan", "-o", "jsonl"]);
    let lines: Vec<serde_json::Value> = run
        .stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[..2].iter().all(|line| line["rule"]["id"] == RULE));
    assert_eq!(lines[2]["schema_version"], "1");
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let sandbox = Sandbox::fixture("versions.sh", &["first", "second"]);
    for i in 0..120 {
        sandbox.write(
            format!("many/{}/f{i}", i % 7),
            format!("{}{}", line(&format!("m{}", i % 40)), line("same")),
        );
    }
    sandbox.commit("many");
    for layout in ["loose", "packed"] {
        if layout == "packed" {
            sandbox.git(["repack", "-qadf", "--depth=50"]);
        }
        for format in ["json", "jsonl", "sarif"] {
            let one = sandbox.muzzle(["scan", "-o", format, "-j1"]);
            assert_eq!(one.code, Some(1), "{}", one.stderr);
            for jobs in ["-j2", "-j7", "-j7"] {
                let other = sandbox.muzzle(["scan", "-o", format, jobs]);
                assert!(one.stdout == other.stdout, "{layout} {format} {jobs}");
            }
        }
        let scan = sandbox.scan(&["-j7"]);
        assert_eq!(scan.expect_complete().count(), 43);
    }
}

/// The secret is everywhere: contents, path, subject, author, branch, tag, stash, target on the command line.
#[test]
fn no_secret_leaves_but_on_demand() {
    let sandbox = Sandbox::repository();
    let secret = github("leak");
    sandbox.write(format!("{secret}/{secret}.txt"), format!("left {secret} right {secret}\n"));
    sandbox.git(["add", "-A"]);
    sandbox.git([
        "commit",
        "-q",
        "-m",
        &format!("add {secret} now"),
        "--author",
        &format!("{secret} <{secret}@x>"),
    ]);
    sandbox.git(["branch", &secret]);
    let blob = sandbox.git_with(["hash-object", "-w", "--stdin"], format!("in a tag {secret}").as_bytes());
    sandbox.git(["tag", &format!("t-{secret}"), &blob]);
    // A gap and its place are told, too.
    sandbox.write(format!(".git/refs/heads/broken-{secret}"), "rubbish");
    let target = sandbox.path(&secret);
    for format in ["human", "json", "jsonl", "sarif"] {
        for target in [".", target.to_str().unwrap()] {
            let run = sandbox.muzzle(["scan", target, "-vvv", "-o", format, "-o", "json=../report"]);
            assert_eq!(run.code, Some(4), "{}", run.stderr);
            let report = std::fs::read(sandbox.outside("report")).unwrap();
            for (what, bytes) in
                [("stdout", &run.stdout[..]), ("stderr", run.stderr.as_bytes()), ("file", &report)]
            {
                let text = String::from_utf8_lossy(bytes);
                assert!(
                    !text.contains(&secret[4..24]) && !text.contains(&secret[20..]),
                    "{format} {what}: {text}"
                );
            }
        }
    }
    let scan = sandbox.scan(&[]);
    assert_eq!(scan.findings()[0]["secret"], "ghp_********");
    assert_eq!(scan.findings()[0]["first_seen"]["subject"], "add ghp_******** now");
    assert_eq!(scan.findings()[0]["first_seen"]["author"], "ghp_********");
    let shown = sandbox.scan(&["--show-secrets", "-vvv"]);
    assert_eq!(shown.findings()[0]["secret"], secret.as_str());
    assert!(!shown.stderr.contains(&secret), "{}", shown.stderr);
}

#[test]
fn control_characters_never_come_out_raw() {
    let sandbox = Sandbox::repository();
    let nasty = "a\x1b]0;x\x07\r\n::error::b\u{9b}31m\u{202e}\u{200b}";
    sandbox.write(format!("f{nasty}"), line("a"));
    sandbox.git(["add", "-A"]);
    let subject = nasty.replace(['\r', '\n'], "");
    sandbox.git([
        "commit",
        "-q",
        "-m",
        &subject,
        "--author",
        &format!("{} <a@b>", subject.replace('\x07', "")),
    ]);
    sandbox.write(".git/refs/heads/broken", format!("{nasty}\n"));
    for format in ["human", "json", "jsonl", "sarif"] {
        let run = sandbox.muzzle(["scan", "-vvv", "-o", format]);
        assert_eq!(run.code, Some(4), "{}", run.stderr);
        for (what, text) in [("stdout", String::from_utf8(run.stdout).unwrap()), ("stderr", run.stderr)] {
            let raw = |c: char| (c.is_control() && c != '\n') || "\u{9b}\u{202e}\u{200b}".contains(c);
            assert!(!text.contains(raw), "{format} {what}: {text:?}");
            assert!(!text.lines().any(|line| line.starts_with("::error")), "{format} {what}: {text:?}");
        }
    }
}

/// A scan of standard input, which stays open.
fn endless(sandbox: &Sandbox) -> Child {
    let mut child = sandbox
        .command(["scan", "-", "-o", "json=../report"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .as_mut()
        .unwrap()
        .write_all(format!("{}{}", line("a"), "x\n".repeat(20_000)).as_bytes())
        .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    child
}

#[test]
fn signals_end_a_scan_at_once_and_leave_no_report() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        // The machine may be busy: the best of three counts.
        let mut shortest = Duration::MAX;
        for _ in 0..3 {
            let sandbox = Sandbox::new();
            std::fs::write(sandbox.outside("report"), "old").unwrap();
            let mut child = endless(&sandbox);
            assert!(child.try_wait().unwrap().is_none(), "it waits for more");
            let kill =
                Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
            let sent = Instant::now();
            assert!(kill.success());
            let status = loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break status;
                }
                assert!(sent.elapsed() < Duration::from_secs(10), "it goes on");
                std::thread::sleep(Duration::from_millis(1));
            };
            shortest = shortest.min(sent.elapsed());
            assert_eq!((status.code(), status.signal()), (Some(code), None));
            assert_eq!(std::fs::read(sandbox.outside("report")).unwrap(), b"old");
            assert_eq!(std::fs::read_dir(sandbox.outside("")).unwrap().count(), 3, "home, work and report");
        }
        assert!(shortest < Duration::from_millis(200), "{shortest:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_clean_scan() {
    let sandbox = Sandbox::new();
    sandbox.write("a", (0..2000).map(|i| line(&format!("m{i}"))).collect::<String>());
    let mut child = sandbox
        .command(["scan", "-o", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(matches!(output.status.code(), Some(1 | 2)), "{:?}", output.status);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}

#[test]
fn lock_files_and_code_taken_along_lower_what_is_not_sure() {
    let sandbox = Sandbox::new();
    let weak = fill("acme_api_key = \"{{[A-Za-z0-9]{31}7}}\"\n", "weak");
    for path in ["node_modules/a/index.js", "web/yarn.lock", "app.min.js"] {
        sandbox.write(path, &weak);
    }
    sandbox.write("vendor/b.go", line("sure"));
    let scan = sandbox.scan(&[]);
    assert_eq!(scan.expect_complete().only(), ["vendor/b.go:1:3 worktree"]);
    assert_eq!(scan.report["not_reported"]["below_threshold"], 1);
    // Anywhere else, too: then it counts.
    sandbox.write("config.js", &weak);
    assert_eq!(sandbox.scan(&[]).count(), 2);
}

#[test]
fn colour_is_a_choice() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("a.env", line("colour"));
    let coloured = |arguments: &[&str], name: &str, value: &str| {
        let mut command = sandbox.command([&["scan", "."], arguments].concat());
        let run = run(command.env(name, value), b"");
        assert_eq!(run.code, Some(1), "{}", run.stderr);
        run.stdout.contains(&0x1b)
    };
    assert!(coloured(&["--color", "always"], "NO_COLOR", ""));
    assert!(coloured(&[], "CLICOLOR_FORCE", "1"));
    assert!(!coloured(&["--color", "never"], "CLICOLOR_FORCE", "1"));
    assert!(!coloured(&["--color", "always", "--no-color"], "A", "1"));
    assert!(!coloured(&[], "A", "1"));
}
