//! Keywords for expressions that were written without them in mind.
//!
//! Muzzle tries an expression where a keyword occurs, so each match must hold one. Whether those that a rule declares will
//! do is proved on the automaton of the expression; if they do not, others are read out of it. All of that on the
//! expression in lower case, since keywords are found in either.

use std::cmp::Reverse;
use std::collections::HashSet;

use aho_corasick::Anchored;
use aho_corasick::automaton::Automaton as _;
use aho_corasick::nfa::contiguous;
use regex_automata::nfa::thompson::{NFA, State};
use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{
    Capture, Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition,
};

use crate::rules::shape;

/// What is to be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keywords {
    pub(super) words: Vec<String>,
    /// Matches need not hold one; it only stands near them.
    pub(super) near: bool,
    /// Every match holds one that begins within so many bytes of its own beginning.
    pub(super) before: Option<usize>,
}

/// Preferred and least length of a keyword that is read out of an expression.
const LENGTHS: [usize; 2] = [3, 2];
/// A longer keyword tells nothing more.
const LONGEST: usize = 32;
/// The longest beginning of a match in which a keyword is preferred.
const HEAD: usize = 128;
/// Pairs of states that are looked at before a proof is given up.
const MOST_PAIRS: usize = 1 << 20;

/// The declared keywords if every match holds one of them, else some that every match holds, else the declared ones as
/// what stands near a match. `None` without any.
pub(super) fn choose(hir: &Hir, declared: &[String]) -> Option<Keywords> {
    let mut declared: Vec<String> = declared.iter().map(|word| word.to_ascii_lowercase()).collect();
    declared.sort();
    declared.dedup();
    // One that cannot be looked for leaves its matches without any.
    let usable = !declared.is_empty()
        && declared.iter().all(|word| word.len() >= LENGTHS[1] && word.is_ascii() && !word.contains('\n'));
    let folded = in_lower_case(hir);
    let held = |words: Vec<String>| Keywords { before: bytes_before(&folded, &words), words, near: false };
    if usable && every_match_holds(&folded, &declared) {
        return Some(held(declared));
    }
    // What stands near the beginning of a match leaves the interval to what follows.
    let head = head(&folded);
    let read_out = LENGTHS
        .iter()
        .find_map(|least| required(&head, *least).or_else(|| required(&folded, *least)))
        .map(held);
    read_out.or(usable.then_some(Keywords { words: declared, near: true, before: None }))
}

/// As many parts of the expression, from its beginning, as a few matches' bytes hold.
fn head(hir: &Hir) -> Hir {
    let HirKind::Concat(parts) = hir.kind() else { return hir.clone() };
    let of = |length: usize| Hir::concat(parts[..length].to_vec());
    let is_short = |length: &usize| of(*length).properties().maximum_len().is_some_and(|most| most <= HEAD);
    of((1..=parts.len()).take_while(is_short).last().unwrap_or(0))
}

/// The longest way from the beginning of a match to that of its first keyword: no more than as many parts of the
/// expression can be long as it takes to be sure of one.
fn bytes_before(hir: &Hir, words: &[String]) -> Option<usize> {
    let parts = match hir.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(hir),
    };
    let head = |length: usize| Hir::concat(parts[..length].to_vec());
    let lengths: Vec<usize> = (1..=parts.len()).collect();
    let without = lengths.partition_point(|length| !every_match_holds(&head(*length), words));
    let longest = head(*lengths.get(without)?).properties().maximum_len()?;
    Some(longest - words.iter().map(String::len).min()?.min(longest))
}

/// The expression of the same texts in lower case.
fn in_lower_case(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Look(look) => Hir::look(*look),
        HirKind::Literal(literal) => Hir::literal(literal.0.to_ascii_lowercase()),
        HirKind::Class(class) => Hir::class(class_in_lower_case(class)),
        HirKind::Capture(Capture { sub, .. }) => in_lower_case(sub),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            sub: Box::new(in_lower_case(&repetition.sub)),
            ..repetition.clone()
        }),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(in_lower_case).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(in_lower_case).collect()),
    }
}

