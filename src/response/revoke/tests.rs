//! Each outcome and each refusal, with a provider that says what it is told to.

mod policy;
mod rotation;

use super::code::{PlanKey, is_typed};
use super::consent::Nobody;
use super::fixture::*;
use super::{Step, Todo, exit_code};
use crate::finding::Liveness;
use crate::response::call::{Purpose, SendError};
use crate::rules::response::Outcome;

const ME: &str = "GET /me";
const END: &str = "DELETE /me";

fn outcome(script: &Script, bench: &Bench) -> (Outcome, String) {
    let record = bench.one(script);
    assert!(script.is_over(), "all that was expected was sent");
    (record.outcome, record.reason)
}

fn unclear() -> Answered {
    Err(SendError::Unclear("the connection broke".to_owned()))
}

#[test]
fn live_is_ended_once_and_proved() {
    let bench = Bench::new(ITSELF);
    let script = Script::new([(ME, live()), (END, reply(204, "")), (ME, live()), (ME, dead())]);
    let record = bench.one(&script);
    assert_eq!((record.outcome, record.sent), (Outcome::Confirmed, 1));
    assert_eq!(record.before.unwrap().identity[0].value, "somebody");
    assert_eq!(record.after.unwrap().verdict, Liveness::Dead);
    assert_eq!(*bench.clock.slept.lock().unwrap(), [5]);
    assert!(bench.journal().unclear().unwrap().is_empty());
    let journal = bench.journal_text();
    for part in ["\"K7QM-2R9D\"", "confirmed", "accepted", "r-1", "DELETE https://api.acme.example/me"] {
        assert!(journal.contains(part), "{part}: {journal}");
    }
}

