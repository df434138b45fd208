//! Which host, port and address may be connected to. Whoever wrote the scanned text must not choose a door into the
//! network that muzzle runs in.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use super::NetworkError;
use super::addresses::{Block, embedded, why_not_public};
use crate::response::call::Purpose;
use crate::response::settings::Settings;

/// The port of HTTPS.
const HTTPS: u16 = 443;

/// Ends of names that are nobody's on the internet. Whether one resolves is decided by whoever runs the resolver, which
/// behind a proxy is the proxy.
const LOCAL_ENDS: [&str; 8] =
    [".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".corp", ".private"];

/// What the settings allow, read once.
#[derive(Debug)]
pub(super) struct Guard {
    allowed: Vec<Block>,
    /// `host:port`, lower case → where to connect instead.
    instead: BTreeMap<String, SocketAddr>,
    /// `host` and `host:port` of trusted configuration.
    named: BTreeSet<String>,
    has_proxy: bool,
}

/// How a host is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// These addresses, checked; the name is for TLS and `Host` only.
    Addresses(Vec<SocketAddr>),
    /// The name has to be looked up, and what comes of it checked by [`Guard::checked`].
    LookUp,
    /// The proxy of trusted configuration looks it up.
    Proxy,
}

impl Guard {
    /// # Errors
    /// If a network or an address of the settings cannot be read.
    pub(super) fn new(settings: &Settings) -> Result<Self, NetworkError> {
        let allowed = settings.allow_private.iter().map(|text| Block::parse(text));
        let mut instead = BTreeMap::new();
        for (from, to) in &settings.connect_to {
            let address = to.parse().map_err(|_| {
                NetworkError(format!(
                    "network.connect_to: {to:?} is no address with a port, such as 10.0.0.5:8443 or [fd00::5]:8443"
                ))
            })?;
            let Some((host, port)) = from
                .rsplit_once(':')
                .filter(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port != 0))
            else {
                return Err(NetworkError(format!(
                    "network.connect_to: {from:?} is no host with a port, such as gitlab.example.com:443"
                )));
            };
            instead.insert(format!("{}:{port}", host.to_ascii_lowercase()), address);
        }
        let named = settings.hosts.values().flatten().chain(settings.connect_to.keys());
        Ok(Guard {
            allowed: allowed.collect::<Result<_, _>>().map_err(NetworkError)?,
            instead,
            named: named.map(|host| host.to_ascii_lowercase()).collect(),
            has_proxy: settings.proxy.is_some(),
        })
    }

    /// How to reach it, or why it is not to be reached. Asks nobody.
    pub(super) fn route(&self, host: &str, port: u16, purpose: Purpose) -> Result<Route, String> {
        let literal = literal(host);
        if literal.is_none() {
            name(host)?;
        }
        let with_port = format!("{host}:{port}");
        // The address of a webhook stands in trusted configuration as a whole.
        if port != HTTPS && purpose != Purpose::Notify && !self.named.contains(&with_port) {
            return Err(format!(
                "port {port} of {host} is not allowed: list {with_port:?} in network.hosts of your own configuration"
            ));
        }
        if let Some(address) = self.instead.get(&with_port) {
            return self.checked(host, &[*address]).map(Route::Addresses);
        }
        if let Some(address) = literal {
            return self
                .checked(host, &[SocketAddr::new(address, port)])
                .map(|checked| if self.has_proxy { Route::Proxy } else { Route::Addresses(checked) });
        }
        let is_local =
            !host.contains('.') || LOCAL_ENDS.iter().any(|end| host.trim_end_matches('.').ends_with(end));
        let is_named = self.named.contains(host) || self.named.contains(&with_port);
        if self.has_proxy && is_local && !is_named && purpose != Purpose::Notify {
            return Err(format!(
                "{host} is a name of the local network, and the proxy would look it up: list it in network.hosts of \
                 your own configuration"
            ));
        }
        Ok(if self.has_proxy { Route::Proxy } else { Route::LookUp })
    }

    /// The same for a server that does not speak HTTPS: on any port, but only of a host that trusted configuration lists.
    pub(super) fn route_of_stream(&self, host: &str, port: u16) -> Result<Route, String> {
        if literal(host).is_none() {
            name(host)?;
        }
        let with_port = format!("{host}:{port}");
        if self.has_proxy {
            return Err(format!(
                "{with_port} does not speak HTTPS, and there is no other way through network.proxy"
            ));
        }
        if !self.named.contains(host) && !self.named.contains(&with_port) {
            return Err(format!(
                "{with_port} is not allowed: list it in network.hosts of your own configuration"
            ));
        }
        let known = self.instead.get(&with_port).copied();
        match known.or_else(|| literal(host).map(|address| SocketAddr::new(address, port))) {
            Some(address) => self.checked(host, &[address]).map(Route::Addresses),
            None => Ok(Route::LookUp),
        }
    }

    /// All of the addresses, if each may be connected to. One that may not spoils the others: an attacker's name server
    /// would offer both.
    pub(super) fn checked(&self, host: &str, addresses: &[SocketAddr]) -> Result<Vec<SocketAddr>, String> {
        for address in addresses {
            self.check(address.ip()).map_err(|why| {
                format!(
                    "{host} is at {}, {why}; if that is meant, add it to network.allow_private of your own \
                     configuration",
                    address.ip()
                )
            })?;
        }
        Ok(addresses.to_vec())
    }

    fn check(&self, address: IpAddr) -> Result<(), &'static str> {
        let is_allowed = |address: IpAddr| self.allowed.iter().any(|block| block.contains(address));
        match why_not_public(address) {
            None => Ok(()),
            // An IPv4 address in the clothes of another one is looked at by itself.
            Some(why) => match embedded(address) {
                Some(inner) if is_allowed(address) || is_allowed(inner) => {
                    why_not_public(inner).filter(|_| !is_allowed(inner)).map_or(Ok(()), Err)
                }
                None if is_allowed(address) => Ok(()),
                _ => Err(why),
            },
        }
    }
}

