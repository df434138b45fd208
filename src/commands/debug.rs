//! `muzzle debug`: measurements of the engine by itself.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;

mod objects;
mod simulator;

use crate::cli::DebugCommand;
use crate::detect::Detector;
use crate::git::Repository;
use crate::git::store::Store;
use crate::parallel::size_pool;
use crate::pipeline::{self, Options};
use crate::rules::RuleSet;
use crate::source::{Counters, decode};

/// Runs the measurement and returns the exit code.
pub fn run(command: &DebugCommand) -> anyhow::Result<u8> {
    match command {
        DebugCommand::Decode { path, blobs, jobs } => decode(path, *blobs, jobs.map(usize::from)),
        DebugCommand::Phases { path, jobs } => phases(path, usize::from(*jobs)),
        DebugCommand::Objects { path, jobs } => objects::run(path, jobs.map(usize::from)),
        DebugCommand::Simulator(args) => simulator::run(args),
    }
}

/// Reads and decodes what a scan of the history reads and decodes, each object once, and does nothing with it.
fn decode(path: &Path, blobs_only: bool, jobs: Option<usize>) -> anyhow::Result<u8> {
    let repository =
        Repository::discover(path)?.with_context(|| format!("no repository at {}", path.display()))?;
    let jobs = jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    size_pool(jobs);
    let mut gaps = Vec::new();
    let store = Store::open(&repository, &mut gaps);
    let blobs = decode::blobs(&store, jobs);
    let others = if blobs_only { decode::Decoded::default() } else { decode::others(&store, jobs) };
    let part =
        |part: decode::Decoded| json!({"objects": part.objects, "bytes": part.bytes, "gaps": part.gaps});
    let text = json!({"blobs": part(blobs), "trees_commits_tags": part(others), "unopened": gaps.len()});
    say(&text)
}

/// Scans the history with the rules that come with muzzle, and tells the time of each part in seconds.
fn phases(path: &Path, jobs: usize) -> anyhow::Result<u8> {
    size_pool(jobs);
    let options = Options::history_of(path, jobs);
    let started = std::time::Instant::now();
    let mut rules = RuleSet::embedded()?;
    rules.leave_out_below(options.threshold);
    let detector = Arc::new(Detector::new(rules)?);
    let prepared = started.elapsed();
    let report = pipeline::scan(&detector, &options, &Counters::default())?;
    let seconds = |time: Duration| time.as_secs_f64();
    let phases = report.phases;
    let text = json!({
        "jobs": jobs,
        "rules": seconds(prepared),
        "open": seconds(phases.open),
        "scan": seconds(phases.scan),
        "attribute": seconds(phases.attribute),
        "total": seconds(started.elapsed()),
        "findings": report.findings.len(),
        "gaps": report.gaps.len(),
    });
    say(&text)
}

fn say(text: &serde_json::Value) -> anyhow::Result<u8> {
    writeln!(std::io::stdout(), "{text}").context("writing to standard output")?;
    Ok(0)
}
