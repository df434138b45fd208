//! Who logs in where: out of the URL that the password stands in.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::finding::Fact;
use crate::response::inputs::Inputs;
use crate::response::modules::ask;

/// What a log-in takes.
pub(super) struct Login<'a> {
    pub(super) scheme: Cow<'a, str>,
    /// Lower case.
    pub(super) host: String,
    pub(super) port: u16,
    /// Empty if none is named.
    pub(super) user: String,
    pub(super) password: Zeroizing<Vec<u8>>,
    pub(super) database: Option<String>,
}

impl<'a> Login<'a> {
    /// # Errors
    /// If it is not told where: says what to give.
    pub(super) fn of(inputs: &'a Inputs, schemes: &[&str], port: u16) -> Result<Self, String> {
        let secret = ask::bytes(inputs, "secret").ok_or("the password is empty")?;
        let given = ask::text(inputs, "host");
        // In an URL, everything is percent-encoded; so the URL says more than its parts, if it is the same place.
        let text = std::str::from_utf8(secret).map_err(|_| "the password is not text")?;
        let texts = ["url", "line"].into_iter().filter_map(|name| ask::text(inputs, name));
        let found = texts.into_iter().find_map(|line| Login::in_text(line, text, schemes, port));
        if let Some(found) =
            found.filter(|found| given.is_none_or(|host| host.eq_ignore_ascii_case(&found.host)))
        {
            return Ok(found);
        }
        let host = given.ok_or("where it counts is not known: give host, user and database")?;
        let number = ask::text(inputs, "port").map_or(Some(port), |text| text.parse().ok());
        let (Some(host), Some(port)) = (name(host), number) else {
            return Err("the host or port that was given is none".to_owned());
        };
        let owned = |name: &str| ask::text(inputs, name).map(str::to_owned);
        Ok(Login {
            scheme: owned("scheme").unwrap_or_default().into(),
            host,
            port,
            user: owned("user").unwrap_or_default(),
            password: Zeroizing::new(secret.to_vec()),
            database: owned("database"),
        })
    }

    /// `scheme://user:SECRET@host:port/database`
    fn in_text(text: &'a str, secret: &str, schemes: &[&str], port: u16) -> Option<Self> {
        let mark = format!(":{secret}@");
        text.match_indices("://").find_map(|(at, _)| {
            let is_scheme = |c: char| c.is_ascii_alphanumeric() || c == '+';
            let start = text[..at]
                .rfind(|c: char| !is_scheme(c))
                .map_or(0, |last| last + text[last..].chars().next().map_or(1, char::len_utf8));
            let scheme = text[start..at].split('+').next()?;
            if !schemes.contains(&scheme) {
                return None;
            }
            let rest = &text[at + 3..];
            let (user, rest) = rest.split_once(&mark)?;
            if user.contains(['/', '?', '#', '@', ' ', '"', '\'']) {
                return None;
            }
            let is_end = |c: char| {
                matches!(c, '/' | '?' | '#' | '"' | '\'' | '`' | '<' | '>' | ')') || c.is_whitespace()
            };
            let authority = &rest[..rest.find(is_end).unwrap_or(rest.len())];
            let path = rest[authority.len()..].strip_prefix('/').unwrap_or_default();
            let database = &path[..path.find(is_end).unwrap_or(path.len())];
            let authority = authority.trim_end_matches([',', ';', '.']);
            let (host, port) = match authority.rsplit_once(':') {
                Some((host, number)) => (host, number.parse().ok()?),
                None => (authority, port),
            };
            let database = decoded(database.trim_end_matches([',', ';']))?;
            Some(Login {
                scheme: scheme.into(),
                host: name(host)?,
                port,
                user: decoded(user)?,
                password: Zeroizing::new(percent_encoding::percent_decode_str(secret).collect()),
                database: Some(database).filter(|name| !name.is_empty()),
            })
        })
    }

    /// For reports, as far as it can be shown.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let place = format!("{}:{}", self.host, self.port);
        let user = Some(ask::plain(&self.user)).filter(|user| !user.is_empty());
        let database = self.database.as_deref().map(ask::plain).filter(|name| !name.is_empty());
        [("user", user), ("server", Some(place)), ("database", database)]
            .into_iter()
            .filter_map(|(name, value)| Some(ask::fact(name, value?)))
            .collect()
    }
}

/// A name or an IPv4 address, in lower case.
fn name(host: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    (!host.is_empty() && host.len() <= 253 && host.chars().all(is_part)).then(|| host.to_ascii_lowercase())
}

fn decoded(text: &str) -> Option<String> {
    let text = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
    (!text.contains('\0') && text.len() <= 128).then(|| text.into_owned())
}
