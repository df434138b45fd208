//! Just enough of DER to tell what kind of private key a text holds. Every length is checked.
//!
//! Formats: PKCS#1 (RFC 8017), SEC 1 (RFC 5915), PKCS#8 (RFC 5958), OpenSSL's DSA.

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// `[0]`, which holds the curve in SEC 1.
const FIRST: u8 = 0xa0;

/// What a private key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// RSA, with the bits of its modulus.
    Rsa(usize),
    /// DSA, with the bits of its prime.
    Dsa(usize),
    /// An elliptic curve, by name.
    Curve(String),
    /// PKCS#8 behind a password.
    Encrypted,
    /// PKCS#8 of an algorithm that is not known here, by object identifier.
    Other(String),
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Key::Rsa(bits) => write!(f, "RSA {bits}"),
            Key::Dsa(bits) => write!(f, "DSA {bits}"),
            Key::Curve(name) => f.write_str(name),
            Key::Encrypted => f.write_str("PKCS#8, encrypted"),
            Key::Other(oid) => write!(f, "PKCS#8, algorithm {oid}"),
        }
    }
}

/// The elements of a sequence.
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, rest) = self.0.split_first()?;
        let (first, mut rest) = rest.split_first()?;
        let mut length = usize::from(*first);
        if *first >= 0x80 {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 4 {
                return None;
            }
            let (digits, after) = rest.split_at_checked(count)?;
            length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
            rest = after;
        }
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, content))
    }

    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }
}

/// The private key that this is, whichever of the formats it has.
pub(super) fn private_key(der: &[u8]) -> Option<Key> {
    let whole = Elements(der).expect(SEQUENCE)?;
    pkcs8(whole).or_else(|| encrypted(whole)).or_else(|| sec1(whole, None)).or_else(|| integers(whole))
}

fn pkcs8(sequence: &[u8]) -> Option<Key> {
    let mut elements = Elements(sequence);
    let version = elements.expect(INTEGER)?;
    let mut algorithm = Elements(elements.expect(SEQUENCE)?);
    let key = elements.expect(OCTETS)?;
    if version.len() != 1 {
        return None;
    }
    let oid = dotted(algorithm.expect(OID)?);
    Some(match oid.as_str() {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => integers(Elements(key).expect(SEQUENCE)?)?,
        "1.2.840.10045.2.1" => {
            let curve = algorithm.expect(OID).map(dotted);
            sec1(Elements(key).expect(SEQUENCE)?, curve)?
        }
        "1.3.101.110" => Key::Curve("X25519".into()),
        "1.3.101.111" => Key::Curve("X448".into()),
        "1.3.101.112" => Key::Curve("Ed25519".into()),
        "1.3.101.113" => Key::Curve("Ed448".into()),
        "1.2.840.10040.4.1" => {
            let prime = Elements(algorithm.expect(SEQUENCE)?).expect(INTEGER)?;
            Key::Dsa(bits(prime))
        }
        _ => Key::Other(oid),
    })
}

fn encrypted(sequence: &[u8]) -> Option<Key> {
    let mut elements = Elements(sequence);
    Elements(elements.expect(SEQUENCE)?).expect(OID)?;
    elements.expect(OCTETS)?;
    Some(Key::Encrypted)
}

fn sec1(sequence: &[u8], curve: Option<String>) -> Option<Key> {
    let mut elements = Elements(sequence);
    let version = elements.expect(INTEGER)?;
    let key = elements.expect(OCTETS)?;
    if version != [1] || !(16..=80).contains(&key.len()) {
        return None;
    }
    let named = || Some(dotted(Elements(elements.expect(FIRST)?).expect(OID)?));
    let oid = curve.or_else(named);
    Some(Key::Curve(oid.map_or_else(|| format!("EC {}", 8 * key.len()), |oid| curve_name(&oid))))
}

/// PKCS#1 and DSA: a version and the numbers that make the key.
fn integers(sequence: &[u8]) -> Option<Key> {
    let mut elements = Elements(sequence);
    let version = elements.expect(INTEGER)?;
    let first = elements.expect(INTEGER)?;
    let mut count = 1;
    while elements.expect(INTEGER).is_some() {
        count += 1;
    }
    match count {
        _ if version.len() != 1 || bits(first) < 256 => None,
        5 => Some(Key::Dsa(bits(first))),
        8.. => Some(Key::Rsa(bits(first))),
        _ => None,
    }
}

fn bits(number: &[u8]) -> usize {
    let number = &number[number.iter().take_while(|byte| **byte == 0).count()..];
    number.first().map_or(0, |first| 8 * number.len() - first.leading_zeros() as usize)
}

fn dotted(oid: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut value = 0u64;
    for byte in oid {
        value = value.wrapping_shl(7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (value / 40).min(2);
                arcs.extend([first, value - 40 * first]);
            } else {
                arcs.push(value);
            }
            value = 0;
        }
    }
    arcs.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}

fn curve_name(oid: &str) -> String {
    match oid {
        "1.2.840.10045.3.1.7" => "EC P-256",
        "1.3.132.0.34" => "EC P-384",
        "1.3.132.0.35" => "EC P-521",
        "1.3.132.0.10" => "EC secp256k1",
        "1.3.132.0.33" => "EC P-224",
        "1.2.840.10045.3.1.1" => "EC P-192",
        _ => return format!("EC curve {oid}"),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &length[..], content].concat()
    }

    fn number(bytes: usize) -> Vec<u8> {
        element(INTEGER, &[&[0][..], &vec![0xff; bytes]].concat())
    }

    fn rsa(bytes: usize) -> Vec<u8> {
        let numbers = [vec![element(INTEGER, &[0])], (0..8).map(|_| number(bytes)).collect()].concat();
        element(SEQUENCE, &numbers.concat())
    }

    #[test]
    fn every_format_is_known() {
        assert_eq!(private_key(&rsa(256)), Some(Key::Rsa(2048)));
        let oid = element(OID, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]);
        let wrapped = [element(INTEGER, &[0]), element(SEQUENCE, &oid), element(OCTETS, &rsa(512))].concat();
        assert_eq!(private_key(&element(SEQUENCE, &wrapped)), Some(Key::Rsa(4096)));
        let ed25519 = [0x2b, 0x65, 0x70];
        let wrapped =
            [element(INTEGER, &[0]), element(SEQUENCE, &element(OID, &ed25519)), element(OCTETS, &[4; 34])]
                .concat();
        assert_eq!(private_key(&element(SEQUENCE, &wrapped)).unwrap().to_string(), "Ed25519");
        let p256 = element(OID, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]);
        let sec1 = [element(INTEGER, &[1]), element(OCTETS, &[7; 32]), element(FIRST, &p256)].concat();
        assert_eq!(private_key(&element(SEQUENCE, &sec1)).unwrap().to_string(), "EC P-256");
        let dsa = [vec![element(INTEGER, &[0])], (0..5).map(|_| number(128)).collect()].concat();
        assert_eq!(private_key(&element(SEQUENCE, &dsa.concat())), Some(Key::Dsa(1024)));
        let locked = [element(SEQUENCE, &oid), element(OCTETS, &[1; 64])].concat();
        assert_eq!(private_key(&element(SEQUENCE, &locked)), Some(Key::Encrypted));
        assert_eq!(private_key(&element(SEQUENCE, &number(256))), None);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(at in 0usize..1200, byte in 0u8..=255, cut in 0usize..1200) {
            let mut der = rsa(128);
            let at = at % der.len();
            der[at] = byte;
            der.truncate(cut);
            let _ = private_key(&der);
        }
    }
}
