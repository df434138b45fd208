//! A template and inputs → a request.
//!
//! An input is never more than a value: what it holds is escaped for the place where it stands, and refused where that place
//! has no escapes. So neither a secret nor the text beside it adds a header, a parameter, a field or a path.

use std::collections::BTreeSet;

use serde_json::Value;
use zeroize::Zeroizing;

use super::call::{Purpose, Request};
use super::inputs::Inputs;
use super::settings::Settings;
use crate::rules::LazyRegex;
use crate::rules::response::template::{self, Piece};
use crate::rules::response::url::{HostTemplate, UrlTemplate, is_label};
use crate::rules::response::{Hosts, RequestSpec};
use crate::secret::Secret;

mod allowed;
mod escape;

use escape::Escape;

/// Why no request can be made: told to people, with what to do about it. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CannotAsk(pub String);

/// The hosts that may be asked, in order: `name` or `name:port`.
///
/// # Errors
/// If there is none: an input is missing, or a host out of the scanned text is not allowed.
pub fn hosts(spec: &Hosts, inputs: &Inputs, settings: &Settings) -> Result<Vec<String>, CannotAsk> {
    allowed::hosts(spec, inputs, settings)
}

/// What to give [`request`] as the host, once for each host that may be asked: `None` where the URL names it.
///
/// # Errors
/// As [`hosts`].
pub fn asked(
    spec: &RequestSpec,
    inputs: &Inputs,
    settings: &Settings,
) -> Result<Vec<Option<String>>, CannotAsk> {
    match UrlTemplate::of(&spec.url).map_err(CannotAsk)?.host {
        HostTemplate::Asked => Ok(hosts(&spec.host, inputs, settings)?.into_iter().map(Some).collect()),
        HostTemplate::Literal(_) | HostTemplate::Label { .. } => Ok(vec![None]),
    }
}

/// Adds the named groups of `parts` on the secret to the inputs, and of `line` if there is one. What is known already is
/// not changed by a line: it may be anybody's.
///
/// # Errors
/// If `parts` does not match.
#[expect(clippy::disallowed_methods, reason = "parts of the secret are inputs, and stay secrets")]
pub fn add_groups(inputs: &mut Inputs, parts: Option<&str>, line: Option<&str>) -> Result<(), CannotAsk> {
    let groups = |expression: &str, text: &Secret| {
        let expression = LazyRegex::new(expression.to_owned());
        let groups = expression.groups(text.expose())?;
        Some(
            groups.into_iter().map(|(name, value)| (name.to_owned(), Secret::new(value))).collect::<Vec<_>>(),
        )
    };
    if let Some(parts) = parts {
        let found = inputs.get("secret").and_then(|secret| groups(parts, secret));
        let why = "the secret does not have the parts that its provider wants to be told: it is cut, or of another kind";
        for (name, value) in found.ok_or_else(|| CannotAsk(why.into()))? {
            inputs.set(&name, value);
        }
    }
    let found = line.and_then(|line| groups(line, inputs.get("line")?));
    for (name, value) in found.into_iter().flatten() {
        if inputs.get(&name).is_none() {
            inputs.set(&name, value);
        }
    }
    Ok(())
}

/// Adds what configuration says of inputs of this rule, where the text does not tell.
pub fn add_values(inputs: &mut Inputs, rule: &str, settings: &Settings) {
    for key in [rule, "*"] {
        for (name, value) in settings.values.get(key).into_iter().flatten() {
            if inputs.get(name).is_none() {
                inputs.set(name, Secret::new(value.as_bytes()));
            }
        }
    }
}

