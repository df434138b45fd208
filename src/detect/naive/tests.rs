//! The two detectors side by side.

use super::*;
use crate::detect::{Candidate, matching};

#[test]
fn foreign_rules_are_of_every_kind() {
    let rules = foreign_rules();
    let start = |id| rules.by_id(id).unwrap().try_compiled().unwrap().start;
    let starts = ["generic-assignment", "near_a_word", "far-before", "a block"].map(start);
    assert_eq!(starts, [Start::Search, Start::Near, Start::Sweep, Start::AtKeyword]);
}

/// Texts made of the rules' own examples, cut and joined at random, so that expressions nearly match.
pub(in crate::detect) fn texts() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    use proptest::prelude::*;
    let piece =
        (proptest::sample::select(examples()), 0usize..8, 0usize..8).prop_map(|(piece, head, tail)| {
            let head = if head > 3 { 0 } else { head * piece.len() / 8 };
            let tail = if tail > 3 { 0 } else { tail * piece.len() / 8 };
            piece[head..(piece.len() - tail).max(head)].to_vec()
        });
    let glue = proptest::sample::select(GLUE.to_vec());
    proptest::collection::vec((piece, glue), 1..8).prop_map(|parts| {
        parts.into_iter().flat_map(|(piece, glue)| [piece, glue.to_vec()].concat()).collect()
    })
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 48, ..Default::default() })]

    #[test]
    fn the_detector_equals_the_naive_matcher(text in texts(), foreign in proptest::bool::ANY) {
        let rules = if foreign { foreign_rules() } else { all_rules() };
        let detector = Detector::new(rules).unwrap();
        let mut scratch = detector.scratch();
        proptest::prop_assert_eq!(compare(&detector, &text, &mut scratch), Ok(()));
    }

    #[test]
    fn a_candidate_depends_on_its_interval_alone(text in texts(), foreign in proptest::bool::ANY) {
        let rules = if foreign { foreign_rules() } else { all_rules() };
        let detector = Detector::new(rules).unwrap();
        let mut scratch = detector.scratch();
        detector.find_candidates(&text, 0..text.len(), &mut scratch);
        let all: Vec<Candidate> = scratch.candidates.clone();
        // Everything further away than the reach is cut off; the candidate must still be there, and no other new one.
        for candidate in all {
            let reach = detector.reach();
            let from = candidate.span.start.saturating_sub(reach);
            let to = text.len().min(candidate.span.end + reach);
            let mut other = detector.scratch();
            detector.find_candidates(&text[from..to], 0..to - from, &mut other);
            let shifted = Candidate {
                span: candidate.span.start - from..candidate.span.end - from,
                at: candidate.at - from,
                ..candidate
            };
            proptest::prop_assert!(other.candidates.contains(&shifted));
        }
    }
}

#[test]
fn one_occurrence_is_a_function_of_its_window() {
    // The window itself: bytes right outside, beyond one on either side, must not matter.
    let rules = RuleSet::embedded_with_examples().unwrap();
    let rule = rules.by_id("github-pat-classic").unwrap();
    let compiled = rule.try_compiled().unwrap();
    let token = crate::rules::sample::sample_template(
        "{{@github:ghp_}}",
        &mut crate::rules::sample::Rng::from_name("window"),
    )
    .unwrap();
    for (before, after) in [("", ""), (" ", " "), ("zzzz ", " zzzz"), ("\n", "\n"), ("\0", "\0")] {
        let text = format!("{before}{token}{after}");
        let keyword = before.len()..before.len() + 4;
        let found = matching::evaluate(compiled, 0, text.as_bytes(), keyword, &mut RuleCaches::default());
        let secret = found.map(|found| found.secret);
        assert_eq!(secret, Some(before.len()..before.len() + token.len()), "{before:?} {after:?}");
    }
    let glued = format!("z{token}");
    assert_eq!(matching::evaluate(compiled, 0, glued.as_bytes(), 1..5, &mut RuleCaches::default()), None);
}
