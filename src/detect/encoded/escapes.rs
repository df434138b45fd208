//! Characters written as escapes: `%41`, `\x41`, `\u0041`, `&#65;`, `=41`; and the colours of terminals, which are no
//! characters at all. Decoded with what stands round them.

use std::ops::Range;

use super::{Coding, Decoded, Region, pairs};

/// Escapes that are no further apart belong together.
const GAP: usize = 64;
/// What is decoded with them on either side, as far as the line goes.
const MARGIN: usize = 256;
/// Bytes of the longest escape.
const LONGEST: usize = 16;

/// An escape that is not whole in a line is none, and what lies in other lines has no say.
pub(super) const REACH: usize = LONGEST;

/// Appends the regions that an edit has a say in, and some others.
pub(super) fn find(bytes: &[u8], edit: &Range<usize>, out: &mut Vec<Region>) {
    // The region's escape that is next to the edit stands in the same line, or the line lies next to the edit.
    let beside = REACH + MARGIN + GAP + LONGEST;
    let (near, far) = (edit.start.saturating_sub(REACH), edit.start.saturating_sub(beside));
    let mut at = memchr::memrchr(b'\n', &bytes[far..near]).map_or(far, |at| far + at + 1);
    let (near, far) = (bytes.len().min(edit.end + REACH), bytes.len().min(edit.end + beside));
    let limit = memchr::memchr(b'\n', &bytes[near..far]).map_or(far, |at| near + at);
    while let Some(first) = next(bytes, at, limit) {
        let start = chain_start(bytes, first);
        let mut end = first + escape(bytes, first).map_or(1, |(length, _)| length);
        while let Some(more) = next(bytes, end, bytes.len().min(end + GAP))
            && !bytes[end..more].contains(&b'\n')
        {
            end = more + escape(bytes, more).map_or(1, |(length, _)| length);
        }
        let floor = start.saturating_sub(MARGIN);
        let begin = memchr::memrchr(b'\n', &bytes[floor..start]).map_or(floor, |at| floor + at + 1);
        let roof = bytes.len().min(end + MARGIN);
        let stop = memchr::memchr(b'\n', &bytes[end..roof]).map_or(roof, |at| end + at);
        out.push(Region { span: begin..stop, coding: Coding::Escapes });
        at = end;
    }
}

