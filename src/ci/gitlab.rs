//! GitLab CI: the predefined variables of a job.

use super::{Environment, Plan, Point, What};

const DEEPEN: &str =
    "set the variable `GIT_DEPTH: \"0\"` for the job, or let muzzle fetch what is missing with --fetch";

/// What this pipeline is about.
pub fn plan(environment: &Environment) -> Plan {
    let (what, why) = match environment.get("CI_PIPELINE_SOURCE").unwrap_or_default() {
        "merge_request_event" => merge_request(environment),
        "external_pull_request_event" => external(environment),
        "push" | "" => push(environment),
        "schedule" => (What::Whole, "This pipeline was scheduled: everything is scanned.".into()),
        _ => (What::Whole, "Nothing was pushed to start this pipeline: everything is scanned.".into()),
    };
    Plan { what, why, deepen: DEEPEN }
}

fn head(environment: &Environment) -> Point {
    match (environment.id("CI_COMMIT_SHA"), environment.branch("CI_COMMIT_BRANCH")) {
        (Some(id), Some(branch)) => Point::CommitAt(id, format!("refs/heads/{}", branch.as_str())),
        (Some(id), None) => Point::Commit(id),
        (None, _) => Point::Head,
    }
}

fn merge_request(environment: &Environment) -> (What, String) {
    // Only pipelines for merged results and merge trains have it; CI_COMMIT_SHA is their merge.
    let source = environment.id("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA");
    let number = environment.get("CI_MERGE_REQUEST_IID").and_then(|text| text.parse::<u64>().ok());
    let head = match (source, number) {
        (Some(id), Some(number)) => Point::CommitAt(id, format!("refs/merge-requests/{number}/head")),
        (Some(id), None) => Point::Commit(id),
        (None, _) => head(environment),
    };
    let ids = ["CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA"];
    let ids = ids.into_iter().filter_map(|name| environment.id(name)).map(Point::Commit);
    let target = environment.branch("CI_MERGE_REQUEST_TARGET_BRANCH_NAME").map(Point::Branch);
    let which = number.map_or(String::new(), |number| format!(" {number}"));
    let why = format!("Merge request{which}: the commits that it would add are scanned.");
    (What::Introduced { head, bases: ids.chain(target).collect() }, why)
}

fn external(environment: &Environment) -> (What, String) {
    let source = environment.id("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA").map(Point::Commit);
    let target = environment.id("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA").map(Point::Commit);
    let branch = environment.branch("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME").map(Point::Branch);
    let head = source.unwrap_or_else(|| head(environment));
    let why = "An external pull request: the commits that it would add are scanned.".into();
    (What::Introduced { head, bases: target.into_iter().chain(branch).collect() }, why)
}

fn push(environment: &Environment) -> (What, String) {
    let before = environment.id("CI_COMMIT_BEFORE_SHA");
    let noun = if environment.get("CI_COMMIT_TAG").is_some() { "tag" } else { "branch" };
    let own = environment.branch("CI_COMMIT_BRANCH");
    let default = environment.branch("CI_DEFAULT_BRANCH").filter(|default| own.as_ref() != Some(default));
    let why = match (&before, &default) {
        (Some(before), _) => {
            format!("A push to a {noun}: the commits from {} on are scanned.", before.short())
        }
        (None, Some(default)) => {
            format!("A new {noun}: the commits that are not on {} are scanned.", default.as_str())
        }
        (None, None) => format!("A new {noun}: everything that it reaches is scanned."),
    };
    let bases = before.map(Point::Commit).into_iter().chain(default.map(Point::Branch)).collect();
    (What::Introduced { head: head(environment), bases }, why)
}

#[cfg(test)]
mod tests {
    use super::super::{Branch, Id};
    use super::*;

    fn id(digit: &str) -> Id {
        Id::new(&digit.repeat(40)).unwrap()
    }

    fn introduced(plan: Plan) -> (Point, Vec<Point>) {
        match plan.what {
            What::Introduced { head, bases } => (head, bases),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn merge_requests() {
        let (a, b, c) = ("a".repeat(40), "b".repeat(40), "c".repeat(40));
        let plain = Environment::from([
            ("CI_PIPELINE_SOURCE", "merge_request_event"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("CI_COMMIT_SHA", &a),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &b),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", ""),
        ]);
        let main = Point::Branch(Branch::new("main").unwrap());
        let expected = (Point::Commit(id("a")), vec![Point::Commit(id("b")), main.clone()]);
        assert_eq!(introduced(plan(&plain)), expected);
        let merged = Environment::from([
            ("CI_PIPELINE_SOURCE", "merge_request_event"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("CI_COMMIT_SHA", &c),
            ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", &a),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", &b),
        ]);
        let head = Point::CommitAt(id("a"), "refs/merge-requests/7/head".into());
        assert_eq!(introduced(plan(&merged)), (head, vec![Point::Commit(id("b"))]));
    }

    #[test]
    fn pushes() {
        let (a, b, zero) = ("a".repeat(40), "b".repeat(40), "0".repeat(40));
        let of = |before: &str, branch: &str| {
            introduced(plan(&Environment::from([
                ("CI_PIPELINE_SOURCE", "push"),
                ("CI_COMMIT_SHA", &a),
                ("CI_COMMIT_BEFORE_SHA", before),
                ("CI_COMMIT_BRANCH", branch),
                ("CI_DEFAULT_BRANCH", "main"),
            ])))
        };
        let main = Point::Branch(Branch::new("main").unwrap());
        let at = |branch: &str| Point::CommitAt(id("a"), format!("refs/heads/{branch}"));
        assert_eq!(of(&b, "main"), (at("main"), vec![Point::Commit(id("b"))]));
        assert_eq!(of(&zero, "topic"), (at("topic"), vec![main]));
        assert_eq!(of(&zero, "main"), (at("main"), vec![]));
    }

    #[test]
    fn the_rest_is_everything() {
        for source in ["schedule", "web", "api", "trigger", "parent_pipeline"] {
            assert_eq!(plan(&Environment::from([("CI_PIPELINE_SOURCE", source)])).what, What::Whole);
        }
    }
}
