//! What happens by itself after a scan, a verification or a revocation: the hooks of trusted configuration, with the
//! journal they write to and the network they post through.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde::Deserialize as _;

use super::MOST_TOLD;
use crate::ci;
use crate::cli::HookArgs;
use crate::config::{self, Environment, ResponseConfig};
use crate::finding::Finding;
use crate::report::Report;
use crate::response::hooks::{
    Context, Event, HookReport, HookSection, Hooks, Subject, Summary, exit_code, told,
};
use crate::response::journal::{Journal, JournalError, JournalSection, journal_path};
use crate::response::network::Network;
use crate::response::revoke::RevokePolicy;
use crate::response::settings::Settings;
use crate::secret::Secret;

mod revocation;

use revocation::Revocation;

/// The hooks of a run.
#[derive(Debug)]
pub(super) struct Automatic {
    sections: Vec<HookSection>,
    run: bool,
    journal: Result<PathBuf, JournalError>,
    network: Settings,
    policy: RevokePolicy,
    scanned: Vec<PathBuf>,
}

impl Automatic {
    /// As trusted configuration has them; `config` is the file of `--config`, `journal` that of `--journal`. Mistakes are
    /// told before anything is done.
    pub(super) fn resolve(
        args: &HookArgs,
        journal: Option<&Path>,
        offline: bool,
        config: Option<&Path>,
        scanned: &[PathBuf],
    ) -> anyhow::Result<Self> {
        let trusted = config::response(config, scanned, &Environment::of_process())?;
        let file = trusted.file.as_deref().map(|file| file.display().to_string()).unwrap_or_default();
        let hook = |table: toml::Table| {
            HookSection::deserialize(table).map_err(|error| anyhow!("{file}: [[hooks]]: {}", error.message()))
        };
        let sections = trusted.hooks.iter().cloned().map(hook).collect::<anyhow::Result<Vec<_>>>()?;
        Hooks::new(&sections, args.run_hooks).with_context(|| file.clone())?;
        let network = Settings { offline, ..trusted.network.clone() };
        let environment = ci::Environment::of_process();
        let policy = trusted.revoke.clone().map(RevokePolicy::deserialize).transpose();
        let policy = policy.map_err(|error| anyhow!("{file}: [revoke]: {}", error.message()))?;
        Ok(Automatic {
            policy: policy.unwrap_or_default(),
            sections,
            run: args.run_hooks,
            journal: journal_path(journal, &section(trusted)?, &environment),
            network,
            scanned: scanned.to_vec(),
        })
    }

    /// Lets hooks fire, and tells people what came of it. `secrets`: those of the run, which the journal must not hold.
    pub(super) fn fire<'s>(
        &self,
        secrets: impl IntoIterator<Item = &'s Secret>,
        act: impl FnOnce(Hooks<'_>) -> Vec<HookReport>,
    ) -> anyhow::Result<Vec<HookReport>> {
        if self.sections.is_empty() {
            return Ok(Vec::new());
        }
        let hooks = Hooks::new(&self.sections, self.run)?.outside(self.scanned.iter().cloned());
        let path = self.journal.as_ref().map_err(|error| JournalError(error.to_string()));
        let journal = path.and_then(|path| Journal::open(path)).map(|journal| journal.guarded(secrets));
        let journal = journal.inspect_err(|error| tracing::warn!("no hook acts: {error}")).ok();
        let needs_network = hooks.any_webhook() || hooks.any_revocation();
        let network = needs_network.then(|| Network::new(&self.network)).transpose()?;
        let hooks = match &journal {
            Some(journal) => hooks.recorded_in(journal),
            None => hooks,
        };
        let hooks = match &network {
            Some(network) => hooks.through(network),
            None => hooks,
        };
        let reports = match (&journal, &network) {
            (Some(journal), Some(network)) if hooks.any_revocation() => {
                let revocation = Revocation::new(&self.policy, &self.network)?;
                let revoker = revocation.revoker(journal, network);
                let revoke = |context: &Context<'_>| revocation::revoke(&revoker, context);
                act(hooks.revoking(&revoke))
            }
            _ => act(hooks),
        };
        let lines = told(&reports);
        let mut stderr = std::io::stderr().lock();
        for line in lines.iter().take(MOST_TOLD) {
            writeln!(stderr, "{line}").context("writing to standard error")?;
        }
        if let Some(more) = lines.len().checked_sub(MOST_TOLD).filter(|more| *more > 0) {
            writeln!(stderr, "+ {more} more; `muzzle audit show` has all")
                .context("writing to standard error")?;
        }
        Ok(reports)
    }

