//! The plan of a whole run: every request that may be sent, by rule, before anything is. Holds no secret.
//!
//! Two rules that find one secret and would ask the same of the same host need one request, as a run sends it once.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::call::Purpose;
use super::inputs::Credential;
use super::plan::{Plan, Planned};
use super::verify::Verifier;
use crate::report::json;
use crate::report::text::{one_line, visible};
use crate::secret::Secret;

/// What a run of verification would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// A short code over exactly these credentials and these requests.
    pub plan: String,
    /// How many distinct credentials would be asked about.
    pub credentials: usize,
    /// How many requests would be sent at most.
    pub requests: usize,
    /// To which hosts, and how many at most.
    pub hosts: BTreeMap<String, usize>,
    /// What is sent, by rule.
    pub rules: Vec<RuleOverview>,
    /// What is not asked about, and why.
    pub not_asked: Vec<NotAsked>,
}

/// What is sent about the credentials of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleOverview {
    /// Its id.
    pub rule: String,
    /// Its provider.
    pub provider: String,
    /// How many credentials.
    pub credentials: usize,
    /// The requests.
    pub requests: Vec<RequestOverview>,
    /// What the owner of the credential can see of it, and where.
    pub owner_sees: Option<String>,
}

/// Requests that differ in nothing but the values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RequestOverview {
    /// What and where.
    #[serde(flatten)]
    pub planned: Planned,
    /// How many.
    pub count: usize,
}

/// Credentials that are not asked about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotAsked {
    /// Of which rule; empty if it is about several.
    pub rule: String,
    /// Why.
    pub reason: String,
    /// How many.
    pub count: usize,
}

/// Requests are equal if all of this is.
#[derive(PartialEq, Eq, Hash)]
struct Key<'a> {
    purpose: Purpose,
    host: String,
    template: String,
    /// Of a probe, whose values are made up, the rule; else what goes in.
    rule: &'a str,
    inputs: Vec<(&'a str, &'a Secret)>,
}

impl Overview {
    /// Plans; sends nothing. `lost`: why values are not known, and of how many findings.
    pub fn of(verifier: &Verifier<'_>, credentials: &[Credential], lost: &[(String, usize)]) -> Self {
        let lost = lost.iter().map(|(reason, count)| NotAsked {
            rule: String::new(),
            reason: reason.clone(),
            count: *count,
        });
        let mut overview = Overview { not_asked: lost.collect(), ..Overview::default() };
        let mut known: HashSet<Key<'_>> = HashSet::new();
        let mut lines: Vec<String> = Vec::new();
        for credential in credentials {
            let requests = match verifier.plan(credential) {
                Plan::Nothing(reason) => {
                    overview.leave_out(&credential.rule, reason);
                    continue;
                }
                Plan::Requests(requests) => requests,
            };
            let spec = verifier.responses.verify(&credential.rule);
            let needs_line = spec.is_none_or(|spec| spec.line.is_some());
            lines.push(line(credential, &requests));
            overview.credentials += 1;
            overview.rule(credential, spec.and_then(|spec| spec.trace.as_deref())).credentials += 1;
            for planned in requests {
                if known.insert(Key::new(credential, &planned, needs_line)) {
                    overview.add(credential, planned);
                }
            }
        }
        overview.rules.iter_mut().for_each(|rule| rule.requests.sort());
        overview.rules.sort_by(|a, b| a.rule.cmp(&b.rule));
        overview.not_asked.sort();
        overview.plan = digest(lines);
        overview
    }

    fn rule(&mut self, credential: &Credential, owner_sees: Option<&str>) -> &mut RuleOverview {
        let place = self.rules.iter().position(|rule| rule.rule == credential.rule);
        let place = place.unwrap_or_else(|| {
            self.rules.push(RuleOverview {
                rule: credential.rule.clone(),
                provider: credential.provider.clone(),
                credentials: 0,
                requests: Vec::new(),
                owner_sees: owner_sees.map(str::to_owned),
            });
            self.rules.len() - 1
        });
        &mut self.rules[place]
    }

