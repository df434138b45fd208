//! What can be done, by rule.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::check::{self, Mistake};
use super::{Revoke, Rotate, Verify};
use crate::finding::{Confidence, Verdict};
use crate::rules::check::{Check, Outcome};
use crate::rules::identity::{self, Identity};
use crate::rules::{Place, Rule, RuleError, RuleSet, embedded};

/// What can be done about the credentials of each rule.
#[derive(Debug, Default)]
pub struct Responses {
    verify: BTreeMap<String, Verify>,
    revoke: BTreeMap<String, Revoke>,
    rotate: BTreeMap<String, Rotate>,
    offline: BTreeMap<String, Offline>,
}

/// What a credential says without a call.
#[derive(Debug)]
struct Offline {
    check: Option<Check>,
    identity: Option<Box<Identity>>,
}

/// What a rule file says of responses, with places. Everything else in it is passed over.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Tables {
    #[serde(default)]
    pub(crate) rules: Vec<RuleTables>,
}

/// Of one rule.
#[derive(Debug, Deserialize)]
pub(crate) struct RuleTables {
    pub(crate) id: String,
    pub(crate) verify: Option<Spanned<Verify>>,
    pub(crate) revoke: Option<Spanned<Revoke>>,
    pub(crate) rotate: Option<Spanned<Rotate>>,
}

impl Responses {
    /// Of these rules: what comes with muzzle is read out of its files now, `like` is resolved, and everything is checked.
    ///
    /// # Errors
    /// If a rule file has a mistake.
    pub fn of(rules: &RuleSet) -> Result<Self, RuleError> {
        let mut responses = Responses::default();
        let builtin = || rules.iter().map(|(_, rule)| rule).filter(|rule| rule.builtin);
        let providers: BTreeSet<&str> = builtin().map(|rule| rule.provider.as_str()).collect();
        let ids: BTreeSet<&str> = builtin().map(|rule| rule.id.as_str()).collect();
        for file in embedded::files_of(&providers) {
            let tables = Tables::read(file.name, file.text)?;
            responses.add(&tables, |id| ids.contains(id));
        }
        let mut files: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
        for (_, rule) in rules.iter().filter(|(_, rule)| !rule.builtin) {
            files.entry(rule.place.file()).or_default().push(rule);
        }
        for rules in files.into_values() {
            responses.add(&Tables::of(&rules), |_| true);
        }
        for (_, rule) in rules.iter() {
            let offline = Offline { check: rule.check, identity: rule.identity.clone() };
            responses.offline.insert(rule.id.clone(), offline);
        }
        Ok(responses)
    }

    /// Of one file, whose tables were checked.
    fn add(&mut self, tables: &Tables, wanted: impl Fn(&str) -> bool) {
        for rule in tables.rules.iter().filter(|rule| wanted(&rule.id)) {
            if let Some(verify) = tables.verify(rule) {
                self.verify.insert(rule.id.clone(), verify.clone());
            }
            if let Some(revoke) = tables.revoke(rule) {
                self.revoke.insert(rule.id.clone(), revoke.clone());
            }
            if let Some(rotate) = tables.rotate(rule) {
                self.rotate.insert(rule.id.clone(), rotate.clone());
            }
        }
    }

    /// How to ask whether it is live.
    pub fn verify(&self, rule: &str) -> Option<&Verify> {
        self.verify.get(rule)
    }

    /// How to revoke it.
    pub fn revoke(&self, rule: &str) -> Option<&Revoke> {
        self.revoke.get(rule)
    }

    /// How to replace it.
    pub fn rotate(&self, rule: &str) -> Option<&Rotate> {
        self.rotate.get(rule)
    }

    /// The rules that say how to ask, in the order of their ids.
    pub fn verifiable(&self) -> impl Iterator<Item = (&str, &Verify)> {
        self.verify.iter().map(|(id, verify)| (id.as_str(), verify))
    }

