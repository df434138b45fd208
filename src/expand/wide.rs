//! UTF-16 and UTF-32, with and without a byte order mark. Positions stay those of the stored bytes.

use crate::location::Span;

/// How characters are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wide {
    /// Bytes of a unit: 2 or 4.
    unit: usize,
    is_big_endian: bool,
    /// Bytes of the mark that is not part of the text.
    mark: usize,
}

/// The text of a blob that is stored in wide characters.
#[derive(Debug)]
pub(crate) struct Expanded {
    /// UTF-8; what is no character is replaced.
    pub(crate) text: String,
    form: Wide,
}

/// Without a mark, so many units have to look like letters of ours.
const FEWEST_UNITS: usize = 8;

/// By the first bytes.
pub(super) fn of(head: &[u8]) -> Option<Wide> {
    let marked = |unit, is_big_endian, mark| Some(Wide { unit, is_big_endian, mark });
    match head {
        [0xff, 0xfe, 0, 0, ..] => marked(4, false, 4),
        [0, 0, 0xfe, 0xff, ..] => marked(4, true, 4),
        [0xff, 0xfe, ..] => marked(2, false, 2),
        [0xfe, 0xff, ..] => marked(2, true, 2),
        _ => unmarked(head),
    }
}

/// Text without a mark is known by its zeros: seven of ten units are ASCII, and none is zero.
fn unmarked(head: &[u8]) -> Option<Wide> {
    [(4, false), (4, true), (2, false), (2, true)].into_iter().find_map(|(unit, is_big_endian)| {
        let form = Wide { unit, is_big_endian, mark: 0 };
        let units: Vec<u32> = form.units(head).collect();
        let is_text = |unit: &&u32| matches!(**unit, 0x09 | 0x0a | 0x0d | 0x20..=0x7e);
        let texts = units.iter().filter(is_text).count();
        (units.len() >= FEWEST_UNITS && !units.contains(&0) && texts * 10 >= units.len() * 7).then_some(form)
    })
}

impl Wide {
    fn units(self, bytes: &[u8]) -> impl Iterator<Item = u32> {
        bytes.chunks_exact(self.unit).map(move |unit| {
            let bytes = unit.iter().map(|byte| u32::from(*byte));
            let add = |sum: u32, byte: u32| sum << 8 | byte;
            if self.is_big_endian { bytes.fold(0, add) } else { bytes.rev().fold(0, add) }
        })
    }

    /// Decodes all of it.
    pub(crate) fn expand(self, bytes: &[u8]) -> Expanded {
        let units = self.units(bytes.get(self.mark..).unwrap_or_default());
        let text = if self.unit == 2 {
            let units = units.map(|unit| u16::try_from(unit).unwrap_or(0xfffd));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        } else {
            units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        };
        Expanded { text, form: self }
    }
}

impl Expanded {
    /// A span of the text → the span of the stored bytes.
    pub(crate) fn stored(&self, span: Span) -> Span {
        let width = |c: char| if self.form.unit == 2 { 2 * c.len_utf16() } else { 4 };
        let stored = |offset: u64| {
            let before =
                usize::try_from(offset).ok().and_then(|at| self.text.get(..at)).unwrap_or(&self.text);
            (self.form.mark + before.chars().map(width).sum::<usize>()) as u64
        };
        Span { start: stored(span.start), end: stored(span.end) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Form, form};
    use super::*;

    fn stored(text: &str, unit: usize, big: bool, mark: bool) -> Vec<u8> {
        let mark = if mark { "\u{feff}" } else { "" };
        let units: Vec<u32> = if unit == 2 {
            mark.encode_utf16().chain(text.encode_utf16()).map(u32::from).collect()
        } else {
            mark.chars().chain(text.chars()).map(u32::from).collect()
        };
        let bytes = |value: u32| {
            let all = value.to_be_bytes();
            let mut bytes = all[4 - unit..].to_vec();
            if !big {
                bytes.reverse();
            }
            bytes
        };
        units.into_iter().flat_map(bytes).collect()
    }

    #[test]
    fn decodes_units_of_both_sizes_and_orders_and_maps_back() {
        let text = "name=é=𝄞x, and more of it";
        for unit in [2, 4] {
            for big in [false, true] {
                for mark in [false, true] {
                    let bytes = stored(text, unit, big, mark);
                    let Some(Form::Wide(wide)) = form(&bytes) else { panic!("{unit} {big} {mark}") };
                    let expanded = wide.expand(&bytes);
                    assert_eq!(expanded.text, text);
                    let x = text.find('x').unwrap() as u64;
                    let before = stored(&text[..text.find('x').unwrap()], unit, big, mark).len() as u64;
                    let expected = Span { start: before, end: before + unit as u64 };
                    assert_eq!(
                        expanded.stored(Span { start: x, end: x + 1 }),
                        expected,
                        "{unit} {big} {mark}"
                    );
                }
            }
        }
        assert_eq!(form(b"plain text, as most of it is"), None);
        assert_eq!(form("löng tëxt in UTF-8 wïth sömé lëttérs".as_bytes()), None);
        assert_eq!(form(b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), None);
        let Some(Form::Wide(wide)) = form(b"\xff\xfea\0b") else { panic!() };
        assert_eq!(wide.expand(b"\xff\xfea\0b").text, "a", "an odd byte at the end is no character");
    }
}
