//! The last net: text that is kept or shown, without any secret of the run in any of its usual dresses.
//!
//! Nothing should reach it with a secret inside. Programs and providers repeat what they were given, though: as it is,
//! encoded, or line by line.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroize as _;

use crate::report::text::visible;
use crate::secret::{Secret, mask};

/// What is shorter would mask parts of ordinary words all over.
const SHORTEST: usize = 4;
/// A line of a secret that has several, such as a key: shorter ones are not telling.
const SHORTEST_LINE: usize = 16;
/// A longer one is recognised by its beginning: the automaton grows with every byte.
const LONGEST_PATTERN: usize = 128;

/// Masks secrets, and makes steering characters visible.
#[derive(Debug, Default)]
pub struct Guard {
    automaton: Option<AhoCorasick>,
    /// What is recognised.
    forms: Vec<Secret>,
}

impl Guard {
    /// For all these secrets.
    #[expect(clippy::disallowed_methods, reason = "what must not be shown has to be known to be recognised")]
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut forms: Vec<Vec<u8>> = secrets.into_iter().flat_map(|secret| forms(secret.expose())).collect();
        forms.sort();
        forms.dedup();
        let beginnings = forms.iter().map(|form| &form[..form.len().min(LONGEST_PATTERN)]);
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(beginnings)
            .ok();
        let kept = forms.iter().map(|form| Secret::new(form)).collect();
        forms.iter_mut().for_each(Vec::zeroize);
        Guard { automaton, forms: kept }
    }

    /// On one line.
    pub fn show(&self, bytes: &[u8]) -> String {
        self.shown(bytes, bytes.len())
    }

    /// The same of bytes that were cut off at their end, where the beginning of a secret may stand.
    pub fn show_cut(&self, bytes: &[u8]) -> String {
        self.shown(bytes, bytes.len() - self.begun(bytes))
    }

    /// How many of the last bytes are the beginning of a secret.
    #[expect(clippy::disallowed_methods, reason = "what must not be shown has to be known to be recognised")]
    fn begun(&self, bytes: &[u8]) -> usize {
        let longest = self.forms.iter().map(Secret::len).max().unwrap_or(0).min(bytes.len() + 1);
        let is_begun = |length: &usize| {
            let end = &bytes[bytes.len() - length..];
            self.forms.iter().any(|form| form.len() > *length && form.expose().starts_with(end))
        };
        (1..longest).rev().find(is_begun).unwrap_or(0)
    }

    /// What begins before `end`.
    fn shown(&self, bytes: &[u8], end: usize) -> String {
        let mut text = String::new();
        let mut at = 0;
        for hidden in self.find(bytes).into_iter().filter(|hidden| hidden.start < end) {
            text.push_str(&visible(&bytes[at..hidden.start]));
            text.push_str(&mask(&bytes[hidden.clone()]));
            at = hidden.end;
        }
        text.push_str(&visible(&bytes[at..end.max(at)]));
        text
    }

    #[expect(clippy::disallowed_methods, reason = "what must not be shown has to be known to be recognised")]
    fn find(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for hit in self.automaton.iter().flat_map(|automaton| automaton.find_iter(bytes)) {
            // As far as it is it; of several with the same beginning, the longest.
            let same = |form: &Secret| {
                form.expose().iter().zip(&bytes[hit.start()..]).take_while(|(a, b)| a == b).count()
            };
            let longest = self.forms.iter().map(same).max().unwrap_or(0);
            let end = hit.end().max(hit.start() + longest);
            match found.last_mut() {
                Some(last) if hit.start() < last.end => last.end = last.end.max(end),
                _ => found.push(hit.start()..end),
            }
        }
        found
    }
}

/// How a secret may be written.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let mut forms = vec![
        secret.to_vec(),
        percent_encode(secret, NON_ALPHANUMERIC).to_string().into_bytes(),
        STANDARD_NO_PAD.encode(secret).into_bytes(),
        URL_SAFE_NO_PAD.encode(secret).into_bytes(),
    ];
    if let Ok(quoted) = serde_json::to_vec(&String::from_utf8_lossy(secret)) {
        forms.push(quoted[1..quoted.len() - 1].to_vec());
    }
    let lines = secret.split(|b| matches!(b, b'\n' | b'\r')).filter(|line| line.len() >= SHORTEST_LINE);
    forms.extend(lines.map(<[u8]>::to_vec));
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_however_it_is_written() {
        let secret = Secret::new(b"first \"part\"\nthe-second-line-of-it");
        let guard = Guard::new([&secret]);
        for (said, shown) in [
            (&b"x first \"part\"\nthe-second-line-of-it y"[..], "x firs******** y"),
            (b"first%20%22part%22%0Athe%2Dsecond%2Dline%2Dof%2Dit", "firs********"),
            (br#"{"a":"first \"part\"\nthe-second-line-of-it"}"#, r#"{"a":"firs********"}"#),
            (b"-> the-second-line-of-it\r\n", "-> the-********\\r\\n"),
            (b"Zmlyc3QgInBhcnQiCnRoZS1zZWNvbmQtbGluZS1vZi1pdA==", "Zmly********=="),
        ] {
            assert_eq!(guard.show(said), shown);
        }
    }

    #[test]
    fn long_secrets_are_masked_to_their_end() {
        let long: Vec<u8> = (0..600_u32).map(|i| b'a' + u8::try_from(i * i / 31 % 23).unwrap()).collect();
        let same = vec![b'x'; 100_000];
        let guard = Guard::new([&Secret::new(&long), &Secret::new(&same)]);
        assert_eq!(guard.show(&[&long[..], b" end"].concat()), "aaaa******** end");
        assert_eq!(guard.show(&[&same[..], b"y"].concat()), "xxxx********y");
    }

    #[test]
    fn short_secrets_are_masked_whole() {
        let guard = Guard::new([&Secret::new(b"hunter2"), &Secret::new(b"abc")]);
        assert_eq!(guard.show(b"abc hunter2\x1b[2J"), "abc ********\\u{1b}[2J");
        assert_eq!(Guard::default().show(b"a\nb"), "a\\nb");
    }

    #[test]
    fn what_was_cut_off_shows_no_beginning_of_a_secret() {
        let secret = Secret::new(b"0123456789abcdefghij");
        let guard = Guard::new([&secret]);
        let said = b"output that is long enough: 0123456789abcdefghi";
        assert_eq!(guard.show_cut(said), "output that is long enough: ");
        assert_eq!(guard.show_cut(b"0123"), "");
        let whole = b"output: 0123456789abcdefghij";
        assert_eq!(guard.show_cut(whole), "output: 0123********");
        assert_eq!(Guard::default().show_cut(b"ab"), "ab");
    }
}
