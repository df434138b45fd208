//! Baselines: what was there already, one identity a line.
//!
//! JSON lines: a header with the version and the salt, then entries sorted by identity. There is no time, no line number
//! and no value in them, and what is written for people (rule, path) is written once and never compared. The reader takes
//! lines in any order and any number of headers, so that the union of two branches' files is a baseline, too.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::identity::{Identities, Salt, is_identity, is_seal};
use super::{Context, Verdicts, halves};
use crate::finding::{Finding, Notice, NoticeKind, Suppression, SuppressionKind};
use crate::report::{Report, uri};

/// The only version of the format.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Header {
    muzzle_baseline: u32,
    salt: String,
}

/// One line. Unknown keys are kept as they are.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Line {
    id: String,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    path: String,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands in the file, from 1; 0 if it is new.
    pub line: usize,
    /// The rule, for people.
    pub rule: String,
    /// One place, for people.
    pub path: String,
    /// The line as it stands in the file.
    text: String,
}

/// A baseline, read.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    /// As messages name it.
    pub origin: String,
    /// Of its seals. One, unless files were merged.
    pub salts: Vec<Salt>,
    /// By identity, in the order in which they are written.
    pub entries: BTreeMap<String, Entry>,
    /// What could not be read.
    pub notices: Vec<Notice>,
}

/// Why a file is no baseline that can be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// A later version of muzzle wrote it.
    #[error("{0} is a baseline of version {1}; this muzzle knows version {VERSION}")]
    Version(String, u32),
    /// Not even a header.
    #[error("{0} is no baseline: it has no line with \"muzzle_baseline\"")]
    NoHeader(String),
    /// No randomness to be had.
    #[error("no salt can be made: {0}")]
    Salt(getrandom::Error),
}

/// Whether a text is one of our baselines.
pub fn is_baseline(text: &str) -> bool {
    text.lines().any(|line| serde_json::from_str::<Header>(line).is_ok())
}

impl Baseline {
    /// An empty one with a salt of its own.
    pub fn new(origin: &str) -> Result<Self, BaselineError> {
        let salt = Salt::random().map_err(BaselineError::Salt)?;
        Ok(Baseline { origin: origin.to_owned(), salts: vec![salt], ..Baseline::default() })
    }

    /// Reads what can be read.
    pub fn parse(text: &str, origin: &str) -> Result<Self, BaselineError> {
        let mut baseline = Baseline { origin: origin.to_owned(), ..Baseline::default() };
        let mut has_header = false;
        let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
        for (line, number) in lines {
            if let Ok(header) = serde_json::from_str::<Header>(line) {
                if header.muzzle_baseline != VERSION {
                    return Err(BaselineError::Version(origin.to_owned(), header.muzzle_baseline));
                }
                has_header = true;
                match Salt::parse(&header.salt) {
                    Some(salt) if !baseline.salts.contains(&salt) => baseline.salts.push(salt),
                    Some(_) => {}
                    None => baseline.malformed(number, "the salt is not 32 hex digits"),
                }
                continue;
            }
            match serde_json::from_str::<Line>(line) {
                Ok(Line { id, rule, path }) if is_identity(&id) => {
                    let entry = Entry { line: number, rule, path, text: line.trim_end().to_owned() };
                    baseline.entries.entry(id).or_insert(entry);
                }
                Ok(_) => baseline.malformed(number, "the id is not `v1:` or `s1:` and 32 hex digits"),
                Err(_) => baseline.malformed(number, "this is no entry of a baseline"),
            }
        }
        has_header.then_some(baseline).ok_or_else(|| BaselineError::NoHeader(origin.to_owned()))
    }

    fn malformed(&mut self, line: usize, why: &str) {
        let place = format!("{}:{line}", self.origin);
        let detail = format!("{why}; the line hides nothing");
        self.notices.push(Notice { kind: NoticeKind::Malformed, place, detail });
    }

    pub(super) fn judge(&self, context: &Context<'_>, verdicts: &mut Verdicts) {
        verdicts.notices.extend(self.notices.iter().cloned());
        for (number, finding) in context.findings.iter().enumerate() {
            let rule = context.rules.get(finding.rule);
            let mut known = context.identities.known_by(number, finding, rule, &self.salts);
            let Some(entry) = known.find_map(|id| self.entries.get(id)) else { continue };
            if context.is_live(number) {
                let place = format!("{}:{}", self.origin, entry.line);
                let detail = "the secret is live, and no baseline hides that".to_owned();
                verdicts.notice(NoticeKind::NotHonoured, place, detail);
                continue;
            }
            let reason = Arc::new(Suppression::new(SuppressionKind::Baseline, &self.origin, entry.line));
            (0..finding.occurrences.len()).for_each(|at| verdicts.give(number, at, &reason));
        }
    }

