//! Directories, files and standard input: what is read, and where in it a secret is said to lie.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::support::{RULE, Sandbox, github, is_root, line};

#[test]
fn a_directory_outside_git_is_read_with_its_hidden_files() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", format!("one\n  key = {}\n", github("a")));
    sandbox.write("sub/.env", format!("TOKEN={}\n", github("b")));
    sandbox.write(".hidden/deep/x", line("c"));
    let mut places = sandbox.scan(&[]).expect_complete().places();
    places.sort();
    assert_eq!(
        places,
        [
            format!("{RULE} .hidden/deep/x:1:3 worktree"),
            format!("{RULE} a.txt:2:9 worktree"),
            format!("{RULE} sub/.env:1:7 worktree"),
        ]
    );
}

#[test]
fn a_file_is_named_as_it_was_given() {
    let sandbox = Sandbox::repository();
    sandbox.write("sub/a.txt", line("a"));
    sandbox.write("b.txt", line("b"));
    let scan = sandbox.scan_with(&["sub/a.txt"], b"");
    assert_eq!(scan.expect_complete().only(), ["sub/a.txt:1:3 worktree"]);
    assert_eq!(scan.report["scanned"]["files"], 1);
}

#[test]
fn several_paths_are_told_apart() {
    let sandbox = Sandbox::new();
    sandbox.write("one/a", line("a"));
    sandbox.write("two/a", line("a"));
    let scan = sandbox.scan_with(&["one", "two"], b"");
    assert_eq!(scan.expect_complete().only(), ["one/a:1:3 worktree", "two/a:1:3 worktree"]);
}

#[test]
fn standard_input() {
    let sandbox = Sandbox::new();
    let scan = sandbox.scan_with(&["-"], format!("\n\n\u{e9} {}", github("a")).as_bytes());
    assert_eq!(scan.expect_complete().only(), ["stdin:3:3 stdin"]);
    sandbox.scan_with(&["-"], b"").expect_clean();
}

#[test]
fn a_path_that_is_not_there_is_an_error() {
    let sandbox = Sandbox::new();
    let run = sandbox.muzzle(["scan", "nowhere", "-o", "json"]);
    assert_eq!((run.code, run.stdout.as_slice()), (Some(2), &b""[..]));
    assert!(run.stderr.contains("nowhere"), "{}", run.stderr);
}

#[test]
fn ignored_files_are_read_on_demand_only() {
    for repository in [true, false] {
        let sandbox = if repository { Sandbox::repository() } else { Sandbox::new() };
        sandbox.write(".gitignore", "ignored.txt\nbuild/\n");
        sandbox.write("ignored.txt", line("a"));
        sandbox.write("build/b.txt", line("b"));
        sandbox.scan(&[]).expect_clean();
        let places = sandbox.scan(&["--no-ignore"]).expect_complete().places();
        assert_eq!(
            places,
            [format!("{RULE} build/b.txt:1:3 worktree"), format!("{RULE} ignored.txt:1:3 worktree")]
        );
    }
}

#[test]
fn what_is_tracked_is_read_though_it_is_ignored() {
    let sandbox = Sandbox::repository();
    sandbox.write(".gitignore", "*.env\n");
    sandbox.write("prod.env", line("a"));
    // Older than the index beyond doubt, so that its time alone proves it unchanged.
    let hour_ago = SystemTime::now() - Duration::from_hours(1);
    std::fs::File::options()
        .write(true)
        .open(sandbox.path("prod.env"))
        .unwrap()
        .set_modified(hour_ago)
        .unwrap();
    sandbox.git(["add", "-f", "."]);
    let id = sandbox.commit_staged("add");
    let scan = sandbox.scan(&[]);
    assert_eq!(
        scan.expect_complete().only(),
        ["prod.env:1:3 worktree".into(), format!("prod.env:1:3 commit {id} head")]
    );
    assert_eq!(sandbox.scan(&["--no-history"]).expect_complete().only(), ["prod.env:1:3 worktree"]);
}

#[test]
fn untracked_files_are_read_unless_git_would_ignore_them() {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("tracked", "nothing\n");
    sandbox.write("untracked", line("a"));
    sandbox.write("excluded", line("b"));
    sandbox.write(".git/info/exclude", "excluded\n");
    assert_eq!(sandbox.scan(&[]).expect_complete().only(), ["untracked:1:3 worktree"]);
}

#[test]
fn ignore_files_above_the_repository_have_no_say() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.outside(".gitignore"), "*\n").unwrap();
    sandbox.git(["init", "-q"]);
    sandbox.write("untracked", line("a"));
    assert_eq!(sandbox.scan(&[]).expect_complete().only(), ["untracked:1:3 worktree"]);
}

