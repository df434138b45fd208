//! Providers in a box: a server on loopback that behaves as they document, for drills and tests.
//!
//! ```text
//! TLS by a certificate authority of its own ─▶ HTTP/1.1 ─▶ fault? ─▶ provider of the host ─▶ world: who is live
//! ```
//!
//! It knows no real token and reaches nobody. What it is asked is noted with the secrets taken out.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::settings::Settings;
use crate::secret::Secret;

mod answer;
mod asked;
mod certificates;
mod fault;
mod kind;
mod providers;
mod server;
mod world;

pub use fault::{Fault, RetryAfter};
pub use kind::Kind;
pub use world::{Planted, Received, State};

use certificates::Authority;
use fault::Faults;
use server::Server;
use world::World;

/// It cannot start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the simulator cannot start: {0}")]
pub struct SimulatorError(String);

/// How it is to behave.
#[derive(Debug, Clone, Default)]
pub struct SimulatorOptions {
    /// On which port of loopback; 0 for any.
    pub port: u16,
    /// How many checks still say "live" after a revocation that was accepted.
    pub delay: u32,
    /// Hosts beside those of the providers. They answer 404, and with the faults that they are given.
    pub hosts: Vec<String>,
    /// Values are made from it, the same from the same; new ones each time without.
    pub seed: Option<String>,
}

/// A running one; ends when dropped.
pub struct Simulator {
    shared: Arc<Shared>,
    server: Server,
    hosts: Vec<String>,
    /// Removed when dropped.
    ca: tempfile::NamedTempFile,
    ca_pem: String,
}

/// What its threads share.
struct Shared {
    world: Mutex<World>,
    faults: Mutex<Faults>,
    authority: Authority,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Simulator {
    /// Starts it.
    ///
    /// # Errors
    /// If there is no port, no certificate or no temporary file to be had.
    pub fn start(options: SimulatorOptions) -> Result<Self, SimulatorError> {
        let failed = |what: &str, error: &dyn std::fmt::Display| SimulatorError(format!("{what}: {error}"));
        let seed = match options.seed {
            Some(seed) => seed,
            None => fresh().map_err(|error| failed("no randomness", &error))?,
        };
        let authority = Authority::new().map_err(|error| failed("certificates", &error))?;
        let ca_pem = authority.pem();
        let ca = tempfile::Builder::new().prefix("muzzle-simulator-").suffix(".pem").tempfile();
        let ca = ca.map_err(|error| failed("temporary file", &error))?;
        std::fs::write(ca.path(), &ca_pem).map_err(|error| failed("temporary file", &error))?;
        let shared = Arc::new(Shared {
            world: Mutex::new(World::new(seed, options.delay)),
            faults: Mutex::default(),
            authority,
        });
        let server = Server::start(options.port, &shared).map_err(|error| failed("loopback", &error))?;
        let known = Kind::ALL.iter().flat_map(|kind| kind.hosts()).map(|host| (*host).to_owned());
        let mut hosts: Vec<String> = known.chain(options.hosts).collect();
        hosts.sort_unstable();
        hosts.dedup();
        Ok(Simulator { shared, server, hosts, ca, ca_pem })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The certificate of its authority.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Settings with which its hosts, and nobody else, are reached.
    pub fn settings(&self) -> Settings {
        let address = self.address().to_string();
        let connect_to = self.hosts.iter().map(|host| (format!("{host}:443"), address.clone())).collect();
        let mut hosts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for kind in Kind::ALL {
            if let Some(service) = kind.service() {
                hosts.insert(service.into(), kind.hosts().iter().map(|host| (*host).into()).collect());
            }
        }
        Settings {
            hosts,
            connect_to,
            allow_private: vec![self.address().ip().to_string()],
            ca_file: Some(self.ca.path().to_owned()),
            rate: 1000.0,
            ..Settings::default()
        }
    }

    /// A new credential of this kind in this state.
    pub fn plant(&self, kind: Kind, state: State) -> Planted {
        self.shared.world().plant(kind, state)
    }

    /// What has become of a credential.
    pub fn state(&self, secret: &Secret) -> Option<State> {
        self.shared.world().state(secret)
    }

    /// Client name and password that its OAuth server wants at introspection and revocation.
    pub fn oauth_client(&self) -> (String, Secret) {
        self.shared.world().oauth_client()
    }

    /// From now on `host` fails like this: `times` requests of this method, or of any.
    pub fn fail(&self, host: &str, method: Option<&str>, times: u32, fault: Fault) {
        self.shared.faults().add(host, method, times, fault);
    }

    /// No host fails any more.
    pub fn mend(&self) {
        self.shared.faults().clear();
    }

    /// What it was asked so far.
    pub fn log(&self) -> Vec<Received> {
        self.shared.world().log().to_vec()
    }

    /// How many requests it got.
    pub fn count(&self) -> usize {
        self.shared.world().log().len()
    }

    /// How many connections were opened to it, with or without a request.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }
}

fn fresh() -> Result<String, getrandom::Error> {
    use std::fmt::Write as _;

    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
