//! Structure and checksum checks that rules refer to by name, and what a credential says about itself offline.
//!
//! A check never drops a finding: documentation and tests hold tokens with wrong checksums, and what is known of a
//! format is sometimes wrong. A failed check lowers the confidence, as far as the algorithm is certain.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

mod azure;
mod der;
mod keys;
mod macaroon;
mod tokens;
mod urls;

pub(crate) use tokens::aws_account;

pub(super) use azure::{annotated_sum, marvin32};

use super::checksum;
use crate::finding::{Confidence, Fact, Verdict};

/// A named check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// CRC-32 in base62 at the end of the 36-character forms.
    GithubCrc32,
    /// The same for `npm_`.
    NpmCrc32,
    /// Payload length and CRC-32 of routable tokens.
    GitlabRoutable,
    /// CRC-32 behind the last `_`.
    GrafanaCrc32,
    /// CRC-32 behind `=`.
    AtlassianCrc32,
    /// Account id in the access key id.
    AwsKeyId,
    /// Header and payload are JSON.
    Jwt,
    /// A block that parses as a private key.
    PemPrivateKey,
    /// A private part behind the public one.
    PuttyPrivateKey,
    /// A private key in DER, as base64.
    Base64Der,
    /// The macaroon of a package index.
    PypiMacaroon,
    /// When a URL signed by AWS or Google ends.
    PresignedUrl,
    /// When a shared access signature of Azure Storage ends.
    AzureSas,
    /// Signature and checksum of Azure's identifiable keys.
    AzureIdentifiable,
    /// Checksum of Azure's common annotated keys.
    AzureAnnotated,
    /// The last character of crates.io's short-lived tokens.
    CratesIo,
    /// Checksum of Bech32.
    Bech32,
    /// Checksum of `Base58Check`.
    Base58Check,
    /// Live or test.
    StripeMode,
    /// The token's body is base64 of JSON.
    Base64Json,
    /// The password of a URL.
    UrlCredentials,
}

/// What a check found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the structure holds.
    pub verdict: Verdict,
    /// The confidence is at most this.
    pub ceiling: Confidence,
    /// What the credential says about itself.
    pub facts: Vec<Fact>,
}

const TABLE: &[(&str, Check)] = &[
    ("github-crc32", Check::GithubCrc32),
    ("npm-crc32", Check::NpmCrc32),
    ("gitlab-routable", Check::GitlabRoutable),
    ("grafana-crc32", Check::GrafanaCrc32),
    ("atlassian-crc32", Check::AtlassianCrc32),
    ("aws-key-id", Check::AwsKeyId),
    ("jwt", Check::Jwt),
    ("pem-private-key", Check::PemPrivateKey),
    ("putty-private-key", Check::PuttyPrivateKey),
    ("base64-der", Check::Base64Der),
    ("pypi-macaroon", Check::PypiMacaroon),
    ("presigned-url", Check::PresignedUrl),
    ("azure-sas", Check::AzureSas),
    ("azure-identifiable", Check::AzureIdentifiable),
    ("azure-annotated", Check::AzureAnnotated),
    ("crates-io", Check::CratesIo),
    ("bech32", Check::Bech32),
    ("base58check", Check::Base58Check),
    ("stripe-mode", Check::StripeMode),
    ("base64-json", Check::Base64Json),
    ("url-credentials", Check::UrlCredentials),
];

