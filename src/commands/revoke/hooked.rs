//! Who is told what came of it, and who gets a new value: hooks of trusted configuration, and a person at a terminal.

use std::io::{IsTerminal as _, Write as _};

use super::load::scanned;
use crate::cli::RevokeArgs;
use crate::commands::automatic::Automatic;
use crate::report::text::visible;
use crate::response::hooks::{Context, Ending, Event, HookReport, Hooks, Subject, exit_code};
use crate::response::inputs::Credential;
use crate::response::revoke::Record;
use crate::response::rotate::Receiver;
use crate::secret::Secret;

/// The hooks of a run.
#[derive(Debug)]
pub(super) struct Hooked {
    automatic: Automatic,
    /// Whether one of them takes new values.
    takes_new: bool,
}

impl Hooked {
    /// As trusted configuration has them.
    pub(super) fn resolve(args: &RevokeArgs) -> anyhow::Result<Self> {
        let (journal, config) = (args.journal.as_deref(), args.config.as_deref());
        let automatic = Automatic::resolve(&args.hooks, journal, args.offline, config, &scanned(args))?;
        let takes_new = automatic.any_told_secrets(Event::Rotated)?;
        Ok(Hooked { automatic, takes_new })
    }

    /// Whether anybody is there who takes a new value.
    pub(super) fn can_receive(&self) -> bool {
        self.takes_new || std::io::stdout().is_terminal()
    }

    /// Tells hooks what came of each. The exit code.
    pub(super) fn after_revocation(
        &self,
        credentials: &[Credential],
        records: &[Record],
        plan: &str,
        code: u8,
    ) -> anyhow::Result<u8> {
        let reports = self.automatic.fire(secrets(credentials), |hooks| {
            let each = credentials.iter().zip(records).filter(|(_, record)| record.sent > 0);
            each.flat_map(|(credential, record)| revoked(&hooks, credential, record, plan)).collect()
        })?;
        Ok(exit_code(code, &reports))
    }
}

fn secrets(credentials: &[Credential]) -> impl Iterator<Item = &Secret> {
    credentials.iter().flat_map(|credential| credential.inputs.values())
}

fn revoked(hooks: &Hooks<'_>, credential: &Credential, record: &Record, plan: &str) -> Vec<HookReport> {
    let subject = Subject::of_credential(credential, None);
    let context = Context {
        subject: Some(&subject),
        secret: Some(credential.secret()),
        companion: credential.inputs.get("companion"),
        verification: record.after.as_ref().or(record.before.as_ref()),
        outcome: Some((record.outcome, &record.reason)),
        plan: Some(plan),
        ..Context::default()
    };
    hooks.fire(Event::Revoked, &context)
}

/// Takes new values: a hook if one does, else the person who sits there.
pub(super) struct Receivers<'a> {
    pub(super) hooked: &'a Hooked,
    pub(super) plan: &'a str,
}

impl Receiver for Receivers<'_> {
    fn take(&mut self, credential: &Credential, new: &Secret) -> Result<(), String> {
        if !self.hooked.takes_new {
            return show(credential, new);
        }
        let subject = Subject::of_credential(credential, None);
        let context = Context {
            subject: Some(&subject),
            secret: Some(credential.secret()),
            new_secret: Some(new),
            plan: Some(self.plan),
            ..Context::default()
        };
        let known = credential.inputs.values().chain([new]);
        let reports = self.hooked.automatic.fire(known, |hooks| hooks.fire(Event::Rotated, &context));
        let reports = reports.map_err(|error| error.to_string())?;
        if reports.iter().any(|report| matches!(report.ending, Ending::Done | Ending::Accepted)) {
            return Ok(());
        }
        if std::io::stdout().is_terminal() {
            return show(credential, new);
        }
        let why = reports.iter().map(|report| format!("hook {}: {}", report.hook, report.reason));
        Err(why.collect::<Vec<_>>().join("; "))
    }
}

/// On standard output, which is a terminal.
#[expect(
    clippy::disallowed_methods,
    reason = "a person asked for the new value, and standard output is a terminal"
)]
fn show(credential: &Credential, new: &Secret) -> Result<(), String> {
    let mut stdout = std::io::stdout().lock();
    let (place, text) = (visible(credential.place.as_bytes()), visible(new.expose()));
    let written = writeln!(stdout, "the new value of {} at {place}: {text}", credential.rule);
    written.and_then(|()| stdout.flush()).map_err(|error| error.to_string())
}
