//! Archives, compressed files and wide characters: what is in them is found, with its member's name; bombs are counted.

use super::support::archives::{DEFLATED, bzip2, gzip, noisy, seven_zip, tar, xz, zip, zstd};
use super::support::{RULE, Sandbox, github, line};

#[test]
fn every_kind_is_opened_and_names_the_member() {
    let text = noisy(&line("one"));
    let text = text.as_slice();
    let nested = zip(&[("in/b.tgz", &gzip(&tar(&[("c.txt", text)])))], DEFLATED);
    for (name, bytes, place) in [
        ("a.gz", gzip(text), "a.gz:401:3"),
        ("a.bz2", bzip2(text), "a.bz2:401:3"),
        ("a.xz", xz(text), "a.xz:401:3"),
        ("a.zst", zstd(text), "a.zst:401:3"),
        ("a.zip", zip(&[("d/b.txt", text)], DEFLATED), "a.zip!d/b.txt:401:3"),
        ("a.jar", zip(&[("b.txt", text)], zip::CompressionMethod::Stored), "a.jar!b.txt:401:3"),
        ("bz.zip", zip(&[("b.txt", text)], zip::CompressionMethod::Bzip2), "bz.zip!b.txt:401:3"),
        ("a.tar", tar(&[("x", b"x"), ("d/b.txt", text)]), "a.tar!d/b.txt:401:3"),
        ("a.tar.gz", gzip(&tar(&[("b.txt", text)])), "a.tar.gz!b.txt:401:3"),
        ("a.tar.xz", xz(&tar(&[("b.txt", text)])), "a.tar.xz!b.txt:401:3"),
        ("a.tar.zst", zstd(&tar(&[("b.txt", text)])), "a.tar.zst!b.txt:401:3"),
        ("a.7z", seven_zip(&[("d/b.txt", text)]), "a.7z!d/b.txt:401:3"),
        ("no-extension", nested, "no-extension!in/b.tgz!c.txt:401:3"),
    ] {
        let sandbox = Sandbox::repository();
        let commit = sandbox.commit_file(name, &bytes);
        let scan = sandbox.scan(&[]);
        let history = format!("{RULE} {place} commit {}", &commit[..7]);
        let places = scan.places();
        assert!(places.contains(&format!("{RULE} {place} worktree")), "{name}: {places:?}");
        assert_eq!(places.len(), 2, "{name}: {places:?} {history}");
        assert_eq!(scan.gaps(), [""; 0], "{name}");
        let finding = &scan.report["findings"][0];
        assert!(!scan.report.to_string().contains(&github("one")));
        let occurrence = &finding["occurrences"][0];
        match place.split_once('!') {
            Some((_, member)) => assert_eq!(occurrence["member"], member.split(':').next().unwrap()),
            None => assert!(occurrence["decoded"].is_string(), "{occurrence}"),
        }
        assert_eq!(scan.code, 1);
        let closed = sandbox.scan(&["--no-archives"]);
        // What is merely stored stands there in the clear.
        assert_eq!(
            closed.expect_complete().count(),
            usize::from(["a.jar", "a.tar"].contains(&name)),
            "{name}"
        );
    }
}

#[test]
fn what_is_damaged_or_locked_is_told_and_the_rest_is_found() {
    let text = noisy(&line("one"));
    let whole = gzip(&[&text[..], &noisy(&line("two"))[..]].concat());
    let whole_zip = zip(&[("a", &text[..]), ("b", &noisy(&line("two"))[..])], DEFLATED);
    let directory = whole_zip.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let mut locked = zip(&[("a", &text[..])], DEFLATED);
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = locked.windows(4).position(|w| w == signature).unwrap();
        locked[at + flags] |= 1;
    }
    for (name, bytes, finds, gap) in [
        ("cut.gz", whole[..whole.len() * 3 / 4].to_vec(), 1, "unreadable-member cut.gz"),
        ("cut.zip", whole_zip[..directory].to_vec(), 2, "unreadable-member cut.zip"),
        ("locked.zip", locked, 0, "unreadable-member locked.zip!a"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write(name, bytes);
        let scan = sandbox.scan(&[]);
        assert_eq!(scan.places().len(), finds, "{name}: {:?}", scan.places());
        assert_eq!(scan.gaps(), [gap], "{name}");
        assert_eq!(scan.code, if finds > 0 { 4 } else { 3 });
    }
}

#[test]
fn what_only_looks_like_an_archive_is_text() {
    for head in ["PK\x03\x04", "BZh91AY&SY", "%PDF-1.4\n", "7z\u{bc}", "\x1f"] {
        let sandbox = Sandbox::new();
        sandbox.write("a", format!("{head} {}", line("one")));
        assert_eq!(sandbox.scan(&[]).places().len(), 1, "{head:?}");
    }
}

#[test]
fn bombs_are_counted_and_quick() {
    let zeros = vec![0u8; 40 << 20];
    let mut bomb = gzip(&zeros);
    for _ in 0..3 {
        let members: Vec<(String, Vec<u8>)> = (0..16).map(|n| (format!("{n}.gz"), bomb.clone())).collect();
        let members: Vec<(&str, &[u8])> = members.iter().map(|(n, b)| (n.as_str(), b.as_slice())).collect();
        bomb = zip(&members, DEFLATED);
    }
    let deep = (0..12).fold(noisy(&line("one")), |inner, _| gzip(&inner));
    for (name, bytes) in [("bomb.zip", bomb), ("deep.gz", deep)] {
        let sandbox = Sandbox::new();
        sandbox.write(name, bytes);
        sandbox.write("beside", line("two"));
        let scan = sandbox.scan(&[]);
        assert_eq!((scan.code, scan.places().len()), (4, 1), "{name}: {:?}", scan.gaps());
        assert!(scan.gaps().iter().all(|gap| gap.starts_with("too-large ")), "{:?}", scan.gaps());
    }
}

#[test]
fn member_names_neither_climb_nor_steer() {
    let text = noisy(&line("one"));
    let name = "../../etc/\u{1b}[31mpasswd\n::error::x";
    let sandbox = Sandbox::new();
    sandbox.write("a.zip", zip(&[(name, &text)], DEFLATED));
    let run = sandbox.muzzle(["scan", "."]);
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(text.contains("a.zip!../../etc/\\u{1b}[31mpasswd\\n::error::x:401:3"), "{text}");
    assert!(!text.contains('\u{1b}'));
    assert!(!sandbox.path("../../etc").exists());
}
