//! Encodings of texts, places in them, and what stands encoded inside.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::case::{Case, Expected, case, clean, finds};
use crate::support::{Sandbox, github, line};

mod coded;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = encodings();
    cases.extend(places());
    cases.extend(coded::cases());
    cases
}

/// A file that is committed and lies in the working tree; the token must be found in both.
fn committed(t: &Sandbox, bytes: &[u8]) -> Expected {
    t.git(["init", "-q"]);
    let id = t.commit_file("a", bytes);
    // What stands there of it must be found in either place.
    finds(["one"]).at_some("a:", " worktree").at_some("a:", &format!(" commit {id} head"))
}

fn units(text: &str, write: impl Fn(u32) -> Vec<u8>) -> Vec<u8> {
    text.chars().flat_map(|c| write(u32::from(c))).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "these texts have no characters beyond")]
fn encodings() -> Vec<Case> {
    let text = || format!("# notes\nsecond line, and some words more\n{}last\n", line("one"));
    let japanese: &[u8] = b"\x93\xfa\x96\x7b\x8c\xea ";
    let list: Vec<(&str, Vec<u8>)> = vec![
        ("utf-8", text().into_bytes()),
        ("utf-8 with a mark", [b"\xef\xbb\xbf".as_slice(), text().as_bytes()].concat()),
        ("utf-8 with a mark right before it", format!("\u{feff}{}", github("one")).into_bytes()),
        ("utf-8 of many languages", format!("日本語 ключ مفتاح 🔑 {} ключ", github("one")).into_bytes()),
        (
            "utf-16-le with a mark",
            [b"\xff\xfe".to_vec(), units(&text(), |u| (u as u16).to_le_bytes().into())].concat(),
        ),
        (
            "utf-16-be with a mark",
            [b"\xfe\xff".to_vec(), units(&text(), |u| (u as u16).to_be_bytes().into())].concat(),
        ),
        ("utf-16-le", units(&text(), |u| (u as u16).to_le_bytes().into())),
        ("utf-16-be", units(&text(), |u| (u as u16).to_be_bytes().into())),
        (
            "utf-32-le with a mark",
            [b"\xff\xfe\0\0".to_vec(), units(&text(), |u| u.to_le_bytes().into())].concat(),
        ),
        (
            "utf-32-be with a mark",
            [b"\0\0\xfe\xff".to_vec(), units(&text(), |u| u.to_be_bytes().into())].concat(),
        ),
        ("utf-32-le", units(&text(), |u| u.to_le_bytes().into())),
        ("utf-32-be", units(&text(), |u| u.to_be_bytes().into())),
        (
            "utf-16 with an odd byte at its end",
            [units(&text(), |u| (u as u16).to_le_bytes().into()), b"x".to_vec()].concat(),
        ),
        (
            "utf-16 that is mostly Cyrillic",
            units(&format!("{}\n{}", "ключ ".repeat(100), line("one")), |u| {
                (u as u16).to_le_bytes().into()
            }),
        ),
        (
            "utf-16 behind a binary head",
            [
                vec![7, 0, 0, 1, 2, 0xff, 0, 0, 0, 9, 8].repeat(100),
                units(&text(), |u| (u as u16).to_le_bytes().into()),
            ]
            .concat(),
        ),
        (
            "utf-16-be at an odd place of something binary",
            [vec![1, 2, 0xff], units(&text(), |u| (u as u16).to_be_bytes().into())].concat(),
        ),
        ("latin-1", [b"Schl\xfcssel: ".as_slice(), line("one").as_bytes(), b"\xe4\xf6\xfc"].concat()),
        ("latin-1 on both sides", [b"\xfc ", github("one").as_bytes(), b" \xfc"].concat()),
        ("shift-jis", [japanese, line("one").as_bytes(), japanese].concat()),
        ("euc-jp", [b"\xc6\xfc\xcb\xdc\xb8\xec ".as_slice(), line("one").as_bytes()].concat()),
        ("windows-1251", [b"\xea\xeb\xfe\xf7 = ".as_slice(), line("one").as_bytes()].concat()),
        ("ebcdic around it", [vec![0xc1, 0x40, 0xc2, 0x15], line("one").into_bytes()].concat()),
        ("a zero before", [b"a\0".as_slice(), line("one").as_bytes()].concat()),
        ("zeros on both sides", [b"a\0\0\0 ", github("one").as_bytes(), b"\0\0\0b"].concat()),
        ("a zero in the first line only", [b"\0\n".as_slice(), line("one").as_bytes()].concat()),
        ("lines that end in carriage returns", text().replace('\n', "\r").into_bytes()),
        ("lines of every end", format!("a\rb\r\nc\n{}\r\n\rd", line("one")).into_bytes()),
        ("crlf", text().replace('\n', "\r\n").into_bytes()),
        ("form feeds and vertical tabs", format!("a\x0b\x0c{}\x0c", github("one")).into_bytes()),
        ("escape sequences of a terminal", format!("\x1b[31m{}\x1b[0m\n", github("one")).into_bytes()),
        ("next line and line separator", format!("a\u{85}{}\u{2028}b", github("one")).into_bytes()),
        ("zero-width characters around", format!("\u{200b}{}\u{200b}", github("one")).into_bytes()),
        ("bytes that are no text", [vec![0xff, 0xfd, 0xfa], line("one").into_bytes(), vec![0xfe]].concat()),
    ];
    list.into_iter().map(|(name, bytes)| case(name, move |t| committed(t, &bytes))).collect()
}

/// Secrets at the edges of files and of what is read at once.
fn places() -> Vec<Case> {
    let mut cases = vec![
        case("the only thing", |t| committed(t, github("one").as_bytes())),
        case("the first bytes", |t| committed(t, format!("{}\nx\n", github("one")).as_bytes())),
        case("the last bytes", |t| committed(t, format!("x\ny {}", github("one")).as_bytes())),
        case("an empty file", |t| {
            t.git(["init", "-q"]);
            t.commit_file("a", "");
            clean()
        }),
        case("a line of ten megabytes", |t| {
            committed(
                t,
                format!("{} {} {}", "ab ".repeat(2 << 20), github("one"), "cd ".repeat(2 << 20)).as_bytes(),
            )
        }),
        case("a million lines", |t| {
            committed(t, format!("{}{}", "x\n".repeat(1_000_000), line("one")).as_bytes())
        }),
    ];
    for (name, border) in
        [("four mebibytes", 4 << 20), ("eight mebibytes", 8 << 20), ("32 mebibytes", 32 << 20)]
    {
        cases.push(case(format!("across {name} of a large file"), move |t| {
            let token = github("one");
            let mut bytes = "a b c d e\n".repeat(1 + (34 << 20) / 10).into_bytes();
            let at = border - token.len() / 2;
            bytes[at - 1] = b' ';
            bytes[at..at + token.len()].copy_from_slice(token.as_bytes());
            bytes[at + token.len()] = b' ';
            t.write("a", bytes);
            finds(["one"])
        }));
    }
    cases.push(case("encoded across four mebibytes of a large file", |t| {
        let coded = STANDARD.encode(format!("{{\"token\": \"{}\"}}", github("one")));
        let mut bytes = "a b c d e\n".repeat(1 + (34 << 20) / 10).into_bytes();
        let at = (4 << 20) - coded.len() / 2;
        bytes[at - 1] = b' ';
        bytes[at..at + coded.len()].copy_from_slice(coded.as_bytes());
        bytes[at + coded.len()] = b' ';
        t.write("a", bytes);
        finds(["one"])
    }));
    cases
}
