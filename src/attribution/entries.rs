//! The entries of a tree, and what a tree that is made from another one inherits of them.
//!
//! Whether bytes are an entry, and which, depends on these bytes alone and not on what stands before or after them. So
//! where the parse of a tree arrives at the beginning of an entry of its base, inside a copy, all entries of the base up
//! to the end of the copy are entries of the tree, too: neither are they parsed, nor is what they name looked up. One
//! that the end of the copy cuts, and what was inserted, is parsed. The result is that of a full parse.

use super::edges::small;
use crate::copied::Copied;
use crate::git::store::Number;
use crate::git::tree::{Entries, Entry};

/// What an entry means for the tree; most mean nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A subtree or a blob of interest, with the number of its name.
    Edge { to: Number, name: u32 },
    /// It takes a file for a directory or a directory for a file.
    WrongKind,
    /// What it names is not there.
    Missing,
}

/// An entry that means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Where the entry ends; its id stands just before.
    pub(super) end: u32,
    pub(super) meaning: Meaning,
}

/// What the parse of a tree leaves for those that are made from it: 4 bytes for each entry and 16 for each mark, hence
/// never more than the tree itself, whose shortest entry has 23.
#[derive(Debug)]
pub(super) struct Known {
    /// Ends of the entries, ascending; each begins where the one before it ends.
    ends: Box<[u32]>,
    /// By end.
    pub(super) marks: Box<[Mark]>,
}

/// A tree with more entries leaves nothing, to bound the memory; what is made from it is parsed in full.
const MOST_ENTRIES: usize = 1 << 20;

/// The entries of the tree read last.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Kept only if other trees are made from it.
    ends: Vec<u32>,
    pub(super) marks: Vec<Mark>,
    /// Whether the tree ends in bytes that are no entry.
    pub(super) is_broken: bool,
}

impl Tree {
    /// Reads a tree with the help of what is known of its base. `look` says what an entry means. `for_children`: whether
    /// [`Tree::known`] will be asked for.
    pub(super) fn read<'b>(
        &mut self,
        bytes: &'b [u8],
        id_length: usize,
        base: Option<(&Known, &[Copied])>,
        for_children: bool,
        mut look: impl FnMut(&Entry<'b>) -> Option<Meaning>,
    ) {
        self.ends.clear();
        self.marks.clear();
        self.is_broken = false;
        let (known, mut copies) = base.map_or((None, &[][..]), |(known, copies)| (Some(known), copies));
        let mut entries = Entries::new(bytes, id_length);
        let mut at = 0;
        loop {
            if let Some(known) = known {
                let passed = copies.iter().take_while(|copy| copy.to + copy.length <= at).count();
                copies = &copies[passed..];
                if let Some(copy) = copies.first().filter(|copy| copy.to <= at)
                    && let Some(end) = self.inherit(known, copy, at, for_children)
                {
                    entries.skip_bytes(end - at);
                    at = end;
                    continue;
                }
            }
            match entries.next() {
                Some(Some(entry)) => {
                    at = bytes.len() - entries.left();
                    let end = small(at);
                    if for_children {
                        self.ends.push(end);
                    }
                    self.marks.extend(look(&entry).map(|meaning| Mark { end, meaning }));
                }
                Some(None) => self.is_broken = true,
                None => return,
            }
        }
    }

    /// Takes over the entries of the base that begin at `at`, which is inside the copy, and end inside it; says where the
    /// last one ends, if there is any.
    fn inherit(&mut self, known: &Known, copy: &Copied, at: usize, for_children: bool) -> Option<usize> {
        let Known { ends, marks } = known;
        let from = small(at - copy.to + copy.from);
        let limit = small(copy.from + copy.length);
        let first = ends.partition_point(|end| *end <= from);
        let begins_here = if first == 0 { from == 0 } else { ends[first - 1] == from };
        if !begins_here {
            return None;
        }
        let inside = &ends[first..];
        let inside = &inside[..inside.partition_point(|end| *end <= limit)];
        let last = *inside.last()?;
        let moved = |end: u32| end - from + small(at);
        if for_children {
            self.ends.extend(inside.iter().map(|end| moved(*end)));
        }
        let marks = &marks[marks.partition_point(|mark| mark.end <= from)..];
        let marks = &marks[..marks.partition_point(|mark| mark.end <= last)];
        self.marks.extend(marks.iter().map(|mark| Mark { end: moved(mark.end), ..*mark }));
        Some(moved(last) as usize)
    }

