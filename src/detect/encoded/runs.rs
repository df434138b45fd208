//! Runs of the letters of base64 or hex, over lines that were wrapped.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::regions::with_lines;
use super::{Coding, Decoded, Region};

/// A shorter run is a word.
const SHORTEST: usize = 20;
/// A shorter one is no secret in hex.
const SHORTEST_HEX: usize = 32;
/// Lines that were wrapped have one of these lengths.
const WRAPPED: std::ops::RangeInclusive<usize> = 40..=128;
/// Blanks before a wrapped line.
const DEEPEST_INDENT: usize = 32;
/// Bytes of the beginning that tell whether something is text.
const TOLD_BY: usize = 9;
/// The line above or below, which may or may not belong to a region: its blanks, its break, and its letters.
pub(super) const REACH: usize = DEEPEST_INDENT + 3 + *WRAPPED.end() + 1;

/// `+/` and `-_` alike.
const fn letters() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let letter = byte as u8;
        table[byte] = letter.is_ascii_alphanumeric() || matches!(letter, b'+' | b'/' | b'-' | b'_');
        byte += 1;
    }
    table
}

static LETTERS: [bool; 256] = letters();

fn is_letter(byte: u8) -> bool {
    LETTERS[usize::from(byte)]
}

const ANY_PADDING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
static STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, ANY_PADDING);

/// Appends the regions that an edit has a say in, and some others.
pub(super) fn find(bytes: &[u8], edit: &Range<usize>, out: &mut Vec<Region>) {
    // The last line of a region may be too short to be seen by itself; the one above is not.
    let range = with_lines(bytes, edit, REACH + SHORTEST + DEEPEST_INDENT + 4);
    let mut at = run_start(bytes, range.start);
    // Where the lines end that were looked at already.
    let (mut seen, mut seen_hex) = (0, 0);
    while let Some(start) = next_run(bytes, at, range.end) {
        let end = run_end(bytes, start + SHORTEST);
        at = end + 1;
        if start >= seen_hex {
            seen_hex = hex_regions(bytes, start..end, out);
        }
        if start < seen {
            continue;
        }
        let lines = chained(bytes, start..end, is_letter);
        seen = lines.whole.end;
        if begins_as_text(&bytes[lines.whole.clone()]) {
            // A short line behind may be the end of it, or another matter.
            out.extend(lines.without_last.map(|span| Region { span, coding: Coding::Base64 }));
            out.push(Region { span: lines.whole, coding: Coding::Base64 });
        }
    }
}

/// Bytes that are looked at together.
const BLOCK: usize = 128;

/// The first place in `from..limit` behind which all of [`SHORTEST`] bytes are letters. In words and code that is rare, and
/// to look at byte after byte would be a branch that nothing foretells: so bits are made of letters, and of bits runs.
fn next_run(bytes: &[u8], from: usize, limit: usize) -> Option<usize> {
    let mut at = from;
    while at < limit {
        let runs = match bytes[at..].first_chunk() {
            Some(block) => runs_in(letters_in(block)),
            None => {
                let mut block = [0; BLOCK];
                block[..bytes.len() - at].copy_from_slice(&bytes[at..]);
                runs_in(letters_in(&block))
            }
        };
        if runs != 0 {
            let found = at + runs.trailing_zeros() as usize;
            return (found < limit).then_some(found);
        }
        // One that begins further on may not be whole here.
        at += BLOCK - (SHORTEST - 1);
    }
    None
}

/// A bit for each letter.
fn letters_in(block: &[u8; BLOCK]) -> u128 {
    let mut letters = [0; BLOCK];
    for (letter, byte) in letters.iter_mut().zip(block) {
        let is_word = ((byte | 0x20).wrapping_sub(b'a') < 26) | (byte.wrapping_sub(b'/') < 11);
        *letter = u8::from(is_word | (*byte == b'+') | (*byte == b'-') | (*byte == b'_'));
    }
    let mut bits = 0;
    for (place, eight) in letters.as_chunks::<8>().0.iter().enumerate() {
        // Moves the lowest bit of byte n to bit n of the highest byte; no two sums meet.
        let byte = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= u128::from(byte) << (8 * place);
    }
    bits
}

