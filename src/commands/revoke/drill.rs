//! A fire drill: the whole procedure with made-up credentials, against a provider that runs in this process.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{print_for, show};
use crate::ci::Environment;
use crate::cli::RevokeArgs;
use crate::finding::{Fingerprint, Verification};
use crate::response::call::{Reply, Request, SendError, Transport};
use crate::response::inputs::{Credential, Inputs};
use crate::response::journal::{Journal, JournalSection, journal_path};
use crate::response::network::Network;
use crate::response::revoke::clock::SystemClock;
use crate::response::revoke::code::PlanKey;
use crate::response::revoke::consent::{Answer, Consent};
use crate::response::revoke::{Item, Options, Procedure, Record, RevokePolicy, Revoker, Todo};
use crate::response::settings::Settings;
use crate::response::simulator::{Kind, Planted, Simulator, SimulatorOptions, State};
use crate::rules::RuleSet;
use crate::rules::response::{Outcome, Responses};

/// What differs when it is real.
const FOR_REAL: [&str; 4] = [
    "each credential wants your yes, --confirm CODE of a plan, or --yes with a [revoke] policy",
    "providers are asked over the internet, at two requests a second and host; some take minutes to end a credential",
    "the journal is yours, and hooks that trusted configuration names run",
    "nothing of it can be undone, but for what the plan says",
];

/// Agrees to everything that the simulator made.
struct Everything;

impl Consent for Everything {
    fn ask(&mut self, _: &Credential, _: &Item, _: &Verification) -> Answer {
        Answer::Yes("drill: made-up credentials".to_owned())
    }
}

/// Reaches the simulator and nobody else, whatever hosts a rule knows.
struct Inside<'a> {
    network: &'a Network,
    settings: &'a Settings,
}

impl Transport for Inside<'_> {
    fn send(&self, request: &Request) -> Result<Reply, SendError> {
        if self.settings.connect_to.contains_key(&format!("{}:{}", request.host, request.port)) {
            return self.network.send(request);
        }
        Err(SendError::Refused(format!("a drill asks its own simulator only, and not {}", request.host)))
    }
}

/// One kind, and how long it took.
struct Drilled {
    record: Record,
    took: Duration,
}

/// Rehearses, and returns 0 only if all were confirmed that can be revoked without a person.
pub(super) fn run(args: &RevokeArgs) -> anyhow::Result<u8> {
    let started = Instant::now();
    let rules = RuleSet::embedded()?;
    let responses = Responses::of(&rules)?;
    let simulator = Simulator::start(SimulatorOptions::default())?;
    let settings = simulator.settings();
    let credentials: Vec<Credential> = Kind::ALL
        .into_iter()
        .filter_map(|kind| Some((kind, rules.by_id(kind.rule()?)?)))
        .map(|(kind, rule)| credential(&simulator.plant(kind, State::Live), &rule.id, &rule.provider))
        .collect();
    let network = Network::new(&settings)?;
    let options = Options {
        named: credentials.iter().map(|credential| credential.rule.clone()).collect(),
        wait: args.wait.unwrap_or(Duration::from_secs(10)),
        action: "drill",
        ..Options::default()
    };
    let policy = RevokePolicy::default();
    let procedure = Procedure {
        responses: &responses,
        transport: &Inside { network: &network, settings: &settings },
        settings: &settings,
        policy: &policy,
        options: &options,
    };
    let path = journal_of(args)?;
    let secrets = credentials.iter().flat_map(|credential| credential.inputs.values());
    let journal = Journal::open(&path)?.guarded(secrets);
    let items = procedure.plan(&credentials);
    let planned = started.elapsed();
    let code = PlanKey::new().map(|key| key.code(&items, &credentials));
    let clock = SystemClock::default();
    let revoker = Revoker { procedure, journal: &journal, clock: &clock, code: code.as_deref() };
    let mut drilled = Vec::new();
    for (credential, item) in credentials.iter().zip(&items) {
        let begun = Instant::now();
        let (credential, item) = (std::slice::from_ref(credential), std::slice::from_ref(item));
        let mut records = revoker.run(credential, item, &mut Everything, &mut |_| {})?;
        drilled.extend(records.pop().map(|record| Drilled { record, took: begun.elapsed() }));
    }
    let exit = exit_code(&items, &drilled);
    let told = Told { planned, whole: started.elapsed(), requests: simulator.count(), journal: path, exit };
    print_for(args, &human(&items, &drilled, &told), || document(&drilled, &told))?;
    Ok(exit)
}

