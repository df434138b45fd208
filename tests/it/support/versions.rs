//! Random texts and edits of them: secrets of all rules, whole and cut, that edits break and complete.

use std::sync::LazyLock;

use muzzle::rules::RuleSet;
use muzzle::rules::sample::sample_template;

use super::Rng;
use super::token::fill;

/// An example of a rule, filled in.
struct Piece {
    text: Vec<u8>,
    /// The rule's; an edit may be near one.
    keywords: Vec<Vec<u8>>,
}

/// Two fillings of every example of every rule.
static PIECES: LazyLock<Vec<Piece>> = LazyLock::new(|| {
    let rules = RuleSet::embedded_with_examples().unwrap();
    let mut pieces = Vec::new();
    for (_, rule) in rules.iter() {
        let keywords: Vec<Vec<u8>> = rule.keywords.iter().map(|word| word.clone().into_bytes()).collect();
        for template in rule.examples.matching.iter().chain(rule.examples.reject.iter().take(1)) {
            for filling in 0..2 {
                let mut rng = Rng::from_name(&format!("{} {filling}", rule.id));
                let text = sample_template(template, &mut rng).unwrap().into_bytes();
                pieces.push(Piece { text, keywords: keywords.clone() });
            }
        }
    }
    pieces
});

const WORDS: [&str; 16] = [
    "let", "password", "x", "=", "token:", "if", "\"", "key", "return;", "secret=", "0x7f", "the", "'", "//",
    "api_key", "é",
];

/// A text and what it was made with.
#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) bytes: Vec<u8>,
    /// Places in the list of pieces.
    pieces: Vec<usize>,
}

fn pick<'a, T>(rng: &mut Rng, list: &'a [T]) -> &'a T {
    &list[rng.below(list.len())]
}

/// One in `n`.
pub(crate) fn one_in(rng: &mut Rng, n: usize) -> bool {
    rng.below(n) == 0
}

/// Lines of words, or one long line of them.
fn words(rng: &mut Rng, count: usize, long_line: bool) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..count {
        text.extend(pick(rng, &WORDS).as_bytes());
        text.push(if !long_line && one_in(rng, 6) { b'\n' } else { b' ' });
    }
    text
}

/// A private key of up to a thousand lines; the longest are longer than any rule looks.
fn long_key(rng: &mut Rng) -> Vec<u8> {
    let key = fill("{{@pem:RSA PRIVATE KEY}}", &rng.next_u64().to_string());
    let lines: Vec<&str> = key.lines().collect();
    let (body, most) = (lines[1..lines.len() - 1].join("\n"), *pick(rng, &[3, 12, 60]));
    let repeat = 1 + rng.below(most);
    let mut text = format!("{}\n", lines[0]);
    (0..repeat).for_each(|_| text.push_str(&format!("{body}\n")));
    text.push_str(lines[lines.len() - 1]);
    text.push('\n');
    text.into_bytes()
}

/// `name = value` with the value on a line of its own, which is as far as most rules look.
fn on_two_lines(text: &[u8], rng: &mut Rng) -> Vec<u8> {
    let Some(at) = text.iter().position(|byte| b"=:".contains(byte)) else { return text.to_vec() };
    let (name, value) = (&text[..at], text[at + 1..].trim_ascii());
    let (operator, end) =
        *pick(rng, &[(&b" =\n    \""[..], &b"\"\n"[..]), (b": |\n  ", b"\n"), (b":\r\n  \"", b"\"")]);
    let value = value.strip_prefix(b"\"").map_or(value, |rest| rest.strip_suffix(b"\"").unwrap_or(rest));
    [name, operator, value, end].concat()
}

fn noise(rng: &mut Rng, length: usize) -> Vec<u8> {
    (0..length).map(|_| rng.next_u64().to_le_bytes()[5]).collect()
}

/// Turns a text into UTF-16 with a byte order mark.
fn utf16(bytes: &[u8], little: bool) -> Vec<u8> {
    let text = format!("\u{feff}{}", String::from_utf8_lossy(bytes));
    text.encode_utf16()
        .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
        .collect()
}

impl Version {
    /// A text of its own, mostly of a few hundred or thousand bytes, now and then of hundreds of thousands.
    pub(crate) fn new(rng: &mut Rng, large: bool) -> Self {
        let mut version = Version { bytes: Vec::new(), pieces: Vec::new() };
        let parts = if large { 60 } else { rng.below(12) };
        let long_lines = one_in(rng, 3);
        for _ in 0..parts {
            let count = rng.below(if large { 2000 } else { 80 });
            let filler = words(rng, count, long_lines);
            version.bytes.extend(filler);
            let piece = version.piece(rng);
            version.bytes.extend(piece);
            version.bytes.extend(*pick(rng, &[&b"\n"[..], b" ", b"", b"\r\n", b"\n\n"]));
        }
        version
    }