impl Check {
    pub(super) fn by_name(name: &str) -> Option<Check> {
        TABLE.iter().find(|(known, _)| *known == name).map(|(_, check)| *check)
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|(name, _)| *name)
    }

    /// Looks at a secret. A pure function of its bytes.
    pub fn run(self, secret: &[u8]) -> Outcome {
        match self {
            Check::GithubCrc32 => tokens::github(secret),
            Check::NpmCrc32 => match secret.strip_prefix(b"npm_") {
                Some(body) => certain(tokens::crc_tail_holds(body), "the CRC-32 at its end does not agree"),
                None => holds(),
            },
            Check::GitlabRoutable => tokens::gitlab_routable(secret),
            Check::GrafanaCrc32 => match secret.iter().rposition(|b| *b == b'_') {
                Some(at) => certain(
                    secret[at + 1..].eq_ignore_ascii_case(checksum::crc32_hex_le(&secret[..at]).as_bytes()),
                    "the CRC-32 behind the last `_` does not agree",
                ),
                None => holds(),
            },
            Check::AtlassianCrc32 => match secret.iter().rposition(|b| *b == b'=') {
                Some(at) => second_hand(
                    secret[at + 1..] == *checksum::crc32_hex_upper(&secret[..=at]).as_bytes(),
                    "the CRC-32 behind `=` does not agree",
                ),
                None => holds(),
            },
            Check::AwsKeyId => tokens::aws_key_id(secret),
            Check::Jwt => tokens::jwt(secret),
            Check::PemPrivateKey => keys::pem(secret),
            Check::PuttyPrivateKey => keys::putty(secret),
            Check::Base64Der => keys::base64_der(secret),
            Check::PypiMacaroon => macaroon::pypi(secret),
            Check::PresignedUrl => urls::presigned(secret),
            Check::AzureSas => urls::azure_sas(secret),
            Check::AzureIdentifiable => azure::identifiable(secret),
            Check::AzureAnnotated => azure::annotated(secret),
            Check::CratesIo => certain(
                secret
                    .strip_prefix(b"cio_tp_")
                    .and_then(<[u8]>::split_last)
                    .is_some_and(|(last, random)| char::from(*last) == checksum::xor_character(random)),
                "the check character at its end does not agree",
            ),
            Check::Bech32 => {
                certain(checksum::bech32_holds(secret), "the Bech32 checksum at its end does not agree")
            }
            Check::Base58Check => certain(
                checksum::base58check(secret).is_some(),
                "the Base58Check checksum at its end does not agree",
            ),
            Check::StripeMode => stripe(secret),
            Check::Base64Json => base64_json(secret),
            Check::UrlCredentials => holds(),
        }
    }
}

fn holds() -> Outcome {
    Outcome { verdict: Verdict::Passed, ceiling: Confidence::High, facts: Vec::new() }
}

/// The algorithm is the vendor's own word or was verified on real samples: a failure means low.
fn certain(ok: bool, why: &'static str) -> Outcome {
    if ok {
        holds()
    } else {
        Outcome { verdict: Verdict::Failed(why.into()), ceiling: Confidence::Low, facts: Vec::new() }
    }
}

/// The algorithm is second-hand: a failure means medium.
fn second_hand(ok: bool, why: &'static str) -> Outcome {
    let mut outcome = certain(ok, why);
    outcome.ceiling = outcome.ceiling.max(Confidence::Medium);
    outcome
}

fn fact(name: &'static str, value: impl Into<String>) -> Fact {
    Fact { name: name.into(), value: value.into() }
}

fn stripe(secret: &[u8]) -> Outcome {
    let mut outcome = holds();
    let has = |word: &[u8]| secret.windows(word.len()).any(|w| w == word);
    if has(b"_live_") {
        outcome.facts.push(fact("mode", "live"));
    } else if has(b"_test_") {
        outcome.facts.push(fact("mode", "test"));
    }
    outcome
}

/// The longest tail behind a prefix delimiter that is base64 must decode to a JSON object.
fn base64_json(secret: &[u8]) -> Outcome {
    // `{"`, and `{` with a line break behind it.
    let start = secret.windows(2).position(|w| w == b"ey" || w == b"ew").unwrap_or(0);
    let body: Vec<u8> = secret[start..]
        .iter()
        .copied()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'='))
        .collect();
    // A truncated or followed-on body still begins like a JSON object.
    let whole = decode(&body).is_some_and(|bytes| bytes.first() == Some(&b'{'));
    let head = decode(&body[..body.len() / 4 * 4]).is_some_and(|bytes| bytes.first() == Some(&b'{'));
    certain(whole || head, "its body does not decode to JSON")
}

