//! What is wrong with what a rule file says of responses.
//!
//! A rule may ask only whom it names, and may take only what a provider is known to say for its word: here is what a
//! rule's author is held to, so that no reader of verdicts has to know the author.

use std::collections::BTreeSet;

use toml::Spanned;

use super::template::is_name;
use super::{Class, Outcome, Revoke, Rotate, RuleTables, Tables, Take, Trust, Verify};
use crate::rules::lazy::LazyRegex;

mod cases;
mod requests;
#[cfg(test)]
mod tests;

use requests::Use;

/// What is wrong with a rule, and at which byte of the file.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub(crate) at: usize,
    pub(crate) rule: String,
    pub(crate) why: String,
}

/// What is wrong, or nothing.
type Checked = Result<(), String>;

/// Everything that is wrong.
pub(crate) fn mistakes(tables: &Tables) -> Vec<Mistake> {
    let mut found = Vec::new();
    for rule in &tables.rules {
        let parts = [
            checked("verify", rule.verify.as_ref(), |own| verify(own, rule, tables)),
            checked("revoke", rule.revoke.as_ref(), |own| revoke(own, rule, tables)),
            checked("rotate", rule.rotate.as_ref(), |own| rotate(own, rule, tables)),
        ];
        let mistake = |(at, why)| Mistake { at, rule: rule.id.clone(), why };
        found.extend(parts.into_iter().flatten().map(mistake));
    }
    found
}

fn checked<T>(
    name: &str,
    table: Option<&Spanned<T>>,
    check: impl Fn(&T) -> Checked,
) -> Option<(usize, String)> {
    let table = table?;
    check(table.get_ref()).err().map(|why| (table.span().start, format!("`{name}`: {why}")))
}

fn ensure(holds: bool, why: impl Into<String>) -> Checked {
    if holds { Ok(()) } else { Err(why.into()) }
}

/// What another rule of the file says, for a table that says nothing else.
fn like<'a, T: Default + PartialEq>(
    own: &T,
    alone: &T,
    id: &str,
    rule: &RuleTables,
    tables: &'a Tables,
    get: impl Fn(&'a RuleTables) -> Option<&'a Spanned<T>>,
) -> Result<&'a T, String> {
    ensure(own == alone, "with `like`, nothing else is given")?;
    ensure(id != rule.id, "a rule is not `like` itself")?;
    let other = tables.rules.iter().find(|other| other.id == id);
    let other = other.ok_or_else(|| format!("`like`: there is no rule `{id}` in this file"))?;
    let table = get(other).ok_or_else(|| format!("`like`: rule `{id}` has no such table"))?;
    Ok(table.get_ref())
}

fn verify(own: &Verify, rule: &RuleTables, tables: &Tables) -> Checked {
    if let Some(id) = &own.like {
        let alone = Verify { like: own.like.clone(), ..Verify::default() };
        let other = like(own, &alone, id, rule, tables, |other| other.verify.as_ref())?;
        return ensure(other.like.is_none(), format!("`like`: rule `{id}` is like another one; name that"));
    }
    let ways = [own.request.is_some(), own.module.is_some(), own.none.is_some()];
    let count = ways.iter().filter(|given| **given).count();
    ensure(count == 1, "exactly one of `request`, `like`, `module` and `none` is given")?;
    ensure(own.none.is_some() || own.trust.is_some(), TRUST)?;
    ensure(
        own.none.as_ref().is_none_or(|why| !why.trim().is_empty()),
        "`none` says why there is no safe call",
    )?;
    let known = names(&[own.parts.as_ref(), own.line.as_ref()], &own.needs)?;
    for (name, selector) in &own.identity {
        ensure(is_selector(selector), format!("`identity.{name}`: {SELECTOR}"))?;
    }
    match &own.request {
        Some(request) => {
            requests::check(request, &known, Use::Verify)?;
            cases::verify(&own.when, own.probe)
        }
        None => ensure(own.when.is_empty() && !own.probe, "`when` and `probe` belong to `request`"),
    }
}

fn revoke(own: &Revoke, rule: &RuleTables, tables: &Tables) -> Checked {
    if let Some(id) = &own.like {
        let alone = Revoke { like: own.like.clone(), ..Revoke::default() };
        let other = like(own, &alone, id, rule, tables, |other| other.revoke.as_ref())?;
        return ensure(other.like.is_none(), format!("`like`: rule `{id}` is like another one; name that"));
    }
    let class =
        own.class.ok_or("`class` says who can: anyone, itself, look_up, responder, console, nobody")?;
    let has_call = own.call.is_some() || own.module.is_some();
    let is_guided = own.page.is_some() || !own.steps.is_empty();
    ensure(own.call.is_none() || own.module.is_none(), "`call` and `module` exclude each other")?;
    ensure(own.look_up.is_none() || own.call.is_some(), "`look_up` finds out what a `call` needs")?;
    ensure(!has_call || own.trust.is_some(), TRUST)?;
    page(own.page.as_ref())?;
    match class {
        Class::Console | Class::Nobody => {
            ensure(!has_call, "there is no `call` and no `module` with this class")?;
            ensure(is_guided, "a `page` or `steps` say what a person can do")?;
        }
        Class::LookUp => {
            let looks = own.look_up.is_some() || own.module.is_some();
            ensure(has_call && looks, "class look_up has `look_up` and `call`, or a `module`")?;
        }
        Class::Responder => ensure(has_call || is_guided, "a `call`, a `module`, a `page` or `steps`")?,
        Class::Anyone | Class::Itself => ensure(has_call, "this class has a `call` or a `module`")?,
    }
    let mut known = names(&[own.parts.as_ref(), own.line.as_ref()], &own.needs)?;
    if let Some(look_up) = &own.look_up {
        let at = |why: String| format!("`look_up`: {why}");
        requests::check(&look_up.request, &known, Use::LookUp).map_err(at)?;
        cases::look_up(&look_up.when).map_err(at)?;
        ensure(!look_up.take.is_empty(), at("`take` names what the call needs".into()))?;
        for (name, take) in &look_up.take {
            ensure(is_name(name) && !is_reserved(name), at(format!("`take`: {name:?} is no free name")))?;
            ensure(is_take(take, &known), at(format!("`take.{name}`: {SELECTOR}")))?;
        }
        known.extend(look_up.take.keys().map(String::as_str));
    }
    let Some(call) = &own.call else { return Ok(()) };
    let at = |why: String| format!("`call`: {why}");
    requests::check(&call.request, &known, Use::Change).map_err(at)?;
    cases::change(&call.when).map_err(at)
}

