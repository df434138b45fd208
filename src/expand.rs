//! A blob → the text to scan: UTF-16 with a byte order mark becomes UTF-8. Positions stay those of the stored bytes.

use crate::location::Span;

/// The text of a blob that is not stored as ASCII-compatible bytes.
#[derive(Debug)]
pub(crate) struct Expanded {
    /// UTF-8; unpaired surrogates are replaced.
    pub(crate) text: String,
}

/// Bytes of the mark that is not part of the text.
const MARK: u64 = 2;

/// Whether a blob is scanned in another form than it is stored in.
pub(crate) fn is_expanded(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
}

/// Decodes UTF-16 with a byte order mark; `None` for every other blob.
pub(crate) fn expand(bytes: &[u8]) -> Option<Expanded> {
    let (mark, body) = bytes.split_first_chunk::<2>()?;
    let unit = match mark {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let units = body.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    let text = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Some(Expanded { text })
}

impl Expanded {
    /// A span of the text → the span of the stored bytes.
    pub(crate) fn stored(&self, span: Span) -> Span {
        let stored = |offset: u64| {
            let before =
                usize::try_from(offset).ok().and_then(|at| self.text.get(..at)).unwrap_or(&self.text);
            MARK + before.chars().map(|c| 2 * c.len_utf16() as u64).sum::<u64>()
        };
        Span { start: stored(span.start), end: stored(span.end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_both_byte_orders_and_maps_back() {
        let text = "é=𝄞x";
        for big in [false, true] {
            let unit = |u: u16| if big { u.to_be_bytes() } else { u.to_le_bytes() };
            let mut bytes: Vec<u8> = unit(0xfeff).to_vec();
            bytes.extend(text.encode_utf16().flat_map(unit));
            let expanded = expand(&bytes).unwrap();
            assert_eq!(expanded.text, text);
            let x = text.find('x').unwrap() as u64;
            assert_eq!(expanded.stored(Span { start: x, end: x + 1 }), Span { start: 10, end: 12 });
        }
        assert!(expand(b"plain").is_none());
        assert_eq!(expand(b"\xff\xfea\0b").unwrap().text, "a", "an odd byte at the end is no character");
    }
}
