//! Expressions that are seldom needed: off the hot path, and not compiled before.

use std::sync::OnceLock;

use regex_automata::Input;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;

/// An expression on bytes, compiled when it is first needed.
#[derive(Debug, Clone)]
pub(crate) struct LazyRegex {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl LazyRegex {
    pub(crate) fn new(text: String) -> Self {
        LazyRegex { text, compiled: OnceLock::new() }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// `None` if it does not compile.
    pub(super) fn regex(&self) -> Option<&Regex> {
        let build = || {
            let syntax = syntax::Config::new().unicode(false).utf8(false);
            Regex::builder().syntax(syntax).build(&self.text).ok()
        };
        self.compiled.get_or_init(build).as_ref()
    }

    pub(crate) fn is_match(&self, text: &[u8]) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    /// The names of its groups; `None` if it does not compile.
    pub(crate) fn names(&self) -> Option<Vec<String>> {
        let info = self.regex()?.group_info();
        let names = info.pattern_names(regex_automata::PatternID::ZERO).flatten();
        Some(names.map(str::to_owned).collect())
    }

    /// The named groups of the first match.
    pub(crate) fn groups<'a, 't>(&'a self, text: &'t [u8]) -> Option<Vec<(&'a str, &'t [u8])>> {
        let regex = self.regex()?;
        let mut captures = regex.create_captures();
        regex.captures(Input::new(text), &mut captures);
        captures.is_match().then(|| {
            let named = regex.group_info().pattern_names(regex_automata::PatternID::ZERO).enumerate();
            named.filter_map(|(at, name)| Some((name?, &text[captures.get_group(at)?.range()]))).collect()
        })
    }
}
