//! What of the schema of docs/output.md is read again. New fields are passed over, as that page promises.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::super::guidance::Guidance;
use super::Stats;
use crate::finding::{Confidence, Liveness, Severity};

#[derive(Deserialize)]
pub(super) struct SummarySaved {
    pub(super) scanned_on: String,
    pub(super) targets: Vec<String>,
    pub(super) scope: Option<String>,
    pub(super) secrets_shown: bool,
    pub(super) complete: bool,
    pub(super) gaps: Vec<GapSaved>,
    pub(super) scanned: Stats,
    pub(super) confidence_threshold: Confidence,
    pub(super) not_reported: NotReportedSaved,
    pub(super) exposure_left_out: bool,
    pub(super) dropped_candidates: Vec<DroppedSaved>,
    pub(super) suppressed: Vec<SuppressedSaved>,
    pub(super) suppression_notices: Vec<NoticeSaved>,
    pub(super) allowed: Vec<AllowedSaved>,
    pub(super) policy: PolicySaved,
    pub(super) rules: Vec<RuleSaved>,
    /// Of the one document; `jsonl` has them before.
    pub(super) findings: Option<Vec<FindingSaved>>,
}

#[derive(Deserialize)]
pub(super) struct GapSaved {
    pub(super) kind: String,
    pub(super) place: String,
    pub(super) detail: String,
}

#[derive(Deserialize)]
pub(super) struct NotReportedSaved {
    pub(super) below_threshold: usize,
    pub(super) unreachable: usize,
    pub(super) rules_not_run: usize,
}

#[derive(Deserialize)]
pub(super) struct DroppedSaved {
    pub(super) rule: String,
    pub(super) reason: String,
    pub(super) count: u64,
}

#[derive(Deserialize)]
pub(super) struct SuppressedSaved {
    #[serde(flatten)]
    pub(super) finding: FindingSaved,
    pub(super) whole: bool,
    pub(super) suppressions: Vec<SuppressionSaved>,
    pub(super) by: Vec<usize>,
}

#[derive(Deserialize)]
pub(super) struct SuppressionSaved {
    pub(super) kind: String,
    pub(super) source: String,
    pub(super) line: Option<usize>,
    pub(super) of_scanned_tree: bool,
    pub(super) reason: Option<String>,
    pub(super) who: Option<String>,
    pub(super) when: Option<String>,
    pub(super) until: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct NoticeSaved {
    pub(super) kind: String,
    pub(super) place: String,
    pub(super) detail: String,
}

#[derive(Deserialize)]
pub(super) struct AllowedSaved {
    pub(super) by: String,
    pub(super) name: String,
    pub(super) place: String,
    pub(super) findings: u32,
    pub(super) high_confidence: u32,
    pub(super) places: u32,
}

#[derive(Deserialize)]
pub(super) struct PolicySaved {
    pub(super) file: Option<String>,
    pub(super) revision: Option<String>,
    pub(super) tree: Option<TreeSaved>,
    pub(super) fail_on: String,
    pub(super) exit_code: u8,
    pub(super) not_honoured: Vec<AllowedSaved>,
    pub(super) entries_not_honoured: usize,
    pub(super) weakened: Vec<String>,
    pub(super) notices: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct TreeSaved {
    pub(super) file: String,
    pub(super) why_not: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RuleSaved {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) provider: String,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) description: String,
    pub(super) remediation: String,
    pub(super) references: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) fingerprint_scope: String,
    pub(super) guidance: Option<Guidance>,
}

#[derive(Deserialize)]
pub(super) struct FindingSaved {
    pub(super) fingerprint: String,
    pub(super) rule: RuleNameSaved,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) secret: String,
    pub(super) secret_base64: Option<String>,
    pub(super) entropy: f32,
    pub(super) check: String,
    pub(super) check_detail: Option<String>,
    pub(super) identity: Pairs,
    pub(super) companion: Option<CompanionSaved>,
    pub(super) verification: Option<VerificationSaved>,
    pub(super) in_head: bool,
    pub(super) first_seen: Option<CommitSaved>,
    pub(super) last_seen: Option<CommitSaved>,
    pub(super) removed_in: Option<CommitSaved>,
    pub(super) days_exposed: Option<u64>,
    pub(super) refs: Option<Vec<String>>,
    pub(super) refs_by_kind: Option<RefCountsSaved>,
    pub(super) excerpts: Vec<ExcerptSaved>,
    pub(super) occurrences: Vec<OccurrenceSaved>,
}

#[derive(Deserialize)]
pub(super) struct RuleNameSaved {
    pub(super) id: String,
}

#[derive(Deserialize)]
pub(super) struct CompanionSaved {
    pub(super) rule: String,
    pub(super) secret: String,
    pub(super) secret_base64: Option<String>,
    pub(super) path: String,
    pub(super) line: u32,
    pub(super) near: bool,
}

#[derive(Deserialize)]
pub(super) struct VerificationSaved {
    pub(super) verdict: Liveness,
    pub(super) reason: String,
    pub(super) host: Option<String>,
    pub(super) requests: u32,
    pub(super) identity: Pairs,
    pub(super) risk: Option<String>,
    pub(super) at: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct RefCountsSaved {
    pub(super) branches: usize,
    pub(super) tags: usize,
    pub(super) remotes: usize,
    pub(super) others: usize,
}

#[derive(Deserialize)]
pub(super) struct ExcerptSaved {
    pub(super) text: String,
    pub(super) secret: RangeSaved,
    pub(super) matched: RangeSaved,
    pub(super) revealed: Option<Box<ExcerptSaved>>,
}

#[derive(Deserialize)]
pub(super) struct RangeSaved {
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Deserialize)]
pub(super) struct OccurrenceSaved {
    pub(super) path: String,
    pub(super) uri: String,
    pub(super) start: PositionSaved,
    pub(super) end: PositionSaved,
    pub(super) bytes: SpanSaved,
    pub(super) source: String,
    pub(super) blob: Option<String>,
    pub(super) commit: Option<CommitSaved>,
    pub(super) in_head: bool,
    #[serde(default)]
    pub(super) member: Option<String>,
    #[serde(default)]
    pub(super) decoded: Option<String>,
    pub(super) excerpt: usize,
}

#[derive(Deserialize)]
pub(super) struct PositionSaved {
    pub(super) line: u32,
    pub(super) column: u32,
}

#[derive(Deserialize)]
pub(super) struct SpanSaved {
    pub(super) start: u64,
    pub(super) end: u64,
}

#[derive(Deserialize)]
pub(super) struct CommitSaved {
    pub(super) id: String,
    pub(super) author: String,
    pub(super) email: String,
    pub(super) date: Option<String>,
    pub(super) seconds: Option<i64>,
    pub(super) subject: String,
}

/// An object of strings whose order counts.
pub(super) struct Pairs(pub(super) Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
