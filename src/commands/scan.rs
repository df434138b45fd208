//! `muzzle scan`.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};

use crate::cli::{Habit, HabitArgs, ScanArgs};
use crate::config::{Config, Output};
use crate::detect::Detector;
use crate::git::Repository;
use crate::parallel::size_pool;
use crate::pipeline;
use crate::progress::Progress;
use crate::report::{Format, LinkForm, Links, Look, Report};
use crate::response::guidance;
use crate::source::Counters;
use crate::whole;

/// Scans, reports, and returns the exit code.
pub fn run(args: &ScanArgs) -> anyhow::Result<u8> {
    then(args, |_, _, code| Ok(code))
}

/// The same, and something after it, which knows whether gaps count, and may change the exit code.
pub(super) fn then(
    args: &ScanArgs,
    after: impl FnOnce(&Report, bool, u8) -> anyhow::Result<u8>,
) -> anyhow::Result<u8> {
    let config = Config::resolve(args)?;
    let (outputs, allow_incomplete) = (config.outputs.clone(), config.allow_incomplete);
    let report = scan(config, args.quiet)?;
    let code = finish(&report, &outputs, allow_incomplete, args.no_color)?;
    after(&report, allow_incomplete, code)
}

/// Scans as a command of gitleaks says it.
pub fn habitual(args: &HabitArgs, habit: Habit) -> anyhow::Result<u8> {
    match args.as_scan(habit) {
        Ok(args) => run(&args),
        Err(error) => bail!(error.to_string().trim_start_matches("error: ").trim_end().to_owned()),
    }
}

/// Scans as configured.
pub(super) fn scan(config: Config, quiet: bool) -> anyhow::Result<Report> {
    // One thread budget for everything.
    size_pool(config.options.jobs);
    let detector = Arc::new(Detector::new(config.rules)?.decoding(config.options.decoding));
    let counters = Arc::new(Counters::default());
    let progress = Progress::start(&counters, quiet);
    let outcome = pipeline::scan(&detector, &config.options, &counters);
    drop(progress);
    let outcome = outcome.map(|mut report| {
        if tells_how(&config.outputs) {
            guide(&mut report);
        }
        report
    });
    // The process ends with this command: taking hundreds of compiled rules apart would only take time.
    std::mem::forget(detector);
    Ok(outcome?)
}

/// Whether one of the reports tells how to revoke and replace what was found.
pub(super) fn tells_how(outputs: &[Output]) -> bool {
    let tells = |output: &Output| {
        matches!(output.format, Format::Html | Format::Markdown | Format::Json | Format::Jsonl)
    };
    outputs.iter().any(tells)
}

/// Adds that.
pub(super) fn guide(report: &mut Report) {
    if let Err(error) = guidance::guide(report) {
        tracing::warn!("how to revoke what was found is not told: {error}");
    }
}

/// Writes the reports, and returns the exit code.
pub(super) fn finish(
    report: &Report,
    outputs: &[Output],
    allow_incomplete: bool,
    no_color: bool,
) -> anyhow::Result<u8> {
    for output in outputs {
        write(output, report, no_color)?;
    }
    Ok(report.exit_code(allow_incomplete))
}

/// Writes a report where it is wanted.
pub(super) fn write(output: &Output, report: &Report, no_color: bool) -> anyhow::Result<()> {
    match &output.file {
        Some(file) => {
            let bytes = output.format.render(report, &Look::default());
            write_file(file, &bytes).with_context(|| format!("writing the report {}", file.display()))
        }
        None => {
            let mut stdout = std::io::stdout().lock();
            let bytes = output.format.render(report, &look(&stdout, report, no_color));
            stdout
                .write_all(&bytes)
                .and_then(|()| stdout.flush())
                .context("writing the report to standard output")
        }
    }
}

/// What standard output can show.
pub(super) fn look(stdout: &std::io::StdoutLock<'_>, report: &Report, no_color: bool) -> Look {
    let links = supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout).then(|| links(report)).flatten();
    Look { colour: !no_color && colour(stdout), links }
}

/// If one repository or directory was scanned, that is where its paths begin.
fn links(report: &Report) -> Option<Links> {
    let [target] = &report.targets[..] else { return None };
    let path = Path::new(target).canonicalize().ok().filter(|path| path.is_dir())?;
    let root = match Repository::discover(&path).ok()? {
        Some(repository) => repository.worktree()?.canonicalize().ok()?,
        None => path,
    };
    let is_code = std::env::var_os("TERM_PROGRAM").is_some_and(|program| program == "vscode");
    Some(Links { form: if is_code { LinkForm::VsCode } else { LinkForm::File }, root })
}

/// Whether colour is wanted, and can be shown.
fn colour(stdout: &std::io::StdoutLock<'_>) -> bool {
    match anstream::ColorChoice::global() {
        anstream::ColorChoice::Auto => {
            let choice = anstream::AutoStream::choice(&std::io::stdout());
            let is_forced = choice == anstream::ColorChoice::Always;
            is_forced || stdout.is_terminal() && choice != anstream::ColorChoice::Never
        }
        choice => choice != anstream::ColorChoice::Never,
    }
}

/// Whole or not at all: written beside its place, then moved there. What is no file, such as a pipe, is written to.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return std::fs::write(path, bytes);
    }
    whole::write(path, bytes, 0o644)
}
