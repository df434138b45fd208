//! Whether a program may be started: who could have written it, and where it lies.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::report::text::visible;

/// The program without links, if nobody but its user and root could have put it there.
#[cfg(unix)]
pub(super) fn resolved(program: &Path, scanned: &[PathBuf]) -> Result<PathBuf, String> {
    use std::os::unix::fs::MetadataExt as _;
    let shown = visible(program.as_os_str().as_encoded_bytes());
    let path = program.canonicalize().map_err(|error| format!("{shown}: {error}"))?;
    if is_scanned(&path, scanned) {
        return Err(format!("{shown} lies in what is scanned, and is not started"));
    }
    let metadata = path.metadata().map_err(|error| format!("{shown}: {error}"))?;
    if !metadata.is_file() {
        return Err(format!("{shown} is no file"));
    }
    if metadata.mode() & 0o111 == 0 {
        return Err(format!("{shown} is not executable: `chmod +x {shown}`"));
    }
    let own = rustix::process::geteuid().as_raw();
    let is_ours = |owner: u32| owner == own || owner == 0;
    if !is_ours(metadata.uid()) {
        return Err(format!("{shown} belongs to user {}, neither to you nor to root", metadata.uid()));
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(format!("{shown} can be written by others: `chmod go-w {shown}`"));
    }
    for directory in path.ancestors().skip(1) {
        let metadata = directory.metadata().map_err(|error| format!("{}: {error}", directory.display()))?;
        // In a sticky one, others cannot replace what is ours.
        let is_open = metadata.mode() & 0o002 != 0 && metadata.mode() & 0o1000 == 0;
        if is_open || !is_ours(metadata.uid()) {
            return Err(format!(
                "{shown} could be replaced by others: they can write to {}, or own it",
                visible(directory.as_os_str().as_encoded_bytes())
            ));
        }
    }
    Ok(path)
}

/// Without owners and modes nothing can be said.
#[cfg(not(unix))]
pub(super) fn resolved(_program: &Path, _scanned: &[PathBuf]) -> Result<PathBuf, String> {
    Err("hooks cannot start programs on this system: use a webhook".into())
}

/// Where programs that the hook starts are looked for: nowhere relative, and not in what is scanned.
pub(super) fn search_path(path: Option<OsString>, scanned: &[PathBuf]) -> OsString {
    let path = path.unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    let kept = std::env::split_paths(&path).filter(|directory| {
        let real = directory.canonicalize().unwrap_or_else(|_| directory.clone());
        directory.is_absolute() && !is_scanned(&real, scanned)
    });
    std::env::join_paths(kept).unwrap_or_default()
}

fn is_scanned(path: &Path, scanned: &[PathBuf]) -> bool {
    scanned.iter().any(|scanned| path.starts_with(scanned))
}