fn class_in_lower_case(class: &Class) -> Class {
    match class {
        Class::Bytes(class) => {
            let letters = ClassBytes::new([ClassBytesRange::new(b'A', b'Z')]);
            let (mut others, mut upper) = (class.clone(), class.clone());
            others.difference(&letters);
            upper.intersect(&letters);
            let lower = |r: &ClassBytesRange| {
                ClassBytesRange::new(r.start().to_ascii_lowercase(), r.end().to_ascii_lowercase())
            };
            others.union(&ClassBytes::new(upper.iter().map(lower)));
            Class::Bytes(others)
        }
        Class::Unicode(class) => {
            let letters = ClassUnicode::new([ClassUnicodeRange::new('A', 'Z')]);
            let (mut others, mut upper) = (class.clone(), class.clone());
            others.difference(&letters);
            upper.intersect(&letters);
            let lower = |r: &ClassUnicodeRange| {
                ClassUnicodeRange::new(r.start().to_ascii_lowercase(), r.end().to_ascii_lowercase())
            };
            others.union(&ClassUnicode::new(upper.iter().map(lower)));
            Class::Unicode(others)
        }
    }
}

/// Whether no path through the automaton leads to a match round all words. `false` if that takes too long to say.
fn every_match_holds(hir: &Hir, words: &[String]) -> bool {
    let (Ok(nfa), Ok(words)) = (shape::nfa(hir), contiguous::NFA::new(words)) else { return false };
    let Ok(start) = words.start_state(Anchored::No) else { return false };
    let mut seen = HashSet::new();
    let mut waiting = vec![(nfa.start_anchored(), start)];
    while let Some(pair) = waiting.pop() {
        if !seen.insert(pair) {
            continue;
        }
        let (state, held) = pair;
        if seen.len() > MOST_PAIRS || matches!(nfa.state(state), State::Match { .. }) {
            return false;
        }
        step(&nfa, state, |byte, next| {
            let held = byte.map_or(held, |byte| words.next_state(Anchored::No, held, byte));
            if !words.is_match(held) {
                waiting.push((next, held));
            }
        });
    }
    true
}

/// Every state that follows, with the byte that leads there, if it takes one.
fn step(
    nfa: &NFA,
    state: regex_automata::util::primitives::StateID,
    mut to: impl FnMut(Option<u8>, regex_automata::util::primitives::StateID),
) {
    match nfa.state(state) {
        State::ByteRange { trans } => (trans.start..=trans.end).for_each(|byte| to(Some(byte), trans.next)),
        State::Sparse(sparse) => {
            for trans in &sparse.transitions {
                (trans.start..=trans.end).for_each(|byte| to(Some(byte), trans.next));
            }
        }
        State::Dense(dense) => {
            (0..=255)
                .for_each(|byte| dense.matches_byte(byte).into_iter().for_each(|next| to(Some(byte), next)));
        }
        State::Look { next, .. } | State::Capture { next, .. } => to(None, *next),
        State::Union { alternates } => alternates.iter().for_each(|next| to(None, *next)),
        State::BinaryUnion { alt1, alt2 } => [*alt1, *alt2].into_iter().for_each(|next| to(None, next)),
        State::Fail | State::Match { .. } => {}
    }
}

/// Words of at least this length of which every match holds one: the longest, and of those the fewest.
fn required(hir: &Hir, least: usize) -> Option<Vec<String>> {
    let candidates: Vec<Vec<String>> = match hir.kind() {
        HirKind::Concat(parts) => {
            let tails = (0..parts.len()).map(|from| beginnings(&Hir::concat(parts[from..].to_vec()), least));
            let within = parts.iter().map(|part| required(part, least));
            tails.chain(within).flatten().collect()
        }
        HirKind::Alternation(parts) => {
            let each: Option<Vec<Vec<String>>> = parts.iter().map(|part| required(part, least)).collect();
            let all = each.map(|lists| fewest(lists.concat()));
            beginnings(hir, least).into_iter().chain(all).collect()
        }
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            required(&repetition.sub, least).into_iter().collect::<Vec<_>>()
        }
        HirKind::Literal(_) | HirKind::Class(_) => beginnings(hir, least).into_iter().collect(),
        _ => Vec::new(),
    };
    let shortest = |words: &Vec<String>| words.iter().map(String::len).min().unwrap_or(0).min(8);
    candidates.into_iter().rev().max_by_key(|words| (shortest(words), Reverse(words.len())))
}

