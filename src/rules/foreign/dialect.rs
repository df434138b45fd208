//! Expressions of Go's `regexp` in the words of the `regex` crate, on bytes with ASCII classes.
//!
//! Go takes a brace that is no repetition literally, and `[`, `&&`, `--` and `~~` in a class; it knows `\Q…\E` and octal
//! numbers; its `\s` has no vertical tab. `\d \w \s \b` are ASCII there, and are written out here, so that an
//! expression that cannot do without Unicode (`\pL`, `[äöü]`) may have it and nothing else changes.

use std::fmt::Write as _;

/// What `^` and `$` stand for, unless the expression has `(?m)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Borders {
    /// Borders of lines: for what is searched for in files. Gitleaks itself sees a file now whole, now cut into the lines
    /// that a commit added, so that in Go's sense they would not mean the same from one scan to the next.
    Lines,
    /// Borders of the text: for what is matched against a secret, a line or a path.
    Text,
}

/// Why an expression cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The character of the original, from 1.
    pub(super) at: usize,
    pub(super) why: String,
}

/// The same expression for [`compile::parse`].
pub(super) fn translate(pattern: &str, borders: Borders) -> Result<String, Refusal> {
    let mut translator = Translator { rest: pattern, input: pattern, out: String::new(), places: Vec::new() };
    translator.out.push_str(if borders == Borders::Text { "(?-m)" } else { "" });
    translator.run();
    let Translator { out, places, .. } = translator;
    let parse = |pattern: &str| {
        let mut builder = regex_syntax::ParserBuilder::new();
        builder
            .unicode(false)
            .utf8(false)
            .multi_line(true)
            .build()
            .parse(pattern)
            .map(|_| ())
            .map_err(Box::new)
    };
    let Err(error) = parse(&out) else { return Ok(out) };
    let with_unicode = format!("(?u){out}");
    if needs_unicode(&error) && parse(&with_unicode).is_ok() {
        return Ok(with_unicode);
    }
    let (why, offset) = match &*error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.offset),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start.offset),
        other => (other.to_string(), 0),
    };
    let at =
        places[..places.partition_point(|(out, _)| *out <= offset)].last().map_or(0, |(_, input)| *input);
    Err(Refusal { at: 1 + pattern[..at].chars().count(), why })
}

fn needs_unicode(error: &regex_syntax::Error) -> bool {
    use regex_syntax::hir::ErrorKind;
    matches!(error, regex_syntax::Error::Translate(error)
        if matches!(error.kind(), ErrorKind::UnicodeNotAllowed | ErrorKind::InvalidUtf8))
}

struct Translator<'a> {
    input: &'a str,
    rest: &'a str,
    out: String,
    /// Offsets in the output and in the input, wherever a token begins.
    places: Vec<(usize, usize)>,
}

impl<'a> Translator<'a> {
    fn run(&mut self) {
        while let Some(next) = self.rest.chars().next() {
            self.note();
            match next {
                '\\' => self.escape(),
                '[' => self.class(),
                '{' => match repetition(self.rest) {
                    Some(length) => self.copy(length),
                    None => self.replace(1, r"\{"),
                },
                '(' => match group_name(self.rest) {
                    // Names do not matter here, and may be in use twice.
                    Some(length) => self.replace(length, "("),
                    None => self.copy(1),
                },
                _ => self.copy(next.len_utf8()),
            }
        }
    }

