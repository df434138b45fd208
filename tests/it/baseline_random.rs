//! What is known stays known, and what is new is reported, whatever happens to the history: random edits, renames,
//! rebases, squashes, merges and amended commits, always the same for the same seed. `MUZZLE_BASELINE_SEEDS=20` tries
//! more seeds.

use std::collections::{BTreeMap, BTreeSet};

use super::support::token::fill;
use super::support::{Rng, Sandbox, github};

/// Steps of one history.
const STEPS: usize = 200;
/// Steps between two scans. A scan reads every version that there ever was, so that nothing is passed over.
const ROUND: usize = 10;
/// Secrets that are there from the beginning: every second a password.
const KNOWN: usize = 8;

/// A line of a file: text, or the secret with this number and the surroundings with that one.
#[derive(Debug, Clone)]
enum Line {
    Text(usize),
    Secret(usize, usize),
}

struct World {
    sandbox: Sandbox,
    rng: Rng,
    seed: usize,
    files: BTreeMap<String, Vec<Line>>,
    /// How many secrets there have been.
    secrets: usize,
    /// Gives every text and every file name a number of its own.
    next: usize,
}

impl World {
    fn new(seed: usize) -> Self {
        let mut world = World {
            sandbox: Sandbox::repository(),
            rng: Rng::from_name(&format!("baseline {seed}")),
            seed,
            files: BTreeMap::new(),
            secrets: KNOWN,
            next: 0,
        };
        for secret in 0..KNOWN {
            let file = format!("f{}", secret % 3);
            let lines = world.files.entry(file).or_default();
            lines.push(Line::Secret(secret, 1000 + secret));
            lines.push(Line::Text(secret));
        }
        world.commit(&[]);
        world
    }

    fn value(&self, secret: usize) -> String {
        let name = format!("{}-{secret}", self.seed);
        if secret.is_multiple_of(2) { github(&name) } else { fill("{{[A-Za-z0-9]{10}}}", &name) }
    }

    fn text(&self, line: &Line) -> String {
        match line {
            Line::Text(number) => format!("text {number}\n"),
            Line::Secret(secret, round) if secret.is_multiple_of(2) => {
                format!("name{round} {}\n", self.value(*secret))
            }
            Line::Secret(secret, round) => {
                format!(
                    "queue{round} = 'amqp:{}{}@mq1.acme.io:5672/p{round}'\n",
                    "//app:",
                    self.value(*secret)
                )
            }
        }
    }

    fn number(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    fn any_file(&mut self) -> String {
        let at = self.rng.below(self.files.len());
        self.files.keys().nth(at).unwrap().clone()
    }

    /// Where a secret stands, if any does.
    fn any_secret(&mut self) -> Option<(String, usize)> {
        let is_secret = |line: &Line| matches!(line, Line::Secret(..));
        let all: Vec<(String, usize)> = self
            .files
            .iter()
            .flat_map(|(file, lines)| {
                let places = lines.iter().enumerate().filter(|(_, line)| is_secret(line));
                places.map(move |(at, _)| (file.clone(), at))
            })
            .collect();
        (!all.is_empty()).then(|| all[self.rng.below(all.len())].clone())
    }

    /// Changes files; says what it did.
    fn change(&mut self) -> &'static str {
        let file = self.any_file();
        let number = self.number();
        match self.rng.below(10) {
            0..=2 => {
                let at = self.rng.below(self.files[&file].len() + 1);
                self.files.get_mut(&file).unwrap().insert(at, Line::Text(number));
                "a line more"
            }
            3 => {
                let lines = self.files.remove(&file).unwrap();
                self.files.insert(format!("d{}/g{number}", number % 4), lines);
                "a file renamed"
            }
            4 => {
                let copy = self.files[&file].clone();
                if self.files.len() < 8 {
                    self.files.insert(format!("copy{number}"), copy);
                }
                "a file copied"
            }
            5 | 6 => {
                let Some((file, at)) = self.any_secret() else { return "nothing" };
                if let Line::Secret(_, round) = &mut self.files.get_mut(&file).unwrap()[at] {
                    *round = number;
                }
                "other surroundings"
            }
            7 => {
                let Some((from, at)) = self.any_secret() else { return "nothing" };
                let line = self.files.get_mut(&from).unwrap().remove(at);
                self.files.get_mut(&file).unwrap_or(&mut Vec::new()).push(line);
                "a line moved"
            }
            8 => {
                let lines = self.files.get_mut(&file).unwrap();
                lines.reverse();
                "a file turned round"
            }
            _ => {
                let Some((file, at)) = self.any_secret() else { return "nothing" };
                // A new value of the same kind, in the very place of another.
                let Line::Secret(old, round) = self.files[&file][at] else { unreachable!() };
                let new = self.secrets + usize::from(self.secrets % 2 != old % 2);
                self.secrets = new + 1;
                self.files.get_mut(&file).unwrap()[at] = Line::Secret(new, round);
                "another value in its place"
            }
        }
    }

