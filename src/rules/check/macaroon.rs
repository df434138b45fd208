//! Macaroons of version 2: who issued them and what narrows them. <https://github.com/rescrv/libmacaroons/blob/master/doc/format.txt>

use super::{Outcome, certain, decode, fact, holds};

const LOCATION: u8 = 1;
const IDENTIFIER: u8 = 2;
const END: u8 = 0;

/// `pypi-` and a macaroon: location, identifier, caveats.
pub(super) fn pypi(secret: &[u8]) -> Outcome {
    let body = secret.strip_prefix(b"pypi-").unwrap_or(secret);
    let bytes = decode(body).unwrap_or_default();
    let Some(fields) = read(&bytes) else {
        return certain(false, "it is no macaroon");
    };
    let mut outcome = holds();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(200).collect::<String>();
    let mut caveats = Vec::new();
    for (number, (kind, value)) in fields.iter().enumerate() {
        match (*kind, number) {
            (LOCATION, 0) => outcome.facts.push(fact("location", text(value))),
            // Where the first identifier names the token, the later ones are its caveats.
            (IDENTIFIER, 0 | 1) => outcome.facts.push(fact("token-id", text(value))),
            (IDENTIFIER, _) => caveats.push(text(value)),
            _ => {}
        }
    }
    if !caveats.is_empty() {
        outcome.facts.push(fact("caveats", caveats.join(" ").chars().take(400).collect::<String>()));
    }
    outcome
}

/// Kinds and values of all fields.
fn read(bytes: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut rest = bytes.strip_prefix(&[2])?;
    let mut fields = Vec::new();
    while let Some((kind, after)) = rest.split_first() {
        rest = after;
        if *kind == END {
            continue;
        }
        let (length, after) = varint(rest)?;
        let (value, after) = after.split_at_checked(length)?;
        fields.push((*kind, value));
        rest = after;
    }
    fields.iter().any(|(kind, _)| *kind == IDENTIFIER).then_some(fields)
}

fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (place, byte) in bytes.iter().enumerate().take(4) {
        value |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[place + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;
    use crate::finding::Verdict;

    #[test]
    fn a_token_tells_its_issuer() {
        let field = |kind: u8, value: &[u8]| [&[kind, u8::try_from(value.len()).unwrap()], value].concat();
        let bytes = [
            vec![2],
            field(LOCATION, b"index.example"),
            field(IDENTIFIER, b"token-1"),
            vec![END],
            field(IDENTIFIER, b"[0,1,2]"),
            vec![END, END],
            field(6, &[7; 32]),
        ];
        let token =
            format!("pypi-{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes.concat()));
        let outcome = pypi(token.as_bytes());
        assert_eq!(outcome.verdict, Verdict::Passed);
        let facts: Vec<String> = outcome.facts.iter().map(|f| format!("{}={}", f.name, f.value)).collect();
        assert_eq!(facts, ["location=index.example", "token-id=token-1", "caveats=[0,1,2]"]);
        assert!(matches!(pypi(b"pypi-AgEIcHlwaS5vcmc").verdict, Verdict::Failed(_)));
    }
}
