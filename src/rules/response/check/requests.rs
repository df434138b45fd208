//! Requests: whom they go to, what stands where, and whether every name in them is known.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::template::{Piece, pieces};
use super::super::url::{HostTemplate, UrlTemplate, is_domain, suffix_complaint};
use super::super::{Hosts, RequestSpec};
use super::{Checked, ensure};

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Verify,
    LookUp,
    /// Revokes, or issues a replacement: a responder's credential may stand in it.
    Change,
}

/// The transport's own, and what would change whom it talks to.
const NOT_OURS: [&str; 10] = [
    "connection",
    "content-length",
    "cookie",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Groups with such names hold what must not stand in a URL.
const SECRET_NAMES: [&str; 4] = ["secret", "token", "password", "responder"];

pub(super) fn check(request: &RequestSpec, known: &BTreeSet<&str>, used: Use) -> Checked {
    let mut known = known.clone();
    if used == Use::Change {
        known.insert("responder");
    }
    let methods: &[&str] = match used {
        Use::Verify | Use::LookUp => &["GET", "HEAD", "POST"],
        Use::Change => &["GET", "POST", "PUT", "PATCH", "DELETE"],
    };
    let method = request.method.as_str();
    ensure(methods.contains(&method), format!("method {method:?} is none of {}", methods.join(", ")))?;
    let url = UrlTemplate::of(&request.url)?;
    host(&url.host, &request.host, &known)?;
    if url.host == HostTemplate::Asked {
        known.insert("host");
    }
    let in_url: Vec<&str> = url.inputs().collect();
    let mut used_names: BTreeSet<&str> = in_url.iter().copied().collect();
    if let HostTemplate::Label { input, .. } = url.host {
        used_names.insert(input);
    }
    let is_secret =
        |name: &&str| SECRET_NAMES.iter().any(|word| name.contains(word)) && !name.ends_with("_id");
    let secret = in_url.iter().copied().find(is_secret);
    if let Some(name) = secret {
        let why = format!(
            "`{{{name}}}` stands in the URL, where logs keep it: in a header or body, or `secret_in_url = true`"
        );
        ensure(request.secret_in_url, why)?;
    }
    headers(&request.headers)?;
    let has = |name: &str| request.headers.keys().any(|known| known.eq_ignore_ascii_case(name));
    if let Some(basic) = &request.basic {
        let colons = pieces(basic)?
            .iter()
            .filter(|piece| matches!(piece, Piece::Text(text) if text.contains(':')))
            .count();
        ensure(colons >= 1, "`basic` is USER:PASSWORD")?;
        ensure(!has("authorization"), "`basic` and a header `authorization` exclude each other")?;
    }
    let bodies = [!request.form.is_empty(), request.json.is_some(), request.body.is_some()];
    let bodies = bodies.iter().filter(|given| **given).count();
    ensure(bodies <= 1, "at most one of `form`, `json` and `body` is given")?;
    ensure(bodies == 0 || !["GET", "HEAD"].contains(&method), format!("{method} has no body"))?;
    ensure(request.body.is_none() || has("content-type"), "`body` wants a header `content-type`")?;
    let mut templates: Vec<&str> = vec![&request.url];
    templates.extend(request.headers.values().chain(request.form.values()).map(String::as_str));
    templates.extend(request.basic.iter().chain(&request.body).map(String::as_str));
    if let Some(json) = &request.json {
        strings(json, &mut templates);
    }
    for template in templates {
        used_names.extend(names_known(template, &known)?);
    }
    // A call that is the same for every secret says nothing of this one.
    let sends_secret = used_names.iter().any(|name| !["host", "companion"].contains(name));
    ensure(used == Use::Change || sends_secret, "the secret does not stand in the request")
}

/// The names in a template, all of which must be known.
pub(super) fn names_known<'a>(template: &'a str, known: &BTreeSet<&str>) -> Result<Vec<&'a str>, String> {
    let mut names = Vec::new();
    for piece in pieces(template)? {
        let Piece::Input(name) = piece else { continue };
        let is_responder = known.contains("responder") && name.starts_with("responder_");
        if !known.contains(name) && !is_responder {
            let all = known.iter().copied().collect::<Vec<_>>().join(", ");
            return Err(format!(
                "`{{{name}}}` is not known here ({all}); what the user gives is listed: needs = [{name:?}]"
            ));
        }
        names.push(name);
    }
    Ok(names)
}

fn strings<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(list) => list.iter().for_each(|value| strings(value, found)),
        Value::Object(map) => map.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

fn headers(headers: &BTreeMap<String, String>) -> Checked {
    let mut seen = BTreeSet::new();
    for (name, value) in headers {
        ensure(is_header_name(name), format!("{name:?} is no name of a header"))?;
        let lower = name.to_ascii_lowercase();
        let is_ours = !NOT_OURS.contains(&lower.as_str()) && !lower.starts_with("proxy-");
        ensure(is_ours, format!("the header {name:?} is not a rule's"))?;
        ensure(seen.insert(lower), format!("the header {name:?} is there twice"))?;
        let is_plain = value.bytes().all(|b| (b' '..=b'~').contains(&b));
        ensure(is_plain, format!("the value of the header {name:?} is not printable ASCII"))?;
    }
    Ok(())
}

pub(super) fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

fn host(url: &HostTemplate<'_>, hosts: &Hosts, known: &BTreeSet<&str>) -> Checked {
    match url {
        HostTemplate::Asked => {
            let is_given = !hosts.fixed.is_empty() || hosts.service.is_some() || hosts.from.is_some();
            ensure(is_given, "`{host}` wants `host` with `fixed`, `service` or `from`")?;
        }
        HostTemplate::Label { input, rest } => {
            ensure(*hosts == Hosts::default(), "`host` belongs to an URL with `{host}`")?;
            ensure(known.contains(input), format!("`{{{input}}}` is not known here"))?;
            ensure(*input != "secret", "the secret does not stand in a host's name")?;
            return suffix_complaint(rest).map_or(Ok(()), Err);
        }
        HostTemplate::Literal(_) => {
            return ensure(*hosts == Hosts::default(), "`host` belongs to an URL with `{host}`");
        }
    }
    for fixed in &hosts.fixed {
        ensure(is_domain(fixed), format!("`host.fixed`: {fixed:?} is no name in lower case"))?;
    }
    if let Some(service) = &hosts.service {
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b);
        let why = format!("`host.service`: {service:?} is a word in lower case");
        ensure(!service.is_empty() && service.bytes().all(is_plain), why)?;
    }
    if let Some(complaint) = hosts.suffixes.iter().find_map(|suffix| suffix_complaint(suffix)) {
        return Err(format!("`host`: {complaint}"));
    }
    match &hosts.from {
        Some(from) => {
            let is_known = known.contains(from.as_str()) && from != "secret";
            ensure(
                is_known,
                format!("`host.from`: {from:?} is no group, no companion and nothing of `needs`"),
            )?;
            let is_bounded = !hosts.suffixes.is_empty() || hosts.service.is_some();
            ensure(is_bounded, "a host out of the scanned text wants `suffixes` or a `service`")
        }
        None => ensure(hosts.suffixes.is_empty(), "`suffixes` belong to `from`"),
    }
}
