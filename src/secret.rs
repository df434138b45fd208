//! The credential bytes themselves, kept from every output.
//!
//! [`Secret`] masks itself in `Debug` and `Display`, is wiped when dropped, and has no `Serialize`. Its bytes leave
//! only through [`Secret::expose`], which clippy forbids outside the few places that say why they need it.

use std::fmt;

use zeroize::Zeroize as _;

/// A credential found in scanned bytes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Secret(Box<[u8]>);

/// A secret shorter than this shows none of its characters when masked.
const SHORTEST_SHOWN: usize = 16;
/// How many leading characters a masked secret shows at most.
const SHOWN: usize = 4;

impl Secret {
    /// Copies `bytes` into a buffer that is wiped on drop.
    pub fn new(bytes: &[u8]) -> Self {
        Secret(bytes.into())
    }

    /// What is masked like this: the first characters of a secret that nobody knows any more. `None` if `text` is nothing
    /// that [`Secret::masked`] says.
    pub(crate) fn of_masked(text: &str) -> Option<Self> {
        let unknown =
            |length: usize| text.bytes().chain(std::iter::repeat(b'*')).take(length).collect::<Vec<u8>>();
        [0, SHORTEST_SHOWN]
            .into_iter()
            .map(|shortest| Secret(unknown(shortest.max(text.len())).into()))
            .find(|secret| secret.masked() == text)
    }

    /// The raw bytes. Every caller says why in an `#[expect(clippy::disallowed_methods)]`.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True for the empty secret, which no rule produces.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What may be shown: at most four leading characters, none of a short secret, and never the length.
    pub fn masked(&self) -> String {
        mask(&self.0)
    }
}

/// Masks `bytes` the way [`Secret::masked`] does.
pub(crate) fn mask(bytes: &[u8]) -> String {
    let shown = if bytes.len() < SHORTEST_SHOWN { 0 } else { SHOWN };
    let mut text: String =
        bytes[..shown].iter().map(|b| if b.is_ascii_graphic() { *b as char } else { '*' }).collect();
    text.push_str("********");
    text
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.masked())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_in_every_rendering() {
        let secret = Secret::new(b"abcdefghijklmnopqrstuvwxyz");
        for text in
            [format!("{secret}"), format!("{secret:?}"), format!("{:#?}", Some(&secret)), secret.masked()]
        {
            assert!(text.contains("abcd****"), "{text}");
            assert!(!text.contains("abcde"), "{text}");
        }
    }

    #[test]
    fn what_was_masked_is_masked_alike() {
        for secret in [&b"abcdefghijklmnopqrstuvwxyz"[..], b"hunter2", b"\x1b[31mred-red-red-red", b""] {
            let masked = Secret::new(secret).masked();
            assert_eq!(Secret::of_masked(&masked).unwrap().masked(), masked);
        }
        for text in ["", "abcd", "abcdefgh********", "*******", "\n\n\n\n********"] {
            assert!(Secret::of_masked(text).is_none(), "{text}");
        }
    }

    #[test]
    fn short_secrets_and_control_bytes_show_nothing() {
        assert_eq!(Secret::new(b"hunter2hunter2x").masked(), "********");
        assert_eq!(Secret::new(b"\x1b[31mred-red-red-red").masked(), "*[31********");
    }
}
