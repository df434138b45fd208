//! Archives, compressed files and documents: what is in them, what is wrong with them, and bombs.

use std::io::{Cursor, Write as _};

use base64::Engine as _;

use crate::case::{Case, Expected, case, clean, finds};
use crate::support::archives::{DEFLATED, bzip2, gzip, noisy, seven_zip, tar, xz, zip, zstd};
use crate::support::{Sandbox, github, line};

mod broken;
mod documents;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = kinds();
    cases.extend(documents::cases());
    cases.extend(broken::cases());
    cases
}

/// A file that is committed and lies in the working tree; a token must be found in both, in this member.
fn committed(t: &Sandbox, name: &str, bytes: &[u8], member: &str) -> Expected {
    t.git(["init", "-q"]);
    let id = t.commit_file(name, bytes);
    let place = if member.is_empty() { format!("{name}:") } else { format!("{name}!{member}:") };
    finds(["one"]).at_some(&place, " worktree").at_some(&place, &format!(" commit {id} head"))
}

fn kinds() -> Vec<Case> {
    let text = noisy(&line("one"));
    let text = text.as_slice();
    let stored = zip::CompressionMethod::Stored;
    let coded = base64::engine::general_purpose::STANDARD.encode(text);
    let list: Vec<(&'static str, Vec<u8>, &'static str)> = vec![
        ("a.gz", gzip(text), ""),
        ("a.bz2", bzip2(text), ""),
        ("a.xz", xz(text), ""),
        ("a.zst", zstd(text), ""),
        ("a.zip", zip(&[("d/b.txt", text)], DEFLATED), "d/b.txt"),
        ("stored.zip", zip(&[("b.txt", text)], stored), "b.txt"),
        ("bzip2.zip", zip(&[("b.txt", text)], zip::CompressionMethod::Bzip2), "b.txt"),
        ("a.tar", tar(&[("x", b"x"), ("d/b.txt", text)]), "d/b.txt"),
        ("a.tar.gz", gzip(&tar(&[("b.txt", text)])), "b.txt"),
        ("a.tar.bz2", bzip2(&tar(&[("b.txt", text)])), "b.txt"),
        ("a.tar.xz", xz(&tar(&[("b.txt", text)])), "b.txt"),
        ("a.tar.zst", zstd(&tar(&[("b.txt", text)])), "b.txt"),
        ("a.7z", seven_zip(&[("x", b"x"), ("d/b.txt", text)]), "d/b.txt"),
        (
            "a.jar",
            zip(&[("META-INF/MANIFEST.MF", b"x"), ("application.properties", text)], DEFLATED),
            "application.properties",
        ),
        (
            "a.war",
            zip(&[("WEB-INF/lib/c.jar", &zip(&[("b.txt", text)], DEFLATED))], stored),
            "WEB-INF/lib/c.jar!b.txt",
        ),
        ("a-1.0-py3-none-any.whl", zip(&[("a/__init__.py", text)], DEFLATED), "a/__init__.py"),
        ("a.nupkg", zip(&[("a.nuspec", text)], DEFLATED), "a.nuspec"),
        ("a.apk", zip(&[("classes.dex", text)], DEFLATED), "classes.dex"),
        ("no-extension", gzip(text), ""),
        ("wrong.png", zip(&[("b.txt", text)], DEFLATED), "b.txt"),
        ("in-the-middle.zip", zip(&[("a", b"x"), ("b.txt", text), ("c", b"y")], DEFLATED), "b.txt"),
        ("nested.zip", zip(&[("in/b.tgz", &gzip(&tar(&[("c.txt", text)])))], DEFLATED), "in/b.tgz!c.txt"),
        ("five-deep.gz", gzip(&bzip2(&xz(&zstd(&gzip(text))))), ""),
        ("two-members.gz", [gzip(&noisy("x\n")), gzip(text)].concat(), ""),
        ("two-streams.bz2", [bzip2(&noisy("x\n")), bzip2(text)].concat(), ""),
        ("two-streams.xz", [xz(&noisy("x\n")), xz(text)].concat(), ""),
        (
            "two-frames.zst",
            [zstd(&noisy("x\n")), vec![0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3], zstd(text)].concat(),
            "",
        ),
        ("padding-behind.tar.gz", [gzip(&tar(&[("b.txt", text)])), vec![0; 512]].concat(), "b.txt"),
        ("base64-inside.zip", zip(&[("b.txt", coded.as_bytes())], DEFLATED), "b.txt"),
        (
            "utf-16-inside.zip",
            zip(
                &[(
                    "b.txt",
                    &"some words more\n"
                        .chars()
                        .chain(line("one").chars())
                        .flat_map(|c| [u8::try_from(u32::from(c)).unwrap(), 0])
                        .collect::<Vec<u8>>(),
                )],
                DEFLATED,
            ),
            "b.txt",
        ),
        ("same-name-twice.tar", tar(&[("b.txt", b"x"), ("b.txt", text)]), "b.txt"),
    ];
    let mut cases: Vec<Case> = list
        .into_iter()
        .map(|(name, bytes, member)| case(name, move |t| committed(t, name, &bytes, member)))
        .collect();
    cases.extend(ways());
    cases
}

