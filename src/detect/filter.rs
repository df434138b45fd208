//! Why a candidate is not a secret. Every reason is countable.

use std::collections::HashSet;
use std::fmt;

use aho_corasick::AhoCorasick;
use sha2::{Digest as _, Sha256};

use super::matching::Caches;
use crate::finding::RuleIndex;
use crate::rules::allowlist::Allowlist;
use crate::rules::entropy::entropy;
use crate::rules::{Criterion, Exemption, LazyRegex, Place, Rule, RuleError};

/// Why a candidate was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// Stands for a secret: `changeme`, `xxxxxxxx`, `${TOKEN}`.
    Placeholder,
    /// Too regular for the rule.
    Entropy,
    /// Contains a stopword of the rule.
    Stopword,
    /// Is, or stands in, a text that the rule allows.
    Allowed,
    /// A rule without provider, where a specific one matches the same bytes.
    MoreSpecificRule,
    /// The rule applies to other paths.
    Path,
    /// A key that its vendor published for tests or examples.
    Published,
    /// Half of a credential, without the other half.
    NoCompanion,
    /// The rule does not report what lies at this path.
    AllowedPath,
    /// The rule does not report what this commit brought in.
    AllowedCommit,
    /// A filter of the rule file is true of it.
    Filter,
}

impl DropReason {
    /// For what is exempt.
    pub(crate) fn of(exemption: &Exemption) -> Self {
        match exemption.criterion() {
            Criterion::Commit => DropReason::AllowedCommit,
            Criterion::Path => DropReason::AllowedPath,
            Criterion::Text => DropReason::Allowed,
            Criterion::Word => DropReason::Stopword,
            Criterion::Formula => DropReason::Filter,
        }
    }
}

impl DropReason {
    /// All of them.
    pub const ALL: [DropReason; 11] = [
        DropReason::Placeholder,
        DropReason::Entropy,
        DropReason::Stopword,
        DropReason::Allowed,
        DropReason::MoreSpecificRule,
        DropReason::Path,
        DropReason::Published,
        DropReason::NoCompanion,
        DropReason::AllowedPath,
        DropReason::AllowedCommit,
        DropReason::Filter,
    ];

    /// The stable name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            DropReason::Placeholder => "placeholder",
            DropReason::Entropy => "entropy",
            DropReason::Stopword => "stopword",
            DropReason::Allowed => "allowed",
            DropReason::MoreSpecificRule => "more-specific-rule",
            DropReason::Path => "path",
            DropReason::Published => "published-example",
            DropReason::NoCompanion => "no-companion",
            DropReason::AllowedPath => "allowed-path",
            DropReason::AllowedCommit => "allowed-commit",
            DropReason::Filter => "filter",
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The filters that look at the secret's bytes alone.
#[derive(Debug)]
pub(super) struct Filter {
    placeholders: AhoCorasick,
    hints: AhoCorasick,
    published: HashSet<u64>,
    unlikely_paths: LazyRegex,
}

impl Filter {
    pub(super) fn new(allowlist: &Allowlist) -> Result<Self, RuleError> {
        // Templates are punctuation: ignoring case does not change what they match.
        let words = allowlist.words.iter().chain(&allowlist.templates);
        Ok(Filter {
            placeholders: any_of(words)?,
            hints: any_of(allowlist.hints.iter())?,
            published: allowlist
                .published
                .iter()
                .filter_map(|hex| u64::from_str_radix(hex, 16).ok())
                .collect(),
            unlikely_paths: LazyRegex::new(allowlist.unlikely_paths.clone()),
        })
    }

    /// Whether a secret looks made up although its form is right.
    pub(super) fn is_example(&self, secret: &[u8]) -> bool {
        self.hints.is_match(secret)
    }

    /// Whether a path is one of lock files, of code taken along, or of what a machine made.
    pub(super) fn is_unlikely(&self, path: &[u8]) -> bool {
        self.unlikely_paths.is_match(path)
    }

    /// The reason to drop, or `None` for a match.
    pub(super) fn judge(
        &self,
        rule: &Rule,
        index: RuleIndex,
        secret: &[u8],
        caches: &mut Caches,
    ) -> Option<DropReason> {
        if rule.judges_placeholders() && self.is_placeholder(secret) {
            return Some(DropReason::Placeholder);
        }
        if rule.judges_placeholders() && self.published.contains(&head_of_sha256(secret)) {
            return Some(DropReason::Published);
        }
        if rule.entropy.is_some_and(|least| entropy(secret) < f64::from(least)) {
            return Some(DropReason::Entropy);
        }
        let (sight, caches) = (rule.sight(secret), caches.of(index));
        rule.exemptions()
            .enumerate()
            .filter(|(_, exemption)| exemption.is_about_secret())
            .find(|(number, exemption)| exemption.applies(&sight, caches.exemption(*number)))
            .map(|(_, exemption)| DropReason::of(exemption))
    }

    fn is_placeholder(&self, secret: &[u8]) -> bool {
        is_monotonous(secret) || self.placeholders.is_match(secret)
    }
}

/// Eight bytes: enough to tell published keys from all others.
fn head_of_sha256(secret: &[u8]) -> u64 {
    Sha256::digest(secret)[..8].iter().fold(0, |head, byte| head << 8 | u64::from(*byte))
}

fn any_of<'a>(words: impl Iterator<Item = &'a String>) -> Result<AhoCorasick, RuleError> {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(words)
        .map_err(|e| RuleError::File { place: Place::start_of("allowlist.toml"), why: e.to_string() })
}

/// The body of a run-of-the-mill dummy: three quarters of its longest word are one character.
fn is_monotonous(secret: &[u8]) -> bool {
    let body = secret
        .rsplit(|b| matches!(b, b'_' | b'-' | b'.' | b':'))
        .max_by_key(|part| part.len())
        .unwrap_or(secret);
    let mut counts = [0usize; 256];
    body.iter().for_each(|b| counts[usize::from(b.to_ascii_lowercase())] += 1);
    let most = counts.iter().max().copied().unwrap_or(0);
    body.len() >= 4 && most * 4 >= body.len() * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_key_is_known() {
        let allowlist = Allowlist::embedded().unwrap();
        assert_eq!(Filter::new(&allowlist).unwrap().published.len(), allowlist.published.len());
    }

    #[test]
    fn placeholders() {
        let filter = Filter::new(&Allowlist::embedded().unwrap()).unwrap();
        let is = |text: &str| filter.is_placeholder(text.as_bytes());
        for text in [
            "xxxxxxxxxxxx",
            "ghp_xxxxxxxxxxxxxxxxxx",
            "${API_KEY}",
            "YOUR_API_KEY",
            "{{ token }}",
            "changeme",
        ] {
            assert!(is(text), "{text}");
        }
        for text in ["hunter2", "correct-horse", "9f86d081884c7d659a2feaa0c55ad015"] {
            assert!(!is(text), "{text}");
        }
    }
}
