//! Plan, consent, journal, question: in this order, whatever is asked about.

use std::cell::RefCell;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::cli::{AskArgs, VerdictFormat};
use crate::commands::print;
use crate::config::{Environment, response};
use crate::finding::Verification;
use crate::report::text::visible;
use crate::response::call::{Reply, Request, SendError, Transport};
use crate::response::inputs::Credential;
use crate::response::journal::{Journal, JournalSection, journal_path};
use crate::response::network::Network;
use crate::response::overview::Overview;
use crate::response::recorded;
use crate::response::settings::Settings;
use crate::response::verify::Verifier;
use crate::rules::response::Responses;

/// How one run asks.
pub(super) struct Session<'a> {
    pub(super) ask: &'a AskArgs,
    pub(super) settings: Settings,
    journal: JournalSection,
    /// Of the plan that was agreed to.
    agreed: RefCell<String>,
}

/// What came of it.
pub(super) enum Asked {
    /// The plan was printed, and nothing was sent.
    Planned,
    /// One answer for each credential.
    Answered(Vec<Verification>),
}

/// Who sends nothing: what is only planned cannot reach a network.
struct Nobody;

impl Transport for Nobody {
    fn send(&self, _: &Request) -> Result<Reply, SendError> {
        Err(SendError::Refused("this is a plan".into()))
    }
}

impl<'a> Session<'a> {
    /// Settings of trusted configuration, and the command line's over them.
    pub(super) fn new(ask: &'a AskArgs, config: Option<&Path>, scanned: &[PathBuf]) -> anyhow::Result<Self> {
        let environment = Environment::of_process();
        let trusted = response(config, scanned, &environment)?;
        for notice in &trusted.notices {
            tracing::warn!("{}", visible(notice.as_bytes()));
        }
        let journal = match trusted.journal {
            Some(table) => table.try_into().context("reading [journal] of your configuration")?,
            None => JournalSection::default(),
        };
        let mut settings = trusted.network;
        settings.offline |= ask.offline;
        settings.intrusive |= ask.intrusive;
        settings.most_requests = ask.max_requests.unwrap_or(settings.most_requests);
        settings.timeout = ask.timeout.map_or(settings.timeout, Duration::from_secs);
        Ok(Session { ask, settings, journal, agreed: RefCell::default() })
    }

    /// The code of the plan that was agreed to.
    pub(super) fn agreed(&self) -> String {
        self.agreed.borrow().clone()
    }

    /// Plans and, if that is agreed to, asks.
    pub(super) fn ask(
        &self,
        responses: &Responses,
        credentials: &[Credential],
        lost: &[(String, usize)],
        format: VerdictFormat,
    ) -> anyhow::Result<Asked> {
        let settings = &self.settings;
        let planner = Verifier { responses, transport: &Nobody, settings };
        let overview = Overview::of(&planner, credentials, lost);
        if self.ask.plan {
            match format {
                VerdictFormat::Human => print(overview.render())?,
                VerdictFormat::Json => print(overview.document())?,
            }
            return Ok(Asked::Planned);
        }
        if overview.requests == 0 {
            // Who would ask says why it cannot.
            return Ok(Asked::Answered(planner.verify_all(credentials)));
        }
        if settings.offline {
            bail!(
                "--offline opens no connection, and plan {} needs {}: --plan says what would be sent",
                overview.plan,
                overview.needs()
            );
        }
        let consent = self.consent(&overview)?;
        self.agreed.replace(overview.plan.clone());
        let journal = self.journal(credentials)?;
        let network = Network::new(settings)?;
        let verifier = Verifier { responses, transport: &network, settings };
        Ok(Asked::Answered(recorded::verify(&verifier, credentials, &overview, &journal, consent)?))
    }

    /// If it cannot be written, nothing is sent.
    fn journal(&self, credentials: &[Credential]) -> anyhow::Result<Journal> {
        let path =
            journal_path(self.ask.journal.as_deref(), &self.journal, &crate::ci::Environment::of_process())?;
        let journal = Journal::open(&path).context("nothing was sent")?;
        Ok(journal.guarded(credentials.iter().flat_map(|credential| credential.inputs.values())))
    }

    /// Who agreed, and how; an error if nobody did.
    fn consent(&self, overview: &Overview) -> anyhow::Result<&'static str> {
        let mut stderr = std::io::stderr().lock();
        if self.ask.yes {
            let hosts: Vec<&str> = overview.hosts.keys().map(String::as_str).collect();
            let _ = writeln!(
                stderr,
                "muzzle: plan {}, agreed to with --yes: {} at most, to {}",
                overview.plan,
                overview.needs(),
                visible(hosts.join(", ").as_bytes())
            );
            return Ok("--yes");
        }
        let (plan, stdin) = (&overview.plan, std::io::stdin());
        if !stdin.is_terminal() || !stderr.is_terminal() {
            bail!(
                "nothing was sent: nobody can be asked here. --plan says what would be sent (plan {plan}), and --yes \
                 agrees to it"
            );
        }
        write!(stderr, "{}\nSend this? Type yes: ", overview.render()).context("asking for your consent")?;
        stderr.flush().context("asking for your consent")?;
        let mut answer = String::new();
        stdin.read_line(&mut answer).context("reading your answer")?;
        match answer.trim() {
            "yes" => Ok("interactive"),
            _ => bail!("nothing was sent: the answer was not yes"),
        }
    }
}
