//! What a journal withstands: crashes at any byte, several writers, and hands that change it.

use std::path::PathBuf;

use super::line::Read;
use super::*;

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Place { directory: tempfile::TempDir::new().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("state/journal.jsonl")
    }

    fn open(&self) -> Journal {
        Journal::open(&self.path()).unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.path()).unwrap()
    }

    fn lines(&self) -> Vec<String> {
        String::from_utf8(self.bytes()).unwrap().lines().map(str::to_owned).collect()
    }

    fn write(&self, bytes: &[u8]) {
        std::fs::write(self.path(), bytes).unwrap();
    }

    fn write_lines(&self, lines: &[String]) {
        self.write((lines.join("\n") + "\n").as_bytes());
    }

    fn chain(&self) -> Chain {
        read(&self.path(), None, |_, _| ()).unwrap()
    }

    /// The lines at which something is wrong.
    fn problems(&self) -> Vec<u64> {
        self.chain().problems.iter().map(|problem| problem.line).collect()
    }
}

fn intent(action: &str) -> Intent {
    Intent {
        action: action.into(),
        rule: "github-pat-classic".into(),
        provider: "github".into(),
        fingerprint: "v1:0123".into(),
        secret: "ghp_********".into(),
        place: "a:1".into(),
        call: "POST https://api.github.com/credentials/revoke".into(),
        plan: Some("p".into()),
        consent: "--yes".into(),
        note: None,
    }
}

fn done(result: &str) -> Done {
    Done {
        outcome: Some(Outcome::Accepted),
        result: result.into(),
        status: Some(202),
        request_id: None,
        reply_sha256: None,
        reason: "it said so".into(),
    }
}

#[test]
fn what_is_begun_is_unclear_until_it_ends() {
    let place = Place::new();
    let journal = place.open();
    assert!(journal.unclear().unwrap().is_empty());
    let first = journal.begin(intent("revoke")).unwrap();
    assert_eq!(journal.unclear().unwrap().len(), 1);
    first.finish(&done("accepted")).unwrap();
    drop(journal.begin(intent("rotate")).unwrap());
    journal.note(intent("drill"), &done("skipped_policy")).unwrap();
    drop(journal);
    let journal = place.open();
    let unclear = journal.unclear().unwrap();
    assert_eq!(unclear.iter().map(|one| one.sequence).collect::<Vec<_>>(), [3]);
    assert_eq!(unclear[0].intent, intent("rotate"));
    journal.reconcile(&unclear[0], &done("confirmed")).unwrap();
    assert!(journal.unclear().unwrap().is_empty());
    let chain = place.chain();
    assert_eq!((chain.lines, chain.problems.len(), chain.remarks.len()), (5, 0, 0));
    assert_eq!(chain.head.unwrap(), line::sha256(place.lines().last().unwrap().as_bytes()));
}

#[test]
fn a_crash_at_any_byte_leaves_a_chain_that_holds_and_tells() {
    let place = Place::new();
    let journal = place.open();
    journal.begin(intent("revoke")).unwrap().finish(&done("accepted")).unwrap();
    drop(journal);
    let whole = place.bytes();
    let first = whole.iter().position(|b| *b == b'\n').unwrap() + 1;
    for cut in (0..whole.len()).step_by(7).chain([first - 1, first, first + 1, whole.len() - 1]) {
        place.write(&whole[..cut]);
        let torn = cut != 0 && cut != first && cut != first - 1 && cut != whole.len() - 1;
        let before = place.chain();
        assert_eq!((before.problems.len(), before.remarks.len()), (0, usize::from(torn)), "{cut}");
        let journal = place.open();
        // The second line ends what the first one began.
        let unclear = usize::from((first - 1..whole.len() - 1).contains(&cut));
        assert_eq!(journal.unclear().unwrap().len(), unclear, "{cut}");
        journal.begin(intent("verify")).unwrap().finish(&done("dead")).unwrap();
        let chain = place.chain();
        assert_eq!((chain.problems.as_slice(), chain.remarks.len()), (&[][..], usize::from(torn)), "{cut}");
        assert!(place.bytes().starts_with(&whole[..cut]), "nothing is taken away");
    }
}

