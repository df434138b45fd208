//! Doors for fuzzers to the engine; built with `--cfg fuzzing` only, and for the tests below.
#![expect(clippy::missing_panics_doc, reason = "to panic is how a fuzz target says that something is wrong")]

use std::sync::LazyLock;

use super::heritage::Ancestor;
use super::naive::{GLUE, all_rules, compare, examples, foreign_rules};
use super::{Detector, Scratch};
use crate::copied::{Copied, note_copy};
use crate::rules::RuleSet;

static OWN: LazyLock<Detector> = LazyLock::new(|| detector(all_rules()));
static FOREIGN: LazyLock<Detector> = LazyLock::new(|| detector(foreign_rules()));
static EXAMPLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(examples);

/// The slow way is slow.
const LONGEST: usize = 2048;

fn detector(rules: RuleSet) -> Detector {
    Detector::new(rules).expect("they are right")
}

fn chosen(mode: u8) -> &'static Detector {
    if mode & 1 == 0 { &OWN } else { &FOREIGN }
}

/// The detector against the slow and obvious way. The first byte says which rules run, and whether the rest is the text
/// or a recipe for one (`cook`). How many candidates there were.
pub fn engine(data: &[u8]) -> usize {
    let Some((mode, rest)) = data.split_first() else { return 0 };
    let detector = chosen(*mode);
    let mut text = if mode & 2 == 0 { rest.to_vec() } else { cook(rest) };
    text.truncate(LONGEST);
    let mut scratch = detector.scratch();
    let outcome = compare(detector, &text, &mut scratch);
    assert_eq!(outcome, Ok(()), "fast and slow");
    scratch.candidates.len()
}

/// A text of the rules' own examples, cut and joined: four bytes for each, two for its number, one for how much of it is
/// left out, and one for what follows.
fn cook(recipe: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for part in recipe.chunks_exact(4) {
        let piece = &EXAMPLES[usize::from(u16::from_le_bytes([part[0], part[1]])) % EXAMPLES.len()];
        let (head, tail) = (usize::from(part[2] >> 4), usize::from(part[2] & 15));
        // Mostly nothing.
        let cut = |sixteenths: usize| if sixteenths > 7 { 0 } else { sixteenths * piece.len() / 16 };
        text.extend_from_slice(&piece[cut(head)..piece.len() - cut(tail)]);
        match GLUE.get(usize::from(part[3])) {
            Some(glue) => text.extend_from_slice(glue),
            None => text.push(part[3]),
        }
    }
    text
}

/// A text, and a version of it: what is inherited must be what a full scan finds. The first byte is as for [`engine`],
/// the second the number of edits, of four bytes each; the rest is the text. How much was found.
pub fn versions(data: &[u8]) -> usize {
    let [mode, count, rest @ ..] = data else { return 0 };
    let (edits, rest) = rest.split_at((usize::from(count % 8) * 4).min(rest.len()));
    let detector = chosen(*mode);
    let base = if mode & 2 == 0 { rest.to_vec() } else { cook(rest) };
    let (child, copies) = edited(&base, edits);
    let mut scratch = detector.scratch();
    sound(&base, detector, &mut scratch);
    let notes = scratch.notes().expect("there are few");
    let ancestor = Ancestor { notes: &notes, length: base.len(), copies: &copies };
    let fast = detector.scan_version(&child, Some(&ancestor), &mut scratch);
    let slow = detector.scan(&child, &mut detector.scratch());
    assert_eq!(fast, slow, "inherited and found");
    slow.len()
}

/// Scans a text; what is found must lie in it.
fn sound(text: &[u8], detector: &Detector, scratch: &mut Scratch) {
    for one in detector.scan(text, scratch) {
        let span = one.location.span;
        assert!(span.start < span.end && span.end <= text.len() as u64, "{span:?} of {}", text.len());
        assert!(one.location.start < one.location.end);
    }
}

/// Each edit copies on from a place in the base, and inserts something.
fn edited(base: &[u8], edits: &[u8]) -> (Vec<u8>, Vec<Copied>) {
    let (mut child, mut copies) = (Vec::new(), Vec::new());
    for edit in edits.chunks_exact(4) {
        let from = base.len() * usize::from(edit[0]) / 256;
        let length = (base.len() - from).min(usize::from(u16::from_le_bytes([edit[1], edit[2]])));
        if length > 0 {
            note_copy(&mut copies, Copied { from, to: child.len(), length });
            child.extend_from_slice(&base[from..from + length]);
        }
        if let Some(glue) = GLUE.get(usize::from(edit[3])) {
            child.extend_from_slice(glue);
        }
    }
    (child, copies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::Rng;

    fn random(rng: &mut Rng, length: usize) -> Vec<u8> {
        (0..length).map(|_| rng.next_u64().to_le_bytes()[3]).collect()
    }

    #[test]
    fn recipes_make_texts_with_something_in_them() {
        let mut rng = Rng::from_name("recipes");
        let (mut candidates, mut found) = (0, 0);
        for number in 0..20 {
            let recipe = random(&mut rng, 4 * 4);
            candidates += engine(&[&[2 + number % 2], &recipe[..]].concat());
            let edits = random(&mut rng, 4 * 4);
            found += versions(&[&[2 + number % 2, 4], &edits[..], &recipe].concat());
        }
        assert!(candidates > 10 && found > 5, "{candidates} {found}");
        assert_eq!(engine(b"\0plain") + versions(b"\0\x01abcdplain"), 0);
    }
}
