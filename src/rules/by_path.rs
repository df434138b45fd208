//! Rules that report a file for its path, whatever is in it.

use hashbrown::HashMap;
use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::look::Look;
use regex_automata::util::primitives::StateID;

use super::expression::{Cache, Expression};
use super::{Rule, RuleSet, compile, shape};
use crate::finding::RuleIndex;

impl Rule {
    /// Whether it reports files for their paths.
    pub(crate) fn is_by_path(&self) -> bool {
        matches!(self.form.kind, compile::FormKind::Path)
    }
}

/// All of them.
#[derive(Debug)]
pub(crate) struct PathRules<'a> {
    list: Vec<(RuleIndex, &'a Expression)>,
    names: Names,
}

impl<'a> PathRules<'a> {
    /// Those of a set.
    pub(crate) fn of(rules: &'a RuleSet) -> Self {
        let (mut list, mut names) = (Vec::new(), Names::default());
        for (index, rule) in rules.iter().filter(|(_, rule)| rule.is_by_path()) {
            if let Some(expression) = rule.compiled().and_then(|compiled| compiled.path.as_ref()) {
                list.push((index, expression));
                names.add(rule.form.path.as_deref().unwrap_or_default());
            }
        }
        PathRules { list, names }
    }

    /// True without any.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Fresh memory for one thread.
    pub(crate) fn caches(&self) -> Vec<Cache> {
        self.list.iter().map(|_| Cache::default()).collect()
    }

    /// Those that report this path.
    pub(crate) fn matching(&self, path: &[u8], caches: &mut [Cache]) -> Vec<RuleIndex> {
        let one = |((rule, expression), cache): (&(RuleIndex, &Expression), &mut Cache)| {
            expression.is_match(path, cache).then_some(*rule)
        };
        self.list.iter().zip(caches).filter_map(one).collect()
    }

    /// What the last parts of the paths look like.
    pub(crate) fn names(&self) -> &Names {
        &self.names
    }
}

/// Which names files can have that one of some expressions reports, in whatever directory. So the entries of trees are
/// looked at apart from the paths that lead to them.
///
/// From the NFA of each expression: the states in which it can be behind a directory, and from there on those that a name
/// leads to. Over-approximates: look-around counts as true, but for the end of the path.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Each with where it can be at the beginning, and behind a directory.
    nfas: Vec<(NFA, Front, Front)>,
    /// Any name can be one.
    all: bool,
}

/// States that read a byte, sorted; and whether the expression matches here, or does if this is the end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Front {
    states: Vec<StateID>,
    matches: bool,
    matches_at_end: bool,
}

impl Names {
    fn add(&mut self, pattern: &str) {
        let Ok(nfa) = compile::parse(pattern).and_then(|hir| shape::nfa(&hir)) else {
            self.all = true;
            return;
        };
        let start = closure(&nfa, [nfa.start_anchored()]);
        // Whatever a directory may be called.
        let mut known = start.clone();
        loop {
            let next = known.states.iter().flat_map(|state| targets(&nfa, *state, None));
            let grown = closure(&nfa, next.collect::<Vec<_>>()).joined(&known);
            if grown == known {
                break;
            }
            known = grown;
        }
        // What matches before the end of the path matches whatever follows.
        self.all |= known.matches;
        let behind = known.states.iter().flat_map(|state| targets(&nfa, *state, Some(b'/')));
        let front = closure(&nfa, behind.collect::<Vec<_>>()).joined(&start);
        self.nfas.push((nfa, start, front));
    }

    /// One thread's side.
    pub(crate) fn finder(&self) -> NameFinder<'_> {
        NameFinder { names: self, known: HashMap::new() }
    }

    fn may_be(&self, name: &[u8]) -> bool {
        self.nfas.iter().any(|(nfa, start, first)| {
            let mut front = first.clone();
            for byte in name {
                if front.matches {
                    return true;
                }
                let next = front.states.iter().flat_map(|state| targets(nfa, *state, Some(*byte)));
                front = closure(nfa, next.collect::<Vec<_>>()).joined(start);
            }
            front.matches || front.matches_at_end
        })
    }
}

/// Looks names up, each of them once.
#[derive(Debug)]
pub(crate) struct NameFinder<'a> {
    names: &'a Names,
    known: HashMap<Box<[u8]>, bool>,
}

/// Names remembered at a time.
const MOST_NAMES: usize = 1 << 16;
/// A longer name is taken for one that can be reported.
const LONGEST_NAME: usize = 1 << 10;

