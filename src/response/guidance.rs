//! What rule files say of revoking and replacing → what reports tell.

use std::collections::BTreeSet;

use crate::finding::RuleIndex;
use crate::report::Report;
use crate::report::guidance::{Guidance, Revocation, Rotation};
use crate::rules::RuleError;
use crate::rules::response::{Class, Responses, Revoke, Rotate};

/// Of one rule; `None` if nothing is known.
pub fn of(responses: &Responses, rule: &str) -> Option<Guidance> {
    let revoke = responses.revoke(rule).map(revocation);
    let rotate = responses.rotate(rule).map(rotation);
    (revoke.is_some() || rotate.is_some()).then_some(Guidance { revoke, rotate })
}

/// Adds it to a report, for the rules that have findings.
///
/// # Errors
/// If a rule file has a mistake.
pub fn guide(report: &mut Report) -> Result<(), RuleError> {
    let used: BTreeSet<RuleIndex> = report.all_findings().map(|finding| finding.rule).collect();
    if used.is_empty() {
        return Ok(());
    }
    let ids: BTreeSet<&str> = used.iter().map(|rule| report.rules.get(*rule).id.as_str()).collect();
    // The files of a few providers are read faster than all of them.
    let responses = Responses::of(&report.rules.some(|rule| ids.contains(rule.id.as_str())))?;
    let known = used.into_iter().filter_map(|rule| Some((rule, of(&responses, &report.rules.get(rule).id)?)));
    report.guidance = known.collect();
    Ok(())
}

fn revocation(revoke: &Revoke) -> Revocation {
    Revocation {
        who: revoke.class.map(who).unwrap_or_default().into(),
        destroys: revoke.destroys.clone(),
        undo: revoke.undo.clone(),
        delay: revoke.delay.clone(),
        warning: revoke.warning.clone(),
        page: revoke.page.clone(),
        steps: revoke.steps.clone(),
    }
}

fn rotation(rotate: &Rotate) -> Rotation {
    Rotation {
        has_call: rotate.call.is_some() || rotate.module.is_some(),
        old: rotate.old.clone(),
        warning: rotate.warning.clone(),
        page: rotate.page.clone(),
        steps: rotate.steps.clone(),
    }
}

/// Who can revoke it, in words.
pub fn who(class: Class) -> &'static str {
    match class {
        Class::Anyone => "whoever holds it can, without a login",
        Class::Itself => "it can end itself, with one call",
        Class::LookUp => "it can end itself once its own id is looked up, if it has the right to",
        Class::Responder => "somebody with more rights at its owner, whose credential must be configured",
        Class::Console => "a person at the provider's page",
        Class::Nobody => "nobody: it expires, or what signs it is changed",
    }
}
