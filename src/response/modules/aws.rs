//! AWS access keys: whose they are (STS), and switching them off (IAM).
//!
//! A rule's inputs: `secret` is either half of the pair. The other half is `companion`, `key_id`, `secret_key`, or the only
//! key id in `line`. `session_token` for temporary keys. `responder` (`KEYID:SECRET[:TOKEN]`) signs a revocation in the
//! key's own place. `root = yes` allows to switch off a root key. `canary_accounts` are decoys of your own.
//!
//! Partitions other than the public one are asked if `[network.hosts] aws` names them: `aws-cn`, `aws-us-gov`.

mod call;
mod keys;
mod revoke;
mod sigv4;
#[cfg(test)]
mod tests;

use super::{Module, ask};
use crate::finding::Liveness;
use crate::response::call::{Purpose, SendError, Transport};
use crate::response::inputs::Credential;
use crate::response::judge::Judged;
use crate::response::plan::Plan;
use crate::response::settings::Settings;
use crate::rules::response::Outcome;
use call::Caller;
use keys::{Pair, Partition};
use sigv4::Signer;

/// Access keys.
pub(super) struct Aws;

impl Module for Aws {
    fn name(&self) -> &'static str {
        "aws"
    }

    fn plan_verify(&self, credential: &Credential, settings: &Settings) -> Plan {
        let (pair, signer) = match ready(credential) {
            Ok(ready) => ready,
            Err(judged) => return ask::nothing(judged.reason),
        };
        let requests = keys::partitions(settings).into_iter().map(|partition| {
            let request = call::caller_request(Purpose::Verify, partition, signer);
            ask::planned(&request, &sends(&pair))
        });
        Plan::Requests(requests.collect())
    }

    fn verify(&self, credential: &Credential, transport: &dyn Transport, settings: &Settings) -> Judged {
        match ready(credential) {
            Ok((_, signer)) => match whose(Purpose::Verify, signer, transport, settings) {
                Ok(Caller::Known(identity)) => Judged {
                    identity: identity.facts(),
                    ..ask::judged(Liveness::Live, format!("AWS knows it as {}", identity.arn))
                },
                Ok(Caller::Dead) => ask::judged(Liveness::Dead, unknown_to(&keys::partitions(settings))),
                Ok(Caller::Else(judged)) => judged,
                Err(error) => ask::unanswered(&error),
            },
            Err(judged) => judged,
        }
    }

    fn plan_revoke(&self, credential: &Credential, delete: bool, settings: &Settings) -> Plan {
        revoke::plan(credential, delete, settings)
    }

    fn revoke(
        &self,
        credential: &Credential,
        delete: bool,
        transport: &dyn Transport,
        settings: &Settings,
    ) -> Result<(Outcome, String), SendError> {
        revoke::act(credential, delete, transport, settings)
    }
}

/// The pair and its signer; a decoy's is never used.
fn ready(credential: &Credential) -> Result<(Pair<'_>, Signer<'_>), Judged> {
    let pair = Pair::of(&credential.inputs).map_err(ask::not_asked)?;
    if let Some(account) = pair.decoy(&credential.inputs) {
        let why = format!("its account, {account}, hands out decoys: whoever uses one rings a bell");
        return Err(ask::judged(Liveness::Canary, why));
    }
    let signer = pair.signer().map_err(ask::not_asked)?;
    Ok((pair, signer))
}

/// What leaves the machine: never the secret key itself.
fn sends(pair: &Pair<'_>) -> Vec<&'static str> {
    let token = pair.session_token.map(|_| "session_token");
    [pair.named, "signature"].into_iter().chain(token).collect()
}

/// Asks one partition after the other whose key it is. Dead is what is unknown in all of them.
fn whose(
    purpose: Purpose,
    signer: Signer<'_>,
    transport: &dyn Transport,
    settings: &Settings,
) -> Result<Caller, SendError> {
    let mut doubt = None;
    for partition in keys::partitions(settings) {
        match call::caller(purpose, partition, signer, transport) {
            Ok(Caller::Dead) => {}
            Ok(known @ Caller::Known(_)) => return Ok(known),
            other => doubt = doubt.or(Some(other)),
        }
    }
    doubt.unwrap_or(Ok(Caller::Dead))
}

fn unknown_to(asked: &[Partition]) -> String {
    let names: Vec<&str> = asked.iter().map(|partition| partition.name).collect();
    format!("InvalidClientTokenId: deleted or inactive, asked in {}", names.join(", "))
}