    fn add(&mut self, credential: &Credential, planned: Planned) {
        self.requests += 1;
        *self.hosts.entry(planned.host.clone()).or_default() += 1;
        let rule = self.rule(credential, None);
        match rule.requests.iter_mut().find(|known| known.planned == planned) {
            Some(known) => known.count += 1,
            None => rule.requests.push(RequestOverview { planned, count: 1 }),
        }
    }

    fn leave_out(&mut self, rule: &str, reason: String) {
        match self.not_asked.iter_mut().find(|one| one.rule == rule && one.reason == reason) {
            Some(known) => known.count += 1,
            None => self.not_asked.push(NotAsked { rule: rule.to_owned(), reason, count: 1 }),
        }
    }

    /// How many requests, in words.
    pub fn needs(&self) -> String {
        count(self.requests, "request")
    }

    /// For programs.
    pub fn document(&self) -> Vec<u8> {
        json::write(self, serde_json::ser::PrettyFormatter::new())
    }

    /// For people.
    pub fn render(&self) -> String {
        let mut out = format!("Plan {}: ", self.plan);
        match self.requests {
            0 => out.push_str("nothing is to be sent.\n"),
            _ => {
                let _ = writeln!(
                    out,
                    "{} at most, about {}, to {}. Nothing was sent yet.",
                    self.needs(),
                    count(self.credentials, "credential"),
                    count(self.hosts.len(), "host")
                );
            }
        }
        for (host, requests) in &self.hosts {
            let _ = writeln!(out, "  {:>5} to {}", requests, visible(host.as_bytes()));
        }
        for rule in &self.rules {
            let _ = writeln!(
                out,
                "\n{} ({}): {}",
                visible(rule.rule.as_bytes()),
                visible(rule.provider.as_bytes()),
                count(rule.credentials, "credential")
            );
            for RequestOverview { planned, count } in &rule.requests {
                let _ = writeln!(
                    out,
                    "  {count:>5} × {:<7} {}  sends {}",
                    purpose(planned.purpose),
                    visible(planned.template.as_bytes()),
                    visible(planned.sends.join(", ").as_bytes())
                );
                if let Some(warning) = planned.warning() {
                    let _ = writeln!(out, "          {warning}");
                }
            }
            if rule.requests.is_empty() {
                out.push_str("          asked about with another rule's\n");
            }
            if let Some(text) = &rule.owner_sees {
                let _ = writeln!(out, "          the owner sees: {}", one_line(text));
            }
        }
        if !self.not_asked.is_empty() {
            out.push_str("\nNot asked about:\n");
        }
        for NotAsked { rule, reason, count } in &self.not_asked {
            let rule = visible(rule.as_bytes());
            let of = if rule.is_empty() { String::new() } else { format!("{rule}: ") };
            let _ = writeln!(out, "  {count:>5} × {of}{}", one_line(reason));
        }
        out
    }
}

impl<'a> Key<'a> {
    fn new(credential: &'a Credential, planned: &Planned, needs_line: bool) -> Self {
        let is_probe = planned.purpose == Purpose::Probe;
        let names = credential.inputs.names().filter(|name| !is_probe && (needs_line || *name != "line"));
        Key {
            purpose: planned.purpose,
            host: planned.host.clone(),
            template: planned.template.clone(),
            rule: if is_probe { &credential.rule } else { "" },
            inputs: names.filter_map(|name| Some((name, credential.inputs.get(name)?))).collect(),
        }
    }
}

/// What the digest covers of one credential. The fingerprint stands for the secret: no hash of one that can be guessed.
fn line(credential: &Credential, requests: &[Planned]) -> String {
    let mut line = format!("{}\0{}", credential.rule, credential.fingerprint);
    for name in credential.inputs.names() {
        let _ = write!(line, "\0{name}");
    }
    for planned in requests {
        let _ = write!(line, "\0{:?}\0{}\0{}", planned.purpose, planned.host, planned.template);
    }
    line
}

