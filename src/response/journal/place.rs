//! Where the journal lies, and its section of trusted configuration.

use std::path::PathBuf;

use serde::Deserialize;

use crate::ci::Environment;

/// `[journal]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct JournalSection {
    /// The file, absolute.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub path: Option<PathBuf>,
}

/// Where it lies: what `--journal` says, else the configuration, else `$XDG_STATE_HOME/muzzle/journal.jsonl` or
/// `~/.local/state/muzzle/journal.jsonl`.
///
/// # Errors
/// If nothing says where.
pub fn journal_path(
    flag: Option<&std::path::Path>,
    section: &JournalSection,
    environment: &Environment,
) -> Result<PathBuf, super::JournalError> {
    if let Some(flag) = flag {
        return Ok(flag.to_owned());
    }
    if let Some(path) = &section.path {
        if path.is_absolute() {
            return Ok(path.clone());
        }
        return Err(super::JournalError(format!(
            "journal.path: {} is not absolute, and would be another file in every directory",
            path.display()
        )));
    }
    let absolute = |name| environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
        .or_else(|| absolute("LOCALAPPDATA"));
    state.map(|state| state.join("muzzle/journal.jsonl")).ok_or_else(|| {
        super::JournalError(
            "there is no place for the journal, since HOME is not set: name a file with --journal".into(),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn who_says_where() {
        let home = Environment::from([("HOME", "/home/a")]);
        let both = Environment::from([("HOME", "/home/a"), ("XDG_STATE_HOME", "/s")]);
        let relative = Environment::from([("HOME", "/home/a"), ("XDG_STATE_HOME", "s")]);
        let none = JournalSection::default();
        let path = |flag: Option<&str>, section: &JournalSection, environment| {
            journal_path(flag.map(Path::new), section, environment).map_err(|error| error.to_string())
        };
        assert_eq!(path(None, &none, &home).unwrap(), Path::new("/home/a/.local/state/muzzle/journal.jsonl"));
        assert_eq!(path(None, &none, &both).unwrap(), Path::new("/s/muzzle/journal.jsonl"));
        assert_eq!(path(None, &none, &relative), path(None, &none, &home));
        let set = JournalSection { path: Some("/var/j".into()) };
        assert_eq!(path(None, &set, &both).unwrap(), Path::new("/var/j"));
        assert_eq!(path(Some("j"), &set, &both).unwrap(), Path::new("j"));
        assert!(
            path(None, &JournalSection { path: Some("j".into()) }, &home).unwrap_err().contains("absolute")
        );
        assert!(path(None, &none, &Environment::default()).unwrap_err().contains("--journal"));
    }
}
