//! `[[hooks]]` of trusted configuration: raw → checked.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::Event;
use super::filter::Filter;
use crate::finding::{Liveness, Severity};
use crate::report::text::visible;

/// One hook, as it is written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct HookSection {
    /// What it is called in the journal and in messages.
    pub name: String,
    /// What it waits for.
    pub on: Vec<Event>,
    /// Only of these rules; `*` stands for any characters.
    pub rules: Vec<String>,
    /// Only of these providers; the same.
    pub providers: Vec<String>,
    /// Only what these refs have (`refs/heads/main`, `refs/tags/v*`).
    pub refs: Vec<String>,
    /// Only what these branches have (`main`, `release/*`).
    pub branches: Vec<String>,
    /// Only what is at least that severe.
    pub severity: Option<Severity>,
    /// Only what the provider said this of.
    pub verdicts: Vec<Liveness>,
    /// Whether it acts by itself, or with `--run-hooks` only.
    pub mode: Mode,
    /// Whether a run in which it fails is incomplete.
    pub required: bool,
    /// A program, absolute, and its arguments. No shell.
    pub program: Option<Vec<String>>,
    /// Names of variables that the program is given, beside `PATH`, `HOME` and `LANG`.
    pub env: Vec<String>,
    /// An address to post to: `https://…`.
    pub webhook: Option<String>,
    /// The variable that holds the address, where the address is a secret itself.
    pub webhook_env: Option<String>,
    /// What is posted.
    pub shape: Option<Shape>,
    /// The variable that holds the key of the signature.
    pub key_env: Option<String>,
    /// Headers, and the variables that hold their values.
    pub headers_env: BTreeMap<String, String>,
    /// How often it is posted again if the other side cannot take it: 3 if nothing is said, 5 at most.
    pub retries: Option<u8>,
    /// Revoke what it fires for, as `[revoke]` allows.
    pub revoke: bool,
    /// Give the secret itself away.
    pub send_secret: bool,
    /// Seconds that a program may take: 30 if nothing is said, 600 at most.
    pub timeout: Option<u64>,
    /// How often it acts in a run, at most: 100 if nothing is said.
    pub most: Option<u32>,
}

/// Whether a hook acts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It is told what would be done. `--run-hooks` makes it act.
    #[default]
    #[serde(alias = "dry-run")]
    DryRun,
    /// It acts.
    Live,
}

/// What a webhook is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// The document of docs/hooks.md.
    #[default]
    Muzzle,
    /// A message.
    Slack,
    /// A list of one, as GitHub tells its partners of a leaked token.
    GithubPartner,
    /// A list of one, as GitLab asks a token revocation service.
    GitlabTokenRevocation,
}

impl Shape {
    /// Whether it is made to carry the secret.
    pub(super) fn carries_secret(self) -> bool {
        matches!(self, Shape::GithubPartner | Shape::GitlabTokenRevocation)
    }
}

/// One hook, checked.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    pub(super) name: String,
    pub(super) on: Vec<Event>,
    pub(super) filter: Filter,
    pub(super) is_live: bool,
    pub(super) required: bool,
    pub(super) send_secret: bool,
    pub(super) most: u32,
    pub(super) action: Action,
}

/// What a hook does.
#[derive(Debug, Clone)]
pub(super) enum Action {
    Program { argv: Vec<String>, env: Vec<String>, timeout: Duration },
    Webhook(Box<Webhook>),
    Revoke,
}

#[derive(Debug, Clone)]
pub(super) struct Webhook {
    pub(super) address: Address,
    pub(super) shape: Shape,
    pub(super) key_env: Option<String>,
    pub(super) headers_env: BTreeMap<String, String>,
    pub(super) retries: u8,
}

#[derive(Debug, Clone)]
pub(super) enum Address {
    Known(Url),
    Variable(String),
}

/// A hook that cannot be, said so that its author can mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("[[hooks]] {}: {why}", visible(name.as_bytes()))]
pub struct HookError {
    name: String,
    why: String,
}

const LONGEST_TIMEOUT: u64 = 600;
const MOST_RETRIES: u8 = 5;

impl Hook {
    /// All of them.
    pub(super) fn all(sections: &[HookSection]) -> Result<Vec<Hook>, HookError> {
        let mut hooks: Vec<Hook> = Vec::new();
        for (number, section) in sections.iter().enumerate() {
            let name =
                if section.name.is_empty() { format!("number {}", number + 1) } else { section.name.clone() };
            let hook = Hook::of(section).map_err(|why| HookError { name: name.clone(), why })?;
            if hooks.iter().any(|known| known.name == hook.name) {
                return Err(HookError { name, why: "another hook has that name".into() });
            }
            hooks.push(hook);
        }
        Ok(hooks)
    }

