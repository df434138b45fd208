//! Revocation that nobody asks for: by a hook, as far as `[revoke]` of trusted configuration allows it.

use std::sync::atomic::AtomicUsize;

use super::Revoker;
use super::consent::{ByPolicy, Surroundings};
use crate::response::inputs::Credential;
use crate::rules::response::Outcome;

/// Revokes what it is given, one by one, within the policy of one run.
pub struct Automatic<'a> {
    revoker: Revoker<'a>,
    surroundings: Surroundings,
    agreed: AtomicUsize,
}

impl<'a> Automatic<'a> {
    /// With this revoker, here.
    pub fn new(revoker: Revoker<'a>, surroundings: Surroundings) -> Self {
        Automatic { revoker, surroundings, agreed: AtomicUsize::new(0) }
    }

    /// What came of it, and why; masked.
    pub fn revoke(&self, credential: &Credential) -> (Outcome, String) {
        let procedure = &self.revoker.procedure;
        if let Err(why) = self.surroundings.allow(procedure.policy) {
            return (Outcome::SkippedPolicy, why);
        }
        // What is not allowed is not even asked about.
        if let Some(why) = procedure.policy.does_not_allow(credential) {
            return (Outcome::SkippedPolicy, why);
        }
        let rules = [credential.rule.clone()];
        let mut consent = ByPolicy::new(procedure.policy, &rules, procedure.options.delete, &self.agreed);
        let credentials = std::slice::from_ref(credential);
        let items = procedure.plan(credentials);
        match self.revoker.run(credentials, &items, &mut consent, &mut |_| {}) {
            Ok(mut records) => match records.pop() {
                Some(record) => (record.outcome, record.reason),
                None => (Outcome::SkippedPolicy, "nothing was planned".to_owned()),
            },
            Err(error) => (Outcome::Unknown, error.to_string()),
        }
    }
}
