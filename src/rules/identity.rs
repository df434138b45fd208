//! What a credential says about itself without any call, read out as its rule says: `[rules.identity]`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::check::{Outcome, decode};
use super::lazy::LazyRegex;
use crate::finding::{Confidence, Fact, Verdict};

/// How to read a credential. All parts are optional.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    /// An expression on the secret whose named groups are facts; the group `payload` is what is decoded.
    parts: Option<String>,
    /// An expression on the payload, decoded from base64; its named groups are facts.
    decoded: Option<String>,
    /// The payload is base64 of JSON: names of facts, and where they stand (RFC 6901).
    #[serde(default)]
    json: BTreeMap<String, String>,
    /// Texts inside the secret that tell something.
    #[serde(default)]
    marks: Vec<Mark>,
}

/// A text inside the secret that tells something.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Mark {
    text: String,
    name: String,
    value: String,
}

/// The `[rules.identity]` of a rule.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "Raw")]
pub(crate) struct Identity {
    /// Named groups of an expression on the secret are facts, but for `payload`: that is what is decoded.
    parts: Option<LazyRegex>,
    /// The same on the payload, which is base64; what does not fit was not made by the issuer.
    decoded: Option<LazyRegex>,
    /// Names of facts and where they stand in the payload, which is base64 of JSON (RFC 6901).
    json: BTreeMap<String, String>,
    marks: Vec<Mark>,
}

impl From<Raw> for Identity {
    fn from(raw: Raw) -> Self {
        let Raw { parts, decoded, json, marks } = raw;
        Identity { parts: parts.map(LazyRegex::new), decoded: decoded.map(LazyRegex::new), json, marks }
    }
}

/// The named group that is decoded.
const PAYLOAD: &str = "payload";
/// Longest fact, in characters.
const LONGEST_FACT: usize = 200;

impl Identity {
    /// Why it cannot be used, if so.
    pub(super) fn complaint(&self) -> Option<String> {
        let expressions = self.parts.iter().chain(&self.decoded);
        let broken = expressions.filter(|e| e.regex().is_none()).map(LazyRegex::text).next();
        let reads_nothing =
            self.parts.is_none() && self.decoded.is_none() && self.json.is_empty() && self.marks.is_empty();
        match broken {
            Some(text) => Some(format!("the expression {text:?} of `identity` does not compile")),
            None => reads_nothing.then(|| "`identity` is empty".to_owned()),
        }
    }

    /// Adds what the secret says of itself to what a check found out.
    pub(crate) fn read(&self, secret: &[u8], outcome: &mut Outcome) {
        let facts = &mut outcome.facts;
        let marks = self.marks.iter().filter(|mark| find(secret, mark.text.as_bytes()));
        facts.extend(marks.map(|mark| Fact { name: mark.name.clone().into(), value: mark.value.clone() }));
        let mut payload = secret;
        if let Some(groups) = self.parts.as_ref().and_then(|parts| parts.groups(secret)) {
            payload = groups.iter().find(|(name, _)| *name == PAYLOAD).map_or(payload, |(_, bytes)| bytes);
            facts.extend(groups.iter().filter(|(name, _)| *name != PAYLOAD).filter_map(|(n, b)| fact(n, b)));
        }
        if self.decoded.is_none() && self.json.is_empty() {
            return;
        }
        if self.read_payload(payload, facts).is_some() {
            if outcome.verdict == Verdict::NotChecked {
                outcome.verdict = Verdict::Passed;
            }
        } else if !matches!(outcome.verdict, Verdict::Failed(_)) {
            outcome.verdict = Verdict::Failed("it does not decode to what its issuer puts in".into());
            outcome.ceiling = outcome.ceiling.min(Confidence::Medium);
        }
    }

    /// `None` if the payload is not what it should be.
    fn read_payload(&self, payload: &[u8], facts: &mut Vec<Fact>) -> Option<()> {
        let decoded = decode(payload)?;
        if let Some(expression) = &self.decoded {
            facts.extend(expression.groups(&decoded)?.iter().filter_map(|(name, bytes)| fact(name, bytes)));
        }
        if !self.json.is_empty() {
            let value: serde_json::Value =
                serde_json::from_slice(&decoded).ok().filter(serde_json::Value::is_object)?;
            for (name, pointer) in &self.json {
                let text = match value.pointer(pointer) {
                    Some(serde_json::Value::String(text)) => text.clone(),
                    Some(other @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_))) => {
                        other.to_string()
                    }
                    _ => continue,
                };
                facts.extend(fact(name, text.as_bytes()));
            }
        }
        Some(())
    }
}

/// What check and identity of a rule say of a secret, and whether its time is over by now.
pub(super) fn examine(
    check: Option<super::check::Check>,
    identity: Option<&Identity>,
    secret: &[u8],
) -> Outcome {
    let mut outcome = match check {
        Some(check) => check.run(secret),
        None => Outcome { verdict: Verdict::NotChecked, ceiling: Confidence::High, facts: Vec::new() },
    };
    if let Some(identity) = identity {
        identity.read(secret, &mut outcome);
    }
    mark_expired(&mut outcome.facts);
    outcome
}

/// Says so where the credential itself says that its time is over.
fn mark_expired(facts: &mut Vec<Fact>) {
    let expires = facts.iter().find(|fact| fact.name == "expires");
    let time = expires.and_then(|fact| fact.value.parse::<jiff::Timestamp>().ok());
    if time.is_some_and(|time| time < jiff::Timestamp::now()) {
        facts.push(Fact { name: Cow::Borrowed("expired"), value: "yes".into() });
    }
}

