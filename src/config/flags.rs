//! Settings from the command line.

use super::check;
use super::layer::Layer;
use super::origin::{Origin, Setting};
use super::size::Size;
use crate::cli::{ConfidenceArg, ScanArgs};
use crate::finding::Confidence;
use crate::policy::FailOn;

/// What the flags say. A switch that is not there says nothing.
pub(super) fn layer(args: &ScanArgs) -> anyhow::Result<Layer> {
    let on = |is: bool, flag, value| is.then(|| Setting::new(value, Origin::Flag(flag)));
    let list =
        |list: &[String], flag| (!list.is_empty()).then(|| Setting::new(list.to_vec(), Origin::Flag(flag)));
    let fail_on = match args.fail_on.as_deref() {
        Some(text) => Some(FailOn::parse(text).map_err(|why| anyhow::anyhow!("--fail-on: {why}"))?),
        None => None,
    };
    let largest_file = match args.largest_file.as_deref() {
        Some(text) => Some(Size::parse(text).map_err(|why| anyhow::anyhow!("--largest-file: {why}"))?),
        None => None,
    };
    let exit_code = match args.exit_code {
        Some(code) => Some(check::exit_code(code).map_err(|why| anyhow::anyhow!("--exit-code: {why}"))?),
        None => None,
    };
    Ok(Layer {
        confidence: args.confidence.map(|level| Setting::new(level.into(), Origin::Flag("--confidence"))),
        jobs: args.jobs.map(|jobs| Setting::new(jobs, Origin::Flag("--jobs"))),
        history: on(args.no_history, "--no-history", false),
        worktree: on(args.no_worktree, "--no-worktree", false),
        unreachable: on(args.unreachable, "--unreachable", true),
        ignore_files: on(args.no_ignore, "--no-ignore", false),
        archives: on(args.no_archives, "--no-archives", false),
        decoding: on(args.no_decoding, "--no-decoding", false),
        largest_file: largest_file.map(|size| Setting::new(size, Origin::Flag("--largest-file"))),
        only: list(&args.rules, "--rule"),
        disable: list(&args.disabled_rules, "--disable-rule"),
        builtin: on(args.rule_files.no_builtin_rules, "--no-builtin-rules", false),
        outputs: list(&args.all_outputs(), "--output"),
        fail_on: fail_on.map(|fail_on| Setting::new(fail_on, Origin::Flag("--fail-on"))),
        exit_code: exit_code.map(|code| Setting::new(code, Origin::Flag("--exit-code"))),
        show_secrets: on(args.show_secrets, "--show-secrets", true),
        explain: on(args.explain, "--explain", true),
        allow_incomplete: on(args.allow_incomplete, "--allow-incomplete", true),
        ..Layer::default()
    })
}

impl From<ConfidenceArg> for Confidence {
    fn from(argument: ConfidenceArg) -> Self {
        match argument {
            ConfidenceArg::Low => Confidence::Low,
            ConfidenceArg::Medium => Confidence::Medium,
            ConfidenceArg::High => Confidence::High,
        }
    }
}
