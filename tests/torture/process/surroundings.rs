//! What the process finds around it: limits, variables, directories, arguments.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Stdio;

use super::{SCAN, Test, by_shell, failed, found_both, ground};
use crate::support::{Sandbox, github, is_root, line, run};
use crate::watched::{HAS_STRACE, measured};

pub(super) const TESTS: &[Test] = &[
    ("sixteen_open_files", |t| few_files(t, 16)),
    ("twenty_four_open_files", |t| few_files(t, 24)),
    ("eight_open_files", |t| few_files(t, 8)),
    ("little_address_space", |t| {
        ground(t);
        for megabytes in [20, 60, 100, 200, 400] {
            let script = format!("ulimit -v {}; ulimit -c 0; exec \"$0\" \"$@\"", megabytes << 10);
            let run = run(&mut by_shell(t, &script, &SCAN), b"");
            // The loader, or whoever asks for memory that is not to be had, may end it; it must not look clean.
            assert!(run.code != Some(0), "{megabytes} MB: {}", run.stderr);
            if run.code == Some(1) {
                found_both(&run);
            }
        }
    }),
    ("small_stack", |t| {
        ground(t);
        t.write(format!("{}c", "e/".repeat(300)), "nothing\n");
        found_both(&run(&mut by_shell(t, "ulimit -s 256; exec \"$0\" \"$@\"", &SCAN), b""));
    }),
    ("interrupted_calls", |t| {
        if *HAS_STRACE {
            ground(t);
            let every_other = "read,openat,getdents64,pread64:error=EINTR:when=1+2";
            let script = format!("exec strace -f -qq -o /dev/null -e inject={every_other} \"$0\" \"$@\"");
            let run = run(&mut by_shell(t, &script, &SCAN), b"");
            // The loader of the system does not try again.
            assert!(run.code == Some(127) || run.stderr.is_empty(), "{}", run.stderr);
            if run.code != Some(127) {
                found_both(&run);
            }
        }
    }),
    ("no_threads", |t| {
        if *HAS_STRACE {
            ground(t);
            let none = "clone,clone3:error=EAGAIN";
            let script = format!("exec strace -f -qq -o /dev/null -e inject={none} \"$0\" \"$@\"");
            found_both(&run(&mut by_shell(t, &script, &[&SCAN[..], &["--jobs", "4"]].concat()), b""));
        }
    }),
    ("huge_environment", |t| {
        ground(t);
        let mut command = t.command(SCAN);
        command.envs((0..10).map(|number| (format!("HUGE_{number}"), "x".repeat(100_000))));
        found_both(&run(&mut command, b""));
    }),
    ("variables_not_utf8", |t| {
        ground(t);
        let odd = OsStr::from_bytes(b"\xff=\xfe");
        found_both(&run(t.command(SCAN).env("ODD", odd).env("MUZZLE", odd).env("LANG", odd), b""));
    }),
    ("home_unset", |t| {
        ground(t);
        found_both(&run(t.command(SCAN).env_remove("HOME"), b""));
    }),
    ("home_not_there", |t| {
        ground(t);
        for home in ["/nonexistent", "", "relative", "/dev/null"] {
            found_both(&run(t.command(SCAN).env("HOME", home).env("XDG_CONFIG_HOME", home), b""));
        }
    }),
    ("temporary_directory_not_there", |t| {
        ground(t);
        found_both(&run(t.command(SCAN).env("TMPDIR", "/nonexistent"), b""));
    }),
    ("path_empty", |t| {
        ground(t);
        found_both(&run(t.command(SCAN).env("PATH", ""), b""));
    }),
    ("odd_time_zones", |t| {
        ground(t);
        for zone in [":/nonexistent", "Foo+99", "Pacific/Kiritimati", "", "/dev/zero"] {
            found_both(&run(t.command(SCAN).env("TZ", zone), b""));
        }
    }),
    ("directory_gone", |t| {
        ground(t);
        let script = "mkdir ../gone; cd ../gone; rmdir ../gone; exec \"$0\" \"$@\"";
        let run_there = |arguments: &[&str]| run(&mut by_shell(t, script, arguments), b"");
        failed(&run_there(&SCAN), "cannot");
        // Repositories are opened from where one is.
        let work = t.path("").display().to_string();
        failed(&run_there(&["scan", &work]), "current directory");
    }),
    ("read_only_tree", |t| {
        ground(t);
        by_shell(t, "chmod -R a-w .", &[]).status().unwrap();
        found_both(&t.muzzle(SCAN));
        by_shell(t, "chmod -R u+w .", &[]).status().unwrap();
    }),
    ("owned_by_somebody_else", |t| {
        ground(t);
        if is_root() {
            by_shell(t, "chown -R 12345:12345 .", &[]).status().unwrap();
        }
        found_both(&t.muzzle(SCAN));
    }),
    ("one_job_and_a_thousand", |t| {
        ground(t);
        let run = |jobs: &str| t.muzzle([&SCAN[..], &["--jobs", jobs]].concat());
        let (one, many) = (run("1"), run("1000"));
        found_both(&one);
        assert_eq!(one.stdout, many.stdout, "{}", many.stderr);
    }),
    ("many_targets", |t| {
        let names: Vec<String> = (0..500).map(|number| format!("d{number}")).collect();
        names.iter().for_each(|name| t.write(format!("{name}/f"), "nothing\n"));
        t.write("d499/a", line("old"));
        t.write("d0/a", line("new"));
        let names = names.iter().map(String::as_str);
        found_both(&t.muzzle(SCAN[..4].iter().copied().chain(names)));
    }),
    ("the_same_target_twice", |t| {
        ground(t);
        found_both(&t.muzzle([&SCAN[..], &[".", "d"]].concat()));
    }),
    ("target_is_a_link", |t| {
        ground(t);
        std::os::unix::fs::symlink("work", t.outside("link")).unwrap();
        std::os::unix::fs::symlink("work/d", t.outside("below")).unwrap();
        found_both(&t.muzzle([&SCAN[..4], &["../link"]].concat()));
        found_both(&t.muzzle([&SCAN[..4], &["../below"]].concat()));
    }),
    ("target_not_there", |t| {
        ground(t);
        failed(&t.muzzle(["scan", "none"]), "none");
        failed(&t.muzzle(["scan", ".", "none"]), "none");
        std::os::unix::fs::symlink("none", t.path("dangling")).unwrap();
        failed(&t.muzzle(["scan", "dangling"]), "dangling");
    }),
    ("target_goes_away", |t| {
        ground(t);
        // While it is scanned, more and more of it is not there any more.
        for milliseconds in [0, 10, 20, 40, 80] {
            let copy = t.outside(format!("copy{milliseconds}"));
            by_shell(t, &format!("cp -R . {}", copy.display()), &[]).status().unwrap();
            let mut command = t.command(["scan", "-o", "json"]);
            command.arg(&copy).stdout(Stdio::piped()).stderr(Stdio::piped());
            let child = command.spawn().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(milliseconds));
            std::fs::remove_dir_all(&copy).unwrap();
            let output = child.wait_with_output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(matches!(output.status.code(), Some(1..=4)), "{milliseconds} ms: {output:?} {stderr}");
        }
    }),
    ("arguments_not_utf8", |t| {
        let name = OsStr::from_bytes(b"caf\xe9");
        std::fs::create_dir(t.path(name)).unwrap();
        std::fs::write(t.path(name).join("a"), line("old") + &line("new")).unwrap();
        found_both(&run(t.command(&SCAN[..4]).arg(name), b""));
        let run = run(t.command(["scan", "--rule"]).arg(name), b"");
        assert_eq!(run.code, Some(2), "{}", run.stderr);
    }),
    ("separators_of_windows", |t| {
        t.git(["init", "-q"]);
        t.commit_file("d/old.txt", line("old"));
        t.commit_file("dnew.txt", line("new"));
        // A backslash escapes, as in `.gitignore`; it must not leave out what another reading would not.
        for pattern in [r"d\old.txt", r"d\\*", r".\d\**", r"C:\*"] {
            std::fs::write(t.outside("m.toml"), format!("[paths]\nexclude = ['{pattern}']\n")).unwrap();
            found_both(&t.muzzle([&SCAN[..], &["--config", "../m.toml"]].concat()));
        }
    }),
    ("endless_input_is_bounded", |t| {
        let mut command = t.command(["scan", "-o", "json", "--show-secrets", "-"]);
        command.current_dir(t.path(""));
        let mut text = "a line like any other, and nothing in it\n".repeat(2_000_000).into_bytes();
        text.extend(line("old").bytes());
        let watched = measured(command, &text);
        assert_eq!(watched.run.code, Some(1), "{}", watched.run.stderr);
        assert!(String::from_utf8_lossy(&watched.run.stdout).contains(&github("old")));
        assert!(watched.peak < 256, "{} MiB", watched.peak);
    }),
];

/// So few files may be open: all is found, or it is said that not all could be read.
fn few_files(t: &Sandbox, most: usize) {
    ground(t);
    for number in 0..12 {
        t.commit_file("a", format!("nothing {number}\n"));
        t.git(["repack", "-q"]);
    }
    let script = format!("ulimit -n {most}; exec \"$0\" \"$@\"");
    let run = run(&mut by_shell(t, &script, &SCAN), b"");
    assert!(matches!(run.code, Some(1..=4)) && !run.stderr.contains("panicked"), "{}", run.stderr);
    if run.code == Some(1) {
        found_both(&run);
    }
    assert!(run.code != Some(3) || most < 16, "{}", String::from_utf8_lossy(&run.stdout));
}
