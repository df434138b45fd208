//! What the findings open and what to do about them, once for each rule.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::Report;
use super::super::about::{is_link, links, opens, remediation, title};
use super::super::guidance::Guidance;
use super::super::human::layout::count;
use super::super::markup::escape;
use super::super::text::clip;
use super::LONGEST_TEXT;
use crate::finding::RuleIndex;

/// The rules that have findings, in the order of their first one, and how many they have.
pub(super) struct Used {
    order: Vec<RuleIndex>,
    numbers: BTreeMap<RuleIndex, (usize, usize)>,
}

impl Used {
    pub(super) fn new(report: &Report) -> Self {
        let mut used = Used { order: Vec::new(), numbers: BTreeMap::new() };
        for finding in &report.findings {
            let next = used.order.len() + 1;
            let (number, findings) = used.numbers.entry(finding.rule).or_insert((next, 0));
            *findings += 1;
            if *number == next && *findings == 1 {
                used.order.push(finding.rule);
            }
        }
        used
    }

    /// The number that links to a rule.
    pub(super) fn number(&self, rule: RuleIndex) -> usize {
        self.numbers.get(&rule).map_or(0, |(number, _)| *number)
    }
}

/// How to revoke and to replace it; opens.
fn guided(guidance: &Guidance) -> String {
    let mut out =
        String::from("<details class=\"how\"><summary>How to revoke and replace it</summary>\n<dl>");
    for (label, text) in guidance.lines() {
        let is_link = text.chars().count() <= LONGEST_TEXT && is_link(&text);
        let text = clip(&text, LONGEST_TEXT);
        let text = escape(&text);
        let _ = if is_link {
            write!(out, "<dt>{label}<dd><a href=\"{text}\" rel=\"noreferrer\">{text}</a>")
        } else {
            write!(out, "<dt>{label}<dd>{text}")
        };
    }
    out.push_str("</dl></details>\n");
    out
}

pub(super) fn render(report: &Report, used: &Used) -> String {
    let mut out = String::from(
        "<section aria-labelledby=\"rules\">\n<h2 id=\"rules\">What they open, and what to do</h2>\n",
    );
    for index in &used.order {
        let rule = report.rules.get(*index);
        let (number, findings) = used.numbers.get(index).copied().unwrap_or_default();
        let _ = writeln!(
            out,
            "<article id=\"r{number}\">\n<h3>{} <span class=\"sev {severity}\">{severity}</span></h3>\n<p>{}</p>\n\
             <p><strong>What to do:</strong> {}</p>\n<p class=\"note\"><code>{}</code>, {}</p>",
            escape(&title(rule)),
            escape(&opens(rule)),
            escape(&remediation(rule)),
            escape(&rule.id),
            count(findings as u64, "finding"),
            severity = rule.severity,
        );
        if let Some(guidance) = report.guidance.get(index) {
            out.push_str(&guided(guidance));
        }
        let links: Vec<String> = links(rule)
            .map(|link| format!("<li><a href=\"{0}\" rel=\"noreferrer\">{0}</a></li>", escape(link)))
            .collect();
        if !links.is_empty() {
            let _ = writeln!(out, "<ul>{}</ul>", links.concat());
        }
        out.push_str("</article>\n");
    }
    out.push_str("</section>\n");
    out
}
