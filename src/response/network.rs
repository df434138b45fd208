//! The transport that opens sockets. Nothing else in this program does, but the simulator on loopback; a test holds that.
//!
//! ```text
//! Request ─▶ offline? ─▶ guard: host, port ─▶ limits: its turn ─▶ look-up ─▶ guard: every address ─▶ client: TLS, HTTP
//! ```
//!
//! Promises: HTTPS only, verified; the address that was checked is the address that is dialled; no redirect is followed;
//! a request that changes something is sent once at most; "not sent" means that not a byte of it left.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::call::{Purpose, Reply, Request, SendError, Transport};
use super::settings::Settings;
use super::stream::Stream;

mod addresses;
mod client;
mod clock;
mod guard;
mod limits;
mod lookup;
mod retry_after;
mod stream;
mod tls;

pub use clock::{Clock, Real};

use client::Client;
use guard::{Guard, Route};
use limits::Limits;

/// Settings of the network that cannot be used; says which.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NetworkError(pub(super) String);

/// Whether settings can be used, as far as no file is needed to tell.
///
/// # Errors
/// If one cannot be; the message begins with its key.
pub fn check(settings: &Settings) -> Result<(), NetworkError> {
    Guard::new(settings)?;
    settings.proxy.as_deref().map_or(Ok(()), |text| client::proxy(text).map(|_| ()))
}

const OFFLINE: &str = "--offline: nothing is sent";
/// Before a read-only request is sent again whose answer was lost or said "too many" without a time.
const SHORT_WAIT: Duration = Duration::from_secs(1);

/// Sends requests over the network, within what the settings allow.
pub struct Network {
    offline: bool,
    timeout: Duration,
    longest_wait: Duration,
    guard: Guard,
    limits: Limits,
    client: Client,
    tls: Arc<rustls::ClientConfig>,
    clock: Arc<dyn Clock>,
}

impl Network {
    /// Reads certificates and settings; opens nothing.
    ///
    /// # Errors
    /// If a setting cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, NetworkError> {
        Network::with_clock(settings, Arc::new(Real))
    }

    /// The same, with another clock for waits and limits.
    ///
    /// # Errors
    /// If a setting cannot be used.
    pub fn with_clock(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, NetworkError> {
        let config = tls::config(settings)?;
        Ok(Network {
            offline: settings.offline,
            timeout: settings.timeout,
            longest_wait: settings.longest_wait,
            guard: Guard::new(settings)?,
            limits: Limits::new(settings),
            client: Client::new(settings, Arc::clone(&config))?,
            tls: config,
            clock,
        })
    }

    /// Sends it once, when it is its turn.
    fn once(&self, request: &Request, route: &Route, key: &str) -> Result<Reply, SendError> {
        let _turn = self.limits.turn(key, &*self.clock)?;
        let started = Instant::now();
        let sent = self.addresses(&request.host, request.port, route).and_then(|addresses| {
            let left = self.timeout.saturating_sub(started.elapsed()).max(Duration::from_millis(1));
            self.client.send(request, addresses.as_deref(), left)
        });
        match &sent {
            // 429 and 503 with a time say how it is to be asked, not that it is broken.
            Ok(reply) if reply.status >= 500 && self.wait(reply).is_none() => {
                self.limits.failed(key, self.clock.now());
            }
            Ok(reply) => {
                self.limits.answered(key);
                let wait = self.wait(reply);
                self.limits.wait_until(key, wait.and_then(|wait| self.clock.now().checked_add(wait)));
            }
            Err(SendError::NotSent(_) | SendError::Unclear(_)) => self.limits.failed(key, self.clock.now()),
            Err(SendError::Refused(_) | SendError::RateLimited(_)) => {}
        }
        sent
    }

    fn addresses(&self, host: &str, port: u16, route: &Route) -> Result<Option<Vec<SocketAddr>>, SendError> {
        match route {
            Route::Proxy => Ok(None),
            Route::Addresses(addresses) => Ok(Some(addresses.clone())),
            Route::LookUp => {
                let found = lookup::addresses(host, port, self.timeout).map_err(SendError::NotSent)?;
                self.guard.checked(host, &found).map(Some).map_err(SendError::Refused)
            }
        }
    }

    /// How long a provider asks to wait, if it does.
    fn wait(&self, reply: &Reply) -> Option<Duration> {
        let is_asked = matches!(reply.status, 403 | 429 | 503);
        retry_after::of(reply, self.clock.today()).filter(|_| is_asked)
    }

    /// Whether to send it again, and how long to wait before; or how long is too long.
    fn again(&self, sent: &Result<Reply, SendError>) -> Result<Option<Duration>, SendError> {
        match sent {
            Ok(reply) if matches!(reply.status, 429 | 503) => match self.wait(reply) {
                Some(wait) if wait > self.longest_wait => Err(SendError::RateLimited(Some(wait))),
                Some(wait) => Ok(Some(wait)),
                None => Ok((reply.status == 429).then_some(SHORT_WAIT.min(self.longest_wait))),
            },
            // What took all of its time would take it again.
            Err(SendError::Unclear(why)) if !why.ends_with(client::TIMED_OUT) => {
                Ok(Some(SHORT_WAIT.min(self.longest_wait)))
            }
            _ => Ok(None),
        }
    }
}

impl Transport for Network {
    fn send(&self, request: &Request) -> Result<Reply, SendError> {
        if self.offline {
            return Err(SendError::Refused(OFFLINE.into()));
        }
        let route =
            self.guard.route(&request.host, request.port, request.purpose).map_err(SendError::Refused)?;
        let key = format!("{}:{}", request.host, request.port);
        let sent = self.once(request, &route, &key);
        if !request.purpose.is_read_only() {
            return sent;
        }
        match self.again(&sent)? {
            None => sent,
            Some(wait) => {
                self.clock.sleep(wait + jitter(wait));
                match self.once(request, &route, &key) {
                    // The first answer says more than that there is no second one.
                    Err(SendError::Refused(_) | SendError::RateLimited(_)) => sent,
                    again => again,
                }
            }
        }
    }

    fn open(&self, host: &str, port: u16, _: Purpose) -> Result<Box<dyn Stream>, SendError> {
        if self.offline {
            return Err(SendError::Refused(OFFLINE.into()));
        }
        let route = self.guard.route_of_stream(host, port).map_err(SendError::Refused)?;
        let key = format!("{host}:{port}");
        let _turn = self.limits.turn(&key, &*self.clock)?;
        let deadline = Instant::now() + self.timeout;
        let addresses = self.addresses(host, port, &route)?.unwrap_or_default();
        let opened = stream::open(host, &addresses, deadline, &self.tls);
        match &opened {
            Ok(_) => self.limits.answered(&key),
            Err(_) => self.limits.failed(&key, self.clock.now()),
        }
        opened
    }
}

/// Up to a tenth and a quarter of a second more, so that those who wait do not come back at once.
fn jitter(wait: Duration) -> Duration {
    let mut byte = [0];
    // Without randomness there is no jitter, which is no harm.
    let _ = getrandom::fill(&mut byte);
    (wait / 10 + Duration::from_millis(250)) * u32::from(byte[0]) / 255
}
