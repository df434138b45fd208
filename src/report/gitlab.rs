//! `gitlab`: the secret detection report of GitLab, schema 15, which `artifacts: reports: secret_detection` takes.
//!
//! The only machine format that tells times, because GitLab wants them.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::ser::PrettyFormatter;
use sha2::{Digest as _, Sha256};

use super::about::{links, opens, remediation, title};
use super::human::suppressed;
use super::places::{File, by_file, commit_and_date, whereabouts};
use super::text::clip;
use super::{Report, json, verified};
use crate::finding::{Finding, Gap, Severity, Verdict};

const VERSION: &str = "15.0.2";
const SCHEMA: &str = "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/v15.0.2/dist/\
                      secret-detection-report-format.json";
/// The schema's limits, in characters.
const LONGEST_NAME: usize = 255;
const LONGEST_SOLUTION: usize = 7000;
const MOST_MESSAGES: usize = 1000;
/// What GitLab's own analyzer says where there is no commit.
const NO_COMMIT: &str = "0000000";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    version: &'static str,
    scan: Scan,
    vulnerabilities: Vec<Vulnerability<'a>>,
}

#[derive(Serialize)]
struct Scan {
    analyzer: Tool,
    scanner: Tool,
    #[serde(rename = "type")]
    kind: &'static str,
    start_time: String,
    end_time: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Message>,
}

#[derive(Serialize)]
struct Tool {
    id: &'static str,
    name: &'static str,
    url: &'static str,
    vendor: Vendor,
    version: &'static str,
}

#[derive(Serialize)]
struct Vendor {
    name: &'static str,
}

#[derive(Serialize)]
struct Message {
    level: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Vulnerability<'a> {
    id: String,
    name: String,
    description: String,
    severity: &'static str,
    solution: String,
    identifiers: [Identifier<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<Link<'a>>,
    location: Location,
    tracking: Tracking,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<Flag>,
    raw_source_code_extract: String,
}

#[derive(Serialize)]
struct Identifier<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    value: &'a str,
}

#[derive(Serialize)]
struct Link<'a> {
    url: &'a str,
}

#[derive(Serialize)]
struct Location {
    file: String,
    start_line: u32,
    end_line: u32,
    commit: Commit,
}

#[derive(Serialize)]
struct Commit {
    sha: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

#[derive(Serialize)]
struct Tracking {
    #[serde(rename = "type")]
    kind: &'static str,
    items: [Tracked; 1],
}

#[derive(Serialize)]
struct Tracked {
    file: String,
    start_line: u32,
    end_line: u32,
    signatures: [Signature; 1],
}

#[derive(Serialize)]
struct Signature {
    algorithm: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Flag {
    #[serde(rename = "type")]
    kind: &'static str,
    origin: &'static str,
    description: String,
}

/// The whole report.
pub fn render(report: &Report) -> Vec<u8> {
    let vulnerabilities = report.findings.iter().flat_map(|finding| {
        by_file(report, finding).into_iter().map(move |file| vulnerability(report, finding, &file))
    });
    let document = Document {
        schema: SCHEMA,
        version: VERSION,
        scan: scan(report),
        vulnerabilities: vulnerabilities.collect(),
    };
    json::write(&document, PrettyFormatter::new())
}

fn scan(report: &Report) -> Scan {
    let tool = || Tool {
        id: "muzzle",
        name: "muzzle",
        url: "https://docs.rs/muzzle",
        vendor: Vendor { name: "muzzle" },
        version: env!("CARGO_PKG_VERSION"),
    };
    let start = report.finished.checked_sub(report.elapsed).unwrap_or(report.finished);
    let named = if report.gaps.len() > MOST_MESSAGES { MOST_MESSAGES - 1 } else { report.gaps.len() };
    let told = |gap: &Gap| {
        let place = report.redactor.show_path(gap.place.as_bytes());
        let detail = report.redactor.show(gap.detail.as_bytes());
        format!("not scanned ({}): {place}: {detail}", gap.kind.as_str())
    };
    let more = (report.gaps.len() > named)
        .then(|| format!("{} more places could not be scanned", report.gaps.len() - named));
    let warnings = report.gaps[..named].iter().map(told).chain(more);
    let warnings = warnings.map(|value| Message { level: "warn", value });
    let suppressed = suppressed::sentence(report).map(|value| Message { level: "info", value });
    Scan {
        analyzer: tool(),
        scanner: tool(),
        kind: "secret_detection",
        start_time: time(start),
        end_time: time(report.finished),
        status: if report.is_complete() { "success" } else { "failure" },
        messages: warnings.chain(suppressed).collect(),
    }
}

/// In UTC, to the second, without a zone.
fn time(time: jiff::Timestamp) -> String {
    time.to_string().chars().take("2026-01-31T00:00:00".len()).collect()
}

fn vulnerability<'a>(
    report: &'a Report,
    finding: &Finding,
    (uri, occurrences): &File<'_>,
) -> Vulnerability<'a> {
    let rule = report.rule(finding);
    let best = occurrences[0];
    let show = |bytes: &[u8]| report.redactor.show(bytes);
    let info = occurrences.iter().find_map(|occurrence| occurrence.provenance.commit());
    let file = report.redactor.show_path(&best.path);
    let (start_line, end_line) = (best.location.start.line, best.location.end.line);
    let flag = |description| Flag { kind: "flagged-as-likely-false-positive", origin: "muzzle", description };
    let flags = match &finding.verdict {
        Verdict::Failed(why) => vec![flag(format!("Its structure was checked and does not hold: {why}."))],
        _ => Vec::new(),
    };
    Vulnerability {
        id: uuid(&format!("{}:{uri}", finding.fingerprint)),
        name: clip(&title(rule), LONGEST_NAME),
        description: description(report, finding, whereabouts(best)),
        severity: severity(finding.severity),
        solution: clip(&remediation(rule), LONGEST_SOLUTION),
        identifiers: [Identifier {
            kind: "muzzle_rule_id",
            name: format!("muzzle rule {}", rule.id),
            value: &rule.id,
        }],
        links: links(rule).map(|url| Link { url }).collect(),
        location: Location {
            file: file.clone(),
            start_line,
            end_line,
            commit: Commit {
                sha: info.map_or_else(|| NO_COMMIT.into(), |info| info.id.to_string()),
                author: info.map(|i| format!("{} <{}>", show(&i.author.name), show(&i.author.email))),
                date: info.and_then(|info| json::date(info.time)),
                message: info.map(|info| show(&info.subject)),
            },
        },
        tracking: Tracking {
            kind: "source",
            items: [Tracked {
                file,
                start_line,
                end_line,
                // Neither lines above nor edits round it change what it is known by.
                signatures: [Signature { algorithm: "hash", value: finding.fingerprint.to_string() }],
            }],
        },
        flags,
        raw_source_code_extract: report.redactor.show_excerpt(&best.excerpt, false).0,
    }
}

