//! Made-up reports for the tests of the formats.
//!
//! Secrets are put together at run time, so that no scanner of this repository reports the tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bstr::BString;

use super::guidance::{Guidance, Revocation, Rotation};
use super::text::Redactor;
use super::{Phases, Report, Stats};
use crate::finding::{
    CommitInfo, Confidence, Excerpt, Exposure, Fact, Finding, Fingerprint, Gap, GapKind, Liveness,
    ObjectName, Occurrence, Person, Provenance, RefKind, Refs, Verdict, Verification,
};
use crate::location::{Location, Position, Span};
use crate::policy::Outcome;
use crate::rules::RuleSet;
use crate::secret::Secret;

const RULES: &str = r#"
[[rules]]
id          = "fixture-token"
name        = "Fixture [token](https://evil.example)"
description = "Opens the fixture <b>account</b>, until it is revoked. What it opens is told at some length, to be wrapped."
severity    = "critical"
confidence  = "high"
keywords    = ["fxt_"]
regex       = '''\b(?<secret>fxt_[a-z]{26})\b'''
remediation = "Revoke it under Settings > Tokens, then replace it wherever it is used, which may be more places than one."
references  = ["https://fixture.example/docs?a=b#c", "not a link", "https://fixture.example/<x>"]
tags        = ["vcs", "vcs", "token"]

[[rules]]
id          = "jwt"
name        = "JWT"
description = ""
severity    = "medium"
confidence  = "low"
keywords    = ["eyj"]
regex       = '''\b(?<secret>eyJ[a-z]{26})\b'''
remediation = " "

[[rules]]
id          = "unused-rule"
name        = "Unused"
description = "Does not occur."
severity    = "low"
confidence  = "low"
keywords    = ["unused"]
regex       = '''\b(?<secret>unused[a-z]{26})\b'''
remediation = "Nothing."
"#;

/// A secret of the rule `fixture-token`; another one for every number.
pub(super) fn secret(number: u8) -> Vec<u8> {
    let body = (0..26).map(|i| b'a' + (i * 7 % 26 + number) % 26);
    [&b"fxt"[..], b"_"].concat().into_iter().chain(body).collect()
}

/// A commit whose author and subject try to steer whoever reads them.
pub(super) fn commit(number: u8, time: i64) -> Provenance {
    Provenance::Commit(Arc::new(CommitInfo {
        id: ObjectName::from_bytes(&[number; 20]).unwrap(),
        author: Person { name: "Eve \u{1b}[31m\u{202e}".into(), email: "eve@example.com".into() },
        time,
        committed: time.saturating_add(60),
        subject: "add\n::error::settings ##[error]now".into(),
    }))
}

/// An occurrence of `secret` in the middle of a line.
pub(super) fn occurrence(secret: &[u8], path: &[u8], line: u32, provenance: Provenance) -> Occurrence {
    let (before, after) = (&b"token = \""[..], &b"\" \x1b[2J # end"[..]);
    let column = |n: usize| u32::try_from(n + 1).unwrap();
    let end = before.len() + secret.len();
    Occurrence {
        path: path.into(),
        location: Location {
            start: Position { line, column: column(before.len()) },
            end: Position { line, column: column(end) },
            span: Span { start: 1000, end: 1000 + secret.len() as u64 },
        },
        provenance,
        blob: ObjectName::from_bytes(&[7; 20]),
        in_head: false,
        excerpt: Arc::new(Excerpt {
            line: Secret::new(&[before, secret, after].concat()),
            secret: (before.len(), end),
            matched: (before.len(), end),
        }),
        markers: None,
        via: None,
    }
}

/// A finding of the rule with this id.
pub(super) fn finding(rules: &RuleSet, rule: &str, secret: &[u8], occurrences: Vec<Occurrence>) -> Finding {
    let (index, rule) = rules.iter().find(|(_, known)| known.id == rule).unwrap();
    let first_seen = occurrences.iter().find_map(|occurrence| occurrence.provenance.commit().cloned());
    Finding {
        fingerprint: Fingerprint::of_secret(&rule.id, secret),
        rule: index,
        severity: rule.severity,
        confidence: rule.confidence,
        secret: Secret::new(secret),
        entropy: 3.5,
        verdict: Verdict::NotChecked,
        identity: Vec::new(),
        companion: None,
        in_head: occurrences.iter().any(|occurrence| occurrence.in_head),
        first_seen,
        exposure: None,
        days_exposed: None,
        verification: None,
        occurrences,
    }
}

