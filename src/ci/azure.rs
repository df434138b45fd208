//! Azure Pipelines: the predefined variables of a run.

use super::{Environment, Plan, Point, What};

const DEEPEN: &str =
    "set `fetchDepth: 0` in the `checkout` step, or let muzzle fetch what is missing with --fetch";

/// What this run is about. Azure says of a push neither where it began nor how many commits it had, so that everything
/// is scanned then.
pub fn plan(environment: &Environment) -> Plan {
    let (what, why) = match environment.get("BUILD_REASON").unwrap_or_default() {
        "PullRequest" => pull_request(environment),
        "Schedule" => (What::Whole, "This run was scheduled: everything is scanned.".into()),
        "Manual" => (What::Whole, "This run was started by hand: everything is scanned.".into()),
        _ => {
            (What::Whole, "Azure Pipelines does not tell what a push brought: everything is scanned.".into())
        }
    };
    Plan { what, why, deepen: DEEPEN }
}

fn pull_request(environment: &Environment) -> (What, String) {
    let source = environment.id("SYSTEM_PULLREQUEST_SOURCECOMMITID");
    let merge = environment.id("BUILD_SOURCEVERSION");
    let target = match (&merge, &source) {
        (Some(merge), Some(head)) if merge != head => {
            Some(Point::TargetOf { merge: merge.clone(), head: head.clone() })
        }
        _ => None,
    };
    let branch = environment.branch("SYSTEM_PULLREQUEST_TARGETBRANCH").map(Point::Branch);
    let why = "A pull request: the commits that it would add are scanned.".into();
    let head = source.or(merge).map_or(Point::Head, Point::Commit);
    (What::Introduced { head, bases: target.into_iter().chain(branch).collect() }, why)
}

#[cfg(test)]
mod tests {
    use super::super::{Branch, Id};
    use super::*;

    #[test]
    fn pull_requests_and_the_rest() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let (head, merge) = (Id::new(&a).unwrap(), Id::new(&b).unwrap());
        let environment = Environment::from([
            ("BUILD_REASON", "PullRequest"),
            ("BUILD_SOURCEVERSION", &b),
            ("SYSTEM_PULLREQUEST_SOURCECOMMITID", &a),
            ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
        ]);
        let bases =
            vec![Point::TargetOf { merge, head: head.clone() }, Point::Branch(Branch::new("main").unwrap())];
        assert_eq!(plan(&environment).what, What::Introduced { head: Point::Commit(head), bases });
        for reason in ["IndividualCI", "BatchedCI", "Schedule", "Manual", ""] {
            assert_eq!(plan(&Environment::from([("BUILD_REASON", reason)])).what, What::Whole);
        }
    }
}