#[test]
fn a_crash_while_telling_of_a_crash_is_told_as_well() {
    let place = Place::new();
    let journal = place.open();
    journal.begin(intent("revoke")).unwrap().finish(&done("accepted")).unwrap();
    drop(journal);
    let mut torn = place.bytes();
    torn.truncate(torn.len() - 40);
    place.write(&torn);
    drop(place.open().begin(intent("verify")).unwrap());
    let told = place.bytes();
    for cut in (torn.len() + 1..told.len() - 1).step_by(11).chain([torn.len() + 1]) {
        place.write(&told[..cut]);
        drop(place.open().begin(intent("verify")).unwrap());
        let chain = place.chain();
        assert!(chain.problems.is_empty(), "{cut}: {:?}", chain.problems);
        assert!(!chain.remarks.is_empty(), "{cut}");
    }
}

#[test]
fn hands_that_change_it_are_seen() {
    let place = Place::new();
    let journal = place.open();
    for action in ["a", "b", "c"] {
        journal.begin(intent(action)).unwrap().finish(&done("accepted")).unwrap();
    }
    drop(journal);
    let lines = place.lines();
    assert!(place.problems().is_empty());

    let mut changed = lines.clone();
    changed[3] = changed[3].replace("accepted", "refused!");
    place.write_lines(&changed);
    assert_eq!(place.problems(), [4]);
    changed[3] = lines[3].replace("it said so", "it said no");
    place.write_lines(&changed);
    assert_eq!(place.problems(), [4]);
    place.write_lines(&[&lines[..2], &lines[3..]].concat());
    assert_eq!(place.problems(), [3, 3, 3], "order, number, and the end of what was never begun");
    place.write_lines(&[&lines[..1], &lines[..]].concat());
    assert_eq!(place.problems(), [2, 2]);
    place.write_lines(&lines[2..]);
    assert_eq!(place.problems(), [1, 1]);
    let mut swapped = lines.clone();
    swapped.swap(4, 5);
    place.write_lines(&swapped);
    assert!(place.problems().contains(&5));
    let mut foreign = lines.clone();
    foreign.insert(2, "{\"sequence\":3}".into());
    place.write_lines(&foreign);
    assert_eq!(place.problems(), [3]);
    // A line that was changed with its own hash, too, does not fit the next one.
    let Read::Line(mut forged) = Line::read(lines[2].as_bytes()) else { panic!() };
    forged.who.user = "somebody else".into();
    let mut list = lines.clone();
    list[2] = String::from_utf8(forged.bytes().unwrap()).unwrap();
    place.write_lines(&list);
    assert_eq!(place.problems(), [4]);
    assert!(
        place.open().unclear().unwrap_err().to_string().contains("line 4"),
        "and nothing goes on from it"
    );
}

#[test]
fn a_kept_head_tells_that_the_end_was_taken_off() {
    let place = Place::new();
    let journal = place.open();
    journal.begin(intent("a")).unwrap().finish(&done("accepted")).unwrap();
    let head = place.chain().head.unwrap();
    drop(journal.begin(intent("b")).unwrap());
    let expected = |head: &str| read(&place.path(), Some(head), |_, _| ()).unwrap().expected;
    assert_eq!(expected(&head.to_uppercase()), Some(Expected::Found(1)));
    let lines = place.lines();
    place.write_lines(&lines[..1]);
    assert!(place.problems().is_empty(), "from inside it cannot be seen");
    assert_eq!(expected(&head), Some(Expected::Missing));
}

