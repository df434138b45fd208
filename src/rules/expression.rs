//! An expression, ready to be tried: step by step where that is quick, else by the automata of `regex-automata`.

use std::ops::Range;
use std::sync::OnceLock;

use regex_automata::{Anchored, Input, Span, meta};
use regex_syntax::hir::{Hir, HirKind};

use super::program::{Choice, Found, Program};

/// One expression. Automata are built when they are first needed, if ever.
#[derive(Debug)]
pub(crate) struct Expression {
    hir: Hir,
    /// Number of the group `secret`; 0 for the whole match.
    group: usize,
    program: Option<Program>,
    automata: OnceLock<Result<meta::Regex, String>>,
}

/// One thread's memory for trying one expression.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    choices: Vec<Choice>,
    automata: Option<Box<meta::Cache>>,
}

/// Capture groups that are looked at, the whole match included.
const MOST_GROUPS: usize = 8;

impl Expression {
    /// Takes an expression in which the group `secret`, if there is one, is among the first seven. The error is for the rule's author.
    pub(super) fn new(hir: Hir) -> Result<Self, String> {
        let group = secret_group(&hir).unwrap_or(0);
        if group >= MOST_GROUPS {
            return Err(format!(
                "`secret` is group {group}; at most {} come before it: write `(?:…)` for the others",
                MOST_GROUPS - 2
            ));
        }
        let program = Program::new(&hir, group);
        Ok(Expression { hir, group, program, automata: OnceLock::new() })
    }

    /// Whether it has a group named `secret`.
    pub(super) fn has_secret(&self) -> bool {
        self.group > 0
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
        let automata = self.automata().ok()?;
        let cache = cache.automata.get_or_insert_with(|| Box::new(automata.create_cache()));
        let input = Input::new(bytes).span(Span::from(span)).anchored(Anchored::Yes);
        let mut slots = [None; 2 * MOST_GROUPS];
        let used = (2 * automata.group_info().all_group_len()).min(slots.len());
        automata.search_slots_with(cache, &input, &mut slots[..used])?;
        let group = |number: usize| Some(slots[2 * number]?.get()..slots[2 * number + 1]?.get());
        Some(Found { whole: group(0)?, secret: group(self.group)? })
    }

    /// Whether it matches anywhere in `text`.
    pub(crate) fn is_match(&self, text: &[u8], cache: &mut Cache) -> bool {
        let by_program = self.program.as_ref().and_then(|program| {
            for from in 0..=text.len() {
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