#[test]
fn nothing_is_sent_about_what_is_dead_or_unknown() {
    for (answer, expected, said) in [
        (dead(), Outcome::AlreadyDead, "dead"),
        (reply(401, r#"{"message": "switched off"}"#), Outcome::AlreadyDead, "switched off"),
        (reply(500, ""), Outcome::SkippedPolicy, "unreachable"),
        (reply(200, "{}"), Outcome::SkippedPolicy, "ambiguous"),
        (reply(429, ""), Outcome::SkippedPolicy, "rate_limited"),
        (Err(SendError::NotSent("no connection".to_owned())), Outcome::SkippedPolicy, "no connection"),
        (unclear(), Outcome::SkippedPolicy, "broke"),
    ] {
        let (outcome, reason) = outcome(&Script::new([(ME, answer)]), &Bench::new(ITSELF));
        assert_eq!(outcome, expected, "{reason}");
        assert!(reason.contains(said), "{reason}");
    }
}

#[test]
fn what_the_provider_says_to_the_call() {
    for (answer, expected, said) in [
        (dead(), Outcome::AlreadyDead, ""),
        (reply(403, "{}"), Outcome::NotAuthorised, ""),
        (reply(422, "{}"), Outcome::Refused, "422"),
        (reply(429, "{}"), Outcome::RateLimited, ""),
        (Err(SendError::NotSent("no connection".to_owned())), Outcome::Refused, "not sent"),
        (Err(SendError::Refused("not allowed".to_owned())), Outcome::SkippedPolicy, "not sent"),
        (Err(SendError::RateLimited(None)), Outcome::RateLimited, ""),
    ] {
        let bench = Bench::new(ITSELF);
        let (outcome, reason) = outcome(&Script::new([(ME, live()), (END, answer)]), &bench);
        assert_eq!(outcome, expected, "{reason}");
        assert!(reason.contains(said), "{reason}");
        assert!(bench.journal().unclear().unwrap().is_empty());
    }
}

#[test]
fn limited_credentials_count_as_live() {
    let script = Script::new([
        (ME, reply(403, r#"{"message": "scope missing"}"#)),
        (END, reply(204, "")),
        (ME, dead()),
    ]);
    assert_eq!(outcome(&script, &Bench::new(ITSELF)).0, Outcome::Confirmed);
}

#[test]
fn what_is_accepted_and_never_dies_is_not_confirmed() {
    let bench = Bench::new(ITSELF);
    let looks = (0..4).map(|_| (ME, live()));
    let script = Script::new([(ME, live()), (END, reply(204, ""))].into_iter().chain(looks));
    let (outcome, reason) = outcome(&script, &bench);
    assert_eq!(outcome, Outcome::Accepted);
    assert!(reason.contains("at the last look it was live"), "{reason}");
    // After 0, 5, 35 and 120 seconds: as long as --wait says.
    assert_eq!(*bench.clock.slept.lock().unwrap(), [5, 30, 85]);
}

#[test]
fn no_error_is_a_proof() {
    let mut bench = Bench::new(ITSELF);
    bench.options.wait = std::time::Duration::ZERO;
    for answer in [reply(500, ""), reply(429, ""), reply(403, "<html>"), unclear()] {
        let script = Script::new([(ME, live()), (END, reply(204, "")), (ME, answer)]);
        assert_eq!(outcome(&script, &bench).0, Outcome::Accepted);
    }
}

#[test]
fn an_unclear_call_is_looked_after_and_not_repeated() {
    for answer in [unclear(), reply(502, ""), reply(200, "<html>")] {
        let bench = Bench::new(ITSELF);
        let script = Script::new([(ME, live()), (END, answer.clone()), (ME, dead())]);
        assert_eq!(outcome(&script, &bench).0, Outcome::Confirmed);
        assert!(bench.journal().unclear().unwrap().is_empty(), "it was reconciled");

        let mut bench = Bench::new(ITSELF);
        bench.options.wait = std::time::Duration::ZERO;
        let script = Script::new([(ME, live()), (END, answer), (ME, live()), (ME, live())]);
        let record = bench.one(&script);
        assert_eq!((record.outcome, record.sent), (Outcome::Unknown, 1));
        assert_eq!(exit_code([&record]), 50);
        let unclear = bench.journal().unclear().unwrap();
        assert_eq!(unclear.len(), 1, "the journal says what is unclear");
        assert_eq!(unclear[0].intent.action, "revoke");

        // The next run sees it dead, with one read-only call, and says so.
        let script = Script::new([(ME, dead())]);
        assert_eq!(outcome_of_next(&bench, &script), Outcome::AlreadyDead);
        assert!(bench.journal().unclear().unwrap().is_empty());
    }
}

fn outcome_of_next(bench: &Bench, script: &Script) -> Outcome {
    let record = bench.one(script);
    assert!(script.is_over());
    record.outcome
}

#[test]
fn what_may_be_repeated_is_repeated_once() {
    let bench = Bench::new(&format!("idempotent = true\n{ITSELF}"));
    let script =
        Script::new([(ME, live()), (END, unclear()), (ME, live()), (END, reply(204, "")), (ME, dead())]);
    let record = bench.one(&script);
    assert!(script.is_over());
    assert_eq!((record.outcome, record.sent), (Outcome::Confirmed, 2));
    assert!(bench.journal().unclear().unwrap().is_empty());

    // Twice unclear: that is all.
    let mut bench = Bench::new(&format!("idempotent = true\n{ITSELF}"));
    bench.options.wait = std::time::Duration::ZERO;
    let script = Script::new([(ME, live()), (END, unclear()), (ME, live()), (END, unclear()), (ME, live())]);
    let record = bench.one(&script);
    assert!(script.is_over());
    assert_eq!((record.outcome, record.sent), (Outcome::Unknown, 2));
    assert_eq!(bench.journal().unclear().unwrap().len(), 1);
}

#[test]
fn nothing_is_sent_without_consent() {
    let bench = Bench::new(ITSELF);
    let script = Script::new([(ME, live())]);
    let records = bench.run(&script, &mut Nobody("nobody agreed".to_owned())).unwrap();
    assert!(script.is_over());
    assert_eq!((records[0].outcome, records[0].sent), (Outcome::SkippedPolicy, 0));
    assert_eq!(exit_code(&records), 60);
    assert!(bench.journal_text().contains("nobody agreed"), "a refusal is recorded");
}

#[test]
fn experimental_calls_want_their_rule_named() {
    let mut bench = Bench::new(&ITSELF.replace("\"V\"", "\"M\""));
    let (skipped, why) = outcome(&Script::new([]), &bench);
    assert_eq!(skipped, Outcome::SkippedPolicy);
    assert!(why.contains("--rule acme-key"), "{why}");
    for (named, sends) in [("acme", false), ("acme-key", true)] {
        bench.options.named = vec![named.to_owned()];
        let script = Script::default();
        let items = bench.procedure(&script).plan(&[credential("one")]);
        assert_eq!(items[0].todo == Todo::Act, sends, "{named}");
    }
}

#[test]
fn a_look_up_comes_first_and_its_failure_changes_nothing() {
    let list = "GET /keys";
    let bench = Bench::new(LOOKED_UP);
    let script = Script::new([
        (ME, live()),
        (list, reply(200, r#"{"id": "k 1"}"#)),
        ("DELETE /keys/{id}", reply(204, "")),
        (ME, dead()),
    ]);
    assert_eq!(outcome(&script, &bench).0, Outcome::Confirmed);
    for (answer, expected) in [
        (reply(403, "{}"), Outcome::NotAuthorised),
        (reply(404, "{}"), Outcome::Refused),
        (reply(500, ""), Outcome::Refused),
        (reply(200, "{}"), Outcome::ManualRequired),
        (reply(429, ""), Outcome::RateLimited),
        (unclear(), Outcome::Refused),
    ] {
        let bench = Bench::new(LOOKED_UP);
        let (outcome, reason) = outcome(&Script::new([(ME, live()), (list, answer)]), &bench);
        assert_eq!(outcome, expected, "{reason}");
        assert!(reason.contains("changes nothing"), "{reason}");
        assert!(bench.journal().unclear().unwrap().is_empty());
    }
}

#[test]
fn of_consoles_a_person_hears_the_page() {
    let console = "class = 'console'\npage = 'https://acme.example/keys'\nsteps = ['Press Delete.']";
    let bench = Bench::new(console);
    let record = bench.one(&Script::new([(ME, live())]));
    assert_eq!(record.outcome, Outcome::ManualRequired);
    assert_eq!(record.page.as_deref(), Some("https://acme.example/keys"));
    assert_eq!(record.steps, ["Press Delete."]);
    assert_eq!(exit_code([&record]), 40);
    assert_eq!(bench.one(&Script::new([(ME, dead())])).outcome, Outcome::AlreadyDead);
}

#[test]
#[cfg(unix)]
fn a_credential_of_ours_does_what_the_leaked_one_cannot() {
    let mut bench = Bench::new(ADMINISTRATOR);
    let none = bench.one(&Script::new([(ME, live())]));
    assert_eq!(none.outcome, Outcome::ManualRequired);
    assert!(none.reason.contains("[revoke.responders]"), "{}", none.reason);

    bench.policy = toml::from_str(
        "[responders.security]\nproviders = ['acme']\ncommand = ['/bin/sh', '-c', 'echo value-of-the-administrator']",
    )
    .unwrap();
    let script = Script::new([(ME, live()), ("POST /admin/revoke", reply(204, "")), (ME, dead())]);
    let record = bench.one(&script);
    assert_eq!((record.outcome, record.responder.as_deref()), (Outcome::Confirmed, Some("security")));
    let journal = bench.journal_text();
    assert!(journal.contains("as responder security") && !journal.contains("value-of-the"), "{journal}");

    bench.policy =
        toml::from_str("[responders.security]\nproviders = ['acme']\ncommand = ['/bin/sh', '-c', 'exit 1']")
            .unwrap();
    let record = bench.one(&Script::new([(ME, live())]));
    assert_eq!(record.outcome, Outcome::NotAuthorised);
    assert_eq!(exit_code([&record]), 30);
}

#[test]
fn without_a_journal_nothing_is_sent() {
    let bench = Bench::new(ITSELF);
    let script = Script::new([]);
    let credentials = [credential("one")];
    let procedure = bench.procedure(&script);
    let items = procedure.plan(&credentials);
    let journal = bench.journal();
    std::fs::remove_file(bench.journal_path()).unwrap();
    std::fs::create_dir(bench.journal_path()).unwrap();
    let revoker = super::Revoker { procedure, journal: &journal, clock: &bench.clock, code: None };
    assert!(revoker.run(&credentials, &items, &mut Yes, &mut |_| {}).is_err());
    assert!(script.sent().is_empty());
}

#[test]
fn what_an_answer_echoes_is_masked() {
    let bench = Bench::new(ITSELF);
    let secret = credential("one");
    #[expect(clippy::disallowed_methods, reason = "the test plays the provider")]
    let text = String::from_utf8(secret.secret().expose().to_vec()).unwrap();
    let echo = format!(r#"{{"user": "{text}"}}"#);
    let script = Script::new([(ME, reply(200, &echo)), (END, reply(204, &echo)), (ME, dead())]);
    let record = bench.one(&script);
    let shown = format!("{}{record:?}{}", serde_json::to_string(&record).unwrap(), bench.journal_text());
    assert!(!shown.contains(&text), "{shown}");
}

#[test]
fn a_plan_says_everything_and_holds_no_secret() {
    let mut bench = Bench::new(&format!(
        "undo = 'Switch it on.'\ndestroys = 'Its children.'\ndelay = 'An hour.'\nwarning = 'A trap.'\n{ITSELF}"
    ));
    bench.options.named = vec!["acme-key".to_owned()];
    let script = Script::default();
    let item = bench.procedure(&script).plan(&[credential("one")]).remove(0);
    assert_eq!((item.step, &item.todo), (Step::Disable, &Todo::Act));
    let calls: Vec<(Purpose, &str)> =
        item.calls.iter().map(|call| (call.purpose, call.template.as_str())).collect();
    let (me, end) = ("GET https://api.acme.example/me", "DELETE https://api.acme.example/me");
    assert_eq!(calls, [(Purpose::Verify, me), (Purpose::Revoke, end)]);
    let json = serde_json::to_string(&item).unwrap();
    for part in ["Its children.", "Switch it on.", "An hour.", "A trap.", "acme********"] {
        assert!(json.contains(part), "{part}: {json}");
    }
}

#[test]
fn a_code_is_of_these_secrets_and_these_calls() {
    let bench = Bench::new(ITSELF);
    let script = Script::default();
    let procedure = bench.procedure(&script);
    let (one, two) = (credential("one"), credential("two"));
    let key = PlanKey::new().unwrap();
    let code = |list: &[crate::response::inputs::Credential]| key.code(&procedure.plan(list), list);
    let first = code(&[one.clone(), two.clone()]);
    assert_eq!(first.len(), 9);
    assert_eq!(first, code(&[two.clone(), one.clone()]), "in any order");
    assert_ne!(first, code(std::slice::from_ref(&one)));
    assert_ne!(code(std::slice::from_ref(&one)), code(&[two]));
    let other = PlanKey::new().unwrap();
    let list = [one];
    assert_ne!(key.code(&procedure.plan(&list), &list), other.code(&procedure.plan(&list), &list));
    assert!(
        is_typed("K7QM-2R9D", " k7qm2r9d ")
            && !is_typed("K7QM-2R9D", "K7QM-2R9")
            && !is_typed("K7QM-2R9D", "")
    );

    let path = bench.journal_path().with_extension("plan");
    key.keep(&path).unwrap();
    let kept = PlanKey::take(&path).unwrap();
    assert_eq!(kept.code(&procedure.plan(&list), &list), key.code(&procedure.plan(&list), &list));
    assert!(PlanKey::take(&path).is_err(), "it holds once");
}
