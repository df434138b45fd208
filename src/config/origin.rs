//! Where a setting comes from.

use std::fmt;

use crate::rules::Place;

/// Who said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command line.
    Flag(&'static str),
    /// A variable of the environment.
    Environment(&'static str),
    /// A configuration file.
    File(Place),
    /// Nobody.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(name) => write!(f, "flag {name}"),
            Origin::Environment(name) => write!(f, "env {name}"),
            Origin::File(place) => write!(f, "{}:{}", place.file(), place.line()),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// A value and who said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Who said so.
    pub origin: Origin,
}

impl<T> Setting<T> {
    pub(super) fn new(value: T, origin: Origin) -> Self {
        Setting { value, origin }
    }

    /// The same with another value.
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Setting<U> {
        Setting { value: change(self.value), origin: self.origin }
    }

    /// The place, of one that is from a file.
    pub(super) fn place(&self) -> Option<&Place> {
        match &self.origin {
            Origin::File(place) => Some(place),
            _ => None,
        }
    }
}
