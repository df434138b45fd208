//! Jenkins: the variables of its Git plugin and of multibranch pipelines.

use super::{Environment, Plan, Point, What};

const DEEPEN: &str =
    "take the shallow clone out of the job's Git settings, or let muzzle fetch what is missing with --fetch";

/// What this build is about. What came since the last *successful* build stays in scope until a build succeeds: a build
/// that failed for a secret is no reason to overlook it in the next one.
pub fn plan(environment: &Environment) -> Plan {
    let head = environment.id("GIT_COMMIT").map_or(Point::Head, Point::Commit);
    let before = environment.id("GIT_PREVIOUS_SUCCESSFUL_COMMIT");
    let (what, why) = match (environment.branch("CHANGE_TARGET"), before) {
        (Some(target), _) if environment.get("CHANGE_ID").is_some() => {
            let why = format!(
                "A change request: the commits that it would add to {} are scanned.",
                target.as_str()
            );
            (What::Introduced { head, bases: vec![Point::Branch(target)] }, why)
        }
        (_, Some(before)) => {
            let why =
                format!("The commits since the last successful build, {}, are scanned.", before.short());
            (What::Introduced { head, bases: vec![Point::Commit(before)] }, why)
        }
        _ => (What::Whole, "No build before this one succeeded: everything is scanned.".into()),
    };
    Plan { what, why, deepen: DEEPEN }
}

#[cfg(test)]
mod tests {
    use super::super::{Branch, Id};
    use super::*;

    #[test]
    fn changes_builds_and_the_first_one() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let point = |text: &str| Point::Commit(Id::new(text).unwrap());
        let change = Environment::from([
            ("CHANGE_ID", "4"),
            ("CHANGE_TARGET", "main"),
            ("GIT_COMMIT", &a),
            ("GIT_PREVIOUS_SUCCESSFUL_COMMIT", &b),
        ]);
        let bases = vec![Point::Branch(Branch::new("main").unwrap())];
        assert_eq!(plan(&change).what, What::Introduced { head: point(&a), bases });
        let build = Environment::from([("GIT_COMMIT", &*a), ("GIT_PREVIOUS_SUCCESSFUL_COMMIT", &b)]);
        assert_eq!(plan(&build).what, What::Introduced { head: point(&a), bases: vec![point(&b)] });
        assert_eq!(plan(&Environment::from([("GIT_COMMIT", &*a)])).what, What::Whole);
    }
}
