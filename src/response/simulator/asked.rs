//! A request as the simulator reads it, within bounds.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use crate::secret::Secret;

const LONGEST_HEAD: usize = 32 * 1024;
const LONGEST_BODY: usize = 256 * 1024;
const MOST_HEADERS: usize = 100;

/// It.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    /// Lower case, without a port.
    pub(super) host: String,
    /// As it stood.
    pub(super) target: String,
    /// Decoded parts of the path.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What of a head is there.
enum Head {
    /// There is more to come.
    Partial,
    /// All, and its length.
    Whole(Box<Asked>, usize),
}

impl Asked {
    /// Reads one request; `None` if none comes, or none that can be read.
    pub(super) fn read(stream: &mut impl Read) -> Option<Self> {
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let amount = stream.read(&mut chunk).ok().filter(|amount| *amount > 0)?;
            bytes.extend_from_slice(chunk.get(..amount)?);
            if let Head::Whole(mut asked, head) = Asked::of_head(&bytes)? {
                let length = asked.header("content-length").map_or(Some(0), |text| text.parse().ok())?;
                if length > LONGEST_BODY || asked.header("transfer-encoding").is_some() {
                    return None;
                }
                asked.body = bytes.split_off(head);
                while asked.body.len() < length {
                    let amount = stream.read(&mut chunk).ok().filter(|amount| *amount > 0)?;
                    asked.body.extend_from_slice(chunk.get(..amount)?);
                }
                asked.body.truncate(length);
                return Some(*asked);
            }
            if bytes.len() > LONGEST_HEAD {
                return None;
            }
        }
    }

    /// The head, if it can be one.
    fn of_head(bytes: &[u8]) -> Option<Head> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(length) = request.parse(bytes).ok()? else {
            return Some(Head::Partial);
        };
        let text = |header: &httparse::Header<'_>| {
            let value = std::str::from_utf8(header.value).ok()?;
            Some((header.name.to_ascii_lowercase(), value.to_owned()))
        };
        let headers: Vec<_> = request.headers.iter().filter_map(text).collect();
        let target = request.path?.to_owned();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let host = headers.iter().find(|(name, _)| name == "host").map(|(_, value)| value.as_str())?;
        let host = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let asked = Asked {
            method: request.method?.to_owned(),
            host: host.to_ascii_lowercase(),
            path: percent_decode_str(path).decode_utf8().ok()?.into_owned(),
            query: pairs(query),
            target,
            headers,
            body: Vec::new(),
        };
        Some(Head::Whole(Box::new(asked), length))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What stands behind `Bearer` or `token`.
    pub(super) fn bearer(&self) -> Option<&str> {
        let (scheme, value) = self.header("authorization")?.split_once(' ')?;
        let is_known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
        is_known.then(|| value.trim())
    }

    /// Name and password of `Basic`.
    pub(super) fn basic(&self) -> Option<(String, String)> {
        let (scheme, value) = self.header("authorization")?.split_once(' ')?;
        let text = STANDARD.decode(value.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        let text = String::from_utf8(text).ok()?;
        text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
    }

    /// A value of the form in the body.
    pub(super) fn form(&self, name: &str) -> Option<String> {
        let text = std::str::from_utf8(&self.body).ok()?;
        pairs(text).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// A value of the query.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether a secret stands in it somewhere, as it is, encoded for a URL, or in `Basic`.
    #[expect(clippy::disallowed_methods, reason = "made-up values are looked for in what was received")]
    pub(super) fn holds(&self, secret: &Secret) -> bool {
        let Ok(text) = std::str::from_utf8(secret.expose()) else { return false };
        let encoded = encoded(text);
        let is_in = |haystack: &str| haystack.contains(text) || haystack.contains(&encoded);
        is_in(&self.target)
            || self.path.contains(text)
            || self.headers.iter().any(|(_, value)| is_in(value))
            || self.basic().is_some_and(|(name, password)| is_in(&name) || is_in(&password))
            || is_in(&String::from_utf8_lossy(&self.body))
            // A webhook is the whole URL.
            || format!("https://{}{}", self.host, self.target).contains(text)
    }

    /// The credential that stands in it, for faults that echo.
    pub(super) fn token(&self) -> String {
        let of_header =
            ["private-token", "x-vault-token", "x-api-key"].iter().find_map(|name| self.header(name));
        let found = self.bearer().or(of_header).map(str::to_owned);
        found
            .or_else(|| self.form("token"))
            .unwrap_or_else(|| String::from_utf8_lossy(&self.body).into_owned())
    }
}

/// A target without a secret.
#[expect(clippy::disallowed_methods, reason = "made-up values are taken out of what is noted")]
pub(super) fn without(target: &str, secret: &Secret) -> String {
    let Ok(text) = std::str::from_utf8(secret.expose()) else { return target.to_owned() };
    let tail = text.strip_prefix("https://").and_then(|rest| rest.find('/').and_then(|at| rest.get(at..)));
    let mut target = target.replace(&encoded(text), "{secret}").replace(text, "{secret}");
    if let Some(tail) = tail.filter(|tail| tail.len() > 1) {
        target = target.replace(tail, "/{secret}");
    }
    target
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).map(|(name, value)| (name.into(), value.into())).collect()
}
