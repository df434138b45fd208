//! Every format from one scan: the same bytes, masked, harmless, as others expect them.

use serde_json::Value;

use crate::support::{Run, Sandbox, github, line};

pub(crate) const FORMATS: [&str; 13] = [
    "human",
    "json",
    "jsonl",
    "sarif",
    "sarif-head",
    "sarif-history",
    "github",
    "markdown",
    "gitlab",
    "junit",
    "csv",
    "html",
    "gitleaks",
];

/// Secrets in HEAD, in files, in history alone, at several places, under names that try things, with a gap.
pub(crate) fn repository() -> Sandbox {
    let sandbox = Sandbox::repository();
    sandbox.commit_file("src/kept.py", format!("# first\nkey = \"{}\"\n", github("kept")));
    sandbox.commit_file("gone.env", format!("{}{}", line("gone"), line("kept")));
    sandbox.commit_file("gone.env", "nothing\n");
    sandbox.commit_file("=cmd|calc;=1 <b>&\"'.txt", line("formula"));
    sandbox.commit_file("##[error]\u{1b}[31m\n::error::x", line("steering"));
    sandbox.git(["tag", "v1"]);
    sandbox.commit_file("pem.txt", format!("a {} b {}\n", github("pair"), github("kept")));
    sandbox.write("new.txt", format!("not committed: {}\n", github("new")));
    sandbox.write(".git/refs/heads/broken", "rubbish\n");
    sandbox
}

/// `-o FORMAT=../NAME.FORMAT` for all formats.
pub(crate) fn outputs(name: &str) -> Vec<String> {
    FORMATS.iter().flat_map(|format| ["-o".to_owned(), format!("{format}=../{name}.{format}")]).collect()
}

pub(crate) fn text(sandbox: &Sandbox, name: &str, format: &str) -> String {
    String::from_utf8(std::fs::read(sandbox.outside(format!("{name}.{format}"))).unwrap()).unwrap()
}

fn document(sandbox: &Sandbox, name: &str, format: &str) -> Value {
    serde_json::from_str(&text(sandbox, name, format)).unwrap()
}

pub(crate) fn scan(sandbox: &Sandbox, name: &str, arguments: &[&str]) -> Run {
    let outputs = outputs(name);
    sandbox.muzzle(
        ["scan"].into_iter().chain(arguments.iter().copied()).chain(outputs.iter().map(String::as_str)),
    )
}

/// Without what a saved run does not know: the times, and how long it took.
pub(crate) fn timeless(format: &str, text: &str) -> String {
    match format {
        "gitlab" => text.lines().filter(|line| !line.contains("_time\"")).collect(),
        "human" => {
            let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            let unit = |word: &String| word == "ms." || word == "s.";
            if let Some(end) = words.iter().position(unit).filter(|end| words[end - 2] == "in") {
                words.drain(end - 2..=end);
                words[end - 3].push('.');
            }
            words.join(" ")
        }
        _ => text.to_owned(),
    }
}

#[test]
fn every_scan_writes_the_same_but_for_times() {
    let sandbox = repository();
    scan(&sandbox, "one", &[".", "-j1"]);
    scan(&sandbox, "two", &[".", "-j4"]);
    for format in FORMATS {
        let [one, two] = ["one", "two"].map(|name| timeless(format, &text(&sandbox, name, format)));
        assert!(one == two, "{format}");
    }
}

#[test]
fn secrets_are_masked_and_repository_text_is_harmless_in_every_format() {
    let sandbox = repository();
    scan(&sandbox, "masked", &["."]);
    scan(&sandbox, "shown", &[".", "--show-secrets"]);
    // Made to be passed on: never shown.
    let shows = ["human", "json", "jsonl", "gitleaks"];
    for format in FORMATS {
        let (masked, shown) = (text(&sandbox, "masked", format), text(&sandbox, "shown", format));
        for name in ["kept", "gone", "formula", "steering", "new"] {
            let secret = github(name);
            assert!(!masked.contains(&secret[4..24]) && !masked.contains(&secret[20..]), "{format} {name}");
            assert_eq!(shown.contains(&secret), shows.contains(&format), "{format} {name}");
        }
        assert!(!masked.contains(|c: char| c.is_control() && c != '\n'), "{format}");
        // Those of `github` are our own.
        let is_command = |line: &str| match format {
            "github" => {
                !["::error ", "::warning ", "::notice ", "muzzle: "].iter().any(|ours| line.starts_with(ours))
            }
            _ => line.trim_start().starts_with("::"),
        };
        assert!(!masked.lines().any(is_command), "{format}");
        assert!(!masked.contains("##[error]"), "{format}");
    }
}

