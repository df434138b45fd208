//! What a scan needs of commit and tag objects. Lenient: a damaged line counts as absent.

use bstr::ByteSlice as _;

use crate::finding::Person;
use crate::location::Span;

/// The value of the first header line with this name.
fn header<'a>(bytes: &'a [u8], name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let head = &bytes[..bytes.find(b"\n\n").unwrap_or(bytes.len())];
    head.split(|b| *b == b'\n')
        .filter_map(move |line| line.strip_prefix(name).and_then(|rest| rest.strip_prefix(b" ")))
}

fn id(hex: &[u8]) -> Option<gix::ObjectId> {
    gix::ObjectId::from_hex(hex.trim_ascii_end()).ok()
}

/// What the graph of commits is made of, and what people want to know of a commit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Links<'a> {
    /// The root tree.
    pub(crate) tree: Option<gix::ObjectId>,
    /// Whether there is a parent line that names nothing.
    pub(crate) lost_parent: bool,
    /// When it was committed, in seconds since 1970; 0 where the line is damaged.
    pub(crate) committer_time: i64,
    /// For [`signature`].
    pub(crate) author: &'a [u8],
    /// First line of the message.
    pub(crate) subject: &'a [u8],
}

/// Reads all links in one go; the parents go to `parent`, in order.
pub(crate) fn links(commit: &[u8], mut parent: impl FnMut(gix::ObjectId)) -> Links<'_> {
    let (mut tree, mut time, mut author) = (None, None, None);
    let mut lost_parent = false;
    let mut rest = commit;
    let message = loop {
        let end = memchr::memchr(b'\n', rest);
        let line = &rest[..end.unwrap_or(rest.len())];
        if let Some(hex) = line.strip_prefix(b"parent ") {
            match id(hex) {
                Some(id) => parent(id),
                None => lost_parent = true,
            }
        } else if let Some(hex) = line.strip_prefix(b"tree ") {
            tree.get_or_insert_with(|| id(hex));
        } else if let Some(line) = line.strip_prefix(b"committer ") {
            time.get_or_insert_with(|| signature_time(line));
        } else if let Some(line) = line.strip_prefix(b"author ") {
            author.get_or_insert(line);
        }
        rest = end.map_or(&[], |end| &rest[end + 1..]);
        // An empty line ends the header, but for one at its very beginning.
        match rest {
            [] => break rest,
            [b'\n', message @ ..] => break message,
            _ => {}
        }
    };
    Links {
        tree: tree.flatten(),
        lost_parent,
        committer_time: time.unwrap_or(0),
        author: author.unwrap_or_default(),
        subject: message.trim_ascii_start().lines().next().unwrap_or_default(),
    }
}

/// What a tag points at.
pub(crate) fn tag_target(tag: &[u8]) -> Option<gix::ObjectId> {
    header(tag, b"object").next().and_then(id)
}

/// Where signatures stand in a commit or tag, be it among the headers or behind the message.
pub(crate) fn signatures(object: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut from = 0;
    while let Some(begin) = object[from..].find(b"-----BEGIN ").map(|at| from + at) {
        let line = object[begin..].lines().next().unwrap_or_default();
        from = begin + line.len();
        if [&b"SIGNATURE-----"[..], b"SIGNED MESSAGE-----", b"PGP MESSAGE-----"]
            .iter()
            .any(|kind| line.ends_with(kind))
            && let Some(end) = object[from..].find(b"-----END ").map(|at| from + at)
        {
            spans.push(Span { start: begin as u64, end: end as u64 });
            from = end;
        }
    }
    spans
}

/// `Name <email> seconds zone`: who, and when in seconds since 1970.
pub(crate) fn signature(line: &[u8]) -> (Person, i64) {
    let (name, rest) = split_name(line);
    let (email, _) = rest.rsplit_once_str(b">").unwrap_or((rest, b""));
    let person = Person { name: name.trim_ascii().into(), email: email.trim_ascii().into() };
    (person, signature_time(line))
}

