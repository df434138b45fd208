//! The progress display: the only file that knows indicatif. On a terminal, on standard error, and nowhere else.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

use crate::source::Counters;

/// A running display; it ends when dropped.
#[derive(Debug)]
pub struct Progress {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// How often the display looks at the counters.
const TICK: Duration = Duration::from_millis(100);

impl Progress {
    /// Shows the counters until dropped; shows nothing if `quiet` or without a terminal.
    pub fn start(counters: &Arc<Counters>, quiet: bool) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        if quiet || !std::io::stderr().is_terminal() {
            return Progress { stop, thread: None };
        }
        let (counters, stopped) = (Arc::clone(counters), Arc::clone(&stop));
        let thread = std::thread::spawn(move || display(&counters, &stopped));
        Progress { stop, thread: Some(thread) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A display that failed must not fail the scan.
            let _ = thread.join();
        }
    }
}

fn display(counters: &Counters, stop: &AtomicBool) {
    let style = ProgressStyle::with_template("{spinner} {bar:16} {eta:>4} left · {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(0).with_style(style);
    while !stop.load(Ordering::Relaxed) {
        let value = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        if value(&counters.total) == 0 {
            // Packs are being opened, files listed: there is no whole yet to show a part of.
            std::thread::park_timeout(TICK);
            continue;
        }
        bar.set_length(value(&counters.total));
        bar.set_position(value(&counters.done));
        let seconds = bar.elapsed().as_secs_f64().max(0.001);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate for people"
        )]
        let rate = (value(&counters.bytes) as f64 / seconds) as u64;
        bar.set_message(format!(
            "{}/{} · {} at {}/s · {} matches",
            HumanCount(value(&counters.done)),
            HumanCount(value(&counters.total)),
            HumanBytes(value(&counters.bytes)),
            HumanBytes(rate),
            HumanCount(value(&counters.matches)),
        ));
        std::thread::park_timeout(TICK);
    }
    bar.finish_and_clear();
}