/// The fields that GitLab requires, as its schema of version 15 names them.
#[test]
fn gitlab_gets_what_it_requires() {
    let sandbox = repository();
    scan(&sandbox, "run", &["."]);
    let document = document(&sandbox, "run", "gitlab");
    let string =
        |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned).expect("a text");
    assert!(string(&document["version"]).starts_with("15."));
    let scan = &document["scan"];
    for tool in ["analyzer", "scanner"] {
        for field in ["id", "name", "version"] {
            string(&scan[tool][field]);
        }
        string(&scan[tool]["vendor"]["name"]);
    }
    for field in ["start_time", "end_time"] {
        let time = string(&scan[field]);
        let form: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(form, "0000-00-00T00:00:00");
    }
    assert_eq!((&scan["type"], &scan["status"]), (&"secret_detection".into(), &"failure".into()));
    assert!(scan["messages"].as_array().unwrap().iter().all(|message| message["level"] == "warn"));
    let found = document["vulnerabilities"].as_array().unwrap();
    assert!(found.len() >= 7, "{}", found.len());
    let mut ids: Vec<String> = found.iter().map(|found| string(&found["id"])).collect();
    for found in found {
        assert_eq!(string(&found["id"]).len(), 36);
        assert!(string(&found["name"]).chars().count() <= 255);
        assert!(string(&found["solution"]).chars().count() <= 7000);
        assert!(["Low", "Medium", "High", "Critical"].contains(&string(&found["severity"]).as_str()));
        for field in ["type", "name", "value"] {
            string(&found["identifiers"][0][field]);
        }
        for link in found["links"].as_array().into_iter().flatten() {
            assert!(string(&link["url"]).starts_with("http"));
        }
        let location = &found["location"];
        assert!(location["start_line"].as_u64().unwrap() <= location["end_line"].as_u64().unwrap());
        string(&location["file"]);
        string(&location["commit"]["sha"]);
        let tracked = &found["tracking"]["items"][0];
        assert_eq!((&found["tracking"]["type"], &tracked["file"]), (&"source".into(), &location["file"]));
        string(&tracked["signatures"][0]["algorithm"]);
        string(&tracked["signatures"][0]["value"]);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), found.len(), "each has an id of its own");
    let file = |name: &str| found.iter().find(|found| found["location"]["file"] == name).unwrap();
    assert_eq!(file("new.txt")["location"]["commit"]["sha"], "0000000");
    assert_eq!(file("src/kept.py")["location"]["commit"]["author"], "Ada Author <ada@example.test>");
}

#[test]
fn spreadsheets_calculate_nothing() {
    let sandbox = repository();
    scan(&sandbox, "run", &["."]);
    let table = text(&sandbox, "run", "csv");
    assert!(table.contains(",\"'=cmd|calc;'=1 <b>&\"\"'.txt\","), "{table}");
    let columns = |line: &str| {
        let outside = |(part, text): (usize, &str)| if part % 2 == 0 { text.matches(',').count() } else { 0 };
        1 + line.split('"').enumerate().map(outside).sum::<usize>()
    };
    let expected = columns(table.lines().next().unwrap());
    assert!(table.lines().all(|line| columns(line) == expected), "{table}");
}

#[test]
fn gitleaks_scripts_find_their_fields() {
    let sandbox = repository();
    scan(&sandbox, "run", &["."]);
    scan(&sandbox, "shown", &[".", "--show-secrets"]);
    let (masked, shown) = (document(&sandbox, "run", "gitleaks"), document(&sandbox, "shown", "gitleaks"));
    let of = |list: &Value, file: &str| -> Value {
        let is_it = |entry: &&Value| entry["File"] == file && entry["Commit"] != "";
        list.as_array().unwrap().iter().find(is_it).unwrap().clone()
    };
    let entry = of(&masked, "src/kept.py");
    let commit = entry["Commit"].as_str().unwrap();
    assert_eq!(entry["Fingerprint"], format!("{commit}:src/kept.py:{}:2", crate::support::RULE));
    assert_eq!((&entry["Secret"], &entry["Match"]), (&"ghp_********".into(), &"ghp_********".into()));
    assert_eq!(
        (&entry["StartLine"], &entry["StartColumn"], &entry["EndColumn"]),
        (&2.into(), &8.into(), &47.into())
    );
    assert_eq!((&entry["Author"], &entry["Message"]), (&"Ada Author".into(), &"change src/kept.py".into()));
    assert!(entry["Entropy"].as_f64().unwrap() > 3.0);
    assert_eq!(of(&shown, "src/kept.py")["Secret"], github("kept"));
    assert_eq!(of(&shown, "src/kept.py")["Match"], github("kept"));
}

/// What GitHub's uploading action makes of a line: 100 characters from its beginning, blanks left out, as the digits
/// of a number to the base 37; then how many lines before it had the same.
fn github_line_hash(text: &str, wanted: usize) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let hash = |from: &str| {
        let units = from.encode_utf16().filter(|unit| *unit != u16::from(b' ') && *unit != u16::from(b'\t'));
        let units = units.chain([u16::MAX]).chain(std::iter::repeat(0)).take(100);
        units.fold(0u64, |hash, unit| hash.wrapping_mul(37).wrapping_add(u64::from(unit)))
    };
    let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    let hashes: Vec<u64> = starts.map(|at| hash(&text[at..])).take(wanted).collect();
    let last = *hashes.last().unwrap();
    format!("{last:x}:{}", hashes.iter().filter(|hash| **hash == last).count())
}

