//! What archives and compressed files hold: each member is a text of its own.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bstr::ByteSlice as _;

use super::{Counters, Worker};
use crate::expand::{Form, Kind, Leaf, Trouble, form, is_to_be_read, walk};
use crate::finding::{Gap, GapKind, Via};
use crate::grouping::Place;

impl Worker<'_> {
    /// Scans everything in a container. False if its own bytes are to be scanned as well, or in its place.
    pub(super) fn contents(
        &mut self,
        place: &Place,
        kind: Kind,
        name: &dyn Fn() -> String,
        bytes: &[u8],
    ) -> bool {
        if self.counters.stays_closed.load(Ordering::Relaxed) {
            return false;
        }
        let leaves_out = self.counters.leaves_out(bytes.len() as u64);
        let troubles = walk(kind, bytes, u64::MAX, &mut |leaf| {
            if !leaves_out {
                self.leaf(place, leaf);
            }
        });
        let is_done = !is_to_be_read(kind, bytes, &troubles);
        self.gaps.extend(troubles.into_iter().map(|trouble| gap(&name(), trouble)));
        is_done
    }

    fn leaf(&mut self, place: &Place, leaf: &Leaf<'_>) {
        let mut matches = match form(leaf.bytes) {
            Some(Form::Wide(wide)) => self.scan_wide(wide, leaf.bytes),
            _ => self.detector.scan(leaf.bytes, &mut self.scratch),
        };
        Counters::add(&self.counters.bytes, leaf.bytes.len() as u64);
        Counters::add(&self.counters.members, 1);
        if matches.is_empty() {
            return;
        }
        let plain = Arc::new(Via { member: leaf.member.into(), decoded: leaf.decoded.join(" > ") });
        for one in &mut matches {
            one.via = Some(match one.via.take() {
                None => Arc::clone(&plain),
                Some(inner) => Arc::new(plain.with(&inner)),
            });
        }
        self.keep(place, matches);
    }
}

fn gap(name: &str, trouble: Trouble) -> Gap {
    let Trouble { member, is_limit, why } = trouble;
    let kind = if is_limit { GapKind::TooLarge } else { GapKind::UnreadableMember };
    let place = if member.is_empty() { name.to_owned() } else { format!("{name}!{}", member.as_bstr()) };
    Gap { kind, place, detail: why }
}