/// A bit for each place at which a run of [`SHORTEST`] begins.
fn runs_in(letters: u128) -> u128 {
    const { assert!(SHORTEST == 16 + 4) };
    let of_2 = letters & letters >> 1;
    let of_4 = of_2 & of_2 >> 2;
    let of_8 = of_4 & of_4 >> 4;
    let of_16 = of_8 & of_8 >> 8;
    of_16 & of_4 >> 16
}

/// The same for hex. A run of digits is one of letters, too, and its lines may end earlier. Says where they end.
fn hex_regions(bytes: &[u8], run: Range<usize>, out: &mut Vec<Region>) -> usize {
    let is_digit = |byte: u8| byte.is_ascii_hexdigit();
    // `0x` is no part of the number.
    let text = &bytes[run.clone()];
    let mark = if text.starts_with(b"0x") || text.starts_with(b"0X") { 2 } else { 0 };
    let run = run.start + mark..run.end;
    if !bytes[run.clone()].iter().all(|byte| is_digit(*byte)) {
        return run.end;
    }
    let Lines { whole, without_last } = chained(bytes, run, is_digit);
    let end = whole.end;
    for span in without_last.into_iter().chain([whole]) {
        let digits = bytes[span.clone()].iter().filter(|byte| is_digit(**byte)).count();
        if digits >= SHORTEST_HEX && digits.is_multiple_of(2) {
            out.push(Region { span, coding: Coding::Hex });
        }
    }
    end
}

/// Where the run begins that `at` lies in or behind; `at` itself if there is none.
fn run_start(bytes: &[u8], at: usize) -> usize {
    let before = bytes[..at.min(bytes.len())].iter().rev().take_while(|byte| is_letter(**byte)).count();
    at.min(bytes.len()) - before
}

fn run_end(bytes: &[u8], at: usize) -> usize {
    let at = at.min(bytes.len());
    at + bytes[at..].iter().take_while(|byte| is_letter(**byte)).count()
}

/// A run with the lines before and behind it that it was wrapped into.
struct Lines {
    whole: Range<usize>,
    /// The same without its last line, if that is shorter and no padding ends it.
    without_last: Option<Range<usize>>,
}

fn chained(bytes: &[u8], run: Range<usize>, is_letter: fn(u8) -> bool) -> Lines {
    let (mut first, mut last) = (run.clone(), run);
    let mut before_last = None;
    while let Some(before) = line_before(bytes, &first, is_letter) {
        before_last = before_last.or(Some(before.end));
        first = before;
    }
    while let Some(next) = line_behind(bytes, &last, is_letter) {
        before_last = Some(last.end);
        last = next;
    }
    let padding = bytes[last.end..].iter().take(2).take_while(|byte| **byte == b'=').count();
    let is_shorter = padding == 0 && last.len() < first.len();
    Lines {
        whole: first.start..last.end + padding,
        without_last: before_last.filter(|_| is_shorter).map(|end| first.start..end),
    }
}

/// The run that ends the line above, if the one at hand is its continuation.
fn line_before(bytes: &[u8], run: &Range<usize>, is_letter: fn(u8) -> bool) -> Option<Range<usize>> {
    let indent = bytes[..run.start].iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let at = run.start - indent;
    if indent > DEEPEST_INDENT || at == 0 || bytes[at - 1] != b'\n' {
        return None;
    }
    let end = if at >= 2 && bytes[at - 2] == b'\r' { at - 2 } else { at - 1 };
    let length =
        bytes[..end].iter().rev().take(WRAPPED.end() + 1).take_while(|byte| is_letter(**byte)).count();
    (WRAPPED.contains(&length) && run.len() <= length).then(|| end - length..end)
}

