//! Hooks where commits and pushes begin.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use super::super::scan::{finish, scan};
use super::tell;
use crate::cli::ScanArgs;
use crate::config::Config;
use crate::git::environment::Environment;
use crate::git::scope::{Extent, KnownRefs, Push, Scope};

/// What the commit would introduce.
pub(super) fn pre_commit(args: &ScanArgs) -> anyhow::Result<u8> {
    let code = scoped(args, Scope::staged(Environment::of_process()))?;
    if code != 0 {
        tell("muzzle: the commit is refused. Take out what is named above, `git add`, and commit again.");
        tell("muzzle: Past this check: git commit --no-verify");
    }
    Ok(code)
}

/// The commits that the remote lacks.
pub(super) fn pre_push(args: &ScanArgs, arguments: &[PathBuf]) -> anyhow::Result<u8> {
    let [remote, url] = arguments else {
        bail!(
            "Git calls pre-push with the name of a remote and its URL; there are {} arguments",
            arguments.len()
        );
    };
    let (remote, url) = (remote.to_string_lossy(), url.to_string_lossy());
    let input =
        std::io::read_to_string(std::io::stdin()).context("reading what is pushed from standard input")?;
    let refs = KnownRefs::OfRemote { name: remote.into(), url: url.into() };
    let mut push = Push { tips: Vec::new(), known: Vec::new(), refs };
    for line in input.lines().filter(|line| !line.trim().is_empty()) {
        // A local name may hold spaces: it can be any expression.
        let parts: Vec<&str> = line.rsplitn(4, ' ').collect();
        let [known, _, tip, _] = parts[..] else {
            bail!("Git tells pre-push `LOCAL-REF ID REMOTE-REF ID` for each ref, not {line:?}");
        };
        if !is_nothing(tip) {
            push.tips.push(tip.into());
        }
        if !is_nothing(known) {
            push.known.push(known.into());
        }
    }
    if push.tips.is_empty() {
        tracing::warn!("nothing was in scope: nothing is pushed");
        return Ok(0);
    }
    push.tips.sort();
    push.tips.dedup();
    let code = scoped(args, Scope::of(Extent::Pushed(push), "pre-push", Environment::of_process()))?;
    if code != 0 {
        tell(
            "muzzle: nothing was pushed. What is named above is in commits that the remote does not have yet: take it",
        );
        tell(
            "muzzle: out of them (git commit --amend, git rebase -i COMMIT^), not with one more commit, and push again.",
        );
        tell("muzzle: Past this check: git push --no-verify");
    }
    Ok(code)
}

/// Whether an id stands for no object.
pub(super) fn is_nothing(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b == b'0')
}

/// Scans; reports if there is something to say, or if reports were asked for.
pub(super) fn scoped(args: &ScanArgs, scope: Scope) -> anyhow::Result<u8> {
    let mut config = Config::resolve(args)?;
    config.options.scope = Some(scope);
    config.options.unreachable = false;
    let (outputs, allow_incomplete) = (config.outputs.clone(), config.allow_incomplete);
    let report = scan(config, args.quiet)?;
    if args.outputs.is_empty() && report.findings.is_empty() && report.is_complete() {
        return Ok(0);
    }
    finish(&report, &outputs, allow_incomplete, args.no_color)
}