fn find(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// A fact by the name of its group: the end of the name says how the value is to be read.
fn fact(name: &str, bytes: &[u8]) -> Option<Fact> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (name, value) = if let Some(name) = name.strip_suffix("_unix") {
        (name, time(text.parse().ok()?)?)
    } else if let Some(name) = name.strip_suffix("_unix_hex") {
        (name, time(i64::from_str_radix(text, 16).ok()?)?)
    } else if let Some(name) = name.strip_suffix("_snowflake") {
        // Milliseconds since 2015 in the upper bits. https://discord.com/developers/docs/reference#snowflakes
        (name, time(((text.parse::<i64>().ok()? >> 22) + 1_420_070_400_000) / 1000)?)
    } else if let Some(name) = name.strip_suffix("_ulid") {
        (name, time(i64::try_from(crockford(text.get(..10)?)? / 1000).ok()?)?)
    } else if let Some(name) = name.strip_suffix("_base64") {
        (name, String::from_utf8(decode(bytes)?).ok()?)
    } else {
        (name, text.to_owned())
    };
    let value: String = value.chars().take(LONGEST_FACT).collect();
    (!value.is_empty()).then(|| Fact { name: Cow::Owned(name.replace('_', "-")), value })
}

/// Zero stands for no time at all.
fn time(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().filter(|_| seconds > 0).map(|time| time.to_string())
}

/// Crockford's base32, of which a ULID's first ten characters are milliseconds. <https://github.com/ulid/spec>
fn crockford(text: &str) -> Option<u64> {
    let digit = |c: u8| b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".iter().position(|d| *d == c.to_ascii_uppercase());
    text.bytes().try_fold(0u64, |value, c| Some(value << 5 | digit(c)? as u64))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    fn read(toml: &str, secret: &str) -> Outcome {
        let identity: Identity = toml::from_str(toml).unwrap();
        assert_eq!(identity.complaint(), None);
        let mut outcome =
            Outcome { verdict: Verdict::NotChecked, ceiling: Confidence::High, facts: Vec::new() };
        identity.read(secret.as_bytes(), &mut outcome);
        outcome
    }

    fn facts(outcome: &Outcome) -> Vec<String> {
        outcome.facts.iter().map(|fact| format!("{}={}", fact.name, fact.value)).collect()
    }

    #[test]
    fn parts_and_marks() {
        let spec = r#"
            parts = '''^acme_(?:live|test)_(?<account_id>[a-z]{3})_(?<created_unix_hex>[0-9a-f]{8})'''
            marks = [{ text = "_live_", name = "mode", value = "live" }]
        "#;
        let outcome = read(spec, "acme_live_abc_5f000000xyz");
        assert_eq!(facts(&outcome), ["mode=live", "account-id=abc", "created=2020-07-04T04:05:20Z"]);
        assert_eq!(outcome.verdict, Verdict::NotChecked);
    }

    #[test]
    fn what_is_decoded_is_a_check() {
        let spec = r"decoded = '''^tok:(?<token_id>\d+):'''";
        let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let outcome = read(spec, &encode("tok:42:abcdef"));
        assert_eq!((facts(&outcome), outcome.verdict), (vec!["token-id=42".to_owned()], Verdict::Passed));
        for wrong in [encode("kot:42:abcdef"), "***".to_owned()] {
            let outcome = read(spec, &wrong);
            assert!(matches!(outcome.verdict, Verdict::Failed(_)) && outcome.ceiling == Confidence::Medium);
        }
    }

    #[test]
    fn json_in_a_payload() {
        let spec = r#"
            parts = '''^glc_(?<payload>.*)$'''
            json  = { organization = "/o", region = "/m/r", expires_unix = "/exp" }
        "#;
        let payload =
            base64::engine::general_purpose::STANDARD.encode(r#"{"o":"7","m":{"r":"eu"},"exp":1600000000}"#);
        let outcome = read(spec, &format!("glc_{payload}"));
        assert_eq!(facts(&outcome), ["expires=2020-09-13T12:26:40Z", "organization=7", "region=eu"]);
    }

    #[test]
    fn what_is_over_is_marked() {
        for (time, is_over) in [("2020-01-01T00:00:00Z", true), ("9000-01-01T00:00:00Z", false)] {
            let mut facts = vec![Fact { name: "expires".into(), value: time.into() }];
            mark_expired(&mut facts);
            assert_eq!(facts.len() == 2, is_over, "{time}");
        }
    }

    #[test]
    fn times_in_ids() {
        assert_eq!(fact("created_snowflake", b"175928847299117063").unwrap().value, "2016-04-30T11:18:25Z");
        assert_eq!(
            fact("created_ulid", b"01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap().value,
            "2016-07-30T23:54:10Z"
        );
        assert_eq!(fact("expires_unix", b"0"), None);
    }

    proptest::proptest! {
        #[test]
        fn hostile_values_do_no_harm(name in "[a-z]{1,3}(_unix|_unix_hex|_snowflake|_ulid|_base64)?", value in proptest::collection::vec(0u8..=255, 0..40)) {
            if let Some(fact) = fact(&name, &value) {
                proptest::prop_assert!(fact.value.chars().count() <= LONGEST_FACT);
            }
        }
    }
}