/// The next escape that begins in `from..limit`.
fn next(bytes: &[u8], from: usize, limit: usize) -> Option<usize> {
    let mut from = from;
    while let Some(at) = pairs::next(bytes, from, limit, may_begin) {
        if escape(bytes, at).is_some() {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// Whether these two bytes may begin an escape. Without branches.
#[inline]
fn may_begin(first: u8, second: u8) -> bool {
    let is_digit = second.wrapping_sub(b'0') < 10;
    let is_hex = is_digit | ((second | 0x20).wrapping_sub(b'a') < 6);
    let is_mark = (second == b'x') | ((second | 0x20) == b'u');
    ((first == b'%') & is_hex)
        | ((first == b'=') & (is_digit | (second.wrapping_sub(b'A') < 6)))
        | ((first == b'\\') & is_mark)
        | ((first == b'&') & (second == b'#'))
        | ((first == COLOUR) & (second == b'['))
}

/// Where the escapes begin that the one at `first` belongs to.
fn chain_start(bytes: &[u8], first: usize) -> usize {
    let mut start = first;
    loop {
        let floor = start.saturating_sub(GAP + LONGEST);
        let floor = memchr::memrchr(b'\n', &bytes[floor..start]).map_or(floor, |at| floor + at + 1);
        let is_before = |at: usize| {
            escape(bytes, at).is_some_and(|(length, _)| at + length <= start && at + length + GAP > start)
        };
        match (floor..start).find(|at| is_before(*at)) {
            Some(before) => start = before,
            None => return start,
        }
    }
}

/// The length of the escape that begins at `at`, and its character, if it is one that credentials and names have, or that
/// begins another escape.
fn escape(bytes: &[u8], at: usize) -> Option<(usize, Option<char>)> {
    let (length, character) = any_escape(bytes, at)?;
    let tells = character.is_none_or(|c| c.is_ascii_alphanumeric() || "_-=:/@.+\"'%".contains(c));
    tells.then_some((length, character))
}

/// `None` for the character of what is not one.
fn any_escape(bytes: &[u8], at: usize) -> Option<(usize, Option<char>)> {
    if bytes[at] == COLOUR {
        return colour(&bytes[at..]).map(|length| (length, None));
    }
    character(bytes, at).map(|(length, character)| (length, Some(character)))
}

/// The length of a sequence that sets how a terminal shows what follows: `ESC [ 31 ; 1 m`.
fn colour(text: &[u8]) -> Option<usize> {
    let [COLOUR, b'[', rest @ ..] = text else { return None };
    let digits = rest.iter().take(LONGEST).take_while(|byte| matches!(byte, b'0'..=b'9' | b';')).count();
    matches!(rest.get(digits), Some(b'm' | b'K')).then_some(digits + 3)
}

/// What sequences for terminals begin with.
const COLOUR: u8 = 0x1b;

fn character(bytes: &[u8], at: usize) -> Option<(usize, char)> {
    let text = &bytes[at..bytes.len().min(at + LONGEST)];
    let digits = |from: usize, count: usize| hex(text.get(from..from + count)?);
    match text {
        [b'%', ..] => Some((3, ascii(digits(1, 2)?)?)),
        // Quoted-printable is written with capitals; much else has an equals sign.
        [b'=', a, b, ..] if ![a, b].iter().any(|digit| digit.is_ascii_lowercase()) => {
            Some((3, ascii(digits(1, 2)?)?))
        }
        [b'\\', b'x', ..] => Some((4, ascii(digits(2, 2)?)?)),
        [b'\\', b'u', b'{', ..] => {
            let end = text.iter().position(|byte| *byte == b'}')?;
            Some((end + 1, char::from_u32(hex(&text[3..end])?)?))
        }
        [b'\\', b'u', ..] => Some((6, char::from_u32(digits(2, 4)?)?)),
        [b'\\', b'U', ..] => Some((10, char::from_u32(digits(2, 8)?)?)),
        [b'&', b'#', rest @ ..] => {
            let end = rest.iter().position(|byte| *byte == b';')?;
            let number = match &rest[..end] {
                [b'x' | b'X', number @ ..] => hex(number)?,
                number => std::str::from_utf8(number).ok()?.parse().ok()?,
            };
            Some((end + 3, char::from_u32(number)?))
        }
        _ => None,
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    let text = is_number.then(|| std::str::from_utf8(digits).ok()).flatten()?;
    u32::from_str_radix(text, 16).ok()
}

fn ascii(number: u32) -> Option<char> {
    char::from_u32(number).filter(char::is_ascii)
}

/// Decodes every escape of a region, also those that did not make it one.
pub(super) fn decode(text: &[u8]) -> Option<Decoded> {
    let (mut bytes, mut places) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
    let mut at = 0;
    while at < text.len() {
        let place = u32::try_from(at).ok()?;
        match any_escape(text, at) {
            Some((length, None)) => at += length,
            // A backslash that is written as one begins no escape here, but may in what comes out.
            None if text[at..].starts_with(b"\\\\") => {
                bytes.push(b'\\');
                places.push(place);
                at += 2;
            }
            Some((length, Some(character))) => {
                let mut buffer = [0; 4];
                for byte in character.encode_utf8(&mut buffer).bytes() {
                    bytes.push(byte);
                    places.push(place);
                }
                at += length;
            }
            None => {
                bytes.push(text[at]);
                places.push(place);
                at += 1;
            }
        }
    }
    places.push(u32::try_from(text.len()).ok()?);
    Some(Decoded { bytes, places })
}
