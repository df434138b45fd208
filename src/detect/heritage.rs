//! Versions of a text: what the scan of one tells about another that is made from it.
//!
//! A candidate is a pure function of a bounded interval round one keyword occurrence. So where the interval, and the
//! byte on either side of it, was copied whole, the outcome in the child is that in the base, moved; all other
//! occurrences begin in what was inserted or near its edges, and are evaluated anew. The two sets share out the
//! occurrences of the child: the result is that of a full scan (`docs/history-engine.md`).
//!
//! Near rules are bounded by a few lines or bytes: what lies further than that inside a copy is inherited, found or not.
//! Far rules, such as blocks, look further; the occurrences of their keywords are carried along as [`Anchor`]s even
//! where nothing was found, so that a distant edit can make them match.

use std::ops::Range;

use super::encoded::Finds;
use super::occurrence::{NEAR_AFTER, NEAR_BEFORE, NEAR_LINES};
use super::{Candidate, Detector, Scratch};
use crate::copied::Copied;

/// What the scan of a text leaves for its descendants.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// By the place of the keyword.
    candidates: Vec<Candidate>,
    /// By place.
    anchors: Vec<Anchor>,
    /// Where something was found that stands encoded.
    encoded: Vec<Finds>,
}

/// A text that was scanned, and what it has in common with the one at hand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ancestor<'a> {
    pub(crate) notes: &'a Notes,
    /// Its length.
    pub(crate) length: usize,
    /// In the order of the text at hand.
    pub(crate) copies: &'a [Copied],
}

/// An occurrence of a keyword that has far rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Anchor {
    pub(super) at: usize,
    pub(super) keyword: u16,
    /// Whether what its far rules find is inherited. Candidates of far rules belong to known anchors only.
    pub(super) known: bool,
}

/// A text with more of them leaves no notes, to bound the memory; its descendants are scanned in full.
const MOST_NOTES: usize = 1 << 16;
/// A shorter inner part of a copy is not worth the look-up.
const SHORTEST_INNER: usize = 64;

impl Notes {
    /// The candidates whose keyword begins in `range`.
    fn beginning_in(&self, range: Range<usize>) -> &[Candidate] {
        let first = self.candidates.partition_point(|candidate| candidate.at < range.start);
        let rest = &self.candidates[first..];
        &rest[..rest.partition_point(|candidate| candidate.at < range.end)]
    }

    /// Where something was found that stands encoded.
    pub(super) fn encoded(&self) -> &[Finds] {
        &self.encoded
    }

    /// What a scan found, in the order that descendants need.
    pub(super) fn of(scratch: &Scratch) -> Option<Self> {
        let Scratch { candidates, anchors, encoded, .. } = scratch;
        if candidates.len() + anchors.len() + encoded.len() > MOST_NOTES {
            return None;
        }
        let mut candidates = candidates.clone();
        candidates.sort_unstable_by_key(|candidate| candidate.at);
        Some(Notes { candidates, anchors: anchors.clone(), encoded: encoded.clone() })
    }
}

impl Detector {
    /// What [`Detector::find_candidates`] finds in the whole of `bytes`, with the help of what is known of its ancestor.
    pub(super) fn inherit_candidates(&self, bytes: &[u8], ancestor: &Ancestor<'_>, scratch: &mut Scratch) {
        scratch.candidates.clear();
        scratch.anchors.clear();
        let mut cores = std::mem::take(&mut scratch.cores);
        cores.clear();
        let mut covered = 0;
        // Most copies are crumbs: what begins in them is looked for anew, anchors too.
        for copy in ancestor.copies.iter().filter(|copy| copy.length >= SHORTEST_INNER) {
            let inner = self.inner(bytes, ancestor.length, copy);
            if inner.len() >= SHORTEST_INNER {
                if covered < inner.start {
                    cores.push(covered..inner.start);
                }
                covered = inner.end;
                let source = inner.start - copy.to + copy.from..inner.end - copy.to + copy.from;
                let near = ancestor.notes.beginning_in(source).iter().filter(|c| c.far.is_none());
                scratch.candidates.extend(near.map(|candidate| moved(candidate, copy)));
            }
            self.inherit_anchors(bytes.len(), ancestor, copy, scratch);
        }
        if covered < bytes.len() {
            cores.push(covered..bytes.len());
        }
        self.look(bytes, &cores, scratch);
        self.evaluate_anchors(bytes, scratch);
        scratch.cores = cores;
    }

