//! A program tried at one place.

use std::ops::Range;

use regex_syntax::hir::Look;

use super::program::{Found, Program, Step};

/// It took more steps than it may.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endless;

/// How far a try has come.
#[derive(Debug, Clone, Copy)]
struct Place {
    step: u16,
    at: usize,
    secret: (usize, usize),
    /// Of the counted repetition.
    count: u32,
}

/// A way that was not taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice {
    place: Place,
    /// For a run: how many more places there are to try, one byte back (greedy) or ahead each; a run without is not kept.
    left: u32,
    greedy: bool,
    /// For a run: what must come next, if that is known.
    follow: Option<u16>,
}

impl Program {
    /// The preferred match that begins at `span.start` and ends within `span`; what is next to the span can be seen.
    pub(super) fn run(
        &self,
        bytes: &[u8],
        span: Range<usize>,
        choices: &mut Vec<Choice>,
    ) -> Result<Option<Found>, Endless> {
        let mut budget = 256 + 16 * span.len();
        choices.clear();
        let mut now = Place { step: 0, at: span.start, secret: (span.start, usize::MAX), count: 0 };
        loop {
            budget = budget.checked_sub(1).ok_or(Endless)?;
            let at = now.at;
            let next_is = |set: u16| at < span.end && self.sets[usize::from(set)].contains(bytes[at]);
            let step = &self.steps[usize::from(now.step)];
            now.step += 1;
            let goes_on = match step {
                Step::Byte(byte) => {
                    now.at += 1;
                    at < span.end && bytes[at] == *byte
                }
                Step::Set(set) => {
                    now.at += 1;
                    next_is(*set)
                }
                Step::Run { set, min, max, greedy, follow } => {
                    let set = &self.sets[usize::from(*set)];
                    let most = (span.end - at).min(*max as usize);
                    let run = bytes[at..at + most].iter().take_while(|b| set.contains(**b)).count();
                    budget = budget.checked_sub(run).ok_or(Endless)?;
                    match run.checked_sub(*min as usize) {
                        None => false,
                        Some(spare) => {
                            // The first place to try is the one before it, or after it if not greedy.
                            now.at += if *greedy { run } else { *min as usize };
                            let left = u32::try_from(spare).unwrap_or(u32::MAX);
                            let run = Choice { place: now, left, greedy: *greedy, follow: *follow };
                            self.first_end(run, bytes, span.end, &mut now, choices)
                        }
                    }
                }
                Step::Try { first, second, first_set, second_set } => {
                    let may = |set: &Option<u16>| set.is_none_or(next_is);
                    if may(first_set) {
                        if may(second_set) {
                            choices.push(Choice::at(Place { step: *second, ..now }));
                        }
                        now.step = *first;
                        true
                    } else {
                        now.step = *second;
                        may(second_set)
                    }
                }
                Step::Count => {
                    now.count = 0;
                    true
                }
                Step::Again { after, max, greedy } => {
                    let (again, after) =
                        (Place { count: now.count + 1, ..now }, Place { step: *after, ..now });
                    let (preferred, other) = if *greedy { (again, after) } else { (after, again) };
                    if now.count < *max {
                        choices.push(Choice::at(other));
                        now = preferred;
                    } else {
                        now = after;
                    }
                    true
                }
                Step::Peek(set) => next_is(*set),
                Step::Jump(to) => {
                    now.step = *to;
                    true
                }
                Step::Look(look) => holds(*look, bytes, at),
                Step::SecretStart => {
                    now.secret.0 = at;
                    true
                }
                Step::SecretEnd => {
                    now.secret.1 = at;
                    true
                }
                Step::Match => return Ok(self.found(span.start..at, now.secret)),
            };
            if !goes_on && !self.back(bytes, span.end, &mut now, choices) {
                return Ok(None);
            }
        }
    }

    fn found(&self, whole: Range<usize>, secret: (usize, usize)) -> Option<Found> {
        match (self.needs_secret, secret.1) {
            (false, _) => Some(Found { secret: whole.clone(), whole }),
            (true, usize::MAX) => None,
            (true, end) => Some(Found { whole, secret: secret.0..end }),
        }
    }

    /// Goes on at the last way not taken; `false` without one.
    fn back(&self, bytes: &[u8], end: usize, now: &mut Place, choices: &mut Vec<Choice>) -> bool {
        while let Some(mut choice) = choices.pop() {
            if choice.left == 0 {
                *now = choice.place;
                return true;
            }
            choice.shift();
            if self.first_end(choice, bytes, end, now, choices) {
                return true;
            }
        }
        false
    }

    /// Goes on from the first end of a run at which what must follow does; remembers the others.
    fn first_end(
        &self,
        mut run: Choice,
        bytes: &[u8],
        end: usize,
        now: &mut Place,
        choices: &mut Vec<Choice>,
    ) -> bool {
        if let Some(follow) = run.follow {
            let follow = &self.sets[usize::from(follow)];
            let fits = |at: usize| at < end && follow.contains(bytes[at]);
            while !fits(run.place.at) {
                if run.left == 0 {
                    return false;
                }
                run.shift();
            }
        }
        *now = run.place;
        if run.left > 0 {
            choices.push(run);
        }
        true
    }
}

impl Choice {
    fn at(place: Place) -> Self {
        Choice { place, left: 0, greedy: true, follow: None }
    }

    fn shift(&mut self) {
        self.place.at = if self.greedy { self.place.at - 1 } else { self.place.at + 1 };
        self.left -= 1;
    }
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
