//! Work that a busy thread hands to an idle one.
//!
//! Threads take whole families from a common list. When it is empty, a thread that still has steps waiting gives half of
//! them away; a thread without any waits, until all of them do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The place where steps change hands.
pub(super) struct Exchange<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    /// A copy of `State::idle`, to be looked at without the lock.
    idle: AtomicUsize,
}

struct State<T> {
    handed_over: Vec<T>,
    idle: usize,
    /// Threads that came and did not fail; those that are done count as idle.
    present: usize,
}

/// A thread's presence: the others do not wait for one that has left, in whatever way.
pub(super) struct Presence<'a, T>(&'a Exchange<T>);

impl<T> Exchange<T> {
    pub(super) fn new() -> Self {
        let state = State { handed_over: Vec::new(), idle: 0, present: 0 };
        Exchange { state: Mutex::new(state), changed: Condvar::new(), idle: AtomicUsize::new(0) }
    }

    /// To be held by each thread for as long as it takes part.
    pub(super) fn enter(&self) -> Presence<'_, T> {
        self.lock().present += 1;
        Presence(self)
    }

    /// Gives the older half of `stack` away if somebody waits for it: the steps at the bottom have the most below them.
    pub(super) fn share(&self, stack: &mut Vec<T>) {
        if stack.len() < 2 || self.idle.load(Ordering::Relaxed) == 0 {
            return;
        }
        let half = stack.len() / 2;
        self.lock().handed_over.extend(stack.drain(..half));
        self.changed.notify_all();
    }

    /// A step that another thread gave away; waits for one. `None` when no thread has anything left.
    pub(super) fn take(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(step) = state.handed_over.pop() {
                return Some(step);
            }
            self.set_idle(&mut state, 1);
            if state.idle >= state.present {
                // Nobody is left who could give anything away; `idle` stays, so that the others see it, too.
                self.changed.notify_all();
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            if state.idle >= state.present {
                return None;
            }
            self.set_idle(&mut state, -1);
        }
    }

    fn set_idle(&self, state: &mut State<T>, change: isize) {
        state.idle = state.idle.saturating_add_signed(change);
        self.idle.store(state.idle, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Drop for Presence<'_, T> {
    fn drop(&mut self) {
        // Whoever leaves was counted as idle by `take`, unless it left by a panic.
        let mut state = self.0.lock();
        if std::thread::panicking() {
            state.present -= 1;
        }
        drop(state);
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;
    use crate::parallel::on_threads;

    /// Every step below a root is done once, whoever does it: a step of weight n leaves steps of n - 1, n - 2, … 0.
    #[test]
    fn all_steps_are_done_once() {
        for threads in [1, 2, 7] {
            let (exchange, done, roots) = (Exchange::new(), AtomicU64::new(0), AtomicUsize::new(1));
            on_threads(threads, || {
                let _presence = exchange.enter();
                let mut stack: Vec<u32> = Vec::new();
                if roots.swap(0, Ordering::Relaxed) == 1 {
                    stack.push(16);
                }
                while let Some(step) = stack.pop().or_else(|| exchange.take()) {
                    done.fetch_add(1, Ordering::Relaxed);
                    stack.extend(0..step);
                    exchange.share(&mut stack);
                }
            });
            assert_eq!(done.into_inner(), 1 << 16);
        }
    }

    #[test]
    fn a_thread_that_panics_is_not_waited_for() {
        let exchange: Exchange<u32> = Exchange::new();
        std::thread::scope(|scope| {
            let fails = scope.spawn(|| {
                let _presence = exchange.enter();
                panic!("on purpose");
            });
            assert_eq!(exchange.take(), None);
            assert!(fails.join().is_err());
        });
    }
}
