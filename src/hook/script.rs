//! The script in a directory of hooks: written, recognised, taken out.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::Name;

/// The second line of every script that muzzle wrote.
const MARK: &str = "# muzzle hook, version 1";
/// What is added to the name of the hook that stood there before.
const BEFORE: &str = ".before-muzzle";

/// What a script says.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// Options for `muzzle hook run NAME`.
    pub options: Vec<String>,
    /// It stands for all repositories, and so in place of the hooks of each.
    pub global: bool,
}

/// What is in the place of a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    Absent,
    /// Our script, and whether another hook is called first.
    Ours {
        /// There is one.
        chained: bool,
    },
    /// Another hook.
    Other,
}

/// What an installation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installed {
    /// There was no hook.
    New,
    /// Another hook was there; it is kept here, and called first.
    Chained(PathBuf),
    /// It was there, with other options.
    Changed,
    /// It was there as it is.
    Same,
}

/// Two hooks of others for one place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no room to keep the present hook.
    #[error(
        "{hook} is not muzzle's, and {kept}, where it would be kept, is there already: another tool has written its hook \
         over muzzle's; bring the two together by hand, and install again"
    )]
    TwoOthers {
        /// The hook.
        hook: PathBuf,
        /// What was kept.
        kept: PathBuf,
    },
    /// The files cannot be changed.
    #[error("cannot write {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// What is in the place of a hook.
pub fn state(directory: &Path, name: Name) -> State {
    let path = directory.join(name.as_str());
    if path.symlink_metadata().is_err() {
        return State::Absent;
    }
    if is_ours(&path) { State::Ours { chained: exists(&kept(directory, name)) } } else { State::Other }
}

/// Puts our script in place. What is there is kept and called first.
pub fn install(directory: &Path, name: Name, script: &Script) -> Result<Installed, Error> {
    let (hook, kept) = (directory.join(name.as_str()), kept(directory, name));
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Io { path, source }
    };
    std::fs::create_dir_all(directory).map_err(io(directory))?;
    let text = text(name, script);
    let outcome = match state(directory, name) {
        State::Absent => Installed::New,
        State::Ours { .. } if std::fs::read(&hook).is_ok_and(|there| there == text.as_bytes()) => {
            return Ok(Installed::Same);
        }
        State::Ours { .. } => Installed::Changed,
        State::Other if exists(&kept) => return Err(Error::TwoOthers { hook, kept }),
        State::Other => {
            std::fs::rename(&hook, &kept).map_err(io(&hook))?;
            Installed::Chained(kept)
        }
    };
    write(directory, &hook, &text).map_err(io(&hook))?;
    Ok(outcome)
}

/// Takes our script out and puts back what was kept. `false` if there is none of ours.
pub fn uninstall(directory: &Path, name: Name) -> Result<bool, Error> {
    let (hook, kept) = (directory.join(name.as_str()), kept(directory, name));
    let State::Ours { chained } = state(directory, name) else { return Ok(false) };
    let outcome = if chained { std::fs::rename(&kept, &hook) } else { std::fs::remove_file(&hook) };
    outcome.map_err(|source| Error::Io { path: hook, source })?;
    Ok(true)
}

fn kept(directory: &Path, name: Name) -> PathBuf {
    directory.join(format!("{name}{BEFORE}"))
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// A hook that is a link is somebody else's, wherever it leads.
fn is_ours(path: &Path) -> bool {
    let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    let text = if is_file { std::fs::read(path).unwrap_or_default() } else { Vec::new() };
    text.split(|b| *b == b'\n').nth(1).is_some_and(|line| line.starts_with(MARK.as_bytes()))
}

/// Whole or not at all: a hook that is cut off must not be run.
fn write(directory: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755));
    let mut file = builder.prefix(".muzzle-").tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    #[cfg(unix)]
    file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn text(name: Name, script: &Script) -> String {
    let option = |option: &String| format!(" {}", quoted(option));
    let options: String = script.options.iter().map(option).collect();
    let told = if name.reads_input() { "told | " } else { "" };
    let [what, instead] = name.without_muzzle();
    let mut parts = vec![format!(
        "#!/bin/sh\n{MARK}. Made by `muzzle hook install {name}`; `muzzle hook uninstall {name}` takes it out.\n"
    )];
    if name.reads_input() {
        parts.push(
            "# Each hook is told what Git tells this one.\ninput=$(cat)\n\
             told() { [ -z \"$input\" ] || printf '%s\\n' \"$input\" 2>/dev/null; }\n"
                .into(),
        );
    }
    let first = format!("if [ -x \"$previous\" ]; then\n    {told}\"$previous\" \"$@\" || exit $?\nfi\n");
    parts.push(format!("# The hook that stood here before.\nprevious=\"$0{BEFORE}\"\n{first}"));
    if script.global {
        parts.push(format!(
            "# The repository's own hook, which Git passes over for this one.\n\
             previous=\"$(git rev-parse --git-common-dir 2>/dev/null)/hooks/{name}\"\n{first}"
        ));
    }
    parts.push(format!(
        "if ! command -v muzzle >/dev/null 2>&1; then\n    \
         echo 'muzzle: not found on the PATH, so that {what} and is refused.' >&2\n    \
         echo 'muzzle: Install it, or take this hook out: see docs/git-hooks.md of muzzle.' >&2\n    \
         echo 'muzzle: {instead}' >&2\n    exit 2\nfi\n"
    ));
    parts.push(format!("{told}muzzle hook run {name}{options} -- \"$@\"\n"));
    parts.join("\n")
}

/// For the shell, as it is.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:@+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_the_shell() {
        assert_eq!(quoted("--scan=--confidence"), "--scan=--confidence");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $HOME"), "'it'\\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn what_was_there_comes_back() {
        let directory = tempfile::tempdir().unwrap();
        let hooks = directory.path().join("hooks");
        let hook = hooks.join("pre-push");
        let script = Script::default();
        assert_eq!(install(&hooks, Name::PrePush, &script).unwrap(), Installed::New);
        assert_eq!(install(&hooks, Name::PrePush, &script).unwrap(), Installed::Same);
        let other = Script { options: vec!["--scan=-v".into()], ..Script::default() };
        assert_eq!(install(&hooks, Name::PrePush, &other).unwrap(), Installed::Changed);
        assert_eq!(state(&hooks, Name::PrePush), State::Ours { chained: false });
        assert!(uninstall(&hooks, Name::PrePush).unwrap() && !uninstall(&hooks, Name::PrePush).unwrap());
        assert_eq!(state(&hooks, Name::PrePush), State::Absent);

        std::fs::write(&hook, "#!/bin/sh\necho theirs\n").unwrap();
        let kept = hooks.join("pre-push.before-muzzle");
        assert_eq!(install(&hooks, Name::PrePush, &script).unwrap(), Installed::Chained(kept.clone()));
        assert_eq!(state(&hooks, Name::PrePush), State::Ours { chained: true });
        // Another tool writes over ours: neither of the two is lost.
        std::fs::write(&hook, "#!/bin/sh\necho others\n").unwrap();
        assert!(matches!(install(&hooks, Name::PrePush, &script), Err(Error::TwoOthers { .. })));
        std::fs::remove_file(&hook).unwrap();
        assert_eq!(install(&hooks, Name::PrePush, &script).unwrap(), Installed::New);
        assert!(uninstall(&hooks, Name::PrePush).unwrap() && !kept.exists());
        assert_eq!(std::fs::read_to_string(&hook).unwrap(), "#!/bin/sh\necho theirs\n");
        assert_eq!(state(&hooks, Name::PrePush), State::Other);
    }
}