/// The request to `host` (`None` where the URL names it).
///
/// # Errors
/// If an input is missing, or cannot stand where the template has it.
pub fn request(
    spec: &RequestSpec,
    inputs: &Inputs,
    host: Option<&str>,
    purpose: Purpose,
) -> Result<Request, CannotAsk> {
    let url = UrlTemplate::of(&spec.url).map_err(CannotAsk)?;
    let filler = Filler { inputs, host };
    let (name, port) = filler.host_of(&url.host)?;
    let mut target = filler.fill(&url.target, Escape::Url)?;
    let shown: String = url.target.iter().map(shown).collect();
    let slash = if target.first() == Some(&b'/') { "" } else { "/" };
    if !slash.is_empty() {
        target.insert(0, b'/');
    }
    escape::check_path(&target)?;
    let mut headers = Vec::new();
    for (name, value) in &spec.headers {
        headers.push((name.to_ascii_lowercase(), filler.text(value, Escape::Header)?));
    }
    if let Some(basic) = &spec.basic {
        headers.push(("authorization".to_owned(), filler.basic(basic)?));
    }
    let body = filler.body(spec)?;
    let mut default = |name: &str, value: &str| {
        if !headers.iter().any(|(known, _)| known == name) {
            headers.push((name.to_owned(), Secret::new(value.as_bytes())));
        }
    };
    default("accept", "application/json");
    if !spec.form.is_empty() {
        default("content-type", "application/x-www-form-urlencoded");
    } else if spec.json.is_some() {
        default("content-type", "application/json");
    }
    let with_port = if port == 443 { String::new() } else { format!(":{port}") };
    Ok(Request {
        purpose,
        method: spec.method.clone(),
        template: format!("{} https://{name}{with_port}{slash}{shown}", spec.method),
        host: name,
        port,
        target: Secret::new(&target),
        headers,
        body,
    })
}

fn shown(piece: &Piece<'_>) -> String {
    match piece {
        Piece::Text(text) => (*text).to_owned(),
        Piece::Input(name) => format!("{{{name}}}"),
    }
}

/// The inputs that leave the machine with a request.
pub fn sent(spec: &RequestSpec) -> Vec<String> {
    let mut names = BTreeSet::new();
    let mut add = |template: &str| names.extend(template::inputs(template).map(str::to_owned));
    add(&spec.url);
    spec.headers.values().chain(spec.form.values()).for_each(|text| add(text));
    spec.basic.iter().chain(&spec.body).for_each(|text| add(text));
    let mut left: Vec<&Value> = spec.json.iter().collect();
    while let Some(value) = left.pop() {
        match value {
            Value::String(text) => add(text),
            Value::Array(list) => left.extend(list),
            Value::Object(map) => left.extend(map.values()),
            _ => {}
        }
    }
    names.remove("host");
    names.into_iter().collect()
}

/// Bytes that are wiped.
type Bytes = Zeroizing<Vec<u8>>;

/// Fills templates of one request.
struct Filler<'a> {
    inputs: &'a Inputs,
    host: Option<&'a str>,
}

