//! Who agrees. Nothing is sent that nobody agreed to, and agreeing to a verification is agreeing to no revocation.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::plan::Item;
use super::policy::RevokePolicy;
use crate::ci::Environment;
use crate::finding::Verification;
use crate::response::inputs::Credential;

/// What somebody, or something, says to one item of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Yes; who and how, for the journal.
    Yes(String),
    /// No, and why.
    No(String),
}

/// Asked about each credential that is known to be live, when all that can be known of it is known.
pub trait Consent {
    /// Whether this is done.
    fn ask(&mut self, credential: &Credential, item: &Item, verification: &Verification) -> Answer;
}

/// Where this runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// In a pipeline, where nobody sits at a terminal.
    pub ci: bool,
    /// For a change that anybody may have proposed.
    pub pull_request: bool,
}

impl Surroundings {
    /// As the variables of a process tell.
    pub fn of(environment: &Environment) -> Self {
        let is =
            |name: &str, start: &str| environment.get(name).is_some_and(|value| value.starts_with(start));
        let is_set = |name: &str| environment.get(name).is_some();
        let is_false = |value: &str| value == "0" || value.eq_ignore_ascii_case("false");
        Surroundings {
            ci: environment.get("CI").is_some_and(|value| !is_false(value)),
            pull_request: is("GITHUB_EVENT_NAME", "pull_request")
                || [
                    "CI_MERGE_REQUEST_IID",
                    "BITBUCKET_PR_ID",
                    "SYSTEM_PULLREQUEST_PULLREQUESTID",
                    "CHANGE_ID",
                ]
                .into_iter()
                .any(is_set),
        }
    }

    /// Why nothing is revoked from here.
    ///
    /// # Errors
    /// That.
    pub fn allow(self, policy: &RevokePolicy) -> Result<(), String> {
        match self {
            Surroundings { pull_request: true, .. } => {
                Err("this runs for a proposed change, and whoever proposes one has no say in what is revoked"
                    .to_owned())
            }
            Surroundings { ci: true, .. } if !policy.allow_in_ci => {
                Err("CI is set: a pipeline revokes only if trusted configuration says [revoke] allow_in_ci = true"
                    .to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// `--yes --only active --rule ID`, as far as `[revoke]` allows it.
#[derive(Debug)]
pub struct ByPolicy<'a> {
    policy: &'a RevokePolicy,
    rules: BTreeSet<&'a str>,
    delete: bool,
    agreed: &'a AtomicUsize,
}

impl<'a> ByPolicy<'a> {
    /// For these rules. `agreed` counts what was agreed to in this run.
    pub fn new(policy: &'a RevokePolicy, rules: &'a [String], delete: bool, agreed: &'a AtomicUsize) -> Self {
        ByPolicy { policy, rules: rules.iter().map(String::as_str).collect(), delete, agreed }
    }

    fn refusal(&self, credential: &Credential, item: &Item, verification: &Verification) -> Option<String> {
        if !self.rules.contains(credential.rule.as_str()) {
            return Some(format!("--yes holds for rules that --rule names, and not for {}", credential.rule));
        }
        let is_meant = verification.verdict.is_live() || (self.delete && item.deletes());
        if !is_meant {
            return Some(format!("--only active: it is {}", verification.verdict));
        }
        if item.deletes() && !self.policy.delete {
            return Some("--delete with --yes wants [revoke] delete = true".to_owned());
        }
        if let Some(why) = self.policy.does_not_allow(credential) {
            return Some(why);
        }
        if let Some(why) = self.policy.owner_is_not_allowed(verification, item.class) {
            return Some(why.to_owned());
        }
        let most = self.policy.most();
        let is_over = self.agreed.fetch_add(1, Ordering::Relaxed) >= most;
        is_over.then(|| format!("[revoke] max = {most}, and so many are done in this run"))
    }
}

impl Consent for ByPolicy<'_> {
    fn ask(&mut self, credential: &Credential, item: &Item, verification: &Verification) -> Answer {
        if let Some(why) = self.refusal(credential, item, verification) {
            return Answer::No(why);
        }
        Answer::Yes("--yes, [revoke] allow".to_owned())
    }
}

/// Everything of a plan whose code was typed.
#[derive(Debug)]
pub struct ByCode;

impl Consent for ByCode {
    fn ask(&mut self, _: &Credential, _: &Item, _: &Verification) -> Answer {
        Answer::Yes("--confirm, the plan's code".to_owned())
    }
}

/// Nobody.
#[derive(Debug)]
pub struct Nobody(
    /// Why.
    pub String,
);

impl Consent for Nobody {
    fn ask(&mut self, _: &Credential, _: &Item, _: &Verification) -> Answer {
        Answer::No(self.0.clone())
    }
}
