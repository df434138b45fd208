//! Checksum arithmetic of token formats. Pure functions of the token's text.

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

fn digits(mut number: u32, alphabet: &[u8], width: usize) -> String {
    let base = u32::try_from(alphabet.len()).unwrap_or(62);
    let mut text = vec![alphabet[0]; width];
    for place in text.iter_mut().rev() {
        *place = alphabet[(number % base) as usize];
        number /= base;
    }
    text.into_iter().map(char::from).collect()
}

/// GitHub and npm: CRC-32 (IEEE) of the random part, base62 with digits `0-9A-Za-z`, padded to six.
/// <https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/>
pub(super) fn crc32_base62(random: &[u8]) -> String {
    digits(crc32fast::hash(random), BASE62, 6)
}

/// GitLab routable tokens: CRC-32 of everything before it, base36, padded to seven.
pub(super) fn crc32_base36(text: &[u8]) -> String {
    digits(crc32fast::hash(text), BASE36, 7)
}

/// A payload's length in two base36 digits.
pub(super) fn length_base36(length: usize) -> String {
    digits(u32::try_from(length).unwrap_or(u32::MAX), BASE36, 2)
}

/// Grafana: CRC-32 of prefix and secret, four bytes little-endian, lower-case hex.
pub(super) fn crc32_hex_le(text: &[u8]) -> String {
    crc32fast::hash(text).to_le_bytes().iter().fold(String::new(), |mut hex, byte| {
        use std::fmt::Write as _;
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Atlassian: CRC-32 of everything up to and including `=`, eight upper-case hex digits.
pub(super) fn crc32_hex_upper(text: &[u8]) -> String {
    format!("{:08X}", crc32fast::hash(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        // CRC-32/ISO-HDLC check value: "123456789" -> cbf43926.
        assert_eq!(crc32_hex_upper(b"123456789"), "CBF43926");
        assert_eq!(crc32_hex_le(b"123456789"), "2639f4cb");
        assert_eq!(crc32_base36(b"123456789"), "1kl8mjq");
        assert_eq!(length_base36(37), "11");
        assert_eq!(crc32_base62(b"").len(), 6);
        assert_eq!(crc32_base62(b""), "000000");
    }
}
