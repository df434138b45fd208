//! What a scan says: [`Report`], and the formats it can be written in.
//!
//! A format is a pure function from a report to bytes. Everything that comes from the scanned repository (paths,
//! names, subjects, lines) passes through [`text`], which masks every secret of the run and makes control characters
//! visible.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::detect::DropReason;
use crate::finding::{Confidence, Finding, Gap, RuleIndex, Severity, Suppressions};
use crate::policy::Outcome;
use crate::rules::{Rule, RuleSet};

mod about;
pub mod csv;
mod facts;
#[cfg(any(fuzzing, test))]
#[cfg_attr(not(test), allow(dead_code, reason = "fuzzers need a part of it"))]
#[allow(clippy::unwrap_used, reason = "what is made up here is right")]
mod fixture;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
pub mod github;
pub mod gitlab;
pub mod gitleaks;
pub mod guidance;
pub mod html;
pub mod human;
pub mod json;
pub mod junit;
pub mod markdown;
mod markup;
mod places;
mod policy;
mod refs;
pub mod refusal;
pub mod sarif;
pub mod saved;
pub mod text;
pub(crate) mod uri;
pub(crate) mod verified;

use text::Redactor;

/// What was scanned, in numbers.
#[derive(Debug, Clone, Default, serde::Deserialize, serde::Serialize)]
pub struct Stats {
    /// Refs that were followed.
    pub refs: u64,
    /// Commits that a ref or reflog reaches.
    pub commits: u64,
    /// Blobs scanned.
    pub blobs: u64,
    /// Files of working trees and directories scanned.
    pub files: u64,
    /// Bytes scanned, decoded.
    pub bytes: u64,
    /// Pipes, sockets and devices, which were passed over.
    pub special_files_skipped: u64,
    /// Files and blobs that are larger than was asked for, and in which nothing is reported.
    pub larger_skipped: u64,
    /// Objects of Git LFS scanned.
    #[serde(default)]
    pub lfs_objects: u64,
    /// Objects of Git LFS that a pointer names and that are not here. A clone does not bring them.
    #[serde(default)]
    pub lfs_missing: u64,
    /// Objects that others are to stand in for, by `git replace`, which was not followed.
    #[serde(default)]
    pub replaced: u64,
}

/// How long the parts of scanning histories took, by the clock. On one thread that is the time they computed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Phases {
    /// Finding all objects: indexes, headers, and which object is made from which.
    pub open: Duration,
    /// Decoding and scanning blobs.
    pub scan: Duration,
    /// Reading trees, commits and tags, and saying of each finding where it lived, since when and until when.
    pub attribute: Duration,
}

/// What a report for people may make use of. Nothing, by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// Colour.
    pub colour: bool,
    /// Links to files, understood by the terminal.
    pub links: Option<Links>,
}

/// Where links lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// What they look like.
    pub form: LinkForm,
    /// The directory in which the paths of files begin; absolute.
    pub root: std::path::PathBuf,
}

/// What a link to a file looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkForm {
    /// `file:///path`.
    File,
    /// `vscode://file/path:line:column`.
    VsCode,
}

/// The outcome of a scan.
#[derive(Debug)]
pub struct Report {
    /// What is reported: sorted by severity, rule and primary place.
    pub findings: Vec<Finding>,
    /// What somebody answers for, and so does not count.
    pub suppressions: Suppressions,
    /// What could not be scanned; sorted, distinct.
    pub gaps: Vec<Gap>,
    /// What was scanned.
    pub stats: Stats,
    /// The rules that ran.
    pub rules: std::sync::Arc<RuleSet>,
    /// The least confidence that is reported.
    pub threshold: Confidence,
    /// Findings below the threshold.
    pub below_threshold: usize,
    /// Findings only in objects that nothing reaches, and that are not reported.
    pub unreachable: usize,
    /// Finding out where in the history findings can be met was too much.
    pub exposure_left_out: bool,
    /// Dropped candidates by rule and reason.
    pub dropped: BTreeMap<(RuleIndex, DropReason), u64>,
    /// Which policy it went by, and what that hid.
    pub policy: Outcome,
    /// The options that name commits, if only some were asked for.
    pub scope: Option<String>,
    /// What was asked for, for titles.
    pub targets: Vec<String>,
    /// When it ended. Only the day is told, and by `gitlab`, which wants it, the second.
    pub finished: jiff::Timestamp,
    /// Wall time; zero if it is not known any more. Not part of any machine-readable format but `gitlab`: those are the
    /// same for the same input.
    pub elapsed: Duration,
    /// Parts of it. All zero where no whole history was scanned.
    pub phases: Phases,
    /// Masks every secret of the run, reported or not.
    pub redactor: Redactor,
    /// The secrets themselves may be shown.
    pub show_secrets: bool,
    /// People are told what was dropped, and why.
    pub explain: bool,
    /// How the credentials of rules are revoked and replaced, as far as it is known and wanted.
    pub guidance: BTreeMap<RuleIndex, guidance::Guidance>,
}

