//! One run: equal requests are sent once, whoever asks first; the others wait for the answer.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::hosts::{self, Answer};
use super::{Call, Verifier, Way, shown};
use crate::finding::{Liveness, Verification};
use crate::response::call::{Purpose, Reply, Request, SendError, Transport};
use crate::response::inputs::{Credential, Inputs};
use crate::response::judge::{self, Judged};
use crate::response::modules::Module;
use crate::response::stream::Stream;
use crate::response::{fill, shape};
use crate::secret::Secret;

/// Everything that makes a request what it is.
type RequestKey = (String, String, u16, Secret, Vec<(String, Secret)>, Option<Secret>);
/// A rule and a host.
type ProbeKey = (String, Option<String>);
/// A rule and the inputs that a module gets.
type ModuleKey = (String, Vec<(String, Secret)>);

/// Values that are found out once.
struct Once<K, V>(Mutex<HashMap<K, Arc<OnceLock<V>>>>);

impl<K: Hash + Eq, V: Clone> Once<K, V> {
    fn new() -> Self {
        Once(Mutex::new(HashMap::new()))
    }

    fn get(&self, key: K, find: impl FnOnce() -> V) -> V {
        let cell = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(key).or_default())
        };
        cell.get_or_init(find).clone()
    }
}

/// What became of a control probe.
#[derive(Clone)]
enum Probed {
    /// A made-up value is not accepted.
    Told,
    /// Nothing that a host says proves anything now, and why.
    Proves(Judged),
}

/// What was asked in a run.
pub(in crate::response) struct Run<'a> {
    verifier: &'a Verifier<'a>,
    sent: AtomicU32,
    answers: Once<RequestKey, Result<Reply, SendError>>,
    probes: Once<ProbeKey, Probed>,
    modules: Once<ModuleKey, Judged>,
}

impl<'a> Run<'a> {
    pub(in crate::response) fn new(verifier: &'a Verifier<'a>) -> Self {
        let (answers, probes, modules) = (Once::new(), Once::new(), Once::new());
        Run { verifier, sent: AtomicU32::new(0), answers, probes, modules }
    }

    /// Asks about one.
    pub(in crate::response) fn verify(&self, credential: &Credential) -> Verification {
        match self.verifier.way(credential) {
            Err(judged) => shown::verification(judged, None, 0, &credential.inputs),
            Ok(Way::Module(module, credential)) => self.by_module(module, &credential),
            Ok(Way::Call(call)) => self.by_call(&call),
        }
    }

    fn by_module(&self, module: &dyn Module, credential: &Credential) -> Verification {
        let inputs = &credential.inputs;
        let named = |name: &str| Some((name.to_owned(), inputs.get(name)?.clone()));
        let key = inputs.names().filter(|name| *name != "line").filter_map(named).collect();
        let counted = Counted { run: self, count: AtomicU32::new(0), host: OnceLock::new() };
        let judged = self.modules.get((credential.rule.clone(), key), || {
            module.verify(credential, &counted, self.verifier.settings)
        });
        let host = counted.host.get().cloned();
        shown::verification(judged, host, counted.count.load(Ordering::Relaxed), inputs)
    }

    fn by_call(&self, call: &Call<'_>) -> Verification {
        let counted = Counted { run: self, count: AtomicU32::new(0), host: OnceLock::new() };
        let mut answers = Vec::new();
        for host in &call.hosts {
            let answer = self.at(call, host.as_deref(), &counted);
            let is_decided = hosts::decides(answer.judged.verdict);
            answers.push(answer);
            if is_decided {
                break;
            }
        }
        let mut answer = hosts::together(answers);
        if let Some(Answer { judged, .. }) = answer.as_mut().filter(|a| a.judged.verdict == Liveness::Dead) {
            self.name_what_was_not_asked(call, judged);
        }
        shown::answered(answer, counted.count.load(Ordering::Relaxed), &call.inputs)
    }

    /// A credential of an instance of one's own is unknown to the public one.
    fn name_what_was_not_asked(&self, call: &Call<'_>, judged: &mut Judged) {
        let Some(service) = &call.request.host.service else { return };
        let is_listed = self.verifier.settings.hosts.get(service).is_some_and(|hosts| !hosts.is_empty());
        if !is_listed && !call.request.host.fixed.is_empty() {
            judged.reason.push_str("; instances of your own are asked if [network.hosts] lists them under ");
            judged.reason.push_str(service);
        }
    }

