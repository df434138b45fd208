//! What may follow a keyword, read out of an expression.
//!
//! From the NFA of an expression: does every match begin with a keyword (then it can be tried right there, anchored),
//! and which bytes may stand at each of the next positions (then most occurrences are refused by a few table look-ups,
//! without running the expression). Both over-approximate: look-around counts as always true.

use regex_automata::nfa::thompson::{NFA, State, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_syntax::hir::{Hir, HirKind, Repetition};

/// A set of bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ByteSet([u64; 4]);

impl ByteSet {
    pub(super) fn insert_range(&mut self, range: std::ops::RangeInclusive<u8>) {
        for byte in range {
            self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
    }

    pub(crate) const ALL: ByteSet = ByteSet([u64::MAX; 4]);

    pub(super) fn of(byte: u8) -> Self {
        let mut set = ByteSet::default();
        set.insert_range(byte..=byte);
        set
    }

    pub(crate) fn union(&self, other: &ByteSet) -> ByteSet {
        ByteSet(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    /// Whether `byte` is in the set.
    #[inline]
    pub(crate) fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        (0..=255).filter(|byte| self.contains(*byte))
    }
}

/// For each keyword of a rule, in order: the bytes that may stand at the positions after it.
pub(crate) type Shapes = Vec<Vec<ByteSet>>;

/// Positions after the keyword that are worth a look-up.
const DEPTH: usize = 24;

/// Counts beyond the longest keyword and [`DEPTH`] make no difference to what is read out here, and large automata.
const MOST_COUNTED: u32 = 64;

/// The same expression as far as the first [`MOST_COUNTED`] bytes go.
fn clamped(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            let most = repetition.max.filter(|max| *max <= MOST_COUNTED);
            let least = repetition.min.min(MOST_COUNTED);
            let sub = Box::new(clamped(&repetition.sub));
            Hir::repetition(Repetition { min: least, max: most, sub, ..repetition.clone() })
        }
        HirKind::Capture(capture) => clamped(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(clamped).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(clamped).collect()),
        _ => hir.clone(),
    }
}

pub(super) fn nfa(hir: &Hir) -> Result<NFA, String> {
    let hir = &clamped(hir);
    NFA::compiler()
        .configure(
            NFA::config().utf8(false).which_captures(WhichCaptures::None).nfa_size_limit(Some(8 << 20)),
        )
        .build_from_hir(hir)
        .map_err(|e| e.to_string())
}

/// Whether any match can contain a line feed.
pub(super) fn matches_newline(nfa: &NFA) -> bool {
    nfa.states().iter().any(|state| match state {
        State::ByteRange { trans } => trans.matches_byte(b'\n'),
        State::Sparse(sparse) => sparse.matches_byte(b'\n').is_some(),
        State::Dense(dense) => dense.matches_byte(b'\n').is_some(),
        _ => false,
    })
}

/// The shapes after each keyword, or `None` if some match does not begin with a keyword.
pub(super) fn after_keywords(nfa: &NFA, keywords: &[String]) -> Option<Shapes> {
    let mut shapes = vec![Vec::new(); keywords.len()];
    let start = Front::closure(nfa, [nfa.start_anchored()]);
    let open: Vec<usize> = (0..keywords.len()).collect();
    descend(nfa, &start, keywords, &open, 0, &mut shapes)?;
    Some(shapes)
}

/// Follows all bytes that the expression allows at `depth`; `open` are the keywords that agree so far.
fn descend(
    nfa: &NFA,
    front: &Front,
    keywords: &[String],
    open: &[usize],
    depth: usize,
    shapes: &mut Shapes,
) -> Option<()> {
    if front.is_match {
        return None;
    }
    let mut seen = [false; 256];
    for byte in front.bytes().bytes() {
        let byte = byte.to_ascii_lowercase();
        if std::mem::replace(&mut seen[usize::from(byte)], true) {
            continue;
        }
        let next: Vec<usize> =
            open.iter().copied().filter(|k| keywords[*k].as_bytes().get(depth) == Some(&byte)).collect();
        if next.is_empty() {
            return None;
        }
        let after = front.step(nfa, byte);
        let mut longer = Vec::new();
        let mut ended = false;
        for keyword in next {
            if keywords[keyword].len() == depth + 1 {
                shapes[keyword] = follow(nfa, &after);
                ended = true;
            } else {
                longer.push(keyword);
            }
        }
        // A keyword that ends here makes the longer ones optional, but each still wants its shape.
        if !longer.is_empty()
            && descend(nfa, &after, keywords, &longer, depth + 1, shapes).is_none()
            && !ended
        {
            return None;
        }
    }
    Some(())
}

/// The bytes that may stand at each position of a match.
pub(super) fn from_start(nfa: &NFA) -> Vec<ByteSet> {
    follow(nfa, &Front::closure(nfa, [nfa.start_anchored()]))
}

fn follow(nfa: &NFA, front: &Front) -> Vec<ByteSet> {
    let mut sets = Vec::new();
    let mut front = front.clone();
    while sets.len() < DEPTH && !front.is_match {
        let set = front.bytes();
        front = front.step_set(nfa, &set);
        sets.push(set);
    }
    sets
}

/// The NFA states that are alive at one position, reduced to those that read a byte.
#[derive(Clone)]
struct Front {
    ranges: Vec<(u8, u8, StateID)>,
    is_match: bool,
}

impl Front {
    fn closure(nfa: &NFA, roots: impl IntoIterator<Item = StateID>) -> Front {
        let mut front = Front { ranges: Vec::new(), is_match: false };
        let mut seen = vec![false; nfa.states().len()];
        let mut stack: Vec<StateID> = roots.into_iter().collect();
        while let Some(id) = stack.pop() {
            if std::mem::replace(&mut seen[id.as_usize()], true) {
                continue;
            }
            match nfa.state(id) {
                State::ByteRange { trans } => front.ranges.push((trans.start, trans.end, trans.next)),
                State::Sparse(sparse) => {
                    front.ranges.extend(sparse.transitions.iter().map(|t| (t.start, t.end, t.next)));
                }
                State::Dense(dense) => {
                    let next = |byte| Some((byte, byte, dense.matches_byte(byte)?));
                    front.ranges.extend((0..=255).filter_map(next));
                }
                State::Look { next, .. } | State::Capture { next, .. } => stack.push(*next),
                State::Union { alternates } => stack.extend(alternates.iter().copied()),
                State::BinaryUnion { alt1, alt2 } => stack.extend([*alt1, *alt2]),
                State::Fail => {}
                State::Match { .. } => front.is_match = true,
            }
        }
        front
    }

    fn bytes(&self) -> ByteSet {
        let mut set = ByteSet::default();
        for (start, end, _) in &self.ranges {
            set.insert_range(*start..=*end);
        }
        set
    }

    /// After `byte` in either case.
    fn step(&self, nfa: &NFA, byte: u8) -> Front {
        let mut set = ByteSet::default();
        set.insert_range(byte..=byte);
        let upper = byte.to_ascii_uppercase();
        set.insert_range(upper..=upper);
        self.step_set(nfa, &set)
    }

    fn step_set(&self, nfa: &NFA, set: &ByteSet) -> Front {
        let next = self
            .ranges
            .iter()
            .filter(|(start, end, _)| (*start..=*end).any(|byte| set.contains(byte)))
            .map(|(_, _, next)| *next);
        Front::closure(nfa, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(pattern: &str, keywords: &[&str]) -> Option<Shapes> {
        let hir =
            regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap();
        let keywords: Vec<String> = keywords.iter().map(|k| (*k).to_owned()).collect();
        after_keywords(&nfa(&hir).unwrap(), &keywords)
    }

    #[test]
    fn a_prefix_anchors_and_gives_the_bytes_behind_it() {
        let found = shapes(r"\b(?<secret>ghp_[A-Z]{3}9)", &["ghp_"]).unwrap();
        assert_eq!(found[0].len(), 4);
        assert!(found[0][0].contains(b'A') && !found[0][0].contains(b'a') && found[0][3].contains(b'9'));
    }

    #[test]
    fn alternatives_each_need_their_keyword() {
        assert!(
            shapes("(?:sk|rk)_(?:live|test)_x", &["sk_live_", "sk_test_", "rk_live_", "rk_test_"]).is_some()
        );
        assert!(shapes("(?:sk|rk)_(?:live|test)_x", &["sk_live_", "sk_test_", "rk_live_"]).is_none());
        assert!(shapes("[a-z]{3}key", &["key"]).is_none());
        assert!(shapes("(?i:token)=x", &["token"]).is_some());
    }
}
