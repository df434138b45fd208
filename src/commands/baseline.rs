//! `muzzle baseline …`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::scan::{scan, write_file};
use super::{MOST_TOLD, print};
use crate::cli::{BaselineCommand, ScanArgs};
use crate::config::Config;
use crate::config::suppression::read_named;
use crate::finding::{Finding, SuppressionKind};
use crate::pipeline::is_whole;
use crate::report::Report;
use crate::report::text::visible;
use crate::suppression::baseline::Entry;
use crate::suppression::foreign::{FileFormat, recognise};
use crate::suppression::{Baseline, Import};

/// Runs one of them and returns the exit code.
pub fn run(command: &BaselineCommand) -> anyhow::Result<u8> {
    match command {
        BaselineCommand::Create { file, force, scan } => create(file, *force, scan),
        BaselineCommand::Update { file, scan } => update(file, scan),
        BaselineCommand::Prune { file, dry_run, scan } => prune(file, *dry_run, scan),
        BaselineCommand::Diff { file, scan } => diff(file, scan),
        BaselineCommand::Import { file, whose, into, scan } => import(file, whose, into, scan),
    }
}

fn read(file: &Path) -> anyhow::Result<Baseline> {
    let bytes = read_named(file)?;
    let text = String::from_utf8_lossy(&bytes);
    let baseline = Baseline::parse(&text, &file.display().to_string()).context(
        "`muzzle baseline create` makes one, `muzzle baseline import` makes one of another scanner's file",
    )?;
    for notice in &baseline.notices {
        tracing::warn!("{}: {}", visible(notice.place.as_bytes()), visible(notice.detail.as_bytes()));
    }
    Ok(baseline)
}

fn write(file: &Path, baseline: &Baseline) -> anyhow::Result<()> {
    write_file(file, baseline.to_text().as_bytes()).with_context(|| format!("writing {}", file.display()))
}

fn found(args: &ScanArgs) -> anyhow::Result<Report> {
    if !args.outputs.is_empty() {
        bail!("a baseline is no report: write reports with `muzzle scan -o`");
    }
    scan(Config::resolve(args)?, args.quiet)
}

/// Says what was done, and that it may not be all.
fn close(mut out: String, report: &Report, args: &ScanArgs) -> anyhow::Result<u8> {
    let is_complete = report.is_complete() || args.allow_incomplete;
    if !report.is_complete() {
        writeln!(out, "INCOMPLETE: not everything could be read; `muzzle scan` says what.")?;
    }
    print(&out)?;
    Ok(if is_complete { 0 } else { 3 })
}

fn create(file: &Path, force: bool, args: &ScanArgs) -> anyhow::Result<u8> {
    if file.exists() && !force {
        bail!(
            "{} is there already: `muzzle baseline update` adds to it, --force writes it anew",
            file.display()
        );
    }
    let mut baseline = Baseline::new(&file.display().to_string())?;
    let report = found(args)?;
    let new = baseline.compare(&report).new;
    baseline.add(&report, &new);
    write(file, &baseline)?;
    let out = format!("{} has {}.\n", file.display(), findings(new.len()));
    close(out, &report, args)
}

fn update(file: &Path, args: &ScanArgs) -> anyhow::Result<u8> {
    let mut baseline = read(file)?;
    let report = found(args)?;
    let comparison = baseline.compare(&report);
    baseline.add(&report, &comparison.new);
    write(file, &baseline)?;
    let mut out = String::new();
    tell_new(&mut out, &report, &comparison.new);
    writeln!(out, "{}: {} added, {} known.", file.display(), comparison.new.len(), comparison.kept)?;
    close(out, &report, args)
}

fn prune(file: &Path, dry_run: bool, args: &ScanArgs) -> anyhow::Result<u8> {
    let mut baseline = read(file)?;
    let config = Config::resolve(args)?;
    if !is_whole(&config.options) || !config.options.suppression.judges_unused {
        bail!(
            "what is gone can be told by a scan of everything alone: drop the options that select commits, rules or parts"
        );
    }
    let report = found(args)?;
    let comparison = baseline.compare(&report);
    let mut out = String::new();
    tell_gone(&mut out, &comparison.gone);
    if !report.is_complete() && !args.allow_incomplete {
        writeln!(out, "{}: not everything could be read, so that nothing is taken out.", file.display())?;
    } else if dry_run {
        writeln!(out, "{}: {} would go, {} stay.", file.display(), comparison.gone.len(), comparison.kept)?;
    } else {
        let gone = comparison.gone;
        baseline.remove(&gone);
        write(file, &baseline)?;
        writeln!(out, "{}: {} went, {} stay.", file.display(), gone.len(), comparison.kept)?;
    }
    close(out, &report, args)
}

