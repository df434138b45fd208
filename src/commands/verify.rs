//! `muzzle verify` and `muzzle scan --verify`: what is found, asked about.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::automatic::Automatic;
use super::print;
use super::scan::{self, finish, write};
use crate::cli::{AskArgs, HookArgs, ScanArgs, ScanCommandArgs, SeverityArg, VerdictFormat, VerifyArgs};
use crate::config::{Config, Output, outputs};
use crate::detect::Detector;
use crate::finding::Severity;
use crate::parallel::size_pool;
use crate::pipeline;
use crate::progress::Progress;
use crate::report::Report;
use crate::report::saved::{SavedError, Wanted as Saved, read};
use crate::response::credentials::{Credentials, Wanted, reread::reread};
use crate::response::verdicts::{self, exit_code, of_report};
use crate::rules::response::Responses;
use crate::source::Counters;
use crate::suppression;

mod ask;
pub(super) mod given;

use ask::{Asked, Session};

/// `muzzle scan`, with or without `--verify`.
pub fn scan(args: &ScanCommandArgs) -> anyhow::Result<u8> {
    let ask = &args.verify.ask;
    if !args.verify.verify {
        let means_verify = ask.plan || ask.yes || ask.intrusive;
        let limits = ask.max_requests.is_some() || ask.timeout.is_some() || !ask.only.is_empty();
        if means_verify || limits {
            bail!("--plan, --yes and the like say how providers are asked: add --verify, or leave them out");
        }
        let automatic = automatic(ask, &args.scan, &args.hooks)?;
        return scan::then(&args.scan, |report, allow_incomplete, code| {
            automatic.after_scan(report, allow_incomplete, code)
        });
    }
    let automatic = automatic(ask, &args.scan, &args.hooks)?;
    let config = Config::resolve(&args.scan)?;
    let (outputs, allow_incomplete) = (config.outputs.clone(), config.allow_incomplete);
    let session = Session::new(ask, args.scan.config.as_deref(), &args.scan.paths)?;
    let (report, planned) = scanned(config, args.scan.quiet, &session, VerdictFormat::Human)?;
    // The plan has standard output to itself.
    let outputs: Vec<Output> =
        outputs.into_iter().filter(|output| !planned || output.file.is_some()).collect();
    let code = finish(&report, &outputs, allow_incomplete, args.scan.no_color)?;
    if planned { Ok(code) } else { automatic.after_scan(&report, allow_incomplete, code) }
}

/// The hooks of a scan.
fn automatic(ask: &AskArgs, scan: &ScanArgs, hooks: &HookArgs) -> anyhow::Result<Automatic> {
    let journal = ask.journal.as_deref();
    Automatic::resolve(hooks, journal, ask.offline, scan.config.as_deref(), &scan.paths)
}

/// `muzzle verify`.
pub fn run(args: &VerifyArgs) -> anyhow::Result<u8> {
    // A saved run and a secret on standard input come from here, as far as anybody knows.
    let here = [PathBuf::from(".")];
    let trees = match (&args.repository, args.paths.as_slice()) {
        (Some(repository), _) => std::slice::from_ref(repository),
        (None, []) => &here,
        (None, paths) => paths,
    };
    let session = Session::new(&args.ask, args.config.as_deref(), trees)?;
    if args.is_of_one_secret() {
        return given::run(args, &session);
    }
    if !(args.values.is_empty() && args.variables.is_empty() && args.value_files.is_empty())
        || args.force_shape
    {
        bail!("--set and --force-shape are for one secret on standard input: name its rule with --rule");
    }
    let (report, outputs, planned) = match &args.from {
        Some(file) => {
            let outputs =
                if args.outputs.is_empty() { Vec::new() } else { crate::config::outputs(&args.outputs)? };
            let (report, planned) = saved(args, file, &session)?;
            (report, outputs, planned)
        }
        None => {
            let scan = args.as_scan().map_err(|error| {
                anyhow::anyhow!(error.to_string().trim_start_matches("error: ").trim_end().to_owned())
            })?;
            let config = Config::resolve(&scan)?;
            let outputs = if args.outputs.is_empty() { Vec::new() } else { outputs(&args.outputs)? };
            let (report, planned) = scanned(config, args.quiet, &session, args.format)?;
            (report, outputs, planned)
        }
    };
    if planned {
        return Ok(0);
    }
    let scanned = if args.from.is_some() {
        report.targets.iter().map(PathBuf::from).collect()
    } else {
        args.paths.clone()
    };
    let journal = args.ask.journal.as_deref();
    let automatic =
        Automatic::resolve(&args.hooks, journal, args.ask.offline, args.config.as_deref(), &scanned)?;
    for output in &outputs {
        write(output, &report, args.no_color)?;
    }
    let list = of_report(&report);
    if outputs.iter().all(|output| output.file.is_some()) {
        match args.format {
            VerdictFormat::Human => print(verdicts::render(&list))?,
            VerdictFormat::Json => print(verdicts::document(&list, &session.agreed()))?,
        }
    }
    automatic.after_verify(&report, exit_code(&list))
}