#[test]
fn ripgreps_ignore_files_have_no_say_in_a_repository() {
    let sandbox = Sandbox::repository();
    for name in [".ignore", ".rgignore"] {
        sandbox.write(name, "*\n");
    }
    sandbox.write("a", line("a"));
    assert_eq!(sandbox.scan(&[]).expect_complete().only(), ["a:1:3 worktree"]);
}

#[test]
fn the_text_of_a_symbolic_link_is_read_and_never_followed() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.outside("beyond"), line("beyond")).unwrap();
    symlink(sandbox.outside("beyond"), sandbox.path("leads-out")).unwrap();
    symlink(format!("/nowhere/{}", github("a")), sandbox.path("link")).unwrap();
    symlink(".", sandbox.path("loop")).unwrap();
    assert_eq!(sandbox.scan(&[]).expect_complete().only(), ["link:1:10 worktree"]);
}

#[test]
fn a_link_that_is_named_on_the_command_line_is_followed() {
    let sandbox = Sandbox::new();
    sandbox.write("real", line("a"));
    symlink("real", sandbox.path("link")).unwrap();
    assert_eq!(sandbox.scan_with(&["link"], b"").expect_complete().only(), ["link:1:3 worktree"]);
}

#[test]
fn a_link_into_a_repository_opens_that_repository() {
    let sandbox = Sandbox::repository();
    let id = sandbox.commit_file("sub/a", line("a"));
    sandbox.write("sub/a", "gone\n");
    symlink(sandbox.path("sub"), sandbox.outside("link")).unwrap();
    let scan = sandbox.scan_with(&[sandbox.outside("link").to_str().unwrap()], b"");
    assert_eq!(scan.expect_complete().only(), [format!("sub/a:1:3 commit {id} head")]);
}

#[test]
fn binary_files_are_searched_like_any_other() {
    let sandbox = Sandbox::new();
    let text = [b"\0\0\x01\xff ", github("a").as_bytes(), b"\0\xfe\0"].concat();
    sandbox.write("a.bin", text);
    let scan = sandbox.scan(&[]);
    assert_eq!(scan.expect_complete().only(), ["a.bin:1:6 worktree"]);
    let occurrence = &scan.findings()[0]["occurrences"][0];
    assert_eq!((&occurrence["bytes"]["start"], &occurrence["bytes"]["end"]), (&5.into(), &45.into()));
}

#[test]
fn utf_16_is_decoded_and_positions_are_those_of_the_file() {
    for (big, mark) in [(false, [0xff, 0xfe]), (true, [0xfe, 0xff])] {
        let sandbox = Sandbox::repository();
        let text = format!("\u{e9}\r\n\u{3c0}\u{1d11e} key {}\r\n", github("a"));
        let unit = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        let bytes: Vec<u8> = mark.into_iter().chain(text.encode_utf16().flat_map(unit)).collect();
        let id = sandbox.commit_file("a.txt", bytes);
        let scan = sandbox.scan(&[]);
        let expected = ["a.txt:2:8 worktree".into(), format!("a.txt:2:8 commit {id} head")];
        assert_eq!(scan.expect_complete().only(), expected);
        for occurrence in scan.findings()[0]["occurrences"].as_array().unwrap() {
            assert_eq!(
                (&occurrence["bytes"]["start"], &occurrence["bytes"]["end"]),
                (&24.into(), &104.into())
            );
            assert_eq!(occurrence["end"]["column"], 48);
        }
    }
}

#[test]
fn carriage_returns_belong_to_no_secret() {
    let sandbox = Sandbox::new();
    sandbox.write("a", format!("one\r\nk={}\r\ntwo\r\n", github("a")));
    let scan = sandbox.scan(&[]);
    assert_eq!(scan.expect_complete().only(), ["a:2:3 worktree"]);
    assert_eq!(scan.findings()[0]["occurrences"][0]["end"]["column"], 43);
}

#[test]
fn very_long_lines() {
    let sandbox = Sandbox::new();
    let filler = "lorem ipsum ".repeat(250_000);
    sandbox.write("min.js", format!("{filler}{} {filler}", github("a")));
    assert_eq!(sandbox.scan(&[]).expect_complete().only(), ["min.js:1:3000001 worktree"]);
}

#[test]
fn nothing_to_read_is_clean() {
    let sandbox = Sandbox::new();
    sandbox.scan(&[]).expect_clean();
    sandbox.write("empty", "");
    std::fs::create_dir(sandbox.path("directory")).unwrap();
    let scan = sandbox.scan(&[]);
    scan.expect_clean();
    assert_eq!(scan.report["scanned"]["files"], 1);
}