impl Filler<'_> {
    /// The value of an input.
    #[expect(clippy::disallowed_methods, reason = "a request to the secret's own provider holds it")]
    fn value(&self, name: &str) -> Result<&[u8], CannotAsk> {
        if let Some(host) = self.host.filter(|_| name == "host") {
            return Ok(host.as_bytes());
        }
        match self.inputs.get(name).filter(|_| name != "line") {
            Some(value) if !value.is_empty() => Ok(value.expose()),
            Some(_) => Err(CannotAsk(format!("the input `{name}` is empty"))),
            None => Err(CannotAsk(format!(
                "the input `{name}` is missing: give it with `--set {name}=VALUE`, or under [network.values] of a trusted \
                 configuration"
            ))),
        }
    }

    fn host_of(&self, host: &HostTemplate<'_>) -> Result<(String, u16), CannotAsk> {
        match host {
            HostTemplate::Literal(name) => Ok(((*name).to_owned(), 443)),
            HostTemplate::Asked => {
                let host = self.host.ok_or_else(|| CannotAsk("no host to ask is known".into()))?;
                allowed::split(host).map_err(CannotAsk)
            }
            HostTemplate::Label { input, rest } => {
                let value = std::str::from_utf8(self.value(input)?).unwrap_or_default().to_ascii_lowercase();
                if !is_label(&value) {
                    return Err(CannotAsk(format!("the input `{input}` is not one part of a host's name")));
                }
                Ok((format!("{value}{rest}"), 443))
            }
        }
    }

    /// Grows no further than what is reserved, so that no copy is left behind.
    fn fill(&self, pieces: &[Piece<'_>], escape: Escape) -> Result<Bytes, CannotAsk> {
        let mut most = 1;
        for piece in pieces {
            most += match piece {
                Piece::Text(text) => text.len(),
                Piece::Input(name) => escape::GROWTH * self.value(name)?.len(),
            };
        }
        let mut filled = Zeroizing::new(Vec::with_capacity(most));
        let is_whole = pieces.len() == 1;
        for piece in pieces {
            match piece {
                Piece::Text(text) => filled.extend_from_slice(text.as_bytes()),
                Piece::Input(name) => escape.push(name, self.value(name)?, is_whole, &mut filled)?,
            }
        }
        Ok(filled)
    }

    fn text(&self, template: &str, escape: Escape) -> Result<Secret, CannotAsk> {
        let pieces = template::pieces(template).map_err(CannotAsk)?;
        Ok(Secret::new(&self.fill(&pieces, escape)?))
    }

    fn basic(&self, template: &str) -> Result<Secret, CannotAsk> {
        use base64::Engine as _;
        let pieces = template::pieces(template).map_err(CannotAsk)?;
        // A colon ends the user's name.
        for piece in &pieces {
            match piece {
                Piece::Text(text) if text.contains(':') => break,
                Piece::Input(name) if self.value(name)?.contains(&b':') => {
                    return Err(CannotAsk(format!(
                        "the input `{name}` holds a colon, which a user's name cannot"
                    )));
                }
                _ => {}
            }
        }
        let plain = self.fill(&pieces, Escape::Basic)?;
        let mut header = Zeroizing::new(String::with_capacity(8 + plain.len() * 2));
        header.push_str("Basic ");
        base64::engine::general_purpose::STANDARD.encode_string(&*plain, &mut header);
        Ok(Secret::new(header.as_bytes()))
    }

    fn body(&self, spec: &RequestSpec) -> Result<Option<Secret>, CannotAsk> {
        if let Some(json) = &spec.json {
            let mut most = 64;
            self.measure(json, &mut most)?;
            let mut body = Zeroizing::new(Vec::with_capacity(most));
            self.json(json, &mut body)?;
            return Ok(Some(Secret::new(&body)));
        }
        if !spec.form.is_empty() {
            let mut parts: Vec<Bytes> = Vec::new();
            for (name, value) in &spec.form {
                let pieces = template::pieces(value).map_err(CannotAsk)?;
                let value = self.fill(&pieces, Escape::Form)?;
                let mut part = Zeroizing::new(Vec::with_capacity(3 * name.len() + value.len() + 1));
                Escape::Form.push(name, name.as_bytes(), false, &mut part)?;
                part.push(b'=');
                part.extend_from_slice(&value);
                parts.push(part);
            }
            let mut body = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len() + 1).sum()));
            for part in &parts {
                if !body.is_empty() {
                    body.push(b'&');
                }
                body.extend_from_slice(part);
            }
            return Ok(Some(Secret::new(&body)));
        }
        spec.body.as_ref().map(|body| self.text(body, Escape::Raw)).transpose()
    }

    /// An upper bound of what JSON takes when it is filled.
    fn measure(&self, value: &Value, most: &mut usize) -> Result<(), CannotAsk> {
        match value {
            Value::String(text) => {
                let pieces = template::pieces(text).map_err(CannotAsk)?;
                *most += 2 + escape::GROWTH * self.fill(&pieces, Escape::Json)?.len();
            }
            Value::Array(list) => list.iter().try_for_each(|value| self.measure(value, most))?,
            Value::Object(map) => {
                for (name, value) in map {
                    *most += 4 + escape::GROWTH * name.len();
                    self.measure(value, most)?;
                }
            }
            other => *most += other.to_string().len(),
        }
        *most += 4;
        Ok(())
    }

    fn json(&self, value: &Value, body: &mut Bytes) -> Result<(), CannotAsk> {
        match value {
            Value::String(text) => {
                let pieces = template::pieces(text).map_err(CannotAsk)?;
                let filled = self.fill(&pieces, Escape::Json)?;
                escape::quote(&filled, body)?;
            }
            Value::Array(list) => {
                body.push(b'[');
                for (number, value) in list.iter().enumerate() {
                    if number > 0 {
                        body.push(b',');
                    }
                    self.json(value, body)?;
                }
                body.push(b']');
            }
            Value::Object(map) => {
                body.push(b'{');
                for (number, (name, value)) in map.iter().enumerate() {
                    if number > 0 {
                        body.push(b',');
                    }
                    escape::quote(name.as_bytes(), body)?;
                    body.push(b':');
                    self.json(value, body)?;
                }
                body.push(b'}');
            }
            other => body.extend_from_slice(other.to_string().as_bytes()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
