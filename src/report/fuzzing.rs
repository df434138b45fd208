//! A door for fuzzers to the formats; built with `--cfg fuzzing` only, and for the test below.
#![expect(clippy::missing_panics_doc, reason = "to panic is how a fuzz target says that something is wrong")]

use std::path::Path;
use std::sync::Arc;

use bstr::ByteSlice as _;

use super::saved::{Wanted, read};
use super::{Format, Look, Report, fixture};
use crate::finding::{CommitInfo, Fact, Finding, Gap, GapKind, ObjectName, Person, Provenance, Verdict};
use crate::rules::RuleSet;

/// A report of made-up findings, in which all words are the fuzzer's: in every format, of which those that are JSON are
/// parsed, and none of which holds a secret. How many findings there were.
pub fn report(data: &[u8]) -> usize {
    let report = made_up(data);
    for (name, format) in Format::ALL {
        let bytes = format.render(&report, &Look::default());
        for finding in &report.findings {
            #[expect(clippy::disallowed_methods, reason = "what must not be told is looked for")]
            let secret = finding.secret.expose();
            assert!(!bytes.contains_str(secret), "{name} holds a secret");
        }
        let documents: Vec<&[u8]> = match format {
            Format::Jsonl => bytes.lines().collect(),
            Format::Json | Format::Gitlab | Format::Gitleaks => vec![&bytes],
            Format::Sarif | Format::SarifHead | Format::SarifHistory => {
                let log: serde_sarif::sarif::Sarif = serde_json::from_slice(&bytes).expect("it is SARIF");
                assert_eq!(log.runs.len(), 1);
                vec![&bytes]
            }
            _ => Vec::new(),
        };
        for document in documents {
            let _: serde_json::Value = serde_json::from_slice(document).expect("it is JSON");
        }
        if matches!(format, Format::Json | Format::Jsonl) {
            let wanted = Wanted { secrets: false, explain: false };
            let again = read(Path::new("fuzz"), &bytes, wanted).expect("what was written can be read");
            assert_eq!(again.findings.len(), report.findings.len());
        }
    }
    report.findings.len()
}

/// Words are taken from the rest, each with a byte that says how long it is.
struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn word(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte() % 64).min(self.0.len());
        let (word, rest) = self.0.split_at(length);
        self.0 = rest;
        word
    }

    fn text(&mut self) -> String {
        self.word().to_str_lossy().into_owned()
    }
}

fn made_up(data: &[u8]) -> Report {
    let mut words = Words(data);
    let rules = fixture::rules();
    let (mut findings, mut gaps) = (Vec::new(), Vec::new());
    while !words.0.is_empty() && findings.len() + gaps.len() < 16 {
        if words.byte() % 4 == 0 {
            let kinds = [GapKind::UnreadableFile, GapKind::CorruptPack, GapKind::Shallow];
            let kind = kinds[usize::from(words.byte()) % kinds.len()];
            gaps.push(Gap { kind, place: words.text(), detail: words.text() });
        } else {
            let number = u8::try_from(findings.len()).unwrap_or(0);
            findings.push(finding(&rules, number, &mut words));
        }
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut report = fixture::report(findings, gaps);
    report.targets = vec![words.text()];
    report
}

fn finding(rules: &RuleSet, number: u8, words: &mut Words<'_>) -> Finding {
    let secret = fixture::secret(number);
    let places = 1 + words.byte() % 3;
    let mut occurrences: Vec<_> = (0..places)
        .map(|_| {
            // The words may hold the secret as well.
            let mut path = words.word().to_vec();
            if words.byte() % 8 == 1 {
                path.extend_from_slice(&secret);
            }
            let line = 1 + u32::from(words.byte());
            fixture::occurrence(&secret, &path, line, provenance(words))
        })
        .collect();
    occurrences.iter_mut().for_each(|one| one.in_head = words.byte() % 2 == 1);
    let mut finding = fixture::finding(rules, "fixture-token", &secret, occurrences);
    finding.verdict = match words.byte() % 3 {
        0 => Verdict::NotChecked,
        1 => Verdict::Passed,
        _ => Verdict::Failed(words.text().into()),
    };
    finding.identity = vec![Fact { name: "account".into(), value: words.text() }];
    if words.byte() % 2 == 1 {
        let branch = format!("refs/heads/{}", words.text());
        finding.exposure = Some(fixture::exposure(number, Some(200), &[&branch]));
    }
    finding
}

fn provenance(words: &mut Words<'_>) -> Provenance {
    match words.byte() % 6 {
        0 => Provenance::Worktree,
        1 => Provenance::Staged,
        2 => Provenance::Stdin,
        3 => Provenance::Unreachable,
        _ => {
            let time = i64::from_le_bytes(std::array::from_fn(|_| words.byte()));
            Provenance::Commit(Arc::new(CommitInfo {
                id: ObjectName::from_bytes(&[words.byte(); 20]).expect("that is how long an id is"),
                author: Person { name: words.word().into(), email: words.word().into() },
                time,
                committed: time.saturating_add(60),
                subject: words.word().into(),
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::sample::Rng;

    #[test]
    fn random_words() {
        let mut rng = Rng::from_name("reports");
        let mut findings = 0;
        for _ in 0..100 {
            let data: Vec<u8> = (0..300).map(|_| rng.next_u64().to_le_bytes()[3]).collect();
            findings += report(&data);
        }
        assert!(findings > 100, "{findings}");
    }
}
