//! Time, so that tests need not wait.

use std::time::{Duration, Instant};

/// What passes.
pub trait Clock: Send + Sync {
    /// Never goes back.
    fn now(&self) -> Instant;

    /// Of the calendar: dates in headers are compared with it.
    fn today(&self) -> jiff::Timestamp;

    /// Waits.
    fn sleep(&self, time: Duration);
}

/// The clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Real;

impl Clock for Real {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn today(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

#[cfg(test)]
pub(super) mod fake {
    use std::sync::Mutex;

    use super::*;

    /// A clock that a sleep puts forward.
    pub(in super::super) struct Fake {
        start: Instant,
        passed: Mutex<Duration>,
        /// Each sleep.
        pub(in super::super) slept: Mutex<Vec<Duration>>,
    }

    impl Fake {
        pub(in super::super) fn new() -> Self {
            Fake { start: Instant::now(), passed: Mutex::default(), slept: Mutex::default() }
        }

        pub(in super::super) fn passed(&self) -> Duration {
            *self.passed.lock().unwrap()
        }
    }

    impl Clock for Fake {
        fn now(&self) -> Instant {
            self.start + self.passed()
        }

        fn today(&self) -> jiff::Timestamp {
            jiff::Timestamp::from_second(1_790_000_000).unwrap() + self.passed()
        }

        fn sleep(&self, time: Duration) {
            self.slept.lock().unwrap().push(time);
            *self.passed.lock().unwrap() += time;
        }
    }
}
