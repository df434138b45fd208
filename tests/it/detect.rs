//! The detector in this process: results depend on a bounded interval, never on how the bytes arrive.

use std::io::Read;
use std::sync::LazyLock;

use muzzle::detect::Detector;
use muzzle::finding::Match;
use muzzle::rules::RuleSet;
use proptest::prelude::*;

use crate::support::token::fill;
use crate::support::{Rng, github, line};

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(RuleSet::embedded().unwrap()).unwrap());

fn whole(bytes: &[u8]) -> Vec<Match> {
    DETECTOR.scan(bytes, &mut DETECTOR.scratch())
}

fn streamed(reader: impl Read, chunk: usize) -> (u64, Vec<Match>) {
    let mut matches = Vec::new();
    let read =
        DETECTOR.scan_stream(reader, chunk, &mut DETECTOR.scratch(), |more| matches.extend(more)).unwrap();
    matches.sort_by_key(|m| (m.location.clone(), m.rule));
    (read, matches)
}

fn sorted(mut matches: Vec<Match>) -> Vec<Match> {
    matches.sort_by_key(|m| (m.location.clone(), m.rule));
    matches
}

/// Yields one to seven bytes at a time.
struct Dripping<'a>(&'a [u8], Rng);

impl Read for Dripping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = (1 + self.1.below(7)).min(buffer.len()).min(self.0.len());
        buffer[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

/// Texts with secrets of all shapes: a token, a value given to a name, a block of lines, a URL, UTF-8.
fn ingredients() -> Vec<String> {
    vec![
        line("i0"),
        format!("aws_key = {}\n", fill("{{@aws-key-id}}", "i1")),
        format!("datadog_api_key: \"{}\"\n", fill("{{[0-9a-f]{32}}}", "i2")),
        format!("{}\n", fill("{{@pem:RSA PRIVATE KEY}}", "i3")),
        format!("jwt={}\n", fill("{{@jwt}}", "i4")),
        format!("postgres://user:{}@db.internal.test/x\n", fill("{{[a-z0-9]{20}}}", "i5")),
        "\u{e9}\u{1d11e} nothing to see here, only words\n".to_owned(),
        "\n".to_owned(),
        "x".repeat(300),
        format!("npm {} {}\n", fill("{{@npm}}", "i6"), github("i6")),
        format!("password = {}\n", fill("{{[A-Za-z0-9]{24}}}", "i7")),
    ]
}

#[test]
fn a_secret_is_found_at_every_offset_of_a_border() {
    let secret = github("border");
    for chunk in [1usize, 2, 7, 64, 1000, 4096] {
        // From wholly before a border to wholly behind it.
        for offset in 0..=(2 * secret.len() + 4) {
            let start = (4096 + offset).saturating_sub(secret.len() + 2);
            let mut text = "lorem ipsum\n".repeat(start / 12 + 1).into_bytes();
            text.truncate(start);
            text.push(b' ');
            text.extend(secret.as_bytes());
            text.extend(b" dolor\n".repeat(300));
            let expected = whole(&text);
            assert_eq!(expected.len(), 1);
            assert_eq!(expected[0].location.span.start, start as u64 + 1);
            // Tiny chunks are slow, and every border is like the next.
            if chunk > 10 || offset % 29 == 0 {
                let (read, found) = streamed(&text[..], chunk);
                assert_eq!((read, found), (text.len() as u64, expected), "chunk {chunk}, offset {offset}");
            }
        }
    }
}

#[test]
fn every_ingredient_but_the_fillers_is_found() {
    let texts = ingredients();
    let found: Vec<usize> = texts.iter().map(|text| whole(text.as_bytes()).len()).collect();
    let hits = found.iter().filter(|count| **count > 0).count();
    assert!(hits >= texts.len() - 4, "{found:?}");
}

#[test]
fn a_read_that_fails_keeps_what_was_found() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("gone"))
        }
    }
    let text = line("kept");
    let mut matches = Vec::new();
    let reader = text.as_bytes().chain(Failing);
    let error =
        DETECTOR.scan_stream(reader, 8, &mut DETECTOR.scratch(), |more| matches.extend(more)).unwrap_err();
    assert_eq!(error.read, text.len() as u64);
    assert_eq!(matches.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_equals_the_whole(parts in prop::collection::vec(0usize..11, 1..60), chunk in 1usize..3000) {
        let texts = ingredients();
        let text: String = parts.iter().map(|part| texts[*part].as_str()).collect();
        let expected = sorted(whole(text.as_bytes()));
        // Very small chunks of long texts take long.
        let chunk = chunk.max(text.len() / 200);
        let (read, found) = streamed(text.as_bytes(), chunk);
        prop_assert_eq!(read, text.len() as u64);
        prop_assert_eq!(&found, &expected);
        let (_, found) = streamed(Dripping(text.as_bytes(), Rng::from_name("drip")), chunk);
        prop_assert_eq!(&found, &expected);
    }

    /// What lies farther away than any interval reaches changes neither what is found nor how.
    #[test]
    fn surroundings_do_not_matter(part in 0usize..11, before in prop::collection::vec(0usize..11, 0..20), after in prop::collection::vec(0usize..11, 0..20)) {
        let texts = ingredients();
        let join = |parts: &[usize]| parts.iter().map(|part| texts[*part].as_str()).collect::<String>();
        let gap = "\n".repeat(70_000);
        let (before, after) = (format!("{}{gap}", join(&before)), format!("{gap}{}", join(&after)));
        let text = format!("{before}\n{}\n{after}", texts[part]);
        let (from, to) = (before.len() as u64 + 1, (before.len() + 1 + texts[part].len()) as u64);
        let inside: Vec<_> = whole(text.as_bytes())
            .into_iter()
            .filter(|m| m.location.span.start >= from && m.location.span.start < to)
            .map(|m| (m.rule, m.secret, m.location.span.start - from, m.location.start.column))
            .collect();
        let alone: Vec<_> = whole(format!("\n{}\n", texts[part]).as_bytes())
            .into_iter()
            .map(|m| (m.rule, m.secret, m.location.span.start - 1, m.location.start.column))
            .collect();
        prop_assert_eq!(inside, alone);
    }

    #[test]
    fn no_rendering_of_a_match_shows_its_secret(name in "[a-z]{8}") {
        let secret = github(&name);
        let text = format!("left {secret} right");
        for found in whole(text.as_bytes()) {
            let renderings = [
                format!("{found:?}"), format!("{found:#?}"), found.secret.masked(),
                found.secret.to_string(), format!("{:?}", found.excerpt),
            ];
            for rendering in renderings {
                prop_assert!(!rendering.contains(&secret[..5]) && !rendering.contains(&secret[8..16]));
                prop_assert!(!rendering.contains("right"));
            }
        }
    }

    #[test]
    fn no_bytes_make_it_fail(bytes in prop::collection::vec(0u8..=255, 0..3000), part in 0usize..11, at in 0usize..3000) {
        let mut text = bytes;
        let at = at.min(text.len());
        text.splice(at..at, ingredients()[part].bytes());
        let expected = sorted(whole(&text));
        for found in &expected {
            let span = found.location.span;
            prop_assert!(span.start < span.end && span.end <= text.len() as u64);
            prop_assert_eq!(found.secret.len() as u64, span.end - span.start);
        }
        prop_assert_eq!(streamed(&text[..], 97).1, expected);
    }
}
