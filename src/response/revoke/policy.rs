//! `[revoke]` of trusted configuration: what may be revoked without a person who agrees to each.
//!
//! Nothing is allowed by default. What is denied or protected stays so, whoever agrees.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::responder::Responder;
use crate::finding::{Fact, Verification};
use crate::response::inputs::Credential;
use crate::rules::response::Class;

/// The section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RevokePolicy {
    /// Rules and providers whose credentials `--yes` may revoke.
    pub allow: Vec<String>,
    /// Rules, providers and fingerprints that are never revoked from here.
    pub deny: Vec<String>,
    /// Whose credentials.
    pub owners: Owners,
    /// How many credentials a run may revoke without a person.
    pub max: Option<usize>,
    /// Whether `--yes` and `--confirm` hold in a pipeline.
    pub allow_in_ci: bool,
    /// Whether `--yes` may delete what could be switched off.
    pub delete: bool,
    /// Credentials of ours that may revoke others, by name.
    pub responders: BTreeMap<String, Responder>,
}

/// Whose credentials are revoked: facts that the provider told at verification, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Owners {
    /// With `--yes`: one of these must be told, if there are any: `account = ["123456789012"]`.
    pub allow: BTreeMap<String, Vec<String>>,
    /// Whoever agrees: credentials of these are left alone. Break-glass accounts, decoys.
    pub protect: BTreeMap<String, Vec<String>>,
}

/// How many credentials `--yes` revokes in a run if the policy does not say.
const MOST: usize = 20;

impl RevokePolicy {
    /// How many credentials a run may revoke without a person.
    pub fn most(&self) -> usize {
        self.max.unwrap_or(MOST)
    }

    /// Why it is not revoked, whoever agrees.
    pub fn denies(&self, credential: &Credential) -> Option<String> {
        let names = [credential.rule.as_str(), &credential.provider, credential.fingerprint.as_str()];
        let entry = self.deny.iter().find(|entry| names.contains(&entry.as_str()))?;
        Some(format!("[revoke] deny names {entry}"))
    }

    /// Why `--yes` does not hold for it.
    pub fn does_not_allow(&self, credential: &Credential) -> Option<String> {
        let names = [&credential.rule, &credential.provider];
        let allowed = self.allow.iter().any(|entry| names.contains(&entry));
        (!allowed).then(|| {
            format!(
                "[revoke] allow of trusted configuration names neither {} nor {}",
                credential.rule, credential.provider
            )
        })
    }

    /// Why it is not revoked now that its owner is known, whoever agrees.
    pub fn protects(&self, verification: &Verification) -> Option<String> {
        let fact = first(&self.owners.protect, &verification.identity)?;
        Some(format!("[revoke.owners] protect names its {} {}", fact.name, fact.value))
    }

    /// Why `--yes` does not hold for this owner. Whoever holds a credential of class A may end it, known owner or not.
    pub fn owner_is_not_allowed(
        &self,
        verification: &Verification,
        class: Option<Class>,
    ) -> Option<&'static str> {
        let allow = &self.owners.allow;
        if allow.is_empty() || first(allow, &verification.identity).is_some() {
            return None;
        }
        let is_told = verification.identity.iter().any(|fact| allow.contains_key(fact.name.as_ref()));
        match (is_told, class) {
            (true, _) => Some("[revoke.owners] allow does not name its owner"),
            (false, Some(Class::Anyone)) => None,
            (false, _) => Some("its owner is not known, and [revoke.owners] allow names some"),
        }
    }

    /// Those of ours that may revoke it.
    pub fn responders_for(&self, credential: &Credential) -> impl Iterator<Item = (&str, &Responder)> {
        let fits = |responder: &&Responder| {
            responder.rules.contains(&credential.rule) || responder.providers.contains(&credential.provider)
        };
        let named = self.responders.iter().map(|(name, responder)| (name.as_str(), responder));
        named.filter(move |(_, responder)| fits(responder))
    }
}

/// The first fact that a list names; case is ignored.
fn first<'a>(list: &BTreeMap<String, Vec<String>>, facts: &'a [Fact]) -> Option<&'a Fact> {
    facts.iter().find(|fact| {
        let values = list.get(fact.name.as_ref());
        values.is_some_and(|values| values.iter().any(|value| value.eq_ignore_ascii_case(&fact.value)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Liveness;
    use crate::response::revoke::fixture::{credential, verification};

    fn policy(text: &str) -> RevokePolicy {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn nothing_is_allowed_by_default() {
        let none = RevokePolicy::default();
        assert!(none.does_not_allow(&credential("one")).is_some());
        assert!(none.denies(&credential("one")).is_none());
        assert!(!none.allow_in_ci && !none.delete);
        assert_eq!(none.most(), 20);
    }

    #[test]
    fn rules_and_providers_by_their_whole_name() {
        for (allow, allowed) in
            [("acme-key", true), ("acme", true), ("acme-", false), ("acme-key-other", false), ("*", false)]
        {
            let policy = policy(&format!("allow = [{allow:?}]"));
            assert_eq!(policy.does_not_allow(&credential("one")).is_none(), allowed, "{allow}");
        }
        let one = credential("one");
        let policy = policy(&format!("deny = [{:?}]", one.fingerprint.as_str()));
        assert!(policy.denies(&one).is_some());
        assert!(policy.denies(&credential("two")).is_none());
    }

    #[test]
    fn protected_wins_and_unknown_owners_are_not_ours() {
        let policy = policy(
            "[owners]\nallow = { account = [\"12\", \"13\"] }\nprotect = { user = [\"Break-Glass\"] }",
        );
        let told = |name: &'static str, value: &str| {
            let mut verification = verification(Liveness::Live);
            verification.identity = vec![Fact { name: name.into(), value: value.to_owned() }];
            verification
        };
        assert!(policy.protects(&told("user", "break-glass")).is_some());
        assert!(policy.protects(&told("account", "break-glass")).is_none());
        for (verification, class, allowed) in [
            (told("account", "12"), Class::Itself, true),
            (told("account", "14"), Class::Itself, false),
            (told("account", "14"), Class::Anyone, false),
            (told("user", "me"), Class::Itself, false),
            (told("user", "me"), Class::Anyone, true),
        ] {
            assert_eq!(policy.owner_is_not_allowed(&verification, Some(class)).is_none(), allowed);
        }
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        assert!(toml::from_str::<RevokePolicy>("alow = []").is_err());
        assert!(toml::from_str::<RevokePolicy>("[owners]\nprotct = {}").is_err());
    }
}
