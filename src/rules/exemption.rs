//! What a rule matches and does not report: by the secret, the text round it, the path, or the commit.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use super::expression::{Cache, Expression};
use super::foreign::Formula;
use crate::finding::{CommitInfo, ObjectName};

/// Criteria that must all hold, of those that are there.
#[derive(Debug, Default)]
pub(crate) struct Exemption {
    pub(super) commits: BTreeSet<ObjectName>,
    pub(super) paths: Option<Expression>,
    pub(super) text: Option<(Target, Expression)>,
    pub(super) words: Option<Words>,
    /// The filter of another scanner.
    pub(super) formula: Option<Formula>,
}

/// What an expression is to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Secret,
    /// All that the rule's expression matched, as far as it is on the line.
    Match,
    /// The line round the secret, as far as the excerpt shows it.
    Line,
}

/// What there is to see of one occurrence.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sight<'a> {
    pub(crate) secret: &'a [u8],
    pub(crate) matched: &'a [u8],
    pub(crate) line: &'a [u8],
    pub(crate) path: &'a [u8],
    /// The path of the file itself, without a member's name.
    pub(crate) file: &'a [u8],
    /// The commits that brought the secret in: to this place, and to this path at first.
    pub(crate) commits: &'a [ObjectName],
    /// The first of them, and its id as text; empty without one.
    pub(crate) commit: Option<&'a CommitInfo>,
    pub(crate) commit_id: &'a str,
    /// The rule's id and description.
    pub(crate) rule: &'a str,
    pub(crate) description: &'a str,
}

/// What an exemption goes by; for those that count what was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Criterion {
    Commit,
    Path,
    Text,
    Word,
    Formula,
}

/// One thread's memory for trying an exemption's expressions.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    paths: Cache,
    text: Cache,
    formula: Vec<Cache>,
}

impl Exemption {
    /// For secrets that contain one of these words, case ignored.
    pub(super) fn of_words(words: Vec<String>) -> Self {
        Exemption { words: Some(Words::new(words)), ..Exemption::default() }
    }

    /// For secrets that the expression matches.
    pub(super) fn of_secrets(expression: Expression) -> Self {
        Exemption { text: Some((Target::Secret, expression)), ..Exemption::default() }
    }

    /// For what a filter is true of.
    pub(super) fn of_formula(formula: Formula) -> Self {
        Exemption { formula: Some(formula), ..Exemption::default() }
    }

    /// An exemption for each criterion.
    pub(super) fn each_alone(self) -> Vec<Self> {
        let Exemption { commits, paths, text, words, formula: _ } = self;
        let base = Exemption::default;
        let commits = (!commits.is_empty()).then(|| Exemption { commits, ..base() });
        let paths = paths.map(|paths| Exemption { paths: Some(paths), ..base() });
        let text = text.map(|text| Exemption { text: Some(text), ..base() });
        let words = words.map(|words| Exemption { words: Some(words), ..base() });
        words.into_iter().chain(text).chain(paths).chain(commits).collect()
    }

    /// Whether the secret's bytes alone decide.
    pub(crate) fn is_about_secret(&self) -> bool {
        self.commits.is_empty()
            && self.paths.is_none()
            && self.text.as_ref().is_none_or(|(target, _)| *target == Target::Secret)
            && self.formula.as_ref().is_none_or(Formula::is_about_secret)
    }

    pub(crate) fn applies(&self, sight: &Sight<'_>, memory: &mut Memory) -> bool {
        let text = |target| match target {
            Target::Secret => sight.secret,
            Target::Match => sight.matched,
            Target::Line => sight.line,
        };
        (self.commits.is_empty() || sight.commits.iter().any(|commit| self.commits.contains(commit)))
            && self.words.as_ref().is_none_or(|words| words.are_in(sight.secret))
            && self.text.as_ref().is_none_or(|(target, e)| e.is_match(text(*target), &mut memory.text))
            && self.paths.as_ref().is_none_or(|paths| paths.is_match(sight.path, &mut memory.paths))
            && self.formula.as_ref().is_none_or(|formula| formula.holds(sight, &mut memory.formula))
    }

    /// The most particular thing that it goes by.
    pub(crate) fn criterion(&self) -> Criterion {
        if self.formula.is_some() {
            Criterion::Formula
        } else if !self.commits.is_empty() {
            Criterion::Commit
        } else if self.paths.is_some() {
            Criterion::Path
        } else if self.text.is_some() {
            Criterion::Text
        } else {
            Criterion::Word
        }
    }

    /// Builds the automata now, so that a mistake shows.
    pub(super) fn build_all(&self) -> Result<(), String> {
        let all = self.paths.iter().chain(self.text.as_ref().map(|(_, expression)| expression));
        all.into_iter().try_for_each(|expression| expression.automata().map(|_| ()).map_err(str::to_owned))
    }
}

/// Words that a secret must not contain, case ignored.
#[derive(Debug)]
pub(super) struct Words {
    words: Vec<String>,
    /// Built at first use.
    automaton: OnceLock<Option<AhoCorasick>>,
}

impl Words {
    pub(super) fn new(words: Vec<String>) -> Self {
        Words { words, automaton: OnceLock::new() }
    }

    fn are_in(&self, secret: &[u8]) -> bool {
        let build = || AhoCorasick::builder().ascii_case_insensitive(true).build(&self.words).ok();
        self.automaton.get_or_init(build).as_ref().is_some_and(|automaton| automaton.is_match(secret))
    }
}