/// The time of a signature, without the rest.
fn signature_time(line: &[u8]) -> i64 {
    let (_, rest) = split_name(line);
    let (_, rest) = rest.rsplit_once_str(b">").unwrap_or((rest, b""));
    let time = rest.trim_ascii().split(|b| *b == b' ').next().and_then(|t| std::str::from_utf8(t).ok());
    time.and_then(|t| t.parse().ok()).unwrap_or(0)
}

fn split_name(line: &[u8]) -> (&[u8], &[u8]) {
    line.split_once_str(b"<").unwrap_or((line, b""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_commit() {
        let text = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nparent 1111111111111111111111111111111111111111\nauthor A B <a@b> 12 +0100\ncommitter C <c> 34 +0000\n\nsubject\n\nparent 2222\n";
        let mut parents = Vec::new();
        let links = links(text, |id| parents.push(id));
        assert!(links.tree.is_some());
        assert_eq!(parents.len(), 1);
        assert_eq!(links.committer_time, 34);
        let (author, time) = signature(links.author);
        assert_eq!((author.name, author.email, time), ("A B".into(), "a@b".into(), 12));
        assert_eq!(links.subject, b"subject");
    }

    #[test]
    fn signatures_end_where_they_end() {
        let text = b"gpgsig -----BEGIN SSH SIGNATURE-----\n U1NI\n -----END SSH SIGNATURE-----\n\na\n\
            -----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n-----BEGIN PRIVATE KEY-----\n\
            x\n-----BEGIN PGP SIGNATURE-----\nno end";
        let place = |at: u64| usize::try_from(at).unwrap();
        let found = signatures(text);
        let found: Vec<&[u8]> = found.iter().map(|span| &text[place(span.start)..place(span.end)]).collect();
        assert_eq!(
            found,
            [&b"-----BEGIN SSH SIGNATURE-----\n U1NI\n "[..], b"-----BEGIN PGP SIGNATURE-----\n\nabc\n"]
        );
    }

    #[test]
    fn nonsense_is_absent() {
        for text in [&b""[..], b"\n\n", b"tree xyz\nauthor\ncommitter <\n", b"author > 5 <\n\n"] {
            let _ = (signature(links(text, |_| ()).author), tag_target(text));
        }
    }

    proptest::proptest! {
        /// One pass finds what a search for each header line finds.
        #[test]
        fn one_pass_is_enough(lines in proptest::collection::vec(proptest::sample::select(vec![
            "", "", "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904", "tree xyz", "tree", "parent ",
            "parent 1111111111111111111111111111111111111111", "parent 2222222222222222222222222222222222222222 ",
            "author A <a> 1 +0000", "author", "author B", "a subject\r",
            "committer C <c> 34 +0000", "committer C > 5 <d> 6", "committer", "committer x 7", " parent", "gpgsig x",
        ]), 0..9)) {
            let text = lines.join("\n");
            let text = text.as_bytes();
            let mut parents = Vec::new();
            let found = links(text, |id| parents.push(id));
            proptest::prop_assert_eq!(found.tree, header(text, b"tree").next().and_then(id));
            proptest::prop_assert_eq!(parents, header(text, b"parent").filter_map(id).collect::<Vec<_>>());
            proptest::prop_assert_eq!(found.lost_parent, header(text, b"parent").any(|hex| id(hex).is_none()));
            let time = header(text, b"committer").next().map_or(0, |line| signature(line).1);
            proptest::prop_assert_eq!(found.committer_time, time);
            proptest::prop_assert_eq!(found.author, header(text, b"author").next().unwrap_or_default());
            let message = text.find(b"\n\n").map_or(&b""[..], |at| &text[at + 2..]);
            let subject = message.trim_ascii_start().lines().next().unwrap_or_default();
            proptest::prop_assert_eq!(found.subject, subject);
        }
    }
}
