//! Ctrl-C and termination: the process ends at once, with 128 and the signal's number.
//!
//! Reports appear whole or not at all (they are written beside their place and moved there), so there is nothing to
//! clean up; waiting for the work in hand would only be slower. Windows ends a process by itself.

/// Installs the handler. Without one the default of the system stands, which ends the process as well.
#[cfg(unix)]
pub fn install() {
    use signal_hook::consts::{SIGINT, SIGTERM};

    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            #[expect(clippy::exit, reason = "that is what the signal asks for")]
            std::process::exit(128 + signal);
        }
    });
}

/// Nothing to install.
#[cfg(not(unix))]
pub fn install() {}
