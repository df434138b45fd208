//! Where two bytes stand side by side that may begin something, at the speed of vectors.

/// Bytes that are looked at together.
const BLOCK: usize = 32;

/// The first place in `from..limit` at which a byte and the one behind it (zero behind the last one of `bytes`) are such
/// a pair. `is_pair` must do without branches: the compiler makes vectors of it.
#[inline]
pub(super) fn next(
    bytes: &[u8],
    from: usize,
    limit: usize,
    is_pair: impl Fn(u8, u8) -> bool,
) -> Option<usize> {
    let mut at = from;
    while at < limit {
        let end = limit.min(at + BLOCK);
        // Mostly there is none in a block.
        if let (Some(first), Some(second)) =
            (bytes[at..].first_chunk::<BLOCK>(), bytes[at + 1..].first_chunk::<BLOCK>())
        {
            let mut any = false;
            for (first, second) in first.iter().zip(second) {
                any |= is_pair(*first, *second);
            }
            if !any {
                at = end;
                continue;
            }
        }
        let second = |at: usize| bytes.get(at + 1).copied().unwrap_or_default();
        if let Some(found) = (at..end).find(|at| is_pair(bytes[*at], second(*at))) {
            return Some(found);
        }
        at = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_pair_is_found(bytes in prop::collection::vec(0u8..4, 0..200), from in 0usize..200, limit in 0usize..200) {
            let limit = limit.min(bytes.len());
            let is_pair = |first: u8, second: u8| (first == 1) & ((second == 2) | (second == 0));
            let slow = (from..limit).find(|at| is_pair(bytes[*at], bytes.get(at + 1).copied().unwrap_or_default()));
            prop_assert_eq!(super::next(&bytes, from, limit, is_pair), slow);
        }
    }
}
