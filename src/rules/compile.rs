//! A rule's form → compiled expressions and the bounded interval that they may see.
//!
//! The law of the engine: a match is a pure function of a bounded byte interval round one keyword occurrence. This
//! file is where the bound comes from; an expression without one is refused.

use regex_syntax::hir::Hir;
use serde::Deserialize;

use super::exemption::Exemption;
use super::expression::Expression;
use super::foreign::{self, Pattern};
use super::shape::{self, ByteSet, Shapes};
use crate::rules::assignment_reach;

/// What a rule says about its matches, before compiling.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) kind: FormKind,
    pub(crate) interval: Option<IntervalSpec>,
    pub(crate) allow: Vec<String>,
    pub(crate) path: Option<String>,
    pub(crate) stopwords: Vec<String>,
    pub(crate) needs: Option<u8>,
}

/// The ways to say what matches.
#[derive(Debug, Clone)]
pub(crate) enum FormKind {
    /// The credential's own expression.
    Regex(String),
    /// The value given to a name that holds a keyword.
    Value { value: String, field: Option<String>, not_field: Option<String> },
    /// A value somewhere behind a keyword, given to nothing that can be seen.
    Nearby { value: String, not_field: Option<String> },
    /// An opening line and what closes the block.
    Block(String, Block),
    /// The expression of another scanner's rule.
    Foreign(Pattern),
    /// Nothing but the path.
    Path,
}

/// What closes a block.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Block {
    /// Literal that opens the closing line.
    pub(crate) end: String,
    /// The longest block, in bytes from the keyword.
    pub(crate) max_bytes: usize,
}

/// `interval = { before, after, lines }` of a rule file.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct IntervalSpec {
    #[serde(default)]
    before: usize,
    after: usize,
    #[serde(default)]
    lines: usize,
}

/// The bytes round a keyword occurrence that decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// Bytes before the keyword's first.
    pub(crate) before: usize,
    /// Bytes after the keyword's last.
    pub(crate) after: usize,
    /// Line breaks that may be crossed in each direction, `usize::MAX` for any number; `None` where the expression cannot
    /// match a line break and needs no cut.
    pub(crate) lines: Option<usize>,
}

/// The largest interval a rule may ask for on either side. Blocks of private keys are the longest kind.
pub(super) const WIDEST: usize = 64 << 10;

/// What may follow a value: nothing that could be more of it, except a full stop.
const VALUE_END: &str = r"(?:[^A-Za-z0-9_/+=.~-]|\.(?:\s|$)|$)";
/// An expression without an interval of its own may match at most so much.
pub(super) const LONGEST_MATCH: usize = 16 << 10;

/// How an expression is tried at a keyword occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// Anchored at the keyword's first byte: every match begins with a keyword.
    AtKeyword,
    /// Anchored where the value of an assignment begins; see `detect::assignment`.
    AtValue,
    /// Anchored at each word that begins a few bytes behind the keyword.
    Nearby,
    /// Searched for in the interval; the match must contain the keyword.
    Search,
    /// The same, by automata: for expressions that were not written to be tried at many places.
    Sweep,
    /// All matches in the interval, with or without the keyword.
    Near,
}

/// A rule ready to run.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) expression: Expression,
    /// For [`Start::AtValue`]: what the rest of the name must contain.
    pub(crate) field: Option<Expression>,
    /// For [`Start::AtValue`]: what the name must not contain, before the keyword or behind it.
    pub(crate) not_field: Option<Expression>,
    pub(crate) start: Start,
    pub(crate) window: Window,
    /// A byte that every match holds behind the keyword; looked for before the expression is run.
    pub(crate) needs: Option<u8>,
    /// For [`Start::AtKeyword`]: per keyword, which bytes may follow it. For the others: a single one, of the whole match.
    pub(crate) shapes: Shapes,
    pub(crate) block: Option<Block>,
    pub(crate) exemptions: Vec<Exemption>,
    pub(crate) path: Option<Expression>,
}