    /// Whether a hook that acts is told the secret when this happens.
    pub(super) fn any_told_secrets(&self, event: Event) -> anyhow::Result<bool> {
        Ok(Hooks::new(&self.sections, self.run)?.any_told_secrets(event))
    }

    /// After a verification: `verified_active` for each that is live. The exit code.
    pub(super) fn after_verify(&self, report: &Report, code: u8) -> anyhow::Result<u8> {
        let reports = self.fire(secrets(report), |hooks| each(&hooks, Event::VerifiedActive, report))?;
        Ok(exit_code(code, &reports))
    }

    /// After a scan whose reports are written: `finding` for each, then `scan_finished`. The exit code.
    pub(super) fn after_scan(&self, report: &Report, allow_incomplete: bool, code: u8) -> anyhow::Result<u8> {
        let reports = self.fire(secrets(report), |hooks| {
            let mut reports = each(&hooks, Event::Finding, report);
            reports.extend(each(&hooks, Event::VerifiedActive, report));
            let summary = Summary::of(report, allow_incomplete);
            let context = Context { summary: Some(&summary), ..Context::default() };
            reports.extend(hooks.fire(Event::ScanFinished, &context));
            reports
        })?;
        Ok(exit_code(code, &reports))
    }
}

/// Where the journal lies: what `--journal` says, else trusted configuration (`config` is the file of `--config`, and
/// `scanned` is where none of it comes from), else the usual place.
pub(super) fn journal_at(
    journal: Option<&Path>,
    config: Option<&Path>,
    scanned: &[PathBuf],
) -> anyhow::Result<PathBuf> {
    let section = match journal {
        Some(_) => JournalSection::default(),
        None => section(config::response(config, scanned, &Environment::of_process())?)?,
    };
    Ok(journal_path(journal, &section, &ci::Environment::of_process())?)
}

fn section(trusted: ResponseConfig) -> anyhow::Result<JournalSection> {
    let file = trusted.file.map(|file| file.display().to_string()).unwrap_or_default();
    let section = trusted.journal.map(JournalSection::deserialize).transpose();
    Ok(section.map_err(|error| anyhow!("{file}: [journal]: {}", error.message()))?.unwrap_or_default())
}

/// Those that the journal must not hold.
fn secrets(report: &Report) -> impl Iterator<Item = &Secret> {
    let halves = report.findings.iter().filter_map(|finding| finding.companion.as_ref());
    report.findings.iter().map(|finding| &finding.secret).chain(halves.map(|half| &half.secret))
}

/// Fires for each finding that this happened to.
fn each(hooks: &Hooks<'_>, event: Event, report: &Report) -> Vec<HookReport> {
    if !hooks.any_on(event) {
        return Vec::new();
    }
    let happened = |finding: &&Finding| {
        event == Event::Finding || finding.verification.as_ref().is_some_and(|said| said.verdict.is_live())
    };
    let fire = |finding: &Finding| {
        let subject = Subject::of_finding(report, finding);
        let context = Context {
            subject: Some(&subject),
            secret: Some(&finding.secret),
            companion: finding.companion.as_ref().map(|half| &half.secret),
            verification: finding.verification.as_ref(),
            ..Context::default()
        };
        hooks.fire(event, &context)
    };
    report.findings.iter().filter(happened).flat_map(fire).collect()
}
