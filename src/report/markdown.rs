//! A summary in Markdown, for a job's page or a comment at a pull request.
//!
//! Whatever comes from the repository stands in code spans, where Markdown, HTML, links and mentions mean nothing; the
//! two characters that would end a span or a cell are written out. Links are made of ids and percent-encoded paths.
//! Secrets are masked even if the user asked for them elsewhere: a summary is read by many.

use std::fmt::Write as _;

use super::guidance::Guidance;
use super::human::layout::{count, size};
use super::human::{found, short_id, whereabouts};
use super::text::clip;
use super::{Report, about, facts, json, policy, uri, verified};
use crate::finding::{CommitInfo, Finding, Occurrence, RefKind, Verdict};

mod links;
mod spans;

pub use links::Links;
use spans::{code, prose};

/// GitHub drops the summary of a step that is larger.
pub const LARGEST: usize = 1 << 20;
/// Characters of a path, a name or a fact.
const LONGEST_TEXT: usize = 120;
/// A longer URL helps nobody, and paths can be made up.
const LONGEST_URL: usize = 2000;
/// Gaps that are named.
const MOST_GAPS: usize = 20;
/// Kinds of findings that are told what to do about.
const MOST_ADVICE: usize = 100;

/// What the report itself does not know.
#[derive(Debug, Default)]
pub struct Context {
    /// What was chosen to be scanned, and why; our own words.
    pub why: Vec<String>,
    /// Where the repository can be looked at.
    pub links: Option<Links>,
    /// At most so many bytes; [`LARGEST`] without.
    pub room: Option<usize>,
}

/// The whole report.
pub fn render(report: &Report) -> Vec<u8> {
    render_with(report, &Context::default())
}

/// The whole report, or as much of it as there is room for: then the least severe findings are counted.
pub fn render_with(report: &Report, context: &Context) -> Vec<u8> {
    let room = context.room.unwrap_or(LARGEST).min(LARGEST);
    let mut out = head(report, context);
    // Where there is little room, what was found comes before how to get rid of it.
    let tail = Some(tail(report, true))
        .filter(|tail| out.len() + 2 * tail.len() <= room)
        .unwrap_or_else(|| self::tail(report, false));
    let mut left_out = 0;
    if !report.findings.is_empty() {
        let header = "\n| severity | finding | where | first seen | exposed |\n|---|---|---|---|---|\n";
        let reserved = header.len() + tail.len() + 100;
        out.push_str(header);
        for (number, finding) in report.findings.iter().enumerate() {
            let row = row(report, finding, context.links.as_ref());
            if out.len() + row.len() + reserved > room {
                left_out = report.findings.len() - number;
                break;
            }
            out.push_str(&row);
        }
    }
    if left_out > 0 {
        let _ = writeln!(
            out,
            "\nAnd {} more, none more severe: the other reports have them.",
            count(left_out as u64, "")
        );
    }
    out.push_str(&tail);
    if out.len() > room {
        // Without room for even the heading, a word that there is none.
        out = "muzzle: no room for the summary.\n".chars().take(room).collect();
    }
    out.into_bytes()
}

