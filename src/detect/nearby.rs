//! A value that merely stands near a keyword.

use std::ops::Range;

use super::assignment;
use super::matching::{RuleCaches, cut, shape_fits};
use crate::rules::{Compiled, Found};

/// Most bytes between the keyword and the value.
const GAP: usize = 64;
/// Shorter values are words.
const SHORTEST: usize = 16;

/// The first word behind the keyword that the rule accepts. A pure function of the rule's interval.
pub(super) fn evaluate(
    rule: &Compiled,
    bytes: &[u8],
    keyword: Range<usize>,
    caches: &mut RuleCaches,
) -> Option<Found> {
    let shape = &rule.shapes[0];
    if shape.len() < SHORTEST || !assignment::is_word_start(bytes, keyword.start) {
        return None;
    }
    let window = cut(&rule.window, bytes, &keyword);
    let last = window.end.saturating_sub(shape.len()).min(keyword.end + GAP);
    let begins = |at: &usize| !is_word(bytes[at - 1]) && shape_fits(shape, &bytes[*at..]);
    let fits = |found: &Found| {
        let (value, gap) = (&bytes[found.secret.clone()], &bytes[keyword.end..found.whole.start]);
        is_mixed(value) && (!is_hex(value) || assignment::nested::is_credential(gap))
    };
    let found = (keyword.end + 1..=last)
        .filter(begins)
        .filter_map(|at| rule.expression.at(bytes, at..window.end, caches.expression()))
        .find(fits)?;
    let gap = &bytes[keyword.start..found.whole.start];
    let is_other = rule.not_field.as_ref().is_some_and(|not| not.is_match(gap, caches.not_field()));
    (!is_other).then_some(found)
}

/// What a value may not be torn out of: a longer word, a path, a host name.
fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'+' | b'/' | b'@' | b'%' | b'#')
}

fn is_mixed(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic)
}

/// Digests, commits and ids stand near every name.
fn is_hex(value: &[u8]) -> bool {
    value.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-')
}

#[cfg(test)]
mod tests {
    use crate::detect::Detector;
    use crate::detect::naive::all_rules;
    use crate::rules::sample::{Rng, sample_template};

    fn found(text: &str) -> Vec<String> {
        let detector = Detector::new(all_rules()).unwrap();
        let matches = detector.scan(text.as_bytes(), &mut detector.scratch());
        let ids = matches.iter().map(|m| detector.rules().get(m.rule).id.clone());
        ids.filter(|id| id.starts_with("datadog")).collect()
    }

    #[test]
    fn what_stands_near_a_name_is_found_once() {
        let hex = sample_template("{{[0-9a-f]{31}}}7", &mut Rng::from_name("nearby")).unwrap();
        assert_eq!(found(&format!("DATADOG_API_KEY={hex}")), ["datadog-api-key"]);
        assert_eq!(
            found(&format!("<id>{{datadog}}</id> <secret>{{ {hex} }}</secret>")),
            ["datadog-api-key-nearby"]
        );
        // A commit, something too far away, a part of a path.
        for text in [
            format!("datadog is at {hex}"),
            format!("datadog key {} {hex}", "-".repeat(80)),
            format!("datadog key in /tmp/{hex}"),
        ] {
            assert_eq!(found(&text), [""; 0], "{text}");
        }
    }
}
