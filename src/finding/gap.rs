//! What could not be scanned.

/// Something in scope that could not be scanned.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gap {
    /// What kind of gap.
    pub kind: GapKind,
    /// The file, object or ref; raw text, sanitize before showing.
    pub place: String,
    /// Why, for a person.
    pub detail: String,
}

impl Gap {
    /// The scanner failed on this item.
    pub(crate) fn internal(place: String) -> Self {
        Gap { kind: GapKind::Internal, place, detail: "scanning it failed; please report this".into() }
    }

    /// A file or directory that cannot be read.
    pub(crate) fn unreadable(path: &std::path::Path, error: &dyn std::error::Error) -> Self {
        let place = path.display().to_string();
        Gap { kind: GapKind::UnreadableFile, place, detail: error.to_string() }
    }

    /// Something that `by` names is not there.
    pub(crate) fn missing(place: String, by: &str) -> Self {
        let detail = format!("{by} names it, but it is not in the repository");
        Gap { kind: GapKind::MissingObject, place, detail }
    }
}

/// Kinds of gaps, countable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GapKind {
    /// A file that could not be read.
    UnreadableFile,
    /// An object that is named but not there.
    MissingObject,
    /// An object whose bytes are damaged or that contradicts itself.
    CorruptObject,
    /// A pack or index that could not be opened.
    CorruptPack,
    /// A ref or reflog that could not be read.
    BrokenRef,
    /// History ends here although it goes on elsewhere.
    Shallow,
    /// An archive, or a member of one, that is damaged or locked.
    UnreadableMember,
    /// Larger than the stated budget.
    TooLarge,
    /// The scanner itself failed on this item.
    Internal,
}

impl GapKind {
    /// The stable name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            GapKind::UnreadableFile => "unreadable-file",
            GapKind::MissingObject => "missing-object",
            GapKind::CorruptObject => "corrupt-object",
            GapKind::CorruptPack => "corrupt-pack",
            GapKind::BrokenRef => "broken-ref",
            GapKind::Shallow => "shallow-history",
            GapKind::UnreadableMember => "unreadable-member",
            GapKind::TooLarge => "too-large",
            GapKind::Internal => "internal-error",
        }
    }
}
