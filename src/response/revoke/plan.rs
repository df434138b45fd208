//! What would be done about each credential. Sends nothing.

use serde::Serialize;

use super::Procedure;
use super::data::prepared;
use super::template;
use crate::finding::Fingerprint;
use crate::response::call::Purpose;
use crate::response::fill::{self, CannotAsk};
use crate::response::inputs::{Credential, Inputs};
use crate::response::plan::{Plan, Planned};
use crate::response::{modules, verify::Verifier};
use crate::rules::response::{Class, Revoke, Trust};

/// What would be done about one credential. Holds no secret.
#[derive(Debug, Clone, Serialize)]
pub struct Item {
    /// Its identity.
    #[serde(serialize_with = "as_text")]
    pub fingerprint: Fingerprint,
    /// The rule.
    pub rule: String,
    /// The provider.
    pub provider: String,
    /// Masked.
    pub secret: String,
    /// Where it was found first.
    pub place: String,
    /// Who can revoke it, if anything is known of that.
    pub class: Option<Class>,
    /// How well the call is known: V, L, T or M.
    pub trust: Option<&'static str>,
    /// What becomes of it.
    pub step: Step,
    /// Whether that is done, and if not, why.
    pub todo: Todo,
    /// All requests, in order, at most: the check before, the look-up, the one that changes something. The check after
    /// is as the one before.
    pub calls: Vec<Planned>,
    /// Whether the call may be repeated without harm.
    pub idempotent: bool,
    /// The credential of ours that the call needs, or that is used if its own rights do not suffice.
    pub responder: Option<String>,
    /// What else it destroys.
    pub destroys: Option<String>,
    /// How it is undone; `None`: not at all.
    pub undo: Option<String>,
    /// How long it may take.
    pub delay: Option<String>,
    /// Known traps.
    pub warnings: Vec<String>,
    /// The provider's page.
    pub page: Option<String>,
    /// What to do there.
    pub steps: Vec<String>,
}

/// What becomes of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Switched off; can be switched on again.
    Disable,
    /// Ended for good, where it could be switched off.
    Delete,
    /// Ended; there is no other way.
    Revoke,
    /// Replaced.
    Rotate,
}

/// Whether something is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Todo {
    /// The calls, once somebody agrees.
    Act,
    /// A person has to; why.
    Manual(String),
    /// Nothing; why.
    Skip(String),
}

impl Item {
    /// Whether it ends for good what could be switched off.
    pub fn deletes(&self) -> bool {
        self.step == Step::Delete
    }

    /// The call that changes something, as text.
    pub fn mutation(&self) -> String {
        let changes = self.calls.iter().filter(|call| !call.purpose.is_read_only());
        changes.map(|call| call.template.as_str()).collect::<Vec<_>>().join("; ")
    }
}

fn as_text<S: serde::Serializer>(fingerprint: &Fingerprint, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(fingerprint.as_str())
}

/// As in rule files.
pub(crate) fn letter(trust: Trust) -> &'static str {
    match trust {
        Trust::M => "M",
        Trust::T => "T",
        Trust::L => "L",
        Trust::V => "V",
    }
}

