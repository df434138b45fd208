//! Git's delta format: a child is made of copies out of its base and of inserted bytes.
//! <https://git-scm.com/docs/pack-format#_deltified_representation>

use super::inflate::make_room;
use crate::copied::{Copied, note_copy};

/// Sizes of base and result, and the operations.
pub(crate) struct Delta<'a> {
    base_size: u64,
    pub(crate) result_size: u64,
    operations: &'a [u8],
}

impl<'a> Delta<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let (base_size, rest) = size(bytes)?;
        let (result_size, operations) = size(rest)?;
        Ok(Delta { base_size, result_size, operations })
    }

    /// Builds the child in `output` and lists in `copies` what came from the base, in the order of the child; both are
    /// cleared first. Every claim is checked.
    pub(crate) fn apply(
        &self,
        base: &[u8],
        output: &mut Vec<u8>,
        copies: &mut Vec<Copied>,
    ) -> Result<(), &'static str> {
        copies.clear();
        if self.base_size != base.len() as u64 {
            return Err("its delta was made for a base of another size");
        }
        let result_size = usize::try_from(self.result_size).map_err(|_| "it is larger than memory")?;
        make_room(output, result_size);
        let mut operations = self.operations;
        while let Some((operation, rest)) = operations.split_first() {
            operations = rest;
            let piece = if operation & 0x80 == 0 {
                let (piece, rest) =
                    operations.split_at_checked(usize::from(*operation)).ok_or("its delta ends too early")?;
                if piece.is_empty() {
                    return Err("its delta holds a reserved operation");
                }
                operations = rest;
                piece
            } else {
                let mut argument = |bits: std::ops::Range<u32>| {
                    let mut value = 0usize;
                    for (place, bit) in bits.enumerate() {
                        if operation >> bit & 1 == 1 {
                            let (byte, rest) = operations.split_first().ok_or("its delta ends too early")?;
                            operations = rest;
                            value |= usize::from(*byte) << (8 * place);
                        }
                    }
                    Ok::<usize, &'static str>(value)
                };
                let offset = argument(0..4)?;
                let length = match argument(4..7)? {
                    0 => 0x10000,
                    length => length,
                };
                note_copy(copies, Copied { from: offset, to: output.len(), length });
                base.get(offset..offset + length).ok_or("its delta copies from beyond its base")?
            };
            if piece.len() > result_size - output.len() {
                return Err("its delta makes more bytes than it says");
            }
            output.extend_from_slice(piece);
        }
        if output.len() == result_size { Ok(()) } else { Err("its delta makes fewer bytes than it says") }
    }
}

/// A little-endian base-128 number.
fn size(bytes: &[u8]) -> Result<(u64, &[u8]), &'static str> {
    let mut value = 0u64;
    for (place, byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok((value, &bytes[place + 1..]));
        }
    }
    Err("its delta has a broken header")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(delta: &[u8], base: &[u8]) -> Result<Vec<u8>, &'static str> {
        let mut out = Vec::new();
        let mut copies = Vec::new();
        let delta = Delta::parse(delta)?;
        // As the walk does: what a delta claims is room that is taken before it is believed.
        if delta.result_size > 1 << 20 {
            return Err("too large");
        }
        delta.apply(base, &mut out, &mut copies)?;
        for Copied { from, to, length } in copies {
            assert_eq!(base[from..from + length], out[to..to + length]);
        }
        Ok(out)
    }

    #[test]
    fn copies_and_inserts() {
        // base 6, result 7: copy 4 from 2, insert "xyz".
        assert_eq!(apply(&[6, 7, 0x91, 2, 4, 3, b'x', b'y', b'z'], b"abcdef").unwrap(), b"cdefxyz");
    }

    #[test]
    fn adjacent_copies_are_one() {
        // Copy 2 from 0, copy 3 from 2, insert "x", copy 1 from 5.
        let delta = [6, 7, 0x90, 2, 0x91, 2, 3, 1, b'x', 0x91, 5, 1];
        let (mut out, mut copies) = (Vec::new(), Vec::new());
        Delta::parse(&delta).unwrap().apply(b"abcdef", &mut out, &mut copies).unwrap();
        assert_eq!(out, b"abcdexf");
        let expected = [(0, 0, 5), (5, 6, 1)].map(|(from, to, length)| Copied { from, to, length });
        assert_eq!(copies, expected);
    }

    #[test]
    fn lies_are_refused() {
        for delta in [
            &[5, 7, 0x91, 2, 4, 3, b'x', b'y', b'z'][..], // another base
            &[6, 8, 0x91, 2, 4, 3, b'x', b'y', b'z'],     // too short
            &[6, 6, 0x91, 2, 4, 3, b'x', b'y', b'z'],     // too long
            &[6, 4, 0x91, 3, 4],                          // beyond the base
            &[6, 4, 0x91, 3],                             // cut
            &[6, 4, 9, 1],                                // cut
            &[6, 4, 0],                                   // reserved
            &[0x80; 20],                                  // endless number
        ] {
            assert!(apply(delta, b"abcdef").is_err(), "{delta:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(delta in proptest::collection::vec(0u8..=255, 0..64), base in proptest::collection::vec(0u8..=255, 0..64)) {
            let _ = apply(&delta, &base);
        }
    }
}