/// The address that a host is, with or without brackets.
pub(super) fn literal(host: &str) -> Option<IpAddr> {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host).parse().ok()
}

/// Whether it is a name as DNS has them; nothing that a resolver would take for a number.
fn name(host: &str) -> Result<(), String> {
    let shown = || crate::report::text::visible(host.as_bytes());
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
    };
    let trimmed = host.strip_suffix('.').unwrap_or(host);
    if trimmed.len() > 253 || !trimmed.split('.').all(is_label) {
        return Err(format!("{:?} is no name of a host", shown()));
    }
    let last = trimmed.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|b| b.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    if is_number {
        return Err(format!("{:?} is a number in place of a name", shown()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(change: impl FnOnce(&mut Settings)) -> Guard {
        let mut settings = Settings::default();
        change(&mut settings);
        Guard::new(&settings).unwrap()
    }

    fn refused(guard: &Guard, address: &str) -> bool {
        guard.checked("h", &[SocketAddr::new(address.parse().unwrap(), 443)]).is_err()
    }

    #[test]
    fn one_bad_address_spoils_the_others() {
        let addresses: Vec<SocketAddr> =
            ["140.82.121.6:443", "127.0.0.1:443"].iter().map(|text| text.parse().unwrap()).collect();
        let guard = guard(|_| {});
        assert!(guard.checked("h", &addresses[..1]).is_ok());
        let why = guard.checked("h", &addresses).unwrap_err();
        assert!(
            why.contains("127.0.0.1") && why.contains("loopback") && why.contains("allow_private"),
            "{why}"
        );
    }

    #[test]
    fn what_is_allowed_is_allowed_and_nothing_beside_it() {
        let guard = guard(|settings| {
            settings.allow_private = vec!["10.1.0.0/16".into(), "fd00:1::/32".into(), "64:ff9b::/96".into()];
        });
        for address in ["10.1.2.3", "fd00:1::5", "64:ff9b::8c52:7906", "::ffff:10.1.2.3"] {
            assert!(!refused(&guard, address), "{address}");
        }
        for address in
            ["10.2.0.1", "fd00:2::5", "127.0.0.1", "64:ff9b::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8"]
        {
            assert!(refused(&guard, address), "{address}");
        }
    }

    #[test]
    fn hosts_are_names_and_ports_are_that_of_https() {
        let guard = guard(|settings| {
            settings.hosts.insert("gitlab".into(), vec!["git.example.test:8443".into()]);
        });
        let route = |host: &str, port| guard.route(host, port, Purpose::Verify);
        assert_eq!(route("api.github.com", 443), Ok(Route::LookUp));
        assert_eq!(route("git.example.test", 8443), Ok(Route::LookUp));
        assert!(matches!(route("140.82.121.6", 443), Ok(Route::Addresses(_))));
        for (host, port) in [
            ("api.github.com", 8443),
            ("git.example.test", 22),
            ("", 443),
            ("A.example.test", 443),
            ("a..test", 443),
            ("a@b.test", 443),
            ("a/b", 443),
            ("a\r\nb", 443),
            ("2130706433", 443),
            ("0x7f000001", 443),
            ("127.1", 443),
            ("0x7f.1", 443),
            ("127.0.0.1", 443),
            ("::1", 443),
            ("[::1]", 443),
            ("m\u{fc}ller.test", 443),
        ] {
            assert!(route(host, port).is_err(), "{host:?}:{port}");
        }
    }

    #[test]
    fn behind_a_proxy_names_of_the_local_network_are_not_asked_for() {
        let guard = guard(|settings| {
            settings.proxy = Some("http://proxy.example.test:3128".into());
            settings.hosts.insert("gitlab".into(), vec!["git.internal".into()]);
        });
        let route = |host: &str| guard.route(host, 443, Purpose::Verify);
        assert_eq!(route("api.github.com"), Ok(Route::Proxy));
        assert_eq!(route("git.internal"), Ok(Route::Proxy));
        for host in
            ["localhost", "metadata", "metadata.google.internal", "a.local", "10.0.0.1", "169.254.169.254"]
        {
            assert!(route(host).is_err(), "{host}");
        }
    }

    #[test]
    fn settings_that_cannot_be_read_are_told() {
        for (from, to) in
            [("a", "10.0.0.1:1"), ("a:0", "10.0.0.1:1"), ("a:443", "b:443"), (":443", "10.0.0.1:1")]
        {
            let mut settings = Settings::default();
            settings.connect_to.insert(from.into(), to.into());
            assert!(Guard::new(&settings).unwrap_err().to_string().contains("connect_to"), "{from} {to}");
        }
    }
}