    /// Compares with what a scan found.
    pub fn compare<'a>(&self, report: &'a Report) -> Comparison<'a> {
        let identities = Identities::new(&report.findings, &report.rules, &self.salts);
        let mut gone: BTreeMap<&str, &Entry> =
            self.entries.iter().map(|(id, entry)| (id.as_str(), entry)).collect();
        let mut new = Vec::new();
        for (number, finding) in report.findings.iter().enumerate() {
            let known = identities.known_by(number, finding, report.rule(finding), &self.salts);
            let known: Vec<&str> = known.filter(|id| self.entries.contains_key(*id)).collect();
            if known.is_empty() {
                let id = match self.salts.first() {
                    Some(salt) => identities.to_write(number, finding, *salt).to_owned(),
                    None => finding.fingerprint.to_string(),
                };
                new.push((id, finding));
            }
            known.into_iter().for_each(|id| _ = gone.remove(id));
        }
        // What is half of a finding is found all the same.
        halves(&report.findings, &report.rules).iter().for_each(|id| _ = gone.remove(id.as_str()));
        let gone: Vec<(String, Entry)> =
            gone.into_iter().map(|(id, entry)| (id.to_owned(), entry.clone())).collect();
        Comparison { kept: self.entries.len() - gone.len(), new, gone }
    }

    /// Adds what a comparison found to be new. What stands there already stays as it is, or files would differ for
    /// nothing.
    pub fn add(&mut self, report: &Report, new: &[(String, &Finding)]) {
        for (id, finding) in new {
            let line = Line {
                id: id.clone(),
                rule: report.rule(finding).id.clone(),
                path: uri::of(report, &finding.occurrences[0].path),
            };
            let text = to_line(&line);
            let entry = Entry { line: 0, rule: line.rule, path: line.path, text };
            self.entries.entry(id.clone()).or_insert(entry);
        }
    }

    /// Takes entries out.
    pub fn remove(&mut self, gone: &[(String, Entry)]) {
        gone.iter().for_each(|(id, _)| _ = self.entries.remove(id));
    }

    /// The file.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut salts = self.salts.clone();
        // Another branch's salt is of use as long as there are seals.
        if !self.entries.keys().any(|id| is_seal(id)) {
            salts.truncate(1);
        }
        for salt in salts {
            let header = Header { muzzle_baseline: VERSION, salt: salt.to_string() };
            text.push_str(&to_line(&header));
            text.push('\n');
        }
        for entry in self.entries.values() {
            text.push_str(&entry.text);
            text.push('\n');
        }
        text
    }
}

fn to_line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("it is text alone")
}

/// What a scan found beside a baseline.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// Not in the baseline, with what to write.
    pub new: Vec<(String, &'a Finding)>,
    /// In the baseline and no longer found.
    pub gone: Vec<(String, Entry)>,
    /// In the baseline and found.
    pub kept: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "0123456789abcdef0123456789abcdef";

    fn header(digit: char) -> String {
        format!("{{\"muzzle_baseline\":1,\"salt\":\"{}\"}}\n", digit.to_string().repeat(32))
    }

    #[test]
    fn merged_files_are_baselines_and_come_out_sorted() {
        let line =
            |kind: &str| format!("{{\"id\":\"{kind}:{DIGITS}\",\"rule\":\"r\",\"path\":\"p\",\"x\":1}}\n");
        let text = [line("v1"), header('1'), line("s1"), header('2'), line("v1"), "\n".into()].concat();
        let baseline = Baseline::parse(&text, "b").unwrap();
        assert_eq!(baseline.notices, []);
        assert_eq!(baseline.to_text(), [header('1'), header('2'), line("s1"), line("v1")].concat());
        assert_eq!(Baseline::parse(&baseline.to_text(), "b").unwrap().to_text(), baseline.to_text());
    }

    #[test]
    fn what_cannot_be_read_hides_nothing_and_says_so() {
        let text = format!("{}<<<<<<< HEAD\n{{\"id\":\"x\"}}\n{{\"id\":\"v1:{DIGITS}\"}}\n", header('1'));
        let baseline = Baseline::parse(&text, "b").unwrap();
        assert_eq!(baseline.entries.len(), 1);
        let places: Vec<&str> = baseline.notices.iter().map(|notice| notice.place.as_str()).collect();
        assert_eq!(places, ["b:2", "b:3"]);
        assert!(matches!(Baseline::parse("", "b"), Err(BaselineError::NoHeader(_))));
        let later = header('1').replace(":1,", ":2,");
        assert!(matches!(Baseline::parse(&later, "b"), Err(BaselineError::Version(_, 2))));
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "\\PC*") {
            let _ = Baseline::parse(&format!("{}{text}", header('1')), "b").map(|b| b.to_text());
        }
    }
}
