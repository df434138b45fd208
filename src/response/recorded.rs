//! Verification with a journal: a line before each credential is asked about, and one after.
//!
//! Credentials of one host are asked about one after the other, a few hosts side by side.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::credentials::{masked, not_asked};
use super::inputs::Credential;
use super::journal::{Done, Intent, Journal, JournalError};
use super::overview::Overview;
use super::plan::{Plan, Planned};
use super::verify::{Run, Verifier};
use crate::finding::Verification;
use crate::report::text::Redactor;

/// Hosts that are asked side by side.
const MOST_HOSTS: usize = 4;
const INTERNAL: &str = "an internal error";

/// Asks about every credential; answers in their order. Equal requests are sent once. If the journal cannot be written,
/// nothing more is sent.
///
/// # Errors
/// If the journal cannot be written.
pub fn verify(
    verifier: &Verifier<'_>,
    credentials: &[Credential],
    overview: &Overview,
    journal: &Journal,
    consent: &str,
) -> Result<Vec<Verification>, JournalError> {
    let run = Run::new(verifier);
    let mut by_host: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
    for (number, credential) in credentials.iter().enumerate() {
        let (host, call) = match verifier.plan(credential) {
            Plan::Requests(planned) => told(&planned),
            Plan::Nothing(_) => Default::default(),
        };
        by_host.entry(host).or_default().push((number, call));
    }
    let queues: Vec<(String, Vec<(usize, String)>)> = by_host.into_iter().collect();
    let answers: Mutex<BTreeMap<usize, Verification>> = Mutex::default();
    let failed: Mutex<Option<JournalError>> = Mutex::default();
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        while let Some((host, queue)) = queues.get(next.fetch_add(1, Ordering::Relaxed)) {
            for (number, call) in queue {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let credential = &credentials[*number];
                let ask = || {
                    if host.is_empty() {
                        Ok(run.verify(credential))
                    } else {
                        one(&run, credential, journal, (call, overview, consent))
                    }
                };
                // One answer that we cannot cope with is not the end of the others.
                let answer = catch_unwind(AssertUnwindSafe(ask));
                match answer.unwrap_or_else(|_| Ok(not_asked(INTERNAL.into()))) {
                    Ok(answer) => _ = lock(&answers).insert(*number, answer),
                    Err(error) => {
                        stopped.store(true, Ordering::Relaxed);
                        *lock(&failed) = Some(error);
                    }
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..MOST_HOSTS.min(queues.len()) {
            scope.spawn(work);
        }
    });
    if let Some(error) = lock(&failed).take() {
        return Err(error);
    }
    let mut answers = std::mem::take(&mut *lock(&answers));
    let answer = |number| answers.remove(&number).unwrap_or_else(|| not_asked(INTERNAL.into()));
    Ok((0..credentials.len()).map(answer).collect())
}

fn one(
    run: &Run<'_>,
    credential: &Credential,
    journal: &Journal,
    (call, overview, consent): (&str, &Overview, &str),
) -> Result<Verification, JournalError> {
    let pending = journal.begin(Intent {
        action: "verify".into(),
        rule: credential.rule.clone(),
        provider: credential.provider.clone(),
        fingerprint: credential.fingerprint.to_string(),
        secret: credential.secret().masked(),
        place: credential.place.clone(),
        call: call.to_owned(),
        plan: Some(overview.plan.clone()),
        consent: consent.to_owned(),
        note: None,
    })?;
    let answer = masked(&run.verify(credential), &Redactor::new(credential.inputs.values()));
    pending.finish(&Done {
        outcome: None,
        result: answer.verdict.to_string(),
        status: None,
        request_id: None,
        reply_sha256: None,
        reason: answer.reason.clone(),
    })?;
    Ok(answer)
}

/// The first host, and the calls as one text.
fn told(planned: &[Planned]) -> (String, String) {
    let host = planned.first().map(|first| first.host.clone()).unwrap_or_default();
    let calls: Vec<&str> = planned.iter().map(|one| one.template.as_str()).collect();
    (host, calls.join("; "))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
