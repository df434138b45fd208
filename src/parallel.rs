//! Threads: how many there are, and the same work on several of them. Where no more can be had, fewer do the work.

use std::thread::{Builder, scope};

use rayon::ThreadPoolBuilder;

/// Gives the pool that opens and sorts packs its size. A pool that is there already keeps the one that it has.
pub(crate) fn size_pool(threads: usize) {
    let pool = ThreadPoolBuilder::new();
    // A pool that could not be made is a panic at its first use. One thread in it will do, if need be this one.
    let _ = if Builder::new().spawn(|| ()).is_ok() {
        let spawn = |thread: rayon::ThreadBuilder| {
            let _ = Builder::new().spawn(|| thread.run());
            Ok(())
        };
        pool.num_threads(threads).spawn_handler(spawn).build_global()
    } else {
        pool.num_threads(1).use_current_thread().build_global()
    };
}

/// Runs `run` on `threads` threads at once, this one included, and returns what each yielded. `run` catches its own
/// panics, and shares the work with however many there are.
pub(crate) fn on_threads<T: Send>(threads: usize, run: impl Fn() -> T + Sync) -> Vec<T> {
    scope(|scope| {
        let spawn = |_| Builder::new().spawn_scoped(scope, &run).ok();
        let others: Vec<_> = (1..threads.max(1)).map_while(spawn).collect();
        let mut yielded = vec![run()];
        yielded
            .extend(others.into_iter().map(|thread| thread.join().expect("work items catch their panics")));
        yielded
    })
}

/// Both, on two threads if they can be had.
pub(crate) fn both<T: Send>(first: impl FnOnce() -> T, second: impl Fn() -> T + Sync) -> (T, T) {
    scope(|scope| match Builder::new().spawn_scoped(scope, &second) {
        Ok(thread) => (first(), thread.join().expect("it catches its panics")),
        Err(_) => (first(), second()),
    })
}
