//! Tokens → the tree of a formula. Names and types are checked here, so that a mistake shows at once.

use super::Refusal;
use super::lex::{Token, lex};
use super::tree::{Kind, Node, Operator};

/// Levels of brackets, and parts in a chain of operators: deeper ones were not written by a person.
const DEEPEST: usize = 64;

/// Operators with two operands, by how tightly they bind.
const LEVELS: [&[(&str, Operator)]; 4] = [
    &[
        ("==", Operator::Equal),
        ("!=", Operator::Unequal),
        ("<", Operator::Less),
        ("<=", Operator::LessOrEqual),
        (">", Operator::More),
        (">=", Operator::MoreOrEqual),
        ("in", Operator::In),
        ("contains", Operator::Contains),
        ("startsWith", Operator::StartsWith),
        ("endsWith", Operator::EndsWith),
    ],
    &[("+", Operator::Plus), ("-", Operator::Minus)],
    &[("*", Operator::Times), ("/", Operator::Over), ("%", Operator::Modulo)],
    &[("??", Operator::OrElse)],
];

/// A whole filter.
pub(super) struct Tree {
    pub(super) root: Node,
    /// How many expressions it tries.
    pub(super) expressions: usize,
    /// What is not known here, and where it stands.
    pub(super) notes: Vec<(usize, String)>,
}

pub(super) fn parse(text: &str) -> Result<Tree, Refusal> {
    let tokens = lex(text)?;
    let mut parser = Parser {
        end: text.len(),
        tokens,
        at: 0,
        depth: 0,
        names: Vec::new(),
        expressions: 0,
        notes: Vec::new(),
    };
    let root = parser.sequence()?;
    if let Some((at, token)) = parser.tokens.get(parser.at) {
        return Err(match token {
            Token::Sign(sign @ ("|" | "#" | ".." | "**")) => {
                Refusal::unsupported(*at, &format!("`{sign}` and the like"))
            }
            _ => Refusal::wrong(*at, "something was to end here: is an operator or a bracket missing?"),
        });
    }
    expect(&root, Kind::Truth, 0)?;
    Ok(Tree { root, expressions: parser.expressions, notes: parser.notes })
}

pub(super) struct Parser {
    end: usize,
    pub(super) tokens: Vec<(usize, Token)>,
    /// The next token.
    pub(super) at: usize,
    depth: usize,
    /// Bound names.
    pub(super) names: Vec<(String, Kind)>,
    pub(super) expressions: usize,
    pub(super) notes: Vec<(usize, String)>,
}

pub(super) type Parse<T = Node> = Result<T, Refusal>;

