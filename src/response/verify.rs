//! Asks the provider of each credential whether it is live.
//!
//! ```text
//! Credential ─▶ what it says itself ─▶ inputs ─▶ hosts ─▶ control probe ─▶ call ─▶ judge ─▶ all hosts together ─▶ Verification
//!               expired, decoy,                            once a host        once for equal requests
//!               broken checksum: not asked
//! ```

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::call::{Purpose, Transport};
use super::fill;
use super::inputs::{Credential, Inputs};
use super::judge::Judged;
use super::modules::{self, Module};
use super::plan::{Plan, Planned};
use super::settings::Settings;
use crate::finding::{Liveness, Verification};
use crate::rules::response::{RequestSpec, Responses, Verify};

mod hosts;
mod offline;
mod run;
mod shown;

pub(super) use run::Run;

/// Groups of credentials that are asked about side by side, each at hosts of its own.
const SIDE_BY_SIDE: usize = 8;

/// Verifies credentials: each distinct one once.
pub struct Verifier<'a> {
    /// How.
    pub responses: &'a Responses,
    /// Through what.
    pub transport: &'a dyn Transport,
    /// What is allowed.
    pub settings: &'a Settings,
}

/// How a credential is asked about.
enum Way<'a> {
    /// A module knows.
    Module(&'static dyn Module, Credential),
    /// As the rule says.
    Call(Call<'a>),
}

/// The same request to each of some hosts.
struct Call<'a> {
    rule: &'a str,
    verify: &'a Verify,
    request: &'a RequestSpec,
    inputs: Inputs,
    hosts: Vec<Option<String>>,
}

impl Verifier<'_> {
    /// What `verify` would send. Sends nothing.
    pub fn plan(&self, credential: &Credential) -> Plan {
        match self.way(credential) {
            Err(judged) => Plan::Nothing(shown::masked(&judged.reason, &credential.inputs)),
            Ok(Way::Module(module, credential)) => module.plan_verify(&credential, self.settings),
            Ok(Way::Call(call)) => call.plan(),
        }
    }

    /// Asks about one.
    pub fn verify(&self, credential: &Credential) -> Verification {
        Run::new(self).verify(credential)
    }

    /// Asks about all, a few hosts side by side; answers in their order. Equal secrets of equal rules are asked about once.
    pub fn verify_all(&self, credentials: &[Credential]) -> Vec<Verification> {
        let run = Run::new(self);
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, credential) in credentials.iter().enumerate() {
            groups.entry(self.first_host(credential)).or_default().push(at);
        }
        let queue = Mutex::new(groups.into_values());
        let answers: Mutex<Vec<Option<Verification>>> = Mutex::new(vec![None; credentials.len()]);
        let work = || {
            loop {
                // Taken in a statement of its own: the lock is not held while asking.
                let group = queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
                let Some(group) = group else { break };
                for at in group {
                    let answer = run.verify(&credentials[at]);
                    answers.lock().unwrap_or_else(std::sync::PoisonError::into_inner)[at] = Some(answer);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..SIDE_BY_SIDE.min(credentials.len()) {
                scope.spawn(work);
            }
        });
        let answers = answers.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        answers.into_iter().map(|answer| answer.unwrap_or_else(shown::not_reached)).collect()
    }

    /// What is asked about one after the other.
    fn first_host(&self, credential: &Credential) -> String {
        match self.way(credential) {
            Err(_) => String::new(),
            Ok(Way::Module(module, _)) => format!("module {}", module.name()),
            Ok(Way::Call(call)) => match call.hosts.first() {
                Some(Some(host)) => host.clone(),
                _ => call.request.url.split('/').nth(2).unwrap_or_default().to_owned(),
            },
        }
    }

    /// How it is asked about, or why not.
    fn way(&self, credential: &Credential) -> Result<Way<'_>, Judged> {
        let not = |why: String| Judged::new(Liveness::NotAttempted, why);
        if let Some(judged) = offline::judge(self.responses, credential) {
            return Err(judged);
        }
        let Some((rule, verify)) = self.responses.verify_entry(&credential.rule) else {
            return Err(not("no call that would tell is known for this kind".into()));
        };
        if let Some(why) = &verify.none {
            return Err(not(why.clone()));
        }
        if verify.intrusive && !self.settings.intrusive {
            let why = "asking leaves more than a line in an access log: `--intrusive` allows it";
            return Err(not(why.into()));
        }
        let mut inputs = credential.inputs.clone();
        let parts = verify.parts.as_deref();
        fill::add_groups(&mut inputs, parts, None).map_err(|error| not(error.0))?;
        fill::add_values(&mut inputs, rule, self.settings);
        fill::add_groups(&mut inputs, None, verify.line.as_deref()).map_err(|error| not(error.0))?;
        if let Some(name) = &verify.module {
            let module = modules::by_name(name).ok_or_else(|| not(format!("there is no module `{name}`")))?;
            return Ok(Way::Module(module, Credential { inputs, ..credential.clone() }));
        }
        let Some(request) = &verify.request else { return Err(not("the rule says of no call".into())) };
        let hosts = fill::asked(request, &inputs, self.settings).map_err(|error| not(error.0))?;
        // What is missing is missing at every host.
        let first = hosts.first().and_then(Option::as_deref);
        fill::request(request, &inputs, first, Purpose::Verify).map_err(|error| not(error.0))?;
        Ok(Way::Call(Call { rule, verify, request, inputs, hosts }))
    }
}

impl Call<'_> {
    fn plan(&self) -> Plan {
        let mut planned = Vec::new();
        for host in &self.hosts {
            let purposes = [Purpose::Probe, Purpose::Verify];
            for purpose in purposes.into_iter().skip(usize::from(!self.verify.probe)) {
                let request = match fill::request(self.request, &self.inputs, host.as_deref(), purpose) {
                    Ok(request) => request,
                    Err(error) => return Plan::Nothing(shown::masked(&error.0, &self.inputs)),
                };
                let mut sends = fill::sent(self.request);
                if purpose == Purpose::Probe {
                    // A made-up value in place of the secret and of its parts.
                    sends.retain(|name| name != "secret");
                }
                planned.push(Planned {
                    purpose,
                    host: shown::host_of(&request),
                    template: request.template,
                    sends,
                });
            }
        }
        Plan::Requests(planned)
    }
}

#[cfg(test)]
mod tests;
