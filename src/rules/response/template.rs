//! Templates: text in which `{NAME}` stands for an input; `{{` and `}}` are braces.

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// As it is.
    Text(&'a str),
    /// The value of this input.
    Input(&'a str),
}

/// The parts of a template, in order.
///
/// # Errors
/// If a brace is not closed, or does not stand round a name.
pub(crate) fn pieces(template: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        if at > 0 {
            pieces.push(Piece::Text(&rest[..at]));
        }
        let (brace, behind) = rest[at..].split_at(1);
        if behind.starts_with(brace) {
            pieces.push(Piece::Text(brace));
            rest = &behind[1..];
            continue;
        }
        let name = behind.find('}').filter(|_| brace == "{").map(|end| &behind[..end]);
        let Some(name) = name.filter(|name| is_name(name)) else {
            return Err(format!("{template:?}: `{{NAME}}` is an input; a brace of its own is written twice"));
        };
        pieces.push(Piece::Input(name));
        rest = &behind[name.len() + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

/// Whether an input may be called so: lower-case letters, digits and `_`; in front a letter.
pub(crate) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The inputs that a template names. None if it is broken.
pub(crate) fn inputs(template: &str) -> impl Iterator<Item = &str> {
    let pieces = pieces(template).unwrap_or_default();
    pieces.into_iter().filter_map(|piece| match piece {
        Piece::Input(name) => Some(name),
        Piece::Text(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_braces() {
        let all = pieces("a{secret}/{{x}}{key_id}").unwrap();
        let [open, x, close] = [Piece::Text("{"), Piece::Text("x"), Piece::Text("}")];
        let [a, slash] = [Piece::Text("a"), Piece::Text("/")];
        assert_eq!(all, [a, Piece::Input("secret"), slash, open, x, close, Piece::Input("key_id")]);
        assert_eq!(inputs("a{secret}{b2}").collect::<Vec<_>>(), ["secret", "b2"]);
        for broken in ["{", "}", "{}", "a{b", "a}b", "{A}", "{a b}", "{\"a\":1}", "{_a}"] {
            assert!(pieces(broken).is_err(), "{broken}");
        }
    }
}