impl Parser {
    fn place(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |(at, _)| *at)
    }

    fn peeks(&self, wanted: &str) -> bool {
        match self.tokens.get(self.at) {
            Some((_, Token::Sign(sign))) => *sign == wanted,
            Some((_, Token::Word(word))) => word == wanted,
            _ => false,
        }
    }

    pub(super) fn takes(&mut self, wanted: &str) -> bool {
        let is_there = self.peeks(wanted);
        self.at += usize::from(is_there);
        is_there
    }

    pub(super) fn needs(&mut self, wanted: &str) -> Parse<()> {
        let at = self.place();
        if self.takes(wanted) {
            return Ok(());
        }
        Err(match self.tokens.get(self.at) {
            Some((_, Token::Sign(sign @ ("|" | "#" | ".." | "**")))) => {
                Refusal::unsupported(at, &format!("`{sign}` and the like"))
            }
            _ => Refusal::wrong(at, format!("`{wanted}` is missing here")),
        })
    }

    pub(super) fn word(&mut self) -> Option<String> {
        let Some((_, Token::Word(word))) = self.tokens.get(self.at) else { return None };
        self.at += 1;
        Some(word.clone())
    }

    /// Several with `;` between them, of which the last counts; `let` names one of them.
    fn sequence(&mut self) -> Parse {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Refusal::wrong(self.place(), "this is nested too deeply"));
        }
        let known = self.names.len();
        let mut bound = Vec::new();
        let last = loop {
            if self.takes("let") {
                let at = self.place();
                let name = self.word().ok_or_else(|| Refusal::wrong(at, "`let` is followed by a name"))?;
                self.needs("=")?;
                let value = self.choice()?;
                self.needs(";")?;
                self.names.push((name, self.kind(&value)));
                bound.push(value);
                continue;
            }
            let value = self.choice()?;
            if !self.takes(";") || self.at == self.tokens.len() {
                break value;
            }
        };
        self.names.truncate(known);
        self.depth -= 1;
        if bound.len() > DEEPEST {
            return Err(Refusal::wrong(self.place(), "there are too many names"));
        }
        Ok(bound.into_iter().rfold(last, |rest, value| Node::Bind(Box::new([value, rest]))))
    }

    fn choice(&mut self) -> Parse {
        let at = self.place();
        let condition = self.any()?;
        if !self.takes("?") {
            return Ok(condition);
        }
        self.check(&condition, Kind::Truth, at)?;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Refusal::wrong(at, "this is nested too deeply"));
        }
        let yes = self.choice()?;
        self.needs(":")?;
        let no = self.choice()?;
        self.depth -= 1;
        Ok(Node::Choice(Box::new([condition, yes, no])))
    }

    fn any(&mut self) -> Parse {
        self.chain(["||", "or"], Parser::all, Node::Any)
    }

    fn all(&mut self) -> Parse {
        self.chain(["&&", "and"], |parser| parser.binary(0), Node::All)
    }

    fn chain(
        &mut self,
        signs: [&str; 2],
        operand: impl Fn(&mut Parser) -> Parse,
        join: impl Fn(Vec<Node>) -> Node,
    ) -> Parse {
        let mut at = self.place();
        let mut parts = vec![operand(self)?];
        while signs.iter().any(|sign| self.takes(sign)) {
            let last = parts.last().unwrap_or(&Node::Unknown);
            self.check(last, Kind::Truth, at)?;
            at = self.place();
            parts.push(operand(self)?);
            self.check(&parts[parts.len() - 1], Kind::Truth, at)?;
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { join(parts) })
    }

    fn binary(&mut self, level: usize) -> Parse {
        let Some(operators) = LEVELS.get(level) else { return self.postfix() };
        let mut left_at = self.place();
        // These bind more tightly than everything but what follows a value.
        let mut left = if level == 3 { self.unary()? } else { self.binary(level + 1)? };
        let mut length = 0;
        loop {
            let at = self.place();
            let is_not = level == 0 && self.peeks("not") && self.follows_not();
            self.at += usize::from(is_not);
            let matches = level == 0 && self.takes("matches");
            let operator = operators.iter().find(|(sign, _)| self.peeks(sign)).map(|(_, operator)| *operator);
            if operator.is_none() && !matches {
                return Ok(left);
            }
            length += 1;
            if length > DEEPEST {
                return Err(Refusal::wrong(at, "this chain of operators is too long"));
            }
            let joined = if matches {
                self.check(&left, Kind::Text, left_at)?;
                let list = self.binary(1)?;
                self.matching(left, &list, at, false)?
            } else {
                self.at += 1;
                let right_at = self.place();
                let right = if level == 3 { self.unary()? } else { self.binary(level + 1)? };
                let Some(operator) = operator else { return Ok(left) };
                self.operands(operator, (&left, left_at), (&right, right_at))?;
                Node::Binary(operator, Box::new([left, right]))
            };
            left = if is_not { Node::Not(Box::new(joined)) } else { joined };
            left_at = at;
        }
    }

    /// Whether `not` belongs to the operator behind it.
    fn follows_not(&self) -> bool {
        let words = ["in", "matches", "contains", "startsWith", "endsWith"];
        let next = self.tokens.get(self.at + 1);
        matches!(next, Some((_, Token::Word(word))) if words.contains(&word.as_str()))
    }

    fn unary(&mut self) -> Parse {
        let at = self.place();
        let is_not = self.takes("!") || self.takes("not");
        if !is_not && !self.takes("-") {
            return self.postfix();
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Refusal::wrong(at, "this is nested too deeply"));
        }
        let operand = self.unary()?;
        self.depth -= 1;
        if is_not {
            self.check(&operand, Kind::Truth, at)?;
            return Ok(Node::Not(Box::new(operand)));
        }
        self.check(&operand, Kind::Number, at)?;
        Ok(Node::Minus(Box::new(operand)))
    }

    /// A value and what follows it: parts of it, and CEL's functions behind a dot.
    fn postfix(&mut self) -> Parse {
        let at = self.place();
        let mut value = self.value()?;
        for _ in 0..DEEPEST {
            if self.takes("[") {
                value = self.part(value, at)?;
            } else if self.takes(".") || self.takes("?.") {
                let name_at = self.place();
                let name = self.word().unwrap_or_default();
                self.needs("(")?;
                let mut arguments = self.arguments(")")?;
                value = match (name.as_str(), arguments.len()) {
                    // What is not there is an empty text, here and there.
                    ("orValue", 1) => value,
                    ("matches", 1) => self.matching(value, &arguments.remove(0), name_at, false)?,
                    ("size" | "lowerAscii" | "upperAscii" | "trim", 0) => {
                        self.call(&name, vec![value], name_at)?
                    }
                    ("startsWith" | "endsWith" | "contains", 1) => {
                        let operator = LEVELS[0].iter().find(|(word, _)| *word == name);
                        let operator = operator.map_or(Operator::Equal, |(_, operator)| *operator);
                        let right = arguments.remove(0);
                        self.operands(operator, (&value, at), (&right, name_at))?;
                        Node::Binary(operator, Box::new([value, right]))
                    }
                    _ => {
                        return Err(Refusal::wrong(
                            name_at,
                            format!("there is no function `.{name}` with so many arguments"),
                        ));
                    }
                };
            } else {
                return Ok(value);
            }
        }
        Err(Refusal::wrong(at, "this is nested too deeply"))
    }

    /// `[from:to]` or `[place]`, behind the bracket.
    fn part(&mut self, value: Node, at: usize) -> Parse {
        let first = if self.peeks(":") { Node::Number(0.0) } else { self.choice()? };
        if !self.takes(":") {
            self.needs("]")?;
            self.notes.push((at, "a single element of a list or a text is not supported".into()));
            return Ok(Node::Unknown);
        }
        let last = if self.peeks("]") { Node::Nothing } else { self.choice()? };
        self.needs("]")?;
        if self.kind(&value) != Kind::Text {
            return Ok(Node::Unknown);
        }
        Ok(Node::Slice(Box::new([value, first, last])))
    }

    /// What stands between brackets, up to the closing one.
    pub(super) fn arguments(&mut self, closing: &str) -> Parse<Vec<Node>> {
        let mut list = Vec::new();
        while !self.takes(closing) {
            list.push(self.sequence()?);
            if !self.peeks(closing) {
                self.needs(",")?;
            }
        }
        Ok(list)
    }

    fn value(&mut self) -> Parse {
        let at = self.place();
        let token = self.tokens.get(self.at).map(|(_, token)| token.clone());
        self.at += 1;
        match token {
            Some(Token::Text(text)) => Ok(Node::Text(text.into_bytes())),
            Some(Token::Number(number)) => Ok(Node::Number(number)),
            Some(Token::Sign("(")) => {
                let inner = self.sequence()?;
                self.needs(")")?;
                Ok(inner)
            }
            Some(Token::Sign("[")) => self.arguments("]").map(Node::List),
            Some(Token::Sign(sign @ ("|" | "#" | ".." | "**"))) => {
                Err(Refusal::unsupported(at, &format!("`{sign}` and the like")))
            }
            Some(Token::Word(word)) => self.named(&word, at),
            _ => Err(Refusal::wrong(at, "a value is missing here")),
        }
    }

    pub(super) fn kind(&self, node: &Node) -> Kind {
        match node {
            Node::Bound(place) => self.names.get(*place).map_or(Kind::Any, |(_, kind)| *kind),
            _ => node.kind(),
        }
    }

    pub(super) fn check(&self, node: &Node, wanted: Kind, at: usize) -> Parse<()> {
        let kind = self.kind(node);
        if kind == Kind::Any || kind == wanted { Ok(()) } else { Err(mismatch(kind, wanted, at)) }
    }
}

fn expect(node: &Node, wanted: Kind, at: usize) -> Parse<()> {
    let kind = node.kind();
    if kind == Kind::Any || kind == wanted { Ok(()) } else { Err(mismatch(kind, wanted, at)) }
}

fn mismatch(kind: Kind, wanted: Kind, at: usize) -> Refusal {
    let name = |kind| match kind {
        Kind::Any => "anything",
        Kind::Text => "a text",
        Kind::Number => "a number",
        Kind::Truth => "true or false",
        Kind::List => "a list",
    };
    Refusal::wrong(at, format!("this is {}, where {} is wanted", name(kind), name(wanted)))
}
