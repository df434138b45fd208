//! One credential, from the check before to the call; and what is done if no clear answer comes.

use std::time::Duration;

use super::data::prepared;
use super::ledger::{Trace, done, finish, is_about};
use super::plan::{Item, Step, Todo};
use super::record::Record;
use super::{Revoker, consent};
use crate::finding::{Liveness, Verification};
use crate::response::call::SendError;
use crate::response::fill::CannotAsk;
use crate::response::guard::Guard;
use crate::response::inputs::Credential;
use crate::response::journal::{JournalError, Unclear};
use crate::response::judge;
use crate::rules::response::{Class, Outcome, Revoke};

/// How long a provider is left alone before it is asked what came of a call without an answer.
const BEFORE_LOOKING: Duration = Duration::from_secs(2);

/// What one call that changes something came to.
#[derive(Debug, Clone)]
pub(crate) struct Called {
    pub(crate) outcome: Outcome,
    pub(crate) reason: String,
    /// Of the journal's line, if it was sent.
    pub(crate) sent: Option<u64>,
}

/// What the provider and whoever agrees said.
#[derive(Debug)]
pub(crate) enum Agreed {
    /// It is live, and how it was agreed to.
    Yes { before: Verification, how: String },
    /// Nothing is done.
    No(Box<Record>),
}

/// Whether this verdict says that what was wanted is reached.
pub(crate) fn is_done(step: Step, verdict: Liveness) -> bool {
    verdict.is_over() || (verdict == Liveness::Disabled && step != Step::Delete)
}

impl Called {
    pub(crate) fn nothing(outcome: Outcome, reason: impl Into<String>) -> Self {
        Called { outcome, reason: reason.into(), sent: None }
    }
}

