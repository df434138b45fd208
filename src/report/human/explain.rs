//! `--explain`: what matched and is not reported, by rule and reason.

use std::fmt::Write as _;

use super::super::Report;
use crate::detect::DropReason;

/// A table, the most frequent first, and what its reasons mean; empty if nothing was dropped.
pub(super) fn render(report: &Report) -> String {
    let mut rows: Vec<(&str, DropReason, u64)> = report
        .dropped
        .iter()
        .map(|((rule, reason), count)| (report.rules.get(*rule).id.as_str(), *reason, *count))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    rows.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.cmp(b)));
    let width = rows.iter().map(|(rule, ..)| rule.len()).max().unwrap_or(0).max("rule".len());
    let mut out = String::from("\nCandidates that matched and were dropped:\n");
    let _ = writeln!(out, "  {:width$}  {:20}  {:>10}", "rule", "reason", "count");
    for (rule, reason, count) in &rows {
        let _ = writeln!(out, "  {rule:width$}  {reason:20}  {count:>10}");
    }
    let mut reasons: Vec<DropReason> = rows.iter().map(|(_, reason, _)| *reason).collect();
    reasons.sort();
    reasons.dedup();
    out.push('\n');
    for reason in reasons {
        let _ = writeln!(out, "  {reason}: {}", meaning(reason));
    }
    out
}

fn meaning(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Placeholder => "stands for a secret, or is one character over and over",
        DropReason::Entropy => "too regular for a random value",
        DropReason::Stopword => "holds a word that real ones do not",
        DropReason::Allowed => "has a form that the rule says is no secret",
        DropReason::MoreSpecificRule => "a rule that knows more reports the same bytes",
        DropReason::Path => "the rule is for other files",
        DropReason::Published => "its vendor published it for tests or examples",
        DropReason::NoCompanion => "half of a credential, and the other half is not near",
        DropReason::AllowedPath => "the rule does not report what lies there",
        DropReason::AllowedCommit => "the rule does not report what that commit brought in",
        DropReason::Filter => "a filter of the rule file says that it is no secret",
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture;
    use super::*;

    #[test]
    fn the_most_frequent_come_first() {
        let mut report = fixture::report(Vec::new(), Vec::new());
        assert_eq!(render(&report), "");
        let (index, rule) = report.rules.iter().next().map(|(index, rule)| (index, rule.id.clone())).unwrap();
        report.dropped.insert((index, DropReason::Entropy), 2);
        report.dropped.insert((index, DropReason::Placeholder), 30);
        let text = render(&report);
        let lines: Vec<&str> = text.lines().filter(|line| line.contains(&rule)).collect();
        assert!(lines.len() == 2 && lines[0].ends_with("30") && lines[1].ends_with('2'), "{text}");
        assert!(text.contains("  entropy: too regular"), "{text}");
    }
}
