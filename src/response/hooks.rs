//! What happens by itself: programs, webhooks and revocation, as trusted configuration has it.
//!
//! ```text
//! event + context ─▶ filter ─▶ dry run? ─▶ journal: begin ─▶ program, webhook or policy ─▶ journal: done ─▶ HookReport
//! ```
//!
//! Nothing that a scanned repository holds becomes part of a command line, of an environment, of an address or of a
//! header: it is in a JSON document on standard input, or in a body. A hook does nothing unless it is live or
//! `--run-hooks` says so, and nothing that cannot be written to the journal before.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use super::call::Transport;
use super::guard::Guard;
use super::journal::{Intent, Journal};
use crate::finding::Verification;
use crate::report::text::visible;
use crate::rules::response::Outcome as Revoked;
use crate::secret::Secret;

mod config;
mod event;
mod filter;
mod outcome;
mod payload;
mod program;
mod shape;
mod signature;
#[cfg(test)]
mod tests;
mod trusted;
mod webhook;

pub use config::{HookError, HookSection, Mode, Shape};
pub use event::Event;
pub use outcome::{Ending, HookReport, exit_code, told};
pub use payload::{Commit, Subject, Summary};

use config::{Action, Address, Hook, Webhook};
use outcome::Outcome;
use payload::Telling;
use program::Program;
use signature::SHORTEST_KEY;
use webhook::{Clock, Post, SystemClock, post, template};

/// What happened. Of the secrets, a hook gets what it asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// To what; `None` for a run as a whole.
    pub subject: Option<&'a Subject>,
    /// The secret.
    pub secret: Option<&'a Secret>,
    /// The other half.
    pub companion: Option<&'a Secret>,
    /// What replaces it.
    pub new_secret: Option<&'a Secret>,
    /// What the provider said.
    pub verification: Option<&'a Verification>,
    /// What came of a revocation or rotation, and why; masked.
    pub outcome: Option<(Revoked, &'a str)>,
    /// The plan that was agreed to.
    pub plan: Option<&'a str>,
    /// Of a run as a whole.
    pub summary: Option<&'a Summary>,
}

/// Revokes what a context is of, as far as `[revoke]` allows; what came of it and why, masked. Keeps its own journal.
pub type RevokeByPolicy<'a> = dyn Fn(&Context<'_>) -> (Revoked, String) + Sync + 'a;

/// All hooks of a run.
pub struct Hooks<'a> {
    /// Each with how often it fired.
    all: Vec<(Hook, AtomicU32)>,
    run: bool,
    scanned: Vec<PathBuf>,
    journal: Option<&'a Journal>,
    transport: Option<&'a dyn Transport>,
    revoke: Option<&'a RevokeByPolicy<'a>>,
    clock: &'a dyn Clock,
    /// Of this run alone.
    nonce: [u8; 16],
}

impl<'a> Hooks<'a> {
    /// Those of trusted configuration. `run`: they act, whatever their mode.
    ///
    /// # Errors
    /// If one of them cannot be.
    pub fn new(sections: &[HookSection], run: bool) -> Result<Self, HookError> {
        let all = Hook::all(sections)?.into_iter().map(|hook| (hook, AtomicU32::new(0))).collect();
        let mut nonce = [0; 16];
        // Without chance, runs of the same moment are taken for one; no more.
        let _ = getrandom::fill(&mut nonce);
        let clock = &SystemClock;
        Ok(Hooks {
            all,
            run,
            scanned: Vec::new(),
            journal: None,
            transport: None,
            revoke: None,
            clock,
            nonce,
        })
    }

    /// What is scanned: nothing in there is started.
    #[must_use]
    pub fn outside(self, scanned: impl IntoIterator<Item = PathBuf>) -> Self {
        let real = |path: PathBuf| path.canonicalize().unwrap_or(path);
        Hooks { scanned: scanned.into_iter().map(real).collect(), ..self }
    }

    /// Where it is written down. Without, nothing is done.
    #[must_use]
    pub fn recorded_in(self, journal: &'a Journal) -> Self {
        Hooks { journal: Some(journal), ..self }
    }

    /// How webhooks are sent. Without, none is.
    #[must_use]
    pub fn through(self, transport: &'a dyn Transport) -> Self {
        Hooks { transport: Some(transport), ..self }
    }

    /// How something is revoked by policy. Without, nothing is.
    #[must_use]
    pub fn revoking(self, revoke: &'a RevokeByPolicy<'a>) -> Self {
        Hooks { revoke: Some(revoke), ..self }
    }

    /// Whether any waits for this.
    pub fn any_on(&self, event: Event) -> bool {
        self.all.iter().any(|(hook, _)| hook.on.contains(&event))
    }

    /// Whether any that acts is told the secret when this happens.
    pub fn any_told_secrets(&self, event: Event) -> bool {
        let told = |hook: &Hook| hook.on.contains(&event) && hook.send_secret && (hook.is_live || self.run);
        self.all.iter().any(|(hook, _)| told(hook))
    }

