//! Runs a case, and holds what the scan said against what was expected.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde_json::Value;

use crate::case::{Case, End, Expected};
use crate::oracle;
use crate::support::{RULE, Run, Sandbox, Scan, github};
use crate::watched::{deeds, measured};

/// Directories of its own among the temporary ones: bundles, and packs whose indexes are of no use.
const OWN: [&str; 2] = ["/muzzle-bundle-", "/muzzle-pack-"];

/// Runs the case.
///
/// # Errors
/// All that is not as expected, for a person.
pub(crate) fn judge(case: &Case) -> Result<(), String> {
    let sandbox = Sandbox::new();
    let expected = (case.make)(&sandbox);
    let mut arguments = vec!["scan", "-o", "json", "--show-secrets"];
    arguments.extend(expected.arguments.iter().map(String::as_str));
    if expected.arguments.is_empty() {
        arguments.push(".");
    }
    let directory = sandbox.path(&expected.directory);
    let command = || {
        let mut command = sandbox.command(&arguments);
        command.current_dir(&directory);
        command
    };
    if let Some(step) = expected.meanwhile {
        return meanwhile(&sandbox, &expected, &command, step);
    }
    let before = listing(&sandbox.path(""));
    let watched = measured(command(), &expected.stdin);
    let mut complaints = Vec::new();
    if watched.peak > expected.memory {
        complaints.push(format!("{} MiB of memory, {} allowed", watched.peak, expected.memory));
    }
    let deeds = deeds(&command(), &expected.stdin).map(|mut deeds| {
        deeds.retain(|deed| !OWN.iter().any(|own| deed.contains(own)));
        deeds
    });
    if let Some(deeds) = deeds.filter(|deeds| !deeds.is_empty()) {
        complaints.push(format!("it did more than read:\n  {}", deeds.join("\n  ")));
    }
    let after = listing(&sandbox.path(""));
    if before != after {
        complaints.push("what was scanned is not as it was".into());
    }
    complaints.extend(compare(&expected, watched.run));
    // Git itself touches what it reads.
    if expected.ask_git {
        complaints.extend(oracle::complaints(&sandbox, &expected, &directory));
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}

/// Scans that what is scanned changes under.
const ROUNDS: usize = 6;

fn meanwhile(
    sandbox: &Sandbox,
    expected: &Expected,
    command: &dyn Fn() -> std::process::Command,
    step: fn(&Sandbox),
) -> Result<(), String> {
    for round in 0..ROUNDS {
        let command = command();
        let watched = std::thread::scope(|scope| {
            let scan = scope.spawn(|| measured(command, &expected.stdin));
            while !scan.is_finished() {
                step(sandbox);
            }
            scan.join().unwrap()
        });
        let complaints = compare(expected, watched.run);
        if !complaints.is_empty() {
            return Err(format!("round {round}: {}", complaints.join("\n")));
        }
    }
    Ok(())
}

fn compare(expected: &Expected, run: Run) -> Vec<String> {
    let mut complaints = Vec::new();
    if run.stderr.contains("panicked") {
        complaints.push(format!("it panicked: {}", run.stderr));
    }
    for text in &expected.says {
        if !run.stderr.contains(text.as_str()) {
            complaints.push(format!("standard error does not say {text:?}: {}", run.stderr));
        }
    }
    let refused = run.code == Some(2) && run.stdout.is_empty() && !run.stderr.is_empty();
    if expected.or_refused && refused {
        return complaints;
    }
    if expected.end == End::Refused {
        if !refused {
            complaints.push(format!("not refused: exit {:?}, {}", run.code, run.stderr));
        }
        return complaints;
    }
    let stderr = run.stderr.clone();
    let Ok(scan) = catch_unwind(AssertUnwindSafe(|| Scan::new(run))) else {
        complaints.push(format!("no report: {stderr}"));
        return complaints;
    };
    let gaps = scan.gaps();
    let known: Vec<String> = expected.found.iter().chain(&expected.doubtful).cloned().collect();
    let found = names(&scan, &known);
    let doubtful = expected.doubtful.iter().filter(|name| gaps.is_empty() || found.contains(*name));
    let wanted: BTreeSet<String> = expected.found.iter().chain(doubtful).cloned().collect();
    if found != wanted && !expected.finds_any && !(expected.among_others && found.is_superset(&wanted)) {
        let missed: Vec<_> = wanted.difference(&found).collect();
        let more: Vec<_> = found.difference(&wanted).collect();
        complaints.push(format!("missed {missed:?}, found beside {more:?}"));
    }
    let places = scan.places();
    for place in &expected.places {
        if !places
            .iter()
            .any(|told| told.strip_prefix(RULE).is_some_and(|t| t.trim_start().starts_with(place)))
        {
            complaints.push(format!("{place:?} is not among {places:#?}"));
        }
    }
    for (begin, end) in &expected.some_places {
        let is = |told: &String| {
            told.split_once(' ')
                .is_some_and(|(_, t)| t.starts_with(begin.as_str()) && t.ends_with(end.as_str()))
        };
        if !places.iter().any(is) {
            complaints.push(format!("{begin:?}…{end:?} is not among {places:#?}"));
        }
    }
    for (pointer, number) in &expected.numbers {
        let told = scan.report.pointer(pointer);
        if told.and_then(Value::as_u64) != Some(*number) {
            complaints.push(format!("{pointer} is {told:?}, not {number}"));
        }
    }
    let ends = match expected.end {
        End::Complete => gaps.is_empty(),
        End::Incomplete => !gaps.is_empty(),
        End::Refused | End::Either => true,
    };
    if !ends {
        complaints.push(format!("expected to be {:?}: {:#}", expected.end, scan.report["gaps"]));
    }
    let code = i32::from(scan.count() > 0) + if gaps.is_empty() { 0 } else { 3 };
    if scan.code != code {
        complaints.push(format!("exit {} with {} findings and {} gaps", scan.code, scan.count(), gaps.len()));
    }
    for gap in &expected.gaps {
        if !gaps.iter().any(|told| told.starts_with(gap.as_str())) {
            complaints.push(format!("no gap begins with {gap:?}: {:#}", scan.report["gaps"]));
        }
    }
    complaints
}

/// The names of the tokens that were found; a value that is none of them stands for itself.
fn names(scan: &Scan, known: &[String]) -> BTreeSet<String> {
    let by_token: BTreeMap<String, &String> = known.iter().map(|name| (github(name), name)).collect();
    let value = |finding: &Value| finding["secret"].as_str().unwrap_or("?").to_owned();
    let name = |value: String| by_token.get(&value).map_or(value, |name| (*name).clone());
    scan.findings().iter().map(|finding| name(value(finding))).collect()
}

/// Every path below, with what tells whether it was written to.
fn listing(root: &Path) -> BTreeMap<std::path::PathBuf, (u64, Option<std::time::SystemTime>)> {
    let mut list = BTreeMap::new();
    let mut stack = vec![root.to_owned()];
    while let Some(directory) = stack.pop() {
        for entry in std::fs::read_dir(&directory).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.path().symlink_metadata() else { continue };
            if metadata.is_dir() {
                stack.push(entry.path());
            }
            list.insert(entry.path(), (metadata.len(), metadata.modified().ok()));
        }
    }
    list
}
