//! Signed URLs: until when they open what they name.

use super::{Outcome, fact, holds};

/// AWS and Google sign the time and the lifetime in seconds: `X-Amz-Date`, `X-Amz-Expires`, `X-Goog-…`.
pub(super) fn presigned(secret: &[u8]) -> Outcome {
    let mut outcome = holds();
    let text = String::from_utf8_lossy(secret);
    let value = |names: [&str; 2]| names.iter().find_map(|name| parameter(&text, name));
    if let Some(credential) = value(["X-Amz-Credential", "X-Goog-Credential"]) {
        let credential = credential.replace("%2F", "/").replace("%2f", "/").replace("%40", "@");
        let owner = credential.split('/').next().unwrap_or_default();
        outcome.facts.push(fact("key-id", owner.chars().take(128).collect::<String>()));
    }
    let signed = value(["X-Amz-Date", "X-Goog-Date"]).and_then(|date| basic_time(&date));
    let lifetime = value(["X-Amz-Expires", "X-Goog-Expires"]).and_then(|seconds| seconds.parse::<i64>().ok());
    if let Some(expires) = signed.zip(lifetime).and_then(|(signed, lifetime)| {
        jiff::Timestamp::from_second(signed.as_second().checked_add(lifetime)?).ok()
    }) {
        outcome.facts.push(fact("expires", expires.to_string()));
    }
    outcome
}

/// A shared access signature of Azure Storage: `se` is its end, `sp` what it allows.
pub(super) fn azure_sas(secret: &[u8]) -> Outcome {
    let mut outcome = holds();
    let text = String::from_utf8_lossy(secret);
    if let Some(end) = parameter(&text, "se").map(|end| end.replace("%3A", ":").replace("%3a", ":")) {
        let day = end.parse::<jiff::civil::Date>().ok();
        let midnight =
            |day: jiff::civil::Date| day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|time| time.timestamp());
        if let Some(time) = end.parse::<jiff::Timestamp>().ok().or_else(|| midnight(day?)) {
            outcome.facts.push(fact("expires", time.to_string()));
        }
    }
    if let Some(rights) = parameter(&text, "sp").filter(|rights| rights.len() <= 16) {
        outcome.facts.push(fact("permissions", rights));
    }
    outcome
}

/// The value of a query parameter; case counts.
fn parameter(text: &str, name: &str) -> Option<String> {
    text.split(['?', '&', ';']).find_map(|part| {
        let value = part.trim_start_matches("amp;").strip_prefix(name)?.strip_prefix('=')?;
        Some(value.to_owned())
    })
}

/// `20240131T235959Z`.
fn basic_time(text: &str) -> Option<jiff::Timestamp> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
    let text = std::str::from_utf8(digits.get(..14)?).ok()?;
    let at = |from: usize, to: usize| &text[from..to];
    let (day, time) =
        ([at(0, 4), at(4, 6), at(6, 8)].join("-"), [at(8, 10), at(10, 12), at(12, 14)].join(":"));
    format!("{day}T{time}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(outcome: &Outcome) -> Vec<String> {
        outcome.facts.iter().map(|fact| format!("{}={}", fact.name, fact.value)).collect()
    }

    #[test]
    fn ends_of_signed_urls() {
        let url = b"X-Amz-Credential=KEYID%2F20240131%2Feu-west-1&X-Amz-Date=20240131T230000Z&X-Amz-Expires=3600&X-Amz-Signature=0";
        assert_eq!(facts(&presigned(url)), ["key-id=KEYID", "expires=2024-02-01T00:00:00Z"]);
        let sas = b"sv=2022-11-02&sp=rl&se=2030-01-01T00%3A00%3A00Z&sig=x";
        assert_eq!(facts(&azure_sas(sas)), ["expires=2030-01-01T00:00:00Z", "permissions=rl"]);
        assert_eq!(facts(&azure_sas(b"se=2030-01-01&sig=x")), ["expires=2030-01-01T00:00:00Z"]);
    }

    #[test]
    fn nonsense_says_nothing() {
        for text in [
            "",
            "X-Amz-Date=\u{e9}&X-Amz-Expires=9223372036854775807",
            "se=&sp=",
            "X-Goog-Date=99999999T999999Z",
        ] {
            assert!(
                presigned(text.as_bytes()).facts.len() + azure_sas(text.as_bytes()).facts.len() <= 1,
                "{text}"
            );
        }
    }
}
