//! `html`: one file for people to keep and to pass on. It loads nothing, and is complete without its script, which
//! only filters and sorts.
//!
//! Secrets are masked even if the user asked for them elsewhere: such a file is made to be passed on. All text of the
//! repository is escaped, and should some of it slip through: the page allows one style and one script, by their hash.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::human::layout::{count, size};
use super::markup::escape;
use super::text::clip;
use super::{Report, json, policy, verified};

mod charts;
mod findings;
mod rules;
mod timeline;

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");
/// What every browser opens at once and every mail server takes.
const LARGEST: usize = 1_990_000;
/// As many findings fit into that; more take room in proportion.
const MANY: usize = 3000;
/// Findings that are shown one by one.
const MOST_FINDINGS: usize = 10_000;
const MOST_TARGETS: usize = 5;
const MOST_GAPS: usize = 200;
const LONGEST_TEXT: usize = 300;

/// The whole page.
pub fn render(report: &Report) -> Vec<u8> {
    let mut out = head(report);
    out.push_str(&summary(report));
    let gaps = gaps(report);
    if !report.findings.is_empty() {
        out.push_str(&charts::render(report));
        let used = rules::Used::new(report);
        let rules = rules::render(report, &used);
        out.push_str(&table(report, &used, out.len() + rules.len() + gaps.len()));
        out.push_str(&rules);
    }
    out.push_str(&gaps);
    let _ = write!(
        out,
        "</main>\n<footer><p>Made by muzzle {}. Secrets are masked; the fingerprint of a finding stays the same across \
         runs, edits and rebases.</p></footer>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    );
    out.into_bytes()
}

/// Beside as many other bytes. Many findings are told more briefly, so that the page stays small.
fn table(report: &Report, used: &rules::Used, others: usize) -> String {
    let room = LARGEST / MANY * report.findings.len().clamp(MANY, MOST_FINDINGS);
    let mut table = String::new();
    for detail in findings::DETAILS {
        table = findings::render(report, used, detail, MOST_FINDINGS);
        if table.len() + others <= room {
            break;
        }
    }
    table
}

/// What a policy may name: the hash of a text between tags.
fn source_of(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

fn head(report: &Report) -> String {
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        source_of(STYLE),
        source_of(SCRIPT)
    );
    let (title, targets) = (heading(report), targets(report));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta \
         http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<meta \
         name=\"referrer\" content=\"no-referrer\">\n<title>muzzle: {} in {}</title>\n<style>{STYLE}</style>\n</head>\n",
        escape(&title),
        escape(&targets)
    )
}

fn heading(report: &Report) -> String {
    match report.findings.len() {
        0 => "no secrets found".into(),
        found => count(found as u64, "finding"),
    }
}

fn targets(report: &Report) -> String {
    let show = |target: &String| match target.as_str() {
        "." => "the current directory".into(),
        "-" => "standard input".into(),
        target => clip(&report.redactor.show_path(target.as_bytes()), LONGEST_TEXT),
    };
    let mut targets: Vec<String> = report.targets.iter().take(MOST_TARGETS).map(show).collect();
    if report.targets.len() > MOST_TARGETS {
        targets.push(format!("{} more", report.targets.len() - MOST_TARGETS));
    }
    targets.join(", ")
}

/// What was found, in what, and whether all of it was read.
fn summary(report: &Report) -> String {
    let stats = &report.stats;
    let numbers =
        [(stats.refs, "ref"), (stats.commits, "commit"), (stats.blobs, "blob"), (stats.files, "file")];
    let numbers = numbers.into_iter().filter(|(number, _)| *number > 0);
    let scanned: Vec<String> =
        numbers.map(|(number, noun)| count(number, noun)).chain([size(stats.bytes)]).collect();
    let (state, verdict) = match (report.findings.is_empty(), report.is_complete()) {
        (true, true) => ("good", "No secrets found".to_owned()),
        (true, false) => ("bad", "No secrets found in what could be read".to_owned()),
        (false, _) => ("bad", count(report.findings.len() as u64, "finding")),
    };
    let mut out =
        format!("<body>\n<header>\n<p class=\"brand\">muzzle</p>\n<h1 class=\"{state}\">{verdict}</h1>\n");
    let _ = writeln!(
        out,
        "<p>Scanned {} on {}: {}.</p>",
        escape(&targets(report)),
        json::day(report.finished),
        scanned.join(", ")
    );
    if let Some(scope) = &report.scope {
        let scope = clip(&report.redactor.show(scope.as_bytes()), LONGEST_TEXT);
        let _ = writeln!(out, "<p>Only some commits: <code>{}</code></p>", escape(&scope));
    }
    if report.is_complete() {
        out.push_str("<p class=\"good\">Everything in scope was read.</p>\n");
    } else {
        let places = count(report.gaps.len() as u64, "place");
        let _ = writeln!(
            out,
            "<p class=\"bad\"><strong>Incomplete:</strong> {places} in scope could not be scanned, and may hold \
             secrets. <a href=\"#gaps\">Which ones</a></p>"
        );
    }
    for note in notes(report) {
        let _ = writeln!(out, "<p class=\"note\">{note}</p>");
    }
    out.push_str("</header>\n<main>\n");
    out
}

fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if report.below_threshold > 0 {
        notes.push(format!(
            "{} more below the confidence threshold ({}).",
            count(report.below_threshold as u64, ""),
            report.threshold
        ));
    }
    if report.unreachable > 0 {
        let number = count(report.unreachable as u64, "");
        notes.push(format!("{number} more only in objects that no ref reaches."));
    }
    if report.exposure_left_out {
        notes.push(
            "Since when and until when findings can be met is left out: finding it out was too much.".into(),
        );
    }
    notes.extend(verified::summary(report).as_deref().map(escape));
    notes.extend(policy::sentences(report).iter().map(|text| escape(text)));
    notes
}

