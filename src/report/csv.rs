//! `csv`: a row for each place, for spreadsheets.
//!
//! RFC 4180, but for line feeds alone at the ends of lines. A spreadsheet calculates what begins with `=`, `+`, `-` or
//! `@`, even in text that another program wrote, and some take `;` for the end of a cell: there an apostrophe is put in.

use std::borrow::Cow;

use super::about::{remediation, title};
use super::verified::{self, Told};
use super::{Report, json};
use crate::finding::{CommitInfo, Finding, Occurrence};

const HEADER: [&str; 36] = [
    "fingerprint",
    "severity",
    "confidence",
    "rule",
    "name",
    "provider",
    "secret",
    "check",
    "identity",
    "path",
    "line",
    "column",
    "end_line",
    "end_column",
    "source",
    "in_head",
    "commit",
    "author",
    "email",
    "date",
    "subject",
    "blob",
    "finding_in_head",
    "first_seen",
    "first_seen_commit",
    "last_seen_commit",
    "removed_in_commit",
    "days_exposed",
    "refs_total",
    "remediation",
    "verdict",
    "verdict_reason",
    "verdict_host",
    "verdict_identity",
    "verdict_at",
    "risk",
];

/// The whole table.
pub fn render(report: &Report) -> Vec<u8> {
    let mut out = HEADER.join(",");
    out.push('\n');
    for finding in &report.findings {
        let common = Common::new(report, finding);
        for place in &finding.occurrences {
            let row = row(report, &common, place);
            out.push_str(&row.each_ref().map(|text| cell(text)).join(","));
            out.push('\n');
        }
    }
    out.into_bytes()
}

/// What all rows of a finding say.
struct Common {
    before: [String; 9],
    after: [String; 14],
}

impl Common {
    fn new(report: &Report, finding: &Finding) -> Self {
        let rule = report.rule(finding);
        let facts: Vec<String> = super::facts::of(report, finding)
            .into_iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        let exposure = finding.exposure.as_ref();
        let id = |info: Option<&CommitInfo>| info.map(|info| info.id.to_string()).unwrap_or_default();
        let told = verified::of(report, finding);
        let told = |text: fn(&Told) -> String| told.as_ref().map(text).unwrap_or_default();
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        Common {
            before: [
                finding.fingerprint.to_string(),
                finding.severity.to_string(),
                finding.confidence.to_string(),
                rule.id.clone(),
                title(rule),
                rule.provider.clone(),
                finding.secret.masked(),
                json::check(&finding.verdict).0.into(),
                facts.join(", "),
            ],
            after: [
                finding.in_head.to_string(),
                finding.first_seen.as_ref().and_then(|info| json::date(info.time)).unwrap_or_default(),
                id(finding.first_seen.as_deref()),
                id(exposure.and_then(|exposure| exposure.last_seen.as_deref())),
                id(exposure.and_then(|exposure| exposure.removed_in.as_deref())),
                number(finding.days_exposed),
                number(exposure.map(|exposure| exposure.refs.total() as u64)),
                remediation(rule),
                told(|told| told.verdict.to_string()),
                told(|told| told.reason.clone()),
                told(|told| told.host.clone().unwrap_or_default()),
                told(Told::who),
                told(|told| told.at.clone().unwrap_or_default()),
                told(|told| told.risk.clone().unwrap_or_default()),
            ],
        }
    }
}

fn row(report: &Report, common: &Common, place: &Occurrence) -> [String; 36] {
    let show = |bytes: &[u8]| report.redactor.show(bytes);
    let commit = place.provenance.commit();
    let (start, end) = (place.location.start, place.location.end);
    let own = [
        report.redactor.show_path(&place.path),
        start.line.to_string(),
        start.column.to_string(),
        end.line.to_string(),
        end.column.to_string(),
        place.provenance.as_str().into(),
        place.in_head.to_string(),
        commit.map(|info| info.id.to_string()).unwrap_or_default(),
        commit.map(|info| show(&info.author.name)).unwrap_or_default(),
        commit.map(|info| show(&info.author.email)).unwrap_or_default(),
        commit.and_then(|info| json::date(info.time)).unwrap_or_default(),
        commit.map(|info| show(&info.subject)).unwrap_or_default(),
        place.blob.map(|blob| blob.to_string()).unwrap_or_default(),
    ];
    let mut texts = common.before.iter().cloned().chain(own).chain(common.after.iter().cloned());
    std::array::from_fn(|_| texts.next().unwrap_or_default())
}

/// A text that no spreadsheet calculates, quoted if it must be.
pub(crate) fn cell(text: &str) -> Cow<'_, str> {
    let text = inert(text);
    if text.contains([',', ';', '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
        return format!("\"{}\"", text.replace('"', "\"\"")).into();
    }
    text
}

/// Wide forms are taken for the narrow ones where East Asian text is written.
const FORMULAS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

fn inert(text: &str) -> Cow<'_, str> {
    if !text.contains(FORMULAS) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 1);
    let mut at_start = true;
    for c in text.chars() {
        if at_start && FORMULAS.contains(&c) {
            out.push('\'');
        }
        at_start = c == ';' || (at_start && (c.is_whitespace() || c == '"'));
        out.push(c);
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::finding::Provenance;

    fn lines(report: &Report) -> Vec<String> {
        String::from_utf8(render(report)).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn formulas_are_only_text() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("-rf", "'-rf"),
            ("@SUM(A1)", "'@SUM(A1)"),
            (" =1", "\" '=1\""),
            ("a;=1", "\"a;'=1\""),
            ("\"=1", "\"\"\"'=1\""),
            ("＝1", "'＝1"),
            ("a-b+c=d@e", "a-b+c=d@e"),
            ("a,b", "\"a,b\""),
            ("say \"a\"", "\"say \"\"a\"\"\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }

    #[test]
    fn one_row_for_each_place() {
        let report = fixture::odd_report();
        let lines = lines(&report);
        let places: usize = report.findings.iter().map(|finding| finding.occurrences.len()).sum();
        assert_eq!(lines.len(), 1 + places);
        assert!(lines[0].starts_with("fingerprint,severity,confidence,rule,name,"), "{}", lines[0]);
        let secret = fixture::secret(1);
        let mut place = fixture::occurrence(&secret, b"=cmd|' /C calc'!A0", 3, Provenance::Worktree);
        place.in_head = true;
        let finding = fixture::finding(&fixture::rules(), "fixture-token", &secret, vec![place]);
        let fingerprint = finding.fingerprint.to_string();
        let lines = self::lines(&fixture::report(vec![finding], Vec::new()));
        assert_eq!(
            lines[1],
            format!(
                "{fingerprint},critical,high,fixture-token,Fixture [token](https://evil.example),fixture,fxt_********,\
                 none,,'=cmd|' /C calc'!A0,3,10,3,40,worktree,true,,,,,,{},true,,,,,,,\"Revoke it under Settings > \
                 Tokens, then replace it wherever it is used, which may be more places than one.\",,,,,,",
                "07".repeat(20)
            )
        );
    }
}