impl Revoker<'_> {
    /// Does what was planned, as far as it is agreed to; records in the order of the credentials, each of which has an item.
    ///
    /// # Errors
    /// If the journal cannot be written: nothing is sent after that.
    pub fn run(
        &self,
        credentials: &[Credential],
        items: &[Item],
        consent: &mut dyn consent::Consent,
        tell: &mut dyn FnMut(&Record),
    ) -> Result<Vec<Record>, JournalError> {
        let unclear = self.journal.unclear()?;
        let mut records = Vec::new();
        for (credential, item) in credentials.iter().zip(items) {
            let record = self.one(credential, item, &unclear, consent)?;
            tell(&record);
            records.push(record);
        }
        self.prove(credentials, &mut records, tell)?;
        Ok(records)
    }

    fn one(
        &self,
        credential: &Credential,
        item: &Item,
        unclear: &[Unclear],
        consent: &mut dyn consent::Consent,
    ) -> Result<Record, JournalError> {
        match self.agree(credential, item, unclear, consent)? {
            Agreed::Yes { before, how } => self.mutate(credential, item, before, &how),
            Agreed::No(record) => Ok(*record),
        }
    }

    /// Asks the provider whether it is live, then whoever agrees. What is unclear of it is clear afterwards, if it can be.
    pub(crate) fn agree(
        &self,
        credential: &Credential,
        item: &Item,
        unclear: &[Unclear],
        consent: &mut dyn consent::Consent,
    ) -> Result<Agreed, JournalError> {
        let is_unclear = unclear.iter().any(|entry| is_about(entry, credential));
        if let (Todo::Skip(why), false) = (&item.todo, is_unclear) {
            return self.stop(credential, item, None, Outcome::SkippedPolicy, why);
        }
        let before = self.verify(credential, "before")?;
        self.reconcile(unclear, credential, &before)?;
        let stop = |outcome, why: &str| self.stop(credential, item, Some(before.clone()), outcome, why);
        if let Todo::Skip(why) = &item.todo {
            return stop(Outcome::SkippedPolicy, why);
        }
        if let Some((outcome, why)) = self.is_no_matter(item, &before) {
            return stop(outcome, &why);
        }
        if let Todo::Manual(why) = &item.todo {
            return stop(Outcome::ManualRequired, why);
        }
        if let Some(why) = self.procedure.policy.protects(&before) {
            return stop(Outcome::SkippedPolicy, &why);
        }
        match consent.ask(credential, item, &before) {
            consent::Answer::Yes(how) => Ok(Agreed::Yes { before, how }),
            consent::Answer::No(why) => stop(Outcome::SkippedPolicy, &why),
        }
    }

    fn stop(
        &self,
        credential: &Credential,
        item: &Item,
        before: Option<Verification>,
        outcome: Outcome,
        why: &str,
    ) -> Result<Agreed, JournalError> {
        self.refuse(credential, item, outcome, why)?;
        Ok(Agreed::No(Box::new(Record { before, ..Record::new(item, outcome, why) })))
    }

    /// Why nothing is to be done, as the provider sees it.
    fn is_no_matter(&self, item: &Item, before: &Verification) -> Option<(Outcome, String)> {
        let options = self.procedure.options;
        match before.verdict {
            verdict if verdict.is_live() => None,
            Liveness::Disabled if item.deletes() => None,
            Liveness::Disabled => Some((
                Outcome::AlreadyDead,
                "it is switched off already; --delete ends it for good".to_owned(),
            )),
            verdict if verdict.is_over() => Some((Outcome::AlreadyDead, format!("it is {verdict} already"))),
            // That a person has to do it is worth more than that nobody could be asked.
            _ if matches!(item.todo, Todo::Manual(_)) => None,
            Liveness::NotAttempted if options.even_unverified && self.may_be_done_unseen(item) => None,
            verdict => {
                let more = if verdict == Liveness::NotAttempted && self.may_be_done_unseen(item) {
                    "; --even-unverified revokes it all the same"
                } else {
                    ""
                };
                let why = format!("it is not known to be live: {verdict}: {}{more}", before.reason);
                Some((Outcome::SkippedPolicy, why))
            }
        }
    }

    /// Whether nobody can be asked about it, and whoever holds it may end it.
    fn may_be_done_unseen(&self, item: &Item) -> bool {
        let verify = self.procedure.responses.verify(&item.rule);
        item.class == Some(Class::Anyone) && verify.is_none_or(|verify| verify.none.is_some())
    }

    /// Consented to: looked up, sent once, and looked after if the answer is unclear.
    fn mutate(
        &self,
        credential: &Credential,
        item: &Item,
        before: Verification,
        consent: &str,
    ) -> Result<Record, JournalError> {
        let Some(spec) = self.procedure.responses.revoke(&item.rule) else {
            return Ok(Record::new(item, Outcome::ManualRequired, "no call is known that revokes it"));
        };
        let mut record = Record::new(item, Outcome::Unknown, "");
        record.consent = Some(consent.to_owned());
        let mut called = if spec.class == Some(Class::Responder) {
            self.as_responder(credential, item, spec, &before, &mut record)?
        } else {
            self.call(credential, item, spec, &before, consent)?
        };
        record.sent += u32::from(called.sent.is_some());
        if called.outcome == Outcome::NotAuthorised && item.responder.is_some() && record.responder.is_none()
        {
            called = self.as_responder(credential, item, spec, &before, &mut record)?;
            record.sent += u32::from(called.sent.is_some());
        }
        if let (Outcome::Unknown, Some(sequence)) = (called.outcome, called.sent) {
            called = self.look_after(credential, item, spec, &called, sequence, &mut record)?;
        }
        record.before = Some(before);
        record.unclear = called.sent.filter(|_| called.outcome == Outcome::Unknown);
        (record.outcome, record.reason) = (called.outcome, called.reason);
        Ok(record)
    }

    /// With a credential of ours, by name.
    fn as_responder(
        &self,
        credential: &Credential,
        item: &Item,
        spec: &Revoke,
        before: &Verification,
        record: &mut Record,
    ) -> Result<Called, JournalError> {
        let policy = self.procedure.policy;
        let Some((name, responder)) =
            item.responder.as_ref().and_then(|name| policy.responders.get_key_value(name))
        else {
            return Ok(Called::nothing(Outcome::NotAuthorised, "no [revoke.responders] fits it"));
        };
        let value = match responder.fetch(name) {
            Ok(value) => value,
            Err(error) => {
                self.refuse(credential, item, Outcome::NotAuthorised, &error.to_string())?;
                return Ok(Called::nothing(Outcome::NotAuthorised, error.to_string()));
            }
        };
        let mut credential = credential.clone();
        credential.inputs.set(&format!("responder_{name}"), value.clone());
        credential.inputs.set("responder", value);
        record.responder = Some(name.clone());
        let consent = format!("{}; as responder {name}", record.consent.as_deref().unwrap_or_default());
        self.call(&credential, item, spec, before, &consent)
    }

    /// The provider did not say what came of it: it is asked, and only then, perhaps, told again.
    fn look_after(
        &self,
        credential: &Credential,
        item: &Item,
        spec: &Revoke,
        first: &Called,
        sequence: u64,
        record: &mut Record,
    ) -> Result<Called, JournalError> {
        self.clock.sleep(BEFORE_LOOKING.min(self.procedure.options.wait));
        let seen = self.verify(credential, "after an unclear answer")?;
        if is_done(item.step, seen.verdict) {
            let reason = format!("{}; since then it is {}", first.reason, seen.verdict);
            self.settle(sequence, &done(Some(Outcome::Confirmed), seen.verdict.as_str(), &reason))?;
            record.after = Some(seen);
            return Ok(Called { outcome: Outcome::Confirmed, reason, sent: Some(sequence) });
        }
        if !(seen.verdict.is_live() && spec.idempotent) {
            let reason = format!("{}; at the last look it was {}", first.reason, seen.verdict);
            return Ok(Called { reason, ..first.clone() });
        }
        self.settle(
            sequence,
            &done(Some(Outcome::Unknown), seen.verdict.as_str(), "still live, so it is sent once more"),
        )?;
        let consent = record.consent.clone().unwrap_or_default();
        let consent =
            format!("{consent}; once more, for it is idempotent and still live after an unclear answer");
        let again = match &record.responder {
            // What was fetched is gone by now; it is not fetched behind the person's back.
            Some(name) => Called {
                reason: format!("{}; run it again to use responder {name} once more", first.reason),
                ..first.clone()
            },
            None => {
                let again = self.call(credential, item, spec, &seen, &consent)?;
                record.sent += u32::from(again.sent.is_some());
                again
            }
        };
        Ok(again)
    }

    /// The call through a module or out of data. It is sent at most once.
    fn call(
        &self,
        credential: &Credential,
        item: &Item,
        spec: &Revoke,
        before: &Verification,
        consent: &str,
    ) -> Result<Called, JournalError> {
        let (parts, line) = (spec.parts.as_deref(), spec.line.as_deref());
        let credential = match prepared(credential, parts, line, self.procedure.settings) {
            Ok(credential) => credential,
            Err(CannotAsk(why)) => {
                return Ok(Called::nothing(Outcome::ManualRequired, format!("not sent: {why}")));
            }
        };
        match &spec.module {
            Some(module) => self.through_module(&credential, item, module, consent),
            None => self.through_data(&credential, spec, before, consent),
        }
    }

    fn through_module(
        &self,
        credential: &Credential,
        item: &Item,
        module: &str,
        consent: &str,
    ) -> Result<Called, JournalError> {
        let Some(module) = crate::response::modules::by_name(module) else {
            return Ok(Called::nothing(
                Outcome::Refused,
                format!("not sent: module {module:?} is not there"),
            ));
        };
        let procedure = &self.procedure;
        let intent = self.intent(procedure.options.action, credential, &item.mutation(), consent);
        let pending = self.journal.begin(intent)?;
        let sequence = pending.sequence;
        let answer =
            module.revoke(credential, procedure.options.delete, procedure.transport, procedure.settings);
        let was_sent = !matches!(answer, Err(SendError::Refused(_) | SendError::NotSent(_)));
        let (outcome, reason) = answer.unwrap_or_else(|error| judge::outcome(&[], &Err(error)));
        let reason = Guard::new(credential.inputs.values()).show(reason.as_bytes());
        finish(pending, Trace::default(), outcome, &reason)?;
        Ok(Called { outcome, reason, sent: was_sent.then_some(sequence) })
    }
}
