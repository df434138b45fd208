//! Names and functions of a formula: what there is, and what it takes.

use aho_corasick::AhoCorasick;

use super::Refusal;
use super::lex::Token;
use super::parse::{Parse, Parser};
use super::tree::{Function, Kind, Node, Operator, Subject};
use crate::rules::compile;
use crate::rules::foreign::dialect::{Borders, translate};

impl Parser {
    pub(super) fn named(&mut self, word: &str, at: usize) -> Parse {
        match word {
            "true" => return Ok(Node::Truth(true)),
            "false" => return Ok(Node::Truth(false)),
            "nil" | "null" => return Ok(Node::Nothing),
            "finding" | "attributes" => return self.subject(word, at),
            "filter" if self.takes(".") => {
                let name = self.word().unwrap_or_default();
                self.needs("(")?;
                let arguments = self.arguments(")")?;
                return self.call(&name, arguments, at);
            }
            _ => {}
        }
        if let Some(place) = self.names.iter().rposition(|(name, _)| name == word) {
            return Ok(Node::Bound(place));
        }
        if self.takes("(") {
            let arguments = self.arguments(")")?;
            return self.call(word, arguments, at);
        }
        Err(Refusal::wrong(at, format!("`{word}` is no name that is known here")))
    }

    /// `finding["secret"]`, `finding.secret`, `attributes[?"path"]`, `attributes?.path`.
    fn subject(&mut self, of: &str, at: usize) -> Parse {
        let key = if self.takes("[") {
            self.takes("?");
            let key = match self.tokens.get(self.at) {
                Some((_, Token::Text(key))) => Some(key.clone()),
                _ => None,
            };
            self.at += 1;
            self.needs("]")?;
            key
        } else if self.takes(".") || self.takes("?.") {
            self.word()
        } else {
            None
        };
        let Some(key) = key else {
            return Err(Refusal::wrong(
                at,
                format!("`{of}` is followed by what is asked for, as in `{of}[\"…\"]`"),
            ));
        };
        let subject = match (of, key.as_str()) {
            ("finding", "secret") => Subject::Secret,
            ("finding", "match") => Subject::Match,
            ("finding", "line") => Subject::Line,
            ("finding", "rule_id") => Subject::RuleId,
            ("finding", "description") => Subject::Description,
            ("attributes", "path") => Subject::Path,
            ("attributes", "git.sha") => Subject::Commit,
            ("attributes", "git.author_name") => Subject::AuthorName,
            ("attributes", "git.author_email") => Subject::AuthorEmail,
            _ => {
                self.notes.push((at, format!("`{of}[{key:?}]` is not known here")));
                return Ok(Node::Unknown);
            }
        };
        Ok(Node::Subject(subject))
    }

    pub(super) fn call(&mut self, name: &str, mut arguments: Vec<Node>, at: usize) -> Parse {
        let count = arguments.len();
        let function = match (name, count) {
            ("matchesAny" | "findMatch", 2) => {
                let list = arguments.remove(1);
                return self.matching(arguments.remove(0), &list, at, name == "findMatch");
            }
            ("containsAny", 2) => {
                let list = arguments.remove(1);
                return self.containing(arguments.remove(0), &list, at);
            }
            ("tokenRatio" | "failsTokenEfficiency", 1) => {
                self.notes
                    .push((at, format!("`{name}` takes a model of tokens, which muzzle does not have")));
                return Ok(Node::Unknown);
            }
            ("setConfidence", 1) => {
                self.notes
                    .push((at, "`setConfidence` has no effect here: the rule's own confidence holds".into()));
                return Ok(Node::Unknown);
            }
            ("split" | "join" | "replace" | "string" | "indexOf" | "hasPrefix" | "hasSuffix", _) => {
                self.notes.push((at, format!("`{name}` is not supported")));
                return Ok(Node::Unknown);
            }
            ("entropy", 1) => Function::Entropy,
            ("len" | "size", 1) => Function::Length,
            ("lower" | "lowerAscii", 1) => Function::Lower,
            ("upper" | "upperAscii", 1) => Function::Upper,
            ("trim", 1) => Function::Trim,
            ("min", 2) => Function::Least,
            ("max", 2) => Function::Most,
            _ => {
                return Err(Refusal::wrong(
                    at,
                    format!("there is no function `{name}` with {count} arguments"),
                ));
            }
        };
        let wanted = match function {
            Function::Least | Function::Most => Kind::Number,
            Function::Length if self.kind(&arguments[0]) == Kind::List => Kind::List,
            _ => Kind::Text,
        };
        arguments.iter().try_for_each(|argument| self.check(argument, wanted, at))?;
        Ok(Node::Call(function, arguments))
    }

