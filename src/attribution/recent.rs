//! What ids stand for, remembered for a while.

use crate::git::pack::Kind;
use crate::git::store::{Number, Store};

/// Versions of a tree follow each other in a pack and name mostly the same objects: most look-ups are answered here,
/// without a walk through the big table.
pub(super) struct Recent {
    slots: Vec<Slot>,
}

#[derive(Clone, Copy)]
struct Slot {
    id: [u8; 32],
    number: Number,
    kind: Kind,
}

/// Slots; a power of two. 40 bytes each.
const RECENT: usize = 1 << 14;

impl Recent {
    pub(super) fn new() -> Self {
        Recent { slots: vec![Slot { id: [0; 32], number: Number::MAX, kind: Kind::Unknown }; RECENT] }
    }

    pub(super) fn find(&mut self, store: &Store, id: &gix::oid) -> Option<(Number, Kind)> {
        let bytes = id.as_bytes();
        let place = usize::from(u16::from_le_bytes([bytes[1], bytes[2]])) % RECENT;
        let slot = &mut self.slots[place];
        // An empty slot has the null id, which is no object's.
        if slot.number == Number::MAX || !is_same(&slot.id, bytes) {
            let number = store.find(id)?;
            slot.id[..bytes.len()].copy_from_slice(bytes);
            slot.number = number;
            slot.kind = store.kind(number);
        }
        Some((slot.number, slot.kind))
    }
}

/// Comparing a fixed number of bytes takes no call.
fn is_same(slot: &[u8; 32], id: &[u8]) -> bool {
    match id.try_into() {
        Ok(id) => slot.first_chunk::<20>() == Some(id),
        Err(_) => slot[..id.len()] == *id,
    }
}
