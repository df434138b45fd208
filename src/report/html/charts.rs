//! Numbers as bars: by severity, by provider, by where a finding can be met, and by when it was first seen.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::Report;
use super::super::human::layout::count;
use super::super::markup::escape;
use super::super::places::is_present;
use super::super::text::{clip, one_line};
use super::timeline;
use crate::finding::{Finding, Provenance};

/// Providers that have a bar of their own.
const MOST_PROVIDERS: usize = 8;
const LONGEST_NAME: usize = 40;

/// A name, a number, and the class of its bar.
type Bar = (String, usize, &'static str);

pub(super) fn render(report: &Report) -> String {
    let severities: Vec<Bar> = report
        .by_severity()
        .into_iter()
        .map(|(severity, number)| (severity.to_string(), number, severity.as_str()))
        .collect();
    let mut out = String::from("<section aria-labelledby=\"overview\">\n<h2 id=\"overview\">Overview</h2>\n");
    out.push_str("<div class=\"charts\">\n");
    out.push_str(&bars("By severity", &severities));
    out.push_str(&bars("Where they are", &wheres(report)));
    out.push_str(&bars("By provider", &providers(report)));
    out.push_str(&timeline::render(report));
    out.push_str("</div>\n</section>\n");
    out
}

fn bars(caption: &str, bars: &[Bar]) -> String {
    let most = bars.iter().map(|(_, number, _)| *number).max().unwrap_or(1).max(1);
    let mut out = format!("<table class=\"bars\">\n<caption>{caption}</caption>\n<tbody>\n");
    for (name, number, class) in bars {
        // A bar of something is never nothing.
        let width = (number * 1000 / most).max(8);
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"bar\"><svg viewBox=\"0 0 1000 10\" \
             preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"{class}\" width=\"{width}\" \
             height=\"10\"/></svg></td></tr>",
            escape(&clip(name, LONGEST_NAME)),
            count(*number as u64, "")
        );
    }
    out.push_str("</tbody>\n</table>\n");
    out
}

/// Where a finding can be met, by what is most urgent to know.
pub(super) fn state(finding: &Finding) -> &'static str {
    let any = |is: fn(&Provenance) -> bool| finding.occurrences.iter().any(|o| is(&o.provenance));
    if finding.in_head {
        "in HEAD"
    } else if finding.occurrences.iter().any(is_present) {
        "in files"
    } else if any(|provenance| matches!(provenance, Provenance::Commit(_))) {
        "only in history"
    } else if any(|provenance| *provenance == Provenance::Ref) {
        "only in a ref"
    } else if any(|provenance| *provenance == Provenance::Local) {
        "only in the git directory"
    } else {
        "unreachable"
    }
}

fn wheres(report: &Report) -> Vec<Bar> {
    const STATES: [&str; 6] = [
        "in HEAD",
        "in files",
        "only in history",
        "only in a ref",
        "only in the git directory",
        "unreachable",
    ];
    let number = |wanted: &str| report.findings.iter().filter(|finding| state(finding) == wanted).count();
    let bars = STATES.into_iter().map(|name| (name.to_owned(), number(name), "plain"));
    bars.filter(|(_, number, _)| *number > 0).collect()
}

/// The most frequent ones, then the others together.
fn providers(report: &Report) -> Vec<Bar> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &report.findings {
        *numbers.entry(&report.rule(finding).provider).or_default() += 1;
    }
    let mut numbers: Vec<(&str, usize)> = numbers.into_iter().collect();
    numbers.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let others = numbers.split_off(numbers.len().min(MOST_PROVIDERS));
    let mut bars: Vec<Bar> =
        numbers.into_iter().map(|(name, number)| (one_line(name), number, "plain")).collect();
    if !others.is_empty() {
        let sum = others.iter().map(|(_, number)| number).sum();
        bars.push((format!("{} others", others.len()), sum, "plain"));
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture;
    use super::*;

    #[test]
    fn bars_are_in_proportion() {
        let text =
            bars("Kinds", &[("a<".into(), 1000, "high"), ("b".into(), 250, "low"), ("c".into(), 1, "low")]);
        for part in ["a&lt;", ">1,000</td>", "width=\"1000\"", "width=\"250\"", "width=\"8\""] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn every_finding_is_somewhere() {
        let report = fixture::odd_report();
        let sum: usize = wheres(&report).iter().map(|(_, number, _)| number).sum();
        assert_eq!(sum, report.findings.len());
        assert_eq!(providers(&report), [("fixture".to_owned(), 15, "plain")]);
    }
}