    /// Whether any that acts has something revoked.
    pub fn any_revocation(&self) -> bool {
        self.all.iter().any(|(hook, _)| matches!(hook.action, Action::Revoke) && (hook.is_live || self.run))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether any of them posts something.
    pub fn any_webhook(&self) -> bool {
        self.all.iter().any(|(hook, _)| matches!(hook.action, Action::Webhook(_)))
    }

    /// Fires all that wait for this. One after the other, in the order of the configuration.
    pub fn fire(&self, event: Event, context: &Context<'_>) -> Vec<HookReport> {
        let waiting =
            self.all.iter().filter(|(hook, _)| hook.on.contains(&event) && hook.filter.takes(context));
        waiting.map(|(hook, fired)| self.fire_one(hook, fired, event, context)).collect()
    }

    fn fire_one(&self, hook: &Hook, fired: &AtomicU32, event: Event, context: &Context<'_>) -> HookReport {
        let started = Instant::now();
        let call = hook.call();
        let outcome = if fired.fetch_add(1, Ordering::Relaxed) >= hook.most {
            Outcome::new(
                Ending::Skipped,
                format!("it has acted {} times in this run, and may no more", hook.most),
            )
        } else {
            self.recorded(hook, &call, event, context)
        };
        HookReport {
            hook: hook.name.clone(),
            event,
            fingerprint: context.subject.map(|subject| subject.fingerprint.clone()),
            call,
            ending: outcome.ending,
            reason: outcome.reason,
            output: outcome.output,
            took: started.elapsed(),
            required: hook.required,
        }
    }

    /// A line before, a line after.
    fn recorded(&self, hook: &Hook, call: &str, event: Event, context: &Context<'_>) -> Outcome {
        let intent = self.intent(hook, call, event, context);
        let is_live = hook.is_live || self.run;
        let Some(journal) = self.journal else {
            return if is_live {
                Outcome::new(Ending::Refused, "there is no journal, and without one nothing is done")
            } else {
                rehearsed()
            };
        };
        if !is_live {
            let outcome = rehearsed();
            return match journal.note(intent, &outcome.done()) {
                Ok(()) => outcome,
                Err(error) => Outcome::new(Ending::Refused, error.to_string()),
            };
        }
        let pending = match journal.begin(intent) {
            Ok(pending) => pending,
            Err(error) => return Outcome::new(Ending::Refused, format!("nothing was done: {error}")),
        };
        let mut outcome = self.act(hook, event, context);
        if let Err(error) = pending.finish(&outcome.done()) {
            let _ = write!(outcome.reason, "; it was done, and could not be written down: {error}");
            outcome.ending = Ending::Unknown;
        }
        outcome
    }

    fn intent(&self, hook: &Hook, call: &str, event: Event, context: &Context<'_>) -> Intent {
        let subject =
            |field: fn(&Subject) -> &String| context.subject.map(field).cloned().unwrap_or_default();
        let consent = match (hook.is_live, self.run) {
            (true, _) => "mode = \"live\" in trusted configuration",
            (false, true) => "--run-hooks",
            (false, false) => "none: dry run",
        };
        Intent {
            action: "hook".into(),
            rule: subject(|subject| &subject.rule),
            provider: subject(|subject| &subject.provider),
            fingerprint: subject(|subject| &subject.fingerprint),
            secret: subject(|subject| &subject.secret),
            place: subject(|subject| &subject.place),
            call: call.to_owned(),
            plan: context.plan.map(str::to_owned),
            consent: consent.into(),
            note: Some(format!("hook {} on {}", hook.name, event.as_str())),
        }
    }

    fn act(&self, hook: &Hook, event: Event, context: &Context<'_>) -> Outcome {
        let delivery = self.delivery(hook, event, context);
        match &hook.action {
            Action::Revoke => match self.revoke {
                Some(revoke) => {
                    let (revoked, reason) = revoke(context);
                    Outcome { revoked: Some(revoked), ..Outcome::new(of_revocation(revoked), reason) }
                }
                None => Outcome::new(
                    Ending::Refused,
                    "nothing is revoked here without [revoke] in trusted configuration",
                ),
            },
            Action::Program { argv, env, timeout } => {
                let path = match trusted::resolved(argv[0].as_ref(), &self.scanned) {
                    Ok(path) => path,
                    Err(why) => return Outcome::new(Ending::Refused, why),
                };
                let environment = self.environment(env);
                let lent = environment.iter().filter(|(name, _)| env.contains(name));
                let lent: Vec<Secret> =
                    lent.map(|(_, value)| Secret::new(value.as_encoded_bytes())).collect();
                let guard = guard(context, &lent);
                let telling = hook.telling(event, &delivery, &guard);
                let document = payload::document(&telling, context);
                let program = Program { path: &path, argv, environment, timeout: *timeout };
                match program.run(document) {
                    Ok(ran) => Outcome::of_program(&ran, &guard),
                    Err(error) => Outcome::new(Ending::Failed, format!("it cannot be started: {error}")),
                }
            }
            Action::Webhook(webhook) => match self.post(hook, webhook, event, &delivery, context) {
                Ok(outcome) => outcome,
                Err(why) => Outcome::new(Ending::Refused, format!("nothing was sent: {why}")),
            },
        }
    }

    /// What a program gets to see of ours.
    fn environment(&self, lent: &[String]) -> Vec<(String, std::ffi::OsString)> {
        let mut environment =
            vec![("PATH".to_owned(), trusted::search_path(std::env::var_os("PATH"), &self.scanned))];
        let others = ["HOME", "LANG"]
            .into_iter()
            .chain(lent.iter().map(String::as_str))
            .filter(|name| *name != "PATH");
        environment.extend(others.filter_map(|name| Some((name.to_owned(), std::env::var_os(name)?))));
        environment
    }

    fn post(
        &self,
        hook: &Hook,
        webhook: &Webhook,
        event: Event,
        delivery: &str,
        context: &Context<'_>,
    ) -> Result<Outcome, String> {
        let transport = self.transport.ok_or("there is no network here")?;
        let url = match &webhook.address {
            Address::Known(url) => url.clone(),
            Address::Variable(name) => {
                config::address(&variable(name)?).map_err(|why| format!("{name}: {why}"))?
            }
        };
        let secret = |text: String| Secret::new(text.as_bytes());
        let key = webhook.key_env.as_deref().map(variable).transpose()?.map(secret);
        if key.as_ref().is_some_and(|key| key.len() < SHORTEST_KEY) {
            return Err(format!("the key of key_env is shorter than {SHORTEST_KEY} bytes"));
        }
        let header = |(name, from): (&String, &String)| Ok((name.clone(), secret(variable(from)?)));
        let headers = webhook.headers_env.iter().map(header).collect::<Result<Vec<_>, String>>()?;
        let mut private = vec![Secret::new(url.path().as_bytes())];
        private.extend(url.query().map(|query| Secret::new(query.as_bytes())));
        private.extend(key.clone());
        private.extend(headers.iter().map(|(_, value)| value.clone()));
        let guard = guard(context, &private);
        let telling = hook.telling(event, delivery, &guard);
        let body = shape::body(webhook.shape, &telling, context)
            .ok_or("there is no secret that this shape could carry")?;
        let event = event.as_str();
        let retries = webhook.retries;
        let message =
            Post { url: &url, event, delivery, key: key.as_ref(), headers, body, retries, guard: &guard };
        Ok(post(&message, transport, self.clock))
    }

    /// The same for the same thing, in whichever run: so that the other side can tell that it was told before.
    fn delivery(&self, hook: &Hook, event: Event, context: &Context<'_>) -> String {
        let mut hasher = Sha256::new();
        let mut add = |part: &[u8]| {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        };
        add(hook.name.as_bytes());
        add(event.as_str().as_bytes());
        match context.subject {
            Some(subject) => add(subject.fingerprint.as_bytes()),
            None => add(&self.nonce),
        }
        add(context.verification.map_or("", |verification| verification.verdict.as_str()).as_bytes());
        add(context.outcome.map_or("", |(outcome, _)| outcome.as_str()).as_bytes());
        add(context.plan.unwrap_or_default().as_bytes());
        hasher.finalize()[..16].iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl Hook {
    /// For people and the journal.
    fn call(&self) -> String {
        match &self.action {
            Action::Program { argv, .. } => visible(argv.join(" ").as_bytes()),
            Action::Webhook(webhook) => match &webhook.address {
                Address::Known(url) => template(url),
                Address::Variable(name) => format!("POST to the address in {name}"),
            },
            Action::Revoke => "revoke by policy".into(),
        }
    }

    fn telling<'a>(&'a self, event: Event, delivery: &'a str, guard: &'a Guard) -> Telling<'a> {
        Telling { hook: &self.name, event, delivery, send_secret: self.send_secret, guard }
    }
}

/// Knows all that the hook is told, and what is lent to it.
fn guard(context: &Context<'_>, lent: &[Secret]) -> Guard {
    let own = [context.secret, context.companion, context.new_secret];
    Guard::new(own.into_iter().flatten().chain(lent))
}

fn rehearsed() -> Outcome {
    Outcome::new(Ending::Rehearsed, "a dry run: --run-hooks, or mode = \"live\", makes it act")
}

fn variable(name: &str) -> Result<String, String> {
    let value = std::env::var(name).ok().map(|value| value.trim().to_owned());
    value.filter(|value| !value.is_empty()).ok_or_else(|| format!("the variable {name} is not set"))
}

fn of_revocation(outcome: Revoked) -> Ending {
    match outcome {
        Revoked::Confirmed => Ending::Done,
        Revoked::Accepted => Ending::Accepted,
        Revoked::AlreadyDead => Ending::AlreadyDead,
        Revoked::NotAuthorised => Ending::NotAuthorised,
        Revoked::Refused | Revoked::ManualRequired => Ending::Refused,
        Revoked::RateLimited => Ending::Failed,
        Revoked::Unknown => Ending::Unknown,
        Revoked::SkippedPolicy => Ending::Skipped,
    }
}