/// An answer of a provider that tries to steer whoever reads it.
pub(super) fn verification(verdict: Liveness) -> Verification {
    let fact = |name: &'static str, value: &str| Fact { name: name.into(), value: value.into() };
    Verification {
        verdict,
        reason: "status 200 `|` [x](https://evil.example)\u{1b}[31m".into(),
        host: Some("api.fixture.example".into()),
        requests: 2,
        identity: vec![
            fact("user", "octocat\n::error::x"),
            fact("scopes", "repo"),
            fact("scopes", "admin:org"),
        ],
        risk: Some("Live: acts as octocat <b> with repo; never expires.".into()),
        at: 1_767_323_000,
    }
}

/// What tries to steer whoever reads it.
pub(super) fn guidance() -> Guidance {
    let text = |text: &str| Some(format!("{text} <b>`|`\u{1b}[31m\n::error::x"));
    Guidance {
        revoke: Some(Revocation {
            who: "whoever holds it can".into(),
            destroys: text("nothing"),
            undo: None,
            delay: text("a minute"),
            warning: text("none"),
            page: Some("https://fixture.example/tokens".into()),
            steps: vec!["Open the page.".into(), "Press **Revoke**.".into()],
        }),
        rotate: Some(Rotation {
            has_call: true,
            old: text("works on"),
            warning: None,
            page: Some("https://fixture.example/new".into()),
            steps: vec!["Make another one.".into()],
        }),
    }
}

/// Seen last in a commit, removed in another one, and in the histories of these refs.
pub(super) fn exposure(last_seen: u8, removed_in: Option<u8>, refs: &[&str]) -> Exposure {
    let info = |number| match commit(number, 1_700_000_000) {
        Provenance::Commit(info) => info,
        _ => unreachable!("a commit is one"),
    };
    let mut counts = [0; 4];
    refs.iter().for_each(|name| counts[RefKind::of(name.as_bytes()).0 as usize] += 1);
    let names = Arc::new(refs.iter().map(|name| BString::from(*name)).collect());
    let listed = (0..).take(refs.len()).collect();
    Exposure {
        last_seen: Some(info(last_seen)),
        removed_in: removed_in.map(info),
        refs: Arc::new(Refs::new(names, listed, counts)),
    }
}

/// The rules of all made-up reports.
pub(super) fn rules() -> RuleSet {
    let mut rules = RuleSet::default();
    rules.add("fixture.toml", RULES).unwrap();
    rules
}

/// A report of these findings and gaps.
pub(super) fn report(findings: Vec<Finding>, gaps: Vec<Gap>) -> Report {
    let redactor = Redactor::new(findings.iter().map(|finding| &finding.secret));
    Report {
        findings,
        suppressions: crate::finding::Suppressions::default(),
        gaps,
        stats: Stats {
            refs: 3,
            commits: 1234,
            blobs: 56_789,
            files: 42,
            bytes: 5 << 30,
            special_files_skipped: 0,
            larger_skipped: 0,
            lfs_objects: 0,
            lfs_missing: 0,
            replaced: 0,
        },
        rules: Arc::new(rules()),
        threshold: Confidence::Medium,
        below_threshold: 0,
        unreachable: 0,
        exposure_left_out: false,
        dropped: BTreeMap::new(),
        policy: Outcome::default(),
        scope: None,
        targets: vec!["repository".into()],
        finished: jiff::Timestamp::from_second(1_767_323_045).unwrap(),
        elapsed: Duration::from_millis(1234),
        phases: Phases::default(),
        redactor,
        show_secrets: false,
        explain: false,
        guidance: BTreeMap::new(),
    }
}

