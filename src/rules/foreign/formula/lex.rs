//! The text of a filter → tokens, each with where it begins.

use super::Refusal;

/// A piece of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name, or an operator that is a word.
    Word(String),
    Text(String),
    Number(f64),
    /// An operator or a bracket.
    Sign(&'static str),
}

/// Longer ones first.
const SIGNS: [&str; 30] = [
    "&&", "||", "==", "!=", "<=", ">=", "??", "?.", "..", "**", "!", "<", ">", "(", ")", "[", "]", ",", ";",
    "?", ":", "=", "+", "-", "*", "/", "%", ".", "|", "#",
];

pub(super) fn lex(text: &str) -> Result<Vec<(usize, Token)>, Refusal> {
    let mut tokens = Vec::new();
    let mut lexer = Lexer { text, at: 0 };
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Result<Option<(usize, Token)>, Refusal> {
        self.skip()?;
        let at = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(None) };
        // CEL marks raw texts with an `r`.
        let is_raw = first == 'r' && rest[1..].starts_with(['"', '\'']);
        let token = match first {
            '"' | '\'' | '`' => self.text(false)?,
            'r' if is_raw => {
                self.at += 1;
                self.text(true)?
            }
            '0'..='9' => self.number()?,
            _ if first.is_alphabetic() || first == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                self.at += end;
                Token::Word(self.text[at..at + end].to_owned())
            }
            '{' | '}' => return Err(Refusal::unsupported(at, "maps and closures")),
            _ => match SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
                Some(sign) => {
                    self.at += sign.len();
                    Token::Sign(sign)
                }
                None => return Err(Refusal::wrong(at, format!("{first:?} has no meaning here"))),
            },
        };
        Ok(Some((at, token)))
    }

    /// White space and comments.
    fn skip(&mut self) -> Result<(), Refusal> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let at = self.at;
            if let Some(comment) = trimmed.strip_prefix("//") {
                self.at += 2 + comment.find('\n').unwrap_or(comment.len());
            } else if let Some(comment) = trimmed.strip_prefix("/*") {
                let end = comment.find("*/").ok_or_else(|| Refusal::wrong(at, "a comment without an end"))?;
                self.at += 2 + end + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn number(&mut self) -> Result<Token, Refusal> {
        let (at, rest) = (self.at, self.rest());
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
        let mut end = digits(rest);
        if rest[end..].starts_with('.') && rest[end + 1..].starts_with(|c: char| c.is_ascii_digit()) {
            end += 1 + digits(&rest[end + 1..]);
        }
        let number = rest[..end].replace('_', "").parse().ok();
        let number = number.filter(|_| !rest[end..].starts_with(|c: char| c.is_alphanumeric()));
        self.at += end;
        number.map(Token::Number).ok_or_else(|| Refusal::wrong(at, "a number is written like 12 or 3.5"))
    }

    fn text(&mut self, is_raw: bool) -> Result<Token, Refusal> {
        let (at, rest) = (self.at, self.rest());
        let quote = &rest[..1];
        let thrice = quote.repeat(3);
        let quote = if quote != "`" && rest.starts_with(&thrice) { thrice.as_str() } else { quote };
        let is_raw = is_raw || quote == "`";
        let mut text = String::new();
        let mut left = &rest[quote.len()..];
        loop {
            let Some(first) = left.chars().next() else {
                return Err(Refusal::wrong(at, "a text without its closing quote"));
            };
            if let Some(behind) = left.strip_prefix(quote) {
                // Two backticks in a raw text stand for one.
                if quote == "`" && behind.starts_with('`') {
                    text.push('`');
                    left = &behind[1..];
                    continue;
                }
                self.at = self.text.len() - behind.len();
                return Ok(Token::Text(text));
            }
            left = &left[first.len_utf8()..];
            if first == '\\' && !is_raw {
                let place = self.text.len() - left.len() - 1;
                let (character, length) = escape(left).ok_or_else(|| {
                    Refusal::wrong(place, "an unknown escape: write `\\\\` for a backslash")
                })?;
                text.push(character);
                left = &left[length..];
            } else {
                text.push(first);
            }
        }
    }
}

/// What an escape stands for, and its length without the backslash.
fn escape(text: &str) -> Option<(char, usize)> {
    let hex = |digits: usize| {
        let code = u32::from_str_radix(text.get(1..1 + digits)?, 16).ok()?;
        Some((char::from_u32(code)?, 1 + digits))
    };
    let plain = |character| Some((character, 1));
    match text.chars().next()? {
        'n' => plain('\n'),
        't' => plain('\t'),
        'r' => plain('\r'),
        'a' => plain('\x07'),
        'b' => plain('\x08'),
        'f' => plain('\x0c'),
        'v' => plain('\x0b'),
        same @ ('\\' | '"' | '\'' | '`') => plain(same),
        'x' => hex(2),
        'u' => hex(4),
        'U' => hex(8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(filter: &str) -> Vec<String> {
        let text = |(_, token)| match token {
            Token::Text(text) => format!("'{text}'"),
            Token::Word(word) => word,
            Token::Number(number) => number.to_string(),
            Token::Sign(sign) => sign.to_owned(),
        };
        lex(filter).unwrap().into_iter().map(text).collect()
    }

    #[test]
    fn all_ways_to_write_a_text() {
        assert_eq!(texts(r#""a\n\"\x41\u00e9" 'b\'"' `c\n``d`"#), ["'a\n\"Aé'", "'b'\"'", "'c\\n`d'"]);
        assert_eq!(texts("r\"a\\d\" r'''b\"'c''' \"\"\"d\"e\\t\"\"\""), ["'a\\d'", "'b\"'c'", "'d\"e\t'"]);
    }

    #[test]
    fn words_numbers_signs_and_comments() {
        let filter = "entropy(x) <= 3.50 // why\n || /* not\n */ !ré_1[1_0:2..3]";
        let expected =
            ["entropy", "(", "x", ")", "<=", "3.5", "||", "!", "ré_1", "[", "10", ":", "2", "..", "3", "]"];
        assert_eq!(texts(filter), expected);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (filter, at) in
            [("a \"b", 2), ("a + 'b\\q'", 6), ("1 /* x", 2), ("a $ b", 2), ("12x", 0), ("é {", 3)]
        {
            assert_eq!(lex(filter).unwrap_err().at, at, "{filter}");
        }
    }
}
