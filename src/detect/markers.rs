//! Finds the markers that speak for a match: a pure function of its lines and of the one above, within
//! [`LONGEST_LINE`] bytes of the secret.
//!
//! What is inside the secret is no marker, or a value could let itself pass.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use aho_corasick::AhoCorasick;
use bstr::ByteSlice as _;

use crate::finding::{Marker, MarkerWord, Markers};
use crate::location::Position;

/// How far from the secret a marker is looked for, on its line; and how much of the line above is looked at.
const LONGEST_LINE: usize = 4 << 10;
/// How far from a secret bytes can decide.
pub(super) const REACH: usize = 2 * LONGEST_LINE + 2;
/// Bytes of a reason that are kept.
const LONGEST_REASON: usize = 200;
/// Rules that a marker may name.
const MOST_RULES: usize = 16;

/// What markers begin with.
const WORDS: [(&str, MarkerWord); 8] = [
    ("muzzle:allow", MarkerWord::Muzzle),
    ("gitleaks:allow", MarkerWord::Gitleaks),
    ("betterleaks:allow", MarkerWord::Betterleaks),
    ("trufflehog:ignore", MarkerWord::Trufflehog),
    ("kingfisher:ignore", MarkerWord::Kingfisher),
    ("pragma:", MarkerWord::DetectSecrets),
    ("ggignore", MarkerWord::Ggshield),
    ("secretlint-disable-", MarkerWord::Secretlint),
];

static AUTOMATON: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(WORDS.map(|(word, _)| word)).expect("few short words"));

/// Where comments begin, for the marker that asks for one.
const LEADERS: [&[u8]; 9] = [b"#", b"//", b"/*", b"'", b"--", b"<!--", b";", b"%", b"*"];
/// Where comments end before the line does.
const CLOSERS: [&[u8]; 4] = [b"*/", b"-->", b"#>", b"--]]"];

/// The markers round `secret`, which begins at `first` and ends before `last`. In `bare` no word begins a marker: many
/// secrets can stand on one line, which is looked at once.
pub(super) fn around(
    bytes: &[u8],
    secret: &Range<usize>,
    first: Position,
    last: Position,
    bare: &mut Range<usize>,
) -> Markers {
    let line = line_start(bytes, secret.start);
    let above = line.filter(|start| *start > 0).map(|start| {
        let floor = (start - 1).saturating_sub(LONGEST_LINE);
        line_start(bytes, start - 1).unwrap_or(floor)..start - 1
    });
    let head = line.unwrap_or(secret.start.saturating_sub(LONGEST_LINE))..secret.start;
    let ends_line = bytes[..secret.end].last() == Some(&b'\n');
    let roof = if ends_line { secret.end } else { bytes.len().min(secret.end + LONGEST_LINE) };
    let tail = &bytes[secret.end..roof];
    let tail = &tail[..memchr::memchr(b'\n', tail).unwrap_or(tail.len())];
    // Hardly any match has a marker, and every match of every version is asked.
    let begin = above.as_ref().map_or(head.start, |above| above.start);
    let end = secret.end + tail.len();
    let goes_on = (bare.start..=bare.end).contains(&begin);
    let from = if goes_on { begin.max(bare.end.saturating_sub(AUTOMATON.max_pattern_len())) } else { begin };
    if from >= end || !AUTOMATON.is_match(&bytes[from..end]) {
        *bare = if goes_on { bare.start..bare.end.max(end) } else { begin..end };
        return None;
    }
    let mut markers = Vec::new();
    let mut look = |text: &[u8], line: u32, below: bool| {
        for hit in AUTOMATON.find_iter(text) {
            let word = WORDS[hit.pattern().as_usize()].1;
            if let Some((is_for_below, rules, reason)) = read(word, text, hit.start(), hit.end())
                && is_for_below == below
            {
                let marker = Marker { word, line, rules, reason: reason.into() };
                if !markers.contains(&marker) {
                    markers.push(marker);
                }
            }
        }
    };
    if let Some(above) = above {
        look(&bytes[above], first.line, true);
    }
    look(&bytes[head], first.line, false);
    look(tail, last.line, false);
    (!markers.is_empty()).then(|| Arc::new(markers))
}

