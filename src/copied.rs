//! What one version of a text has in common with another.

/// Bytes of a child that are bytes of its base. Copies that follow each other in both are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Copied {
    /// Where they stand in the base.
    pub(crate) from: usize,
    /// Where they stand in the child.
    pub(crate) to: usize,
    pub(crate) length: usize,
}

/// Appends a copy, which must follow the others in the child. Encoders split long copies at the limits of the format;
/// each false edge would cost a look at its surroundings.
pub(crate) fn note_copy(copies: &mut Vec<Copied>, new: Copied) {
    match copies.last_mut() {
        Some(last) if last.from + last.length == new.from && last.to + last.length == new.to => {
            last.length += new.length;
        }
        _ => copies.push(new),
    }
}
