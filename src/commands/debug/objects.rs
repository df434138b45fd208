//! `muzzle debug objects`: which blobs a scan reads, to be held against what git says that there are.

use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;

use crate::detect::Detector;
use crate::finding::{Gap, GapKind};
use crate::parallel::size_pool;
use crate::pipeline::{self, Options};
use crate::rules::RuleSet;
use crate::source::Counters;

/// Scans the history, and names what was read and what was not.
pub(super) fn run(path: &Path, jobs: Option<usize>) -> anyhow::Result<u8> {
    let jobs = jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    size_pool(jobs);
    let options = Options::history_of(path, jobs);
    let mut rules = RuleSet::embedded()?;
    rules.leave_out_below(options.threshold);
    let detector = Arc::new(Detector::new(rules)?);
    let counters = Counters { scanned: Some(Mutex::default()), ..Counters::default() };
    let report = pipeline::scan(&detector, &options, &counters)?;
    let scanned = counters.scanned.unwrap_or_default();
    let mut lines: Vec<String> = report.gaps.iter().map(line).collect();
    lines.extend(
        scanned.into_inner().unwrap_or_else(PoisonError::into_inner).iter().map(|id| format!("read {id}")),
    );
    lines.sort_unstable();
    lines.push(String::new());
    std::io::stdout().write_all(lines.join("\n").as_bytes()).context("writing to standard output")?;
    Ok(0)
}

/// Objects are told by their ids; a place that is none is that of something else.
fn line(gap: &Gap) -> String {
    let is_id = matches!(gap.place.len(), 40 | 64) && gap.place.bytes().all(|b| b.is_ascii_hexdigit());
    match gap.kind {
        GapKind::MissingObject if is_id => format!("missing {}", gap.place),
        GapKind::CorruptObject if is_id => format!("corrupt {}", gap.place),
        kind => format!("gap {} {}", kind.as_str(), gap.place.escape_debug()),
    }
}
