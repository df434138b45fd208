//! What the filters say of a candidate's bytes, remembered: the same values are met in many files and versions.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashMap};

use super::filter::DropReason;
use crate::finding::RuleIndex;

/// What the filters say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Unjudged,
    Kept,
    Dropped(DropReason),
}

/// One thread's verdicts, by rule and two hashes of the bytes with seeds of their own: secrets are not kept.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    known: HashMap<(RuleIndex, u64, u64), Verdict>,
    seeds: [DefaultHashBuilder; 2],
}

/// Verdicts remembered at a time; 32 bytes each.
const MOST_VERDICTS: usize = 1 << 15;

impl Verdicts {
    /// The verdict on these bytes; `judge` is asked the first time.
    pub(super) fn of(&mut self, rule: RuleIndex, secret: &[u8], judge: impl FnOnce() -> Verdict) -> Verdict {
        let [first, second] = &self.seeds;
        let key = (rule, first.hash_one(secret), second.hash_one(secret));
        if let Some(verdict) = self.known.get(&key) {
            return *verdict;
        }
        if self.known.len() >= MOST_VERDICTS {
            self.known.clear();
        }
        let verdict = judge();
        self.known.insert(key, verdict);
        verdict
    }
}
