//! What a scan needs of commit and tag objects. Lenient: a damaged line counts as absent.

use bstr::{BStr, BString, ByteSlice as _};

use crate::finding::Person;

/// The value of the first header line with this name.
fn header<'a>(bytes: &'a [u8], name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let head = &bytes[..bytes.find(b"\n\n").unwrap_or(bytes.len())];
    head.split(|b| *b == b'\n')
        .filter_map(move |line| line.strip_prefix(name).and_then(|rest| rest.strip_prefix(b" ")))
}

fn id(hex: &[u8]) -> Option<gix::ObjectId> {
    gix::ObjectId::from_hex(hex.trim_ascii_end()).ok()
}

/// The root tree.
pub(crate) fn tree(commit: &[u8]) -> Option<gix::ObjectId> {
    header(commit, b"tree").next().and_then(id)
}

/// The parents, in order.
pub(crate) fn parents(commit: &[u8]) -> impl Iterator<Item = gix::ObjectId> {
    header(commit, b"parent").filter_map(id)
}

/// When it was committed, in seconds since 1970; 0 where the line is damaged.
pub(crate) fn committer_time(commit: &[u8]) -> i64 {
    header(commit, b"committer").next().map_or(0, |line| signature(line).1)
}

/// Author, author time, and the first line of the message.
pub(crate) fn author_and_subject(commit: &[u8]) -> (Person, i64, BString) {
    let (author, time) = header(commit, b"author").next().map_or_else(|| signature(b""), signature);
    let message = commit.find(b"\n\n").map_or(&b""[..], |at| &commit[at + 2..]);
    let subject = message.trim_ascii_start().lines().next().unwrap_or_default();
    (author, time, subject.into())
}

/// What a tag points at.
pub(crate) fn tag_target(tag: &[u8]) -> Option<gix::ObjectId> {
    header(tag, b"object").next().and_then(id)
}

/// `Name <email> seconds zone`.
fn signature(line: &[u8]) -> (Person, i64) {
    let line: &BStr = line.as_bstr();
    let (name, rest) = line.split_once_str(b"<").unwrap_or((line, b""));
    let (email, rest) = rest.rsplit_once_str(b">").unwrap_or((rest, b""));
    let time = rest.trim_ascii().split(|b| *b == b' ').next().and_then(|t| std::str::from_utf8(t).ok());
    (
        Person { name: name.trim_ascii().into(), email: email.trim_ascii().into() },
        time.and_then(|t| t.parse().ok()).unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_commit() {
        let text = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nparent 1111111111111111111111111111111111111111\nauthor A B <a@b> 12 +0100\ncommitter C <c> 34 +0000\n\nsubject\n\nparent 2222\n";
        assert!(tree(text).is_some());
        assert_eq!(parents(text).count(), 1);
        assert_eq!(committer_time(text), 34);
        let (author, time, subject) = author_and_subject(text);
        assert_eq!(
            (author.name, author.email, time, subject),
            ("A B".into(), "a@b".into(), 12, "subject".into())
        );
    }

    #[test]
    fn nonsense_is_absent() {
        for text in [&b""[..], b"\n\n", b"tree xyz\nauthor\ncommitter <\n", b"author > 5 <\n\n"] {
            let _ = (
                tree(text),
                parents(text).count(),
                committer_time(text),
                author_and_subject(text),
                tag_target(text),
            );
        }
    }
}
