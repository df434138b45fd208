//! Which part of the history to scan, as said on the command line. Names are not looked up here.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::environment::Environment;

/// Less than the whole history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// From which commits on.
    pub extent: Extent,
    /// What is scanned in place of HEAD.
    pub branch: Option<String>,
    /// Only so many commits, the newest.
    pub most: Option<usize>,
    /// The options, for reports.
    pub text: String,
    /// Where the repository is, if Git said it.
    pub environment: Environment,
}

/// From which commits on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// From the beginning.
    Whole,
    /// `FROM..TO`: what TO reaches and FROM does not.
    Between(String, String),
    /// `A...B`: what one of them reaches and the other does not.
    Apart(String, String),
    /// `REF^!`: one commit.
    Only(String),
    /// What is not reached by this revision.
    After(String),
    /// Commits committed at this second since 1970 or later.
    Since(i64),
    /// No commits: what a commit of the index would introduce.
    Staged,
    /// No commits: files of the working tree, by name or all that are tracked.
    Files,
    /// What a push brings.
    Pushed(Push),
}

/// A push, as Git tells a hook of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// What is pushed: ids, or names of refs.
    pub tips: Vec<String>,
    /// Ids, or names of refs, that the other side has. They need not be here.
    pub known: Vec<String>,
    /// Refs of this repository that tell what else it has.
    pub refs: KnownRefs,
}

/// Refs whose history the other side of a push has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownRefs {
    /// There are none.
    None,
    /// All of this repository, which is the other side itself.
    All,
    /// The remote-tracking refs of a remote.
    OfRemote {
        /// Its name, or its URL once more if it has none.
        name: String,
        /// Its URL.
        url: String,
    },
}

/// Options that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// Not a range.
    #[error(
        "--range {0:?} is no range: say A..B (what B adds to A), A...B (what either has alone) or REF^! (one commit); \
         for all that a ref reaches there is --branch"
    )]
    NoRange(String),
    /// Both say where to begin.
    #[error("--range cannot go with {0}: both say which commits are meant")]
    Conflict(&'static str),
    /// An empty name.
    #[error("{0} names nothing")]
    Empty(&'static str),
}

impl Scope {
    /// `None` if the options ask for everything. `now` is what dates like `2 weeks ago` count from.
    pub fn new(
        range: Option<&str>,
        since: Option<&str>,
        branch: Option<&str>,
        most: Option<usize>,
        now: Timestamp,
    ) -> Result<Option<Self>, ScopeError> {
        let options = [("--range", range), ("--since", since), ("--branch", branch)];
        for (name, value) in options {
            if value.is_some_and(|value| value.trim().is_empty()) {
                return Err(ScopeError::Empty(name));
            }
        }
        let extent = match (range, since) {
            (Some(_), Some(_)) => return Err(ScopeError::Conflict("--since")),
            (Some(_), None) if branch.is_some() => return Err(ScopeError::Conflict("--branch")),
            (Some(range), None) => self::range(range).ok_or_else(|| ScopeError::NoRange(range.into()))?,
            (None, Some(since)) => {
                date(since, now).map_or_else(|| Extent::After(since.into()), Extent::Since)
            }
            (None, None) => Extent::Whole,
        };
        let named = options.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?)));
        let text: Vec<String> = named.chain(most.map(|most| format!("--max-commits {most}"))).collect();
        let scope = Scope {
            most,
            branch: branch.map(Into::into),
            ..Scope::of(extent, &text.join(" "), Environment::default())
        };
        Ok((!scope.text.is_empty()).then_some(scope))
    }

    /// What a hook is told of.
    pub fn of(extent: Extent, text: &str, environment: Environment) -> Self {
        Scope { extent, branch: None, most: None, text: text.into(), environment }
    }

    /// What a commit of the index would introduce.
    pub fn staged(environment: Environment) -> Self {
        Scope::of(Extent::Staged, "--staged", environment)
    }

    /// Whether commits are meant.
    pub fn is_of_commits(&self) -> bool {
        !matches!(self.extent, Extent::Staged | Extent::Files)
    }

    /// The ref whose whole history is meant, if that is all that is said.
    pub fn whole_branch(&self) -> Option<&str> {
        self.branch.as_deref().filter(|_| self.extent == Extent::Whole && self.most.is_none())
    }
}

