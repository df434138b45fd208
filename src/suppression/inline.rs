//! Comments beside secrets that ask for them to be let pass.
//!
//! A comment cannot say which value it means, so it is obeyed where that is plain: one secret on its line, or one of
//! the rule that it names.

use std::sync::Arc;

use bstr::{BStr, ByteSlice as _};
use hashbrown::{HashMap, HashSet};

use super::{Context, Verdicts};
use crate::finding::{
    Companion, Marker, MarkerWord, NoticeKind, ObjectName, Occurrence, Suppression, SuppressionKind,
};
use crate::location::Span;
use crate::secret::Secret;

/// Whose comments are obeyed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InlineAllow {
    /// Ours, and those of other scanners.
    #[default]
    All,
    /// Ours.
    Own,
    /// Nobody's.
    None,
}

impl InlineAllow {
    fn obeys(self, marker: &Marker) -> bool {
        match self {
            InlineAllow::All => true,
            InlineAllow::Own => marker.word == MarkerWord::Muzzle,
            InlineAllow::None => false,
        }
    }
}

/// One version of a file.
type File<'a> = (&'a BStr, Option<ObjectName>);

fn file(occurrence: &Occurrence) -> File<'_> {
    (occurrence.path.as_bstr(), occurrence.blob)
}

/// A secret on its lines.
struct Stand {
    finding: usize,
    lines: (u32, u32),
    span: Span,
}

pub(super) fn judge(allowed: InlineAllow, context: &Context<'_>, verdicts: &mut Verdicts) {
    let all = context.findings.iter().enumerate();
    let places =
        all.flat_map(|(number, f)| f.occurrences.iter().enumerate().map(move |(at, o)| (number, at, o)));
    let marked: HashSet<File<'_>> =
        places.clone().filter(|(_, _, o)| o.markers.is_some()).map(|(_, _, o)| file(o)).collect();
    if marked.is_empty() {
        return;
    }
    let mut stands: HashMap<File<'_>, Vec<Stand>> = HashMap::new();
    for (finding, _, occurrence) in places.clone().filter(|(_, _, o)| marked.contains(&file(o))) {
        let location = &occurrence.location;
        let lines = (location.start.line, location.end.line);
        stands.entry(file(occurrence)).or_default().push(Stand { finding, lines, span: location.span });
    }
    let mut disobeyed: HashMap<MarkerWord, usize> = HashMap::new();
    for (number, at, occurrence) in places {
        for marker in occurrence.markers.iter().flat_map(|markers| markers.iter()) {
            if !allowed.obeys(marker) {
                *disobeyed.entry(marker.word).or_default() += 1;
                continue;
            }
            let others = stands.get(&file(occurrence)).map_or(&[][..], Vec::as_slice);
            match objection(context, marker, number, occurrence, others) {
                None => verdicts.give(number, at, &reason(marker)),
                Some((kind, detail)) => {
                    let place = format!("{}:{}", occurrence.path, marker.line);
                    verdicts.notice(kind, place, detail);
                }
            }
        }
    }
    for (word, count) in disobeyed {
        let detail = format!("{count} times beside a secret, and not obeyed: the scan was asked not to");
        verdicts.notice(NoticeKind::NotHonoured, word.as_str().into(), detail);
    }
}

/// Why a marker does not hide a finding.
fn objection(
    context: &Context<'_>,
    marker: &Marker,
    number: usize,
    occurrence: &Occurrence,
    others: &[Stand],
) -> Option<(NoticeKind, String)> {
    let word = marker.word.as_str();
    let rule = context.rule_id(number);
    if context.is_live(number) {
        return Some((
            NoticeKind::NotHonoured,
            format!("{word}: the secret is live, and no comment hides that"),
        ));
    }
    if let Some(named) = &marker.rules {
        if named.is_empty() {
            let detail = format!("{word}: the brackets name no rule; write {word}[{rule}] and a reason");
            return Some((NoticeKind::Malformed, detail));
        }
        if !named.iter().any(|id| id == rule) {
            let detail = format!("{word}: it names {}, and {rule} found the secret", named.join(", "));
            return Some((NoticeKind::Ambiguous, detail));
        }
    }
    let finding = &context.findings[number];
    let is_other = |stand: &&Stand| {
        let other = &context.findings[stand.finding];
        let is_half = |half: &Option<Companion>, secret: &Secret| {
            half.as_ref().is_some_and(|half| half.secret == *secret)
        };
        let apart = stand.span.end <= occurrence.location.span.start
            || occurrence.location.span.end <= stand.span.start;
        (stand.lines.0..=stand.lines.1).contains(&marker.line)
            && apart
            && other.secret != finding.secret
            && (marker.rules.is_none() || other.rule == finding.rule)
            && !is_half(&finding.companion, &other.secret)
            && !is_half(&other.companion, &finding.secret)
    };
    others.iter().find(is_other).map(|other| {
        let other = context.rule_id(other.finding);
        let detail = if other == rule {
            format!(
                "{word}: several secrets of {rule} stand on the line, and it cannot say which it means: use `muzzle \
                 ignore add`"
            )
        } else {
            format!(
                "{word}: several secrets stand on the line, of {rule} and {other}, and it cannot say which it means: \
                 name rules, as in muzzle:allow[{rule}], or use `muzzle ignore add`"
            )
        };
        (NoticeKind::Ambiguous, detail)
    })
}

fn reason(marker: &Marker) -> Arc<Suppression> {
    let mut reason = Suppression::new(SuppressionKind::Inline, marker.word.as_str(), 0);
    reason.reason = (!marker.reason.is_empty()).then(|| marker.reason.to_string());
    Arc::new(reason)
}
