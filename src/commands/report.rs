//! `muzzle report`: a saved run in other formats.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;

use super::scan::write;
use crate::cli::ReportArgs;
use crate::config::outputs;
use crate::report::saved::{Wanted, read};

/// Reads a saved run, writes it anew, and returns the exit code of the scan.
pub fn run(args: &ReportArgs) -> anyhow::Result<u8> {
    let outputs = outputs(&args.outputs)?;
    let bytes = content(&args.from)?;
    let wanted = Wanted { secrets: args.show_secrets, explain: args.explain };
    let report = read(&args.from, &bytes, wanted)?;
    for output in &outputs {
        write(output, &report, args.no_color)?;
    }
    Ok(if args.exit_zero { 0 } else { report.exit_code(args.allow_incomplete) })
}

pub(super) fn content(file: &Path) -> anyhow::Result<Vec<u8>> {
    if file != Path::new("-") {
        return std::fs::read(file).with_context(|| format!("reading the saved run {}", file.display()));
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).context("reading the saved run from standard input")?;
    Ok(bytes)
}
