//! What all targets share.

/// Ends the process at a panic in code of our own. Libraries may trip over what they are given: where we let them, the
/// panic is caught, and what they read is damaged. Where it is not caught, it ends the process all the same.
pub fn stop_at_own_panics() {
    std::panic::set_hook(Box::new(|info| {
        let file = info.location().map_or("", |location| location.file());
        if !file.contains("/registry/src/") && !file.starts_with("/rustc/") {
            eprintln!("{info}");
            std::process::abort();
        }
    }));
}
