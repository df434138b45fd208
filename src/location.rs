//! Byte offset → line and column; nothing else.

use bstr::ByteSlice;

/// A place in a text. Both parts count from 1; the column counts code points, as SARIF's `unicodeCodePoints` does
/// (each invalid byte sequence counts as one).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1. Only `\n` ends a line.
    pub line: u32,
    /// Column in code points, from 1.
    pub column: u32,
}

/// A range of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u64,
    /// Offset after the last byte.
    pub end: u64,
}

/// Where a secret lies in a blob.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// First character.
    pub start: Position,
    /// The position after the last character.
    pub end: Position,
    /// Byte span in the blob as stored.
    pub span: Span,
}

/// Turns ascending offsets into positions, reading every byte once.
///
/// For a text that arrives in chunks, `base` is the position of its first byte.
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: u64,
    column: u64,
}

impl<'a> Cursor<'a> {
    #[cfg(test)]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Cursor::starting_at(bytes, Position { line: 1, column: 1 })
    }

    pub(crate) fn starting_at(bytes: &'a [u8], base: Position) -> Self {
        Cursor { bytes, offset: 0, line: u64::from(base.line), column: u64::from(base.column) }
    }

    /// The position of `offset`, which must not be smaller than the last one asked for, nor beyond the end.
    pub(crate) fn advance(&mut self, offset: usize) -> Position {
        let piece = &self.bytes[self.offset..offset];
        let newlines = memchr::memchr_iter(b'\n', piece).count();
        if newlines == 0 {
            self.column += piece.chars().count() as u64;
        } else {
            let last = memchr::memrchr(b'\n', piece).unwrap_or(0);
            self.line += newlines as u64;
            self.column = 1 + piece[last + 1..].chars().count() as u64;
        }
        self.offset = offset;
        self.position()
    }

    fn position(&self) -> Position {
        let clamp = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        Position { line: clamp(self.line), column: clamp(self.column) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_code_points_and_lines() {
        let text = "é\n日本x\n".as_bytes();
        let mut cursor = Cursor::new(text);
        assert_eq!(cursor.advance(0), Position { line: 1, column: 1 });
        assert_eq!(cursor.advance(2), Position { line: 1, column: 2 });
        assert_eq!(cursor.advance(3), Position { line: 2, column: 1 });
        assert_eq!(cursor.advance(9), Position { line: 2, column: 3 });
        assert_eq!(cursor.advance(text.len()), Position { line: 3, column: 1 });
    }

    proptest::proptest! {
        #[test]
        fn equals_counting_from_the_start(text in proptest::collection::vec(0u8..=255, 0..200), at in 0usize..200, step in 0usize..50) {
            let first = at.min(text.len());
            let second = (first + step).min(text.len());
            let mut cursor = Cursor::new(&text);
            for offset in [first, second] {
                let before = &text[..offset];
                let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
                // A column is exact wherever the offset does not cut a character in two.
                let line = before.split(|b| *b == b'\n').count();
                let position = cursor.advance(offset);
                proptest::prop_assert_eq!(position.line as usize, line);
                if text[line_start..].is_ascii() {
                    proptest::prop_assert_eq!(position.column as usize, 1 + offset - line_start);
                }
            }
        }
    }
}
