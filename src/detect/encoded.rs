//! Text that stands encoded in a text: base64, hex, and the escapes of URLs, markup and programs.
//!
//! A [`Region`] is a run of encoded text, and a pure function of its own bytes and of a few on either side, how many
//! depends on the [code](Coding::reach). So versions of a text need not decode again what they copied: a region that lies
//! that far inside a copy is in the child what it was in the base; all others are looked for round what was edited. What
//! comes out of a region is scanned as a text of its own, a few levels deep.

#![expect(clippy::needless_bitwise_bool, reason = "what has no branches is made into vectors")]

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use super::heritage::Ancestor;
use super::{Detector, Scratch, markers, matches};
use crate::expand::{self, Form};
use crate::finding::{Match, Via};
use crate::location::{Cursor, Position, Span};

mod escapes;
mod pairs;
mod pieces;
mod quoted;
mod regions;
mod runs;
mod wide;

/// Codes inside codes.
const DEEPEST: usize = 4;
/// How far behind its beginning a region is looked at in a text that is too large to hold.
pub(super) const LOOK_AHEAD: usize = 1 << 20;
/// Bytes that may come out of archives and compressed data that stand encoded in one text.
const MOST_OPENED: u64 = 64 << 20;

/// How a region is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Coding {
    Base64,
    Hex,
    Escapes,
    /// Lines that quoted-printable broke.
    Quoted,
    /// UTF-16 among other bytes.
    Wide,
}

