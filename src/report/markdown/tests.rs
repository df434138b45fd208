//! What the summary says, and what it must never be.

use super::super::fixture;
use super::*;
use crate::finding::{GapKind, Severity};
use crate::report::text::is_steering;

fn text(report: &Report, context: &Context) -> String {
    String::from_utf8(render_with(report, context)).unwrap()
}

fn linked_context() -> Context {
    Context { links: Links::github("https://github.com/acme/app"), ..Context::default() }
}

/// The cells of each row of the table; the test fails if a row has more or less than five.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1)
        .map(|line| line.trim_matches('|').split(" | ").collect())
        .collect();
    assert!(rows.iter().all(|row| row.len() == 5), "{text}");
    rows
}

#[test]
fn a_clean_report_says_what_was_scanned() {
    let context = Context { why: vec!["A push: what_it brought.".into()], ..Context::default() };
    assert_eq!(
        text(&fixture::report(Vec::new(), Vec::new()), &context),
        "## muzzle: No findings\n\nScanned 3 refs, 1,234 commits, 56,789 blobs, 42 files, 5.0 GiB.\n\
         A push: what_it brought.\n"
    );
}

#[test]
fn a_finding_has_its_place_its_commit_and_its_days() {
    let rules = fixture::rules();
    let secret = fixture::secret(1);
    let mut place = fixture::occurrence(&secret, b"src/a b.py", 12, fixture::commit(1, 1_700_000_000));
    place.in_head = true;
    let mut finding = fixture::finding(&rules, "fixture-token", &secret, vec![place]);
    finding.days_exposed = Some(1812);
    finding.identity = vec![crate::finding::Fact { name: "account".into(), value: "acme".into() }];
    finding.exposure = Some(fixture::exposure(2, None, &["refs/heads/main", "refs/tags/a", "refs/tags/b"]));
    let text = text(&fixture::report(vec![finding], Vec::new()), &linked_context());
    let id = "01".repeat(20);
    let expected = [
        "critical".to_owned(),
        "**Fixture \\[token\\](https://evil.example)** `fxt_********` · confidence high · account `acme` · \
         `v1:fab20f48d109909e39676e1d943ec633`"
            .to_owned(),
        format!("[`src/a b.py:12`](https://github.com/acme/app/blob/{id}/src/a%20b.py#L12), in HEAD"),
        format!(
            "[`010101010101`](https://github.com/acme/app/commit/{id}), 2023-11-14, by `Eve \\u{{1b}}[31m\\u{{202e}}`: \
             `add\\n::error::settings ##\\u{{5b}}error]now`"
        ),
        "1,812 days · reachable from 1 branch, 2 tags ".to_owned(),
    ];
    assert_eq!(rows(&text)[0].iter().map(|cell| cell.trim_start()).collect::<Vec<_>>(), expected);
    assert!(text.contains(
        "### What to do\n\n- **Fixture \\[token\\](https://evil.example)** (1): Opens the fixture \
         &lt;b&gt;account&lt;/b&gt;, until"
    ));
}

#[test]
fn gaps_are_named_first() {
    let gaps = (0..30).map(|number| fixture::gap(GapKind::CorruptObject, number)).collect();
    let text = text(&fixture::report(Vec::new(), gaps), &Context::default());
    assert!(text.starts_with("## muzzle: No findings in what could be read\n"));
    assert!(text.contains("**INCOMPLETE**: 30 places"), "{text}");
    assert!(
        text.contains(
            "\n- corrupt-object, `dir/\\n::error::0\\u{1b}[31m`: \\[no\\](https://evil.example) way\n"
        ),
        "{text}"
    );
    assert!(text.ends_with("\n- and 10 more\n"), "{text}");
}

#[test]
fn there_is_no_more_than_there_is_room_for() {
    let rules = fixture::rules();
    let secret = fixture::secret(1);
    let findings: Vec<_> = (0..10_000)
        .map(|number| {
            let place = fixture::occurrence(&secret, b"a", number, fixture::commit(1, 1));
            let mut finding = fixture::finding(&rules, "fixture-token", &secret, vec![place]);
            finding.severity = if number < 10 { Severity::Critical } else { Severity::Low };
            finding
        })
        .collect();
    let report = fixture::report(findings, Vec::new());
    for room in [LARGEST, 100_000, 3000] {
        let text = text(&report, &Context { room: Some(room), ..linked_context() });
        assert!(text.len() <= room && text.len() > room - 1000, "{}", text.len());
        let shown = rows(&text).len();
        let more = count(10_000 - shown as u64, "");
        assert!(text.contains(&format!("\nAnd {more} more, none more severe")), "{shown}");
        assert!(text.contains("### What to do"));
    }
    assert_eq!(text(&report, &Context { room: Some(40), ..Context::default() }).len(), 33);
    assert_eq!(text(&report, &Context { room: Some(5), ..Context::default() }), "muzzl");
}

#[test]
fn nothing_shows_a_secret_or_is_markup() {
    let mut report = fixture::odd_report();
    report.show_secrets = true;
    let text = text(&report, &linked_context());
    for finding in &report.findings {
        #[expect(clippy::disallowed_methods, reason = "to look for it in the output")]
        let secret = String::from_utf8_lossy(finding.secret.expose());
        assert!(!text.contains(&*secret) && !text.contains(&secret[6..]), "{text}");
    }
    assert!(text.chars().all(|c| c == '\n' || !is_steering(c)), "{text}");
    assert_eq!(rows(&text).len(), report.findings.len());
    // What is left beside code spans and the addresses of our own links is our own.
    for line in text.lines() {
        let outside: String = line.split('`').step_by(2).collect::<Vec<_>>().join("");
        let words = outside.split("](https://github.com/acme/app/").collect::<String>();
        for markup in ["<", "::", "##["] {
            assert!(!words.contains(markup), "{line}");
        }
        assert!(!words.replace("\\[", "").replace("\\]", "").contains("]("), "{line}");
    }
    assert_eq!(text.as_bytes(), render_with(&report, &linked_context()), "the same every time");
}

#[test]
fn a_path_that_holds_a_secret_has_no_link() {
    let rules = fixture::rules();
    let secret = fixture::secret(1);
    let path = [b"dir/", &secret[..]].concat();
    let place = fixture::occurrence(&secret, &path, 1, fixture::commit(1, 1));
    let finding = fixture::finding(&rules, "fixture-token", &secret, vec![place]);
    let text = text(&fixture::report(vec![finding], Vec::new()), &linked_context());
    assert!(text.contains("| `dir/fxt_********:1`, "), "{text}");
}
