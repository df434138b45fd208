//! Runs of UTF-16 among other bytes: strings of programs, databases and registries. Whole texts are told by
//! [`form`](crate::expand::form).

use std::ops::Range;

use super::{Coding, Decoded, Region};

/// Units of the shortest run.
const SHORTEST: usize = 16;

/// The units on either side.
pub(super) const REACH: usize = 4;

/// Appends the regions that an edit has a say in, and some others.
pub(super) fn find(bytes: &[u8], edit: &Range<usize>, out: &mut Vec<Region>) {
    // A unit may have its zero on the other side of the border.
    let range = edit.start.saturating_sub(REACH + 2)..bytes.len().min(edit.end + REACH + 2);
    let mut at = range.start;
    while let Some(zero) = memchr::memchr(0, &bytes[at..range.end]).map(|found| at + found) {
        // The zero is the second byte of a unit, or the first one: whichever run begins earlier tells, so that it does
        // not matter where one starts to look.
        let little = zero.checked_sub(1).map(|start| run(bytes, start, is_little));
        let big = run(bytes, zero, is_big);
        let longest = little.filter(|little| little.len() > 2 && little.start < big.start).unwrap_or(big);
        at = longest.end.max(zero + 1).min(range.end);
        if longest.len() >= 2 * SHORTEST {
            out.push(Region { span: longest, coding: Coding::Wide });
        } else {
            // Nothing but zeros is passed over at once.
            at += bytes[at..range.end].iter().take_while(|byte| **byte == 0).count().saturating_sub(1);
        }
    }
}

/// The run of units that `start` lies in; empty if none begins there.
fn run(bytes: &[u8], start: usize, is_unit: fn(&[u8]) -> bool) -> Range<usize> {
    let (mut first, mut end) = (start, start);
    while first >= 2 && is_unit(&bytes[first - 2..first]) {
        first -= 2;
    }
    while bytes.get(end..end + 2).is_some_and(is_unit) {
        end += 2;
    }
    if end == start { start..start } else { first..end }
}

fn is_little(unit: &[u8]) -> bool {
    unit[1] == 0 && is_text(unit[0])
}

fn is_big(unit: &[u8]) -> bool {
    unit[0] == 0 && is_text(unit[1])
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e)
}

/// Leaves out the zeros.
pub(super) fn decode(text: &[u8]) -> Option<Decoded> {
    let (bytes, mut places): (Vec<u8>, Vec<u32>) =
        (0u32..).zip(text).filter(|(_, byte)| **byte != 0).map(|(at, byte)| (*byte, at)).unzip();
    places.push(u32::try_from(text.len()).ok()?);
    Some(Decoded { bytes, places })
}
