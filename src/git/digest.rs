//! SHA-1 as Git knows it, for what other tools wrote down as such a hash.

/// The SHA-1 of some bytes; `None` for bytes that were made to collide.
pub(crate) fn sha1(bytes: &[u8]) -> Option<[u8; 20]> {
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    hasher.update(bytes);
    hasher.try_finalize().ok()?.as_bytes().try_into().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_known_one() {
        let digest = super::sha1(b"abc").unwrap();
        assert_eq!(digest[..4], [0xa9, 0x99, 0x3e, 0x36]);
    }
}