    /// Expressions are part of the formula, and are never made of what is scanned.
    pub(super) fn matching(&mut self, text: Node, list: &Node, at: usize, finds: bool) -> Parse {
        self.check(&text, Kind::Text, at)?;
        let Some(patterns) = literals(list) else { return Ok(self.not_written_out(at)) };
        let mut translated = Vec::new();
        for pattern in patterns {
            let done = translate(&pattern, Borders::Text);
            translated.push(done.map_err(|refusal| {
                Refusal::wrong(
                    at,
                    format!("an expression is refused at its character {}: {}", refusal.at, refusal.why),
                )
            })?);
        }
        let made = compile::any_of(&translated).and_then(|expression| {
            expression.map(|e| e.automata().map(|_| ()).map_err(str::to_owned).map(|()| e)).transpose()
        });
        let Some(expression) = made.map_err(|why| Refusal::wrong(at, why))? else {
            return Ok(Node::Truth(false));
        };
        self.expressions += 1;
        let (text, number) = (Box::new(text), self.expressions - 1);
        Ok(if finds {
            Node::Found(text, expression, number)
        } else {
            Node::Matches(text, expression, number)
        })
    }

    fn containing(&mut self, text: Node, list: &Node, at: usize) -> Parse {
        self.check(&text, Kind::Text, at)?;
        let Some(words) = literals(list) else { return Ok(self.not_written_out(at)) };
        let words = words.into_iter().filter(|word| !word.is_empty());
        match AhoCorasick::builder().ascii_case_insensitive(true).build(words) {
            Ok(automaton) => Ok(Node::Contains(Box::new(text), automaton)),
            Err(why) => Err(Refusal::wrong(at, why.to_string())),
        }
    }

    fn not_written_out(&mut self, at: usize) -> Node {
        self.notes.push((at, "a list that is not written out here is not supported".into()));
        Node::Unknown
    }

    pub(super) fn operands(
        &self,
        operator: Operator,
        left: (&Node, usize),
        right: (&Node, usize),
    ) -> Parse<()> {
        let [a, b] = [left.0, right.0].map(|node| self.kind(node));
        let both = |kind| self.check(left.0, kind, left.1).and_then(|()| self.check(right.0, kind, right.1));
        match operator {
            Operator::Equal | Operator::Unequal | Operator::OrElse => Ok(()),
            Operator::In => self.check(right.0, Kind::List, right.1),
            Operator::Contains | Operator::StartsWith | Operator::EndsWith => both(Kind::Text),
            Operator::Plus if a == Kind::Text || b == Kind::Text => both(Kind::Text),
            Operator::Less | Operator::LessOrEqual | Operator::More | Operator::MoreOrEqual
                if a == Kind::Text || b == Kind::Text =>
            {
                both(Kind::Text)
            }
            _ => both(Kind::Number),
        }
    }
}

/// The texts of a list that is written out; a single text may stand alone.
fn literals(list: &Node) -> Option<Vec<String>> {
    let text = |node: &Node| match node {
        Node::Text(text) => String::from_utf8(text.clone()).ok(),
        _ => None,
    };
    match list {
        Node::List(list) => list.iter().map(text).collect(),
        other => text(other).map(|text| vec![text]),
    }
}