impl Coding {
    fn as_str(self) -> &'static str {
        match self {
            Coding::Base64 => "base64",
            Coding::Hex => "hex",
            Coding::Escapes => "escapes",
            Coding::Quoted => "quoted-printable",
            Coding::Wide => "utf-16",
        }
    }

    /// How many bytes beyond a region can decide that it is one, and where it ends.
    fn reach(self) -> usize {
        match self {
            Coding::Base64 | Coding::Hex => runs::REACH,
            Coding::Escapes => escapes::REACH,
            Coding::Quoted => quoted::REACH,
            Coding::Wide => wide::REACH,
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

/// What a region, or a piece of it, decodes to.
struct Decoded {
    bytes: Vec<u8>,
    /// Where each byte begins in the text, and where the last one ends.
    places: Vec<u32>,
}

/// What decoding one text has cost so far.
#[derive(Debug, Default)]
struct Spent {
    /// Bytes that came out of archives.
    opened: u64,
    /// Places at which a limit was hit.
    limits: u64,
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

impl Find {
    fn is_same(&self, other: &Find) -> bool {
        self.span == other.span
            && self.found.rule == other.found.rule
            && self.found.secret == other.found.secret
    }
}

impl Detector {
    /// Finds what stands encoded in a text, with the help of what is known of its ancestor; appends it to `found`.
    pub(super) fn look_encoded(
        &self,
        bytes: &[u8],
        ancestor: Option<&Ancestor<'_>>,
        scratch: &mut Scratch,
        found: &mut Vec<Match>,
    ) {
        let mut finds = Vec::new();
        let mut regions = Vec::new();
        match ancestor {
            None => regions::find(bytes, std::slice::from_ref(&(0..bytes.len())), &mut regions),
            Some(ancestor) => {
                let edits = regions::edits(ancestor, bytes.len());
                regions::find(bytes, &edits, &mut regions);
                regions::inherit(ancestor, bytes, &edits, &mut finds);
            }
        }
        let mut spent = Spent::default();
        for region in regions {
            let matches = self.decode(bytes, &region, scratch, &mut spent, 0);
            if !matches.is_empty() {
                finds.push(Finds { region, matches: matches.into() });
            }
        }
        finds.sort_by_key(|finds| finds.region.order());
        if !finds.is_empty() {
            let mut decoded = Vec::new();
            told(bytes, &finds, &mut decoded);
            found.append(&mut shortest(decoded));
        }
        scratch.encoded = finds;
        scratch.undecoded += spent.limits;
    }

    /// What stands encoded in a part of a text that is too large to hold: regions that begin in `core`.
    pub(super) fn look_encoded_in_part(
        &self,
        bytes: &[u8],
        core: Range<usize>,
        scratch: &mut Scratch,
        found: &mut Vec<Match>,
    ) {
        let mut regions = Vec::new();
        regions::find(bytes, std::slice::from_ref(&core), &mut regions);
        regions.retain(|region| core.contains(&region.span.start));
        let mut spent = Spent::default();
        let mut finds = Vec::new();
        for mut region in regions {
            // What lies behind is not here yet.
            if region.span.len() > LOOK_AHEAD {
                region.span.end = region.span.start + LOOK_AHEAD;
                spent.limits += 1;
            }
            let matches = self.decode(bytes, &region, scratch, &mut spent, 0);
            if !matches.is_empty() {
                finds.push(Finds { region, matches: matches.into() });
            }
        }
        let mut decoded = Vec::new();
        told(bytes, &finds, &mut decoded);
        found.append(&mut shortest(decoded));
        scratch.undecoded += spent.limits;
    }

    /// Decodes a region of `bytes` and scans what comes out.
    fn decode(
        &self,
        bytes: &[u8],
        region: &Region,
        scratch: &mut Scratch,
        spent: &mut Spent,
        depth: usize,
    ) -> Vec<Find> {
        let text = &bytes[region.span.clone()];
        let mut inner = scratch.inner.take().unwrap_or_else(|| Box::new(self.scratch()));
        let mut finds: Vec<Find> = Vec::new();
        for piece in pieces::of(text, region.coding) {
            let Some(decoded) = decoded(&text[piece.clone()], region.coding) else { continue };
            let mut more =
                self.look_inside(&text[piece.clone()], region.coding, &decoded, &mut inner, spent, depth);
            more.iter_mut().for_each(|find| {
                find.span.start += piece.start;
                find.span.end += piece.start;
            });
            // Pieces overlap.
            more.retain(|find| !finds.iter().any(|known| known.is_same(find)));
            finds.append(&mut more);
        }
        // Versions do not decode again what they copied, so that what is dropped inside cannot be counted.
        inner.dropped.clear();
        scratch.inner = Some(inner);
        finds
    }

    /// Scans what a piece of a region decodes to.
    fn look_inside(
        &self,
        text: &[u8],
        coding: Coding,
        decoded: &Decoded,
        inner: &mut Scratch,
        spent: &mut Spent,
        depth: usize,
    ) -> Vec<Find> {
        let here = Via { member: Vec::new().into(), decoded: coding.as_str().into() };
        let place = |at: usize| decoded.places[at.min(decoded.bytes.len())] as usize;
        let mut finds = Vec::new();
        for mut one in self.look_through(&decoded.bytes, inner, spent, depth) {
            let span = as_range(one.location.span);
            let outer = place(span.start)..place(span.end);
            // What stands in the clear is found in the clear.
            if one.via.is_none() && text.get(outer.clone()).is_some_and(|clear| clear == &decoded.bytes[span])
            {
                continue;
            }
            one.via = Some(Arc::new(one.via.map_or_else(|| here.clone(), |via| here.with(&via))));
            finds.push(Find { found: one, span: outer });
        }
        finds
    }

    /// All matches in something decoded, at their places in it; those in an archive have all of it for their place.
    fn look_through(
        &self,
        bytes: &[u8],
        scratch: &mut Scratch,
        spent: &mut Spent,
        depth: usize,
    ) -> Vec<Match> {
        let is_deepest = depth + 1 == DEEPEST;
        let mut found = Vec::new();
        if let Some(Form::Container(kind)) = expand::form(bytes) {
            if is_deepest {
                spent.limits += 1;
                return found;
            }
            let left = MOST_OPENED.saturating_sub(spent.opened);
            let whole = Span { start: 0, end: bytes.len() as u64 };
            let troubles = expand::walk(kind, bytes, left, &mut |leaf| {
                spent.opened += leaf.bytes.len() as u64;
                let via = Via { member: leaf.member.into(), decoded: leaf.decoded.join(" > ") };
                for mut one in self.look_through(leaf.bytes, scratch, spent, depth + 1) {
                    one.location.span = whole;
                    one.via = Some(Arc::new(one.via.map_or_else(|| via.clone(), |inner| via.with(&inner))));
                    found.push(one);
                }
            });
            spent.limits += u64::from(troubles.iter().any(|trouble| trouble.is_limit));
            return found;
        }
        found = self.scan_plain(bytes, None, scratch);
        let mut regions = Vec::new();
        regions::find(bytes, std::slice::from_ref(&(0..bytes.len())), &mut regions);
        if is_deepest {
            spent.limits += u64::from(!regions.is_empty());
            return found;
        }
        for region in regions {
            for Find { found: mut one, span } in self.decode(bytes, &region, scratch, spent, depth + 1) {
                let start = region.span.start;
                one.location.span =
                    Span { start: (start + span.start) as u64, end: (start + span.end) as u64 };
                found.push(one);
            }
        }
        found
    }
}

fn decoded(text: &[u8], coding: Coding) -> Option<Decoded> {
    match coding {
        Coding::Base64 => runs::base64(text),
        Coding::Hex => runs::hex(text),
        Coding::Escapes => escapes::decode(text),
        Coding::Quoted => quoted::decode(text),
        Coding::Wide => wide::decode(text),
    }
}

fn as_range(span: Span) -> Range<usize> {
    let offset = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    offset(span.start)..offset(span.end)
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
            one.markers = markers::around(bytes, &outer, start, end, &mut (0..0));
            found.push(one);
        }
    }
}

/// Where one secret was come by in several ways, the one that takes the least of the text: what is escaped in a line that
/// was broken is found with and without joining the lines.
fn shortest(mut found: Vec<Match>) -> Vec<Match> {
    let ways = |one: &Match| one.via.as_ref().map_or(0, |via| via.decoded.len());
    let order = |one: &Match| (Reverse(one.location.span.start), one.location.span.end, ways(one));
    found.sort_by(|a, b| (a.rule, &a.secret).cmp(&(b.rule, &b.secret)).then_with(|| order(a).cmp(&order(b))));
    let mut kept: Vec<Match> = Vec::with_capacity(found.len());
    // Of all with this secret that begin no earlier, where the first one ends.
    let mut least = u64::MAX;
    for one in found {
        let is_other = kept.last().is_none_or(|last| (last.rule, &last.secret) != (one.rule, &one.secret));
        least = if is_other { u64::MAX } else { least };
        if one.location.span.end < least {
            least = one.location.span.end;
            kept.push(one);
        }
    }
    kept.sort_by_key(|one| (one.location.span.start, one.location.span.end, one.rule));
    kept
}
