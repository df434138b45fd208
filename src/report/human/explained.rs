//! One finding in full: what it is, where, what it opens, what its provider said, how to get rid of it, what to type next.

use std::fmt::Write as _;

use super::super::guidance::Guidance;
use super::super::text::{one_line, visible};
use super::super::{Report, about, facts, verified};
use super::{commit, companion, confidence, exposure, layout::wrap, other_places, path, whereabouts};
use crate::finding::Finding;

const WIDTH: usize = 100;
/// What stands before each text.
const LABEL: usize = 13;

/// The page. `source` is how the finding is named to other commands: a path, or `--from FILE`. Never shows the secret.
pub fn render(report: &Report, finding: &Finding, guidance: Option<&Guidance>, source: &str) -> String {
    let rule = report.rule(finding);
    let mut out = format!("{} [{}]\n", about::title(rule), visible(rule.id.as_bytes()));
    let mut tell = |label: &str, text: &str| {
        if text.is_empty() {
            return;
        }
        let text = wrap(text, WIDTH - LABEL).replace('\n', &format!("\n{:LABEL$}", ""));
        let _ = writeln!(out, "{label:LABEL$}{text}");
    };
    let primary = &finding.occurrences[0];
    tell("Secret", &format!("{}, {}", finding.secret.masked(), finding.fingerprint));
    tell("Severity", &format!("{}; confidence {}", finding.severity, confidence(finding)));
    tell("Where", &format!("{}:{}", path(report, primary), primary.location.start.line));
    tell("Also at", &other_places(report, &finding.occurrences[1..]));
    tell("Lives", &whereabouts(finding));
    tell("First seen", &finding.first_seen.as_ref().map(|first| commit(report, first)).unwrap_or_default());
    tell("Exposed", &exposure::told(report, finding));
    tell("Opens", &one_line(&rule.description));
    let of_itself: Vec<String> =
        facts::of(report, finding).into_iter().map(|(name, value)| format!("{name} {value}")).collect();
    tell("It says", &of_itself.join(", "));
    tell("With", &finding.companion.as_ref().map(|half| companion(report, half)).unwrap_or_default());
    match verified::of(report, finding) {
        Some(told) => {
            tell("Verified", &told.sentence());
            tell("Acts as", &told.who());
            tell("Risk", &told.risk.unwrap_or_default());
            tell("Asked", &told.at.unwrap_or_default());
        }
        None => tell("Verified", "nobody asked its provider"),
    }
    out.push('\n');
    let mut tell = |label: &str, text: &str| {
        let text = wrap(text, WIDTH - LABEL).replace('\n', &format!("\n{:LABEL$}", ""));
        let _ = writeln!(out, "{label:LABEL$}{text}");
    };
    tell("What to do", &about::remediation(rule));
    match guidance {
        Some(guidance) => guidance.lines().iter().for_each(|(label, text)| tell(label, text)),
        None => tell("Revoke", "no call and no page is known: where it was issued"),
    }
    // Quoted for a shell, so that what is copied is one word.
    let _ = write!(
        out,
        "\nNext:\n  muzzle verify {source} --rule {id} --plan\n  muzzle revoke {source} --rule {id} --plan\n  muzzle ignore \
         add {} --reason WHY --until DAY\n",
        finding.fingerprint,
        source = quoted(source),
        id = visible(rule.id.as_bytes()),
    );
    out
}

/// `--from FILE` is two words.
fn quoted(source: &str) -> String {
    let quote = |text: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        let is_plain = !text.is_empty() && text.chars().all(is_plain);
        if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
    };
    match source.strip_prefix("--from ") {
        Some(file) => format!("--from {}", quote(file)),
        None => quote(source),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture;
    use super::*;
    use crate::finding::Liveness;
    use crate::report::text::is_steering;

    #[test]
    fn everything_is_said_and_nothing_steers() {
        let mut report = fixture::odd_report();
        report.findings[0].verification = Some(fixture::verification(Liveness::Live));
        for finding in &report.findings {
            let text = render(&report, finding, Some(&fixture::guidance()), "--from it's.json");
            assert!(text.chars().all(|c| c == '\n' || !is_steering(c)), "{text}");
            #[expect(clippy::disallowed_methods, reason = "to look for it in the output")]
            let secret = String::from_utf8_lossy(finding.secret.expose()).into_owned();
            assert!(!text.contains(&secret), "{text}");
            for part in
                ["What to do", "Revoke       whoever", "Step         1. Open the page.", "https://fixture"]
            {
                assert!(text.contains(part), "{part}: {text}");
            }
            assert!(text.contains("muzzle verify --from 'it'\\''s.json' --rule"), "{text}");
            assert!(text.contains(finding.fingerprint.as_str()), "{text}");
        }
        let asked = render(&report, &report.findings[0], None, ".");
        assert!(asked.contains("Verified     live (api.fixture.example)"), "{asked}");
        assert!(asked.contains("Risk         Live: acts as octocat"), "{asked}");
        let unasked = render(&report, &report.findings[1], None, ".");
        assert!(unasked.contains("nobody asked") && unasked.contains("no call and no page"), "{unasked}");
    }
}