fn gaps(report: &Report) -> String {
    if report.is_complete() {
        return String::new();
    }
    let mut out = String::from(
        "<section aria-labelledby=\"gaps\">\n<h2 id=\"gaps\">What could not be read</h2>\n<div class=\"wide\"><table>\n\
         <thead><tr><th scope=\"col\">Kind</th><th scope=\"col\">Place</th><th scope=\"col\">Why</th></tr></thead>\n\
         <tbody>\n",
    );
    for gap in report.gaps.iter().take(MOST_GAPS) {
        let place = clip(&report.redactor.show_path(gap.place.as_bytes()), LONGEST_TEXT);
        let detail = clip(&report.redactor.show(gap.detail.as_bytes()), LONGEST_TEXT);
        let _ = writeln!(
            out,
            "<tr><td>{}</td><th scope=\"row\">{}</th><td>{}</td></tr>",
            gap.kind.as_str(),
            escape(&place),
            escape(&detail)
        );
    }
    out.push_str("</tbody>\n</table></div>\n");
    if report.gaps.len() > MOST_GAPS {
        let _ = writeln!(out, "<p>And {} more.</p>", count((report.gaps.len() - MOST_GAPS) as u64, ""));
    }
    out.push_str("</section>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::finding::GapKind;
    use crate::report::text::is_steering;

    fn page(report: &Report) -> String {
        String::from_utf8(render(report)).unwrap()
    }

    #[test]
    fn a_clean_page_says_so() {
        let text = page(&fixture::report(Vec::new(), Vec::new()));
        assert!(text.contains("<h1 class=\"good\">No secrets found</h1>"), "{text}");
        assert!(text.contains("Everything in scope was read."), "{text}");
        assert!(!text.contains("<table"), "{text}");
    }

    #[test]
    fn what_was_not_read_is_told() {
        let gaps = (0..300).map(|number| fixture::gap(GapKind::CorruptObject, number)).collect();
        let text = page(&fixture::report(Vec::new(), gaps));
        assert!(text.contains("No secrets found in what could be read"), "{text}");
        assert!(text.contains("<p>And 100 more.</p>"), "{text}");
    }

    #[test]
    fn nothing_shows_a_secret_steers_or_is_markup_even_if_secrets_may_be_shown() {
        let mut report = fixture::odd_report();
        report.show_secrets = true;
        let text = page(&report);
        for finding in &report.findings {
            #[expect(clippy::disallowed_methods, reason = "to look for it in the output")]
            let secret = String::from_utf8_lossy(finding.secret.expose());
            assert!(!text.contains(&*secret) && !text.contains(&secret[6..]));
        }
        assert!(text.chars().all(|c| c == '\n' || !is_steering(c)));
        assert!(!text.contains("<z>") && !text.contains("<b>account"), "of a path and of a rule");
        assert_eq!(text, page(&report), "the same every time");
    }

    #[test]
    fn only_the_own_style_and_script_are_allowed() {
        let text = page(&fixture::odd_report());
        let between = |from: &str, to: &str| -> String {
            text.split_once(from).unwrap().1.split_once(to).unwrap().0.to_owned()
        };
        let policy = between("Content-Security-Policy\" content=\"", "\">");
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        for (from, to) in [("<style>", "</style>"), ("<script>", "</script>")] {
            assert_eq!(text.matches(from).count(), 1);
            assert!(policy.contains(&source_of(&between(from, to))), "{policy}");
        }
        // Neither would be allowed.
        assert!(!text.contains(" style=") && !text.contains(" onclick="));
        for loads in ["src=", "<link", "<iframe", "@import", "url("] {
            assert!(!text.contains(loads), "{loads}");
        }
    }

    #[test]
    fn three_thousand_findings_stay_below_two_megabytes() {
        let text = page(&fixture::many(3000));
        assert!(text.len() < 2_000_000, "{}", text.len());
        assert_eq!(text.matches("<tbody id=f").count(), 3000);
        let long = |number: u32| {
            let secret = fixture::secret(1);
            let path = format!("{}-{number}", "directory & <others>/".repeat(40));
            let places = (0..30).map(|n| {
                fixture::occurrence(&secret, path.as_bytes(), n + 1, fixture::commit(7, 1_700_000_000))
            });
            fixture::finding(&fixture::rules(), "fixture-token", &secret, places.collect())
        };
        let text = page(&fixture::report((0..3000).map(long).collect(), Vec::new()));
        assert!(text.len() < 2_000_000, "{}", text.len());
        assert_eq!(text.matches("<tbody id=f").count(), 3000);
        assert!(text.contains("<dd>29 places"), "places are cut, and counted");
    }

    #[test]
    fn a_few_findings_are_told_in_full() {
        let text = page(&fixture::many(3));
        for expected in ["account team-2", "in HEAD", "branch main", "v1:", "Revoke it under Settings"] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }

    /// For looking at them: writes pages to `MUZZLE_HTML_DIR`.
    #[test]
    fn writes_samples_where_asked() {
        let Some(directory) = std::env::var_os("MUZZLE_HTML_DIR").map(std::path::PathBuf::from) else {
            return;
        };
        for (name, report) in [
            ("0", fixture::report(Vec::new(), Vec::new())),
            ("3", fixture::many(3)),
            ("3000", fixture::many(3000)),
            ("odd", fixture::odd_report()),
        ] {
            std::fs::write(directory.join(format!("{name}.html")), render(&report)).unwrap();
        }
    }
}
