//! Text that stands encoded in a text: base64, hex, and the escapes of URLs, markup and programs.
//!
//! A [`Region`] is a run of encoded text, and a pure function of its own bytes and of at most [`REACH`] bytes on either
//! side. So versions of a text need not decode again what they copied: a region that lies that far inside a copy is in
//! the child what it was in the base; all others are looked for round what was edited. What comes out of a region is
//! scanned as a text of its own, a few levels deep.

use std::ops::Range;
use std::sync::Arc;

use super::heritage::Ancestor;
use super::{Detector, Scratch, markers, matches};
use crate::expand::{self, Form};
use crate::finding::{Match, Via};
use crate::location::{Cursor, Position, Span};

mod escapes;
mod runs;

/// How far beyond itself what a region is can be decided.
const REACH: usize = 400;
/// Codes inside codes.
const DEEPEST: usize = 4;
/// Longer regions are decoded up to there.
const LONGEST: usize = 1 << 20;
/// Bytes that are decoded in one text, all levels together.
const MOST_BYTES: usize = 8 << 20;

/// How a region is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Coding {
    Base64,
    Hex,
    Escapes,
}

impl Coding {
    fn as_str(self) -> &'static str {
        match self {
            Coding::Base64 => "base64",
            Coding::Hex => "hex",
            Coding::Escapes => "escapes",
        }
    }
}

/// A run of encoded text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) span: Range<usize>,
    pub(super) coding: Coding,
}

impl Region {
    fn order(&self) -> (usize, usize, Coding) {
        (self.span.start, self.span.end, self.coding)
    }
}

/// What a region decodes to.
struct Decoded {
    bytes: Vec<u8>,
    /// Where each byte begins in the text, and where the last one ends.
    places: Vec<u32>,
}

/// A region in which something was found. Places are relative to its beginning.
#[derive(Debug, Clone)]
pub(super) struct Finds {
    region: Region,
    matches: Arc<[Find]>,
}

/// One find.
#[derive(Debug)]
struct Find {
    /// As the inner text has it.
    found: Match,
    /// The part of the region that it stands in.
    span: Range<usize>,
}

