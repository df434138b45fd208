//! A request that is ready to be sent, what came back, and who sends it.

use std::time::Duration;

use super::stream::Stream;
use crate::secret::Secret;

/// What a request is for. Policy, limits and the journal go by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Asks whether a credential is live.
    Verify,
    /// The same of a made-up value.
    Probe,
    /// Finds out what a revocation needs; read-only.
    LookUp,
    /// Changes something.
    Revoke,
    /// Has a replacement issued.
    Rotate,
    /// Tells somebody: a webhook.
    Notify,
}

impl Purpose {
    /// Whether sending it again is harmless.
    pub fn is_read_only(self) -> bool {
        matches!(self, Purpose::Verify | Purpose::Probe | Purpose::LookUp)
    }
}

/// A request over HTTPS, filled in. Every part that may hold a secret is a [`Secret`]: wiped, and masked in `Debug`.
#[derive(Debug, Clone)]
pub struct Request {
    /// What for.
    pub purpose: Purpose,
    /// Upper case.
    pub method: String,
    /// A lower-case name or address, without a port.
    pub host: String,
    /// 443 unless trusted configuration says otherwise.
    pub port: u16,
    /// Path and query, encoded; begins with `/`.
    pub target: Secret,
    /// Names in lower case. `user-agent`, `host` and `content-length` are the transport's.
    pub headers: Vec<(String, Secret)>,
    /// The body.
    pub body: Option<Secret>,
    /// `METHOD https://host/path` with `{NAME}` where inputs stand: for plans, logs and the journal. Never a secret.
    pub template: String,
}

/// What came back. May echo the secret: masked before any of it is shown, wiped when dropped.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Names in lower case, values as far as they are text.
    pub headers: Vec<(String, String)>,
    /// The body, as far as the cap allows.
    pub body: Secret,
    /// Whether the body went on behind the cap, or broke off before its announced end.
    pub is_cut: bool,
}

impl Reply {
    /// The first header of that name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why there is no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Policy forbids it: the host, its address, the number of requests. Nothing was sent.
    #[error("not sent: {0}")]
    Refused(String),
    /// No name, no connection, no TLS: nothing of the request was sent.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The provider asks to wait longer than we are willing to. Nothing was sent, or the last answer was 429.
    #[error("rate limited{}", .0.map(|wait| format!(": asked to wait {} s", wait.as_secs())).unwrap_or_default())]
    RateLimited(Option<Duration>),
    /// It was sent, in part at least, and no answer came: whatever it does may or may not have happened.
    #[error("sent, without an answer: {0}")]
    Unclear(String),
}

/// Sends requests. The one that opens sockets is `network`; tests and drills have others.
pub trait Transport: Send + Sync {
    /// Sends once. Read-only requests may be sent once more by the transport itself (429, 503, a broken connection);
    /// others never are. Follows no redirect.
    fn send(&self, request: &Request) -> Result<Reply, SendError>;

    /// Connects to a server that does not speak HTTP; counts as one request. The host must be one that trusted
    /// configuration lists.
    ///
    /// # Errors
    /// If it is not allowed, or there is no connection.
    fn open(&self, host: &str, port: u16, purpose: Purpose) -> Result<Box<dyn Stream>, SendError> {
        let _ = (port, purpose);
        Err(SendError::Refused(format!("{host}: only HTTPS is spoken here")))
    }
}
