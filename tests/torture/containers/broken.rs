//! Damaged, locked and boundless containers: what can be read is read, the rest is told.

use crate::case::{Case, any, case, clean, finds};
use crate::support::archives::{DEFLATED, bzip2, gzip, noisy, seven_zip, tar, xz, zip, zstd};
use crate::support::line;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = damaged();
    cases.extend(boundless());
    cases
}

fn damaged() -> Vec<Case> {
    let first = || [noisy(&line("one")), noisy("x\n"), noisy("y\n")].concat();
    let cut = |bytes: Vec<u8>| bytes[..bytes.len() * 4 / 5].to_vec();
    let flipped = |mut bytes: Vec<u8>| {
        let middle = bytes.len() * 9 / 10;
        bytes[middle] ^= 0x55;
        bytes
    };
    let two = [("a", noisy(&line("one"))), ("b", noisy("x\n"))];
    let two: Vec<(&str, &[u8])> = two.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    let whole_zip = zip(&two, DEFLATED);
    let directory = whole_zip.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    let second = whole_zip.windows(4).rposition(|w| w == b"PK\x03\x04").unwrap();
    let mut one_member_damaged = whole_zip.clone();
    one_member_damaged[second + 60..second + 80].fill(0xff);
    // Name, bytes, whether the token is found, what is told.
    let list: Vec<(&'static str, Vec<u8>, bool, &'static str)> = vec![
        ("cut.gz", cut(gzip(&first())), true, "unreadable-member cut.gz"),
        ("flipped.gz", flipped(gzip(&first())), true, "unreadable-member flipped.gz"),
        (
            "without its checksum.gz",
            {
                let z = gzip(&first());
                z[..z.len() - 8].to_vec()
            },
            true,
            "unreadable-member without its checksum.gz",
        ),
        (
            "wrong checksum.gz",
            {
                let mut z = gzip(&first());
                let at = z.len() - 6;
                z[at] ^= 1;
                z
            },
            true,
            "unreadable-member wrong checksum.gz",
        ),
        ("cut.xz", cut(xz(&first())), false, "unreadable-member cut.xz"),
        ("head only.xz", xz(&first())[..12].to_vec(), false, "unreadable-member head only.xz"),
        ("cut.bz2", cut(bzip2(&first())), false, "unreadable-member cut.bz2"),
        ("cut.zst", cut(zstd(&first())), false, "unreadable-member cut.zst"),
        ("cut.7z", cut(seven_zip(&two)), false, "unreadable-member cut.7z"),
        ("cut.tar.gz", cut(gzip(&tar(&two))), true, "unreadable-member cut.tar.gz"),
        (
            "without its directory.zip",
            whole_zip[..directory].to_vec(),
            true,
            "unreadable-member without its directory.zip",
        ),
        (
            "cut in the second member.zip",
            whole_zip[..second + 100].to_vec(),
            true,
            "unreadable-member cut in the second member.zip",
        ),
        ("one member damaged.zip", one_member_damaged, true, "unreadable-member one member damaged.zip!b"),
        (
            "garbage.gz",
            [b"\x1f\x8b\x08\0".to_vec(), vec![0xaa; 300]].concat(),
            false,
            "unreadable-member garbage.gz",
        ),
        (
            "locked.zip",
            {
                let mut locked = zip(&[("a", &noisy("x\n")[..])], DEFLATED);
                for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
                    let at = locked.windows(4).position(|w| w == signature).unwrap();
                    locked[at + flags] |= 1;
                }
                locked
            },
            false,
            "unreadable-member locked.zip!a",
        ),
    ];
    let mut cases: Vec<Case> = list
        .into_iter()
        .map(|(name, bytes, is_found, gap)| {
            case(name, move |t| {
                t.write(name, &bytes);
                // Block sorters give whole blocks only: where nothing of the text came out, nothing is found.
                let expected = if is_found { finds(["one"]) } else { any() };
                expected.gaps([gap])
            })
        })
        .collect();
    for head in ["PK\x03\x04", "BZh91AY&SY", "%PDF-1.4\n", "7z\u{bc}", "ustar", "\x1f\u{8b}"] {
        cases.push(case(format!("text that begins with {head:?}"), move |t| {
            t.write("a", format!("{head} {}", line("one")));
            finds(["one"]).either()
        }));
    }
    cases
}

