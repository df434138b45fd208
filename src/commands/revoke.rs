//! `muzzle revoke`: what is found, or handed over, taken out of circulation.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::atomic::AtomicUsize;

use anyhow::bail;

use super::print;
use crate::ci;
use crate::cli::{RevokeArgs, RevokeFormat};
use crate::response::call::{Reply, Request, SendError, Transport};
use crate::response::inputs::Credential;
use crate::response::journal::{Journal, journal_path};
use crate::response::network::Network;
use crate::response::revoke::clock::SystemClock;
use crate::response::revoke::code::{PlanKey, is_typed};
use crate::response::revoke::consent::{ByCode, ByPolicy, Consent, Surroundings};
use crate::response::revoke::host::Host;
use crate::response::revoke::{Item, Options, Procedure, Record, Revoker, Todo, exit_code};
use crate::secret::Secret;

mod ask;
mod drill;
mod hooked;
mod load;
mod remains;
pub(crate) mod show;
mod trusted;

use ask::Person;
use hooked::{Hooked, Receivers};
use load::Loaded;
use trusted::Trusted;

/// Nothing is sent through it: for plans.
struct Unsent;

impl Transport for Unsent {
    fn send(&self, _: &Request) -> Result<Reply, SendError> {
        Err(SendError::Refused("this is a plan".into()))
    }
}

/// Plans, asks for consent, acts, proves, and returns the exit code.
pub fn run(args: &RevokeArgs) -> anyhow::Result<u8> {
    if args.drill {
        return drill::run(args);
    }
    if args.yes && args.rules.is_empty() {
        bail!("--yes wants the rules that it is about: --rule ID, once for each");
    }
    let environment = ci::Environment::of_process();
    let trusted = Trusted::read(args)?;
    for notice in &trusted.notices {
        writeln!(std::io::stderr(), "muzzle: {notice}")?;
    }
    let loaded = load::credentials(args, &trusted.settings)?;
    let home = environment.get("HOME").map(Path::new);
    let options = Options {
        delete: args.delete,
        even_unverified: args.even_unverified,
        named: args.rules.clone(),
        wait: args.wait.unwrap_or(Options::default().wait),
        host: Host::look(home, Path::new("/"), args.acknowledge_host_clean),
        ..Options::default()
    };
    let procedure = Procedure {
        responses: &loaded.responses,
        transport: &Unsent,
        settings: &trusted.settings,
        policy: &trusted.policy,
        options: &options,
    };
    let hooked = Hooked::resolve(args)?;
    let run = Run {
        hooked: &hooked,
        args,
        trusted: &trusted,
        loaded: &loaded,
        procedure,
        environment: &environment,
        agreed: AtomicUsize::new(0),
    };
    run.go()
}

/// One run, with everything that it knows.
struct Run<'a> {
    args: &'a RevokeArgs,
    trusted: &'a Trusted,
    loaded: &'a Loaded,
    hooked: &'a Hooked,
    procedure: Procedure<'a>,
    environment: &'a ci::Environment,
    /// How many credentials the policy agreed to.
    agreed: AtomicUsize,
}

/// Who agrees.
enum Who<'a> {
    Policy(ByPolicy<'a>),
    Code,
    Person(Person),
}

