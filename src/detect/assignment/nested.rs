//! The name stands in the text round the assignment: a section, an object, a call, a comment, a URL.
//!
//! `[acme]` and `token = …` on the next line; `acme: { token: … }`; `Acme(token="…")`; `# Acme token` and `key = …`;
//! `https://acme.com/?api_key=…`. Only the first name inside, and only one that a credential may have.

use std::ops::Range;

use super::Reader;

/// What names of credentials contain.
const WORDS: [&[u8]; 9] =
    [b"key", b"token", b"secret", b"passw", b"pwd", b"auth", b"credential", b"access", b"bearer"];
/// Longest name inside.
const NAME: usize = 40;
/// Most of a line between a word in a comment and the line's end.
const COMMENT: usize = 48;
/// Most of a URL behind the word.
const URL: usize = 160;

/// Whether this byte behind a name may lead to a name inside.
pub(super) fn may_follow(next: Option<u8>) -> bool {
    matches!(next, Some(b'\r' | b'\n' | b'/' | b'?' | b'{' | b'.'))
}

/// The end of the name inside, and where its value may begin. `closed` is behind the name that holds the keyword, its
/// quotes and brackets included.
pub(super) fn read(
    reader: &Reader<'_>,
    keyword: &Range<usize>,
    closed: usize,
) -> Option<(usize, [usize; 3])> {
    let at = match reader.at(closed)? {
        b'\r' | b'\n' if reader.bytes[closed - 1] == b']' => closed,
        b'>' => closed + 1,
        b'/' | b'?' => return in_url(reader, keyword, closed),
        _ => match container(reader, closed) {
            Some(at) => at,
            None => comment(reader, keyword)?,
        },
    };
    let name = reader.while_in(at, 64, |b| b.is_ascii_whitespace());
    field(reader, keyword, name)
}

/// `(`, `{`, `({`, `: {`, `= {`, or YAML's `:` at the end of the line. Behind it.
fn container(reader: &Reader<'_>, from: usize) -> Option<usize> {
    let blank = reader.blanks(from, 4);
    let operator = reader.while_in(blank, 2, |b| matches!(b, b':' | b'=' | b'>'));
    let bracket = reader.blanks(operator, 4);
    let end = reader.while_in(bracket, 2, |b| matches!(b, b'(' | b'{'));
    if end > bracket {
        return Some(end);
    }
    // What belongs to the name is further in than the name.
    let line = reader.while_in(operator, 2, |b| matches!(b, b'\r' | b'\n'));
    let is_yaml = operator == blank + 1 && reader.bytes[blank] == b':' && line > operator;
    (is_yaml && reader.blanks(line, 1) > line).then_some(operator)
}

/// The end of a comment's line.
fn comment(reader: &Reader<'_>, keyword: &Range<usize>) -> Option<usize> {
    let end = reader.while_in(keyword.end, COMMENT, |b| {
        b.is_ascii_alphanumeric()
            || matches!(b, b' ' | b'_' | b'-' | b'.' | b',' | b':' | b'(' | b')' | b'\'')
    });
    if !matches!(reader.at(end), Some(b'\r' | b'\n')) {
        return None;
    }
    let floor = keyword.start.saturating_sub(super::BEFORE);
    let line = memchr::memrchr(b'\n', &reader.bytes[floor..keyword.start]).map_or(floor, |at| floor + at + 1);
    // A line whose start is out of reach is none.
    let is_whole = line > floor || floor == 0;
    let text = reader.bytes[line..keyword.start].trim_ascii_start();
    (is_whole && [&b"#"[..], b"//", b";", b"--", b"*"].iter().any(|mark| text.starts_with(mark)))
        .then_some(end)
}

/// A parameter of the URL, or a header behind it.
fn in_url(reader: &Reader<'_>, keyword: &Range<usize>, from: usize) -> Option<(usize, [usize; 3])> {
    let is_part =
        |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | b')');
    let end = reader.while_in(from, URL, is_part);
    if let Some(query) = memchr::memchr(b'?', &reader.bytes[from..end]) {
        let mut name = from + query + 1;
        while name < end {
            let name_end = reader.name(name, NAME).min(end);
            if reader.at(name_end) == Some(b'=') && is_credential(&reader.bytes[name..name_end]) {
                return Some((name_end, [name_end + 1; 3]));
            }
            name = memchr::memchr(b'&', &reader.bytes[name_end..end]).map_or(end, |at| name_end + at + 1);
        }
    }
    let quote = reader.while_in(end, 1, |b| matches!(b, b'"' | b'\''));
    let option = reader.while_in(quote, 24, |b| b.is_ascii_whitespace() || b == b'\\');
    let header = ["-H ", "--header "]
        .iter()
        .find(|option_name| reader.bytes[option..].starts_with(option_name.as_bytes()))
        .map(|option_name| reader.while_in(option + option_name.len(), 1, |b| matches!(b, b'"' | b'\'')))?;
    field(reader, keyword, header)
}

/// `key: V`, `"apiKey" = V`, `const TOKEN = V`, `<token>V`: from the start of its name.
fn field(reader: &Reader<'_>, keyword: &Range<usize>, from: usize) -> Option<(usize, [usize; 3])> {
    let start = reader.while_in(from, 2, |b| matches!(b, b'"' | b'\'' | b'<' | b'$' | b'`'));
    let name_end = reader.further_words(reader.name(start, NAME));
    if !is_credential(&reader.bytes[start..name_end]) {
        return None;
    }
    let closed = reader.while_in(name_end, 2, |b| matches!(b, b'"' | b'\'' | b'`'));
    let value = reader.operator(reader.blanks(closed, 16))?;
    Some((name_end, reader.opener(value, keyword.end)?))
}

pub(in crate::detect) fn is_credential(name: &[u8]) -> bool {
    WORDS.iter().any(|word| name.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word)))
}
