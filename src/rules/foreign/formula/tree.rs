//! What a formula is made of.

use aho_corasick::AhoCorasick;

use crate::rules::expression::Expression;

/// A part of a formula.
#[derive(Debug)]
pub(super) enum Node {
    /// Something that is not known here.
    Unknown,
    Nothing,
    Text(Vec<u8>),
    Number(f64),
    Truth(bool),
    List(Vec<Node>),
    Subject(Subject),
    /// A name that was bound, by its place on the stack.
    Bound(usize),
    Bind(Box<[Node; 2]>),
    Not(Box<Node>),
    Minus(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Choice(Box<[Node; 3]>),
    Binary(Operator, Box<[Node; 2]>),
    /// The expression, and the number of its cache.
    Matches(Box<Node>, Expression, usize),
    Found(Box<Node>, Expression, usize),
    Contains(Box<Node>, AhoCorasick),
    Slice(Box<[Node; 3]>),
    Call(Function, Vec<Node>),
}

/// What a formula can look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Secret,
    Match,
    Line,
    RuleId,
    Description,
    Path,
    Commit,
    AuthorName,
    AuthorEmail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
    In,
    Contains,
    StartsWith,
    EndsWith,
    Plus,
    Minus,
    Times,
    Over,
    Modulo,
    OrElse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Entropy,
    Length,
    Lower,
    Upper,
    Trim,
    Least,
    Most,
}

/// What a part yields, as far as it is known before it is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Any,
    Text,
    Number,
    Truth,
    List,
}

impl Node {
    /// What it yields; of names that is known to who bound them.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Node::Unknown | Node::Nothing | Node::Bound(_) => Kind::Any,
            Node::Text(_) | Node::Subject(_) | Node::Found(..) | Node::Slice(_) => Kind::Text,
            Node::Number(_) | Node::Minus(_) => Kind::Number,
            Node::Truth(_)
            | Node::Not(_)
            | Node::All(_)
            | Node::Any(_)
            | Node::Matches(..)
            | Node::Contains(..) => Kind::Truth,
            Node::List(_) => Kind::List,
            Node::Bind(parts) => parts[1].kind(),
            Node::Choice(parts) => parts[1].kind(),
            Node::Call(function, _) => match function {
                Function::Lower | Function::Upper | Function::Trim => Kind::Text,
                Function::Entropy | Function::Length | Function::Least | Function::Most => Kind::Number,
            },
            Node::Binary(operator, parts) => match operator {
                Operator::Plus | Operator::OrElse => parts[1].kind(),
                Operator::Minus | Operator::Times | Operator::Over | Operator::Modulo => Kind::Number,
                _ => Kind::Truth,
            },
        }
    }

    fn parts(&self) -> &[Node] {
        match self {
            Node::List(list) | Node::All(list) | Node::Any(list) | Node::Call(_, list) => list,
            Node::Bind(parts) | Node::Binary(_, parts) => &parts[..],
            Node::Choice(parts) | Node::Slice(parts) => &parts[..],
            Node::Not(part) | Node::Minus(part) => std::slice::from_ref(part),
            Node::Matches(part, ..) | Node::Found(part, ..) | Node::Contains(part, _) => {
                std::slice::from_ref(part)
            }
            _ => &[],
        }
    }

    /// Whether what it looks at is the same wherever the secret stands.
    pub(super) fn is_about_secret(&self) -> bool {
        let is_place = matches!(self, Node::Subject(subject)
            if !matches!(subject, Subject::Secret | Subject::RuleId | Subject::Description));
        !is_place && self.parts().iter().all(Node::is_about_secret)
    }
}
