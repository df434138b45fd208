//! Files that rules report for their paths.

use bstr::{BStr, ByteSlice as _};

use crate::finding::{Excerpt, Match, RuleIndex};
use crate::location::{Location, Position, Span};
use crate::secret::Secret;

/// What stands for a file: its beginning, and nothing of what is in it. Its path takes the place of the secret.
pub(crate) fn matched(rule: RuleIndex, path: &BStr) -> Match {
    Match {
        rule,
        secret: Secret::new(path.as_bytes()),
        location: beginning(),
        excerpt: nothing(),
        markers: None,
        via: None,
    }
}

/// The first line of a file.
fn beginning() -> Location {
    let start = Position { line: 1, column: 1 };
    Location { start, end: start, span: Span { start: 0, end: 0 } }
}

/// An excerpt that shows nothing.
fn nothing() -> Excerpt {
    Excerpt { line: Secret::new(b""), secret: (0, 0), matched: (0, 0) }
}