/// Scans, and asks; whether there was only a plan.
fn scanned(
    config: Config,
    quiet: bool,
    session: &Session<'_>,
    format: VerdictFormat,
) -> anyhow::Result<(Report, bool)> {
    size_pool(config.options.jobs);
    let mut options = config.options;
    let detector = Arc::new(Detector::new(config.rules)?);
    let counters = Arc::new(Counters::default());
    let progress = Progress::start(&counters, quiet);
    // What a baseline hides may be live, and then counts.
    let collected = pipeline::collect(&detector, &options, &counters);
    drop(progress);
    let mut report = collected?;
    let responses = Responses::of(&report.rules)?;
    let credentials = Credentials::of(&report, &wanted(&[], session.ask), &session.settings);
    let planned = match session.ask(&responses, &credentials.all, &credentials.reasons(), format)? {
        Asked::Planned => true,
        Asked::Answered(answers) => {
            credentials.attach(&mut report, &answers);
            let live = report.findings.iter().filter(|finding| finding.is_live());
            options.suppression.live.extend(live.map(|finding| finding.fingerprint.clone()));
            false
        }
    };
    suppression::apply(&mut report, &options.suppression, pipeline::is_whole(&options));
    report.put_live_first();
    if super::scan::tells_how(&config.outputs) {
        super::scan::guide(&mut report);
    }
    Ok((report, planned))
}

/// Asks about a saved run; whether there was only a plan.
fn saved(args: &VerifyArgs, file: &Path, session: &Session<'_>) -> anyhow::Result<(Report, bool)> {
    let bytes = super::report::content(file)?;
    let rules = args.rule_files.rules()?;
    let responses = Responses::of(&rules)?;
    let wanted = wanted(&args.rules, session.ask);
    let explain = false;
    let (mut report, credentials) = match read(file, &bytes, Saved { secrets: true, explain }) {
        Ok(mut report) => {
            let credentials = Credentials::of(&report, &wanted, &session.settings);
            report.show_secrets = false;
            (report, credentials)
        }
        Err(SavedError::NoSecrets(_)) => {
            let report = read(file, &bytes, Saved { secrets: false, explain })?;
            let values = reread(&report, &place(args, &report)?, rules)?;
            let credentials = Credentials::with(&report, values, &wanted, &session.settings);
            (report, credentials)
        }
        Err(error) => return Err(error.into()),
    };
    match session.ask(&responses, &credentials.all, &credentials.reasons(), args.format)? {
        Asked::Planned => Ok((report, true)),
        Asked::Answered(answers) => {
            credentials.attach(&mut report, &answers);
            suppression::bring_back_live(&mut report);
            report.put_live_first();
            Ok((report, false))
        }
    }
}

/// Where the values of a saved run are.
fn place(args: &VerifyArgs, report: &Report) -> anyhow::Result<PathBuf> {
    if let Some(path) = &args.repository {
        path.metadata().with_context(|| format!("--repository {}", path.display()))?;
        return Ok(path.clone());
    }
    match report.targets.as_slice() {
        [one] if one != "-" && Path::new(one).exists() => Ok(one.into()),
        _ => Ok(".".into()),
    }
}

fn wanted(rules: &[String], ask: &AskArgs) -> Wanted {
    let severity = |severity: &SeverityArg| match severity {
        SeverityArg::Low => Severity::Low,
        SeverityArg::Medium => Severity::Medium,
        SeverityArg::High => Severity::High,
        SeverityArg::Critical => Severity::Critical,
    };
    Wanted { rules: rules.to_vec(), severities: ask.only.iter().map(severity).collect() }
}