/// Where the line that holds `at` begins; `None` if that is too far away.
fn line_start(bytes: &[u8], at: usize) -> Option<usize> {
    let floor = at.saturating_sub(LONGEST_LINE);
    match memchr::memrchr(b'\n', &bytes[floor..at]) {
        Some(newline) => Some(floor + newline + 1),
        None => (floor == 0).then_some(0),
    }
}

/// Whether it speaks for the line below, the rules that it names, and its reason.
type Reading<'a> = (bool, Option<Vec<String>>, &'a [u8]);

/// Reads what stands from `start` on in one line of text; `end` is the end of the word.
fn read(word: MarkerWord, text: &[u8], start: usize, end: usize) -> Option<Reading<'_>> {
    let (before, rest) = (&text[..start], &text[end..]);
    let is_word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || b"_-".contains(b));
    match word {
        MarkerWord::Muzzle => {
            if is_word(before.last()) {
                return None;
            }
            let (below, rest) = match rest.strip_prefix(b"-next-line") {
                Some(rest) => (true, rest),
                None => (false, rest),
            };
            if is_word(rest.first()) {
                return None;
            }
            let (rules, rest) = match rest.strip_prefix(b"[") {
                Some(list) => named_rules(list),
                None => (None, rest),
            };
            Some((below, rules, reason(rest)))
        }
        // These are looked for anywhere in the line by the scanners whose they are.
        MarkerWord::Gitleaks | MarkerWord::Betterleaks | MarkerWord::Trufflehog | MarkerWord::Kingfisher => {
            Some((false, None, reason(rest)))
        }
        MarkerWord::Ggshield => {
            (!is_word(before.last()) && !is_word(rest.first())).then(|| (false, None, reason(rest)))
        }
        MarkerWord::DetectSecrets => {
            let leader = before.trim_end_with(|c| c == ' ' || c == '\t');
            if !LEADERS.iter().any(|known| leader.ends_with(known)) {
                return None;
            }
            let rest = rest.strip_prefix(b" ").unwrap_or(rest);
            let rest = rest.strip_prefix(b"allowlist").or_else(|| rest.strip_prefix(b"whitelist"))?;
            let gap = |rest: &'_ [u8]| matches!(rest.first(), Some(b' ' | b'-')).then_some(1);
            let rest = &rest[gap(rest)?..];
            let (below, rest) = match rest.strip_prefix(b"nextline") {
                Some(rest) => (true, &rest[gap(rest)?..]),
                None => (false, rest),
            };
            let rest = rest.strip_prefix(b"secret")?;
            (!is_word(rest.first())).then(|| (below, None, reason(rest)))
        }
        MarkerWord::Secretlint => {
            let (below, rest) = match rest.strip_prefix(b"next-line") {
                Some(rest) => (true, rest),
                None => (false, rest.strip_prefix(b"line")?),
            };
            (!is_word(rest.first())).then(|| (below, None, reason(rest)))
        }
    }
}

/// The ids in brackets, and what follows them. Of a list that cannot be read, none: it must not mean all.
fn named_rules(list: &[u8]) -> (Option<Vec<String>>, &[u8]) {
    let Some(end) = memchr::memchr(b']', list) else { return (Some(Vec::new()), b"") };
    let id = |id: &[u8]| {
        let id = id.trim();
        let is_id = !id.is_empty() && id.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.:/".contains(b));
        is_id.then(|| String::from_utf8_lossy(id).into_owned())
    };
    let ids: Option<Vec<String>> = list[..end].split(|b| *b == b',').map(id).collect();
    let ids = ids.filter(|ids| ids.len() <= MOST_RULES).unwrap_or_default();
    (Some(ids), &list[end + 1..])
}

