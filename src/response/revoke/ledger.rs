//! What goes into the journal, and when: a line before and a line after everything.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::Revoker;
use super::plan::{Item, Todo};
use super::record::Record;
use crate::finding::Verification;
use crate::response::call::{Purpose, Reply, SendError};
use crate::response::guard::Guard;
use crate::response::inputs::Credential;
use crate::response::journal::{Done, Intent, JournalError, Pending, Unclear};
use crate::response::plan::Plan;
use crate::rules::response::Outcome;

/// Headers in which providers name a request.
const REQUEST_IDS: [&str; 6] =
    ["x-github-request-id", "x-amzn-requestid", "x-request-id", "request-id", "x-slack-req-id", "cf-ray"];

/// What a call came to, for the journal's second line.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    status: Option<u16>,
    request_id: Option<String>,
    reply_sha256: Option<String>,
}

impl Trace {
    /// Of what came back.
    #[expect(clippy::disallowed_methods, reason = "only a hash of the reply is kept")]
    pub(crate) fn of(reply: &Result<Reply, SendError>, guard: &Guard) -> Self {
        let Ok(reply) = reply else { return Trace::default() };
        let id = REQUEST_IDS.iter().find_map(|name| reply.header(name));
        let hash = Sha256::digest(reply.body.expose());
        Trace {
            status: Some(reply.status),
            request_id: id.map(|id| guard.show(&id.as_bytes()[..id.len().min(128)])),
            reply_sha256: Some(hex(&hash)),
        }
    }

    /// Without the hash: for replies that hold a secret of their own.
    pub(crate) fn without_hash(self) -> Self {
        Trace { reply_sha256: None, ..self }
    }

