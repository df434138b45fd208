//! Annotations: what the runner of GitHub Actions reads from a step's output.
//!
//! GitHub keeps ten errors, ten warnings and ten notices of a step. The most severe findings have them; how many more
//! there are is said, and the job summary ([`super::markdown`]) has them all.
//!
//! Nothing of the repository begins a line here: each line is a command of ours, whose text is escaped as the runner
//! undoes it. Secrets are masked even if the user asked for them elsewhere, since a log is read by many.

use std::fmt::Write as _;

use serde_sarif::sarif::ResultLevel;

use super::human::layout::count;
use super::human::{found, short_id, suppressed, whereabouts};
use super::places::is_present;
use super::text::clip;
use super::{Report, about, facts, json, sarif, verified};
use crate::finding::{Finding, Occurrence, Provenance};

/// Annotations of one level that GitHub keeps of a step.
const MOST: usize = 10;
/// Characters of a name, a path in a message or a fact.
const LONGEST_TEXT: usize = 120;
/// Characters of a title.
const LONGEST_TITLE: usize = 200;
/// Gaps that are named.
const MOST_GAPS: usize = 3;

/// One line for each annotation, then one that sums up.
pub fn render(report: &Report) -> Vec<u8> {
    let mut out = String::new();
    let mut room = [MOST, MOST, MOST];
    if !report.is_complete() {
        room[0] -= 1;
        out.push_str(&command("error", &[("title", "muzzle: the scan is incomplete")], &incomplete(report)));
    }
    let levels: Vec<usize> = report.findings.iter().map(level).collect();
    let excess = |room: &[usize; 3]| -> usize {
        (0..3).map(|level| levels.iter().filter(|of| **of == level).count().saturating_sub(room[level])).sum()
    };
    if excess(&room) > 0 {
        // To say that there are more.
        room[2] -= 1;
    }
    let more = excess(&room);
    for (finding, level) in report.findings.iter().zip(&levels) {
        if room[*level] > 0 {
            room[*level] -= 1;
            out.push_str(&annotation(report, finding, LEVELS[*level]));
        }
    }
    if more > 0 {
        let text = format!(
            "{} without an annotation, since GitHub keeps ten of a level: the summary of the job has them.",
            count(more as u64, "more finding")
        );
        out.push_str(&command("notice", &[("title", "muzzle: more findings")], &text));
    }
    let _ = writeln!(out, "muzzle: {}", conclusion(report));
    out.into_bytes()
}

/// In the order of `levels`.
const LEVELS: [&str; 3] = ["error", "warning", "notice"];

/// The level that SARIF says, as a place in [`LEVELS`].
fn level(finding: &Finding) -> usize {
    match sarif::level(finding.severity, finding.confidence) {
        ResultLevel::Error => 0,
        ResultLevel::Warning => 1,
        _ => 2,
    }
}

/// An error that stands for the whole run, as a line.
pub fn failure(text: &str) -> String {
    command("error", &[("title", "muzzle: nothing was scanned")], &super::text::visible_lines(text))
}

/// Something that people should know of the run, as a line.
pub fn notice(text: &str) -> String {
    command("notice", &[("title", "muzzle")], &super::text::visible_lines(text))
}

/// `::name key=value,…::text`, and a line break.
fn command(name: &str, properties: &[(&str, &str)], text: &str) -> String {
    let properties: Vec<String> =
        properties.iter().map(|(key, value)| format!("{key}={}", property(value))).collect();
    let space = if properties.is_empty() { "" } else { " " };
    format!("::{name}{space}{}::{}\n", properties.join(","), data(text))
}

/// What the runner undoes in the text of a command. The percent sign comes first, since the others make some.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The same in a property, where two more characters mean something.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn annotation(report: &Report, finding: &Finding, level: &str) -> String {
    let rule = report.rule(finding);
    let title = clip(&format!("{}: {}", finding.severity, about::title(rule)), LONGEST_TITLE);
    let place = best(finding);
    let (start, end) = (place.location.start, place.location.end);
    let path = report.redactor.show_path(&place.path);
    let numbers = [start.line, end.line, start.column, end.column].map(|number| number.to_string());
    let mut properties = Vec::new();
    if can_be_pointed_at(report, place) && !path.is_empty() {
        properties.push(("file", path.as_str()));
        properties.push(("line", &numbers[0]));
        properties.push(("endLine", &numbers[1]));
        // Columns go with a single line only.
        if start.line == end.line {
            properties.push(("col", &numbers[2]));
            properties.push(("endColumn", &numbers[3]));
        }
    }
    properties.push(("title", &title));
    command(level, &properties, &message(report, finding, place))
}

