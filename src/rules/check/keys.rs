//! Private keys in their text forms: what kind, how large, behind a password or not.

use super::der::{self, Key};
use super::{Outcome, certain, decode, fact, holds};

/// The text between the first line and the last, without escapes of line breaks and whatever else a source file adds.
struct Block {
    label: String,
    /// `Proc-Type: 4,ENCRYPTED` and the like.
    headers: Vec<String>,
    body: Vec<u8>,
}

impl Block {
    fn read(secret: &[u8]) -> Option<Self> {
        let mut text = String::from_utf8_lossy(secret).into_owned();
        for escape in ["\\r", "\\n", "\\t"] {
            // Escaped once or several times: `\n`, `\\n`.
            text = text.replace(escape, "\n");
        }
        let mut parts = text.split("-----");
        let label = parts.nth(1)?.trim_start_matches("BEGIN").trim().to_owned();
        let (mut headers, mut body) = (Vec::new(), Vec::new());
        for line in parts.next()?.lines() {
            let line =
                line.trim_matches(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '/' | '='));
            if line.contains(": ") {
                headers.push(line.to_owned());
            } else if !line.starts_with('=') {
                // A line that begins with `=` is the checksum of an OpenPGP armour.
                body.extend(line.bytes().filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')));
            }
        }
        Some(Block { label, headers, body })
    }
}

/// A block with `-----BEGIN …-----`: parses as a private key?
pub(super) fn pem(secret: &[u8]) -> Outcome {
    let Some(block) = Block::read(secret) else {
        return certain(false, "there is no key between its first and last line");
    };
    // The smallest real one, an Ed25519 key in PKCS#8, has 64 characters.
    if block.body.len() < 48 {
        return certain(false, "there is no key between its first and last line");
    }
    let kind = block.label.trim_end_matches("PRIVATE KEY").trim_end_matches("PRIVATE KEY BLOCK").trim();
    let named = if kind.is_empty() { "PKCS#8" } else { kind };
    let locked = block.headers.iter().any(|line| line.contains("ENCRYPTED")) || kind == "ENCRYPTED";
    let bytes = decode(&block.body).unwrap_or_default();
    let mut outcome = holds();
    match kind {
        "OPENSSH" => return openssh(&bytes),
        "PGP" => return pgp(&bytes),
        _ if block.headers.iter().any(|line| line.contains("ENCRYPTED")) => {
            outcome.facts.push(fact("key-type", named));
        }
        "ENCRYPTED SIGSTORE" | "ENCRYPTED COSIGN" => outcome.facts.push(fact("key-type", "Cosign")),
        _ => match der::private_key(&bytes) {
            Some(Key::Encrypted) => {
                outcome.facts.push(fact("key-type", "PKCS#8"));
            }
            Some(key) => outcome.facts.push(fact("key-type", key.to_string())),
            None => {
                outcome = certain(false, "what is between its lines is no private key");
                outcome.facts.push(fact("key-type", named));
            }
        },
    }
    let locked = locked || kind.starts_with("ENCRYPTED");
    outcome.facts.push(fact("encrypted", if locked { "yes" } else { "no" }));
    outcome
}

/// A private key in DER and base64, without any line around it.
pub(super) fn base64_der(secret: &[u8]) -> Outcome {
    match decode(secret).as_deref().and_then(der::private_key) {
        Some(key) => {
            let mut outcome = holds();
            outcome.facts.push(fact("key-type", key.to_string()));
            outcome.facts.push(fact("encrypted", if key == Key::Encrypted { "yes" } else { "no" }));
            outcome
        }
        None => certain(false, "it is no private key"),
    }
}

const OPENSSH_MAGIC: &[u8] = b"openssh-key-v1\0";

/// <https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key>
fn openssh(bytes: &[u8]) -> Outcome {
    let read = || {
        let mut rest = bytes.strip_prefix(OPENSSH_MAGIC)?;
        let cipher = string(&mut rest)?;
        let _kdf = string(&mut rest)?;
        let _options = string(&mut rest)?;
        rest = rest.get(4..)?;
        let mut public = string(&mut rest)?;
        let kind = string(&mut public)?;
        let private = string(&mut rest)?;
        // Two equal numbers begin what is not encrypted.
        let sound = cipher != b"none" || (private.len() >= 8 && private[..4] == private[4..8]);
        sound.then(|| (cipher == b"none", String::from_utf8_lossy(kind).into_owned()))
    };
    let Some((clear, kind)) = read() else {
        let mut outcome = certain(false, "what is between its lines is no OpenSSH key");
        outcome.facts.push(fact("key-type", "OPENSSH"));
        return outcome;
    };
    let mut outcome = holds();
    outcome.facts.push(fact("key-type", kind));
    outcome.facts.push(fact("encrypted", if clear { "no" } else { "yes" }));
    outcome
}

/// A length in four bytes, then so many bytes.
fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (text, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *rest = after;
    Some(text)
}

/// The first packet of a transferable secret key. <https://www.rfc-editor.org/rfc/rfc9580#section-5.5.3>
fn pgp(bytes: &[u8]) -> Outcome {
    let read = || {
        let (head, rest) = bytes.split_first()?;
        let (tag, body) = match *head {
            new if new & 0xc0 == 0xc0 => {
                let skip = match *rest.first()? {
                    0..=191 => 1,
                    192..=223 => 2,
                    _ => 5,
                };
                (new & 0x3f, rest.get(skip..)?)
            }
            old if old & 0x80 != 0 => (old >> 2 & 0x0f, rest.get(1 << (old & 3).min(2)..)?),
            _ => return None,
        };
        let (version, rest) = body.split_first()?;
        let (created, rest) = rest.split_first_chunk::<4>()?;
        let is_key = matches!(tag, 5 | 7) && matches!(version, 4..=6);
        is_key.then(|| (i64::from(u32::from_be_bytes(*created)), rest.first().copied().unwrap_or(0)))
    };
    let Some((created, algorithm)) = read() else {
        let mut outcome = certain(false, "what is between its lines is no OpenPGP secret key");
        outcome.facts.push(fact("key-type", "PGP"));
        return outcome;
    };
    let mut outcome = holds();
    let name = match algorithm {
        1..=3 => "PGP, RSA",
        16 => "PGP, ElGamal",
        17 => "PGP, DSA",
        19 => "PGP, ECDSA",
        22 => "PGP, EdDSA",
        25 | 27 => "PGP, Ed25519 or X25519",
        _ => "PGP",
    };
    outcome.facts.push(fact("key-type", name));
    if let Ok(time) = jiff::Timestamp::from_second(created) {
        outcome.facts.push(fact("created", time.to_string()));
    }
    outcome
}

/// `PuTTY-User-Key-File-3: ssh-ed25519` and the lines behind it.
pub(super) fn putty(secret: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(secret).replace("\\r", "").replace("\\n", "\n");
    let value = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name)).map(str::trim);
    let mut outcome = certain(
        value("Private-Lines:").is_some(),
        "it has no private part: there is no line `Private-Lines:`",
    );
    if let Some(kind) = value("PuTTY-User-Key-File-2:").or_else(|| value("PuTTY-User-Key-File-3:")) {
        outcome.facts.push(fact("key-type", kind.chars().take(40).collect::<String>()));
    }
    if let Some(cipher) = value("Encryption:") {
        outcome.facts.push(fact("encrypted", if cipher == "none" { "no" } else { "yes" }));
    }
    outcome
}
