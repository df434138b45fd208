//! Texts too large to hold: read in chunks that overlap by the widest interval.
//!
//! A keyword occurrence is evaluated in the chunk in which it begins, with all its interval in view, so the result
//! equals that of scanning the whole (property test in `tests/it/detect.rs`).

use std::io::Read;

use super::{Detector, Scratch, encoded, markers};
use crate::finding::Match;
use crate::location::{Cursor, Location, Position};

/// A text that could not be read to its end; matches before that are kept.
#[derive(Debug, thiserror::Error)]
#[error("read {read} bytes, then failed: {source}")]
pub struct StreamError {
    /// Bytes read until then.
    pub read: u64,
    /// Why.
    pub source: std::io::Error,
}

impl Detector {
    /// Bytes that an occurrence may look at in either direction.
    pub(super) fn reach(&self) -> usize {
        let widest = self
            .rules
            .iter()
            .filter_map(|(_, rule)| rule.compiled())
            .map(|compiled| compiled.window.before.max(compiled.window.after))
            .max()
            .unwrap_or(0);
        // Bytes next to the interval, and the checks before the expression, look a little further; so do markers.
        let widest = widest + self.prefilter.longest() + 256 + markers::REACH;
        if self.decodes { widest.max(encoded::LOOK_AHEAD) } else { widest }
    }

    /// Scans what `reader` yields, `chunk` bytes at a time, calling `found` with the matches of each chunk.
    /// Returns the number of bytes read.
    pub fn scan_stream(
        &self,
        mut reader: impl Read,
        chunk: usize,
        scratch: &mut Scratch,
        mut found: impl FnMut(Vec<Match>),
    ) -> Result<u64, StreamError> {
        let chunk = chunk.max(1);
        // `buffer` holds the bytes from `base` on; occurrences before `core` have been evaluated.
        let mut buffer: Vec<u8> = Vec::new();
        let outcome = (&mut reader).take(chunk as u64).read_to_end(&mut buffer);
        // How far rules look is known when all of them are compiled, which a text in one chunk can do without.
        let reach = if outcome.is_ok() && buffer.len() == chunk { self.reach() } else { 0 };
        let mut failed = outcome.err();
        buffer.reserve_exact((chunk + 2 * reach).saturating_sub(buffer.len()));
        let mut base: u64 = 0;
        let mut origin = Position { line: 1, column: 1 };
        let mut core = 0;
        loop {
            let wanted = (core + chunk + reach).saturating_sub(buffer.len());
            let before = buffer.len();
            if failed.is_none()
                && let Err(source) = (&mut reader).take(wanted as u64).read_to_end(&mut buffer)
            {
                failed = Some(source);
            }
            let at_end = failed.is_some() || buffer.len() - before < wanted;
            let core_end = if at_end { buffer.len() } else { core + chunk };
            self.find_candidates(&buffer, core..core_end, scratch);
            self.accept(&buffer, scratch);
            let mut matches = super::matches::to_matches(&buffer, base, origin, &scratch.accepted);
            if self.decodes {
                let mut decoded = Vec::new();
                self.look_encoded_in_part(&buffer, core..core_end, scratch, &mut decoded);
                decoded.iter_mut().for_each(|one| moved(one, base, origin));
                matches.append(&mut decoded);
            }
            if !matches.is_empty() {
                found(matches);
            }
            if at_end {
                let read = base + buffer.len() as u64;
                return match failed {
                    None => Ok(read),
                    Some(source) => Err(StreamError { read, source }),
                };
            }
            // Keep what the next occurrences may look back at, and whole lines' columns by way of `origin`.
            let discard = core_end.saturating_sub(reach);
            origin = Cursor::starting_at(&buffer, origin).advance(discard);
            buffer.drain(..discard);
            base += discard as u64;
            core = core_end - discard;
        }
    }
}

/// A match of a buffer, as the text has it whose part the buffer is.
fn moved(found: &mut Match, base: u64, origin: Position) {
    let Location { start, end, span } = &mut found.location;
    for position in [start, end] {
        if position.line == 1 {
            position.column += origin.column - 1;
        }
        position.line += origin.line - 1;
    }
    span.start += base;
    span.end += base;
}
