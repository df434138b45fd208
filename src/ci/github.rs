//! GitHub Actions: `GITHUB_EVENT_NAME` and the payload of the event.
//!
//! A payload is written by GitHub, yet much in it is chosen by whoever opens a pull request. Ids and the names of the
//! branches that belong to the repository are all that is read.

use serde_json::Value;

use super::{Branch, Environment, Id, Plan, Point, What};

const DEEPEN: &str =
    "set `fetch-depth: 0` in the step of actions/checkout, or let muzzle fetch what is missing with --fetch";

/// The payload of an event.
#[derive(Debug, Clone)]
pub struct Event(Value);

impl Event {
    /// From the text of `GITHUB_EVENT_PATH`.
    pub fn new(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text).map(Event)
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.0.pointer(pointer)?.as_str()
    }

    fn id(&self, pointer: &str) -> Option<Id> {
        self.text(pointer).and_then(Id::new)
    }

    fn branch(&self, pointer: &str) -> Option<Branch> {
        self.text(pointer).and_then(Branch::new)
    }

    fn flag(&self, pointer: &str) -> bool {
        self.0.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// What this event introduced.
pub fn plan(environment: &Environment, event: &Event) -> Plan {
    let name = environment.get("GITHUB_EVENT_NAME").unwrap_or_default();
    let (what, why) = match name {
        "push" => push(environment, event),
        "merge_group" => merge_group(event),
        // All kinds of events at a pull request.
        _ if event.0.pointer("/pull_request/head").is_some() => pull_request(environment, event, name),
        "schedule" => (What::Whole, "This run was scheduled: everything is scanned.".into()),
        "workflow_dispatch" => (What::Whole, "This run was started by hand: everything is scanned.".into()),
        // Known by their form; a name that is not plain is not repeated.
        _ if !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => (
            What::Whole,
            format!("The event {name} introduces no commits of its own: everything is scanned."),
        ),
        _ => (What::Whole, "The event has no name that is known: everything is scanned.".into()),
    };
    Plan { what, why, deepen: DEEPEN }
}

fn push(environment: &Environment, event: &Event) -> (What, String) {
    let reference = event.text("/ref").or(environment.get("GITHUB_REF")).unwrap_or_default();
    let branch = reference.strip_prefix("refs/heads/").and_then(Branch::new);
    let is_tag = reference.starts_with("refs/tags/");
    let noun = if is_tag { "tag" } else { "branch" };
    let after = event.text("/after").or(environment.get("GITHUB_SHA")).unwrap_or_default();
    if event.flag("/deleted") || (!after.is_empty() && after.bytes().all(|b| b == b'0')) {
        return (What::Nothing, format!("A {noun} was deleted: nothing came in."));
    }
    let Some(head) = Id::new(after) else {
        return (What::Whole, "The event does not name what was pushed: everything is scanned.".into());
    };
    let default = event.branch("/repository/default_branch");
    // On the default branch itself there is nothing to compare with.
    let default = default.filter(|default| branch.as_ref() != Some(default));
    let before = event.id("/before");
    let mut why = match (&before, &default) {
        (Some(before), _) if event.flag("/forced") => {
            format!("A forced push to a {noun}: the commits from {} on are scanned.", before.short())
        }
        (Some(before), _) => {
            format!("A push to a {noun}: the commits from {} on are scanned.", before.short())
        }
        (None, Some(default)) => {
            format!("A new {noun}: the commits that are not on {} are scanned.", default.as_str())
        }
        (None, None) => format!("A new {noun}: everything that it reaches is scanned."),
    };
    if is_tag && before.is_none() && default.is_some() {
        why.push_str(" --mode full scans all.");
    }
    let bases = before.map(Point::Commit).into_iter().chain(default.map(Point::Branch)).collect();
    let head = if reference.is_empty() { Point::Commit(head) } else { at(head, reference) };
    (What::Introduced { head, bases }, why)
}

/// A commit, and the ref that leads to it if its name is plain.
fn at(id: Id, reference: &str) -> Point {
    let name = reference.strip_prefix("refs/").filter(|name| Branch::new(name).is_some());
    match name {
        Some(name) => Point::CommitAt(id, format!("refs/{name}")),
        None => Point::Commit(id),
    }
}

fn pull_request(environment: &Environment, event: &Event, name: &str) -> (What, String) {
    let (Some(head), base) = (event.id("/pull_request/head/sha"), event.id("/pull_request/base/sha")) else {
        return (
            What::Whole,
            "The event names no commits of its pull request: everything is scanned.".into(),
        );
    };
    let number =
        event.0.pointer("/pull_request/number").or(event.0.pointer("/number")).and_then(Value::as_u64);
    // The branch may have gone on since the event was written; what GitHub merged is exact.
    let merge = environment.id("GITHUB_SHA").filter(|merge| *merge != head);
    let target = merge.map(|merge| Point::TargetOf { merge, head: head.clone() });
    let branch = event.branch("/pull_request/base/ref").or_else(|| environment.branch("GITHUB_BASE_REF"));
    let bases: Vec<Point> =
        target.into_iter().chain(base.map(Point::Commit)).chain(branch.map(Point::Branch)).collect();
    let from = if name == "pull_request_target" {
        " Its objects are read, and nothing of it is checked out, run or believed."
    } else {
        ""
    };
    let which = number.map_or(String::new(), |number| format!(" {number}"));
    let why = format!(
        "Pull request{which}: the commits that it would add, up to {}, are scanned.{from}",
        head.short()
    );
    let head = match number {
        Some(number) => Point::CommitAt(head, format!("refs/pull/{number}/head")),
        None => Point::Commit(head),
    };
    (What::Introduced { head, bases }, why)
}

fn merge_group(event: &Event) -> (What, String) {
    let (Some(head), base) = (event.id("/merge_group/head_sha"), event.id("/merge_group/base_sha")) else {
        return (What::Whole, "The event names no commits of its merge group: everything is scanned.".into());
    };
    let why = format!("A merge group: the commits that it would add, up to {}, are scanned.", head.short());
    let branch = event.branch("/merge_group/base_ref");
    let bases = base.map(Point::Commit).into_iter().chain(branch.map(Point::Branch)).collect();
    let head = match event.text("/merge_group/head_ref") {
        Some(reference) => at(head, reference),
        None => Point::Commit(head),
    };
    (What::Introduced { head, bases }, why)
}
