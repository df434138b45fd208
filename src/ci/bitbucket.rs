//! Bitbucket Pipelines: the default variables of a step.

use super::{Environment, Plan, Point, What};

const DEEPEN: &str =
    "set `clone: { depth: full }` for the step, or let muzzle fetch what is missing with --fetch";

/// What this pipeline is about. Bitbucket does not say where a push began, so that everything is scanned then.
pub fn plan(environment: &Environment) -> Plan {
    let (what, why) = match environment.get("BITBUCKET_PR_ID") {
        Some(_) => pull_request(environment),
        None => (What::Whole, "Bitbucket does not tell what a push brought: everything is scanned.".into()),
    };
    Plan { what, why, deepen: DEEPEN }
}

fn pull_request(environment: &Environment) -> (What, String) {
    let head = environment.id("BITBUCKET_COMMIT").map_or(Point::Head, Point::Commit);
    // The beginning of an id; the branch is there for a checkout that does not have it.
    let commit = environment.id("BITBUCKET_PR_DESTINATION_COMMIT").map(Point::Commit);
    let branch = environment.branch("BITBUCKET_PR_DESTINATION_BRANCH").map(Point::Branch);
    let why = "A pull request: the commits that it would add are scanned.".into();
    (What::Introduced { head, bases: commit.into_iter().chain(branch).collect() }, why)
}

#[cfg(test)]
mod tests {
    use super::super::{Branch, Id};
    use super::*;

    #[test]
    fn pull_requests_and_the_rest() {
        let a = "a".repeat(40);
        let environment = Environment::from([
            ("BITBUCKET_PR_ID", "3"),
            ("BITBUCKET_COMMIT", &a),
            ("BITBUCKET_PR_DESTINATION_COMMIT", "0123456789ab"),
            ("BITBUCKET_PR_DESTINATION_BRANCH", "main"),
        ]);
        let bases = vec![
            Point::Commit(Id::new("0123456789ab").unwrap()),
            Point::Branch(Branch::new("main").unwrap()),
        ];
        let head = Point::Commit(Id::new(&a).unwrap());
        assert_eq!(plan(&environment).what, What::Introduced { head, bases });
        assert_eq!(plan(&Environment::from([("BITBUCKET_COMMIT", &*a)])).what, What::Whole);
    }
}
