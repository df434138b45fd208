//! Lines that quoted-printable broke: `=` at the end of a line, and the line goes on in the next one (RFC 2045, 6.7).

use std::ops::Range;

use super::regions::with_lines;
use super::{Coding, Decoded, Region, pairs};

/// No line is longer.
const LONGEST_LINE: usize = 76;

/// The line before a region, and whether it is one.
pub(super) const REACH: usize = LONGEST_LINE + 4;

/// Appends the regions that an edit has a say in, and some others.
pub(super) fn find(bytes: &[u8], edit: &Range<usize>, out: &mut Vec<Region>) {
    // A region reaches one line beyond its first and its last `=`.
    let Range { start: mut at, end: limit } = with_lines(bytes, edit, REACH + LONGEST_LINE + 4);
    let is_break = |first: u8, second: u8| (first == b'=') & ((second == b'\n') | (second == b'\r'));
    while let Some(equals) = pairs::next(bytes, at, limit, is_break) {
        at = equals + 1;
        let Some(mut start) = broken_line(bytes, equals) else { continue };
        while let Some(before) = end_of_line_before(bytes, start).and_then(|end| broken_line(bytes, end)) {
            start = before;
        }
        let mut end = line_end(bytes, next_line(bytes, equals));
        while end > 0 && broken_line(bytes, end - 1).is_some() {
            end = line_end(bytes, next_line(bytes, end - 1));
        }
        out.push(Region { span: start..end, coding: Coding::Quoted });
        at = end.max(at).min(limit);
    }
}

/// Where the line begins that this `=` breaks, if it does.
fn broken_line(bytes: &[u8], equals: usize) -> Option<usize> {
    let breaks =
        bytes.get(equals) == Some(&b'=') && matches!(bytes[equals + 1..], [b'\n', ..] | [b'\r', b'\n', ..]);
    if !breaks {
        return None;
    }
    let floor = equals.saturating_sub(LONGEST_LINE);
    let start = memchr::memrchr(b'\n', &bytes[floor..equals]).map_or(floor, |at| floor + at + 1);
    // Programs break after an equals sign as well, but with a blank before it; and so does base64, after a whole line.
    let is_line = start > floor || floor == 0;
    let ends_in_word = bytes[start..equals].last().is_some_and(|byte| !matches!(byte, b' ' | b'\t' | b'='));
    (is_line && ends_in_word).then_some(start)
}

/// Where the `=` would be that breaks the line above.
fn end_of_line_before(bytes: &[u8], start: usize) -> Option<usize> {
    let end = start.checked_sub(1)?;
    let end = if end > 0 && bytes[end - 1] == b'\r' { end - 1 } else { end };
    end.checked_sub(1)
}

/// Where the line behind this one's `=` begins.
fn next_line(bytes: &[u8], equals: usize) -> usize {
    equals + if bytes.get(equals + 1) == Some(&b'\r') { 3 } else { 2 }
}

/// Where a line ends, as far as one can be long.
fn line_end(bytes: &[u8], start: usize) -> usize {
    let start = start.min(bytes.len());
    let limit = bytes.len().min(start + LONGEST_LINE + 1);
    let end = memchr::memchr(b'\n', &bytes[start..limit]).map_or(limit, |at| start + at);
    if end > start && bytes[end - 1] == b'\r' { end - 1 } else { end }
}

/// Joins the lines and undoes the escapes.
pub(super) fn decode(text: &[u8]) -> Option<Decoded> {
    let (mut bytes, mut places) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut at = 0;
    while at < text.len() {
        let (byte, length) = match text[at..] {
            [b'=', b'\n', ..] => (None, 2),
            [b'=', b'\r', b'\n', ..] => (None, 3),
            [b'=', high, low, ..] => match (digit(high), digit(low)) {
                (Some(high), Some(low)) => (Some(high << 4 | low), 3),
                _ => (Some(b'='), 1),
            },
            _ => (Some(text[at]), 1),
        };
        if let Some(byte) = byte {
            bytes.push(byte);
            places.push(u32::try_from(at).ok()?);
        }
        at += length;
    }
    places.push(u32::try_from(text.len()).ok()?);
    Some(Decoded { bytes, places })
}
