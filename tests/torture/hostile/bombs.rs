//! Archives that grow beyond all bounds, and those that lead out of themselves.

use std::io::{Cursor, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;

use crate::case::{Case, case, finds};
use crate::support::line;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The header of a member of a tar, which may lie about its size.
fn tar_header(name: &str, size: &str, kind: u8) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..107].copy_from_slice(b"0000644");
    header[124..124 + size.len()].copy_from_slice(size.as_bytes());
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    header
}

fn padded(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(512, 0);
    bytes
}

pub(crate) fn cases() -> Vec<Case> {
    let bombs: [(&str, fn() -> Vec<u8>); 11] = [
        ("gzip-of-a-gigabyte", || {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            (0..1024).for_each(|_| encoder.write_all(&[0; 1 << 20]).unwrap());
            encoder.finish().unwrap()
        }),
        ("gzip-of-gzip-of-zeros", || gzip(&gzip(&gzip(&vec![0; 200 << 20])))),
        ("gzip-fifty-deep", || (0..50).fold(line("deep").into_bytes(), |bytes, _| gzip(&bytes))),
        ("zip-of-zips", || {
            let mut inner = zip(&[("zeros", &vec![0; 50 << 20])]);
            for _ in 0..3 {
                let names: Vec<String> = (0..16).map(|i| format!("{i}.zip")).collect();
                let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &*inner)).collect();
                inner = zip(&members);
            }
            inner
        }),
        ("zip-thirty-deep", || (0..30).fold(zip(&[("a", b"a")]), |bytes, _| zip(&[("a.zip", &bytes)]))),
        ("zip-of-hundred-thousand", || {
            let names: Vec<String> = (0..100_000).map(|i| i.to_string()).collect();
            let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x\n"[..])).collect();
            zip(&members)
        }),
        ("zip-whose-members-overlap", || {
            // Each entry of the directory points at one and the same member.
            let names: Vec<String> = (0..500).map(|i| format!("{i:04}")).collect();
            let zeros = vec![0; 20 << 20];
            let first = zip(&[(&names[0], &zeros)]);
            let directory = first.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
            let end = first.windows(4).rposition(|w| w == b"PK\x05\x06").unwrap();
            let entry = &first[directory..end];
            let mut bytes = first[..directory].to_vec();
            for name in &names {
                bytes.extend(&entry[..46]);
                bytes.extend(name.as_bytes());
                bytes.extend(&entry[46 + name.len()..]);
            }
            let size = u32::try_from(entry.len() * 500).unwrap();
            let mut tail = first[end..].to_vec();
            tail[8..12].copy_from_slice(&[0xf4, 1, 0xf4, 1]);
            tail[12..16].copy_from_slice(&size.to_le_bytes());
            bytes.extend(tail);
            bytes
        }),
        ("tar-size-negative", || {
            let mut header = tar_header("a", "", b'0');
            header[124..136].fill(0xff);
            header[148..156].fill(b' ');
            let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
            header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
            [header, padded("x"), vec![0; 1024]].concat()
        }),
        ("tar-long-name-absurd", || {
            [tar_header("././@LongLink", "77777777777", b'L'), padded("x"), vec![0; 1024]].concat()
        }),
        ("bzip2-of-zeros", || {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
            (0..300).for_each(|_| encoder.write_all(&[0; 1 << 20]).unwrap());
            encoder.finish().unwrap()
        }),
        ("xz-of-zeros", || {
            let mut writer =
                lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(0)).unwrap();
            (0..300).for_each(|_| writer.write_all(&[0; 1 << 20]).unwrap());
            writer.finish().unwrap()
        }),
    ];
    let mut cases = Vec::new();
    for (name, make) in bombs {
        cases.push(case(format!("bomb-{name}"), move |t| {
            t.write("a", line("a"));
            t.write("bomb", make());
            finds(["a"]).gaps([""])
        }));
    }
    cases.push(case("bomb-tar-size-absurd", |t| {
        t.write("bomb", [tar_header("a", "77777777777", b'0'), padded(&line("cut")), vec![0; 1024]].concat());
        finds(["cut"]).gaps(["unreadable-member bomb"])
    }));
    cases.push(case("bomb-tar-extended-header-absurd", |t| {
        let size = padded("30 size=9999999999999999999\n");
        let member = [tar_header("a", "00000000002", b'0'), padded("x"), vec![0; 1024]].concat();
        t.write("bomb", [tar_header("x", "00000000036", b'x'), size, member].concat());
        t.write("a", line("a"));
        finds(["a"]).either()
    }));
    cases.push(case("bomb-gzip-members-hundred-thousand", |t| {
        t.write("bomb", [gzip(b"").repeat(100_000), gzip(line("last").as_bytes())].concat());
        finds(["last"])
    }));
    cases.push(case("bomb-sparse-tar", |t| {
        // A gigabyte of nothing, and what stands behind it.
        let path = t.outside("sparse");
        let file = std::fs::File::create(&path).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, line("end").as_bytes(), 1 << 30).unwrap();
        let mut tar = std::process::Command::new("tar");
        tar.args(["--format=gnu", "-S", "-cf"])
            .arg(t.path("bomb"))
            .arg("-C")
            .arg(t.outside(""))
            .arg("sparse");
        assert!(tar.status().unwrap().success());
        std::fs::remove_file(path).unwrap();
        t.write("a", line("a"));
        finds(["a"]).or_gap(["end"])
    }));
    cases.push(case("bomb-in-history", |t| {
        t.git(["init", "-q"]);
        t.write("bomb", gzip(&vec![0; 300 << 20]));
        t.commit("bomb");
        std::fs::remove_file(t.path("bomb")).unwrap();
        t.commit_file("a", line("a"));
        finds(["a"]).gaps(["too-large "])
    }));
    for (name, member) in [
        ("parent", "../../../../etc/cron.d/evil"),
        ("absolute", "/etc/cron.d/evil"),
        ("drive", "C:\\evil"),
        ("backslashes", "..\\..\\evil"),
        ("escape", "a\u{1b}[2Jb"),
        ("newline", "a\n::error::b"),
        ("empty", ""),
    ] {
        cases.push(case(format!("archive-member-{name}"), move |t| {
            t.write("a.zip", zip(&[(member, line("zipped").as_bytes())]));
            let text = line("tarred");
            let size = format!("{:011o}", text.len());
            t.write("a.tar", [tar_header(member, &size, b'0'), padded(&text), vec![0; 1024]].concat());
            finds(["zipped", "tarred"])
        }));
    }
    cases.push(case("zip-members-of-one-name", |t| {
        let mut bytes = zip(&[("one", line("first").as_bytes()), ("two", line("second").as_bytes())]);
        while let Some(at) = bytes.windows(3).position(|name| name == b"two") {
            bytes[at..at + 3].copy_from_slice(b"one");
        }
        t.write("a.zip", bytes);
        finds(["first", "second"])
    }));
    for (name, kind) in
        [("link", b'2'), ("hard-link", b'1'), ("device", b'3'), ("pipe", b'6'), ("directory", b'5')]
    {
        cases.push(case(format!("tar-member-{name}"), move |t| {
            let mut header = tar_header("evil", "00000000000", kind);
            header[157..168].copy_from_slice(b"/etc/passwd");
            header[148..156].fill(b' ');
            let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
            header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
            let text = line("tarred");
            let size = format!("{:011o}", text.len());
            let file = [tar_header("evil/passwd", &size, b'0'), padded(&text), vec![0; 1024]].concat();
            t.write("a.tar", [header, file].concat());
            finds(["tarred"])
        }));
    }
    cases
}