/// The result for a secret, by its masked message and its file.
fn result(document: &Value, uri: &str) -> Option<Value> {
    let results = document["runs"][0]["results"].as_array().unwrap();
    let is_there =
        |result: &&Value| result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri;
    results.iter().find(is_there).cloned()
}

#[test]
fn sarif_has_two_parts_whose_alerts_stay_the_same_when_lines_are_added() {
    let sandbox = Sandbox::repository();
    let origin = sandbox.commit_file("gone.env", line("gone"));
    sandbox.commit_file("gone.env", "nothing\n");
    let rest = format!("key = \"{}\"\nend\n", github("kept"));
    sandbox.commit_file("kept.py", format!("first\n{rest}"));
    let mut before: Vec<(String, Value)> = Vec::new();
    for above in ["first\n", "first\nsecond\n\n# third\n"] {
        let content = format!("{above}{rest}");
        sandbox.commit_file("kept.py", &content);
        scan(&sandbox, "run", &["."]);
        let [all, head, history] =
            ["sarif", "sarif-head", "sarif-history"].map(|format| document(&sandbox, "run", format));
        for (document, id) in [(&all, "muzzle/"), (&head, "muzzle/head/"), (&history, "muzzle/history/")] {
            assert_eq!(document["runs"][0]["automationDetails"]["id"], id);
        }
        assert!(result(&head, "gone.env").is_none() && result(&history, "kept.py").is_none());
        let (kept, gone) = (result(&head, "kept.py").unwrap(), result(&history, "gone.env").unwrap());
        // In the checkout: the action makes the hash, of the line that the result is at.
        assert_eq!(kept["partialFingerprints"].get("primaryLocationLineHash"), None);
        let line = kept["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64().unwrap();
        assert_eq!(line, 1 + above.lines().count() as u64);
        let hash = github_line_hash(&content, usize::try_from(line).unwrap());
        // Not in the checkout: the hash is ours, and the result at no line of another secret.
        assert!(gone["partialFingerprints"]["primaryLocationLineHash"].is_string());
        assert_eq!(gone["locations"][0]["physicalLocation"]["region"]["startLine"], 1);
        assert_eq!(
            (&gone["properties"]["commit"], &gone["properties"]["line"]),
            (&origin.as_str().into(), &1.into())
        );
        let gone_in_all = result(&all, "gone.env").unwrap();
        assert!(gone_in_all["partialFingerprints"]["primaryLocationLineHash"].is_string());
        let now = vec![
            (hash, kept["partialFingerprints"].clone()),
            (String::new(), gone["partialFingerprints"].clone()),
            (String::new(), gone_in_all["partialFingerprints"].clone()),
        ];
        if !before.is_empty() {
            assert_eq!(before, now);
        }
        before = now;
    }
}

/// Values that the action's own tests expect.
#[test]
fn the_line_hash_of_these_tests_is_the_one_of_the_action() {
    assert_eq!(github_line_hash("", 1), "c129715d7a2bc9a3:1");
    let hashes = ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"];
    for (line, hash) in (1..).zip(hashes) {
        assert_eq!(github_line_hash(" a\nb\n  \t\tc\n d", line), hash);
    }
}

#[test]
fn junit_counts_what_it_tells() {
    let sandbox = repository();
    scan(&sandbox, "run", &["."]);
    let junit = text(&sandbox, "run", "junit");
    let gaps = document(&sandbox, "run", "json")["gaps"].as_array().unwrap().len();
    let failures = junit.matches("<failure ").count();
    assert_eq!(failures, document(&sandbox, "run", "gitlab")["vulnerabilities"].as_array().unwrap().len());
    let numbers = format!("tests=\"{}\" failures=\"{failures}\" errors=\"{gaps}\"", failures + gaps);
    assert_eq!(junit.matches(&numbers).count(), 2, "{junit}");
}

/// For `.ci/check-formats`: writes every format of a scan with findings and of one without to `MUZZLE_FORMATS_DIR`.
#[test]
fn writes_samples_where_asked() {
    let Some(directory) = std::env::var_os("MUZZLE_FORMATS_DIR").map(std::path::PathBuf::from) else {
        return;
    };
    let clean = Sandbox::repository();
    clean.commit_file("a", "a\n");
    for (name, sandbox) in [("findings", repository()), ("clean", clean)] {
        scan(&sandbox, name, &["."]);
        for format in FORMATS {
            let file = format!("{name}.{format}");
            std::fs::copy(sandbox.outside(&file), directory.join(&file)).unwrap();
        }
    }
}
