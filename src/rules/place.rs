//! Where in a rule file something stands, so that an error can point at it.

use std::fmt;
use std::sync::Arc;

/// A place in a rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    file: Arc<str>,
    /// Both from 1; the column counts characters.
    line: usize,
    column: usize,
}

impl Place {
    /// The place of the byte at `offset` of a file's text.
    pub(crate) fn new(file: &Arc<str>, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Place {
            file: Arc::clone(file),
            line: 1 + before.matches('\n').count(),
            column: 1 + before[line_start..].chars().count(),
        }
    }

    /// The file as messages name it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// From 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The beginning of a file.
    pub(crate) fn start_of(file: &str) -> Self {
        Place { file: file.into(), line: 1, column: 1 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters() {
        let text = "a\né = b\n";
        let place = |offset| Place::new(&"f".into(), text, offset).to_string();
        assert_eq!([place(0), place(2), place(5), place(8)], ["f:1:1", "f:2:1", "f:2:3", "f:2:6"]);
        assert_eq!(place(9), "f:3:1");
        assert_eq!(place(90), "f:3:1");
    }
}
