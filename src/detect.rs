//! Bytes → matches: the hot path.
//!
//! ```text
//! bytes ─▶ prefilter ─▶ matching ─▶ filter ─▶ matches
//!          keyword       expression   placeholder, entropy,
//!          occurrences   in a bounded  stopword, allow
//!             ▲          interval
//!          heritage: only where a version differs from the one it was made from
//! ```
//!
//! A [`Detector`] is shared by all threads; each has a [`Scratch`]. Invariant: whether a place matches depends on a
//! bounded interval round one keyword occurrence, never on how the bytes were cut, ordered or scheduled.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::finding::{Match, RuleIndex};
use crate::location::Position;
use crate::rules::allowlist::Allowlist;
use crate::rules::{Found, RuleError, RuleSet};

mod assignment;
mod encoded;
mod filter;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod heritage;
mod markers;
mod matches;
mod matching;
#[cfg(any(fuzzing, test))]
mod naive;
mod nearby;
mod occurrence;
mod prefilter;
pub mod proof;
mod stream;
mod verdict;

pub use filter::DropReason;
pub(crate) use heritage::{Ancestor, Notes};
pub use stream::StreamError;

use filter::Filter;
use heritage::Anchor;
use matching::Caches;
use occurrence::{Finder, Keyword};
use prefilter::Prefilter;
use verdict::{Verdict, Verdicts};

/// Everything a scan needs to know, built once.
#[derive(Debug)]
pub struct Detector {
    rules: Arc<RuleSet>,
    prefilter: Prefilter,
    /// By keyword number.
    keywords: Vec<Keyword>,
    filter: Filter,
    /// Whether what stands encoded in a text is looked for.
    decodes: bool,
}

/// One thread's buffers and counters.
#[derive(Debug)]
pub struct Scratch {
    caches: Caches,
    finder: Finder,
    candidates: Vec<Candidate>,
    anchors: Vec<Anchor>,
    /// What of a version has to be looked at.
    cores: Vec<Range<usize>>,
    verdicts: Verdicts,
    /// Candidates that passed the filters.
    accepted: Vec<Accepted>,
    /// Where something was found that stands encoded.
    encoded: Vec<encoded::Finds>,
    /// For what comes out of it.
    inner: Option<Box<Scratch>>,
    /// Places at which what stands encoded was not decoded to its end, since this was last looked at.
    pub(crate) undecoded: u64,
    /// How many candidates were dropped, by rule and reason.
    pub dropped: BTreeMap<(RuleIndex, DropReason), u64>,
}

impl Scratch {
    /// What the last scan leaves for the versions made from its text.
    pub(crate) fn notes(&self) -> Option<Notes> {
        Notes::of(self)
    }
}

/// What an expression found at one keyword occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    rule: RuleIndex,
    span: Range<usize>,
    /// How many bytes of the match lie before the secret and behind it.
    margins: (u32, u32),
    /// Where the keyword begins. Two occurrences may yield the same span, and only one of them live on in a child.
    at: usize,
    /// The keyword, if the rule is a far one.
    far: Option<u16>,
    verdict: Verdict,
}

/// A rule's span, whatever keyword led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Accepted {
    rule: RuleIndex,
    span: Range<usize>,
    /// As in [`Candidate`].
    margins: (u32, u32),
}

impl Candidate {
    /// `None` if the match holds no secret: expressions of our own do not allow that, others may.
    fn new(rule: RuleIndex, found: &Found, at: usize, far: Option<u16>) -> Option<Self> {
        let margin = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let margins = (
            margin(found.secret.start - found.whole.start.min(found.secret.start)),
            margin(found.whole.end.max(found.secret.end) - found.secret.end),
        );
        let span = found.secret.clone();
        (!span.is_empty()).then_some(Candidate { rule, span, margins, at, far, verdict: Verdict::Unjudged })
    }
}

impl Detector {
    /// Builds the automaton. Expressions compile when their keyword is first met.
    pub fn new(rules: RuleSet) -> Result<Self, RuleError> {
        let filter = Filter::new(&Allowlist::embedded()?)?;
        let mut words = Vec::new();
        let mut keywords = Vec::new();
        for (keyword, users) in rules.keywords() {
            words.push(keyword.as_bytes().to_vec());
            keywords.push(Keyword::new(keyword, users));
        }
        if words.iter().map(Vec::len).sum::<usize>() >= prefilter::MOST_KEYWORD_BYTES {
            return Err(RuleError::TooMany);
        }
        let prefilter = Prefilter::new(&words);
        Ok(Detector { rules: Arc::new(rules), prefilter, keywords, filter, decodes: true })
    }

    /// The same, but for whether what stands encoded in a text is looked for.
    #[must_use]
    pub fn decoding(self, decodes: bool) -> Self {
        Detector { decodes, ..self }
    }

    /// The rules.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// The rules, for a report that outlives the detector.
    pub(crate) fn shared_rules(&self) -> Arc<RuleSet> {
        Arc::clone(&self.rules)
    }

    /// Whether a secret looks made up although its form is right, such as a vendor's documented example.
    pub fn is_example(&self, secret: &[u8]) -> bool {
        self.filter.is_example(secret)
    }

    /// Whether a path is one of lock files, of code taken along, or of what a machine made.
    pub fn is_unlikely(&self, path: &[u8]) -> bool {
        self.filter.is_unlikely(path)
    }

    /// Fresh buffers for one thread.
    pub fn scratch(&self) -> Scratch {
        Scratch {
            caches: Caches::new(self.rules.len()),
            finder: Finder::default(),
            candidates: Vec::new(),
            anchors: Vec::new(),
            cores: Vec::new(),
            verdicts: Verdicts::default(),
            accepted: Vec::new(),
            encoded: Vec::new(),
            inner: None,
            undecoded: 0,
            dropped: BTreeMap::new(),
        }
    }

    /// All matches in `bytes`, sorted by place and rule.
    pub fn scan(&self, bytes: &[u8], scratch: &mut Scratch) -> Vec<Match> {
        self.scan_version(bytes, None, scratch)
    }

    /// As [`Detector::scan`], but looks only at what an ancestor does not tell. [`Scratch::notes`] may follow.
    pub(crate) fn scan_version(
        &self,
        bytes: &[u8],
        ancestor: Option<&Ancestor<'_>>,
        scratch: &mut Scratch,
    ) -> Vec<Match> {
        let mut found = self.scan_plain(bytes, ancestor, scratch);
        if self.decodes {
            self.look_encoded(bytes, ancestor, scratch, &mut found);
        }
        found
    }

    /// What stands in the clear.
    fn scan_plain(&self, bytes: &[u8], ancestor: Option<&Ancestor<'_>>, scratch: &mut Scratch) -> Vec<Match> {
        match ancestor {
            None => self.find_candidates(bytes, 0..bytes.len(), scratch),
            Some(ancestor) => self.inherit_candidates(bytes, ancestor, scratch),
        }
        self.accept(bytes, scratch);
        matches::to_matches(bytes, 0, Position { line: 1, column: 1 }, &scratch.accepted)
    }

    /// Spans that the expressions accept for keyword occurrences that begin inside `core`, before any filter.
    fn find_candidates(&self, bytes: &[u8], core: Range<usize>, scratch: &mut Scratch) {
        scratch.candidates.clear();
        scratch.anchors.clear();
        self.look(bytes, &[core], scratch);
        self.evaluate_anchors(bytes, scratch);
    }
}
