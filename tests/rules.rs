//! One named test per rule example, and one per rule for what no example shows.

use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use muzzle::detect::proof;
use muzzle::rules::RuleSet;

fn main() {
    let arguments = Arguments::from_args();
    let rules = Arc::new(RuleSet::embedded_with_examples().expect("the embedded rules load"));
    let mut trials = Vec::new();
    for (_, rule) in rules.iter() {
        let complaints = proof::complaints(rule);
        trials.push(Trial::test(format!("{}::form", rule.id), move || {
            if complaints.is_empty() { Ok(()) } else { Err(Failed::from(complaints.join("\n"))) }
        }));
        let (set, id) = (Arc::clone(&rules), rule.id.clone());
        trials.push(Trial::test(format!("{id}::can be made up"), move || {
            let made = set.by_id(&id).and_then(|rule| proof::make(&set, rule, 0));
            made.map(|_| ()).ok_or_else(|| Failed::from("`rules example` makes nothing from its examples"))
        }));
        for example in proof::examples(rule) {
            let rules = Arc::clone(&rules);
            let name = format!("{}::{:?}::{}", rule.id, example.expect, example.number).to_lowercase();
            trials.push(Trial::test(name, move || proof::run(&rules, &example).map_err(Failed::from)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}
