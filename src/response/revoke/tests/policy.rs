//! What `[revoke]` allows, to `--yes` and to hooks.

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::response::revoke::consent::ByPolicy;

#[test]
fn the_policy_is_asked_for_each() {
    let mut bench = Bench::new(ITSELF);
    let rules = ["acme-key".to_owned()];
    for (policy, rules, verdict) in [
        ("", &rules[..], Some("allow")),
        ("allow = ['acme']", &[], Some("--rule")),
        ("allow = ['acme']\nmax = 0", &rules, Some("max = 0")),
        ("allow = ['acme']\n[owners]\nallow = { user = ['else'] }", &rules, Some("owner")),
        ("allow = ['acme']\n[owners]\nprotect = { user = ['somebody'] }", &rules, Some("protect")),
        ("allow = ['acme']", &rules, None),
        ("allow = ['acme-key']\n[owners]\nallow = { user = ['Somebody'] }", &rules, None),
    ] {
        bench.policy = toml::from_str(policy).unwrap();
        let policy = bench.policy.clone();
        let agreed = AtomicUsize::new(0);
        let mut consent = ByPolicy::new(&policy, rules, false, &agreed);
        let call = verdict.is_none().then(|| [(END, reply(204, "")), (ME, dead())]);
        let script = Script::new([(ME, live())].into_iter().chain(call.into_iter().flatten()));
        let record = bench.run(&script, &mut consent).unwrap().remove(0);
        assert!(script.is_over());
        match verdict {
            Some(said) => {
                assert_eq!(record.outcome, Outcome::SkippedPolicy);
                assert!(record.reason.contains(said), "{}", record.reason);
            }
            None => assert_eq!(record.outcome, Outcome::Confirmed),
        }
    }
    // What is denied is not even asked about.
    bench.policy = toml::from_str("deny = ['acme']\nallow = ['acme']").unwrap();
    assert_eq!(outcome(&Script::new([]), &bench).0, Outcome::SkippedPolicy);
}

#[test]
fn a_hook_revokes_what_the_policy_allows_and_no_more() {
    use crate::response::revoke::Revoker;
    use crate::response::revoke::automatic::Automatic;
    use crate::response::revoke::consent::Surroundings;

    let mut bench = Bench::new(ITSELF);
    bench.policy = toml::from_str("allow = ['acme']\nmax = 1").unwrap();
    let script = Script::new([
        (ME, live()),
        (END, reply(204, "")),
        (ME, dead()),
        // The second one is asked about, and is one too many.
        (ME, live()),
    ]);
    let journal = bench.journal();
    let revoker = || Revoker {
        procedure: bench.procedure(&script),
        journal: &journal,
        clock: &bench.clock,
        code: None,
    };
    for surroundings in
        [Surroundings { ci: true, pull_request: false }, Surroundings { ci: false, pull_request: true }]
    {
        let automatic = Automatic::new(revoker(), surroundings);
        assert_eq!(automatic.revoke(&credential("one")).0, Outcome::SkippedPolicy);
        assert!(script.sent().is_empty());
    }
    let automatic = Automatic::new(revoker(), Surroundings::default());
    let other = crate::response::inputs::Credential { provider: "else".into(), ..credential("two") };
    assert_eq!(automatic.revoke(&other).0, Outcome::SkippedPolicy);
    assert_eq!(automatic.revoke(&credential("one")).0, Outcome::Confirmed);
    let (outcome, why) = automatic.revoke(&credential("two"));
    assert_eq!(outcome, Outcome::SkippedPolicy);
    assert!(why.contains("max = 1"), "{why}");
    assert!(script.is_over());
}
