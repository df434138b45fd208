//! How much is asked of a host: two requests in flight, so many a second, no more after failures in a row; and of all
//! hosts together, so many in a run.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::clock::Clock;
use crate::response::call::SendError;
use crate::response::settings::Settings;

/// Requests to one host at a time.
const IN_FLIGHT: u32 = 2;
/// Requests that may follow each other at once after a rest.
const BURST: u32 = 2;
/// After so many failures in a row a host is left alone …
const FAILURES: u32 = 5;
/// … for so long; then one request may try.
const PAUSE: Duration = Duration::from_mins(1);
/// Slower than one request in so many seconds is no rate.
const SLOWEST: f64 = 1.0 / 3600.0;

/// What is known of the hosts of a run.
pub(super) struct Limits {
    state: Mutex<State>,
    /// Something came back.
    returned: Condvar,
    between: Duration,
    most: u32,
    longest_wait: Duration,
}

#[derive(Default)]
struct State {
    sent: u32,
    hosts: HashMap<String, Host>,
}

#[derive(Default)]
struct Host {
    in_flight: u32,
    /// When the next request would be on time if they came evenly.
    due: Option<Instant>,
    /// The provider asked to wait until then.
    not_before: Option<Instant>,
    failures: u32,
    /// Left alone until then.
    shut_until: Option<Instant>,
}

/// The right to send one request; given back when dropped.
pub(super) struct Turn<'a> {
    limits: &'a Limits,
    host: String,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.limits.lock();
        if let Some(host) = state.hosts.get_mut(&self.host) {
            host.in_flight = host.in_flight.saturating_sub(1);
        }
        drop(state);
        self.limits.returned.notify_all();
    }
}

impl Limits {
    pub(super) fn new(settings: &Settings) -> Self {
        let rate = if settings.rate.is_finite() { settings.rate.max(SLOWEST) } else { f64::MAX };
        Limits {
            state: Mutex::default(),
            returned: Condvar::new(),
            between: Duration::try_from_secs_f64(1.0 / rate).unwrap_or(Duration::ZERO),
            most: settings.most_requests,
            longest_wait: settings.longest_wait,
        }
    }