#[test]
fn an_end_that_was_changed_is_not_gone_on_from() {
    let place = Place::new();
    drop(place.open().begin(intent("a")).unwrap());
    let changed = place.lines()[0].replace("github.com", "gitlab.com");
    place.write_lines(&[changed]);
    let error = Journal::open(&place.path()).unwrap_err().to_string();
    assert!(error.contains("was changed") && error.contains("muzzle audit verify"), "{error}");
    place.write(b"something else\n");
    assert!(Journal::open(&place.path()).unwrap_err().to_string().contains("no line of one"));
}

#[test]
fn writers_side_by_side_keep_one_chain() {
    let place = Place::new();
    let write = || {
        let journal = place.open();
        for _ in 0..10 {
            journal.begin(intent("verify")).unwrap().finish(&done("live")).unwrap();
        }
    };
    std::thread::scope(|scope| (0..6).for_each(|_| drop(scope.spawn(write))));
    let shared = place.open();
    let begin = || shared.begin(intent("revoke")).unwrap().finish(&done("accepted")).unwrap();
    std::thread::scope(|scope| (0..10).for_each(|_| drop(scope.spawn(begin))));
    let chain = place.chain();
    assert_eq!((chain.lines, chain.problems.len(), chain.unclear.len()), (140, 0, 0));
}

#[test]
fn neither_secrets_nor_control_characters_get_in() {
    let place = Place::new();
    let secret = Secret::new(b"wherever-it-came-from-0123456789");
    let text = "x wherever-it-came-from-0123456789 \u{1b}[2J\r\n\u{202e}";
    let journal = place.open().guarded([&secret]);
    let mut bad = intent(text);
    bad.secret = "something raw".into();
    bad.note = Some(text.repeat(1000));
    bad.plan = Some(text.into());
    [&mut bad.rule, &mut bad.provider, &mut bad.fingerprint, &mut bad.place, &mut bad.call, &mut bad.consent]
        .into_iter()
        .for_each(|field| *field = text.into());
    let mut ended = done(text);
    ended.reason = text.into();
    ended.request_id = Some(text.into());
    journal.begin(bad).unwrap().finish(&ended).unwrap();
    let written = String::from_utf8(place.bytes()).unwrap();
    assert!(!written.contains("wherever-it") && !written.contains("raw"), "{written}");
    assert!(written.lines().all(|line| !line.chars().any(crate::report::text::is_steering)), "{written}");
    assert!(written.lines().all(|line| line.len() < 8 * LONGEST_TEXT));
    assert!(place.problems().is_empty());
}

#[cfg(unix)]
#[test]
fn it_is_ours_alone() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    let place = Place::new();
    drop(place.open());
    let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
    assert_eq!((mode(&place.path()), mode(place.path().parent().unwrap())), (0o600, 0o700));
    let refused = |path: &Path| Journal::open(path).unwrap_err().to_string();
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(refused(&place.path()).contains("chmod 600"), "{}", refused(&place.path()));
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o600)).unwrap();
    let link = place.directory.path().join("link");
    symlink(place.path(), &link).unwrap();
    assert!(refused(&link).contains("symbolic link"));
    assert!(refused(place.directory.path()).contains("the journal"));
    assert!(refused(Path::new("/dev/null")).contains("the journal"));
    let pipe = place.directory.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    assert!(refused(&pipe).contains("no file"));
    assert!(read(&pipe, None, |_, _| ()).is_err());
}

#[cfg(unix)]
#[test]
fn what_was_moved_away_is_not_gone_on_with() {
    let place = Place::new();
    let journal = place.open();
    let pending = journal.begin(intent("a")).unwrap();
    std::fs::rename(place.path(), place.path().with_extension("old")).unwrap();
    assert!(journal.begin(intent("b")).unwrap_err().to_string().contains("moved"));
    pending.finish(&done("accepted")).unwrap();
    assert!(read(&place.path().with_extension("old"), None, |_, _| ()).unwrap().unclear.is_empty());
}