    /// Something to insert: an example, mostly whole, or a key.
    fn piece(&mut self, rng: &mut Rng) -> Vec<u8> {
        if one_in(rng, 12) {
            return long_key(rng);
        }
        // What is there already is taken again now and then.
        let number = if self.pieces.is_empty() || one_in(rng, 2) {
            rng.below(PIECES.len())
        } else {
            *pick(rng, &self.pieces)
        };
        self.pieces.push(number);
        let text = &PIECES[number].text;
        match rng.below(6) {
            0 => text[rng.below(text.len() + 1)..].to_vec(),
            1 => text[..rng.below(text.len() + 1)].to_vec(),
            2 => on_two_lines(text, rng),
            _ => text.clone(),
        }
    }

    /// The next version.
    pub(crate) fn edited(&self, rng: &mut Rng) -> Self {
        let mut next = self.clone();
        match rng.below(40) {
            0 => return Version { bytes: utf16(&self.bytes, one_in(rng, 2)), ..next },
            1 => next.bytes = String::from_utf8_lossy(&self.bytes).replace('\n', "\r\n").into_bytes(),
            2 => next.bytes.retain(|byte| *byte != b'\r'),
            3 => next.bytes.retain(|byte| *byte != b'\n'),
            4 => next.bytes.truncate(self.place(rng)),
            5 => drop(next.bytes.drain(..self.place(rng))),
            6 => next.bytes.make_ascii_uppercase(),
            _ => (0..=rng.below(4)).for_each(|_| next.edit(rng)),
        }
        next
    }

    fn edit(&mut self, rng: &mut Rng) {
        let at = self.place(rng);
        let most = *pick(rng, &[2, 4, 30, 200, 2000]);
        let length = rng.below(most).min(self.bytes.len() - at);
        let inserted = match rng.below(14) {
            0 => {
                self.bytes.drain(at..at + length);
                return;
            }
            // A line is lost, or its break.
            1 => {
                let end = self.bytes[at..].iter().position(|byte| *byte == b'\n').map_or(at, |end| at + end);
                let start = if one_in(rng, 2) { end } else { at };
                self.bytes.drain(start..self.bytes.len().min(end + 1));
                return;
            }
            2 => {
                if let Some(byte) = self.bytes.get_mut(at) {
                    *byte ^= 1 << rng.below(7);
                }
                return;
            }
            3 => {
                let moved: Vec<u8> = self.bytes.drain(at..at + length).collect();
                let to = self.place(rng);
                self.bytes.splice(to..to, moved);
                return;
            }
            4 => {
                let copied = self.bytes[at..at + length].to_vec();
                let to = self.place(rng);
                self.bytes.splice(to..to, copied);
                return;
            }
            5 => b"\n".to_vec(),
            6 => pick(rng, &[&b" "[..], b"\"", b"=", b"x", b"\n\n", b"\r\n", b"-", b"/", b"\\", b": "])
                .to_vec(),
            7 => noise(rng, length),
            8 => {
                let (count, long_line) = (rng.below(60), one_in(rng, 2));
                words(rng, count, long_line)
            }
            9 => vec![b'a'; length],
            10 => [self.piece(rng), b"\n".to_vec()].concat(),
            _ => self.piece(rng),
        };
        // Some replace.
        let gone = if one_in(rng, 3) { length.min(inserted.len()) } else { 0 };
        self.bytes.splice(at..at + gone, inserted);
    }

    /// Somewhere: anywhere, beside a mark, at a line's border, or as far from a keyword as rules look.
    fn place(&self, rng: &mut Rng) -> usize {
        let (bytes, anywhere) = (&self.bytes, rng.below(self.bytes.len() + 1));
        let place = match rng.below(5) {
            0 => Some(anywhere),
            1 => bytes[anywhere..]
                .iter()
                .position(|byte| *byte == b'\n')
                .map(|at| anywhere + at + rng.below(2)),
            2 => bytes[anywhere..]
                .iter()
                .position(|byte| b"=\":' \r".contains(byte))
                .map(|at| anywhere + at + rng.below(2)),
            _ => self.near_a_keyword(rng, anywhere),
        };
        place.unwrap_or(anywhere).min(bytes.len())
    }

    fn near_a_keyword(&self, rng: &mut Rng, from: usize) -> Option<usize> {
        let piece = &PIECES[*self.pieces.get(rng.below(self.pieces.len().max(1)))?];
        let keyword = pick(rng, &piece.keywords);
        // Not too far, since this is slow.
        let window = &self.bytes[from..self.bytes.len().min(from + 20_000)];
        let at =
            from + window.windows(keyword.len()).position(|bytes| bytes.eq_ignore_ascii_case(keyword))?;
        let distance = match rng.below(5) {
            0 => rng.below(4),
            1 => 174 + rng.below(6),
            2 => 1298 + rng.below(6),
            _ => rng.below(100),
        };
        Some(if one_in(rng, 2) { at.saturating_sub(distance) } else { at + keyword.len() + distance })
    }
}
