//! What a finding is known by in files that may be published: exact for its value, and of no use to whoever guesses.
//!
//! Of a credential that nobody can guess that is the fingerprint, a plain hash. A human password is *sealed*: hashed
//! with a salt of the file by a function that takes memory and time. So an identity survives every edit and rename, and
//! a changed password on the same line is another one. `docs/suppression.md` tells what a seal does not protect from.

use std::fmt::Write as _;

use argon2::{Algorithm, Argon2, Params, Version};
use hashbrown::HashMap;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::finding::Finding;
use crate::rules::{Rule, RuleSet};
use crate::secret::Secret;

/// KiB that one guess takes, and passes over them: the least that is recommended for stored passwords.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// What random bytes of a credential are worth is estimated; one below this many bits is sealed.
const GUESSABLE_BITS: f32 = 64.0;
/// Rules of other scanners do not say whether they find passwords.
const GUESSABLE_BITS_FOREIGN: f32 = 112.0;

/// Hex digits of an identity, after its three characters of kind.
const DIGITS: usize = 32;

/// What makes the same password another one in another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Salt([u8; 16]);

impl Salt {
    /// A new one, from the system's source of randomness.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Salt(bytes))
    }

    /// From 32 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        hex(text).map(Salt)
    }
}

impl std::fmt::Display for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Hex digits → bytes, if they are just as many.
pub(super) fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |d: u8| char::from(d).to_digit(16).and_then(|d| u8::try_from(d).ok());
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// Whether a text has the form of an identity: a fingerprint, or a seal.
pub fn is_identity(text: &str) -> bool {
    let digits = text.strip_prefix("v1:").or_else(|| text.strip_prefix("s1:"));
    digits.is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

/// Whether an identity is a seal, which means nothing without its salt.
pub fn is_seal(text: &str) -> bool {
    text.starts_with("s1:")
}

/// Whether a fast hash of the secret would be of use to whoever guesses.
fn is_guessable(rule: &Rule, secret: &[u8]) -> bool {
    let enough = if rule.is_foreign() { GUESSABLE_BITS_FOREIGN } else { GUESSABLE_BITS };
    rule.guessable || bits(secret) < enough
}

/// Shannon entropy of all its bytes together.
#[expect(clippy::cast_precision_loss, reason = "an estimate; secrets are short")]
fn bits(secret: &[u8]) -> f32 {
    let mut counts = [0u32; 256];
    secret.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let total = secret.len() as f32;
    counts.iter().filter(|n| **n > 0).map(|n| *n as f32 * (total / *n as f32).log2()).sum()
}

/// `s1:` and 128 bits that take [`MEMORY`] and [`PASSES`] to find out.
fn seal(salt: Salt, rule_id: &str, secret: &Secret) -> String {
    let mut slow = [0; 32];
    let params = Params::new(MEMORY, PASSES, 1, Some(slow.len())).expect("they are in range");
    #[expect(clippy::disallowed_methods, reason = "a seal is a function of the bytes")]
    let outcome = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
        secret.expose(),
        &salt.0,
        &mut slow,
    );
    outcome.expect("secrets are shorter than 4 GiB, and the salt is long enough");
    let mut hasher = Sha256::new();
    for part in [b"seal".as_slice(), rule_id.as_bytes(), &slow] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut text = String::from("s1:");
    for byte in &hasher.finalize()[..DIGITS / 2] {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The identities of findings.
#[derive(Debug, Default)]
pub struct Identities {
    /// By finding and salt.
    seals: HashMap<(usize, Salt), String>,
}

impl Identities {
    /// Works out the seals that these salts ask for, on all threads.
    pub fn new(findings: &[Finding], rules: &RuleSet, salts: &[Salt]) -> Self {
        Identities::of(findings, rules, salts, |_| true)
    }

    /// The same for some of them, by number.
    pub fn of(
        findings: &[Finding],
        rules: &RuleSet,
        salts: &[Salt],
        is_wanted: impl Fn(usize) -> bool,
    ) -> Self {
        if salts.is_empty() {
            return Identities::default();
        }
        #[expect(clippy::disallowed_methods, reason = "whether it can be guessed is a function of the bytes")]
        let guessable = |finding: &Finding| is_guessable(rules.get(finding.rule), finding.secret.expose());
        let wanted: Vec<(usize, Salt)> = findings
            .iter()
            .enumerate()
            .filter(|(number, finding)| is_wanted(*number) && guessable(finding))
            .flat_map(|(number, _)| salts.iter().map(move |salt| (number, *salt)))
            .collect();
        let sealed = |(number, salt): (usize, Salt)| {
            let finding = &findings[number];
            ((number, salt), seal(salt, &rules.get(finding.rule).id, &finding.secret))
        };
        Identities { seals: wanted.into_par_iter().map(sealed).collect::<Vec<_>>().into_iter().collect() }
    }

    /// Everything that the finding with this number may be known by under these salts. The fingerprint of a place is
    /// not among them, since another password may stand there.
    pub fn known_by<'a>(
        &'a self,
        number: usize,
        finding: &'a Finding,
        rule: &Rule,
        salts: &'a [Salt],
    ) -> impl Iterator<Item = &'a str> {
        let fingerprint = (!rule.guessable).then(|| finding.fingerprint.as_str());
        let seals = salts.iter().filter_map(move |salt| self.seals.get(&(number, *salt)));
        fingerprint.into_iter().chain(seals.map(String::as_str))
    }

    /// What to write into a file with this salt.
    pub fn to_write<'a>(&'a self, number: usize, finding: &'a Finding, salt: Salt) -> &'a str {
        self.seals.get(&(number, salt)).map_or(finding.fingerprint.as_str(), String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seals_hang_on_salt_rule_and_value() {
        let (one, other) = (Salt([1; 16]), Salt([2; 16]));
        let secret = Secret::new(b"tr0ub4dor");
        let sealed = seal(one, "rule", &secret);
        assert!(is_identity(&sealed) && is_seal(&sealed));
        assert_eq!(sealed, seal(one, "rule", &secret));
        assert_ne!(sealed, seal(other, "rule", &secret));
        assert_ne!(sealed, seal(one, "other", &secret));
        assert_ne!(sealed, seal(one, "rule", &Secret::new(b"tr0ub4dor2")));
    }

    #[test]
    fn salts_are_read_as_they_are_written() {
        let salt = Salt::random().unwrap();
        assert_eq!(Salt::parse(&salt.to_string()), Some(salt));
        assert_ne!(salt, Salt::random().unwrap());
        for text in ["", "00", "g0000000000000000000000000000000", "+1000000000000000000000000000000"] {
            assert_eq!(Salt::parse(text), None, "{text}");
        }
    }

    #[test]
    fn short_and_simple_values_are_guessable_whatever_the_rule_says() {
        assert!(bits(b"correct horse") < GUESSABLE_BITS);
        assert!(bits(b"00000000000000000000000000000000") < GUESSABLE_BITS);
        assert!(bits(b"correct-horse-battery-staple") < GUESSABLE_BITS_FOREIGN);
        assert!(bits(b"q7Zr2LxT9vKb4MnW8sYdEcHuJg") > GUESSABLE_BITS);
    }

    #[test]
    fn identities_have_one_form() {
        let digits = "0123456789abcdef0123456789abcdef";
        assert!(is_identity(&format!("v1:{digits}")));
        for text in
            [String::new(), digits.into(), format!("v2:{digits}"), format!("v1:{}", digits.to_uppercase())]
        {
            assert!(!is_identity(&text), "{text}");
        }
    }
}
