//! Where regions are: in a text, round its edits, and in what it has from its ancestor.

use std::ops::Range;
use std::sync::Arc;

use super::{Finds, Region, escapes, quoted, runs, wide};
use crate::copied::Copied;
use crate::detect::heritage::Ancestor;

/// A shorter copy between two edits is looked at with them. Tests inherit as much as they can.
const SHORTEST_COPY: usize = if cfg!(test) { 24 } else { 384 };

/// The copies that tell something.
fn telling<'a>(ancestor: &Ancestor<'a>) -> impl Iterator<Item = &'a Copied> {
    ancestor.copies.iter().filter(|copy| copy.length >= SHORTEST_COPY)
}

/// What a text does not have from its ancestor, with copies too short to tell anything. Where something was only taken
/// out, nothing lies between two copies: that is an edit as well.
pub(super) fn edits(ancestor: &Ancestor<'_>, length: usize) -> Vec<Range<usize>> {
    let mut edits = Vec::new();
    // The end of what is known, in the child and in the base; both texts begin alike.
    let (mut known, mut known_base) = (0, 0);
    for copy in telling(ancestor) {
        if (known, known_base) != (copy.to, copy.from) {
            edits.push(known..copy.to);
        }
        (known, known_base) = (copy.to + copy.length, copy.from + copy.length);
    }
    if (known, known_base) != (length, ancestor.length) {
        edits.push(known..length);
    }
    edits
}

/// All regions that the edits can have a say in: by place, no two alike.
pub(super) fn find(bytes: &[u8], edits: &[Range<usize>], out: &mut Vec<Region>) {
    for edit in edits {
        let known = out.len();
        runs::find(bytes, edit, out);
        escapes::find(bytes, edit, out);
        quoted::find(bytes, edit, out);
        wide::find(bytes, edit, out);
        // Those out of reach are the ancestor's to tell.
        let mut found = out.split_off(known);
        found.retain(|region| has_say(bytes, edit, region));
        out.append(&mut found);
    }
    out.sort_unstable_by_key(Region::order);
    out.dedup();
}

/// Whether an edit can have a say in whether there is such a region: from nearby, and not from behind a line that lies
/// between them.
fn has_say(bytes: &[u8], edit: &Range<usize>, region: &Region) -> bool {
    let between = if region.span.end <= edit.start {
        region.span.end..edit.start
    } else if edit.end <= region.span.start {
        edit.end..region.span.start
    } else {
        return true;
    };
    between.len() < region.coding.reach() && memchr::memchr_iter(b'\n', &bytes[between]).nth(1).is_none()
}

/// The edit with so many bytes on either side, but no more than two whole lines.
pub(super) fn with_lines(bytes: &[u8], edit: &Range<usize>, most: usize) -> Range<usize> {
    let (from, to) = (edit.start.saturating_sub(most), bytes.len().min(edit.end + most));
    let before = memchr::memrchr_iter(b'\n', &bytes[from..edit.start]).nth(2);
    let behind = memchr::memchr_iter(b'\n', &bytes[edit.end..to]).nth(2);
    before.map_or(from, |at| from + at + 1)..behind.map_or(to, |at| edit.end + at + 1)
}

/// The finds of an ancestor that lie so far inside a copy that no edit has a say in them, moved.
pub(super) fn inherit(ancestor: &Ancestor<'_>, bytes: &[u8], edits: &[Range<usize>], out: &mut Vec<Finds>) {
    let known = ancestor.notes.encoded();
    if known.is_empty() {
        return;
    }
    for copy in telling(ancestor) {
        let end = copy.from + copy.length;
        for finds in known {
            let span = &finds.region.span;
            if span.start < copy.from || span.end > end {
                continue;
            }
            let moved = span.start - copy.from + copy.to..span.end - copy.from + copy.to;
            let region = Region { span: moved, coding: finds.region.coding };
            // What an edit has a say in was looked for anew.
            if !edits.iter().any(|edit| has_say(bytes, edit, &region)) {
                out.push(Finds { region, matches: Arc::clone(&finds.matches) });
            }
        }
    }
}