    fn note(&mut self) {
        self.places.push((self.out.len(), self.input.len() - self.rest.len()));
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn copy(&mut self, length: usize) {
        let taken = self.take(length);
        self.out.push_str(taken);
    }

    fn replace(&mut self, length: usize, by: &str) {
        self.take(length);
        self.out.push_str(by);
    }

    fn literal(&mut self, character: char) {
        // `\<` and `\>` are word borders in the `regex` crate.
        if character.is_ascii_punctuation() && !matches!(character, '<' | '>') {
            self.out.push('\\');
        }
        self.out.push(character);
    }

    /// Behind a backslash, outside of classes.
    fn escape(&mut self) {
        let kind = self.rest[1..].chars().next();
        match kind {
            Some('Q') => {
                let quoted = &self.rest[2..];
                let end = quoted.find(r"\E");
                quoted[..end.unwrap_or(quoted.len())].chars().for_each(|character| self.literal(character));
                self.take(2 + end.map_or(quoted.len(), |end| end + 2));
            }
            Some('b') => self.replace(2, r"(?-u:\b)"),
            Some('B') => self.replace(2, r"(?-u:\B)"),
            Some(letter) if perl_class(letter).is_some() => {
                let (negation, members) = perl_class(letter).unwrap_or_default();
                self.replace(2, &format!("[{negation}{members}]"));
            }
            _ => self.escaped_character(),
        }
    }

    /// An escape that stands for one character, in classes and outside; others are left for the parser to refuse.
    fn escaped_character(&mut self) {
        let text = &self.rest[1..];
        let first = text.chars().next().unwrap_or_default();
        let number = match first {
            '0'..='7' => octal(text),
            'x' => hexadecimal(text),
            _ => None,
        };
        match number {
            Some((length, number)) => {
                self.take(1 + length);
                let _ = write!(self.out, r"\x{{{number:x}}}");
            }
            None if matches!(first, '<' | '>') => self.replace(2, &first.to_string()),
            None if matches!(first, 'p' | 'P') && text[1..].starts_with('{') => {
                self.copy(1 + text.find('}').map_or(text.len(), |end| end + 1));
            }
            None => self.copy(1 + first.len_utf8()),
        }
    }

    /// A class. All that could mean something else than itself is escaped.
    fn class(&mut self) {
        self.copy(1);
        if self.rest.starts_with('^') {
            self.copy(1);
        }
        let mut is_first = true;
        while let Some(next) = self.rest.chars().next() {
            self.note();
            if next == ']' && !is_first {
                return self.copy(1);
            }
            is_first = false;
            let escaped = self.rest.strip_prefix('\\').and_then(|rest| rest.chars().next());
            if let Some(end) = self.rest.strip_prefix("[:").and_then(|rest| rest.find(":]")) {
                self.copy(end + 4);
            } else if let Some((negation, members)) = escaped.and_then(perl_class) {
                let nested = if negation.is_empty() { members.to_owned() } else { format!("[^{members}]") };
                self.replace(2, &nested);
            } else {
                self.class_member();
                let range =
                    self.rest.strip_prefix('-').is_some_and(|to| !to.is_empty() && !to.starts_with(']'));
                let is_set = matches!(escaped, Some('p' | 'P'));
                if range && !is_set {
                    self.copy(1);
                    self.class_member();
                }
            }
        }
    }

    fn class_member(&mut self) {
        match self.rest.chars().next() {
            Some('\\') => self.escaped_character(),
            Some(character) => {
                self.take(character.len_utf8());
                self.literal(character);
            }
            None => {}
        }
    }
}

/// `^` or nothing, and what is between the brackets.
fn perl_class(letter: char) -> Option<(&'static str, &'static str)> {
    let members = match letter.to_ascii_lowercase() {
        'd' => "0-9",
        'w' => "0-9A-Za-z_",
        's' => r"\t\n\f\r ",
        _ => return None,
    };
    Some((if letter.is_ascii_uppercase() { "^" } else { "" }, members))
}

/// The length of `{n}`, `{n,}` or `{n,m}`.
fn repetition(text: &str) -> Option<usize> {
    let end = text.find('}')?;
    let (least, most) = text[1..end].split_once(',').unwrap_or((&text[1..end], ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (!least.is_empty() && is_number(least) && is_number(most)).then_some(end + 1)
}

/// The length of `(?P<name>` or `(?<name>`.
fn group_name(text: &str) -> Option<usize> {
    let name = text.strip_prefix("(?P<").or_else(|| text.strip_prefix("(?<"))?;
    let end = name.find('>')?;
    let is_name = end > 0 && name[..end].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some(text.len() - name.len() + end + 1)
}

/// Length and value of an octal number; a single digit other than 0 would be a back-reference.
fn octal(text: &str) -> Option<(usize, u32)> {
    let length = text.bytes().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    let number = u32::from_str_radix(&text[..length], 8).ok()?;
    (length > 1 || number == 0).then_some((length, number))
}

/// Length and value of `xHH` or `x{H…}`.
fn hexadecimal(text: &str) -> Option<(usize, u32)> {
    let (digits, length) = match text.strip_prefix("x{") {
        Some(rest) => (&rest[..rest.find('}')?], 3),
        None => (text.get(1..3)?, 1),
    };
    Some((length + digits.len(), u32::from_str_radix(digits, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::compile;

    fn matches(pattern: &str, text: &str) -> bool {
        let translated = translate(pattern, Borders::Text).unwrap_or_else(|e| panic!("{pattern}: {e:?}"));
        let hir = compile::parse(&translated).unwrap();
        let regex = regex_automata::meta::Builder::new()
            .configure(regex_automata::meta::Config::new().utf8_empty(false))
            .build_from_hir(&hir)
            .unwrap();
        regex.is_match(text)
    }

    #[track_caller]
    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        yes.iter().for_each(|text| assert!(matches(pattern, text), "{pattern} must match {text:?}"));
        no.iter().for_each(|text| assert!(!matches(pattern, text), "{pattern} must not match {text:?}"));
    }

    #[test]
    fn braces_that_repeat_nothing_are_literal() {
        check(r"^\${(?:[A-Z]+)}$", &["${AB}"], &["$AB"]);
        check(r"^\$(?:\d+|{\d+})$", &["$1", "${12}"], &["{1}"]);
        check(r"^{{[^}]+}}$", &["{{x}}"], &["{x}"]);
        check(r"^import[ \t]+{ a", &["import { a"], &[]);
        check(r"^a{2}b{1,}c{,3}$", &["aabbc{,3}"], &["aabccc"]);
        check(r"^x{a}{2}$", &["x{a}}"], &["xx"]);
    }

    #[test]
    fn quoted_text_and_numbers() {
        check(r"^\Qa.b[\E+$", &["a.b[", "a.b[["], &["axb["]);
        check(r"^\Qa.b", &["a.bc"], &["axb"]);
        check(r"^\101\x42\x{43}\0$", &["ABC\0"], &["101"]);
        check(r"^[\60-\62\x61-\x63]+$", &["012abc"], &["3", "d"]);
        check(r"^\xe9$", &["é"], &["e"]);
        check(r"^\<\>\_\/\-\#\%$", &["<>_/-#%"], &[]);
    }

    #[test]
    fn classes_mean_what_they_mean_in_go() {
        check(r"^[[a]+$", &["[a["], &["b"]);
        check(r"^[a&&b]+$", &["a&b"], &["c"]);
        check(r"^[a~~b%--c]+$", &["a~", "%&-c"], &["d"]);
        check(r"^[]a]+$", &["]a"], &["b"]);
        check(r"^[^]a]$", &["b"], &["]", "a"]);
        check(r"^[\w.-]+$", &["a-b.c_9"], &["é", "a b"]);
        check(r"^[\w-.]+$", &["a-b.c"], &["a b"]);
        check(r"^[+--]+$", &["+,-"], &["."]);
        check(r"^[[:alpha:]_[:^space:]]+$", &["ab_1"], &[" "]);
        check(r"^[\D\n]$", &["a", "\n"], &["1"]);
        check(r"^[\s\S]$", &["a", "\n"], &[]);
        check(r"^[<>\<\>]+$", &["<>"], &["\\"]);
        check(r"^\s$", &[" ", "\t", "\r"], &["\u{b}"]);
    }

    #[test]
    fn ascii_unless_the_expression_asks_for_more() {
        check(r"^\w$", &["a"], &["é"]);
        check(r"^\pL+\b$", &["aé\u{65e5}a"], &["1"]);
        check(r"^[äöü]{2}\d$", &["öü1"], &["ö1", "öü\u{0663}"]);
        check(r"^é.$", &["éa"], &["e"]);
        check(r"(?i)^k$", &["K"], &["\u{212a}"]);
    }

    #[test]
    fn groups_and_flags() {
        check(r"^(?P<a>x)(?P<a>y)(?<1b>z)$", &["xyz"], &[]);
        check(r"^\b(p8e-(?i)[a-z]{2})$", &["p8e-aB"], &["P8E-ab"]);
        check(r"(?-i:a)(?s:.)\z", &["a\n"], &["a\nb"]);
        check(r"(?m)^b$", &["a\nb\nc"], &[]);
        check(r"^b$", &["b"], &["a\nb"]);
    }

    #[test]
    fn what_cannot_be_said_is_refused_with_its_place() {
        let at = |pattern| translate(pattern, Borders::Lines).unwrap_err().at;
        assert_eq!(at("ab(?=c)"), 3);
        assert_eq!(at(r"${é(?<!c)"), 4);
        assert_eq!(at(r"(a)\1"), 4);
        assert_eq!(at(r"\Q((\E)("), 7);
        assert_eq!(at("a(b"), 2);
        assert_eq!(at("[z-a]"), 2);
        assert_eq!(at(r"a\"), 2);
        assert!(translate("*a", Borders::Text).unwrap_err().why.contains("repetition"));
    }

    proptest::proptest! {
        #[test]
        fn no_pattern_makes_it_fail(pattern in r"[-ab\\\[\]{}()?<>P:^$|&~*+.0-9QEx,édws]{0,24}") {
            let _ = translate(&pattern, Borders::Lines);
        }
    }
}
