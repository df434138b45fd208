//! An expression as a short list of steps, tried from one place by backtracking.
//!
//! Nearly all rules are a prefix, a run of some class of bytes, and a border: for those, building automata costs more
//! than all their searches. So an expression is first tried step by step, with the preferences of the `regex` crate
//! (alternatives in order, repetitions longest first unless marked lazy). The number of steps is bounded; what does not come
//! to an end is left to the automata of `regex-automata` ([`super::expression`]), which the property tests hold it
//! against.

use std::ops::Range;

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::shape::ByteSet;

/// A list of steps.
#[derive(Debug)]
pub(super) struct Program {
    steps: Vec<Step>,
    sets: Vec<ByteSet>,
    /// Whether a match without the group `secret` is none.
    needs_secret: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// One byte.
    Byte(u8),
    /// Between `min` and `max` bytes of a set.
    Run {
        set: u16,
        min: u32,
        max: u32,
        greedy: bool,
    },
    /// Go on here, or there if that comes to nothing.
    Try {
        first: u16,
        second: u16,
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
const MOST_STEPS: usize = 400;
/// Repetitions of something longer than a byte are written out up to this count.
const MOST_COPIES: u32 = 24;

impl Program {
    /// `None` where the expression does not lend itself to it. `group` is the number of the group `secret`.
    pub(super) fn new(hir: &Hir, group: usize) -> Option<Self> {
        let mut builder = Builder { steps: Vec::new(), sets: Vec::new(), group };
        builder.add(hir)?;
        builder.push(Step::Match)?;
        Some(Program { steps: builder.steps, sets: builder.sets, needs_secret: group > 0 })
    }
}

struct Builder {
    steps: Vec<Step>,
    sets: Vec<ByteSet>,
    group: usize,
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
                self.push(Step::Run { set, min: 1, max: 1, greedy: true })?;
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
                        self.push(Step::Run { set, min, max: max.unwrap_or(u32::MAX), greedy })?;
                    }
                    None => self.add_copies(&repetition.sub, min, max?, greedy)?,
                }
            }
        }
        Some(())
    }

    fn add_alternatives(&mut self, parts: &[Hir]) -> Option<()> {
        let (last, others) = parts.split_last()?;
        let mut ends = Vec::new();
        for part in others {
            let choice = self.push(Step::Jump(0))?;
            self.add(part)?;
            ends.push(self.push(Step::Jump(0))?);
            self.steps[usize::from(choice)] = Step::Try { first: choice + 1, second: self.here()? };
        }
        self.add(last)?;
        let end = self.here()?;
        ends.into_iter().for_each(|jump| self.steps[usize::from(jump)] = Step::Jump(end));
        Some(())
    }

    fn add_copies(&mut self, sub: &Hir, min: u32, max: u32, greedy: bool) -> Option<()> {
        // What may be empty repeats in ways that only the automata get right.
        if max > MOST_COPIES || sub.properties().minimum_len().is_none_or(|length| length == 0) {
            return None;
        }
        (0..min).try_for_each(|_| self.add(sub))?;
        let mut choices = Vec::new();
        for _ in min..max {
            choices.push(self.push(Step::Jump(0))?);
            self.add(sub)?;
        }
        let end = self.here()?;
        for choice in choices {
            let (first, second) = if greedy { (choice + 1, end) } else { (end, choice + 1) };
            self.steps[usize::from(choice)] = Step::Try { first, second };
        }
        Some(())
    }
}

fn byte_set(class: &Class) -> Option<ByteSet> {
    let Class::Bytes(class) = class else {
        let Class::Unicode(class) = class else { return None };
        return byte_set(&Class::Bytes(class.to_byte_class()?));
    };
    let mut set = ByteSet::default();
    class.ranges().iter().for_each(|range| set.insert_range(range.start()..=range.end()));
    Some(set)
}

