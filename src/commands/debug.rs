//! `muzzle debug`: measurements of the engine by itself.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use crate::cli::DebugCommand;
use crate::git::Repository;
use crate::git::store::Store;
use crate::source::decode;

/// Runs the measurement and returns the exit code.
pub fn run(command: &DebugCommand) -> anyhow::Result<u8> {
    match command {
        DebugCommand::Decode { path, blobs, jobs } => decode(path, *blobs, jobs.map(usize::from)),
    }
}

/// Reads and decodes what a scan of the history reads and decodes, each object once, and does nothing with it.
fn decode(path: &Path, blobs_only: bool, jobs: Option<usize>) -> anyhow::Result<u8> {
    let repository =
        Repository::discover(path)?.with_context(|| format!("no repository at {}", path.display()))?;
    let jobs = jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let _ = rayon::ThreadPoolBuilder::new().num_threads(jobs).build_global();
    let mut gaps = Vec::new();
    let store = Store::open(&repository, &mut gaps);
    let blobs = decode::blobs(&store, jobs);
    let others = if blobs_only { decode::Decoded::default() } else { decode::others(&store, jobs) };
    let part =
        |part: decode::Decoded| json!({"objects": part.objects, "bytes": part.bytes, "gaps": part.gaps});
    let text = json!({"blobs": part(blobs), "trees_commits_tags": part(others), "unopened": gaps.len()});
    writeln!(std::io::stdout(), "{text}").context("writing to standard output")?;
    Ok(0)
}