/// So many findings, some of them in HEAD, in files with long names, with the facts that real ones have.
pub(super) fn many(count: u32) -> Report {
    let rules = rules();
    let findings = (0..count).map(|number| {
        let mut secret = secret(0);
        let mut rest = number;
        for byte in &mut secret[4..12] {
            *byte = b'a' + u8::try_from(rest % 26).unwrap_or_default();
            rest /= 26;
        }
        let author = u8::try_from(number % 251).unwrap_or_default();
        let time = 1_400_000_000 + i64::from(number.wrapping_mul(7919) % 300_000_000);
        let path = format!("services/{}/config/environments/settings-{number}.yaml", number % 97);
        let mut here = occurrence(&secret, path.as_bytes(), 1 + number % 500, commit(author, time));
        here.in_head = number % 3 == 0;
        let before = occurrence(&secret, path.as_bytes(), 1 + number % 400, commit(author, time - 9_999));
        let copy = format!("archive/{number}.yaml");
        let copy = occurrence(&secret, copy.as_bytes(), 7, commit(author, time + 9_999));
        let rule = if number % 5 == 4 { "jwt" } else { "fixture-token" };
        let mut finding = finding(&rules, rule, &secret, vec![here, before, copy]);
        finding.exposure = Some(exposure(author, None, &["refs/heads/main", "refs/tags/v1.0"]));
        finding.days_exposed = Some(u64::from(number % 2000));
        finding.identity =
            vec![crate::finding::Fact { name: "account".into(), value: format!("team-{number}") }];
        finding
    });
    let mut findings: Vec<Finding> = findings.collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    report(findings, Vec::new())
}

/// A gap whose place tries to steer whoever reads it.
pub(super) fn gap(kind: GapKind, number: usize) -> Gap {
    Gap {
        kind,
        place: format!("dir/\n::error::{number}\u{1b}[31m"),
        detail: "[no](https://evil.example) way".into(),
    }
}

/// Names that break careless reports: each with the URI it should have.
pub(super) const ODD_PATHS: [(&[u8], &str); 14] = [
    (b"plain/file.py", "plain/file.py"),
    (b"two\nlines", "two%0Alines"),
    (b"not-utf8-\xff\xfe.txt", "not-utf8-%FF%FE.txt"),
    (b"100%/%41.txt", "100%25/%2541.txt"),
    (b"-rf", "-rf"),
    (b" spaces at both ends ", "%20spaces%20at%20both%20ends%20"),
    ("rtl-\u{202e}txt.exe".as_bytes(), "rtl-%E2%80%AEtxt.exe"),
    (b"a#b?c&d=e", "a%23b%3Fc%26d%3De"),
    (b"https://evil.example/x", "https%3A//evil.example/x"),
    (b"c:/x", "c%3A/x"),
    (b"//server/share", "%2F/server/share"),
    (b"/etc/passwd", "%2Fetc/passwd"),
    (b"../up/./x", "%2E%2E/up/%2E/x"),
    (b"back\\slash[x](y)<z>", "back%5Cslash%5Bx%5D%28y%29%3Cz%3E"),
];

/// Findings of every kind at odd paths, with gaps: what no format may stumble over.
pub(super) fn odd_report() -> Report {
    let rules = rules();
    let mut findings = Vec::new();
    for (number, (path, _)) in (0u8..).zip(ODD_PATHS) {
        let secret = secret(number);
        let mut here = occurrence(&secret, path, 3, commit(number, 1_700_000_000));
        here.in_head = number % 2 == 0;
        let holding = [b"holds/", &secret[..], b".txt"].concat();
        let elsewhere = occurrence(&secret, &holding, 9, Provenance::Unreachable);
        let mut finding = finding(&rules, "fixture-token", &secret, vec![here, elsewhere]);
        finding.verdict =
            if number % 2 == 0 { Verdict::Passed } else { Verdict::Failed("the sum is `wrong`".into()) };
        let value = format!("[x](https://evil.example) {}", String::from_utf8_lossy(&secret));
        finding.identity = vec![crate::finding::Fact { name: "account".into(), value }];
        let branch = format!("refs/heads/{}", String::from_utf8_lossy(&secret));
        finding.exposure = Some(exposure(number, Some(200), &[&branch, "refs/tags/\u{1b}[31m::x"]));
        finding.days_exposed = Some(u64::from(number));
        findings.push(finding);
    }
    let weak = [&b"ey"[..], b"J", &secret(99)[4..]].concat();
    let places = [Provenance::Worktree, Provenance::Staged, Provenance::Stdin, Provenance::Ref];
    let places = (1..).zip(places).map(|(line, place)| occurrence(&weak, b"", line, place)).collect();
    findings.push(finding(&rules, "jwt", &weak, places));
    report(findings, vec![gap(GapKind::UnreadableFile, 1), gap(GapKind::Shallow, 2)])
}