/// What HEAD or the working tree has, if it has it anywhere.
fn best(finding: &Finding) -> &Occurrence {
    finding.occurrences.iter().find(|place| is_present(place)).unwrap_or(&finding.occurrences[0])
}

/// A line number of an old version would point at something else. What a change brought in is looked at beside that
/// change.
fn can_be_pointed_at(report: &Report, place: &Occurrence) -> bool {
    match place.provenance {
        Provenance::Worktree | Provenance::Staged => true,
        Provenance::Commit(_) => place.in_head || (report.scope.is_some() && !place.is_metadata()),
        _ => false,
    }
}

fn message(report: &Report, finding: &Finding, place: &Occurrence) -> String {
    let rule = report.rule(finding);
    let show = |bytes: &[u8]| clip(&report.redactor.show(bytes), LONGEST_TEXT);
    let path = match report.redactor.show_path(&place.path) {
        path if path.is_empty() => "(no path)".into(),
        path => clip(&path, LONGEST_TEXT),
    };
    let mut lines = vec![format!(
        "{} at {path}:{}, confidence {}",
        finding.secret.masked(),
        place.location.start.line,
        finding.confidence
    )];
    let fact = |(name, value): (String, String)| format!("{name} {}", clip(&value, LONGEST_TEXT));
    lines.push(facts::of(report, finding).into_iter().map(fact).collect::<Vec<_>>().join(", "));
    if let Some(told) = verified::of(report, finding) {
        lines.push(format!("Verified: {}", clip(&told.sentence(), 2 * LONGEST_TEXT)));
        lines.extend(told.risk.map(|risk| clip(&risk, 4 * LONGEST_TEXT)));
    }
    lines.extend(about::given(&rule.description));
    if let Some(first) = &finding.first_seen {
        let date = json::date(first.time).unwrap_or_else(|| "a date beyond the calendar".into());
        lines.push(format!("First seen in {}, {date}, by {}", short_id(first), show(&first.author.name)));
    }
    let others = finding.occurrences.len() - 1;
    let also =
        if others > 0 { format!("; {}", count(others as u64, "more occurrence")) } else { String::new() };
    lines.push(format!("Lives {}{also}", whereabouts(finding)));
    lines.push(about::remediation(rule));
    lines.push(format!("Fingerprint {}", finding.fingerprint));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

fn incomplete(report: &Report) -> String {
    let number = report.gaps.len();
    let mut text = format!(
        "{} in scope could not be scanned, and what was not read may hold secrets.",
        count(number as u64, "place")
    );
    for gap in report.gaps.iter().take(MOST_GAPS) {
        let place = clip(&report.redactor.show_path(gap.place.as_bytes()), LONGEST_TEXT);
        let detail = clip(&report.redactor.show(gap.detail.as_bytes()), 4 * LONGEST_TEXT);
        let _ = write!(text, "\n{}: {place}: {detail}", gap.kind.as_str());
    }
    if number > MOST_GAPS {
        let _ = write!(text, "\n{} more", number - MOST_GAPS);
    }
    text
}

fn conclusion(report: &Report) -> String {
    let found = found(report);
    let incomplete = (!report.is_complete()).then(|| "The scan is INCOMPLETE.".to_owned());
    let suppressed = suppressed::sentence(report);
    [Some(found), suppressed, incomplete].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::finding::{Confidence, GapKind, Severity};
    use crate::report::text::is_steering;

    fn lines(report: &Report) -> Vec<String> {
        String::from_utf8(render(report)).unwrap().lines().map(Into::into).collect()
    }

    fn one(path: &[u8]) -> Report {
        let rules = fixture::rules();
        let secret = fixture::secret(1);
        let mut place = fixture::occurrence(&secret, path, 12, fixture::commit(1, 1_700_000_000));
        place.in_head = true;
        fixture::report(vec![fixture::finding(&rules, "fixture-token", &secret, vec![place])], Vec::new())
    }

    #[test]
    fn a_clean_report_has_no_annotation() {
        assert_eq!(lines(&fixture::report(Vec::new(), Vec::new())), ["muzzle: No findings."]);
    }

    #[test]
    fn an_annotation_says_where_what_and_what_to_do() {
        let lines = lines(&one(b"src/a.py"));
        let expected = "::error file=src/a.py,line=12,endLine=12,col=10,endColumn=40,title=critical%3A Fixture \
            [token](https%3A//evil.example)::fxt_******** at src/a.py:12, confidence high%0AOpens the fixture \
            <b>account</b>, until it is revoked. What it opens is told at some length, to be wrapped.%0AFirst seen in \
            010101010101, 2023-11-14T22:13:20Z, by Eve \\u{1b}[31m\\u{202e}%0ALives in HEAD%0ARevoke it under \
            Settings > Tokens, then replace it wherever it is used, which may be more places than one.%0AFingerprint \
            v1:fab20f48d109909e39676e1d943ec633";
        assert_eq!(lines, [expected, "muzzle: 1 finding: 1 critical."]);
    }

    #[test]
    fn properties_are_escaped() {
        let text = lines(&one(b"a,b:c%d,title=x::y\n::error::z"));
        assert!(
            text[0].starts_with("::error file=a%2Cb%3Ac%25d%2Ctitle=x%3A%3Ay\\n%3A%3Aerror%3A%3Az,line=12,")
        );
        assert_eq!(text.len(), 2);
    }

    #[test]
    fn an_old_version_has_no_line_to_point_at() {
        let mut report = one(b"a");
        report.findings[0].occurrences[0].in_head = false;
        assert!(lines(&report)[0].starts_with("::error title="));
        report.scope = Some("--range A..B".into());
        assert!(lines(&report)[0].starts_with("::error file=a,"));
    }

    #[test]
    fn ten_of_each_level_and_the_rest_is_counted() {
        let rules = fixture::rules();
        let mut findings = Vec::new();
        for severity in [Severity::Critical, Severity::Medium, Severity::Low] {
            for number in 0..12u8 {
                let secret = fixture::secret(number);
                let place = fixture::occurrence(&secret, b"a", 1, fixture::commit(1, 1));
                let mut finding = fixture::finding(&rules, "fixture-token", &secret, vec![place]);
                (finding.severity, finding.confidence) = (severity, Confidence::High);
                findings.push(finding);
            }
        }
        let mut report = fixture::report(findings, Vec::new());
        let count = |lines: &[String], level: &str| {
            lines.iter().filter(|line| line.starts_with(&format!("::{level} "))).count()
        };
        let all = lines(&report);
        assert_eq!(["error", "warning", "notice"].map(|level| count(&all, level)), [10, 10, 10]);
        assert!(all[29].contains("::7 more findings without"), "{}", all[29]);
        // The incomplete scan takes the place of one.
        report.gaps.push(fixture::gap(GapKind::CorruptObject, 1));
        let all = lines(&report);
        assert_eq!(["error", "warning", "notice"].map(|level| count(&all, level)), [10, 10, 10]);
        assert!(all[0].starts_with("::error title=muzzle%3A the scan is incomplete::1 place in scope"));
        assert!(all[29].contains("::8 more findings without"), "{}", all[29]);
        report.findings.truncate(9);
        assert_eq!(lines(&report).len(), 1 + 9 + 1);
    }

    #[test]
    fn nothing_shows_a_secret_or_gives_a_command() {
        let mut report = fixture::odd_report();
        report.show_secrets = true;
        report.scope = Some("--range A..B".into());
        let text = String::from_utf8(render(&report)).unwrap();
        for finding in &report.findings {
            #[expect(clippy::disallowed_methods, reason = "to look for it in the output")]
            let secret = String::from_utf8_lossy(finding.secret.expose());
            assert!(!text.contains(&*secret) && !text.contains(&secret[6..]), "{text}");
        }
        assert!(text.chars().all(|c| c == '\n' || !is_steering(c)), "{text}");
        assert!(!text.contains("##["), "{text}");
        for line in text.lines() {
            let ours = ["::error ", "::warning ", "::notice ", "muzzle: "];
            assert!(ours.iter().any(|prefix| line.starts_with(prefix)), "{line}");
        }
        assert_eq!(text.as_bytes(), render(&report), "the same every time");
    }

    #[test]
    fn failures_and_notices_stay_on_their_line() {
        assert_eq!(
            failure("50%\r\n::error::x\u{1b}"),
            "::error title=muzzle%3A nothing was scanned::50%25%0A::error::x\\u{1b}\n"
        );
        assert_eq!(notice("A:b"), "::notice title=muzzle::A:b\n");
    }
}