fn rotate(own: &Rotate, rule: &RuleTables, tables: &Tables) -> Checked {
    if let Some(id) = &own.like {
        let alone = Rotate { like: own.like.clone(), ..Rotate::default() };
        let other = like(own, &alone, id, rule, tables, |other| other.rotate.as_ref())?;
        return ensure(other.like.is_none(), format!("`like`: rule `{id}` is like another one; name that"));
    }
    let has_call = own.call.is_some() || own.module.is_some();
    ensure(own.call.is_none() || own.module.is_none(), "`call` and `module` exclude each other")?;
    ensure(!has_call || own.trust.is_some(), TRUST)?;
    ensure(
        has_call || own.page.is_some() || !own.steps.is_empty(),
        "a `call`, a `module`, a `page` or `steps`",
    )?;
    page(own.page.as_ref())?;
    let known = names(&[own.parts.as_ref()], &own.needs)?;
    let Some(call) = &own.call else {
        return ensure(own.new_secret.is_none() || has_call, "`new_secret` belongs to `call`");
    };
    let selector =
        own.new_secret.as_ref().ok_or("`new_secret` says where in the reply the new value stands")?;
    ensure(is_selector(selector), format!("`new_secret`: {SELECTOR}"))?;
    requests::check(&call.request, &known, Use::Change)?;
    cases::change(&call.when)?;
    let fits = call.when.iter().all(|case| {
        matches!(
            case.means,
            Outcome::Accepted
                | Outcome::NotAuthorised
                | Outcome::Refused
                | Outcome::RateLimited
                | Outcome::AlreadyDead
        )
    });
    ensure(fits, "a call that issues a replacement is accepted, or is not")
}

const TRUST: &str = "`trust` says how well the call is known: V, L, T or M";
const SELECTOR: &str = "`/json/pointer` or `header:name`";

fn page(page: Option<&String>) -> Checked {
    let is_page = |page: &String| {
        page.starts_with("https://") && page.bytes().all(|b| b.is_ascii_graphic()) || page.starts_with('/')
    };
    ensure(
        page.is_none_or(is_page),
        "`page` begins with https://, or with / where the host is the user's own",
    )
}

fn is_selector(selector: &str) -> bool {
    match selector.strip_prefix("header:") {
        Some(name) => requests::is_header_name(name),
        None => is_pointer(selector),
    }
}

/// RFC 6901. Empty: the whole of it.
fn is_pointer(pointer: &str) -> bool {
    pointer.is_empty() || pointer.starts_with('/')
}

fn is_take(take: &Take, known: &BTreeSet<&str>) -> bool {
    match take {
        Take::At(selector) => is_selector(selector),
        Take::Entry { list, r#where, get } => {
            let is_known = |template: &String| requests::names_known(template, known).is_ok();
            is_pointer(list)
                && is_pointer(get)
                && !r#where.is_empty()
                && r#where.iter().all(|(pointer, template)| is_pointer(pointer) && is_known(template))
        }
    }
}

/// Names that groups, looked-up values and the user's own cannot have.
fn is_reserved(name: &str) -> bool {
    ["secret", "companion", "line", "responder"].contains(&name) || name.starts_with("responder_")
}

/// The inputs that a rule's templates may name.
fn names<'a>(expressions: &[Option<&'a String>], needs: &'a [String]) -> Result<BTreeSet<&'a str>, String> {
    let mut known = BTreeSet::from(["secret", "companion"]);
    for text in expressions.iter().copied().flatten() {
        let names = LazyRegex::new(text.clone()).names();
        let names = names.ok_or_else(|| format!("the expression {text:?} does not compile"))?;
        ensure(!names.is_empty(), format!("the expression {text:?} has no named group"))?;
        for name in names {
            let is_free = is_name(&name) && !is_reserved(&name);
            ensure(is_free, format!("the group {name:?} of {text:?} has no name that an input can have"))?;
            // Borrowed from the expression, in which it stands.
            let at = text.find(&format!("<{name}>")).map_or(0, |at| at + 1);
            known.extend(text.get(at..at + name.len()));
        }
    }
    for name in needs {
        ensure(is_name(name) && !is_reserved(name), format!("`needs`: {name:?} is no free name"))?;
        known.insert(name);
    }
    Ok(known)
}

/// Whether the facts behind a call suffice to do it unasked.
impl Trust {
    /// Whether it is off unless its rule is named.
    pub fn is_experimental(self) -> bool {
        matches!(self, Trust::M | Trust::T)
    }
}
