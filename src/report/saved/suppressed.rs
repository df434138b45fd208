//! What a saved run says of suppressions → what did not count, and why.

use std::sync::Arc;

use super::schema::{NoticeSaved, SuppressionSaved};
use crate::finding::{Finding, Notice, NoticeKind, Suppressed, Suppression, SuppressionKind};
use crate::report::text::visible;

/// What a saved finding has beside the fields of a finding.
pub(super) struct Why {
    pub(super) whole: bool,
    pub(super) suppressions: Vec<SuppressionSaved>,
    pub(super) by: Vec<usize>,
}

/// The finding with who asks, for each of its occurrences.
pub(super) fn suppressed(finding: Finding, why: Why) -> Result<Suppressed, String> {
    let all: Vec<Arc<Suppression>> = why
        .suppressions
        .into_iter()
        .map(|saved| suppression(saved).map(Arc::new))
        .collect::<Result<_, _>>()?;
    let by: Option<Vec<_>> = why.by.iter().map(|place| all.get(*place).cloned()).collect();
    let by = by.filter(|by| by.len() == finding.occurrences.len());
    let by = by.ok_or("its `by` does not name one of its `suppressions` for each occurrence")?;
    Ok(Suppressed { finding, by, is_whole: why.whole })
}

fn suppression(saved: SuppressionSaved) -> Result<Suppression, String> {
    let known = SuppressionKind::ALL.into_iter().find(|kind| kind.as_str() == saved.kind);
    let kind =
        known.ok_or_else(|| format!("unknown kind of suppression `{}`", visible(saved.kind.as_bytes())))?;
    let source = match saved.line {
        None => Some(saved.source.as_str()),
        Some(line) => saved.source.strip_suffix(&format!(":{line}")),
    };
    let source = source.ok_or("the `source` of a suppression does not end with its `line`")?;
    // Days are told as they are.
    let day = |day: Option<String>| day.map(|day| visible(day.as_bytes()));
    Ok(Suppression {
        kind,
        source: source.to_owned(),
        line: saved.line.unwrap_or(0),
        reason: saved.reason,
        who: saved.who,
        when: day(saved.when),
        until: day(saved.until),
        of_scanned_tree: saved.of_scanned_tree,
    })
}

pub(super) fn notice(saved: NoticeSaved) -> Result<Notice, String> {
    let known = NoticeKind::ALL.into_iter().find(|kind| kind.as_str() == saved.kind);
    let kind = known
        .ok_or_else(|| format!("unknown kind of suppression notice `{}`", visible(saved.kind.as_bytes())))?;
    Ok(Notice { kind, place: saved.place, detail: saved.detail })
}
