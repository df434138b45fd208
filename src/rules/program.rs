//! An expression as a short list of steps, tried from one place by backtracking.
//!
//! Nearly all rules are a prefix, a run of some class of bytes, and a border: for those, building automata costs more
//! than all their searches. So an expression is first tried step by step, with the preferences of the `regex` crate
//! (alternatives in order, repetitions longest first unless marked lazy). The number of steps is bounded; what does not come
//! to an end is left to the automata of `regex-automata` ([`super::expression`]), which the property tests hold it
//! against.

use std::ops::Range;

use regex_syntax::hir::{Hir, HirKind, Look};

use super::first::{byte_set, first_bytes};
use super::shape::ByteSet;

/// A list of steps.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) steps: Vec<Step>,
    pub(super) sets: Vec<ByteSet>,
    /// Whether a match without the group `secret` is none.
    pub(super) needs_secret: bool,
    /// The bytes that a match may begin with, if it cannot be empty.
    first: Option<ByteSet>,
    /// Whether a match begins where a line does.
    at_line_start: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// One byte.
    Byte(u8),
    /// One byte of a set.
    Set(u16),
    /// Between `min` and `max` bytes of a set, then one of `follow`, if that is known.
    Run {
        set: u16,
        min: u32,
        max: u32,
        greedy: bool,
        follow: Option<u16>,
    },
    /// Go on here, or there if that comes to nothing.
    Try {
        first: u16,
        second: u16,
        /// The first way is not tried unless the next byte is one of these.
        first_set: Option<u16>,
        /// Nor the second one unless it is one of these.
        second_set: Option<u16>,
    },
    /// The next byte must be one of these, for what follows to fit.
    Peek(u16),
    /// Nothing has been repeated yet.
    Count,
    /// Once more what comes next, which leads back here, up to `max` times; then, or rather if not greedy, on at `after`.
    Again {
        after: u16,
        max: u32,
        greedy: bool,
    },
    Jump(u16),
    Look(Look),
    SecretStart,
    SecretEnd,
    Match,
}

/// What a program found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) whole: Range<usize>,
    /// The group named `secret`, or the whole.
    pub(crate) secret: Range<usize>,
}

/// A program with more steps would be slower to make than an automaton.
const MOST_STEPS: usize = 1000;
/// Repetitions of something longer than a byte are written out up to this number of steps, and counted beyond.
const MOST_COPIED: usize = 64;
/// From this number of alternatives on, a look at the next byte pays before any is tried.
const MANY: usize = 4;

impl Program {
    /// `None` where the expression does not lend itself to it. `group` is the number of the group `secret`.
    pub(super) fn new(hir: &Hir, group: usize) -> Option<Self> {
        let mut builder = Builder { steps: Vec::new(), sets: Vec::new(), group, counting: false };
        builder.add(hir)?;
        builder.push(Step::Match)?;
        let first = builder.look_ahead();
        let at_line_start = matches!(builder.steps[0], Step::Look(Look::Start | Look::StartLF));
        Some(Program {
            steps: builder.steps,
            sets: builder.sets,
            needs_secret: group > 0,
            first,
            at_line_start,
        })
    }
}

impl Step {
    fn attempt(first: u16, second: u16) -> Self {
        Step::Try { first, second, first_set: None, second_set: None }
    }
}

impl Program {
    /// Whether a match may begin here, as far as a look at the bytes around tells.
    pub(super) fn may_begin(&self, bytes: &[u8], at: usize) -> bool {
        let fits = |set: &ByteSet| bytes.get(at).is_some_and(|byte| set.contains(*byte));
        self.first.as_ref().is_none_or(fits) && (!self.at_line_start || at == 0 || bytes[at - 1] == b'\n')
    }
}

struct Builder {
    steps: Vec<Step>,
    sets: Vec<ByteSet>,
    group: usize,
    /// Within a counted repetition: there is one counter.
    counting: bool,
}

impl Builder {
    fn push(&mut self, step: Step) -> Option<u16> {
        if self.steps.len() >= MOST_STEPS {
            return None;
        }
        self.steps.push(step);
        u16::try_from(self.steps.len() - 1).ok()
    }

    fn here(&self) -> Option<u16> {
        u16::try_from(self.steps.len()).ok()
    }

