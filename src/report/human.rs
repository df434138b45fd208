//! The report for people at a terminal, in rustc's style: each finding with its line and what to do, then a summary.
//!
//! No line begins with text of the repository, so that a log that obeys commands at the beginning of a line cannot be
//! given any.

use annotate_snippets::{AnnotationKind, Group, Level, Message, Origin, Renderer, Snippet};

use super::text::{clip, one_line, visible};
use super::{Look, Report, facts, json, verified};
use crate::finding::{CommitInfo, Companion, Finding, Occurrence, Provenance, Severity, Verdict};
use layout::wrap;

mod explain;
pub mod explained;
pub(super) mod exposure;
pub(super) mod layout;
mod links;
mod summary;
pub(super) mod suppressed;

pub(super) use layout::count;
pub(super) use summary::found;

/// What fits everywhere.
const WIDTH: usize = 80;
/// Places that are listed besides the primary one.
const MOST_PLACES: usize = 5;
/// Characters of a name, a subject or a fact.
const LONGEST_TEXT: usize = 120;

/// The whole report.
pub fn render(report: &Report, look: &Look) -> Vec<u8> {
    let renderer = if look.colour { Renderer::styled() } else { Renderer::plain() }.term_width(WIDTH);
    let mut text = String::new();
    for finding in &report.findings {
        text.push_str(&described(report, finding, &renderer, look));
    }
    text.push_str(&summary::render(report, look.colour));
    if report.explain {
        text.push_str(&explain::render(report));
    }
    text.into_bytes()
}

/// The title, the line and the notes.
fn described(report: &Report, finding: &Finding, renderer: &Renderer, look: &Look) -> String {
    let rule = report.rule(finding);
    let level = match finding.severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low => Level::NOTE,
    };
    let primary = &finding.occurrences[0];
    let (line, column) = (primary.location.start.line as usize, primary.location.start.column as usize);
    let title = level.clone().with_name(finding.severity.as_str()).primary_title(one_line(&rule.name));
    let origin = Origin::path(path(report, primary)).line(line).char_column(column);
    let head = renderer.render(&[title.id(rule.id.as_str()).element(origin)]);
    let (source, secret) = report.redactor.show_excerpt(&primary.excerpt, report.show_secrets);
    let byte = |character: usize| source.char_indices().nth(character).map_or(source.len(), |(at, _)| at);
    let span = byte(secret.start)..byte(secret.end);
    // The line number is the margin of everything below.
    let margin = line.to_string().len();
    let notes = notes(report, finding).into_iter().map(|(label, text)| note(label, &text, margin));
    let snippet =
        Snippet::source(source.as_str()).line_start(line).annotation(AnnotationKind::Primary.span(span));
    // Apart from the title, since a snippet would tell the column in the clipped and masked line.
    let body = renderer.render(&[Group::with_level(level).element(snippet).elements(notes)]);
    let (title, place) = head.rsplit_once('\n').unwrap_or((&head, ""));
    let place = match &look.links {
        Some(links) => links::add(report, primary, links, place),
        None => place.to_owned(),
    };
    format!("{title}\n{:margin$}{place}\n{body}\n\n", "")
}

