//! What came of one credential.

use serde::Serialize;

use super::plan::{Item, Step};
use crate::finding::Verification;
use crate::rules::response::Outcome;

/// What came of one credential. Holds no secret; all that a provider said in it is masked.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// Its identity.
    pub fingerprint: String,
    /// The rule.
    pub rule: String,
    /// The provider.
    pub provider: String,
    /// Masked.
    pub secret: String,
    /// Where it was found first.
    pub place: String,
    /// What was to become of it.
    pub step: Step,
    /// What came of it.
    pub outcome: Outcome,
    /// Why.
    pub reason: String,
    /// What the provider said before.
    pub before: Option<Verification>,
    /// What it said at last, if it was asked after.
    pub after: Option<Verification>,
    /// Who agreed, and how.
    pub consent: Option<String>,
    /// The credential of ours that was used.
    pub responder: Option<String>,
    /// How often the call that changes something was sent.
    pub sent: u32,
    /// What a person has to do: the page.
    pub page: Option<String>,
    /// And the steps.
    pub steps: Vec<String>,
    /// Of the journal's line, if the answer was unclear.
    #[serde(skip)]
    pub(crate) unclear: Option<u64>,
}

impl Record {
    pub(crate) fn new(item: &Item, outcome: Outcome, reason: impl Into<String>) -> Self {
        Record {
            fingerprint: item.fingerprint.as_str().to_owned(),
            rule: item.rule.clone(),
            provider: item.provider.clone(),
            secret: item.secret.clone(),
            place: item.place.clone(),
            step: item.step,
            outcome,
            reason: reason.into(),
            before: None,
            after: None,
            consent: None,
            responder: None,
            sent: 0,
            page: item.page.clone(),
            steps: item.steps.clone(),
            unclear: None,
        }
    }

    /// Whether a later check may still show that it is dead.
    pub(crate) fn is_open(&self) -> bool {
        self.sent > 0 && matches!(self.outcome, Outcome::Accepted | Outcome::Unknown)
    }
}

/// The exit code of a run: that of the worst outcome.
pub fn exit_code<'a>(records: impl IntoIterator<Item = &'a Record>) -> u8 {
    records.into_iter().map(|record| code(record.outcome)).max().unwrap_or(0)
}

fn code(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Confirmed | Outcome::AlreadyDead => 0,
        Outcome::Accepted => 10,
        Outcome::NotAuthorised => 30,
        Outcome::Refused | Outcome::RateLimited | Outcome::ManualRequired => 40,
        Outcome::Unknown => 50,
        Outcome::SkippedPolicy => 60,
    }
}