/// Base64 in either alphabet, with or without padding.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let url_safe = text.iter().any(|b| matches!(b, b'-' | b'_'));
    let alphabet = if url_safe { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    GeneralPurpose::new(alphabet, LENIENT).decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::{Rng, sample_template};

    fn sampled(template: &str) -> Vec<u8> {
        sample_template(template, &mut Rng::from_name("check")).unwrap().into_bytes()
    }

    #[test]
    fn checksums_agree_with_made_tokens_and_fail_on_a_changed_one() {
        for (check, template) in [
            (Check::GithubCrc32, "{{@github:ghp_}}"),
            (Check::NpmCrc32, "{{@npm}}"),
            (Check::GitlabRoutable, "{{@gitlab-routable:glpat-}}"),
            (Check::GrafanaCrc32, "{{@grafana}}"),
            (Check::AtlassianCrc32, "{{@atlassian}}"),
            (Check::CratesIo, "{{@crates-io}}"),
        ] {
            let mut token = sampled(template);
            assert_eq!(check.run(&token).verdict, Verdict::Passed, "{template}");
            let at = token.len() - 1;
            token[at] = if token[at] == b'0' { b'1' } else { b'0' };
            let outcome = check.run(&token);
            assert!(matches!(outcome.verdict, Verdict::Failed(_)), "{template}");
            assert!(outcome.ceiling < Confidence::High);
        }
    }

    #[test]
    fn account_id_from_a_documented_key_id() {
        // The worked example of the format's public description.
        let id = ["ASIA", "QNZGKIQY", "56JQ7WML"].concat();
        let outcome = Check::AwsKeyId.run(id.as_bytes());
        assert!(outcome.facts.contains(&fact("account", "029608264753")), "{:?}", outcome.facts);
    }

    #[test]
    fn jwt_facts() {
        let token = sampled("{{@jwt}}");
        let outcome = Check::Jwt.run(&token);
        assert_eq!(outcome.verdict, Verdict::Passed);
        let names: Vec<_> = outcome.facts.iter().map(|f| f.name.clone()).collect();
        assert_eq!(names, ["algorithm", "issuer", "subject", "issued", "expires"]);
        assert_eq!(Check::Jwt.run(b"eyJub3Q.eyJqc29u.abc").ceiling, Confidence::Low);
    }

    #[test]
    fn pem_bodies() {
        let key = sampled("{{@pem:RSA PRIVATE KEY}}");
        let outcome = Check::PemPrivateKey.run(&key);
        assert_eq!(outcome.verdict, Verdict::Passed);
        assert_eq!(outcome.facts, [fact("key-type", "RSA 1024"), fact("encrypted", "no")]);
        for (label, kind) in [
            ("EC PRIVATE KEY", "EC P-256"),
            ("PRIVATE KEY", "Ed25519"),
            ("DSA PRIVATE KEY", "DSA 1024"),
            ("OPENSSH PRIVATE KEY", "ssh-ed25519"),
            ("PGP PRIVATE KEY BLOCK", "PGP, EdDSA"),
            ("ENCRYPTED PRIVATE KEY", "PKCS#8"),
        ] {
            let key = sampled(&format!("{{{{@pem:{label}}}}}"));
            let outcome = Check::PemPrivateKey.run(&key);
            assert_eq!((outcome.verdict, &outcome.facts[0]), (Verdict::Passed, &fact("key-type", kind)));
            // In a string of some language, and quoted again.
            let escaped = String::from_utf8(key).unwrap().replace('\n', "\\n");
            assert_eq!(Check::PemPrivateKey.run(escaped.as_bytes()).verdict, Verdict::Passed);
        }
        let empty = ["-----BEGIN ", "PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"].concat();
        assert_eq!(Check::PemPrivateKey.run(empty.as_bytes()).ceiling, Confidence::Low);
    }
}
