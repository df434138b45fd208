//! Ctrl-C and termination: the process ends at once, with 128 and the signal's number.
//!
//! Reports appear whole or not at all (they are written beside their place and moved there), so there is nothing to
//! finish; waiting for the work in hand would only be slower. What is not in its place yet is removed, and so are
//! directories of our own. What was started in a group of its own does not hear the signal, and is ended with us.
//! Windows ends a process by itself.

use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::sync::{Arc, atomic::AtomicBool};
use std::sync::{Mutex, PoisonError};

#[cfg(unix)]
pub(crate) use group::Group;

#[cfg(unix)]
use crate::whole;

/// Installs the handler. Without one the default of the system stands, which ends the process as well.
#[cfg(unix)]
pub fn install() {
    use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};

    // A file that becomes too large is an error of whoever writes it, as a full disk is.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else { return };
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            group::end_all();
            // Held to the end, so that no other is made.
            let scratch = SCRATCH.lock().unwrap_or_else(PoisonError::into_inner);
            for directory in scratch.iter() {
                let _ = std::fs::remove_dir_all(directory);
            }
            whole::give_up(|| {
                #[expect(clippy::exit, reason = "that is what the signal asks for")]
                std::process::exit(128 + signal)
            });
        }
    };
    // Without a thread to wait on, the signal is heard and nothing comes of it: that must not be.
    if std::thread::Builder::new().spawn(wait).is_err() {
        for signal in [SIGINT, SIGTERM] {
            let _ = signal_hook::flag::register_conditional_default(signal, Arc::new(AtomicBool::new(true)));
        }
    }
}

/// Nothing to install.
#[cfg(not(unix))]
pub fn install() {}

static SCRATCH: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A directory of our own among the temporary ones, for nobody else to read. It is removed at the end, whatever ends us.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// An empty one whose name begins with this.
    pub(crate) fn new(prefix: &str) -> std::io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        // Held while it is made, so that no signal comes between.
        let mut known = SCRATCH.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = builder.prefix(prefix).tempdir()?;
        let path = directory.keep();
        known.push(path.clone());
        Ok(Scratch(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mut known = SCRATCH.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = std::fs::remove_dir_all(&self.0);
        known.retain(|known| *known != self.0);
    }
}

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
