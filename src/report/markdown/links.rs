//! Where a host shows the files and commits of a repository.

/// The addresses of a repository on its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    blob: String,
    line: &'static str,
    commit: String,
}

impl Links {
    /// GitHub's form. `None` if this is no address of a repository.
    pub fn github(repository: &str) -> Option<Self> {
        Links::of(repository, "/blob/", "#L", "/commit/")
    }

    /// GitLab's form.
    pub fn gitlab(repository: &str) -> Option<Self> {
        Links::of(repository, "/-/blob/", "#L", "/-/commit/")
    }

    /// Bitbucket's form.
    pub fn bitbucket(repository: &str) -> Option<Self> {
        Links::of(repository, "/src/", "#lines-", "/commits/")
    }

    fn of(repository: &str, blob: &str, line: &'static str, commit: &str) -> Option<Self> {
        let repository = repository.trim_end_matches('/');
        let (scheme, rest) = repository.split_once("://")?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/".contains(c);
        (["http", "https"].contains(&scheme) && rest.contains('/') && rest.chars().all(is_plain)).then(|| {
            Links { blob: format!("{repository}{blob}"), line, commit: format!("{repository}{commit}") }
        })
    }

    /// A line of a file; `path` is percent-encoded.
    pub(super) fn blob(&self, commit: &str, path: &str, line: u32) -> String {
        format!("{}{commit}/{path}{}{line}", self.blob, self.line)
    }

    /// A commit.
    pub(super) fn commit(&self, id: &str) -> String {
        format!("{}{id}", self.commit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_hosts() {
        let github = Links::github("https://github.com/acme/app/").unwrap();
        assert_eq!(github.blob("abc", "a%20b", 3), "https://github.com/acme/app/blob/abc/a%20b#L3");
        let gitlab = Links::gitlab("https://gitlab.com/g/s/app").unwrap();
        assert_eq!(gitlab.commit("abc"), "https://gitlab.com/g/s/app/-/commit/abc");
        let bitbucket = Links::bitbucket("http://bitbucket.org/w/app").unwrap();
        assert_eq!(bitbucket.blob("abc", "a", 3), "http://bitbucket.org/w/app/src/abc/a#lines-3");
        for wrong in ["", "javascript:x", "https://a", "https://a/b)[x](", "https://user@a/b", "ftp://a/b"] {
            assert_eq!(Links::github(wrong), None, "{wrong}");
        }
    }
}
