//! Runs of the letters of base64 or hex, over lines that were wrapped.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

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

/// Appends the regions that touch `range`.
pub(super) fn find(bytes: &[u8], range: Range<usize>, out: &mut Vec<Region>) {
    let mut at = run_start(bytes, range.start);
    // No letter stands before `at`.
    while at < range.end {
        // Most words are short: look where a long one would still go on.
        let probe = at + SHORTEST - 1;
        let Some(last) = bytes.get(probe) else { break };
        if !is_letter(*last) {
            at = probe + 1;
            continue;
        }
        let (start, end) = (run_start(bytes, probe), run_end(bytes, probe));
        if end - start < SHORTEST {
            at = end + 1;
            continue;
        }
        let span = chained(bytes, start..end);
        at = span.end + 1;
        let text = &bytes[span.clone()];
        let is_hex = text.iter().all(u8::is_ascii_hexdigit);
        if is_hex && text.len() >= SHORTEST_HEX && text.len().is_multiple_of(2) {
            out.push(Region { span: span.clone(), coding: Coding::Hex });
        }
        if begins_as_text(text) {
            out.push(Region { span, coding: Coding::Base64 });
        }
    }
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
fn chained(bytes: &[u8], run: Range<usize>) -> Range<usize> {
    let (mut first, mut last) = (run.clone(), run);
    while let Some(before) = line_before(bytes, &first) {
        first = before;
    }
    while let Some(next) = line_behind(bytes, &last) {
        last = next;
    }
    let padding = bytes[last.end..].iter().take(2).take_while(|byte| **byte == b'=').count();
    first.start..last.end + padding
}

/// The run that ends the line above, if the one at hand is its continuation.
fn line_before(bytes: &[u8], run: &Range<usize>) -> Option<Range<usize>> {
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
fn line_behind(bytes: &[u8], run: &Range<usize>) -> Option<Range<usize>> {
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
    let Ok(decoded) = STANDARD.decode(&head[..length / 4 * 4]) else { return false };
    is_text(&decoded) || matches!(decoded.as_slice(), [0x1f, 0x8b, 8, ..] | [b'P', b'K', 3, 4, ..])
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e))
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

/// Decodes hex.
pub(super) fn hex(text: &[u8]) -> Option<Decoded> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Option<Vec<u8>> =
        text.as_chunks::<2>().0.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    let bytes = bytes.filter(|bytes| is_text(&bytes[..bytes.len().min(TOLD_BY)]))?;
    let places = (0..=bytes.len()).map(|n| u32::try_from(2 * n)).collect::<Result<_, _>>().ok()?;
    Some(Decoded { bytes, places })
}
