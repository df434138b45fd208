//! Which hosts may be asked.
//!
//! The attack: a repository holds a token of *your* kind beside *its* host, and waits for it to be verified. So a host out
//! of the text is asked only if it is the provider's by its ending, on the border of a label, or if it is listed where the
//! scanned repository has no say.

use url::Host;

use super::CannotAsk;
use crate::report::text::{clip, visible};
use crate::response::inputs::Inputs;
use crate::response::settings::Settings;
use crate::rules::response::Hosts;
use crate::rules::response::url::is_label;

/// The port that is asked if none is named.
const PORT: u16 = 443;
/// Longest name, with its port.
const LONGEST: usize = 270;

#[expect(
    clippy::disallowed_methods,
    reason = "a host that stands in the text is an input, and as such a secret"
)]
pub(super) fn hosts(spec: &Hosts, inputs: &Inputs, settings: &Settings) -> Result<Vec<String>, CannotAsk> {
    let configured = configured(spec, settings)?;
    let named = spec.from.as_ref().and_then(|from| inputs.get(from)).filter(|named| !named.is_empty());
    if let Some(named) = named {
        let text = String::from_utf8_lossy(named.expose());
        return from_text(spec, &text, &configured).map(|host| vec![host]);
    }
    let mut all: Vec<String> = Vec::new();
    for host in spec.fixed.iter().map(|fixed| (fixed.clone(), PORT)).chain(configured) {
        let host = join(host);
        if !all.contains(&host) {
            all.push(host);
        }
    }
    if all.is_empty() {
        return Err(CannotAsk(format!("its host is not known{}", listed(spec))));
    }
    Ok(all)
}

/// A host out of the text, if it may be asked.
fn from_text(spec: &Hosts, text: &str, configured: &[(String, u16)]) -> Result<String, CannotAsk> {
    let shown = clip(&visible(text.as_bytes()), 80);
    let refuse = |why: &str| CannotAsk(format!("the host {shown:?} beside it is not asked: {why}"));
    let host = split(text).map_err(|why| refuse(&why))?;
    if configured.contains(&host) {
        return Ok(join(host));
    }
    let (name, port) = &host;
    let is_providers =
        |suffix: &String| name.strip_suffix(suffix.as_str()).is_some_and(|rest| !rest.is_empty());
    if !spec.suffixes.iter().filter(|suffix| suffix.starts_with('.')).any(is_providers) {
        return Err(refuse(&format!("it is not known to be the provider's{}", listed(spec))));
    }
    if *port != PORT {
        return Err(refuse(&format!("port {port} is not known to be the provider's{}", listed(spec))));
    }
    Ok(join(host))
}

/// What to do about it.
fn listed(spec: &Hosts) -> String {
    spec.service.as_ref().map_or_else(String::new, |service| {
        format!(
            "; if it is yours, list it in a trusted configuration: [network.hosts] {service} = [\"HOST\"]"
        )
    })
}

/// What trusted configuration lists.
fn configured(spec: &Hosts, settings: &Settings) -> Result<Vec<(String, u16)>, CannotAsk> {
    let Some(service) = &spec.service else { return Ok(Vec::new()) };
    let list = settings.hosts.get(service).map(Vec::as_slice).unwrap_or_default();
    let parse = |host: &String| {
        split(host).map_err(|why| {
            CannotAsk(format!("[network.hosts] {service}: {:?}: {why}", clip(&visible(host.as_bytes()), 80)))
        })
    };
    list.iter().map(parse).collect()
}

fn join((name, port): (String, u16)) -> String {
    if port == PORT { name } else { format!("{name}:{port}") }
}

/// Name and port, in the one way that each is written: lower case, punycode, addresses as four decimal numbers.
pub(super) fn split(text: &str) -> Result<(String, u16), String> {
    if text.len() > LONGEST {
        return Err("it is too long for a host".into());
    }
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) => {
            let is_plain = port.bytes().all(|b| b.is_ascii_digit()) && !port.starts_with('0');
            let port = port.parse().ok().filter(|_| is_plain).ok_or("behind the colon there is no port")?;
            (name, port)
        }
        None => (text, PORT),
    };
    let is_odd = |c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && c != '.' && c != '-';
    if name.is_empty() || name.chars().any(is_odd) {
        return Err("it is no host's name: a user, a path and other characters do not belong to it".into());
    }
    match Host::parse(name) {
        Ok(Host::Domain(domain)) if domain.split('.').all(is_label) && domain.len() <= 253 => {
            Ok((domain, port))
        }
        Ok(Host::Ipv4(address)) if address.to_string() == name => Ok((address.to_string(), port)),
        Ok(Host::Ipv4(_)) => Err("it is an address in an odd notation".into()),
        _ => Err("it is no host's name".into()),
    }
}
