//! What formats say of a rule. Rules may come from the user, so every text may be empty.

use super::text::one_line;
use crate::rules::Rule;

/// What a person calls the credential.
pub(super) fn title(rule: &Rule) -> String {
    given(&rule.name).unwrap_or_else(|| one_line(&rule.id))
}

/// What it opens.
pub(super) fn opens(rule: &Rule) -> String {
    given(&rule.description).unwrap_or_else(|| title(rule))
}

/// What to do now.
pub(super) fn remediation(rule: &Rule) -> String {
    given(&rule.remediation).unwrap_or_else(|| "Revoke it where it was issued, then replace it.".into())
}

/// Where one can read about it.
pub(super) fn links(rule: &Rule) -> impl Iterator<Item = &str> {
    rule.references.iter().map(String::as_str).filter(|text| is_link(text))
}

/// A text on one line, unless it is empty.
pub(super) fn given(text: &str) -> Option<String> {
    Some(one_line(text)).filter(|text| !text.is_empty())
}

/// Whether a reference is a web address that needs no escaping in a URI field or between `<` and `>`.
pub(super) fn is_link(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_is_plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'));
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~/?#@!$&'()*+,;=:".contains(&b);
    host.starts_with(|c: char| c.is_ascii_alphanumeric()) && host_is_plain && rest.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_web_addresses_are_links() {
        for text in [
            "https://",
            "https:///x",
            "https://a b",
            "https://a/<b>",
            "javascript:x",
            "https://[::1/",
            "https://a/%zz",
        ] {
            assert!(!is_link(text), "{text}");
        }
        assert!(is_link("https://docs.github.com/en/rest#a"));
    }
}
