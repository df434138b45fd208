//! What a credential says itself: what is known already is not asked about.

use crate::finding::Liveness;
use crate::response::decoys;
use crate::response::inputs::Credential;
use crate::response::judge::Judged;
use crate::rules::check::aws_account;
use crate::rules::response::Responses;
use crate::secret::Secret;

/// What is known without asking; `None` if the provider has to be asked.
#[expect(clippy::disallowed_methods, reason = "what a credential says of itself stands in its bytes")]
pub(super) fn judge(responses: &Responses, credential: &Credential) -> Option<Judged> {
    let halves = [credential.inputs.get("secret"), credential.inputs.get("companion")];
    if let Some(account) = halves.into_iter().flatten().find_map(decoy) {
        let why = format!("a decoy of account {account}, set out to be tried: whoever asks wakes its owner");
        return Some(Judged::new(Liveness::Canary, why));
    }
    let (outcome, is_disproved) = responses.examine(&credential.rule, credential.secret().expose())?;
    if let Some(why) = is_disproved {
        let why = format!("{why}: it was made up, or is damaged, and opens nothing as it stands here");
        return Some(Judged::new(Liveness::NotAttempted, why));
    }
    let fact = |name: &str| outcome.facts.iter().find(|fact| fact.name == name);
    fact("expired")?;
    let when = fact("expires").map_or_else(String::new, |fact| format!(" since {}", fact.value));
    let mut judged =
        Judged::new(Liveness::Expired, format!("expired{when}, as it says itself; not asked about"));
    judged.identity = outcome.facts;
    Some(judged)
}

/// The account of a key id, if it is one of decoys.
#[expect(clippy::disallowed_methods, reason = "the account is encoded in the key id")]
fn decoy(half: &Secret) -> Option<String> {
    let id = half.expose();
    let is_id = id.len() == 20
        && (id.starts_with(b"A3T")
            || [b"AKIA", b"ASIA", b"ABIA", b"ACCA"].iter().any(|mark| id.starts_with(*mark)));
    let account = is_id.then(|| aws_account(id))??;
    decoys::is_one(&account).then_some(account)
}