    /// What one host says.
    fn at(&self, call: &Call<'_>, host: Option<&str>, counted: &Counted<'_>) -> Answer {
        let request = match fill::request(call.request, &call.inputs, host, Purpose::Verify) {
            Ok(request) => request,
            Err(error) => {
                let host = host.unwrap_or_default().to_owned();
                return Answer { host, judged: Judged::new(Liveness::NotAttempted, error.0) };
            }
        };
        let host_name = shown::host_of(&request);
        if call.verify.probe {
            let key = (call.rule.to_owned(), host.map(str::to_owned));
            if let Probed::Proves(judged) = self.probes.get(key, || probe(call, host, counted)) {
                return Answer { host: host_name, judged };
            }
        }
        let key = (
            request.method.clone(),
            request.host.clone(),
            request.port,
            request.target.clone(),
            request.headers.clone(),
            request.body.clone(),
        );
        let reply = self.answers.get(key, || counted.send(&request));
        Answer { host: host_name, judged: judge::liveness(call.verify, &reply) }
    }

    /// Takes one of the requests that are left.
    fn take(&self) -> Result<(), SendError> {
        let most = self.verifier.settings.most_requests;
        let take = |sent: u32| (sent < most).then_some(sent + 1);
        match self.sent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Ok(()),
            Err(_) => {
                Err(SendError::Refused(format!("the limit of {most} requests is reached (`--max-requests`)")))
            }
        }
    }
}

/// Asks about a made-up value.
fn probe(call: &Call<'_>, host: Option<&str>, counted: &Counted<'_>) -> Probed {
    let proves = |verdict, why: &str| Probed::Proves(Judged::new(verdict, why));
    let Some(inputs) = made_up(call) else {
        let why = "the provider may accept anything here, and no value like it can be made up to find out";
        return proves(Liveness::NotAttempted, why);
    };
    let request = match fill::request(call.request, &inputs, host, Purpose::Probe) {
        Ok(request) => request,
        Err(error) => return proves(Liveness::NotAttempted, &error.0),
    };
    let judged = judge::liveness(call.verify, &counted.send(&request));
    match judged.verdict {
        Liveness::Live | Liveness::LiveLimited => proves(
            Liveness::Ambiguous,
            "a made-up value is accepted just so: what is said here proves nothing",
        ),
        Liveness::RateLimited | Liveness::Blocked | Liveness::Unreachable | Liveness::NotAttempted => {
            proves(judged.verdict, &format!("asked about a made-up value first: {}", judged.reason))
        }
        _ => Probed::Told,
    }
}

/// The inputs with a made-up secret, and what is told by it.
fn made_up(call: &Call<'_>) -> Option<Inputs> {
    let mut inputs = call.inputs.clone();
    let made = shape::made_up(inputs.get("secret")?)?;
    inputs.set("secret", made);
    fill::add_groups(&mut inputs, call.verify.parts.as_deref(), None).ok()?;
    Some(inputs)
}

/// Counts what is sent for one credential, within what is allowed for the run.
struct Counted<'a> {
    run: &'a Run<'a>,
    count: AtomicU32,
    /// The first that was asked.
    host: OnceLock<String>,
}

impl Transport for Counted<'_> {
    fn send(&self, request: &Request) -> Result<Reply, SendError> {
        self.run.take()?;
        let reply = self.run.verifier.transport.send(request);
        if !matches!(reply, Err(SendError::Refused(_) | SendError::NotSent(_))) {
            self.count.fetch_add(1, Ordering::Relaxed);
            let _ = self.host.set(shown::host_of(request));
        }
        reply
    }

    fn open(&self, host: &str, port: u16, purpose: Purpose) -> Result<Box<dyn Stream>, SendError> {
        self.run.take()?;
        let stream = self.run.verifier.transport.open(host, port, purpose);
        if stream.is_ok() {
            self.count.fetch_add(1, Ordering::Relaxed);
            let _ = self.host.set(format!("{host}:{port}"));
        }
        stream
    }
}
