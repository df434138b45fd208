//! A delta encoder that is always right and seldom good: other encoders than git's may have made a pack.

use std::collections::HashMap;

use super::Rng;
use super::pack::{delta, insert};
use super::versions::one_in;

/// Habits of one delta.
struct Style {
    /// Shortest piece that is looked for in the base.
    piece: usize,
    /// One in so many copies is passed over.
    missed: usize,
    /// One in so many ends before it has to.
    cut: usize,
    /// One in so many is split.
    split: usize,
}

/// What makes `child` from `base`. The copies may overlap in the base, follow each other without need, jump, and be of
/// any length.
pub(crate) fn encode(base: &[u8], child: &[u8], rng: &mut Rng) -> Vec<u8> {
    let often = |rng: &mut Rng| [2, 5, 20, 100, 1_000_000][rng.below(5)];
    let style =
        Style { piece: [4, 8, 16, 40][rng.below(4)], missed: often(rng), cut: often(rng), split: often(rng) };
    let mut places: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (at, piece) in base.windows(style.piece).enumerate() {
        let list = places.entry(piece).or_default();
        if list.len() < 8 {
            list.push(at);
        }
    }
    let mut operations = Vec::new();
    let (mut literal, mut at) = (Vec::new(), 0);
    // Going on where the last copy ended is what encoders like best.
    let mut last_end = None;
    while at < child.len() {
        let known = child.get(at..at + style.piece).and_then(|piece| places.get(piece));
        let Some(known) = known.filter(|_| !one_in(rng, style.missed)) else {
            literal.push(child[at]);
            at += 1;
            continue;
        };
        let going_on = known.iter().copied().find(|place| Some(*place) == last_end && !one_in(rng, 4));
        let from = going_on.unwrap_or_else(|| known[rng.below(known.len())]);
        let common = base[from..].iter().zip(&child[at..]).take_while(|(a, b)| a == b).count();
        let length = if one_in(rng, style.cut) { 1 + rng.below(common) } else { common };
        write_literal(&mut literal, &mut operations, rng);
        write_copy(from, length, style.split, &mut operations, rng);
        at += length;
        last_end = Some(from + length);
    }
    write_literal(&mut literal, &mut operations, rng);
    delta(base.len() as u64, child.len() as u64, &operations)
}

fn write_literal(literal: &mut Vec<u8>, operations: &mut Vec<u8>, rng: &mut Rng) {
    let mut rest = literal.as_slice();
    while !rest.is_empty() {
        let length = if one_in(rng, 8) { 1 + rng.below(rest.len().min(127)) } else { rest.len().min(127) };
        operations.extend(insert(&rest[..length]));
        rest = &rest[length..];
    }
    literal.clear();
}

fn write_copy(mut from: usize, mut length: usize, split: usize, operations: &mut Vec<u8>, rng: &mut Rng) {
    while length > 0 {
        // The length that is written as none at all is as good a limit as the largest.
        let most = length.min(if one_in(rng, 2) { 0x1_0000 } else { 0xff_ffff });
        let part = if one_in(rng, split) { 1 + rng.below(most) } else { most };
        operations.extend(copy(from, part, rng));
        from += part;
        length -= part;
    }
}

/// One operation. Bytes that are zero need not be written, and may be.
fn copy(from: usize, length: usize, rng: &mut Rng) -> Vec<u8> {
    let mut bytes = vec![0x80];
    let length = if length == 0x1_0000 && !one_in(rng, 4) { 0 } else { length };
    let (from, length) = (from.to_le_bytes(), length.to_le_bytes());
    for (bit, byte) in from[..4].iter().chain(&length[..3]).enumerate() {
        if *byte != 0 || one_in(rng, 20) {
            bytes[0] |= 1 << bit;
            bytes.push(*byte);
        }
    }
    bytes
}
