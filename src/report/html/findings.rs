//! The findings as a table: two rows each, of which the second one opens.

use std::fmt::Write as _;

use super::super::human::layout::count;
use super::super::human::{commit, companion, confidence, exposure, whereabouts};
use super::super::markup::content;
use super::super::places::source;
use super::super::text::{clip, one_line};
use super::super::{Report, about, facts, json, verified};
use super::charts::state;
use super::rules::Used;
use crate::finding::{CommitInfo, Finding, Occurrence};

/// How much is told of each finding.
#[derive(Debug, Clone, Copy)]
pub(super) struct Detail {
    /// Places, the primary one included.
    places: usize,
    /// Characters of a path.
    path: usize,
    /// Characters of any other text.
    longest: usize,
    /// Characters of the line on either side of the secret.
    margin: usize,
    notes: Notes,
}

/// Which notes stand below a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notes {
    /// Everything.
    All,
    /// What does not stand in the row above.
    Some,
    /// What nothing else says.
    Few,
}

/// From all to little.
pub(super) const DETAILS: [Detail; 6] = [
    Detail { places: 20, path: 300, longest: 300, margin: 100, notes: Notes::All },
    Detail { places: 5, path: 160, longest: 120, margin: 40, notes: Notes::All },
    Detail { places: 2, path: 100, longest: 64, margin: 24, notes: Notes::All },
    Detail { places: 1, path: 64, longest: 48, margin: 16, notes: Notes::Some },
    Detail { places: 1, path: 48, longest: 32, margin: 8, notes: Notes::Some },
    Detail { places: 1, path: 40, longest: 24, margin: 0, notes: Notes::Few },
];

const COLUMNS: [&str; 6] = ["Severity", "Secret", "Place", "First commit", "Days exposed", "Now"];

/// The section with its controls, which the script shows.
pub(super) fn render(report: &Report, used: &Used, detail: Detail, most: usize) -> String {
    let mut out = String::from(
        "<section aria-labelledby=\"findings\">\n<h2 id=\"findings\">Findings</h2>\n<form id=\"controls\" hidden>\n<label>Search \
         <input type=\"search\" id=\"search\" autocomplete=\"off\"></label>\n<fieldset><legend>Severity</legend>",
    );
    for (severity, _) in report.by_severity() {
        let _ = write!(
            out,
            "<label><input type=\"checkbox\" name=\"severity\" value=\"{severity}\" checked> {severity}</label>"
        );
    }
    out.push_str(
        "</fieldset>\n<label>Now <select id=\"state\"><option value=\"\">anywhere</option></select></label>\n",
    );
    if report.is_verified() {
        out.push_str(
            "<label>Verdict <select id=\"verdict\"><option value=\"\">any</option></select></label>\n",
        );
    }
    out.push_str(
        "<button \
         type=\"button\" id=\"open\">Open all</button>\n<output id=\"shown\"></output>\n</form>\n<div \
         class=\"wide\"><table id=\"table\">\n<caption class=\"hidden\">Findings, most severe first</caption>\n\
         <thead><tr>",
    );
    let verdict = report.is_verified().then_some("Verdict");
    COLUMNS
        .iter()
        .copied()
        .chain(verdict)
        .for_each(|column| _ = write!(out, "<th scope=\"col\">{column}</th>"));
    out.push_str("</tr></thead>\n");
    for (number, finding) in (1..).zip(report.findings.iter().take(most)) {
        out.push_str(&row(report, finding, number, used.number(finding.rule), detail));
    }
    out.push_str("</table></div>\n");
    if report.findings.len() > most {
        let more = count((report.findings.len() - most) as u64, "");
        let _ = writeln!(
            out,
            "<p>And {more} more, none of them more severe. The reports json and csv have them all.</p>"
        );
    }
    out.push_str("</section>\n");
    out
}

/// End tags that HTML does not ask for are left out: there may be thousands.
fn row(report: &Report, finding: &Finding, number: usize, rule: usize, detail: Detail) -> String {
    let primary = &finding.occurrences[0];
    let date = finding.first_seen.as_ref().and_then(|first| json::date(first.time));
    let day = date.map(|date| date.split('T').next().unwrap_or_default().to_owned()).unwrap_or_default();
    let days = finding.days_exposed.map(|days| days.to_string()).unwrap_or_default();
    let title = clip(&about::title(report.rule(finding)), detail.longest.min(80));
    let mut out = format!(
        "<tbody id=f{number} class={severity}><tr><td><b>{severity}</b><th scope=row><a href=#r{rule}>{}</a> \
         <code>{}</code><td>{}<td>{day}<td>{days}<td>{}",
        content(&title),
        content(&finding.secret.masked()),
        content(&place(report, primary, detail)),
        state(finding),
        severity = finding.severity,
    );
    out.push_str(&badge(report, finding));
    let _ = write!(
        out,
        "\n<tr><td colspan={}><details><summary><code>{}</code></summary><dl>",
        if report.is_verified() { 7 } else { 6 },
        line(report, primary, detail)
    );
    for (label, text) in notes(report, finding, detail) {
        let _ = write!(out, "<dt>{label}<dd>{}", content(&text));
    }
    let others = &finding.occurrences[1..];
    if !others.is_empty() {
        out.push_str(&other_places(report, others, detail));
    }
    if detail.notes == Notes::All {
        let advice = clip(&about::remediation(report.rule(finding)), detail.longest.min(120));
        let _ = write!(out, "<dt>What to do<dd><a href=#r{rule}>{}</a>", content(&advice));
    }
    out.push_str("</dl></details>\n");
    out
}

