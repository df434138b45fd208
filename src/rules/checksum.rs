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

/// Four bytes as one number, the first byte the highest, in base62: a `0` for each zero byte at the front, and `0` behind
/// it up to six digits.
pub(super) fn base62_of_bytes(bytes: [u8; 4]) -> String {
    let number = u32::from_be_bytes(bytes);
    let zeros = bytes.iter().take_while(|b| **b == 0).count().min(3);
    let width =
        (0..6).find(|width| 62_u64.pow(width + 1) > u64::from(number)).map_or(6, |width| width as usize + 1);
    format!("{:0<6}", format!("{}{}", "0".repeat(zeros), digits(number, BASE62, width)))
}

/// crates.io's short-lived tokens: all bytes of the random part by exclusive or, as one of `A-Za-z0-9`.
/// <https://github.com/rust-lang/crates.io/blob/main/crates/crates_io_trustpub/src/access_token.rs>
pub(super) fn xor_character(random: &[u8]) -> char {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let sum = random.iter().fold(0, |sum, byte| sum ^ byte);
    char::from(ALPHABET[usize::from(sum) % ALPHABET.len()])
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

const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Bech32: six characters behind the last `1`. <https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki>
pub(super) fn bech32_holds(text: &[u8]) -> bool {
    let text = text.to_ascii_lowercase();
    let Some(separator) = text.iter().rposition(|b| *b == b'1') else { return false };
    let digit = |b: &u8| BECH32.iter().position(|digit| digit == b).and_then(|at| u8::try_from(at).ok());
    let digits: Option<Vec<u8>> = text[separator + 1..].iter().map(digit).collect();
    digits.is_some_and(|digits| digits.len() >= 6 && bech32_sum(&text[..separator], &digits) == 1)
}

fn bech32_sum(prefix: &[u8], digits: &[u8]) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let prefix = prefix.iter().map(|b| b >> 5).chain([0]).chain(prefix.iter().map(|b| b & 31));
    prefix.chain(digits.iter().copied()).fold(1, |sum, value| {
        let next = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
        let bits = GENERATOR.iter().enumerate().filter(|(bit, _)| sum >> (25 + bit) & 1 == 1);
        bits.fold(next, |next, (_, generator)| next ^ generator)
    })
}

/// A text with this prefix, these bytes as digits, and the right checksum; upper case if the prefix is.
pub(super) fn with_bech32(prefix: &str, bytes: &[u8]) -> String {
    let mut digits: Vec<u8> = bytes.iter().map(|byte| byte & 31).collect();
    let sum = bech32_sum(prefix.to_ascii_lowercase().as_bytes(), &[&digits[..], &[0; 6]].concat()) ^ 1;
    digits.extend((0..6).map(|place| (sum >> (5 * (5 - place)) & 31).to_le_bytes()[0]));
    let body: String = digits.iter().map(|digit| char::from(BECH32[usize::from(*digit)])).collect();
    let is_upper = prefix.bytes().any(|b| b.is_ascii_uppercase());
    format!("{prefix}1{}", if is_upper { body.to_ascii_uppercase() } else { body })
}

/// `Base58Check`: the last four bytes are the first four of a double SHA-256 of the rest. These, without the checksum.
/// <https://en.bitcoin.it/wiki/Base58Check_encoding>
pub(super) fn base58check(text: &[u8]) -> Option<Vec<u8>> {
    // The arithmetic is quadratic, and no key is longer.
    let number = text.get(..text.len().min(128))?.iter().try_fold(Vec::new(), |number, digit| {
        let value = BASE58.iter().position(|known| known == digit)?;
        Some(times_plus(number, 58, 256, value))
    })?;
    let zeros = text.iter().take_while(|b| **b == b'1').map(|_| 0);
    let bytes: Vec<u8> = zeros.chain(number.into_iter().rev()).collect();
    let (body, sum) = bytes.split_last_chunk::<4>()?;
    (double_sha256(body) == *sum).then(|| body.to_vec())
}

/// The text for these bytes.
pub(super) fn with_base58check(body: &[u8]) -> String {
    let bytes = [body, &double_sha256(body)].concat();
    let number =
        bytes.iter().fold(Vec::new(), |number, byte| times_plus(number, 256, 58, usize::from(*byte)));
    let zeros = bytes.iter().take_while(|byte| **byte == 0).map(|_| 0);
    zeros.chain(number.into_iter().rev()).map(|digit: u8| char::from(BASE58[usize::from(digit)])).collect()
}

/// `number * factor + value`, the number being little-endian digits of `base`, at most 256.
fn times_plus(mut number: Vec<u8>, factor: usize, base: usize, value: usize) -> Vec<u8> {
    let mut carry = value;
    for digit in &mut number {
        carry += factor * usize::from(*digit);
        *digit = (carry % base).to_le_bytes()[0];
        carry /= base;
    }
    while carry > 0 {
        number.push((carry % base).to_le_bytes()[0]);
        carry /= base;
    }
    number
}

fn double_sha256(bytes: &[u8]) -> [u8; 4] {
    use sha2::{Digest as _, Sha256};
    let hash = Sha256::digest(Sha256::digest(bytes));
    [hash[0], hash[1], hash[2], hash[3]]
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
        assert_eq!(base62_of_bytes([0, 0, 0, 61]), "000z00");
        assert_eq!(base62_of_bytes([0xff; 4]), "4gfFC3");
        // The issuer's own test value.
        assert_eq!(xor_character(b"gGK6jurSwKyl9V3Az19z7YEFQI9aoOO"), 'd');
        assert_eq!(crc32_base62(b"").len(), 6);
        assert_eq!(crc32_base62(b""), "000000");
    }

    #[test]
    fn bech32_as_in_the_standard() {
        for text in ["A12UEL5L", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"] {
            assert!(bech32_holds(text.as_bytes()), "{text}");
        }
        assert!(bech32_holds(with_bech32("AGE-SECRET-KEY-", &[7; 52]).as_bytes()));
        for text in ["A12UEL5M", "x1b4n0q5v", "1", "", "li1dgmt3"] {
            assert!(!bech32_holds(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn base58check_as_in_the_standard() {
        // The address of the first block, whose 20 bytes have been public ever since.
        let body = base58check(b"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa").unwrap();
        assert_eq!((body.len(), body[0], body[1]), (21, 0, 0x62));
        assert_eq!(base58check(b"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"), None);
        assert_eq!(base58check(b"0OIl"), None);
        assert_eq!(with_base58check(&body), "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa");
    }
}
