//! Azure's identifiable keys: a fixed signature and a Marvin32 checksum, whose seed tells the key's role.
//! <https://github.com/microsoft/security-utilities/blob/main/src/Microsoft.Security.Utilities.Core/IdentifiableSecrets.cs>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{Outcome, certain, checksum, decode, fact, holds, second_hand};

/// Seeds in use, and what each means.
type Seeds = [(&'static [u8; 8], &'static str)];

/// Signatures in base64 right before the checksum, with their seeds.
const KINDS: &[(&[u8; 4], &Seeds)] = &[
    (b"+ASt", &[(b"Default0", "storage account")]),
    (
        b"ACDb",
        &[
            (b"MastRW00", "master, read and write"),
            (b"MastRO00", "master, read only"),
            (b"SystRW00", "system, read and write"),
            (b"SystRO00", "system, read only"),
            (b"SysAll00", "system, all"),
            (b"Resour00", "resource"),
            (b"Encryp00", "data encryption"),
        ],
    ),
    (b"+ABa", &[(b"AbAcct00", "batch account")]),
    (b"AzFu", &[(b"Master00", "master"), (b"System00", "system"), (b"Functi00", "function")]),
    (b"AzSe", &[(b"PAdmin00", "admin"), (b"Query000", "query")]),
    (b"AzCa", &[(b"Access00", "cache access")]),
    (b"+ACR", &[(b"ACRDflt0", "container registry")]),
    (b"+AMC", &[(b"Classic0", "classic web service")]),
    (b"+SQL", &[(b"UsrPwd00", "user password")]),
    (b"AIoT", &[(b"IoTHub00", "hub"), (b"DpsKey00", "device provisioning"), (b"Device00", "device")]),
    (
        b"APIM",
        &[
            (b"Tenant00", "direct management"),
            (b"IoTHub00", "subscription"),
            (b"Gatewy00", "gateway"),
            (b"GitKey00", "repository"),
        ],
    ),
    (b"AZEG", &[(b"SendRecv", "send and receive")]),
    (b"+ASb", MESSAGING),
    (b"+AEh", MESSAGING),
    (b"+ARm", MESSAGING),
];

const MESSAGING: &Seeds = &[
    (b"Send0000", "send"),
    (b"Listen00", "listen"),
    (b"Manage00", "manage"),
    (b"System00", "system"),
    (b"Unknown0", "unknown"),
];

/// Characters of the checksum at the end, which share bits with what stands before.
const CHECKSUM: usize = 6;

pub(super) fn identifiable(secret: &[u8]) -> Outcome {
    let end = secret.iter().position(|b| matches!(b, b'=' | b'%')).unwrap_or(secret.len());
    let key = &secret[..end];
    let kind = key.len().checked_sub(CHECKSUM + 4).and_then(|at| {
        let signature = &key[at..at + 4];
        KINDS.iter().find(|(known, _)| *known == signature)
    });
    // Keys of other forms are not for this check to judge.
    let Some((_, seeds)) = kind else { return holds() };
    let bytes = decode(key).unwrap_or_default();
    let role = bytes.split_last_chunk::<4>().and_then(|(body, sum)| {
        let fits = |seed: &[u8; 8]| marvin32(body, u64::from_be_bytes(*seed)) == u32::from_le_bytes(*sum);
        seeds.iter().find(|(seed, _)| fits(seed))
    });
    let mut outcome = certain(role.is_some(), "the checksum at its end does not agree");
    if let Some((_, role)) = role {
        outcome.facts.push(fact("role", *role));
    }
    outcome
}

/// Characters of a common annotated key before its checksum.
const ANNOTATED_BODY: usize = 80;

