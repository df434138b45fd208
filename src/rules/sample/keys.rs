//! Bytes with the structure of private keys. The numbers in them are random: they open nothing and are not even keys.

use super::Rng;

/// The bytes between the lines of a block with this label.
pub(super) fn body(label: &str, rng: &mut Rng) -> Vec<u8> {
    match label {
        "RSA PRIVATE KEY" => integers(9, 128, rng),
        "DSA PRIVATE KEY" => integers(6, 128, rng),
        "EC PRIVATE KEY" => {
            let curve = element(0xa0, &element(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]));
            sequence(&[element(0x02, &[1]), element(0x04, &rng.bytes(32)), curve])
        }
        "ENCRYPTED PRIVATE KEY" => {
            let scheme = sequence(&[element(0x06, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13])]);
            sequence(&[scheme, element(0x04, &rng.bytes(160))])
        }
        "OPENSSH PRIVATE KEY" => openssh(rng),
        // An old-format packet: secret key, version 4, a time, EdDSA.
        "PGP PRIVATE KEY BLOCK" => [&[0x95, 0x01, 0x2c, 4, 0x5f, 0, 0, 0, 22][..], &rng.bytes(294)].concat(),
        _ => {
            let seed = element(0x04, &element(0x04, &rng.bytes(32)));
            sequence(&[element(0x02, &[0]), sequence(&[element(0x06, &[0x2b, 0x65, 0x70])]), seed])
        }
    }
}

fn openssh(rng: &mut Rng) -> Vec<u8> {
    let string = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap_or(0).to_be_bytes(), bytes].concat();
    let public = [string(b"ssh-ed25519"), string(&rng.bytes(32))].concat();
    let private =
        [vec![7; 8], string(b"ssh-ed25519"), string(&rng.bytes(32)), string(&rng.bytes(64)), string(b"")];
    let one = 1u32.to_be_bytes();
    [
        b"openssh-key-v1\0".to_vec(),
        string(b"none"),
        string(b"none"),
        string(b""),
        one.to_vec(),
        string(&public),
        string(&private.concat()),
    ]
    .concat()
}

/// A version and large numbers.
fn integers(count: usize, size: usize, rng: &mut Rng) -> Vec<u8> {
    let mut parts = vec![element(0x02, &[0])];
    // Positive, and as long as it says.
    parts.extend((1..count).map(|_| element(0x02, &[&[0, 0xff][..], &rng.bytes(size - 1)].concat())));
    sequence(&parts)
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    let head = match (length, content.len()) {
        (_, 0..=127) => vec![tag, length[1]],
        (_, 128..=255) => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [head, content.to_vec()].concat()
}
