//! "Did you mean …?"

use std::collections::BTreeSet;

/// Of 1,000: less is no resemblance.
const LEAST: usize = 350;

/// The known word that shares the most two-letter pieces with a mistyped one; `None` if none is like it.
pub(super) fn nearest<'a>(known: impl IntoIterator<Item = &'a str>, word: &str) -> Option<&'a str> {
    let pieces = |text: &str| {
        text.to_ascii_lowercase().as_bytes().windows(2).map(<[u8]>::to_vec).collect::<BTreeSet<_>>()
    };
    let wanted = pieces(word);
    let score = |known: &str| {
        let known = pieces(known);
        let shared = known.intersection(&wanted).count();
        (2000 * shared) / (known.len() + wanted.len()).max(1)
    };
    known
        .into_iter()
        .map(|known| (score(known), known))
        .max()
        .filter(|(score, _)| *score >= LEAST)
        .map(|(_, k)| k)
}

/// `; did you mean …?`, or nothing.
pub(super) fn hint<'a>(known: impl IntoIterator<Item = &'a str>, word: &str) -> String {
    nearest(known, word).map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_like_it_and_nothing_else() {
        let known = ["confidence", "jobs", "history"];
        assert_eq!(nearest(known, "confidance"), Some("confidence"));
        assert_eq!(nearest(known, "Jobs"), Some("jobs"));
        assert_eq!(nearest(known, "xyz"), None);
    }
}
