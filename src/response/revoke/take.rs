//! What a reply tells that the next call needs.

use serde_json::Value;

use crate::response::call::Reply;
use crate::response::fill::CannotAsk;
use crate::response::inputs::Inputs;
use crate::rules::response::template::{Piece, pieces};
use crate::rules::response::{Selector, Take};
use crate::secret::Secret;

/// What stands where `what` says.
///
/// # Errors
/// If nothing stands there, or if several entries of a list fit: which one is meant must not be guessed.
pub(crate) fn take(what: &Take, reply: &Reply, inputs: &Inputs) -> Result<Secret, CannotAsk> {
    match what {
        Take::At(selector) => at(selector, reply),
        Take::Entry { list, r#where, get } => {
            let body = json(reply)?;
            let entries = body.pointer(list).and_then(Value::as_array);
            let entries = entries.ok_or_else(|| cannot("the answer holds no list where one is expected"))?;
            let wanted: Vec<(&String, String)> = r#where
                .iter()
                .map(|(pointer, template)| Ok((pointer, filled(template, inputs)?)))
                .collect::<Result<_, CannotAsk>>()?;
            let fits = |entry: &&Value| {
                let stands = |pointer: &str| entry.pointer(pointer).and_then(text);
                wanted.iter().all(|(pointer, value)| stands(pointer).as_ref() == Some(value))
            };
            let mut fitting = entries.iter().filter(fits);
            match (fitting.next(), fitting.next()) {
                (Some(entry), None) => {
                    let value = entry.pointer(get).and_then(text);
                    value.and_then(|value| secret(&value)).ok_or_else(|| cannot("the entry has no id"))
                }
                (None, _) => Err(cannot("the provider's list does not have it, or does not show it")),
                (Some(_), Some(_)) => {
                    Err(cannot("several entries of the provider's list fit it: which is not guessed"))
                }
            }
        }
    }
}

/// What stands at a pointer or in a header.
pub(crate) fn at(selector: &Selector, reply: &Reply) -> Result<Secret, CannotAsk> {
    let found = match selector.strip_prefix("header:") {
        Some(name) => reply.header(&name.to_ascii_lowercase()).map(str::to_owned),
        None => json(reply)?.pointer(selector).and_then(text),
    };
    found
        .and_then(|value| secret(&value))
        .ok_or_else(|| cannot("the answer does not hold what is looked for"))
}

fn cannot(why: &str) -> CannotAsk {
    CannotAsk(why.to_owned())
}

fn secret(value: &str) -> Option<Secret> {
    (!value.is_empty()).then(|| Secret::new(value.as_bytes()))
}

#[expect(clippy::disallowed_methods, reason = "the reply is read here")]
fn json(reply: &Reply) -> Result<Value, CannotAsk> {
    if reply.is_cut {
        return Err(cannot("the answer broke off"));
    }
    serde_json::from_slice(reply.body.expose()).map_err(|_| cannot("the answer is no JSON"))
}

/// Words and numbers; anything else is none.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A template with inputs in it, for comparing.
#[expect(clippy::disallowed_methods, reason = "compared with what the provider lists, and dropped")]
fn filled(template: &str, inputs: &Inputs) -> Result<String, CannotAsk> {
    let mut out = String::new();
    for piece in pieces(template).map_err(CannotAsk)? {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Input(name) => {
                let value = inputs.get(name).ok_or_else(|| CannotAsk(format!("{name} is not known")))?;
                out.push_str(&String::from_utf8_lossy(value.expose()));
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(body: &str) -> Reply {
        let headers = vec![("x-id".to_owned(), "h1".to_owned())];
        Reply { status: 200, headers, body: Secret::new(body.as_bytes()), is_cut: false }
    }

    fn entry() -> Take {
        toml::from_str::<std::collections::BTreeMap<String, Take>>(
            "a = { list = '/items', where = { '/token' = '{secret}' }, get = '/id' }",
        )
        .unwrap()
        .remove("a")
        .unwrap()
    }

    #[test]
    fn pointers_headers_and_the_one_entry_that_fits() {
        let mut inputs = Inputs::default();
        inputs.set("secret", Secret::new(b"t-2"));
        let found = |what: &Take, body: &str| take(what, &reply(body), &inputs);
        assert_eq!(found(&Take::At("/a/0".to_owned()), r#"{"a": [17]}"#).unwrap(), Secret::new(b"17"));
        assert_eq!(found(&Take::At("header:X-Id".to_owned()), "").unwrap(), Secret::new(b"h1"));
        assert!(found(&Take::At("/a".to_owned()), r#"{"a": null}"#).is_err());
        assert!(found(&Take::At("/a".to_owned()), "<html>").is_err());

        let list = r#"{"items": [{"id": "1", "token": "t-1"}, {"id": "2", "token": "t-2"}]}"#;
        assert_eq!(found(&entry(), list).unwrap(), Secret::new(b"2"));
        let twice = r#"{"items": [{"id": "1", "token": "t-2"}, {"id": "2", "token": "t-2"}]}"#;
        assert!(found(&entry(), twice).unwrap_err().to_string().contains("not guessed"));
        assert!(found(&entry(), r#"{"items": []}"#).is_err());
        assert!(found(&entry(), r#"{"items": 3}"#).is_err());
    }
}
