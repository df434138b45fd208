//! What a saved run says of its policy → the outcome of that policy.

use super::schema::{AllowedSaved, PolicySaved};
use crate::policy::{FailOn, Outcome, Tally, TreeOutcome};
use crate::report::text::visible;

/// `allowed` hid something; what `policy` names would have.
pub(super) fn outcome(policy: PolicySaved, allowed: Vec<AllowedSaved>) -> Result<Outcome, String> {
    let fail_on = FailOn::parse(&policy.fail_on);
    let fail_on = fail_on.map_err(|why| format!("in `fail_on`, {}", visible(why.as_bytes())))?;
    let honoured = allowed.into_iter().map(|entry| tally(entry, true));
    let refused = policy.not_honoured.into_iter().map(|entry| tally(entry, false));
    Ok(Outcome {
        file: policy.file,
        revision: policy.revision,
        tree: policy
            .tree
            .map(|tree| TreeOutcome { file: tree.file, why_not: tree.why_not.as_deref().map(own_words) }),
        fail_on,
        exit_code: policy.exit_code,
        tallies: honoured.chain(refused).collect(),
        not_honoured: policy.entries_not_honoured,
        weakened: policy.weakened,
        notices: policy.notices,
    })
}

fn tally(entry: AllowedSaved, honoured: bool) -> Tally {
    // So small that no sum of them is too large.
    let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    Tally {
        kind: own_words(&entry.by),
        name: entry.name,
        place: entry.place,
        honoured,
        findings: number(entry.findings),
        high: number(entry.high_confidence),
        places: number(entry.places),
    }
}

/// They stand beside our own words, where nothing is made harmless any more.
fn own_words(text: &str) -> std::borrow::Cow<'static, str> {
    visible(text.as_bytes()).into()
}
