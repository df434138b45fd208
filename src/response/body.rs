//! What a reply's body is: told by its bytes, and by what the provider calls it.

use serde_json::Value;

use super::call::Reply;

/// A body, read.
#[derive(Debug, PartialEq)]
pub(super) enum Body {
    /// None, or white space.
    Empty,
    /// JSON, whole.
    Json(Value),
    /// A page: from something in between, or from a website in the provider's place.
    Html,
    /// It is to be JSON and cannot be read, or it broke off.
    Broken,
    /// Anything else.
    Text,
}

impl Body {
    /// Reads it.
    #[expect(clippy::disallowed_methods, reason = "what a reply means stands in its bytes")]
    pub(super) fn of(reply: &Reply) -> Self {
        let bytes = bytes(reply.body.expose());
        let kind = reply.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let is_page = looks_like_page(bytes);
        if bytes.is_empty() {
            return if reply.is_cut { Body::Broken } else { Body::Empty };
        }
        // Depth is bounded by the reader: 128.
        if !is_page && let Ok(value) = serde_json::from_slice(bytes) {
            // Some providers call JSON HTML; a page calls nothing else so.
            return match value {
                value @ (Value::Object(_) | Value::Array(_)) => Body::Json(value),
                _ if is_html(&kind) => Body::Html,
                // A number or a word may be the beginning of a longer one.
                _ if reply.is_cut => Body::Broken,
                value => Body::Json(value),
            };
        }
        if is_page || is_html(&kind) {
            Body::Html
        } else if reply.is_cut || kind.contains("json") || matches!(bytes[0], b'{' | b'[') {
            Body::Broken
        } else {
            Body::Text
        }
    }

    /// An object or a list.
    pub(super) fn is_structure(&self) -> bool {
        matches!(self, Body::Json(Value::Object(_) | Value::Array(_)))
    }

    /// What stands at a JSON pointer, other than null.
    pub(super) fn at(&self, pointer: &str) -> Option<&Value> {
        match self {
            Body::Json(value) => value.pointer(pointer).filter(|value| !value.is_null()),
            _ => None,
        }
    }
}

fn is_html(kind: &str) -> bool {
    kind.contains("text/html") || kind.contains("xhtml")
}

/// Without a byte order mark and white space around.
fn bytes(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii()
}

/// Pages begin like this, behind comments, white space and an XML declaration.
fn looks_like_page(mut bytes: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 8] =
        [b"<!doctype html", b"<html", b"<head", b"<body", b"<title", b"<meta", b"<script", b"<center"];
    loop {
        bytes = bytes.trim_ascii_start();
        let end: &[u8] = if bytes.starts_with(b"<!--") {
            b"-->"
        } else if bytes.starts_with(b"<?xml") {
            b"?>"
        } else {
            break;
        };
        let Some(at) = memchr::memmem::find(bytes, end) else { return false };
        bytes = &bytes[at + end.len()..];
    }
    BEGINNINGS
        .iter()
        .any(|start| bytes.get(..start.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(start)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn body(kind: &str, text: &str, is_cut: bool) -> Body {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        Body::of(&Reply { status: 200, headers, body: Secret::new(text.as_bytes()), is_cut })
    }

    #[test]
    fn kinds_are_told_by_bytes_first() {
        let json = "application/json; charset=utf-8";
        assert_eq!(body(json, " \n ", false), Body::Empty);
        assert_eq!(body(json, "", true), Body::Broken);
        assert!(body(json, "\u{feff}{\n  \"a\" : 1,\n \"a\": 2}", false).is_structure());
        assert!(body("text/html", "[]", false).is_structure());
        assert_eq!(body(json, "{\"a\": tru", false), Body::Broken);
        assert_eq!(body("", "{\"a\": tru", true), Body::Broken);
        assert_eq!(body("text/plain", "invalid key", false), Body::Text);
        assert_eq!(body("text/plain", "invalid k", true), Body::Broken);
        assert_eq!(body("text/html", "invalid key", false), Body::Html);
        for page in ["<!DOCTYPE HTML><p>", "<!-- a --><?xml version='1'?>\n<HTML>", "<html", "\n<head>"] {
            assert_eq!(body(json, page, false), Body::Html, "{page}");
        }
        assert_eq!(body("text/xml", "<?xml version='1'?><Error/>", false), Body::Text);
        assert_eq!(body(json, &"[".repeat(100_000), false), Body::Broken);
        assert_eq!(body("", &format!("{}{}", "[".repeat(5000), "]".repeat(5000)), false), Body::Broken);
    }
}
