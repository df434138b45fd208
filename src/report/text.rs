//! Text from the scanned repository → text that may be shown.
//!
//! Two dangers: a secret in a path, a commit subject or further along the same line; and characters that steer a
//! terminal or a log (escape sequences, line breaks, bidirectional marks).

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::finding::Excerpt;
use crate::secret::{Secret, mask};

/// Masks all secrets of a run wherever they occur.
#[derive(Debug, Default)]
pub struct Redactor {
    all: Masks,
    /// Without ordinary words.
    telling: Masks,
    /// Of a saved run, whose text was masked when it was saved: lines that are not, and what is shown in their place.
    saved: Option<HashMap<Excerpt, Excerpt>>,
}

/// A line that may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ShownExcerpt {
    /// It.
    pub text: String,
    /// Which of its characters stand for the secret.
    pub secret: Range<usize>,
    /// Which stand for what the rule's expression matched.
    pub matched: Range<usize>,
}

/// Recognises some secrets.
#[derive(Debug, Default)]
struct Masks {
    /// Full lengths, in the order of the automaton's patterns.
    lengths: Vec<usize>,
    automaton: Option<AhoCorasick>,
}

/// A masked part: its bytes before, its characters after.
type Masked = (Range<usize>, Range<usize>);

/// Shorter secrets would mask ordinary words all over the report; they are masked where they were found.
const SHORTEST: usize = 8;
/// A longer secret is recognised by its beginning.
const LONGEST_PATTERN: usize = 128;

/// Longest word of letters that may be one of a language, or several.
const LONGEST_WORD: usize = 24;

/// Shorter secrets may be part of ordinary names, such as `1password`.
const SHORTEST_IN_PATHS: usize = 12;

/// Whether a secret is masked in paths, too. Masking "password" in every path would make locations wrong, and tell the
/// word; in other texts it does no harm.
fn is_telling(secret: &[u8]) -> bool {
    let of_letters = secret.iter().all(|b| b.is_ascii_alphabetic() || b"_-. ".contains(b));
    secret.len() >= SHORTEST_IN_PATHS && !(of_letters && secret.len() <= LONGEST_WORD)
}

impl Masks {
    fn new<'a>(secrets: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut secrets: Vec<&[u8]> = secrets.filter(|secret| secret.len() >= SHORTEST).collect();
        // Among secrets with the same beginning the longest one counts.
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        let patterns = secrets.iter().map(|secret| &secret[..secret.len().min(LONGEST_PATTERN)]);
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns).ok();
        Masks { lengths: secrets.iter().map(|secret| secret.len()).collect(), automaton }
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
}

impl Redactor {
    /// For all these secrets.
    #[expect(clippy::disallowed_methods, reason = "what must not be shown has to be known to be recognised")]
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let secrets: Vec<&[u8]> = secrets.into_iter().map(Secret::expose).collect();
        let (all, telling) = rayon::join(
            || Masks::new(secrets.iter().copied()),
            || Masks::new(secrets.iter().copied().filter(|secret| is_telling(secret))),
        );
        Redactor { all, telling, saved: None }
    }

    /// For text that was masked when it was saved. `lines` are not, and come with what is shown in their place.
    pub(crate) fn of_saved(lines: HashMap<Excerpt, Excerpt>) -> Self {
        Redactor { saved: Some(lines), ..Redactor::default() }
    }

    /// Whether a path holds a secret that is masked in paths.
    pub fn path_holds_secret(&self, path: &[u8]) -> bool {
        self.telling.automaton.as_ref().is_some_and(|automaton| automaton.is_match(path))
    }

    /// A path as text on one line; secrets that are ordinary words stay.
    pub fn show_path(&self, path: &[u8]) -> String {
        show_parts(path, self.telling.find(path)).0
    }

    /// Bytes from the repository as text that may be shown on one line.
    pub fn show(&self, bytes: &[u8]) -> String {
        show_parts(bytes, self.all.find(bytes)).0
    }

    /// The same for a line; also returns which characters of the text stand for `secret`.
    pub fn show_excerpt(&self, excerpt: &Excerpt, show_secrets: bool) -> (String, Range<usize>) {
        let ShownExcerpt { text, secret, .. } = self.excerpt(excerpt, show_secrets);
        (text, secret)
    }

    /// The same, and which characters stand for what the rule's expression matched.
    pub fn excerpt(&self, excerpt: &Excerpt, show_secrets: bool) -> ShownExcerpt {
        #[expect(clippy::disallowed_methods, reason = "the line is masked before it is returned")]
        let line = excerpt.line.expose();
        let secret = excerpt.secret.0..excerpt.secret.1;
        if let Some(saved) = &self.saved {
            return as_it_is(saved.get(excerpt).filter(|_| !show_secrets).unwrap_or(excerpt));
        }
        if show_secrets {
            return as_it_is(excerpt);
        }
        let kept = away_from_the_edges(line, &secret);
        let within = |byte: usize| byte.clamp(kept.start, kept.end) - kept.start;
        let secret = within(secret.start)..within(secret.end);
        let bytes = &line[kept.clone()];
        let mut hidden = self.all.find(bytes);
        hidden.push(secret.clone());
        let (text, parts) = show_parts(bytes, hidden);
        let marked = parts.iter().find(|(part, _)| part.start <= secret.start && part.end >= secret.end);
        let marked = marked.map_or(0..0, |(_, characters)| characters.clone());
        let (from, to) = (within(excerpt.matched.0), within(excerpt.matched.1));
        let matched = characters_before(bytes, from, &parts).start..characters_before(bytes, to, &parts).end;
        let cut = |yes: bool| if yes { "…" } else { "" };
        let (before, after) = (cut(kept.start > 0), cut(kept.end < line.len()));
        let shift = before.chars().count();
        let shifted = |range: Range<usize>| range.start + shift..range.end + shift;
        ShownExcerpt {
            text: format!("{before}{text}{after}"),
            secret: shifted(marked),
            matched: shifted(matched),
        }
    }
}

