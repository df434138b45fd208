//! After the call: the provider is asked until it says that the credential is dead, or for as long as anybody waits.

use std::time::Duration;

use super::Revoker;
use super::act::is_done;
use super::ledger::done;
use super::record::Record;
use crate::response::inputs::Credential;
use crate::response::journal::JournalError;
use crate::response::plan::Plan;
use crate::rules::response::Outcome;

/// Pauses before each look; the last is repeated.
const PAUSES: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(5), Duration::from_secs(30), Duration::from_mins(2)];

impl Revoker<'_> {
    /// Looks after all that were accepted, in rounds.
    pub(crate) fn prove(
        &self,
        credentials: &[Credential],
        records: &mut [Record],
        tell: &mut dyn FnMut(&Record),
    ) -> Result<(), JournalError> {
        let verifier = self.procedure.verifier();
        let mut open: Vec<usize> = Vec::new();
        for (index, record) in records.iter_mut().enumerate().filter(|(_, record)| record.is_open()) {
            match verifier.plan(&credentials[index]) {
                Plan::Requests(_) => open.push(index),
                Plan::Nothing(why) => {
                    record.reason =
                        format!("{}; nobody can be asked whether it is dead: {why}", record.reason);
                }
            }
        }
        let started = self.clock.now();
        let wait = self.procedure.options.wait;
        for pause in PAUSES.into_iter().chain(std::iter::repeat(PAUSES[PAUSES.len() - 1])) {
            let left = wait.saturating_sub(self.clock.now().saturating_sub(started));
            if open.is_empty() || (pause > Duration::ZERO && left.is_zero()) {
                break;
            }
            if pause > Duration::ZERO {
                self.clock.sleep(pause.min(left));
            }
            let mut still_open = Vec::new();
            for index in open {
                if !self.look(&credentials[index], &mut records[index])? {
                    still_open.push(index);
                }
            }
            open = still_open;
        }
        records.iter().filter(|record| record.sent > 0).for_each(tell);
        Ok(())
    }

    /// Whether it is dead now.
    fn look(&self, credential: &Credential, record: &mut Record) -> Result<bool, JournalError> {
        let seen = self.verify(credential, "after")?;
        let verdict = seen.verdict;
        let is_dead = is_done(record.step, verdict);
        if is_dead {
            let reason = format!("the provider says that it is {verdict}");
            let result = done(Some(Outcome::Confirmed), verdict.as_str(), &reason);
            let consent = record.consent.clone().unwrap_or_default();
            let action = self.procedure.options.action;
            self.journal.note(self.intent(action, credential, "", &consent), &result)?;
            if let Some(sequence) = record.unclear.take() {
                self.settle(sequence, &result)?;
            }
            (record.outcome, record.reason) = (Outcome::Confirmed, reason);
        } else if record.outcome == Outcome::Accepted {
            record.reason = format!("accepted, but at the last look it was {verdict}: {}", seen.reason);
        }
        record.after = Some(seen);
        Ok(is_dead)
    }
}