/// Shown as Markdown. Nothing in it is the repository's own text; what a provider said is no markup.
fn description(report: &Report, finding: &Finding, whereabouts: &str) -> String {
    let mut sentences = vec![
        markdown(&opens(report.rule(finding))),
        format!(
            "The secret {} is {whereabouts}; the match is of {} confidence.",
            markdown(&finding.secret.masked()),
            finding.confidence
        ),
    ];
    if let Some(told) = verified::of(report, finding) {
        sentences.push(format!("Verified: {}", markdown(&told.sentence())));
        sentences.extend(told.risk.map(|risk| markdown(&risk)));
    }
    if let Some(first) = &finding.first_seen {
        sentences.push(format!("It was first committed in {}.", commit_and_date(first)));
    }
    if let Some(days) = finding.days_exposed {
        let days = if days == 1 { "1 day".into() } else { format!("{days} days") };
        sentences.push(format!("It was exposed for {days}."));
    }
    sentences.join("\n\n")
}

/// Text that is no markup, for what shows Markdown.
fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation()
            && !matches!(c, '.' | ',' | ':' | ';' | '-' | '/' | '(' | ')' | '\'' | '"')
        {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
    }
}

/// Always the same for the same text: version 8 of RFC 9562, whose bits are ours.
fn uuid(text: &str) -> String {
    let digest = Sha256::digest(text);
    let mut bytes: Vec<u8> = digest[..16].to_vec();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut hex = String::new();
    bytes.iter().for_each(|byte| _ = write!(hex, "{byte:02x}"));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::fixture;
    use super::*;

    fn rendered(report: &Report) -> Value {
        serde_json::from_slice(&render(report)).unwrap()
    }

    #[test]
    fn times_are_of_the_run() {
        let scan = &rendered(&fixture::report(Vec::new(), Vec::new()))["scan"];
        assert_eq!(scan["start_time"], "2026-01-02T03:04:03");
        assert_eq!(scan["end_time"], "2026-01-02T03:04:05");
        assert_eq!(scan["status"], "success");
    }

    #[test]
    fn ids_hang_on_secret_and_file_alone() {
        let report = fixture::odd_report();
        let one = rendered(&report);
        let ids = |document: &Value| -> Vec<String> {
            let list = document["vulnerabilities"].as_array().unwrap().iter();
            list.map(|found| found["id"].as_str().unwrap().to_owned()).collect()
        };
        let mut moved = fixture::odd_report();
        for finding in &mut moved.findings {
            for occurrence in &mut finding.occurrences {
                occurrence.location.start.line += 10;
                occurrence.location.end.line += 10;
            }
        }
        assert_eq!(ids(&one), ids(&rendered(&moved)));
        let mut distinct = ids(&one);
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), 29);
    }

    #[test]
    fn what_is_in_no_commit_says_so_and_gaps_are_a_failure() {
        let document = rendered(&fixture::odd_report());
        let last = document["vulnerabilities"].as_array().unwrap().last().unwrap();
        assert_eq!(last["location"]["commit"], serde_json::json!({ "sha": NO_COMMIT }));
        assert_eq!(document["scan"]["status"], "failure");
        assert_eq!(document["scan"]["messages"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn a_failed_check_is_a_flag() {
        let document = rendered(&fixture::odd_report());
        let flagged = |at: usize| document["vulnerabilities"][at].get("flags").cloned();
        assert_eq!(flagged(0), None);
        let flag = &flagged(2).unwrap()[0];
        assert_eq!(flag["type"], "flagged-as-likely-false-positive");
        assert!(flag["description"].as_str().unwrap().contains("the sum is `wrong`"), "{flag}");
    }
}