/// The verdict, in a cell of its own where anybody was asked.
fn badge(report: &Report, finding: &Finding) -> String {
    if !report.is_verified() {
        return String::new();
    }
    let Some(verification) = &finding.verification else { return "<td>".into() };
    let verdict = verification.verdict;
    let look = match () {
        () if verdict.is_live() => "live",
        () if verdict.is_over() => "over",
        () => "untold",
    };
    format!("<td><span class=\"badge {look}\">{}</span>", verified::words(verdict))
}

fn place(report: &Report, occurrence: &Occurrence, detail: Detail) -> String {
    let path = report.redactor.show_path(&occurrence.path);
    format!("{}:{}", keep_the_end(&path, detail.path), occurrence.location.start.line)
}

/// The name of a file says more than where its directories begin.
fn keep_the_end(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    ['…'].into_iter().chain(text.chars().skip(length - most + 1)).collect()
}

/// The line with the secret marked.
fn line(report: &Report, occurrence: &Occurrence, detail: Detail) -> String {
    let shown = report.redactor.excerpt(&occurrence.excerpt, false);
    let characters: Vec<char> = shown.text.chars().collect();
    let end = shown.secret.end.min(characters.len());
    let start = shown.secret.start.min(end);
    let (from, to) = (start.saturating_sub(detail.margin), characters.len().min(end + detail.margin));
    let part = |range: std::ops::Range<usize>| content(&characters[range].iter().collect::<String>());
    let cut = |yes: bool| if yes { "…" } else { "" };
    format!(
        "{}{}<mark>{}</mark>{}{}",
        cut(from > 0),
        part(from..start),
        part(start..end),
        part(end..to),
        cut(to < characters.len())
    )
}

fn notes(report: &Report, finding: &Finding, detail: Detail) -> Vec<(&'static str, String)> {
    let facts: Vec<String> =
        facts::of(report, finding).into_iter().map(|(name, value)| format!("{name} {value}")).collect();
    let half = finding.companion.as_ref().map(|half| companion(report, half)).unwrap_or_default();
    let mut notes = vec![("Identity", facts.join(", ")), ("Other half", half)];
    if let Some(told) = verified::of(report, finding) {
        notes.push(("Verified", told.sentence()));
        notes.push(("Acts as", told.who()));
        notes.extend(told.risk.map(|risk| ("Risk", risk)));
    }
    if detail.notes == Notes::All {
        notes.push(("Confidence", one_line(&confidence(finding))));
        notes.push(("Lives", whereabouts(finding)));
    }
    let first = finding.first_seen.as_ref();
    let exposed = exposure::told(report, finding);
    match detail.notes {
        Notes::All => {
            notes.push(("First commit", first.map(|first| commit(report, first)).unwrap_or_default()));
            notes.push(("Exposed", exposed));
        }
        // Days and dates stand above.
        Notes::Some => {
            notes.push(("First commit", first.map(|first| id_and_author(report, first)).unwrap_or_default()));
            let rest = exposed.split_once(" · ").filter(|_| finding.days_exposed.is_some());
            notes.push(("Exposed", rest.map_or(exposed.clone(), |(_, rest)| rest.to_owned())));
        }
        Notes::Few => {}
    }
    notes.retain(|(_, text)| !text.is_empty());
    notes.iter_mut().for_each(|(_, text)| *text = clip(text, detail.longest));
    notes.push(("Fingerprint", finding.fingerprint.to_string()));
    notes
}

fn id_and_author(report: &Report, info: &CommitInfo) -> String {
    let id: String = info.id.to_string().chars().take(12).collect();
    format!("{id} by {}", report.redactor.show(&info.author.name))
}

fn other_places(report: &Report, others: &[Occurrence], detail: Detail) -> String {
    if detail.places == 1 {
        return format!("<dt>Also at<dd>{}", count(others.len() as u64, "place"));
    }
    let shown = others.iter().take(detail.places - 1);
    let mut texts: Vec<String> = shown
        .map(|occurrence| {
            let head = if occurrence.in_head { ", in HEAD" } else { "" };
            format!("{} ({}{head})", place(report, occurrence, detail), source(occurrence))
        })
        .collect();
    let more = others.len() - texts.len();
    if more > 0 {
        texts.push(format!("and {} more", count(more as u64, "")));
    }
    let items: Vec<String> = texts.iter().map(|text| format!("<li>{}", content(text))).collect();
    format!("<dt>Also at<dd><ul>{}</ul>", items.concat())
}