/// Common annotated security keys: 60 bytes, and the start of their checksum in base62, or in base64 in the oldest ones.
/// <https://github.com/microsoft/security-utilities/blob/main/src/Microsoft.Security.Utilities.Core/IdentifiableSecrets.cs>
pub(super) fn annotated(secret: &[u8]) -> Outcome {
    let end = secret.iter().position(|b| *b == b'=').unwrap_or(secret.len());
    let Some((body, sum)) = secret[..end].split_at_checked(ANNOTATED_BODY) else { return holds() };
    let agrees = decode(body).is_some_and(|bytes| {
        let expected = annotated_sum(&bytes);
        expected.iter().any(|text| !sum.is_empty() && text.as_bytes().starts_with(sum))
    });
    // The maker's word, but not seen on keys of every service.
    second_hand(agrees, "the checksum at its end does not agree")
}

/// The checksum of the first 60 bytes, in both ways of writing it.
pub(in crate::rules) fn annotated_sum(body: &[u8]) -> [String; 2] {
    let bytes = marvin32(body, u64::from_be_bytes(*b"Default0")).to_le_bytes();
    [checksum::base62_of_bytes(bytes), STANDARD_NO_PAD.encode(bytes)]
}

/// <https://github.com/microsoft/SymCrypt/blob/main/lib/marvin32.c>, both halves folded into one.
pub(in crate::rules) fn marvin32(data: &[u8], seed: u64) -> u32 {
    let (low, high) = marvin(data, seed);
    low ^ high
}

fn marvin(data: &[u8], seed: u64) -> (u32, u32) {
    let bytes = seed.to_le_bytes();
    let half = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let mut state = (half(0), half(4));
    let mut block = |word: u32| {
        let (mut low, mut high) = (state.0.wrapping_add(word), state.1);
        high ^= low;
        low = low.rotate_left(20).wrapping_add(high);
        high = high.rotate_left(9) ^ low;
        low = low.rotate_left(27).wrapping_add(high);
        high = high.rotate_left(19);
        state = (low, high);
    };
    let (words, rest) = data.as_chunks::<4>();
    words.iter().for_each(|word| block(u32::from_le_bytes(*word)));
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    block(u32::from_le_bytes(last));
    block(0);
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Verdict;
    use crate::rules::sample::{Rng, sample_template};

    #[test]
    fn marvin_as_its_makers_test_it() {
        for (seed, text, expected) in [
            (0xd53c_d9ce_cd08_93b7, "abc", 0x22c7_4339_4927_69bf_u64),
            (0x0ddd_deee_efff_f000, "abcdefghijklmnopqrstuvwxyz", 0xa128_eb7e_7260_aca2),
        ] {
            let (low, high) = marvin(text.as_bytes(), seed);
            assert_eq!(u64::from(high) << 32 | u64::from(low), expected, "{text}");
        }
    }

    #[test]
    fn made_keys_tell_their_role() {
        for (template, role) in [
            ("{{@azure:64+AStDefault0}}", "storage account"),
            ("{{@azure:64ACDbMastRO00}}", "master, read only"),
            ("{{@azure:32+ASbListen00}}", "listen"),
        ] {
            let mut key = sample_template(template, &mut Rng::from_name("azure")).unwrap().into_bytes();
            let outcome = identifiable(&key);
            assert_eq!((outcome.verdict, &*outcome.facts[0].value), (Verdict::Passed, role));
            key[3] = if key[3] == b'A' { b'B' } else { b'A' };
            assert!(matches!(identifiable(&key).verdict, Verdict::Failed(_)), "{template}");
        }
        assert_eq!(identifiable(b"0123456789abcdef0123456789abcdef").verdict, Verdict::Passed);
    }

    #[test]
    fn annotated_keys_carry_a_checksum() {
        let mut key = sample_template("{{@azure-annotated:AAAAAZMP}}", &mut Rng::from_name("cask"))
            .unwrap()
            .into_bytes();
        assert_eq!((key.len(), annotated(&key).verdict), (84, Verdict::Passed));
        key[3] = if key[3] == b'A' { b'B' } else { b'A' };
        assert!(matches!(annotated(&key).verdict, Verdict::Failed(_)));
    }
}