fn head(report: &Report, context: &Context) -> String {
    let mut out = format!("## muzzle: {}\n", found(report).trim_end_matches('.'));
    let stats = &report.stats;
    let numbers =
        [(stats.refs, "ref"), (stats.commits, "commit"), (stats.blobs, "blob"), (stats.files, "file")];
    let parts =
        numbers.into_iter().filter(|(number, _)| *number > 0).map(|(number, noun)| count(number, noun));
    let parts: Vec<String> = parts.chain([size(stats.bytes)]).collect();
    let scope = report.scope.as_ref().map(|scope| {
        format!(" ({})", code(&clip(&report.redactor.show(scope.as_bytes()), 2 * LONGEST_TEXT)))
    });
    let _ = writeln!(out, "\nScanned {}{}.", parts.join(", "), scope.unwrap_or_default());
    if let Some(text) = verified::summary(report) {
        let _ = writeln!(out, "\n{}", prose(&text));
    }
    for line in &context.why {
        let _ = writeln!(out, "{}", prose(line));
    }
    if !report.is_complete() {
        let places = count(report.gaps.len() as u64, "place");
        let _ = writeln!(
            out,
            "\n**INCOMPLETE**: {places} in scope could not be scanned. What was not read may hold secrets.\n"
        );
        for gap in report.gaps.iter().take(MOST_GAPS) {
            let place = clip(&report.redactor.show_path(gap.place.as_bytes()), LONGEST_TEXT);
            let detail = clip(&report.redactor.show(gap.detail.as_bytes()), 4 * LONGEST_TEXT);
            let _ = writeln!(out, "- {}, {}: {}", gap.kind.as_str(), code(&place), prose(&detail));
        }
        if report.gaps.len() > MOST_GAPS {
            let _ = writeln!(out, "- and {} more", report.gaps.len() - MOST_GAPS);
        }
    }
    out
}

/// What to do about each kind, and what is not reported.
fn tail(report: &Report, with_guidance: bool) -> String {
    let mut out = String::new();
    let mut kinds: Vec<(crate::finding::RuleIndex, usize)> = Vec::new();
    for finding in &report.findings {
        match kinds.iter_mut().find(|(rule, _)| *rule == finding.rule) {
            Some((_, number)) => *number += 1,
            None => kinds.push((finding.rule, 1)),
        }
    }
    if !kinds.is_empty() {
        out.push_str("\n### What to do\n\n");
    }
    for (index, number) in kinds.iter().take(MOST_ADVICE) {
        let rule = report.rules.get(*index);
        let parts = about::given(&rule.description).into_iter().chain([about::remediation(rule)]);
        let parts: Vec<String> = parts.map(|text| prose(&clip(&text, 8 * LONGEST_TEXT))).collect();
        let _ = writeln!(out, "- **{}** ({number}): {}", prose(&about::title(rule)), parts.join(" "));
        if let Some(guidance) = report.guidance.get(index).filter(|_| with_guidance) {
            out.push_str(&guided(guidance));
        }
    }
    if kinds.len() > MOST_ADVICE {
        let _ = writeln!(out, "- and {} more kinds: `muzzle rules show ID` tells", kinds.len() - MOST_ADVICE);
    }
    let counted = [
        (report.below_threshold, "below the confidence threshold"),
        (report.unreachable, "only in objects that no ref reaches"),
    ];
    let counted: Vec<String> = counted
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", count(number as u64, "")))
        .collect();
    if !counted.is_empty() {
        let _ = writeln!(out, "\nNot reported: {}.", counted.join(", ").replace("  ", " "));
    }
    for sentence in policy::sentences(report) {
        let _ = writeln!(out, "\n{}", prose(&clip(&sentence, 8 * LONGEST_TEXT)));
    }
    out
}

/// How to revoke and to replace it, in brief: the page has the rest.
fn guided(guidance: &Guidance) -> String {
    let brief = guidance.lines().into_iter().filter(|(label, _)| *label != "Step" && *label != "Page");
    let brief: Vec<String> = brief
        .map(|(label, text)| format!("{label}: {}", prose(clip(&text, LONGEST_TEXT).trim_end_matches('.'))))
        .collect();
    let page = guidance.page().filter(|page| page.len() <= LONGEST_URL).map(|page| format!(" <{page}>"));
    format!("  {}.{}\n", brief.join(". "), page.unwrap_or_default())
}

fn row(report: &Report, finding: &Finding, links: Option<&Links>) -> String {
    let first = finding.first_seen.as_ref().map(|first| commit(report, first, links));
    format!(
        "| {} | {} | {} | {} | {} |\n",
        finding.severity,
        what(report, finding),
        place(report, finding, links),
        first.unwrap_or_default(),
        exposed(finding, links)
    )
}