/// A text of this size is not held in memory but read 4 MiB at a time.
#[test]
fn a_file_of_forty_megabytes_is_read_to_its_end() {
    use std::os::unix::fs::FileExt as _;
    let sandbox = Sandbox::new();
    let file = std::fs::File::create(sandbox.path("big")).unwrap();
    file.set_len(40_000_000).unwrap();
    // The first secret lies across the border of two chunks, the second ends the file.
    for (offset, name) in [(0, "start"), ((4 << 20) - 17, "border"), (39_999_960, "end")] {
        file.write_all_at(github(name).as_bytes(), offset).unwrap();
    }
    file.write_all_at(b"\n\n\n", 20_000_000).unwrap();
    let scan = sandbox.scan(&[]);
    let mut places = scan.expect_complete().places();
    places.sort();
    assert_eq!(
        places,
        [
            format!("{RULE} big:1:1 worktree"),
            format!("{RULE} big:1:4194288 worktree"),
            format!("{RULE} big:4:19999958 worktree"),
        ]
    );
    assert_eq!(scan.report["scanned"]["bytes"], 40_000_000);
}

#[test]
fn names_that_are_no_text() {
    let sandbox = Sandbox::repository();
    sandbox.write(OsStr::from_bytes(b"bad\xff"), line("a"));
    sandbox.write("new\nline", line("b"));
    sandbox.write("esc\x1b[31m", line("c"));
    let id = sandbox.commit("add");
    let mut places = sandbox.scan(&[]).expect_complete().places();
    places.sort();
    let expected: Vec<String> = ["bad\u{fffd}", "esc\\u{1b}[31m", "new\\nline"]
        .iter()
        .flat_map(|name| {
            [format!("{RULE} {name}:1:3 commit {id} head"), format!("{RULE} {name}:1:3 worktree")]
        })
        .collect();
    assert_eq!(places, expected);
}

#[test]
fn pipes_in_a_tree_are_passed_over() {
    for repository in [false, true] {
        let sandbox = if repository { Sandbox::repository() } else { Sandbox::new() };
        make_pipe(&sandbox, "pipe");
        sandbox.write("a", line("a"));
        assert_eq!(sandbox.scan(&[]).expect_complete().only(), ["a:1:3 worktree"]);
    }
}

#[test]
fn a_pipe_that_takes_the_place_of_a_tracked_file_is_passed_over() {
    let sandbox = Sandbox::repository();
    let id = sandbox.commit_file("a", line("a"));
    std::fs::remove_file(sandbox.path("a")).unwrap();
    make_pipe(&sandbox, "a");
    assert_eq!(sandbox.scan(&[]).expect_complete().only(), [format!("a:1:3 commit {id} head")]);
    let staged = sandbox.scan(&["--no-history"]);
    assert_eq!(staged.expect_complete().only(), ["a:1:3 staged"]);
}

#[test]
fn a_pipe_that_is_named_on_the_command_line_is_read() {
    let sandbox = Sandbox::new();
    make_pipe(&sandbox, "pipe");
    let path = sandbox.path("pipe");
    let writer = std::thread::spawn(move || std::fs::write(path, line("a")));
    assert_eq!(sandbox.scan_with(&["pipe"], b"").expect_complete().only(), ["pipe:1:3 worktree"]);
    writer.join().unwrap().unwrap();
}

fn make_pipe(sandbox: &Sandbox, name: &str) {
    assert!(Command::new("mkfifo").arg(sandbox.path(name)).status().unwrap().success());
}

#[test]
fn a_file_that_cannot_be_read_is_a_gap() {
    if is_root() {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write("locked", line("a"));
    sandbox.write("open", line("b"));
    std::fs::set_permissions(sandbox.path("locked"), std::fs::Permissions::from_mode(0o0)).unwrap();
    let scan = sandbox.scan(&[]);
    assert_eq!(scan.expect_gaps().gaps(), ["unreadable-file locked"]);
    assert_eq!(scan.only(), ["open:1:3 worktree"]);
}

/// The kernel refuses the first byte of this file even to root.
#[cfg(target_os = "linux")]
#[test]
fn a_file_whose_reading_fails_is_a_gap() {
    let sandbox = Sandbox::new();
    let scan = sandbox.scan_with(&["/proc/self/mem"], b"");
    assert_eq!(scan.expect_gaps().gaps(), ["unreadable-file /proc/self/mem"]);
    assert_eq!(sandbox.scan_with(&["/proc/self/mem", "--allow-incomplete"], b"").code, 0);
}
