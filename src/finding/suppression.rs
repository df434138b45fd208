//! What is found and, for a reason that somebody gave, does not count: data only.

use std::sync::Arc;

use super::Finding;

/// Who asks for a finding to be let pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuppressionKind {
    /// An entry of an ignore file.
    IgnoreFile,
    /// A comment on the line of the secret or above it.
    Inline,
    /// A baseline.
    Baseline,
    /// A file of another scanner.
    Imported,
}

impl SuppressionKind {
    /// All of them.
    pub const ALL: [SuppressionKind; 4] = [
        SuppressionKind::IgnoreFile,
        SuppressionKind::Inline,
        SuppressionKind::Baseline,
        SuppressionKind::Imported,
    ];

    /// The stable name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            SuppressionKind::IgnoreFile => "ignore-file",
            SuppressionKind::Inline => "inline",
            SuppressionKind::Baseline => "baseline",
            SuppressionKind::Imported => "imported",
        }
    }
}

/// Why an occurrence does not count. All texts are raw: sanitize before showing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Suppression {
    /// Who asks.
    pub kind: SuppressionKind,
    /// The file or marker that asks, such as `muzzle.ignore.toml` or `muzzle:allow`.
    pub source: String,
    /// The line of that file; 0 for none.
    pub line: usize,
    /// Why.
    pub reason: Option<String>,
    /// Who answers for it.
    pub who: Option<String>,
    /// Since when.
    pub when: Option<String>,
    /// The last day on which it holds.
    pub until: Option<String>,
    /// The scanned tree says so itself.
    pub of_scanned_tree: bool,
}

impl Suppression {
    /// Without a reason or anybody to answer for it.
    pub fn new(kind: SuppressionKind, source: &str, line: usize) -> Self {
        Suppression {
            kind,
            source: source.to_owned(),
            line,
            reason: None,
            who: None,
            when: None,
            until: None,
            of_scanned_tree: kind == SuppressionKind::Inline,
        }
    }

    /// The file and the line, or the marker.
    pub fn place(&self) -> String {
        if self.line == 0 { self.source.clone() } else { format!("{}:{}", self.source, self.line) }
    }
}

/// A finding, or some of its occurrences, that does not count.
#[derive(Debug, Clone)]
pub struct Suppressed {
    /// With those occurrences only.
    pub finding: Finding,
    /// Why, for each of them.
    pub by: Vec<Arc<Suppression>>,
    /// No other occurrence is reported.
    pub is_whole: bool,
}

impl Suppressed {
    /// Whether this is what does not count of a finding that does.
    pub fn is_part_of(&self, finding: &Finding) -> bool {
        let own = &self.finding;
        // In a saved run, many secrets look alike.
        !self.is_whole
            && own.rule == finding.rule
            && own.fingerprint == finding.fingerprint
            && own.secret == finding.secret
    }

    /// The different reasons, each with the number of occurrences.
    pub fn reasons(&self) -> Vec<(&Suppression, usize)> {
        let mut reasons: Vec<(&Suppression, usize)> = Vec::new();
        for by in &self.by {
            match reasons.iter_mut().find(|(known, _)| *known == &**by) {
                Some((_, number)) => *number += 1,
                None => reasons.push((by, 1)),
            }
        }
        reasons
    }
}

/// Kinds of things that people should know about suppressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoticeKind {
    /// It is past its last day; the finding is back.
    Expired,
    /// It cannot be read, and hides nothing.
    Malformed,
    /// It could mean more than one secret, and hides none.
    Ambiguous,
    /// It is not obeyed, by policy.
    NotHonoured,
    /// It matches nothing any more.
    Unused,
    /// It hides what is known to be live.
    Live,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [NoticeKind; 6] = [
        NoticeKind::Expired,
        NoticeKind::Malformed,
        NoticeKind::Ambiguous,
        NoticeKind::NotHonoured,
        NoticeKind::Unused,
        NoticeKind::Live,
    ];

    /// The stable name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            NoticeKind::Expired => "expired",
            NoticeKind::Malformed => "malformed",
            NoticeKind::Ambiguous => "ambiguous",
            NoticeKind::NotHonoured => "not-honoured",
            NoticeKind::Unused => "unused",
            NoticeKind::Live => "live",
        }
    }
}

/// Something that people should know about a suppression. All texts are raw: sanitize before showing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Notice {
    /// What kind.
    pub kind: NoticeKind,
    /// File and line, or path and line.
    pub place: String,
    /// What is the matter and what to do.
    pub detail: String,
}

/// What a scan says about suppressions.
#[derive(Debug, Clone, Default)]
pub struct Suppressions {
    /// What does not count, in the order of findings.
    pub suppressed: Vec<Suppressed>,
    /// Sorted, distinct.
    pub notices: Vec<Notice>,
}