fn boundless() -> Vec<Case> {
    let zeros = || vec![0u8; 40 << 20];
    vec![
        case("gzip of zeros, of gzip of zeros", move |t| {
            let bomb = gzip(&gzip(&gzip(&[zeros(), zeros()].concat())));
            t.write("a.gz", bomb);
            t.write("beside", line("one"));
            finds(["one"]).gaps(["too-large a.gz"])
        }),
        case("a zip of zips of zips", move |t| {
            let mut bomb = gzip(&zeros());
            for _ in 0..3 {
                let members: Vec<(String, Vec<u8>)> =
                    (0..16).map(|n| (format!("{n}.gz"), bomb.clone())).collect();
                let members: Vec<(&str, &[u8])> =
                    members.iter().map(|(n, b)| (n.as_str(), b.as_slice())).collect();
                bomb = zip(&members, DEFLATED);
            }
            t.write("a.zip", bomb);
            t.write("beside", line("one"));
            finds(["one"]).gaps(["too-large a.zip"])
        }),
        case("twelve deep", |t| {
            t.write("a.gz", (0..12).fold(noisy(&line("two")), |inner, _| gzip(&inner)));
            t.write("beside", line("one"));
            finds(["one"]).gaps(["too-large a.gz"])
        }),
        case("sixty thousand members", |t| {
            let names: Vec<String> = (0..60_000).map(|n| n.to_string()).collect();
            let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
            t.write("a.zip", zip(&members, zip::CompressionMethod::Stored));
            t.write("beside", line("one"));
            finds(["one"]).gaps(["too-large a.zip"])
        }),
        case("a member that says to be eight exbibytes", |t| {
            let mut bytes = tar(&[("a", line("one").as_bytes()), ("b", b"x")]);
            // GNU's binary size.
            let header = &mut bytes[1024..1536];
            header[124..136]
                .copy_from_slice(&[0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
            header[148..156].fill(b' ');
            let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
            header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            t.write("a.tar", bytes);
            finds(["one"]).gaps(["unreadable-member a.tar"])
        }),
        case("a sparse member of a pebibyte", |t| {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::GNUSparse);
            header.set_path("s").unwrap();
            header.set_size(512);
            let gnu = header.as_gnu_mut().unwrap();
            gnu.sparse[0].set_offset(0);
            gnu.sparse[0].set_length(512);
            gnu.set_real_size(1 << 50);
            header.set_cksum();
            let text = format!("{:512}", line("one"));
            let bytes = [header.as_bytes().as_slice(), text.as_bytes(), &[0; 1024]].concat();
            t.write("a.tar", bytes);
            any().either()
        }),
        case("many bombs in base64", move |t| {
            use base64::Engine as _;
            let bomb = base64::engine::general_purpose::STANDARD.encode(gzip(&zeros()));
            t.write("a", format!("{bomb}\n \n").repeat(60));
            t.write("beside", line("one"));
            finds(["one"]).gaps(["too-large a"])
        }),
        case("names that climb, steer and escape", |t| {
            let text = noisy(&line("one"));
            let names = [
                "../../../../etc/cron.d/x",
                "/etc/passwd",
                "\u{1b}[31mred",
                "a\n::error::b",
                "c\\..\\d",
                "con",
            ];
            let members: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, text.as_slice())).collect();
            t.write("a.zip", zip(&members, DEFLATED));
            finds(["one"])
        }),
        case("links and devices of a tar", |t| {
            let mut builder = tar::Builder::new(Vec::new());
            for (kind, name) in [
                (tar::EntryType::Symlink, "s"),
                (tar::EntryType::Link, "h"),
                (tar::EntryType::Char, "c"),
                (tar::EntryType::Fifo, "f"),
            ] {
                let mut header = tar::Header::new_gnu();
                header.set_entry_type(kind);
                header.set_size(0);
                builder.append_link(&mut header, name, "/etc/passwd").unwrap();
            }
            let mut header = tar::Header::new_gnu();
            header.set_size(line("one").len() as u64);
            builder.append_data(&mut header, "b", line("one").as_bytes()).unwrap();
            t.write("a.tar", builder.into_inner().unwrap());
            finds(["one"])
        }),
        case("empty containers", |t| {
            t.write("a.zip", zip(&[], DEFLATED));
            t.write("a.tar", tar(&[]));
            t.write("a.gz", gzip(b""));
            t.write("a.xz", xz(b""));
            t.write("a.bz2", bzip2(b""));
            t.write("a.zst", zstd(b""));
            clean()
        }),
    ]
}
