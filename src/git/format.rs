//! Which repositories can be read at all: Git's rule of versions and extensions.

/// Extensions that change nothing in how objects, refs and the index are read, or that are read.
const KNOWN_EXTENSIONS: [&str; 9] = [
    "compatobjectformat",
    "noop",
    "noop-v1",
    "objectformat",
    "partialclone",
    "preciousobjects",
    "refstorage",
    "relativeworktrees",
    "worktreeconfig",
];

/// Where refs are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Storage {
    Files,
    Tables,
}

/// Where the refs are; or what stands against reading it. From version 1 on, who does not know an extension stays away.
pub(super) fn storage(gix: &gix::Repository) -> Result<Storage, String> {
    let config = gix.config_snapshot();
    if config.integer("core.repositoryFormatVersion").unwrap_or(0) < 1 {
        return Ok(Storage::Files);
    }
    let sections = || config.plumbing().sections_by_name("extensions").into_iter().flatten();
    let mut names = sections()
        .flat_map(|section| section.value_names().map(|name| name.to_ascii_lowercase()).collect::<Vec<_>>());
    if let Some(unknown) = names.find(|name| !KNOWN_EXTENSIONS.contains(&name.as_str())) {
        return Err(format!("unsupported: it needs the extension {unknown:?}, which is not known"));
    }
    match config.string("extensions.refStorage").as_deref().map(Vec::as_slice) {
        None | Some(b"files") => Ok(Storage::Files),
        Some(b"reftable") => Ok(Storage::Tables),
        Some(other) => {
            Err(format!("unsupported: its refs are stored as {:?}", String::from_utf8_lossy(other)))
        }
    }
}

/// Why it could not be opened, in one line.
pub(super) fn told(error: &gix::Error) -> String {
    let why = super::error_chain(error);
    // To gix, the name of an unknown hash is merely invalid.
    let unsupported = error.classify().is_unsupported() || why.contains("extensions.objectFormat");
    if unsupported { format!("unsupported: {why}") } else { why }
}
