//! Hooks where pushes arrive.

use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::local::is_nothing;
use super::tell;
use crate::cli::ScanArgs;
use crate::config::Config;
use crate::detect::Detector;
use crate::git::environment::Environment;
use crate::git::scope::{Extent, KnownRefs, Push, Scope};
use crate::parallel::size_pool;
use crate::pipeline;
use crate::report::refusal;
use crate::report::text::visible_lines;
use crate::source::Counters;

/// One line of what is pushed.
struct Update<'a> {
    name: &'a str,
    old: &'a str,
    new: &'a str,
}

/// All refs of a push; none is accepted if one of them is refused.
pub(super) fn pre_receive(args: &ScanArgs, allow_push_option: bool) -> anyhow::Result<u8> {
    let mut input = Vec::new();
    std::io::stdin().lock().read_to_end(&mut input).context("reading what is pushed from standard input")?;
    let input = String::from_utf8_lossy(&input);
    let mut updates = Vec::new();
    for line in input.lines().filter(|line| !line.trim().is_empty()) {
        let parts: Vec<&str> = line.splitn(3, ' ').collect();
        let [old, new, name] = parts[..] else {
            bail!("Git tells pre-receive `OLD-ID NEW-ID REF` for each ref, not {line:?}");
        };
        updates.push(Update { name, old, new });
    }
    let code = judge(args, &updates)?;
    if code == 0 {
        return Ok(0);
    }
    if let Some(reason) = allow_push_option.then(reason).flatten() {
        tell(&format!("muzzle: accepted all the same, because the push says: {}", visible_lines(&reason)));
        return Ok(0);
    }
    tell("muzzle: Nothing of this push was accepted.");
    how_to_mend();
    if allow_push_option {
        tell("muzzle: If it has to be: git push -o muzzle.allow=REASON");
    }
    Ok(code)
}

/// One ref of a push.
pub(super) fn update(args: &ScanArgs, arguments: &[PathBuf]) -> anyhow::Result<u8> {
    let arguments: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
    let [name, old, new] = &arguments[..] else {
        bail!(
            "Git calls update with a ref, its old id and its new id; there are {} arguments",
            arguments.len()
        );
    };
    let code = judge(args, &[Update { name, old, new }])?;
    if code != 0 {
        tell("muzzle: This ref was not accepted.");
        how_to_mend();
    }
    Ok(code)
}

fn how_to_mend() {
    tell(
        "muzzle: What was sent has left your machine: revoke it, as told above. Then take it out of the commits",
    );
    tell(
        "muzzle: that have it (git commit --amend, git rebase -i COMMIT^), not with one more commit, and push again.",
    );
}

/// Scans what each ref brings, tells what is wrong with it, and returns the worst exit code.
fn judge(args: &ScanArgs, updates: &[Update<'_>]) -> anyhow::Result<u8> {
    if !args.outputs.is_empty() {
        bail!("a hook of a server tells who pushes: it has no -o");
    }
    let Config { rules, mut options, allow_incomplete, .. } = Config::resolve(args)?;
    size_pool(options.jobs);
    let detector = Arc::new(Detector::new(rules)?);
    let environment = Environment::of_process();
    let mut worst = 0;
    for Update { name, old, new } in updates {
        // Who deletes brings nothing.
        if is_nothing(new) {
            continue;
        }
        let known = Some(*old).filter(|old| !is_nothing(old)).map(ToOwned::to_owned);
        let (tips, known) = (vec![(*new).to_owned()], known.into_iter().collect());
        let push = Push { tips, known, refs: KnownRefs::All };
        options.scope = Some(Scope::of(Extent::Pushed(push), name, environment.clone()));
        options.unreachable = false;
        let code = match pipeline::scan(&detector, &options, &Counters::default()) {
            Ok(report) => {
                let code = report.exit_code(allow_incomplete);
                if code != 0 || !report.is_complete() {
                    tell(refusal::render(&report, name).trim_end());
                }
                code
            }
            Err(error) => {
                let why = visible_lines(&format!("{error:#}")).replace('\n', " ");
                tell(&format!("muzzle: {}: could not be scanned: {why}", visible_lines(name)));
                2
            }
        };
        worst = worst.max(code);
    }
    std::mem::forget(detector);
    Ok(worst)
}

/// Why a push is to be accepted all the same, if it says so.
fn reason() -> Option<String> {
    let count: u32 = std::env::var("GIT_PUSH_OPTION_COUNT").ok()?.parse().ok()?;
    let option = |number: u32| std::env::var(format!("GIT_PUSH_OPTION_{number}")).ok();
    let reasons = (0..count.min(1024)).filter_map(option);
    let mut reasons =
        reasons.filter_map(|text| text.strip_prefix("muzzle.allow=").map(|r| r.trim().to_owned()));
    reasons.find(|reason| !reason.is_empty())
}
