//! `muzzle ci`: plan, decide, scan, and report as the CI system wants it.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::automatic::Automatic;
use super::scan::write;
use crate::ci::checkout::{Chosen, Decision, decide};
use crate::ci::{Environment, Mode, Plan, azure, bitbucket, github, gitlab, jenkins};
use crate::cli::{CiArgs, CiSystem, ModeArg};
use crate::config::{Config, Output};
use crate::finding::GapKind;
use crate::git::Repository;
use crate::pipeline::Target;
use crate::report::text::visible;
use crate::report::{Format, Report, human};

mod actions;

/// A larger event is none of GitHub's.
const LARGEST_EVENT: u64 = 64 << 20;

/// Scans what the pipeline is about, reports, and returns the exit code.
pub fn run(args: &CiArgs) -> anyhow::Result<u8> {
    let environment = Environment::of_process();
    let outcome = scan(args, &environment);
    match args.system {
        CiSystem::Github => actions::finish(&environment, outcome),
        _ => outcome.map(|run| run.code),
    }
}

/// A scan that was reported in every format that was asked for, but not yet to the system itself.
struct Run {
    report: Report,
    decision: Decision,
    deepen: &'static str,
    /// Formats of SARIF, and where they were written.
    sarif: Vec<(&'static str, PathBuf)>,
    code: u8,
}

fn scan(args: &CiArgs, environment: &Environment) -> anyhow::Result<Run> {
    refuse(args)?;
    let path = place(args, environment)?;
    let plan = plan(args.system, environment)?.in_mode(mode(args.mode))?;
    let Some(repository) = Repository::discover(&path)? else {
        bail!("{} is in no Git repository: check it out before this step", path.display());
    };
    let scanned = std::slice::from_ref(&path);
    let automatic = Automatic::resolve(&args.hooks, None, false, args.scan.config.as_deref(), scanned)?;
    let decision = decide(repository, &plan, args.fetch)?;
    let mut config = config(args, path, &decision)?;
    let allow_incomplete = config.allow_incomplete;
    let outputs = std::mem::take(&mut config.outputs);
    let sarif = sarif(args.sarif.as_deref())?;
    let mut report = super::scan::scan(config, args.scan.quiet)?;
    // The summary tells it.
    super::scan::guide(&mut report);
    complete(&mut report, &decision, plan.deepen);
    for output in outputs.iter().chain(sarif.iter().map(|(_, output)| output)) {
        write(output, &report, args.scan.no_color)?;
    }
    let code = automatic.after_scan(&report, allow_incomplete, report.exit_code(allow_incomplete))?;
    if args.system != CiSystem::Github {
        log(&report, &decision, args.scan.no_color)?;
    }
    let sarif = sarif.into_iter().filter_map(|(name, output)| Some((name, output.file?))).collect();
    Ok(Run { report, decision, deepen: plan.deepen, sarif, code })
}

/// The settings of a scan, for what was decided.
fn config(args: &CiArgs, path: PathBuf, decision: &Decision) -> anyhow::Result<Config> {
    // What comes with the change is judged by the policy that was there before it.
    let mut scan = args.scan.clone();
    scan.paths = vec![path.clone()];
    scan.config_from = scan.config_from.or_else(|| decision.base.clone());
    let mut config = Config::resolve(&scan)?;
    if args.scan.outputs.is_empty() {
        config.outputs.clear();
    }
    if config.outputs.iter().any(|output| output.file.is_none()) {
        bail!(
            "standard output is for the log of the pipeline: give the report a file, as in -o json=muzzle.json"
        );
    }
    config.options.targets = vec![Target::Path(path)];
    config.options.history = true;
    // What a job leaves lying about was never committed.
    config.options.worktree = false;
    match &decision.extent {
        Chosen::Nothing => config.options.targets.clear(),
        Chosen::Whole => config.options.scope = None,
        Chosen::Some(scope) => {
            config.options.unreachable = false;
            config.options.scope = Some((**scope).clone());
        }
    }
    Ok(config)
}

/// Options that say what `ci` says by itself, or what should not be in a log.
fn refuse(args: &CiArgs) -> anyhow::Result<()> {
    let scan = &args.scan;
    let scope = &scan.scope;
    let refused = [
        (scope.range.is_some(), "--range"),
        (scope.since.is_some(), "--since"),
        (scope.branch.is_some(), "--branch"),
        (scope.max_commits.is_some(), "--max-commits"),
        (scan.no_history, "--no-history"),
        (scan.no_worktree, "--no-worktree"),
    ];
    if let Some((_, name)) = refused.iter().find(|(given, _)| *given) {
        bail!(
            "{name} cannot go with `muzzle ci`, which chooses the commits itself: use --mode, or `muzzle scan {name}`"
        );
    }
    if scan.show_secrets {
        bail!("--show-secrets cannot go with `muzzle ci`: many read the log of a pipeline");
    }
    if scan.paths.len() > 1 || scan.paths.iter().any(|path| path == Path::new("-")) {
        bail!("`muzzle ci` scans one repository: give it one path");
    }
    Ok(())
}

/// The checkout: the path given, or the workspace if the step runs elsewhere.
fn place(args: &CiArgs, environment: &Environment) -> anyhow::Result<PathBuf> {
    let path = args.scan.paths.first().cloned().unwrap_or_else(|| ".".into());
    if path == Path::new(".") && Repository::discover(&path)?.is_none() {
        let names = [
            "GITHUB_WORKSPACE",
            "CI_PROJECT_DIR",
            "BUILD_SOURCESDIRECTORY",
            "BITBUCKET_CLONE_DIR",
            "WORKSPACE",
        ];
        return Ok(names.iter().find_map(|name| environment.get(name)).map_or(path, PathBuf::from));
    }
    Ok(path)
}

fn mode(mode: ModeArg) -> Mode {
    match mode {
        ModeArg::Auto => Mode::Auto,
        ModeArg::Range => Mode::Range,
        ModeArg::Full => Mode::Full,
    }
}

fn plan(system: CiSystem, environment: &Environment) -> anyhow::Result<Plan> {
    Ok(match system {
        CiSystem::Github => github::plan(environment, &event(environment)?),
        CiSystem::Gitlab => gitlab::plan(environment),
        CiSystem::Azure => azure::plan(environment),
        CiSystem::Bitbucket => bitbucket::plan(environment),
        CiSystem::Jenkins => jenkins::plan(environment),
    })
}

fn event(environment: &Environment) -> anyhow::Result<github::Event> {
    let Some(path) = environment.get("GITHUB_EVENT_PATH") else {
        bail!(
            "GITHUB_EVENT_PATH is not set: `muzzle ci github` is for GitHub Actions; elsewhere there is `muzzle scan`"
        );
    };
    let read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(LARGEST_EVENT).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().with_context(|| format!("reading the event {path} (GITHUB_EVENT_PATH)"))?;
    github::Event::new(&bytes).with_context(|| format!("in the event {path} (GITHUB_EVENT_PATH)"))
}

/// SARIF in one file, and in the two that GitHub keeps apart.
fn sarif(file: Option<&Path>) -> anyhow::Result<Vec<(&'static str, Output)>> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let Some(stem) = file.file_stem() else {
        bail!("--sarif {} names no file", file.display());
    };
    let beside = |part: &str| {
        let mut name = stem.to_owned();
        name.push(part);
        if let Some(extension) = file.extension() {
            name.push(".");
            name.push(extension);
        }
        file.with_file_name(name)
    };
    let output = |format, file| Output { format, file: Some(file) };
    Ok(vec![
        ("sarif", output(Format::Sarif, file.to_owned())),
        ("sarif-head", output(Format::SarifHead, beside("-head"))),
        ("sarif-history", output(Format::SarifHistory, beside("-history"))),
    ])
}

/// What was known before the scan, and how to mend it.
fn complete(report: &mut Report, decision: &Decision, deepen: &str) {
    for gap in report.gaps.iter_mut().filter(|gap| gap.kind == GapKind::Shallow) {
        gap.detail = format!("{}; here: {deepen}", gap.detail);
    }
    report.gaps.extend(decision.gaps.iter().cloned());
    report.gaps.sort();
    report.gaps.dedup();
    if decision.extent == Chosen::Nothing {
        report.scope = Some("nothing".into());
    }
}

/// The report for people, with what was chosen and why above it.
fn log(report: &Report, decision: &Decision, no_color: bool) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    for line in &decision.why {
        writeln!(stdout, "muzzle: {}", visible(line.as_bytes()))?;
    }
    stdout.write_all(&human::render(report, &super::scan::look(&stdout, report, no_color)))?;
    stdout.flush().context("writing the report to standard output")
}