    /// The rules that say how to revoke, in the order of their ids.
    pub fn revocable(&self) -> impl Iterator<Item = (&str, &Revoke)> {
        self.revoke.iter().map(|(id, revoke)| (id.as_str(), revoke))
    }

    /// The modules that a rule names.
    pub fn modules(&self, rule: &str) -> impl Iterator<Item = &str> {
        let verify = self.verify(rule).and_then(|verify| verify.module.as_deref());
        let revoke = self.revoke(rule).and_then(|revoke| revoke.module.as_deref());
        let rotate = self.rotate(rule).and_then(|rotate| rotate.module.as_deref());
        [verify, revoke, rotate].into_iter().flatten()
    }

    /// The same, with the rule's id as it is kept here.
    pub(crate) fn verify_entry(&self, rule: &str) -> Option<(&str, &Verify)> {
        self.verify.get_key_value(rule).map(|(id, verify)| (id.as_str(), verify))
    }

    /// What a secret of the rule says of itself; and why its provider never issued it, if its checksum proves that.
    pub(crate) fn examine(&self, rule: &str, secret: &[u8]) -> Option<(Outcome, Option<String>)> {
        // Their algorithms were computed on real samples; the others' failures are no proof.
        const PROVEN: [Check; 3] = [Check::GithubCrc32, Check::Bech32, Check::Base58Check];
        let Offline { check, identity } = self.offline.get(rule)?;
        let outcome = identity::examine(*check, identity.as_deref(), secret);
        let disproof = match &outcome.verdict {
            Verdict::Failed(why) if outcome.ceiling == Confidence::Low => Some(why.clone().into_owned()),
            _ => None,
        };
        let disproof = disproof.filter(|_| check.is_some_and(|check| PROVEN.contains(&check)));
        Some((outcome, disproof))
    }
}

impl Tables {
    /// Reads and checks a rule file's.
    pub(crate) fn read(file: &str, text: &str) -> Result<Self, RuleError> {
        let tables: Tables = toml::from_str(text).map_err(|error| RuleError::syntax(file, text, &error))?;
        tables.check(&file.into(), text)?;
        Ok(tables)
    }

    /// The first mistake is an error.
    pub(crate) fn check(&self, file: &Arc<str>, text: &str) -> Result<(), RuleError> {
        match check::mistakes(self).into_iter().next() {
            Some(Mistake { at, rule, why }) => {
                Err(RuleError::Rule { place: Place::new(file, text, at), id: rule, why })
            }
            None => Ok(()),
        }
    }

    /// Of rules of one file that were read and checked; their places are gone.
    fn of(rules: &[&Rule]) -> Self {
        fn spanned<T: Clone>(table: Option<&T>) -> Option<Spanned<T>> {
            table.map(|table| Spanned::new(0..0, table.clone()))
        }
        let of = |rule: &&Rule| RuleTables {
            id: rule.id.clone(),
            verify: spanned(rule.verify.as_deref()),
            revoke: spanned(rule.revoke.as_deref()),
            rotate: spanned(rule.rotate.as_deref()),
        };
        Tables { rules: rules.iter().map(of).collect() }
    }

    fn other(&self, id: &str) -> Option<&RuleTables> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// What holds for the rule: its own table, or the one that it is like.
    fn verify<'a>(&'a self, rule: &'a RuleTables) -> Option<&'a Verify> {
        let own = rule.verify.as_ref()?.get_ref();
        match &own.like {
            Some(id) => self.other(id)?.verify.as_ref().map(Spanned::get_ref),
            None => Some(own),
        }
    }

    fn revoke<'a>(&'a self, rule: &'a RuleTables) -> Option<&'a Revoke> {
        let own = rule.revoke.as_ref()?.get_ref();
        match &own.like {
            Some(id) => self.other(id)?.revoke.as_ref().map(Spanned::get_ref),
            None => Some(own),
        }
    }

