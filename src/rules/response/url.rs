//! The URL of a request: which host, and what of it.

use super::template::{Piece, is_name, pieces};

/// An URL, taken apart. Its scheme is `https`, its port 443 or that of the host that is asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UrlTemplate<'a> {
    pub(crate) host: HostTemplate<'a>,
    /// Path and query; empty, or begins with `/` or `?`.
    pub(crate) target: Vec<Piece<'a>>,
}

/// Who is asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HostTemplate<'a> {
    /// Always this one.
    Literal(&'a str),
    /// `{host}`: as `host` of the request says.
    Asked,
    /// `{region}.api.example.com`: one label is an input.
    Label {
        /// Which.
        input: &'a str,
        /// What follows; begins with a dot.
        rest: &'a str,
    },
}

impl<'a> UrlTemplate<'a> {
    /// Takes it apart.
    ///
    /// # Errors
    /// If it is no URL that may be asked.
    pub(crate) fn of(url: &'a str) -> Result<Self, String> {
        let rest = url.strip_prefix("https://").ok_or("`url` begins with https://")?;
        let (host, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let host = if host == "{host}" {
            HostTemplate::Asked
        } else if let Some((input, rest)) = host.strip_prefix('{').and_then(|host| host.split_once('}')) {
            if !is_name(input) || !rest.starts_with('.') || !is_domain(&rest[1..]) {
                return Err(format!("host {host:?}: one input, and at least two labels behind it"));
            }
            HostTemplate::Label { input, rest }
        } else if is_domain(host) {
            HostTemplate::Literal(host)
        } else {
            let why = "a name in lower case without user, port and address; `{host}` with a table `host`; or one label as an input";
            return Err(format!("host {host:?} is not {why}"));
        };
        let is_plain = |b: u8| b.is_ascii_graphic() && !b"#\"<>\\^`|".contains(&b);
        if !target.bytes().all(is_plain) {
            return Err(format!("{target:?} is no path and query: other characters are percent-encoded"));
        }
        Ok(UrlTemplate { host, target: pieces(target)? })
    }

    /// The inputs of path and query.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = &'a str> {
        self.target.iter().filter_map(|piece| match piece {
            Piece::Input(name) => Some(*name),
            Piece::Text(_) => None,
        })
    }
}

/// Whether it is a name of at least two labels, in lower case; no address.
pub(crate) fn is_domain(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    let is_number = |label: &&str| label.bytes().all(|b| b.is_ascii_digit()) || label.starts_with("0x");
    text.len() <= 253
        && labels.len() >= 2
        && labels.iter().all(|label| is_label(label))
        && !labels.last().is_some_and(is_number)
}

/// Whether it is one part of a name.
pub(crate) fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Under these anybody gets a name and answers there, or the name points wherever its owner says: what ends so is nobody's
/// in particular, and no secret goes there by its ending.
const ANYBODYS: [&str; 36] = [
    ".appspot.com",
    ".azure-api.net",
    ".azureedge.net",
    ".azurewebsites.net",
    ".blogspot.com",
    ".cloudapp.azure.com",
    ".cloudapp.net",
    ".cloudfront.net",
    ".cloudfunctions.net",
    ".co.jp",
    ".co.uk",
    ".com.au",
    ".com.br",
    ".compute.amazonaws.com",
    ".duckdns.org",
    ".elasticbeanstalk.com",
    ".execute-api.amazonaws.com",
    ".firebaseapp.com",
    ".fly.dev",
    ".github.io",
    ".gitlab.io",
    ".googleusercontent.com",
    ".herokuapp.com",
    ".netlify.app",
    ".ngrok-free.app",
    ".ngrok.io",
    ".nip.io",
    ".onrender.com",
    ".pages.dev",
    ".run.app",
    ".sslip.io",
    ".trycloudflare.com",
    ".up.railway.app",
    ".vercel.app",
    ".web.app",
    ".workers.dev",
];

/// What is wrong with an ending that a host out of the scanned text may have.
pub(crate) fn suffix_complaint(suffix: &str) -> Option<String> {
    if !suffix.strip_prefix('.').is_some_and(is_domain) {
        return Some(format!("suffix {suffix:?}: a dot, and at least two labels in lower case"));
    }
    let is_open = |anybodys: &&str| anybodys.ends_with(suffix) || suffix.ends_with(*anybodys);
    let open = ANYBODYS.iter().find(|anybodys| is_open(anybodys))?;
    Some(format!("suffix {suffix:?}: anybody can answer under {open}; name the hosts, or a service"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_urls() {
        let literal = UrlTemplate::of("https://api.example.com/a?b={secret}").unwrap();
        assert_eq!(literal.host, HostTemplate::Literal("api.example.com"));
        assert_eq!(literal.inputs().collect::<Vec<_>>(), ["secret"]);
        assert_eq!(UrlTemplate::of("https://{host}").unwrap().host, HostTemplate::Asked);
        let label = UrlTemplate::of("https://{dc}.api.example.com/").unwrap().host;
        assert_eq!(label, HostTemplate::Label { input: "dc", rest: ".api.example.com" });
        for wrong in [
            "http://api.example.com/",
            "https://localhost/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://1.0x7f/",
            "https://api.example.com:8443/",
            "https://user@api.example.com/",
            "https://API.example.com/",
            "https://{host}.example.com.:1/",
            "https://{host}x.example.com/",
            "https://{dc}.com/",
            "https://a.{dc}.example.com/",
            "https://{dc}/",
            "https://api.example.com/#a",
            "https://api.example.com/a b",
            "https://api.example.com/{a",
        ] {
            assert!(UrlTemplate::of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn endings_are_somebodys() {
        assert_eq!(suffix_complaint(".okta.com"), None);
        assert_eq!(suffix_complaint(".s3.amazonaws.com"), None);
        for wrong in
            ["okta.com", ".com", ".", "", ".Okta.com", ".amazonaws.com", ".x.github.io", ".co.uk", ".a..com"]
        {
            assert!(suffix_complaint(wrong).is_some(), "{wrong}");
        }
    }
}
