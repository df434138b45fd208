//! Providers that data cannot describe: signatures, grants, log-ins. A rule names one with `module = "NAME"`.

mod ask;
mod aws;
mod azure_storage;
mod database;
mod entra;
#[cfg(test)]
mod fake;
mod gcp;
mod npm_registry;
mod oauth;
mod xml;

use super::call::{SendError, Transport};
use super::inputs::Credential;
use super::judge::Judged;
use super::plan::Plan;
use super::settings::Settings;
use crate::rules::response::Outcome;

/// A provider's own way to verify and to revoke.
pub trait Module: Sync {
    /// As in rule files.
    fn name(&self) -> &'static str;

    /// What `verify` would send.
    fn plan_verify(&self, credential: &Credential, settings: &Settings) -> Plan;

    /// Asks whether it is live, through `transport` alone.
    fn verify(&self, credential: &Credential, transport: &dyn Transport, settings: &Settings) -> Judged;

    /// Who revokes it, and where, if no call does.
    fn by_hand(&self) -> &'static str {
        "no call is known that revokes it"
    }

    /// What `revoke` would send; `Plan::Nothing` if it cannot. `delete`: for good, where it would be reversible otherwise.
    fn plan_revoke(&self, _credential: &Credential, _delete: bool, _settings: &Settings) -> Plan {
        ask::nothing(self.by_hand())
    }

    /// Revokes, or switches off where that can be undone. Sends the call that changes something once.
    ///
    /// # Errors
    /// If no reply came: what it means for the outcome is decided by the caller.
    fn revoke(
        &self,
        _credential: &Credential,
        _delete: bool,
        _transport: &dyn Transport,
        _settings: &Settings,
    ) -> Result<(Outcome, String), SendError> {
        Ok((Outcome::ManualRequired, self.by_hand().to_owned()))
    }
}

/// All of them.
pub static ALL: [&dyn Module; 9] = [
    &aws::Aws,
    &azure_storage::AzureStorage,
    &entra::Entra,
    &gcp::Gcp,
    &database::MYSQL,
    &npm_registry::NpmRegistry,
    &oauth::OAuth,
    &database::POSTGRES,
    &database::REDIS,
];

/// By name.
pub fn by_name(name: &str) -> Option<&'static dyn Module> {
    ALL.into_iter().find(|module| module.name() == name)
}