impl Procedure<'_> {
    /// What would be done about each of these, in their order. Sends nothing.
    pub fn plan(&self, credentials: &[Credential]) -> Vec<Item> {
        credentials.iter().map(|credential| self.plan_one(credential)).collect()
    }

    fn plan_one(&self, credential: &Credential) -> Item {
        let spec = self.responses.revoke(&credential.rule);
        let rotate = self.responses.rotate(&credential.rule);
        let mut item = Item {
            fingerprint: credential.fingerprint.clone(),
            rule: credential.rule.clone(),
            provider: credential.provider.clone(),
            secret: credential.secret().masked(),
            place: credential.place.clone(),
            class: spec.and_then(|spec| spec.class),
            trust: spec.and_then(|spec| spec.trust).map(letter),
            step: spec.map_or(Step::Revoke, |spec| self.step(spec)),
            todo: Todo::Act,
            calls: self.check(credential),
            idempotent: spec.is_some_and(|spec| spec.idempotent),
            responder: None,
            destroys: spec.and_then(|spec| spec.destroys.clone()),
            undo: spec.and_then(|spec| spec.undo.clone()),
            delay: spec.and_then(|spec| spec.delay.clone()),
            warnings: spec.and_then(|spec| spec.warning.clone()).into_iter().collect(),
            page: spec.and_then(|spec| spec.page.clone()).or_else(|| rotate.and_then(|r| r.page.clone())),
            steps: spec.map(|spec| spec.steps.clone()).unwrap_or_default(),
        };
        if item.steps.is_empty() {
            item.steps = rotate.map(|rotate| rotate.steps.clone()).unwrap_or_default();
        }
        if item.deletes() {
            item.undo = None;
        }
        item.warnings.extend(self.options.host.warning(&credential.provider).map(str::to_owned));
        item.todo = self.todo(credential, spec, &mut item);
        item
    }

    fn step(&self, spec: &Revoke) -> Step {
        match (&spec.undo, self.options.delete && spec.module.is_some()) {
            (Some(_), true) => Step::Delete,
            (Some(_), false) => Step::Disable,
            (None, _) => Step::Revoke,
        }
    }

    /// The check before.
    pub(crate) fn check(&self, credential: &Credential) -> Vec<Planned> {
        match self.verifier().plan(credential) {
            Plan::Requests(requests) => requests,
            Plan::Nothing(_) => Vec::new(),
        }
    }

    pub(super) fn verifier(&self) -> Verifier<'_> {
        Verifier { responses: self.responses, transport: self.transport, settings: self.settings }
    }

    /// Whether it is done. Adds its calls, and who makes them.
    fn todo(&self, credential: &Credential, spec: Option<&Revoke>, item: &mut Item) -> Todo {
        let Some(spec) = spec else {
            return Todo::Manual("no way to revoke it from here is known".to_owned());
        };
        let mut responders = self.policy.responders_for(credential);
        let responder = responders.next().map(|(name, _)| name.to_owned());
        if let (Some(first), Some((second, _))) = (&responder, responders.next()) {
            return Todo::Skip(format!(
                "the responders {first:?} and {second:?} both fit: say in [revoke.responders] which is for {}",
                credential.rule
            ));
        }
        match self.calls(credential, spec, responder.as_deref()) {
            Ok(calls) => item.calls.extend(calls),
            Err(CannotAsk(why)) => return Todo::Manual(why),
        }
        item.responder = responder.filter(|_| spec.class == Some(Class::Responder) || uses_responder(spec));
        if let Some(why) = self.policy.denies(credential) {
            return Todo::Skip(why);
        }
        if let Some(why) = self.options.host.forbids(&credential.provider) {
            return Todo::Skip(why);
        }
        self.experimental(credential, spec.trust).map_or(Todo::Act, Todo::Skip)
    }

    /// Why the call is not made unless its rule is named.
    pub(crate) fn experimental(&self, credential: &Credential, trust: Option<Trust>) -> Option<String> {
        let is_known = matches!(trust, Some(Trust::V | Trust::L));
        (!is_known && !self.options.named.contains(&credential.rule)).then(|| {
            format!(
                "experimental: how well the call is known is {}, so that it is made only with --rule {}",
                trust.map_or("?", letter),
                credential.rule
            )
        })
    }

    fn calls(
        &self,
        credential: &Credential,
        spec: &Revoke,
        responder: Option<&str>,
    ) -> Result<Vec<Planned>, CannotAsk> {
        let cannot = |why: &str| Err(CannotAsk(why.to_owned()));
        match spec.class {
            Some(Class::Console) => return cannot("only a person at the provider's page can revoke it"),
            Some(Class::Nobody) => {
                return cannot("nobody can revoke it: it expires, or what signed it is changed");
            }
            Some(Class::Responder) if responder.is_none() => {
                return Err(CannotAsk(format!(
                    "an administrator's credential of the same owner can revoke it: name one for {} in \
                     [revoke.responders] of trusted configuration, or do it at the provider's page",
                    credential.rule
                )));
            }
            _ => {}
        }
        let (parts, line) = (spec.parts.as_deref(), spec.line.as_deref());
        let credential = &prepared(credential, parts, line, self.settings)?;
        if let Some(name) = &spec.module {
            let Some(module) = modules::by_name(name) else {
                return Err(CannotAsk(format!("module {name:?} is not there")));
            };
            return match module.plan_revoke(credential, self.options.delete, self.settings) {
                Plan::Requests(requests) => Ok(requests),
                Plan::Nothing(why) => Err(CannotAsk(why)),
            };
        }
        let Some(call) = &spec.call else { return cannot("no call is known that revokes it") };
        let inputs = &credential.inputs;
        let mut calls = Vec::new();
        let mut later: Vec<&str> = responder.map(|_| "responder").into_iter().collect();
        if let Some(look_up) = &spec.look_up {
            calls.push(self.planned(&look_up.request, inputs, &later, Purpose::LookUp)?);
            later.extend(look_up.take.keys().map(String::as_str));
        }
        calls.push(self.planned(&call.request, inputs, &later, Purpose::Revoke)?);
        Ok(calls)
    }

    /// One request; `later` are inputs that are not there yet.
    pub(crate) fn planned(
        &self,
        spec: &crate::rules::response::RequestSpec,
        inputs: &Inputs,
        later: &[&str],
        purpose: Purpose,
    ) -> Result<Planned, CannotAsk> {
        let needed = fill::sent(spec);
        let is_there = |name: &str| inputs.get(name).is_some() || later.contains(&name);
        let missing: Vec<&str> = needed.iter().map(String::as_str).filter(|name| !is_there(name)).collect();
        if let Some(first) = missing.first() {
            return Err(CannotAsk(format!(
                "{} is not known and the call needs it: --set {first}=VALUE",
                missing.join(", ")
            )));
        }
        let hosts: Vec<String> = fill::asked(spec, inputs, self.settings)?.into_iter().flatten().collect();
        let host = (!hosts.is_empty()).then(|| hosts.join(" or "));
        Ok(Planned {
            purpose,
            template: template::text(spec, host.as_deref()),
            host: host.unwrap_or_else(|| template::host(spec)),
            sends: needed,
        })
    }
}

/// Whether a credential of ours can stand in where its own rights do not suffice.
fn uses_responder(spec: &Revoke) -> bool {
    spec.module.is_some()
        || spec
            .call
            .as_ref()
            .is_some_and(|call| fill::sent(&call.request).iter().any(|name| name == "responder"))
}
