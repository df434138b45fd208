//! What a pipeline should scan: the environment and the event of a CI system → a [`Plan`].
//!
//! One file per system, each a pure function that only reads names and ids; nothing of an event is believed but ids
//! and names of branches of a plain form. [`checkout`] holds a plan against what the checkout has, and [`fetch`] is the
//! only place that brings more, if it may.

use std::collections::BTreeMap;

pub mod azure;
pub mod bitbucket;
pub mod checkout;
pub mod fetch;
pub mod github;
pub mod gitlab;
pub mod jenkins;

/// What to scan, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What.
    pub what: What,
    /// Why, for people; one sentence of our own words and plain names.
    pub why: String,
    /// How to make this system check out enough.
    pub deepen: &'static str,
}

/// What to scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Something was deleted.
    Nothing,
    /// Everything that the checkout has.
    Whole,
    /// What the head's commits introduced since the base.
    Introduced {
        /// Whose history is meant.
        head: Point,
        /// What is left out, the best one first: the next one is taken if one is gone. If none is left, it is
        /// everything that the head reaches.
        bases: Vec<Point>,
    },
}

/// A commit as a CI system names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Point {
    /// By its id.
    Commit(Id),
    /// By its id, and this ref of the remote leads to it.
    CommitAt(Id, String),
    /// The tip of a branch of the remote.
    Branch(Branch),
    /// What is checked out.
    Head,
    /// The first parent of a merge that the host made of `head` and the branch that it is to go to.
    TargetOf {
        /// The merge.
        merge: Id,
        /// Its second parent.
        head: Id,
    },
}

/// Which part of the history is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What the event introduced, or everything if it introduced nothing of its own.
    Auto,
    /// What the event introduced; an event that has none is an error.
    Range,
    /// Everything.
    Full,
}

/// An event that names no range, and `--mode range`.
#[derive(Debug, thiserror::Error)]
#[error(
    "--mode range: {0}, so that there is no range to scan; say --mode auto, or give a range to `muzzle scan --range`"
)]
pub struct NoRange(String);

impl Plan {
    /// This plan under a mode.
    pub fn in_mode(self, mode: Mode) -> Result<Self, NoRange> {
        match (mode, &self.what) {
            (Mode::Range, What::Whole) => Err(NoRange(self.why.trim_end_matches('.').to_owned())),
            (Mode::Full, What::Introduced { .. }) => {
                Ok(Plan { what: What::Whole, why: "The whole history was asked for.".into(), ..self })
            }
            _ => Ok(self),
        }
    }
}

/// The environment of a step.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// That of this process.
    pub fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Environment(std::env::vars_os().filter_map(text).collect())
    }

    /// A variable that is set to something.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A variable that holds the id of a commit. All zeros stand for none.
    pub fn id(&self, name: &str) -> Option<Id> {
        self.get(name).and_then(Id::new)
    }

    /// A variable that holds the name of a branch.
    pub fn branch(&self, name: &str) -> Option<Branch> {
        self.get(name).and_then(Branch::new)
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(list: [(&str, &str); N]) -> Self {
        Environment(list.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// The id of a commit: 40 or 64 hex digits, or the beginning of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(String);

impl Id {
    /// `None` if it is none, or the one of all zeros that stands for none.
    pub fn new(text: &str) -> Option<Self> {
        let is_id = (7..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
        (is_id && text.bytes().any(|b| b != b'0')).then(|| Id(text.to_ascii_lowercase()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is whole; a remote gives away no objects by less.
    pub fn is_whole(&self) -> bool {
        [40, 64].contains(&self.0.len())
    }

    /// For people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

/// The name of a branch, without `refs/heads/`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Branch(String);

impl Branch {
    /// `None` if it is none that Git would take, or a name of something else than a branch.
    pub fn new(text: &str) -> Option<Self> {
        let name = text.strip_prefix("refs/heads/").unwrap_or(text);
        let odd = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c);
        let is_name = !name.is_empty()
            && name.len() <= 255
            && !name.contains(odd)
            && !["..", "@{", "//"].iter().any(|part| name.contains(part))
            && !name.starts_with(['-', '/', '.'])
            && !name.ends_with(['/', '.'])
            && !name.starts_with("refs/");
        is_name.then(|| Branch(name.to_owned()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Point {
    /// For people.
    pub fn told(&self) -> String {
        match self {
            Point::Commit(id) | Point::CommitAt(id, _) => format!("commit {}", id.short()),
            Point::Branch(branch) => format!("branch {}", branch.as_str()),
            Point::Head => "HEAD".into(),
            Point::TargetOf { merge, .. } => format!("the first parent of {}", merge.short()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        assert!(Id::new(&"0".repeat(40)).is_none());
        assert!(
            Id::new("--output=x").is_none() && Id::new("abc").is_none() && Id::new(&"a".repeat(65)).is_none()
        );
        assert!(Id::new(&"Ab1".repeat(4)).is_some_and(|id| id.as_str() == "ab1ab1ab1ab1" && !id.is_whole()));
        assert!(Id::new(&"a".repeat(40)).unwrap().is_whole());
    }

    #[test]
    fn branches() {
        for name in ["main", "feature/x-1", "refs/heads/a@b", "ünï"] {
            assert!(Branch::new(name).is_some(), "{name}");
        }
        for name in [
            "",
            "-x",
            "a b",
            "a..b",
            "a:b",
            "+a:b*",
            "refs/tags/v1",
            "a@{1}",
            "a\nb",
            "a^",
            "/a",
            "a/",
            ".a",
            "$(x) y",
        ] {
            assert!(Branch::new(name).is_none(), "{name}");
        }
    }

    #[test]
    fn modes() {
        let plan = |what| Plan { what, why: "x.".into(), deepen: "" };
        let introduced = What::Introduced { head: Point::Head, bases: Vec::new() };
        assert!(
            plan(What::Whole).in_mode(Mode::Range).unwrap_err().to_string().contains("--mode range: x, so")
        );
        assert_eq!(plan(introduced.clone()).in_mode(Mode::Full).unwrap().what, What::Whole);
        assert_eq!(plan(introduced.clone()).in_mode(Mode::Range).unwrap().what, introduced);
        assert_eq!(plan(What::Nothing).in_mode(Mode::Full).unwrap().what, What::Nothing);
    }
}
