//! What the user allows: from the command line, and from configuration that does not lie in the scanned tree.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// What may be sent where. `Default` allows the built-in hosts and nothing else.
#[derive(Debug, Clone)]
pub struct Settings {
    /// No socket at all.
    pub offline: bool,
    /// Checks that leave more than a line in an access log may be made.
    pub intrusive: bool,
    /// By service (`gitlab`, `github`, `vault`, …): hosts of the user's own, `name` or `name:port`.
    pub hosts: BTreeMap<String, Vec<String>>,
    /// By rule id (`*` for all): inputs that the text does not tell, such as a user's name.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// `host:port` → `address:port` to connect to in its place; TLS still wants the certificate of `host`. For gateways
    /// and test labs.
    pub connect_to: BTreeMap<String, String>,
    /// Private and loopback addresses that may be connected to, as networks in CIDR notation.
    pub allow_private: Vec<String>,
    /// Certificates that are believed beside those of the system, PEM.
    pub ca_file: Option<PathBuf>,
    /// `http://host:port` or `socks5://…`. Never from the environment unless asked for.
    pub proxy: Option<String>,
    /// Of one request, from connecting to the last byte.
    pub timeout: Duration,
    /// Requests of the whole run.
    pub most_requests: u32,
    /// Requests a second and host.
    pub rate: f64,
    /// The longest wait that a provider may ask for.
    pub longest_wait: Duration,
    /// Bytes of a reply that are read.
    pub largest_reply: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            offline: false,
            intrusive: false,
            hosts: BTreeMap::new(),
            values: BTreeMap::new(),
            connect_to: BTreeMap::new(),
            allow_private: Vec::new(),
            ca_file: None,
            proxy: None,
            timeout: Duration::from_secs(10),
            most_requests: 1000,
            rate: 2.0,
            longest_wait: Duration::from_mins(1),
            largest_reply: 64 * 1024,
        }
    }
}
