//! Files with one entry a line.

use bstr::{BString, ByteSlice as _};
use ignore::gitignore::GitignoreBuilder;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use super::super::identity::hex;
use super::super::places::NamedPlace;
use super::{Criterion, Hash, Import};
use crate::finding::NoticeKind;
use crate::secret::Secret;

/// Bytes that a compiled expression may take.
const LARGEST_EXPRESSION: usize = 4 << 20;
/// Where the values begin in `.secretsignore`.
const SECRETS: &str = "[secrets]";

/// The lines that say something, with their numbers.
fn entries(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    (1..)
        .zip(bytes.lines())
        .map(|(number, line)| (number, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with(b"#"))
}

/// `[commit:]path:rule:line` → the place and the rule.
pub(super) fn named_place(entry: &str) -> Option<(NamedPlace, String)> {
    let mut parts = entry.rsplitn(3, ':');
    let line = parts.next()?.parse().ok()?;
    let rule = parts.next().filter(|rule| !rule.is_empty())?;
    let rest = parts.next()?;
    let is_commit = |id: &str| hex::<20>(id).is_some() || hex::<32>(id).is_some();
    let (commit, path) = match rest.split_once(':') {
        Some((commit, path)) if is_commit(commit) => (Some(commit.to_ascii_lowercase()), path),
        _ => (None, rest),
    };
    let path = BString::from(path.replace('\\', "/"));
    (!path.is_empty()).then(|| (NamedPlace { commit, path, line }, rule.to_owned()))
}

pub(super) fn gitleaks_ignore(bytes: &[u8], import: &mut Import) {
    for (number, line) in entries(bytes) {
        match named_place(&line.to_str_lossy()) {
            Some((place, rule)) => {
                import.push(number, Criterion::Place { place, rule, value: None }, None);
            }
            None => import.notice(
                NoticeKind::Malformed,
                number,
                "this is no `commit:path:rule:line` nor `path:rule:line`, and hides nothing".into(),
            ),
        }
    }
}

pub(super) fn betterleaks_ignore(bytes: &[u8], import: &mut Import) {
    for (number, line) in entries(bytes) {
        match line.to_str().ok().and_then(hex::<32>) {
            Some(digest) => import.push(number, Criterion::Hash(Hash::Sha256, digest.to_vec()), None),
            None => import.notice(
                NoticeKind::Malformed,
                number,
                "this is not the SHA-256 of a value in 64 hex digits, and hides nothing".into(),
            ),
        }
    }
}

pub(super) fn secrets_ignore(bytes: &[u8], import: &mut Import) {
    let mut files = GitignoreBuilder::new("");
    let (mut is_value, mut has_files) = (false, false);
    for (number, line) in entries(bytes) {
        if line == SECRETS.as_bytes() {
            is_value = true;
        } else if is_value {
            import.push(number, Criterion::Value(Secret::new(line)), None);
        } else if let Err(error) = files.add_line(None, &line.to_str_lossy()) {
            let detail = format!("this is no pattern for files, and hides nothing: {error}");
            import.notice(NoticeKind::Malformed, number, detail);
        } else {
            has_files = true;
        }
    }
    if let Some(files) = files.build().ok().filter(|_| has_files) {
        import.push(0, Criterion::Files(files), None);
    }
}

pub(super) fn git_allowed(bytes: &[u8], import: &mut Import) {
    for (number, line) in entries(bytes) {
        let config = Regex::config().nfa_size_limit(Some(LARGEST_EXPRESSION)).utf8_empty(false);
        let syntax = syntax::Config::new().unicode(false).utf8(false);
        let built = Regex::builder().configure(config).syntax(syntax).build(&line.to_str_lossy());
        match built {
            Ok(regex) => import.push(number, Criterion::Line(regex), None),
            Err(error) => {
                let why =
                    error.syntax_error().map_or_else(|| error.to_string(), |_| "it does not parse".into());
                let detail = format!("this expression cannot be used, and hides nothing: {why}");
                import.notice(NoticeKind::Malformed, number, detail);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_of_gitleaks() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let of = |commit: Option<&str>, path: &str, line| {
            let commit = commit.map(ToOwned::to_owned);
            Some((NamedPlace { commit, path: path.into(), line }, "rule".to_owned()))
        };
        assert_eq!(named_place(&format!("{commit}:a/b:rule:3")), of(Some(commit), "a/b", 3));
        assert_eq!(named_place("a\\b:rule:3"), of(None, "a/b", 3));
        assert_eq!(named_place("c:odd:rule:3"), of(None, "c:odd", 3));
        assert_eq!(named_place("x.zip!y:rule:1"), of(None, "x.zip!y", 1));
        for text in ["", "a", "a:3", "a:rule:x", "a::3", ":rule:3", "a:rule:-1"] {
            assert_eq!(named_place(text), None, "{text}");
        }
    }
}