    /// What trees that are made from this one can inherit.
    pub(super) fn known(&self) -> Option<Known> {
        let fits = self.ends.len() <= MOST_ENTRIES;
        fits.then(|| Known { ends: self.ends.as_slice().into(), marks: self.marks.as_slice().into() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::copied::note_copy;
    use crate::git::tree::EntryKind;

    const ID: usize = 20;

    /// Something that depends on all of the entry.
    fn look(entry: &Entry<'_>) -> Option<Meaning> {
        let sum =
            |bytes: &[u8]| bytes.iter().fold(7u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(*b)));
        match sum(entry.id).wrapping_add(sum(entry.name)) % 7 {
            _ if entry.kind == EntryKind::Submodule => None,
            0 => Some(Meaning::Missing),
            1 => Some(Meaning::WrongKind),
            2 | 3 => Some(Meaning::Edge { to: sum(entry.id), name: sum(entry.name) }),
            _ => None,
        }
    }

    fn entry() -> impl Strategy<Value = Vec<u8>> {
        let mode =
            proptest::sample::select(vec!["100644", "40000", "40000", "040000", "160000", "1", "7777777"]);
        let name = proptest::sample::select(vec!["a", "", "lib", "100644 a", "40000 ", "a long name.txt"]);
        // Ids that look like the beginning of an entry are what a hostile delta would aim at.
        let byte = proptest::sample::select(vec![0, b' ', b'1', b'4', b'0', b'a', 0xff]);
        let id = prop_oneof![proptest::collection::vec(byte, ID), Just(vec![7; ID])];
        (mode, name, id).prop_map(|(mode, name, id)| [format!("{mode} {name}\0").as_bytes(), &id].concat())
    }

    fn tree() -> impl Strategy<Value = Vec<u8>> {
        let entries = proptest::collection::vec(entry(), 0..20);
        let rubbish = proptest::sample::select(vec![&b""[..], b"", b"", b"rubbish", b"100644 a\0cut"]);
        (entries, rubbish).prop_map(|(entries, rubbish)| [&entries.concat(), rubbish].concat())
    }

    #[derive(Debug, Clone)]
    enum Edit {
        /// From and to the ends of entries, or so many bytes off, in thousandths of the number of entries.
        Copy {
            from: usize,
            to: usize,
            off: (i8, i8),
        },
        Insert(Vec<u8>),
    }

    fn edits() -> impl Strategy<Value = Vec<Edit>> {
        let off = || prop_oneof![Just(0i8), Just(0), Just(0), -25i8..25];
        let copy = (0usize..1001, 0usize..1001, (off(), off())).prop_map(|(a, b, off)| Edit::Copy {
            from: a.min(b),
            to: a.max(b),
            off,
        });
        let part = (entry(), 0usize..40).prop_map(|(entry, cut)| entry[..cut.min(entry.len())].to_vec());
        let insert = prop_oneof![entry(), part, Just(Vec::new())].prop_map(Edit::Insert);
        proptest::collection::vec(prop_oneof![copy.clone(), copy, insert], 1..8)
    }

    fn apply(base: &[u8], ends: &[u32], edits: &[Edit]) -> (Vec<u8>, Vec<Copied>) {
        let (mut child, mut copies) = (Vec::new(), Vec::new());
        let place = |thousandth: usize, off: i8| {
            let index = ends.len() * thousandth / 1000;
            let end = if index == 0 { 0 } else { ends[index - 1] as usize };
            end.saturating_add_signed(isize::from(off)).min(base.len())
        };
        for edit in edits {
            match edit {
                Edit::Insert(bytes) => child.extend_from_slice(bytes),
                Edit::Copy { from, to, off } => {
                    let range = place(*from, off.0)..place(*to, off.1);
                    if !range.is_empty() {
                        let copy = Copied { from: range.start, to: child.len(), length: range.len() };
                        note_copy(&mut copies, copy);
                        child.extend_from_slice(&base[range]);
                    }
                }
            }
        }
        (child, copies)
    }

    fn assert_equal(fast: &Tree, slow: &Tree) {
        assert_eq!(fast.ends, slow.ends);
        assert_eq!(fast.marks, slow.marks);
        assert_eq!(fast.is_broken, slow.is_broken);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, ..Default::default() })]

        /// Three generations, each against a parse in full.
        #[test]
        fn what_is_inherited_is_what_a_full_parse_finds(
            base in tree(),
            generations in proptest::collection::vec(edits(), 3),
        ) {
            let (mut base, mut fast, mut slow) = (base, Tree::default(), Tree::default());
            fast.read(&base, ID, None, true, look);
            for edits in &generations {
                let known = fast.known().unwrap();
                let (child, copies) = apply(&base, &known.ends, edits);
                fast.read(&child, ID, Some((&known, &copies)), true, look);
                slow.read(&child, ID, None, true, look);
                assert_equal(&fast, &slow);
                slow.read(&child, ID, Some((&known, &copies)), false, look);
                prop_assert_eq!((&fast.marks, fast.is_broken), (&slow.marks, slow.is_broken));
                base = child;
            }
        }

        /// Copies out of bytes that are no tree at all.
        #[test]
        fn nonsense_is_read_as_in_full(base in proptest::collection::vec(0u8..=255, 0..200), edits in edits()) {
            let (mut fast, mut slow) = (Tree::default(), Tree::default());
            fast.read(&base, ID, None, true, look);
            let known = fast.known().unwrap();
            let (child, copies) = apply(&base, &[50, 100, 150, 200], &edits);
            fast.read(&child, ID, Some((&known, &copies)), true, look);
            slow.read(&child, ID, None, true, look);
            assert_equal(&fast, &slow);
        }
    }

    #[test]
    fn only_what_is_new_is_looked_at() {
        let entries: Vec<Vec<u8>> =
            (0..100).map(|n| [format!("100644 {n:03}\0").as_bytes(), &[n; ID]].concat()).collect();
        let base = entries.concat();
        let length = entries[0].len();
        // Entry 50 gets another id, as an encoder would write it: the copy goes on to the end of the name.
        let (from, to) = (51 * length - ID, 51 * length);
        let child = [&base[..from], &[0xee; ID], &base[to..]].concat();
        let copies =
            [Copied { from: 0, to: 0, length: from }, Copied { from: to, to, length: base.len() - to }];
        let (mut tree, mut looked) = (Tree::default(), Vec::new());
        tree.read(&base, ID, None, true, |_| Some(Meaning::Missing));
        let known = tree.known().unwrap();
        tree.read(&child, ID, Some((&known, &copies)), true, |entry| {
            looked.push(entry.name.to_vec());
            None
        });
        assert_eq!(looked, [b"050".to_vec()]);
        assert_eq!((tree.ends.len(), tree.marks.len()), (100, 99));
    }
}
