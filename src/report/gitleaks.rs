//! The array of findings that gitleaks writes, for scripts that read it: one entry for each place.

use serde::Serialize;
use serde_json::ser::PrettyFormatter;

use super::about::opens;
use super::{Report, json};
use crate::finding::{Finding, Occurrence};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    #[serde(rename = "RuleID")]
    rule_id: &'a str,
    description: String,
    start_line: u32,
    end_line: u32,
    start_column: u32,
    end_column: u32,
    r#match: String,
    secret: String,
    file: String,
    symlink_file: &'static str,
    commit: String,
    entropy: f32,
    author: String,
    email: String,
    date: String,
    message: String,
    tags: &'a [String],
    fingerprint: String,
}

/// The whole array.
pub fn render(report: &Report) -> Vec<u8> {
    let places = report.findings.iter().flat_map(|f| f.occurrences.iter().map(move |place| (f, place)));
    let entries: Vec<Entry<'_>> = places.map(|(finding, place)| entry(report, finding, place)).collect();
    json::write(&entries, PrettyFormatter::with_indent(b" "))
}

fn entry<'a>(report: &'a Report, finding: &Finding, place: &Occurrence) -> Entry<'a> {
    let rule = report.rule(finding);
    let show = |bytes: &[u8]| report.redactor.show(bytes);
    let commit = place.provenance.commit();
    let file = report.redactor.show_path(&place.path);
    let id = commit.map(|info| info.id.to_string()).unwrap_or_default();
    let (start, end) = (place.location.start, place.location.end);
    let in_commit = if id.is_empty() { String::new() } else { format!("{id}:") };
    Entry {
        rule_id: &rule.id,
        description: opens(rule),
        start_line: start.line,
        end_line: end.line,
        start_column: start.column,
        // Theirs is the last character, and not the one after it.
        end_column: end.column.saturating_sub(1).max(1),
        r#match: matched(report, finding, place),
        secret: json::shown_secret(report, finding),
        fingerprint: format!("{in_commit}{file}:{}:{}", rule.id, start.line),
        file,
        symlink_file: "",
        commit: id,
        entropy: finding.entropy,
        author: commit.map(|info| show(&info.author.name)).unwrap_or_default(),
        email: commit.map(|info| show(&info.author.email)).unwrap_or_default(),
        date: commit.and_then(|info| json::date(info.time)).unwrap_or_default(),
        message: commit.map(|info| show(&info.subject)).unwrap_or_default(),
        tags: &rule.tags,
    }
}

/// What the rule's expression matched, as far as it stands on the first line.
fn matched(report: &Report, finding: &Finding, place: &Occurrence) -> String {
    let shown = report.redactor.excerpt(&place.excerpt, report.show_secrets);
    let part = |range: std::ops::Range<usize>| -> String {
        shown.text.chars().skip(range.start).take(range.len()).collect()
    };
    let texts = [part(shown.matched.clone()), part(shown.secret.clone())];
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_else(|| finding.secret.masked())
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn every_place_has_the_fields_that_scripts_read() {
        let report = fixture::odd_report();
        let text = render(&report);
        let entries: Vec<serde_json::Map<String, serde_json::Value>> = serde_json::from_slice(&text).unwrap();
        let places: usize = report.findings.iter().map(|finding| finding.occurrences.len()).sum();
        assert_eq!(entries.len(), places);
        let mut names: Vec<&str> = entries[0].keys().map(String::as_str).collect();
        names.sort_unstable();
        let mut expected = vec![
            "RuleID",
            "Description",
            "StartLine",
            "EndLine",
            "StartColumn",
            "EndColumn",
            "Match",
            "Secret",
            "File",
            "SymlinkFile",
            "Commit",
            "Entropy",
            "Author",
            "Email",
            "Date",
            "Message",
            "Tags",
            "Fingerprint",
        ];
        expected.sort_unstable();
        assert_eq!(names, expected);
        let first = &entries[0];
        assert_eq!(first["Match"], "fxt_********");
        assert_eq!(first["Secret"], "fxt_********");
        assert_eq!((&first["StartColumn"], &first["EndColumn"]), (&10.into(), &39.into()));
        assert_eq!(first["Date"], "2023-11-14T22:13:20Z");
        assert_eq!(first["Fingerprint"], format!("{}:plain/file.py:fixture-token:3", "00".repeat(20)));
        // Without a commit.
        assert_eq!((&entries[1]["Commit"], &entries[1]["Date"]), (&"".into(), &"".into()));
        assert_eq!(entries[1]["Fingerprint"], "holds/fxt_********.txt:fixture-token:9");
    }

    #[test]
    fn nothing_found_is_an_empty_array() {
        assert_eq!(render(&fixture::report(Vec::new(), Vec::new())), b"[]\n");
    }
}
