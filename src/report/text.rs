//! Text from the scanned repository → text that may be shown.
//!
//! Two dangers: a secret in a path, a commit subject or further along the same line; and characters that steer a
//! terminal or a log (escape sequences, line breaks, bidirectional marks).

use std::fmt::Write as _;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::finding::Excerpt;
use crate::secret::{Secret, mask};

/// Masks all secrets of a run wherever they occur.
#[derive(Debug, Default)]
pub struct Redactor {
    /// Full lengths, in the order of the automaton's patterns.
    lengths: Vec<usize>,
    automaton: Option<AhoCorasick>,
}

/// Shorter secrets would mask ordinary words all over the report; they are masked where they were found.
const SHORTEST: usize = 8;
/// A longer secret is recognised by its beginning.
const LONGEST_PATTERN: usize = 128;

impl Redactor {
    /// For all these secrets.
    #[expect(clippy::disallowed_methods, reason = "what must not be shown has to be known to be recognised")]
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut secrets: Vec<&[u8]> =
            secrets.into_iter().map(Secret::expose).filter(|secret| secret.len() >= SHORTEST).collect();
        // Among secrets with the same beginning the longest one counts.
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        let patterns = secrets.iter().map(|secret| &secret[..secret.len().min(LONGEST_PATTERN)]);
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns).ok();
        Redactor { lengths: secrets.iter().map(|secret| secret.len()).collect(), automaton }
    }

    /// Where secrets lie in `bytes`; ascending, apart from each other.
    fn find(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let mut found: Vec<Range<usize>> = Vec::new();
        for hit in automaton.find_iter(bytes) {
            let end = bytes.len().min(hit.start() + self.lengths[hit.pattern().as_usize()]);
            match found.last_mut() {
                // Inside a secret only what was really recognised counts; a repetitive one recognises itself.
                Some(last) if hit.start() < last.end => last.end = last.end.max(hit.end()),
                _ => found.push(hit.start()..end),
            }
        }
        found
    }

    /// Bytes from the repository as text that may be shown on one line.
    pub fn show(&self, bytes: &[u8]) -> String {
        self.show_parts(bytes, &[]).0
    }

    /// The same for a line; also returns which characters of the text stand for `secret`.
    pub fn show_excerpt(&self, excerpt: &Excerpt, show_secrets: bool) -> (String, Range<usize>) {
        #[expect(clippy::disallowed_methods, reason = "the line is masked before it is returned")]
        let line = excerpt.line.expose();
        let secret = excerpt.secret.0..excerpt.secret.1;
        if show_secrets {
            let before = visible(&line[..secret.start]).chars().count();
            let inside = visible(&line[secret.clone()]).chars().count();
            return (visible(line), before..before + inside);
        }
        let (text, parts) = self.show_parts(line, std::slice::from_ref(&secret));
        let marked = parts.into_iter().find(|(bytes, _)| bytes.start <= secret.start && bytes.end >= secret.end);
        (text, marked.map_or(0..0, |(_, characters)| characters))
    }

    /// Masks `more` and all known secrets; returns each masked part as bytes before and characters after.
    fn show_parts(&self, bytes: &[u8], more: &[Range<usize>]) -> (String, Vec<(Range<usize>, Range<usize>)>) {
        let mut hidden = self.find(bytes);
        hidden.extend_from_slice(more);
        hidden.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
        let mut merged: Vec<Range<usize>> = Vec::new();
        for range in hidden {
            match merged.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        let mut text = String::new();
        let mut parts = Vec::new();
        let mut at = 0;
        for range in merged {
            text.push_str(&visible(&bytes[at..range.start]));
            let from = text.chars().count();
            text.push_str(&mask(&bytes[range.clone()]));
            parts.push((range.clone(), from..text.chars().count()));
            at = range.end;
        }
        text.push_str(&visible(&bytes[at..]));
        (text, parts)
    }
}

/// Whether a character could steer a terminal, a log or a reader's eye.
pub fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Makes invalid UTF-8 and steering characters visible; a tab becomes one space.
pub fn visible(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    if bytes.iter().all(|b| (b' '..=b'~').contains(b)) {
        text.push_str(&String::from_utf8_lossy(bytes));
        return text;
    }
    for c in String::from_utf8_lossy(bytes).chars() {
        match c {
            '\t' => text.push(' '),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            c if is_steering(c) => {
                let _ = write!(text, "\\u{{{:x}}}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text
}

/// The same for text of several lines: its own line breaks stay.
pub fn visible_lines(text: &str) -> String {
    text.lines().map(|line| visible(line.as_bytes())).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steering_characters_become_visible() {
        assert_eq!(visible("a\x1b[31m\n\u{202e}b\u{9b}c".as_bytes()), "a\\u{1b}[31m\\n\\u{202e}b\\u{9b}c");
        assert_eq!(visible(b"\xff"), "\u{fffd}");
    }

    #[test]
    fn every_secret_is_masked_everywhere() {
        let long: Vec<u8> = (0..600).map(|i| b'a' + (i % 23) as u8).collect();
        let secrets = [Secret::new(b"first-secret-value"), Secret::new(b"second-secret"), Secret::new(&long)];
        let redactor = Redactor::new(&secrets);
        let text = [&b"x first-secret-value,second-secret;"[..], &long, b" end"].concat();
        assert_eq!(redactor.show(&text), "x firs********,********;abcd******** end");
    }

    #[test]
    fn excerpts_tell_where_the_mask_is() {
        let line = [b"\xc3\xa9 key=", &b"0123456789abcdef"[..], b"XYZ; other"].concat();
        let excerpt = Excerpt { line: Secret::new(&line), secret: (7, 26) };
        let (text, range) = Redactor::default().show_excerpt(&excerpt, false);
        assert_eq!(text, "é key=0123********; other");
        assert_eq!(range, 6..18);
        let (text, range) = Redactor::default().show_excerpt(&excerpt, true);
        assert_eq!(text.chars().skip(range.start).take(range.len()).collect::<String>(), ["0123456789abcdef", "XYZ"].concat());
    }
}