    /// The part of a copy, in the child, such that near rules see nothing but copied bytes from an occurrence that begins
    /// there; may be empty. An end of the file that is one in both is no edge.
    fn inner(&self, bytes: &[u8], base_length: usize, copy: &Copied) -> Range<usize> {
        let Copied { from, to, length } = *copy;
        let end = to + length;
        let first = if from == 0 && to == 0 {
            to
        } else {
            // Near rules do not look back across a line break, but they see the one next to the interval.
            let reach = end.min(to + NEAR_BEFORE + 1);
            memchr::memchr(b'\n', &bytes[to..reach]).map_or(reach, |at| to + at + 1)
        };
        let last = if end == bytes.len() && from + length == base_length {
            end
        } else {
            let reach = to.max(end.saturating_sub(NEAR_AFTER + self.prefilter.longest() + 1));
            // No keyword holds a line break, so an occurrence that begins before one ends before it.
            memchr::memrchr_iter(b'\n', &bytes[reach..end]).nth(NEAR_LINES).map_or(reach, |at| reach + at)
        };
        first..last.max(first)
    }

    /// Carries over the anchors of a copy, and the candidates of those for which nothing can have changed.
    fn inherit_anchors(&self, length: usize, ancestor: &Ancestor<'_>, copy: &Copied, scratch: &mut Scratch) {
        let Copied { from, to, length: copied } = *copy;
        let notes = ancestor.notes;
        let first = notes.anchors.partition_point(|anchor| anchor.at < from);
        let in_copy = notes.anchors[first..].iter().take_while(|anchor| anchor.at < from + copied);
        for anchor in in_copy {
            let keyword = &self.keywords[usize::from(anchor.keyword)];
            let keyword_end = anchor.at + keyword.len();
            let Some(reach) = keyword.users(&self.rules).far_reach else { continue };
            if keyword_end > from + copied {
                continue;
            }
            let known = (from == 0 && to == 0 || anchor.at > from + reach.before)
                && (to + copied == length && from + copied == ancestor.length
                    || keyword_end + reach.after < from + copied);
            let at = anchor.at - from + to;
            scratch.anchors.push(Anchor { at, keyword: anchor.keyword, known });
            if known {
                let here = notes.beginning_in(anchor.at..anchor.at + 1);
                let far = here.iter().filter(|candidate| candidate.far == Some(anchor.keyword));
                scratch.candidates.extend(far.map(|candidate| moved(candidate, copy)));
            }
        }
    }
}

