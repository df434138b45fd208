//! The value of a formula for one occurrence.

use std::borrow::Cow;
use std::cmp::Ordering;

use bstr::ByteSlice as _;

use super::tree::{Function, Node, Operator, Subject};
use crate::rules::entropy::entropy;
use crate::rules::exemption::Sight;
use crate::rules::expression::Cache;

/// What a part of a formula yields.
#[derive(Debug, Clone, PartialEq)]
enum Value<'v> {
    /// Could be anything.
    Unknown,
    Nothing,
    Text(Cow<'v, [u8]>),
    Number(f64),
    Truth(bool),
    List(Vec<Value<'v>>),
}

/// A longer text is not put together; nothing is known of it.
const LONGEST_TEXT: usize = 64 << 10;

/// Whether a formula is true, for certain.
pub(super) fn is_true(root: &Node, sight: &Sight<'_>, caches: &mut [Cache]) -> bool {
    Evaluation { sight: *sight, caches, bound: Vec::new() }.value(root) == Value::Truth(true)
}

struct Evaluation<'v, 'c> {
    sight: Sight<'v>,
    caches: &'c mut [Cache],
    /// Values of names, innermost last.
    bound: Vec<Value<'v>>,
}

impl<'v> Evaluation<'v, '_> {
    fn value(&mut self, node: &'v Node) -> Value<'v> {
        match node {
            Node::Unknown => Value::Unknown,
            Node::Nothing => Value::Nothing,
            Node::Text(text) => Value::Text(text.as_slice().into()),
            Node::Number(number) => Value::Number(*number),
            Node::Truth(truth) => Value::Truth(*truth),
            Node::List(list) => Value::List(list.iter().map(|node| self.value(node)).collect()),
            Node::Subject(subject) => Value::Text(self.subject(*subject).into()),
            Node::Bound(place) => self.bound.get(*place).cloned().unwrap_or(Value::Unknown),
            Node::Bind(parts) => {
                let value = self.value(&parts[0]);
                self.bound.push(value);
                let rest = self.value(&parts[1]);
                self.bound.pop();
                rest
            }
            Node::Not(part) => match self.value(part) {
                Value::Truth(truth) => Value::Truth(!truth),
                _ => Value::Unknown,
            },
            Node::Minus(part) => match self.value(part) {
                Value::Number(number) => Value::Number(-number),
                _ => Value::Unknown,
            },
            Node::All(parts) => self.joined(parts, false),
            Node::Any(parts) => self.joined(parts, true),
            Node::Choice(parts) => match self.value(&parts[0]) {
                Value::Truth(true) => self.value(&parts[1]),
                Value::Truth(false) => self.value(&parts[2]),
                _ => Value::Unknown,
            },
            Node::Binary(operator, parts) => {
                let [left, right] = [&parts[0], &parts[1]].map(|part| self.value(part));
                binary(*operator, left, right)
            }
            Node::Matches(text, expression, number) => {
                let Value::Text(text) = self.value(text) else { return Value::Unknown };
                Value::Truth(expression.is_match(&text, &mut self.caches[*number]))
            }
            Node::Found(text, expression, number) => {
                let Value::Text(text) = self.value(text) else { return Value::Unknown };
                let found = expression.first_in(&text, 0..text.len(), &mut self.caches[*number]);
                Value::Text(found.map_or_else(Vec::new, |found| text[found.whole].to_vec()).into())
            }
            Node::Contains(text, words) => {
                let Value::Text(text) = self.value(text) else { return Value::Unknown };
                Value::Truth(words.is_match(&text[..]))
            }
            Node::Slice(parts) => {
                let [text, first, last] = [&parts[0], &parts[1], &parts[2]].map(|part| self.value(part));
                sliced(text, first, last)
            }
            Node::Call(function, arguments) => {
                let values: Vec<Value<'v>> = arguments.iter().map(|argument| self.value(argument)).collect();
                called(*function, &values)
            }
        }
    }

    fn subject(&self, subject: Subject) -> &'v [u8] {
        let Sight { secret, matched, line, path, rule, description, .. } = self.sight;
        let commit = self.sight.commit;
        match subject {
            Subject::Secret => secret,
            Subject::Match => matched,
            Subject::Line => line,
            Subject::RuleId => rule.as_bytes(),
            Subject::Description => description.as_bytes(),
            Subject::Path => path,
            // Where there is no commit, these are empty there, too.
            Subject::Commit => self.sight.commit_id.as_bytes(),
            Subject::AuthorName => commit.map_or(&[], |commit| &commit.author.name),
            Subject::AuthorEmail => commit.map_or(&[], |commit| &commit.author.email),
        }
    }

    /// `all` or `any`: one that decides is enough, whatever is not known.
    fn joined(&mut self, parts: &'v [Node], decisive: bool) -> Value<'v> {
        let mut is_known = true;
        for part in parts {
            match self.value(part) {
                Value::Truth(truth) if truth == decisive => return Value::Truth(decisive),
                Value::Truth(_) => {}
                _ => is_known = false,
            }
        }
        if is_known { Value::Truth(!decisive) } else { Value::Unknown }
    }
}

fn binary<'v>(operator: Operator, left: Value<'v>, right: Value<'v>) -> Value<'v> {
    use Operator as O;
    if left == Value::Unknown || right == Value::Unknown {
        return Value::Unknown;
    }
    let order = match (&left, &right) {
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => a.partial_cmp(b),
        _ => None,
    };
    let ordered =
        |fits: fn(Ordering) -> bool| order.map_or(Value::Unknown, |order| Value::Truth(fits(order)));
    match (operator, left, right) {
        (O::OrElse, Value::Nothing, right) => right,
        (O::OrElse, left, _) => left,
        (O::Equal, left, right) => Value::Truth(left == right),
        (O::Unequal, left, right) => Value::Truth(left != right),
        (O::Less, ..) => ordered(Ordering::is_lt),
        (O::LessOrEqual, ..) => ordered(Ordering::is_le),
        (O::More, ..) => ordered(Ordering::is_gt),
        (O::MoreOrEqual, ..) => ordered(Ordering::is_ge),
        (O::In, left, Value::List(list)) if !list.contains(&Value::Unknown) => {
            Value::Truth(list.contains(&left))
        }
        (O::Contains, Value::Text(a), Value::Text(b)) => Value::Truth(a.contains_str(&b[..])),
        (O::StartsWith, Value::Text(a), Value::Text(b)) => Value::Truth(a.starts_with(&b)),
        (O::EndsWith, Value::Text(a), Value::Text(b)) => Value::Truth(a.ends_with(&b)),
        (O::Plus, Value::Text(a), Value::Text(b)) if a.len() + b.len() <= LONGEST_TEXT => {
            Value::Text([&a[..], &b[..]].concat().into())
        }
        (O::Plus, Value::Number(a), Value::Number(b)) => Value::Number(a + b),
        (O::Minus, Value::Number(a), Value::Number(b)) => Value::Number(a - b),
        (O::Times, Value::Number(a), Value::Number(b)) => Value::Number(a * b),
        (O::Over, Value::Number(a), Value::Number(b)) => Value::Number(a / b),
        (O::Modulo, Value::Number(a), Value::Number(b)) => Value::Number(a % b),
        _ => Value::Unknown,
    }
}

fn called<'v>(function: Function, values: &[Value<'v>]) -> Value<'v> {
    #[expect(clippy::cast_precision_loss, reason = "texts are short")]
    let count = |count: usize| Value::Number(count as f64);
    match (function, values) {
        (Function::Entropy, [Value::Text(text)]) => Value::Number(entropy(text)),
        (Function::Length, [Value::Text(text)]) => count(text.chars().count()),
        (Function::Length, [Value::List(list)]) => count(list.len()),
        (Function::Lower, [Value::Text(text)]) => Value::Text(text.to_lowercase().into()),
        (Function::Upper, [Value::Text(text)]) => Value::Text(text.to_uppercase().into()),
        (Function::Trim, [Value::Text(text)]) => Value::Text(text.trim().to_vec().into()),
        (Function::Least, [Value::Number(a), Value::Number(b)]) => Value::Number(a.min(*b)),
        (Function::Most, [Value::Number(a), Value::Number(b)]) => Value::Number(a.max(*b)),
        _ => Value::Unknown,
    }
}

