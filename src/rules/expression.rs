//! An expression, ready to be tried: step by step where that is quick, else by the automata of `regex-automata`.

use std::ops::Range;
use std::sync::OnceLock;

use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Anchored, Input, Span, meta};
use regex_syntax::hir::{Hir, HirKind};

use super::program::{Found, Program};
use super::run::Choice;

/// One expression. Automata are built when they are first needed, if ever.
#[derive(Debug)]
pub(crate) struct Expression {
    hir: Hir,
    secret: Groups,
    program: Option<Program>,
    automata: OnceLock<Result<meta::Regex, String>>,
}

/// Which part of a match is the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Groups {
    Whole,
    /// The group of this number, or there is no match.
    One(usize),
    /// The first of these groups that is there and not empty, or else the whole.
    First(Vec<usize>),
}

/// One thread's memory for trying one expression.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    choices: Vec<Choice>,
    automata: Option<Box<meta::Cache>>,
    slots: Vec<Option<NonMaxUsize>>,
}

impl Expression {
    /// Takes an expression whose secret is the group `secret`, if there is one. The error is for the rule's author.
    pub(super) fn new(hir: Hir) -> Self {
        let secret = secret_group(&hir).map_or(Groups::Whole, Groups::One);
        Expression::with_groups(hir, secret)
    }

    /// Takes an expression of which these groups are the secret.
    pub(super) fn with_groups(hir: Hir, secret: Groups) -> Self {
        let program = match &secret {
            Groups::Whole => Program::new(&hir, 0),
            Groups::One(group) => Program::new(&hir, *group),
            Groups::First(_) => None,
        };
        Expression { hir, secret, program, automata: OnceLock::new() }
    }

    /// Whether it can be tried step by step.
    pub(crate) fn has_program(&self) -> bool {
        self.program.is_some()
    }

    /// Whether it has a group named `secret`.
    pub(super) fn has_secret(&self) -> bool {
        self.secret != Groups::Whole
    }

    /// The preferred match that begins at `span.start` and ends within `span`. What lies next to the span can be seen by
    /// look-around.
    pub(crate) fn at(&self, bytes: &[u8], span: Range<usize>, cache: &mut Cache) -> Option<Found> {
        if span.start > span.end {
            return None;
        }
        if let Some(program) = &self.program
            && let Ok(outcome) = program.run(bytes, span.clone(), &mut cache.choices)
        {
            return outcome;
        }
        self.at_by_automata(bytes, span, cache)
    }

    /// The same, by automata alone.
    pub(crate) fn at_by_automata(
        &self,
        bytes: &[u8],
        span: Range<usize>,
        cache: &mut Cache,
    ) -> Option<Found> {
        self.search(&Input::new(bytes).span(Span::from(span)).anchored(Anchored::Yes), cache)
    }

    /// The leftmost match within `span`, by automata alone.
    pub(crate) fn first_in(&self, bytes: &[u8], span: Range<usize>, cache: &mut Cache) -> Option<Found> {
        if span.start > span.end {
            return None;
        }
        self.search(&Input::new(bytes).span(Span::from(span)), cache)
    }

    fn search(&self, input: &Input<'_>, cache: &mut Cache) -> Option<Found> {
        let automata = self.automata().ok()?;
        let groups = match &self.secret {
            Groups::Whole => 1,
            Groups::One(group) => group + 1,
            Groups::First(groups) => groups.last().map_or(1, |last| last + 1),
        };
        cache.slots.clear();
        cache.slots.resize(2 * groups, None);
        let memory = cache.automata.get_or_insert_with(|| Box::new(automata.create_cache()));
        automata.search_slots_with(memory, input, &mut cache.slots)?;
        let slots = &cache.slots;
        let group = |number: usize| Some(slots[2 * number]?.get()..slots[2 * number + 1]?.get());
        let whole = group(0)?;
        let secret = match &self.secret {
            Groups::Whole => whole.clone(),
            Groups::One(number) => group(*number)?,
            Groups::First(numbers) => numbers
                .iter()
                .find_map(|number| group(*number).filter(|group| !group.is_empty()))
                .unwrap_or_else(|| whole.clone()),
        };
        Some(Found { whole, secret })
    }

