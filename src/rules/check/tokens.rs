//! Tokens whose structure their issuers tell: GitHub, GitLab, AWS, and JSON Web Tokens.

use super::{Outcome, certain, checksum, decode, fact, holds};

pub(super) fn crc_tail_holds(body: &[u8]) -> bool {
    let Some(at) = body.len().checked_sub(6) else { return false };
    checksum::crc32_base62(&body[..at]).as_bytes() == &body[at..]
}

pub(super) fn github(secret: &[u8]) -> Outcome {
    // The checksum's input in fine-grained tokens is not published, and the newest installation tokens are JWTs.
    let prefixes: [&[u8]; 5] = [b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"];
    match prefixes.iter().find_map(|prefix| secret.strip_prefix(*prefix)) {
        Some(body) if body.iter().all(u8::is_ascii_alphanumeric) => {
            certain(crc_tail_holds(body), "the CRC-32 at its end does not agree")
        }
        // `ghs_`, the number of the app, and a JWT.
        Some(body) if body.contains(&b'.') => {
            let start = body.iter().position(|b| *b == b'_').map_or(0, |at| at + 1);
            jwt(&body[start..])
        }
        _ => holds(),
    }
}

pub(super) fn gitlab_routable(secret: &[u8]) -> Outcome {
    let Some(dot) = secret.iter().rposition(|b| *b == b'.') else { return holds() };
    let Some(crc_at) = secret.len().checked_sub(7).filter(|at| *at >= dot + 3) else { return holds() };
    let crc_holds = checksum::crc32_base36(&secret[..crc_at]).as_bytes() == &secret[crc_at..];
    let mut outcome = certain(crc_holds, "the CRC-32 at its end does not agree");
    let Some(dash) = secret.iter().position(|b| *b == b'-') else { return outcome };
    let payload_end = secret[dash..dot].iter().position(|b| *b == b'.').map_or(dot, |p| dash + p);
    let payload = &secret[dash + 1..payload_end];
    if crc_holds && !secret[dot + 1..].starts_with(checksum::length_base36(payload.len()).as_bytes()) {
        outcome = certain(false, "its payload does not have the length that it states");
    }
    for line in decode(payload).unwrap_or_default().split(|b| *b == b'\n') {
        let (name, value) = match line {
            [b'o', b':', rest @ ..] => ("organization", rest),
            [b'g', b':', rest @ ..] => ("group", rest),
            [b'p', b':', rest @ ..] => ("project", rest),
            [b'u', b':', rest @ ..] => ("user", rest),
            _ => continue,
        };
        if value.len() <= 20 && value.iter().all(u8::is_ascii_alphanumeric) {
            outcome.facts.push(fact(name, String::from_utf8_lossy(value)));
        }
    }
    outcome
}

/// What a key id tells: its kind, and its account in the base32 of the 16 characters behind it.
pub(super) fn aws_key_id(secret: &[u8]) -> Outcome {
    let mut outcome = holds();
    let Some((kind, body)) = secret.split_at_checked(4) else { return outcome };
    outcome.facts.push(fact(
        "kind",
        match kind {
            b"ASIA" => "temporary key (needs a session token)",
            b"ABIA" => "bearer token",
            b"ACCA" => "context-specific credential",
            _ => "long-lived key",
        },
    ));
    if !body.iter().take(16).all(|byte| base32_digit(*byte).is_some()) {
        return certain(false, "access key ids are base32: 0, 1, 8 and 9 do not occur");
    }
    outcome.facts.extend(aws_account(secret).map(|account| fact("account", account)));
    outcome
}

/// The account that an access key id names. Ids of before 2019, with `I` or `J` in their fifth place, name none.
pub(crate) fn aws_account(key_id: &[u8]) -> Option<String> {
    let body = key_id.get(4..).filter(|body| body.len() == 16 && !matches!(body[0], b'I' | b'J'))?;
    let mut bits: u128 = 0;
    for byte in body {
        bits = bits << 5 | u128::from(base32_digit(*byte)?);
    }
    let first_six = u64::try_from(bits >> 32).ok()?;
    let account = (first_six & 0x7fff_ffff_ff80) >> 7;
    (account < 1_000_000_000_000).then(|| format!("{account:012}"))
}

fn base32_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'2'..=b'7' => Some(byte - b'2' + 26),
        _ => None,
    }
}

pub(super) fn jwt(secret: &[u8]) -> Outcome {
    let mut parts = secret.split(|b| *b == b'.');
    let mut next_json = || {
        let bytes = decode(parts.next()?)?;
        serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&bytes).ok()
    };
    let (Some(header), Some(claims)) = (next_json(), next_json()) else {
        return certain(false, "its header and payload are not JSON");
    };
    let mut outcome = holds();
    if !header.contains_key("alg") {
        outcome = certain(false, "its header names no algorithm");
    }
    for (map, key, name) in [
        (&header, "alg", "algorithm"),
        (&claims, "iss", "issuer"),
        (&claims, "sub", "subject"),
        (&claims, "scope", "scopes"),
    ] {
        if let Some(text) = map.get(key).and_then(|v| v.as_str()) {
            outcome.facts.push(fact(name, text.chars().take(200).collect::<String>()));
        }
    }
    for (key, name) in [("iat", "issued"), ("exp", "expires")] {
        let seconds = claims.get(key).and_then(serde_json::Value::as_i64);
        if let Some(time) = seconds.and_then(|s| jiff::Timestamp::from_second(s).ok()) {
            outcome.facts.push(fact(name, time.to_string()));
        }
    }
    outcome
}
