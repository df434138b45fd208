//! The same work on several threads; nothing else.

/// Runs `run` on `threads` threads at once, this one included, and returns what each yielded. `run` catches its own
/// panics.
pub(crate) fn on_threads<T: Send>(threads: usize, run: impl Fn() -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(&run)).collect();
        let mut yielded = vec![run()];
        yielded
            .extend(others.into_iter().map(|thread| thread.join().expect("work items catch their panics")));
        yielded
    })
}
