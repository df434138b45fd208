//! Replacements: given away once, and never asked for twice.

use super::*;
use crate::response::inputs::Credential;
use crate::response::revoke::{Record, Revoker};
use crate::response::rotate::Receiver;
use crate::secret::Secret;

#[derive(Default)]
struct Pocket(Vec<Secret>);

impl Receiver for Pocket {
    fn take(&mut self, _: &Credential, new: &Secret) -> Result<(), String> {
        self.0.push(new.clone());
        Ok(())
    }
}

fn rotated(bench: &Bench, script: &Script) -> (Record, Pocket) {
    let credentials = [credential("one")];
    let procedure = bench.procedure(script);
    let items = procedure.plan_rotation(&credentials);
    let journal = bench.journal();
    let revoker = Revoker { procedure, journal: &journal, clock: &bench.clock, code: None };
    let mut pocket = Pocket::default();
    let mut records = revoker.rotate(&credentials, &items, &mut Yes, &mut pocket, &mut |_| {}).unwrap();
    assert!(script.is_over());
    (records.remove(0), pocket)
}

#[test]
fn the_new_value_goes_to_one_place() {
    let bench = Bench::new(ITSELF);
    let new = "acme-the-new-value-of-it";
    let answer = reply(200, &format!(r#"{{"token": "{new}"}}"#));
    let (record, pocket) =
        rotated(&bench, &Script::new([(ME, live()), ("POST /rotate", answer), (ME, dead())]));
    assert_eq!(record.outcome, Outcome::Confirmed, "{}", record.reason);
    assert_eq!(pocket.0, [Secret::new(new.as_bytes())]);
    let shown = format!("{record:?}{}", bench.journal_text());
    assert!(!shown.contains(new), "{shown}");
}

#[test]
fn never_twice() {
    for last in [live(), dead()] {
        let bench = Bench::new(ITSELF);
        let (record, pocket) =
            rotated(&bench, &Script::new([(ME, live()), ("POST /rotate", unclear()), (ME, last)]));
        assert_eq!(record.outcome, Outcome::Unknown, "{}", record.reason);
        assert!(pocket.0.is_empty());
    }
}
