//! A rule's form → compiled expressions and the bounded interval that they may see.
//!
//! The law of the engine: a match is a pure function of a bounded byte interval round one keyword occurrence. This
//! file is where the bound comes from; an expression without one is refused.

use regex_automata::meta;
use regex_automata::util::primitives::PatternID;
use regex_syntax::hir::Hir;
use serde::Deserialize;

use super::shape::{self, Shapes};

/// What a rule says about its matches, before compiling.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) kind: FormKind,
    pub(crate) interval: Option<IntervalSpec>,
    pub(crate) allow: Vec<String>,
    pub(crate) path: Option<String>,
}

/// The three ways to say what matches.
#[derive(Debug, Clone)]
pub(crate) enum FormKind {
    /// The credential's own expression.
    Regex(String),
    /// The value given to a name that holds a keyword.
    Value { value: String, field: Option<String> },
    /// An opening line and what closes the block.
    Block(String, Block),
}

/// What closes a block.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Block {
    /// Literal that opens the closing line.
    pub(crate) end: String,
    /// The longest block, in bytes from the keyword.
    pub(crate) max_bytes: usize,
}

/// `interval = { before, after, lines }` of a rule file.
#[derive(Debug, Clone, Copy, Deserialize)]
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
    /// Line breaks that may be crossed in each direction; `None` where the expression cannot match a line break
    /// and needs no cut.
    pub(crate) lines: Option<usize>,
}

/// The largest interval a rule may ask for on either side. Blocks of private keys are the longest kind.
const WIDEST: usize = 64 << 10;
/// An expression without an interval of its own may match at most so much.
const LONGEST_MATCH: usize = 16 << 10;

/// How an expression is tried at a keyword occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// Anchored at the keyword's first byte: every match begins with a keyword.
    AtKeyword,
    /// Anchored after the keyword's last byte.
    AfterKeyword,
    /// Searched for in the interval; the match must contain the keyword.
    Search,
}

/// A rule ready to run.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) regex: meta::Regex,
    /// The capture group named `secret`; 0 for a block.
    pub(crate) group: usize,
    /// The capture group `flag`: a value given by a space, which only a command-line flag does.
    pub(crate) flag_group: Option<usize>,
    pub(crate) start: Start,
    pub(crate) window: Window,
    /// For [`Start::AtKeyword`]: per keyword, which bytes may follow it.
    pub(crate) shapes: Shapes,
    pub(crate) block: Option<Block>,
    pub(crate) allow: Option<meta::Regex>,
    pub(crate) path: Option<meta::Regex>,
}

impl Compiled {
    /// Compiles and bounds a form. The error is for the rule's author.
    pub(crate) fn new(form: &Form, keywords: &[String]) -> Result<Self, String> {
        let (pattern, block) = match &form.kind {
            FormKind::Regex(pattern) => (pattern.clone(), None),
            FormKind::Block(pattern, block) => (pattern.clone(), Some(block.clone())),
            FormKind::Value { value, field } => (value_pattern(value, field.as_deref()), None),
        };
        let hir = parse(&pattern)?;
        let is_value = matches!(form.kind, FormKind::Value { .. });
        let nfa = shape::nfa(&hir)?;
        let shapes = if is_value { None } else { shape::after_keywords(&nfa, keywords) };
        let start = match (is_value, &shapes) {
            (true, _) => Start::AfterKeyword,
            (false, Some(_)) => Start::AtKeyword,
            (false, None) => Start::Search,
        };
        if block.is_some() && start != Start::AtKeyword {
            return Err("the expression of a block must begin with a keyword".into());
        }
        let mut window = window(form.interval, &hir, start, shape::matches_newline(&nfa))?;
        if is_value && form.interval.is_none() {
            window.lines = Some(1);
        }
        if let Some(block) = &block {
            if block.end.is_empty() || block.max_bytes > WIDEST {
                return Err(format!("a block needs an `end` and `max_bytes` of at most {WIDEST}"));
            }
            window = Window { before: 0, after: block.max_bytes, lines: None };
        }
        let regex = build(&hir)?;
        let group_named = |name| regex.group_info().to_index(PatternID::ZERO, name);
        let group = match (group_named("secret"), &block) {
            (Some(group), _) => group,
            (None, Some(_)) => 0,
            (None, None) => return Err("the expression needs the group `(?<secret>…)`".into()),
        };
        Ok(Compiled {
            group,
            flag_group: group_named("flag"),
            start,
            window,
            shapes: shapes.unwrap_or_default(),
            block,
            allow: any_of(&form.allow)?,
            path: form.path.as_deref().map(|path| build(&parse(path)?)).transpose()?,
            regex,
        })
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
        return Err(format!("the expression matches up to {longest} bytes: tighten it or declare an `interval`"));
    }
    let before = if start == Start::Search { longest } else { 0 };
    Ok(Window { before, after: longest, lines: matches_newline.then_some(0) })
}

