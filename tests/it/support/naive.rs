//! How long and from where a secret can be met, found out by asking git about one commit after the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::Sandbox;

/// What a finding says of itself, and what [`History::exposure`] says of a secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exposure {
    pub(crate) first_seen: Option<String>,
    pub(crate) last_seen: Option<String>,
    pub(crate) removed_in: Option<String>,
    pub(crate) refs: Vec<String>,
}

impl Exposure {
    /// Out of a report.
    pub(crate) fn told(finding: &Value) -> Self {
        let id = |name: &str| finding[name]["id"].as_str().map(ToOwned::to_owned);
        let names = finding["refs"].as_array().map_or(&[][..], Vec::as_slice);
        let refs: Vec<String> = names.iter().map(|name| name.as_str().unwrap().into()).collect();
        assert_eq!(finding["refs_total"].as_u64().unwrap_or(0), refs.len() as u64);
        Exposure {
            first_seen: id("first_seen"),
            last_seen: id("last_seen"),
            removed_in: id("removed_in"),
            refs,
        }
    }
}

struct Commit {
    id: String,
    parents: Vec<String>,
    /// The bytes of all its files.
    text: String,
}

/// All commits that refs and reflogs reach, in topological order.
pub(crate) struct History {
    commits: Vec<Commit>,
    /// Those in the history of HEAD, if there is one.
    of_head: Option<BTreeSet<String>>,
    head: Option<usize>,
    times: HashMap<String, i64>,
}

impl History {
    /// Dates have to differ, or the order would not be known.
    pub(crate) fn read(sandbox: &Sandbox) -> Self {
        let lines = |text: String| text.lines().map(ToOwned::to_owned).collect::<Vec<_>>();
        let mut waiting = BTreeMap::new();
        let mut times = HashMap::new();
        for line in lines(sandbox.git(["rev-list", "--all", "--reflog", "--timestamp", "--parents"])) {
            let mut words = line.split(' ');
            let time: i64 = words.next().unwrap().parse().unwrap();
            let id = words.next().unwrap().to_owned();
            times.insert(id.clone(), time);
            waiting.insert((time, id), words.map(ToOwned::to_owned).collect::<Vec<_>>());
        }
        let mut blobs: HashMap<String, String> = HashMap::new();
        let mut commits: Vec<Commit> = Vec::new();
        while !waiting.is_empty() {
            // The oldest one whose parents are done.
            let is_done = |parent: &String| commits.iter().any(|commit| commit.id == *parent);
            let next = waiting.iter().find(|(_, parents)| parents.iter().all(is_done));
            let key = next.expect("there are no loops").0.clone();
            let parents = waiting.remove(&key).unwrap();
            let mut text = String::new();
            for blob in lines(sandbox.git(["ls-tree", "-r", "--format=%(objectname)", &key.1])) {
                let read = || sandbox.git(["cat-file", "blob", &blob]);
                text.push_str(blobs.entry(blob.clone()).or_insert_with(read));
            }
            commits.push(Commit { id: key.1, parents, text });
        }
        let head = sandbox.git(["rev-parse", "--revs-only", "HEAD"]);
        let of_head =
            (!head.is_empty()).then(|| lines(sandbox.git(["rev-list", "HEAD"])).into_iter().collect());
        let head = commits.iter().position(|commit| commit.id == head);
        History { commits, of_head, head, times }
    }

    /// Ids in topological order.
    pub(crate) fn order(&self) -> Vec<&str> {
        self.commits.iter().map(|commit| commit.id.as_str()).collect()
    }

    /// When a commit was made.
    pub(crate) fn time(&self, id: &str) -> i64 {
        self.times[id]
    }

    /// What is true of a secret.
    pub(crate) fn exposure(&self, sandbox: &Sandbox, secret: &str) -> Exposure {
        let holds = |commit: &Commit| commit.text.contains(secret);
        let id = |commit: &Commit| commit.id.clone();
        let holders: Vec<&Commit> = self.commits.iter().filter(|commit| holds(commit)).collect();
        let removes = |commit: &Commit| {
            let parent_holds =
                |parent: &String| self.commits.iter().any(|other| other.id == *parent && holds(other));
            let within = self.of_head.as_ref().is_none_or(|of_head| of_head.contains(&commit.id));
            within && !holds(commit) && commit.parents.iter().any(parent_holds)
        };
        let in_head = self.head.is_some_and(|at| holds(&self.commits[at]));
        let removed = self.commits.iter().rposition(removes).filter(|at| {
            let held_later = self.commits[at + 1..].iter().any(holds);
            !in_head && (self.head.is_some() || !held_later)
        });
        let mut asked = vec!["for-each-ref".to_owned(), "--format=%(refname)".to_owned()];
        asked.extend(holders.iter().map(|commit| format!("--contains={}", commit.id)));
        let refs = if holders.is_empty() { String::new() } else { sandbox.git(&asked) };
        Exposure {
            first_seen: holders.first().map(|commit| id(commit)),
            last_seen: holders.last().map(|commit| id(commit)),
            removed_in: removed.map(|at| id(&self.commits[at])),
            refs: refs.lines().map(ToOwned::to_owned).collect(),
        }
    }
}
