//! Entries of a tree object, and paths made of their names.

use bstr::BString;

/// What an entry names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Tree,
    Blob,
    /// A commit of another repository.
    Submodule,
}

/// The path of which `part` tells the parent and the name, by number; the root has neither.
pub(crate) fn path_text<'a>(mut path: u32, part: impl Fn(u32) -> Option<(u32, &'a [u8])>) -> BString {
    let mut names: Vec<&[u8]> = Vec::new();
    while let Some((parent, name)) = part(path) {
        names.push(name);
        path = parent;
    }
    names.reverse();
    bstr::join("/", names).into()
}

/// One line of a tree.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) kind: EntryKind,
    /// As it is written.
    pub(crate) mode: &'a [u8],
    pub(crate) name: &'a [u8],
    pub(crate) id: &'a [u8],
}

/// Walks the entries; yields `None` once where the bytes make no sense, then ends.
pub(crate) struct Entries<'a> {
    rest: &'a [u8],
    id_length: usize,
}

impl<'a> Entries<'a> {
    pub(crate) fn new(bytes: &'a [u8], id_length: usize) -> Self {
        Entries { rest: bytes, id_length }
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    /// Goes on behind entries that are known already.
    pub(crate) fn skip_bytes(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    fn parse(&self) -> Option<(Entry<'a>, &'a [u8])> {
        // Modes have at most six digits; a longer run is no tree.
        let space = self.rest.iter().take(8).position(|b| *b == b' ')?;
        let kind = match &self.rest[..space] {
            b"40000" => EntryKind::Tree,
            b"100644" | b"100755" => EntryKind::Blob,
            mode => unusual(mode)?,
        };
        let after = &self.rest[space + 1..];
        let nul = memchr::memchr(0, after)?;
        let (id, rest) = after[nul + 1..].split_at_checked(self.id_length)?;
        Some((Entry { kind, mode: &self.rest[..space], name: &after[..nul], id }, rest))
    }
}

/// What an entry of any octal mode names, by the bits that git looks at. What they do not tell is taken for a file, so
/// that it is looked for.
fn unusual(mode: &[u8]) -> Option<EntryKind> {
    let digits = std::str::from_utf8(mode).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
    let mode = u32::from_str_radix(digits, 8).ok()?;
    Some(match mode & 0o170_000 {
        0o040_000 => EntryKind::Tree,
        0o160_000 => EntryKind::Submodule,
        _ => EntryKind::Blob,
    })
}

impl<'a> Iterator for Entries<'a> {
    type Item = Option<Entry<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match self.parse() {
            Some((entry, rest)) => {
                self.rest = rest;
                Some(Some(entry))
            }
            None => {
                self.rest = &[];
                Some(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_that_are_unusual() {
        use EntryKind::{Blob, Submodule, Tree};
        for (mode, kind) in [
            ("40755", Some(Tree)),
            ("040000", Some(Tree)),
            ("0100644", Some(Blob)),
            ("120000", Some(Blob)),
            ("0", Some(Blob)),
            ("160000", Some(Submodule)),
            ("160755", Some(Submodule)),
            ("16", Some(Blob)),
            ("", None),
            ("100648", None),
        ] {
            assert_eq!(unusual(mode.as_bytes()), kind, "{mode}");
        }
    }

    #[test]
    fn reads_entries_and_stops_at_nonsense() {
        let id = [7u8; 20];
        let bytes =
            [&b"100644 a b\0"[..], &id, b"40000 dir\0", &id, b"160000 sub\0", &id, b"rubbish"].concat();
        let entries: Vec<_> =
            Entries::new(&bytes, 20).map(|e| e.map(|e| (e.kind, e.name.to_vec()))).collect();
        assert_eq!(
            entries,
            [
                Some((EntryKind::Blob, b"a b".to_vec())),
                Some((EntryKind::Tree, b"dir".to_vec())),
                Some((EntryKind::Submodule, b"sub".to_vec())),
                None
            ]
        );
    }
}