impl Run<'_> {
    fn credentials(&self) -> &[Credential] {
        &self.loaded.credentials
    }

    fn go(&self) -> anyhow::Result<u8> {
        self.loaded.tell_lost()?;
        if self.credentials().is_empty() {
            print_for(self.args, "nothing to revoke\n", || show::plan_json(&[], None))?;
            return Ok(0);
        }
        let items = if self.args.rotate {
            self.procedure.plan_rotation(self.credentials())
        } else {
            self.procedure.plan(self.credentials())
        };
        let path = journal_path(self.args.journal.as_deref(), &self.trusted.journal, self.environment)?;
        if self.args.plan {
            return self.plan(&items, &path);
        }
        let journal = Journal::open(&path)?.guarded(self.secrets());
        let (who, code) = match self.who(&items, &path) {
            Ok(found) => found,
            Err(why) => return self.refuse(&journal, &items, &why),
        };
        if self.procedure.settings.offline {
            bail!("--offline opens no connection, and revoking needs one: --plan says what would be sent");
        }
        let network = Network::new(&self.trusted.settings)?;
        let procedure = Procedure { transport: &network, ..self.procedure };
        let clock = SystemClock::default();
        let revoker = Revoker { procedure, journal: &journal, clock: &clock, code: Some(&code) };
        let mut consent: Box<dyn Consent + '_> = match who {
            Who::Policy(policy) => Box::new(policy),
            Who::Code => Box::new(ByCode),
            Who::Person(person) => Box::new(person),
        };
        let mut tell = |record: &Record| self.progress(record);
        let records = if self.args.rotate {
            let mut receivers = Receivers { hooked: self.hooked, plan: &code };
            revoker.rotate(self.credentials(), &items, &mut *consent, &mut receivers, &mut tell)?
        } else {
            revoker.run(self.credentials(), &items, &mut *consent, &mut tell)?
        };
        let exit = self.report(&records, Some(&code))?;
        if self.args.rotate {
            return Ok(exit);
        }
        self.hooked.after_revocation(self.credentials(), &records, &code, exit)
    }

    fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.credentials().iter().flat_map(|credential| credential.inputs.values())
    }

    /// Prints it, and leaves the key of its code.
    fn plan(&self, items: &[Item], path: &Path) -> anyhow::Result<u8> {
        let Some(key) = PlanKey::new() else { bail!("the system has no randomness for the plan's code") };
        let code = key.code(items, self.credentials());
        key.keep(&PlanKey::path(path))?;
        let recorded = Journal::open(path).and_then(|journal| {
            let journal = journal.guarded(self.secrets());
            let clock = SystemClock::default();
            let revoker =
                Revoker { procedure: self.procedure, journal: &journal, clock: &clock, code: Some(&code) };
            revoker.record_plan(self.credentials(), items)
        });
        if let Err(error) = recorded {
            tracing::warn!("the plan is not recorded, and nothing will be sent until it can be: {error}");
        }
        print_for(self.args, &show::plan(items, Some(&code)), || show::plan_json(items, Some(&code)))?;
        Ok(0)
    }

    /// Who agrees, and the code of what is agreed to; or why nobody does. Nothing is sent before.
    fn who(&self, items: &[Item], journal: &Path) -> Result<(Who<'_>, String), String> {
        let policy = self.procedure.policy;
        Surroundings::of(self.environment).allow(policy)?;
        let no_randomness = || "the system has no randomness for the plan's code".to_owned();
        if self.args.rotate && !self.hooked.can_receive() {
            return Err(
                "the new value would go to standard output, and that is no terminal; nor is there a hook on \
                        rotated that acts and is sent secrets"
                    .to_owned(),
            );
        }
        if let Some(typed) = &self.args.confirm {
            let key = PlanKey::take(&PlanKey::path(journal)).map_err(|error| error.to_string())?;
            let code = key.code(items, self.credentials());
            if is_typed(&code, typed) {
                return Ok((Who::Code, code));
            }
            return Err("--confirm is the code of another plan: other secrets, other calls, or other options. Run it \
                        with --plan again"
                .to_owned());
        }
        let code = PlanKey::new().ok_or_else(no_randomness)?.code(items, self.credentials());
        if self.args.yes {
            return Ok((
                Who::Policy(ByPolicy::new(policy, &self.args.rules, self.args.delete, &self.agreed)),
                code,
            ));
        }
        let can_ask = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        if !can_ask || self.args.is_of_one_secret() {
            return Err(
                "nobody agreed, and nobody can be asked here: --plan prints a code for --confirm; or --yes \
                        --only active --rule ID, as far as [revoke] of trusted configuration allows it"
                    .to_owned(),
            );
        }
        let _ = write!(std::io::stderr(), "{}", show::plan(items, None));
        let asked: Vec<_> = items.iter().filter(|item| !matches!(item.todo, Todo::Skip(_))).collect();
        let checks = asked.iter().flat_map(|item| &item.calls).filter(|call| call.purpose.is_read_only());
        let hosts: std::collections::BTreeSet<&str> = checks.clone().map(|call| call.host.as_str()).collect();
        match Person::may_ask(checks.count(), hosts.len()) {
            Ok(true) => Ok((
                Who::Person(Person::new(if self.args.rotate { "Replace it" } else { "Revoke it" })),
                code,
            )),
            _ => Err("somebody at the terminal said no".to_owned()),
        }
    }

    /// Nothing is sent; each is recorded with the reason.
    fn refuse(&self, journal: &Journal, items: &[Item], why: &str) -> anyhow::Result<u8> {
        let clock = SystemClock::default();
        let revoker = Revoker { procedure: self.procedure, journal, clock: &clock, code: None };
        let records = revoker.refuse_all(self.credentials(), items, why)?;
        self.report(&records, None)
    }

    fn report(&self, records: &[Record], code: Option<&str>) -> anyhow::Result<u8> {
        let exit = exit_code(records);
        let remains = self.loaded.remains(records);
        print_for(self.args, &show::summary(records, &remains), || {
            show::json(records, &remains, code, exit)
        })?;
        Ok(exit)
    }

    fn progress(&self, record: &Record) {
        if !self.args.quiet {
            let _ = write!(std::io::stderr(), "{}", show::record(record));
        }
    }
}

fn print_for(args: &RevokeArgs, human: &str, json: impl FnOnce() -> String) -> anyhow::Result<()> {
    match args.format {
        RevokeFormat::Human => print(human),
        RevokeFormat::Json => print(json()),
    }
}
