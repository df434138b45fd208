//! Paths of a policy, written as in `.gitignore`.

use bstr::{BStr, ByteSlice as _};
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Patterns on paths.
#[derive(Debug, Clone)]
pub struct Globs(Gitignore);

impl Globs {
    /// One pattern, or why it is none.
    pub fn new(pattern: &str) -> Result<Self, String> {
        if pattern.trim().is_empty() || pattern.starts_with(['!', '#']) {
            return Err(format!("{pattern:?} is no pattern on paths"));
        }
        let mut builder = GitignoreBuilder::new("");
        builder.add_line(None, pattern).map_err(|error| error.to_string())?;
        builder.build().map(Globs).map_err(|error| error.to_string())
    }

    /// Whether the path, or a directory that it lies in, matches.
    pub fn contain(&self, path: &BStr) -> bool {
        // A path that begins at the root, as a file on the command line may, is looked at from there; the matcher would
        // refuse it.
        let path = path.trim_start_with(|c| c == '/').to_path_lossy();
        !path.as_os_str().is_empty() && self.0.matched_path_or_any_parents(&*path, false).is_ignore()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_gitignore() {
        let contain = |pattern: &str, path: &str| Globs::new(pattern).unwrap().contain(path.into());
        for (pattern, path, expected) in [
            ("vendor/", "vendor/a/b", true),
            ("vendor/", "a/vendor/b", true),
            ("/vendor/", "a/vendor/b", false),
            ("vendor/", "vendor", false),
            ("*.md", "docs/deep/a.md", true),
            ("docs/*.md", "docs/deep/a.md", false),
            ("docs/**/*.md", "docs/deep/a.md", true),
            ("a.txt", "/a.txt", true),
            ("*", "", false),
            ("**", "x/y", true),
            ("a\\ b", "a b", true),
        ] {
            assert_eq!(contain(pattern, path), expected, "{pattern} {path}");
        }
        for wrong in ["", " ", "!a", "# a", "{a"] {
            assert!(Globs::new(wrong).is_err(), "{wrong}");
        }
        assert!(Globs::new("*").unwrap().contain(BStr::new(b"\xff\n//..")));
    }
}
