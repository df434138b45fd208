//! The signature of a webhook: HMAC-SHA256 over time and body, so that neither can be changed, nor sent again later.

use ring::hmac;

use crate::secret::Secret;

/// A shorter key can be guessed.
pub(super) const SHORTEST_KEY: usize = 16;

/// `v1=` and the HMAC in hexadecimal digits, of `TIMESTAMP.BODY`.
#[expect(
    clippy::disallowed_methods,
    reason = "what is signed are the bytes that are sent, with the key that signs"
)]
pub(super) fn signature(key: &Secret, timestamp: i64, body: &Secret) -> String {
    use std::fmt::Write as _;
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
    context.update(format!("{timestamp}.").as_bytes());
    context.update(body.expose());
    context.sign().as_ref().iter().fold("v1=".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
pub(super) mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// The same by RFC 2104, out of nothing but the hash.
    pub(in super::super) fn by_hand(key: &[u8], message: &[u8]) -> String {
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(key);
        let pad = |with: u8| block.map(|b| b ^ with).to_vec();
        let inner = Sha256::digest([&pad(0x36)[..], message].concat());
        let outer = Sha256::digest([&pad(0x5c)[..], &inner[..]].concat());
        crate::finding::ObjectName::from_bytes(&outer).unwrap().to_string()
    }

    #[test]
    fn it_is_that_of_the_standard() {
        // RFC 4231, test case 2.
        assert_eq!(
            by_hand(b"Jefe", b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let (key, body) = (Secret::new(b"a key that nobody guesses"), Secret::new(b"{\"a\":1}"));
        let expected = by_hand(b"a key that nobody guesses", b"1700000000.{\"a\":1}");
        assert_eq!(signature(&key, 1_700_000_000, &body), format!("v1={expected}"));
    }
}
