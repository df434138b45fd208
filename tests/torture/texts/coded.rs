//! What stands encoded in texts.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::{committed, units};
use crate::case::{Case, case, finds};
use crate::support::archives::gzip;
use crate::support::github;

fn wrapped(text: &str, width: usize, indent: &str, end: &str) -> String {
    let encoded = STANDARD.encode(text);
    let lines = encoded.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned());
    lines.map(|line| format!("{indent}{line}{end}")).collect()
}

fn each(text: &str, write: impl Fn(u32) -> String) -> String {
    text.chars().map(|c| write(u32::from(c))).collect()
}

/// Quoted-printable as mailers write it: lines of 76, broken within words.
fn quoted(text: &str, end: &str) -> String {
    let bytes: Vec<String> = text
        .bytes()
        .map(|byte| {
            if byte == b'=' || !(b' '..=b'~').contains(&byte) {
                format!("={byte:02X}")
            } else {
                char::from(byte).into()
            }
        })
        .collect();
    let mut out = String::new();
    let mut line = 0;
    for part in bytes {
        if line + part.len() > 75 {
            out.push('=');
            out.push_str(end);
            line = 0;
        }
        line += part.len();
        out.push_str(&part);
    }
    out
}

#[expect(clippy::cast_possible_truncation, reason = "these texts have no characters beyond")]
fn utf16(text: &str) -> Vec<u8> {
    units(text, |unit| (unit as u16).to_le_bytes().into())
}

pub(super) fn cases() -> Vec<Case> {
    let token = github("one");
    let json = format!(
        "{{\"server\": \"db.internal\", \"token\": \"{token}\", \"note\": \"words to make it longer\"}}"
    );
    let long =
        format!("{}\n{json}\n{}", "one line of a longer text\n".repeat(20), "and another one\n".repeat(20));
    let twice = |text: &str| STANDARD.encode(STANDARD.encode(text));
    let escaped = json.replace('"', "\\\"");
    let list: Vec<(&str, String)> = vec![
        ("base64", format!("data: {}\n", STANDARD.encode(&json))),
        ("base64 without padding", format!("data: {}\n", STANDARD_NO_PAD.encode(format!("{token} ")))),
        ("base64 of urls", format!("data: {}\n", URL_SAFE.encode(format!("{json}>>>???")))),
        (
            "base64 of urls without padding",
            format!("data={}&x=1\n", URL_SAFE_NO_PAD.encode(format!("{json}>>>???"))),
        ),
        ("base64 alone", STANDARD.encode(&token)),
        ("base64 in quotes", format!("auth = \"{}\";\n", STANDARD.encode(&json))),
        ("base64 wrapped at 64", wrapped(&long, 64, "", "\n")),
        ("base64 wrapped at 76", wrapped(&long, 76, "", "\n")),
        ("base64 wrapped with crlf", wrapped(&long, 76, "", "\r\n")),
        ("base64 wrapped and indented", format!("key: |\n{}end: 1\n", wrapped(&long, 64, "    ", "\n"))),
        ("base64 wrapped by tabs", wrapped(&long, 60, "\t\t", "\n")),
        ("base64 of four mebibytes", STANDARD.encode(format!("{}{json}", "filler text, ".repeat(260_000)))),
        ("base64 twice", twice(&json)),
        ("base64 three times", STANDARD.encode(twice(&json))),
        ("base64 of text that begins in another language", STANDARD.encode(format!("Schlüssel: {json}"))),
        (
            "base64 of utf-16, as PowerShell takes it",
            format!("powershell -enc {}\n", STANDARD.encode(utf16(&json))),
        ),
        ("base64 of gzip", STANDARD.encode(gzip(long.as_bytes()))),
        ("base64 of gzip of base64", STANDARD.encode(gzip(STANDARD.encode(&long).as_bytes()))),
        (
            "a secret of kubernetes",
            format!("apiVersion: v1\nkind: Secret\ndata:\n  token: {}\n", STANDARD.encode(&token)),
        ),
        (
            "a data uri",
            format!("<a href=\"data:application/json;base64,{}\">x</a>\n", STANDARD.encode(&json)),
        ),
        (
            "a data uri with percents",
            format!("<a href=\"data:text/plain,{}\">x</a>\n", each(&token, |c| format!("%{c:02x}"))),
        ),
        (
            "a source map",
            format!("//# sourceMappingURL=data:application/json;base64,{}\n", STANDARD.encode(&long)),
        ),
        ("hex", each(&json, |c| format!("{c:02x}"))),
        ("hex in capitals", each(&json, |c| format!("{c:02X}"))),
        ("hex with its mark", format!("x = 0x{};\n", each(&token, |c| format!("{c:02x}")))),
        ("hex of base64", each(&STANDARD.encode(&json), |c| format!("{c:02x}"))),
        ("percents", format!("?t={}&x\n", each(&token, |c| format!("%{c:02X}")))),
        ("percents here and there", format!("https://x.example.com/?t={}&x\n", token.replace('_', "%5F"))),
        ("percents twice", format!("?t={}&x\n", token.replace('_', "%255F"))),
        ("bytes as escapes", format!("s = \"{}\"\n", each(&token, |c| format!("\\x{c:02x}")))),
        ("code points as escapes", format!("s = \"{}\"\n", each(&token, |c| format!("\\u{c:04x}")))),
        ("code points in braces", format!("s = \"{}\"\n", token.replace("ghp", "\\u{67}\\u{68}p"))),
        ("long code points", format!("s = \"{}\"\n", token.replace('g', "\\U00000067"))),
        ("one escape", format!("s = \"{}\"\n", token.replacen('p', "\\u0070", 1))),
        ("entities", format!("<b>{}</b>\n", each(&token, |c| format!("&#{c};")))),
        ("entities in hex", format!("<b>{}</b>\n", token.replace('g', "&#x67;"))),
        ("json in json", format!("{{\"body\": \"{escaped}\"}}\n")),
        (
            "json in json in json",
            format!("{{\"a\": \"{}\"}}\n", escaped.replace('\\', "\\\\").replace('"', "\\\"")),
        ),
        ("json in json with escapes", format!("{{\"body\": \"{}\"}}\n", escaped.replace('_', "\\\\u005f"))),
        ("quoted-printable", format!("Token {}=20\n", token.replace('_', "=5F"))),
        ("quoted-printable over lines", quoted(&format!("{} {token} end\n", "a".repeat(60)), "\n")),
        (
            "quoted-printable over lines with crlf",
            quoted(&format!("{} {token} end\n", "a".repeat(50)), "\r\n"),
        ),
    ];
    let mut cases: Vec<Case> = Vec::new();
    for (name, text) in list {
        cases.push(case(name, move |t| committed(t, format!("first\n{text}\nlast\n").as_bytes())));
    }
    let binary =
        [vec![0x4d, 0x5a, 0x90, 0, 3, 0, 0, 0, 0xff].repeat(50), utf16(&json), vec![0, 1, 2, 0, 0]].concat();
    cases.push(case("utf-16 in a program", move |t| committed(t, &binary)));
    cases.push(case("encoded, but not decoded", |t| {
        t.write("a", STANDARD.encode(format!("x {} {}", github("one"), "words to make it longer")));
        finds::<String>([]).with([".", "--no-decoding"])
    }));
    cases
}