/// Part of a text, in bytes; places below zero count from its end.
fn sliced<'v>(text: Value<'v>, first: Value<'v>, last: Value<'v>) -> Value<'v> {
    let Value::Text(text) = text else { return Value::Unknown };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "beyond the text is its end")]
    let place = |value| match value {
        Value::Number(number) if number < 0.0 => Some(text.len().saturating_sub(-number as usize)),
        Value::Number(number) => Some((number as usize).min(text.len())),
        Value::Nothing => Some(text.len()),
        _ => None,
    };
    match (place(first), place(last)) {
        (Some(first), Some(last)) => Value::Text(text[first.min(last)..last].to_vec().into()),
        _ => Value::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Formula;
    use super::*;
    use crate::finding::{CommitInfo, ObjectName, Person};

    fn commit() -> CommitInfo {
        CommitInfo {
            id: ObjectName::from_bytes(&[0xab; 20]).unwrap(),
            author: Person { name: "Robo [bot]".into(), email: "robo@example.test".into() },
            time: 0,
            committed: 0,
            subject: "s".into(),
        }
    }

    /// Whether one of the formulas of a filter holds for a made-up occurrence.
    fn holds(filter: &str) -> bool {
        let commit = commit();
        let id = commit.id.to_string();
        let sight = Sight {
            secret: b"abcd1234",
            matched: b"key=abcd1234",
            line: b"let key=abcd1234; // Example: x",
            path: b"src/Main.rs",
            rule: "acme",
            description: "An Acme key.",
            commit: Some(&commit),
            commit_id: &id,
            ..Sight::default()
        };
        let parsed = Formula::parse(filter).unwrap_or_else(|refusal| panic!("{filter}: {refusal:?}"));
        parsed.formulas.iter().any(|formula| formula.holds(&sight, &mut Vec::new()))
    }

    #[test]
    fn what_is_true() {
        for filter in [
            "true",
            r#"finding["secret"] == "abcd1234""#,
            r#"finding.secret == 'abcd1234' && finding?.match == "key=abcd1234""#,
            r#"finding["line"] contains "Example:" and not (finding["line"] contains "example:")"#,
            r#"finding["rule_id"] == "acme" && finding["description"] startsWith "An""#,
            r#"attributes["path"] endsWith ".rs" && attributes["path"] not contains "test""#,
            r#"attributes[?"git.author_name"].orValue("").endsWith("[bot]")"#,
            r#"attributes["git.author_email"] matches "^robo@""#,
            r#"attributes["git.sha"] == "abababababababababababababababababababab""#,
            r#"matchesAny(finding["secret"], [`^\d+$`, "[a-d]{4}"])"#,
            r#"filter.matchesAny(finding["secret"], [r"(?i)^ABCD"])"#,
            r#"containsAny(finding["secret"], ["zzz", "BCD"])"#,
            r#"entropy(finding["secret"]) == 3.0 && entropy(finding["secret"]) <= 3"#,
            r#"entropy("") == 0 && entropy("é") == 1 && len("é") == 1"#,
            r#"findMatch(finding["match"], "[0-9]+") == "1234" && findMatch("a", "b") == """#,
            r#"let a = findMatch(finding["match"], "^[a-z]+"); let b = a + "!"; upper(b) == "KEY!" && a == lower(a)"#,
            r#"finding["secret"][1:3] == "bc" && finding["secret"][-2:] == "34" && finding["secret"][:90] == finding["secret"]"#,
            r#""é"[0:1] != "é" && "abc"[2:1] == """#,
            r#"len(finding["secret"]) - 2 * 3 == 2 && -(1) < 0 && 7 % 4 == 3 && 1 / 2 == 0.5"#,
            r#"max(len(finding["secret"]), 20) - min(3, 4) == 17"#,
            r#""a" in ["a", "b"] && "c" not in ["a"] && finding["secret"].size() == 8"#,
            r#"(len(finding["secret"]) > 5 ? "long" : "short") == "long""#,
            r#"let a = true ? "x" : "y"; let b = false ? 1 : true ? 2 : 3; a == "x" && b == 2"#,
            r#"trim(" a ") == "a" && "a" < "b" && "b" >= "a" && 1 != 2"#,
            r#"(nil ?? "x") == "x" && ("" ?? "x") == "" && attributes["path"] != nil"#,
            "// a comment\nfalse ||\n/* another */ !false",
            r#"let _ = setConfidence("low"); true"#,
            // Whatever is not known, these are true.
            r#"tokenRatio(finding["secret"]) >= 2.5 || entropy(finding["secret"]) < 3.5"#,
            r#"!(failsTokenEfficiency(finding["secret"]) && false)"#,
            r#"let raw = finding["fragment_raw"]; matchesAny(raw[0:9], ["x"]) || true"#,
        ] {
            assert!(holds(filter), "{filter}");
        }
    }

    #[test]
    fn what_is_not_true_or_not_known() {
        for filter in [
            "false",
            r#"finding["secret"] == "abcd""#,
            r#"matchesAny(attributes["path"], ["^Main"])"#,
            r#"containsAny(finding["secret"], [])"#,
            r#"matchesAny(finding["secret"], [])"#,
            r#"failsTokenEfficiency(finding["secret"])"#,
            r#"!failsTokenEfficiency(finding["secret"])"#,
            r#"entropy(finding["secret"]) < 3.5 && tokenRatio(finding["secret"]) >= 2.5"#,
            r#"(tokenRatio(finding["secret"]) > 1 ? true : true)"#,
            r#"finding["captures"] == nil"#,
            r#"finding["captures"] != nil"#,
            r#"let c = finding["fragment_raw"][1:5]; c == "" || c != """#,
            r#"setConfidence("low") == "low""#,
            r#"[1, 2][0] == 1 || finding["secret"][0] == "a""#,
            r#"attributes["git.message"] contains "x""#,
            r#"let a = "aaaaaaaaaaaaaaaa"; let b = a + a + a + a; let c = b + b + b + b; let d = c + c + c + c;
               let e = d + d + d + d; let f = e + e + e + e; let g = f + f + f + f; let h = g + g + g + g; h != "a""#,
        ] {
            assert!(!holds(filter), "{filter}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_place() {
        for (filter, at, why) in [
            ("", 0, "a value is missing"),
            ("true &&", 7, "a value is missing"),
            ("(true", 5, "`)` is missing"),
            ("true true", 5, "something was to end here"),
            ("zork(1)", 0, "no function `zork`"),
            ("zork", 0, "`zork` is no name"),
            ("entropy(\"a\")", 0, "a number, where true or false is wanted"),
            ("true && entropy(\"a\")", 8, "a number, where true or false"),
            ("entropy(\"a\") < \"b\"", 0, "a number, where a text is wanted"),
            ("let a = 1; a contains \"b\"", 11, "a number, where a text"),
            ("matchesAny(\"a\", [\"(\"])", 0, "refused at its character"),
            ("finding == 1", 0, "`finding` is followed by"),
            ("len(1) == 1", 0, "a number, where a text"),
            ("\"a\" in \"abc\"", 7, "a text, where a list"),
        ] {
            let refusal = Formula::parse(filter).unwrap_err();
            assert!(refusal.why.contains(why) && refusal.at == at, "{filter}: {refusal:?}");
            assert!(!refusal.is_unsupported, "{filter}");
        }
        for filter in
            ["any([1], # > 1)", "finding[\"secret\"] | len() == 1", "1 in [1..3]", "{\"a\": 1} == 1"]
        {
            assert!(Formula::parse(filter).unwrap_err().is_unsupported, "{filter}");
        }
        let deep = format!("{}true{}", "(".repeat(5000), ")".repeat(5000));
        assert!(Formula::parse(&deep).unwrap_err().why.contains("too deeply"));
        assert!(Formula::parse(&"true ? true : ".repeat(5000)).unwrap_err().why.contains("too deeply"));
        assert!(Formula::parse(&format!("{}true", "!".repeat(5000))).unwrap_err().why.contains("too deeply"));
        assert!(
            Formula::parse(&format!("1{} == 1", " + 1".repeat(5000))).unwrap_err().why.contains("too long")
        );
        assert!(Formula::parse(&vec!["true"; 5000].join(" || ")).is_ok());
    }

    #[test]
    fn what_looks_at_the_secret_alone_is_told_apart() {
        let parsed = Formula::parse(
            r#"entropy(finding["secret"]) < 1 || (finding["rule_id"] == "x") || matchesAny(attributes["path"], ["x"])"#,
        );
        let about: Vec<bool> = parsed.unwrap().formulas.iter().map(Formula::is_about_secret).collect();
        assert_eq!(about, [true, true, false]);
        let notes = Formula::parse(r#"tokenRatio("a") > 1 || attributes["git.date"] == """#).unwrap().notes;
        assert_eq!(notes.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 23]);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_read_neither_panics_nor_hangs(
            parts in proptest::collection::vec(proptest::sample::select(vec![
                "true", "false", "nil", "1", "2.5", "\"a\"", "`[a-z]`", "finding[\"secret\"]", "attributes.path", "&&",
                "||", "!", "not", "==", "<", "+", "-", "*", "/", "%", "??", "?", ":", "(", ")", "[", "]", ",", ";", "let x =",
                "x", "in", "matches", "contains", "entropy(", "matchesAny(", "containsAny(", "tokenRatio(", ".size()",
                "[1:2]", ".", "len(", "\u{e9}",
            ]), 0..14),
        ) {
            let text = parts.join(" ");
            if let Ok(parsed) = Formula::parse(&text) {
                let sight = Sight { secret: b"s", ..Sight::default() };
                for formula in &parsed.formulas {
                    formula.holds(&sight, &mut Vec::new());
                }
            }
        }
    }
}
