//! What would be sent: said before anything is.

use serde::Serialize;

use super::call::Purpose;

/// One request that may be sent. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Planned {
    /// What for.
    pub purpose: Purpose,
    /// `METHOD https://host/path`, with `{NAME}` where inputs stand.
    pub template: String,
    /// To which host.
    pub host: String,
    /// Which inputs leave the machine: `secret`, `companion`, ….
    pub sends: Vec<String>,
}

impl Planned {
    /// What to know before agreeing to it.
    pub fn warning(&self) -> Option<&'static str> {
        let is_secret = |name: &String| {
            ["secret", "token", "password", "responder"].iter().any(|word| name.contains(word))
                && !name.ends_with("_id")
        };
        let in_url = |name: &&String| self.template.contains(&format!("{{{name}}}"));
        let is_told = self.sends.iter().filter(|name| is_secret(name)).any(|name| in_url(&name));
        is_told.then_some(
            "the secret stands in the URL, since its provider takes it nowhere else: logs may keep it",
        )
    }
}

/// What would be done about one credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Plan {
    /// These requests, at most, in this order.
    Requests(Vec<Planned>),
    /// Nothing, and why not.
    Nothing(String),
}