    fn set(&mut self, set: ByteSet) -> Option<u16> {
        let known = self.sets.iter().position(|other| *other == set);
        let place = known.unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        });
        u16::try_from(place).ok()
    }

    fn add(&mut self, hir: &Hir) -> Option<()> {
        match hir.kind() {
            HirKind::Empty => {}
            HirKind::Literal(literal) => {
                for byte in &literal.0 {
                    self.push(Step::Byte(*byte))?;
                }
            }
            HirKind::Class(class) => {
                let set = self.set(byte_set(class)?)?;
                self.push(Step::Set(set))?;
            }
            HirKind::Look(look) => {
                is_known(*look).then_some(())?;
                self.push(Step::Look(*look))?;
            }
            HirKind::Capture(capture) if capture.index as usize == self.group => {
                self.push(Step::SecretStart)?;
                self.add(&capture.sub)?;
                self.push(Step::SecretEnd)?;
            }
            HirKind::Capture(capture) => self.add(&capture.sub)?,
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| self.add(part))?,
            HirKind::Alternation(parts) => self.add_alternatives(parts)?,
            HirKind::Repetition(repetition) => {
                let (min, max, greedy) = (repetition.min, repetition.max, repetition.greedy);
                match single_byte(&repetition.sub) {
                    Some(set) => {
                        let set = self.set(set)?;
                        let max = max.unwrap_or(u32::MAX);
                        self.push(Step::Run { set, min, max, greedy, follow: None })?;
                    }
                    None => self.add_copies(&repetition.sub, min, max, greedy)?,
                }
            }
        }
        Some(())
    }

    fn add_alternatives(&mut self, parts: &[Hir]) -> Option<()> {
        let (last, others) = parts.split_last()?;
        let mut ends = Vec::new();
        if parts.len() >= MANY
            && let Some(sets) = parts.iter().map(first_bytes).collect::<Option<Vec<_>>>()
        {
            let set = self.set(sets.iter().fold(ByteSet::default(), |all, set| all.union(set)))?;
            self.push(Step::Peek(set))?;
        }
        for part in others {
            let choice = self.push(Step::Jump(0))?;
            self.add(part)?;
            ends.push(self.push(Step::Jump(0))?);
            let second = self.here()?;
            self.steps[usize::from(choice)] = Step::attempt(choice + 1, second);
        }
        self.add(last)?;
        let end = self.here()?;
        ends.into_iter().for_each(|jump| self.steps[usize::from(jump)] = Step::Jump(end));
        Some(())
    }

    fn add_copies(&mut self, sub: &Hir, min: u32, max: Option<u32>, greedy: bool) -> Option<()> {
        // What may be empty repeats in ways that only the automata get right, unless it is there once at most.
        let may_be_empty = sub.properties().minimum_len().is_none_or(|length| length == 0);
        if may_be_empty && max != Some(1) {
            return None;
        }
        let before = self.steps.len();
        (0..min).try_for_each(|_| self.add(sub))?;
        let size = (self.steps.len() - before).checked_div(min as usize).unwrap_or(MOST_COPIED);
        if let Some(more) = max.and_then(|max| max.checked_sub(min)).filter(|more| *more > 1)
            && size.saturating_mul(more as usize) > MOST_COPIED
        {
            return self.add_counted(sub, more, greedy);
        }
        let mut choices = Vec::new();
        for _ in min..max.unwrap_or(min + 1) {
            choices.push(self.push(Step::Jump(0))?);
            self.add(sub)?;
        }
        if let (None, Some(first)) = (max, choices.first()) {
            self.push(Step::Jump(*first))?;
        }
        let end = self.here()?;
        for choice in choices {
            let (first, second) = if greedy { (choice + 1, end) } else { (end, choice + 1) };
            self.steps[usize::from(choice)] = Step::attempt(first, second);
        }
        Some(())
    }

    fn add_counted(&mut self, sub: &Hir, max: u32, greedy: bool) -> Option<()> {
        if std::mem::replace(&mut self.counting, true) {
            return None;
        }
        self.push(Step::Count)?;
        let again = self.push(Step::Jump(0))?;
        self.add(sub)?;
        self.push(Step::Jump(again))?;
        self.steps[usize::from(again)] = Step::Again { after: self.here()?, max, greedy };
        self.counting = false;
        Some(())
    }

    /// From the last step to the first: what may come next. Tells each run where it may end, and each choice what it
    /// depends on. Returns what the first byte of a match may be.
    fn look_ahead(&mut self) -> Option<ByteSet> {
        let mut next: Vec<Option<ByteSet>> = vec![None; self.steps.len() + 1];
        for at in (0..self.steps.len()).rev() {
            // A step further back is not known yet, as if it could do without a byte.
            let of = |step: u16| next[usize::from(step).max(at)];
            let either = |a: Option<ByteSet>, b: Option<ByteSet>| Some(a?.union(&b?));
            let after = next[at + 1];
            let coming = match self.steps[at] {
                Step::Byte(byte) => Some(ByteSet::of(byte)),
                Step::Run { set, min: 0, .. } => either(Some(self.sets[usize::from(set)]), after),
                Step::Set(set) | Step::Peek(set) | Step::Run { set, .. } => Some(self.sets[usize::from(set)]),
                Step::Try { first, second, .. } => either(of(first), of(second)),
                Step::Again { after: end, .. } => either(after, of(end)),
                Step::Jump(to) => of(to),
                Step::Look(_) | Step::SecretStart | Step::SecretEnd | Step::Count => after,
                Step::Match => None,
            };
            match self.steps[at] {
                Step::Run { set, min, max, greedy, .. } => {
                    let follow = after.and_then(|set| self.set(set));
                    self.steps[at] = Step::Run { set, min, max, greedy, follow };
                }
                Step::Try { first, second, .. } => {
                    let [first_set, second_set] = [of(first), of(second)].map(|set| self.set(set?));
                    self.steps[at] = Step::Try { first, second, first_set, second_set };
                }
                _ => {}
            }
            next[at] = coming;
        }
        next[0]
    }
}

fn single_byte(hir: &Hir) -> Option<ByteSet> {
    match hir.kind() {
        HirKind::Class(class) => byte_set(class),
        HirKind::Literal(literal) if literal.0.len() == 1 => Some(ByteSet::of(literal.0[0])),
        _ => None,
    }
}

fn is_known(look: Look) -> bool {
    matches!(
        look,
        Look::Start | Look::End | Look::StartLF | Look::EndLF | Look::WordAscii | Look::WordAsciiNegate
    )
}