/// The same candidate, in the child.
fn moved(candidate: &Candidate, copy: &Copied) -> Candidate {
    let place = |at: usize| at - copy.from + copy.to;
    Candidate {
        at: place(candidate.at),
        span: place(candidate.span.start)..place(candidate.span.end),
        ..candidate.clone()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::copied::note_copy;
    use crate::detect::naive::tests::texts;
    use crate::detect::naive::{all_rules, foreign_rules};
    use crate::detect::occurrence::is_near;

    /// One operation: a copy from a place in the base, or an insertion.
    #[derive(Debug, Clone)]
    enum Edit {
        /// In thousandths of the base.
        Copy(usize, usize),
        /// Copies on from where the last copy ended, leaving out some bytes.
        Skip(usize, usize),
        Insert(Vec<u8>),
    }

    fn edits() -> impl Strategy<Value = Vec<Edit>> {
        let insert = proptest::sample::select(vec![
            &b""[..],
            b"x",
            b"\n",
            b"\n\n\n",
            b" ",
            b"\"",
            b"=",
            b"-----BEGIN PRIVATE KEY-----",
            b"-----END PRIVATE KEY-----\n",
            b"password = ",
            b"token: ",
        ]);
        let edit = prop_oneof![
            (0usize..1000, 0usize..1000).prop_map(|(from, length)| Edit::Copy(from, length)),
            (0usize..40, 0usize..1000).prop_map(|(skip, length)| Edit::Skip(skip, length)),
            (0usize..2, 50usize..1001).prop_map(|(skip, length)| Edit::Skip(skip, length)),
            insert.prop_map(|text| Edit::Insert(text.to_vec())),
        ];
        proptest::collection::vec(edit, 1..12)
    }

    fn apply(base: &[u8], edits: &[Edit]) -> (Vec<u8>, Vec<Copied>) {
        let (mut child, mut copies, mut at) = (Vec::new(), Vec::new(), 0);
        for edit in edits {
            let range = match edit {
                Edit::Insert(text) => {
                    child.extend_from_slice(text);
                    continue;
                }
                Edit::Copy(from, length) => {
                    let from = base.len() * from / 1000;
                    from..base.len().min(from + base.len() * length / 1000)
                }
                Edit::Skip(skip, length) => {
                    let from = base.len().min(at + skip);
                    from..base.len().min(from + base.len() * length / 1000)
                }
            };
            at = range.end;
            if !range.is_empty() {
                note_copy(&mut copies, Copied { from: range.start, to: child.len(), length: range.len() });
                child.extend_from_slice(&base[range]);
            }
        }
        (child, copies)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..Default::default() })]

        /// Three generations, each against a full scan: candidates, the places of their keywords, and anchors.
        #[test]
        fn what_is_inherited_is_what_a_full_scan_finds(
            base in texts(), one in edits(), two in edits(), is_foreign in proptest::bool::ANY,
        ) {
            let detector = if is_foreign { foreign() } else { shared() };
            let (mut scratch, mut full) = (detector.scratch(), detector.scratch());
            detector.scan(&base, &mut scratch);
            let mut notes = scratch.notes().unwrap();
            let mut base = base;
            for edits in [one, two] {
                let (child, copies) = apply(&base, &edits);
                let ancestor = Ancestor { notes: &notes, length: base.len(), copies: &copies };
                let fast = detector.scan_version(&child, Some(&ancestor), &mut scratch);
                let slow = detector.scan(&child, &mut full);
                prop_assert_eq!(fast, slow);
                let (next, expected) = (scratch.notes().unwrap(), full.notes().unwrap());
                prop_assert_eq!(sorted(&next.candidates), sorted(&expected.candidates));
                let places = |notes: &Notes| notes.anchors.iter().map(|a| (a.at, a.keyword)).collect::<Vec<_>>();
                prop_assert_eq!(places(&next), places(&expected));
                (notes, base) = (next, child);
            }
        }
    }

    /// Texts in which credentials stand encoded, wrapped and not, between other things.
    #[expect(clippy::format_collect, reason = "a few short texts")]
    fn encoded_texts() -> impl Strategy<Value = Vec<u8>> {
        use base64::Engine as _;
        let token = |name: &str| {
            crate::rules::sample::sample_template(
                "{{@github:ghp_}}",
                &mut crate::rules::sample::Rng::from_name(name),
            )
            .unwrap()
        };
        let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let wrapped = |text: &str, width: usize, indent: &str| {
            let encoded = base64(text);
            let lines: Vec<_> =
                encoded.as_bytes().chunks(width).map(|l| String::from_utf8_lossy(l)).collect();
            format!("{indent}{}\n", lines.join(&format!("\n{indent}")))
        };
        let filler = "one line of text\n".repeat(12);
        let pieces = vec![
            base64(&format!("x {}", token("a"))),
            base64(&base64(&format!("token: {}", token("b")))),
            wrapped(&format!("{filler}{}{filler}", token("c")), 64, "  "),
            wrapped(&format!("{filler}{}{filler}", token("d")), 76, ""),
            token("e").bytes().map(|b| format!("{b:02x}")).collect(),
            token("f").replace("gh", "%67%68"),
            token("g").chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect(),
            token("h").replace('_', "&#95;"),
            token("i").replace("ghp", "\\x67hp"),
            format!("{}{}=\n{}", "a ".repeat(20), &token("j")[..20], &token("j")[20..]),
            format!("\x1b[31m{}", token("k")),
            token("l").chars().flat_map(|c| [c, '\0']).collect(),
            token("m").chars().flat_map(|c| ['\0', c]).collect(),
            "\0".into(),
            filler,
            "AbCdEfGh0123456789AbCdEfGh0123456789AbCdEfGh".into(),
            "\n".into(),
            " = ".into(),
            "\"".into(),
            "=\n".into(),
            "%20".into(),
        ];
        let piece = proptest::sample::select(pieces);
        proptest::collection::vec(piece, 1..12).prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..Default::default() })]

        /// The same for what stands encoded.
        #[test]
        fn what_is_inherited_of_encoded_text_is_what_a_full_scan_finds(
            base in encoded_texts(), one in edits(), two in edits(), more in encoded_texts(), at in 0usize..1000,
        ) {
            let detector = shared();
            let (mut scratch, mut full) = (detector.scratch(), detector.scratch());
            detector.scan(&base, &mut scratch);
            let mut notes = scratch.notes().unwrap();
            let mut base = base;
            for (number, mut edits) in [one, two].into_iter().enumerate() {
                let (at, more) = (at % (edits.len() + 1), more[..more.len() * (1 + number) / 2].to_vec());
                edits.insert(at, Edit::Insert(more));
                let (child, copies) = apply(&base, &edits);
                let ancestor = Ancestor { notes: &notes, length: base.len(), copies: &copies };
                let fast = detector.scan_version(&child, Some(&ancestor), &mut scratch);
                let slow = detector.scan(&child, &mut full);
                prop_assert_eq!(fast, slow);
                (notes, base) = (scratch.notes().unwrap(), child);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..Default::default() })]

        /// The inner part by its definition, a byte at a time: whatever a near rule may see from an occurrence that
        /// begins there lies in the copy, or beyond an end that both files share.
        #[test]
        fn near_rules_see_nothing_but_the_copy_from_its_inner_part(
            lines in proptest::collection::vec(0usize..900, 1..12),
            from in 0usize..3000, to in 0usize..3000, shift in 0usize..3, length in 1usize..4000,
        ) {
            let detector = shared();
            let text: Vec<u8> = lines.iter().flat_map(|n| [vec![b'x'; *n], vec![b'\n']].concat()).collect();
            let to = (to % text.len()) * usize::from(shift > 0);
            let length = length.min(text.len() - to);
            let from = if shift == 1 { to } else { from * usize::from(shift > 0) };
            let copy = Copied { from, to, length };
            // Now and then the copy ends where both files end.
            let base_length = from + length + 7 * usize::from(lines.len() % 2 == 0);
            let inner = detector.inner(&text, base_length, &copy);
            prop_assert!(inner.is_empty() || (to <= inner.start && inner.end <= to + length));
            let shares_start = from == 0 && to == 0;
            let shares_end = to + length == text.len() && from + length == base_length;
            for at in inner.clone() {
                // Back: up to the limit or the line's beginning, and the byte before that.
                let line = text[..at].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
                let first_seen = line.max(at.saturating_sub(NEAR_BEFORE)).checked_sub(1);
                prop_assert!(shares_start || first_seen.is_some_and(|seen| seen >= to), "{at} in {inner:?}");
                // Ahead, from the end of the longest keyword that fits on the line.
                let stop = |from: usize| text[from..].iter().position(|b| *b == b'\n').map_or(text.len(), |i| from + i);
                let keyword_end = stop(at).min(at + detector.prefilter.longest());
                let second = text.len().min(stop(stop(keyword_end).saturating_add(1).min(text.len())));
                let last_seen = second.min(keyword_end + NEAR_AFTER);
                prop_assert!(shares_end || last_seen < to + length, "{at} in {inner:?}");
            }
            // Without an edge, nothing is given away.
            if shares_start && shares_end {
                prop_assert_eq!(inner, 0..text.len());
            }
        }
    }

    #[test]
    fn near_rules_keep_to_their_limits() {
        let detector = shared();
        let mut near = 0;
        for (_, rule) in detector.rules().iter() {
            let compiled = rule.try_compiled().unwrap();
            if is_near(compiled) {
                near += 1;
                assert!(
                    compiled.window.before <= NEAR_BEFORE && compiled.window.after <= NEAR_AFTER,
                    "{}",
                    rule.id
                );
                assert!(compiled.window.lines.is_none_or(|lines| lines <= NEAR_LINES), "{}", rule.id);
                assert!(compiled.block.is_none(), "{}", rule.id);
            }
        }
        assert!(near > 500, "nearly all rules are near ones: {near}");
    }

    fn shared() -> &'static Detector {
        static DETECTOR: std::sync::LazyLock<Detector> =
            std::sync::LazyLock::new(|| Detector::new(all_rules()).unwrap());
        &DETECTOR
    }

    fn foreign() -> &'static Detector {
        static DETECTOR: std::sync::LazyLock<Detector> =
            std::sync::LazyLock::new(|| Detector::new(foreign_rules()).unwrap());
        &DETECTOR
    }

    fn sorted(candidates: &[Candidate]) -> Vec<Candidate> {
        let mut list = candidates.to_vec();
        list.sort_by_key(|c| (c.at, c.span.start, c.span.end, c.rule, c.margins));
        list
    }
}
