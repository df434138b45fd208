//! Has the provider issue a replacement. The new value goes to one place, agreed on before anything is sent: a person's
//! terminal, or the standard input of a program. It is in no report and no journal.
//!
//! Never sent twice: a provider may take a second rotation with the old value for theft, and end the new one.

use super::call::Purpose;
use super::fill;
use super::guard::Guard;
use super::inputs::Credential;
use super::journal::JournalError;
use super::judge;
use super::revoke::act::{Agreed, is_done};
use super::revoke::consent::Consent;
use super::revoke::data::prepared;
use super::revoke::ledger::{Trace, done, finish};
use super::revoke::plan::letter;
use super::revoke::record::Record;
use super::revoke::{Item, Procedure, Revoker, Step, Todo, take};
use crate::finding::Verification;
use crate::rules::response::{Class, Outcome, Rotate};
use crate::secret::Secret;

/// Who takes the new value.
pub trait Receiver {
    /// Takes it.
    ///
    /// # Errors
    /// If it could not be given away: then it is lost. Never holds it.
    fn take(&mut self, credential: &Credential, new: &Secret) -> Result<(), String>;
}

impl Procedure<'_> {
    /// What would be done to replace each of these, in their order. Sends nothing.
    pub fn plan_rotation(&self, credentials: &[Credential]) -> Vec<Item> {
        credentials.iter().map(|credential| self.plan_rotation_of(credential)).collect()
    }

    fn plan_rotation_of(&self, credential: &Credential) -> Item {
        let spec = self.responses.rotate(&credential.rule);
        let mut item = Item {
            fingerprint: credential.fingerprint.clone(),
            rule: credential.rule.clone(),
            provider: credential.provider.clone(),
            secret: credential.secret().masked(),
            place: credential.place.clone(),
            class: spec.filter(|spec| spec.call.is_some()).map(|_| Class::Itself),
            trust: spec.and_then(|spec| spec.trust).map(letter),
            step: Step::Rotate,
            todo: Todo::Act,
            calls: self.check(credential),
            idempotent: false,
            responder: None,
            destroys: spec.and_then(|spec| spec.old.as_ref()).map(|old| format!("the old value: {old}")),
            undo: None,
            delay: None,
            warnings: spec.and_then(|spec| spec.warning.clone()).into_iter().collect(),
            page: spec.and_then(|spec| spec.page.clone()),
            steps: spec.map(|spec| spec.steps.clone()).unwrap_or_default(),
        };
        item.todo = self.rotation(credential, spec, &mut item);
        item
    }

    fn rotation(&self, credential: &Credential, spec: Option<&Rotate>, item: &mut Item) -> Todo {
        let Some((spec, call)) = spec.and_then(|spec| Some((spec, spec.call.as_ref()?))) else {
            return Todo::Manual("no call is known that issues a replacement".to_owned());
        };
        if spec.new_secret.is_none() {
            return Todo::Manual("where the answer holds the new value is not known".to_owned());
        }
        let planned = prepared(credential, spec.parts.as_deref(), None, self.settings)
            .and_then(|credential| self.planned(&call.request, &credential.inputs, &[], Purpose::Rotate));
        match planned {
            Ok(planned) => item.calls.push(planned),
            Err(fill::CannotAsk(why)) => return Todo::Manual(why),
        }
        if let Some(why) = self.policy.denies(credential) {
            return Todo::Skip(why);
        }
        self.experimental(credential, spec.trust).map_or(Todo::Act, Todo::Skip)
    }
}

impl Revoker<'_> {
    /// Replaces each of these, as far as it is agreed to.
    ///
    /// # Errors
    /// If the journal cannot be written: nothing is sent after that.
    pub fn rotate(
        &self,
        credentials: &[Credential],
        items: &[Item],
        consent: &mut dyn Consent,
        receiver: &mut dyn Receiver,
        tell: &mut dyn FnMut(&Record),
    ) -> Result<Vec<Record>, JournalError> {
        let unclear = self.journal.unclear()?;
        let mut records = Vec::new();
        for (credential, item) in credentials.iter().zip(items) {
            let record = match self.agree(credential, item, &unclear, consent)? {
                Agreed::Yes { before, how } => self.replace(credential, item, before, &how, receiver)?,
                Agreed::No(record) => *record,
            };
            tell(&record);
            records.push(record);
        }
        Ok(records)
    }

    fn replace(
        &self,
        credential: &Credential,
        item: &Item,
        before: Verification,
        how: &str,
        receiver: &mut dyn Receiver,
    ) -> Result<Record, JournalError> {
        let nothing = |why: &str| Ok(Record::new(item, Outcome::ManualRequired, format!("not sent: {why}")));
        let Some(spec) = self.procedure.responses.rotate(&item.rule) else {
            return nothing("no call is known");
        };
        let (Some(call), Some(new_secret)) = (&spec.call, &spec.new_secret) else {
            return nothing("no call is known");
        };
        let prepared = prepared(credential, spec.parts.as_deref(), None, self.procedure.settings);
        let request = prepared.and_then(|credential| {
            let request = self.request(&call.request, &credential, &before, Purpose::Rotate)?;
            Ok((request, Guard::new(credential.inputs.values())))
        });
        let (request, guard) = match request {
            Ok(request) => request,
            Err(fill::CannotAsk(why)) => return nothing(&why),
        };
        let pending = self.journal.begin(self.intent("rotate", credential, &request.template, how))?;
        let sequence = pending.sequence;
        let reply = self.procedure.transport.send(&request);
        let (mut outcome, reason) = judge::outcome(&call.when, &reply);
        let mut reason = guard.show(reason.as_bytes());
        if let (Outcome::Accepted | Outcome::Confirmed, Ok(reply)) = (outcome, &reply) {
            reason = match take::at(new_secret, reply) {
                Ok(new) => match receiver.take(credential, &new) {
                    Ok(()) => "replaced; the new value was given away".to_owned(),
                    Err(why) => format!("replaced, but the new value is lost, issue another: {why}"),
                },
                Err(fill::CannotAsk(why)) => {
                    format!("replaced, but the new value is lost, issue another: {why}")
                }
            };
        }
        // The reply holds the new value, or may.
        finish(pending, Trace::of(&reply, &guard).without_hash(), outcome, &reason)?;
        let mut after = None;
        if outcome == Outcome::Unknown {
            let seen = self.verify(credential, "after an unclear answer")?;
            if is_done(Step::Rotate, seen.verdict) {
                reason = format!(
                    "{reason}; the old value is {}, and the new one is lost: issue another",
                    seen.verdict
                );
                self.settle(sequence, &done(Some(outcome), seen.verdict.as_str(), &reason))?;
            } else {
                reason = format!(
                    "{reason}; at the last look the old value was {}. It is not tried again",
                    seen.verdict
                );
            }
            after = Some(seen);
        } else if outcome == Outcome::Accepted {
            let seen = self.verify(credential, "after")?;
            if is_done(Step::Rotate, seen.verdict) {
                outcome = Outcome::Confirmed;
            }
            after = Some(seen);
        }
        let consent = Some(how.to_owned());
        Ok(Record { before: Some(before), after, consent, sent: 1, ..Record::new(item, outcome, reason) })
    }
}
