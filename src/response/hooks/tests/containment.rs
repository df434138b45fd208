//! Programs that misbehave, and programs that must not be started at all.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use super::*;

fn quick(section: &mut HookSection) {
    section.timeout = Some(1);
}

#[test]
fn exit_codes_mean_what_the_documentation_says() {
    let place = Place::new();
    for (code, ending) in [
        (0, Ending::Done),
        (10, Ending::Accepted),
        (20, Ending::AlreadyDead),
        (30, Ending::NotAuthorised),
        (40, Ending::Refused),
        (50, Ending::Unknown),
        (60, Ending::Skipped),
        (1, Ending::Failed),
        (127, Ending::Failed),
    ] {
        let program = place.script("hook", &format!("cat > /dev/null; exit {code}"));
        let report = place.fire(&program, |_| ());
        assert_eq!((report.ending, report.reason), (ending, format!("exit code {code}")));
    }
}

#[test]
fn one_that_hangs_is_ended_with_its_children() {
    let place = Place::new();
    let program = place
        .script("hook", r#"trap '' TERM; sleep 60 & echo $! > "$D/child"; echo before; sleep 60; sleep 60"#);
    let report = place.fire(&program, quick);
    assert_eq!(report.ending, Ending::TimedOut);
    assert!(report.took < Duration::from_secs(10), "{:?}", report.took);
    assert!(report.output.contains("before"), "{}", report.output);
    is_gone(&place.text("child"));
}

/// Ended, or a zombie that nobody has waited for.
fn is_gone(id: &str) {
    let status = PathBuf::from("/proc").join(id.trim()).join("status");
    for _ in 0..100 {
        match std::fs::read_to_string(&status) {
            Ok(text) if !text.contains("State:\tZ") => std::thread::sleep(Duration::from_millis(20)),
            _ => return,
        }
    }
    panic!("{id} goes on");
}

#[test]
fn one_that_floods_is_read_and_forgotten() {
    let place = Place::new();
    let program = place.script("hook", "head -c 100000000 /dev/zero; head -c 100000 /dev/zero >&2");
    let report = place.fire(&program, |_| ());
    assert_eq!(report.ending, Ending::Done);
    assert!(report.reason.contains("stdout was 100000000 bytes"), "{}", report.reason);
    assert!(report.output.len() < 10_000);
    assert!(place.text("journal.jsonl").len() < 20_000);
}

#[test]
fn one_whose_child_keeps_the_pipe_is_not_waited_for() {
    let place = Place::new();
    let program =
        place.script("hook", r#"cat > /dev/null; sleep 60 & echo $! > "$D/child"; echo said; exit 0"#);
    let report = place.fire(&program, |_| ());
    assert_eq!(report.ending, Ending::Done);
    assert!(report.reason.contains("left something running"), "{}", report.reason);
    assert!(report.took < Duration::from_secs(10), "{:?}", report.took);
    assert_eq!(report.output, "stdout: said");
    is_gone(&place.text("child"));
}

#[test]
fn one_whose_child_leaves_the_group_is_not_waited_for() {
    let place = Place::new();
    let program = place.script(
        "hook",
        r#"cat > /dev/null; setsid sleep 8 & while ! [ -e "$D/x" ]; do touch "$D/x"; sleep 0.2; done; echo said; exit 20"#,
    );
    let report = place.fire(&program, |_| ());
    assert_eq!((report.ending, report.output.as_str()), (Ending::AlreadyDead, "stdout: said"));
    assert!(report.took < Duration::from_secs(7), "{:?}", report.took);
}

#[test]
fn one_that_dies_by_a_signal_is_told_so() {
    let place = Place::new();
    let program = place.script("hook", "cat > /dev/null; kill -SEGV $$");
    let report = place.fire(&program, |_| ());
    assert_eq!((report.ending, report.reason.as_str()), (Ending::Failed, "ended by signal 11"));
}

#[test]
fn one_that_does_not_read_is_no_failure() {
    let place = Place::new();
    let program = place.script("hook", "exec < /dev/null; exit 0");
    let mut section = section(&program);
    section.send_secret = true;
    let journal = place.journal();
    let hooks = Hooks::new(&[section], true).unwrap().recorded_in(&journal);
    let subject = subject();
    // More than a pipe holds.
    let secret = Secret::new("x".repeat(1_000_000).as_bytes());
    let context = Context { subject: Some(&subject), secret: Some(&secret), ..Context::default() };
    let report = hooks.fire(Event::Finding, &context).remove(0);
    assert_eq!(
        (report.ending, report.reason.as_str()),
        (Ending::Done, "exit code 0; did not read all of its input")
    );
}

#[test]
fn what_cannot_be_started_is_told() {
    let place = Place::new();
    let refused = |path: &Path| {
        let report = place.fire(path, |_| ());
        assert!(report.ending.is_failure());
        report.reason
    };
    assert!(refused(&place.path("missing")).contains("No such file"));
    let program = place.script("hook", "true");
    let mode = |mode| std::fs::set_permissions(&program, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    assert!(refused(&program).contains("chmod +x"));
    mode(0o775);
    assert!(refused(&program).contains("chmod go-w"));
    mode(0o757);
    assert!(refused(&program).contains("chmod go-w"));
    mode(0o755);
    assert!(refused(place.directory.path()).contains("is no file"));
    std::fs::write(&program, "no program at all").unwrap();
    assert!(refused(&program).contains("cannot be started"));
    let open = place.path("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::copy("/bin/true", open.join("true")).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(refused(&open.join("true")).contains("could be replaced"));
}

#[test]
fn nothing_in_what_is_scanned_is_started() {
    let place = Place::new();
    let tree = place.path("tree");
    std::fs::create_dir(&tree).unwrap();
    let program = place.script("tree/hook", r#"touch "$D/ran""#);
    let link = place.path("link");
    symlink(&program, &link).unwrap();
    let journal = place.journal();
    for path in [&program, &link] {
        let hooks = Hooks::new(&[section(path)], true).unwrap().recorded_in(&journal).outside([tree.clone()]);
        let subject = subject();
        let context = Context { subject: Some(&subject), ..Context::default() };
        let report = hooks.fire(Event::Finding, &context).remove(0);
        assert!(report.reason.contains("lies in what is scanned"), "{}", report.reason);
    }
    assert!(!place.path("ran").exists());
    let path =
        std::env::join_paths([tree.as_path(), Path::new("/usr/bin"), Path::new("."), Path::new("bin")]);
    assert_eq!(trusted::search_path(Some(path.unwrap()), &[tree.canonicalize().unwrap()]), "/usr/bin");
}
