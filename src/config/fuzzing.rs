//! A door for fuzzers to what people write; built with `--cfg fuzzing` only, and for the test below.
#![expect(clippy::missing_panics_doc, reason = "to panic is how a fuzz target says that something is wrong")]

use crate::rules::RuleSet;
use crate::suppression::{baseline, ignore_file};

/// A file that is read before a scan: which one, the first byte says. Whether it can be used.
pub fn settings(data: &[u8]) -> bool {
    let Some((kind, bytes)) = data.split_first() else { return false };
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    match kind % 5 {
        0 => super::file::parse("muzzle.toml", text).map_err(|error| error.to_string()).is_ok(),
        1 => {
            let mut rules = RuleSet::default();
            let outcome = rules.add_own("rules.toml", text).map_err(|error| error.to_string());
            outcome.is_ok() && !rules.is_empty()
        }
        2 => {
            let outcome = RuleSet::of_gitleaks("gitleaks.toml", text).map_err(|error| error.to_string());
            outcome.is_ok()
        }
        3 => {
            let file = ignore_file::IgnoreFile::parse(text, "muzzle.ignore.toml", true);
            // Each entry is used, or told to be of no use.
            assert!(!text.contains("[[ignore]]\n") || !file.entries.is_empty() || !file.notices.is_empty());
            !file.entries.is_empty()
        }
        _ => {
            let Ok(first) = baseline::Baseline::parse(text, "b") else { return false };
            let written = first.to_text();
            // A header has a salt; without one nothing is written that could be read.
            if !written.contains("muzzle_baseline") {
                return false;
            }
            let again = baseline::Baseline::parse(&written, "b").expect("what was written can be read");
            assert_eq!(again.to_text(), written);
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_right_and_what_is_not() {
        let rules = "\x01[[rules]]\nid = 'a'\nname = 'A'\ndescription = 'A.'\nseverity = 'low'\nconfidence = 'low'\n\
            keywords = ['abcd']\nregex = '''(?<secret>abcd[0-9]{9})'''\nremediation = 'None.'\n";
        let usable = ["\0[scan]\njobs = 2\n", rules, "\x02[[rules]]\nid = 'a'\nregex = '''abc'''\n"];
        for text in usable {
            assert!(settings(text.as_bytes()), "{text}");
        }
        for text in ["\0[scan", "\x01", "\x02[[rules]]\nregex = '('", "\x03x", "\x04x", ""] {
            assert!(!settings(text.as_bytes()), "{text}");
        }
    }
}
