//! Random histories: a range reports what a naive comparison of listings says.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{RULE, Rng, Sandbox, line};

const FILES: [&str; 7] = ["a", "b", "c", "d/a", "d/b", "d/e/a", "f"];
const SECRETS: [&str; 4] = ["p", "q", "r", "s"];
const BRANCHES: usize = 3;

type Listing = BTreeMap<String, String>;

/// Commits, in the order they were made, by plain listings.
struct Naive {
    /// id → (parents, path → blob).
    commits: BTreeMap<String, (Vec<String>, Listing)>,
    /// blob → secrets.
    secrets: BTreeMap<String, BTreeSet<String>>,
}

fn pick<'a, T>(rng: &mut Rng, list: &'a [T]) -> &'a T {
    &list[rng.below(list.len())]
}

/// Random adds, edits, moves and removals on a few branches, merges with and without a say of their own, and clocks
/// that are off.
fn build(rng: &mut Rng) -> (Sandbox, Naive) {
    let sandbox = Sandbox::new();
    sandbox.git(["init", "-q", "--bare"]);
    let mut stream = String::new();
    let mut branches: Vec<Vec<usize>> = vec![Vec::new(); BRANCHES];
    let mut trees: Vec<BTreeMap<&str, Vec<&str>>> = Vec::new();
    for mark in 1..=14usize {
        let branch = rng.below(BRANCHES);
        let mut parents: Vec<usize> = branches[branch].last().copied().into_iter().collect();
        if rng.below(3) == 0 {
            for _ in 0..=rng.below(2) {
                let other = branches[rng.below(BRANCHES)].last().copied();
                parents.extend(other.filter(|other| !parents.contains(other)));
            }
        }
        let mut files = parents.first().map(|parent| trees[parent - 1].clone()).unwrap_or_default();
        for parent in parents.iter().skip(1) {
            // A merge takes some of each side.
            for (path, content) in &trees[parent - 1] {
                if rng.below(2) == 0 {
                    files.insert(path, content.clone());
                }
            }
        }
        for _ in 0..rng.below(3) {
            let path = *pick(rng, &FILES);
            match rng.below(4) {
                0 => drop(files.remove(path)),
                1 => {
                    if let Some(content) = files.remove(path) {
                        files.insert(*pick(rng, &FILES), content);
                    }
                }
                2 => files.entry(path).or_default().push(*pick(rng, &SECRETS)),
                _ => {
                    let content = files.entry(path).or_default();
                    if content.is_empty() {
                        content.push("nothing");
                    } else {
                        content.remove(0);
                    }
                }
            }
        }
        let time = 1_600_000_000 + 60 * mark + rng.below(2) * rng.below(2000);
        stream.push_str(&format!(
            "commit refs/heads/b{branch}\nmark :{mark}\ncommitter C <c@d> {time} +0000\ndata 0\n"
        ));
        for (place, parent) in parents.iter().enumerate() {
            stream.push_str(&format!("{} :{parent}\n", if place == 0 { "from" } else { "merge" }));
        }
        stream.push_str("deleteall\n");
        for (path, content) in &files {
            let text: String = content
                .iter()
                .map(|name| if *name == "nothing" { "-\n".into() } else { line(name) })
                .collect();
            stream.push_str(&format!("M 644 inline {path}\ndata {}\n{text}\n", text.len()));
        }
        stream.push('\n');
        trees.push(files);
        branches[branch].push(mark);
    }
    sandbox.git_with(["fast-import", "--quiet"], stream.as_bytes());
    let naive = naive(&sandbox);
    (sandbox, naive)
}

fn naive(sandbox: &Sandbox) -> Naive {
    let mut naive = Naive { commits: BTreeMap::new(), secrets: BTreeMap::new() };
    for row in sandbox.git(["rev-list", "--all", "--parents"]).lines() {
        let mut ids = row.split(' ').map(ToOwned::to_owned);
        let id = ids.next().unwrap();
        let list = sandbox.git(["ls-tree", "-r", &id]);
        let entry = |row: &str| {
            let (meta, path) = row.split_once('\t').unwrap();
            (path.to_owned(), meta.rsplit(' ').next().unwrap().to_owned())
        };
        naive.commits.insert(id, (ids.collect(), list.lines().map(entry).collect()));
    }
    let blobs: BTreeSet<&String> = naive.commits.values().flat_map(|(_, files)| files.values()).collect();
    for blob in blobs {
        let text = sandbox.git(["cat-file", "blob", blob]);
        let held = SECRETS.iter().filter(|name| text.contains(line(name).trim()));
        naive.secrets.insert(blob.clone(), held.map(ToString::to_string).collect());
    }
    naive
}