/// What is said of the whole.
struct Told {
    planned: Duration,
    whole: Duration,
    requests: usize,
    journal: PathBuf,
    exit: u8,
}

fn credential(planted: &Planted, rule: &str, provider: &str) -> Credential {
    let mut inputs = Inputs::default();
    inputs.set("secret", planted.secret.clone());
    if let Some(companion) = &planted.companion {
        inputs.set("companion", companion.clone());
    }
    #[expect(clippy::disallowed_methods, reason = "a fingerprint is a function of the bytes")]
    let fingerprint = Fingerprint::of_secret(rule, planted.secret.expose());
    let (rule, provider) = (rule.to_owned(), provider.to_owned());
    Credential { fingerprint, rule, provider, inputs, place: "drill".to_owned() }
}

/// Its own: nobody takes a drill for the real thing.
fn journal_of(args: &RevokeArgs) -> anyhow::Result<PathBuf> {
    if let Some(path) = &args.journal {
        return Ok(path.clone());
    }
    let path = journal_path(None, &JournalSection::default(), &Environment::of_process())?;
    Ok(path.with_file_name("drill.jsonl"))
}

fn exit_code(items: &[Item], drilled: &[Drilled]) -> u8 {
    let acted = items.iter().zip(drilled).filter(|(item, _)| item.todo == Todo::Act);
    let records: Vec<&Record> = acted.map(|(_, one)| &one.record).collect();
    if !records.is_empty() && records.iter().all(|record| record.outcome == Outcome::Confirmed) {
        return 0;
    }
    // What was dead before, or not done at all, was no success.
    crate::response::revoke::exit_code(records).max(10)
}

fn human(items: &[Item], drilled: &[Drilled], told: &Told) -> String {
    let mut text = String::from(
        "A drill: the credentials are made up, the providers run in this process, nobody else is asked.\n\
         Everything is agreed to, since nothing of it is real.\n\n",
    );
    for (item, one) in items.iter().zip(drilled) {
        let _ = writeln!(text, "{:>6.2} s  {}", one.took.as_secs_f64(), show::record(&one.record).trim_end());
        let call = item.mutation();
        if !call.is_empty() {
            let _ = writeln!(text, "          {call}");
        }
    }
    let acted = items.iter().filter(|item| item.todo == Todo::Act).count();
    let confirmed = drilled.iter().filter(|one| one.record.outcome == Outcome::Confirmed).count();
    let _ = writeln!(
        text,
        "\n{confirmed} of {acted} confirmed, {} for a person; plan {:.2} s, all {:.2} s, {} requests; journal {}",
        items.len() - acted,
        told.planned.as_secs_f64(),
        told.whole.as_secs_f64(),
        told.requests,
        crate::report::text::visible(told.journal.as_os_str().as_encoded_bytes()),
    );
    text.push_str("\nFor real:\n");
    for line in FOR_REAL {
        let _ = writeln!(text, "  - {line}");
    }
    text
}

fn document(drilled: &[Drilled], told: &Told) -> String {
    let credentials: Vec<serde_json::Value> = drilled
        .iter()
        .map(|one| {
            let mut value = serde_json::to_value(&one.record).unwrap_or_default();
            value["seconds"] = json!(one.took.as_secs_f64());
            value
        })
        .collect();
    let document = json!({
        "version": 1,
        "drill": true,
        "exit_code": told.exit,
        "seconds": { "plan": told.planned.as_secs_f64(), "all": told.whole.as_secs_f64() },
        "requests": told.requests,
        "credentials": credentials,
        "for_real": FOR_REAL,
    });
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}
