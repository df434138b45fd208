//! What revoking does not mend.

use crate::finding::Finding;
use crate::report::Report;
use crate::response::revoke::Record;
use crate::rules::response::Outcome;

/// What is left to do after one.
pub(super) fn after(record: &Record, report: Option<&Report>) -> Vec<String> {
    let mut left = Vec::new();
    let is_ended = matches!(record.outcome, Outcome::Confirmed | Outcome::Accepted | Outcome::AlreadyDead);
    let finding = report.and_then(|report| {
        let same = |finding: &&Finding| finding.fingerprint.as_str() == record.fingerprint;
        report.all_findings().find(same)
    });
    if is_ended {
        left.push(
            "what was done with it before, and sessions and tokens that it issued: the provider's log says more"
                .to_owned(),
        );
        left.push("whatever used it stands still until it has a new value".to_owned());
    } else {
        left.push(format!("{} ({}) may still open what it opened", record.secret, record.rule));
    }
    if let Some(finding) = finding {
        left.extend(places(record, finding));
    }
    left
}

fn places(record: &Record, finding: &Finding) -> Vec<String> {
    let mut left = Vec::new();
    let number = finding.occurrences.len();
    if number > 1 {
        left.push(format!(
            "{} still stands at {} and {} more places",
            record.secret,
            record.place,
            number - 1
        ));
    } else {
        left.push(format!("{} still stands at {}", record.secret, record.place));
    }
    if let Some(first) = &finding.first_seen {
        let id = first.id.to_string();
        let days = finding.days_exposed.map(|days| format!(", for {days} days")).unwrap_or_default();
        left.push(format!(
            "the history has it since commit {}{days}: every clone and fork does, too, and rewriting the history does not \
             call those back",
            &id[..id.len().min(12)]
        ));
    }
    left
}
