//! The refs whose history holds a secret.

use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice as _};

/// What a ref is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RefKind {
    /// `refs/heads/…`
    Branch,
    /// `refs/tags/…`
    Tag,
    /// `refs/remotes/…`
    Remote,
    /// Any other: the stash, notes, pull requests.
    Other,
}

impl RefKind {
    /// All of them.
    pub const ALL: [RefKind; 4] = [RefKind::Branch, RefKind::Tag, RefKind::Remote, RefKind::Other];

    /// What people call one of them, and several.
    pub fn nouns(self) -> (&'static str, &'static str) {
        match self {
            RefKind::Branch => ("branch", "branches"),
            RefKind::Tag => ("tag", "tags"),
            RefKind::Remote => ("remote branch", "remote branches"),
            RefKind::Other => ("other ref", "other refs"),
        }
    }

    /// Kind and short name of a ref.
    pub fn of(name: &[u8]) -> (RefKind, &BStr) {
        let known = [
            (RefKind::Branch, &b"refs/heads/"[..]),
            (RefKind::Tag, b"refs/tags/"),
            (RefKind::Remote, b"refs/remotes/"),
        ];
        let short = |(kind, prefix)| Some((kind, name.strip_prefix(prefix)?.as_bstr()));
        known.into_iter().find_map(short).unwrap_or((RefKind::Other, name.as_bstr()))
    }
}

/// Names of each kind that are kept for one finding; the others are counted. A mirror of a large project has 50,000
/// refs, and nearly all of them may hold each of its thousand findings.
pub const MOST_NAMES: usize = 100;

/// Refs, of which the first [`MOST_NAMES`] of each kind have a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Refs {
    /// Of all refs there are, which findings share.
    names: Arc<Vec<BString>>,
    /// Places in `names`, ascending.
    listed: Vec<u32>,
    /// By [`RefKind`].
    counts: [usize; 4],
}

impl Refs {
    /// Those of `names` that `listed` says, first of as many as `counts` says.
    pub(crate) fn new(names: Arc<Vec<BString>>, listed: Vec<u32>, counts: [usize; 4]) -> Self {
        Refs { names, listed, counts }
    }

    /// Full names, sorted as `names` were.
    pub fn names(&self) -> impl Iterator<Item = &BStr> {
        self.listed.iter().filter_map(|at| self.names.get(*at as usize)).map(|name| name.as_bstr())
    }

    /// Names of all refs there are, which findings of one repository share.
    pub(crate) fn all_names(&self) -> &[BString] {
        &self.names
    }

    /// Which of [`Refs::all_names`] these are.
    pub(crate) fn listed(&self) -> &[u32] {
        &self.listed
    }

    /// How many of a kind there are.
    pub fn count(&self, kind: RefKind) -> usize {
        self.counts[kind as usize]
    }

    /// How many there are.
    pub fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Those of two repositories.
    #[must_use]
    pub(crate) fn joined(&self, other: &Refs) -> Refs {
        let mut names: Vec<BString> = self.names().chain(other.names()).map(BStr::to_owned).collect();
        names.sort();
        let mut met = [0; 4];
        names.retain(|name| {
            let met = &mut met[RefKind::of(name).0 as usize];
            *met += 1;
            *met <= MOST_NAMES
        });
        let listed = (0..).take(names.len()).collect();
        let counts = RefKind::ALL.map(|kind| self.count(kind) + other.count(kind));
        Refs { names: Arc::new(names), listed, counts }
    }
}
