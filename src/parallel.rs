//! Threads: how many there are, and the same work on several of them.

/// Gives the pool that opens and sorts packs its size. A pool that is there already keeps the one that it has.
pub(crate) fn size_pool(threads: usize) {
    let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
}

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