fn diff(file: &Path, args: &ScanArgs) -> anyhow::Result<u8> {
    let baseline = read(file)?;
    let report = found(args)?;
    let comparison = baseline.compare(&report);
    let mut out = String::new();
    tell_new(&mut out, &report, &comparison.new);
    tell_gone(&mut out, &comparison.gone);
    let (new, gone) = (comparison.new.len(), comparison.gone.len());
    writeln!(out, "{}: {new} new, {gone} gone, {} known.", file.display(), comparison.kept)?;
    let incomplete = close(out, &report, args)?;
    Ok(match (new, incomplete) {
        (0, code) => code,
        (_, 0) => 1,
        _ => 4,
    })
}

fn import(file: &Path, format: &str, into: &Path, args: &ScanArgs) -> anyhow::Result<u8> {
    let bytes = read_named(file)?;
    let named = FileFormat::ALL.iter().find(|(name, _)| *name == format).map(|(_, format)| *format);
    let format = named.map_or_else(|| recognise(file, &bytes), Ok)?;
    let origin = file.display().to_string();
    let import = Import::parse(&bytes, format, &origin, false)?;
    let entries = import.len();
    let mut baseline = if into.exists() { read(into)? } else { Baseline::new(&into.display().to_string())? };
    let mut config = Config::resolve(args)?;
    config.options.suppression.imports.push(import);
    let mut report = scan(config, args.quiet)?;
    let of_file =
        |by: &crate::finding::Suppression| by.kind == SuppressionKind::Imported && by.source == origin;
    let suppressed = std::mem::take(&mut report.suppressions.suppressed);
    let (whole, parts): (Vec<_>, Vec<_>) = suppressed
        .into_iter()
        .filter(|one| one.by.iter().any(|by| of_file(by)))
        .partition(|one| one.is_whole);
    report.findings = whole.into_iter().map(|one| one.finding).collect();
    let comparison = baseline.compare(&report);
    baseline.add(&report, &comparison.new);
    write(into, &baseline)?;
    let mut out = String::new();
    for part in parts.iter().take(MOST_TOLD) {
        let place = place(&report, &part.finding);
        writeln!(out, "left out, since it is hidden at some of its places only: {place}")?;
    }
    for notice in report.suppressions.notices.iter().filter(|notice| notice.place.starts_with(&origin)) {
        writeln!(
            out,
            "{}: {}",
            visible(notice.place.as_bytes()),
            report.redactor.show(notice.detail.as_bytes())
        )?;
    }
    writeln!(
        out,
        "{origin} ({}): {entries} entries hide {}; {} added to {}.",
        format.as_str(),
        findings(report.findings.len()),
        comparison.new.len(),
        into.display()
    )?;
    close(out, &report, args)
}

fn place(report: &Report, finding: &Finding) -> String {
    let first = &finding.occurrences[0];
    let path = report.redactor.show_path(&first.path);
    format!("{} at {path}:{} ({})", report.rule(finding).id, first.location.start.line, finding.fingerprint)
}

fn tell_new(out: &mut String, report: &Report, new: &[(String, &Finding)]) {
    for (_, finding) in new.iter().take(MOST_TOLD) {
        let _ = writeln!(out, "+ {}", place(report, finding));
    }
    tell_more(out, new.len());
}

fn tell_gone(out: &mut String, gone: &[(String, Entry)]) {
    for (id, entry) in gone.iter().take(MOST_TOLD) {
        let _ = writeln!(out, "- {}", visible(format!("{} in {} ({id})", entry.rule, entry.path).as_bytes()));
    }
    tell_more(out, gone.len());
}

fn tell_more(out: &mut String, all: usize) {
    if all > MOST_TOLD {
        let _ = writeln!(out, "  and {} more", all - MOST_TOLD);
    }
}

fn findings(number: usize) -> String {
    format!("{number} {}", if number == 1 { "finding" } else { "findings" })
}