/// Words one of which each match of the expression holds where it begins, or soon after.
fn beginnings(hir: &Hir, least: usize) -> Option<Vec<String>> {
    let sequence = Extractor::new().limit_class(4).limit_total(128).extract(hir);
    let words: Option<Vec<String>> =
        sequence.literals()?.iter().map(|l| usable(l.as_bytes(), least)).collect();
    words.filter(|words| !words.is_empty()).map(fewest)
}

/// The longest part of a literal that can be looked for.
fn usable(literal: &[u8], least: usize) -> Option<String> {
    let part =
        literal.split(|byte| !byte.is_ascii() || *byte == b'\n').rev().max_by_key(|part| part.len())?;
    let part = &part[..part.len().min(LONGEST)];
    (part.len() >= least).then(|| String::from_utf8_lossy(part).into_owned())
}

/// Without those that hold another one.
fn fewest(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words.dedup();
    let holds_another =
        |word: &String| words.iter().any(|other| other != word && word.contains(other.as_str()));
    words.iter().filter(|word| !holds_another(word)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(pattern: &str, declared: &[&str]) -> Option<(Vec<String>, bool)> {
        let hir = crate::rules::compile::parse(pattern).unwrap();
        let declared: Vec<String> = declared.iter().map(|word| (*word).to_owned()).collect();
        choose(&hir, &declared).map(|keywords| (keywords.words, keywords.near))
    }

    #[track_caller]
    fn check(pattern: &str, declared: &[&str], expected: &[&str], near: bool) {
        let expected = expected.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(chosen(pattern, declared), Some((expected, near)), "{pattern}");
    }

    #[test]
    fn declared_keywords_that_every_match_holds_stay() {
        check("(?i)[a-z]{0,20}(?:adafruit)[=:]([a-z0-9]{32})", &["Adafruit"], &["adafruit"], false);
        check(
            "(?:sk|rk)_(?:live|test)_[a-z]+",
            &["sk_live_", "sk_test_", "rk_"],
            &["rk_", "sk_live_", "sk_test_"],
            false,
        );
        check("ey[a-z]{3,}", &["ey"], &["ey"], false);
    }

    #[test]
    fn else_they_are_read_out_of_the_expression() {
        check("tok-[a-z]{20}", &[], &["tok-"], false);
        check("tok-[a-z]{20}", &["acme"], &["tok-"], false);
        check(r"\b[0-9a-f]{8}-acme-[0-9]+", &[], &["-acme-"], false);
        check("(?i)SECRET_?key=([a-z]+)", &[], &["secret_key=", "secretkey="], false);
        check(r"(?:[A-Z]+foo|bar[0-9]+baz)x", &[], &["bar", "foo"], false);
        check("(?:abc){2,}[0-9]", &[], &["abcabc"], false);
        check(r"-----BEGIN[\s\S]+?-----END---------", &[], &["-----begin"], false);
        check("a{3,5}é[0-9]+", &[], &["aaa"], false);
        check("[0-9]+==[0-9]+", &[], &["=="], false);
        check("a\nbcd", &[], &["bcd"], false);
        // `é` in a keyword would be looked for in neither case.
        check("token[0-9]é", &["é"], &["token"], false);
    }

    #[test]
    fn how_far_a_match_begins_before_its_keyword() {
        let before = |pattern, words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            choose(&crate::rules::compile::parse(pattern).unwrap(), &words).unwrap().before
        };
        assert_eq!(before("token[a-z]+", &["token"]), Some(0));
        assert_eq!(before("(?i)[a-z]{0,50}?(?:key|token)[a-z]+", &["key", "token"]), Some(52));
        assert_eq!(before("[a-z]{3}(?:a|b)[0-9]{2}xyz[a-z]+", &["xyz"]), Some(6));
        assert_eq!(before("[a-z]+token", &["token"]), None);
        assert_eq!(before("[a-z]{4}(?:abc[0-9]+|[0-9]+abc)", &["abc"]), None);
    }

    #[test]
    fn else_they_stand_near() {
        check(r"\b(?:sgp_[0-9]{4}|[a-f0-9]{40})\b", &["sgp_", "source"], &["sgp_", "source"], true);
        assert_eq!(chosen("[a-f0-9]{40}", &[]), None);
        assert_eq!(chosen("[a-f0-9]{40}", &["x"]), None);
        assert_eq!(chosen("(?:abc)?[0-9]", &["é", "abc"]), None);
    }
}