impl Compiled {
    /// Compiles and bounds a form. The error is for the rule's author.
    pub(crate) fn new(form: &Form, keywords: &[String]) -> Result<Self, String> {
        let (pattern, block) = match &form.kind {
            FormKind::Regex(pattern) => (pattern.clone(), None),
            FormKind::Block(pattern, block) => (pattern.clone(), Some(block.clone())),
            FormKind::Value { value, .. } | FormKind::Nearby { value, .. } => {
                (format!("(?<secret>{value}){VALUE_END}"), None)
            }
            FormKind::Foreign(pattern) => (pattern.text.clone(), None),
            FormKind::Path => (String::new(), None),
        };
        let hir = parse(&pattern)?;
        let is_value = matches!(form.kind, FormKind::Value { .. } | FormKind::Nearby { .. });
        let nfa = shape::nfa(&hir)?;
        let after_keywords = if is_value { None } else { shape::after_keywords(&nfa, keywords) };
        let start = match (&form.kind, &after_keywords) {
            (FormKind::Value { .. }, _) => Start::AtValue,
            (FormKind::Nearby { .. }, _) => Start::Nearby,
            (_, Some(_)) => Start::AtKeyword,
            (FormKind::Foreign(pattern), None) => pattern.start(),
            (_, None) => Start::Search,
        };
        let shapes = after_keywords.unwrap_or_else(|| vec![shape::from_start(&nfa)]);
        if block.is_some() && start != Start::AtKeyword {
            return Err("the expression of a block must begin with a keyword".into());
        }
        let mut window = match &form.kind {
            FormKind::Foreign(pattern) => foreign::window(pattern, &hir, start),
            _ => window(form.interval, &hir, start, shape::matches_newline(&nfa))?,
        };
        if is_value {
            // The assignment reader's own reach, and the line break that it may cross.
            window.before = window.before.max(assignment_reach::BEFORE);
            window.after = window.after.saturating_add(assignment_reach::AFTER).min(WIDEST);
            window.lines = Some(window.lines.unwrap_or(0).max(1));
        }
        if let Some(block) = &block {
            if block.end.is_empty() || block.max_bytes > WIDEST {
                return Err(format!("a block needs an `end` and `max_bytes` of at most {WIDEST}"));
            }
            window = Window { before: 0, after: block.max_bytes, lines: None };
        }
        let expression = match &form.kind {
            FormKind::Foreign(pattern) => Expression::with_groups(hir, pattern.secret.clone()),
            _ => Expression::new(hir),
        };
        let is_own = !matches!(form.kind, FormKind::Foreign(_) | FormKind::Path);
        if is_own && !expression.has_secret() && block.is_none() {
            return Err("the expression needs the group `(?<secret>…)`".into());
        }
        let name = |pattern: &Option<String>| match pattern {
            Some(pattern) => parse(&format!("(?i:{pattern})")).map(Expression::new).map(Some),
            None => Ok(None),
        };
        let (field, not_field) = match &form.kind {
            FormKind::Value { field, not_field, .. } => (name(field)?, name(not_field)?),
            FormKind::Nearby { not_field, .. } => (None, name(not_field)?),
            _ => (None, None),
        };
        Ok(Compiled {
            expression,
            field,
            not_field,
            start,
            window,
            shapes,
            block,
            exemptions: exemptions(form)?,
            needs: form.needs,
            path: form.path.as_deref().map(|path| parse(path).map(Expression::new)).transpose()?,
        })
    }

    /// The bytes that may follow the keyword at this place of the rule's list.
    pub(crate) fn next_byte(&self, place: usize) -> ByteSet {
        let shape = if self.start == Start::AtKeyword { self.shapes[place].first() } else { None };
        shape.copied().unwrap_or(ByteSet::ALL)
    }

    /// Builds what is otherwise built when it is first needed, so that a mistake shows now.
    pub(crate) fn build_all(&self) -> Result<(), String> {
        let all = [Some(&self.expression), self.field.as_ref(), self.not_field.as_ref(), self.path.as_ref()];
        all.into_iter()
            .flatten()
            .try_for_each(|expression| expression.automata().map(|_| ()).map_err(str::to_owned))?;
        self.exemptions.iter().try_for_each(Exemption::build_all)
    }
}

fn window(
    spec: Option<IntervalSpec>,
    hir: &Hir,
    start: Start,
    matches_newline: bool,
) -> Result<Window, String> {
    if let Some(IntervalSpec { before, after, lines }) = spec {
        if before > WIDEST || after > WIDEST {
            return Err(format!("an interval reaches at most {WIDEST} bytes in each direction"));
        }
        return Ok(Window { before, after, lines: matches_newline.then_some(lines) });
    }
    let longest = hir.properties().maximum_len().ok_or(
        "the expression has an unbounded repetition (`*`, `+`, `{n,}`): bound it, or declare an `interval`",
    )?;
    if longest > LONGEST_MATCH {
        return Err(format!(
            "the expression matches up to {longest} bytes: tighten it or declare an `interval`"
        ));
    }
    let before = if start == Start::Search { longest } else { 0 };
    Ok(Window { before, after: longest, lines: matches_newline.then_some(0) })
}

/// What the rule's own keys `stopwords` and `allow` say.
fn exemptions(form: &Form) -> Result<Vec<Exemption>, String> {
    let words = (!form.stopwords.is_empty()).then(|| Exemption::of_words(form.stopwords.clone()));
    let allowed = any_of(&form.allow)?.map(Exemption::of_secrets);
    Ok(words.into_iter().chain(allowed).collect())
}

/// Expressions see bytes: no Unicode, `^` and `$` at line borders.
pub(super) fn parse(pattern: &str) -> Result<Hir, String> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .multi_line(true)
        .build()
        .parse(pattern)
        .map_err(|e| e.to_string())
}

/// One expression for a list of them; each alternative is grouped, so that no `|` escapes its anchors.
pub(super) fn any_of(patterns: &[String]) -> Result<Option<Expression>, String> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let joined = patterns.iter().map(|p| format!("(?:{p})")).collect::<Vec<_>>().join("|");
    parse(&joined).map(Expression::new).map(Some)
}
