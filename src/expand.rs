//! A blob → the texts to scan, where those are not its bytes: wide characters, archives, compressed files.
//!
//! ```text
//! bytes ─▶ form ─┬─▶ none: scanned as they are
//!                ├─▶ wide: UTF-16, UTF-32 ─▶ UTF-8, positions mapped back
//!                └─▶ container ─▶ walk: members, and theirs ─▶ leaves, each a text with a name of its own
//! ```
//!
//! What a blob is, is told by its first bytes alone, never by its name. Everything here works in memory, within a
//! [`Budget`](budget::Budget); nothing is ever written.

mod archives;
mod budget;
mod container;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod pdf;
mod sqlite;
mod wide;

pub(crate) use container::{Kind, LARGEST_CONTAINER, Leaf, Trouble, is_to_be_read, walk};
pub(crate) use wide::Wide;

/// Bytes from which [`form`] can tell.
pub(crate) const HEAD: usize = 512;

/// What a blob is, if it is not scanned as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Text in wide characters.
    Wide(Wide),
    /// An archive, or something compressed.
    Container(Kind),
}

/// By the first [`HEAD`] bytes, and for some by the last ones.
pub(crate) fn form(bytes: &[u8]) -> Option<Form> {
    let head = &bytes[..bytes.len().min(HEAD)];
    if container::ends_as_zip(bytes) {
        return Some(Form::Container(Kind::Zip));
    }
    // Nearly all blobs begin with a letter, and are plain text.
    if head.first().is_some_and(u8::is_ascii_graphic) && !head.contains(&0) && !container::may_begin(head) {
        return None;
    }
    container::kind(head).map(Form::Container).or_else(|| wide::of(head).map(Form::Wide))
}
