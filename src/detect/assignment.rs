//! "A name is given a value", in any language or format: where may the value begin?
//!
//! Read once per keyword occurrence, whatever the number of rules that share the keyword; the rules' expressions are
//! then tried at a few fixed places. A pure function of at most [`BEFORE`] bytes before the keyword and [`AFTER`]
//! behind it, across at most one line break.

use std::ops::Range;

pub(super) mod nested;

use crate::rules::assignment_reach::{AFTER, BEFORE};

/// What stands between a keyword and the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Assignment {
    /// Start of the name that the keyword is part of, as far as it is looked at.
    pub(super) name_start: usize,
    /// End of the name; types and further words included.
    pub(super) name_end: usize,
    /// Where the value may begin, likeliest first; the rest repeats the first.
    pub(super) starts: [usize; 3],
}

/// Reads the assignment whose name contains the keyword.
pub(super) fn read(bytes: &[u8], keyword: Range<usize>) -> Option<Assignment> {
    if !is_word_start(bytes, keyword.start) {
        return None;
    }
    let reader = Reader { bytes: &bytes[..bytes.len().min(keyword.end + AFTER)] };
    let first_word = reader.name(keyword.end, 40);
    let name_end = reader.further_words(reader.subscript(first_word));
    let closed =
        reader.while_in(name_end, 5, |b| matches!(b, b'\\' | b'"' | b'\'' | b'`' | b']' | b')' | b'}'));
    let value = reader.entry(closed).or_else(|| reader.operator(reader.blanks(closed, 16)));
    let nested = || nested::read(&reader, &keyword, closed);
    // Most occurrences end here: no value without an operator, a blank behind a flag, or what a nested name begins with.
    if value.is_none() && first_word == reader.blanks(first_word, 1) && !nested::may_follow(reader.at(closed))
    {
        return None;
    }
    let name_start = name_start(bytes, keyword.start);
    let direct = |at| {
        let starts = reader.opener(at, keyword.end)?;
        Some(Assignment { name_start, name_end, starts })
    };
    let inner = || nested().map(|(name_end, starts)| Assignment { name_start, name_end, starts });
    match value {
        // `Acme({ key: …`: what the bracket holds may have names of its own.
        Some(at) if reader.opens(at) => inner().or_else(|| direct(at)),
        Some(at) => direct(at).or_else(inner),
        None if takes_value_by_blank(bytes, name_start) => flag(&reader, first_word, name_start),
        None => inner(),
    }
}

/// `--api-token VALUE`, Docker's `ENV NAME VALUE` and the like of shells.
fn takes_value_by_blank(bytes: &[u8], name_start: usize) -> bool {
    bytes.get(name_start) == Some(&b'-')
        || [&b"ENV "[..], b"setx ", b"setenv "].iter().any(|word| bytes[..name_start].ends_with(word))
}

/// The value behind a blank.
fn flag(reader: &Reader<'_>, name_end: usize, name_start: usize) -> Option<Assignment> {
    let value = reader.blanks(name_end, 4);
    if value == name_end {
        return None;
    }
    let value = if matches!(reader.at(value), Some(b'"' | b'\'')) { value + 1 } else { value };
    Some(Assignment { name_start, name_end, starts: [value; 3] })
}

/// A keyword begins a word of the name: behind no letter or digit, or where camel case begins a new word.
pub(super) fn is_word_start(bytes: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|i| bytes[i]) else { return true };
    !before.is_ascii_alphanumeric()
        || (bytes[at].is_ascii_uppercase() && before.is_ascii_lowercase())
        // A Java property on a command line: `-Dsonar.login=…`.
        || bytes[..at].ends_with(b"-D")
}

/// Where the name begins that goes on at `keyword`.
fn name_start(bytes: &[u8], keyword: usize) -> usize {
    let floor = keyword.saturating_sub(BEFORE);
    bytes[floor..keyword].iter().rposition(|b| !is_name(*b)).map_or(floor, |i| floor + i + 1)
}

fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn at(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// The end of a run of at most `most` bytes that satisfy `is`.
    fn while_in(&self, from: usize, most: usize, is: impl Fn(u8) -> bool) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        from + rest.iter().take(most).take_while(|b| is(**b)).count()
    }

    fn line_breaks(&self, range: Range<usize>) -> usize {
        memchr::memchr_iter(b'\n', &self.bytes[range]).count()
    }

    fn blanks(&self, from: usize, most: usize) -> usize {
        self.while_in(from, most, |b| b == b' ' || b == b'\t')
    }

    fn name(&self, from: usize, most: usize) -> usize {
        self.while_in(from, most, is_name)
    }

    /// `name['key']`: the end of the key.
    fn subscript(&self, end: usize) -> usize {
        if self.at(end) != Some(b'[') {
            return end;
        }
        let key = self.while_in(end + 1, 2, |b| matches!(b, b'\\' | b'"' | b'\''));
        self.name(key, 32)
    }

    /// Up to three more words: ` API key`, or a type as in `var apiToken string = …`.
    fn further_words(&self, mut end: usize) -> usize {
        for _ in 0..3 {
            let word = end + 1;
            let word_end = self.name(word, 16);
            if !matches!(self.at(end), Some(b' ' | b'\t')) || word_end == word {
                break;
            }
            // `name - value` and `name -> value`: the dash is an operator, not a word; `name v1.9.0` is a version.
            if self.at(word) == Some(b'-') || self.bytes[word..word_end].contains(&b'.') {
                break;
            }
            end = word_end;
        }
        end
    }

    /// The name and its value as two entries: `name: X` / `value: Y`, `name="X" value="Y"`, `variable "X" { default =`.
    /// Behind the operator.
    fn entry(&self, from: usize) -> Option<usize> {
        let from = match self.bytes.get(from..).unwrap_or_default() {
            [b',' | b'{', ..] => from + 1,
            [b' ', b'{', ..] => from + 2,
            _ => from,
        };
        let word = self.while_in(from, 40, |b| b.is_ascii_whitespace());
        if word == from || self.line_breaks(from..word) > 1 {
            return None;
        }
        let word = self.while_in(word, 2, |b| matches!(b, b'\\' | b'"' | b'\''));
        let rest = &self.bytes[word..];
        let length = [&b"value"[..], b"default", b"content"]
            .iter()
            .find(|key| rest.get(..key.len()).is_some_and(|text| text.eq_ignore_ascii_case(key)))?
            .len();
        let closed = self.while_in(word + length, 2, |b| matches!(b, b'\\' | b'"' | b'\''));
        self.operator(self.blanks(closed, 16))
    }

    /// `= := => ?= += || == ::= : :: , > -> ~> <- (`. Behind it.
    fn operator(&self, from: usize) -> Option<usize> {
        let prefix = self.while_in(from, 3, |b| matches!(b, b'?' | b'+' | b'.' | b'|' | b':'));
        let equals = self.while_in(prefix, 3, |b| b == b'=');
        if equals > prefix {
            return Some(if self.at(equals) == Some(b'>') { equals + 1 } else { equals });
        }
        let colons = self.while_in(from, 3, |b| b == b':');
        if colons > from {
            return Some(colons);
        }
        match (self.at(from)?, self.at(from + 1)) {
            (b',' | b'>' | b'(', _) => Some(from + 1),
            (b'-' | b'~', Some(b'>')) | (b'<', Some(b'-')) => Some(from + 2),
            (b'-', Some(b' ')) if matches!(self.at(from + 2), Some(b'"' | b'\'')) => Some(from + 2),
            _ => None,
        }
    }

    /// Whether a bracket or an element's beginning stands right before or behind.
    fn opens(&self, at: usize) -> bool {
        let inside = self.while_in(at, 40, |b| b.is_ascii_whitespace());
        match self.bytes[at - 1] {
            b'(' => true,
            b'>' => self.bytes[inside..].starts_with(b"<"),
            _ => matches!(self.at(inside), Some(b'(' | b'{')),
        }
    }

    /// YAML's `|`, `>-` and the like behind the colon, in front of a line break.
    fn block_scalar(&self, from: usize) -> usize {
        let marker = self.blanks(from, 2);
        let style = self.while_in(marker, 1, |b| matches!(b, b'|' | b'>'));
        let end = self.while_in(style, 1, |b| matches!(b, b'-' | b'+'));
        if style > marker && self.at(end) == Some(b'\n') { end } else { from }
    }

    /// Brackets, string prefixes, quotes, authorization schemes: where the value may begin.
    fn opener(&self, from: usize, keyword_end: usize) -> Option<[usize; 3]> {
        let from = self.block_scalar(from);
        let bare = self.while_in(from, 40, |b| b.is_ascii_whitespace());
        if self.line_breaks(keyword_end..bare) > 1 {
            return None;
        }
        // `name =` and a line break: an empty value, unless what follows is quoted or can be nothing else.
        if self.bytes[from..bare].contains(&b'\n')
            && matches!(self.at(from - 1), Some(b'=' | b':'))
            && !matches!(self.at(bare), Some(b'"' | b'\'' | b'`'))
        {
            return None;
        }
        let mut at = if self.bytes[bare..].starts_with(b"<![CDATA[") { bare + 9 } else { bare };
        at = self.while_in(at, 1, |b| matches!(b, b'(' | b'[' | b'{'));
        at = self.blanks(at, 4);
        let prefix = self.while_in(at, 2, |b| {
            matches!(b, b'b' | b'B' | b'r' | b'R' | b'f' | b'F' | b'u' | b'U' | b'L' | b'@' | b'$')
        });
        let quotes = self.while_in(prefix, 4, |b| matches!(b, b'\\' | b'"' | b'\'' | b'`'));
        let quoted = if quotes > prefix {
            quotes
        } else {
            self.while_in(at, 4, |b| matches!(b, b'\\' | b'"' | b'\'' | b'`'))
        };
        let rest = &self.bytes[quoted..];
        let scheme = [&b"bearer "[..], b"basic ", b"token ", b"apikey "]
            .iter()
            .find(|scheme| rest.get(..scheme.len()).is_some_and(|text| text.eq_ignore_ascii_case(scheme)))
            .map_or(0, |scheme| scheme.len());
        Some([quoted + scheme, quoted, bare])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(text: &str) -> Option<&str> {
        let start = text.to_ascii_lowercase().find("acme")?;
        let assignment = read(text.as_bytes(), start..start + 4)?;
        Some(&text[assignment.starts[0]..])
    }

    #[test]
    fn finds_the_value_in_many_formats() {
        for text in [
            "acme=V",
            "acme_token = \"V",
            "acmeApiKey: 'V",
            "acme.api-key := `V",
            "\"acme_key\" : \"V",
            "\\\"acme\\\": \\\"V",
            "$acme['key'] => \"V",
            "myAcmeToken ?= V",
            "ACME_TOKEN ::= V",
            "var acmeToken string = \"V",
            "String acmeToken = @\"V",
            "acme = b'V",
            "setProperty(\"ACME_TOKEN\", \"V",
            "<acmeToken>\n    V",
            "<acme-token><![CDATA[V",
            "<add key=\"acme\" value=\"V",
            "- name: ACME_TOKEN\n  value: \"V",
            "{\"name\": \"acme\", \"value\": \"V",
            "Acme API key: V",
            "--acme-token V",
            "--acme-token='V",
            "acme-auth: Bearer V",
            "acme <- \"V",
            "acme token - 'V",
            "acme(\"V",
            "-Dacme.login=V",
            "acme: |\n  V",
            "acme =\n    \"V",
            "ENV ACME_KEY V",
            "acme:\n  api_key: V",
            "acme:\n  token: \"V",
            "'acme': {'api_key': 'V",
            "\"acme\": {\n  \"apiKey\": \"V",
            "[acme]\nsecret_key = V",
            "[services.acme]\r\ntoken = \"V",
            "<acme>\n  <token>V",
            "new Acme({ apiKey: 'V",
            "AcmeClient(token=\"V",
            "AcmeClient(\n    auth_token = \"V",
            "# Acme API key\nkey = V",
            "// the acme secret:\nconst SECRET = 'V",
            "https://api.acme.com/v1/x?units=m&api_key=V",
            "curl https://acme.com/v1/x -H \"Authorization: Bearer V",
            "curl 'https://acme.com/v1/x' \\\n  -H 'X-Api-Key: V",
            "variable \"acme_token\" {\n  default = \"V",
        ] {
            assert_eq!(value_of(text), Some("V"), "{text}");
        }
    }

    #[test]
    fn refuses_what_gives_no_value() {
        for text in [
            "pharmacmetoken=V",
            "acme.com/V",
            "acme is V",
            "acme V",
            "acme\n\n\n=V",
            "acme: \n\nV",
            "acme=\nV",
            "acme:\n  V",
            "acme:\n  name: V",
            "acme:\ntoken: V",
            "[acme]\n\ntoken = V",
            "[acme]\nregion = V",
            "import acme\nkey = V",
            "https://acme.com/?page=V",
            "https://acme.com/ and key = V",
            "acme v1.9.0 h1:V",
            "acme",
        ] {
            assert_eq!(value_of(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn stays_inside_and_in_reach(text in "[ -=\"'a\n:<>(,]{0,40}acme[ -=\"'a\n:<>(,.]{0,400}") {
            let start = text.find("acme").unwrap();
            if let Some(assignment) = read(text.as_bytes(), start..start + 4) {
                for at in assignment.starts {
                    proptest::prop_assert!(at <= text.len() && at <= start + 4 + AFTER);
                }
            }
        }
    }
}