impl Detector {
    /// Finds what stands encoded in a text, with the help of what is known of its ancestor; appends it to `found`.
    pub(super) fn look_encoded(
        &self,
        bytes: &[u8],
        ancestor: Option<(&Ancestor<'_>, &[Range<usize>])>,
        scratch: &mut Scratch,
        found: &mut Vec<Match>,
    ) {
        let mut finds = Vec::new();
        let mut regions = Vec::new();
        match ancestor {
            None => find_regions(bytes, std::slice::from_ref(&(0..bytes.len())), &mut regions),
            Some((ancestor, cores)) => {
                find_regions(bytes, cores, &mut regions);
                inherit(ancestor, cores, &mut finds);
            }
        }
        let mut budget = MOST_BYTES;
        for region in regions {
            let matches = self.decode(bytes, &region, scratch, &mut budget, 0);
            if !matches.is_empty() {
                finds.push(Finds { region, matches: matches.into() });
            }
        }
        finds.sort_by_key(|finds| finds.region.order());
        if !finds.is_empty() {
            told(bytes, &finds, found);
        }
        scratch.encoded = finds;
    }

    /// Decodes a region of `bytes` and scans what comes out.
    fn decode(
        &self,
        bytes: &[u8],
        region: &Region,
        scratch: &mut Scratch,
        budget: &mut usize,
        depth: usize,
    ) -> Vec<Find> {
        let text = &bytes[region.span.start..region.span.end.min(region.span.start + LONGEST)];
        let decoded = match region.coding {
            Coding::Base64 => runs::base64(text),
            Coding::Hex => runs::hex(text),
            Coding::Escapes => escapes::decode(text),
        };
        let Some(decoded) = decoded.filter(|decoded| decoded.bytes.len() <= *budget) else {
            return Vec::new();
        };
        *budget -= decoded.bytes.len();
        let mut inner = scratch.inner.take().unwrap_or_else(|| Box::new(self.scratch()));
        let mut finds = Vec::new();
        let place = |at: usize| decoded.places[at.min(decoded.bytes.len())] as usize;
        let mut keep = |mut one: Match, span: Range<usize>, more: &str, member: &[u8]| {
            let outer = place(span.start)..place(span.end);
            // What stands in the clear is found in the clear.
            if text.get(outer.clone()).is_some_and(|clear| clear == &decoded.bytes[span]) {
                return;
            }
            let decoded = if more.is_empty() {
                region.coding.as_str().to_owned()
            } else {
                format!("{} > {more}", region.coding.as_str())
            };
            one.via = Some(Arc::new(Via { member: member.into(), decoded }));
            finds.push(Find { found: one, span: outer });
        };
        if let Some(Form::Container(kind)) = expand::form(&decoded.bytes) {
            expand::walk(kind, &decoded.bytes, &mut |leaf| {
                for one in self.scan_plain(leaf.bytes, None, &mut inner) {
                    keep(one, 0..decoded.bytes.len(), &leaf.decoded.join(" > "), leaf.member);
                }
            });
        } else {
            for one in self.scan_plain(&decoded.bytes, None, &mut inner) {
                let span = as_range(one.location.span);
                keep(one, span, "", b"");
            }
            if depth + 1 < DEEPEST {
                let mut regions = Vec::new();
                find_regions(&decoded.bytes, std::slice::from_ref(&(0..decoded.bytes.len())), &mut regions);
                for region in regions {
                    for find in self.decode(&decoded.bytes, &region, &mut inner, budget, depth + 1) {
                        let start = region.span.start;
                        let span = start + find.span.start..start + find.span.end;
                        let via = find.found.via.clone();
                        let (more, member) = via
                            .as_ref()
                            .map_or(("", &b""[..]), |via| (via.decoded.as_str(), via.member.as_slice()));
                        keep(find.found, span, more, member);
                    }
                }
            }
        }
        merge_dropped(scratch, &mut inner);
        scratch.inner = Some(inner);
        finds
    }
}

/// What was dropped inside is dropped all the same.
fn merge_dropped(scratch: &mut Scratch, inner: &mut Scratch) {
    for (key, count) in std::mem::take(&mut inner.dropped) {
        *scratch.dropped.entry(key).or_default() += count;
    }
}

fn as_range(span: Span) -> Range<usize> {
    let offset = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    offset(span.start)..offset(span.end)
}

/// All regions that what is in `cores` can have a say in: by place, no two alike.
fn find_regions(bytes: &[u8], cores: &[Range<usize>], out: &mut Vec<Region>) {
    for core in cores.iter().filter(|core| !core.is_empty()) {
        let wide = core.start.saturating_sub(REACH)..bytes.len().min(core.end + REACH);
        let known = out.len();
        runs::find(bytes, wide.clone(), out);
        escapes::find(bytes, wide.clone(), out);
        // Those out of reach are the ancestor's to tell.
        let mut found = out.split_off(known);
        found.retain(|region| has_say(core, &region.span));
        out.append(&mut found);
    }
    out.sort_unstable_by_key(Region::order);
    out.dedup();
}

/// Whether what is in `core` can have a say in whether there is a region at `span`.
fn has_say(core: &Range<usize>, span: &Range<usize>) -> bool {
    core.start < span.end + REACH && span.start < core.end + REACH
}

/// The finds of an ancestor that lie so far inside a copy that no edit has a say in them, moved.
fn inherit(ancestor: &Ancestor<'_>, cores: &[Range<usize>], out: &mut Vec<Finds>) {
    let known = ancestor.notes.encoded();
    if known.is_empty() {
        return;
    }
    for copy in ancestor.copies {
        let end = copy.from + copy.length;
        for finds in known {
            let span = &finds.region.span;
            if span.start < copy.from || span.end > end {
                continue;
            }
            let moved = span.start - copy.from + copy.to..span.end - copy.from + copy.to;
            // What an edit has a say in was looked for anew.
            if cores.iter().any(|core| has_say(core, &moved)) {
                continue;
            }
            let region = Region { span: moved, coding: finds.region.coding };
            out.push(Finds { region, matches: Arc::clone(&finds.matches) });
        }
    }
}

/// The finds as matches of the text: where the encoded text stands, with all of it masked.
fn told(bytes: &[u8], finds: &[Finds], found: &mut Vec<Match>) {
    let mut cursor = Cursor::starting_at(bytes, Position { line: 1, column: 1 });
    for Finds { region, matches: inner } in finds {
        let origin = cursor.advance(region.span.start);
        let region_bytes = &bytes[region.span.clone()];
        for Find { found: one, span } in inner.iter() {
            let start = Cursor::starting_at(region_bytes, origin).advance(span.start);
            let end = Cursor::starting_at(&region_bytes[span.start..], start).advance(span.len());
            let outer = region.span.start + span.start..region.span.start + span.end;
            let mut one = one.clone();
            one.location.start = start;
            one.location.end = end;
            one.location.span = Span { start: outer.start as u64, end: outer.end as u64 };
            one.excerpt = matches::excerpt(bytes, region.span.clone(), (0, 0));
            one.markers = markers::around(bytes, &outer, start, end);
            found.push(one);
        }
    }
}
