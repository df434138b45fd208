//! Long regions are decoded piece by piece, to bound the memory. Pieces overlap, so that no secret is cut.

use std::ops::Range;

use super::Coding;

/// Letters of a piece; a multiple of four, as codes have it.
const LENGTH: usize = 2 << 20;
/// Letters that a piece has in common with the one before.
const OVERLAP: usize = 64 << 10;

/// The pieces of a region, each at a place at which decoding can begin.
pub(super) fn of(text: &[u8], coding: Coding) -> Vec<Range<usize>> {
    if text.len() <= LENGTH {
        return std::iter::once(0..text.len()).collect();
    }
    // Where every so many letters end. Wrapped lines have others between.
    let counts = |byte: &u8| match coding {
        Coding::Base64 | Coding::Hex => !byte.is_ascii_whitespace(),
        Coding::Escapes | Coding::Quoted | Coding::Wide => true,
    };
    let marks: Vec<usize> = std::iter::once(0)
        .chain(
            (0..).zip(text).filter(|(_, byte)| counts(byte)).map(|(at, _)| at).skip(OVERLAP).step_by(OVERLAP),
        )
        .collect();
    let steps = LENGTH / OVERLAP;
    let begins = (0..).step_by(steps - 1).take_while(|mark| mark + 1 < marks.len());
    begins.map(|mark| marks[mark]..marks.get(mark + steps).copied().unwrap_or(text.len())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_all_and_overlap() {
        for length in [1, LENGTH, LENGTH + 1, LENGTH + OVERLAP, 2 * LENGTH - OVERLAP, 3 * LENGTH + 17] {
            let text = vec![b'A'; length];
            let pieces = of(&text, Coding::Base64);
            assert_eq!((pieces[0].start, pieces.last().unwrap().end), (0, length), "{length}");
            for pair in pieces.windows(2) {
                assert!(
                    pair[1].start + OVERLAP <= pair[0].end && pair[1].start.is_multiple_of(4),
                    "{pair:?}"
                );
            }
            assert!(pieces.iter().all(|piece| piece.len() <= LENGTH + OVERLAP), "{length} {pieces:?}");
        }
    }
}