    fn of(section: &HookSection) -> Result<Hook, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if section.name.is_empty() || !section.name.chars().all(plain) || section.name.len() > 64 {
            return Err("name: give it one of letters, digits, `-`, `_` and `.`".into());
        }
        if section.on.is_empty() {
            return Err(format!("on: say when it fires, one of {}", Event::NAMES.join(", ")));
        }
        let action = section.action()?;
        section.check_secret(&action)?;
        Ok(Hook {
            name: section.name.clone(),
            on: section.on.clone(),
            filter: Filter::of(section)?,
            is_live: section.mode == Mode::Live,
            required: section.required,
            send_secret: section.send_secret,
            most: section.most.unwrap_or(100),
            action,
        })
    }
}

impl HookSection {
    fn action(&self) -> Result<Action, String> {
        let is_webhook = self.webhook.is_some() || self.webhook_env.is_some();
        let count = usize::from(self.program.is_some()) + usize::from(is_webhook) + usize::from(self.revoke);
        if count != 1 || (self.webhook.is_some() && self.webhook_env.is_some()) {
            return Err("give it exactly one of program, webhook, webhook_env and revoke = true".into());
        }
        let is_program = self.program.is_some();
        let strangers = [
            ("env", !self.env.is_empty() && !is_program, "program"),
            ("timeout", self.timeout.is_some() && !is_program, "program"),
            ("shape", self.shape.is_some() && !is_webhook, "webhook"),
            ("key_env", self.key_env.is_some() && !is_webhook, "webhook"),
            ("headers_env", !self.headers_env.is_empty() && !is_webhook, "webhook"),
            ("retries", self.retries.is_some() && !is_webhook, "webhook"),
        ];
        if let Some((key, _, of)) = strangers.iter().find(|(_, is_wrong, _)| *is_wrong) {
            return Err(format!("{key}: this belongs to a hook with {of}"));
        }
        let names =
            self.env.iter().chain(&self.webhook_env).chain(&self.key_env).chain(self.headers_env.values());
        if let Some(name) = names.into_iter().find(|name| !is_variable(name)) {
            return Err(format!(
                "{}: not the name of a variable; values do not stand in this file",
                visible(name.as_bytes())
            ));
        }
        if let Some(argv) = &self.program {
            return self.program(argv);
        }
        if self.revoke { Ok(Action::Revoke) } else { self.webhook() }
    }

    fn program(&self, argv: &[String]) -> Result<Action, String> {
        let program = argv.first().ok_or("program: name one")?;
        if !std::path::Path::new(program).is_absolute() {
            return Err(format!(
                "program: {} is not absolute: which file that is would depend on who runs it where",
                visible(program.as_bytes())
            ));
        }
        if argv.iter().any(|argument| argument.contains('\0')) {
            return Err("program: an argument cannot hold a NUL".into());
        }
        let timeout = self.timeout.unwrap_or(30);
        if !(1..=LONGEST_TIMEOUT).contains(&timeout) {
            return Err(format!("timeout: from 1 to {LONGEST_TIMEOUT} seconds"));
        }
        let timeout = Duration::from_secs(timeout);
        Ok(Action::Program { argv: argv.to_vec(), env: self.env.clone(), timeout })
    }

    fn webhook(&self) -> Result<Action, String> {
        let address = match (&self.webhook, &self.webhook_env) {
            (Some(text), _) => Address::Known(address(text).map_err(|why| format!("webhook: {why}"))?),
            (None, name) => Address::Variable(name.clone().unwrap_or_default()),
        };
        for name in self.headers_env.keys() {
            let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            let lower = name.to_ascii_lowercase();
            let is_ours = lower.starts_with("x-muzzle-")
                || [
                    "host",
                    "content-length",
                    "content-type",
                    "user-agent",
                    "idempotency-key",
                    "transfer-encoding",
                ]
                .contains(&lower.as_str());
            if !is_name || is_ours {
                return Err(format!("headers_env: {} cannot be set", visible(name.as_bytes())));
            }
        }
        let retries = self.retries.unwrap_or(3);
        if retries > MOST_RETRIES {
            return Err(format!("retries: {MOST_RETRIES} at most"));
        }
        Ok(Action::Webhook(Box::new(Webhook {
            address,
            shape: self.shape.unwrap_or_default(),
            key_env: self.key_env.clone(),
            headers_env: self.headers_env.clone(),
            retries,
        })))
    }

