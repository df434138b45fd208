//! What stands encoded in a text is found, at its place, and told how it was come by.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};

use super::support::{RULE, Sandbox, github};

fn wrapped(text: &str, width: usize) -> String {
    let encoded = STANDARD.encode(text);
    encoded.as_bytes().chunks(width).map(|l| format!("  {}\n", String::from_utf8_lossy(l))).collect()
}

fn each(text: &str, write: impl Fn(u32) -> String) -> String {
    text.chars().map(|c| write(u32::from(c))).collect()
}

#[test]
fn every_coding_is_undone() {
    let token = github("one");
    let config =
        format!("{{\"auth\": \"x {token}\", \"other\": \"words to make it longer, and then some more\"}}");
    let gzipped = {
        use std::io::Write as _;
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(format!("{config}\n").repeat(3).as_bytes()).unwrap();
        STANDARD.encode(writer.finish().unwrap())
    };
    for (name, text, decoded) in [
        ("std", format!("data: {}\n", STANDARD.encode(&config)), "base64"),
        ("unpadded", format!("data: {}\n", STANDARD_NO_PAD.encode(format!("{token} "))), "base64"),
        ("url", format!("data: {}\n", URL_SAFE.encode(format!("{config}>>>???"))), "base64"),
        ("alone", format!("{}\n", STANDARD.encode(&token)), "base64"),
        ("wrapped-64", format!("data: |\n{}end\n", wrapped(&config, 64)), "base64"),
        ("wrapped-76", wrapped(&config.repeat(3), 76), "base64"),
        ("data-uri", format!("<a href=\"data:text/plain;base64,{}\">\n", STANDARD.encode(&config)), "base64"),
        ("twice", format!("{}\n", STANDARD.encode(STANDARD.encode(&config))), "base64 > base64"),
        ("gzip", format!("release: {gzipped}\n"), "base64 > gzip"),
        ("hex", format!("0x{}\n", each(&token, |c| format!("{c:02x}"))), "hex"),
        (
            "hex-base64",
            format!("{}\n", each(&STANDARD.encode(&config), |c| format!("{c:02X}"))),
            "hex > base64",
        ),
        ("percent", format!("?t={}&x\n", each(&token, |c| format!("%{c:02X}"))), "escapes"),
        ("percent-some", format!("?t={}&x\n", token.replace('_', "%5F")), "escapes"),
        ("x", format!("s = \"{}\"\n", each(&token, |c| format!("\\x{c:02x}"))), "escapes"),
        ("u", format!("s = \"{}\"\n", each(&token, |c| format!("\\u{c:04x}"))), "escapes"),
        ("u-braces", format!("s = \"{}\"\n", token.replace("ghp", "\\u{67}\\u{68}p")), "escapes"),
        ("entity", format!("<b>{}</b>\n", each(&token, |c| format!("&#{c};"))), "escapes"),
        ("entity-hex", format!("<b>{}</b>\n", token.replace('g', "&#x67;")), "escapes"),
        ("quoted", format!("Token {}=20\n", token.replace('_', "=5F")), "escapes"),
    ] {
        let sandbox = Sandbox::repository();
        sandbox.commit_file("a", format!("first\n{text}last\n"));
        let scan = sandbox.scan(&[]);
        let mine = |finding: &&serde_json::Value| finding["rule"]["id"] == RULE;
        let findings: Vec<_> = scan.findings().iter().filter(mine).collect();
        assert_eq!(findings.len(), 1, "{name}: {:?}", scan.places());
        let occurrences = findings[0]["occurrences"].as_array().unwrap();
        let copies = if name == "wrapped-76" { 3 } else { 1 };
        assert_eq!(occurrences.len(), 2 * copies, "{name}: {:?}", scan.places());
        assert!(occurrences.iter().all(|one| one["decoded"] == decoded), "{name}: {}", occurrences[0]);
        let line = occurrences[0]["start"]["line"].as_u64().unwrap();
        assert!((2..=8).contains(&line), "{name}: {line}");
        // Neither the secret nor what it could be decoded from is shown.
        let human = String::from_utf8(sandbox.muzzle(["scan", "."]).stdout).unwrap();
        assert!(!human.contains(&token) && !human.contains(text.trim()), "{name}: {human}");
        sandbox.scan(&["--no-decoding", "--rule", RULE]).expect_clean();
    }
}

#[test]
fn the_place_is_that_of_the_encoded_secret() {
    let token = github("one");
    let text = format!("pad {token} pad");
    let encoded = STANDARD.encode(&text);
    let sandbox = Sandbox::new();
    sandbox.write("a", format!("é = '{encoded}'\n"));
    let scan = sandbox.scan(&[]);
    // `pad ` takes five and a third letters.
    assert_eq!(scan.places(), [format!("{RULE} a:1:{} worktree", "é = '".chars().count() + 1 + 5)]);
}

#[test]
fn what_stands_in_the_clear_is_told_once() {
    let token = github("one");
    let sandbox = Sandbox::new();
    sandbox.write("a", format!("https://example.org/%7Ea%2Fb?t={token}&u=%41%42\n"));
    let scan = sandbox.scan(&[]);
    assert_eq!(scan.places().len(), 1);
    assert_eq!(scan.findings()[0]["occurrences"][0]["decoded"], serde_json::Value::Null);
}

#[test]
fn long_encoded_texts_take_no_time() {
    let sandbox = Sandbox::new();
    sandbox.write("letters", "A".repeat(8 << 20));
    sandbox.write("escapes", "%41".repeat(2 << 20));
    sandbox.write("lines", format!("{}\n", "QUFB".repeat(16)).repeat(100_000));
    sandbox.write("hex", "41".repeat(4 << 20));
    sandbox.scan(&[]).expect_complete();
}