/// Where containers can lie, and what was asked for.
fn ways() -> Vec<Case> {
    let archive = || zip(&[("b.txt", &noisy(&line("one")))], DEFLATED);
    vec![
        case("a script with a zip behind it", move |t| {
            let bytes = [b"#!/usr/bin/env python3\n".to_vec(), archive()].concat();
            committed(t, "a.pyz", &bytes, "b.txt")
        }),
        case("a zip with a comment and a token in it", |t| {
            let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
            writer.set_comment(line("one")).unwrap();
            writer.start_file("b", zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(b"x").unwrap();
            t.write("a.zip", writer.finish().unwrap().into_inner());
            finds(["one"])
        }),
        case("a member's name", |t| {
            let bytes = tar(&[(&github("one"), b"x")]);
            t.write("a.tar", bytes);
            finds(["one"])
        }),
        case("only in history", move |t| {
            t.git(["init", "-q"]);
            let id = t.commit_file("a.zip", archive());
            t.git(["rm", "-q", "a.zip"]);
            t.commit("gone");
            finds(["one"]).at_some("a.zip!b.txt:", &format!(" commit {id}"))
        }),
        case("versions of a tar as deltas", |t| {
            t.git(["init", "-q"]);
            let filler = noisy("filler\n");
            t.commit_file("a.tar", tar(&[("f", &filler)]));
            t.commit_file("a.tar", tar(&[("f", &filler), ("b.txt", line("one").as_bytes())]));
            t.commit_file("a.tar", tar(&[("f", &filler), ("g", b"x")]));
            t.git(["repack", "-adfq", "--depth=50"]);
            finds(["one"]).at_some("a.tar!b.txt:", "")
        }),
        case("staged", move |t| {
            t.git(["init", "-q"]);
            t.write("a.zip", archive());
            t.git(["add", "a.zip"]);
            finds(["one"]).with(["--staged"]).at_some("a.zip!b.txt:", "")
        }),
        case("from standard input", move |_| finds(["one"]).with(["-"]).fed(archive())),
        case("closed", move |t| {
            t.write("a.zip", archive());
            clean().with([".", "--no-archives"])
        }),
        case("too large to be opened", |t| {
            let noise: Vec<u8> =
                (0..4u64 << 20).flat_map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()).collect();
            let mut bytes =
                zip(&[("x", &noise), ("y", &noise), ("z", &noise)], zip::CompressionMethod::Stored);
            bytes.extend_from_slice(b"\n");
            t.write("a.zip", bytes);
            clean().gaps(["too-large a.zip"])
        }),
    ]
}