fn single_byte(hir: &Hir) -> Option<ByteSet> {
    match hir.kind() {
        HirKind::Class(class) => byte_set(class),
        HirKind::Literal(literal) if literal.0.len() == 1 => {
            let mut set = ByteSet::default();
            set.insert_range(literal.0[0]..=literal.0[0]);
            Some(set)
        }
        _ => None,
    }
}

fn is_known(look: Look) -> bool {
    matches!(
        look,
        Look::Start | Look::End | Look::StartLF | Look::EndLF | Look::WordAscii | Look::WordAsciiNegate
    )
}

fn holds(look: Look, bytes: &[u8], at: usize) -> bool {
    let word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let before = at.checked_sub(1).and_then(|i| bytes.get(i));
    let after = bytes.get(at);
    match look {
        Look::Start => before.is_none(),
        Look::End => after.is_none(),
        Look::StartLF => before.is_none_or(|b| *b == b'\n'),
        Look::EndLF => after.is_none_or(|b| *b == b'\n'),
        Look::WordAscii => word(before) != word(after),
        _ => word(before) == word(after),
    }
}

/// It took more steps than it may.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endless;

/// A way that was not taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice {
    step: u16,
    at: usize,
    /// For a run: how many more places to try, one byte back (greedy) or ahead each.
    left: u32,
    greedy: bool,
    secret: (usize, usize),
}

impl Program {
    /// The preferred match that begins at `span.start` and ends within `span`; what is next to the span can be seen.
    pub(super) fn run(
        &self,
        bytes: &[u8],
        span: Range<usize>,
        choices: &mut Vec<Choice>,
    ) -> Result<Option<Found>, Endless> {
        let mut budget = 64 + 4 * span.len();
        choices.clear();
        let (mut step, mut at, mut secret) = (0u16, span.start, (span.start, usize::MAX));
        loop {
            budget = budget.checked_sub(1).ok_or(Endless)?;
            let goes_on = match &self.steps[usize::from(step)] {
                Step::Byte(byte) => {
                    let fits = at < span.end && bytes[at] == *byte;
                    at += usize::from(fits);
                    step += 1;
                    fits
                }
                Step::Run { set, min, max, greedy } => {
                    let set = &self.sets[usize::from(*set)];
                    let most = (span.end - at).min(*max as usize);
                    let run = bytes[at..at + most].iter().take_while(|b| set.contains(**b)).count();
                    budget = budget.checked_sub(run).ok_or(Endless)?;
                    step += 1;
                    match run.checked_sub(*min as usize) {
                        None => false,
                        Some(spare) => {
                            at += if *greedy { run } else { *min as usize };
                            if spare > 0 {
                                let left = u32::try_from(spare).unwrap_or(u32::MAX);
                                choices.push(Choice { step, at, left, greedy: *greedy, secret });
                            }
                            true
                        }
                    }
                }
                Step::Try { first, second } => {
                    choices.push(Choice { step: *second, at, left: 0, greedy: true, secret });
                    step = *first;
                    true
                }
                Step::Jump(to) => {
                    step = *to;
                    true
                }
                Step::Look(look) => {
                    step += 1;
                    holds(*look, bytes, at)
                }
                Step::SecretStart => {
                    secret.0 = at;
                    step += 1;
                    true
                }
                Step::SecretEnd => {
                    secret.1 = at;
                    step += 1;
                    true
                }
                Step::Match => {
                    let whole = span.start..at;
                    return Ok(match (self.needs_secret, secret.1) {
                        (false, _) => Some(Found { secret: whole.clone(), whole }),
                        (true, usize::MAX) => None,
                        (true, end) => Some(Found { whole, secret: secret.0..end }),
                    });
                }
            };
            if goes_on {
                continue;
            }
            // Back to the last way not taken.
            let Some(choice) = choices.last_mut() else { return Ok(None) };
            if choice.left > 0 {
                choice.at = if choice.greedy { choice.at - 1 } else { choice.at + 1 };
                choice.left -= 1;
            }
            (step, at, secret) = (choice.step, choice.at, choice.secret);
            if choice.left == 0 {
                choices.pop();
            }
        }
    }
}
