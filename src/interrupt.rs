//! Ctrl-C and termination: the process ends at once, with 128 and the signal's number.
//!
//! Reports appear whole or not at all (they are written beside their place and moved there), so there is nothing to
//! clean up; waiting for the work in hand would only be slower. Only what was started in a group of its own does not
//! hear the signal, and is ended with us. Windows ends a process by itself.

#[cfg(unix)]
pub(crate) use group::Group;

/// Installs the handler. Without one the default of the system stands, which ends the process as well.
#[cfg(unix)]
pub fn install() {
    use signal_hook::consts::{SIGINT, SIGTERM};

    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            group::end_all();
            #[expect(clippy::exit, reason = "that is what the signal asks for")]
            std::process::exit(128 + signal);
        }
    });
}

/// Nothing to install.
#[cfg(not(unix))]
pub fn install() {}

#[cfg(unix)]
mod group {
    use std::sync::{Mutex, PoisonError};

    use rustix::process::{Pid, Signal, kill_process_group};

    static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

    /// A process group that is ended with us, as long as this lives. It must not outlive the group's number.
    #[derive(Debug)]
    pub(crate) struct Group(Pid);

    impl Group {
        /// Led by this process.
        pub(crate) fn new(leader: Pid) -> Self {
            RUNNING.lock().unwrap_or_else(PoisonError::into_inner).push(leader);
            Group(leader)
        }
    }

    impl Drop for Group {
        fn drop(&mut self) {
            RUNNING.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| *known != self.0);
        }
    }

    pub(super) fn end_all() {
        for leader in RUNNING.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}