    fn rotate<'a>(&'a self, rule: &'a RuleTables) -> Option<&'a Rotate> {
        let own = rule.rotate.as_ref()?.get_ref();
        match &own.like {
            Some(id) => self.other(id)?.rotate.as_ref().map(Spanned::get_ref),
            None => Some(own),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every mistake of the rules that come with muzzle, at once.
    #[test]
    fn what_comes_with_muzzle_is_sound() {
        let mut wrong = Vec::new();
        let all = RuleSet::embedded().unwrap();
        let providers = all.iter().map(|(_, rule)| rule.provider.as_str()).collect();
        for file in embedded::files_of(&providers) {
            let tables: Tables = match toml::from_str(file.text) {
                Ok(tables) => tables,
                Err(error) => {
                    wrong.push(RuleError::syntax(file.name, file.text, &error).to_string());
                    continue;
                }
            };
            for Mistake { at, rule, why } in check::mistakes(&tables) {
                let place = Place::new(&file.name.into(), file.text, at);
                wrong.push(format!("{place}: rule `{rule}`: {why}"));
            }
        }
        assert!(wrong.is_empty(), "{} mistakes\n{}", wrong.len(), wrong.join("\n"));
    }

    fn set(text: &str) -> RuleSet {
        let mut set = RuleSet::default();
        set.add("acme.toml", text).unwrap();
        set
    }

    fn rule(id: &str, tables: &str) -> String {
        format!(
            "[[rules]]\nid = {id:?}\nname = 'x'\ndescription = 'x'\nseverity = 'low'\nconfidence = 'low'\n\
             keywords = ['acme']\nregex = '(?<secret>acme_[a-z]{{8}})'\nremediation = 'x'\n{tables}\n"
        )
    }

    const VERIFY: &str = "[rules.verify]\ntrust = 'V'\n\
        request = { url = 'https://api.example.com/me', headers = { authorization = 'Bearer {secret}' } }\n\
        when = [{ status = 200, has = ['/id'], means = 'live' }]";

    #[test]
    fn likeness_is_resolved_within_a_file() {
        let text = rule("a", VERIFY) + &rule("b", "[rules.verify]\nlike = 'a'") + &rule("c", "");
        let responses = Responses::of(&set(&text)).unwrap();
        assert!(responses.verify("a").is_some());
        assert_eq!(responses.verify("a"), responses.verify("b"));
        assert!(responses.verify("c").is_none() && responses.revoke("a").is_none());
        for (wrong, why) in [
            (rule("a", VERIFY) + &rule("b", "[rules.verify]\nlike = 'x'"), "there is no rule `x`"),
            (rule("a", "[rules.verify]\nlike = 'a'"), "not `like` itself"),
            (
                rule("a", VERIFY)
                    + &rule("b", "[rules.verify]\nlike = 'a'")
                    + &rule("c", "[rules.verify]\nlike = 'b'"),
                "is like another one",
            ),
            (rule("a", VERIFY) + &rule("b", "[rules.verify]\nlike = 'a'\nprobe = true"), "nothing else"),
        ] {
            let error = RuleSet::default().add("acme.toml", &wrong).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    /// A scan reads built-in rules without; only those that are in the set are looked for.
    #[test]
    fn built_in_tables_are_read_when_asked_for() {
        let mut rules = RuleSet::embedded().unwrap();
        let has_none = |rule: &Rule| rule.verify.is_none() && rule.revoke.is_none() && rule.rotate.is_none();
        assert!(rules.iter().all(|(_, rule)| has_none(rule)), "a scan reads no tables of built-in rules");
        rules.retain(|rule| rule.id == "github-pat-classic");
        let responses = Responses::of(&rules).unwrap();
        assert_eq!(responses.verifiable().map(|(id, _)| id).collect::<Vec<_>>(), ["github-pat-classic"]);
        assert!(responses.revoke("github-pat-classic").is_some());
    }
}
