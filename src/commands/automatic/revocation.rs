//! What a hook with `revoke = true` does: what `muzzle revoke --yes` would, as far as `[revoke]` goes.

use std::path::Path;

use crate::ci::Environment;
use crate::finding::Fingerprint;
use crate::response::call::Transport;
use crate::response::hooks::Context;
use crate::response::inputs::{Credential, Inputs};
use crate::response::journal::Journal;
use crate::response::revoke::automatic::Automatic;
use crate::response::revoke::clock::SystemClock;
use crate::response::revoke::consent::Surroundings;
use crate::response::revoke::host::Host;
use crate::response::revoke::{Options, Procedure, RevokePolicy, Revoker};
use crate::response::settings::Settings;
use crate::rules::response::{Outcome, Responses};
use crate::rules::{RuleError, RuleSet};

/// Everything that a revocation needs.
pub(super) struct Revocation<'a> {
    policy: &'a RevokePolicy,
    settings: &'a Settings,
    responses: Responses,
    options: Options,
    clock: SystemClock,
    surroundings: Surroundings,
}

impl<'a> Revocation<'a> {
    /// By this policy. Only what the rules that come with muzzle know is revoked.
    pub(super) fn new(policy: &'a RevokePolicy, settings: &'a Settings) -> Result<Self, RuleError> {
        let environment = Environment::of_process();
        let home = environment.get("HOME").map(Path::new);
        Ok(Revocation {
            policy,
            settings,
            responses: Responses::of(&RuleSet::embedded()?)?,
            options: Options { host: Host::look(home, Path::new("/"), false), ..Options::default() },
            clock: SystemClock::default(),
            surroundings: Surroundings::of(&environment),
        })
    }

    /// It, through this.
    pub(super) fn revoker<'b>(&'b self, journal: &'b Journal, transport: &'b dyn Transport) -> Automatic<'b> {
        let Revocation { policy, settings, responses, options, clock, surroundings } = self;
        let procedure = Procedure { responses, transport, settings, policy, options };
        Automatic::new(Revoker { procedure, journal, clock, code: None }, *surroundings)
    }
}

/// What a hook was told about.
pub(super) fn revoke(revoker: &Automatic<'_>, context: &Context<'_>) -> (Outcome, String) {
    let told = context.subject.zip(context.secret);
    let credential = told.and_then(|(subject, secret)| {
        let mut inputs = Inputs::default();
        inputs.set("secret", secret.clone());
        if let Some(companion) = context.companion {
            inputs.set("companion", companion.clone());
        }
        Some(Credential {
            fingerprint: Fingerprint::parse(&subject.fingerprint)?,
            rule: subject.rule.clone(),
            provider: subject.provider.clone(),
            inputs,
            place: subject.place.clone(),
        })
    });
    match credential {
        Some(credential) => revoker.revoke(&credential),
        None => (Outcome::SkippedPolicy, "there is no secret here that could be revoked".to_owned()),
    }
}
