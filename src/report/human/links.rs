//! Places that a click opens, on terminals that know OSC 8.
//!
//! <https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda>

use percent_encoding::percent_encode;

use super::super::uri::ENCODED;
use super::super::{LinkForm, Links, Report};
use super::path;
use crate::finding::{Occurrence, Provenance};

/// The line of a place, with a link to its file if there is one on this disk.
pub(super) fn add(report: &Report, place: &Occurrence, links: &Links, line: &str) -> String {
    let start = place.location.start;
    let shown = format!("{}:{}:{}", path(report, place), start.line, start.column);
    match (target(report, place, links), line.rsplit_once(&shown)) {
        (Some(uri), Some((before, after))) => {
            format!("{before}\u{1b}]8;;{uri}\u{1b}\\{shown}\u{1b}]8;;\u{1b}\\{after}")
        }
        _ => line.to_owned(),
    }
}

fn target(report: &Report, place: &Occurrence, links: &Links) -> Option<String> {
    let is_file = matches!(place.provenance, Provenance::Worktree | Provenance::Staged) || place.in_head;
    let is_plain = !place.path.is_empty() && !report.redactor.path_holds_secret(&place.path);
    if !is_file || !is_plain || !links.root.is_absolute() {
        return None;
    }
    // Nothing of a name is left that could end the link.
    let root =
        percent_encode(links.root.as_os_str().as_encoded_bytes(), ENCODED).to_string().replace("%5C", "/");
    let path = percent_encode(&place.path, ENCODED);
    // A drive's letter has no slash before it.
    let slash = if root.starts_with('/') { "" } else { "/" };
    let file = format!("{slash}{}/{path}", root.trim_end_matches('/'));
    let start = place.location.start;
    Some(match links.form {
        LinkForm::File => format!("file://{file}"),
        LinkForm::VsCode => format!("vscode://file{file}:{}:{}", start.line, start.column),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture;
    use super::*;

    fn line(root: &str, name: &[u8], form: LinkForm) -> String {
        let report = fixture::odd_report();
        let secret = fixture::secret(0);
        let mut place = fixture::occurrence(&secret, name, 12, fixture::commit(1, 0));
        place.in_head = true;
        let text = format!(" --> {}:12:10", path(&report, &place));
        add(&report, &place, &Links { form, root: root.into() }, &text)
    }

    #[test]
    fn a_place_of_a_file_is_a_link() {
        let linked = line("/home/a b", b"src/a.py", LinkForm::File);
        let expected = " --> \u{1b}]8;;file:///home/a%20b/src/a.py\u{1b}\\src/a.py:12:10\u{1b}]8;;\u{1b}\\";
        assert_eq!(linked, expected);
        let linked = line("/r", b"a.py", LinkForm::VsCode);
        assert!(linked.contains("vscode://file/r/a.py:12:10\u{1b}"), "{linked}");
    }

    #[test]
    fn no_name_ends_a_link() {
        let linked = line("/r", b"a\x1b\\\x07\xff;b\n", LinkForm::File);
        assert!(linked.contains("/r/a%1B%5C%07%FF%3Bb%0A\u{1b}\\"), "{linked:?}");
        assert_eq!(linked.matches('\u{1b}').count(), 4, "{linked:?}");
        assert!(!linked.contains('\u{7}') && !linked.contains('\n'));
    }

    #[test]
    fn what_is_masked_or_not_on_the_disk_is_none() {
        let secret = [b"a/", &fixture::secret(0)[..]].concat();
        for (root, name) in [("/r", &secret[..]), ("", b"a"), ("relative", b"a"), ("/r", b"")] {
            assert!(!line(root, name, LinkForm::File).contains('\u{1b}'));
        }
    }
}