fn note(label: &'static str, text: &str, margin: usize) -> Message<'static> {
    let level = if label == "help" { Level::HELP } else { Level::NOTE.with_name(label) };
    match label {
        // To be copied as it is.
        "secret" => level.message(text.to_owned()),
        _ => level.message(wrap(text, WIDTH.saturating_sub(margin + " = ".len() + label.len() + ": ".len()))),
    }
}

/// What is said below the line: labels and texts.
fn notes(report: &Report, finding: &Finding) -> Vec<(&'static str, String)> {
    let rule = report.rule(finding);
    let mut notes = vec![("confidence", confidence(finding))];
    if report.show_secrets {
        notes.push(("secret", visible(json::shown_secret(report, finding).as_bytes())));
    }
    let fact = |(name, value): (String, String)| format!("{name} {}", clip(&value, LONGEST_TEXT));
    let facts: Vec<String> = facts::of(report, finding).into_iter().map(fact).collect();
    notes.push(("identity", facts.join(", ")));
    notes.extend(finding.companion.as_ref().map(|half| ("with", companion(report, half))));
    if let Some(told) = verified::of(report, finding) {
        notes.push(("verified", clip(&told.sentence(), 2 * LONGEST_TEXT)));
        notes.push(("acts as", clip(&told.who(), 2 * LONGEST_TEXT)));
        notes.extend(told.risk.map(|risk| ("risk", clip(&risk, 4 * LONGEST_TEXT))));
    }
    notes.push(("opens", one_line(&rule.description)));
    notes.push(("lives", whereabouts(finding)));
    if let Some(first) = &finding.first_seen {
        notes.push(("first seen", commit(report, first)));
    }
    notes.push(("exposed", exposure::told(report, finding)));
    if finding.occurrences.len() > 1 {
        notes.push(("also at", other_places(report, &finding.occurrences[1..])));
    }
    notes.push(("suppressed", suppressed::elsewhere(report, finding)));
    notes.push(("help", one_line(&rule.remediation)));
    notes.push(("fingerprint", finding.fingerprint.to_string()));
    notes.retain(|(_, text)| !text.is_empty());
    notes
}

pub(super) fn companion(report: &Report, half: &Companion) -> String {
    let place = format!("{}:{}", report.redactor.show_path(&half.path), half.location.start.line);
    let name = one_line(&report.rules.get(half.rule).name);
    let where_else = if half.is_near { "" } else { ", another file of the same place" };
    format!("{name} {} at {place}{where_else}", half.secret.masked())
}

fn show(report: &Report, bytes: &[u8]) -> String {
    clip(&report.redactor.show(bytes), LONGEST_TEXT)
}

pub(super) fn confidence(finding: &Finding) -> String {
    match &finding.verdict {
        Verdict::NotChecked => finding.confidence.to_string(),
        Verdict::Passed => format!("{}; its structure was checked and holds", finding.confidence),
        Verdict::Failed(why) => {
            format!("{}; its structure was checked and does not hold: {why}", finding.confidence)
        }
    }
}

/// Where one would meet it now.
pub(super) fn whereabouts(finding: &Finding) -> String {
    let has = |wanted: fn(&Provenance) -> bool| finding.occurrences.iter().any(|o| wanted(&o.provenance));
    let (metadata, blobs): (Vec<&Occurrence>, Vec<&Occurrence>) =
        finding.occurrences.iter().partition(|place| place.is_metadata());
    let is_commit = |place: &&Occurrence| matches!(place.provenance, Provenance::Commit(_));
    let is_ref = |place: &&Occurrence| place.provenance == Provenance::Ref;
    let parts = [
        (has(|p| *p == Provenance::Stdin), "in standard input"),
        (has(|p| *p == Provenance::Worktree), "in the working tree"),
        (has(|p| *p == Provenance::Staged), "staged"),
        (finding.in_head, "in HEAD"),
        (blobs.iter().any(is_commit) && !finding.in_head, "not in HEAD, still in history"),
        (metadata.iter().any(is_commit), "in a commit itself"),
        (metadata.iter().any(is_ref), "in a tag or in the name of a ref"),
        (blobs.iter().any(is_ref), "in an object that a ref names without a commit"),
        (has(|p| *p == Provenance::Unreachable), "in an object that no ref reaches"),
        (has(|p| *p == Provenance::Local), "in the git directory"),
    ];
    parts.into_iter().filter(|(is, _)| *is).map(|(_, text)| text).collect::<Vec<_>>().join(", ")
}

pub(super) fn commit(report: &Report, info: &CommitInfo) -> String {
    let date = json::date(info.time).unwrap_or_else(|| "a date beyond the calendar".into());
    let (name, email) = (show(report, &info.author.name), show(report, &info.author.email));
    format!("{}, {date}, by {name} <{email}>: {}", short_id(info), show(report, &info.subject))
}

pub(super) fn short_id(info: &CommitInfo) -> String {
    info.id.to_string().chars().take(12).collect()
}

fn path(report: &Report, occurrence: &Occurrence) -> String {
    match report.redactor.show_path(&occurrence.path) {
        path if path.is_empty() => "(no path)".into(),
        path => path,
    }
}

/// One a line.
fn other_places(report: &Report, others: &[Occurrence]) -> String {
    let place = |occurrence: &Occurrence| {
        let source = match &occurrence.provenance {
            Provenance::Worktree => "working tree".into(),
            Provenance::Staged => "staged".into(),
            Provenance::Stdin => "standard input".into(),
            Provenance::Commit(info) if occurrence.in_head => format!("in HEAD since {}", short_id(info)),
            Provenance::Commit(info) => format!("commit {}", short_id(info)),
            Provenance::Ref if occurrence.is_metadata() => "tag or name of a ref".into(),
            Provenance::Ref => "object of a ref".into(),
            Provenance::Unreachable => "unreachable object".into(),
            Provenance::Local => "git directory".into(),
        };
        let start = occurrence.location.start;
        format!("- {}:{}:{} ({source})", path(report, occurrence), start.line, start.column)
    };
    let mut lines: Vec<String> = others.iter().take(MOST_PLACES).map(place).collect();
    if others.len() > MOST_PLACES {
        lines.push(format!("+ {} more", others.len() - MOST_PLACES));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::finding::Excerpt;
    use crate::report::text::is_steering;
    use crate::secret::Secret;

    fn plain(report: &Report) -> String {
        String::from_utf8(render(report, &Look::default())).unwrap()
    }

    /// One secret in HEAD and at seven other places.
    fn spread() -> Report {
        let rules = fixture::rules();
        let secret = fixture::secret(1);
        let mut places =
            vec![fixture::occurrence(&secret, b"src/a.py", 12, fixture::commit(1, 1_700_000_000))];
        places[0].in_head = true;
        places.extend(
            (1..8).map(|line| fixture::occurrence(&secret, b"b", line, fixture::commit(2, 1_600_000_000))),
        );
        let mut finding = fixture::finding(&rules, "fixture-token", &secret, places);
        finding.verdict = Verdict::Passed;
        finding.identity = vec![crate::finding::Fact { name: "account".into(), value: "acme".into() }];
        fixture::report(vec![finding], Vec::new())
    }

    #[test]
    fn a_finding_says_what_where_since_when_and_what_to_do() {
        let expected = r#"critical[fixture-token]: Fixture [token](https://evil.example)
  --> src/a.py:12:10
   |
12 | token = "fxt_********" \u{1b}[2J # end
   |          ^^^^^^^^^^^^
   |
   = confidence: high; its structure was checked and holds
   = identity: account acme
   = opens: Opens the fixture <b>account</b>, until it is revoked. What it opens
            is told at some length, to be wrapped.
   = lives: in HEAD
   = first seen: 010101010101, 2023-11-14T22:13:20Z, by Eve \u{1b}[31m\u{202e}
                 <eve@example.com>: add\n::error::settings ##\u{5b}error]now
   = also at: - b:1:10 (commit 020202020202)
              - b:2:10 (commit 020202020202)
              - b:3:10 (commit 020202020202)
              - b:4:10 (commit 020202020202)
              - b:5:10 (commit 020202020202)
              + 2 more
   = help: Revoke it under Settings > Tokens, then replace it wherever it is
           used, which may be more places than one.
   = fingerprint: v1:fab20f48d109909e39676e1d943ec633

Scanned repository: 3 refs, 1,234 commits, 56,789 blobs, 42 files, 5.0 GiB in
1.23 s.
1 finding: 1 critical.
"#;
        assert_eq!(plain(&spread()), expected);
    }

    #[test]
    fn long_lines_are_cut_round_the_secret() {
        let mut report = spread();
        let secret = fixture::secret(1);
        for (before, after) in [(0, 118), (118, 0), (118, 118), (60, 60)] {
            let line = [&b"x ".repeat(before / 2)[..], &secret, &b" y".repeat(after / 2)].concat();
            let excerpt = Excerpt {
                line: Secret::new(&line),
                secret: (before, before + secret.len()),
                matched: (0, 0),
            };
            report.findings[0].occurrences[0].excerpt = excerpt.into();
            let text = plain(&report);
            assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
            assert!(text.contains("fxt_********") && text.contains(" ^^^^^^^^^^^^\n"), "{text}");
        }
    }

    #[test]
    fn where_a_secret_lives_is_told_from_its_occurrences() {
        let mut finding = fixture::odd_report().findings.remove(1);
        assert_eq!(whereabouts(&finding), "not in HEAD, still in history, in an object that no ref reaches");
        finding.occurrences.truncate(1);
        finding.occurrences[0].provenance = Provenance::Worktree;
        assert_eq!(whereabouts(&finding), "in the working tree");
        finding.verdict = Verdict::Failed("the sum is wrong".into());
        assert_eq!(
            confidence(&finding),
            "high; its structure was checked and does not hold: the sum is wrong"
        );
    }

    #[test]
    fn nothing_shows_a_secret_or_steers() {
        let report = fixture::odd_report();
        let text = plain(&report);
        for finding in &report.findings {
            #[expect(clippy::disallowed_methods, reason = "to look for it in the output")]
            let secret = String::from_utf8_lossy(finding.secret.expose());
            assert!(!text.contains(&*secret) && !text.contains(&secret[6..]), "{text}");
        }
        assert!(text.chars().all(|c| c == '\n' || !is_steering(c)), "{text}");
        assert!(!text.contains("##["), "{text}");
        assert!(text.lines().all(|line| !line.trim_start().starts_with("::")), "{text}");
    }

    #[test]
    fn secrets_are_shown_if_asked_for() {
        let mut report = spread();
        report.show_secrets = true;
        let secret = String::from_utf8(fixture::secret(1)).unwrap();
        assert_eq!(plain(&report).matches(&secret).count(), 2);
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let report = fixture::odd_report();
        let coloured = String::from_utf8(render(&report, &Look { colour: true, ..Look::default() })).unwrap();
        assert!(coloured.contains("\u{1b}["));
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain(&report));
    }

    proptest::proptest! {
        #[test]
        fn every_line_can_be_shown(
            line in proptest::collection::vec(0u8..=255, 0..300), from in 0usize..300, length in 0usize..300,
        ) {
            let start = from.min(line.len());
            let end = (start + length).min(line.len());
            let mut report = spread();
            let excerpt = Excerpt { line: Secret::new(&line), secret: (start, end), matched: (0, 0) };
            report.findings[0].occurrences[0].excerpt = excerpt.into();
            let text = plain(&report);
            proptest::prop_assert!(text.chars().all(|c| c == '\n' || !is_steering(c)), "{text}");
        }
    }
}