impl Naive {
    /// (path, blob, secret) that a commit introduced.
    fn introduced(&self, id: &str) -> BTreeSet<(String, String, String)> {
        let (parents, files) = &self.commits[id];
        let before: Vec<&Listing> = parents.iter().map(|parent| &self.commits[parent].1).collect();
        let gone: Vec<(&String, &String)> = before
            .iter()
            .flat_map(|listing| listing.iter())
            .filter(|(path, blob)| files.get(*path) != Some(blob))
            .collect();
        let mut found = BTreeSet::new();
        for (path, blob) in files {
            let there: Vec<&String> = before.iter().filter_map(|listing| listing.get(path)).collect();
            if there.contains(&blob) || gone.iter().any(|(_, other)| *other == blob) {
                continue;
            }
            let removed = gone.iter().filter(|(path, _)| !files.contains_key(*path)).map(|(_, blob)| *blob);
            let old: Vec<&String> = if there.is_empty() { removed.collect() } else { there };
            for secret in &self.secrets[blob] {
                if !old.iter().any(|blob| self.secrets[*blob].contains(secret)) {
                    found.insert((path.clone(), blob.clone(), secret.clone()));
                }
            }
        }
        found
    }
}

#[test]
fn ranges_of_random_histories() {
    let tokens: BTreeMap<String, &str> =
        SECRETS.iter().map(|name| (line(name).trim()[2..].to_owned(), *name)).collect();
    let mut reported = 0;
    for seed in 0..40 {
        let mut rng = Rng::from_name(&format!("scopes {seed}"));
        let (sandbox, naive) = build(&mut rng);
        let ids: Vec<&String> = naive.commits.keys().collect();
        for _ in 0..4 {
            let dots = *pick(&mut rng, &["..", "..", "..."]);
            let range = format!("{}{dots}{}", pick(&mut rng, &ids), pick(&mut rng, &ids));
            let commits = sandbox.git(["rev-list", &range]);
            let commits: BTreeSet<&str> = commits.lines().collect();
            let scan = sandbox.scan_with(&[".", "-j2", "--show-secrets", "--range", &range], b"");
            scan.expect_complete();
            assert_eq!(scan.report["scanned"]["commits"], commits.len(), "seed {seed}, {range}");
            let mut expected: BTreeMap<(String, String, String), BTreeSet<&str>> = BTreeMap::new();
            for id in &commits {
                for place in naive.introduced(id) {
                    expected.entry(place).or_default().insert(id);
                }
            }
            let mut found = BTreeMap::new();
            for finding in scan.findings() {
                assert_eq!(finding["rule"]["id"], RULE);
                let secret = tokens[finding["secret"].as_str().unwrap()];
                for occurrence in finding["occurrences"].as_array().unwrap() {
                    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
                    let place = (text(&occurrence["path"]), text(&occurrence["blob"]), secret.to_owned());
                    let commit = text(&occurrence["commit"]["id"]);
                    // Which of several is the first depends on the order; that none comes after another does not.
                    assert!(expected[&place].contains(commit.as_str()), "seed {seed}, {range}: {place:?}");
                    for other in expected[&place].iter().filter(|other| **other != commit) {
                        let between = sandbox.git(["rev-list", "--count", &format!("{commit}..{other}")]);
                        assert_ne!(between, "0", "seed {seed}, {range}: {place:?}");
                    }
                    found.insert(place, commit);
                }
            }

            assert!(expected.keys().eq(found.keys()), "seed {seed}, {range}: {expected:#?} {found:#?}");
            reported += expected.len();
            let alone = sandbox.scan_with(&[".", "-j1", "--show-secrets", "--range", &range], b"");
            assert_eq!(alone.report, scan.report);
        }
    }
    assert!(reported > 100, "{reported}");
}
