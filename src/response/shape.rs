//! Values that are made up: of the shape of a real one, and known to nobody.

use crate::secret::Secret;

/// Bits that must be drawn, so that nobody has such a value.
const LEAST_BITS: u32 = 56;
/// A mark in front ends within so many bytes.
const LONGEST_MARK: usize = 12;

/// A value of the same shape: its mark, its length, and a character of the same kind in each place. `None` if too little of
/// it could be drawn, or if it is no plain text.
#[expect(
    clippy::disallowed_methods,
    reason = "the shape is taken from the secret itself, which is not part of the result"
)]
pub(super) fn made_up(secret: &Secret) -> Option<Secret> {
    let bytes = secret.expose();
    if !bytes.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    [mark(bytes), 0].into_iter().find_map(|mark| behind(bytes, mark))
}

/// The same, with so many bytes of the mark.
fn behind(bytes: &[u8], mark: usize) -> Option<Secret> {
    let (mark, rest) = bytes.split_at(mark);
    let has_letter = rest.iter().any(u8::is_ascii_alphabetic);
    let is_hex = |alphabet: &[u8]| rest.iter().all(|b| alphabet.contains(b) || !b.is_ascii_alphanumeric());
    let alphabets = [&b"0123456789abcdef"[..], b"0123456789ABCDEF"];
    let hex = alphabets.into_iter().find(|alphabet| has_letter && is_hex(alphabet));
    let mut random = zeroize::Zeroizing::new(vec![0; rest.len()]);
    getrandom::fill(&mut random).ok()?;
    let mut made = zeroize::Zeroizing::new(Vec::with_capacity(bytes.len()));
    made.extend_from_slice(mark);
    let mut bits = 0;
    for (byte, random) in rest.iter().zip(random.iter()) {
        let alphabet = match (byte, hex) {
            (b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z', Some(hex)) => hex,
            (b'0'..=b'9', _) => b"0123456789",
            (b'a'..=b'z', _) => b"abcdefghijklmnopqrstuvwxyz",
            (b'A'..=b'Z', _) => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            _ => std::slice::from_ref(byte),
        };
        bits += alphabet.len().ilog2();
        made.push(alphabet[usize::from(*random) % alphabet.len()]);
    }
    (bits >= LEAST_BITS && **made != *bytes).then(|| Secret::new(&made))
}

/// How long what all values of the kind begin with may be: words of one case, each with a sign behind it.
fn mark(bytes: &[u8]) -> usize {
    let mut end = 0;
    let mut start = 0;
    for (at, byte) in bytes.iter().take(LONGEST_MARK).enumerate() {
        if !b"_-.:".contains(byte) {
            continue;
        }
        let word = &bytes[start..at];
        let has = |is: fn(&u8) -> bool| word.iter().any(is);
        if word.is_empty() || (has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase)) {
            break;
        }
        start = at + 1;
        end = start;
    }
    if end == 0 && bytes.len() >= 32 { 4 } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test compares shapes")]
    fn shapes_are_kept_and_values_are_not() {
        for text in [
            "acme_live_9fKx02LmQp47ZtRw81Bs",
            "0123456789abcdef0123456789abcdef",
            "AB-12345678901234567890123456",
        ] {
            let (secret, again) = (Secret::new(text.as_bytes()), Secret::new(text.as_bytes()));
            let (made, other) = (made_up(&secret).unwrap(), made_up(&again).unwrap());
            assert!(made != secret && made != other, "{text}");
            assert_eq!(made.len(), text.len());
            let kind = |b: &u8| (b.is_ascii_digit(), b.is_ascii_lowercase(), b.is_ascii_uppercase());
            let is_hex = text.starts_with("0123");
            for (a, b) in made.expose().iter().zip(text.as_bytes()) {
                assert!(kind(a) == kind(b) || (is_hex && a.is_ascii_hexdigit()), "{text}");
            }
        }
        let made = made_up(&Secret::new(b"acme_live_9fKx02LmQp47ZtRw81Bs")).unwrap();
        assert!(made.expose().starts_with(b"acme_live_"));
        for text in ["hunter2", "", "acme_123456", "pass word that is long enough, really", "ä"] {
            assert!(made_up(&Secret::new(text.as_bytes())).is_none(), "{text}");
        }
    }
}
