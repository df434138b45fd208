//! Where reports go, and what they look like there.

use std::process::Stdio;

use super::{Test, by_shell, failed, ground};
use crate::support::{Sandbox, github, is_root, run};

pub(super) const TESTS: &[Test] = &[
    ("pipe_broken_human", |t| broken_pipe(t, "human")),
    ("pipe_broken_json", |t| broken_pipe(t, "json")),
    ("pipe_broken_jsonl", |t| broken_pipe(t, "jsonl")),
    ("pipe_broken_sarif", |t| broken_pipe(t, "sarif")),
    ("disk_full_human", |t| full_output(t, "human")),
    ("disk_full_json", |t| full_output(t, "json")),
    ("disk_full_sarif", |t| full_output(t, "sarif")),
    ("report_to_full_device", |t| {
        ground(t);
        failed(&t.muzzle(["scan", "-o", "sarif=/dev/full", "."]), "/dev/full");
    }),
    ("report_beyond_the_limit_of_files", limited_file),
    ("report_in_read_only_directory", |t| {
        ground(t);
        failed(&t.muzzle(["scan", "-o", "json=/proc/self/r.json", "."]), "/proc/self/r.json");
        if !is_root() {
            let closed = t.outside("closed");
            std::fs::create_dir(&closed).unwrap();
            by_shell(t, "chmod a-w ../closed", &[]).status().unwrap();
            failed(&t.muzzle(["scan", "-o", "json=../closed/r.json", "."]), "closed/r.json");
        }
    }),
    ("report_in_missing_directory", |t| {
        ground(t);
        failed(&t.muzzle(["scan", "-o", "json=../none/r.json", "."]), "none/r.json");
        assert!(!t.outside("none").exists());
    }),
    ("report_path_is_a_directory", |t| {
        ground(t);
        std::fs::create_dir(t.outside("taken")).unwrap();
        failed(&t.muzzle(["scan", "-o", "json=../taken", "."]), "taken");
        assert_eq!(t.outside("taken").read_dir().unwrap().count(), 0);
        only_these(t, &["home", "taken", "work"]);
    }),
    ("report_replaces_another_whole", |t| {
        ground(t);
        std::fs::write(t.outside("r.json"), "x".repeat(1 << 20)).unwrap();
        assert_eq!(t.muzzle(["scan", "-o", "json=../r.json", "."]).code, Some(1));
        let report = std::fs::read(t.outside("r.json")).unwrap();
        let _: serde_json::Value = serde_json::from_slice(&report).unwrap();
        only_these(t, &["home", "r.json", "work"]);
    }),
    ("report_stays_when_the_scan_fails", |t| {
        std::fs::write(t.outside("r.json"), "before").unwrap();
        failed(&t.muzzle(["scan", "-o", "json=../r.json", "none"]), "none");
        assert_eq!(std::fs::read(t.outside("r.json")).unwrap(), b"before");
    }),
    ("one_of_two_reports_fails", |t| {
        ground(t);
        failed(&t.muzzle(["scan", "-o", "json=../none/r.json", "-o", "human", "."]), "none/r.json");
    }),
    ("output_closed", |t| closed(t, ">&-")),
    ("input_closed", |t| closed(t, "<&-")),
    ("errors_closed", |t| closed(t, "2>&-")),
    ("all_closed", |t| closed(t, "<&- >&- 2>&-")),
    ("no_colour_off_a_terminal", |t| {
        ground(t);
        let run = t.muzzle(["scan", "."]);
        assert_eq!(run.code, Some(1));
        assert!(!run.stdout.contains(&0x1b), "{}", String::from_utf8_lossy(&run.stdout));
        assert!(!run.stderr.contains(['\u{1b}', '\r']), "{}", run.stderr);
    }),
    ("no_colour_where_it_is_not_wanted", no_color),
    ("locale_c", |t| {
        t.write("sömé/名前.txt", crate::support::line("new"));
        let scan = |locale: &str| run(t.command(["scan", "."]).env("LC_ALL", locale), b"");
        let (plain, wide) = (scan("C"), scan("C.UTF-8"));
        let text = String::from_utf8(plain.stdout.clone()).unwrap();
        assert!(text.contains("sömé/名前.txt"), "{text}");
        let told = |run: &crate::support::Run| {
            let text = String::from_utf8_lossy(&run.stdout).into_owned();
            // The last line tells how long it took.
            text.lines().filter(|line| !line.contains(" in ")).map(ToOwned::to_owned).collect::<Vec<_>>()
        };
        assert_eq!((plain.code, told(&plain)), (Some(1), told(&wide)));
    }),
];

fn broken_pipe(t: &Sandbox, format: &str) {
    ground(t);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = t.command(["scan", "-o", format, "."]);
    let output = command.stdout(writer).stderr(Stdio::piped()).output().unwrap();
    // Nobody is there to be told; and what nobody got is not what a scan of nothing says.
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(2), &b""[..]));
}

fn full_output(t: &Sandbox, format: &str) {
    ground(t);
    let run = run(&mut by_shell(t, "exec \"$0\" \"$@\" >/dev/full", &["scan", "-o", format, "."]), b"");
    failed(&run, "standard output");
}

/// No file may become larger than nothing at all.
fn limited_file(t: &Sandbox) {
    ground(t);
    let script = "ulimit -f 0; exec \"$0\" \"$@\"";
    let run = run(&mut by_shell(t, script, &["scan", "-o", "json=../r.json", "."]), b"");
    failed(&run, "r.json");
    only_these(t, &["home", "work"]);
}

fn closed(t: &Sandbox, which: &str) {
    ground(t);
    let report = t.outside("r.json");
    let arguments = ["scan", "-o", "json=../r.json", "-o", "human", "--show-secrets", "."];
    let run = run(&mut by_shell(t, &format!("exec \"$0\" \"$@\" {which}"), &arguments), b"");
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let text = std::fs::read_to_string(report).unwrap();
    assert!(text.contains(&github("old")) && text.contains(&github("new")), "{text}");
}

fn no_color(t: &Sandbox) {
    ground(t);
    // A terminal of its own, and nothing but the report on it.
    let on_terminal = |variables: &[(&str, &str)]| {
        let mut command = by_shell(t, "exec script -qec \"$0 scan . 2>/dev/null\" /dev/null", &[]);
        command.env("TERM", "xterm-256color").env("SHELL", "/bin/sh").envs(variables.iter().copied());
        String::from_utf8_lossy(&run(&mut command, b"").stdout).into_owned()
    };
    let coloured = on_terminal(&[]);
    if !coloured.contains("\u{1b}[") {
        // There is no `script`, or not such a one.
        return;
    }
    let plain = on_terminal(&[("NO_COLOR", "1")]);
    assert!(plain.contains("github") && !plain.contains("\u{1b}["), "{plain:?}");
    let dumb = on_terminal(&[("TERM", "dumb")]);
    assert!(dumb.contains("github") && !dumb.contains("\u{1b}["), "{dumb:?}");
}

/// Beside the directory to work in lies this and nothing else.
pub(super) fn only_these(t: &Sandbox, names: &[&str]) {
    let mut list: Vec<String> = t
        .outside("")
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    list.sort();
    assert_eq!(list, names);
}