/// Nothing masked.
fn as_it_is(excerpt: &Excerpt) -> ShownExcerpt {
    #[expect(clippy::disallowed_methods, reason = "--show-secrets asks for it, or it was masked before")]
    let line = excerpt.line.expose();
    let count = |bytes: Range<usize>| visible(&line[bytes]).chars().count();
    let range = |(start, end): (usize, usize)| {
        let before = count(0..start);
        before..before + count(start..end.max(start))
    };
    ShownExcerpt { text: visible(line), secret: range(excerpt.secret), matched: range(excerpt.matched) }
}

/// How many characters are shown for what lies before a byte; from the beginning to the end of the mask where it is
/// masked.
fn characters_before(bytes: &[u8], byte: usize, parts: &[Masked]) -> Range<usize> {
    let Some((part, characters)) = parts.iter().rev().find(|(part, _)| part.start < byte) else {
        let count = visible(&bytes[..byte]).chars().count();
        return count..count;
    };
    if byte < part.end {
        return characters.clone();
    }
    let count = characters.end + visible(&bytes[part.end..byte]).chars().count();
    count..count
}

/// Masks what is hidden; returns each masked part as bytes before and characters after.
fn show_parts(bytes: &[u8], mut hidden: Vec<Range<usize>>) -> (String, Vec<Masked>) {
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

/// An excerpt that reaches this far from its secret may have been clipped there.
const CLIPPED: usize = 100;

/// The part of an excerpt without the words at its clipped ends: what is left of another secret there is not
/// recognised, since only whole secrets are.
fn away_from_the_edges(line: &[u8], secret: &Range<usize>) -> Range<usize> {
    let border = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'');
    let (before, after) = (&line[..secret.start], &line[secret.end..]);
    let start = match before.len() {
        CLIPPED.. => before.iter().position(border).unwrap_or(before.len()),
        _ => 0,
    };
    let end = match after.len() {
        CLIPPED.. => secret.end + after.iter().rposition(border).map_or(0, |at| at + 1),
        _ => line.len(),
    };
    start..end
}

/// Whether a character could steer a terminal, a log or a reader's eye.
pub fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether `[` after `text` would begin a command of a CI runner (`##[error]`, `##vso[…]`), which is obeyed anywhere
/// in a line.
fn opens_command(text: &str) -> bool {
    text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).ends_with("##")
}

/// Our own text, or that of a rule, on one line.
pub(crate) fn one_line(text: &str) -> String {
    visible(text.split_whitespace().collect::<Vec<_>>().join(" ").as_bytes())
}