    pub(crate) fn done(self, outcome: Outcome, reason: &str) -> Done {
        Done {
            outcome: Some(outcome),
            result: outcome.to_string(),
            status: self.status,
            request_id: self.request_id,
            reply_sha256: self.reply_sha256,
            reason: reason.to_owned(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Of a step without a reply of its own.
pub(crate) fn done(outcome: Option<Outcome>, result: &str, reason: &str) -> Done {
    Done {
        outcome,
        result: result.to_owned(),
        status: None,
        request_id: None,
        reply_sha256: None,
        reason: reason.to_owned(),
    }
}

impl Revoker<'_> {
    pub(crate) fn intent(&self, action: &str, credential: &Credential, call: &str, consent: &str) -> Intent {
        Intent {
            action: action.to_owned(),
            rule: credential.rule.clone(),
            provider: credential.provider.clone(),
            fingerprint: credential.fingerprint.as_str().to_owned(),
            secret: credential.secret().masked(),
            place: credential.place.clone(),
            call: call.to_owned(),
            plan: self.code.map(str::to_owned),
            consent: consent.to_owned(),
            note: None,
        }
    }

    /// Records that something was not done.
    pub(crate) fn refuse(
        &self,
        credential: &Credential,
        item: &Item,
        outcome: Outcome,
        why: &str,
    ) -> Result<(), JournalError> {
        let intent =
            self.intent(self.procedure.options.action, credential, &item.mutation(), "none: not done");
        self.journal.note(intent, &done(Some(outcome), outcome.as_str(), why))
    }

    /// Records that nobody agreed: nothing is sent.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn refuse_all(
        &self,
        credentials: &[Credential],
        items: &[Item],
        why: &str,
    ) -> Result<Vec<Record>, JournalError> {
        let each = credentials.iter().zip(items).map(|(credential, item)| {
            let (outcome, why) = match &item.todo {
                Todo::Act => (Outcome::SkippedPolicy, why),
                Todo::Skip(why) => (Outcome::SkippedPolicy, why.as_str()),
                Todo::Manual(why) => (Outcome::ManualRequired, why.as_str()),
            };
            self.refuse(credential, item, outcome, why)?;
            Ok(Record::new(item, outcome, why))
        });
        each.collect()
    }

    /// Records a plan that was printed.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn record_plan(&self, credentials: &[Credential], items: &[Item]) -> Result<(), JournalError> {
        for (credential, item) in credentials.iter().zip(items) {
            let result = match &item.todo {
                Todo::Act => "planned",
                Todo::Manual(_) => "planned: manual",
                Todo::Skip(_) => "planned: skipped",
            };
            let intent = self.intent("plan", credential, &item.mutation(), "none: only a plan");
            self.journal.note(intent, &done(None, result, "nothing was sent"))?;
        }
        Ok(())
    }

    /// Asks whether it is live; both lines are in the journal.
    pub(crate) fn verify(&self, credential: &Credential, note: &str) -> Result<Verification, JournalError> {
        let verifier = self.procedure.verifier();
        let Plan::Requests(requests) = verifier.plan(credential) else {
            // Nothing is sent.
            return Ok(masked(verifier.verify(credential), credential));
        };
        let call = requests.iter().filter(|request| request.purpose == Purpose::Verify);
        let call = call.map(|request| request.template.as_str()).collect::<Vec<_>>().join("; ");
        let mut intent = self.intent("verify", credential, &call, "read-only, part of the revocation");
        intent.note = Some(note.to_owned());
        let pending = self.journal.begin(intent)?;
        let verification = masked(verifier.verify(credential), credential);
        pending.finish(&done(None, verification.verdict.as_str(), &verification.reason))?;
        Ok(verification)
    }

    /// What is unclear of it from an earlier run is clear now that the provider was asked.
    pub(crate) fn reconcile(
        &self,
        unclear: &[Unclear],
        credential: &Credential,
        verification: &Verification,
    ) -> Result<(), JournalError> {
        for entry in unclear.iter().filter(|entry| is_about(entry, credential)) {
            if let Some(done) = what_came_of(&entry.intent.action, verification) {
                self.journal.reconcile(entry, &done)?;
            }
        }
        Ok(())
    }

    /// The same for a call of this run.
    pub(crate) fn settle(&self, sequence: u64, done: &Done) -> Result<(), JournalError> {
        match self.journal.unclear()?.iter().find(|entry| entry.sequence == sequence) {
            Some(entry) => self.journal.reconcile(entry, done),
            None => Ok(()),
        }
    }
}

/// Writes the second line of a call. What nobody knows the outcome of stays open in the journal, until somebody does.
pub(crate) fn finish(
    pending: Pending<'_>,
    trace: Trace,
    outcome: Outcome,
    reason: &str,
) -> Result<(), JournalError> {
    if outcome == Outcome::Unknown {
        return Ok(());
    }
    pending.finish(&trace.done(outcome, reason))
}

/// Whether it is something of ours that was done to it. Hooks are told elsewhere how they ended, this one's too.
pub(crate) fn is_about(entry: &Unclear, credential: &Credential) -> bool {
    let ours = ["verify", "look_up", "revoke", "rotate", "drill"];
    ours.contains(&entry.intent.action.as_str())
        && entry.intent.fingerprint == credential.fingerprint.as_str()
}

/// `None` if it is as unclear as before.
fn what_came_of(action: &str, verification: &Verification) -> Option<Done> {
    let verdict = verification.verdict;
    let is_over = verdict.is_over() || verdict == crate::finding::Liveness::Disabled;
    match action {
        "verify" | "look_up" => Some(done(None, "not known", "it was read-only, and changed nothing")),
        "rotate" if is_over => Some(done(
            Some(Outcome::Confirmed),
            verdict.as_str(),
            "the old value is dead; the new one was lost with the run: issue another",
        )),
        _ if is_over => {
            Some(done(Some(Outcome::Confirmed), verdict.as_str(), "it is dead, as seen in a later run"))
        }
        _ if verdict.is_live() => Some(done(
            Some(Outcome::Refused),
            verdict.as_str(),
            "it was not done: the credential is live, as seen in a later run",
        )),
        _ => None,
    }
}

/// With the credential masked in what the provider said. What trusted configuration adds stays: owners are told by it.
pub(crate) fn masked(mut verification: Verification, credential: &Credential) -> Verification {
    let guard = Guard::new(["secret", "companion"].iter().filter_map(|name| credential.inputs.get(name)));
    verification.reason = guard.show(verification.reason.as_bytes());
    verification.risk = verification.risk.map(|risk| guard.show(risk.as_bytes()));
    for fact in &mut verification.identity {
        fact.value = guard.show(fact.value.as_bytes());
    }
    verification
}