    /// Whether it matches anywhere in `text`.
    pub(crate) fn is_match(&self, text: &[u8], cache: &mut Cache) -> bool {
        let by_program = self.program.as_ref().and_then(|program| {
            for from in (0..=text.len()).filter(|from| program.may_begin(text, *from)) {
                if program.run(text, from..text.len(), &mut cache.choices).ok()?.is_some() {
                    return Some(true);
                }
            }
            Some(false)
        });
        by_program.unwrap_or_else(|| {
            self.automata().is_ok_and(|automata| {
                let cache = cache.automata.get_or_insert_with(|| Box::new(automata.create_cache()));
                automata.search_half_with(cache, &Input::new(text)).is_some()
            })
        })
    }

    /// Builds the automata now, so that a mistake shows.
    pub(super) fn automata(&self) -> Result<&meta::Regex, &str> {
        self.automata.get_or_init(|| build(&self.hir)).as_ref().map_err(String::as_str)
    }
}

fn secret_group(hir: &Hir) -> Option<usize> {
    match hir.kind() {
        HirKind::Capture(capture) if capture.name.as_deref() == Some("secret") => {
            Some(capture.index as usize)
        }
        HirKind::Capture(capture) => secret_group(&capture.sub),
        HirKind::Repetition(repetition) => secret_group(&repetition.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().find_map(secret_group),
        _ => None,
    }
}

fn build(hir: &Hir) -> Result<meta::Regex, String> {
    // Small caches: a few hundred rules times the number of threads must stay within the memory budget.
    let config = meta::Config::new()
        .utf8_empty(false)
        .hybrid_cache_capacity(256 << 10)
        .onepass_size_limit(Some(256 << 10))
        .nfa_size_limit(Some(8 << 20));
    meta::Builder::new().configure(config).build_from_hir(hir).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Expressions of every kind of step, small enough to come to all their borders.
    fn patterns() -> impl Strategy<Value = String> {
        let leaf = proptest::sample::select(vec![
            "a",
            "b",
            "ab",
            "[ab]",
            "[^a]",
            "a{2,3}",
            "b{0,2}",
            "[ab]{1,4}?",
            "a*",
            "b+",
            "a*?",
            r"\b",
            r"\B",
            "^",
            "$",
            "c",
        ]);
        let pattern = leaf.prop_map(str::to_owned).prop_recursive(4, 24, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
                proptest::collection::vec(inner.clone(), 1..6)
                    .prop_map(|parts| format!("(?:{})", parts.join("|"))),
                (
                    inner.clone(),
                    proptest::sample::select(vec!["?", "??", "{2}", "+", "+?", "{1,3}", "{0,40}", "{2,50}?"])
                )
                    .prop_map(|(part, count)| format!("(?:{part}){count}")),
                inner.prop_map(|part| format!("({part})")),
            ]
        });
        (pattern.clone(), pattern.clone(), pattern)
            .prop_map(|(before, secret, after)| format!("{before}(?<secret>{secret}){after}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 10_000, ..Default::default() })]

        #[test]
        fn a_program_finds_what_the_automata_find(pattern in patterns(), text in "[abc \n]{0,24}", end in 0usize..6) {
            let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).multi_line(true).build();
            let expression = Expression::new(hir.clone().parse(&pattern).unwrap());
            let (text, mut cache) = (text.as_bytes(), Cache::default());
            let end = text.len().saturating_sub(end);
            for from in 0..=end {
                prop_assert_eq!(
                    expression.at(text, from..end, &mut cache),
                    expression.at_by_automata(text, from..end, &mut cache),
                    "{} at {}", pattern, from
                );
            }
            let anywhere =
                (0..=text.len()).any(|from| expression.at_by_automata(text, from..text.len(), &mut cache).is_some());
            // Without the group there is no secret, but a match.
            if anywhere {
                prop_assert!(expression.is_match(text, &mut cache));
            }
        }
    }
}