/// At most so many characters.
pub(crate) fn clip(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// Makes invalid UTF-8 and steering characters visible; a tab becomes one space.
pub fn visible(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    if bytes.iter().all(|b| (b' '..=b'~').contains(b) && *b != b'#') {
        text.push_str(&String::from_utf8_lossy(bytes));
        return text;
    }
    for c in String::from_utf8_lossy(bytes).chars() {
        match c {
            '\t' => text.push(' '),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            c if is_steering(c) || (c == '[' && opens_command(&text)) => {
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
        assert_eq!(visible(b"# [a] ##[error]b ##vso[c"), "# [a] ##\\u{5b}error]b ##vso\\u{5b}c");
    }

    #[test]
    fn long_texts_are_clipped_by_characters() {
        assert_eq!(clip("äöü", 3), "äöü");
        assert_eq!(clip("äöüß", 3), "äö…");
    }

    #[test]
    fn every_secret_is_masked_everywhere() {
        // Its beginning does not recur in it: that would be taken for a second one, which masks too much.
        let long: Vec<u8> =
            (0..600u32).flat_map(|i| (i * i / 31 % 23 + 97).to_le_bytes().into_iter().take(1)).collect();
        let secrets = [Secret::new(b"first-secret-value"), Secret::new(b"second-secret"), Secret::new(&long)];
        let redactor = Redactor::new(&secrets);
        let text = [&b"x first-secret-value,second-secret;"[..], &long, b" end"].concat();
        assert_eq!(redactor.show(&text), "x firs********,********;aaaa******** end");
    }

    #[test]
    fn what_a_clipped_excerpt_leaves_of_other_secrets_is_not_shown() {
        let other: String = ('a'..='z').cycle().take(200).collect();
        let line = format!("{} \"key=0123456789abcdefXYZ\", \"{}", &other[..110], &other[..120]);
        let start = line.find("0123").unwrap();
        let excerpt =
            Excerpt { line: Secret::new(line.as_bytes()), secret: (start, start + 19), matched: (0, 0) };
        let redactor = Redactor::new(&[Secret::new(other.as_bytes())]);
        let (text, range) = redactor.show_excerpt(&excerpt, false);
        assert_eq!(text, "… \"key=0123********\", \"…");
        assert_eq!(range, 7..19);
    }

    #[test]
    fn what_was_matched_is_told_in_characters_of_what_is_shown() {
        let line = [b"\xc3\xa9\xff key=", &b"0123456789abcdef"[..], b"XYZ; other"].concat();
        let excerpt = Excerpt { line: Secret::new(&line), secret: (8, 27), matched: (4, 28) };
        let shown = Redactor::default().excerpt(&excerpt, false);
        let part =
            |range: &Range<usize>| shown.text.chars().skip(range.start).take(range.len()).collect::<String>();
        assert_eq!(part(&shown.secret), "0123********");
        assert_eq!(part(&shown.matched), "key=0123********;");
    }

    #[test]
    fn what_was_saved_is_shown_as_it_is() {
        let excerpt =
            |line: &str, secret| Excerpt { line: Secret::new(line.as_bytes()), secret, matched: secret };
        let masked = excerpt("… key=0123********", (8, 20));
        let bare = excerpt("key=0123456789", (4, 14));
        let redactor = Redactor::of_saved(HashMap::from([(bare.clone(), masked.clone())]));
        for (excerpt, reveal, text) in [
            (&masked, false, "… key=0123********"),
            (&masked, true, "… key=0123********"),
            (&bare, false, "… key=0123********"),
            (&bare, true, "key=0123456789"),
        ] {
            let shown = redactor.excerpt(excerpt, reveal);
            assert_eq!(shown.text, text);
            let marked: String = text.chars().skip(shown.secret.start).take(shown.secret.len()).collect();
            assert!(marked.starts_with("0123") && text.ends_with(&marked), "{marked}");
        }
    }

    #[test]
    fn ordinary_words_stay_in_paths() {
        let redactor = Redactor::new(&[Secret::new(b"password"), Secret::new(b"p4ssw0rd-1234")]);
        assert_eq!(redactor.show_path(b"lib/secure_password.rb"), "lib/secure_password.rb");
        assert_eq!(redactor.show_path(b"lib/p4ssw0rd-1234.rb"), "lib/********.rb");
        assert_eq!(redactor.show(b"the password"), "the ********");
    }

    #[test]
    fn excerpts_tell_where_the_mask_is() {
        let line = [b"\xc3\xa9 key=", &b"0123456789abcdef"[..], b"XYZ; other"].concat();
        let excerpt = Excerpt { line: Secret::new(&line), secret: (7, 26), matched: (0, 0) };
        let (text, range) = Redactor::default().show_excerpt(&excerpt, false);
        assert_eq!(text, "é key=0123********; other");
        assert_eq!(range, 6..18);
        let (text, range) = Redactor::default().show_excerpt(&excerpt, true);
        assert_eq!(
            text.chars().skip(range.start).take(range.len()).collect::<String>(),
            ["0123456789abcdef", "XYZ"].concat()
        );
    }
}