    /// Writes all files and commits.
    fn commit(&mut self, more: &[&str]) {
        for entry in std::fs::read_dir(self.sandbox.path("")).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap() == ".git" || path.file_name().unwrap() == "noise" {
                continue;
            }
            if path.is_dir() {
                std::fs::remove_dir_all(path).unwrap();
            } else {
                std::fs::remove_file(path).unwrap();
            }
        }
        for (file, lines) in &self.files {
            self.sandbox.write(file, lines.iter().map(|line| self.text(line)).collect::<String>());
        }
        self.sandbox.git(["add", "-A"]);
        let arguments = ["commit", "-q", "--no-verify", "--allow-empty", "-m", "step"];
        self.sandbox.git([&arguments, more].concat());
    }

    /// One step of a history; says what it did.
    fn step(&mut self) -> String {
        let git = |world: &World, arguments: &[&str]| world.sandbox.git(arguments);
        match self.rng.below(10) {
            kind @ (0..=2) => {
                git(self, &["checkout", "-q", "-b", "topic"]);
                let mut changes = Vec::new();
                for _ in 0..2 {
                    changes.push(self.change());
                    self.commit(&[]);
                }
                git(self, &["checkout", "-q", "main"]);
                let noise = self.number();
                self.sandbox.write(format!("noise/n{noise}"), "noise\n");
                git(self, &["add", "noise"]);
                git(self, &["commit", "-q", "-m", "noise"]);
                match kind {
                    0 => {
                        git(self, &["checkout", "-q", "topic"]);
                        git(self, &["rebase", "-q", "main"]);
                        git(self, &["checkout", "-q", "main"]);
                        git(self, &["merge", "-q", "--ff-only", "topic"]);
                    }
                    1 => {
                        git(self, &["merge", "-q", "--squash", "topic"]);
                        git(self, &["commit", "-q", "--allow-empty", "-m", "squashed"]);
                    }
                    _ => _ = git(self, &["merge", "-q", "--no-ff", "-m", "merge", "topic"]),
                }
                git(self, &["branch", "-q", "-D", "topic"]);
                format!("{} of {changes:?}", ["a rebase", "a squash", "a merge"][kind])
            }
            3 => {
                let change = self.change();
                self.commit(&["--amend"]);
                format!("amended: {change}")
            }
            4 if self.rng.below(4) == 0 => {
                git(self, &["repack", "-adq"]);
                "packed".into()
            }
            _ => {
                let change = self.change();
                self.commit(&[]);
                change.into()
            }
        }
    }
}

/// The values in a list of findings.
fn values(list: &serde_json::Value) -> BTreeSet<String> {
    let list = list.as_array().unwrap();
    list.iter().map(|finding| finding["secret"].as_str().unwrap().to_owned()).collect()
}

fn check(seed: usize) {
    let mut world = World::new(seed);
    let (baseline, ignores) = (world.sandbox.outside("known.jsonl"), world.sandbox.outside("ignore.toml"));
    let (baseline, ignores) = (baseline.to_str().unwrap().to_owned(), ignores.to_str().unwrap().to_owned());
    // Half of what is known goes into the ignore file, the rest into the baseline.
    let scan = world.sandbox.scan(&["--show-secrets"]);
    assert_eq!(scan.count(), KNOWN, "{:?}", scan.places());
    let fingerprints = scan.findings().iter().map(|finding| finding["fingerprint"].as_str().unwrap());
    let half: Vec<&str> = fingerprints.step_by(2).collect();
    let arguments = ["ignore", "add", "--reason", "r", "--who", "w", "--file", &ignores];
    let run = world.sandbox.muzzle(arguments.into_iter().chain(half));
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let run = world.sandbox.muzzle(["baseline", "create", &baseline, "-i", &ignores]);
    assert_eq!(
        run.stdout,
        format!("{baseline} has {} findings.\n", KNOWN / 2).into_bytes(),
        "{}",
        run.stderr
    );
    let known: BTreeSet<String> = (0..KNOWN).map(|secret| world.value(secret)).collect();
    let mut met = BTreeSet::new();
    let mut steps = Vec::new();
    for number in 0..STEPS {
        steps.push(world.step());
        let lines = world.files.values().flatten();
        met.extend(lines.filter_map(|line| match line {
            Line::Secret(secret, _) if *secret >= KNOWN => Some(*secret),
            _ => None,
        }));
        if (number + 1) % ROUND != 0 {
            continue;
        }
        let scan = world.sandbox.scan(&["--show-secrets", "-b", &baseline, "-i", &ignores]);
        // What an amended or squashed commit brought may be met in the reflog alone, and counts all the same.
        let new: BTreeSet<String> = met.iter().map(|secret| world.value(*secret)).collect();
        let (found, hidden) = (values(&scan.report["findings"]), values(&scan.report["suppressed"]));
        assert_eq!(hidden, known, "seed {seed}, step {number}: {steps:?}");
        assert!(found.is_disjoint(&known), "seed {seed}, step {number}: {steps:?}");
        assert!(found.is_superset(&new), "seed {seed}, step {number}: {steps:?}");
        assert_eq!(scan.code, i32::from(!found.is_empty()));
        let all: BTreeSet<String> = (KNOWN..world.secrets).map(|secret| world.value(secret)).collect();
        assert!(found.is_subset(&all), "seed {seed}, step {number}: {steps:?}");
        assert!(scan.notices().is_empty(), "{:?}", scan.notices());
    }
    assert!(met.len() > 10, "seed {seed} brought {} new secrets", met.len());
}

#[test]
fn what_is_known_stays_known_and_what_is_new_is_reported() {
    let seeds = std::env::var("MUZZLE_BASELINE_SEEDS").map_or(1, |seeds| seeds.parse().unwrap());
    (0..seeds).for_each(check);
}