/// The run that is the line below, if it continues the one at hand.
fn line_behind(bytes: &[u8], run: &Range<usize>, is_letter: fn(u8) -> bool) -> Option<Range<usize>> {
    let rest = &bytes[run.end..];
    let at = run.end
        + match rest {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => return None,
        };
    let indent = bytes[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let start = at + indent;
    let length = bytes[start..].iter().take(WRAPPED.end() + 1).take_while(|byte| is_letter(**byte)).count();
    let fits = WRAPPED.contains(&run.len()) && indent <= DEEPEST_INDENT && length > 0 && length <= run.len();
    fits.then(|| start..start + length)
}

/// Whether what comes out begins as text does, or as something compressed.
fn begins_as_text(text: &[u8]) -> bool {
    let mut head = [0; TOLD_BY / 3 * 4];
    let mut length = 0;
    for byte in text.iter().filter(|byte| is_letter(**byte)).take(head.len()) {
        head[length] = standard(*byte);
        length += 1;
    }
    let mut decoded = [0; TOLD_BY];
    let Ok(count) = STANDARD.decode_slice(&head[..length / 4 * 4], &mut decoded) else { return false };
    let decoded = &decoded[..count];
    is_text(decoded) || is_wide(decoded) || COMPRESSED.iter().any(|mark| decoded.starts_with(mark))
}

/// How what is opened begins, as [`form`](crate::expand::form) tells in full.
const COMPRESSED: [&[u8]; 6] =
    [b"\x1f\x8b\x08", b"PK\x03\x04", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27\x1c"];

/// UTF-8 without control characters; it may be cut at its end.
fn is_text(bytes: &[u8]) -> bool {
    let is_plain = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..);
    bytes.iter().all(is_plain)
        && std::str::from_utf8(bytes).map_or_else(|e| e.error_len().is_none(), |_| true)
}

/// UTF-16, with or without a mark.
fn is_wide(bytes: &[u8]) -> bool {
    let units = bytes.strip_prefix(b"\xff\xfe").unwrap_or(bytes).as_chunks::<2>().0;
    units.iter().all(|[low, high]| *high == 0 && is_text(&[*low]))
}

fn standard(letter: u8) -> u8 {
    match letter {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }
}

/// Decodes base64 of either alphabet, with and without padding, wrapped or not.
pub(super) fn base64(text: &[u8]) -> Option<Decoded> {
    let (mut letters, mut places) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len()));
    for (at, byte) in text.iter().enumerate().filter(|(_, byte)| is_letter(**byte)) {
        letters.push(standard(*byte));
        places.push(u32::try_from(at).ok()?);
    }
    // One letter too many holds no byte.
    if letters.len() % 4 == 1 {
        letters.pop();
    }
    let bytes = STANDARD.decode(&letters).ok()?;
    let end = places[..letters.len()].last().map_or(0, |last| last + 1);
    // Byte n begins in letter 4n/3.
    let mut of_bytes: Vec<u32> = (0..bytes.len()).map(|n| places[n * 4 / 3]).collect();
    of_bytes.push(end);
    Some(Decoded { bytes, places: of_bytes })
}

/// Decodes hex, wrapped or not.
pub(super) fn hex(text: &[u8]) -> Option<Decoded> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut digits = (0u32..).zip(text).filter_map(|(at, byte)| Some((at, digit(*byte)?)));
    let (mut bytes, mut places) =
        (Vec::with_capacity(text.len() / 2), Vec::with_capacity(text.len() / 2 + 1));
    while let (Some((at, high)), Some((_, low))) = (digits.next(), digits.next()) {
        bytes.push(high << 4 | low);
        places.push(at);
        if bytes.len() == TOLD_BY && !(is_text(&bytes) || is_wide(&bytes)) {
            return None;
        }
    }
    places.push(u32::try_from(text.len()).ok()?);
    Some(Decoded { bytes, places })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_long_run_is_found(
            pieces in prop::collection::vec(("[a-zA-Z0-9+/_-]{0,45}", any::<u8>()), 0..12), from in 0usize..300,
        ) {
            let bytes: Vec<u8> = pieces.into_iter().flat_map(|(word, end)| [word.into_bytes(), vec![end]].concat()).collect();
            let from = from.min(bytes.len());
            let slow = (from..bytes.len())
                .find(|at| bytes.get(*at..at + SHORTEST).is_some_and(|run| run.iter().all(|byte| is_letter(*byte))));
            prop_assert_eq!(next_run(&bytes, from, bytes.len()), slow);
        }
    }
}
