//! What a case is, and what it expects.

use crate::support::Sandbox;

/// A case: how its ground is made, and what a scan of it must say.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) make: Box<dyn Fn(&Sandbox) -> Expected + Send + Sync>,
}

/// A case by this name. `make` gets an empty directory to work in, and may make a repository of it.
pub(crate) fn case(
    name: impl Into<String>,
    make: impl Fn(&Sandbox) -> Expected + Send + Sync + 'static,
) -> Case {
    Case { name: name.into(), make: Box::new(make) }
}

/// Whether everything must have been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// All of it: exit code 0 or 1.
    Complete,
    /// Not all of it, and it must be said: exit code 3 or 4.
    Incomplete,
    /// Nothing trustworthy could be scanned: exit code 2, nothing on standard output.
    Refused,
    /// Git itself cannot tell, or the damage may or may not matter: complete or incomplete, but what is expected is found.
    Either,
}

/// What a scan must say.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// Names of the tokens ([`github`](crate::support::github)) that must be found; no others may be.
    pub(crate) found: Vec<String>,
    /// Whether it does not matter what is found.
    pub(crate) finds_any: bool,
    /// Names of tokens that need not be found where the scan says that something is missing.
    pub(crate) doubtful: Vec<String>,
    /// Done over and over while the scan runs, and the scan is repeated; what is scanned does not stay as it is.
    pub(crate) meanwhile: Option<fn(&Sandbox)>,
    /// Places, as [`Scan::places`](crate::support::Scan::places) tells them without the rule, of which each must be told.
    pub(crate) places: Vec<String>,
    /// The same, by how a place begins and ends.
    pub(crate) some_places: Vec<(String, String)>,
    pub(crate) end: End,
    /// Gaps, as `kind place`: each must be the beginning of one that is told.
    pub(crate) gaps: Vec<String>,
    /// More may be found.
    pub(crate) among_others: bool,
    /// Exit code 2 is as good an answer.
    pub(crate) or_refused: bool,
    /// What standard error must hold.
    pub(crate) says: Vec<String>,
    /// JSON pointers into the report, with the number that stands there.
    pub(crate) numbers: Vec<(&'static str, u64)>,
    /// Arguments behind `muzzle scan -o json`; `.` if none.
    pub(crate) arguments: Vec<String>,
    /// Standard input.
    pub(crate) stdin: Vec<u8>,
    /// Where it runs, below the directory to work in.
    pub(crate) directory: String,
    /// Peak memory, in MiB.
    pub(crate) memory: u64,
    /// Whether git can tell which objects there are, and must agree.
    pub(crate) ask_git: bool,
}

/// These tokens are found, and everything is read.
pub(crate) fn finds<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Expected {
    Expected {
        found: names.into_iter().map(Into::into).collect(),
        finds_any: false,
        doubtful: Vec::new(),
        meanwhile: None,
        among_others: false,
        or_refused: false,
        places: Vec::new(),
        some_places: Vec::new(),
        end: End::Complete,
        gaps: Vec::new(),
        says: Vec::new(),
        numbers: Vec::new(),
        arguments: Vec::new(),
        stdin: Vec::new(),
        directory: String::new(),
        memory: 256,
        ask_git: true,
    }
}

/// Nothing is found, and everything is read.
pub(crate) fn clean() -> Expected {
    finds::<String>([])
}

/// What is found does not matter.
pub(crate) fn any() -> Expected {
    Expected { finds_any: true, ..clean() }
}

/// Nothing trustworthy can be scanned, and standard error says why.
pub(crate) fn refused(why: &str) -> Expected {
    Expected { end: End::Refused, says: vec![why.into()], ask_git: false, ..clean() }
}

impl Expected {
    /// Something could not be read: `kind place`, each the beginning of a gap that is told.
    pub(crate) fn gaps<S: Into<String>>(mut self, gaps: impl IntoIterator<Item = S>) -> Self {
        self.end = End::Incomplete;
        self.gaps.extend(gaps.into_iter().map(Into::into));
        self
    }

    /// Whether it is complete does not matter.
    pub(crate) fn either(mut self) -> Self {
        self.end = End::Either;
        self
    }

    /// These tokens are found as well, or a gap is told.
    pub(crate) fn or_gap<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.doubtful.extend(names.into_iter().map(Into::into));
        self.either()
    }

    /// More may be found.
    pub(crate) fn among_others(mut self) -> Self {
        self.among_others = true;
        self
    }

    /// Nothing but that it cannot be scanned may be said as well.
    pub(crate) fn or_refused(mut self) -> Self {
        self.or_refused = true;
        self
    }

    /// These tokens are found as well.
    pub(crate) fn also<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.found.extend(names.into_iter().map(Into::into));
        self
    }

    /// The scan runs while this is done over and over.
    pub(crate) fn while_doing(mut self, step: fn(&Sandbox)) -> Self {
        self.meanwhile = Some(step);
        self
    }

    /// A place that must be told, `path:line:column source …` or the beginning of it.
    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        self.places.push(place.into());
        self
    }

    /// A place that must be told, by how it begins and ends.
    pub(crate) fn at_some(mut self, begin: &str, end: &str) -> Self {
        self.some_places.push((begin.into(), end.into()));
        self
    }

    /// Standard error says this.
    pub(crate) fn says(mut self, text: &str) -> Self {
        self.says.push(text.into());
        self
    }

    /// The report has this number at this JSON pointer.
    pub(crate) fn tells(mut self, pointer: &'static str, number: u64) -> Self {
        self.numbers.push((pointer, number));
        self
    }

    /// Scanned with these arguments; the target is among them.
    pub(crate) fn with<S: Into<String>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// Scanned in another directory than that to work in.
    pub(crate) fn inside(mut self, directory: &str) -> Self {
        self.directory = directory.into();
        self
    }

    /// With this on standard input.
    pub(crate) fn fed(mut self, stdin: impl Into<Vec<u8>>) -> Self {
        self.stdin = stdin.into();
        self
    }

    /// With so much memory at most, in MiB.
    pub(crate) fn memory(mut self, most: u64) -> Self {
        self.memory = most;
        self
    }

    /// Git cannot read this, or sees less of it.
    pub(crate) fn beyond_git(mut self) -> Self {
        self.ask_git = false;
        self
    }
}
