//! Lines that cost time: long ones, runs of keywords, deep nesting, what the rules look at longest.

use std::collections::BTreeSet;

use crate::case::{Case, case, finds};
use crate::support::line;

/// Around it, `end` on a line of its own.
fn with_end(mut text: Vec<u8>) -> Vec<u8> {
    text.extend(format!("\n{}", line("end")).as_bytes());
    text
}

pub(crate) fn cases() -> Vec<Case> {
    let texts: [(&str, fn() -> Vec<u8>); 15] = [
        ("ten-megabytes-of-a", || vec![b'a'; 10 << 20]),
        ("ten-megabytes-of-spaces", || vec![b' '; 10 << 20]),
        ("ten-megabytes-of-quotes", || vec![b'"'; 10 << 20]),
        ("ten-megabytes-of-equals", || vec![b'='; 10 << 20]),
        ("ten-megabytes-of-zeros", || vec![0; 10 << 20]),
        ("ten-megabytes-of-newlines", || vec![b'\n'; 10 << 20]),
        ("ten-megabytes-of-backslashes", || vec![b'\\'; 10 << 20]),
        ("ten-megabytes-of-percent", || b"%25".repeat(3 << 20)),
        ("ten-megabytes-of-base64", || b"QUFB".repeat(2 << 20)),
        ("ten-megabytes-of-hex", || b"6162".repeat(2 << 20)),
        ("brackets", || b"[".repeat(100_000)),
        ("braces-of-json", || b"{\"a\":".repeat(100_000)),
        ("tags-of-xml", || b"<a>".repeat(100_000)),
        ("entities", || b"&amp;".repeat(1 << 20)),
        ("escapes", || b"\\u005c".repeat(1 << 20)),
    ];
    let mut cases = vec![case("base64-of-base64", |t| {
        use base64::Engine as _;
        let mut text = line("inner").into_bytes();
        (0..30).for_each(|_| text = base64::engine::general_purpose::STANDARD.encode(&text).into_bytes());
        t.write("a", with_end(text));
        // Nobody decodes so far, and that is said.
        finds(["end"]).gaps([""])
    })];
    for (name, text) in texts {
        cases.push(case(name, move |t| {
            t.write("a", with_end(text()));
            finds(["end"])
        }));
    }
    let many: [(&str, &str); 6] = [
        ("assignments", "password = "),
        ("assignments-without-spaces", "secret:secret="),
        ("prefixes", "ghp_"),
        ("prefixes-that-almost-match", "ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "),
        ("key-blocks", "-----BEGIN PRIVATE KEY-----\n"),
        ("addresses", "postgres://a:b@"),
    ];
    for (name, unit) in many {
        cases.push(case(format!("run-of-{name}"), move |t| {
            t.write("a", with_end(unit.repeat((2 << 20) / unit.len()).into_bytes()));
            // What such a text holds is for the rules to say; what is not made up must be found.
            finds(["end"]).among_others()
        }));
    }
    cases.push(case("lines-with-a-keyword-million", |t| {
        t.write("a", with_end(b"token\n".repeat(1_000_000)));
        finds(["end"])
    }));
    // Each rule's keywords: in a run, and before a run of one character.
    for (number, keywords) in keywords().chunks(40).enumerate() {
        let keywords = keywords.to_vec();
        cases.push(case(format!("keywords-{number}"), move |t| {
            for (place, keyword) in keywords.iter().enumerate() {
                let times = 20_000 / keyword.len().max(1);
                let text = format!("{}\n{keyword}{}\n", keyword.repeat(times), "a".repeat(20_000));
                t.write(format!("f{place}"), text);
            }
            t.write("end", line("end"));
            finds(["end"]).among_others()
        }));
    }
    cases
}

/// Of all rules, each once.
fn keywords() -> Vec<String> {
    let mut keywords = BTreeSet::new();
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/rules")).unwrap();
    for path in
        files.map(|file| file.unwrap().path()).filter(|path| path.extension() == Some("toml".as_ref()))
    {
        let file: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        for rule in file.get("rules").and_then(toml::Value::as_array).into_iter().flatten() {
            let list = rule.get("keywords").and_then(toml::Value::as_array);
            keywords.extend(list.into_iter().flatten().filter_map(toml::Value::as_str).map(str::to_owned));
        }
    }
    assert!(keywords.len() > 100, "{}", keywords.len());
    keywords.into_iter().collect()
}