fn range(text: &str) -> Option<Extent> {
    let name = |name: &str| if name.is_empty() { "HEAD".to_owned() } else { name.to_owned() };
    if let Some(one) = text.strip_suffix("^!") {
        return (!one.is_empty() && !one.contains("..")).then(|| Extent::Only(one.into()));
    }
    let (from, to, apart) = match text.split_once("...") {
        Some((from, to)) => (from, to, true),
        None => text.split_once("..").map(|(from, to)| (from, to, false))?,
    };
    let whole =
        (from.is_empty() && to.is_empty()) || from.contains("..") || to.contains("..") || to.starts_with('.');
    match (whole, apart) {
        (true, _) => None,
        (false, true) => Some(Extent::Apart(name(from), name(to))),
        (false, false) => Some(Extent::Between(name(from), name(to))),
    }
}

/// `2024-05-01`, `2024-05-01T12:00`, with or without an offset (UTC), `2 weeks ago`, `2.weeks.ago`, `yesterday`.
pub(crate) fn date(text: &str, now: Timestamp) -> Option<i64> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("yesterday") {
        return date("1 day ago", now);
    }
    if text.ends_with("ago") {
        // A negative span, in jiff's words.
        let span: Span = text.replace('.', " ").parse().ok()?;
        return Some(now.to_zoned(TimeZone::UTC).checked_add(span).ok()?.timestamp().as_second());
    }
    // Eight digits may be the beginning of an id.
    let begins_like_one = text.len() >= 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    if !begins_like_one {
        return None;
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_second());
    }
    let local: DateTime = text.parse().ok()?;
    Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(range: Option<&str>, since: Option<&str>) -> Result<Option<Scope>, ScopeError> {
        Scope::new(range, since, None, None, Timestamp::from_second(1_714_557_600).unwrap())
    }

    fn since(text: &str) -> Extent {
        new(None, Some(text)).unwrap().unwrap().extent
    }

    #[test]
    fn ranges() {
        let extent = |text| new(Some(text), None).map(|scope| scope.unwrap().extent);
        let between = |a: &str, b: &str| Ok(Extent::Between(a.into(), b.into()));
        assert_eq!(extent("a..b"), between("a", "b"));
        assert_eq!(extent("a.."), between("a", "HEAD"));
        assert_eq!(extent("..b"), between("HEAD", "b"));
        assert_eq!(extent("v1.0..v1.1"), between("v1.0", "v1.1"));
        assert_eq!(extent("a...b"), Ok(Extent::Apart("a".into(), "b".into())));
        assert_eq!(extent("HEAD^!"), Ok(Extent::Only("HEAD".into())));
        for wrong in ["a", "..", "...", "a....b", "a..b..c", "^!", "a..b^!", "--output=x"] {
            assert!(matches!(extent(wrong), Err(ScopeError::NoRange(_))), "{wrong}");
        }
        assert_eq!(extent(" "), Err(ScopeError::Empty("--range")));
        assert!(matches!(new(Some("a..b"), Some("c")), Err(ScopeError::Conflict("--since"))));
    }

    #[test]
    fn dates_and_refs() {
        assert_eq!(since("2024-05-01"), Extent::Since(1_714_521_600));
        assert_eq!(since("2024-05-01T12:00:00+02:00"), Extent::Since(1_714_557_600));
        assert_eq!(since("2024-05-01 10:00"), Extent::Since(1_714_557_600));
        assert_eq!(since("2 weeks ago"), Extent::Since(1_714_557_600 - 14 * 86_400));
        assert_eq!(since("10.days.ago"), Extent::Since(1_714_557_600 - 10 * 86_400));
        assert_eq!(since("yesterday"), Extent::Since(1_714_557_600 - 86_400));
        for name in ["20240501", "v1", "2024-05-99", "chicago", "refs/tags/2024-05-01", "äöüß-äö-ä"] {
            assert_eq!(since(name), Extent::After(name.into()));
        }
    }
}