/// What follows a marker in its comment.
fn reason(rest: &[u8]) -> &[u8] {
    let end = CLOSERS.iter().filter_map(|closer| rest.find(closer)).min().unwrap_or(rest.len());
    let text = rest[..end].trim_with(|c| c.is_whitespace() || matches!(c, ':' | ',' | '-' | '"' | '\''));
    &text[..text.len().min(LONGEST_REASON)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "S3CRET";

    /// `word`, line, rules and reason of each marker round the secret.
    fn markers(text: &str) -> Vec<String> {
        let start = text.find(SECRET).unwrap();
        let line = |at: usize| u32::try_from(1 + text[..at].matches('\n').count()).unwrap();
        let end = start + SECRET.len();
        let position = |at: usize| Position { line: line(at), column: 1 };
        let found = around(text.as_bytes(), &(start..end), position(start), position(end), &mut (0..0));
        found.iter().flat_map(|list| list.iter()).map(show).collect()
    }

    fn show(marker: &Marker) -> String {
        let rules = marker.rules.as_ref().map_or(String::new(), |rules| format!("[{}]", rules.join("|")));
        format!("{:?}{rules} {} {}", marker.word, marker.line, marker.reason)
    }

    #[test]
    fn own_markers_name_rules_and_reasons() {
        assert_eq!(markers("S3CRET # muzzle:allow"), ["Muzzle 1 "]);
        assert_eq!(markers("a\nS3CRET // muzzle:allow[a-b, c] of a test\nb"), ["Muzzle[a-b|c] 2 of a test"]);
        assert_eq!(markers("/* muzzle:allow: made up */ x = S3CRET"), ["Muzzle 1 made up"]);
        assert_eq!(markers("# muzzle:allow-next-line[r] why\nS3CRET"), ["Muzzle[r] 2 why"]);
        assert_eq!(markers("S3CRET # muzzle:allow[r"), ["Muzzle[] 1 "]);
        assert_eq!(markers("S3CRET # muzzle:allow[] x"), ["Muzzle[] 1 x"]);
        assert_eq!(markers("S3CRET # muzzle:allow[*]"), ["Muzzle[] 1 "]);
    }

    #[test]
    fn what_only_looks_like_a_marker_is_none() {
        for text in [
            "S3CRET # muzzle:allowed",
            "S3CRET # muzzle:allow_list",
            "S3CRET # my-muzzle:allow",
            "S3CRET # muzzle:allow-next-line",
            "# muzzle:allow\nS3CRET",
            "S3CRET\n# muzzle:allow",
            "# muzzle:allow-next-line\n\nS3CRET",
            "S3CRET pragma: allowlist secret",
            "S3CRET # pragma: allowlist nextline secret",
            "# pragma: allowlist secret\nS3CRET",
            "S3CRET # ggignored",
            "S3CRET // secretlint-disable",
            "S3CRET // secretlint-disable-next-line",
        ] {
            assert_eq!(markers(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn markers_of_other_scanners() {
        for (text, expected) in [
            ("S3CRET #gitleaks:allow", "Gitleaks 1 "),
            ("S3CRET // betterleaks:allow reason", "Betterleaks 1 reason"),
            ("S3CRET # trufflehog:ignore", "Trufflehog 1 "),
            ("<!-- kingfisher:ignore --> S3CRET", "Kingfisher 1 "),
            ("S3CRET  # pragma: allowlist secret", "DetectSecrets 1 "),
            ("S3CRET  /* pragma:whitelist-secret */", "DetectSecrets 1 "),
            ("  -- pragma: allowlist nextline secret\nS3CRET", "DetectSecrets 2 "),
            ("S3CRET # ggignore", "Ggshield 1 "),
            ("S3CRET // secretlint-disable-line", "Secretlint 1 "),
            ("// secretlint-disable-next-line a -- why\nS3CRET", "Secretlint 2 a -- why"),
        ] {
            assert_eq!(markers(text), [expected], "{text}");
        }
    }

    #[test]
    fn a_value_cannot_let_itself_pass() {
        let text = b"key = 'x gitleaks:allow y'";
        let at = Position { line: 1, column: 1 };
        assert_eq!(around(text, &(7..25), at, at, &mut (0..0)), None);
    }

    #[test]
    fn only_near_bytes_decide() {
        let far = format!("S3CRET{}# muzzle:allow", " ".repeat(LONGEST_LINE));
        assert_eq!(markers(&far), [""; 0]);
        let near = format!("S3CRET{}# muzzle:allow", " ".repeat(LONGEST_LINE - 20));
        assert_eq!(markers(&near).len(), 1);
    }
}