    /// The secret leaves only where that was said, and where there is a place for it.
    fn check_secret(&self, action: &Action) -> Result<(), String> {
        let about_runs = self.on.contains(&Event::ScanFinished);
        match action {
            Action::Revoke if self.send_secret => Err("send_secret: revoke = true sends it where it belongs anyway".into()),
            Action::Revoke if self.on.iter().any(|on| !matches!(on, Event::Finding | Event::VerifiedActive)) => {
                Err("on: revoke = true waits for finding or verified_active".into())
            }
            Action::Webhook(webhook) if webhook.shape.carries_secret() && !self.send_secret => Err(
                "shape: this one carries the secret itself: send_secret = true says that it may leave".into(),
            ),
            Action::Webhook(webhook) if webhook.shape.carries_secret() && about_runs => {
                Err("on: this shape tells of one secret, and scan_finished has none".into())
            }
            Action::Webhook(webhook) if !webhook.shape.carries_secret() && self.send_secret => Err(
                "send_secret: webhooks carry the secret in the shapes github_partner and gitlab_token_revocation only"
                    .into(),
            ),
            _ => Ok(()),
        }
    }
}

fn is_variable(name: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    !name.is_empty() && name.bytes().all(is_part) && !name.as_bytes()[0].is_ascii_digit()
}

/// An address that may be posted to. Says nothing of the text, which may be a secret.
pub(super) fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).map_err(|error| format!("not an address: {error}"))?;
    if url.scheme() != "https" {
        return Err("not https: what is sent could be read on the way".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("no user or password in an address: headers_env has a place for credentials".into());
    }
    if url.host_str().is_none() || url.fragment().is_some() {
        return Err("an address of the form https://HOST/PATH is meant".into());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        hooks: Vec<HookSection>,
    }

    fn read(text: &str) -> Result<Vec<Hook>, String> {
        let file: File = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        Hook::all(&file.hooks).map_err(|error| error.to_string())
    }

    fn refusal(text: &str) -> String {
        read(&format!("[[hooks]]\n{text}")).unwrap_err()
    }

    #[test]
    fn hooks_are_read() {
        let hooks = read(
            "[[hooks]]\nname = 'page'\non = ['verified-active', 'finding']\nrules = ['aws-*']\nprogram = ['/bin/page', '$(x)']\n\
             [[hooks]]\nname = 'chat'\non = ['scan_finished']\nmode = 'live'\nwebhook_env = 'CHAT'\nshape = 'slack'\n\
             [[hooks]]\nname = 'kill'\non = ['verified_active']\nrevoke = true\n",
        )
        .unwrap();
        assert_eq!(hooks[0].on, [Event::VerifiedActive, Event::Finding]);
        assert!(!hooks[0].is_live && hooks[1].is_live);
        assert!(matches!(&hooks[0].action, Action::Program { argv, .. } if argv[1] == "$(x)"));
    }

    #[test]
    fn mistakes_are_told() {
        let base = "name = 'a'\non = ['finding']\n";
        for (text, why) in [
            ("on = ['finding']\nprogram = ['/x']", "number 1: name"),
            ("name = 'a b'\non = ['finding']\nprogram = ['/x']", "name"),
            ("name = 'a'\nprogram = ['/x']", "on: say when"),
            ("name = 'a'\non = ['sometimes']\nprogram = ['/x']", "unknown variant"),
            (base, "exactly one"),
            (&format!("{base}program = ['/x']\nrevoke = true"), "exactly one"),
            (&format!("{base}program = ['x']"), "not absolute"),
            (&format!("{base}program = ['./x']"), "not absolute"),
            (&format!("{base}program = []"), "name one"),
            (&format!("{base}program = ['/x']\ntimeout = 0"), "timeout"),
            (&format!("{base}program = ['/x']\nshell = true"), "unknown field"),
            (&format!("{base}program = ['/x']\nshape = 'slack'"), "belongs to a hook with webhook"),
            (&format!("{base}program = ['/x']\nenv = ['A=b']"), "not the name of a variable"),
            (&format!("{base}webhook = 'http://h.example/'"), "not https"),
            (&format!("{base}webhook = 'https://u@h.example/'"), "no user"),
            (
                &format!("{base}webhook = 'https://h.example/'\nshape = 'github_partner'"),
                "send_secret = true",
            ),
            (&format!("{base}webhook = 'https://h.example/'\nshape = 'slack'\nsend_secret = true"), "only"),
            (&format!("{base}webhook = 'https://h.example/'\nsend_secret = true"), "only"),
            (
                &format!("{base}webhook = 'https://h.example/'\nheaders_env = {{ Host = 'A' }}"),
                "cannot be set",
            ),
            (&format!("{base}revoke = true\nsend_secret = true"), "anyway"),
            ("name = 'a'\non = ['revoked']\nrevoke = true", "waits for"),
            (&format!("{base}program = ['/x']\nrules = ['[']"), "rules"),
        ] {
            let said = refusal(text);
            assert!(said.contains(why), "{text}: {said}");
        }
        let twice = format!("{base}program = ['/x']\n[[hooks]]\n{base}program = ['/x']");
        assert!(refusal(&twice).contains("another hook"));
    }
}