impl NameFinder<'_> {
    /// Whether a file of this name may be reported, in some directory.
    pub(crate) fn may_be(&mut self, name: &[u8]) -> bool {
        if self.names.all || self.names.nfas.is_empty() {
            return self.names.all;
        }
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        if self.known.len() >= MOST_NAMES {
            self.known.clear();
        }
        let may_be = name.len() > LONGEST_NAME || self.names.may_be(name);
        self.known.insert(name.into(), may_be);
        may_be
    }
}

impl Front {
    fn joined(mut self, other: &Front) -> Front {
        self.states.extend(&other.states);
        self.states.sort_unstable();
        self.states.dedup();
        self.matches |= other.matches;
        self.matches_at_end |= other.matches_at_end;
        self
    }
}

fn closure(nfa: &NFA, roots: impl IntoIterator<Item = StateID>) -> Front {
    let mut front = Front::default();
    let mut seen = vec![[false; 2]; nfa.states().len()];
    let mut stack: Vec<(StateID, bool)> = roots.into_iter().map(|root| (root, false)).collect();
    while let Some((id, at_end)) = stack.pop() {
        if std::mem::replace(&mut seen[id.as_usize()][usize::from(at_end)], true) {
            continue;
        }
        match nfa.state(id) {
            // Nothing follows the end.
            State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) if at_end => {}
            State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) => front.states.push(id),
            State::Look { look, next } => stack.push((*next, at_end || *look == Look::End)),
            State::Capture { next, .. } => stack.push((*next, at_end)),
            State::Union { alternates } => stack.extend(alternates.iter().map(|next| (*next, at_end))),
            State::BinaryUnion { alt1, alt2 } => stack.extend([(*alt1, at_end), (*alt2, at_end)]),
            State::Fail => {}
            State::Match { .. } if at_end => front.matches_at_end = true,
            State::Match { .. } => front.matches = true,
        }
    }
    front.states.sort_unstable();
    front
}

/// Where a state leads with a byte, or with any.
fn targets(nfa: &NFA, state: StateID, byte: Option<u8>) -> Vec<StateID> {
    let all = 0..=u8::MAX;
    match (nfa.state(state), byte) {
        (State::ByteRange { trans }, None) => vec![trans.next],
        (State::ByteRange { trans }, Some(byte)) => {
            trans.matches_byte(byte).then_some(trans.next).into_iter().collect()
        }
        (State::Sparse(sparse), None) => {
            sparse.transitions.iter().map(|transition| transition.next).collect()
        }
        (State::Sparse(sparse), Some(byte)) => sparse.matches_byte(byte).into_iter().collect(),
        (State::Dense(dense), None) => all.filter_map(|byte| dense.matches_byte(byte)).collect(),
        (State::Dense(dense), Some(byte)) => dense.matches_byte(byte).into_iter().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(pattern: &str) -> Names {
        let mut names = Names::default();
        names.add(pattern);
        names
    }

    #[test]
    fn names_that_can_be_reported() {
        let may_be = |pattern: &str, name: &str| names(pattern).finder().may_be(name.as_bytes());
        for (pattern, yes, no) in [
            (r"(?-m)(?i)(?:^|/)[^/]+\.p12$", "a.P12", "a.p12x"),
            (r"(?-m)(^|/)id_rsa$", "id_rsa", "id_rsa.pub"),
            (r"(?-m)\.env(\.\w+)?$", "x.env.local", "env"),
            (r"(?-m)(^|/)secrets/.*\.key$", "a.key", "a.pem"),
            (r"(?-m)^etc/shadow\z", "shadow", "passwd"),
            (r"(?-m)\.p12$|^x$", "x", "y"),
        ] {
            assert!(may_be(pattern, yes), "{pattern} {yes}");
            assert!(!may_be(pattern, no), "{pattern} {no}");
        }
        // What a directory alone may decide.
        for pattern in [r"secret", r"(?-m)^vendor/", r"(?-m)\.env(/|$)"] {
            assert!(names(pattern).all, "{pattern}");
        }
        assert!(!Names::default().finder().may_be(b"a"));
    }

    proptest! {
        #[test]
        fn no_path_that_matches_is_passed_over(
            parts in proptest::collection::vec(proptest::sample::select(vec![
                "a", "b", "/", ".*", "[^/]", "(?:a|b/)", "x?", "(?:^|/)", "^", "$", "(?:$|a)", r"\b", "(?:ab)+", "[ab]{2}",
            ]), 0..6),
            path in "[abx/]{0,8}",
        ) {
            let pattern = format!("(?-m){}", parts.concat());
            let expression = Expression::new(compile::parse(&pattern).unwrap());
            if expression.is_match(path.as_bytes(), &mut Cache::default()) {
                let name = path.rsplit('/').next().unwrap();
                prop_assert!(names(&pattern).finder().may_be(name.as_bytes()), "{} {}", pattern, path);
            }
        }
    }
}
