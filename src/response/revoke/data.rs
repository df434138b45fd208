//! The call out of a rule's data: look-up, then the one that changes something.

use super::act::Called;
use super::ledger::{Trace, finish};
use super::{Revoker, take};
use crate::finding::Verification;
use crate::response::call::{Purpose, Reply, Request, SendError};
use crate::response::fill::{self, CannotAsk};
use crate::response::guard::Guard;
use crate::response::inputs::Credential;
use crate::response::journal::JournalError;
use crate::response::judge;
use crate::response::settings::Settings;
use crate::rules::response::{LookUp, Outcome, RequestSpec, Revoke};

impl Revoker<'_> {
    pub(crate) fn through_data(
        &self,
        credential: &Credential,
        spec: &Revoke,
        before: &Verification,
        consent: &str,
    ) -> Result<Called, JournalError> {
        let mut credential = credential.clone();
        let Some(call) = &spec.call else {
            return Ok(Called::nothing(Outcome::ManualRequired, "no call is known that revokes it"));
        };
        if let Some(look_up) = &spec.look_up
            && let Some(nothing) = self.look_up(&mut credential, look_up, before, consent)?
        {
            return Ok(nothing);
        }
        let request = match self.request(&call.request, &credential, before, Purpose::Revoke) {
            Ok(request) => request,
            Err(CannotAsk(why)) => {
                return Ok(Called::nothing(Outcome::ManualRequired, format!("not sent: {why}")));
            }
        };
        let guard = Guard::new(credential.inputs.values());
        let action = self.procedure.options.action;
        let pending = self.journal.begin(self.intent(action, &credential, &request.template, consent))?;
        let sequence = pending.sequence;
        let reply = self.procedure.transport.send(&request);
        let (outcome, reason) = judge::outcome(&call.when, &reply);
        let reason = guard.show(reason.as_bytes());
        finish(pending, Trace::of(&reply, &guard), outcome, &reason)?;
        let was_sent = !matches!(reply, Err(SendError::Refused(_) | SendError::NotSent(_)));
        Ok(Called { outcome, reason, sent: was_sent.then_some(sequence) })
    }

    /// Finds out what the call needs; `Some` if it will not be made.
    fn look_up(
        &self,
        credential: &mut Credential,
        look_up: &LookUp,
        before: &Verification,
        consent: &str,
    ) -> Result<Option<Called>, JournalError> {
        let request = match self.request(&look_up.request, credential, before, Purpose::LookUp) {
            Ok(request) => request,
            Err(CannotAsk(why)) => {
                return Ok(Some(Called::nothing(Outcome::ManualRequired, format!("not sent: {why}"))));
            }
        };
        let guard = Guard::new(credential.inputs.values());
        let pending = self.journal.begin(self.intent("look_up", credential, &request.template, consent))?;
        let reply = self.procedure.transport.send(&request);
        let (outcome, reason) = match &reply {
            // What is not listed for a 200 is unknown: then it holds what is looked for.
            Ok(found) if found.status == 200 => match judge::outcome(&look_up.when, &reply) {
                (Outcome::Unknown, _) => match add_found(credential, look_up, found) {
                    Ok(()) => (None, "found".to_owned()),
                    Err(CannotAsk(why)) => (Some(Outcome::ManualRequired), why),
                },
                (outcome, reason) => (Some(outcome), reason),
            },
            Ok(_) => match judge::outcome(&look_up.when, &reply) {
                (Outcome::Unknown, reason) => (Some(Outcome::Refused), reason),
                (outcome, reason) => (Some(outcome), reason),
            },
            Err(SendError::RateLimited(wait)) => {
                (Some(Outcome::RateLimited), SendError::RateLimited(*wait).to_string())
            }
            Err(error) => (Some(Outcome::Refused), error.to_string()),
        };
        let reason = guard.show(reason.as_bytes());
        let trace = Trace::of(&reply, &guard);
        let mut done = trace.done(outcome.unwrap_or(Outcome::Accepted), &reason);
        if outcome.is_none() {
            (done.outcome, done.result) = (None, "found".to_owned());
        }
        pending.finish(&done)?;
        Ok(outcome.map(|outcome| {
            Called::nothing(outcome, format!("at the look-up, which changes nothing: {reason}"))
        }))
    }

    /// The request, to the host that said that it is live.
    pub(crate) fn request(
        &self,
        spec: &RequestSpec,
        credential: &Credential,
        before: &Verification,
        purpose: Purpose,
    ) -> Result<Request, CannotAsk> {
        let hosts = fill::asked(spec, &credential.inputs, self.procedure.settings)?;
        let host = choose(hosts, before.host.as_deref())?;
        fill::request(spec, &credential.inputs, host.as_deref(), purpose)
    }
}

/// Of several hosts, the one that knows the credential.
fn choose(mut hosts: Vec<Option<String>>, decided: Option<&str>) -> Result<Option<String>, CannotAsk> {
    let name = |host: &str| host.split(':').next().unwrap_or_default().to_owned();
    let same = |host: &String| decided.is_some_and(|decided| name(host) == name(decided));
    if let Some(host) = hosts.iter().flatten().find(|host| same(host)) {
        return Ok(Some(host.clone()));
    }
    if hosts.len() == 1 {
        return Ok(hosts.remove(0));
    }
    let names: Vec<String> = hosts.into_iter().flatten().collect();
    Err(CannotAsk(format!("which of {} knows it is not known", names.join(", "))))
}

/// A credential with the groups of a rule's expressions, and with what configuration adds.
pub(crate) fn prepared(
    credential: &Credential,
    parts: Option<&str>,
    line: Option<&str>,
    settings: &Settings,
) -> Result<Credential, CannotAsk> {
    let mut credential = credential.clone();
    fill::add_groups(&mut credential.inputs, parts, None)?;
    fill::add_values(&mut credential.inputs, &credential.rule, settings);
    fill::add_groups(&mut credential.inputs, None, line)?;
    Ok(credential)
}

/// Takes out of the reply what the next call needs.
fn add_found(credential: &mut Credential, look_up: &LookUp, reply: &Reply) -> Result<(), CannotAsk> {
    for (name, what) in &look_up.take {
        let value = take::take(what, reply, &credential.inputs)?;
        credential.inputs.set(name, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_hosts_the_one_that_knows_it() {
        let hosts = || vec![Some("us.acme.example".to_owned()), Some("eu.acme.example:8443".to_owned())];
        let chosen = choose(hosts(), Some("eu.acme.example")).unwrap();
        assert_eq!(chosen.as_deref(), Some("eu.acme.example:8443"));
        assert!(choose(hosts(), None).is_err());
        assert!(choose(hosts(), Some("elsewhere.example")).is_err());
        assert_eq!(choose(vec![None], Some("us.acme.example")).unwrap(), None);
    }
}