    /// Waits until a request to this host is in order.
    ///
    /// # Errors
    /// If it is not going to be: nothing was sent.
    pub(super) fn turn(&self, host: &str, clock: &dyn Clock) -> Result<Turn<'_>, SendError> {
        let turn = self.place(host);
        loop {
            let mut state = self.lock();
            if state.sent >= self.most {
                return Err(SendError::Refused(format!(
                    "the limit of {} requests in a run is reached (network.most_requests)",
                    self.most
                )));
            }
            let now = clock.now();
            let known = state.hosts.entry(host.to_owned()).or_default();
            if let Some(until) = known.shut_until.filter(|until| *until > now) {
                return Err(SendError::NotSent(format!(
                    "{host} failed {FAILURES} times in a row, and is left alone for another {} s",
                    (until - now).as_secs() + 1
                )));
            }
            let asked = known.not_before.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
            if asked > self.longest_wait {
                return Err(SendError::RateLimited(Some(asked)));
            }
            let due = known.due.unwrap_or(now).max(now);
            let early = self.between * (BURST - 1);
            let wait = asked.max(due.saturating_duration_since(now).saturating_sub(early));
            if wait.is_zero() {
                known.due = Some(due + self.between);
                // Whoever comes first tries; the others wait for what it finds.
                if known.shut_until.take().is_some() {
                    known.shut_until = Some(now + PAUSE);
                }
                state.sent += 1;
                return Ok(turn);
            }
            drop(state);
            clock.sleep(wait);
        }
    }

    /// Waits until one of the places in flight is free.
    fn place(&self, host: &str) -> Turn<'_> {
        let mut state = self.lock();
        loop {
            let known = state.hosts.entry(host.to_owned()).or_default();
            if known.in_flight < IN_FLIGHT {
                known.in_flight += 1;
                return Turn { limits: self, host: host.to_owned() };
            }
            state = self.returned.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// It answered, with something other than a failure of its own.
    pub(super) fn answered(&self, host: &str) {
        self.with(host, |host| {
            host.failures = 0;
            host.shut_until = None;
        });
    }

    /// It did not answer, or said that it is broken.
    pub(super) fn failed(&self, host: &str, now: Instant) {
        self.with(host, |host| {
            host.failures = host.failures.saturating_add(1);
            if host.failures >= FAILURES {
                host.shut_until = Some(now + PAUSE);
            }
        });
    }

    /// It asked to wait: everybody does.
    pub(super) fn wait_until(&self, host: &str, until: Option<Instant>) {
        self.with(host, |host| host.not_before = host.not_before.max(until));
    }

    fn with(&self, host: &str, change: impl FnOnce(&mut Host)) {
        change(self.lock().hosts.entry(host.to_owned()).or_default());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::fake::Fake;
    use super::*;

    fn limits(rate: f64, most_requests: u32) -> Limits {
        Limits::new(&Settings { most_requests, rate, ..Settings::default() })
    }

    #[test]
    fn requests_come_evenly_after_the_first_two() {
        let (limits, clock) = (limits(2.0, 100), Fake::new());
        for _ in 0..10 {
            drop(limits.turn("a", &clock).unwrap());
        }
        // Two at once, eight more at half a second each.
        assert_eq!(clock.passed(), Duration::from_secs(4));
        drop(limits.turn("b", &clock).unwrap());
        assert_eq!(clock.passed(), Duration::from_secs(4), "another host has its own");
    }

    #[test]
    fn there_is_a_last_request() {
        let (limits, clock) = (limits(f64::INFINITY, 3), Fake::new());
        for host in ["a", "b", "c"] {
            drop(limits.turn(host, &clock).unwrap());
        }
        let Err(SendError::Refused(why)) = limits.turn("d", &clock) else { panic!("a fourth") };
        assert!(why.contains("limit of 3 requests"), "{why}");
    }

    #[test]
    fn a_host_that_fails_is_left_alone_and_tried_once_later() {
        let (limits, clock) = (limits(100.0, 1000), Fake::new());
        for _ in 0..FAILURES {
            drop(limits.turn("a", &clock).unwrap());
            limits.failed("a", clock.now());
        }
        assert!(matches!(limits.turn("a", &clock), Err(SendError::NotSent(_))));
        assert!(limits.turn("b", &clock).is_ok());
        clock.sleep(PAUSE);
        let trial = limits.turn("a", &clock).unwrap();
        assert!(matches!(limits.turn("a", &clock), Err(SendError::NotSent(_))), "one tries");
        limits.answered("a");
        drop(trial);
        assert!(limits.turn("a", &clock).is_ok());
    }

    #[test]
    fn what_a_provider_asks_for_holds_for_all_requests() {
        let (limits, clock) = (limits(100.0, 1000), Fake::new());
        drop(limits.turn("a", &clock).unwrap());
        limits.wait_until("a", Some(clock.now() + Duration::from_secs(20)));
        drop(limits.turn("a", &clock).unwrap());
        assert_eq!(clock.passed(), Duration::from_secs(20));
        limits.wait_until("a", Some(clock.now() + Duration::from_secs(61)));
        let Err(error) = limits.turn("a", &clock) else { panic!("it waited") };
        assert_eq!(error, SendError::RateLimited(Some(Duration::from_secs(61))));
    }

    #[test]
    fn two_are_in_flight_and_a_third_waits() {
        let limits = limits(1000.0, 1000);
        let clock = super::super::clock::Real;
        let flying = std::sync::atomic::AtomicU32::new(0);
        let most = std::sync::atomic::AtomicU32::new(0);
        let order = std::sync::atomic::Ordering::SeqCst;
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let _turn = limits.turn("a", &clock).unwrap();
                    most.fetch_max(flying.fetch_add(1, order) + 1, order);
                    std::thread::sleep(Duration::from_millis(5));
                    flying.fetch_sub(1, order);
                });
            }
        });
        assert_eq!(most.load(order), IN_FLIGHT);
    }
}