/// Eight hex digits, in two groups that can be read aloud.
fn digest(mut lines: Vec<String>) -> String {
    lines.sort();
    let mut hasher = Sha256::new();
    for line in &lines {
        hasher.update((line.len() as u64).to_le_bytes());
        hasher.update(line);
    }
    let mut hex = String::new();
    hasher.finalize()[..4].iter().for_each(|byte| _ = write!(hex, "{byte:02x}"));
    format!("{}-{}", &hex[..4], &hex[4..])
}

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Verify => "ask",
        Purpose::Probe => "probe",
        Purpose::LookUp => "look up",
        Purpose::Revoke => "revoke",
        Purpose::Rotate => "rotate",
        Purpose::Notify => "tell",
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Fingerprint;
    use crate::response::call::{Reply, Request, SendError, Transport};
    use crate::response::inputs::Inputs;
    use crate::response::settings::Settings;
    use crate::rules::RuleSet;
    use crate::rules::response::Responses;

    struct Nobody;

    impl Transport for Nobody {
        fn send(&self, _: &Request) -> Result<Reply, SendError> {
            panic!("a plan sends nothing")
        }
    }

    /// Two rules that ask the same, one that probes first, one that cannot ask.
    fn rules() -> RuleSet {
        let rule = |id: &str, table: &str| {
            format!(
                "[[rules]]\nid = \"{id}\"\nname = \"x\"\ndescription = \"x\"\nseverity = \"high\"\nconfidence = \
                 \"high\"\nkeywords = [\"{id}_\"]\nregex = \'\'\'\\b(?<secret>{id}_[0-9a-z]{{16}})\\b\'\'\'\nremediation = \
                 \"x\"\n[rules.verify]\n{table}\n"
            )
        };
        let ask = "trust = \"V\"\nrequest = { url = \"https://acme.example/me\", headers = { Authorization = \"Bearer \
                   {secret}\" } }\nwhen = [{ status = 200, has = [\"/id\"], verdict = \"live\" }]\ntrace = \"a line in \
                   the audit log\"";
        let mut rules = RuleSet::default();
        let text = [
            rule("one", ask),
            rule("two", ask),
            rule("pro", &format!("{ask}\nprobe = true")),
            rule("non", "none = \"it would be used up\""),
        ];
        rules.add("acme.toml", &text.concat()).unwrap();
        rules
    }

    fn credential(rule: &str, secret: &str) -> Credential {
        let mut inputs = Inputs::default();
        inputs.set("secret", Secret::new(secret.as_bytes()));
        Credential {
            fingerprint: Fingerprint::of_secret(rule, secret.as_bytes()),
            rule: rule.into(),
            provider: "acme".into(),
            inputs,
            place: "a:1".into(),
        }
    }

    fn overview(credentials: &[Credential]) -> Overview {
        let responses = Responses::of(&rules()).unwrap();
        let verifier = Verifier { responses: &responses, transport: &Nobody, settings: &Settings::default() };
        Overview::of(&verifier, credentials, &[("it is gone".into(), 3)])
    }

    #[test]
    fn equal_requests_are_one_and_a_host_is_probed_once() {
        let value = "0123456789abcdef";
        let credentials = [
            credential("one", value),
            credential("two", value),
            credential("two", "another-value-16"),
            credential("pro", "pro_0123456789abcdef"),
            credential("pro", "pro_fedcba9876543210"),
            credential("non", value),
        ];
        let overview = overview(&credentials);
        assert_eq!((overview.credentials, overview.requests), (5, 5));
        assert_eq!(overview.hosts, BTreeMap::from([("acme.example".to_owned(), 5)]));
        let text = overview.render();
        for part in [
            "5 requests at most, about 5 credentials, to 1 host",
            "2 × ask     GET https://acme.example/me  sends secret",
            "1 × probe",
            "the owner sees: a line in the audit log",
            "1 × non: it would be used up",
            "3 × it is gone",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains(value), "{text}");
        let document = String::from_utf8(overview.document()).unwrap();
        assert!(document.contains(&overview.plan) && !document.contains(value), "{document}");
    }

    #[test]
    fn the_code_is_of_exactly_these_credentials() {
        let [a, b] = ["0123456789abcdef", "fedcba9876543210"].map(|value| credential("one", value));
        let code =
            |list: &[&Credential]| overview(&list.iter().map(|one| (*one).clone()).collect::<Vec<_>>()).plan;
        assert_eq!(code(&[&a, &b]), code(&[&b, &a]));
        assert_ne!(code(&[&a]), code(&[&b]));
        assert_ne!(code(&[&a]), code(&[&a, &b]));
        assert_eq!(code(&[&a]).len(), 9);
    }
}