fn what(report: &Report, finding: &Finding) -> String {
    let mut parts = vec![
        format!("**{}** {}", prose(&about::title(report.rule(finding))), code(&finding.secret.masked())),
        format!("confidence {}", finding.confidence),
    ];
    if let Some(told) = verified::of(report, finding) {
        let verdict = prose(verified::words(told.verdict));
        let verdict = if told.verdict.is_live() { format!("**{verdict}**") } else { verdict };
        parts.insert(1, format!("{verdict}: {}", prose(&clip(&told.meaning(), 2 * LONGEST_TEXT))));
    }
    parts.extend(match &finding.verdict {
        Verdict::NotChecked => None,
        Verdict::Passed => Some("structure checked".into()),
        Verdict::Failed(why) => Some(format!("structure does not hold: {}", prose(why))),
    });
    let fact =
        |(name, value): (String, String)| format!("{} {}", prose(&name), code(&clip(&value, LONGEST_TEXT)));
    parts.extend(facts::of(report, finding).into_iter().map(fact));
    parts.push(code(finding.fingerprint.as_str()));
    parts.join(" · ")
}

fn place(report: &Report, finding: &Finding, links: Option<&Links>) -> String {
    let primary = &finding.occurrences[0];
    let path = match report.redactor.show_path(&primary.path) {
        path if path.is_empty() => "(no path)".into(),
        path => clip(&path, LONGEST_TEXT),
    };
    let text = code(&format!("{path}:{}", primary.location.start.line));
    let text = match links.and_then(|links| blob(report, primary, links)) {
        Some(url) => format!("[{text}]({url})"),
        None => text,
    };
    let more = match finding.occurrences.len() - 1 {
        0 => String::new(),
        more => format!(" and {}", count(more as u64, "more place")),
    };
    format!("{text}{more}, {}", whereabouts(finding))
}

/// The file as the commit had it that brought the secret in: that stays. Or the commit, if it is in no file.
fn blob(report: &Report, place: &Occurrence, links: &Links) -> Option<String> {
    let commit = place.provenance.commit()?;
    if place.is_metadata() {
        return Some(links.commit(&commit.id.to_string()));
    }
    if place.path.is_empty() || report.redactor.path_holds_secret(&place.path) {
        return None;
    }
    let url = links.blob(&commit.id.to_string(), &uri::of(report, &place.path), place.location.start.line);
    Some(url).filter(|url| url.len() <= LONGEST_URL)
}

fn commit(report: &Report, info: &CommitInfo, links: Option<&Links>) -> String {
    let date = json::date(info.time).unwrap_or_else(|| "a date beyond the calendar".into());
    let day = date.get(..10).filter(|_| date.ends_with('Z')).unwrap_or(&date);
    let show = |bytes: &[u8]| code(&clip(&report.redactor.show(bytes), LONGEST_TEXT));
    format!("{}, {day}, by {}: {}", linked(info, links), show(&info.author.name), show(&info.subject))
}

fn linked(info: &CommitInfo, links: Option<&Links>) -> String {
    let id = code(&short_id(info));
    links.map_or_else(|| id.clone(), |links| format!("[{id}]({})", links.commit(&info.id.to_string())))
}

fn exposed(finding: &Finding, links: Option<&Links>) -> String {
    let mut parts: Vec<String> = finding
        .days_exposed
        .map(|days| if days == 0 { "less than a day".into() } else { count(days, "day") })
        .into_iter()
        .collect();
    if let Some(exposure) = &finding.exposure {
        parts.extend(exposure.removed_in.as_ref().map(|info| format!("removed in {}", linked(info, links))));
        let kinds = RefKind::ALL.into_iter().filter(|kind| exposure.refs.count(*kind) > 0).map(|kind| {
            let number = exposure.refs.count(kind);
            let (one, several) = kind.nouns();
            format!("{number} {}", if number == 1 { one } else { several })
        });
        let kinds: Vec<String> = kinds.collect();
        if !kinds.is_empty() {
            parts.push(format!("reachable from {}", kinds.join(", ")));
        }
    }
    parts.join(" · ")
}

#[cfg(test)]
mod tests;
