//! Paths as exact, relative URI references.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::Report;

/// What the empty path is called: an empty reference would mean the report itself.
const UNNAMED: &str = "unnamed";

/// What need not be encoded anywhere in a path (RFC 3986, "unreserved"), and the separator.
pub(super) const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A repository path as a relative URI reference: the raw bytes, percent-encoded; masked if it holds a secret.
///
/// No name can make it an absolute URI, a network path or one that climbs.
pub(crate) fn of(report: &Report, path: &[u8]) -> String {
    let masked = report.redactor.path_holds_secret(path).then(|| report.redactor.show_path(path));
    let path = masked.as_ref().map_or(path, String::as_bytes);
    if path.is_empty() {
        return UNNAMED.into();
    }
    let encoded = percent_encode(path, ENCODED).to_string();
    let segment = |segment: &str| match segment {
        "." | ".." => segment.replace('.', "%2E"),
        _ => segment.to_owned(),
    };
    let encoded = encoded.split('/').map(segment).collect::<Vec<_>>().join("/");
    match encoded.strip_prefix('/') {
        Some(rest) => format!("%2F{rest}"),
        None => encoded,
    }
}

/// The path that a reference is of.
pub(super) fn decode(uri: &str, shown: &str) -> Vec<u8> {
    if uri == UNNAMED && shown.is_empty() { Vec::new() } else { percent_decode_str(uri).collect() }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{self, ODD_PATHS};
    use super::*;

    #[test]
    fn odd_paths_become_relative_uris_that_decode_to_them() {
        let report = fixture::report(Vec::new(), Vec::new());
        for (path, expected) in ODD_PATHS {
            let uri = of(&report, path);
            assert_eq!(uri, expected);
            assert_eq!(decode(&uri, "shown"), path);
        }
        assert_eq!(of(&report, b""), "unnamed");
        assert_eq!((decode("unnamed", ""), decode("unnamed", "unnamed")), (Vec::new(), b"unnamed".to_vec()));
    }

    #[test]
    fn a_path_that_holds_a_secret_is_masked() {
        let report = fixture::odd_report();
        let path = [b"a b/", &fixture::secret(0)[..], b".txt"].concat();
        assert_eq!(of(&report, &path), "a%20b/fxt_%2A%2A%2A%2A%2A%2A%2A%2A.txt");
    }
}