impl Report {
    /// The rule of a finding.
    pub fn rule(&self, finding: &Finding) -> &Rule {
        self.rules.get(finding.rule)
    }

    /// What counts, then what does not.
    pub(crate) fn all_findings(&self) -> impl Iterator<Item = &Finding> {
        let suppressed = self.suppressions.suppressed.iter().map(|one| &one.finding);
        self.findings.iter().chain(suppressed)
    }

    /// Whether a provider was asked about any of what counts.
    pub(crate) fn is_verified(&self) -> bool {
        self.findings.iter().any(|finding| finding.verification.is_some())
    }

    /// Puts what is live before all else of the same severity.
    pub fn put_live_first(&mut self) {
        self.findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), !finding.is_live()));
    }

    /// Whether everything in scope was read.
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Reported findings by severity, most severe first; only those that occur.
    pub fn by_severity(&self) -> Vec<(Severity, usize)> {
        let mut counts: BTreeMap<Severity, usize> = BTreeMap::new();
        self.findings.iter().for_each(|finding| *counts.entry(finding.severity).or_default() += 1);
        counts.into_iter().rev().collect()
    }

    /// The exit code: 0 clean, 1 (or what was asked for) findings, 3 incomplete, 4 incomplete with findings. Only findings
    /// that are a reason to fail count.
    pub fn exit_code(&self, allow_incomplete: bool) -> u8 {
        let fails = self.findings.iter().any(|finding| self.policy.fails(finding));
        match (!fails, self.is_complete() || allow_incomplete) {
            (true, true) => 0,
            (false, true) => self.policy.exit_code,
            (true, false) => 3,
            (false, false) => 4,
        }
    }
}

/// A way to write a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people at a terminal.
    Human,
    /// One JSON document.
    Json,
    /// One JSON document a line: each finding, then the summary.
    Jsonl,
    /// SARIF 2.1.0.
    Sarif,
    /// The same of what a checkout has.
    SarifHead,
    /// The same of what is in the history alone.
    SarifHistory,
    /// Annotations: commands to the runner of GitHub Actions.
    Github,
    /// A summary for a job or a pull request.
    Markdown,
    /// GitLab's secret detection report.
    Gitlab,
    /// `JUnit` XML: a failed test for each finding and file.
    Junit,
    /// A row for each place.
    Csv,
    /// A page for people, in one file.
    Html,
    /// The array that gitleaks writes.
    Gitleaks,
}

impl Format {
    /// All formats with their names.
    pub const ALL: [(&'static str, Format); 13] = [
        ("human", Format::Human),
        ("json", Format::Json),
        ("jsonl", Format::Jsonl),
        ("sarif", Format::Sarif),
        ("sarif-head", Format::SarifHead),
        ("sarif-history", Format::SarifHistory),
        ("github", Format::Github),
        ("markdown", Format::Markdown),
        ("gitlab", Format::Gitlab),
        ("junit", Format::Junit),
        ("csv", Format::Csv),
        ("html", Format::Html),
        ("gitleaks", Format::Gitleaks),
    ];

    /// By name.
    pub fn by_name(name: &str) -> Option<Format> {
        Format::ALL.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }

    /// The whole report. `colour` concerns the human format alone.
    pub fn render(self, report: &Report, look: &Look) -> Vec<u8> {
        match self {
            Format::Human => human::render(report, look),
            Format::Json => json::render(report),
            Format::Jsonl => json::render_lines(report),
            Format::Sarif => sarif::render(report, sarif::Part::All),
            Format::SarifHead => sarif::render(report, sarif::Part::Head),
            Format::SarifHistory => sarif::render(report, sarif::Part::History),
            Format::Github => github::render(report),
            Format::Markdown => markdown::render(report),
            Format::Gitlab => gitlab::render(report),
            Format::Junit => junit::render(report),
            Format::Csv => csv::render(report),
            Format::Html => html::render(report),
            Format::Gitleaks => gitleaks::render(report),
        }
    }
}