/// Expressions see bytes: no Unicode, `^` and `$` at line borders.
fn parse(pattern: &str) -> Result<Hir, String> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .multi_line(true)
        .build()
        .parse(pattern)
        .map_err(|e| e.to_string())
}

fn build(hir: &Hir) -> Result<meta::Regex, String> {
    // Small caches: a few hundred rules times the number of threads must stay within the memory budget.
    let config = meta::Config::new()
        .utf8_empty(false)
        .hybrid_cache_capacity(256 << 10)
        .onepass_size_limit(Some(256 << 10))
        .nfa_size_limit(Some(8 << 20));
    meta::Builder::new().configure(config).build_from_hir(hir).map_err(|e| e.to_string())
}

/// One expression for a list of them; each alternative is grouped, so that no `|` escapes its anchors.
fn any_of(patterns: &[String]) -> Result<Option<meta::Regex>, String> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let joined = patterns.iter().map(|p| format!("(?:{p})")).collect::<Vec<_>>().join("|");
    build(&parse(&joined)?).map(Some)
}

/// What stands between a name and its value, in the languages and formats that people keep secrets in. It starts
/// right after the keyword and is tried there only.
fn value_pattern(value: &str, field: Option<&str>) -> String {
    // The rest of the name: `ApiToken`, `_api_token`, ` API key`, and a type in front of the operator
    // (`var apiToken string = …`).
    let name = match field {
        Some(field) => format!(r"[\w .-]{{0,24}}?(?i:{field})[\w.-]{{0,24}}(?:[ \t][\w.-]{{1,16}}){{0,2}}"),
        None => r"[\w.-]{0,32}(?:[ \t][\w.-]{1,16}){0,3}".to_owned(),
    };
    // What closes the name: quotes (also escaped), brackets.
    let closers = r#"[\\"'`\])}]{0,5}"#;
    // `name: X` and `value: Y` as two entries (Kubernetes, XML attributes, Terraform).
    let entry = r#"(?:,?\s{1,40}\\?["']?(?i:value|default|content)[\\"']{0,2})?"#;
    let operator = r"[ \t]{0,16}(?:[?+.|:]{0,3}={1,3}>?|:{1,3}|,|[=~-]?>|<-|\()";
    // `--token VALUE`: the caller makes sure that the name is a flag.
    let flag = r"(?<flag>[ \t]{1,4})";
    // What opens the value: brackets, string prefixes, quotes, an authorization scheme.
    let opener = r#"\s{0,40}(?:<!\[CDATA\[)?[(\[{]?[ \t]{0,4}(?:[bBrRfFuUL@$]{0,2}[\\"'`]{1,4})?(?i:bearer[ ]|basic[ ]|token[ ]|apikey[ ])?"#;
    let end = r"(?:[^A-Za-z0-9_/+=.~-]|\.(?:\s|$)|$)";
    format!("{name}{closers}(?:{entry}{operator}{opener}|{flag}[\"']?)(?<secret>{value}){end}")
}
